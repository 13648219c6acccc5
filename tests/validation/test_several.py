"""Several packages at once: the report is that of each, in order, whoever judges them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forms import VALID, flatten, load, write

from benchfmt import BenchfmtError, validate


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    """Three packages, of which two are faulty in the same way."""
    made = []
    for number in range(3):
        tables = flatten([load(path) for path in VALID[:4]])
        if number:
            tables["measurements"][0]["unit"] = "furlong"
        made.append(write(tmp_path / f"p{number}", tables, "csv"))
    return made


def test_the_report_of_several_is_that_of_each(places: list[Path]) -> None:
    each = [validate(place) for place in places]
    together = validate(places)
    assert together.findings == sorted(finding for report in each for finding in report.findings)
    assert together.findings
    assert together.records == sum(report.records for report in each)


def test_any_number_of_processes_finds_the_same(places: list[Path], tmp_path: Path) -> None:
    assert validate(places, jobs=2).to_dict() == validate(places).to_dict()
    with pytest.raises(BenchfmtError, match="nowhere does not exist"):
        validate([places[0], tmp_path / "nowhere"], jobs=2)
