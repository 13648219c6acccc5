"""What tells of a person or a machine: where texts mention it, and what stands in its place in a package that is shared."""

from benchfmt.personal.kinds import KINDS, Kind
from benchfmt.personal.mentions import Mention, mentions

__all__ = ["KINDS", "Kind", "Mention", "mentions"]
