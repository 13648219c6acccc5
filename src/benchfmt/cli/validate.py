"""`benchfmt validate`: parses its arguments, calls `validation.validate_all` and prints the report."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli import completing
from benchfmt.cli.files import replace_text
from benchfmt.cli.options import LimitPairs
from benchfmt.cli.printing import print_pieces, say
from benchfmt.finding import BenchfmtError

if TYPE_CHECKING:
    from benchfmt.limits import Limits


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Packages, descriptors, files of records; folders and patterns of them; - for standard input.",
        ),
    ],
    rules: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULES",
            autocompletion=completing.rule_sets,
            help="Rule set: core, submission, ingestion or matchmaking; several hold together.  [default: core]",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODES", help="The only codes to report, of any rule set, as BF3,BF511."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="Codes to leave out, as BF306,BF7."),
    ] = None,
    report_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            autocompletion=completing.report_formats,
            help="Form of the report: text, json, github, sarif, junit or html.  [default: text]",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the report to this file."),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--no-strict", help="Whether warnings count as faults."),
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow PATH to be a URL, which is downloaded.")
    ] = False,
    limit: LimitPairs = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="How many threads judge a package, or how many packages are judged at once, each by a process."
            "  [default: one package at a time, by two threads]",
        ),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="WHO",
            help="Who judges the packages, or shares of one that is in parts: local:N, or dask:N, or dask:ADDRESS of a Dask scheduler.",
        ),
    ] = None,
    max_findings: Annotated[
        int | None,
        typer.Option(
            "--max-findings",
            min=0,
            help="How many findings to list; the others are counted.  [default: all]",
        ),
    ] = None,
    no_group: Annotated[
        bool,
        typer.Option(
            "--no-group", help="Tell the same fault in each of its places, not once for all."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file with the configuration.  [default: benchfmt.toml or pyproject.toml of the current folder, or of one above]",
        ),
    ] = None,
    without_config: Annotated[
        bool, typer.Option("--no-config", help="Read no configuration.")
    ] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=1, help="How long the judging of one package may take."
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only what is wrong, and the total.")
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option(
            "--fix",
            metavar="PACKAGE",
            help="Write the package with all certain mends here, print each mend, and judge what was written.",
        ),
    ] = None,
) -> None:
    """Check packages, annotated tables or records, and say what to fix.

    What the command line does not say is taken from `[tool.benchfmt]` of pyproject.toml, or from benchfmt.toml.
    """
    from benchfmt.cli.progress import watched
    from benchfmt.cli.settings import Given, settings_of
    from benchfmt.reports.as_text import for_stream
    from benchfmt.reports.counting import counted
    from benchfmt.validation import validate_all

    # What is loaded now stays to the end: no search for garbage need look through it again.
    gc.freeze()

    given = Given(rules, select, ignore, limit, report_format, strict, max_findings)
    settings = settings_of(given, config, without_config)
    if fix is not None:
        paths = [_mended(paths, fix, remote, settings.limits)]
    reports = validate_all(
        paths,
        settings.rules,
        remote=remote,
        limits=settings.limits,
        jobs=jobs,
        seconds=time_limit,
        executor=executor,
        tell=lambda text: say(text, err=True),
    )
    if not quiet:
        for note in reports.notes:
            say(note, err=True)
    if settings.max_findings is not None:
        reports = reports.limited(settings.max_findings)
    stream = sys.stdout if output is None else None
    chosen = for_stream(
        settings.format,
        stream,
        is_quiet=quiet,
        is_grouped=not no_group,
        is_strict=settings.strict,
    )
    with watched(reports, is_quiet=quiet or output is not None):
        if output is None:
            print_pieces(chosen.render(reports))
        else:
            replace_text(output, "".join(chosen.render(reports)))
    is_failed_by_warnings = reports.ok and settings.strict and reports.warnings > 0
    if is_failed_by_warnings:
        say(
            f"failed: {counted(reports.warnings, 'warning')}, which --strict counts as faults",
            err=True,
        )
    raise typer.Exit(int(not reports.ok or is_failed_by_warnings))


def _mended(paths: list[str], fix: Path, remote: bool, limits: Limits) -> str:
    """Write a package mended, say what was mended, and return where the package lies that is to be judged."""
    from benchfmt.mending import mend
    from benchfmt.reports.changes import mended_lines

    if len(paths) != 1:
        raise BenchfmtError("--fix takes one package")
    mended = mend(paths[0], fix, remote=remote, limits=limits)
    for line in mended_lines(mended):
        say(line, err=True)
    if mended.mends:
        return str(fix)
    return paths[0]
