"""Packages as tar.gz: read as zips are, and every trick of a stranger is a finding."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.forms import VALID, flatten, load, write

from benchfmt import open_package, validate
from benchfmt.limits import Limits

Change = Callable[[tarfile.TarFile], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "package", flatten([load(path) for path in VALID[:4]]), "csv")


def packed(
    folder: Path, change: Change | None = None, name: str = "p.tar.gz", top: str = ""
) -> Path:
    """Return a tar.gz of a folder's files, to which something was added."""
    target = folder.parent / name
    with tarfile.open(target, "w:gz") as archive:
        for path in sorted(folder.iterdir(), reverse=True):
            archive.add(path, top + path.name)
        if change is not None:
            change(archive)
    return target


def member(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> Change:
    """Return what adds a member to a tar."""

    def add(archive: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type = kind
        info.linkname = link
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))

    return add


def sparse(archive: tarfile.TarFile) -> None:
    """Add a file whose map of holes is longer than any header."""
    info = tarfile.TarInfo("holes")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": "5",
    }
    content = b"999999999\n" + b"1\n" * 1_100_000
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize("name", ["p.tar.gz", "p.tgz", "P.TAR.GZ"])
@pytest.mark.parametrize("top", ["", "./"])
def test_a_tar_is_a_package(folder: Path, name: str, top: str) -> None:
    place = packed(folder, member("README.md", b"x"), name, top)
    report = validate(place)
    assert report.findings == []
    assert report.records == validate(folder).records
    with open_package(place) as package, open_package(folder) as same:
        assert [record.id for record in package.records()] == [
            record.id for record in same.records()
        ]


def test_what_tar_itself_writes_is_read(folder: Path) -> None:
    target = folder.parent / "p.tgz"
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, ".")
    assert validate(target).ok


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (member("../../evil.txt", b"x"), "BF901", "'../../evil.txt' leads out of the folder; name a file inside it"),
        (member("/etc/cron.d/evil", b"x"), "BF901", "'/etc/cron.d/evil' leads out of the folder; name a file inside it"),
        (member("a", kind=tarfile.SYMTYPE, link="/etc/passwd"), "BF902", "'a' is a link; pack the file itself"),
        (member("a", kind=tarfile.LNKTYPE, link="/etc/passwd"), "BF902", "'a' is a link; pack the file itself"),
        (member("a", kind=tarfile.CHRTYPE), "BF902", "'a' is a device; a tar holds files only"),
        (member("a", kind=tarfile.FIFOTYPE), "BF902", "'a' is a device; a tar holds files only"),
        (member("records.csv", b"x"), "BF119", "'records.csv' stands twice in it"),
        (member("x" * 3_000_000, b"x"), "BF907", "a header of the tar is longer than 2,097,152 bytes"),
        (sparse, "BF907", "a header of the tar is longer than 2,097,152 bytes"),
    ],
    ids=["out", "absolute", "link", "hard link", "device", "pipe", "twice", "long name", "map of holes"],
)  # fmt: skip
def test_a_trick_is_a_finding(folder: Path, change: Change, code: str, message: str) -> None:
    place = packed(folder, change)
    assert [(found.code, found.path, found.message) for found in validate(place).findings] == [
        (code, str(place), message)
    ]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["p.tar.gz", "package"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(archive_members=3), "BF905"),
        (Limits(archive_bytes=1000), "BF904"),
        (Limits(archive_ratio=2), "BF904"),
    ],
    ids=["members", "bytes", "ratio"],
)
def test_what_would_grow_is_not_unpacked(folder: Path, limits: Limits, code: str) -> None:
    place = packed(folder, member("zeros", bytes(2**22)))
    assert [found.code for found in validate(place, limits=limits).findings] == [code]


@pytest.mark.parametrize("name", ["p.tar.gz", "p.zip"])
@pytest.mark.parametrize(
    "content",
    [b"", b"no tar", gzip.compress(b"no tar"), gzip.compress(bytes(2**20)), b"\x1f\x8b\x08"],
    ids=["empty", "text", "gzip of text", "gzip of zeros", "cut"],
)
def test_what_is_no_archive_is_a_finding(tmp_path: Path, name: str, content: bytes) -> None:
    place = tmp_path / name
    place.write_bytes(content)
    (finding,) = validate(place).findings
    assert (finding.code, finding.path) == ("BF119", str(place))
    assert str(place) not in finding.message


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_tar_that_is_cut_off_is_a_finding(folder: Path, share: float) -> None:
    place = packed(folder)
    content = place.read_bytes()
    place.write_bytes(content[: int(len(content) * share)])
    assert [found.code for found in validate(place).findings] == ["BF119"]


def test_a_folder_that_was_packed_itself_is_told(folder: Path) -> None:
    place = packed(folder, top="mine/")
    assert [found.message for found in validate(place).findings] == [
        (
            "it is not a package: datapackage.json is not at its top, but in mine/; "
            "pack what is in that folder, and not the folder"
        )
    ]
