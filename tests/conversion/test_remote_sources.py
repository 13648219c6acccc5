"""Sources elsewhere: fetched whole within limits, told where they were, and converted as if they lay here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import fsspec
import pytest
from tests.conversion.odd import tables
from tests.package.stores import Proxy
from tests.servers import Quiet, only_here, running
from tests.sparing import some

from benchfmt import convert, open_package
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.package import PackageError, fetching, remote
from benchfmt.readers.files import UnsafeError

pytest.importorskip("moto.server")
pytest.importorskip("s3fs")
EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"
LOG = Path(__file__).parents[1] / "fixtures" / "trtexec" / "eleven.log"
FILES = sorted(path for path in EXAMPLE.rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(monkeypatch)


@pytest.fixture
def bucket(bucket: str) -> str:
    """Return the address of a bucket that holds the example."""
    for path in FILES:
        put(bucket, f"lpdnn/{path.relative_to(EXAMPLE).as_posix()}", path.read_bytes())
    return bucket


def put(bucket: str, name: str, data: bytes) -> None:
    fsspec.filesystem("s3").pipe_file(f"{bucket.removeprefix('s3://')}/{name}", data)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Give the address of a server of the web that holds the folder `web`."""
    folder = tmp_path / "web"
    folder.mkdir()
    with running(partial(_Web, directory=str(folder))) as port:
        yield f"http://127.0.0.1:{port}"


class _Web(Quiet, SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.example/t.json")
            self.end_headers()
            return
        self.path = self.path.partition("?")[0]
        super().do_GET()


def descriptor(package: Path) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads((package / "datapackage.json").read_text())
    return plain


@pytest.mark.parametrize("fault", some(["", "busy", "cut", "slow"]))
def test_a_prefix_is_converted_as_the_folder_is(
    bucket: str, store: Proxy, tmp_path: Path, fault: str
) -> None:
    convert(EXAMPLE).write(tmp_path / "here")
    # Rare enough that none of eight that are fetched together meets it three times.
    store.fault, store.every, store.refused = fault, 11, 0
    heard: list[str] = []
    convert(f"{bucket}/lpdnn", remote=True, tell=heard.append).write(tmp_path / "there")
    assert tables(tmp_path / "there") == tables(tmp_path / "here")
    size = sum(path.stat().st_size for path in FILES)
    assert heard == [f"fetched: {len(FILES)} files, {size:,} bytes from {bucket}/lpdnn"]
    source = {"title": f"{bucket}/lpdnn", "path": f"{bucket}/lpdnn"}
    assert descriptor(tmp_path / "there")["sources"] == [source]
    assert bool(store.refused) == bool(fault)


def test_what_was_fetched_goes_with_the_conversion(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    monkeypatch.setattr(fetching.tempfile, "tempdir", str(downloads))
    conversion = convert(f"{bucket}/lpdnn/", remote=True)
    assert len(list(downloads.rglob("*.json"))) == len([p for p in FILES if p.suffix == ".json"])
    assert sum(1 for _ in conversion) == 103
    del conversion
    assert not list(downloads.iterdir())


def test_a_file_that_cannot_be_had_is_one_that_failed(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = remote._copy

    def refuse(system: Any, path: str, *rest: Any) -> None:
        if path.endswith("broken.json"):
            raise PermissionError(13, "Forbidden")
        copy(system, path, *rest)

    put(bucket, "lpdnn/zz/broken.json", b"{}")
    monkeypatch.setattr(remote, "_copy", refuse)
    account = convert(f"{bucket}/lpdnn", remote=True).write(tmp_path / "there")
    assert account.total("records") == 103
    (failed,) = [entry for entry in account.to_dict()["entries"] if entry["role"] == "failed"]
    assert failed["path"] == "zz/broken.json"
    assert "it cannot be fetched" in failed["reason"]


def test_a_file_of_the_web_is_named_in_its_records(web: str, tmp_path: Path) -> None:
    (tmp_path / "web" / "a file.log").write_bytes(LOG.read_bytes())
    secret = web.replace("http://", "http://me:pass@")
    convert(f"{secret}/a%20file.log?token=1", remote=True).write(tmp_path / "there")
    with open_package(tmp_path / "there") as package:
        records = list(package.records())
    assert {record.provenance.url for record in records if record.provenance} == {
        f"{web}/a%20file.log"
    }
    assert descriptor(tmp_path / "there")["sources"][0]["path"] == f"{web}/a%20file.log"
    assert b"pass@" not in (tmp_path / "there" / "datapackage.json").read_bytes()


def test_no_secret_of_an_address_is_told(web: str, tmp_path: Path) -> None:
    (tmp_path / "web" / "a").write_bytes(b"nothing")
    secret = web.replace("http://", "http://me:pass@")
    with pytest.raises(BenchfmtError, match="nothing to convert in") as raised:
        convert(f"{secret}/a?token=1", remote=True)
    assert "pass" not in str(raised.value)
    assert "token" not in str(raised.value)


def test_no_address_leads_to_another_host(web: str) -> None:
    with pytest.raises(UnsafeError, match=r"leads to http://elsewhere\.example"):
        convert(f"{web}/away.json", remote=True)


def test_an_address_must_be_asked_for(bucket: str) -> None:
    with pytest.raises(BenchfmtError, match=r"is remote; pass remote=True \(--remote\)"):
        convert(f"{bucket}/lpdnn")


def test_nothing_there_is_told(bucket: str, web: str) -> None:
    with pytest.raises(PackageError, match="there are no files"):
        convert(f"{bucket}/nothing", remote=True)
    with pytest.raises(PackageError, match="it cannot be fetched"):
        convert(f"{web}/nothing.json", remote=True)
    with pytest.raises(PackageError, match=r"/\.\. names no file"):
        convert(f"{web}/..", remote=True)


@pytest.mark.parametrize(
    ("limits", "code"), [({"files": 3}, "BF905"), ({"archive_bytes": 1_000}, "BF904")]
)
def test_more_than_the_limits_is_not_fetched(
    bucket: str, limits: dict[str, int], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote.RemoteTree, "fetch", lambda *_: pytest.fail("it was fetched"))
    with pytest.raises(UnsafeError) as raised:
        convert(f"{bucket}/lpdnn", remote=True, limits=dataclasses.replace(LIMITS, **limits))
    assert raised.value.code == code


@pytest.mark.parametrize("name", ["lpdnn/../../out.json", "lpdnn/a:b/x.json"])
def test_no_name_leaves_the_folder(bucket: str, name: str) -> None:
    put(bucket, name, b"{}")
    with pytest.raises(UnsafeError, match="leads out of the folder"):
        convert(f"{bucket}/lpdnn", remote=True)


def test_names_that_are_one_path_are_refused(bucket: str) -> None:
    put(bucket, "lpdnn/x/y.json", b"{}")
    put(bucket, "lpdnn/x//y.json", b"[]")
    with pytest.raises(PackageError, match="several of its names are one path"):
        convert(f"{bucket}/lpdnn", remote=True)


def test_a_name_is_no_address_of_another_file_system(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    put(bucket, f"lpdnn/x::file:{tmp_path}/secret", b"mine")
    tree = remote.remote_tree(f"{bucket}/lpdnn")
    (name,) = [name for name in tree.sizes if "::" in name]
    tree.fetch(name, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"mine"


def test_workers_elsewhere_and_resuming_are_refused(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="the workers of the cluster do not see it"):
        convert(f"{bucket}/lpdnn", remote=True, executor="dask:tcp://127.0.0.1:1")
    with pytest.raises(BenchfmtError, match="--resume needs sources of this machine"):
        convert(f"{bucket}/lpdnn", remote=True).write(tmp_path / "p", resume=True)
    assert not (tmp_path / "p").exists()
