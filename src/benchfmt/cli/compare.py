"""`benchfmt compare`: which results of a package may be compared, and why two may not."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfmt.cli.printing import print_lines
from benchfmt.finding import BenchfmtError
from benchfmt.reports.printable import json_text

if TYPE_CHECKING:
    from benchfmt.comparison.pairs import Rows
    from benchfmt.comparison.questions import Question
    from benchfmt.package import Package


class Format(StrEnum):
    """How a comparison is printed."""

    text = "text"
    json = "json"


def compare(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="A package.")],
    pair: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A B]",
            help="Two of its records, by id: say of each metric whether they compare, and why not.",
        ),
    ] = None,
    question: Annotated[
        str,
        typer.Option(
            "--question",
            help="What is asked: hardware, model, version or precision. It says which fields may differ.",
        ),
    ] = "hardware",
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="FIELD", help="One more field that may differ: threads."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="Compare this metric.  [default: the primary one of each record]"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many groups to show.")] = 3,
    every_result: Annotated[
        bool, typer.Option("--all", help="Show each result, not only the best of each system.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.text,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow PACKAGE to be a URL, which is downloaded.")
    ] = False,
) -> None:
    """Show the results of a package that may be compared, in groups; or say why two may not.

    Only what the question compares may differ within a group: everything else that binds in a suite is equal and known.
    """
    from benchfmt.comparison.questions import question as asked
    from benchfmt.package import open_package

    about = asked(question, vary or [])
    with open_package(package, remote=remote) as opened:
        if pair:
            _explain(opened, pair, about, output, metric)
        else:
            _show(opened, about, metric, limit, output, every_result=every_result)


def _show(
    package: Package,
    question: Question,
    metric: str | None,
    limit: int,
    output: Format,
    *,
    every_result: bool,
) -> None:
    from benchfmt.comparing.groups import groups
    from benchfmt.reports.comparison import group_lines

    found = groups(package, question, metric=metric, most=limit, every_result=every_result)
    if output is Format.json:
        _print_json(found.to_dict())
    else:
        print_lines(group_lines(found))


def _explain(
    package: Package, pair: list[str], question: Question, output: Format, metric: str | None
) -> None:
    from benchfmt.comparing.records import named_rows
    from benchfmt.comparison.pairs import compared
    from benchfmt.reports.comparison import answer_lines

    if len(pair) != 2:
        raise BenchfmtError("two records are compared: name both, by id")
    left, right = named_rows(package, pair)
    answers = compared(left, right, question)
    if metric is not None:
        answers = [
            item for item in answers if metric in (item.left["metric"], item.right["metric"])
        ]
        if not answers:
            raise BenchfmtError(f"the two records do not both measure {metric!r}")
    if output is Format.json:
        _print_json(
            {
                "question": question.name,
                "varies": sorted(question.varies),
                "records": pair,
                "answers": [item.to_dict() for item in answers],
            }
        )
    else:
        names = (_name(left), _name(right))
        print_lines(answer_lines(names, answers, question))


def _name(rows: Rows) -> str:
    record = rows.record
    told = ("suite", "suite_version", "benchmark", "model")
    about = [str(record[name]) for name in told if record[name] is not None]
    system = rows.system.get("name") or record["system_id"] or "system unknown"
    return f"{record['id']}: {' / '.join(about)} on {system}"


def _print_json(data: Any) -> None:
    print_lines([json_text(data, indent=2)])
