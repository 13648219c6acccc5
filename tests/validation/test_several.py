"""Several packages at once: the reports are those of each, in order, whoever judges them."""

from __future__ import annotations

import errno
import gc
import io
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.forms import ROOT, VALID, codes, flatten, load, write
from tests.sparing import some

from benchfmt import BenchfmtError, Finding, Severity, convert, validate, validate_all, validation
from benchfmt.limits import Limits
from benchfmt.processes import Crew, Lost, LostError
from benchfmt.validation import Report, judging

RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lpdnn"},
    "status": "ok",
    "measurements": [{"metric": "duration", "value": 3.0, "unit": "s", "basis": "measured"}],
}


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    """Three packages of different records, of which two are faulty in the same way."""
    made = []
    for number in range(3):
        tables = flatten([load(path) for path in VALID[: 4 - number]])
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


def test_processes_by_name_find_the_same(places: list[Path], tmp_path: Path) -> None:
    paths = [*places, tmp_path / "nowhere"]
    assert validate_all(paths, executor="local:2").to_dict() == validate_all(paths).to_dict()


@pytest.mark.slow
def test_a_cluster_finds_the_same(places: list[Path], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "benchfmt", "validate", *map(str, places), "--format", "json"]
    words.append(str(tmp_path / "nowhere"))
    here, there = (
        subprocess.run([*words, *more], capture_output=True, text=True, check=False, timeout=300)
        for more in ([], ["--executor", "dask:2"])
    )
    assert here.returncode == there.returncode == 1
    assert here.stdout == there.stdout != ""
    assert "dask: 2 threads; dashboard: " in there.stderr


def test_a_name_of_nobody_is_refused(places: list[Path]) -> None:
    with pytest.raises(BenchfmtError, match="'spark:2' is no executor; write local, local:2"):
        validate_all(places, executor="spark:2")


class Losing:
    """An executor whose processes are lost so many times before one does its work."""

    def __init__(self, times: int) -> None:
        self.times = times

    def submit(self, fn: Callable[..., Report], /, *args: object) -> Future[Report]:
        future: Future[Report] = Future()
        if self.times:
            self.times -= 1
            future.set_exception(LostError("it was killed"))
        else:
            future.set_result(fn(*args))
        return future


@pytest.mark.parametrize("times", [1, 2])
def test_a_package_whose_process_is_lost_is_judged_by_another_once(
    places: list[Path], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    @contextmanager
    def losing(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(executor=Losing(times), waiting=1)

    monkeypatch.setattr(validation, "cluster", losing)
    first, *others = validate_all(places, executor="dask:2")
    assert others == [validate(place) for place in places[1:]]
    if times == 1:
        assert first == validate(places[0])
    else:
        assert [(item.code, item.message) for item in first.findings] == [
            ("BF911", "it was killed")
        ]


def test_what_cannot_be_opened_is_a_finding_and_stops_nothing(
    places: list[Path], tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    good, absent, bad = validate_all([places[0], nowhere, places[1]])
    assert absent.findings == [
        Finding("BF123", Severity.ERROR, str(nowhere), None, None, None, "it does not exist")
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


# --- what paths lead to ---


def sources(*paths: str | Path) -> list[str]:
    return [report.source for report in validate_all(paths)]


@pytest.fixture
def inbox(places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder holds `in` with two packages, a file of records, an archive and what is neither."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "in"
    shutil.copytree(places[0], folder / "b" / "good")
    shutil.copytree(places[1], folder / "bad")
    (folder / "bad" / "inner.jsonl").write_text("{}\n")
    shutil.copy(ROOT / "examples" / "records" / "results.jsonl", folder / "r.jsonl")
    (folder / "one.json").write_text(json.dumps(RECORD))
    (folder / "package.json").write_text('{"name": "x"}')
    (folder / "broken.zip").write_bytes(b"PK")
    (folder / "notes.txt").write_text("hello")
    (folder / "empty").mkdir()
    (folder / ".hidden").mkdir()
    shutil.copytree(places[0], folder / ".hidden" / "p")
    return Path("in")


def test_a_folder_is_searched_for_packages(inbox: Path) -> None:
    reports = validate_all([f"{inbox}/"])
    found = {report.source: report.ok for report in reports}
    assert found == {
        "in/broken.zip": False,
        "in/one.json": True,
        "in/r.jsonl": True,
        "in/b/good": True,
        "in/bad": False,
    }
    assert list(reports.notes) == [
        "in: 5 packages found",
        (
            "in: 3 paths passed over (neither packages nor archives nor files of records): "
            "in/notes.txt, in/package.json, in/empty/"
        ),
    ]


def test_links_are_not_followed(inbox: Path, places: list[Path]) -> None:
    (inbox / "link").symlink_to(places[0])
    (inbox / "link.zip").symlink_to(inbox / "broken.zip")
    reports = validate_all([inbox])
    assert len(reports) == 5
    assert (
        reports.notes[-1]
        == "in: 2 paths passed over (links are not followed): in/link, in/link.zip"
    )
    # One that is named is what it leads to.
    assert validate_all([inbox / "link"]).ok


def test_a_folder_that_holds_no_package_is_a_finding(inbox: Path) -> None:
    (report,) = validate_all([inbox / "empty"])
    assert report.findings == [
        Finding(
            "BF123",
            Severity.ERROR,
            "in/empty",
            None,
            None,
            None,
            "the folder holds no package, no zip or tar.gz of one, and no file of records",
        )
    ]


@pytest.mark.parametrize("path", ["in/bad", "in"])
def test_tables_without_a_descriptor_are_a_finding(inbox: Path, path: str) -> None:
    (inbox / "bad" / "datapackage.json").unlink()
    (report,) = [report for report in validate_all([path]) if report.source == "in/bad"]
    assert [(finding.code, finding.message) for finding in report.findings] == [
        (
            "BF123",
            "it holds the tables of a package and no datapackage.json, which says what they are; copy it too",
        )
    ]


def test_a_folder_that_cannot_be_read_is_a_finding(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refused(folder: Path) -> object:
        if Path(folder).name == "empty":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    (report,) = [report for report in validate_all([inbox]) if report.source == "in/empty"]
    assert [finding.message for finding in report.findings] == [
        "it cannot be read: Permission denied"
    ]


def test_a_folder_of_too_many_files_is_a_finding(inbox: Path) -> None:
    reports = validate_all([inbox], limits=Limits(files=3))
    assert [finding.code for report in reports for finding in report.findings] == ["BF905"]


def test_patterns_that_the_shell_left_are_written_out(inbox: Path) -> None:
    assert sources("in/*.jsonl", "in/**/good") == ["in/r.jsonl", "in/b/good"]
    (inbox / "x[1].jsonl").write_text((inbox / "r.jsonl").read_text())
    assert sources("in/x[1].jsonl") == ["in/x[1].jsonl"]
    good, absent = validate_all(["in/b/good", "in/*.zap"])
    assert good.ok
    assert absent.findings[0].message == "it does not exist, and as a pattern it stands for no path"


def test_a_package_that_is_named_twice_is_judged_once(inbox: Path) -> None:
    reports = validate_all(
        ["in/b/good", "in/./b/good/", inbox / "b" / "good" / "datapackage.json", "in/b"]
    )
    assert [report.source for report in reports] == ["in/b/good"]
    assert len(reports.notes) == 4
    assert "in/b/good/datapackage.json is named twice; it is judged once" in reports.notes


def test_a_file_that_is_no_package_is_a_finding(inbox: Path) -> None:
    good, notes = validate_all(["in/b/good", "in/notes.txt"])
    assert good.ok
    assert [(finding.code, finding.path, finding.message) for finding in notes.findings] == [
        (
            "BF123",
            "in/notes.txt",
            "it is neither a package nor a record; `benchfmt describe in/notes.txt` drafts its descriptor",
        )
    ]


# --- standard input ---


@pytest.mark.parametrize("name", ["one.json", "r.jsonl", "pretty", "list", "good.zip"])
def test_standard_input_is_judged(inbox: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    contents = {
        "one.json": (inbox / "one.json").read_bytes(),
        "r.jsonl": (inbox / "r.jsonl").read_bytes(),
        "pretty": json.dumps(RECORD, indent=2).encode(),
        "list": json.dumps([RECORD], indent=2).encode(),
        "good.zip": Path(shutil.make_archive("good", "zip", inbox / "b" / "good")).read_bytes(),
    }
    feed(monkeypatch, contents[name])
    (report,) = validate_all(["-"])
    assert (report.source, report.findings) == ("-", [])
    assert report.records > 0


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_faults_of_standard_input_have_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b'\n{"benchfmt": "1.0"\n')
    (report,) = validate_all(["-", "-"])
    (finding,) = report.findings
    assert (finding.code, finding.row, report.place_of(finding)) == ("BF115", 2, "stdin.jsonl")


def test_standard_input_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"x" * 2**22)
    (report,) = validate_all(["-"], limits=Limits(archive_bytes=2**20))
    assert [(finding.code, finding.path) for finding in report.findings] == [("BF907", "-")]


# --- processes ---


@pytest.mark.parametrize("end", some(["killed", "failed"]))
def test_a_package_whose_judging_does_not_end_is_a_finding(
    inbox: Path, tmp_path: Path, end: str
) -> None:
    paths = ["in/bad", "in/r.jsonl", "in/b/good"]
    asked = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}"}
    (tmp_path / "run.py").write_text(SCRIPT.format(end=end, paths=paths))
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second, third = json.loads(done.stdout)["packages"]
    assert [finding["code"] for finding in second["findings"]] == ["BF911"]
    reasons = {
        "killed": "the process that worked on it was killed (out of memory?)",
        "failed": "benchfmt failed in run.py line ",
    }
    assert second["findings"][0]["message"].startswith(reasons[end])
    assert not first["ok"]
    assert "BF911" not in {finding["code"] for finding in first["findings"]}
    assert third["ok"]


SCRIPT = """
import json, os, time
from benchfmt.validation import judging, validate_all

real = judging.judge

def judge(path, report, **options):
    if report.source == "in/r.jsonl":
        if "{end}" == "killed":
            os.kill(os.getpid(), 9)
        raise ZeroDivisionError("oh")
    real(path, report, **options)

judging.judge = judge
if __name__ == "__main__":
    print(json.dumps(validate_all({paths}, jobs=2).to_dict()))
"""


def test_a_package_that_takes_too_long_is_a_finding(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "it took longer than 5 seconds"
    monkeypatch.setattr(Crew, "results", lambda self, works: (Lost(words) for _ in works))
    (report,) = validate_all(["in/r.jsonl"], seconds=5)
    hint = "give it more time or memory, or fewer --jobs at once; the others are judged"
    assert report.findings == [
        Finding("BF911", Severity.ERROR, "in/r.jsonl", None, None, None, words, None, hint)
    ]


def without_room(*_: object, **__: object) -> None:
    raise MemoryError


def test_a_package_without_room_is_a_finding_and_stops_no_other(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_one = judging.judge

    def judge(path: Path, report: Report, **options: Any) -> None:
        (without_room if report.source == "in/r.jsonl" else judge_one)(path, report, **options)

    monkeypatch.setattr(judging, "judge", judge)
    first, *others = validate_all(["in/r.jsonl", "in/one.json", "in/bad"])
    words = "there was not enough memory for it"
    hint = "give it more time or memory, or fewer --jobs at once; the others are judged"
    assert first.findings == [
        Finding("BF911", Severity.ERROR, "in/r.jsonl", None, None, None, words, None, hint)
    ]
    assert others
    assert all("BF911" not in codes(report) for report in others)


@pytest.mark.slow
def test_a_process_that_dies_or_takes_too_long_is_replaced_and_the_order_stays(
    tmp_path: Path,
) -> None:
    crew = Crew[object](2, 3, str(tmp_path), gc.collect)
    works = [
        partial(int, "1"),
        partial(time.sleep, 600),
        partial(os._exit, 1),
        partial(int, "4"),
        partial(int, "5"),
    ]
    assert list(crew.results(works)) == [
        1,
        Lost("it took longer than 3 seconds"),
        Lost("the process that worked on it was killed (out of memory?)"),
        4,
        5,
    ]


def test_whoever_leaves_ends_all_processes(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    crew = Crew[object](2, None, str(tmp_path), gc.collect)
    results = crew.results([partial(os.getpid), *[partial(time.sleep, 600)] * 3])
    assert next(results)
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 60
    assert set(multiprocessing.active_children()) <= before


def test_where_no_process_can_be_started_the_call_fails(tmp_path: Path) -> None:
    crew = Crew[int](1, None, str(tmp_path), partial(os._exit, 1))
    with pytest.raises(BenchfmtError, match="a process that was started was killed"):
        list(crew.results([partial(int, "1")]))


# --- the same records twice ---


@pytest.mark.slow
def test_two_packages_of_the_same_records_are_told(
    inbox: Path, places: list[Path], tmp_path: Path
) -> None:
    convert(inbox / "r.jsonl").write(tmp_path / "made", format="csv")
    convert(inbox / "r.jsonl").write(tmp_path / "again.zip")
    for jobs in (1, 2):
        first, unlike, second = validate_all(["made", places[0], "again.zip"], jobs=jobs)
        assert (first.findings, unlike.findings) == ([], [])
        message = "it holds the same 5 records as made"
        hint = "hand in one of the two; where one corrects the other, leave out the older"
        assert second.findings == [
            Finding("BF124", Severity.WARNING, "again.zip", None, None, None, message, None, hint)
        ]


def test_ids_that_somebody_chose_are_not_compared(tmp_path: Path) -> None:
    names = ("a.json", "b.json")
    for number, name in enumerate(names, 1):
        record = {**RECORD, "id": "run-1"}
        record["measurements"] = [{**RECORD["measurements"][0], "value": float(number)}]
        (tmp_path / name).write_text(json.dumps(record))
    reports = validate_all([tmp_path / name for name in names])
    assert [report.findings for report in reports] == [[], []]


WAITING = """
import signal, sys, time
from pathlib import Path
from benchfmt.validation import judging

def judge(path, report, **options):
    Path("started").touch()
    time.sleep(600)

judging.judge = judge
if __name__ == "__main__":
    from benchfmt.cli import main
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["benchfmt", "validate", "in", "--jobs", "2"]
    main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_ctrl_c_ends_all_processes(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(WAITING)
    asked = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}",
        "TMPDIR": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "run.py"],
        env=asked,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while not (tmp_path / "started").exists():
            assert running.poll() is None
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "benchfmt: stopped; nothing was written"
    assert not list(tmp_path.glob("benchfmt-*"))
