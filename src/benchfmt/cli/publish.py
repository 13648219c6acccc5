"""`benchfmt publish`: packages sent to catalogues and repositories."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli.options import options_of
from benchfmt.cli.printing import print_lines, say
from benchfmt.finding import BenchfmtError
from benchfmt.reports.printable import json_text

if TYPE_CHECKING:
    from pydantic import JsonValue

    from benchfmt.publishing.aiod import Outcome


class Place(StrEnum):
    """Where a package is published."""

    aiod = "aiod"


class Format(StrEnum):
    """How what was done is printed."""

    text = "text"
    json = "json"


def publish(
    package: Annotated[str, typer.Argument(help="A package.")],
    to: Annotated[Place, typer.Option("--to", help="Where it is published.")],
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address of the server's programming interface."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of `export --to aiod`."),
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
    output: Annotated[
        Format, typer.Option("--format", help="How what was done is printed.")
    ] = Format.text,
) -> None:
    """Send a package to a catalogue, read it back, and list every field that was lost or changed.

    The token is taken from the environment: BENCHFMT_AIOD_TOKEN. A second call sends only what has changed.
    """
    if to is Place.aiod:
        _to_aiod(package, url, option or [], receipt, dry_run, check, output)


def _to_aiod(
    package: str,
    url: str | None,
    option: list[str],
    receipt: Path | None,
    dry_run: bool,
    check: bool,
    output: Format,
) -> None:
    from benchfmt.publishing import open_receipt, read_receipt, receipt_beside
    from benchfmt.publishing.aiod import TOKEN, plan, requests_of
    from benchfmt.publishing.aiod import publish as run
    from benchfmt.publishing.http import Server

    if url is None:
        raise BenchfmtError("--url names the server, such as https://api.aiod.eu")
    server = Server(url, None if dry_run else token_of(TOKEN), tell=_warn)
    requests, notes = requests_of(package, with_publication(options_of(option)))
    _note(notes)
    place = receipt or receipt_beside(package)
    if dry_run:
        print_lines(plan(requests, read_receipt(place, server.url)))
        return
    with open_receipt(place, server.url) as held:
        outcome = run(requests, server, held, check=check)
    _note(outcome.notes)
    _print(outcome, place, output)
    raise typer.Exit(int(bool(outcome.losses)))


def token_of(variable: str) -> str:
    """Return the token in a variable of the environment; raises BenchfmtError where there is none."""
    token = os.environ.get(variable, "").strip()
    if not token:
        raise BenchfmtError(f"the variable {variable} of the environment holds no token")
    return token


def with_publication(given: Mapping[str, str]) -> dict[str, str]:
    """Return options, before them those that the caller's configuration has for every publication."""
    from benchfmt.configuration import find_configuration

    found = find_configuration(Path.cwd())
    return {**found.configuration.publication, **given}


def _print(outcome: Outcome, receipt: Path, output: Format) -> None:
    if output is Format.json:
        print_lines([json_text(_data(outcome), indent=2)])
    else:
        print_lines(f"{file} {identifier}" for file, identifier in outcome.identifiers.items())
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
