"""CITATION.cff (https://citation-file-format.github.io, 1.2.0): how a package is cited, as far as somebody says it."""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import JsonValue

from benchfmt.exports.facts import Facts
from benchfmt.exports.publication import Author, Publication

FILE_NAME = "CITATION.cff"
_VERSION = "1.2.0"
_MOST = 100
"""So many sources of the records are references; the README counts the rest."""


_NOBODY: JsonValue = {"name": "not stated"}
"""A reference has authors, and who they are is not made up."""


@dataclass(frozen=True)
class Reference:
    """A work that results of a package were taken from; None for what nobody says of it."""

    kind: str
    """`dataset` where the records say whose they are, `generic` for what somebody names beside them."""
    title: str
    author: str | None = None
    url: str | None = None
    license: str | None = None


def references(cited: Publication, facts: Facts) -> list[Reference]:
    """Return whose results these are: what somebody names as their origin, then what the records say."""
    said = [Reference("generic", work.title, url=work.url) for work in cited.origins]
    for origin, _ in facts.ranked_origins[:_MOST]:
        # A licence alone says of nobody whose the results are.
        if origin.is_known:
            title = f"Results of {origin.submitter or origin.url}"
            address = origin.url if origin.url and "://" in origin.url else None
            said.append(Reference("dataset", title, origin.submitter, address, origin.license))
    return said


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
    """Return the references as the file has them."""
    said = [_reference(reference) for reference in references(cited, facts)]
    # No two may be equal, and licences that have no key here make no difference.
    return [work for place, work in enumerate(said) if work not in said[:place]]


def _reference(reference: Reference) -> JsonValue:
    said: dict[str, JsonValue] = {
        "type": reference.kind,
        "title": reference.title,
        "authors": [{"name": reference.author} if reference.author else _NOBODY],
        **_license(reference.license),
    }
    if reference.url:
        said["url"] = reference.url
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
