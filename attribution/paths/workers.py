"""How many threads sort, fold and count at once; results do not depend on it."""

from __future__ import annotations

import os

__all__ = ["WORKERS"]

WORKERS = min(4, os.cpu_count() or 1)  # each holds some tens of megabytes
