"""Reading: any table as it is becomes a checked table, or an error that names every row at fault.

``sources`` opens files, frames, databases and engines, and is the only module that does; with ``dialects`` it is the
only one that names an engine. Small tables are checked in memory by a contract (``contracts``, ``tables``), touchpoint
logs of any size where they are (``log_checks``, then ``exclusions`` and ``identity_map``). Begin with ``sources``.
Imports errors, and knows nothing of paths.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["tables"])
