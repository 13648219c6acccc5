"""Packages made of packages, in columns: nothing in a record changes."""

from benchfmt.rearranging.appending import Appended, append
from benchfmt.rearranging.choosing import Selected, select, split

__all__ = ["Appended", "Selected", "append", "select", "split"]
