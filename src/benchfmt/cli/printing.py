"""Prints lines: what strangers wrote in them never steers the terminal."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from benchfmt.oserrors import naming

if TYPE_CHECKING:
    from pydantic import JsonValue

_OUTPUTS = {False: "standard output", True: "standard error"}
_STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of Unicode: control characters, invisible ones such as those that turn the direction, and no characters."""


def printable(text: str) -> str:
    """Return a text in which characters that steer a terminal, or cannot be seen, are escapes."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _STEERING:
        return character
    return character.encode("unicode_escape").decode("ascii")


def json_text(data: JsonValue, indent: int | None = None) -> str:
    """Return data as JSON, every character readable or escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    if printable(text) == text:
        return text
    return json.dumps(data, indent=indent)


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
