"""`benchfmt validate --format NAME --output FILE`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.finding import BenchfmtError
from benchfmt.reports.as_text import may_colour

ROOT = Path(__file__).parents[2]


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "examples" / "records" / "results.jsonl").read_text("utf-8")
    path = Path("faulty.jsonl")
    path.write_text(text.replace('"value": 0.76064', '"value": 76.064'))
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["validate", *map(str, arguments)])
    if isinstance(done.exception, BenchfmtError):
        raise done.exception
    return done.exit_code, done.stdout


def test_the_report_is_printed_or_written_the_same(faulty: Path) -> None:
    for name in ("text", "json", "github", "junit"):
        status, printed = run(faulty, "--format", name)
        assert status == 1
        assert run(faulty, "--format", name, "--output", "out.txt") == (1, "")
        assert Path("out.txt").read_text("utf-8") == printed


def test_a_report_that_cannot_be_written_whole_leaves_the_old_one(
    faulty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, reports: object) -> None:
        raise BenchfmtError("no")

    Path("out.txt").write_text("old")
    monkeypatch.setattr("benchfmt.reports.as_junit.JunitFormat.render", broken)
    with pytest.raises(BenchfmtError):
        run(faulty, "--format", "junit", "--output", "out.txt")
    assert Path("out.txt").read_text() == "old"


def test_an_unknown_format_is_refused_before_anything_is_read() -> None:
    with pytest.raises(
        BenchfmtError, match="there is no report format 'sarf'; did you mean 'sarif'"
    ):
        run("nowhere", "--format", "sarf")


def test_annotations_of_json_lines_stand_at_the_value(faulty: Path) -> None:
    _, printed = run(faulty, "--format", "github")
    place = re.match(r"::error file=faulty\.jsonl,line=1,col=(\d+),title=BF301%3A ", printed)
    assert place
    first = faulty.read_text("utf-8").splitlines()[0]
    assert first[int(place[1]) - 1 :].startswith("76.064")


@pytest.mark.parametrize(
    ("variable", "value", "coloured"),
    [(None, "", True), ("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False)],
)
def test_colours_are_for_terminals_that_want_them(
    variable: str | None, value: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    if variable is not None:
        monkeypatch.setenv(variable, value)
    assert may_colour(Terminal()) is coloured  # type: ignore[arg-type]  # it is asked for nothing else
