"""`benchfmt merge`, `select`, `split` and `append`: packages made of packages."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from benchfmt.cli.printing import counted, print_lines, say
from benchfmt.finding import BenchfmtError

_Replace = Annotated[
    bool,
    typer.Option("--replace", help="Replace a package that stands there and has other records."),
]
_Output = Annotated[
    str,
    typer.Option(
        "-o", "--output", metavar="PACKAGE", help="Folder, .zip or URL (s3://...) to write."
    ),
]
_PartRows = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Split records and measurements into parts of at most so many measurements.",
    ),
]


_Remote = Annotated[
    bool, typer.Option("--remote", help="Allow packages to be URLs, which are downloaded.")
]


def merge(
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE...", help="Packages.")],
    output: _Output,
    part_rows: _PartRows = None,
    replace: _Replace = False,
    remote: _Remote = False,
) -> None:
    """Write the records of several packages as one; a record that stands in two, with the same content, is there once.

    Exit status 1 where records contradict each other under one id: the first stays, and the others are told.
    """
    from benchfmt.conversion import convert
    from benchfmt.package import placed
    from benchfmt.reports.text import account_lines

    with ExitStack() as opened:
        conversion = convert([_here(package, opened, remote) for package in packages], "records")
        with placed(output, replace=replace) as place:
            account = conversion.write(place, part_rows=part_rows, replace=replace)
    for line in account_lines(account):
        say(line, err=True)
    if account.total("records"):
        print_lines([output])
    if not account.ok:
        raise typer.Exit(1)


def _here(package: str, opened: ExitStack, remote: bool) -> str | Path:
    """Return where a package lies on this machine; one at an address is fetched, and stays as long as what is opened."""
    from benchfmt.package import is_url, open_package

    if not is_url(package):
        return package
    return opened.enter_context(open_package(package, remote=remote)).root


def select(
    package: Annotated[str, typer.Argument(help="A package.")],
    where: Annotated[
        str, typer.Argument(help="A condition in SQL over `benchfmt query`'s table `wide`.")
    ],
    output: _Output,
    part_rows: _PartRows = None,
    replace: _Replace = False,
    remote: _Remote = False,
) -> None:
    """Write the records of a package that meet a condition as a package, with their systems and provenance."""
    from benchfmt.package import placed
    from benchfmt.rearranging import select as run

    with placed(output, replace=replace) as place:
        done = run(package, where, place, part_rows=part_rows, replace=replace, remote=remote)
    say(f"{done.records:,} of {counted(done.records + done.left, 'record')}", err=True)
    print_lines([output])


def split(
    package: Annotated[str, typer.Argument(help="A package.")],
    by: Annotated[str, typer.Option(help="A column of `wide`, such as suite or system_id.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the packages go.")
    ],
    replace: _Replace = False,
    remote: _Remote = False,
) -> None:
    """Write a package for each value of a column."""
    from benchfmt.rearranging import split as run

    for done in run(package, by, output, replace=replace, remote=remote):
        say(f"{counted(done.records, 'record')}: {done.path.name}", err=True)
        print_lines([done.path])


def append(
    packages: Annotated[
        list[str],
        typer.Argument(metavar="PACKAGE NEW...", help="A package in a folder, then others."),
    ],
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow NEW to be a URL, which is downloaded.")
    ] = False,
) -> None:
    """Add the records of other packages to one, as parts of their own; what is there already stays as it is."""
    from benchfmt.rearranging import append as run

    package, *others = packages
    if not others:
        raise BenchfmtError("name the package, then those whose records it gets")
    done = run(package, others, remote=remote)
    known = ""
    if done.known:
        known = f", {done.known:,} {'was' if done.known == 1 else 'were'} there already"
    added = f"{counted(done.records, 'record')}, {counted(done.measurements, 'measurement')}"
    say(f"{added} appended{known}", err=True)
    print_lines([package])
