"""What the tests of publishing share: the network is this machine's own, and the servers stand in for the real ones."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.publishing.stand_in_aiod import StandIn
from tests.servers import only_here

from benchfmt import Record
from benchfmt.package import write_package
from benchfmt.tables import to_batch

RECORDS: list[dict[str, Any]] = [
    {
        "benchfmt": "1.0",
        "id": name,
        "benchmark": {"suite": "lpdnn"},
        "task": "image-classification",
        "system": {"id": name, "name": f"Board {name}", "kind": "board"},
        "measurements": [{"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"}],
        "status": "ok",
    }
    for name in ("a", "b")
]


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever connects to anything but this machine, on which the server runs."""
    only_here(monkeypatch)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of two records on two systems, which nobody changes."""
    place = tmp_path_factory.mktemp("published") / "package"
    write_package(place, [to_batch(map(Record.from_dict, RECORDS))])
    return place


@pytest.fixture
def package(written: Path, tmp_path: Path) -> Path:
    """A package of two records on two systems."""
    return shutil.copytree(written, tmp_path / "package")


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A package of two records with an accuracy that cannot be, which is not conformant."""
    records = copy.deepcopy(RECORDS)
    for record in records:
        record["measurements"][0]["value"] = 76.0
    place = tmp_path / "faulty"
    write_package(place, [to_batch(map(Record.from_dict, records))])
    return place


@pytest.fixture
def platform() -> Iterator[StandIn]:
    """A server that behaves as the AI-on-demand platform was observed to."""
    with StandIn() as server:
        yield server
