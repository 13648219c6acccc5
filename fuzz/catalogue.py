"""All targets by name."""

from __future__ import annotations

from fuzz import converting, readers, validating
from fuzz.targets import Target

TARGETS: dict[str, Target] = {
    target.name: target for target in (*readers.TARGETS, *converting.TARGETS, *validating.TARGETS)
}
