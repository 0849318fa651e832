"""Computes the sum, says so, and stays until the file `release` appears, so that its ports can be looked at."""

import os
import time

import numpy as np
import secretflow as sf
import sf_party

cluster = sf_party.init()
spu = cluster.spu("spu")
x = sf.PYU("alice")(lambda: np.array([1.0, 2.0]))().to(spu)
y = sf.PYU("bob")(lambda: np.array([10.0, 20.0]))().to(spu)
print("sum", sf.reveal(spu(lambda a, b: a + b)(x, y)), flush=True)
while not os.path.exists("release"):
    time.sleep(0.1)
sf.shutdown()
