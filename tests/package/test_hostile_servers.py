"""Servers that lie about lengths, send without end, byte by byte or nothing: each is told, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.hostile.specimens import package
from tests.servers import Quiet, only_here, running

from benchfmt.package import remote
from benchfmt.package.errors import PackageError
from benchfmt.validation import Report, validate

pytest.importorskip("aiohttp", reason="the extra remote is not installed")
Send = Callable[[Quiet], None]
_ROW = b"r1,latency,end-to-end,sample,0.0089,s,measured\n"


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    only_here(monkeypatch)
    monkeypatch.setattr(remote, "_SILENCE", 0.3)
    monkeypatch.setattr(remote, "UNSTATED_BYTES", 2**21)
    monkeypatch.setattr(remote, "_SLOW_SECONDS", 0.2)
    remote._timeout.cache_clear()
    yield
    remote._timeout.cache_clear()


class _Server(Quiet):
    """Gives the files of a folder, but for one name, for which it sends what it is told to."""

    def __init__(self, folder: Path, name: str, send: Send, *arguments: object) -> None:
        self._folder = folder
        self._name = name
        self._send = send
        super().__init__(*arguments)  # type: ignore[arg-type]  # what the server gives

    def do_HEAD(self) -> None:  # noqa: N802 - the name that the server asks for
        self.do_GET()

    def do_GET(self) -> None:  # noqa: N802 - the name that the server asks for
        name = self.path.removeprefix("/")
        try:
            if name == self._name:
                self._send(self)
                return
            content = (self._folder / name).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)
        except OSError:
            # Whoever asked has gone.
            self.close_connection = True


def _report(folder: Path, name: str, send: Send, asked: str = "") -> Report:
    package(folder)
    with running(partial(_Server, folder, name, send)) as port:
        return validate(f"http://127.0.0.1:{port}{asked}", remote=True)


def _endless(handler: Quiet, block: bytes = _ROW * 10_000, pause: float = 0) -> None:
    handler.send_response(200)
    handler.end_headers()
    deadline = time.monotonic() + 20
    while handler.command == "GET" and time.monotonic() < deadline:
        handler.wfile.write(block)
        time.sleep(pause)


def _silent(_: Quiet) -> None:
    time.sleep(1)


def _too_long(handler: Quiet) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(2**40))
    handler.end_headers()


def test_an_archive_without_end_is_refused(tmp_path: Path) -> None:
    report = _report(tmp_path, "p.zip", _endless, "/p.zip")
    assert [finding.code for finding in report.findings] == ["BF904"]
    assert "does not say how many" in report.findings[0].message


@pytest.mark.parametrize("send", [_endless, _too_long])
def test_a_file_that_is_far_longer_than_described_is_refused(tmp_path: Path, send: Send) -> None:
    report = _report(tmp_path, "measurements.csv", send)
    assert [finding.code for finding in report.findings] == ["BF904"]
    assert "measurements.csv has more than" in report.findings[0].message


def test_a_server_that_says_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="Timeout on reading"):
        _report(tmp_path, "p.zip", _silent, "/p.zip")


def test_a_server_that_sends_byte_by_byte_is_told(tmp_path: Path) -> None:
    send = partial(_endless, block=b"x", pause=0.05)
    with pytest.raises(PackageError, match="too slowly"):
        _report(tmp_path, "p.zip", send, "/p.zip")


def test_an_answer_that_breaks_off_is_asked_for_anew(tmp_path: Path) -> None:
    asked = []

    def half(handler: Quiet) -> None:
        content = (tmp_path / "measurements.csv").read_bytes()
        asked.append(handler.command)
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if handler.command == "HEAD":
            return
        sent = content if asked.count("GET") > 1 else content[:-20]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent))
        if sent == content:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    assert _report(tmp_path, "measurements.csv", half).ok
    assert asked.count("GET") == 2
