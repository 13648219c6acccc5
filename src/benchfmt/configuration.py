"""The configuration of a caller: `[tool.benchfmt]` in pyproject.toml, or benchfmt.toml.

It is looked for from the current folder upwards, never where the data lies: a package of a stranger does not choose by
which rules it is judged.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from benchfmt.checks.adjusting import Adjustment
from benchfmt.descriptor import FILE_NAME as DESCRIPTOR
from benchfmt.faults import Fault, faults_of
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.limits import Limits
from benchfmt.spelling import no_such

OWN_FILE = "benchfmt.toml"
PROJECT_FILE = "pyproject.toml"
_TOOL = ("tool", "benchfmt")
_CHECKOUTS = (".git", ".hg")
"""What the root of a checkout holds: above it, nothing is looked for."""
_LARGEST = 2**18
"""No configuration has more bytes."""
_MOST_DOTS = 500
"""So many dots a line may have: to read a key in parts takes as long as their number squared."""
_LIMITS = tuple(item.name for item in fields(Limits))


class Configuration(BaseModel):
    """What a caller sets for every call of `benchfmt validate`, `publish` and `bundle`; the command line wins over it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    rules: str | None = None
    select: list[str] = []
    ignore: list[str] = []
    severity: dict[str, Literal["error", "warning"]] = {}
    limits: dict[str, Annotated[int, Field(ge=0)]] = {}
    format: str | None = None
    max_findings: Annotated[int, Field(ge=0)] | None = Field(None, alias="max-findings")
    strict: bool | None = None
    publication: dict[str, str] = Field(
        {}, description="How packages are cited where they are published: title, authors and so on."
    )

    @property
    def adjustment(self) -> Adjustment:
        """What it changes of the rule set."""
        severities = {code: Severity(name) for code, name in self.severity.items()}
        return Adjustment(tuple(self.select), tuple(self.ignore), severities)


_KEYS = [item.alias or name for name, item in Configuration.model_fields.items()]


@dataclass(frozen=True)
class Found:
    """The configuration in force, and which files were passed over on the way to it."""

    configuration: Configuration
    in_packages: tuple[Path, ...] = ()
    """Configurations that lie in a package, and so do not count."""


def find_configuration(folder: Path) -> Found:
    """Return the configuration of the nearest folder from one upwards that has any; raises BenchfmtError."""
    passed_over = []
    for place in _upwards(folder.absolute()):
        for file in (place / OWN_FILE, place / PROJECT_FILE):
            table = _table_in(file)
            if table is None:
                continue
            if (place / DESCRIPTOR).exists():
                passed_over.append(file)
                continue
            return Found(_configuration(table, file), tuple(passed_over))
    return Found(Configuration(), tuple(passed_over))


def read_configuration(file: Path) -> Configuration:
    """Return the configuration in a file; raises BenchfmtError where it has none or says what it cannot say."""
    if not file.is_file():
        raise BenchfmtError(f"{file} does not exist")
    table = _table_in(file)
    if table is None:
        raise BenchfmtError(f"{file} has no table [{'.'.join(_TOOL)}]")
    return _configuration(table, file)


def _upwards(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it, as far as its checkout reaches."""
    for place in (folder, *folder.parents):
        yield place
        if any((place / name).exists() for name in _CHECKOUTS):
            return


def _table_in(file: Path) -> dict[str, JsonValue] | None:
    """Return the table of a file that is ours; None where the file or the table does not exist."""
    if not file.is_file():
        return None
    if file.stat().st_size > _LARGEST:
        message = f"{file} has more than {_LARGEST:,} bytes, and is no configuration"
        raise BenchfmtError(f"{message} (--no-config passes it over)")
    try:
        text = file.read_text("utf-8")
        most_dots = max((line.count(".") for line in text.splitlines()), default=0)
        if most_dots > _MOST_DOTS:
            raise BenchfmtError(
                f"{file} is nested too deep to be read: {most_dots:,} dots in a line"
            )
        content = tomllib.loads(text)
        # Dates and times, which no setting is, become text.
        table: dict[str, JsonValue] = json.loads(json.dumps(content, default=str))
    except ValueError as error:  # TOML at fault, no UTF-8, or a number of thousands of digits
        raise BenchfmtError(f"{file} is not TOML: {error} (--no-config passes it over)") from None
    except RecursionError:
        message = f"{file} is nested too deep to be read"
        raise BenchfmtError(f"{message} (--no-config passes it over)") from None
    if file.name != PROJECT_FILE:
        return table
    for name in _TOOL:
        inner = table.get(name)
        if not isinstance(inner, dict):
            return None
        table = inner
    return table


def _configuration(table: dict[str, JsonValue], file: Path) -> Configuration:
    """Return what a table says; raises BenchfmtError, with all that is wrong, where it says what it cannot say."""
    wrong = []
    try:
        configuration = Configuration.model_validate(table)
    except ValidationError as error:
        for fault in faults_of(error, Configuration, table):
            wrong.append(_in_words(fault))
    else:
        for name in configuration.limits:
            if name not in _LIMITS:
                wrong.append(f"limits: {no_such('limit', name, _LIMITS)}")
    if wrong:
        raise BenchfmtError(f"{file}: {'; '.join(wrong)}")
    return configuration


def _in_words(fault: Fault) -> str:
    """Return what is wrong with a setting, and which one it is."""
    if fault.path[0] in _KEYS:
        return f"{'.'.join(map(str, fault.path))}: {fault.message}"
    return no_such("setting", str(fault.path[0]), _KEYS)
