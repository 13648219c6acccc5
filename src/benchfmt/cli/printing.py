"""Prints lines of data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import typer


def print_lines(lines: Iterable[object]) -> None:
    """Print lines of data until all are out or whoever reads them has seen enough; the exit status stays true."""
    try:
        for line in lines:
            typer.echo(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
