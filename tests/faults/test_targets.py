"""Targets: no package is replaced in silence, two writers exclude each other, and what a killed one left goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.faults.helping import content, names, package, table

from benchfmt import BenchfmtError, convert
from benchfmt.exports import export
from benchfmt.package import (
    PackageError,
    PackageWriter,
    Target,
    TargetBusyError,
    check_new,
    clear,
)
from benchfmt.record import Record
from benchfmt.tables import to_batch

LEFT = ".out.partial-0123abcd"


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A folder with a table of two rows."""
    return table(tmp_path / "one")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Another folder with a table of three rows, in a file of the same name."""
    return table(tmp_path / "two", rows=3)


def test_a_package_of_the_same_sources_is_replaced(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    before = content(out)
    assert content(package(one, out)) == before


def test_a_package_of_other_sources_is_kept_and_the_message_says_what_would_be_lost(
    one: Path, two: Path, tmp_path: Path
) -> None:
    out = package(one, tmp_path / "out")
    before = content(out)
    with pytest.raises(PackageError) as raised:
        package(two, out)
    assert str(raised.value) == (
        f"{out} already holds the package 'out' (2 records of 1 source); 2 records of a.csv would be lost; "
        "name another target, or pass replace=True (--replace)"
    )
    assert content(out) == before
    assert names(package(two, out, replace=True)) == {"two"}


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_more_sources_lose_nothing(one: Path, two: Path, tmp_path: Path, target: str) -> None:
    out = package(one, tmp_path / target)
    convert([one, two], "annotated").write(out)
    assert names(out) == {"one", "two"}
    with pytest.raises(
        PackageError, match=r"5 records of 2 sources\); 3 records of a\.csv would be lost"
    ):
        package(one, out)


def test_a_source_that_has_changed_is_another_one(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    table(one, rows=4)
    with pytest.raises(PackageError, match=r"2 records of a\.csv would be lost"):
        package(one, out)


def test_nothing_is_read_where_no_source_has_a_known_name(
    one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = package(one, tmp_path / "out")
    conversion = convert(table(tmp_path / "other", name="b.csv"), "annotated")
    monkeypatch.setattr(conversion, "batches", lambda _: pytest.fail("it was read"))
    with pytest.raises(PackageError, match=r"2 records of a\.csv would be lost"):
        conversion.write(out)


def test_a_package_is_written_anew_from_itself(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    convert(out).write(out)
    assert names(out) == {"one"}


def test_records_without_a_source_are_known_by_their_ids(tmp_path: Path) -> None:
    def write(*ids: str) -> None:
        with PackageWriter(tmp_path / "out") as writer:
            writer.write(to_batch([plain.model_copy(update={"id": name}) for name in ids]))

    plain = Record.from_dict(
        {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}
    )
    write("r1", "r2")
    write("r1", "r2", "r3")
    with pytest.raises(PackageError, match="1 record would be lost"):
        write("r1", "r2")


def test_a_package_that_cannot_be_read_is_not_replaced_unasked(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    (out / "records.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(PackageError, match="holds a package that cannot be read and would be lost"):
        package(one, out)
    assert names(package(one, out, replace=True)) == {"one"}


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_no_package_is_never_replaced(one: Path, tmp_path: Path, replace: bool) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    for place in (folder, folder / "thesis.txt"):
        with pytest.raises(BenchfmtError, match=r"thesis.txt would be lost|is a file, and not"):
            package(one, place, replace=replace)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_what_is_measured_anew_replaces_nothing_unasked(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    with pytest.raises(PackageError, match=r"\(2 records of 1 source\), which would be lost; name"):
        check_new(out)
    check_new(tmp_path / "free")


def test_a_link_to_a_package_stays_one(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    link = tmp_path / "latest"
    link.symlink_to(out)
    package(one, link)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "one", "out"]


# --- two writers ---


def test_two_writers_on_one_target_exclude_each_other(one: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Target(out) as target:
        folder = target.new_folder()
        for call in (lambda: package(one, out), lambda: clear(out)):
            with pytest.raises(
                TargetBusyError, match=f"is being written by process {os.getpid()} of"
            ):
                call()
        assert folder.is_dir(), "what another writer writes is left alone"
        package(one, tmp_path / "other")
    assert names(package(one, out)) == {"one"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other", "out"]


def test_an_export_waits_for_nobody_either(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    with Target(tmp_path / "exported"), pytest.raises(TargetBusyError):
        export(out, "matchmaking", tmp_path / "exported")


def test_a_writer_that_fails_lets_go_of_its_target(one: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(RuntimeError), PackageWriter(out):
        raise RuntimeError("as a converter may")
    assert names(package(one, out)) == {"one"}


def test_a_name_that_fills_its_room_has_a_lock_too(one: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / ("x" * 250))
    assert names(package(one, out)) == {"one"}
    assert len(list(tmp_path.iterdir())) == 2


# --- what a killed writer has left ---


def test_what_a_killed_writer_left_goes_with_the_next_run(one: Path, tmp_path: Path) -> None:
    for name in (LEFT, ".other.partial-0123abcd", ".out.partial-mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "records.parquet").write_text("half")
    (tmp_path / ".out.partial-00000000").symlink_to(one)
    package(one, tmp_path / "out")
    left = {".other.partial-0123abcd", ".out.partial-mine", ".out.partial-00000000"}
    assert {path.name for path in tmp_path.iterdir()} == {"one", "out", *left}
    assert (one / "a.csv").exists()


def test_a_package_that_was_set_aside_is_put_back(one: Path, two: Path, tmp_path: Path) -> None:
    out = package(one, tmp_path / "out")
    out.rename(tmp_path / f"{LEFT}.old")
    (tmp_path / LEFT).mkdir()
    with pytest.raises(PackageError, match=r"2 records of a\.csv would be lost"):
        package(two, out)
    assert names(out) == {"one"}
    assert not list(tmp_path.glob(".out*"))
