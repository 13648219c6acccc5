"""Prints lines: what strangers wrote in them never steers the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import typer

from benchfmt.oserrors import naming
from benchfmt.printable import one_line, printable

_OUTPUTS = {False: "standard output", True: "standard error"}


def say(text: str, *, err: bool = False) -> None:
    """Print a line for people."""
    with naming(_OUTPUTS[err]):
        typer.echo(printable(text), err=err)


def print_lines(lines: Iterable[object]) -> None:
    """Print lines of data until all are out or whoever reads them has seen enough; the exit status stays true.

    Each is one line whatever stands in it: a name with a line break begins no line that looks like another's.
    """
    _print(one_line(str(line)) for line in lines)


def print_text(text: str) -> None:
    """Print a text of several lines that is ours, or JSON."""
    _print([printable(text)])


def _print(texts: Iterable[str]) -> None:
    try:
        for text in texts:
            with naming(_OUTPUTS[False]):
                typer.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_pieces(pieces: Iterable[str]) -> None:
    """Print text as it is given, until all is out or whoever reads it has seen enough."""
    try:
        for piece in pieces:
            with naming(_OUTPUTS[False]):
                sys.stdout.write(piece)
        with naming(_OUTPUTS[False]):
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def counted(count: int, what: str) -> str:
    """Return a number of things in words: `1 record`, `2,000 records`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
