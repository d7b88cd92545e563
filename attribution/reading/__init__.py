"""Reading: any table as it is becomes a checked table, or an error that names every row at fault.

``sources`` turns files, frames, databases and queries into tables of an engine, with ``dialects`` it is the only module
that names one; ``addresses`` says where a table lies, ``formats`` how it is written. Small tables are read as ``cells``
and checked in memory by a contract (``contracts``, ``strict``, ``small``), touchpoint logs of any size where they are
(``log_columns``, ``log_faults``, ``log_verdict``, ``log_checks``, then ``exclusions`` and ``identity_map``). Begin with
``sources``. Imports errors, and knows nothing of paths.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["tables"])
