"""Names of uploaded files: what a browser says is shown, and only a harmless form of it is a name on the disk."""

from __future__ import annotations

import re

_LONGEST = 100
_NO_LETTERS = re.compile(r"[^A-Za-z0-9._+=-]+")
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_NAMELESS = "upload"


def safe_name(said: str) -> str:
    """Return a file name that leads nowhere, hides from nobody, and tells a converter what it needs to know.

    Converters look at names such as `mlperf_log_summary.txt`, so letters, digits and the ending stay.
    """
    last = said.replace("\\", "/").rpartition("/")[2]
    name = _NO_LETTERS.sub("_", last).lstrip(".-").rstrip(".")
    if len(name) > _LONGEST:
        # The ending says what it is.
        name = name[-_LONGEST:].lstrip(".-")
    if not name or _DEVICES.fullmatch(name):
        return f"{_NAMELESS}{name and '-'}{name}"
    return name
