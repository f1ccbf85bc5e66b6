#!/usr/bin/python3
"""Arrays for test_npy.c and the tests of `atlas bias`, as numpy writes them.

usage: scripts/outside/make-npy-fixtures.py
writes fixtures/npy: thresholds of seven labels in all forms that are read, and arrays that are
not. The same bytes every time.
"""
import os

import numpy as np
from numpy.lib import format as npy

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures", "npy")
# All are fractions of 1024, so that 4 bytes hold them exactly.
ROW = np.array([512, 100, 200, 300, 400, 600, 1023]) / 1024


def write(name, array, version=(1, 0)):
    with open(os.path.join(OUT, name + ".npy"), "wb") as f:
        npy.write_array(f, array, version=version)


os.makedirs(OUT, exist_ok=True)
write("single", ROW.astype("<f4"))
write("double", ROW.astype("<f8"))
write("single-v2", ROW.astype("<f4"), version=(2, 0))
write("double-v2", ROW.astype("<f8"), version=(2, 0))
write("values-that-are-no-number", np.array([np.nan, np.inf, -np.inf]))
write("version-3", ROW, version=(3, 0))
write("big-end-first", ROW.astype(">f4"))
write("half", ROW.astype("<f2"))
write("integers", np.arange(7))
write("matrix", ROW.reshape(7, 1))
write("fortran", np.asfortranarray(np.ones((2, 3))))
write("scalar", np.array(0.5))
write("empty", np.zeros(0))
write("five", ROW[:5])
write("records", np.zeros(7, dtype=[("label", "<f4")]))
write("objects", np.array([0.5] * 7, dtype=object))
write("above-one", ROW * 2)
