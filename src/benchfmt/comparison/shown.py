"""What fields hold, in words for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchfmt.comparison.fields import columns_of

if TYPE_CHECKING:
    from benchfmt.comparison.rules import Result

_FIELD, _ITEM = "\x1f", "\x1e"
_LONGEST = 60
_MOST = 4
"""So many members of objects that differ are told."""
_OBJECTS = ("hyperparameters", "inputs", "software", "extensions")


def shown(name: str, result: Result, text: str | None) -> str | None:
    """Return what a result states of a field, short enough for a line."""
    if text is None:
        return None
    if name == "targets":
        return _shortened(targets_in_words(text))
    if name in _OBJECTS:
        return _shortened(str(result.record[name]))
    if name == "system":
        return str(result.system.get("name") or text)
    if name == "round":
        return str(result.record[columns_of(name)[1]])
    return _shortened(text)


def targets_in_words(text: str) -> str:
    """Return the targets of a record as `accuracy at least 0.757`, joined by semicolons."""
    if _FIELD not in text:
        return text
    words = []
    for item in text.split(_ITEM):
        metric, *key, low, high = (cell[1:] for cell in item.split(_FIELD))
        bounds = [f"at least {low}" if low else "", f"at most {high}" if high else ""]
        words.append(" ".join(filter(None, (metric, *key, " and ".join(filter(None, bounds))))))
    return "; ".join(words)


def differing(name: str, left: str, right: str) -> str | None:
    """Return in which members two objects differ, or which targets; None for what has no members, or whose are not kept."""
    if name == "targets":
        return _differing_targets(left, right)
    if name not in _OBJECTS:
        return None
    try:
        old, new = json.loads(left), json.loads(right)
    except ValueError:
        return None
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return None
    names = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    told = [f"{key} {_member(old.get(key))} and {_member(new.get(key))}" for key in names[:_MOST]]
    more = f"; {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{'; '.join(told)}{more}"


def _differing_targets(left: str, right: str) -> str:
    """Return the targets that only the one and only the other states."""
    mine, theirs = left.split(_ITEM), right.split(_ITEM)
    only_mine = _ITEM.join(item for item in mine if item not in theirs)
    only_theirs = _ITEM.join(item for item in theirs if item not in mine)
    told = [
        _shortened(targets_in_words(only)) if only else "no other"
        for only in (only_mine, only_theirs)
    ]
    return " and ".join(told)


def _member(value: Any) -> str:
    return "unstated" if value is None else _shortened(json.dumps(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
