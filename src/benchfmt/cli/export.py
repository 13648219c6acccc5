"""`benchfmt export`: packages in the formats of other tools; `benchfmt exports` lists these."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli import completing
from benchfmt.cli.options import Remote, options_of
from benchfmt.cli.printing import counted, print_lines, print_text, say
from benchfmt.cli.progress import workers
from benchfmt.printable import json_text

if TYPE_CHECKING:
    from pydantic import JsonValue


class Format(StrEnum):
    """How the list of formats is printed."""

    text = "text"
    json = "json"


def export(
    package: Annotated[str, typer.Argument(help="A package.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="The format; `benchfmt exports` lists them.",
            autocompletion=completing.export_formats,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="PATH", help="The new file or folder to write."),
    ],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the format."),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="WHO",
            help="Who writes the parts, of a format that has any: local:N, or dask:N, or dask:ADDRESS of a Dask scheduler.",
        ),
    ] = None,
    remote: Remote = False,
) -> None:
    """Write a package in the format of another tool, and say what was left out."""
    from benchfmt.cli.settings import publication_options
    from benchfmt.exports import FORMATS
    from benchfmt.exports import export as run

    options = publication_options(FORMATS.load(to).options)
    options.update(options_of(option or []))
    with workers(executor, "writing") as who:
        done = run(
            package,
            to,
            output,
            remote=remote,
            executor=who,
            **options,
        )
    written = counted(done.records, "record")
    if done.measurements:
        written += f", {counted(done.measurements, 'measurement')}"
    say(f"{written} in {counted(len(done.files), 'file')}", err=True)
    for reason, count in done.left_out:
        say(f"left out: {counted(count, 'record')}: {reason}", err=True)
    for reason, count in done.measurements_left_out:
        say(f"left out: {counted(count, 'measurement')}: {reason}", err=True)
    for note in done.notes:
        say(f"note: {note}", err=True)
    print_lines([output])


def exports(
    output: Annotated[
        Format, typer.Option("--format", help="How the formats are printed.")
    ] = Format.text,
) -> None:
    """List the formats that packages are exported to, and their options."""
    from benchfmt.exports.base import FORMATS

    names = FORMATS.names()
    wide = max(map(len, names))
    rows: list[JsonValue] = []
    for name in names:
        form = FORMATS.load(name)
        options: dict[str, JsonValue] = dict(form.options)
        rows.append({"name": name, "shape": form.shape, "about": form.about, "options": options})
        if output is Format.text:
            print_lines([f"{name:<{wide}}  {form.shape:<6}  {form.about}"])
            print_lines(f"{'':<{wide}}    {key}: {about}" for key, about in form.options.items())
    if output is Format.json:
        print_text(json_text(rows, indent=2))
