"""A server that behaves as the AI-on-demand platform was observed to (shared/samples/aiod/observed-post-behaviour.json).

It takes what the platform takes, refuses what it refuses, and loses what it loses without a word.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
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
LICENCES = {"cc-by-4.0": "cc-by-4.0", "apache-2.0": "apache-2.0"}
AREAS = {"machine learning": "Machine Learning"}
PREFIXES = {"datasets": "data", "computational_assets": "asst", "experiments": "exp"}


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
            sent = json.loads(body)
            stored = self._stored(sent)
            self._check_new(stored)
            identifier = f"{PREFIXES[kind]}_{len(self.kept):024d}"
            self.kept[identifier], self.paths[identifier] = stored, kind
            return 200, {"identifier": identifier}
        if identifier not in self.kept or self.paths[identifier] != kind:
            raise Refused(404, f"{kind} '{identifier}' not found in the database.")
        if method == "PUT":
            if identifier in self.under_review:
                raise Refused(403, "You cannot edit an asset under submission.")
            self.kept[identifier] = self._stored(json.loads(body))
            return 200, None
        return 200, self._read(identifier)

    def _own(self, query: dict[str, list[str]]) -> dict[str, list[Any]]:
        """Return what the caller owns, by the names of tables; the newest first."""
        first = int(query.get("offset", ["0"])[0])
        newest = list(reversed(self.kept))[first : first + int(query.get("limit", ["10"])[0])]
        listed: dict[str, list[Any]] = {path.removesuffix("s"): [] for path in PREFIXES}
        for identifier in newest:
            listed[self.paths[identifier].removesuffix("s")].append(self._read(identifier))
        return listed

    def _read(self, identifier: str) -> dict[str, Any]:
        entry = copy.deepcopy(self.kept[identifier])
        entry |= {"identifier": identifier, "ai_asset_identifier": identifier}
        entry.setdefault("platform", "aiod")
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
        body = {field: value for field, value in sent.items() if field in FIELDS}
        self._check(sent)
        if isinstance(body.get("description"), str):
            body["description"] = {}
        if isinstance(body.get("version"), float):
            body["version"] = str(body["version"])
        if "date_published" in body:
            body["date_published"] = (
                datetime.fromisoformat(body["date_published"]).replace(tzinfo=None).isoformat()
            )
        if "keyword" in body:
            body["keyword"] = list(dict.fromkeys(word.lower() for word in body["keyword"]))
        if "alternate_name" in body:
            body["alternate_name"] = list(dict.fromkeys(body["alternate_name"]))
        if "size" in body:
            body["size"] = {**body["size"], "value": int(body["size"]["value"])}
        for file in body.get("distribution", []):
            if "content_size_kb" in file:
                file["content_size_kb"] = int(file["content_size_kb"])
        return body

    def _check(self, sent: dict[str, Any]) -> None:
        if "name" not in sent:
            raise Refused(422, [{"loc": ["body", "name"], "msg": "field required"}])
        if len(sent["name"]) > 256:
            message = "ensure this value has at most 256 characters"
            raise Refused(422, [{"loc": ["body", "name"], "msg": message}])
        if "status" in sent.get("aiod_entry", {}):
            raise Refused(422, [{"loc": ["body", "aiod_entry", "status"], "msg": "extra fields"}])
        licence = sent.get("license")
        if licence is not None and licence.lower() not in LICENCES:
            raise Refused(400, f"The term '{licence}' is not part of the taxonomy for license.")
        for area in sent.get("research_area", []):
            if area.lower() not in AREAS:
                raise Refused(
                    400, f"The terms {{'{area}'}} are not part of the taxonomy for research_area."
                )
