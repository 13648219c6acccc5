"""Systems of a package are held as long as it is judged: each id once, and so many bytes of them."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.specimens import package

from benchfmt.limits import Limits
from benchfmt.validation import Report, validate


def _report(folder: Path, rows: list[str], **limits: int) -> Report:
    return validate(
        package(folder, systems="\n".join(["id,name", *rows, ""])), limits=Limits(**limits)
    )


def test_systems_beyond_the_limit_are_told_and_what_they_lack_is_not(tmp_path: Path) -> None:
    rows = [f"s{number},{'x' * 200}" for number in range(100)]
    assert _report(tmp_path / "few", rows, systems_bytes=200_000).errors == 0
    report = _report(tmp_path / "many", rows, systems_bytes=10_000)
    told = [(item.code, item.path, item.message) for item in report.findings]
    message = "the systems take more than 10,000 bytes of memory; the rest is not read"
    assert ("BF907", "systems.csv", message) in told
    assert "BF503" not in {code for code, _, _ in told}


def test_a_system_that_stands_again_in_a_later_frame_is_told(tmp_path: Path) -> None:
    rows = ["s1,Box", "s1,Box", *(f"s{number},Box" for number in range(2, 45_000)), "s7,Box"]
    report = _report(tmp_path / "package", rows)
    told = [(item.code, item.row) for item in report.findings if item.code == "BF508"]
    assert told == [("BF508", 2), ("BF508", len(rows))]


def test_one_system_many_times_is_held_once(tmp_path: Path) -> None:
    report = _report(tmp_path / "package", ["s1,Box"] * 50_000, systems_bytes=10_000)
    assert {item.code for item in report.findings} == {"BF508"}
