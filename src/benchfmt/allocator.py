"""How much freed memory the allocators keep: that of polars, which is settled when polars is loaded, and that of C."""

from __future__ import annotations

import os
import sys

VARIABLE = "_RJEM_MALLOC_CONF"
"""What polars' own jemalloc reads when it is loaded; nothing else does."""
_ONE_ARENA = "narenas:1"
_OF_POLARS = "dirty_decay_ms:500,muzzy_decay_ms:1000"
"""What polars sets by itself where nothing is set; processes that a program with polars starts inherit it."""
_OF_GLIBC = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
"""By which somebody sets glibc up."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""The numbers of two settings of glibc (malloc.h): what takes pages of its own, and how much freed memory is kept."""
_LARGE = 2**24
"""Blocks below it are taken of memory that is there: with pages of its own, each column of numpy costs as much as to fill it twice."""
_KEPT = 2**25


def keep_little() -> None:
    """Have the allocators keep little, and enough, unless polars is loaded or somebody has set it up; for a program, not for a library.

    jemalloc keeps what was freed in arenas, four for each processor, and gives it back to its own arena alone. What one
    thread reads another one frees, so that with many arenas the same memory is asked for several times.
    """
    if sys.platform != "linux" or "polars" in sys.modules:
        return
    if os.environ.get(VARIABLE, _OF_POLARS) == _OF_POLARS:
        os.environ[VARIABLE] = _ONE_ARENA
    import ctypes  # only here: it takes longer to load than most commands need it

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None and not any(name in os.environ for name in _OF_GLIBC):
        set_option(_MMAP_THRESHOLD, _LARGE)
        set_option(_TRIM_THRESHOLD, _KEPT)


def keeps_little() -> bool:
    """Whether the allocator was told to keep little, so that there is room for larger frames."""
    return _ONE_ARENA in os.environ.get(VARIABLE, "").split(",")
