"""Receipts: what a server has of a package, so that a second call changes what has changed and makes nothing twice."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from benchfmt.identity import canonical
from benchfmt.oserrors import naming
from benchfmt.package import Target
from benchfmt.publishing.errors import PublishError

_ENDING = ".published.json"


class Sent(BaseModel):
    """What was sent of one thing, and what the server calls it."""

    model_config = ConfigDict(extra="forbid")

    identifier: str | None = None
    """None while nobody knows whether it came."""
    sha256: str | None = None
    """The hash of what was sent last."""
    facts: dict[str, JsonValue] = {}
    """What else the server said that a later call needs."""


class _File(BaseModel):
    """A receipt as it lies in a file: for each server, what it has."""

    model_config = ConfigDict(extra="forbid")

    servers: dict[str, dict[str, Sent]] = {}


class Receipt:
    """What one server has; kept in a file that is written anew after each change."""

    def __init__(self, target: Target, server: str) -> None:
        """Read the receipt in a file, if there is one; raises PublishError where it is none."""
        self.path = target.path
        self._target = target
        self._file = _read(target.path)
        self._sent = self._file.servers.setdefault(server, {})

    def of(self, name: str) -> Sent | None:
        """Return what was sent under a name, None where nothing was."""
        return self._sent.get(name)

    def names(self) -> list[str]:
        """Return the names of all that was sent."""
        return list(self._sent)

    def keep(self, name: str, sent: Sent) -> None:
        """Keep what was sent, and write the file: whatever stops the program, this is known."""
        self._sent[name] = sent
        text = json.dumps(self._file.model_dump(exclude_none=True), indent=2, ensure_ascii=False)
        _replace(self._target, text + "\n")


@contextmanager
def open_receipt(path: Path, server: str) -> Iterator[Receipt]:
    """Hold the receipt of a server, so that nobody else sends the same package meanwhile."""
    with Target(path) as target:
        yield Receipt(target, server)


def read_receipt(path: Path, server: str) -> Receipt:
    """Return the receipt of a server, only to be read."""
    return Receipt(Target(path), server)


def receipt_beside(package: str | Path) -> Path:
    """Return where the receipt of a package lies: beside its folder or its archive."""
    path = Path(package)
    if path.suffix == ".json":
        path = path.parent
    whole = path.resolve()
    return whole.with_name(f"{whole.name}{_ENDING}")


def digest(data: Any) -> str:
    """Return the hash of plain data, the same however it is written."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def _read(path: Path) -> _File:
    if not path.exists():
        return _File()
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise PublishError(
            f"{path} is not a receipt of benchfmt ({error.errors()[0]['msg']}); name another by --receipt"
        ) from error


def _replace(target: Target, text: str) -> None:
    with naming(target.path):
        folder = target.new_folder()
        try:
            new = folder / target.path.name
            new.write_text(text, "utf-8")
            target.replace_by(new)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
