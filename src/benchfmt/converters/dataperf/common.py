"""What the forms of DataPerf share: options, Python's prints read with their digits, and the frame of a record."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.finding import BenchfmtError
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.record import given
from benchfmt.suites import dataperf as rules
from benchfmt.vocabulary import vocabulary

NAME = "dataperf"
VERSION = "1.0"
OPTIONS = (
    "method",
    "size",
    "language",
    "date",
    "round",
    "model",
    "metrics",
    "challenge",
    "submitter",
    "url",
)
"""What no file of a challenge says: who did what, when, with how much data."""
_LARGEST_PRINT = 2**20
_LARGEST_SETTINGS = 2**20


def frame(
    unit: Unit, challenge: str, locator: str | None = None, *, suite: str = "dataperf"
) -> dict[str, Any]:
    """Return what is said of a record besides its numbers: the data strategy is what is benchmarked, the model is fixed."""
    options = unit.options
    try:
        fixed = rules.challenge(challenge)
    except KeyError:
        fixed = {}
    return {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=suite,
            suite_version=options.get("round"),
            name=challenge or None,
            phase="data-preparation",
        ),
        "task": fixed.get("task"),
        "dataset": given(split=fixed.get("split")),
        "model": given(name=matched("model", options.get("model") or fixed.get("model"))),
        "software": given(engine=fixed.get("engine")),
        "configuration": {
            "hyperparameters": given(
                strategy=options.get("method"), **fixed.get("hyperparameters", {})
            )
        },
        "status": "ok",
        "provenance": given(
            submitter=options.get("submitter"),
            measured_at=options.get("date"),
            url=options.get("url"),
            license=fixed.get("license"),
            sources=sources(unit, locator),
            converter=NAME,
            converter_version=VERSION,
        ),
    }


def sources(unit: Unit, locator: str | None) -> list[dict[str, Any]]:
    """Return the primary file and those that support it."""
    first = given(path=unit.path.name, sha256=file_sha256(unit.path), locator=locator)
    return [first, *({"path": path.name, "sha256": file_sha256(path)} for path in unit.supporting)]


def pointer(*parts: str | int) -> str:
    """Return a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def made(unit: Unit, data: Mapping[str, Any], row: int) -> Item:
    """Return the record of plain data, or why it is none."""
    try:
        return texts.record(data)
    except ValueError as error:
        return Failed(unit.path, f"not a result: {error}", row)


def matched(kind: str, word: str | None) -> str | None:
    """Return the vocabulary's id for a name, or the name itself."""
    return (vocabulary().match(kind, word, NAME) or word) if word else None


def printed(text: str) -> Any:
    """Return the data that Python printed, its numbers as `Digits`; raises BenchfmtError. Nothing is run."""
    if len(text) > _LARGEST_PRINT:
        raise BenchfmtError(f"a print of {len(text)} characters is no result")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _plain(tree, text.strip().encode().split(b"\n"))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BenchfmtError(f"not what Python prints: {type(error).__name__}") from error


def _plain(node: ast.AST, lines: list[bytes]) -> Any:
    if isinstance(node, ast.Dict):
        return {
            str(_plain(key, lines)): _plain(value, lines)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, ast.List | ast.Tuple):
        return [_plain(item, lines) for item in node.elts]
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return Digits(f"-{_plain(node.operand, lines)}")
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Digits(lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode())
    if isinstance(node, ast.Constant) and isinstance(node.value, str | None):
        return node.value
    raise ValueError("something else than data")


def settings(path: Path) -> dict[str, Any]:
    """Return the content of a small YAML file of settings, empty where it is no object."""
    try:
        if path.stat().st_size > _LARGEST_SETTINGS:
            return {}
        text = texts.text_of(path)
        if re.search(r"(^|\s)[&*][A-Za-z0-9]", text):  # anchors can make a small file a huge object
            return {}
        data = yaml.safe_load(text)
    except (yaml.YAMLError, OSError, RecursionError, BenchfmtError):
        return {}
    return data if isinstance(data, dict) else {}


def stamp(name: str) -> str | None:
    """Return the moment that a file's name says: `UTC-2022-03-31-20-19-24`, or a day as `20230301`."""
    match = re.search(r"UTC-(\d{4}-\d{2}-\d{2})-(\d{2})-(\d{2})-(\d{2})", name)
    if match:
        return f"{match[1]}T{match[2]}:{match[3]}:{match[4]}Z"
    day = re.search(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", name)
    return f"{day[1]}-{day[2]}-{day[3]}" if day else None
