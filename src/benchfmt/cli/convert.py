"""`benchfmt convert`: parses its arguments, calls `conversion.convert` and prints."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli import completing
from benchfmt.cli.files import write_text
from benchfmt.cli.options import LimitPairs, options_of
from benchfmt.cli.printing import print_lines, say
from benchfmt.cli.progress import with_progress
from benchfmt.cli.stopping import leaves
from benchfmt.finding import BenchfmtError

if TYPE_CHECKING:
    from benchfmt.accounting import Account


class TableFormat(StrEnum):
    """The files that tables are written as."""

    parquet = "parquet"
    csv = "csv"


def convert(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files, folders or URLs with results.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="PACKAGE", help="Folder, .zip or URL (s3://...) to write."
        ),
    ],
    family: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FAMILY",
            autocompletion=completing.families,
            help="The converter to use.  [default: found by looking at the files]",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the converter."),
    ] = None,
    table_format: Annotated[
        TableFormat, typer.Option("--format", help="File format of the tables.")
    ] = TableFormat.parquet,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="How many processes read the sources.")
    ] = 1,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="WHO",
            help="Who reads the sources: local:N, or dask:N, or dask:ADDRESS of a Dask scheduler.",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=1,
            help="How long a source may be read; one that takes longer twice has failed.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Title of the package, for its descriptor.")
    ] = None,
    license_id: Annotated[
        str | None,
        typer.Option(
            "--license", help="Licence (SPDX id) of the package, and of records that have none."
        ),
    ] = None,
    submitter: Annotated[
        str | None, typer.Option(help="Who stands for the numbers of records that name nobody.")
    ] = None,
    part_rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Split records and measurements into parts of at most so many measurements.",
        ),
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="Write the account of all files and rows here, as JSON.")
    ] = None,
    limit: LimitPairs = None,
    croissant: Annotated[
        bool,
        typer.Option(
            "--croissant",
            help="Write a description in Croissant 1.1 beside the tables, as `export --to croissant` does.",
        ),
    ] = False,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Put placeholders for home folders, user and host names, addresses and secrets.",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a package of other sources.")
    ] = False,
    remote: Annotated[
        bool,
        typer.Option("--remote", help="Allow SOURCE to be a URL, from which files are fetched."),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Keep what is read beside the package until it is whole, and go on from there after a stop.",
        ),
    ] = False,
) -> None:
    """Convert results to a package, and account for every file and row.

    Exit status 1 if a source or row failed; the rest is converted all the same. Where every file was left out for a
    reason, nothing is written and the status is 0.
    """
    # No linear algebra is done here, and its threads spin before they wait for some: in each process of --jobs, too.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from benchfmt.cli.settings import limits_of
    from benchfmt.conversion import convert as run
    from benchfmt.package import sending
    from benchfmt.personal.redaction import Redactor
    from benchfmt.reports.text import account_lines

    _prepare(output, resume=resume)
    _check_readers(jobs, executor)
    extra = {"title": title} if title else {}
    conversion = run(
        list(sources),
        family,
        jobs=jobs,
        executor=executor,
        seconds=time_limit,
        tell=lambda text: say(text, err=True),
        limits=limits_of(limit or []),
        remote=remote,
        **options_of(option or []),
    )
    # What is loaded now stays to the end: no search for garbage need look through it again.
    gc.freeze()
    redactor = None
    if redact:
        redactor = Redactor()
    companions: list[Callable[[Path], None]] = []
    lacking: list[str] = []
    with sending(output, replace=replace) as there:
        if croissant:
            describe = _croissant_writer(lacking)
            if there.sender is None:
                companions.append(describe)
            else:
                there.sender.describe(describe)
        result: Account = with_progress(
            lambda progress: conversion.write(
                there.place,
                format=table_format.value,
                license=license_id,
                submitter=submitter,
                extra=extra,
                progress=progress,
                replace=replace,
                redactor=redactor,
                companions=companions,
                each_file=there.sender.send if there.sender else None,
                part_rows=part_rows,
                resume=resume,
            )
        )
    for line in account_lines(result):
        say(line, err=True)
    for note in lacking:
        say(f"note: {note}", err=True)
    if redactor:
        for line in redactor.summary():
            say(f"redacted: {line}", err=True)
    if account:
        facts = result.to_dict()
        if redactor:
            facts = redactor.document(facts)
        write_text(account, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    if result.total("records"):
        print_lines([output])
    else:
        why = "no result could be read"
        if result.ok:
            why = "every file was left out for a reason"
        say(f"{output} is not written: {why}", err=True)
    raise typer.Exit(int(not result.ok))


def _check_readers(jobs: int, executor: str | None) -> None:
    """Raise BenchfmtError where both say how many read."""
    if jobs > 1 and executor is not None and ":" in executor:
        raise BenchfmtError(
            f"--executor {executor} says who reads, and so does --jobs {jobs}: give one of them"
        )


def _prepare(output: str, *, resume: bool) -> None:
    """Make the place of a package ready, and say what a stop would leave of it."""
    from benchfmt.package import clear, is_url

    if not is_url(output):
        # What a killed run has left may lie among the sources.
        clear(Path(output))
    elif resume:
        raise BenchfmtError(
            f"--resume keeps what was read beside the package, and {output} is not on this machine; "
            "write to a folder, and copy it there when it is whole"
        )
    if resume:
        leaves("what was read is kept, and the same command goes on from there")


def _croissant_writer(notes: list[str]) -> Callable[[Path], None]:
    """Return what writes a description beside the tables of a package, and puts what it lacks among the notes."""
    from benchfmt.cli.settings import publication_options
    from benchfmt.exports.croissant import CROISSANT, FILE_NAME
    from benchfmt.package import open_package

    options = publication_options(CROISSANT.options)

    def write(folder: Path) -> None:
        with open_package(folder) as package:
            done = CROISSANT.write(package, folder / FILE_NAME, {**options, "files": "."})
        notes.extend(done.notes)

    return write
