"""Errors of the system: each names its file and what to do, one file that cannot be read is one failure, not the end."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.faults.helping import content, package, table

from benchfmt import convert, validate, validate_all
from benchfmt.cli import main
from benchfmt.converters import annotated
from benchfmt.describing import describe
from benchfmt.finding import BenchfmtError
from benchfmt.oserrors import in_words
from benchfmt.readers.files import Listing
from benchfmt.sinks import Sink

posix = pytest.mark.skipif(os.name != "posix", reason="paths and limits of POSIX")


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """Run the command line and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["benchfmt", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    status: Any = end.value.code
    return int(status or 0)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk does."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def deep_folder(root: Path) -> Iterator[Path]:
    """Make a file whose path is longer than the system takes; it is removed afterwards."""
    names = [f"{depth:02}" + "d" * 198 for depth in range(22)]
    before = Path.cwd()
    os.chdir(root)
    try:
        for name in names:
            Path(name).mkdir()
            os.chdir(name)
        Path("a.csv").write_text("net,t\nx,1\n")
        yield root / names[0]
        os.chdir(root)
        for name in names:
            os.chdir(name)
        Path("a.csv").unlink()
        for name in reversed(names):
            os.chdir("..")
            Path(name).rmdir()
    finally:
        os.chdir(before)


# --- the disk is full ---


def test_a_full_disk_leaves_the_old_package_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = table(tmp_path / "one")
    out = package(source, tmp_path / "out")
    before = content(out)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "Error writing bytes to file. Detail: no space")

    with monkeypatch.context() as patch:
        for kind in Sink.__subclasses__():
            patch.setattr(kind, "flush", full)
        assert run(patch, "convert", source, "-o", out) == 2
    assert capsys.readouterr().err == (
        f"benchfmt: {out}: No space left on device; make room there, or write to another disk\n"
    )
    assert content(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "out"]


@posix
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_may_not_grow_leaves_the_old_package(form: Any, tmp_path: Path) -> None:
    source = table(tmp_path / "one", rows=3_000)
    out = package(source, tmp_path / "out")
    before = content(out)
    conversion = convert(source, "annotated")
    with largest_file(8_192), pytest.raises(OSError, match="File too large") as raised:
        conversion.write(out, format=form)
    assert in_words(raised.value).startswith(f"{out}: File too large; ")
    assert content(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "out"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_named_where_the_account_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = table(tmp_path / "one")
    assert (
        run(monkeypatch, "convert", source, "-o", tmp_path / "out", "--account", "/dev/full") == 2
    )
    assert "benchfmt: /dev/full: No space left on device; " in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["--version"], ["explain", "BF301"]])
def test_a_full_disk_is_named_where_output_goes(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run(monkeypatch, *words) == 2
        monkeypatch.undo()
        with pytest.raises(OSError, match="No space"):
            full.close()
    assert "benchfmt: standard output: No space left on device; " in capsys.readouterr().err


def test_a_full_disk_is_no_fault_of_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = package(table(tmp_path / "one"), tmp_path / "out.zip")
    with largest_file(8_000), pytest.raises(OSError, match="File too large") as raised:
        validate(out)
    assert "benchfmt-" in str(raised.value.filename)


def test_an_older_descriptor_outlives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path / "one")
    before = content(source)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        assert run(patch, "describe", source / "a.csv", "-o", source / "datapackage.json") == 2
    assert content(source) == before


# --- a source changes ---


def test_a_source_that_changes_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path / "one")
    read = annotated.read

    def read_slowly(unit: Any) -> Iterator[Any]:
        yield from read(unit)
        with (source / "a.csv").open("a") as file:
            file.write("late,1\n")

    monkeypatch.setattr(annotated, "read", read_slowly)
    account = convert(source, "annotated").write(tmp_path / "out")
    assert not account.ok
    entry = next(entry for entry in account.files if entry.path == "a.csv")
    assert (entry.role, entry.reason) == (
        "failed",
        "it changed while it was read; convert it again once it is finished",
    )


# --- what cannot be read, or has too long a path ---


@posix
def test_an_over_long_path_is_one_failure(tmp_path: Path) -> None:
    source = table(tmp_path / "one")
    with deep_folder(source) as deep:
        assert Listing(source).unreachable
        account = convert(source).write(tmp_path / "out")
        failed = [entry for entry in account.files if entry.role == "failed"]
        assert [entry.path.partition("/")[0] for entry in failed] == [deep.name]
        assert [entry.reason for entry in failed] == ["cannot be read: File name too long"]
        assert account.total("records") == 2
        assert "cannot be read: File name too long" in str(describe(source).review.lines())


@posix
def test_an_over_long_path_in_a_descriptor_is_a_finding_and_so_is_the_file_that_it_should_name(
    tmp_path: Path,
) -> None:
    out = package(table(tmp_path / "one"), tmp_path / "out")
    text = (out / "datapackage.json").read_text()
    (out / "datapackage.json").write_text(text.replace('"systems.parquet"', f'"{"x" * 5_000}"'))
    report = validate(out)
    told = {finding.code: finding for finding in report.findings}
    assert set(told) == {"BF907", "BF130"}
    assert "File name too long" in told["BF907"].message
    assert "systems.parquet" in told["BF130"].message


def unreadable(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """Have a file that nobody may open, not even root."""

    def refusing(real: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(path: Any, *words: Any, **options: Any) -> Any:
            if isinstance(path, str | Path) and Path(path).resolve() == file.resolve():
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *words, **options)

        return refuse

    monkeypatch.setattr(Path, "open", refusing(Path.open))
    monkeypatch.setattr("builtins.open", refusing(open))


def test_a_file_that_cannot_be_read_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "all"
    table(folder / "one")
    other = table(folder / "two", rows=3)
    unreadable(monkeypatch, other / "a.csv")
    account = convert(folder).write(tmp_path / "out")
    assert {entry.path: entry.reason for entry in account.files if entry.role == "failed"} == {
        "two/a.csv": f"{other / 'a.csv'}: Permission denied; look at who may read and write it"
    }
    assert account.total("records") == 2


def test_a_file_that_no_family_can_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path / "one")
    (source / "notes.txt").write_text("mine")
    unreadable(monkeypatch, source / "notes.txt")
    account = convert(source).write(tmp_path / "out")
    assert [(entry.path, entry.reason) for entry in account.files if entry.role == "failed"] == [
        ("notes.txt", "cannot be read: Permission denied")
    ]


def test_a_package_that_cannot_be_read_ends_no_validation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = package(table(tmp_path / "one"), tmp_path / "first")
    second = tmp_path / "second"
    shutil.copytree(first, second)
    unreadable(monkeypatch, first / "records.parquet")
    denied, other = validate_all([first, second])
    assert [(finding.code, finding.path) for finding in denied.findings] == [
        ("BF119", "records.parquet")
    ]
    assert "Permission denied" in denied.findings[0].message
    assert other.records >= 2


def test_a_table_that_cannot_be_read_ends_no_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("Model,latency_ms\nx,1\n")
    (tmp_path / "b.csv").write_text("Model,latency_ms\ny,1\n")
    unreadable(monkeypatch, tmp_path / "b.csv")
    lines = describe([tmp_path / "a.csv", tmp_path / "b.csv"]).review.lines()
    reason = "b.csv is left out: it cannot be read: Permission denied"
    assert f"review: {reason}" in lines
    with pytest.raises(BenchfmtError, match=reason):
        describe(tmp_path / "b.csv")


def test_too_little_memory_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def eat(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("benchfmt.package.open_package", eat)
    assert run(monkeypatch, "show", tmp_path) == 2
    assert capsys.readouterr().err == (
        "benchfmt: there is not enough memory for this; --jobs 1 takes the least\n"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [(TimeoutError(), "gave no answer in time"), (OSError(), "OSError")],
    ids=["time-out", "nothing"],
)
def test_an_error_that_says_nothing_is_told_by_what_it_is(error: OSError, words: str) -> None:
    assert words in in_words(error)
