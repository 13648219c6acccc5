"""The box of facts at the top of each page of a converter, made from what the converter declares."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from typing import Any

GROUP = "benchfmt.converters"
MARK = re.compile(r"^<!-- converters: (?P<names>[a-z0-9, -]+) -->$", re.MULTILINE)
"""What a page says of the converters that it is about; readers of the page do not see it."""
MOST_NAMES = 6
"""So many names of files are shown; a converter that reads any log knows dozens of endings."""


def converters() -> dict[str, Any]:
    """Return the modules of the converters of this package, by name."""
    found = {}
    for entry in entry_points(group=GROUP):
        if entry.value.startswith("benchfmt."):
            found[entry.name] = entry.load()
    return dict(sorted(found.items()))


def names_on(text: str) -> list[str]:
    """Return the names of the converters that a page is about."""
    mark = MARK.search(text)
    return [name.strip() for name in mark["names"].split(",")] if mark else []


def with_facts(text: str) -> str:
    """Return a page with the boxes of its converters where it names them."""
    names = names_on(text)
    if not names:
        return text
    known = converters()
    boxes = "\n\n".join(box(known[name]) for name in names)
    return MARK.sub(lambda _: boxes, text, count=1)


def box(module: Any) -> str:
    """Return the box of one converter, in Markdown: what it reads, how it knows it, and what it can be told."""
    about = (module.__doc__ or "").strip().splitlines()[0]
    what = about.partition(": ")[2] or about
    lines = [
        f'!!! facts "`{module.NAME}` {module.VERSION}"',
        "",
        "    | | |",
        "    |---|---|",
        f"    | reads | {what[0].upper()}{what[1:]} |",
        f"    | files | {_files(module)} |",
        f"    | options | {_options(module)} |",
        f"    | by itself | `benchfmt convert RESULTS -o package --from {module.NAME}` |",
    ]
    return "\n".join(lines)


def _files(module: Any) -> str:
    patterns = getattr(module, "PATTERNS", ())
    names: list[str] = []
    for pattern in patterns:
        names += [f"`{name}`" if name else "files without an ending" for name in pattern.names]
    kept = list(dict.fromkeys(names))
    more = len(kept) - MOST_NAMES
    told = ", ".join(kept[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    by_content = any(pattern.words or pattern.expression for pattern in patterns)
    if by_content:
        return f"{told}; known by what stands in them"
    return f"{told}; known by their names" if told else "known by what stands in them"


def _options(module: Any) -> str:
    options = getattr(module, "OPTIONS", ())
    if not options:
        return "none"
    return ", ".join(f"`--option {name}=…`" for name in options)
