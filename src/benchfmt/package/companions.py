"""Files that benchfmt writes beside the tables of a package, and how it knows later that they are its own."""

from __future__ import annotations

import hashlib
import json

from pydantic import JsonValue

from benchfmt.identity import canonical

CROISSANT = "croissant.json"
_SEAL = "benchfmt:sha256"
"""The hash of all else in a description; a word of our own, for the standard has none for it."""


def sealed(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a description with the hash of what it says, by which it is known as untouched."""
    return {**document, _SEAL: _hash(document)}


def is_untouched(content: bytes) -> bool:
    """Whether the content of a file is a description as `sealed` made it, which nobody has changed since."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    seal = document.pop(_SEAL, None)
    return seal is not None and seal == _hash(document)


def _hash(document: dict[str, JsonValue]) -> str:
    return f"sha256:{hashlib.sha256(canonical(document).encode()).hexdigest()}"
