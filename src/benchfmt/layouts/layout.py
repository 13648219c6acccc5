"""What a layout is: the names that a file must have, and the descriptor that fits every file with these names.

Each JSON file beside this module is one layout. What it says of a table is said as in a descriptor, with the liberty that
a file need not have all columns, because the files of one tool differ in that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator
from pydantic_core import PydanticCustomError

from benchfmt.annotation import TableAnnotation
from benchfmt.descriptor import Prefix, TableSchema
from benchfmt.finding import BenchfmtError
from benchfmt.readers.sheets import Dialect
from benchfmt.readers.sheets.opening import OPENERS

Plain = dict[str, JsonValue]
Pattern = Annotated[str, Field(description="A regular expression that fits a whole text.")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Match(_Closed):
    """What a file must have to be of a layout."""

    words: list[str] = Field(
        min_length=1, description="Texts that all stand in the beginning or the end of the file."
    )
    columns: list[str] = Field([], description="Columns that the table has.")
    some: list[Pattern] = Field([], description="Each of these fits the name of some column.")
    none: list[Pattern] = Field([], description="None of these fits the name of a column.")
    cells: dict[str, Pattern] = Field(
        {},
        description="Columns, or regular expressions of some, and what their first cell is like.",
    )


class Gathered(_Closed):
    """Names of files: one that holds what others beside it hold too."""

    file: str
    of: str = Field(description="A glob of the files beside it that hold one run each.")


class Layout(_Closed):
    """What the files of one tool are called, must have, and hold."""

    name: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    version: Annotated[str, Field(pattern="^[0-9]+[.][0-9]+$")]
    title: str = Field(description="One line for people.")
    tool: str = Field(description="Who writes such files: those of one run are of one tool.")
    versions: str = Field(description="The versions of the tool whose files are known to fit.")
    source: str = Field(description="Where it is written down what the columns are.")
    files: list[str] = Field(min_length=1, description="Globs of names, in lower case.")
    formats: list[str] = Field(min_length=1, description="Forms of files, the preferred one first.")
    stem_endings: list[str] = Field(
        [], description="What follows the name of the run in the name of a file, before its ending."
    )
    gathered: Gathered | None = Field(
        None, description="A file into which the tool copies the results of several others."
    )
    match: Match
    dialect: Dialect | None = Field(None, description="Absent: what is found out of each file.")
    table: TableSchema | None = Field(None, alias="schema")
    benchfmt: TableAnnotation = TableAnnotation()
    prefixes: dict[str, Prefix] = {}
    extends: str | None = Field(
        None, description="A layout of which all that is said of the table holds here too."
    )
    left_out: str | None = Field(None, description="Why files of this layout are no results.")

    @field_validator("formats")
    @classmethod
    def _known_formats(cls, formats: list[str]) -> list[str]:
        for name in formats:
            if name not in OPENERS:
                raise PydanticCustomError("format", "{name} is not read", {"name": repr(name)})
        return formats

    @model_validator(mode="after")
    def _read_or_left_out(self) -> Layout:
        if (self.table is None) == (self.left_out is None):
            raise PydanticCustomError("layout", "a layout has either `schema` or `left_out`")
        return self

    @property
    def label(self) -> str:
        """The name with the version, as records keep it."""
        return f"{self.name} {self.version}"


@cache
def layouts() -> tuple[Layout, ...]:
    """Return all layouts that this program comes with, in order of their names."""
    folder = files(__package__)
    texts = [item.read_text("utf-8") for item in folder.iterdir() if item.name.endswith(".json")]
    known = {data["name"]: data for data in map(json.loads, texts)}
    return tuple(read_layout(known[name], known) for name in sorted(known))


def read_layout(data: Plain, known: Mapping[str, Plain]) -> Layout:
    """Return the layout that plain data holds, with what it has from others among the known; raises ValueError."""
    base = known.get(str(data.get("extends")))
    if base is not None:
        inherited = {name: base[name] for name in _INHERITED if name in base}
        data = _joined(data, inherited)
    return Layout.model_validate(data)


_INHERITED = ("schema", "benchfmt", "prefixes")


def _joined(own: Plain, inherited: Plain) -> Plain:
    """Return what two objects say: what a layout says itself counts, and its lists come first."""
    joined = {**inherited, **own}
    for name, base in inherited.items():
        match own.get(name), base:
            case dict() as first, dict():
                joined[name] = _joined(first, base)
            case list() as first, list():
                joined[name] = [*first, *base]
    return joined


def layout(name: str) -> Layout:
    """Return the layout of a name; raises BenchfmtError, which lists those that there are."""
    for item in layouts():
        if item.name == name and item.table is not None:
            return item
    raise BenchfmtError("\n".join([f"there is no layout {name!r}; there are:", *title_lines()]))


def title_lines() -> list[str]:
    """Return the names and titles of the layouts whose files are read, a line each."""
    known = [item for item in layouts() if item.table is not None]
    wide = max(len(item.name) for item in known)
    return [f"{item.name:<{wide}}  {item.title}" for item in known]
