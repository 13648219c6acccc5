"""Several descriptions of one system: which one is kept, and where they contradict each other.

A system of a submission has an id by its place there (`benchfmt.identity`), so that a published row and the files of the
same result name one system. The row says less of it than the file, and both are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

Described = Mapping[str, JsonValue]
"""A system as plain data, as a record holds it."""
_LABELS = frozenset({"id", "name", "extensions"})
"""What is said of a system besides its hardware: a table may name it by its folder where the file has words."""


def fullest(descriptions: Iterable[Described]) -> Described:
    """Return the description that says the most; of equals the first one."""
    return max(descriptions, key=size)


def contradictions(one: Described, other: Described) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """Yield what two descriptions of one system say otherwise: the member, and both values.

    What one of them leaves out is no difference, and neither are two names.
    """
    for path, value in _members(one):
        if path in _LABELS:
            continue
        there = _get(other, path)
        if there is not None and there != value:
            yield path, value, there


def size(description: Described) -> int:
    """Return how much a description says."""
    return sum(1 for _ in _leaves(dict(description)))


def _leaves(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _members(description: Described) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members of a system and of its parts by their paths; extensions and lists stay whole."""
    for name, value in description.items():
        if isinstance(value, dict) and name != "extensions":
            yield from ((f"{name}.{inner}", item) for inner, item in value.items())
        else:
            yield name, value


def _get(description: Described, path: str) -> JsonValue:
    value: JsonValue = dict(description)
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
