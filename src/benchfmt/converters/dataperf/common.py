"""What the forms of DataPerf share: options, Python's prints read with their digits, and the draft of a record."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Draft
from benchfmt.finding import BenchfmtError
from benchfmt.readers import yamls
from benchfmt.readers.files import source_sha256
from benchfmt.readers.jsons import Digits
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


def draft(
    unit: Unit,
    challenge: str,
    locator: str | None = None,
    *,
    suite: str = "dataperf",
    supporting: Iterable[Path] | None = None,
) -> Draft:
    """Return what is said of a record besides its numbers; `supporting` are the files of the unit that it is read from."""
    options = unit.options
    fixed = fixed_by(challenge)
    made = Draft(NAME, VERSION, suite=suite, phase="data-preparation", task=fixed.get("task"))
    made.source(unit.path.name, source_sha256(unit.path), locator)
    if supporting is None:
        supporting = unit.supporting
    for path in supporting:
        made.source(path.name, source_sha256(path))
    made.benchmark(suite_version=options.get("round"), name=challenge or None)
    made.provenance(
        submitter=options.get("submitter"),
        measured_at=options.get("date"),
        url=options.get("url"),
        license=fixed.get("license"),
    )
    return made


def set_strategy(made: Draft, unit: Unit, name: str | None = None) -> None:
    """Say which data strategy is benchmarked: as the option says, else as the source does."""
    strategy = unit.options.get("method") or name
    if strategy:
        made.hyperparameters({"strategy": strategy})


def set_evaluator(made: Draft, unit: Unit, challenge: str) -> None:
    """Say with which model and software the challenge's own evaluator judges a strategy."""
    fixed = fixed_by(challenge)
    made.model(name=matched("model", unit.options.get("model") or fixed.get("model")))
    made.software(engine=fixed.get("engine"))
    made.hyperparameters(fixed.get("hyperparameters", {}))


def fixed_by(challenge: str) -> Mapping[str, Any]:
    """Return what a challenge fixed, nothing of one that is not known."""
    try:
        return rules.challenge(challenge)
    except KeyError:
        return {}


def pointer(*parts: str | int) -> str:
    """Return a JSON Pointer (RFC 6901)."""
    escaped = [str(part).replace("~", "~0").replace("/", "~1") for part in parts]
    return "".join(f"/{part}" for part in escaped)


def matched(kind: str, word: str | None) -> str | None:
    """Return the vocabulary's id for a name, or the name itself."""
    if not word:
        return None
    return vocabulary().match(kind, word, NAME) or word


def object_of(data: JsonValue) -> dict[str, JsonValue]:
    """Return data that must be an object; raises TypeError where it is something else."""
    if not isinstance(data, dict):
        raise TypeError(f"an object is expected, not {type(data).__name__}")
    return data


def printed(text: str) -> JsonValue:
    """Return the data that Python printed, its numbers as `Digits`; raises BenchfmtError. Nothing is run."""
    if len(text) > _LARGEST_PRINT:
        raise BenchfmtError(f"a print of {len(text)} characters is not a result")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _plain(tree, text.strip().encode().split(b"\n"))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BenchfmtError(f"not what Python prints: {type(error).__name__}") from error


def _plain(node: ast.AST, lines: list[bytes]) -> JsonValue:
    match node:
        case ast.Dict(keys=keys, values=values):
            return {
                str(_plain(key, lines)): _plain(value, lines)
                for key, value in zip(keys, values, strict=True)
                if key is not None
            }
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_plain(item, lines) for item in items]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            return Digits(f"-{_plain(operand, lines)}")
        case ast.Constant(value=bool() | str() | None as value):
            return value
        case ast.Constant(value=int() | float()):
            line = lines[node.lineno - 1]
            return Digits(line[node.col_offset : node.end_col_offset].decode())
    raise ValueError("something other than data")


def settings(path: Path) -> dict[str, JsonValue]:
    """Return the content of a small YAML file of settings, empty where it is no object."""
    try:
        data = yamls.parse(texts.text_of(path), values=True)
    except (OSError, BenchfmtError):
        return {}
    if not isinstance(data, dict):
        return {}
    return data


def stamp(name: str) -> str | None:
    """Return the moment that a file's name says: `UTC-2022-03-31-20-19-24`, or a day as `20230301`."""
    match = re.search(r"UTC-(\d{4}-\d{2}-\d{2})-(\d{2})-(\d{2})-(\d{2})", name)
    if match:
        return f"{match[1]}T{match[2]}:{match[3]}:{match[4]}Z"
    day = re.search(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", name)
    if day is None:
        return None
    return f"{day[1]}-{day[2]}-{day[3]}"
