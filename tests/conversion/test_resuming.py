"""Going on after a stop: the package is that of a run that nobody stopped, and what was read is not read again."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conversion.odd import GOOD, installed, run, sources, started, tables
from tests.faults.helping import content, table

from benchfmt import convert
from benchfmt.converters.base import Failed, Skipped
from benchfmt.finding import Finding, Severity
from benchfmt.package import Target
from benchfmt.running import End, Entry, Packet, Readers, Rows, Workers, of_batch, on
from benchfmt.running import journal as module
from benchfmt.running.packing import pack, unpack
from benchfmt.tables import to_batch

ALL = [f"n{number:02}" for number in range(GOOD)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return installed(tmp_path / "site")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return sources(tmp_path / "in")


def journal(package: Path) -> Path:
    return package.with_name(f".{package.name}.benchfmt-journal")


def stopped(site: Path, source: Path, out: Path, at: str, *more: str) -> list[Path]:
    """Stop a conversion at a source by SIGKILL, and return what it has kept."""
    workers = {"ODD_WORKERS": "1"} if "--executor" in more else {}
    done = run(site, source, "-o", out, "--resume", *more, ODD_STOP=at, **workers)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not out.exists()
    return sorted(journal(out).glob("*.chunk"))


def read_again(log: Path) -> list[str]:
    return sorted(log.read_text().split()) if log.exists() else []


@pytest.mark.parametrize(
    ("at", "more"),
    [
        ("n20", ()),
        pytest.param("n00", (), marks=pytest.mark.slow),
        pytest.param("n39", (), marks=pytest.mark.slow),
        pytest.param("n20", ("--executor", "local:2"), marks=pytest.mark.slow),
        pytest.param("n20", ("--part-rows", "7"), marks=pytest.mark.slow),
        pytest.param("n20", ("--part-rows", "7", "--executor", "local:2"), marks=pytest.mark.slow),
        pytest.param("n35", ("--format", "csv", "--redact"), marks=pytest.mark.slow),
    ],
)
def test_a_run_that_was_killed_goes_on(
    site: Path, source: Path, tmp_path: Path, at: str, more: tuple[str, ...]
) -> None:
    whole, out = tmp_path / "whole" / "p", tmp_path / "out" / "p"
    before, after, log = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "log"
    assert run(site, source, "-o", whole, "--account", before, *more).returncode == 0
    kept = stopped(site, source, out, at, *more)
    done = run(
        site, source, "-o", out, "--resume", "--account", after, *more, ODD_LOG=str(log)
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read_again(log)) <= GOOD - len(kept)
    if "--executor" not in more and at != "n39":
        # One by one, but for the chunk in which it was stopped.
        assert read_again(log) == ALL[len(kept) :]
        assert f"resume: goes on; {len(kept)} of {GOOD} sources were read before" in done.stderr
    assert all_files(out) == all_files(whole)
    assert after.read_bytes() == before.read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["p"]


def all_files(package: Path) -> dict[str, bytes]:
    files = [path for path in sorted(package.rglob("*")) if path.is_file()]
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in files}


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def turned(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize("damage", [cut, empty, turned, zeros])
def test_what_is_damaged_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    source = several_tables(tmp_path / "in")
    whole, out = tmp_path / "whole", tmp_path / "p"
    convert(source).write(whole)
    write_until_moved(source, out, monkeypatch)
    kept = sorted(journal(out).glob("*.chunk"))
    assert len(kept) == 3
    damage(kept[1])
    assert reading(source, out, monkeypatch) == 1
    assert tables(out) == tables(whole)
    assert not journal(out).exists()


def several_tables(folder: Path) -> Path:
    for name in ("one", "two", "three"):
        table(folder / name, rows=30)
    return folder


class StoppedError(Exception):
    """It stops a run just before its package goes to its place."""


def write_until_moved(source: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read everything, and stop before the package is at its place."""

    def stop(*_: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(Target, "replace_by", stop)
        with pytest.raises(StoppedError):
            convert(source).write(out, resume=True)
    assert not out.exists()


def reading(source: Path, out: Path, monkeypatch: pytest.MonkeyPatch, **asked: str) -> int:
    """Go on, and return how many units were read."""
    units = []
    read = module.read
    monkeypatch.setattr(module, "read", lambda chunk: units.append(len(chunk)) or read(chunk))
    convert(source, **asked).write(out, resume=True)
    return sum(units)


def test_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = several_tables(tmp_path / "in")
    write_until_moved(source, tmp_path / "p", monkeypatch)
    assert reading(source, tmp_path / "p", monkeypatch) == 0


def test_a_source_that_has_changed_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = several_tables(tmp_path / "in")
    out, told = tmp_path / "p", []
    write_until_moved(source, out, monkeypatch)
    place = source / "two" / "a.csv"
    state = place.stat()
    place.write_text(place.read_text().replace("net1,", "net7,", 1))
    # Neither its size nor its time says so.
    assert place.stat().st_size == state.st_size
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))
    convert(source, tell=told.append).write(out, resume=True)
    convert(source).write(tmp_path / "whole")
    assert tables(out) == tables(tmp_path / "whole")
    assert told[-1] == f"resume: 1 source has changed since: {place}"


def test_what_supports_a_source_is_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = several_tables(tmp_path / "in")
    write_until_moved(source, tmp_path / "p", monkeypatch)
    place = source / "two" / "datapackage.json"
    place.write_text(place.read_text().replace('"ms"', '"us"'))
    assert reading(source, tmp_path / "p", monkeypatch) == 1
    convert(source).write(tmp_path / "whole")
    assert tables(tmp_path / "p") == tables(tmp_path / "whole")


@pytest.mark.parametrize(
    ("name", "before", "words"),
    [
        ("benchfmt", "0.9", "benchfmt: 0.9 before, "),
        ("the code of benchfmt", "abc", "the code of benchfmt: abc before, "),
        ("polars", "0.1", "polars: 0.1 before, "),
        ("the converter annotated", "0.1", "the converter annotated: 0.1 before, 1.0 now"),
        ("the options asked for", "colour=red", "asked for: colour=red before, none now"),
    ],
)
def test_it_starts_anew_where_something_else_has_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, before: str, words: str
) -> None:
    source = several_tables(tmp_path / "in")
    out, told = tmp_path / "p", []
    write_until_moved(source, out, monkeypatch)
    facts = json.loads((journal(out) / "journal.json").read_text())
    assert name in facts
    (journal(out) / "journal.json").write_text(json.dumps({**facts, name: before}))
    convert(source, tell=told.append).write(out, resume=True)
    assert told[0].startswith("resume: starts anew: ")
    assert words in told[0]


@pytest.mark.parametrize("damage", [cut, empty, Path.unlink])
def test_a_journal_without_facts_is_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    source = several_tables(tmp_path / "in")
    out, told = tmp_path / "p", []
    write_until_moved(source, out, monkeypatch)
    damage(journal(out) / "journal.json")
    convert(source, tell=told.append).write(out, resume=True)
    assert told[0] == "resume: starts anew: what an earlier run has kept is damaged"


@pytest.mark.slow
def test_other_code_of_a_converter_reads_anew(site: Path, source: Path, tmp_path: Path) -> None:
    stopped(site, source, tmp_path / "p", "n20")
    module = site / "odd.py"
    module.write_text(module.read_text().replace("1.5 +", "2.5 +"))
    done = run(site, source, "-o", tmp_path / "p", "--resume")
    assert done.returncode == 0
    assert "resume: starts anew: the converter odd: 1.0, code " in done.stderr
    assert run(site, source, "-o", tmp_path / "whole").returncode == 0
    assert tables(tmp_path / "p") == tables(tmp_path / "whole")


@pytest.mark.slow
def test_a_second_run_leaves_the_journal_of_the_first_alone(site: Path, tmp_path: Path) -> None:
    source = sources(tmp_path / "in", n99="hang")
    first = started(site, source, "-o", tmp_path / "p", "--resume")
    try:
        kept = journal(tmp_path / "p")
        end = time.monotonic() + 60
        while len(list(kept.glob("*.chunk"))) < 33 and time.monotonic() < end:
            time.sleep(0.05)
        before = content(kept)
        second = run(site, source, "-o", tmp_path / "p", "--resume")
        assert second.returncode == 2
        assert "is being written by process" in second.stderr
        # The first one may write on meanwhile.
        assert before.items() <= content(kept).items()
        first.send_signal(signal.SIGINT)
        _, words = first.communicate(timeout=60)
    finally:
        first.kill()
    assert first.returncode == 130
    assert "stopped; what was read is kept, and the same command goes on from there" in words


def test_a_package_that_is_whole_leaves_no_journal_of_an_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = several_tables(tmp_path / "in")
    write_until_moved(source, tmp_path / "p", monkeypatch)
    assert journal(tmp_path / "p").exists()
    convert(source).write(tmp_path / "p")
    assert not journal(tmp_path / "p").exists()


def test_a_journal_among_the_sources_is_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = several_tables(tmp_path / "in")
    out = source / "p"
    write_until_moved(source, out, monkeypatch)
    account = convert(source).write(out, resume=True)
    assert len(account.files) == 6


def test_an_address_has_no_place_beside_it(site: Path, source: Path) -> None:
    done = run(site, source, "-o", "memory://p", "--resume")
    assert done.returncode == 2
    assert "memory://p is not on this machine" in done.stderr


def test_what_workers_send_who_see_no_files_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = several_tables(tmp_path / "in")

    @contextmanager
    def far(*_: object) -> Iterator[Workers]:
        with ThreadPoolExecutor(2) as pool, on(pool) as workers:
            yield replace(workers, sees_files=False)

    monkeypatch.setattr(Readers, "workers", far)
    write_until_moved(source, tmp_path / "p", monkeypatch)
    assert len(list(journal(tmp_path / "p").glob("*.chunk"))) == 3
    monkeypatch.undo()
    assert reading(source, tmp_path / "p", monkeypatch) == 0


def test_a_full_disk_ends_it_and_the_journal_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = several_tables(tmp_path / "in")
    packed = []

    def full(*words: object) -> bytes:
        packed.append(1)
        if len(packed) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pack(*words)  # type: ignore[arg-type]  # what it was called with

    with monkeypatch.context() as patch:
        patch.setattr(module, "pack", full)
        with pytest.raises(OSError, match="No space left"):
            convert(source).write(tmp_path / "p", resume=True)
    assert [path.suffix for path in sorted(journal(tmp_path / "p").iterdir())].count(".chunk") == 1
    assert reading(source, tmp_path / "p", monkeypatch) == 2


def test_a_packet_is_the_same_after_it_was_kept(tmp_path: Path) -> None:
    records = list(convert(table(tmp_path / "in", rows=5)))
    finding = Finding(
        "BF301", Severity.WARNING, "a.csv", 3, "t", None, "odd", rows=(1, 2), line=4, pointer="/a"
    )
    entries = (
        Entry(7, Rows(0, 5, 6, 5, ((6, "empty"),), ((6, "odd"),), (finding,), is_table=True)),
        Entry(7, finding),
        Entry(8, Skipped(Path("b\udce4.csv"), "no result", 3)),
        Entry(8, Failed(Path("c.csv"), "a word \ud800", None)),
        Entry(8, End()),
    )
    packet = Packet(entries, of_batch(to_batch(records)))
    there = unpack(pack(packet, first=5), first=50)
    assert [entry.unit for entry in there.entries] == [52, 52, 53, 53, 53]
    assert [entry.what for entry in there.entries] == [entry.what for entry in entries]
    assert there.tables.batch == packet.tables.batch
    assert there.tables.system_ids == packet.tables.system_ids
    for name in ("ids", "contents", "sizes", "systems", "owners", "forms"):
        assert (getattr(there.tables, name) == getattr(packet.tables, name)).all()
