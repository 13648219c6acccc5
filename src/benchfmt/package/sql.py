"""Packages as a database: SQL over their tables by DuckDB, which reads Parquet where it lies.

The views are `systems`, `records` and `measurements`, with all columns of the standard, and `wide`, one row a record.
Each has a column `package` first, which says the package that a row is of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.descriptor import Descriptor
from benchfmt.finding import BenchfmtError
from benchfmt.migrate import is_newer, is_older
from benchfmt.package.parts import Part
from benchfmt.package.portions import OrderError, whole_records
from benchfmt.package.ranges import RangedPackage, Ranges
from benchfmt.record import KEY_FIELDS
from benchfmt.tables import COLUMNS, TABLES, Column, arrow_schema
from benchfmt.wide import (
    CONTEXT,
    PRIMARY,
    QUALIFIED,
    SYSTEM,
    comments,
    directions,
    groups_of_primaries,
    key_names,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
"""What a query may hold in memory unless told; what needs more goes to temporary files."""
_NOTHING = re.compile(r"\s*0+(\.0*)?\s*[a-zA-Z]*\s*")
_NO_EXTENSION = "requires the extension"
_NO_MEMORY = "Out of Memory Error"
ROWS = 65_536
"""Rows of a batch of results."""
_TYPES = {
    "text": "VARCHAR",
    "json": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}
_READING = ("SELECT", "EXPLAIN", "MULTI")
"""Kinds of statements that read; MULTI is what DuckDB makes of PIVOT."""
_WIDE = re.compile(r"\bwide\b", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[]")
"""What makes a path a pattern for DuckDB, which would read the files of other packages."""
_PATIENCE = 0.5
"""So many seconds are waited at once: polars keeps Ctrl-C from ending a wait."""
T = TypeVar("T")


class QueryError(BenchfmtError):
    """A query cannot be answered; the message is DuckDB's own, or says what is not allowed."""


class Tables(Protocol):
    """What a query needs of a package."""

    root: Path
    descriptor: Descriptor

    def parts(self, table: str) -> list[Part]:
        """Return the files of a table."""

    def batches(self, table: str, only: Collection[str] = ()) -> Iterator[pa.Table]:
        """Yield a table in parts, with all columns of the standard."""

    def table(self, name: str) -> pa.Table:
        """Return a whole table."""


@contextmanager
def answer(
    packages: Mapping[str, Tables], sql: str, *, memory: str = MEMORY, files: bool = False
) -> Iterator[pa.RecordBatchReader]:
    """Answer a query over packages, each under the name that `package` shows, in batches; raises QueryError.

    One statement that reads is allowed. It sees the tables of these packages and no other file, unless `files` is given.
    """
    duckdb = _duckdb()
    _check_memory(memory)
    with TemporaryDirectory(prefix="benchfmt-query-") as folder:
        spill = Path(folder) / "spill"
        spill.mkdir()
        try:
            connection = duckdb.connect(":memory:", config=_settings(memory, spill))
        except duckdb.Error as error:
            raise QueryError(f"memory {memory!r}: {_first_line(error)}") from error
        # It would stand in the standard output, wherever Python was started without a file.
        connection.execute("SET enable_progress_bar = false")
        database = _Database(connection, packages, Path(folder))
        try:
            _check_reads(duckdb, sql)
            database.build(with_wide=names_wide(sql))
            if not files:
                database.close_doors()
            yield _heard(connection, partial(_reader, connection, sql, memory))
        except (duckdb.Error, QueryError) as error:
            raise database.failure or QueryError(_in_words(error, memory)) from error
        finally:
            connection.close()


def names_wide(sql: str) -> bool:
    """Whether a query may ask for the flat view."""
    return _WIDE.search(sql) is not None


def _reader(connection: DuckDBPyConnection, sql: str, memory: str) -> pa.RecordBatchReader:
    """Return the answer to a query, whose batches a stop does not wait for."""
    reader = connection.sql(sql).to_arrow_reader(ROWS)

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            while (batch := _heard(connection, partial(next, reader, None))) is not None:
                yield batch
        except (pa.ArrowException, OSError) as error:
            # So does Arrow tell what DuckDB finds at fault in a later batch.
            raise QueryError(_in_words(error, memory)) from error

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def _heard(connection: DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Return what some work of DuckDB returns; a stop ends it, which no signal would while DuckDB computes in this thread."""
    with ThreadPoolExecutor(1, thread_name_prefix="query") as threads:
        future = threads.submit(work)
        try:
            while not future.done():
                wait([future], _PATIENCE)
        except BaseException:
            while not future.done():
                connection.interrupt()
                wait([future], _PATIENCE)
            raise
        return future.result()


def _duckdb() -> ModuleType:
    try:
        import duckdb
    except ImportError as error:
        raise QueryError(
            f"a query needs duckdb: pip install 'benchfmt[query]' ({error})"
        ) from error
    module: ModuleType = duckdb
    return module


def _settings(memory: str, spill: Path) -> dict[str, Any]:
    return {
        "memory_limit": memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # Variables of the caller are no tables.
        "python_enable_replacements": "false",
        "preserve_insertion_order": "true",
    }


def _check_reads(duckdb: ModuleType, sql: str) -> None:
    """Refuse what is not one statement that reads: others could write where DuckDB may read."""
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise QueryError("the query is not UTF-8 text") from error
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"a query is one statement, and this is {len(statements)}")
    kind = statements[0].type.name
    if kind not in _READING:
        raise QueryError(f"a query only reads: {kind} is not allowed")
    # It may also stand behind WITH and EXPLAIN ANALYZE, which run it.
    if any(word.upper() == "COPY" for word in _keywords(duckdb, sql)):
        raise QueryError('a query only reads: COPY is not allowed; a name is written "copy"')


def _keywords(duckdb: ModuleType, sql: str) -> Iterator[str]:
    """Yield the words of a query that are neither quoted nor within a text or a comment."""
    for offset, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.keyword:
            word = re.match(rb"\w*", sql.encode()[offset:])
            yield word[0].decode() if word else ""


def _check_memory(memory: str) -> None:
    """Refuse a size that is less than nothing, which DuckDB takes for most of what the machine has, and nothing."""
    if memory.strip().startswith("-"):
        raise QueryError(f"memory {memory!r}: it is less than nothing; write it as 4GB")
    if _NOTHING.fullmatch(memory):
        raise QueryError(
            f"memory {memory!r}: it is nothing, and a query needs some; write it as 4GB"
        )


def _in_words(error: Exception, memory: str) -> str:
    """Return what DuckDB says, without what it advises where memory is short or an extension missing: none of that can be done here."""
    text = str(error)
    if _NO_EXTENSION in text:
        return f"{_first_line(error)}, and a query loads none; of other machines it reads packages alone (--remote)"
    if _NO_MEMORY not in text:
        return text
    return f"the query needs more memory than {memory}; give it more with --memory ({_first_line(error)})"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


@dataclass
class _Database:
    """The views in the making. What DuckDB cannot read as it lies is written anew into `folder`."""

    connection: DuckDBPyConnection
    packages: Mapping[str, Tables]
    folder: Path
    _files: list[str] = field(default_factory=list, init=False)
    """The files that the views read, remote ones by their address here."""
    _ranges: Ranges | None = field(default=None, init=False)

    @property
    def failure(self) -> BenchfmtError | None:
        """Why a remote file could not be read, None where that was no reason."""
        return None if self._ranges is None else self._ranges.failure

    def build(self, *, with_wide: bool) -> None:
        """Make the views."""
        for table in TABLES:
            selects = [
                self._select(name, package, table) for name, package in self.packages.items()
            ]
            self._view(table, " UNION ALL BY NAME ".join(selects))
        if with_wide:
            self._view("wide", self._wide())
            self._explain_wide()

    def close_doors(self) -> None:
        """Let a query read the files of the views and nothing else."""
        self.connection.execute(f"SET allowed_paths = {_list(self._files)}")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def _view(self, name: str, select: str) -> None:
        self.connection.execute(f"CREATE VIEW {name} AS {select}")

    def _select(self, name: str, package: Tables, table: str) -> str:
        """Return the query of a table of one package, with all columns of the standard, then any others."""
        columns = COLUMNS[table]
        files = self._parquet(package, table)
        self._files += files
        if not files:
            absent = (f"NULL::{_TYPES[item.kind]} AS {_name(item.name)}" for item in columns)
            return f"SELECT {_text(name)} AS package, {', '.join(absent)} WHERE false"
        source = f"read_parquet({_list(files)}, union_by_name = true)"
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        there = {row[0]: row[1] for row in described}
        cells = [_cell(item, there) for item in columns]
        own = {item.name for item in columns}
        cells += [_name(other) for other in there if other not in own and other != "package"]
        return f"SELECT {_text(name)} AS package, {', '.join(cells)} FROM {source}"

    def _parquet(self, package: Tables, table: str) -> list[str]:
        """Return the files of a table as Parquet of this version; CSV, and other versions, are written anew."""
        names = [resource.name for resource in package.descriptor.resources]
        if table == "systems" and table not in names:
            return []  # records need not name systems
        if isinstance(package, RangedPackage):
            return self._remote(package, table)
        version = package.descriptor.benchfmt.version
        parts = package.parts(table)
        is_current = not (is_newer(version) or is_older(version))
        paths = [part.path.absolute() for part in parts]
        is_plain = all(part.is_parquet for part in parts)
        if is_current and is_plain and not any(_PATTERN.search(str(path)) for path in paths):
            return list(map(str, paths))
        path = self.folder / f"{len(self._files)}-{table}.parquet"
        with pq.ParquetWriter(path, arrow_schema(table)) as writer:
            for batch in package.batches(table):
                writer.write_table(batch)
        return [str(path)]

    def _remote(self, package: RangedPackage, table: str) -> list[str]:
        """Return the addresses of the remote files of a table, which DuckDB asks us for by ranges."""
        if self._ranges is None:
            self._ranges = Ranges()
            self.connection.register_filesystem(self._ranges.system())
        return [self._ranges.address(file) for file in package.remote_files(table)]

    def _wide(self) -> str:
        """Return the query of the flat view: the columns of `Package.wide`, values by the names of their keys."""
        self.connection.register("_keys", self._keys())
        self._view("_groups", f"FROM read_parquet({_list(map(str, self._groups()))})")
        self.connection.register("_directions", self._directions())
        names = [row[0] for row in self.connection.execute("SELECT name FROM _keys").fetchall()]
        shown = [f"r.{_name(item)}" for item in CONTEXT]
        of_system = [f"s.{_name(item)} AS {_name(name)}" for item, name in SYSTEM.items()]
        of_primary = [f"p.{part} AS primary_{part}" for part in PRIMARY]
        values = [f"v.{_name(name)}" for name in sorted(names)]
        columns = [
            "r.package",
            *shown,
            "g.comparability_group",
            *of_system,
            *of_primary,
            "d.better AS primary_better",
            *values,
        ]
        join = "" if not names else f"LEFT JOIN ({_pivot(names)}) v USING (package, id)"
        return f"""
            SELECT {", ".join(columns)} FROM records r
            LEFT JOIN _groups g USING (package, id)
            LEFT JOIN systems s ON s.package = r.package AND s.id = r.system_id
            LEFT JOIN ({_PRIMARY}) p USING (package, id)
            LEFT JOIN _directions d ON d.metric = p.metric
            {join}"""

    def _explain_wide(self) -> None:
        """Comment the flat view: what its columns mean, and how many values of parts it leaves out."""
        units = "SELECT metric, statistic, stage, per, scope, min(unit) AS unit, count(DISTINCT unit) AS units"
        key = " AND ".join(f"coalesce(u.{part}, '') = k.{part}" for part in KEY_FIELDS)
        query = f"""
            SELECT k.*, CASE WHEN u.units = 1 THEN u.unit END AS unit FROM _keys k
            LEFT JOIN ({units} FROM measurements WHERE value IS NOT NULL GROUP BY ALL) u ON {key}"""
        keys = _heard(self.connection, lambda: self.connection.sql(query).to_arrow_table())
        for name, text in comments(pl.DataFrame(pl.from_arrow(keys))).items():
            self.connection.execute(f"COMMENT ON COLUMN wide.{_name(name)} IS {_text(text)}")
        counted = f"SELECT count(*) FROM measurements m WHERE value IS NOT NULL AND {_IS_PART}"
        [(left_out,)] = _heard(self.connection, lambda: self.connection.execute(counted).fetchall())
        about = f"left out, and in measurements: {left_out} values of parts of results"
        self.connection.execute(f"COMMENT ON VIEW wide IS {_text(about)}")

    def _directions(self) -> pa.Table:
        """Return the metrics of headline numbers, each with which end is better."""
        query = 'SELECT DISTINCT metric FROM measurements WHERE "primary" AND metric IS NOT NULL'
        found = _heard(self.connection, lambda: self.connection.execute(query).fetchall())
        return directions(row[0] for row in found).to_arrow()

    def _keys(self) -> pa.Table:
        """Return the keys that have a value, each with the name of its column."""
        key = ", ".join(f"coalesce({part}, '') AS {part}" for part in KEY_FIELDS)
        query = (
            f"SELECT DISTINCT {key} FROM measurements m WHERE value IS NOT NULL AND NOT {_IS_PART}"
        )
        keys = _heard(self.connection, lambda: self.connection.sql(query).to_arrow_table())
        return key_names(pl.DataFrame(pl.from_arrow(keys))).to_arrow()

    def _groups(self) -> list[Path]:
        """Return files with the comparability group of each record that has one."""
        paths = []
        for number, (name, package) in enumerate(self.packages.items()):
            path = self.folder / f"groups-{number}.parquet"
            try:
                _write_groups(path, name, whole_records(package, _OF_GROUPS))
            except OrderError:
                # Where measurements do not follow their records, both are taken into memory.
                _write_groups(path, name, [_whole(package)])
            paths.append(path)
        self._files += map(str, paths)
        return paths


def _whole(package: Tables) -> tuple[pl.DataFrame, pl.DataFrame]:
    records, measurements = (
        pl.DataFrame(pl.from_arrow(package.table(table))) for table in ("records", "measurements")
    )
    return records, measurements


def _write_groups(
    path: Path, package: str, portions: Iterable[tuple[pl.DataFrame, pl.DataFrame]]
) -> None:
    with pq.ParquetWriter(path, _GROUPS) as writer:
        for records, measurements in portions:
            found = groups_of_primaries(records, measurements)
            named = found.select(pl.lit(package).alias("package"), "id", "comparability_group")
            writer.write_table(named.to_arrow().cast(_GROUPS))


_OF_GROUPS = (
    "record_id",
    *KEY_FIELDS,
    "value",
    "unit",
    "basis",
    "primary",
    "target_min",
    "target_max",
)
"""What a record's group depends on of its measurements."""
_GROUPS = pa.schema([(name, pa.string()) for name in ("package", "id", "comparability_group")])
_IS_PART = f"regexp_matches(coalesce(m.scope, ''), '{QUALIFIED}')"
_PRIMARY = f"""
    SELECT package, record_id AS id, {", ".join(f"first({p}) AS {p}" for p in PRIMARY)}
    FROM measurements m WHERE "primary" AND NOT {_IS_PART} GROUP BY ALL"""


def _pivot(names: Sequence[str]) -> str:
    """Return the query of one row a record with a column for each key."""
    key = " AND ".join(f"coalesce(m.{part}, '') = k.{part}" for part in KEY_FIELDS)
    return f"""
        PIVOT (
            SELECT m.package, m.record_id AS id, k.name, m.value
            FROM measurements m JOIN _keys k ON {key} WHERE NOT {_IS_PART}
        ) ON name IN ({", ".join(map(_text, names))}) USING first(value) GROUP BY package, id"""


def _cell(item: Column, there: Mapping[str, str]) -> str:
    """Return a column of the standard, of the standard's type, absent where the file has none."""
    kind = _TYPES[item.kind]
    if item.name not in there:
        return f"NULL::{kind} AS {_name(item.name)}"
    if there[item.name] == kind:
        return _name(item.name)
    return f"CAST({_name(item.name)} AS {kind}) AS {_name(item.name)}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"
