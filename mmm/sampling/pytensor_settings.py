"""PyTensor's matrix products are NumPy's, whatever libraries a machine has."""

from __future__ import annotations

import pytensor

__all__ = ["settle_blas"]


def settle_blas() -> None:
    """Have PyTensor call NumPy for matrix products, unless somebody has chosen a BLAS library for it.

    Left alone, PyTensor searches the system for a library to link when it compiles its first function, and warns
    where it finds none, as after an installation by pip. NumPy brings a fast one of its own. A choice in
    ``PYTENSOR_FLAGS``, in ``.pytensorrc`` or in ``pytensor.config`` stays.
    """
    # holds a value once the flag was given, assigned, or looked up by a search
    if not hasattr(type(pytensor.config).blas__ldflags, "val"):
        pytensor.config.blas__ldflags = ""
