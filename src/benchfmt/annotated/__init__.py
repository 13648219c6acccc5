"""Annotated tables: somebody's own table, read as records through its descriptor, whole columns at a time."""

from benchfmt.annotated.engine import Outcome, run
from benchfmt.annotated.faults import AnnotationError
from benchfmt.annotated.fields import Origin
from benchfmt.annotated.notes import Notes
from benchfmt.annotated.program import Program, compile_resource

__all__ = ["AnnotationError", "Notes", "Origin", "Outcome", "Program", "compile_resource", "run"]
