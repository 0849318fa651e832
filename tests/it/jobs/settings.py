"""Prints the settings that SPU and HEU were made with, then a sum under the parties' own names. Last line `sum [11. 22.]`."""

import numpy as np
import secretflow as sf
import sf_party

cluster = sf_party.init()
alice, bob = sf.PYU("Alice_1"), sf.PYU("bob.2")
spu, heu = cluster.spu("spu"), cluster.heu("heu")
encrypted = alice(lambda: np.array([[1.0, 2.0]]))().to(heu).encrypt()
x = alice(lambda: np.array([1.0, 2.0]))()
y = bob(lambda: np.array([10.0, 20.0]))()
total = spu(lambda a, b: a + b)(x.to(spu), y.to(spu))
print("spu", spu.conf.fxp_fraction_bits, spu.conf.sigmoid_mode.name, spu.conf.field.name, flush=True)
print("heu", heu.scale, sf.reveal(encrypted).tolist(), flush=True)
print("sum", sf.reveal(total), flush=True)
sf.shutdown()
