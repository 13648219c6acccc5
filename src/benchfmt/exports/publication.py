"""How a package is cited: who made it, its title, version, licence and place, as options or its descriptor say.

Nothing is made up: what neither says is absent, and `lacking` names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

from benchfmt.descriptor import Descriptor, about
from benchfmt.finding import BenchfmtError

OPTIONS = {
    "title": "the title; that of the package where this is not given",
    "authors": "`Family, Given <ORCID>; ...`, or the name of an organisation without a comma",
    "version": "the version of the data",
    "license": "the licence, such as CC-BY-4.0",
    "date": "the day of publication, as 2026-01-31",
    "url": "the page where the data is found",
    "doi": "its DOI, as 10.5281/zenodo.1234",
}
"""The options of all exports that cite a package."""
ORIGIN = {"origin": "where results of others are from: `Title <https://...>; ...`"}
"""The option of what names the works that results were taken from."""
_AUTHOR = re.compile(r"(?P<name>[^<>;]+?)\s*(?:<(?:https://orcid\.org/)?(?P<orcid>[^<>]*)>)?")
_WORK = re.compile(r"(?P<title>[^<>;]+?)\s*(?:<(?P<url>https?://[^<>\s]+)>)?")
_ORCID = re.compile(r"(?:[0-9]{4}-){3}[0-9]{3}[0-9X]")
_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_AS_ADDRESS = re.compile(r"^(?:doi:|https?://(?:dx\.)?doi\.org/)", re.IGNORECASE)


@dataclass(frozen=True)
class Author:
    """Somebody who made the data: a person with a family name, or an organisation."""

    name: str
    """`Family, Given`, or the name of an organisation or of a person as the package has it."""
    family: str | None = None
    given: str | None = None
    orcid: str | None = None
    """Without `https://orcid.org/`."""


@dataclass(frozen=True)
class Work:
    """Something that results were taken from: a repository, a paper, a data set."""

    title: str
    url: str | None = None


@dataclass(frozen=True)
class Publication:
    """What a citation of a package holds; None and empty where nobody says it."""

    name: str
    """The name of the package, which every package has."""
    title: str | None = None
    description: str | None = None
    authors: tuple[Author, ...] = ()
    version: str | None = None
    licenses: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    date: str | None = None
    url: str | None = None
    doi: str | None = None
    origins: tuple[Work, ...] = ()
    """Where the results are from, as somebody says it beside the records."""

    @property
    def license(self) -> str | None:
        """The licence, None where there is none or several."""
        if len(self.licenses) == 1:
            return self.licenses[0]
        return None

    @property
    def lacking(self) -> tuple[str, ...]:
        """What a citation asks for and nobody says, by the names of the options."""
        said = {
            "title": self.title,
            "authors": self.authors,
            "version": self.version,
            "license": self.licenses,
            "date": self.date,
        }
        return tuple(name for name, value in said.items() if not value)


def publication(descriptor: Descriptor, options: Mapping[str, str]) -> Publication:
    """Return how a package is cited, options before its descriptor; raises BenchfmtError for an option that is none."""
    said = about(descriptor)
    licenses = _licenses(said.get("licenses"))
    if "license" in options:
        licenses = (options["license"],)
    authors = _contributors(said.get("contributors"))
    if "authors" in options:
        authors = authors_of(options["authors"])
    return Publication(
        name=descriptor.name or "package",
        title=options.get("title") or _text(said, "title"),
        description=_text(said, "description"),
        authors=authors,
        version=options.get("version") or _text(said, "version"),
        licenses=licenses,
        keywords=tuple(_texts(said.get("keywords"))),
        date=_day(options.get("date")),
        url=options.get("url") or _text(said, "homepage"),
        doi=_asked_doi(options.get("doi")) or _doi(_text(said, "id")),
        origins=_origins(options.get("origin"), said.get("sources")),
    )


def authors_of(text: str) -> tuple[Author, ...]:
    """Return the authors that an option names; raises BenchfmtError for what is none."""
    authors = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = _AUTHOR.fullmatch(part)
        if match is None:
            raise BenchfmtError(f"authors: {part!r} is not `Family, Given <ORCID>`")
        authors.append(_author(match["name"], _orcid(match["orcid"])))
    if not authors:
        raise BenchfmtError("authors: nobody is named")
    return tuple(authors)


def _origins(asked: str | None, listed: JsonValue) -> tuple[Work, ...]:
    """Return what an option names, else the `sources` of a descriptor (Data Package, version 2)."""
    if asked is not None:
        return works_of(asked)
    works = []
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            title, path = _text(item, "title"), _text(item, "path")
            if title or path:
                works.append(Work(title or str(path), path))
    return tuple(works)


def works_of(text: str) -> tuple[Work, ...]:
    """Return the works that an option names; raises BenchfmtError for what is none."""
    works = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = _WORK.fullmatch(part)
        if match is None:
            raise BenchfmtError(f"origin: {part!r} is not `Title <https://...>`")
        works.append(Work(match["title"], match["url"]))
    if not works:
        raise BenchfmtError("origin: nothing is named")
    return tuple(works)


def _author(name: str, orcid: str | None = None) -> Author:
    family, comma, given = (part.strip() for part in name.partition(","))
    if not comma or not family or not given:
        return Author(name, orcid=orcid)
    return Author(f"{family}, {given}", family, given, orcid)


def _orcid(text: str | None) -> str | None:
    """Return an ORCID; raises BenchfmtError where its check digit (ISO 7064 mod 11-2) says that it is none."""
    if text is None:
        return None
    digits = text.replace("-", "")
    if _ORCID.fullmatch(text):
        total = 0
        for digit in digits[:-1]:
            total = (total + int(digit)) * 2
        expected = (12 - total % 11) % 11
        if digits[-1] == "0123456789X"[expected]:
            return text
    raise BenchfmtError(f"authors: {text!r} is not an ORCID; look for a digit that was mistyped")


def _contributors(listed: JsonValue) -> tuple[Author, ...]:
    """Return the contributors of a descriptor (Data Package, version 2), as authors."""
    authors = []
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, dict):
            continue
        family, given = _text(item, "familyName"), _text(item, "givenName")
        title = _text(item, "title")
        orcid = _AS_ORCID.fullmatch(_text(item, "path") or "")
        known = orcid["orcid"] if orcid else None
        if family and given:
            authors.append(Author(f"{family}, {given}", family, given, known))
        elif title:
            authors.append(_author(title, known))
    return tuple(authors)


_AS_ORCID = re.compile(rf"https?://orcid\.org/(?P<orcid>{_ORCID.pattern})")


def _licenses(listed: JsonValue) -> tuple[str, ...]:
    """Return the names of the licences of a descriptor, or their addresses where they have none."""
    names = []
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            name = _text(item, "name") or _text(item, "path")
            if name:
                names.append(name)
    return tuple(names)


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise BenchfmtError(f"date: {text!r} is not a day, such as 2026-01-31")


def _asked_doi(text: str | None) -> str | None:
    doi = _doi(text)
    if text is not None and doi is None:
        raise BenchfmtError(f"doi: {text!r} is not a DOI, such as 10.5281/zenodo.1234")
    return doi


def _doi(text: str | None) -> str | None:
    """Return a DOI without what makes it an address; None for an id of a descriptor that is none."""
    if text is None:
        return None
    plain = _AS_ADDRESS.sub("", text.strip())
    if _DOI.fullmatch(plain):
        return plain
    return None


def _text(data: Mapping[str, JsonValue], key: str) -> str | None:
    value = data.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    return None


def _texts(listed: JsonValue) -> Sequence[str]:
    if not isinstance(listed, list):
        return []
    return [item for item in listed if isinstance(item, str) and item.strip()]
