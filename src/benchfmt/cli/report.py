"""`benchfmt report`: a package as a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchfmt.cli.files import replace_file
from benchfmt.cli.options import Remote
from benchfmt.cli.printing import print_lines, say
from benchfmt.finding import BenchfmtError


def report(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="A package.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page to write.")
    ] = Path("report.html"),
    rules: Annotated[
        str, typer.Option(help="The rule set of the verdict on the page: core, submission, ...")
    ] = "core",
    pages: Annotated[
        bool,
        typer.Option(
            "--pages", help="Write all groups: those beyond the first page follow beside it."
        ),
    ] = False,
    remote: Remote = False,
) -> None:
    """Write what a package holds, what compares and what is missing as one page for any browser, which fetches nothing."""
    from benchfmt.limits import FOR_PAGES
    from benchfmt.package import open_package
    from benchfmt.pages import remove_further, write_report
    from benchfmt.validation import validate

    if pages and output.exists() and not output.is_file():
        raise BenchfmtError(
            f"--pages needs the name of a file, beside which others can stand: {output} is none"
        )
    verdict = validate(package, rules, remote=remote, limits=FOR_PAGES)
    with open_package(package, remote=remote, is_short=True) as opened, replace_file(output) as new:
        written = write_report(opened, new, report=verdict, pages=pages)
        for further in written[1:]:
            further.replace(output.parent / further.name)
    if output.is_file():
        remove_further(output, len(written))
    if not verdict.ok:
        say("the package is not conformant; the page says why", err=True)
    print_lines([str(output), *(str(output.parent / place.name) for place in written[1:])])
