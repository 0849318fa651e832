"""Adds under homomorphic encryption. Prints `encrypted [[11.0, 22.0]]`."""

import numpy as np
import secretflow as sf
import sf_party
from secretflow.device.device.heu import HEUMoveConfig

cluster = sf_party.init()
heu = cluster.heu("heu")
a = sf.PYU("alice")(lambda: np.array([[1.0, 2.0]]))().to(heu).encrypt()
b = sf.PYU("bob")(lambda: np.array([[10.0, 20.0]]))().to(heu)
total = a.to(heu, HEUMoveConfig(heu_dest_party="bob")) + b
print("encrypted", sf.reveal(total).tolist(), flush=True)
sf.shutdown()
