"""The metrics that files name and the vocabulary does not have: declared with a package, their unit unknown.

Everybody may upload measures of their own. What they mean is not known here, but their numbers are not lost.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.openml.measures import unit_of
from benchfmt.converters.openml.trees import is_xml, opened
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.suites.openml import UNKNOWN_UNIT, measure, measures
from benchfmt.vocabulary import vocabulary

_BLOCK = 4 * 2**20
_OVERLAP = 512
_XML = {
    kind: re.compile(rf"<(?:\w+:)?{kind}>([^<]{{1,200}})<".encode())
    for kind in ("name", "function")
}
_JSON = {
    kind: re.compile(rf'"{kind}"\s*:\s*("(?:[^"\\\n]|\\.){{1,200}}")'.encode())
    for kind in ("name", "function")
}


def said(path: Path, kind: str, limits: Limits) -> set[str]:
    """Return the texts of all elements of a name in a file, which is read in blocks."""
    found: set[bytes] = set()
    try:
        with opened(path, limits) as file:
            rest = file.read(_BLOCK)
            xml = is_xml(rest)
            pattern = _JSON[kind]
            if xml:
                pattern = _XML[kind]
            while rest:
                found.update(pattern.findall(rest))
                block = file.read(_BLOCK)
                if not block:
                    break
                rest = rest[-_OVERLAP:] + block
    except (BenchfmtError, OSError):
        return set()  # told where the file is read
    return {word for raw in found if (word := _word(raw, xml=xml))}


def _word(raw: bytes, *, xml: bool) -> str:
    text = raw.decode("utf-8", "replace")
    if xml:
        return html.unescape(text).strip()
    try:
        return str(json.loads(text)).strip()
    except ValueError:
        return ""


def declared(names: Iterable[str]) -> Mapping[str, JsonValue]:
    """Return the declaration of OpenML's prefix with measures that its table lacks; nothing where it has all."""
    more: dict[str, JsonValue] = {}
    for name in sorted(names):
        listed = measures().get(name)
        unit, direction = UNKNOWN_UNIT, None
        own = measure(name)
        if listed:
            own = measure(f"{name} ")
            direction = listed.direction
            if listed.metric:
                unit = unit_of(listed)
        metric = (own.metric or "").partition(":")[2]
        more.setdefault(metric, _metric(name, unit, direction or "target"))
    return with_metrics("openml", more)


def _metric(name: str, unit: str, direction: str) -> JsonValue:
    words = f"The measure {name!r}, as whoever uploads it defines it."
    return {"label": name, "definition": words, "unit": unit, "direction": direction}


def with_metrics(prefix: str, more: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the declaration of a prefix of the vocabulary with more metrics; nothing where it has them all."""
    term = vocabulary().terms("prefix")[prefix]
    known = term.get("metrics", {})
    new = {name: metric for name, metric in more.items() if name not in known}
    if not new:
        return {}
    return {
        prefix: {
            "title": term["label"],
            "definition": term["definition"],
            "metrics": {**new, **known},
        }
    }
