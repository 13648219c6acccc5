"""What holds for every export: how it is found, what it is asked, and where it writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchfmt.exports import FORMATS, export
from benchfmt.finding import BenchfmtError
from benchfmt.package import write_package
from benchfmt.record import Record
from benchfmt.tables import to_batch

ACME = """
from benchfmt.exports import Exported

class Counting:
    about = "how many records there are"
    shape = "file"
    options = {"word": "what they are called"}
    def write(self, package, place, options):
        count = sum(1 for _ in package.records())
        place.write_text(f"{count} {options.get('word', 'records')}")
        return Exported((".",), count, 2)

class Failing(Counting):
    def write(self, package, place, options):
        place.write_text("half")
        raise OSError("the disk is gone")

COUNTING = Counting()
FAILING = Failing()
BROKEN = 3
"""
RECORD = {
    "benchfmt": "1.0",
    "id": "a",
    "benchmark": {"suite": "lpdnn"},
    "measurements": [{"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"}],
    "status": "ok",
}


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    site = tmp_path / "site"
    metadata = site / "acme_exports-0.1.dist-info"
    metadata.mkdir(parents=True)
    (site / "acme_exports.py").write_text(ACME)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-exports\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text(
        "[benchfmt.exports]\ncount = acme_exports:COUNTING\nfail = acme_exports:FAILING\n"
        "broken = acme_exports:BROKEN\n"
    )
    monkeypatch.syspath_prepend(site)
    FORMATS.forget()
    yield
    FORMATS.forget()
    sys.modules.pop("acme_exports", None)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    write_package(tmp_path / "package", [to_batch([Record.from_dict(RECORD)])])
    return tmp_path / "package"


def test_each_format_says_what_it_is_for_and_what_its_options_do() -> None:
    for name in FORMATS.own:
        form = FORMATS.load(name)
        assert re.fullmatch("[a-z0-9-]+", name)
        assert form.about[0].islower() or form.about[0].isupper()
        assert form.about[-1] != "."
        assert form.shape in ("file", "folder")
        assert all(key.isidentifier() and about for key, about in form.options.items())


def test_another_distribution_adds_a_format(package: Path, tmp_path: Path) -> None:
    done = export(package, "count", tmp_path / "out.txt", word="results")
    assert (done.records, done.measurements, done.files) == (1, 2, (".",))
    assert (tmp_path / "out.txt").read_text() == "1 results"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("cont", {}, "there is no format 'cont'; did you mean 'count'?"),
        ("broken", {}, "the entry point 'broken' in 'benchfmt.exports' names no format"),
        ("count", {"wrd": "x"}, "there is no option 'wrd' of count; did you mean 'word'?"),
    ],
)
def test_a_wrong_call_says_what_was_meant(
    package: Path, tmp_path: Path, name: str, options: dict[str, str], words: str
) -> None:
    with pytest.raises(BenchfmtError, match=re.escape(words)):
        export(package, name, tmp_path / "out", **options)


def test_what_is_there_is_never_replaced(package: Path, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("mine")
    with pytest.raises(BenchfmtError, match="already exists; name a new file"):
        export(package, "count", tmp_path / "out.txt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BenchfmtError, match="already exists; name a new file"):
        export(package, "count", tmp_path / "folder")
    assert (tmp_path / "out.txt").read_text() == "mine"


def test_a_failure_leaves_nothing_behind(package: Path, tmp_path: Path) -> None:
    target = tmp_path / "there" / "out.txt"
    with pytest.raises(OSError, match="the disk is gone"):
        export(package, "fail", target)
    assert not list(target.parent.iterdir())


@pytest.mark.usefixtures("tools_on_path")
def test_the_command_lists_formats() -> None:
    command = ["benchfmt", "exports", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    listed = json.loads(done.stdout)
    assert [row["name"] for row in listed] == list(FORMATS.own)
    assert listed[0]["options"]
