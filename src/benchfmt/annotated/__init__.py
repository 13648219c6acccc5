"""Annotated tables: somebody's own table, read as records through its descriptor, whole columns at a time."""

from benchfmt.annotated.engine import Origin, Outcome, run
from benchfmt.annotated.program import AnnotationError, Program, compile_resource

__all__ = ["AnnotationError", "Origin", "Outcome", "Program", "compile_resource", "run"]
