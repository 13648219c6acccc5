"""What a comparison asks: which fields may differ between its results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from benchfmt.comparison.fields import COMPARED, FIELDS
from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such


@dataclass(frozen=True)
class Question:
    """A question, and the fields that may differ between the results that answer it."""

    name: str
    asks: str
    varies: frozenset[str]

    def varying(self, fields: Iterable[str]) -> Question:
        """Return the question with more fields that may differ; raises BenchfmtError for an unknown one."""
        more = frozenset(fields)
        for field in sorted(more):
            head, _, member = field.partition(".")
            if head not in _NAMES:
                raise BenchfmtError(no_such("field", field, sorted(_NAMES)))
            if member and head not in _OBJECTS:
                raise BenchfmtError(f"{head} has no members: --vary {head}, not {field}")
        return replace(self, varies=self.varies | more)

    def members(self) -> frozenset[str]:
        """Return the members of objects that may differ, without the names of the objects."""
        return frozenset(name.partition(".")[2] for name in self.varies if "." in name)

    def may_differ(self, field: str) -> bool:
        """Say whether a field may differ. A member of an object that a suite names binds unless it is named itself."""
        return field in self.varies


_NAMES = {*FIELDS, *COMPARED}
_OBJECTS = ("hyperparameters", "inputs", "extensions", "software")
"""Fields with members, which may be named alone: `hyperparameters.fold`."""
QUESTIONS = {
    item.name: item
    for item in (
        Question("hardware", "Which hardware runs this fastest?", frozenset(COMPARED)),
        Question(
            "model",
            "Which model, or which framework, does this best?",
            frozenset(
                {
                    "model",
                    "model_version",
                    "engine",
                    "engine_version",
                    "software",
                    "hyperparameters",
                }
            ),
        ),
        Question(
            "version",
            "Did it change from one version to the next?",
            frozenset({"engine_version", "software", "round"}),
        ),
        Question(
            "precision",
            "What does a lower precision cost, and bring?",
            frozenset({"precision"}),
        ),
    )
}
"""The questions by name; the first is what is asked unless another is."""


def question(name: str = "hardware", vary: Iterable[str] = ()) -> Question:
    """Return a question by name, with more fields that may differ; raises BenchfmtError for an unknown name or field."""
    if name not in QUESTIONS:
        raise BenchfmtError(no_such("question", name, list(QUESTIONS)))
    return QUESTIONS[name].varying(vary)
