"""Packages deposited on Zenodo (https://developers.zenodo.org): a draft with one zip, published only when it is asked for.

A published record is for ever. So a draft goes to the sandbox unless the caller says otherwise; what has changed after
publication becomes a new version, and never a second record.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.parse import quote

from pydantic import JsonValue

from benchfmt.exports.facts import Facts, facts_of
from benchfmt.exports.publication import Publication, publication
from benchfmt.package import open_package
from benchfmt.publishing.errors import LostAnswerError, PublishError
from benchfmt.publishing.http import Answer, Server
from benchfmt.publishing.lost import losses
from benchfmt.publishing.outcome import Outcome
from benchfmt.publishing.receipts import Receipt, Sent, digest
from benchfmt.readers.files import file_sha256

TOKEN = "BENCHFMT_ZENODO_TOKEN"  # noqa: S105 - the name of a variable, not a token
SANDBOX = "https://sandbox.zenodo.org/api"
PRODUCTION = "https://zenodo.org/api"
_DEPOSITIONS = "deposit/depositions"
_KEY = "deposition"
_METADATA = "metadata"
_BLOCK = 2**20
Data = Mapping[str, JsonValue]


def metadata_of(archive: Path, options: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return what Zenodo keeps of a package beside its file; raises PublishError where it asks for more than is said."""
    with open_package(archive) as package:
        cited = publication(package.descriptor, options)
        facts = facts_of(package)
    lacking = [name for name in ("title", "authors") if name in cited.lacking]
    if lacking:
        told = " and ".join(f"--option {name}=..." for name in lacking)
        raise PublishError(f"Zenodo asks for {' and '.join(lacking)}, and nobody says them: {told}")
    return _metadata(cited, facts)


def _metadata(cited: Publication, facts: Facts) -> dict[str, JsonValue]:
    about = cited.description or facts.sentence
    creators: list[JsonValue] = []
    for author in cited.authors:
        creator: dict[str, JsonValue] = {"name": author.name}
        if author.orcid:
            creator["orcid"] = author.orcid
        creators.append(creator)
    metadata: dict[str, JsonValue] = {
        "upload_type": "dataset",
        "title": cited.title,
        "creators": creators,
        "description": f"<p>{html.escape(about)}</p>",
        "keywords": list(dict.fromkeys([*cited.keywords, "benchmark", *facts.values("suite")])),
    }
    if cited.license:
        metadata["license"] = cited.license.lower()
    if cited.version:
        metadata["version"] = cited.version
    if cited.date:
        metadata["publication_date"] = cited.date
    if cited.url:
        related: dict[str, JsonValue] = {"identifier": cited.url, "relation": "isIdenticalTo"}
        metadata["related_identifiers"] = [related]
    return metadata


def plan(archive: Path, metadata: Data, receipt: Receipt) -> Iterator[str]:
    """Yield what would be done, one line for each step."""
    known = receipt.of(_KEY)
    if known is None or known.identifier is None:
        yield "POST a new deposition"
    elif _is_unchanged(known, file_sha256(archive), metadata):
        yield f"unchanged deposition {known.identifier}"
        return
    elif known.facts.get("published") and known.facts.get("file") != file_sha256(archive):
        yield f"POST a new version of {known.identifier}"
    yield f"PUT {archive.name}: {archive.stat().st_size:,} bytes"
    yield f"PUT metadata: {', '.join(metadata)}"


def publish(
    archive: Path,
    metadata: Data,
    server: Server,
    receipt: Receipt,
    *,
    is_final: bool = False,
) -> Outcome:
    """Bring a deposition to what a zip and its metadata are, and publish it where that is final.

    Each step is in the receipt before the next. Raises PublishError where Zenodo refuses something.
    """
    outcome = Outcome()
    sha256 = file_sha256(archive)
    known = receipt.of(_KEY)
    if known is None or known.identifier is None:
        known = _created(server, receipt)
        outcome.created += 1
    elif known.facts.get("published"):
        if _is_unchanged(known, sha256, metadata):
            outcome.unchanged += 1
            return _told(known, outcome)
        if known.facts.get("file") == sha256:
            known = _reopened(known, server, receipt)
            outcome.updated += 1
        else:
            known = _new_version(known, server, receipt)
            outcome.created += 1
    elif _is_unchanged(known, sha256, metadata):
        outcome.unchanged += 1
    else:
        outcome.updated += 1
    known = _with_file(archive, sha256, known, server, receipt)
    known = _with_metadata(metadata, known, server, receipt, outcome)
    if is_final:
        known = _published(known, server, receipt)
        outcome.notes.append("it is a public record now")
    else:
        outcome.notes.append("the deposition is a draft; --publish makes it a record for ever")
    return _told(known, outcome)


def _is_unchanged(known: Sent, sha256: str, metadata: Data) -> bool:
    return known.facts.get("file") == sha256 and known.sha256 == digest(metadata)


def _told(known: Sent, outcome: Outcome) -> Outcome:
    outcome.identifiers[_KEY] = str(known.identifier)
    for name in ("doi", "page"):
        if name in known.facts:
            outcome.identifiers[name] = str(known.facts[name])
    return outcome


def _created(server: Server, receipt: Receipt) -> Sent:
    try:
        answer = server.send("POST", _DEPOSITIONS, {})
    except LostAnswerError as error:
        raise PublishError(
            f"{error}; an empty draft may have come of it. Run the command again, and delete that draft on the page of your uploads"
        ) from error
    return _kept(_data(answer, "a new deposition"), receipt, {})


def _reopened(known: Sent, server: Server, receipt: Receipt) -> Sent:
    """Open a published record whose metadata alone has changed: its file and its DOI stay."""
    try:
        answer = server.send("POST", f"{_DEPOSITIONS}/{known.identifier}/actions/edit")
    except LostAnswerError as error:
        raise PublishError(f"{error}; run the command again") from error
    _data(answer, f"the change of {known.identifier}")
    return _changed(known, receipt, sha256=None, published=False)


def _new_version(known: Sent, server: Server, receipt: Receipt) -> Sent:
    """Return the draft of a new version, without the files of the one before; the draft is the same however often it is asked for."""
    what = f"a new version of {known.identifier}"
    try:
        answer = server.send("POST", f"{_DEPOSITIONS}/{known.identifier}/actions/newversion")
    except LostAnswerError as error:
        raise PublishError(f"{error}; run the command again") from error
    links = _data(answer, what).get("links")
    latest = links.get("latest_draft") if isinstance(links, dict) else None
    if not isinstance(latest, str):
        raise PublishError(f"{what}: Zenodo names no draft of it")
    draft = _data(server.send("GET", latest), what)
    files = draft.get("files")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict):
            place = f"{_DEPOSITIONS}/{draft['id']}/files/{file['id']}"
            _data(server.send("DELETE", place), what)
    return _kept(draft, receipt, {})


def _kept(deposition: Data, receipt: Receipt, facts: dict[str, JsonValue]) -> Sent:
    """Keep what Zenodo says of a deposition, and return it."""
    links = deposition.get("links")
    named: Data = links if isinstance(links, dict) else {}
    metadata = deposition.get(_METADATA)
    reserved = metadata.get("prereserve_doi") if isinstance(metadata, dict) else None
    if isinstance(named.get("bucket"), str):
        facts["bucket"] = named["bucket"]
    if isinstance(named.get("html"), str):
        facts["page"] = named["html"]
    if isinstance(reserved, dict) and isinstance(reserved.get("doi"), str):
        facts["doi"] = reserved["doi"]
    sent = Sent(identifier=str(deposition["id"]), facts=facts)
    receipt.keep(_KEY, sent)
    return sent


def _with_file(archive: Path, sha256: str, known: Sent, server: Server, receipt: Receipt) -> Sent:
    """Put the zip into the deposition unless it is there, and see that it came whole."""
    if known.facts.get("file") == sha256:
        return known
    bucket = known.facts.get("bucket")
    if not isinstance(bucket, str):
        raise PublishError(f"deposition {known.identifier}: Zenodo names no place for its file")
    before = known.facts.get("name")
    if isinstance(before, str) and before != archive.name:
        _data(server.send("DELETE", f"{bucket}/{quote(before)}"), before)
    with archive.open("rb") as file:
        md5 = _md5(file)
        answer = server.send("PUT", f"{bucket}/{quote(archive.name)}", file=file)
    came = _data(answer, archive.name).get("checksum")
    if came != f"md5:{md5}":
        raise PublishError(
            f"{archive.name} came with {came}, and is md5:{md5}; run the command again"
        )
    return _changed(known, receipt, sha256=known.sha256, file=sha256, name=archive.name)


def _with_metadata(
    metadata: Data, known: Sent, server: Server, receipt: Receipt, outcome: Outcome
) -> Sent:
    """Say what the deposition is, unless Zenodo knows; what it lost of that is told."""
    if known.sha256 == digest(metadata):
        return known
    place = f"{_DEPOSITIONS}/{known.identifier}"
    _data(server.send("PUT", place, {_METADATA: {**metadata}}), _METADATA)
    kept = _data(server.send("GET", place), _METADATA).get(_METADATA)
    outcome.losses += losses(_METADATA, {**metadata}, kept)
    return _changed(known, receipt, sha256=digest(metadata))


def _published(known: Sent, server: Server, receipt: Receipt) -> Sent:
    what = f"the publication of {known.identifier}"
    place = f"{_DEPOSITIONS}/{known.identifier}"
    try:
        answer = server.send("POST", f"{place}/actions/publish")
    except LostAnswerError as error:
        deposition = _data(server.send("GET", place), what)
        if not deposition.get("submitted"):
            raise PublishError(f"{error}; it is not published: run the command again") from error
    else:
        deposition = _data(answer, what)
    facts: dict[str, JsonValue] = {"published": True}
    if isinstance(deposition.get("doi"), str):
        facts["doi"] = deposition["doi"]
    page = _page_of_record(deposition)
    if page is not None:
        facts["page"] = page
    return _changed(known, receipt, sha256=known.sha256, **facts)


def _page_of_record(deposition: Data) -> str | None:
    """Return the address of the public record, below which its files lie."""
    links = deposition.get("links")
    named: Data = links if isinstance(links, dict) else {}
    for address in (named.get("record_html"), deposition.get("record_url")):
        if isinstance(address, str):
            return address
    return None


def _changed(known: Sent, receipt: Receipt, *, sha256: str | None, **facts: JsonValue) -> Sent:
    sent = Sent(identifier=known.identifier, sha256=sha256, facts={**known.facts, **facts})
    receipt.keep(_KEY, sent)
    return sent


def _md5(file: IO[bytes]) -> str:
    """Return the hash by which Zenodo says what came."""
    found = hashlib.md5(usedforsecurity=False)
    while block := file.read(_BLOCK):
        found.update(block)
    return found.hexdigest()


def _data(answer: Answer, what: str) -> Data:
    """Return what Zenodo answers; raises PublishError where it refuses, in its own words."""
    if not answer.is_ok:
        hint = ""
        if answer.status == HTTPStatus.UNAUTHORIZED:
            hint = f"; the token in {TOKEN} is missing, wrong or too old"
        raise PublishError(f"{what}: refused ({answer.status}): {answer.reason}{hint}")
    if isinstance(answer.data, dict):
        return answer.data
    return {}
