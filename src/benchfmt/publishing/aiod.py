"""Packages sent to the catalogue of the AI-on-demand platform, read back, and compared with what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import JsonValue

from benchfmt.exports import export
from benchfmt.exports.aiod import REQUESTS
from benchfmt.exports.aiod.rules import Body
from benchfmt.publishing.errors import LostAnswerError, PublishError
from benchfmt.publishing.http import Answer, Server
from benchfmt.publishing.lost import Loss, losses
from benchfmt.publishing.outcome import Outcome
from benchfmt.publishing.receipts import Receipt, Sent, digest

TOKEN = "BENCHFMT_AIOD_TOKEN"  # noqa: S105 - the name of a variable, not a token
VERSION = "v3"
_HAS_VERSION = re.compile(r".*/v[0-9]+")
_LINKS = ("has_part", "relevant_resource")
_EXISTING = re.compile(r"identifier=(?P<identifier>[A-Za-z0-9_]+)")
_STAYS = ("description", "size")
_PAGE, _PAGES = 100, 50
_CONFLICT, _NOT_FOUND = 409, 404


@dataclass(frozen=True)
class Request:
    """A body to be sent: its file, where it goes, and the files of the bodies that it refers to."""

    file: str
    path: str
    body: Body
    links: Mapping[str, tuple[str, ...]]


def requests_of(
    package: str | Path, options: Mapping[str, str], *, remote: bool = False
) -> tuple[list[Request], tuple[str, ...]]:
    """Return the requests for a package, in order, and what the export has to say; raises BenchfmtError."""
    with TemporaryDirectory(prefix="benchfmt-") as holder:
        folder = Path(holder) / "bodies"
        done = export(package, "aiod", folder, remote=remote, **options)
        listed = json.loads((folder / REQUESTS).read_text("utf-8"))["requests"]
        return [_request(folder, item) for item in listed], done.notes


def _request(folder: Path, item: Mapping[str, str | list[str]]) -> Request:
    file = str(item["file"])
    body = json.loads((folder / file).read_text("utf-8"))
    links = {name: tuple(item[name]) for name in _LINKS if name in item}
    return Request(file, str(item["path"]), body, links)


def plan(requests: list[Request], receipt: Receipt) -> Iterator[str]:
    """Yield what would be sent, one line for each body."""
    for request in requests:
        sent = receipt.of(request.file)
        if sent is None or sent.identifier is None:
            yield f"POST {request.path}: {request.file}"
        elif sent.sha256 != digest(_linked(request, receipt)):
            yield f"PUT {request.path}/{sent.identifier}: {request.file}"
        else:
            yield f"unchanged {request.path}/{sent.identifier}: {request.file}"


def publish(
    requests: list[Request], server: Server, receipt: Receipt, *, check: bool = False
) -> Outcome:
    """Send what is new or has changed, read it back, and return what came of it; with `check`, read all back.

    Each answer is kept in the receipt before the next request. Raises PublishError where the platform refuses something.
    """
    outcome = Outcome()
    for request in requests:
        body = _linked(request, receipt)
        is_sent = _send(request, body, server, receipt, outcome)
        sent = receipt.of(request.file)
        if sent is None or sent.identifier is None:
            raise PublishError(f"{request.file}: the platform gave it no identifier")
        outcome.identifiers[request.file] = sent.identifier
        if is_sent or check:
            answer = server.send("GET", _place(server, request.path, sent))
            _still_there(answer, request, sent, receipt)
            kept = _asked(answer, request)
            outcome.losses += losses(request.file, body, kept)
            outcome.losses += _left(request.file, body, kept)
    _tell_what_is_left(requests, receipt, outcome)
    return outcome


def _send(request: Request, body: Body, server: Server, receipt: Receipt, outcome: Outcome) -> bool:
    """Send a body if the platform has not what it says, and say whether it was sent."""
    sent = receipt.of(request.file)
    if sent is not None and sent.identifier is None:
        # An earlier call was cut off while it was sent.
        sent = _found(request, server, receipt, outcome)
    if sent is None or sent.identifier is None:
        sent = _created(request, body, server, receipt, outcome)
        if sent.sha256 is not None:
            return True
    if sent.sha256 == digest(body):
        outcome.unchanged += 1
        return False
    answer = server.send("PUT", _place(server, request.path, sent), body)
    _still_there(answer, request, sent, receipt)
    _asked(answer, request)
    receipt.keep(request.file, Sent(identifier=sent.identifier, sha256=digest(body)))
    outcome.updated += 1
    return True


def _still_there(answer: Answer, request: Request, sent: Sent, receipt: Receipt) -> None:
    """Raise PublishError where the platform no longer has an entry; it says "not found" of the parts of one, too."""
    if answer.status == _NOT_FOUND and f"'{sent.identifier}'" in answer.reason:
        raise PublishError(
            f"{request.file}: the platform no longer has {sent.identifier} ({answer.reason}); "
            f"to send it as a new one, take it out of {receipt.path}"
        )


def _left(file: str, body: Body, kept: JsonValue) -> list[Loss]:
    """Return what was taken out of a body and is still there: the platform keeps it where an update leaves it out."""
    if not isinstance(kept, dict):
        return []
    staying = [name for name in _STAYS if name not in body and kept.get(name)]
    return [Loss(file, name, None, kept[name]) for name in staying]


def _created(
    request: Request, body: Body, server: Server, receipt: Receipt, outcome: Outcome
) -> Sent:
    """Make a new entry, and return what is known of it: without a hash where an older one stands in its place."""
    receipt.keep(request.file, Sent())
    try:
        answer = server.send("POST", f"{_prefix(server)}{request.path}", body)
    except LostAnswerError as error:
        found = _found(request, server, receipt, outcome)
        if found is None:
            raise PublishError(
                f"{request.file}: {error}, and the platform does not list it; run the command again"
            ) from error
        return found
    if answer.status == _CONFLICT:
        existing = _EXISTING.search(answer.reason)
        if existing is not None:
            return _adopted(request, existing["identifier"], receipt, outcome)
    data = _asked(answer, request)
    identifier = data.get("identifier") if isinstance(data, dict) else None
    if not isinstance(identifier, str):
        raise PublishError(f"{request.file}: the platform answered without an identifier")
    sent = Sent(identifier=identifier, sha256=digest(body))
    receipt.keep(request.file, sent)
    outcome.created += 1
    return sent


def _adopted(request: Request, identifier: str, receipt: Receipt, outcome: Outcome) -> Sent:
    sent = Sent(identifier=identifier)
    receipt.keep(request.file, sent)
    outcome.notes.append(f"{request.file}: the platform has it already, as {identifier}")
    return sent


def _found(request: Request, server: Server, receipt: Receipt, outcome: Outcome) -> Sent | None:
    """Return the entry of the caller's that has the name of a body and that no other body is; None for none."""
    taken = {sent.identifier for name in receipt.names() if (sent := receipt.of(name))}
    for page in range(_PAGES):
        path = f"{_prefix(server)}user/resources?limit={_PAGE}&offset={page * _PAGE}"
        answer = server.send("GET", path)
        if not answer.is_ok or not isinstance(answer.data, dict):
            raise PublishError(
                f"{request.file} was sent, and it is not known whether it came; the platform does not say "
                f"({answer.status}): look there, and give its identifier in {receipt.path}"
            )
        entries = _entries(answer.data, request.path)
        for entry in entries:
            identifier = str(entry.get("identifier"))
            if entry.get("name") == request.body["name"] and identifier not in taken:
                return _adopted(request, identifier, receipt, outcome)
        if not any(answer.data.values()):
            break
    return None


def _entries(catalogue: Mapping[str, JsonValue], path: str) -> list[Mapping[str, JsonValue]]:
    """Return the entries of one kind: `datasets` are listed under `dataset`."""
    listed = catalogue.get(path.removesuffix("s")) or catalogue.get(path)
    if not isinstance(listed, list):
        return []
    return [item for item in listed if isinstance(item, dict)]


def _linked(request: Request, receipt: Receipt) -> Body:
    """Return a body with the identifiers of what it refers to, as far as they are known."""
    body = dict(request.body)
    for name, files in request.links.items():
        identifiers: list[JsonValue] = []
        for file in files:
            sent = receipt.of(file)
            if sent is not None and sent.identifier is not None:
                identifiers.append(sent.identifier)
        body[name] = identifiers
    return body


def _asked(answer: Answer, request: Request) -> JsonValue:
    """Return what the platform answers; raises PublishError where it refuses, in its own words."""
    if answer.is_ok:
        return answer.data
    hint = _HINTS.get(answer.status, "")
    raise PublishError(f"{request.file}: refused ({answer.status}): {answer.reason}{hint}")


_HINTS = {
    401: f"; the token in {TOKEN} is missing, wrong or too old",
    403: "; an entry that is under review cannot be changed, and only connectors name a platform",
}


def _tell_what_is_left(requests: list[Request], receipt: Receipt, outcome: Outcome) -> None:
    known = {request.file for request in requests}
    for name in receipt.names():
        sent = receipt.of(name)
        if name not in known and sent is not None and sent.identifier is not None:
            outcome.notes.append(
                f"{name} is no longer part of the package; the platform still has {sent.identifier}"
            )


def _prefix(server: Server) -> str:
    if _HAS_VERSION.fullmatch(server.url):
        return ""
    return f"{VERSION}/"


def _place(server: Server, path: str, sent: Sent) -> str:
    return f"{_prefix(server)}{path}/{sent.identifier}"
