"""The terms that a page uses, with what the vocabulary says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchfmt.vocabulary import vocabulary

Uses = Iterable[tuple[str, object]]
"""Kinds of terms, and terms of these kinds; what is no text is no term."""


def meanings(uses: Uses) -> list[tuple[str, str]]:
    """Return each term that the vocabulary defines with its definition, in the order of the alphabet."""
    found: dict[str, str] = {}
    for kind, term in uses:
        if not isinstance(term, str) or term in found:
            continue
        described: Mapping[str, object] = vocabulary().terms(kind).get(term, {})
        definition = described.get("definition")
        if definition:
            found[term] = f"{definition}"
    return sorted(found.items())
