"""One package, judged by several threads: the report is that of one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.forms import ABSENT, INVALID, ROOT, VALID, flatten, load, write

from benchfmt import turns, validate
from benchfmt.checks.frames import Shared
from benchfmt.limits import Limits
from benchfmt.turns import Turns
from benchfmt.validation import loop, reporting
from benchfmt.validation.forms import (
    delimited,
    documents,
    json_portion,
    package,
    parquet,
    small_parts,
)
from benchfmt.validation.groups import Judge
from benchfmt.validation.portion import Portion
from benchfmt.validation.reporting import Reporter
from benchfmt.validation.verdicts import Verdict, verdict_on

FORMS = ["parquet", "csv", "zip", "jsonl"]
_EVERY = 6
FEW = Limits(findings_per_code=2)


def make_portions_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "_measurements_at_once", lambda *_: 30)
    monkeypatch.setattr(parquet, "_ROWS", {"measurements": 40})
    monkeypatch.setattr(parquet, "_OTHER_ROWS", 20)
    monkeypatch.setattr(delimited, "_ROWS", 30)
    monkeypatch.setattr(documents, "_AT_ONCE", 2)
    monkeypatch.setattr(json_portion, "_RECORDS", 12)


@pytest.fixture
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    make_portions_small(monkeypatch)


def faulty_records(every: int = 1) -> list[dict[str, Any]]:
    """Return records with faults of many kinds, each of them twice, between sound ones; one in so many."""
    bad = [load(path) for path in INVALID[:: every * _EVERY]]
    records = [record for record in bad if isinstance(record.get("measurements"), list)]
    records = [record for record in records if isinstance(record.get("system", {}), dict)]
    some = []
    for number, record in enumerate([*records, *map(load, VALID[::every]), *records]):
        some.append({**record, "id": f"record-{number}"})
    return some


def written(folder: Path, records: list[dict[str, Any]], form: str) -> Path:
    """Write records in a form; returns the path that is judged."""
    if form != "jsonl":
        return write(folder / "package", flatten(records), form)
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


@pytest.mark.usefixtures("_small_portions")
@pytest.mark.parametrize(
    ("limits", "form", "every"),
    [
        pytest.param(FEW, "parquet", 4, id="fewer-parquet"),
        *(pytest.param(FEW, form, 1, marks=pytest.mark.slow) for form in FORMS),
        *(pytest.param(Limits(), form, 1, marks=pytest.mark.slow) for form in FORMS),
    ],
)
def test_the_report_does_not_depend_on_how_many_threads_judge(
    limits: Limits, form: str, every: int, tmp_path: Path
) -> None:
    path = written(tmp_path, faulty_records(every), form)
    alone = validate(path, limits=limits, jobs=1)
    assert len(alone.findings) > 20
    assert validate(path, limits=limits, jobs=3) == alone


@pytest.mark.slow
@pytest.mark.usefixtures("_small_portions")
def test_only_so_many_faults_wait_for_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, faulty_records(), "parquet")
    alone = validate(path, jobs=1)
    most = 0
    in_turn = Reporter._in_turn

    def watched(self: Reporter, *given: Any) -> None:
        nonlocal most
        in_turn(self, *given)
        most = max(most, len(self._held))

    monkeypatch.setattr(small_parts, "_FEW", 0)
    monkeypatch.setattr(reporting, "_MOST_HELD", 8)
    monkeypatch.setattr(Reporter, "_in_turn", watched)
    assert validate(path, jobs=3) == alone
    assert 0 < most <= 4


@pytest.mark.slow
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_report_does_not_depend_on_how_large_portions_are(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, faulty_records(), form)
    whole = validate(path, jobs=1)
    make_portions_small(monkeypatch)
    in_parts = validate(path, jobs=1)
    assert in_parts.findings == whole.findings
    assert in_parts.more == whole.more


@pytest.mark.slow
@pytest.mark.usefixtures("_small_portions")
@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_the_report_does_not_depend_on_which_portion_is_ready_first(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    others_are_done = threading.Event()

    def slow_at_first(portion: Portion, judge: Judge, shared: Shared) -> Verdict:
        number = next(numbers)
        if number == 0:
            assert others_are_done.wait(60)
        verdict = verdict_on(portion, judge, shared)
        if number == 2:
            others_are_done.set()
        return verdict

    path = written(tmp_path, faulty_records(), form)
    alone = validate(path, limits=FEW, jobs=1)
    monkeypatch.setattr(loop, "verdict_on", slow_at_first)
    assert validate(path, limits=FEW, jobs=4) == alone
    assert next(numbers) > 4


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_of_one_code_the_first_faults_are_listed_whoever_finds_them(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source without a path is found where a portion is judged, an empty cell where it is read, which is earlier."""
    monkeypatch.setattr(parquet, "_OTHER_ROWS", 1)
    monkeypatch.setattr(small_parts, "_FEW", 0)
    records = [load(VALID[0]) for _ in range(6)]
    tables = flatten([{**record, "id": f"r{n}"} for n, record in enumerate(records, start=1)])
    for number, row in enumerate(tables["records"], start=1):
        if number % 2:
            row |= {"source_path": ABSENT, "source_locator": "row=1"}
        else:
            row["suite"] = None
    path = write(tmp_path / "package", tables, "parquet")
    limits = Limits(findings_per_code=3, measurements_at_once=1)
    report = validate(path, limits=limits, jobs=jobs)
    rows = [finding.row for finding in report.findings if finding.code == "BF101"]
    assert rows == [1, 2, 3]
    assert report.more["BF101"] == 3


@pytest.mark.usefixtures("_small_portions")
@pytest.mark.parametrize("jobs", [1, 3])
def test_what_stands_before_a_file_that_breaks_off_is_judged(jobs: int, tmp_path: Path) -> None:
    path = written(tmp_path, [load(VALID[0]), *faulty_records(2)], "jsonl")
    text = path.read_text("utf-8")
    path.write_text(text + '{"benchfmt": "1.0", ', "utf-8")
    report = validate(path, jobs=jobs)
    codes = {finding.code for finding in report.findings}
    assert {"BF115", "BF201", "BF203"} <= codes


@pytest.mark.slow
@pytest.mark.usefixtures("_small_portions")
@pytest.mark.parametrize("jobs", [1, 2])
def test_no_thread_is_left(jobs: int, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    validate(written(tmp_path, faulty_records(), "parquet"), jobs=jobs)
    assert set(threading.enumerate()) == before


@pytest.mark.usefixtures("_small_portions")
def test_a_stop_ends_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = count()

    def stopped(portion: Portion, judge: Judge, shared: Shared) -> Verdict:
        if next(numbers) == 3:
            raise KeyboardInterrupt
        return verdict_on(portion, judge, shared)

    before = set(threading.enumerate())
    path = written(tmp_path, faulty_records(), "parquet")
    monkeypatch.setattr(loop, "verdict_on", stopped)
    with pytest.raises(KeyboardInterrupt):
        validate(path, jobs=3)
    assert set(threading.enumerate()) == before
    # What was read ahead is not judged any more.
    assert next(numbers) < 8


SLOW = """
import signal, sys, time
from pathlib import Path
from benchfmt.validation import loop
from benchfmt.validation.forms import parquet

judged = loop.verdict_on

def slow(*given):
    Path("started").touch()
    time.sleep(0.5)
    return judged(*given)

loop.verdict_on = slow
parquet._OTHER_ROWS = 1
if __name__ == "__main__":
    from benchfmt.cli import main
    signal.signal(signal.SIGINT, signal.default_int_handler)
    one = ["--limit", "measurements_at_once=1"]
    sys.argv = ["benchfmt", "validate", "package", "--jobs", "3", *one]
    main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_ctrl_c_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    records = [{**load(VALID[0]), "id": f"r{number}"} for number in range(300)]
    written(tmp_path, records, "parquet")
    (tmp_path / "run.py").write_text(SLOW, "utf-8")
    with subprocess.Popen(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while not (tmp_path / "started").exists():
            assert running.poll() is None
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        # All of it would take more than a minute.
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "benchfmt: stopped; nothing was written"


@pytest.mark.slow
@pytest.mark.usefixtures("_small_portions")
def test_only_so_many_portions_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: set[int] = set()
    most = 0

    def counted(portion: Portion, judge: Judge, shared: Shared) -> Verdict:
        verdict = verdict_on(portion, judge, shared)
        alive.discard(id(portion))
        return verdict

    def watched(self: package.PackageTables) -> Iterator[Portion]:
        nonlocal most
        for portion in portions(self):
            alive.add(id(portion))
            most = max(most, len(alive))
            yield portion
            del portion

    portions = package.PackageTables._portions
    monkeypatch.setattr(package.PackageTables, "_portions", watched)
    monkeypatch.setattr(loop, "verdict_on", counted)
    validate(written(tmp_path, faulty_records(4), "parquet"), jobs=3)
    # Two that are judged, and the one that was just read.
    assert 1 < most <= 3


# --- turns ---


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_results_are_taken_in_the_order_of_the_work(threads: int) -> None:
    work = Turns[int](threads)
    for number in range(3):
        work.give(lambda number=number: number)
    assert len(work) == 3
    assert work.is_full
    assert [work.take() for _ in range(3)] == [0, 1, 2]
    assert not work.is_full
    work.close()


def test_what_work_raises_is_raised_in_its_turn() -> None:
    work = Turns[pl.DataFrame](2)
    work.give(pl.DataFrame)
    work.give(lambda: pl.DataFrame().select("absent"))
    assert work.take().is_empty()
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        work.take()
    work.close()


def test_a_thread_for_each_processor_but_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_processors", lambda: 1)
    assert turns.threads_at_once() == 1
    monkeypatch.setattr(turns, "_processors", lambda: 64)
    assert turns.threads_at_once() == turns.MOST_THREADS


# --- hashes of files ---


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_of_another_hash_is_reported_whoever_hashes_it(jobs: int, tmp_path: Path) -> None:
    path = write(tmp_path / "package", flatten([load(VALID[0])]), "parquet")
    descriptor = json.loads((path / "datapackage.json").read_text("utf-8"))
    for resource in descriptor["resources"]:
        resource["hash"] = f"sha256:{'0' * 64}"
    (path / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    before = set(threading.enumerate())
    findings = validate(path, jobs=jobs).findings
    assert set(threading.enumerate()) == before
    told = [(item.path, item.message) for item in findings if item.code == "BF501"]
    names = sorted(resource["path"] for resource in descriptor["resources"])
    assert told == [(name, "the file's SHA-256 is not the one in the descriptor") for name in names]
