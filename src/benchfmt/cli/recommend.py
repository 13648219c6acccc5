"""`benchfmt recommend`: which measured results meet limits."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli.files import replace_text
from benchfmt.cli.options import Remote
from benchfmt.cli.printing import print_lines, print_text, say
from benchfmt.finding import BenchfmtError
from benchfmt.printable import json_text

if TYPE_CHECKING:
    from benchfmt.comparing.wishes import Wish

_NARROWEST, _WIDEST = 80, 160


class Format(StrEnum):
    """How a recommendation is printed."""

    text = "text"
    json = "json"


def recommend(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="A package.")],
    task: Annotated[
        str, typer.Option("--task", help="What the model is to do: image-classification.")
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", help="Only this model, by its name or the registry's id."),
    ] = None,
    suite: Annotated[
        str | None, typer.Option("--suite", help="Only results of this suite.")
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option("--max", metavar="METRIC=NUMBER", help="A limit from above: latency=50ms."),
    ] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option("--min", metavar="METRIC=NUMBER", help="A limit from below: accuracy=70%."),
    ] = None,
    front: Annotated[
        str | None,
        typer.Option(
            "--front",
            metavar="METRIC,METRIC",
            help="Mark what no other beats in both of these: latency,power.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="METRIC",
            help="Rank by this metric.  [default: that of the first limit]",
        ),
    ] = None,
    predicted: Annotated[
        bool,
        typer.Option(
            "--predict",
            help="Also say what was not measured and would fit, and what to measure next.",
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many rows of a group to show.")] = 10,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="PATH", help="Also write the front as an SVG figure."),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="How the recommendation is printed.")
    ] = Format.text,
    remote: Remote = False,
) -> None:
    """Show which measured results of a task meet limits, the best first among those that compare.

    What is unknown of a result is said, and never taken for fitting.
    """
    from benchfmt.comparing.recommending import recommend as recommended
    from benchfmt.package import open_package
    from benchfmt.reports.recommendation import front_figure, recommendation_lines

    if figure is not None and front is None:
        raise BenchfmtError("--figure needs --front: the two metrics that it shows")
    metrics = [] if front is None else [name.strip() for name in front.split(",")]
    with open_package(package, remote=remote, is_short=True) as opened:
        found = recommended(
            opened,
            task,
            _wishes(at_most or [], at_least or []),
            model=model,
            suite=suite,
            by=by,
            front=metrics,
            predicted=predicted,
        )
    if figure is not None:
        replace_text(figure, front_figure(found))
        say(f"figure: {figure}", err=True)
    if output is Format.json:
        print_text(json_text(found.to_dict(), indent=2))
        return
    columns = shutil.get_terminal_size((100, 24)).columns
    width = min(max(columns, _NARROWEST), _WIDEST)
    print_lines(recommendation_lines(found, width=width, most=limit))


def _wishes(at_most: list[str], at_least: list[str]) -> list[Wish]:
    from benchfmt.comparing.wishes import limit

    return [*(limit(text, "max") for text in at_most), *(limit(text, "min") for text in at_least)]
