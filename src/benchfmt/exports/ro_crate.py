"""RO-Crate: `ro-crate-metadata.json`, which makes a folder with a package a research object that says how it came about.

It is RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and, where the package says what produced it, Process Run Crate 0.5
(https://w3id.org/ro/wfrun/process/0.5): an action for each converter that read results, and one for each profile. What was
read, and when, stands in the records; an action has only what they say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import JsonValue

from benchfmt.exports import publication
from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.facts import Facts, PackageFile, facts_of, package_files, refuse_older
from benchfmt.exports.profiles import SUITE, Profile, profiles
from benchfmt.exports.publication import Author, Publication
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.schema import BASE

__all__ = ["FILE_NAME", "RO_CRATE", "crate"]

FILE_NAME = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROCESS = "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT: JsonValue = [f"{CRATE}/context", {"sha256": "http://schema.org/sha256"}]
"""The crate's own context has no term for the SHA-256 of a file, so schema.org's is added."""
Entity = dict[str, JsonValue]


class RoCrate:
    """The metadata of a crate."""

    about = "the metadata of an RO-Crate (ro-crate-metadata.json), to lie beside the files of the package"
    why_in_one = "it is one short document about the package as a whole"
    shape: Shape = "file"
    options: Mapping[str, str] = publication.OPTIONS

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write the metadata, and say what was written; raises BenchfmtError where the crate would lack what it must have."""
        account = Account(files=["."])
        cited = publication.publication(package.descriptor, options)
        facts = facts_of(package)
        data = crate(package, package_files(package), facts, cited, account)
        text = json.dumps(data, indent=2, ensure_ascii=False)
        place.write_text(text + "\n", "utf-8")
        account.records = facts.records
        if place.name != FILE_NAME:
            account.note(f"readers look for a file of the name {FILE_NAME}")
        return account.exported()


RO_CRATE = RoCrate()


def crate(
    package: Package,
    files: Iterable[PackageFile],
    facts: Facts,
    cited: Publication,
    account: Account,
) -> Entity:
    """Return the metadata of a crate with some files; raises BenchfmtError where no day of publication is known."""
    refuse_older(package)
    if cited.date is None:
        raise BenchfmtError(
            "an RO-Crate has a day of publication: --option date=2026-01-31 (--date) says it"
        )
    if cited.license is None:
        account.note(
            "an RO-Crate should have one licence, and this one has none: --option license=ID"
        )
    parts = [_file(file) for file in files]
    tables = [_ref(part) for part in parts if str(part["@id"]).endswith((".parquet", ".csv"))]
    software, actions = _actions(package, tables)
    authors = [_author(author) for author in cited.authors]
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": cited.title or cited.name,
        "description": cited.description or facts.sentence,
        "datePublished": cited.date,
        "hasPart": [_ref(part) for part in parts],
    }
    entities = [*parts, *authors, *software, *actions]
    _cite(root, cited, authors, entities)
    if actions:
        root["conformsTo"] = {"@id": PROCESS}
        root["mentions"] = [_ref(action) for action in actions]
        profile: Entity = {"@id": PROCESS, "@type": "CreativeWork", "name": "Process Run Crate"}
        entities.append({**profile, "version": PROCESS.rpartition("/")[2]})
    metadata: Entity = {
        "@id": FILE_NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": CRATE},
        "about": {"@id": "./"},
    }
    return {"@context": CONTEXT, "@graph": [metadata, root, *entities]}


def _ref(entity: Mapping[str, JsonValue]) -> Entity:
    return {"@id": entity["@id"]}


def _file(file: PackageFile) -> Entity:
    return {
        "@id": quote(file.name),
        "@type": "File",
        "name": file.name,
        "description": file.about,
        "encodingFormat": file.media_type,
        "contentSize": str(file.bytes),
        "sha256": file.sha256,
    }


def _cite(
    root: Entity, cited: Publication, authors: Sequence[Entity], entities: list[Entity]
) -> None:
    """Add to the root how it is cited, as far as that is known."""
    if cited.version:
        root["version"] = cited.version
    if cited.keywords:
        root["keywords"] = ", ".join(cited.keywords)
    if cited.url:
        root["url"] = cited.url
    if cited.doi:
        root["identifier"] = f"https://doi.org/{cited.doi}"
    if authors:
        root["author"] = [_ref(author) for author in authors]
    if cited.license:
        address = _license(cited.license)
        root["license"] = cited.license
        if address is not None:
            root["license"] = {"@id": address}
            name = cited.license
            entities.append(
                {
                    "@id": address,
                    "@type": "CreativeWork",
                    "name": name,
                    "description": f"The licence {name}.",
                }
            )


def _license(name: str) -> str | None:
    """Return the address of a licence: its own, or that of SPDX; None for one that SPDX does not list."""
    if "://" in name:
        return name
    try:
        known = canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return None
    if " " in known or known.startswith("LicenseRef-"):
        return None
    return f"https://spdx.org/licenses/{known}"


def _author(author: Author) -> Entity:
    kind = "Person" if author.family or author.orcid else "Organization"
    entity: Entity = {"@id": _local("author", author.name), "@type": kind, "name": author.name}
    if author.orcid:
        entity["@id"] = f"https://orcid.org/{author.orcid}"
    if author.family and author.given:
        entity["name"] = f"{author.given} {author.family}"
        entity["familyName"] = author.family
        entity["givenName"] = author.given
    return entity


def _local(kind: str, text: str) -> str:
    """Return the id of an entity that has none on the web."""
    return f"#{kind}-{quote(text.strip(), safe='')}"


def _actions(package: Package, tables: list[Entity]) -> tuple[list[Entity], list[Entity]]:
    """Return what ran, and the runs of it."""
    software: dict[str, Entity] = {}
    actions = []
    for (name, version), count in _converters(package).items():
        tool = _software(f"benchfmt's converter {name}", version, BASE)
        software[str(tool["@id"])] = tool
        actions.append(_conversion(name, version, count, tool, tables))
    for identifier, profile in profiles(package):
        tool = _software(profile.facts.get("engine", "benchfmt's profiler"), _version(profile))
        software[str(tool["@id"])] = tool
        actions.append(_profile(identifier, profile, tool, tables))
    return list(software.values()), actions


def _converters(package: Package) -> Counter[tuple[str, str | None]]:
    """Return the converters that read the records, with their versions and how many each read.

    What was measured here was not read by one; a profile is an action of its own.
    """
    found: Counter[tuple[str, str | None]] = Counter()
    for frame in package.frames("records", only=("suite", "converter", "converter_version")):
        named = frame.filter(frame["converter"].is_not_null() & (frame["suite"] != SUITE))
        grouped = named.group_by("converter", "converter_version", maintain_order=True).len()
        for name, version, count in grouped.iter_rows():
            found[name, version] += count
    return found


def _software(name: str, version: str | None, url: str | None = None) -> Entity:
    entity: Entity = {"@id": _local("software", f"{name} {version or ''}")}
    entity |= {"@type": "SoftwareApplication", "name": name}
    if version:
        entity["softwareVersion"] = version
    if url:
        entity["url"] = url
    return entity


def _version(profile: Profile) -> str | None:
    return profile.facts.get("engine_version") if "engine" in profile.facts else None


def _conversion(
    name: str, version: str | None, count: int, tool: Entity, tables: list[Entity]
) -> Entity:
    return {
        "@id": _local("conversion", f"{name} {version or ''}"),
        "@type": "CreateAction",
        "name": f"Results read by the converter {name}",
        "description": f"{count:,} records were read; each names the files that it was read from, with their hashes.",
        "instrument": _ref(tool),
        "result": [*tables],
    }


def _profile(identifier: str, profile: Profile, tool: Entity, tables: list[Entity]) -> Entity:
    action: Entity = {
        "@id": _local("profile", identifier),
        "@type": "CreateAction",
        "name": profile.title,
        "description": profile.settings or "Measured by benchfmt's profiler.",
        "instrument": _ref(tool),
        "result": [*tables],
    }
    began = _moment(profile.began)
    if began is not None:
        action["startTime"] = began
    return action


def _moment(text: str | None) -> str | None:
    """Return a time as the profile asks for it, to the second and with an offset in figures; None for less than a second."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        return None
    return when.astimezone(UTC).isoformat(timespec="seconds")
