"""`benchfmt site`: static pages on all packages of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchfmt.cli import completing
from benchfmt.cli.printing import counted, print_lines, say


def site(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The packages.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="The site to write.")
    ],
    rules: Annotated[
        str,
        typer.Option(
            autocompletion=completing.rule_sets, help="The rule set that packages are held to."
        ),
    ] = "core",
) -> None:
    """Write static pages on all packages of a folder, with search, for GitHub or GitLab Pages or any host of files.

    Exit status 1 where a package cannot be read; the others are shown all the same.
    """
    from benchfmt.site import build

    built = build(folder, output, rules=rules, tell=lambda name: say(name, err=True))
    say(f"{counted(len(built.shown), 'package')} shown", err=True)
    for name, reason in built.refused:
        say(f"not shown: {name}: {reason}", err=True)
    if not built.is_whole:
        say(f"{folder} holds so many files that not all were looked at", err=True)
    print_lines([output])
    raise typer.Exit(int(bool(built.refused) or not built.is_whole))
