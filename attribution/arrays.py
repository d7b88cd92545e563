"""Arrays as all three packages write them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Codes", "Flags", "Ints", "Keys"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]  # hashes
Codes = NDArray[np.unsignedinteger[Any]]  # small numbers that stand for names, in the narrowest type that holds them
