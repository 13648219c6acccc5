"""What is sent to the AI-on-demand platform to see what it does: to its own server, and to the one that stands in for it.

    python -m tests.publishing.aiod_cases http://127.0.0.1:8080 > tests/publishing/aiod_observed.json

writes what the server at an address answers (tests/publishing/aiod_server.py starts the platform's own); the tests hold the
stand-in to it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchfmt.publishing.http import Server

FILES = [{"name": "a.csv", "checksum": "00"}, {"name": "b.csv"}, {"name": "c.csv"}]
FULL = {
    "name": "full",
    "description": {"plain": "text"},
    "size": {"unit": "records", "value": 3},
    "license": "cc-by-4.0",
    "version": "1",
    "keyword": ["benchmark"],
    "alternate_name": ["F"],
    "note": [{"value": "a note"}],
    "has_part": ["{part}"],
    "research_area": ["Machine Learning"],
    "date_published": "2026-01-31T00:00:00",
    "distribution": FILES,
}
CASES: dict[str, list[dict[str, Any]]] = {
    "nothing": [{}],
    "a name": [{"name": "a"}],
    "an empty name": [{"name": ""}],
    "a name of 256 characters": [{"name": "n" * 256}],
    "a name of 257 characters": [{"name": "n" * 257}],
    "a name that is a number": [{"name": 7}],
    "characters of all kinds": [{"name": "Größe 测试 🙂\nzweite Zeile"}],
    "a field that it does not know": [{"name": "a", "foo": 1}],
    "an entry with a status": [{"name": "a", "aiod_entry": {"status": "published"}}],
    "a description that is a text": [{"name": "a", "description": "plain"}],
    "a description of 65,536 characters": [{"name": "a", "description": {"plain": "d" * 65536}}],
    "a size with a fraction": [{"name": "a", "size": {"unit": "records", "value": 10.5}}],
    "a size whose unit is too long": [{"name": "a", "size": {"unit": "u" * 65, "value": 1}}],
    "a file with a fraction": [{"name": "a", "distribution": [{"content_size_kb": 1.7}]}],
    "a file with a field that it does not know": [
        {"name": "a", "distribution": [{"name": "f", "foo": 1}]}
    ],
    "a file whose address is too long": [
        {"name": "a", "distribution": [{"content_url": "https://e.org/" + "x" * 1800}]}
    ],
    "a time with an offset": [{"name": "a", "date_published": "2026-01-31T03:04:05+02:00"}],
    "a time in UTC": [{"name": "a", "date_published": "2026-01-31T03:04:05Z"}],
    "a day": [{"name": "a", "date_published": "2026-01-31"}],
    "no time at all": [{"name": "a", "date_published": "yesterday"}],
    "a version that is a number": [{"name": "a", "version": 1.10}],
    "keywords": [{"name": "a", "keyword": ["Benchmark", "MLPerf", "benchmark", " x "]}],
    "a keyword with a sharp s": [{"name": "a", "keyword": ["Straße"]}],
    "a keyword of 300 characters": [{"name": "a", "keyword": ["k" * 300]}],
    "other names": [{"name": "a", "alternate_name": ["LPDNN", "LPDNN", "lpdnn"]}],
    "a licence": [{"name": "a", "license": "CC-BY-4.0"}],
    "a licence that is no term": [{"name": "a", "license": "Apache-3.0"}],
    "a licence that is an address": [
        {"name": "a", "license": "https://creativecommons.org/licenses/by/4.0/"}
    ],
    "a research area": [{"name": "a", "research_area": ["machine learning"]}],
    "a research area that is no term": [{"name": "a", "research_area": ["Astrology"]}],
    "a platform": [{"name": "a", "platform": "example", "platform_resource_identifier": "1"}],
    "a part": [{"name": "a", "has_part": ["{part}"]}],
    "a part that is not there": [{"name": "a", "has_part": ["comp_999999999999999999999999"]}],
    "a part twice": [{"name": "a", "has_part": ["{part}", "{part}"]}],
    "a note": [{"name": "a", "note": [{"value": "x" * 8001}]}],
    "all": [FULL],
    "all, and then only a name": [FULL, {"name": "full"}],
    "all, and then an empty description": [FULL, {**FULL, "description": {}}],
    "fewer files": [FULL, {**FULL, "distribution": FILES[1:]}],
    "more files": [FULL, {**FULL, "distribution": [{"name": "z.csv"}, *FILES]}],
    "no files": [FULL, {**FULL, "distribution": []}],
    "other keywords": [FULL, {**FULL, "keyword": ["other"]}],
    "other parts": [FULL, {**FULL, "has_part": []}],
    "another name": [FULL, {**FULL, "name": "another"}],
    "a name that becomes too long": [FULL, {**FULL, "name": "n" * 257}],
    "an experiment with long settings": [{"name": "a", "execution_settings": "s" * 1801}],
}
EXPERIMENTS = ("an experiment with long settings",)
OWN = ("identifier", "ai_asset_identifier", "ai_resource_identifier", "aiod_entry")
"""What the platform adds to each entry."""


def observe(url: str, token: str) -> dict[str, Any]:
    """Return what a server answers to each case: the status of each request, and what it has in the end."""
    server = Server(url, token)
    part = server.send("POST", "v3/computational_assets", {"name": "part"}).data
    assert isinstance(part, dict)
    known = {str(part["identifier"]): "{part}"}
    return {name: _answers(server, name, bodies, known) for name, bodies in CASES.items()}


def _answers(
    server: Server, name: str, bodies: list[dict[str, Any]], known: dict[str, str]
) -> dict[str, Any]:
    path = "v3/experiments" if name in EXPERIMENTS else "v3/datasets"
    (part,) = known
    first, *others = [json.loads(json.dumps(body).replace("{part}", part)) for body in bodies]
    made = server.send("POST", path, first)
    seen: dict[str, Any] = {"status": [made.status]}
    if not made.is_ok:
        return {**seen, "reason": _reason(made.data)}
    assert isinstance(made.data, dict)
    identifier = str(made.data["identifier"])
    for body in others:
        changed = server.send("PUT", f"{path}/{identifier}", body)
        seen["status"].append(changed.status)
        if not changed.is_ok:
            seen["reason"] = _reason(changed.data)
    has = server.send("GET", f"{path}/{identifier}").data
    text = json.dumps(has).replace(identifier, "{self}").replace(part, "{part}")
    return {**seen, "has": _plain(json.loads(text))}


def _reason(answer: Any) -> Any:
    """Return what is said of a refusal: the place of a wrong field, or the sentence."""
    detail = answer.get("detail") if isinstance(answer, dict) else answer
    if isinstance(detail, list):
        return [fault["loc"] for fault in detail]
    return str(detail).split(". Please")[0]


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without what the platform adds, and with lists of words in order."""
    plain = {}
    for name, value in entry.items():
        if name in OWN or value == []:
            continue
        is_words = isinstance(value, list) and all(isinstance(item, str) for item in value)
        plain[name] = sorted(value) if is_words else value
    return plain


if __name__ == "__main__":
    url, *rest = sys.argv[1:]
    text = json.dumps(observe(url, *(rest or ["local"])), indent=1, ensure_ascii=False)
    sys.stdout.write(text + "\n")
