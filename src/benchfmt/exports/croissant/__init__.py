"""A package as Croissant 1.1 describes data sets for machine learning: one file beside the tables, for its readers.

The specification is https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html; the judge is `mlcroissant`, whose
`validate` looks at the document and whose `load` reads the rows. What the format asks for and no result can say (address,
day of publication, citation, creators, licence) is taken from options or from the descriptor, and otherwise left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.croissant.collection import collection
from benchfmt.exports.croissant.tables import GUESSED, distribution, record_sets, tables_of
from benchfmt.exports.facts import Facts, facts_of, refuse_older
from benchfmt.exports.publication import OPTIONS as OF_PUBLICATION
from benchfmt.exports.publication import Author, Publication, publication
from benchfmt.package import Package
from benchfmt.package.companions import CROISSANT as FILE_NAME
from benchfmt.package.companions import sealed
from benchfmt.schema import BASE

__all__ = ["CROISSANT", "FILE_NAME", "OPTIONS", "document"]

OPTIONS = {
    "files": "the address or folder at which the files of the package are found; otherwise beside the document",
    "cite_as": "how it is cited, best as BibTeX",
    **OF_PUBLICATION,
}
_SPDX = "https://spdx.org/licenses/"
_CONTEXT: dict[str, JsonValue] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape",
    "benchfmt": BASE,
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "qudt": "http://qudt.org/schema/qudt/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that mlcroissant takes for the standard's, with the words that are used here beside it."""
_CONFORMS_TO: list[JsonValue] = [
    "http://mlcommons.org/croissant/1.1",
    "http://mlcommons.org/croissant/RAI/1.0",
]


class Croissant:
    """A description of a package in Croissant 1.1."""

    about = "Croissant 1.1: a description of the package's tables for readers of machine learning data sets"
    why_in_one = "it is one short document about the package as a whole"
    shape: Shape = "file"
    options = OPTIONS

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write the description of a package, and say what it lacks."""
        account = Account(files=["."])
        text = json.dumps(document(package, options, account), indent=2, ensure_ascii=False)
        place.write_text(text + "\n", "utf-8")
        return account.exported()


CROISSANT = Croissant()


def document(
    package: Package, options: Mapping[str, str], account: Account | None = None
) -> dict[str, JsonValue]:
    """Return the description of a package as plain data, and count it in an account; raises BenchfmtError."""
    refuse_older(package)
    account = account or Account()
    said = publication(package.descriptor, options)
    facts = facts_of(package)
    account.records = facts.records
    account.measurements = facts.measurements
    files = options.get("files") or _address(package)
    data: dict[str, JsonValue] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        **_head(said, facts, options, account),
        "isLiveDataset": False,
        **collection(package, facts),
        "distribution": distribution(package, files),
        "recordSet": record_sets(package, facts),
    }
    _add_notes(package, files, account)
    return sealed(data)


def _address(package: Package) -> str | None:
    """Return the address of a package that was fetched: its files are there."""
    origin = str(package.origin or "")
    if "://" not in origin:
        return None
    return origin.removesuffix("datapackage.json").rstrip("/")


def _add_notes(package: Package, files: str | None, account: Account) -> None:
    if files is None:
        account.note(
            "the files are named as they lie beside the document: keep it in the folder of the package, or give "
            "files=URL"
        )
    if not all(files_of.is_parquet for files_of in tables_of(package).values()):
        account.note(f"{GUESSED}; a package of Parquet (convert --format parquet) is read exactly")


def _head(
    said: Publication, facts: Facts, options: Mapping[str, str], account: Account
) -> dict[str, JsonValue]:
    """Return what is said of a package as a publication, without what nobody said, which is noted."""
    head: dict[str, JsonValue] = {
        "name": said.title or said.name,
        "description": said.description or facts.sentence,
        "url": said.url,
        "license": _licenses(said, facts),
        "creator": _creators(said.authors, options, account),
        "datePublished": said.date,
        "citeAs": options.get("cite_as"),
        "version": said.version,
        "sameAs": f"https://doi.org/{said.doi}" if said.doi else None,
        "keywords": list[JsonValue](said.keywords) or None,
    }
    asked = ("url", "license", "creator", "datePublished", "citeAs", "version")
    lacking = [name for name in asked if head[name] is None]
    if lacking:
        account.note(
            f"Croissant asks for {', '.join(lacking)}, which neither the package nor an option says: left out"
        )
    return {name: value for name, value in head.items() if value is not None}


def _licenses(said: Publication, facts: Facts) -> JsonValue:
    """Return the licences of a package, or that which all of its records have, as addresses."""
    licenses = list(said.licenses)
    of_records = facts.counts["license"]
    if not licenses and len(of_records) == 1 and of_records.total() == facts.records:
        licenses = list(of_records)
    if not licenses:
        return None
    return [_license_address(item) for item in licenses]


def _license_address(license_id: str) -> str:
    """Return the address of a licence: of an SPDX id its page, of anything else what is given."""
    # The list of SPDX comes with the package that Python's own build tools judge licences by.
    from packaging.licenses._spdx import LICENSES

    known = LICENSES.get(license_id.lower())
    if known is None:
        return license_id
    return f"{_SPDX}{known['id']}"


def _creators(
    authors: tuple[Author, ...], options: Mapping[str, str], account: Account
) -> JsonValue:
    """Return the authors as people and organisations; of a name in a descriptor alone nobody knows which it is."""
    creators: list[JsonValue] = []
    for author in authors:
        if author.family is not None:
            person: dict[str, JsonValue] = {
                "@type": "sc:Person",
                "name": f"{author.given} {author.family}",
            }
            if author.orcid:
                person["url"] = f"https://orcid.org/{author.orcid}"
            creators.append(person)
        elif "authors" in options:
            creators.append({"@type": "sc:Organization", "name": author.name})
        else:
            account.note(
                f"{author.name} may be a person or an organisation, and Croissant asks which: left out; say it in authors"
            )
    return creators or None
