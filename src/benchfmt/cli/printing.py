"""Prints lines: what strangers wrote in them never steers the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import typer

from benchfmt.oserrors import naming
from benchfmt.printable import printable

_OUTPUTS = {False: "standard output", True: "standard error"}


def say(text: str, *, err: bool = False) -> None:
    """Print a line for people."""
    with naming(_OUTPUTS[err]):
        typer.echo(printable(text), err=err)


def print_lines(lines: Iterable[object]) -> None:
    """Print lines of data until all are out or whoever reads them has seen enough; the exit status stays true."""
    try:
        for line in lines:
            with naming(_OUTPUTS[False]):
                typer.echo(printable(str(line)))
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
