"""Answers: problems as RFC 9457 has them, pages from templates that escape, and reports that stand for themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from benchfmt._version import __version__
from benchfmt.printable import one_line, printable
from benchfmt.serving.settings import Settings

_PROBLEM = "application/problem+json"


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    code: str | None = None,
    file: str | None = None,
    account: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer that says why there is none: the one shape of all refusals (`serving.openapi` describes it)."""
    facts: dict[str, object] = {
        "type": "about:blank",
        "status": status,
        "title": title,
        "detail": detail,
    }
    known = {"code": code, "file": file, "account": account}
    facts |= {name: fact for name, fact in known.items() if fact is not None}
    return as_json(facts, status=status, kind=_PROBLEM, headers=headers)


def wants_page(request: HTTPConnection) -> bool:
    """Whether a browser asks, rather than a program."""
    return "text/html" in request.headers.get("accept", "")


def told(
    request: HTTPConnection,
    settings: Settings,
    status: int,
    title: str,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return why there is no answer: a page where a browser goes to one, else a problem as data.

    What a script of our pages sends is a POST, and reads the problem.
    """
    if not wants_page(request) or request.scope["method"] == "POST":
        return problem(status, title, detail, code=code, headers=headers)
    shown = page(
        "wrong",
        status=status,
        title=f"{title[:1].upper()}{title[1:]}",
        message=f"{detail} ({code})" if code else detail,
        settings=settings,
    )
    shown.headers.update(dict(headers or {}))
    return shown


def as_json(
    data: object,
    *,
    status: int = 200,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return data as JSON of ASCII alone, in which no character can hide."""
    text = json.dumps(data, allow_nan=False)
    return Response(text, status, dict(headers or {}), media_type=kind)


def page(name: str, *, status: int = 200, **facts: object) -> Response:
    """Return a page of a template."""
    template = _environment().get_template(f"{name}.html.jinja")
    return HTMLResponse(template.render(version=__version__, **facts), status)


@lru_cache(1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("benchfmt.serving", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = _shown
    environment.filters["number"] = _number
    environment.filters["in_line"] = _in_line
    environment.filters["coded"] = _coded
    return environment


def _shown(value: object) -> str:
    """Return a stranger's text in which every character can be seen."""
    return printable(str(value))


def _in_line(value: object) -> str:
    return one_line(str(value))


def _coded(text: str) -> Markup:
    """Return a text of ours with what stands between backticks as code."""
    parts = text.split("`")
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _number(value: int) -> str:
    return f"{value:,}"
