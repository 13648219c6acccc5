"""Characters that nobody sees: they turn others around, keep equal names apart, or hide text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HIDDEN = re.compile(
    "[\u0080-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    # Joiners belong to the writing of several languages and to emoji, and to no Latin letter, digit or sign.
    "|(?:^|(?<=[\x00-\x7f]))[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f]|$)"
)
MAY_HIDE = (
    r"[\x{80}-\x{9f}\x{ad}\x{61c}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}"
    r"\x{fff9}-\x{fffb}\x{e0000}-\x{e007f}]|\\u(?i:00[89a]|061c|180e|20[026]|feff|fff)"
)
"""Found in every text that hides a character, in the regular expressions of polars."""
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_CONTEXT = 20


@dataclass(frozen=True, slots=True)
class Hidden:
    """A character that nobody sees, and where it stands."""

    name: str
    """Its code point with its name: `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    place: str
    """`after 'abc'`, or `at the beginning`."""


def first_hidden(text: str) -> Hidden | None:
    """Return the first character of a text, or of what the escapes of JSON in it stand for, that nobody sees."""
    plain = _ESCAPE.sub(_unescaped, text)
    match = _HIDDEN.search(plain)
    if match is None:
        return None
    character = match[0]
    name = f"U+{ord(character):04X} {unicodedata.name(character, 'CONTROL')}"
    before = plain[max(match.start() - _CONTEXT, 0) : match.start()]
    if not before:
        return Hidden(name, "at the beginning")
    return Hidden(name, f"after {before!r}")


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    return chr(int(match[1], 16))
