"""The description of the API, as OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Mapping

from benchfmt._version import __version__
from benchfmt.serving.settings import Settings

Plain = dict[str, object]
"""A part of the description, which is JSON."""
_OBJECT = {"type": "object"}
_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
_NAME = {
    "name": "name",
    "in": "query",
    "required": True,
    "description": "The name of the file: its ending, and sometimes the whole, says what it is. It is never used as a path.",
    "schema": {"type": "string", "maxLength": 1_000},
    "example": "results.jsonl",
}
_RULES = {
    "name": "rules",
    "in": "query",
    "description": "The rule set that it is held to, or several, which then hold together.",
    "style": "form",
    "explode": False,
    "schema": {
        "type": "array",
        "items": {"enum": ["core", "submission", "ingestion", "matchmaking"]},
        "default": ["core"],
    },
}
_REFUSALS = {
    "400": "The call is wrong, or the upload was broken off.",
    "403": "Another site asks.",
    "408": "The upload took too long.",
    "413": "The upload is too large; it is refused before it has come.",
    "422": "It cannot be read, or not within the limits; `code` is the finding where there is one.",
    "415": "It is a form, and not the file itself.",
    "421": "The server is not known by the name under which it was asked.",
    "429": "Too much waits, or this address asks too often; `Retry-After` says when to come again.",
    "503": "The server is being stopped.",
}
_OTHERS = "Any other refusal, as of a path or method that there is not, or of a fault of the server (500)."


def document(settings: Settings) -> Plain:
    """Return the description of the API of a server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "benchfmt",
            "version": __version__,
            "description": "Judges, converts and reports on results of AI benchmarks. A file is the body of a request, as "
            "it is; a package or a folder of results is packed as zip or tar.gz. Nothing is kept after the answer, unless "
            "the server was given a store. Whatever is refused is a problem (RFC 9457) of one shape, `Problem`; a browser that asks "
            "for a page (`Accept: text/html`) and calls it wrongly gets a page.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/validate": {"post": _validate(settings)},
            "/convert": {"post": _convert(settings)},
            "/report": {"post": _report(settings)},
            "/packages": {"get": _packages()},
            "/packages/{id}/report": {"get": _package_report()},
            "/compare": {"get": _compare()},
            "/query": {"get": _query()},
            "/health": {"get": _health()},
            "/openapi.json": {"get": _openapi()},
        },
        "components": {"schemas": _schemas()},
    }


def _validate(settings: Settings) -> Plain:
    return {
        "operationId": "validate",
        "summary": "Judge a package, records, or result files of another tool, which are converted first",
        "parameters": [_NAME, _RULES],
        "requestBody": _body(settings),
        "responses": {
            "200": _json_answer("The verdict.", {"$ref": "#/components/schemas/Verdict"}),
            **_refusals(),
        },
    }


def _convert(settings: Settings) -> Plain:
    headers = {
        "Benchfmt-Ok": {
            "description": "Whether no source and no row failed.",
            "schema": {"type": "boolean"},
        },
        "Benchfmt-Account": {
            "description": "The totals of the account, as JSON.",
            "schema": {"type": "string"},
        },
    }
    answer = {
        "description": "The package as zip; with `Accept: application/json` the account alone.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Conversion"}},
            "application/zip": {
                "schema": {"type": "string", "contentMediaType": "application/zip"}
            },
        },
        "headers": headers,
    }
    return {
        "operationId": "convert",
        "summary": "Make a package of results",
        "parameters": [_NAME],
        "requestBody": _body(settings),
        "responses": {"200": answer, **_refusals()},
    }


def _report(settings: Settings) -> Plain:
    return {
        "operationId": "report",
        "summary": "Write the page on a package, records or result files: one file that fetches nothing",
        "parameters": [_NAME, _RULES],
        "requestBody": _body(settings),
        "responses": {"200": _page_answer("The page."), **_refusals()},
    }


def _packages() -> Plain:
    schema = {
        "type": "object",
        "required": ["packages", "whole"],
        "properties": {
            "packages": {"type": "array", "items": {"$ref": "#/components/schemas/Package"}},
            "whole": {"type": "boolean", "description": "Whether all of the folder was looked at."},
        },
    }
    return {
        "operationId": "packages",
        "summary": "List the packages of the folder that is shown",
        "responses": {"200": _json_answer("The packages.", schema), **_refusals("403", "429")},
    }


def _package_report() -> Plain:
    return {
        "operationId": "packageReport",
        "summary": "Show the page on a package of the folder",
        "parameters": [_id("id", "path")],
        "responses": {
            "200": _page_answer("The page."),
            **_refusals("403", "422", "429", "503"),
            "404": _problem_answer("The folder holds no such package."),
        },
    }


def _compare() -> Plain:
    return {
        "operationId": "compare",
        "summary": "Say what became of each result of a package in another",
        "parameters": [_id("old", "query"), _id("new", "query")],
        "responses": {
            "200": _page_answer("The page."),
            **_refusals("400", "403", "422", "429", "503"),
            "404": _problem_answer("The folder holds no such package."),
        },
    }


def _query() -> Plain:
    sql = {
        "name": "sql",
        "in": "query",
        "required": True,
        "description": "One statement that reads `records`, `measurements`, `systems` or `wide`.",
        "schema": {"type": "string", "maxLength": 20_000},
        "example": "SELECT count(*) FROM records",
    }
    package = {
        "name": "package",
        "in": "query",
        "description": "The packages that are asked about, by id; all without it.",
        "schema": {"type": "array", "items": {"type": "string"}},
    }
    schema = {
        "type": "object",
        "required": ["columns", "rows", "is_cut", "left_out"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"type": "array"}},
            "is_cut": {"type": "boolean", "description": "Whether there are more rows."},
            "left_out": {
                "type": "array",
                "description": "Packages that cannot be read, where none was chosen.",
                "items": {
                    "type": "object",
                    "required": ["package", "reason"],
                    "properties": {"package": {"type": "string"}, "reason": {"type": "string"}},
                },
            },
        },
    }
    return {
        "operationId": "query",
        "summary": "Ask about packages of the folder in SQL",
        "parameters": [sql, package],
        "responses": {
            "200": _json_answer("The rows.", schema),
            **_refusals("400", "403", "422", "429", "503"),
            "404": _problem_answer("The folder holds no such package."),
        },
    }


def _health() -> Plain:
    schema = {
        "type": "object",
        "required": ["version", "working"],
        "properties": {
            "version": {"type": "string"},
            "working": {"type": "integer", "description": "How many are judged or wait."},
        },
    }
    return {
        "operationId": "health",
        "summary": "Say that the server is there",
        "responses": {"200": _json_answer("It is there.", schema), **_refusals("421")},
    }


def _openapi() -> Plain:
    return {
        "operationId": "openapi",
        "summary": "Give this description",
        "responses": {"200": _json_answer("The description.", _OBJECT), **_refusals("421")},
    }


def _id(name: str, place: str) -> Plain:
    return {
        "name": name,
        "in": place,
        "required": True,
        "description": "The id of a package, as `/packages` lists it.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{12}$"},
    }


def _body(settings: Settings) -> Plain:
    content = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    return {
        "required": True,
        "description": f"The file, of at most {settings.upload_bytes:,} bytes.",
        "content": {"application/octet-stream": content},
    }


def _json_answer(text: str, schema: Mapping[str, object]) -> Plain:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _page_answer(text: str) -> Plain:
    return {"description": text, "content": {"text/html": {"schema": {"type": "string"}}}}


def _problem_answer(text: str) -> Plain:
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": _PROBLEM_REF}},
    }


def _refusals(*only: str) -> Plain:
    chosen = only or tuple(_REFUSALS)
    named = {status: _problem_answer(_REFUSALS[status]) for status in chosen}
    return {**named, "default": _problem_answer(_OTHERS)}


def _schemas() -> Plain:
    text = {"type": "string"}
    whole = {"type": "integer", "minimum": 0}
    kind = {
        "type": "string",
        "enum": ["package", "records", "results"],
        "description": "`results` are files of other tools, which are converted.",
    }
    account = {
        "type": "object",
        "description": "What became of every file and row: seen = converted + skipped + failed.",
        "required": ["files", "rows", "records", "measurements"],
    }
    report = {
        "type": "object",
        "description": "The report of validation, as `benchfmt validate --format json` has it for a package.",
        "required": ["rules", "ok", "records", "measurements", "errors", "warnings", "findings"],
    }
    excerpts = {
        "type": "array",
        "items": _OBJECT,
        "description": "The places of the first findings: lines of the file with what is at fault marked, or the cells of a row.",
    }
    verdict = {
        "type": ["object", "null"],
        "description": "Whether it conforms to the rule set core, null while it is not judged yet.",
        "required": ["ok"],
        "properties": {
            "ok": {
                "type": ["boolean", "null"],
                "description": "null where it could not be judged; `reason` says why.",
            },
            "errors": whole,
            "warnings": whole,
            "reason": text,
        },
    }
    return {
        "Verdict": {
            "type": "object",
            "required": ["ok", "file", "bytes", "sha256", "kind"],
            "properties": {
                "ok": {
                    "type": "boolean",
                    "description": "Whether it conforms, and nothing failed.",
                },
                "file": text,
                "bytes": whole,
                "sha256": text,
                "kind": kind,
                "account": account,
                "report": report,
                "excerpts": excerpts,
                "stored": {"type": "string", "description": "Where the store keeps it."},
            },
        },
        "Conversion": {
            "type": "object",
            "required": ["ok", "file", "kind", "account"],
            "properties": {
                "ok": {"type": "boolean"},
                "file": text,
                "kind": kind,
                "account": account,
            },
        },
        "Package": {
            "type": "object",
            "required": ["id", "name", "bytes", "verdict"],
            "properties": {"id": text, "name": text, "bytes": whole, "verdict": verdict},
        },
        "Problem": {
            "type": "object",
            "description": "Why something is refused, as RFC 9457 has it: every refusal has this shape.",
            "required": ["type", "status", "title", "detail"],
            "additionalProperties": False,
            "properties": {
                "type": {"const": "about:blank"},
                "status": {"type": "integer", "description": "The status of the answer."},
                "title": {"type": "string", "description": "What is refused, in a few words."},
                "detail": {"type": "string", "description": "Why, and what to do."},
                "code": {"type": "string", "description": "The code of a finding, as BF904."},
                "file": {"type": "string", "description": "The name of the upload."},
                "account": account,
            },
        },
    }
