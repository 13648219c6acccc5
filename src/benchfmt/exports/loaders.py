"""Scripts that load the tables of a package with the right types: for DuckDB, pandas, polars and R.

Who reads CSV without being told the types guesses them from the first rows: a column of versions that begins with `1` is a
column of integers until `default` comes, where DuckDB and polars stop and R writes NA. The scripts say the types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchfmt.descriptor import Resource
from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.facts import facts_of, refuse_older
from benchfmt.package import Package
from benchfmt.tables import COLUMNS, TABLES, Kind

__all__ = ["LOADERS", "OPTIONS", "loaders"]

OPTIONS = {"folder": "where the tables lie, as a path from the scripts; `.` where it is not given"}
_SQL: Mapping[Kind, str] = {
    "text": "VARCHAR",
    "json": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}
_PANDAS: Mapping[Kind, str] = {
    "text": "string",
    "json": "string",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "boolean",
}
_POLARS: Mapping[Kind, str] = {
    "text": "pl.String",
    "json": "pl.String",
    "integer": "pl.Int64",
    "number": "pl.Float64",
    "boolean": "pl.Boolean",
}
# R's integers have 32 bits, and its numbers hold every integer of the standard exactly. readr misses the last place of one
# number in thirty, so numbers come as text and R itself reads them.
_R: Mapping[Kind, str] = {
    "text": "col_character()",
    "json": "col_character()",
    "integer": "col_double()",
    "number": "col_character()",
    "boolean": "col_logical()",
}
_NOTE = "Written by benchfmt. Run it in the folder in which it lies."


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as a script names it: its files and its columns with their kinds, in the order of the files."""

    name: str
    paths: Sequence[str]
    is_parquet: bool
    columns: Mapping[str, Kind]


class Loaders:
    """The scripts, as files to lay beside the tables."""

    about = "scripts for DuckDB, pandas, polars and R that load the tables with the right types"
    why_in_one = "it is four short scripts"
    shape: Shape = "folder"
    options = OPTIONS

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write the scripts of a package."""
        account = Account()
        for name, text in loaders(package, options.get("folder", ".")).items():
            (place / name).write_text(text, "utf-8")
            account.files.append(name)
        facts = facts_of(package)
        account.records = facts.records
        account.measurements = facts.measurements
        if "folder" not in options:
            account.note(
                "the scripts look for the tables beside them: lay them there, or say folder=PATH"
            )
        return account.exported()


LOADERS = Loaders()


def loaders(package: Package, folder: str = ".") -> dict[str, str]:
    """Return the scripts of a package by their names; `folder` is where the tables lie, seen from the scripts."""
    refuse_older(package)
    tables = _tables(package, folder)
    return {
        "load.sql": _sql(tables),
        "load_pandas.py": _pandas(tables),
        "load_polars.py": _polars(tables),
        "load.R": _r(tables),
    }


def _tables(package: Package, folder: str) -> list[_Table]:
    start = "" if folder in (".", "") else f"{folder.rstrip('/')}/"
    tables = []
    for resource in package.descriptor.resources:
        if resource.name not in TABLES:
            continue
        parts = package.parts(resource.name)
        paths = [f"{start}{part.name}" for part in parts]
        is_parquet = all(part.is_parquet for part in parts)
        tables.append(_Table(resource.name, paths, is_parquet, _kinds(resource)))
    return tables


def _kinds(resource: Resource) -> dict[str, Kind]:
    """Return the columns of a table with their kinds; what the standard does not know is text."""
    known = {column.name: column.kind for column in COLUMNS[str(resource.name)]}
    if resource.table is None:
        return known
    return {field.name: known.get(field.name, "text") for field in resource.table.fields}


# --- DuckDB ---


def _sql(tables: Sequence[_Table]) -> str:
    lines = [f"-- {_NOTE}", "-- duckdb results.db -init load.sql"]
    for table in tables:
        lines += ["", f"CREATE OR REPLACE TABLE {table.name} AS"]
        paths = ", ".join(_sql_text(path) for path in table.paths)
        if table.is_parquet:
            lines.append(f"SELECT * FROM read_parquet([{paths}]);")
            continue
        lines += [
            f"SELECT * FROM read_csv([{paths}],",
            "    header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', auto_detect = false,",
            "    columns = {",
        ]
        for name, kind in table.columns.items():
            lines.append(f"        {_sql_text(name)}: '{_SQL[kind]}',")
        lines[-1] = lines[-1].removesuffix(",")
        lines.append("    });")
    return "\n".join(lines) + "\n"


def _sql_text(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


# --- Python ---


def _pandas(tables: Sequence[_Table]) -> str:
    lines = [
        f"# {_NOTE}",
        "import pandas as pd",
        "",
        "# Only an empty cell is absent: `NA` and `null` are texts.",
        'how = {"keep_default_na": False, "na_values": [""]}',
        'if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1):',
        '    how["float_precision"] = "round_trip"  # later ones read numbers to the last digit unasked',
    ]
    for table in tables:
        reader = f'pd.read_csv(path, encoding="utf-8-sig", dtype={table.name}_types, **how)'
        if table.is_parquet:
            reader = 'pd.read_parquet(path, dtype_backend="numpy_nullable")'
        else:
            lines += ["", f"{table.name}_types = {{", *_python_types(table, _quoted(_PANDAS)), "}"]
        lines.append(_python_frame(table, "pd.concat", reader, ", ignore_index=True"))
    return "\n".join(lines) + "\n"


def _polars(tables: Sequence[_Table]) -> str:
    lines = [f"# {_NOTE}", "import polars as pl"]
    for table in tables:
        reader = f"pl.read_csv(path, schema={table.name}_types)"
        if table.is_parquet:
            reader = "pl.read_parquet(path)"
        else:
            lines += ["", f"{table.name}_types = {{", *_python_types(table, _POLARS), "}"]
        lines.append(_python_frame(table, "pl.concat", reader, ""))
    return "\n".join(lines) + "\n"


def _quoted(names: Mapping[Kind, str]) -> dict[Kind, str]:
    return {kind: json.dumps(name) for kind, name in names.items()}


def _python_types(table: _Table, names: Mapping[Kind, str]) -> list[str]:
    return [f"    {json.dumps(name)}: {names[kind]}," for name, kind in table.columns.items()]


def _python_frame(table: _Table, joined: str, reader: str, more: str) -> str:
    return f"{table.name} = {joined}([{reader} for path in {json.dumps(list(table.paths))}]{more})"


# --- R ---


def _r(tables: Sequence[_Table]) -> str:
    lines = [f"# {_NOTE}"]
    if any(table.is_parquet for table in tables):
        lines.append("library(nanoparquet)")
    if not all(table.is_parquet for table in tables):
        lines.append("library(readr)")
    for table in tables:
        paths = ", ".join(json.dumps(path) for path in table.paths)
        if table.is_parquet:
            lines.append(f"{table.name} <- do.call(rbind, lapply(c({paths}), read_parquet))")
            continue
        columns = [f"    {_r_name(name)} = {_R[kind]}," for name, kind in table.columns.items()]
        columns[-1] = columns[-1].removesuffix(",")
        lines += [
            "",
            "# Blanks around a text belong to it, and only an empty cell is absent.",
            f"{table.name} <- read_csv(",
            f'  c({paths}), na = "", trim_ws = FALSE, lazy = FALSE,',
            '  locale = locale(encoding = "UTF-8"), col_types = cols(',
            *columns,
            "  )",
            ")",
        ]
        numbers = [json.dumps(name) for name, kind in table.columns.items() if kind == "number"]
        if numbers:
            lines += [
                f"for (name in c({', '.join(numbers)})) {{",
                f"  {table.name}[[name]] <- as.numeric({table.name}[[name]])",
                "}",
            ]
    return "\n".join(lines) + "\n"


def _r_name(name: str) -> str:
    plain = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{plain}`"
