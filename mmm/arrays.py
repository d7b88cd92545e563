"""Arrays as all of the package writes them."""

from attribution.arrays import Array

__all__ = ["Array"]
