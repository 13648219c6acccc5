"""trtexec of TensorRT 7 to 11: what its logs and exported JSON say, numbers as the characters that stand there.

Pure functions: text or data in, plain values out. Nothing is judged here; that is the converter's.
"""

from benchfmt.readers.trtexec.exports import (
    Layers,
    Profile,
    Times,
    add_options,
    exports,
    kind_of,
    layers,
    of_summary,
    profile,
    times,
)
from benchfmt.readers.trtexec.log import runs
from benchfmt.readers.trtexec.log_lines import MARK, OWN, has_mark, has_summary
from benchfmt.readers.trtexec.run import STAGES, Run, dimensions
from benchfmt.readers.trtexec.statistics import percentile_rank, statistic

__all__ = [
    "MARK",
    "OWN",
    "STAGES",
    "Layers",
    "Profile",
    "Run",
    "Times",
    "add_options",
    "dimensions",
    "exports",
    "has_mark",
    "has_summary",
    "kind_of",
    "layers",
    "of_summary",
    "percentile_rank",
    "profile",
    "runs",
    "statistic",
    "times",
]
