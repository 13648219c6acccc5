"""The systems of a package are held whole, within a limit, and found by id."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.hostile.specimens import package

from benchfmt.limits import LIMITS
from benchfmt.package import open_package
from benchfmt.package.systems import SystemsById
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import Row, table_of

_SYSTEMS = "id,name\n" + "".join(f"s{number},Box\n" for number in range(1_000))


def test_systems_that_take_more_memory_than_they_may_are_refused(tmp_path: Path) -> None:
    # 1,000 systems have 6 kB of text, and ten cells of text each that take 16 bytes beside it.
    limits = replace(LIMITS, systems_bytes=100_000)
    folder = package(tmp_path / "p", systems=_SYSTEMS)
    with open_package(folder, limits=limits) as opened:
        with pytest.raises(UnsafeError, match="more than 100,000 bytes of memory"):
            opened.table("systems")
        with pytest.raises(UnsafeError, match="systems_bytes"):
            list(opened.records())


def test_systems_within_the_limit_are_read(tmp_path: Path) -> None:
    limits = replace(LIMITS, systems_bytes=1_000_000)
    folder = package(tmp_path / "p", systems=_SYSTEMS)
    with open_package(folder, limits=limits) as opened:
        assert opened.table("systems").num_rows == 1_000
        assert len(list(opened.records())) == 1


def test_systems_are_found_by_id() -> None:
    rows: list[Row] = [
        {"id": "a", "name": "One"},
        {"id": "b", "name": "Two"},
        {"id": "a", "name": "Three"},
    ]
    systems = SystemsById(table_of("systems", rows))
    found = systems.get("a")
    assert found is not None
    assert found["name"] == "Three"
    assert systems.get("c") is None
    assert systems.get(None) is None
