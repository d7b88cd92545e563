"""Reading: any table as it is becomes a checked table."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["tables"])
