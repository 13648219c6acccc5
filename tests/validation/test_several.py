"""Several packages at once: the reports are those of each, in order, whoever judges them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forms import VALID, flatten, load, write

from benchfmt import BenchfmtError, Finding, Severity, validate, validate_all


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


def test_the_reports_of_several_are_those_of_each(places: list[Path]) -> None:
    each = [validate(place) for place in places]
    together = validate_all(places)
    assert list(together) == each
    assert [report.source for report in together] == [str(place) for place in places]
    assert (len(together), together.conformant, together.ok) == (3, 1, False)
    assert together.errors == sum(report.errors for report in each) > 0
    assert together.records == sum(report.records for report in each)


def test_any_number_of_processes_finds_the_same(places: list[Path]) -> None:
    assert validate_all(places, jobs=2).to_dict() == validate_all(places).to_dict()


def test_what_cannot_be_opened_is_a_finding_and_stops_nothing(
    places: list[Path], tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    good, absent, bad = validate_all([places[0], nowhere, places[1]])
    assert absent.findings == [
        Finding(
            "BF123", Severity.ERROR, str(nowhere), None, None, None, f"{nowhere} does not exist"
        )
    ]
    assert (good.ok, absent.ok, bad.ok) == (True, False, False)
    assert {finding.code for finding in bad.findings} != {"BF123"}


def test_where_nothing_exists_the_call_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match=r"a does not exist; .*b does not exist"):
        validate_all([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(BenchfmtError, match="no path is named"):
        validate_all([])
    with pytest.raises(BenchfmtError, match="remote=True"):
        validate_all([tmp_path, "https://example.org/p"])
