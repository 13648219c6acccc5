"""`benchfmt publish`: packages sent to catalogues and repositories."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli.options import options_of
from benchfmt.cli.printing import print_lines, print_text, say
from benchfmt.cli.stopping import leaves
from benchfmt.finding import BenchfmtError
from benchfmt.printable import json_text

if TYPE_CHECKING:
    from pydantic import JsonValue

    from benchfmt.publishing.outcome import Outcome
    from benchfmt.validation.report import Report


class Place(StrEnum):
    """Where a package is published."""

    aiod = "aiod"
    zenodo = "zenodo"


class Format(StrEnum):
    """How what was done is printed."""

    text = "text"
    json = "json"


@dataclass(frozen=True)
class Call:
    """What the command line says."""

    package: str
    url: str | None
    options: dict[str, str]
    receipt: Path
    dry_run: bool
    check: bool
    production: bool
    final: bool
    is_checked: bool


def publish(
    package: Annotated[str, typer.Argument(help="A package, or a bundle.")],
    to: Annotated[Place, typer.Option("--to", help="Where it is published.")],
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The address of the server's programming interface.  [default: Zenodo's sandbox]",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="How it is cited, and the other options of `export --to aiod`.",
        ),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where it is kept what the server has.  [default: PACKAGE.published.json]",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be sent.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Read everything back, also what has not changed.")
    ] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Zenodo itself, not its sandbox.")
    ] = False,
    final: Annotated[
        bool,
        typer.Option("--publish", help="Zenodo: make the draft a public record, for ever."),
    ] = False,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Send it even where it is not conformant.")
    ] = False,
    output: Annotated[
        Format, typer.Option("--format", help="How what was done is printed.")
    ] = Format.text,
) -> None:
    """Send a package to a catalogue or repository, read it back, and list every field that was lost or changed.

    A package that is not conformant is refused. The token is taken from the environment: BENCHFMT_AIOD_TOKEN or BENCHFMT_ZENODO_TOKEN. A second call sends only what has
    changed.
    """
    from benchfmt.publishing import receipt_beside

    call = Call(
        package,
        url,
        options_of(option or []),
        receipt or receipt_beside(package),
        dry_run,
        check,
        production,
        final,
        not unchecked,
    )
    if not dry_run:
        leaves(
            f"what was sent before is in the receipt ({call.receipt}), and the next call goes on"
        )
    run = {Place.aiod: _to_aiod, Place.zenodo: _to_zenodo}[to]
    outcome = run(call)
    if outcome is None:
        return
    _note(outcome.notes)
    _print(outcome, call.receipt, output)
    raise typer.Exit(int(bool(outcome.losses)))


def _to_aiod(call: Call) -> Outcome | None:
    """Send a package to the AI-on-demand platform, or show what would be sent."""
    from benchfmt.cli.settings import publication_options
    from benchfmt.exports.aiod import AIOD
    from benchfmt.publishing import open_receipt, read_receipt
    from benchfmt.publishing.aiod import TOKEN, plan, requests_of
    from benchfmt.publishing.aiod import publish as run
    from benchfmt.publishing.http import Server

    if call.production or call.final:
        raise BenchfmtError("--production and --publish are for Zenodo")
    if call.url is None:
        raise BenchfmtError("--url names the server, such as https://api.aiod.eu")
    server = Server(call.url, _token(TOKEN, call), tell=_warn)
    _check(call)
    options = {**publication_options(AIOD.options), **call.options}
    requests, notes = requests_of(call.package, options)
    _note(notes)
    if call.dry_run:
        print_lines(plan(requests, read_receipt(call.receipt, server.url)))
        return None
    with open_receipt(call.receipt, server.url) as held:
        return run(requests, server, held, check=call.check)


def _to_zenodo(call: Call) -> Outcome | None:
    """Deposit a bundle on Zenodo, or show what would be done."""
    from benchfmt.cli.settings import publication_options
    from benchfmt.exports.publication import OPTIONS
    from benchfmt.publishing import open_receipt, read_receipt
    from benchfmt.publishing.http import Server
    from benchfmt.publishing.zenodo import PRODUCTION, SANDBOX, TOKEN, metadata_of, plan
    from benchfmt.publishing.zenodo import publish as run

    if call.check:
        raise BenchfmtError("--check is for the AI-on-demand platform")
    address = PRODUCTION if call.production else SANDBOX
    server = Server(call.url or address, _token(TOKEN, call), tell=_warn)
    options = {**publication_options(OPTIONS), **call.options}
    with _archive(call, options) as archive:
        metadata = metadata_of(archive, options)
        if call.dry_run:
            print_lines(plan(archive, metadata, read_receipt(call.receipt, server.url)))
            return None
        with open_receipt(call.receipt, server.url) as held:
            return run(archive, metadata, server, held, is_final=call.final)


@contextmanager
def _archive(call: Call, options: dict[str, str]) -> Iterator[Path]:
    """Give a zip as it is; of a folder, a bundle that is made of it."""
    from benchfmt.bundling import bundle

    given = Path(call.package)
    if given.suffix == ".zip" and given.is_file():
        _check(call)
        yield given
        return
    with TemporaryDirectory(prefix="benchfmt-") as holder:
        folder = given.parent if given.suffix == ".json" else given
        archive = Path(holder) / f"{folder.resolve().name}.zip"
        done = bundle(call.package, archive, remote=False, **options)
        _refuse(call, done.report)
        _note(done.notes)
        yield archive


def _check(call: Call) -> None:
    """Judge a package, and end the command where it does not conform to the standard."""
    from benchfmt.validation import validate

    if call.is_checked:
        _refuse(call, validate(call.package))


def _refuse(call: Call, report: Report) -> None:
    """End the command where a package does not conform, and say which faults it has."""
    if report.ok or not call.is_checked:
        return
    for line in _refusal(call.package, report):
        _warn(line)
    raise typer.Exit(1)


def _refusal(package: str, report: Report) -> Iterator[str]:
    """Yield why a package is not sent, and what to do."""
    from benchfmt.reports.counting import codes_text, counted

    errors = counted(report.errors, "error")
    yield f"{package} is not conformant and is not sent: {errors} ({codes_text(report)})"
    yield f"benchfmt validate {shlex.quote(package)} shows them; --unchecked sends it all the same"


def _token(variable: str, call: Call) -> str | None:
    """Return the token in a variable of the environment, which a dry run has no use for; raises BenchfmtError for none."""
    if call.dry_run:
        return None
    token = os.environ.get(variable, "").strip()
    if not token:
        raise BenchfmtError(f"the variable {variable} of the environment holds no token")
    return token


def _print(outcome: Outcome, receipt: Path, output: Format) -> None:
    if output is Format.json:
        print_text(json_text(_data(outcome), indent=2))
    else:
        print_lines(f"{name} {identifier}" for name, identifier in outcome.identifiers.items())
        print_lines(loss.line for loss in outcome.losses)
    say(
        f"{outcome.created} created, {outcome.updated} updated, {outcome.unchanged} unchanged; "
        f"{len(outcome.losses)} fields lost or changed; receipt: {receipt}",
        err=True,
    )


def _data(outcome: Outcome) -> JsonValue:
    lost: list[JsonValue] = []
    for loss in outcome.losses:
        row: dict[str, JsonValue] = {"file": loss.file, "field": loss.field, "sent": loss.sent}
        if loss.kept is not None:
            row["kept"] = loss.kept
        lost.append(row)
    return {
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "identifiers": {**outcome.identifiers},
        "lost": lost,
        "notes": [*outcome.notes],
    }


def _note(notes: Iterable[str]) -> None:
    for note in notes:
        say(f"note: {note}", err=True)


def _warn(text: str) -> None:
    say(text, err=True)
