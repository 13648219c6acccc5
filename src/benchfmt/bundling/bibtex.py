"""CITATION.bib: a package, and the works that its results were taken from, as entries of BibTeX (https://ctan.org/pkg/bibtex).

Every entry is `@misc` with fields that BibTeX's own styles and biblatex know; what nobody says is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from benchfmt.bundling.citation import Reference, references
from benchfmt.exports.facts import Facts
from benchfmt.exports.publication import Author, Publication
from benchfmt.printable import one_line

FILE_NAME = "CITATION.bib"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    # A brace with a backslash before it would still count as one.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "$&#%_"},
}
_NOT_IN_KEYS = re.compile("[^A-Za-z0-9]+")
_NOT_IN_ADDRESSES = re.compile(r"[\\{}\s]")


def bibtex_file(cited: Publication, facts: Facts) -> str | None:
    """Return the text of a CITATION.bib; None where nobody says a title and authors, which a citation must have."""
    if not cited.title or not cited.authors:
        return None
    key = _NOT_IN_KEYS.sub("-", cited.name).strip("-") or "package"
    entries = [_entry(key, _of_package(cited))]
    for number, reference in enumerate(_distinct(references(cited, facts)), start=1):
        entries.append(_entry(f"{key}-source-{number}", _of_reference(reference)))
    return "\n".join(entries)


def _distinct(found: Sequence[Reference]) -> list[Reference]:
    """Return references that differ in what an entry says of them, in their order."""
    shown = {(item.title, item.author, item.url): item for item in reversed(found)}
    return list(reversed(shown.values()))


def _of_package(cited: Publication) -> Mapping[str, str | None]:
    fields = {
        "author": " and ".join(map(_author, cited.authors)),
        # Styles write titles in small letters where these are not in braces of their own.
        "title": f"{{{_text(cited.title or '')}}}",
        "version": _text(cited.version) if cited.version else None,
        "doi": _address(cited.doi) if cited.doi else None,
        "url": _address(cited.url) if cited.url else None,
        "note": _note(cited),
    }
    return {**fields, **_day(cited.date)}


def _of_reference(reference: Reference) -> Mapping[str, str | None]:
    author = f"{{{_text(reference.author)}}}" if reference.author else None
    return {
        "author": author,
        "title": f"{{{_text(reference.title)}}}",
        "url": _address(reference.url) if reference.url else None,
        "note": "Results in the data set",
    }


def _note(cited: Publication) -> str:
    if cited.license is None:
        return "Data set"
    return f"Data set, licence {_text(cited.license)}"


def _day(day: str | None) -> Mapping[str, str | None]:
    """Return the year and the month of a day as 2026-01-31; a month is a word of BibTeX's own, without braces."""
    if day is None:
        return {}
    year, month, _ = day.split("-")
    return {"year": year, "month": _MONTHS[int(month) - 1]}


def _author(author: Author) -> str:
    """Return an author: a person as `Family, Given`, all else in braces, so that no part of it is taken for a family name."""
    if author.family and author.given:
        return f"{_name(author.family)}, {_name(author.given)}"
    return f"{{{_text(author.name)}}}"


def _name(name: str) -> str:
    """Return a part of a name; one that BibTeX would take apart stands in braces."""
    text = _text(name)
    if "," in text or " and " in f" {text} ".lower():
        return f"{{{text}}}"
    return text


def _text(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in one_line(text))


def _address(text: str) -> str:
    """Return an address, which is taken as it is; what would end the field is written as an address writes it."""
    return _NOT_IN_ADDRESSES.sub(lambda found: quote(found[0]), one_line(text))


def _entry(key: str, fields: Mapping[str, str | None]) -> str:
    return "".join([f"@misc{{{key},\n", *_lines(fields), "}\n"])


def _lines(fields: Mapping[str, str | None]) -> Iterator[str]:
    for name, value in fields.items():
        if value is None:
            continue
        text = value if name == "month" else f"{{{value}}}"
        yield f"  {name} = {text},\n"
