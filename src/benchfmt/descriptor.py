"""The companion descriptor (`datapackage.json`): it describes the canonical tables or annotates somebody's own table.

The models here are what a descriptor may say; `package_schema` is the same as JSON Schema. Properties of the Data
Package standard that benchfmt does not use may stand beside ours.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from benchfmt.annotation import Closed, FieldAnnotation, Open, TableAnnotation
from benchfmt.faults import Fault, faults_of, half_characters
from benchfmt.limits import LIMITS, Limits
from benchfmt.numbers import NumberForm
from benchfmt.readers.names import doubled
from benchfmt.readers.sheets import Dialect, Table, open_table
from benchfmt.readers.sheets.grid import CellNames, cell_names
from benchfmt.readers.sheets.opening import open_grid, storage_of
from benchfmt.readers.sheets.storage import Storage
from benchfmt.record import SCHEMA_VERSION
from benchfmt.schema import BASE, DRAFT, table_schema
from benchfmt.vocabulary import Metric, read_metric

SCHEMA_URL = f"{BASE}{SCHEMA_VERSION}/package.schema.json"
FILE_NAME = "datapackage.json"


class MissingValue(Open):
    """A text that means no value, and what it says; a reason of the vocabulary as label is the reason."""

    value: str
    label: str | None = None


def labels_of(values: Sequence[str | MissingValue]) -> dict[str, str | None]:
    """Return texts that mean no value, each with its label."""
    labels: dict[str, str | None] = {}
    for item in values:
        if isinstance(item, MissingValue):
            labels[item.value] = item.label
        else:
            labels[item] = None
    return labels


_IN_NUMBERS = "0123456789+-\u2212eE"


class TableField(Open):
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

    @model_validator(mode="after")
    def _readable_numbers(self) -> Self:
        """Refuse marks of numbers that are read as something else in them."""
        for name, mark in (("decimalChar", self.decimal_char), ("groupChar", self.group_char)):
            if mark and mark in _IN_NUMBERS:
                message = "`{name}` is {value}, which stands for something else in a number"
                raise PydanticCustomError("mark", message, {"name": name, "value": repr(mark)})
        if self.decimal_char == self.group_char:
            message = "`decimalChar` and `groupChar` are both {value}"
            raise PydanticCustomError("two_meanings", message, {"value": repr(self.group_char)})
        return self

    @property
    def numbers(self) -> NumberForm:
        """How the numbers of the column are written."""
        return NumberForm(self.decimal_char, self.group_char, self.bare_number)


class TableSchema(Open):
    """The columns of a table."""

    fields: list[TableField]
    missing_values: Sequence[str | MissingValue] = Field([""], alias="missingValues")

    @field_validator("fields")
    @classmethod
    def _names_once(cls, fields: list[TableField]) -> list[TableField]:
        for name in sorted(doubled(item.name for item in fields)):
            words = (
                "two fields have the name {name}, of which one would be read; take the other out"
            )
            raise PydanticCustomError("doubled_name", words, {"name": repr(name)})
        return fields


_Path = Annotated[str, Field(min_length=1)]
_Bytes = Annotated[int, Field(ge=0)]
_Hash = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]


class ResourcePart(Open):
    """A file of a table that is in parts."""

    path: _Path
    bytes: _Bytes | None = None
    hash: _Hash | None = None


class Resource(Open):
    """A file of the package, or a table of it in several."""

    path: _Path | Annotated[list[_Path], Field(min_length=1)] = Field(
        description="The file; for records and measurements also a list of files, which are the table in parts."
    )
    parts: list[ResourcePart] | None = Field(
        None, description="Size and hash of each file of a table in parts, in the order of `path`."
    )
    name: str | None = None
    format: str | None = None
    encoding: str | None = None
    compression: str | None = Field(
        None, description="How the file is packed: gz, bz2, xz, zst or zip."
    )
    innerpath: str | None = Field(None, description="The file inside of a zip that is the table.")
    bytes: _Bytes | None = None
    hash: _Hash | None = None
    dialect: Dialect | None = None
    table: TableSchema | None = Field(None, alias="schema")
    benchfmt: TableAnnotation | None = None

    @model_validator(mode="after")
    def _parts_of_path(self) -> Self:
        """Refuse what is said of the parts of one file, or of one file where there are parts."""
        if isinstance(self.path, str):
            if self.parts is not None:
                raise PydanticCustomError(
                    "parts_of_file", "`parts` stands beside a `path` that is a list"
                )
            return self
        if self.annotated:
            raise PydanticCustomError(
                "annotated_in_parts",
                "an annotated table is one file: describe each in a resource of its own",
            )
        if self.parts is not None and [part.path for part in self.parts] != self.path:
            raise PydanticCustomError(
                "other_parts", "`parts` has an object for each file of `path`, in the same order"
            )
        if self.bytes is not None or self.hash is not None:
            raise PydanticCustomError(
                "whole_of_parts",
                "`bytes` and `hash` of a table in parts stand in `parts`, for each file",
            )
        return self

    @property
    def files(self) -> list[ResourcePart]:
        """The files of the resource in order, each with what is said of its size and hash."""
        if isinstance(self.path, str):
            return [ResourcePart(path=self.path, bytes=self.bytes, hash=self.hash)]
        return self.parts or [ResourcePart(path=path) for path in self.path]

    @property
    def file(self) -> str:
        """The path of the file, or of the first."""
        return self.files[0].path

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
            self.file,
            format_=self.format,
            encoding=encoding or self.encoding,
            compression=self.compression,
            inner_path=self.innerpath,
        )


class PrefixMetric(Open):
    """A metric that only its own suite knows."""

    definition: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    direction: Literal["lower", "higher", "target"]
    label: str | None = None


class Prefix(Open):
    """A prefix: whose terms these are, and what its metrics mean."""

    title: str | None = None
    definition: str | None = None
    metrics: dict[str, PrefixMetric] = Field({})


def _ask_for_reason(schema: dict[str, Any]) -> None:
    """Ask for a reason in the JSON Schema: where it is not given, validation has words of its own for it."""
    schema["required"] = ["code", "reason"]
    reason = schema["properties"]["reason"]
    del reason["default"]
    reason["minLength"] = 1


class Acknowledgement(Closed):
    """What whoever made the package knows of a finding, and why it is no fault of this package."""

    model_config = ConfigDict(json_schema_extra=_ask_for_reason)

    code: str = Field(description="The code of the finding, such as BF407.")
    reason: str = Field("", description="Why it is no fault of this package.")
    records: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="The ids of the records that it is about; all where this is absent."
    )


class PackageInfo(Closed):
    """What the package says of itself as a benchfmt package."""

    version: str = SCHEMA_VERSION
    vocabulary: str | None = None
    prefixes: dict[str, Prefix] = Field({})
    acknowledged: list[Acknowledgement] = Field(
        [],
        description="Findings that are known and no faults of this package, each with the reason.",
    )


class Descriptor(Open):
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
                "profile",
                "`profile` is of an older Data Package standard; write `$schema`",
                {"member": "profile"},
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

    def table_in_file(self, resource: Resource) -> str:
        """Return what tells a table from an earlier one in the same file; empty for the first that is described."""
        same = [item for item in self.resources if item.path == resource.path]
        place = same.index(resource)
        if place == 0:
            return ""
        return resource.name or str(place + 1)

    def metrics(self) -> dict[str, Metric]:
        """Return the metrics that the descriptor's prefixes declare, by prefixed id."""
        return _metrics(self.benchfmt)


class Heading(Open):
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
    halves = half_characters(data)
    if halves:
        return None, halves
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


def acknowledged(said: Descriptor | Heading) -> list[dict[str, JsonValue]]:
    """Return the findings that a descriptor or heading acknowledges, as plain data."""
    return [item.model_dump(exclude_none=True) for item in said.benchfmt.acknowledged]


def about(said: Descriptor | Heading) -> dict[str, JsonValue]:
    """Return what a descriptor or heading says of a package beside its name, its prefixes and its tables."""
    plain = said.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {key: value for key, value in plain.items() if key not in _OF_ONE_PACKAGE}


_OF_ONE_PACKAGE = ("$schema", "name", "benchfmt", "resources")


def heading(descriptor: Descriptor) -> dict[str, JsonValue]:
    """Return the heading of a package's records, empty where records say all that there is to say."""
    prefixes, rest = declared(descriptor), about(descriptor)
    known = descriptor.benchfmt.acknowledged
    if not prefixes and not rest and not known:
        return {}
    left_out = {"prefixes"}
    if not known:
        left_out.add("acknowledged")
    info = descriptor.benchfmt.model_dump(exclude_none=True, exclude=left_out)
    return {"benchfmt": {**info, "prefixes": prefixes}, **rest}


def read_descriptor(data: JsonValue) -> tuple[Descriptor | None, list[Fault]]:
    """Return the descriptor that plain data holds, or None with its faults."""
    try:
        return Descriptor.model_validate(data), []
    except ValidationError as error:
        return None, _faults(error, data)


_MOST_FAULTS = 50_000
"""So many faults of a descriptor are told; a program that made more made them all in one way."""


def _faults(error: ValidationError, data: JsonValue) -> list[Fault]:
    """Return what is wrong with a descriptor; where that is too much, what is wrong where its lists begin."""
    if error.error_count() <= _MOST_FAULTS:
        return faults_of(error, Descriptor, data)
    said = f"it has more than {_MOST_FAULTS:,} faults"
    for most in (10_000, 1_000, 100, 10, 1):
        beginnings = _beginnings(data, most)
        told = Fault((), f"{said}; those among the first {most:,} items of each list are told")
        try:
            Descriptor.model_validate(beginnings)
        except ValidationError as fewer:
            if fewer.error_count() <= _MOST_FAULTS:
                return [told, *faults_of(fewer, Descriptor, beginnings)]
        else:
            return [told]
    return [Fault((), f"{said}, which are not told one by one")]


def _beginnings(value: JsonValue, most: int) -> JsonValue:
    """Return plain data without what stands behind the first items of a list; objects are whole, for they must have some members."""
    if isinstance(value, list):
        return [_beginnings(item, most) for item in value[:most]]
    if isinstance(value, dict):
        return {key: _beginnings(item, most) for key, item in value.items()}
    return value


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
            paths = [fault.owner for fault in _faults(error, rest)]
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
    known: Sequence[Mapping[str, JsonValue]] = (),
) -> dict[str, JsonValue]:
    """Return the descriptor of the three canonical tables.

    `tables` gives each table's path, format, mediatype, and bytes and hash, or parts with them; `extra` is what a user adds (title, licenses);
    `known` are the findings that are acknowledged.
    """
    info: dict[str, JsonValue] = {
        "version": SCHEMA_VERSION,
        "vocabulary": vocabulary_version,
        "prefixes": dict(prefixes),
    }
    if known:
        info["acknowledged"] = [{**item} for item in known]
    return {
        "$schema": SCHEMA_URL,
        **extra,
        "benchfmt": info,
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
