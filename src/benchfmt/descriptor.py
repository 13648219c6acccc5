"""The companion descriptor (`datapackage.json`): it describes the canonical tables or annotates somebody's own table.

The models here are what a descriptor may say; `package_schema` is the same as JSON Schema. Properties of the Data
Package standard that benchfmt does not use may stand beside ours.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from benchfmt.faults import Fault, faults_of
from benchfmt.limits import LIMITS, Limits
from benchfmt.numbers import NumberForm
from benchfmt.readers.names import doubled
from benchfmt.readers.sheets import Dialect, Table, open_table
from benchfmt.readers.sheets.grid import CellNames, cell_names
from benchfmt.readers.sheets.opening import open_grid, storage_of
from benchfmt.readers.sheets.storage import Storage
from benchfmt.record import SCHEMA_VERSION, Term
from benchfmt.schema import BASE, DRAFT, table_schema
from benchfmt.vocabulary import Metric, read_metric

SCHEMA_URL = f"{BASE}{SCHEMA_VERSION}/package.schema.json"
FILE_NAME = "datapackage.json"
RECORD_PATH = "^[a-z][a-z0-9_]*([.][^.\\s]+)*$"
Word = Annotated[str, Field(description="A word as the source writes it.")]
TermOrTerms = str | list[str]


class _Closed(BaseModel):
    """Our own objects are closed, so that a misspelt word is found."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Open(BaseModel):
    """Data Package objects may hold more than benchfmt reads."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)


class MetricUse(_Closed):
    """What a word that names a metric stands for, where its id alone does not say enough."""

    metric: Term
    statistic: Term | None = None
    stage: Term | None = None
    per: Term | None = None
    scope: Term | None = None
    unit: str | None = None
    basis: str | None = None
    caveats: list[str] | None = None
    primary: bool = Field(
        False, description="Whether this is the primary measurement of its record."
    )


class MetricColumn(_Closed):
    """The metric is named by another column."""

    column: str
    terms: dict[Word, Term | MetricUse] = {}


class UnitColumn(_Closed):
    """The unit is named by another column."""

    column: str
    terms: dict[Word, str] = Field({}, description="Words of that column, each with its unit.")


Condition = str | float | list[str | float]


class Conditional(_Closed):
    """What holds for the rows that have certain values."""

    when: dict[str, Condition] = Field(
        {}, description="Column (or $record.path): the text, number or list of these that it has."
    )
    unless: dict[str, Condition] = Field(
        {}, description="What no row has for which the rule holds; said as in `when`."
    )


class Case(Conditional):
    """What the numbers of a measured column are in some rows; what it does not say, the annotation says."""

    metric: Term | None = None
    statistic: Term | None = None
    stage: Term | None = None
    per: Term | None = None
    scope: Term | None = None
    unit: str | None = None
    basis: str | None = None
    caveats: list[str] | None = None


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
Factor = Annotated[str, Field(pattern="^[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$")] | int | float


class FieldAnnotation(_Closed):
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


class Extract(_Closed):
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


class FieldFamily(_Open):
    """Columns whose names fit a pattern, described together: a field with a pattern in place of its name.

    `{group}` in the annotation stands for what the group of the pattern holds in the column's name.
    """

    pattern: str = Field(description="Regular expression with named groups for the whole name.")
    terms: dict[str, dict[Word, str]] = Field({}, description="Group: what its words stand for.")
    benchfmt: dict[str, JsonValue] = Field(description="The annotation, with groups in braces.")


class History(_Closed):
    """The rows are the steps of runs; a run (the rows of one `key`, else all rows) is one result."""

    step: str = Field(description="Column that counts the steps; the greatest is the last.")
    best: list[str] = Field(
        [], description="Measured columns that also give the best of their numbers."
    )
    totals: list[str] = Field(
        [], description="Columns that add up over the run, and begin again where it was resumed."
    )


class TableAnnotation(_Closed):
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


class MissingValue(_Open):
    """A text that means no value, and what it says; a reason of the vocabulary as label is the reason."""

    value: str
    label: str | None = None


def _missing_values(values: Sequence[str | MissingValue]) -> dict[str, str | None]:
    """Return texts that mean no value, each with its label."""
    labels: dict[str, str | None] = {}
    for item in values:
        if isinstance(item, MissingValue):
            labels[item.value] = item.label
        else:
            labels[item] = None
    return labels


class TableField(_Open):
    """A column of a table."""

    name: str
    type: str = "string"
    format: str = Field(
        "default",
        description="How dates and times are written: `default`, `any`, or a pattern such as `%d.%m.%Y`.",
    )
    missing_values: Sequence[str | MissingValue] | None = Field(
        None,
        alias="missingValues",
        description="Texts of this column that mean no value, in place of those of the table.",
    )
    decimal_char: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        ".", alias="decimalChar", description="What stands between whole digits and the rest."
    )
    group_char: Annotated[str, Field(max_length=1)] = Field(
        "", alias="groupChar", description="What groups the digits of a number in threes."
    )
    bare_number: bool = Field(
        True, alias="bareNumber", description="Whether nothing stands around the number in a cell."
    )
    true_values: list[str] = Field(["true", "True", "TRUE", "1"], alias="trueValues")
    false_values: list[str] = Field(["false", "False", "FALSE", "0"], alias="falseValues")
    benchfmt: FieldAnnotation | None = None

    @property
    def numbers(self) -> NumberForm:
        """How the numbers of the column are written."""
        return NumberForm(self.decimal_char, self.group_char, self.bare_number)


class TableSchema(_Open):
    """The columns of a table."""

    fields: list[TableField]
    missing_values: Sequence[str | MissingValue] = Field([""], alias="missingValues")

    def missing_in(self, column: TableField | None = None) -> dict[str, str | None]:
        """Return the texts that mean no value, in a column or wherever none says others, each with its label."""
        if column is not None and column.missing_values is not None:
            return _missing_values(column.missing_values)
        return _missing_values(self.missing_values)


class Resource(_Open):
    """A file of the package."""

    path: str
    name: str | None = None
    format: str | None = None
    encoding: str | None = None
    compression: str | None = Field(
        None, description="How the file is packed: gz, bz2, xz, zst or zip."
    )
    innerpath: str | None = Field(None, description="The file inside of a zip that is the table.")
    bytes: int | None = None
    hash: Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")] | None = None
    dialect: Dialect | None = None
    table: TableSchema | None = Field(None, alias="schema")
    benchfmt: TableAnnotation | None = None

    @property
    def annotated(self) -> bool:
        """Whether the resource is a table that says how it is read as records."""
        fields = self.table.fields if self.table else []
        return self.benchfmt is not None or any(item.benchfmt for item in fields)

    def text_table(self, path: Path, limits: Limits = LIMITS, encoding: str | None = None) -> Table:
        """Return the resource's file, which lies at `path`, as a table of text; raises TableError.

        An `encoding` stands for the one that the resource names.
        """
        return open_table(path, self._storage(encoding), self.dialect or Dialect(), limits)

    def cells(self, path: Path, rows: Collection[int], limits: Limits = LIMITS) -> CellNames:
        """Return how a spreadsheet names the cells of some data rows, nothing for a file that none opens."""
        storage = self._storage()
        grid = open_grid(path, storage, self.dialect or Dialect(), limits)
        if grid is None:
            return CellNames()
        return cell_names(grid, rows)

    def _storage(self, encoding: str | None = None) -> Storage:
        return storage_of(
            self.path,
            format_=self.format,
            encoding=encoding or self.encoding,
            compression=self.compression,
            inner_path=self.innerpath,
        )


class PrefixMetric(_Open):
    """A metric that only its own suite knows."""

    definition: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    direction: Literal["lower", "higher", "target"]
    label: str | None = None


class Prefix(_Open):
    """A prefix: whose terms these are, and what its metrics mean."""

    title: str | None = None
    definition: str | None = None
    metrics: dict[str, PrefixMetric] = {}


class PackageInfo(_Closed):
    """What the package says of itself as a benchfmt package."""

    version: str = SCHEMA_VERSION
    vocabulary: str | None = None
    prefixes: dict[str, Prefix] = {}


class Descriptor(_Open):
    """The content of `datapackage.json`."""

    schema_: str | None = Field(None, alias="$schema")
    name: str | None = None
    title: str | None = None
    benchfmt: PackageInfo = PackageInfo()
    resources: list[Resource] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _no_profile(cls, data: JsonValue) -> JsonValue:
        if isinstance(data, dict) and "profile" in data:
            raise PydanticCustomError(
                "profile", "`profile` is of an older Data Package standard; write `$schema`"
            )
        return data

    @field_validator("resources")
    @classmethod
    def _names_once(cls, resources: list[Resource]) -> list[Resource]:
        names = [resource.name for resource in resources if resource.name is not None]
        for name in sorted(doubled(names)):
            words = "two resources have the name {name}; give each a name of its own"
            raise PydanticCustomError("doubled_name", words, {"name": repr(name)})
        return resources

    def metrics(self) -> dict[str, Metric]:
        """Return the metrics that the descriptor's prefixes declare, by prefixed id."""
        return _metrics(self.benchfmt)


class Heading(_Open):
    """What may stand in the line before records as JSON Lines: a descriptor of a package without its tables."""

    benchfmt: PackageInfo

    def metrics(self) -> dict[str, Metric]:
        """Return the metrics that the heading's prefixes declare, by prefixed id."""
        return _metrics(self.benchfmt)


def _metrics(info: PackageInfo) -> dict[str, Metric]:
    return {
        f"{prefix}:{name}": read_metric(f"{prefix}:{name}", metric.model_dump(exclude_none=True))
        for prefix, declared in info.prefixes.items()
        for name, metric in declared.metrics.items()
    }


def is_heading(data: JsonValue) -> bool:
    """Say whether a line of JSON Lines is a heading: its `benchfmt` is an object, where a record says a version."""
    return isinstance(data, dict) and isinstance(data.get("benchfmt"), dict)


MISPLACED_HEADING = (
    "a heading, which is the first line of JSON Lines or none; what it declares is not read: "
    "give the lines of each package as a file of their own"
)
"""What is said of a heading that stands elsewhere, as in two files that were joined."""


def read_heading(data: JsonValue) -> tuple[Heading | None, list[Fault]]:
    """Return the heading that plain data holds, or None with its faults, as `read_descriptor` does."""
    try:
        return Heading.model_validate(data), []
    except ValidationError as error:
        return None, faults_of(error, Heading, data)


def declared(said: Descriptor | Heading) -> dict[str, JsonValue]:
    """Return the prefixes that a descriptor or heading declares, as plain data."""
    return {
        name: prefix.model_dump(exclude_unset=True)
        for name, prefix in said.benchfmt.prefixes.items()
    }


def about(said: Descriptor | Heading) -> dict[str, JsonValue]:
    """Return what a descriptor or heading says of a package beside its name, its prefixes and its tables."""
    plain = said.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {key: value for key, value in plain.items() if key not in _OF_ONE_PACKAGE}


_OF_ONE_PACKAGE = ("$schema", "name", "benchfmt", "resources")


def heading(descriptor: Descriptor) -> dict[str, JsonValue]:
    """Return the heading of a package's records, empty where records say all that there is to say."""
    prefixes, rest = declared(descriptor), about(descriptor)
    if not prefixes and not rest:
        return {}
    info = descriptor.benchfmt.model_dump(exclude_none=True, exclude={"prefixes"})
    return {"benchfmt": {**info, "prefixes": prefixes}, **rest}


def read_descriptor(data: JsonValue) -> tuple[Descriptor | None, list[Fault]]:
    """Return the descriptor that plain data holds, or None with its faults."""
    try:
        return Descriptor.model_validate(data), []
    except ValidationError as error:
        return None, faults_of(error, Descriptor, data)


def fault_line(fault: Fault, data: JsonValue) -> str:
    """Return a fault of a descriptor with its place: the column by its name, anything else by its JSON Pointer."""
    column = column_of(fault, data)
    if column is None:
        return f"{fault.pointer}: {fault.message}"
    inside = ".".join(map(str, fault.path[_FIELD_DEPTH:]))
    if not inside:
        return f"column {column!r}: {fault.message}"
    return f"column {column!r}: {inside}: {fault.message}"


_FIELD_DEPTH = 5
"""How deep a column lies: /resources/0/schema/fields/0."""


def column_of(fault: Fault, data: JsonValue) -> str | None:
    """Return the name of the column that a fault of a descriptor is about, None where it is about something else."""
    path = fault.path
    if len(path) < _FIELD_DEPTH or (path[0], path[2], path[3]) != ("resources", "schema", "fields"):
        return None
    value = data
    for part in path[:_FIELD_DEPTH]:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list):
            value = value[int(part)]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    return str(value["name"])


def without_faults(data: JsonValue, faults: Sequence[Fault]) -> Descriptor | None:
    """Return the descriptor that is left without the members at fault, by which more faults are found; None for none.

    A column whose annotation is at fault loses all of it.
    """
    rest = copy.deepcopy(data)
    paths = []
    for fault in faults:
        is_of_column = column_of(fault, data) is not None
        path = fault.path
        if is_of_column:
            path = (*path[:_FIELD_DEPTH], "benchfmt")
        paths.append(path)
    for _ in range(_ROUNDS):
        for path in sorted(set(paths), key=str, reverse=True):
            _drop(rest, path)
        try:
            return Descriptor.model_validate(rest)
        except ValidationError as error:
            paths = [fault.owner for fault in faults_of(error, Descriptor, rest)]
    return None


_ROUNDS = 4
"""So often is it tried to read what is left of a descriptor."""


def _drop(data: JsonValue, path: Sequence[str | int]) -> None:
    """Take the member or the item at a path out of what holds it."""
    value = data
    for part in path[:-1]:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and int(part) < len(value):
            value = value[int(part)]
    if path and isinstance(value, dict):
        value.pop(str(path[-1]), None)
    elif path and isinstance(value, list) and int(path[-1]) < len(value):
        del value[int(path[-1])]


def package_descriptor(
    tables: Mapping[str, Mapping[str, Any]],
    prefixes: Mapping[str, JsonValue],
    vocabulary_version: str,
    extra: Mapping[str, JsonValue],
) -> dict[str, JsonValue]:
    """Return the descriptor of the three canonical tables.

    `tables` gives each table's path, format, mediatype, bytes and hash; `extra` is what a user adds (title, licenses).
    """
    return {
        "$schema": SCHEMA_URL,
        **extra,
        "benchfmt": {
            "version": SCHEMA_VERSION,
            "vocabulary": vocabulary_version,
            "prefixes": dict(prefixes),
        },
        "resources": [
            {"name": name, **facts, "schema": table_schema(name)} for name, facts in tables.items()
        ],
    }


def package_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema (draft 2020-12) of a descriptor."""
    schema = Descriptor.model_json_schema(by_alias=True)
    return {
        "$id": SCHEMA_URL,
        "title": "benchfmt package descriptor",
        **{key: value for key, value in schema.items() if key not in ("$schema", "title")},
        "not": {"required": ["profile"]},
        "$schema": DRAFT,
    }
