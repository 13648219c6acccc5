"""`describe`: a draft of a descriptor for tables, and what a person has still to say for a hand-over.

What is missing is not guessed at: the draft is validated against the rule set `submission` as it would be later, and
each thing that it asks for is named once, with the option that says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue

from benchfmt.describing.alike import draft_like, files_like, likely_layouts
from benchfmt.describing.keeping import keep, read_older, suite_of
from benchfmt.describing.missing import TOO_LARGE, Missing, are_too_large, missing_of
from benchfmt.describing.options import constant_values, pairs, parts
from benchfmt.describing.sources import Sources, tables_at
from benchfmt.drafting import Draft, Review, Said, draft_tables
from benchfmt.finding import BenchfmtError
from benchfmt.layouts import layout
from benchfmt.limits import LIMITS, Limits

__all__ = [
    "Description",
    "Missing",
    "Sources",
    "constant_values",
    "describe",
    "describe_like",
    "describe_sources",
    "draft_sources",
    "pairs",
    "parts",
    "tables_at",
]


@dataclass(frozen=True)
class Description:
    """A drafted descriptor, what a person should know of it, and what is still to be said for a submission."""

    descriptor: dict[str, JsonValue]
    review: Review
    asked: list[Missing] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What a person should look at."""
        return self.review.texts()

    @property
    def missing(self) -> list[str]:
        """What a submission asks for."""
        return [str(item) for item in self.asked]

    def options(self) -> list[str]:
        """Return the options that say what a submission asks for, each with a value to be filled in."""
        options = [item.option() for item in self.asked]
        return list(dict.fromkeys(option for option in options if option is not None))

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the review as plain data."""
        return {
            "notes": [note.to_dict() for note in self.review.notes],
            "missing": [item.to_dict() for item in self.asked],
            "options": list(self.options()),
        }


def describe(
    path: Path | Sequence[Path],
    suite: str | None = None,
    said: Said | None = None,
    older: Path | None = None,
    limits: Limits = LIMITS,
) -> Description:
    """Return the description of a table, of several, or of those in a folder.

    `older` is the file of a descriptor that is kept as it is written; what is new is added to it. `limits` say how much
    of a file is read.
    Raises TableError for what is no table, and BenchfmtError for what is said of a column that does not exist.
    """
    if isinstance(path, Path):
        return describe([path], suite, said, older, limits)
    folder = None
    if older is not None:
        folder = older.parent
    return describe_sources(tables_at(path, folder, limits), suite, said, older)


def describe_sources(
    sources: Sources, suite: str | None = None, said: Said | None = None, older: Path | None = None
) -> Description:
    """Return the description of tables that are read already, as `describe` does."""
    made = draft_sources(sources, suite, said or Said(), older)
    return _described(made, sources.files, sources.limits)


def draft_sources(sources: Sources, suite: str | None, said: Said, older: Path | None) -> Draft:
    """Return the draft for tables that are read already, without what a submission asks for."""
    if older is None:
        made = draft_tables(sources.groups, suite, said, sources.name)
    else:
        made = _kept(sources, suite, said, older)
    lines = [*sources.group_lines(), *likely_layouts(sources), *sources.left_out]
    made.review.begin_with(lines)
    return made


def describe_like(
    paths: Sequence[Path],
    name: str,
    suite: str | None,
    said: Said,
    older: Path | None = None,
    folder: Path | None = None,
    limits: Limits = LIMITS,
) -> Description:
    """Return the description of files that a known tool wrote, by the name of their layout.

    Raises BenchfmtError for a name that no layout has, for a file that is not of that layout, and where a person says
    what a column is, which the layout says.
    """
    if said.columns():
        column = min(said.columns())
        raise BenchfmtError(
            f"--like says what the columns are; leave out what says it of {column!r}"
        )
    constants = dict(said.constants)
    if suite is not None:
        constants["benchmark.suite"] = suite
    files = files_like(paths, name, folder, limits)
    made = draft_like(files.named, name, constants, limits)
    if older is not None:
        made = keep(read_older(older), made, said, files.root)
    chosen = layout(name)
    made.review.begin_with(
        [
            f"the layout {chosen.label}: {chosen.title}; versions {chosen.versions}",
            *files.left_out,
        ]
    )
    return _described(made, files.named, limits)


def _described(made: Draft, files: Mapping[str, Path], limits: Limits) -> Description:
    """Return a draft with what a submission of the files asks for, or that this was not looked for."""
    if are_too_large(files):
        made.review.begin_with([TOO_LARGE])
        return Description(made.descriptor, made.review)
    return Description(made.descriptor, made.review, missing_of(files, made.descriptor, limits))


def _kept(sources: Sources, suite: str | None, said: Said, older: Path) -> Draft:
    """Return an older descriptor with what is new."""
    written = read_older(older)
    if suite is not None:
        # The older descriptor names a suite already, over which only a constant wins.
        said = replace(said, constants={"benchmark.suite": suite, **said.constants})
    drafted = draft_tables(sources.groups, suite or suite_of(written), said, sources.name)
    return keep(written, drafted, said, sources.root)
