"""Queries of remote packages: they ask for ranges, see no other file, and are led to no other host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.servers import Quiet, only_here, running

import benchfmt
from benchfmt import open_package
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.package import PackageError, ranges, write_package
from benchfmt.package.sql import QueryError
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import Batch, complete, table_of

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
ROWS = 60_000


@dataclass
class Web:
    """A server of the files of a folder, which counts the bytes that it gives."""

    root: Path
    port: int = 0
    gives_ranges: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    failing: int = 0
    """So many of the next requests are answered by 503."""
    sent: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: BaseHTTPRequestHandler, *, with_body: bool) -> None:
        if self.failing and with_body:
            self.failing -= 1
            self._give(request, 503, b"", with_body=False)
            return
        if request.path in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[request.path])
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        file = self.root / request.path.lstrip("/")
        if not file.is_file():
            self._give(request, 404, b"", with_body=False)
            return
        data = file.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if wanted and self.gives_ranges:
            start, last = map(int, wanted.groups())
            part = data[start : last + 1]
            self._give(request, 206, part, with_body=with_body, of=(start, len(data)))
        else:
            self._give(request, 200, data, with_body=with_body)

    def _give(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        data: bytes,
        *,
        with_body: bool,
        of: tuple[int, int] | None = None,
    ) -> None:
        request.send_response(status)
        if self.gives_ranges:
            request.send_header("Accept-Ranges", "bytes")
        if of is not None:
            start, size = of
            request.send_header("Content-Range", f"bytes {start}-{start + len(data) - 1}/{size}")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        if with_body:
            self.sent += len(data)
            request.wfile.write(data)


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever connects to anything but this machine, on which the server runs."""
    only_here(monkeypatch)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    found = Web(tmp_path / "web")
    found.root.mkdir()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.answer(self, with_body=True)

        def do_HEAD(self) -> None:
            found.answer(self, with_body=False)

    with running(Handler) as port:
        found.port = port
        yield found


def large(place: Path, form: Any = "parquet") -> Path:
    """Write a package of many records with a number each, in parts."""
    ids = pa.array([f"r{number:06}" for number in range(ROWS)])
    same = {"suite": "lpdnn", "status": "ok", "system_id": "rpi4"}
    records = {"id": ids, **{name: pa.array([text] * ROWS) for name, text in same.items()}}
    records["execution"] = pa.array([f"{n:032x}" for n in range(ROWS)])
    chance = np.random.default_rng(1)
    words = {"metric": "latency", "unit": "s", "basis": "measured", "stage": "inference"}
    measurements = {
        "record_id": ids,
        "value": pa.array(chance.random(ROWS)),
        **{name: pa.array([text] * ROWS) for name, text in words.items()},
    }
    batch = Batch(
        table_of("systems", [{"id": "rpi4", "name": "Raspberry Pi 4"}]),
        complete("records", pa.table(records)),
        complete("measurements", pa.table(measurements)),
    )
    write_package(place, [batch], part_rows=ROWS // 3, format=form)
    return place


def size(package: Path) -> int:
    return sum(file.stat().st_size for file in package.rglob("*") if file.is_file())


def test_a_query_asks_for_what_it_needs(web: Web) -> None:
    package = large(web.root / "package")
    sql = "SELECT count(*) AS n, count(DISTINCT record_id) AS m FROM measurements"
    there = benchfmt.query(f"{web.url}/package", sql, remote=True)
    assert there.to_pylist() == [{"n": ROWS, "m": ROWS}]
    assert web.sent < size(package) * 0.4
    web.sent = 0
    benchfmt.query(f"{web.url}/package", "SELECT count(*) FROM records", remote=True)
    assert web.sent < size(package) * 0.2


def test_row_groups_that_no_row_can_be_of_are_not_asked_for(web: Web) -> None:
    large(web.root / "package")
    one = "SELECT value FROM measurements WHERE record_id = 'r000007'"
    answer = benchfmt.query(f"{web.url}/package", one, remote=True)
    assert answer.num_rows == 1
    of_one, web.sent = web.sent, 0
    every = "SELECT count(DISTINCT record_id), count(DISTINCT value) FROM measurements"
    benchfmt.query(f"{web.url}/package", every, remote=True)
    assert of_one < web.sent / 2


def test_a_remote_and_a_local_package_are_asked_together(web: Web, tmp_path: Path) -> None:
    local = large(tmp_path / "local")
    shutil.copytree(local, web.root / "package")
    sql = "SELECT count(DISTINCT package) AS n, count(*) AS m FROM records JOIN systems s USING (package)"
    answer = benchfmt.query([local, f"{web.url}/package"], sql, remote=True)
    assert answer.to_pylist() == [{"n": 2, "m": 2 * ROWS}]


def test_the_flat_view_csv_and_a_server_without_ranges_are_fetched_whole(web: Web) -> None:
    large(web.root / "package")
    large(web.root / "text", "csv")
    count = "SELECT count(*) AS n FROM {}"
    for name, table in (("text", "records"), ("package", "wide")):
        found = benchfmt.query(f"{web.url}/{name}", count.format(table), remote=True)
        assert found.to_pylist() == [{"n": ROWS}]
    web.gives_ranges = False
    found = benchfmt.query(f"{web.url}/package", count.format("records"), remote=True)
    assert found.to_pylist() == [{"n": ROWS}]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_parquet('{url}/package/systems.parquet')",
        "FROM read_parquet('benchfmt-part://7.parquet')",
        "FROM read_parquet('benchfmt-part://*.parquet')",
        "FROM read_text('benchfmt-part://0.parquet/../../secret')",
        "FROM read_text('{secret}')",
        "FROM read_csv('/etc/passwd')",
    ],
)
def test_a_query_of_a_remote_package_sees_no_other_file(web: Web, tmp_path: Path, sql: str) -> None:
    large(web.root / "package")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    asked = sql.format(url=web.url, secret=secret)
    with pytest.raises(QueryError, match=r"Cannot access|disabled"):
        benchfmt.query(f"{web.url}/package", asked, remote=True)


def test_a_server_that_fails_now_and_then_is_asked_again(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchfmt.package.remote.time.sleep", lambda _: None)
    large(web.root / "package")
    web.failing = 2
    sql = "SELECT count(*) AS n FROM records"
    assert benchfmt.query(f"{web.url}/package", sql, remote=True).to_pylist() == [{"n": ROWS}]
    assert web.failing == 0


def test_a_query_that_reads_without_end_is_stopped(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(web.root / "package")
    few = replace(LIMITS, archive_bytes=100_000)
    limited = ranges.Ranges
    monkeypatch.setattr("benchfmt.package.sql.Ranges", lambda: limited(few))
    with pytest.raises(BenchfmtError, match=r"^http.*the query reads too many bytes$"):
        benchfmt.query(f"{web.url}/package", "SELECT sum(value) FROM measurements", remote=True)


@pytest.mark.parametrize(
    "place", ["http://localhost:{port}/other/x", "file:///etc/passwd", "ftp://127.0.0.1/x"]
)
def test_a_redirect_to_elsewhere_is_refused(web: Web, place: str) -> None:
    web.redirects["/package/datapackage.json"] = place.format(port=web.port)
    for ask in (open_package, _query):
        with pytest.raises((UnsafeError, PackageError), match="leads to"):
            ask(f"{web.url}/package", remote=True)


def _query(url: str, *, remote: bool) -> object:
    return benchfmt.query(url, "SELECT 1", remote=remote)


def test_a_redirect_within_a_host_is_followed(web: Web) -> None:
    large(web.root / "moved")
    for file in (web.root / "moved").rglob("*"):
        path = file.relative_to(web.root / "moved").as_posix()
        web.redirects[f"/package/{path}"] = f"/moved/{path}"
    sql = "SELECT count(*) AS n FROM records"
    assert benchfmt.query(f"{web.url}/package", sql, remote=True).to_pylist() == [{"n": ROWS}]
