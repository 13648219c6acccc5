"""Mending: what is wrong with a package and certainly meant otherwise is put right in a new package beside it.

A mend is certain where the package itself says what it means: a term in another case, a unit in another spelling, a
percent that is declared as one, an older version of the standard, a size or hash that the descriptor leaves out. A value
is never guessed, and the old package is never touched.
"""

from __future__ import annotations

from benchfmt.mending.mends import Mend
from benchfmt.mending.packages import Mended, mend

__all__ = ["Mend", "Mended", "mend"]
