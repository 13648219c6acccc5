"""`benchfmt compare`: which results of a package may be compared, why two may not, and what changed between two packages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfmt.cli.files import replace_text
from benchfmt.cli.options import LimitPairs, Remote
from benchfmt.cli.printing import print_lines, print_pieces, print_text, say
from benchfmt.cli.progress import workers
from benchfmt.finding import BenchfmtError
from benchfmt.printable import json_list_pieces, json_text

if TYPE_CHECKING:
    from pydantic import JsonValue

    from benchfmt.comparison.pairs import Rows
    from benchfmt.comparison.questions import Question
    from benchfmt.limits import Limits
    from benchfmt.package import Package


class Format(StrEnum):
    """How a comparison is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"
    html = "html"


def compare(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="A package.")],
    pair: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B or NEW",
            help="Two of its records, by id: say of each metric whether they compare, and why not. Or a newer package: "
            "say of each result whether it changed.",
        ),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(
            "--question",
            help="What is asked: hardware, model, version or precision. It says which fields may differ.  "
            "[default: hardware; version with NEW]",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="FIELD", help="One more field that may differ: threads."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC",
            help="Compare this metric; with NEW also several.  [default: the primary one of each record; with NEW all]",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many groups to show.")] = 3,
    every_result: Annotated[
        bool, typer.Option("--all", help="Show each result, not only the best of each system.")
    ] = False,
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="How it is printed; markdown (for a pull request) and html with NEW."
        ),
    ] = Format.text,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="With NEW: write the report to this file."
        ),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="WHAT",
            help="With NEW: exit with 1 on regression, regression:5%, missing, unknown or any; several times or with commas.",
        ),
    ] = None,
    level: Annotated[
        float, typer.Option(help="With NEW: how sure intervals and verdicts are.")
    ] = 0.95,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="WHO",
            help="Who reads the parts, and with NEW tests the results: local:N, or dask:N, or dask:ADDRESS of a Dask scheduler.",
        ),
    ] = None,
    safety_limit: LimitPairs = None,
    remote: Remote = False,
) -> None:
    """Show the results of a package that may be compared, in groups; say why two may not; or what became of each in a newer one.

    Only what the question compares may differ within a group: everything else that binds in a suite is equal and known.
    Exit status 1 where something happened that --fail-on names.
    """
    if pair and len(pair) == 1:
        from benchfmt.cli.settings import limits_of

        if question not in (None, "version"):
            raise BenchfmtError(
                f"two packages are compared by the question version, not {question}; --vary names more that may differ"
            )
        if "://" not in pair[0] and not Path(pair[0]).exists():
            raise BenchfmtError(
                f"there is no package {pair[0]!r}; to compare two records name both, by id"
            )
        limits = limits_of(safety_limit or [])
        asked = _Asked(vary or [], metric or [], fail_on or [], level, remote, executor, limits)
        _versions(package, pair[0], asked, form, output)
        return
    if form not in (Format.text, Format.json) or output is not None or fail_on:
        raise BenchfmtError(
            "--format markdown and html, --output and --fail-on are for two packages: benchfmt compare OLD NEW"
        )
    if pair and executor is not None:
        raise BenchfmtError("--executor is for packages, and not for two records")
    only = _one_metric(metric or [])
    from benchfmt.comparison.questions import question as asked_by_name
    from benchfmt.package import open_package

    about = asked_by_name(question or "hardware", vary or [])
    if safety_limit:
        raise BenchfmtError("--safety-limit is for two packages: benchfmt compare OLD NEW")
    with open_package(package, remote=remote, is_short=True) as opened:
        if pair:
            _explain(opened, pair, about, form, only)
        else:
            _show(opened, about, only, limit, form, executor, every_result=every_result)


def _one_metric(metrics: list[str]) -> str | None:
    if len(metrics) > 1:
        raise BenchfmtError("one metric is compared within a package: name one")
    return next(iter(metrics), None)


@dataclass(frozen=True)
class _Asked:
    """What is asked of two packages."""

    vary: list[str]
    metrics: list[str]
    fail_on: list[str]
    level: float
    remote: bool
    executor: str | None
    limits: Limits


def _versions(old: str, new: str, asked: _Asked, form: Format, output: Path | None) -> None:
    """Say what became of each result of an older package; the exit status is 1 where that is a failure."""
    from benchfmt.comparing.thresholds import failures, threshold
    from benchfmt.comparing.versions import compare_versions
    from benchfmt.reports.versions import rendered

    thresholds = [threshold(word) for item in asked.fail_on for word in item.split(",")]
    with workers(asked.executor, "comparing") as who:
        versions = compare_versions(
            old,
            new,
            metrics=asked.metrics,
            vary=asked.vary,
            level=asked.level,
            remote=asked.remote,
            limits=asked.limits,
            executor=who,
        )
    reasons = failures(versions, thresholds)
    report = rendered(form.value, versions, reasons)
    if output is None:
        print_pieces(report)
    else:
        replace_text(output, "".join(report))
        for reason in reasons:
            say(f"failed: {reason}", err=True)
    raise typer.Exit(int(bool(reasons)))


def _show(
    package: Package,
    question: Question,
    metric: str | None,
    limit: int,
    form: Format,
    executor: str | None,
    *,
    every_result: bool,
) -> None:
    from benchfmt.comparing.groups import groups
    from benchfmt.processes.spreading import spreading
    from benchfmt.reports.comparison import group_lines

    with workers(executor, "comparing") as who, spreading(who) as spread:
        found = groups(
            package,
            question,
            metric=metric,
            most=limit,
            every_result=every_result,
            spread=spread,
        )
    if form is Format.json:
        _print_json(found.to_dict())
    else:
        print_lines(group_lines(found))


def _explain(
    package: Package, pair: list[str], question: Question, form: Format, metric: str | None
) -> None:
    from benchfmt.comparing.records import named_rows
    from benchfmt.comparison.pairs import answers
    from benchfmt.reports.comparison import answer_lines

    if len(pair) != 2:
        raise BenchfmtError("two records are compared: name both, by id")
    left, right = named_rows(package, pair)
    found = answers(left, right, question)
    if metric is not None:
        found = (item for item in found if metric in (item.left["metric"], item.right["metric"]))
        first = next(found, None)
        if first is None:
            raise BenchfmtError(f"the two records do not both measure {metric!r}")
        found = chain([first], found)
    if form is Format.json:
        heading: dict[str, JsonValue] = {
            "question": question.name,
            "varies": [*sorted(question.varies)],
            "records": [*pair],
        }
        print_pieces(json_list_pieces(heading, "answers", (item.to_dict() for item in found)))
    else:
        names = (_name(left), _name(right))
        print_lines(answer_lines(names, found, question))


def _name(rows: Rows) -> str:
    record = rows.record
    told = ("suite", "suite_version", "benchmark", "model")
    about = [str(record[name]) for name in told if record[name] is not None]
    system = rows.system.get("name") or record["system_id"] or "system unknown"
    return f"{record['id']}: {' / '.join(about)} on {system}"


def _print_json(data: Any) -> None:
    print_text(json_text(data, indent=2))
