"""One package, judged in shares by several processes: the report is that of one."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.checks.test_adding_checks import CACHED, added, check
from tests.conversion.test_chaos import workers_of
from tests.forms import INVALID, ROOT, VALID, Tables, _write_parquet, flatten, load
from tests.validation.test_threads import make_portions_small

from benchfmt import convert, validate, validate_all
from benchfmt.checks.catalogue import rule_set
from benchfmt.checks.frames import Frames, no_faults
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.processes import LostError
from benchfmt.processes.spreading import Who, _Spread
from benchfmt.tables import COLUMNS
from benchfmt.validation import Report, judging, sharing
from benchfmt.validation.forms import package, spans

PART = 9
"""So many records has a part."""
FEW = Limits(findings_per_code=3)
_NOT_APART = ("BF103", "BF106", "BF107-id", "BF117")
"""What the corpus says with columns of another type, or of no type."""


class Here:
    """Has work done in this process, as others would get it and give it back."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.works: list[Any] = []

    def tell(self, text: str) -> None:
        self.told.append(text)

    @contextmanager
    def spreading(self) -> Iterator[Any]:
        yield _Spread(self, 3, lambda *_: None, self.folder)  # type: ignore[arg-type] - it submits, as both do

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.works.append(args[0])
        fn, args = pickle.loads(pickle.dumps((fn, args)))  # noqa: S301 - made here a moment before
        future.set_result(pickle.loads(pickle.dumps(fn(*args))))  # noqa: S301 - likewise
        return future


@pytest.fixture
def _fresh() -> Iterator[None]:
    """Checks are found anew by a test that adds one, and by the next."""
    for function in CACHED:
        function.cache_clear()
    yield
    for function in CACHED:
        function.cache_clear()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_portions_small(monkeypatch)
    monkeypatch.setattr(package, "_measurements_at_once", lambda *_: 60)
    monkeypatch.setattr(spans, "_ROWS", 20)


def packaged(folder: Path, tables: Tables, size: int = PART, **own: Any) -> Path:
    """Write a package whose parts have so many records, with the measurements of these."""
    folder.mkdir(parents=True)
    records = tables["records"]
    resources: list[dict[str, Any]] = [
        _described(folder, "systems", [tables["systems"]], "systems")
    ]
    of_records = [records[start : start + size] for start in range(0, len(records), size)]
    part_of: dict[Any, int] = {}
    for number, rows in enumerate(of_records):
        for row in rows:
            part_of.setdefault(row["id"], number)
    of_measurements: list[list[dict[str, Any]]] = [[] for _ in of_records]
    for row in tables["measurements"]:
        of_measurements[row.pop("in", part_of.get(row["record_id"], 0))].append(row)
    resources.append(_described(folder, "records", of_records, "records"))
    resources.append(_described(folder, "measurements", of_measurements, "measurements"))
    data = {"benchfmt": {"version": "1.0", **own}, "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(data), "utf-8")
    return folder


def _described(folder: Path, table: str, parts: Sequence[list[dict[str, Any]]], name: str) -> Any:
    columns = [column.name for column in COLUMNS[table]]
    columns += sorted({cell for rows in parts for row in rows for cell in row} - set(columns))
    files = [f"{name}-{number}.parquet" for number in range(len(parts))]
    for file, rows in zip(files, parts, strict=True):
        _write_parquet(folder / file, table, columns, rows)
    path: Any = files
    if table == "systems":
        path = files[0]
    return {"name": table, "path": path, "format": "parquet"}


def many(count: int = 60, **more: Any) -> list[dict[str, Any]]:
    """Return records without a fault."""
    sound = [load(path) for path in VALID]
    return [{**sound[number % len(sound)], "id": f"r{number}", **more} for number in range(count)]


def faulty(every: int = 1) -> list[dict[str, Any]]:
    """Return records with faults of many kinds, each twice, between sound ones."""
    paths = [path for path in INVALID if not path.name.startswith(_NOT_APART)][::every]
    bad = [record for record in map(load, paths) if isinstance(record.get("measurements"), list)]
    bad = [record for record in bad if isinstance(record.get("system", {}), dict)]
    records = [*bad[::2], *map(load, VALID[:: max(every // 6, 1)]), *bad, *bad[1::2]]
    return [{**record, "id": f"record-{number}"} for number, record in enumerate(records)]


def shared(
    path: Path, limits: Limits = LIMITS, rules: str = "core", who: Any = None
) -> tuple[Report, Here]:
    who = who or Here()
    report = Report(rule_set(rules), str(path))
    with judging.others_of(who) as others:
        judging.judge(path, report, remote=False, limits=limits, jobs=1, others=others)
    return report, who


def agree(path: Path, limits: Limits = LIMITS, rules: str = "core", **more: Any) -> Report:
    """Return the report, which is that of one process, and was made in shares."""
    alone = validate(path, rules, limits=limits, jobs=1)
    together, who = shared(path, limits, rules, **more)
    assert who.told == []
    assert len(who.works) > 3
    assert together == alone
    return alone


# --- nothing depends on who judges ---


@pytest.mark.parametrize(
    ("every", "limits"),
    [(18, Limits(findings_per_code=1)), pytest.param(6, FEW, marks=pytest.mark.slow)],
    ids=["some", "many"],
)
def test_the_report_is_that_of_one_process(every: int, limits: Limits, tmp_path: Path) -> None:
    report = agree(packaged(tmp_path / "p", flatten(faulty(every))), limits)
    assert len(report.findings) > 20
    assert report.more


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["core", "ingestion", "matchmaking", "submission"])
@pytest.mark.parametrize("limits", [LIMITS, FEW], ids=["all-listed", "three-listed"])
def test_the_report_on_all_faults_is_that_of_one_process(
    rules: str, limits: Limits, tmp_path: Path
) -> None:
    path = packaged(tmp_path / "p", flatten(faulty()))
    report = agree(path, limits, rules)
    assert len(report.findings) > 100
    assert bool(report.more) is (limits is FEW)


@pytest.mark.slow
def test_what_is_much_is_left_in_a_folder_and_goes(tmp_path: Path) -> None:
    records = many(provenance={"execution": "run-1"})
    path = packaged(tmp_path / "p", flatten(records))
    (tmp_path / "left").mkdir()
    alone = validate(path, jobs=1)
    together, who = shared(path, who=Here(str(tmp_path / "left")))
    assert who.told == []
    assert together == alone
    assert list((tmp_path / "left").iterdir()) == []


@pytest.mark.slow
def test_ids_that_stand_in_two_shares_are_told(tmp_path: Path) -> None:
    records = many()
    tables = flatten(records)
    for number in (41, 57):
        for row in tables["measurements"]:
            if row["record_id"] == f"r{number}":
                row |= {"record_id": "r3", "in": number // PART}
        tables["records"][number]["id"] = "r3"
    report = agree(packaged(tmp_path / "p", tables))
    told = [(item.path, item.message) for item in report.findings if item.code == "BF507"]
    assert told == [
        ("records-4.parquet", "record r3 stands in row 4 too"),
        ("records-6.parquet", "record r3 stands in row 4 too"),
    ]


@pytest.mark.slow
def test_measurements_of_no_record_are_told(tmp_path: Path) -> None:
    tables = flatten(many())
    for row in tables["measurements"][40:60:7]:
        row |= {"in": 3, "record_id": "nobody"}
    report = agree(packaged(tmp_path / "p", tables))
    assert sum(item.code == "BF502" for item in report.findings) >= 1


@pytest.mark.slow
def test_executions_in_two_shares_are_compared(tmp_path: Path) -> None:
    records = many()
    for number in (2, 50):
        measured = {"metric": "accuracy", "unit": "1", "basis": "measured", "primary": True}
        records[number] = {
            "benchfmt": "1.0",
            "id": f"r{number}",
            "benchmark": {"suite": "openml"},
            "status": "ok",
            "measurements": [{**measured, "value": 0.25 + number / 1000}],
            "provenance": {"sources": [{"path": f"{number}.xml"}], "execution": "run-1"},
        }
    report = agree(packaged(tmp_path / "p", flatten(records)))
    told = [item.record for item in report.findings if item.code == "BF526"]
    assert set(told) == {"r50"}


@pytest.mark.slow
def test_what_was_published_is_compared_with_files_in_another_share(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(spans, "_ROWS", 300)
    conversion = convert(samples / "mlperf_inference")
    conversion.write(tmp_path / "p", part_rows=300)
    codes = [finding.code for finding in agree(tmp_path / "p").findings]
    assert codes.count("BF705") == 2


@pytest.mark.slow
def test_texts_and_systems_of_several_shares_are_told_once(tmp_path: Path) -> None:
    tables = flatten(many())
    for row in tables["records"][::11]:
        row["status_detail"] = "crash​ed"
    tables["systems"] += [{**tables["systems"][0], "id": "the-same"}]
    report = agree(packaged(tmp_path / "p", tables))
    codes = [item.code for item in report.findings]
    assert [codes.count(code) for code in ("BF136", "BF137")] == [1, 1]


@pytest.mark.slow
def test_what_is_acknowledged_is_counted_over_all_shares(tmp_path: Path) -> None:
    items = [
        {"code": "BF211", "reason": "a shared machine"},
        {"code": "BF212", "reason": "it is so", "records": ["r7", "r30", "nobody"]},
    ]
    records = many()
    for record in records[::9]:
        record["measurements"] = [
            {**item, "caveats": ["contaminated"]} for item in record["measurements"]
        ]
    report = agree(packaged(tmp_path / "p", flatten(records), acknowledged=items))
    assert report.acknowledged[0].count > 2


@pytest.mark.slow
def test_a_record_of_no_value_is_told(tmp_path: Path) -> None:
    records = many()
    records[30] = {**records[30], "measurements": []}
    report = agree(packaged(tmp_path / "p", flatten(records)))
    assert [item.record for item in report.findings if item.code == "BF112"] == ["r30"]


# --- what one process judges all the same, and says so ---


def entangled(path: Path) -> str:
    """Return why one process judged a package, whose report is the same."""
    alone = validate(path, jobs=1)
    together, who = shared(path)
    assert together == alone
    (told,) = who.told
    assert told.startswith(f"{path}: one process judges it: ")
    return told.rpartition(": ")[2]


@pytest.mark.slow
def test_a_measurement_of_a_record_in_another_share(tmp_path: Path) -> None:
    tables = flatten(many())
    rows = tables["measurements"]
    rows[-1] |= {"in": 2}
    reason = entangled(packaged(tmp_path / "p", tables))
    assert reason == sharing.ENTANGLED


@pytest.mark.slow
def test_an_id_that_stands_twice_and_has_no_measurement_here(tmp_path: Path) -> None:
    records = many()
    records[41]["id"] = records[57]["id"] = "r3"
    assert entangled(packaged(tmp_path / "p", flatten(records))) == sharing.ENTANGLED


@pytest.mark.slow
def test_parts_that_end_amid_a_record_go_together(tmp_path: Path) -> None:
    """One process gives out the same portions as before, and the shares are fewer."""
    tables = flatten(many())
    last = [row for row in tables["measurements"] if row["record_id"] == "r26"][-1]
    last["in"] = 3
    path = packaged(tmp_path / "p", tables)
    alone = validate(path, jobs=1)
    together, _ = shared(path)
    assert together == alone


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["absent", "cut", "another type", "no ids"])
def test_parts_that_cannot_be_read(harm: str, tmp_path: Path) -> None:
    tables = flatten(many())
    path = packaged(tmp_path / "p", tables)
    file = path / "measurements-4.parquet"
    frame = pl.read_parquet(file)
    if harm == "absent":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif harm == "another type":
        frame.with_columns(metric=pl.lit(3)).write_parquet(file)
    else:
        pl.read_parquet(path / "records-4.parquet").drop("id").write_parquet(
            path / "records-4.parquet"
        )
    reason = entangled(path)
    assert reason in (sharing.FEW, sharing.ENTANGLED)


@pytest.mark.slow
def test_a_package_with_an_annotated_table(tmp_path: Path) -> None:
    path = packaged(tmp_path / "p", flatten(many()))
    (path / "t.csv").write_text("model,latency\na,1.5\n")
    latency = {"metric": "latency", "unit": "ms"}
    fields = [
        {"name": "model", "benchfmt": {"field": "model.name"}},
        {"name": "latency", "type": "number", "benchfmt": latency},
    ]
    constant = {"constant": {"benchmark.suite": "lpdnn"}}
    descriptor = json.loads((path / "datapackage.json").read_text("utf-8"))
    descriptor["resources"].append(
        {"path": "t.csv", "schema": {"fields": fields}, "benchfmt": constant}
    )
    (path / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    alone = validate(path, jobs=1)
    assert alone.records == 61
    together, who = shared(path)
    assert together == alone
    assert [told.rpartition(": ")[2] for told in who.told] == [sharing.FEW, sharing.MIXED]


@pytest.mark.slow
def test_a_package_of_one_part(tmp_path: Path) -> None:
    assert entangled(packaged(tmp_path / "p", flatten(many()), 100)) == sharing.FEW


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh")
def test_a_check_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Frames) -> pl.DataFrame:
        raise ZeroDivisionError

    added(monkeypatch, check("ACME1", run=fail))
    assert entangled(packaged(tmp_path / "p", flatten(many()))) == sharing.ENTANGLED


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh")
def test_a_check_that_compares_portions_and_cannot_be_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain:
        def add(self, _: Frames) -> pl.DataFrame:
            return pl.DataFrame()

        def faults(self) -> pl.DataFrame:
            return no_faults()

    added(monkeypatch, check("ACME2", gather=Plain))
    reason = entangled(packaged(tmp_path / "p", flatten(many())))
    assert reason == "the check ACME2 cannot be divided"


@pytest.mark.slow
def test_processes_that_make_other_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(100))
    monkeypatch.setattr(sharing, "_known_hashes", lambda: (next(numbers),))
    path = packaged(tmp_path / "p", flatten(many()))
    assert entangled(path) == "install one version of polars everywhere"


# --- processes ---


class Losing(Here):
    """Loses so many pieces of work before it does any."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        if not self.times:
            return super().submit(fn, *args)
        self.times -= 1
        future: Future[Any] = Future()
        future.set_exception(LostError("it was killed"))
        return future


def test_a_share_whose_process_is_lost_is_judged_by_another_once(tmp_path: Path) -> None:
    path = packaged(tmp_path / "p", flatten(many(40)))
    agree(path, who=Losing(1))
    with pytest.raises(BenchfmtError, match="a part of the work was lost twice: it was killed"):
        shared(path, who=Losing(4))


def test_a_package_that_is_lost_twice_has_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packaged(tmp_path / "p", flatten(many()))
    losing = Losing(4)
    monkeypatch.setattr(Who, "spreading", lambda _: losing.spreading())
    (report,) = validate_all([path], executor="local:2")
    (finding,) = report.findings
    assert (finding.code, finding.message) == (
        "BF911",
        "a part of the work was lost twice: it was killed",
    )


@pytest.mark.slow
def test_processes_by_name(tmp_path: Path) -> None:
    """They cut other portions than this one, whose settings are small; where all is listed, this changes nothing."""
    path = packaged(tmp_path / "p", flatten(many()))
    told: list[str] = []
    assert validate(path, executor="local:2", tell=told.append) == validate(path)
    assert told == []


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A package of three spans as they are, with faults in each."""
    tables = flatten(many(60))
    path = packaged(tmp_path / "large", tables, 20)
    for number in range(3):
        for table in ("records", "measurements"):
            _repeat(path / f"{table}-{number}.parquet", table, 6_000)
    return path


def _repeat(file: Path, table: str, times: int) -> None:
    frame = pl.read_parquet(file)
    name = "id" if table == "records" else "record_id"
    copies = pl.DataFrame({"copy": range(times)}, schema={"copy": pl.Int64})
    whole = copies.join(frame, how="cross")
    whole = whole.with_columns(pl.format("{}-{}", pl.col(name), pl.col("copy")).alias(name))
    whole.drop("copy").write_parquet(file, row_group_size=50_000)


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local:1", "local:2", "dask:2"])
def test_processes_find_the_same(large: Path, executor: str) -> None:
    words = [sys.executable, "-m", "benchfmt", "validate", str(large), "--format", "json"]
    here, there = (
        subprocess.run([*words, *more], capture_output=True, text=True, check=False, timeout=300)
        for more in ([], ["--executor", executor])
    )
    assert here.returncode == there.returncode
    assert here.stdout == there.stdout != ""
    assert "one process judges it" not in there.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
def test_a_killed_process_costs_nothing_but_time(large: Path, executor: str) -> None:
    words = [sys.executable, "-m", "benchfmt", "validate", str(large), "--format", "json"]
    here = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    with subprocess.Popen(
        [*words, "--executor", executor],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ) as running:
        end = time.monotonic() + 120
        while not (busy := _busy(running.pid)):
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        os.kill(busy[0], signal.SIGKILL)
        out, err = running.communicate(timeout=300)
    assert out == here.stdout, err
    assert running.returncode == here.returncode


def _busy(process: int) -> list[int]:
    """Return the workers of a process that have worked for more than starting takes."""
    return [pid for pid in workers_of(process) if _seconds(pid) > 2]


def _seconds(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
