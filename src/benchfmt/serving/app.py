"""The application: its pages for people, and its API for platforms (`serving.openapi` says how that is used)."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from benchfmt._version import __version__
from benchfmt.finding import BenchfmtError
from benchfmt.serving.answers import as_json, page, problem, told, wants_page
from benchfmt.serving.guard import guarded
from benchfmt.serving.keeping import keep
from benchfmt.serving.library import Shelf, Shown, shelf
from benchfmt.serving.names import safe_name
from benchfmt.serving.openapi import document
from benchfmt.serving.policies import report_policy
from benchfmt.serving.requestlog import Write, judged, logged
from benchfmt.serving.settings import Settings
from benchfmt.serving.tasks import INPUT, PACKAGE, REPORT, Answer, Task, Verb
from benchfmt.serving.uploads import UploadError, check_length, receive
from benchfmt.serving.verdicts import Verdicts
from benchfmt.serving.workers import BusyError, EndedError, StoppingError, Workers

Refusal = Callable[[Request, Exception], Awaitable[Response]]
_AGAIN = 5
"""After so many seconds somebody who was not taken may come again, for each piece of work that waits."""
_TITLES = {
    400: "the call is wrong",
    404: "it is not here",
    405: "the method does not fit",
    500: "the server failed",
}
"""What is wrong with a call, by the status of the answer."""
_UNKNOWN = "/api and /openapi.json list the paths, and the methods of each"
_NOT_READ = "it cannot be read"
_NO_RESULT = "no result could be read from it"
_KINDS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
RULES = ("core", "submission", "ingestion", "matchmaking")
_LONGEST_QUERY = 20_000
_SHARED = ("report.css", "theme.js")
"""What the pages of the application have in common with reports."""


def application(settings: Settings, workers: Workers, log: Write | None = None) -> ASGIApp:
    """Return the application with its guard; `log` is given a line for each request."""
    site = _Site(settings, workers, Verdicts(settings, workers))
    routes = [
        Route("/", site.front, methods=["GET"]),
        Route("/health", site.health, methods=["GET"]),
        Route("/api", site.api, methods=["GET"]),
        Route("/openapi.json", site.openapi, methods=["GET"]),
        Route("/static/{name}", site.static, methods=["GET"]),
        Route("/validate", site.validate, methods=["POST"]),
        Route("/convert", site.convert, methods=["POST"]),
        Route("/report", site.report, methods=["POST"]),
        Route("/packages", site.packages, methods=["GET"]),
        Route("/packages/{id}/report", site.package_report, methods=["GET"]),
        Route("/compare", site.compare, methods=["GET"]),
        Route("/query", site.query, methods=["GET"]),
    ]
    handlers: dict[type[Exception], Refusal] = {
        HTTPException: _http_error,
        UploadError: _upload_error,
        EndedError: _ended_error,
        BusyError: site.busy,
        StoppingError: _stopping,
        Exception: _failed,
    }
    starlette = Starlette(routes=routes, exception_handlers=handlers)
    starlette.state.settings = settings
    guard = guarded(starlette, settings)
    return guard if log is None else logged(guard, routes, log)


@dataclass(frozen=True)
class _Site:
    """The handlers of a server."""

    settings: Settings
    workers: Workers
    verdicts: Verdicts

    async def front(self, _request: Request) -> Response:
        """Show where a file can be dropped, and what the folder holds."""
        found = await self._shelf()
        verdicts = self.verdicts.of(found)
        return page("front", shelf=found, verdicts=verdicts, settings=self.settings, rules=RULES)

    async def health(self, _request: Request) -> Response:
        """Say that the server is there, and how much it has to do."""
        return as_json({"version": __version__, "working": self.workers.turns.here})

    async def openapi(self, _request: Request) -> Response:
        """Give the description of the API."""
        return as_json(document(self.settings))

    async def api(self, request: Request) -> Response:
        """Show the description of the API to people."""
        address = str(request.base_url).rstrip("/")
        return page("api", api=document(self.settings), address=address, settings=self.settings)

    async def static(self, request: Request) -> Response:
        """Give a file of the pages."""
        name = request.path_params["name"]
        known = {entry.name: entry for entry in (files("benchfmt.serving") / "static").iterdir()}
        for shared in _SHARED:
            known[shared] = files("benchfmt.reports") / "html" / shared
        if name not in known or Path(name).suffix not in _KINDS:
            raise HTTPException(404)
        kind = _KINDS[Path(name).suffix]
        text = known[name].read_text("utf-8")
        return Response(text, headers={"cache-control": "max-age=600"}, media_type=kind)

    async def validate(self, request: Request) -> Response:
        """Judge an upload."""

        async def answered(answer: Answer, upload: Path, _folder: Path) -> Response:
            if "refused" in answer:
                return _refused(answer, upload.name)
            if self.settings.store is not None:
                stored = await asyncio.to_thread(keep, self.settings.store, upload, answer)
                answer["stored"] = stored
            if wants_page(request):
                return page("verdict", answer=answer)
            return as_json(answer)

        return await self._worked("validate", request, answered)

    async def convert(self, request: Request) -> Response:
        """Make a package of an upload."""

        async def answered(answer: Answer, upload: Path, folder: Path) -> Response:
            if "refused" in answer:
                return _refused(answer, upload.name)
            made = folder / PACKAGE
            if not made.exists():
                account = answer["account"]
                return problem(422, _NOT_READ, _NO_RESULT, file=upload.name, account=account)
            if "application/json" in request.headers.get("accept", ""):
                return as_json(answer)
            account = {
                name: value
                for name, value in answer["account"].items()
                if name not in ("entries", "findings")
            }
            content = await asyncio.to_thread(made.read_bytes)
            headers = {
                "content-disposition": f'attachment; filename="{upload.name}.package.zip"',
                "benchfmt-ok": json.dumps(answer["ok"]),
                "benchfmt-account": json.dumps(account),
            }
            return Response(content, headers=headers, media_type="application/zip")

        return await self._worked("convert", request, answered)

    async def report(self, request: Request) -> Response:
        """Write the page on an upload."""

        async def answered(answer: Answer, upload: Path, folder: Path) -> Response:
            if "refused" in answer:
                return _refused(answer, upload.name)
            return await _report_page(folder)

        return await self._worked("report", request, answered)

    async def packages(self, request: Request) -> Response:
        """List the packages of the folder, with the verdicts that are known so far."""
        found = await self._shelf()
        verdicts = self.verdicts.of(found)
        if wants_page(request):
            return page("packages", shelf=found, verdicts=verdicts, settings=self.settings)
        listed = [
            {
                "id": package.id,
                "name": package.name,
                "bytes": package.bytes,
                "verdict": verdicts[package.id].to_dict() if package.id in verdicts else None,
            }
            for package in found.packages
        ]
        return as_json({"packages": listed, "whole": found.is_whole})

    async def package_report(self, request: Request) -> Response:
        """Show the page on a package of the folder."""
        package = _found(await self._shelf(), request.path_params["id"])
        return await self._page_on("show", request, package)

    async def compare(self, request: Request) -> Response:
        """Compare two packages of the folder, or let two be chosen."""
        found = await self._shelf()
        identifiers = [request.query_params.get(name, "") for name in ("old", "new")]
        if not all(identifiers):
            return page("compare", shelf=found, settings=self.settings)
        old, new = (_found(found, identifier) for identifier in identifiers)
        if old.id == new.id:
            return _wrong_call(request, "choose two packages: these are one and the same")
        return await self._page_on("compare", request, old, new)

    async def query(self, request: Request) -> Response:
        """Answer a query over packages of the folder, or let one be asked."""
        found = await self._shelf()
        sql = request.query_params.get("sql", "")
        chosen = request.query_params.getlist("package")
        written = partial(page, "query", shelf=found, settings=self.settings)
        if not sql.strip():
            return written(sql="", chosen=chosen, answer=None)
        if len(sql) > _LONGEST_QUERY:
            return _wrong_call(request, f"a query has at most {_LONGEST_QUERY:,} characters")
        asked = [_found(found, identifier) for identifier in chosen] or list(found.packages)
        if not asked:
            return _wrong_call(request, "there is no package to ask about")
        answer, _ = await self._answer("query", request, *asked, sql=sql, may_leave_out=not chosen)
        if wants_page(request):
            return written(sql=sql, chosen=chosen, answer=answer)
        if "refused" in answer:
            return problem(422, "the query cannot be answered", answer["refused"])
        return as_json(answer)

    async def busy(self, request: Request, _error: Exception) -> Response:
        """Ask to come again."""
        turns = self.workers.turns
        again = math.ceil(_AGAIN * turns.here / turns.at_once)
        return told(
            request,
            self.settings,
            429,
            "too much is waiting to be judged",
            "nothing of the upload was kept; send it again",
            headers={"retry-after": str(again)},
        )

    async def _shelf(self) -> Shelf:
        return await asyncio.to_thread(shelf, self.settings.folder)

    def _task(self, verb: Verb, paths: tuple[str, ...], rules: str = "core") -> Task:
        return Task(
            verb, paths, self.settings.disk_bytes, self.settings.memory_bytes, rules, names=paths
        )

    async def _worked(
        self,
        verb: Verb,
        request: Request,
        answered: Callable[[Answer, Path, Path], Awaitable[Response]],
    ) -> Response:
        """Take an upload, have a process work on it, and return what is made of its answer."""
        rules = ",".join(request.query_params.getlist("rules")) or "core"
        if not set(RULES).issuperset(rules.split(",")):
            known = ", ".join(RULES)
            return _wrong_call(request, f"rules is one of {known}, or several with commas")
        check_length(request, self.settings)
        async with self.workers.turns.place(), self.workers.folder() as folder:
            upload = folder / INPUT / safe_name(request.query_params.get("name", ""))
            await receive(request, upload, self.settings)
            task = self._task(verb, (upload.name,), rules)
            answer = await self.workers.run(task, folder, request.is_disconnected)
            judged(request, answer)
            return await answered(answer, upload, folder)

    async def _answer(
        self,
        verb: Verb,
        request: Request,
        *packages: Shown,
        sql: str = "",
        may_leave_out: bool = False,
    ) -> tuple[Answer, Response | None]:
        """Have a process work on packages of the folder; returns its answer, and the page that it wrote."""
        task = Task(
            verb,
            tuple(str(package.path) for package in packages),
            self.settings.disk_bytes,
            self.settings.memory_bytes,
            names=tuple(package.name for package in packages),
            sql=sql,
            may_leave_out=may_leave_out,
        )
        async with self.workers.turns.place(), self.workers.folder() as folder:
            answer = await self.workers.run(task, folder, request.is_disconnected)
            written = None
            if "page" in answer:
                written = await _report_page(folder)
            return answer, written

    async def _page_on(self, verb: Verb, request: Request, *packages: Shown) -> Response:
        answer, written = await self._answer(verb, request, *packages)
        if written is not None:
            return written
        if wants_page(request):
            code = answer.get("code")
            return told(request, self.settings, 422, _NOT_READ, answer["refused"], code=code)
        return _refused(answer)


async def _report_page(folder: Path) -> Response:
    content = await asyncio.to_thread((folder / REPORT).read_bytes)
    headers = {"content-security-policy": report_policy()}
    return Response(content, headers=headers, media_type="text/html")


def _found(found: Shelf, identifier: str) -> Shown:
    package = found.find(identifier)
    if package is None:
        raise HTTPException(404, "the folder holds no such package")
    return package


def _wrong_call(request: Request, message: str, status: int = 400) -> Response:
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    return told(request, request.app.state.settings, status, title, message)


def _refused(answer: Answer, file: str | None = None) -> Response:
    """Return the answer about an upload, or packages of the folder, that cannot be read at all."""
    return problem(422, _NOT_READ, answer["refused"], code=answer.get("code"), file=file)


async def _http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    detail = str(getattr(error, "detail", ""))
    if detail in ("", HTTPStatus(status).phrase):
        detail = _UNKNOWN
    return _wrong_call(request, detail, status)


async def _upload_error(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status", 400)
    # What is still to come of a body is not read: the connection ends.
    return problem(status, "the upload is not taken", str(error), headers={"connection": "close"})


async def _ended_error(request: Request, error: Exception) -> Response:
    return told(
        request,
        request.app.state.settings,
        422,
        "it was not judged to the end",
        str(error),
        code=getattr(error, "code", None),
    )


async def _failed(request: Request, _error: Exception) -> Response:
    """Say that the program itself has a fault; what was raised stands in the server's own output."""
    return _wrong_call(request, "this is a fault of benchfmt, and not of the upload", 500)


async def _stopping(request: Request, _error: Exception) -> Response:
    return told(
        request,
        request.app.state.settings,
        503,
        "the server is being stopped",
        "nothing was kept; come again",
        headers={"retry-after": str(_AGAIN)},
    )


def check(settings: Settings) -> None:
    """Raise BenchfmtError for settings that cannot be."""
    if settings.folder is not None and not settings.folder.is_dir():
        raise BenchfmtError(f"{settings.folder} is not a folder")
