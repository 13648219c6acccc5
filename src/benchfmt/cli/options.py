"""Options of the command line: those that several commands have, and those that converters and exports take."""

from __future__ import annotations

from typing import Annotated

import typer

from benchfmt.finding import BenchfmtError

Remote = Annotated[
    bool, typer.Option("--remote", help="Allow PACKAGE to be a URL, which is downloaded.")
]
LimitPairs = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=NUMBER",
        help="A safety limit in place of its default, as row_bytes=100000.",
    ),
]
_NAMES = ("source", "converter", "jobs", "executor", "seconds", "tell", "limits", "remote")
"""What `conversion.convert` takes by other names, or from other options."""


def options_of(pairs: list[str]) -> dict[str, str]:
    """Return the options of a converter or an export, given as KEY=VALUE; raises BenchfmtError for what is none."""
    split = [pair.partition("=") for pair in pairs]
    for key, equals, _ in split:
        if not equals or not key.isidentifier():
            raise BenchfmtError(f"--option takes KEY=VALUE, not {key!r}")
        if key in _NAMES:
            raise BenchfmtError(
                f"{key!r} is not an option of converters; use the option of the command"
            )
    return {key: value for key, _, value in split}
