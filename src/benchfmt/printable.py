"""Text of strangers made safe: nothing that somebody wrote in a file steers a terminal or hides itself in a page."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from re import Match
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import JsonValue

_STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of Unicode: control characters, invisible ones such as those that turn the direction, and no characters."""
_LOOKED_AT = re.compile(r"[^\n\t -~]")
"""Characters of which the category is asked: most texts have few that are not plain ASCII."""


def printable(text: str) -> str:
    """Return a text in which characters that steer a terminal, or cannot be seen, are escapes."""
    if text.isprintable():
        return text
    return _LOOKED_AT.sub(_shown, text)


def one_line(text: str) -> str:
    """Return a text as `printable` gives it, in one line: what stands in it begins no line of its own in a log."""
    return printable(text).replace("\n", "\\n")


def _shown(found: Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in _STEERING:
        return character
    return character.encode("unicode_escape").decode("ascii")


def json_text(data: JsonValue, indent: int | None = None) -> str:
    """Return data as JSON, every character readable or escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    if printable(text) == text:
        return text
    return json.dumps(data, indent=indent)


def json_list_pieces(
    heading: Mapping[str, JsonValue],
    name: str,
    items: Iterable[JsonValue],
    ending: Mapping[str, JsonValue] | None = None,
) -> Iterator[str]:
    """Yield an object as JSON with a list behind its heading, one item in memory at a time, with a line end."""
    rest = ending or {}
    start, _ = json_text({**heading, name: [None]}, indent=2).rsplit("\n    null", 1)
    _, end = json_text({name: [None], **rest}, indent=2).split("\n    null", 1)
    separator = ""
    for item in items:
        text = json_text(item, indent=2).replace("\n", "\n    ")
        yield f"{separator or start}\n    {text}"
        separator = ","
    if separator:
        yield f"{end}\n"
    else:
        yield f"{json_text({**heading, name: [], **rest}, indent=2)}\n"


def is_watched(stream: TextIO) -> bool:
    """Whether a person watches a stream: it is a terminal, and not that of a job of continuous integration (`CI`)."""
    return stream.isatty() and os.environ.get("CI", "").lower() in ("", "0", "false")
