"""Parts that others write: they are those that one process writes, and a writer that is lost costs nothing."""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchfmt import convert
from benchfmt.package import Elsewhere, PartWork, growing, write_part
from benchfmt.processes import LostError, StoppedError
from benchfmt.record import Record
from benchfmt.running import Readers, Workers, here, on, processes, writers
from benchfmt.running.executors import units_of
from benchfmt.running.units import Chunk
from benchfmt.sinks import Format
from benchfmt.tables import Batch, to_batch

COUNT = 60
PART = 25


def data(number: int, **more: Any) -> dict[str, Any]:
    """Return a record of two or three measurements as plain data."""
    measurements = [
        {"metric": "duration", "scope": f"run:{row}", "value": number + 0.5, "unit": "s", "basis": "measured"}
        for row in range(2 + number % 2)
    ]  # fmt: skip
    return {
        "benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok", "measurements": measurements,
        "model": {"name": f"m{number}"}, "provenance": {"sources": [{"path": f"r{number}.json"}]}, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files of one record each: some are faulty, some copies, some say otherwise what another has said."""
    place = tmp_path_factory.mktemp("many")
    for number in range(COUNT):
        said = json.dumps(data(number))
        if number % 20 == 7:
            said = '{"benchfmt": "1.0"}'
        elif number % 20 == 8:
            said = json.dumps(data(number - 2))
        elif number % 20 == 9:
            said = json.dumps(data(number - 3, task="image-classification"))
        (place / f"r{number:03d}.json").write_text(said)
    return place


def files(package: Path) -> dict[str, bytes]:
    """Return all files of a package as bytes."""
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in package.rglob("*")
        if path.is_file()
    }


class Noting:
    """An executor that notes which parts it is given to write, and what came of them."""

    def __init__(self, threads: ThreadPoolExecutor, fail: type[Exception] | None = None) -> None:
        self.threads = threads
        self.fail = fail
        self.parts: list[int] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        (work,) = args
        if isinstance(work, PartWork):
            self.parts.append(work.number)
            if self.fail is not None:
                return self.threads.submit(self._begin_and_fail, work)
        return self.threads.submit(fn, *args)

    def _begin_and_fail(self, work: PartWork) -> None:
        assert self.fail is not None
        Path(work.folder, ".part-left", "records").mkdir(parents=True, exist_ok=True)
        Path(work.folder, ".part-left", "records", "part-00000.parquet").write_bytes(b"PAR1")
        raise self.fail("it was killed")


def test_parts_do_not_depend_on_who_writes_them(source: Path, tmp_path: Path) -> None:
    account = convert(source, "records").write(tmp_path / "one" / "p", part_rows=PART)
    with ThreadPoolExecutor(2) as threads:
        executor = Noting(threads)
        told = convert(source, "records", executor=executor).write(
            tmp_path / "two" / "p", part_rows=PART
        )
    expected = files(tmp_path / "one" / "p")
    assert len([name for name in expected if name.startswith("measurements/")]) == 6
    assert files(tmp_path / "two" / "p") == expected
    assert executor.parts == list(range(6))
    assert told.to_dict() == account.to_dict()


@pytest.mark.parametrize(
    "more",
    [
        {"format": "csv"},
        {"license": "CC0-1.0", "submitter": "somebody"},
        pytest.param({"resume": True}, marks=pytest.mark.slow),
    ],
)
def test_parts_have_all_that_is_asked_for(
    source: Path, tmp_path: Path, more: dict[str, Any]
) -> None:
    convert(source, "records").write(tmp_path / "one" / "p", part_rows=PART, **more)
    with ThreadPoolExecutor(2) as threads:
        executor = Noting(threads)
        convert(source, "records", executor=executor).write(
            tmp_path / "two" / "p", part_rows=PART, **more
        )
    assert executor.parts == list(range(6))
    assert files(tmp_path / "two" / "p") == files(tmp_path / "one" / "p")


def test_processes_write_parts(source: Path, tmp_path: Path) -> None:
    convert(source, "records").write(tmp_path / "one" / "p", part_rows=PART)
    convert(source, "records", jobs=2).write(tmp_path / "two" / "p", part_rows=PART)
    assert files(tmp_path / "two" / "p") == files(tmp_path / "one" / "p")


def test_a_part_whose_writer_is_lost_is_written_here(source: Path, tmp_path: Path) -> None:
    convert(source, "records").write(tmp_path / "one" / "p", part_rows=PART)
    with ThreadPoolExecutor(2) as threads:
        executor = Noting(threads, LostError)
        convert(source, "records", executor=executor).write(tmp_path / "two" / "p", part_rows=PART)
    assert executor.parts == list(range(6))
    assert files(tmp_path / "two" / "p") == files(tmp_path / "one" / "p")


def test_a_full_disk_elsewhere_ends_the_run(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(growing._PartHere, "add", full)
    place = tmp_path / "out" / "p"
    with ThreadPoolExecutor(2) as threads, pytest.raises(OSError, match="No space left") as found:
        convert(source, "records", executor=threads).write(place, part_rows=PART)
    assert found.value.filename == str(place)
    assert list(place.parent.iterdir()) == []


@dataclass(frozen=True)
class Fatal:
    """A batch whose reader is killed, unless it is this process."""

    held: Batch
    here: int

    def batch(self) -> Batch:
        if os.getpid() != self.here:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.held


def work_of(folder: Path, stored: Any, batch: Batch, form: Format = "parquet") -> PartWork:
    folder.mkdir()
    share = growing._Share(
        growing._Rows(0, batch.records.num_rows), growing._Rows(0, batch.measurements.num_rows)
    )
    return PartWork(str(folder), form, 0, ((stored, share),))


def some_batch() -> Batch:
    return to_batch([Record.from_dict(data(number, id=f"r{number}")) for number in range(5)])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_process_that_is_killed_while_it_writes_costs_nothing(tmp_path: Path) -> None:
    batch = some_batch()
    work = work_of(tmp_path / "p", Fatal(batch, os.getpid()), batch)
    with processes(1) as workers:
        found = elsewhere(workers).write(work)
    (tmp_path / "alone").mkdir()
    expected = write_part(replace(work, folder=str(tmp_path / "alone")))
    assert [file.path.name for file in found] == ["part-00000.parquet"] * 2
    assert [(file.table, file.size, file.sha256) for file in found] == [
        (file.table, file.size, file.sha256) for file in expected
    ]


def test_nobody_writes_a_part_once_the_run_is_stopped(tmp_path: Path) -> None:
    batch = some_batch()
    work = work_of(tmp_path / "p", Fatal(batch, os.getpid()), batch)
    with (
        ThreadPoolExecutor(1) as threads,
        on(Noting(threads, StoppedError)) as workers,
        pytest.raises(StoppedError),
    ):
        elsewhere(workers).write(work)
    assert [path.name for path in Path(work.folder).iterdir()] == [".part-left"]


def elsewhere(workers: Workers) -> Elsewhere:
    found = writers(workers)
    assert found is not None
    return found


def test_who_sees_no_files_writes_no_parts() -> None:
    assert writers(here()) is None
    with ThreadPoolExecutor(1) as threads, on(threads) as workers:
        assert writers(workers) is not None
        assert writers(replace(workers, sees_files=False)) is None


def test_a_part_may_take_as_long_as_it_takes(tmp_path: Path) -> None:
    batch = some_batch()
    assert units_of(Chunk(0, ())) == 0
    assert units_of(work_of(tmp_path / "p", Fatal(batch, 0), batch)) == float("inf")
    # A unit has far less time than a process takes to write a part: it is written by it all the same.
    held = growing._Held(batch)
    with Readers(2, seconds=1e-9).workers(2) as workers:
        found = elsewhere(workers).write(work_of(tmp_path / "q", held, batch))
    assert found[0].path.parents[2] == tmp_path / "q"


def test_no_search_for_garbage_looks_through_what_a_process_has_loaded() -> None:
    with processes(1) as workers:
        is_on, frozen = workers.executor.submit(of_the_collector).result()
    assert is_on
    assert frozen > 10_000


def of_the_collector() -> tuple[bool, int]:
    return gc.isenabled(), gc.get_freeze_count()
