"""CITATION.cff (https://citation-file-format.github.io, 1.2.0): how a package is cited, as far as somebody says it."""

from __future__ import annotations

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import JsonValue

from benchfmt.exports.facts import Facts, Origin
from benchfmt.exports.publication import Author, Publication, Work

FILE_NAME = "CITATION.cff"
_VERSION = "1.2.0"
_MOST = 100
"""So many sources of the records are references; the README counts the rest."""


_NOBODY: JsonValue = {"name": "not stated"}
"""A reference has authors, and who they are is not made up."""


def citation_file(cited: Publication, facts: Facts) -> str | None:
    """Return the text of a CITATION.cff; None where nobody says a title and authors, which it must have."""
    if not cited.title or not cited.authors:
        return None
    data: dict[str, JsonValue] = {
        "cff-version": _VERSION,
        "message": "Please cite these results as below.",
        "type": "dataset",
        "title": cited.title,
        "abstract": cited.description or facts.sentence,
        "authors": [_author(author) for author in cited.authors],
        "version": cited.version,
        "doi": cited.doi,
        "date-released": cited.date,
        "url": cited.url,
        **_license(cited.license),
        "keywords": list(cited.keywords) or None,
        "references": _references(cited, facts) or None,
    }
    said = {key: value for key, value in data.items() if value is not None}
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100)


def _references(cited: Publication, facts: Facts) -> list[JsonValue]:
    """Return whose results these are: what somebody names as their origin, then what the records say."""
    said = [_work(work) for work in cited.origins]
    for origin, _ in facts.ranked_origins[:_MOST]:
        # A licence alone says of nobody whose the results are.
        if origin.is_known:
            said.append(_origin(origin))
    # No two may be equal, and licences that have no key here make no difference.
    return [work for place, work in enumerate(said) if work not in said[:place]]


def _work(work: Work) -> JsonValue:
    said: dict[str, JsonValue] = {"type": "generic", "title": work.title, "authors": [_NOBODY]}
    if work.url:
        said["url"] = work.url
    return said


def _origin(origin: Origin) -> JsonValue:
    said: dict[str, JsonValue] = {
        "type": "dataset",
        "title": f"Results of {origin.submitter or origin.url}",
        "authors": [{"name": origin.submitter} if origin.submitter else _NOBODY],
        **_license(origin.license),
    }
    if origin.url and "://" in origin.url:
        said["url"] = origin.url
    return said


def _author(author: Author) -> JsonValue:
    """Return an author: a person has a family name, all else is an entity."""
    said: dict[str, JsonValue] = {"name": author.name}
    if author.family and author.given:
        said = {"family-names": author.family, "given-names": author.given}
    if author.orcid:
        said["orcid"] = f"https://orcid.org/{author.orcid}"
    return said


def _license(name: str | None) -> dict[str, JsonValue]:
    """Return the licence under the key for it: an id of SPDX, or an address; nothing for other words."""
    if name is None:
        return {}
    if "://" in name:
        return {"license-url": name}
    try:
        known = canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return {}
    if " " in known or known.startswith("LicenseRef-"):
        return {}
    return {"license": str(known)}
