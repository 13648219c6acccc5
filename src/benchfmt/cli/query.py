"""`benchfmt query`: SQL over packages."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli.files import replace_file
from benchfmt.cli.printing import print_pieces, say
from benchfmt.finding import BenchfmtError

if TYPE_CHECKING:
    import pyarrow as pa


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def query(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="PACKAGE... SQL",
            help="Packages, or folders of them, then the query; `-` reads it from the input.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="How rows are written.")] = Format.table,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="PATH", help="Write to a file; Parquet needs one."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="How many rows a table on the terminal shows.")
    ] = 40,
    memory: Annotated[
        str, typer.Option(help="What may be held in memory; the rest goes to temporary files.")
    ] = "1GB",
    files: Annotated[
        bool,
        typer.Option(
            "--files", help="Let the query also read other files, such as FROM 'prices.csv'."
        ),
    ] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow packages to be URLs, which are downloaded.")
    ] = False,
) -> None:
    """Answer a query in SQL over the tables of packages: records, measurements, systems, and wide, one row a record.

    What a folder holds and cannot be read is left out and named, and the exit status is then 1.
    """
    from benchfmt.package.querying import answered

    *packages, sql = arguments
    if not packages:
        raise BenchfmtError(
            "name a package, then the query, as: benchfmt query PACKAGE 'SELECT count(*) FROM records'"
        )
    if form is Format.parquet and output is None:
        raise BenchfmtError("Parquet is no text: name a file with -o")
    if sql == "-":
        sql = sys.stdin.read()
    asked = _asked(packages)
    with answered(
        asked.names,
        sql,
        remote=remote,
        memory=memory,
        files=files,
        may_leave_out=asked.found,
        leave_out=asked.leave_out,
    ) as batches:
        if form in (Format.json, Format.parquet):
            _refuse_doubled(batches.schema.names)
        if output is None:
            print_pieces(_pieces(form, batches, limit))
        elif form is Format.parquet:
            _write_parquet(output, batches)
        else:
            _write_text(output, _pieces(form, batches, limit))
    if asked.left_out:
        raise typer.Exit(1)


@dataclass
class _Asked:
    """The packages of a query."""

    names: list[str] = field(default_factory=list)
    found: set[str] = field(default_factory=set)
    """Those that nobody named: they stand in a folder."""
    left_out: int = 0

    def leave_out(self, reason: str) -> None:
        """Say which package is left out, and why."""
        self.left_out += 1
        say(f"left out: {reason}", err=True)


def _asked(paths: list[str]) -> _Asked:
    """Return the packages that paths lead to: themselves, and those in folders that are none."""
    from benchfmt.descriptor import FILE_NAME
    from benchfmt.limits import LIMITS
    from benchfmt.validation.sources import find_sources

    asked = _Asked()
    for path in paths:
        folder = Path(path)
        if not folder.is_dir() or (folder / FILE_NAME).exists():
            asked.names.append(path)
            continue
        sources = find_sources([path], LIMITS, remote=False)
        for note in sources.notes:
            say(note, err=True)
        for source in sources.packages:
            if source.fault is not None:
                asked.leave_out(f"{source.name}: {source.fault}")
                continue
            asked.names.append(source.name)
            asked.found.add(source.name)
    return asked


def _refuse_doubled(names: list[str]) -> None:
    """Raise BenchfmtError for columns of one name, of which these forms keep the last."""
    from benchfmt.readers.names import doubled

    for name in sorted(doubled(names)):
        raise BenchfmtError(f"two columns are called {name!r}: give one another name with AS")


def _pieces(form: Format, batches: pa.RecordBatchReader, limit: int) -> Iterable[str]:
    from benchfmt.printable import printable
    from benchfmt.reports.rows import csv_pieces, json_pieces, table_pieces

    if form is Format.csv:
        pieces = csv_pieces(batches)
        if sys.stdout.isatty():
            return map(printable, pieces)
        return pieces
    if form is Format.json:
        return json_pieces(batches)
    return table_pieces(batches, limit)


def _write_text(path: Path, pieces: Iterable[str]) -> None:
    with replace_file(path) as growing, growing.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)


def _write_parquet(path: Path, batches: pa.RecordBatchReader) -> None:
    import pyarrow.parquet as pq

    with replace_file(path) as growing, pq.ParquetWriter(growing, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
