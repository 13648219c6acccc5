"""`benchfmt bundle`: a package as one zip with all that describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchfmt.cli.options import Remote, options_of
from benchfmt.cli.printing import counted, print_lines, say


def bundle(
    package: Annotated[str, typer.Argument(help="A package.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The new zip to write.")
    ],
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="How it is cited (title, authors, version, license, date, url, doi), or an option of an export in it.",
        ),
    ] = None,
    remote: Remote = False,
) -> None:
    """Write a package as one zip with what repositories, catalogues and other programs ask for, and say what it lacks."""
    from benchfmt.bundling import bundle as run
    from benchfmt.bundling import known_options
    from benchfmt.cli.settings import publication_options

    options = {**publication_options(known_options()), **options_of(option or [])}
    done = run(package, output, remote=remote, **options)
    written = f"{counted(done.records, 'record')}, {counted(done.measurements, 'measurement')}"
    say(f"{written} in {counted(len(done.files), 'file')}", err=True)
    for name in done.lacking:
        say(f"nobody says: {name} (--option {name}=...)", err=True)
    for note in done.notes:
        say(f"note: {note}", err=True)
    print_lines([output])
