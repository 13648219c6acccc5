"""The body of the data set that a package is in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from pydantic import JsonValue

from benchfmt.exports.aiod import rules
from benchfmt.exports.aiod.rules import Body
from benchfmt.exports.base import Account
from benchfmt.exports.facts import Facts, PackageFile
from benchfmt.exports.publication import Publication
from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

TAXONOMIES = ("industrial_sector", "research_area", "scientific_domain")
PLATFORM = ("platform", "platform_resource_identifier")


def dataset(
    facts: Facts,
    cited: Publication,
    files: Iterable[PackageFile],
    options: Mapping[str, str],
    account: Account,
) -> Body:
    """Return the body of the data set; raises BenchfmtError for what the platform would refuse or spoil."""
    description = facts.sentence
    if cited.description:
        description = f"{cited.description}\n\n{facts.sentence}"
    body: Body = {
        "name": cited.title or cited.name,
        "description": {"plain": description},
        "size": {"unit": "records", "value": facts.records},
        "keyword": _keywords(facts, cited, account),
        "distribution": [_distribution(file, options.get("files")) for file in files],
    }
    _add(body, "version", cited.version)
    _add(body, "same_as", cited.url or _address(cited.doi))
    _add(body, "license", _license(cited, options, account))
    _add(body, "temporal_coverage", _span(facts))
    if cited.date:
        body["date_published"] = rules.naive(cited.date)
    for field in TAXONOMIES:
        if field in options:
            body[field] = [*rules.asked_terms(field, options[field])]
    body.update(_platform(options))
    wrong = rules.too_long(body)
    if wrong:
        raise BenchfmtError(f"the data set: {'; '.join(wrong)}; nothing is cut off: shorten it")
    if "files" not in options:
        account.note(
            "the files have no address, so nobody finds them from the catalogue: --option files=URL names their folder"
        )
    return body


def _add(body: Body, field: str, value: str | None) -> None:
    if value:
        body[field] = value


def _keywords(facts: Facts, cited: Publication, account: Account) -> list[JsonValue]:
    words = [*cited.keywords, "benchmark", *facts.values("suite"), *facts.values("task")]
    for word in words:
        if len(word) > rules.NORMAL:
            account.note(f"a keyword of {len(word):,} characters is left out")
    return rules.keywords(words)


def _license(cited: Publication, options: Mapping[str, str], account: Account) -> str | None:
    """Return the licence as a term of the platform, which refuses any other word and every address."""
    if len(cited.licenses) > 1:
        account.note(
            f"the package names {len(cited.licenses)} licences and the platform takes one: --option license=TERM"
        )
    if cited.license is None:
        return None
    term = rules.term_of("license", cited.license)
    if term is None and "license" in options:
        names = rules.terms("license")
        raise BenchfmtError(f"license: {no_such('licence of the platform', cited.license, names)}")
    if term is None:
        account.note(
            f"the licence {cited.license!r} is no term of the platform and left out: --option license=TERM"
        )
    return term


def _distribution(file: PackageFile, folder: str | None) -> JsonValue:
    body: Body = {
        "name": file.name,
        "description": file.about,
        "encoding_format": file.media_type,
        "content_size_kb": rules.kilobytes(file.bytes),
        "checksum": file.sha256,
        "checksum_algorithm": "sha256",
    }
    if folder:
        body["content_url"] = f"{folder.rstrip('/')}/{quote(file.name)}"
    return body


def _address(doi: str | None) -> str | None:
    return f"https://doi.org/{doi}" if doi else None


def _span(facts: Facts) -> str | None:
    """Return the days of the first and the last measurement as an ISO 8601 interval, as precise as the records are."""
    if facts.first is None or facts.last is None:
        return None
    if facts.first == facts.last:
        return facts.first
    return f"{facts.first}/{facts.last}"


def _platform(options: Mapping[str, str]) -> Body:
    """Return the platform that a connector names: an ordinary user may not, and both stand together or not at all."""
    given: Body = {name: options[name] for name in PLATFORM if name in options}
    if len(given) == 1:
        raise BenchfmtError(f"{' and '.join(PLATFORM)} are given together or not at all")
    return given
