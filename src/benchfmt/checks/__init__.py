"""The checks: what must hold, each as one object, and the catalogue of all."""

from benchfmt.checks.check import Cells, Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults
from benchfmt.finding import Severity

__all__ = ["Cells", "Check", "Doubt", "Frames", "Severity", "faults", "no_faults"]
