"""`benchfmt coverage`: what the results of a package cover, and what they leave out."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchfmt.cli.files import replace_text
from benchfmt.cli.options import Remote
from benchfmt.cli.printing import print_lines, print_text, say
from benchfmt.printable import json_text


class Format(StrEnum):
    """How coverage is printed."""

    text = "text"
    json = "json"


def coverage(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="A package.")],
    metric: Annotated[
        str | None,
        typer.Option(help="Count the values of this metric.  [default: all records]"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows of a matrix to show.")] = 12,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="PATH", help="Also write the matrix as an SVG heat map."),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="How the coverage is printed.")
    ] = Format.text,
    remote: Remote = False,
) -> None:
    """Show what the results of a package cover: systems, benchmarks and metrics, what is missing and why, and whether it is fair."""
    from benchfmt.comparing.coverage import check_metric
    from benchfmt.comparing.coverage import coverage as covered
    from benchfmt.package import open_package
    from benchfmt.reports.coverage import NARROWEST, WIDEST, coverage_figure, coverage_lines

    with open_package(package, remote=remote, is_short=True) as opened:
        found = covered(opened)
    if metric is not None:
        check_metric(found, metric)
    if figure is not None:
        replace_text(figure, coverage_figure(found, metric))
        say(f"figure: {figure}", err=True)
    if output is Format.json:
        print_text(json_text(found.to_dict(), indent=2))
        return
    columns = shutil.get_terminal_size((100, 24)).columns
    width = min(max(columns, NARROWEST), WIDEST)
    print_lines(coverage_lines(found, width=width, most=limit, metric=metric))
