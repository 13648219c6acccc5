"""Half a character: a lone surrogate, which JSON can write (`\\ud800`) and no UTF-8 can hold (Unicode 16.0, 3.9, D91)."""

from __future__ import annotations

import re

SURROGATE = re.compile("[\ud800-\udfff]")
MAY_BE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Also its escape in JSON, which may be half of a pair that is one character."""
MAY_BE_SURROGATE_IN_BYTES = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
IN_TEXT = "text holds half a character (a lone surrogate)"
IN_KEY = "a key holds half a character (a lone surrogate)"


def without_surrogates(text: str) -> str:
    """Return a text that can be written, with `?` for each half of a character."""
    return text.encode("utf-8", "replace").decode()
