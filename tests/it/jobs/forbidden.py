"""Sends bob a type that is on no list."""

import decimal

import secretflow as sf
import sf_party

sf_party.init()
price = sf.PYU("alice")(lambda: decimal.Decimal("1.5"))()
print("price", sf.reveal(sf.PYU("bob")(lambda value: float(value))(price.to(sf.PYU("bob")))), flush=True)
sf.shutdown()
