"""Packages in an object store: written descriptor last, read again where the store fails, and never half there."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from tests.package.stores import Proxy
from tests.servers import only_here
from tests.sparing import some

from benchfmt import Record, convert, open_package, validate
from benchfmt.exports.croissant import CROISSANT
from benchfmt.limits import LIMITS
from benchfmt.package import (
    PackageError,
    PackageWriter,
    placed,
    put_package,
    remote,
    sending,
    write_package,
)
from benchfmt.package.companions import is_untouched
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import Batch, to_batch

pytest.importorskip("moto.server")
pytest.importorskip("s3fs")
EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(monkeypatch)


def record(name: str) -> Record:
    plain: dict[str, Any] = {
        "benchfmt": "1.0",
        "id": name,
        "benchmark": {"suite": "lpdnn"},
        "measurements": [{"metric": "latency", "value": 0.5, "unit": "s", "basis": "measured"}],
        "status": "ok",
    }
    return Record.from_dict(plain)


def package(path: Path, *names: str, rows: int | None = None) -> Path:
    write_package(path, [to_batch([record(name) for name in names])], part_rows=rows)
    return path


def ids(url: str) -> list[str]:
    with open_package(url, remote=True) as opened:
        return [item.id for item in opened.records()]


def names(url: str) -> set[str]:
    system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    system.invalidate_cache()
    return {name.removeprefix(f"{path}/") for name in system.find(path)}


def test_a_package_is_converted_to_a_store_and_read_back(bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/results/lpdnn"
    with placed(url) as place:
        convert(EXAMPLE).write(place, part_rows=700)
    convert(EXAMPLE).write(tmp_path / "here")
    with open_package(url, remote=True) as there, open_package(tmp_path / "here") as here:
        assert list(there.records()) == list(here.records())
        assert there.descriptor.name == "lpdnn"
        assert there.sql("SELECT count(*) AS n FROM records").to_pylist() == [{"n": 103}]
    report = validate(url, remote=True)
    assert report.ok
    assert not report.findings


def test_a_package_that_is_there_is_replaced_only_when_told(bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/p"
    put_package(package(tmp_path / "one", "a"), url)
    before = names(url)
    with pytest.raises(PackageError, match=r"is at .* already; name another, or replace it"):
        put_package(package(tmp_path / "two", "b", "c", rows=1), url)
    assert names(url) == before
    put_package(tmp_path / "two", url, replace=True)
    assert ids(url) == ["b", "c"]
    # Of the old one nothing is left but its table of systems, which is that of the new one.
    assert {name.partition("-")[0] for name in names(url) & before} == {
        "datapackage.json",
        "data/systems",
    }


def test_a_stopped_write_leaves_the_old_package(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{bucket}/p"
    put_package(package(tmp_path / "one", "a"), url)
    before = names(url)
    at_the_end: list[set[str]] = []

    def stop(*_: Any) -> None:
        at_the_end.append(names(url))
        raise KeyboardInterrupt

    # What is done last, when all files are there, is to write the descriptor that names them.
    monkeypatch.setattr(remote, "_rename", stop)
    with pytest.raises(KeyboardInterrupt):
        put_package(package(tmp_path / "two", "b"), url, replace=True)
    # Both have the same systems: none.
    assert len(at_the_end[0]) == len(before) + 2
    assert names(url) == before
    assert ids(url) == ["a"]


def test_parts_go_as_they_are_ready_and_the_descriptor_last(bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/p"
    seen: list[set[str]] = []
    batches = [to_batch([record(f"r{number}")]) for number in range(9)]

    def telling() -> Iterator[Batch]:
        for batch in batches:
            seen.append(names(url))
            yield batch

    with sending(url) as there, PackageWriter(there.place, part_rows=1) as writer:
        assert there.sender is not None
        writer.each_file = there.sender.send
        for batch in telling():
            writer.write(batch)
    # Two parts may be closed while the next one grows.
    assert sum("measurements" in name for name in seen[-1]) >= 5
    assert not any("datapackage.json" in name for name in seen[-1])
    assert ids(url) == [f"r{number}" for number in range(9)]
    assert len(names(url)) == 9 + 9 + 1 + 1
    write_package(tmp_path / "p", batches, part_rows=1)
    there_now = names(url)
    put_package(tmp_path / "p", url, replace=True)
    assert names(url) == there_now


def test_a_conversion_that_fails_takes_its_parts_back(bucket: str) -> None:
    url = f"{bucket}/p"
    with (
        pytest.raises(KeyboardInterrupt),
        sending(url) as there,
        PackageWriter(there.place, part_rows=1) as writer,
    ):
        assert there.sender is not None
        writer.each_file = there.sender.send
        for number in range(9):
            writer.write(to_batch([record(f"r{number}")]))
        assert names(url)
        raise KeyboardInterrupt
    assert not names(url)


def test_a_part_that_cannot_be_sent_ends_it(bucket: str, store: Proxy) -> None:
    with (
        pytest.raises(PackageError, match=r"s3://.*: it cannot be written"),
        sending(f"{bucket}/p") as there,
        PackageWriter(there.place, part_rows=1) as writer,
    ):
        assert there.sender is not None
        writer.each_file = there.sender.send
        store.fault, store.every = "busy", 1
        for number in range(9):
            writer.write(to_batch([record(f"r{number}")]))
    store.fault = ""
    assert not names(f"{bucket}/p")


@pytest.mark.parametrize("fault", some(["busy", "cut", "slow"], every=3))
def test_a_store_that_fails_now_and_then_is_asked_again(
    bucket: str, store: Proxy, tmp_path: Path, fault: str
) -> None:
    url = f"{bucket}/p"
    store.fault, store.every, store.refused = fault, 3, 0
    convert(EXAMPLE).write(tmp_path / "here", part_rows=300)
    put_package(tmp_path / "here", url)
    with open_package(url, remote=True) as there, open_package(tmp_path / "here") as here:
        assert there.table("measurements").equals(here.table("measurements"))
    assert store.refused


def test_a_store_that_only_fails_is_told(bucket: str, store: Proxy, tmp_path: Path) -> None:
    store.fault, store.every = "busy", 1
    with pytest.raises(PackageError, match=r"s3://.*: it cannot be"):
        put_package(package(tmp_path / "one", "a"), f"{bucket}/p")
    with pytest.raises(PackageError, match=r"s3://.*: it cannot be fetched"):
        ids(f"{bucket}/p")


def test_a_zip_is_one_object(bucket: str, tmp_path: Path) -> None:
    with placed(f"{bucket}/p.zip") as place:
        write_package(place, [to_batch([record("a")])])
    assert names(bucket) == {"p.zip"}
    assert ids(f"{bucket}/p.zip") == ["a"]


def test_nothing_is_fetched_unasked(bucket: str) -> None:
    with pytest.raises(PackageError, match="is remote; pass remote=True"):
        open_package(f"{bucket}/p")
    with pytest.raises(PackageError, match="cannot be fetched"):
        open_package(f"{bucket}/nothing", remote=True)
    with pytest.raises(PackageError, match="nosuch"):
        open_package("nosuch://a/b", remote=True)


def test_a_block_that_writes_nothing_puts_nothing(bucket: str) -> None:
    with placed(f"{bucket}/p"):
        pass
    assert not names(f"{bucket}/p")


def test_the_files_of_a_remote_package_share_one_limit(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    resources = [{"name": str(number), "path": f"{number}.csv"} for number in range(3)]
    system.pipe("/lies/datapackage.json", json.dumps({"resources": resources}).encode())
    for resource in resources:
        system.pipe(f"/lies/{resource['path']}", b"x" * 100)
    limits = dataclasses.replace(LIMITS, archive_bytes=250)
    with pytest.raises(UnsafeError, match=r"2\.csv has more than 50 bytes"):
        open_package("memory://lies", remote=True, limits=limits)


def describe(folder: Path) -> None:
    with open_package(folder) as opened:
        CROISSANT.write(opened, folder / "croissant.json", {"files": "."})


def described(url: str, *ids: str) -> None:
    """Write a package with a description to a store."""
    with sending(url, replace=True) as there, PackageWriter(there.place, part_rows=1) as writer:
        assert there.sender is not None
        there.sender.describe(describe)
        writer.each_file = there.sender.send
        for name in ids:
            writer.write(to_batch([record(name)]))


def description(url: str) -> bytes:
    system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    content: bytes = system.cat_file(f"{path}/croissant.json")
    return content


def test_a_description_names_the_files_as_they_lie_in_the_store(bucket: str) -> None:
    url = f"{bucket}/p"
    described(url, "a", "b")
    system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    data = json.loads(description(url))
    files = {item["contentUrl"]: item for item in data["distribution"] if "sha256" in item}
    assert set(files) == names(url) - {"croissant.json"}
    for name, item in files.items():
        content = system.cat_file(f"{path}/{name}")
        assert hashlib.sha256(content).hexdigest() == item["sha256"]
    assert is_untouched(description(url))
    assert ids(url) == ["a", "b"]
    assert not validate(url, remote=True).findings


def test_a_description_goes_with_its_package(bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/p"
    described(url, "a")
    described(url, "b")
    files = [
        item["contentUrl"]
        for item in json.loads(description(url))["distribution"]
        if "sha256" in item
    ]
    assert {*files, "croissant.json"} == names(url)
    put_package(package(tmp_path / "two", "c"), url, replace=True)
    assert "croissant.json" not in names(url)


def test_a_description_that_somebody_has_changed_is_never_lost(bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/p"
    described(url, "a")
    system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    changed = description(url).replace(b"results", b"our results")
    system.pipe_file(f"{path}/croissant.json", changed)
    with pytest.raises(PackageError, match=r"croissant.json is not as benchfmt wrote it"):
        described(url, "b")
    assert ids(url) == ["a"]
    put_package(package(tmp_path / "two", "c"), url, replace=True)
    assert description(url) == changed


@pytest.mark.parametrize("is_first", [False, True])
def test_a_stop_before_the_end_leaves_the_old_description(
    bucket: str, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    url = f"{bucket}/p"
    if not is_first:
        described(url, "a")
    before = {name: description(url) for name in names(url) if name == "croissant.json"}
    put = remote.Sender._put

    def stop(self: remote.Sender, place: str, content: bytes) -> None:
        if place.endswith("datapackage.json"):
            raise KeyboardInterrupt
        put(self, place, content)

    monkeypatch.setattr(remote.Sender, "_put", stop)
    with pytest.raises(KeyboardInterrupt):
        described(url, "b")
    monkeypatch.undo()
    assert {name: description(url) for name in names(url) if name == "croissant.json"} == before
    if is_first:
        assert not names(url)
    else:
        assert ids(url) == ["a"]


@pytest.mark.slow
def test_the_command_sends_a_description(bucket: str) -> None:
    url = f"{bucket}/lpdnn"
    words = [sys.executable, "-m", "benchfmt", "convert", str(EXAMPLE), "-o", url, "--croissant"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "note: Croissant asks for" in done.stderr
    assert json.loads(description(url))["recordSet"]
