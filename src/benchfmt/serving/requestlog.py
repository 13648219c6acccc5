"""The log of requests: a line of JSON for each, which says what was asked and never who asked or under which name.

No address, no name of a file and no query is in it: of a path only the kind is told, as `/packages/{id}/report`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchfmt.serving.tasks import Answer

Write = Callable[[str], None]
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OF_ANSWERS = ("sha256", "kind", "ok", "code")
"""What the log says of an upload: which it was, by its hash, and what became of it."""


def judged(request: Request, answer: Answer) -> None:
    """Have the log say what became of an upload."""
    request.state.judged = {name: told for name, told in answer.items() if name in _OF_ANSWERS}


def logged(application: ASGIApp, routes: Sequence[Route], write: Write) -> ASGIApp:
    """Return an application of which each request gives `write` a line, once it is answered or broken off."""

    async def log(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        scope.setdefault("state", {})
        request = _Counted(receive, send)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        start = time.perf_counter()
        try:
            await application(scope, request.receive, request.send)
        finally:
            line = {
                "at": at,
                "method": _method(scope),
                "path": _kind_of_path(scope, routes),
                "status": request.status,
                "seconds": round(time.perf_counter() - start, 3),
                "received_bytes": request.received,
                "sent_bytes": request.sent,
                **_judged_of(scope),
            }
            write(json.dumps(line))

    return log


@dataclass
class _Counted:
    """The two ways of a connection, whose bytes are counted; headings are not."""

    _receive: Receive
    _send: Send
    status: int | None = None
    """None where the connection ended before there was an answer."""
    received: int = 0
    sent: int = 0

    async def receive(self) -> Message:
        """Receive a part of the request."""
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
        self.sent += len(message.get("body", b""))


def _method(scope: Scope) -> str:
    """Return the method; one that a stranger made up is not written down."""
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def _kind_of_path(scope: Scope, routes: Sequence[Route]) -> str | None:
    """Return what kind of path is asked for, also where the request was refused; None where there is nothing."""
    for route in routes:
        match, _ = route.matches(scope)
        if match is not Match.NONE:
            return route.path
    return None


def _judged_of(scope: Scope) -> Mapping[str, object]:
    found: Mapping[str, object] = scope["state"].get("judged", {})
    return found
