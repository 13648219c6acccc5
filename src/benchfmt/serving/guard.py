"""What every request passes first: who may ask, from where, how often; and what every answer tells the browser to refuse."""

from __future__ import annotations

import ipaddress
import math
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchfmt.serving.answers import told
from benchfmt.serving.rates import Rates
from benchfmt.serving.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
"""Of every answer that does not say otherwise itself."""
_READING = ("GET", "HEAD")
_FREE = ("/", "/api", "/openapi.json", "/health")
"""What takes no work of a process, besides files below `/static/`."""
_OWN = ("same-origin", "none")


def guarded(application: ASGIApp, settings: Settings) -> ASGIApp:
    """Return an application before which every request is looked at."""
    rates = Rates(settings.per_minute)

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        refusal = _refusal(scope, settings, rates)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        await application(scope, receive, answer)

    return guard


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _refusal(scope: Scope, settings: Settings, rates: Rates) -> Response | None:
    """Return the answer to a request that is refused, or None."""
    asked = HTTPConnection(scope)
    headers = _headers(asked)
    host = headers.get("host", "")
    if not _is_own_name(host, settings):
        return told(
            asked,
            settings,
            421,
            "this server is not known by that name",
            "start it with --name NAME to have it answer to a name",
        )
    path: str = scope["path"]
    is_free = path in _FREE or path.startswith("/static/")
    if scope["method"] in _READING and is_free:
        return None
    if _is_foreign(headers, host):
        title = "another site may not ask this"
        return told(asked, settings, 403, title, "open the page of this server itself")
    wait = rates.take(asked.client.host if asked.client else "")
    if wait:
        return told(
            asked,
            settings,
            429,
            "too many requests from this address",
            f"at most {settings.per_minute} a minute are taken",
            headers={"retry-after": str(math.ceil(wait))},
        )
    return None


def _headers(asked: HTTPConnection) -> dict[str, str]:
    """Return the headers; of one that is sent twice no value counts, since programs differ in which they take."""
    headers: dict[str, str] = {}
    for name, value in asked.headers.raw:
        key = name.decode("latin-1").lower()
        headers[key] = "" if key in headers else value.decode("latin-1")
    return headers


def _is_own_name(host: str, settings: Settings) -> bool:
    """Whether a Host header names this server: a name that only points here could be that of anybody's page."""
    name = _name(host)
    if name is None:
        return False
    if name in ("localhost", settings.host.lower(), *(known.lower() for known in settings.names)):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _name(host: str) -> str | None:
    try:
        split = urlsplit(f"//{host}")
        _ = split.port  # raises for what is no port
    except ValueError:
        return None
    if split.username is not None or split.path or split.query or split.fragment:
        return None
    return split.hostname


def _is_foreign(headers: dict[str, str], host: str) -> bool:
    """Whether a page of another site has the browser ask."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OWN:
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != host.lower()
