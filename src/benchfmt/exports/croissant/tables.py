"""The files of a package as Croissant's distribution, and its tables as record sets with types, keys and references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.exports.facts import Facts, PackageFile, package_files
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.package.parts import Part
from benchfmt.readers.files import file_sha256
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, TABLES, Column

Node = dict[str, JsonValue]
GUESSED = (
    "delimited text carries no types: mlcroissant reads it with a reader that guesses them, so the text 1 becomes 1.0 "
    "and whole columns of digits become numbers"
)
_TYPES = {
    "text": "sc:Text",
    "json": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
}
HERE = "."
"""Where files are that lie beside the description for certain."""
_CSV = "text/csv"
_PARQUET = "application/x-parquet"
_NAMES = {"application/vnd.apache.parquet": _PARQUET}
"""Types of files that mlcroissant knows by another name alone."""
_ARCHIVES = {".zip": "application/zip", ".gz": "application/x-tar", ".tgz": "application/x-tar"}
_UNITS = {
    ("systems", "processor_clock_hz"): "Hz",
    ("systems", "memory_bytes"): "By",
    ("systems", "accelerator_memory_bytes"): "By",
    ("records", "model_size_bytes"): "By",
}
"""Columns that have one unit, as UCUM writes it."""
_UNIT_OF_ROW = ("value", "stddev", "ci", "samples", "target_min", "target_max")
"""Columns of measurements whose unit stands in the column `unit` of their row."""
_UNIT_PROPERTIES = ["sc:unitText", "qudt:ucumCode"]
_KEYS = {
    "systems": ("id",),
    "records": ("id",),
    "measurements": ("record_id", "metric", "statistic", "stage", "per", "scope"),
}
_TITLES = {
    "systems": "The hardware of the results, with its operating system; one row a system.",
    "records": "The results: what was run, on what data, by what software, in which configuration; one row a result.",
    "measurements": "The numbers of the results, or the reason why there is none; one row a measurement.",
}
_PROPERTIES = {"metric": "sc:propertyID", "value": "sc:value", "unit": "sc:unitText"}
"""What the columns of a measurement are of schema.org's PropertyValue."""
_CARDINALITY = "http://www.wikidata.org/entity/Q4049983"
"""The number of rows, as Croissant's own specification names it."""


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files of a table, of which there is one unless the table is in parts."""

    table: str
    parts: Sequence[Part]

    @property
    def is_parquet(self) -> bool:
        """Whether all of them are Parquet."""
        return all(part.is_parquet for part in self.parts)

    @property
    def reference(self) -> Node:
        """What a field of the table names as its source."""
        if len(self.parts) == 1:
            return {"fileObject": {"@id": self.parts[0].name}}
        return {"fileSet": {"@id": self.set_id}}

    @property
    def set_id(self) -> str:
        """The id of the set of the files."""
        return f"{self.table}-files"

    @property
    def columns(self) -> list[Column]:
        """The columns that the files have, as the descriptor says."""
        described = self.parts[0].resource.table
        if described is None:
            return list(COLUMNS[self.table])
        names = {item.name for item in described.fields}
        return [column for column in COLUMNS[self.table] if column.name in names]


def tables_of(package: Package) -> dict[str, TableFiles]:
    """Return the tables that a package has, each with its files."""
    names = {resource.name for resource in package.descriptor.resources}
    return {table: TableFiles(table, package.parts(table)) for table in TABLES if table in names}


def distribution(package: Package, files: str | None) -> list[JsonValue]:
    """Return the files of a package; `files` is the address or folder under which they are found.

    Of a package that is an archive, the tables are files in it.
    """
    archive = _archive(package)
    nodes: list[JsonValue] = []
    if archive is not None:
        nodes.append(_archive_node(archive, files))
        files = None
    for file in package_files(package):
        node = _file(file, files)
        if archive is not None:
            node["containedIn"] = {"@id": archive.name}
        nodes.append(node)
    for files_of_table in tables_of(package).values():
        if len(files_of_table.parts) > 1:
            nodes.append(_file_set(files_of_table))
    return nodes


def _file_set(files: TableFiles) -> Node:
    """Return the files of a table in parts as one set."""
    kind = _PARQUET if files.is_parquet else _CSV
    return {
        "@type": "cr:FileSet",
        "@id": files.set_id,
        "name": files.set_id,
        "description": f"The parts of the table {files.table}.",
        "encodingFormat": kind,
        "includes": [part.name for part in files.parts],
    }


def _archive(package: Package) -> Path | None:
    """Return the archive that a package was unpacked of; raises BenchfmtError for one that is elsewhere."""
    origin = package.origin
    if origin is None or not str(origin).endswith(tuple(_ARCHIVES)):
        return None
    if "://" in str(origin):
        raise BenchfmtError(
            f"{origin} is an archive elsewhere, whose checksum is not known; fetch it and export the file"
        )
    return Path(origin)


def _archive_node(archive: Path, files: str | None) -> Node:
    kind = _ARCHIVES[archive.suffix.lower()]
    size = archive.stat().st_size
    digest = file_sha256(archive)
    file = PackageFile(archive.name, archive, size, digest, kind, "The package in one file.")
    return _file(file, files)


def _file(file: PackageFile, files: str | None) -> Node:
    url = file.name
    if files and files != HERE:
        url = f"{files.rstrip('/')}/{file.name}"
    description = file.about
    if file.media_type == _CSV:
        description += f" Careful: {GUESSED}."
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name.rpartition("/")[2],
        "description": description,
        "contentUrl": url,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": _NAMES.get(file.media_type, file.media_type),
        "sha256": file.sha256,
    }


def record_sets(package: Package, facts: Facts) -> list[JsonValue]:
    """Return the tables of a package as record sets."""
    counts = {
        "systems": facts.systems,
        "records": facts.records,
        "measurements": facts.measurements,
    }
    tables = tables_of(package)
    return [_record_set(table, tables, counts[table]) for table in tables]


def _record_set(table: str, tables: Mapping[str, TableFiles], rows: int) -> Node:
    columns = tables[table].columns
    present = {column.name for column in columns}
    key: list[JsonValue] = [{"@id": f"{table}/{name}"} for name in _KEYS[table] if name in present]
    node: Node = {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": _TITLES[table],
        "key": key,
        "annotation": {
            "@type": "cr:Field",
            "@id": f"{table}/rows",
            "name": "rows",
            "description": "How many rows the table has.",
            "dataType": [_CARDINALITY, "sc:Integer"],
            "value": rows,
        },
        "field": [_field(table, column, tables, present) for column in columns],
    }
    if table == "measurements":
        node["dataType"] = "sc:PropertyValue"
    return node


def _field(table: str, column: Column, tables: Mapping[str, TableFiles], present: set[str]) -> Node:
    place = f"{table}/{column.name}"
    description = str(column_schema(table, column.name).get("description", ""))
    if column.kind == "json":
        description = f"{description} JSON.".strip()
    node: Node = {
        "@type": "cr:Field",
        "@id": place,
        "name": column.name,
        "description": description,
        "dataType": _TYPES[column.kind],
        "source": _source(tables[table], column.name),
    }
    reference = _reference(table, column.name, tables)
    if reference:
        node["references"] = reference
    if table == "measurements" and column.name in _PROPERTIES:
        node["equivalentProperty"] = _PROPERTIES[column.name]
    unit = _unit(tables[table], column.name, present)
    if unit:
        node["annotation"] = unit
    return node


def _reference(table: str, column: str, tables: Mapping[str, TableFiles]) -> Node | None:
    """Return what a column refers to in another table."""
    if (table, column) == ("records", "system_id") and "systems" in tables:
        return {"field": {"@id": "systems/id"}}
    if (table, column) == ("measurements", "record_id"):
        # A reference to a record set that has references itself cannot be loaded by mlcroissant 1.1.1, one to the
        # column of its file can.
        return _source(tables["records"], "id")
    return None


def _source(files: TableFiles, column: str) -> Node:
    return {**files.reference, "extract": {"column": column}}


def _unit(files: TableFiles, column: str, present: set[str]) -> Node | None:
    """Return the annotation that says the unit of a column, or where in a row its unit stands."""
    table = files.table
    node: Node = {
        "@type": "cr:Field",
        "@id": f"{table}/{column}/unit",
        "name": "unit",
        "description": "The unit, as UCUM writes it.",
        "dataType": "sc:Text",
        "equivalentProperty": list[JsonValue](_UNIT_PROPERTIES),
    }
    fixed = _UNITS.get((table, column))
    if fixed:
        return {**node, "value": fixed}
    if table == "measurements" and column in _UNIT_OF_ROW and "unit" in present:
        return {**node, "source": _source(files, "unit")}
    return None
