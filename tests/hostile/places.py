"""Folders in which names are not what they seem: links, loops, pipes, devices, sockets, and very many files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from tests.hostile.specimens import DESCRIPTOR, add, annotated, package, specimen

_OTHER = "id,suite,status\nsecret,lpdnn,ok\n"


def _sound(folder: Path) -> Path:
    """Write a described table that can be converted."""
    annotated(folder, "t.csv")
    (folder / "t.csv").write_text("ms\n1.5\n", "utf-8")
    return folder


@specimen("records that are a link to a file outside", "BF902")
def link_to_a_file_outside(folder: Path) -> list[str]:
    (folder / "secret.csv").write_text(_OTHER, "utf-8")
    place = package(folder / "p")
    (place / "records.csv").unlink()
    (place / "records.csv").symlink_to(folder / "secret.csv")
    return ["validate", "p"]


@specimen("records in a folder that is a link to outside", "BF902")
def link_to_a_folder_outside(folder: Path) -> list[str]:
    package(folder / "other")
    place = package(folder / "p", paths={"records": "sub/records.csv"})
    (place / "sub").symlink_to(folder / "other")
    return ["validate", "p"]


@specimen("a descriptor that is a link to outside", "BF902")
def link_as_descriptor(folder: Path) -> list[str]:
    package(folder / "other")
    place = package(folder / "p")
    (place / DESCRIPTOR).unlink()
    (place / DESCRIPTOR).symlink_to(folder / "other" / DESCRIPTOR)
    return ["validate", "p"]


@specimen("records that are a link to a link to a link ... 10,000 times", "BF")
def link_chain(folder: Path) -> list[str]:
    place = package(folder / "p")
    (place / "records.csv").rename(place / "l0")
    for number in range(1_000):
        (place / f"l{number + 1}").symlink_to(f"l{number}")
    (place / "records.csv").symlink_to("l1000")
    return ["validate", "p"]


@specimen("records that are a link to themselves", "BF")
def link_loop(folder: Path) -> list[str]:
    place = package(folder / "p")
    (place / "records.csv").unlink()
    (place / "records.csv").symlink_to("records.csv")
    return ["validate", "p"]


@specimen("a descriptor that is a link to itself", "", statuses=(1, 2))
def link_loop_as_descriptor(folder: Path) -> list[str]:
    place = package(folder / "p")
    (place / DESCRIPTOR).unlink()
    (place / DESCRIPTOR).symlink_to(DESCRIPTOR)
    return ["validate", "p"]


@specimen("a folder that holds itself, converted", "", statuses=(0, 1), writes=True)
def folder_in_itself(folder: Path) -> list[str]:
    source = _sound(folder / "source")
    (source / "again").symlink_to(source)
    (source / "up").symlink_to("..")
    return ["convert", "source", "-o", "out"]


@specimen(
    "links to /etc/passwd and to /dev/zero among the sources", "", statuses=(0, 1), writes=True
)
def links_among_sources(folder: Path) -> list[str]:
    source = _sound(folder / "source")
    (source / "a.csv").symlink_to("/etc/passwd")
    (source / "b.csv").symlink_to("/dev/zero")
    (source / "mlperf_log_summary.txt").symlink_to("/dev/zero")
    (source / "results.json").symlink_to("/dev/urandom")
    (source / "x.xml").symlink_to("/proc/self/environ")
    return ["convert", "source", "-o", "out"]


@specimen("a table that is a hard link to a file outside", "conformant", statuses=(0,))
def hard_link(folder: Path) -> list[str]:
    (folder / "records.csv").write_text("id,suite,status\nr1,lpdnn,ok\n", "utf-8")
    place = package(folder / "p")
    (place / "records.csv").unlink()
    os.link(folder / "records.csv", place / "records.csv")
    return ["validate", "p"]


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(file.parent)  # a socket's path is short
        try:
            server.bind(file.name)
        finally:
            os.chdir(here)


def _folder(file: Path) -> None:
    file.mkdir()


def _device(file: Path) -> None:
    file.symlink_to("/dev/zero")


_ODD: dict[str, Callable[[Path], None]] = {
    "pipe": _fifo,
    "socket": _socket,
    "folder": _folder,
    "device": _device,
}


def _as_table(make: Callable[[Path], None], folder: Path) -> list[str]:
    place = package(folder / "p")
    (place / "records.csv").unlink()
    make(place / "records.csv")
    return ["validate", "p"]


def _as_descriptor(make: Callable[[Path], None], folder: Path) -> list[str]:
    place = package(folder / "p")
    (place / DESCRIPTOR).unlink()
    make(place / DESCRIPTOR)
    return ["validate", "p"]


def _as_records(make: Callable[[Path], None], folder: Path) -> list[str]:
    make(folder / "all.jsonl")
    return ["validate", "all.jsonl"]


def _as_source(make: Callable[[Path], None], folder: Path) -> list[str]:
    source = _sound(folder / "source")
    for name in (
        "a.csv",
        "results.json",
        "mlperf_log_detail.txt",
        "x.xml",
        "y.yaml",
        "w.xlsx",
        "p.parquet",
    ):
        make(source / name)
    return ["convert", "source", "-o", "out"]


def _as_one_source(make: Callable[[Path], None], folder: Path) -> list[str]:
    make(folder / "a.csv")
    return ["convert", "a.csv", "-o", "out"]


def _as_drafted(make: Callable[[Path], None], folder: Path) -> list[str]:
    make(folder / "a.csv")
    return ["describe", "a.csv"]


def _add_odd() -> None:
    for name, make in _ODD.items():
        code = "BF902" if name == "device" else "BF119"
        add(
            f"{name}_as_table",
            f"records that are a {name}",
            code,
            lambda folder, make=make: _as_table(make, folder),
        )
        for place, as_what, statuses in (
            ("descriptor", _as_descriptor, (1, 2)),
            ("records", _as_records, (1, 2)),
            ("one_source", _as_one_source, (1, 2)),
            ("drafted_table", _as_drafted, (1, 2)),
        ):
            add(
                f"{name}_as_{place}",
                f"a {name} in the place of a {place}",
                "",
                lambda folder, make=make, as_what=as_what: as_what(make, folder),
                statuses=statuses,
            )
        add(
            f"{name}_among_sources",
            f"{name}s among the sources",
            "",
            lambda folder, make=make: _as_source(make, folder),
            statuses=(0, 1),
            writes=True,
        )


_add_odd()


@specimen(
    "100,000 tiny files that nobody knows, converted",
    "",
    statuses=(0, 1),
    writes=True,
    is_large=True,
)
def many_files(folder: Path) -> list[str]:
    source = _sound(folder / "source")
    for number in range(100):
        (source / f"d{number}").mkdir()
        for other in range(1_000):
            (source / f"d{number}" / f"f{other}.txt").write_bytes(b"x")
    return ["convert", "source", "-o", "out"]


@specimen(
    "20,000 tiny files that look like results, converted",
    "",
    statuses=(0, 1),
    writes=True,
    is_large=True,
)
def many_results(folder: Path) -> list[str]:
    source = _sound(folder / "source")
    names = (
        "results.json",
        "mlperf_log_summary.txt",
        "emissions.csv",
        "t.csv",
        "run.xml",
        "x.yaml",
        "l.log",
    )
    for number in range(3_000):
        (source / f"d{number}").mkdir()
        for name in names:
            (source / f"d{number}" / name).write_bytes(b"{}")
    return ["convert", "source", "-o", "out"]


@specimen("100,000 tiny files beside a package", "conformant", statuses=(0,), is_large=True)
def many_files_in_a_package(folder: Path) -> list[str]:
    package(folder / "p")
    for number in range(100_000):
        (folder / "p" / f"f{number}").write_bytes(b"")
    return ["validate", "p"]


@specimen(
    "100,000 tiny files in a folder that is described",
    "",
    statuses=(0, 1, 2),
    is_large=True,
    writes=True,
)
def many_files_described(folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    for number in range(100_000):
        (source / f"f{number}.txt").write_bytes(b"x")
    (source / "t.csv").write_text("ms\n1.5\n", "utf-8")
    return ["describe", "source"]


@specimen("folders 900 deep, converted", "", statuses=(0, 1, 2), writes=True)
def deep_folders(folder: Path) -> list[str]:
    source = _sound(folder / "source")
    here = Path.cwd()
    os.chdir(source)
    try:
        for _ in range(900):
            os.mkdir("d")  # noqa: PTH102 - relative, for the whole path is too long
            os.chdir("d")
        Path("t.csv").write_text("ms\n1.5\n", "utf-8")
    finally:
        os.chdir(here)
    return ["convert", "source", "-o", "out"]
