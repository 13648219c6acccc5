"""A server that behaves as the AI-on-demand platform's own was observed to (aiod_observed.json, by aiod_cases.py).

It takes what the platform takes, refuses what it refuses, and loses what it loses without a word.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.publishing.serving import Serving

FIELDS = {
    "name",
    "platform",
    "platform_resource_identifier",
    "date_published",
    "same_as",
    "is_accessible_for_free",
    "version",
    "aiod_entry",
    "description",
    "distribution",
    "size",
    "note",
    "alternate_name",
    "keyword",
    "license",
    "temporal_coverage",
    "industrial_sector",
    "research_area",
    "execution_settings",
    "has_part",
    "relevant_resource",
}
OF_FILE = {
    "name",
    "description",
    "content_url",
    "content_size_kb",
    "encoding_format",
    "checksum",
    "checksum_algorithm",
}
MOST = {
    "name": 256,
    "description.plain": 65535,
    "size.unit": 64,
    "distribution.content_url": 1800,
    "note.value": 8000,
    "execution_settings": 1800,
}
"""How many characters a field takes."""
STAYS = ("description", "size")
"""What an update that leaves it out does not take away."""
LICENCES = {"cc-by-4.0": "cc-by-4.0", "apache-2.0": "apache-2.0"}
AREAS = {"machine learning": "Machine Learning"}
PREFIXES = {"datasets": "data", "computational_assets": "comp", "experiments": "exp"}


class Refused(Exception):  # noqa: N818 - an answer of the platform, not a fault of this program
    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class StandIn(Serving):
    """The platform: what it keeps, and what else it is to lose."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, Any]] = {}
        self.paths: dict[str, str] = {}
        self.is_connector = False
        self.under_review: set[str] = set()
        self.deleted: set[str] = set()
        self.updated: set[str] = set()
        self.lose: Callable[[dict[str, Any]], object] = lambda _: None
        """Changes what is read back: a loss that somebody plants."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(path)
        match = re.fullmatch(r"/v3/([a-z_]+)(?:/([A-Za-z0-9_]+))?", parts.path)
        if match is None:
            return 404, {"detail": "Not Found"}
        kind, identifier = match.groups()
        if kind == "user":
            return 200, self._own(parse_qs(parts.query))
        try:
            return self._answer(method, kind, identifier, body)
        except Refused as refusal:
            return refusal.status, {"detail": refusal.detail, "reference": "0123"}

    def _answer(
        self, method: str, kind: str, identifier: str | None, body: bytes
    ) -> tuple[int, Any]:
        if method == "POST":
            stored = self._stored(json.loads(body))
            self._check_new(stored)
            identifier = f"{PREFIXES[kind]}_{len(self.kept):024d}"
            self.kept[identifier], self.paths[identifier] = stored, kind
            return 200, {"identifier": identifier}
        name = kind.removesuffix("s").capitalize()
        if identifier not in self.kept or self.paths[identifier] != kind:
            raise Refused(404, f"{name} '{identifier}' not found in the database.")
        if identifier in self.deleted:
            raise Refused(
                404, f"{name} '{identifier}' not found in the database, because it was deleted."
            )
        if method == "PUT":
            if identifier in self.under_review:
                raise Refused(403, "You cannot edit an asset under submission.")
            staying = {name: self.kept[identifier].get(name) for name in STAYS}
            stored = self._stored(json.loads(body))
            staying = {name: value for name, value in staying.items() if value is not None}
            self.kept[identifier] = staying | stored
            self.updated.add(identifier)
            return 200, None
        if method == "DELETE":
            self.deleted.add(identifier)
            return 200, None
        return 200, self._read(identifier)

    def _own(self, query: dict[str, list[str]]) -> dict[str, list[Any]]:
        """Return what the caller owns, by the names of tables; the newest first."""
        first = int(query.get("offset", ["0"])[0])
        newest = list(reversed(self.kept))[first : first + int(query.get("limit", ["10"])[0])]
        listed: dict[str, list[Any]] = {path.removesuffix("s"): [] for path in PREFIXES}
        for identifier in newest:
            if identifier not in self.deleted:
                listed[self.paths[identifier].removesuffix("s")].append(self._read(identifier))
        return listed

    def _read(self, identifier: str) -> dict[str, Any]:
        entry = copy.deepcopy(self.kept[identifier])
        entry |= {"identifier": identifier, "ai_asset_identifier": identifier}
        if "platform" not in entry and identifier not in self.updated:
            entry |= {"platform": "aiod", "platform_resource_identifier": identifier}
        if "has_part" in entry:
            entry["has_part"] = [part for part in entry["has_part"] if part not in self.deleted]
        for field in ("keyword", "alternate_name", "distribution", "note", "has_part"):
            entry.setdefault(field, [])
        self.lose(entry)
        return entry

    def _check_new(self, stored: dict[str, Any]) -> None:
        if "platform" not in stored:
            return
        if not self.is_connector:
            raise Refused(403, "No permission to set platform or platform resource identifier.")
        both = (stored["platform"], stored["platform_resource_identifier"])
        for identifier, entry in self.kept.items():
            if (entry.get("platform"), entry.get("platform_resource_identifier")) == both:
                raise Refused(
                    409,
                    "There already exists a dataset with the same platform and "
                    f"platform_resource_identifier, with identifier={identifier}.",
                )

    def _stored(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Return what the platform keeps of a body; raises Refused."""
        wrong = [["body", *place] for place in faults(sent)]
        if wrong:
            message = "extra fields"
            if "status" not in wrong[0]:
                message = f"ensure this value has at most {MOST.get(str(wrong[0][1]))} characters"
            raise Refused(422, [{"loc": place, "msg": message} for place in wrong])
        body = {field: value for field, value in sent.items() if field in FIELDS}
        self._look_up(body)
        if isinstance(body.get("description"), str):
            body["description"] = {}
        for field in ("name", "version"):
            if field in body:
                body[field] = str(body[field])
        if "date_published" in body:
            body["date_published"] = (
                datetime.fromisoformat(body["date_published"]).replace(tzinfo=None).isoformat()
            )
        if "keyword" in body:
            body["keyword"] = list(dict.fromkeys(word.casefold() for word in body["keyword"]))
        for field in ("alternate_name", "has_part"):
            if field in body:
                body[field] = list(dict.fromkeys(body[field]))
        if "size" in body:
            body["size"] = {**body["size"], "value": int(body["size"]["value"])}
        if "distribution" in body:
            body["distribution"] = [_file(file) for file in body["distribution"]]
        return body

    def _look_up(self, body: dict[str, Any]) -> None:
        """Put the platform's terms in the place of words; raises Refused for a word, or a part, that it does not know."""
        licence = body.get("license")
        if licence is not None and licence.lower() not in LICENCES:
            raise Refused(
                400, f"The term {licence.lower()!r} is not part of the taxonomy for license. Please"
            )
        if licence is not None:
            body["license"] = LICENCES[licence.lower()]
        unknown = {area.lower() for area in body.get("research_area", [])} - set(AREAS)
        if unknown:
            raise Refused(
                400, f"The terms {unknown!r} are not part of the taxonomy for research_area. Please"
            )
        if "research_area" in body:
            body["research_area"] = [AREAS[area.lower()] for area in body["research_area"]]
        for field in ("has_part", "relevant_resource"):
            missing = [part for part in body.get(field, []) if part not in self.kept]
            if missing:
                raise Refused(
                    404, f"Could not find AIResourceORM with identifiers {', '.join(missing)}."
                )


def faults(sent: dict[str, Any]) -> Iterator[list[str | int]]:
    """Yield the places of what the platform does not take, whatever its words say."""
    if "name" not in sent:
        yield ["name"]
    if "status" in sent.get("aiod_entry", {}):
        yield ["aiod_entry", "status"]
    if not re.match(r"\d{4}-\d\d-\d\dT\d", sent.get("date_published", "2026-01-31T00")):
        yield ["date_published"]
    for path, most in MOST.items():
        first, *rest = path.split(".")
        value = sent.get(first)
        items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for place, item in items:
            text = item.get(rest[0]) if rest and isinstance(item, dict) else item
            if isinstance(text, str) and len(text) > most:
                yield [first, *([] if place is None else [place]), *rest]


def _file(file: dict[str, Any]) -> dict[str, Any]:
    """Return what the platform keeps of a distribution."""
    kept = {field: value for field, value in file.items() if field in OF_FILE}
    if "content_size_kb" in kept:
        kept["content_size_kb"] = int(kept["content_size_kb"])
    return kept
