"""Requests to a server: patient where it asks for patience, never sent twice where that would make two things of one.

A token goes into a header alone, over an encrypted connection alone, and out of every message.
"""

from __future__ import annotations

import http
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import JsonValue

from benchfmt.publishing.errors import LostAnswerError, PublishError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

TRIES = 6
"""So often is a request sent that the server was too busy for."""
LONGEST_WAIT = 2 * 60 * 60
"""Seconds: who is asked to wait for longer is told so, and comes back."""
_BUSY = (429, 503)
"""The server says that it has not done what it was asked."""
_BROKEN = (500, 502, 504)
"""The server, or one before it, failed: what it was asked may be done or not."""
_ONCE = "POST"
"""The method that makes a new thing each time; the others may be sent again."""
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_LONGEST_REASON = 1000

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Answer:
    """What a server answers."""

    status: int
    data: JsonValue
    text: str

    @property
    def is_ok(self) -> bool:
        """Whether it did what it was asked."""
        return http.HTTPStatus.OK <= self.status < http.HTTPStatus.MULTIPLE_CHOICES

    @property
    def reason(self) -> str:
        """Why not, in the server's words."""
        said = self.data
        if isinstance(said, dict):
            said = said.get("detail") or said.get("message") or said
            errors = self.data.get("errors") if isinstance(self.data, dict) else None
            if errors:
                said = {"message": said, "errors": errors}
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        if said is None:
            text = self.text
        return text[:_LONGEST_REASON]


@dataclass
class Server:
    """A server that is spoken to with a token."""

    url: str
    token: str | None
    tell: Tell = lambda _: None
    """Is told why something takes long."""
    sleep: Callable[[float], None] = time.sleep
    timeout: float = 60.0
    _pool: PoolManager | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse an address over which a token would travel for all to read."""
        self.url = self.url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise PublishError(f"{self.url!r} is not the address of a server (https://...)")
        if parts.username or parts.password:
            raise PublishError("an address with a password is not used; give a token")
        if parts.scheme == "http" and parts.hostname not in _OWN_MACHINE:
            raise PublishError(f"{self.url}: a token is sent over https only")
        if find_spec("urllib3") is None:
            raise PublishError("publishing needs urllib3: pip install 'benchfmt[publish]'")

    def send(
        self,
        method: str,
        path: str,
        data: JsonValue = None,
        *,
        file: IO[bytes] | None = None,
    ) -> Answer:
        """Send a request and return the answer, whatever it is; `path` may be an address on the same server.

        Raises PublishError where the server is not reached or stays busy, LostAnswerError where a request that must not be
        sent twice was sent and not answered.
        """
        for attempt in range(1, TRIES + 1):
            answer = self._once(method, path, data, file, attempt)
            if answer is not None:
                return answer
        raise PublishError(f"{self.url} stayed busy for {TRIES} tries; try again later")

    def _once(
        self, method: str, path: str, data: JsonValue, file: IO[bytes] | None, attempt: int
    ) -> Answer | None:
        """Return the answer; None where it is worth asking again, after the time that the server asks for."""
        import urllib3

        try:
            response = self._request(method, self._address(path), data, file)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as e:
            if attempt == TRIES:
                raise PublishError(f"{self.url} is not reached: {self._clean(str(e))}") from None
            self._wait(attempt, None, "it is not reached")
            return None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._lost(method, attempt, f"the connection was lost ({type(error).__name__})")
            return None
        if response.status in _BUSY and attempt < TRIES:
            self._wait(attempt, response.headers.get("Retry-After"), f"status {response.status}")
            return None
        if response.status in _BROKEN and (method == _ONCE or attempt < TRIES):
            reason = self._answer(response).reason
            self._lost(method, attempt, f"status {response.status} {reason}")
            return None
        return self._answer(response)

    def _lost(self, method: str, attempt: int, why: str) -> None:
        if method == _ONCE:
            raise LostAnswerError(f"{self.url}: {why}")
        if attempt == TRIES:
            raise PublishError(f"{self.url}: {why}, {TRIES} times")
        self._wait(attempt, None, why)

    def _request(
        self, method: str, address: str, data: JsonValue, file: IO[bytes] | None
    ) -> BaseHTTPResponse:
        headers = {"Accept": "application/json"}
        body: bytes | IO[bytes] | None = None
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if file is not None:
            file.seek(0)
            body = file
            headers["Content-Type"] = "application/octet-stream"
            headers["Content-Length"] = str(file.seek(0, 2))
            file.seek(0)
        elif data is not None:
            body = json.dumps(data, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        # A redirect would take the token along to nobody knows where.
        return self._opened().request(
            method, address, body=body, headers=headers, retries=False, redirect=False
        )

    def _opened(self) -> PoolManager:
        if self._pool is None:
            import urllib3

            self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(self.timeout))
        return self._pool

    def _address(self, path: str) -> str:
        """Return the address of a path; an address that the server itself gave must be on the same server."""
        if "://" not in path:
            return f"{self.url}/{path.lstrip('/')}"
        if urlsplit(path)[:2] != urlsplit(self.url)[:2]:
            raise PublishError(f"{self.url} names {path}, which is another server; nothing is sent")
        return path

    def _wait(self, attempt: int, asked: str | None, why: str) -> None:
        """Wait for as long as the server asks, or twice as long as the time before."""
        seconds = float(2**attempt) / 2
        if asked is not None:
            seconds = _seconds(asked, seconds)
        if seconds > LONGEST_WAIT:
            raise PublishError(f"{self.url} asks to come back in {seconds:,.0f} seconds ({why})")
        self.tell(f"{self.url}: {why}; trying again in {seconds:,.0f} seconds")
        self.sleep(seconds)

    def _answer(self, response: BaseHTTPResponse) -> Answer:
        text = self._clean(response.data.decode("utf-8", "replace"))
        try:
            data: JsonValue = json.loads(text) if text else None
        except ValueError:
            data = None
        return Answer(response.status, data, text)

    def _clean(self, text: str) -> str:
        """Return a text of the server without the token, which it may repeat."""
        if self.token:
            return text.replace(self.token, "(token)")
        return text


def _seconds(asked: str, default: float) -> float:
    """Return the seconds of a Retry-After, which is a number or a date."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return Retry(retry_after_max=10 * LONGEST_WAIT).parse_retry_after(asked)
    except InvalidHeader:
        return default
