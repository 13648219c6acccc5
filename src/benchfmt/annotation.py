"""What the columns of somebody's own table are: the annotations that a companion descriptor holds.

They stand as `benchfmt` in the fields and in the resources of a Data Package; `descriptor` is the whole of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from benchfmt.record import Term

RECORD_PATH = "^[a-z][a-z0-9_]*([.][^.\\s]+)*$"
Word = Annotated[str, Field(description="A word as the source writes it.")]
TermOrTerms = str | list[str]


class Closed(BaseModel):
    """Our own objects are closed, so that a misspelt word is found."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Open(BaseModel):
    """Data Package objects may hold more than benchfmt reads."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)


class Meaning(Closed):
    """What numbers measure, and how."""

    metric: Term | None = None
    statistic: Term | None = None
    stage: Term | None = None
    per: Term | None = None
    scope: Term | None = None
    unit: str | None = None
    basis: str | None = None
    caveats: list[str] | None = None


class MetricUse(Meaning):
    """What a word that names a metric stands for, where its id alone does not say enough."""

    metric: Term
    primary: bool = Field(
        False, description="Whether this is the primary measurement of its record."
    )


class MetricColumn(Closed):
    """The metric is named by another column."""

    column: str
    terms: dict[Word, Term | MetricUse] = {}


class UnitColumn(Closed):
    """The unit is named by another column."""

    column: str
    terms: dict[Word, str] = Field({}, description="Words of that column, each with its unit.")


Condition = str | float | list[str | float]


class Conditional(Closed):
    """What holds for the rows that have certain values."""

    when: dict[str, Condition] = Field(
        {}, description="Column (or $record.path): the text, number or list of these that it has."
    )
    unless: dict[str, Condition] = Field(
        {}, description="What no row has for which the rule holds; said as in `when`."
    )


class Case(Meaning, Conditional):
    """What the numbers of a measured column are in some rows; what it does not say, the annotation says."""


Part = Literal[
    "n",
    "stddev",
    "sample_stddev",
    "ci",
    "ci_low",
    "ci_high",
    "samples",
    "target_min",
    "target_max",
    "caveats",
]
"""What a column may say of the numbers in another: `ci` is half the width of the interval."""
INFERRED = ("definition-inferred", "unit-inferred")
"""The caveats that no longer hold once somebody confirms what was inferred."""
Confirmation = Annotated[str, Field(min_length=1)]
Factor = (
    Annotated[str, Field(pattern="^[0-9]{1,400}([.][0-9]{1,400})?([eE][+-]?[0-9]{1,3})?$")]
    | Annotated[int, Field(strict=True)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
)
"""A number as a text has all of its digits; one with a longer exponent would be no double, and take for ever."""


class FieldAnnotation(Closed):
    """What a column of a table is: a place in the record, a measurement, or a part of one."""

    field: Annotated[str, Field(pattern=RECORD_PATH)] | None = Field(
        None, description="The place in the record."
    )
    metric: Term | MetricColumn | None = Field(None, description="The metric measured.")
    of: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)] | None = (
        Field(None, description="The measured column, or columns, to whose numbers this belongs.")
    )
    part: Part | None = Field(None, description="What it says of the numbers of `of`.")
    statistic: Term | None = None
    stage: Term | None = None
    per: Term | None = None
    scope: Term | None = None
    unit: str | UnitColumn | None = Field(
        None,
        description="Unit of the numbers: a UCUM code, a known word, or the column that names it.",
    )
    scale: Factor | None = Field(
        None, description="Factor by which the numbers are multiplied first."
    )
    spread: Literal["stddev", "sample_stddev", "ci"] | None = Field(
        None, description="What stands behind ± or in brackets after the number in a cell."
    )
    level: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Level of a confidence interval, such as 0.95."
    )
    suffixes: dict[Annotated[str, Field(min_length=1)], Factor] = Field(
        {}, description="What may follow a number in a cell, each with the factor it stands for."
    )
    clock: Literal["h:m:s", "m:s"] | None = Field(
        None, description="The cells are times of a clock, which are read as seconds."
    )
    confirmed: Confirmation | dict[str, Confirmation] | None = Field(
        None,
        description="Who or what confirms what was inferred, or this for each caveat of the column.",
    )
    basis: Literal["measured", "derived", "estimated", "predicted", "nominal", "published"] = (
        "measured"
    )
    caveats: list[str] = []
    primary: bool = False
    target_min: float | None = None
    target_max: float | None = None
    missing: dict[str, str] = Field(
        {}, description="Cells that mean no value, each with the reason."
    )
    missing_patterns: dict[Annotated[str, Field(min_length=1)], str] = Field(
        {},
        description="Regular expressions of whole cells that mean no value, each with the reason.",
    )
    terms: dict[Word, TermOrTerms] = Field(
        {}, description="Words of the column, each with what it stands for."
    )
    list_: Literal["numbers"] | None = Field(None, alias="list", description="A vector in a cell.")
    separator: str | None = Field(
        None, description="What stands between the numbers of a vector, besides spaces."
    )
    record: dict[str, JsonValue] = Field(
        {}, description="Fields of the record that this column's header says."
    )
    cases: list[Case] = Field(
        [], description="What the numbers are in some rows; of those that hold the first counts."
    )
    ignore: bool = Field(False, description="The column is left out on purpose.")

    @model_validator(mode="after")
    def _one_meaning(self) -> FieldAnnotation:
        meanings = [
            self.field is not None,
            self.metric is not None,
            self.of is not None,
            self.ignore,
        ]
        if sum(meanings) != 1:
            raise PydanticCustomError(
                "one_meaning", "say exactly one of field, metric, of and ignore"
            )
        if (self.of is None) != (self.part is None):
            raise PydanticCustomError("of_and_part", "`of` and `part` belong together")
        if isinstance(self.unit, UnitColumn) and self.metric is None:
            words = "only a column with `metric` has its unit in another column"
            raise PydanticCustomError("unit_column", words)
        if self.cases and not isinstance(self.metric, str):
            words = "only a column with a term as `metric` has `cases`"
            raise PydanticCustomError("cases", words)
        interval = self.spread == "ci" or (self.part or "").startswith("ci")
        if interval and self.level is None:
            words = "a confidence interval has a `level`, such as 0.95"
            raise PydanticCustomError("level", words)
        return self

    @property
    def confirmations(self) -> Mapping[str, str]:
        """Who or what confirms each caveat; a text of its own confirms all that was inferred."""
        if isinstance(self.confirmed, str):
            return dict.fromkeys(INFERRED, self.confirmed)
        return self.confirmed or {}

    @property
    def unit_word(self) -> str | None:
        """The unit of all numbers of the column; None where another column names it, or nothing."""
        return self.unit if isinstance(self.unit, str) else None


class Extract(Closed):
    """Fields of the record that stand in a text, such as the file name."""

    from_: str = Field(alias="from", description="`$path` or the name of a column.")
    pattern: str = Field(description="Regular expression with named groups, searched in the text.")
    set: dict[Annotated[str, Field(pattern=RECORD_PATH)], str] = Field(
        description="Record path: group."
    )
    terms: dict[str, dict[Word, TermOrTerms]] = Field({}, description="Record path: its words.")


class Rule(Conditional):
    """What holds for rows in which columns have certain values."""

    set: dict[Annotated[str, Field(pattern=RECORD_PATH)], JsonValue] = {}
    missing: dict[str, str] = Field({}, description="Column: the reason why it has no value.")
    caveats: dict[str, list[str]] = Field({}, description="Column: the doubts about its values.")


class FieldFamily(Open):
    """Columns whose names fit a pattern, described together: a field with a pattern in place of its name.

    `{group}` in the annotation stands for what the group of the pattern holds in the column's name.
    """

    pattern: str = Field(description="Regular expression with named groups for the whole name.")
    terms: dict[str, dict[Word, str]] = Field({}, description="Group: what its words stand for.")
    benchfmt: dict[str, JsonValue] = Field(description="The annotation, with groups in braces.")


class History(Closed):
    """The rows are the steps of runs; a run (the rows of one `key`, else all rows) is one result."""

    step: str = Field(description="Column that counts the steps; the greatest is the last.")
    best: list[str] = Field(
        [], description="Measured columns that also give the best of their numbers."
    )
    totals: list[str] = Field(
        [], description="Columns that add up over the run, and begin again where it was resumed."
    )


class TableAnnotation(Closed):
    """What holds for a whole table."""

    constant: dict[Annotated[str, Field(pattern=RECORD_PATH)], JsonValue] = {}
    families: list[FieldFamily] = Field([], description="Columns described by a pattern.")
    extract: list[Extract] = []
    rules: list[Rule] = []
    key: list[str] = Field(
        [], description="Columns whose values name a record; rows with equal ones belong together."
    )
    history: History | None = None

    @property
    def is_whole(self) -> bool:
        """Whether rows that belong together may stand anywhere, so that the table is read at once."""
        return bool(self.key) or self.history is not None
