"""The bodies of what belongs to a package in the catalogue: a computational asset for a system, an experiment for a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from benchfmt.exports.aiod import rules
from benchfmt.exports.aiod.rules import Body
from benchfmt.exports.base import Account
from benchfmt.exports.profiles import Profile, in_words

_NOT_IN_FILES = re.compile("[^a-z0-9.]+")
_LONGEST_FILE = 80


@dataclass
class FileNames:
    """Gives files names of their own, made from ids."""

    taken: set[str] = field(default_factory=set)

    def new(self, folder: str, text: str) -> str:
        """Return a path in a folder that no other file has."""
        plain = _NOT_IN_FILES.sub("-", text.lower()).strip("-.")[:_LONGEST_FILE] or "unnamed"
        path, count = f"{folder}/{plain}.json", 1
        while path in self.taken:
            count += 1
            path = f"{folder}/{plain}-{count}.json"
        self.taken.add(path)
        return path


def asset(system: Mapping[str, JsonValue]) -> Body:
    """Return the body of the computational asset of a system."""
    name = str(system.get("name") or system["id"])
    body: Body = {"name": name}
    if name != system["id"]:
        body["alternate_name"] = [system["id"]]
    lines = [_line(key, value) for key, value in system.items() if key in _OF_SYSTEM]
    if lines:
        body["description"] = {"plain": "\n".join(lines)}
    body["keyword"] = rules.keywords(
        str(system[key]) for key in ("kind", "vendor") if key in system
    )
    if not body["keyword"]:
        del body["keyword"]
    return body


_OF_SYSTEM = (
    "kind",
    "vendor",
    "nodes",
    "processor",
    "accelerator",
    "memory_bytes",
    "operating_system",
)


def _line(name: str, value: JsonValue) -> str:
    return f"{name}: {in_words(value)}"


def experiment(profile: Profile) -> Body:
    """Return the body of the experiment of a profile."""
    words = [profile.facts[key] for key in ("task", "engine") if key in profile.facts]
    about = f"Measured by benchfmt's profiler. Records: {profile.records:,}."
    return {
        "name": profile.title,
        "description": {"plain": about},
        "execution_settings": profile.settings,
        "keyword": rules.keywords(["benchmark", *words]),
    }


def fits(what: str, body: Body, account: Account) -> bool:
    """Whether the platform takes a body; where a text is too long, the body is left out and the account says so."""
    wrong = rules.too_long(body)
    if wrong:
        account.note(f"left out: {what}: {'; '.join(wrong)}")
    return not wrong
