"""How much freed memory the allocator of polars keeps, which is settled when polars is loaded."""

from __future__ import annotations

import os
import sys

VARIABLE = "_RJEM_MALLOC_CONF"
"""What polars' own jemalloc reads when it is loaded; nothing else does."""
_ONE_ARENA = "narenas:1"


def keep_little() -> None:
    """Have the allocator keep little, unless polars is loaded or somebody has set it up; for a program, not for a library.

    jemalloc keeps what was freed in arenas, four for each processor, and gives it back to its own arena alone. What one
    thread reads another one frees, so that with many arenas the same memory is asked for several times.
    """
    if sys.platform != "linux" or "polars" in sys.modules:
        return
    os.environ.setdefault(VARIABLE, _ONE_ARENA)


def keeps_little() -> bool:
    """Whether the allocator was told to keep little, so that there is room for larger frames."""
    return _ONE_ARENA in os.environ.get(VARIABLE, "").split(",")
