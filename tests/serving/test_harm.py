"""What strangers may send, and what becomes of the server then."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.serving.conftest import RECORDS, Server
from tests.sparing import some

from benchfmt.serving.names import safe_name
from benchfmt.serving.settings import Settings
from benchfmt.serving.tasks import INPUT, Task

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="it looks for processes in /proc"
)


_EVERYWHERE = ".".join("0" * 4)


def _until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _begun(server: Server, size: int, body: bytes) -> socket.socket:
    """Begin an upload that is not whole."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = (
        f"POST /validate?name=r.jsonl HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def _is_alive(server: Server) -> bool:
    return server.ask("/validate", RECORDS.read_bytes(), name="r.jsonl").data["ok"] is True


def test_two_gigabytes_are_refused_before_they_come(server: Server) -> None:
    with _begun(server, 2 * 2**30, b"") as connection:
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.slow
def test_two_gigabytes_of_unknown_length_are_refused_on_the_way(
    start: Callable[..., Server],
) -> None:
    small = start("--upload-limit", 4)
    connection = socket.create_connection(("127.0.0.1", small.port), timeout=60)
    head = "POST /validate?name=z.zip HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head.encode())
    block = b"100000\r\n" + bytes(2**20) + b"\r\n"
    sent = 0
    with connection:
        connection.settimeout(30)
        try:
            for _ in range(2_048):
                connection.sendall(block)
                sent += 1
        except OSError:
            pass
    assert sent < 64
    assert _is_alive(small)
    assert _until(lambda: not [name for name in small.left() if "work-" in name])
    small.stop()


def test_a_zip_bomb_is_refused(server: Server) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.csv", bytes(200 * 2**20))
    answer = server.ask("/validate", packed.getvalue(), name="bomb.zip")
    assert answer.status == 422
    assert answer.data["code"] == "BF904"


@pytest.mark.parametrize(
    "name", some(["../../out.csv", "/out.csv", "a\\..\\..\\out.csv", "C:out.csv"])
)
def test_an_archive_that_leads_out_is_refused(server: Server, name: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    answer = server.ask("/validate", packed.getvalue(), name="tricks.zip")
    assert (answer.status, answer.data["code"]) == (422, "BF901")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("results.jsonl", "results.jsonl"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/abs/mlperf_log_summary.txt", "mlperf_log_summary.txt"),
        ("..", "upload"),
        ("", "upload"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("NUL.csv", "upload-NUL.csv"),
        ("a\0b\n.csv", "a_b_.csv"),
        ("<script>alert(1)</script>.csv", "script_.csv"),
        ("é" * 300 + ".csv", "_.csv"),
        ("x" * 300 + ".jsonl", "x" * 94 + ".jsonl"),
    ],
)
def test_names_lead_nowhere(said: str, name: str) -> None:
    assert safe_name(said) == name


@pytest.mark.parametrize(
    "name", some(["../../../tmp/x.jsonl", "..", "a\0b.jsonl", "%2e%2e/x.jsonl"])
)
def test_tricks_in_the_name_of_an_upload_do_nothing(server: Server, name: str) -> None:
    answer = server.ask("/validate", RECORDS.read_bytes(), name=name)
    assert answer.status in (200, 422)
    assert not [path for path in server.left() if path.endswith(".jsonl")]


def test_a_script_in_the_name_of_a_system_is_text(server: Server) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    text = RECORDS.read_text("utf-8").replace('"status": "ok"', f'"status": "{evil}"')
    text = text.replace('"status":"ok"', f'"status":"{evil}"')
    for path in ("/validate", "/report"):
        answer = server.ask(path, text.encode(), {"Accept": "text/html"}, name="r.jsonl")
        assert b"<script>alert" not in answer.body
        assert b"<img src=x" not in answer.body
    shown = server.ask("/validate", text.encode(), {"Accept": "text/html"}, name="r.jsonl")
    assert b"&lt;script&gt;alert(1)" in shown.body


def test_slow_bytes_end(start: Callable[..., Server]) -> None:
    hasty = start("--upload-time", 1)
    with _begun(hasty, 1_000, b"{") as connection:
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 408")
    assert _until(lambda: not [name for name in hasty.left() if "work-" in name])
    hasty.stop()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:80", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("localhost@evil.example", 421),
        ("", 421),
    ],
)
def test_only_its_own_names_are_answered_to(server: Server, host: str, status: int) -> None:
    assert server.ask("/health", headers={"Host": host}).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 200),
        ({}, 200),
    ],
)
def test_another_site_may_not_ask(server: Server, headers: dict[str, str], status: int) -> None:
    sent = {"Host": "localhost", **headers}
    assert server.ask("/packages", headers=sent).status == status
    # A call that is let through lacks a body, and is refused for that alone.
    asked = server.ask("/validate", b"", sent, name="r.jsonl").status
    assert asked == {200: 400}.get(status, status)


def test_every_answer_has_its_policy(server: Server) -> None:
    for path in ("/", "/packages", "/nowhere", "/static/app.js", "/openapi.json"):
        headers = server.ask(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_script_of_their_own(server: Server) -> None:
    for path in ("/", "/packages", "/compare", "/query"):
        text = server.ask(path, headers={"Accept": "text/html"}).body
        assert text.count(b"<script") == text.count(b'<script src="/static/') == 3
        assert b"<style" not in text
        assert b" onclick" not in text


def test_who_asks_too_often_is_told_when_to_come_again(start: Callable[..., Server]) -> None:
    strict = start("--rate", 2)
    statuses = [strict.ask("/packages").status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert 1 <= int(strict.ask("/packages").headers["retry-after"]) <= 30
    strict.stop()


@pytest.mark.slow
@pytest.mark.parametrize("uploads", [4, 50])
def test_uploads_at_once_are_all_answered(uploads: int, start: Callable[..., Server]) -> None:
    server = start("--jobs", 2, "--rate", 1_000)
    most = 0
    is_over = threading.Event()

    def count() -> None:
        nonlocal most
        while not is_over.wait(0.05):
            most = max(most, len(server.working()))

    counting = threading.Thread(target=count)
    counting.start()
    lines = RECORDS.read_bytes().splitlines(keepends=True)

    def judged(number: int) -> tuple[int, int]:
        kept = 1 + number % len(lines)
        answer = server.ask("/validate", b"".join(lines[:kept]), name=f"r{number}.jsonl")
        return answer.status, answer.data["report"]["records"]

    with ThreadPoolExecutor(uploads) as threads:
        answers = list(threads.map(judged, range(uploads)))
    is_over.set()
    counting.join()
    assert answers == [(200, 1 + number % len(lines)) for number in range(uploads)]
    assert 1 <= most <= 2
    assert not [name for name in server.left() if "work-" in name]
    server.stop()


@pytest.mark.slow
def test_who_finds_no_place_is_told_to_come_again(start: Callable[..., Server]) -> None:
    full = start("--jobs", 1, "--queue", 1)
    held = [_begun(full, 100, b"{") for _ in range(2)]
    assert _until(lambda: full.ask("/health").data["working"] == 2)
    answer = full.ask("/validate", RECORDS.read_bytes(), name="r.jsonl")
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    for connection in held:
        connection.close()
    assert _until(lambda: full.ask("/health").data["working"] == 0)
    assert _is_alive(full)
    full.stop()


def test_an_upload_that_is_broken_off_leaves_nothing(server: Server) -> None:
    _begun(server, 100_000, b"{" * 50_000).close()
    assert _until(lambda: not [name for name in server.left() if "work-" in name])
    assert _is_alive(server)


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
)
def test_a_server_that_is_stopped_in_mid_upload_leaves_nothing(
    start: Callable[..., Server], number: int
) -> None:
    server = start("--jobs", 1)
    half = _begun(server, 100_000, b"{" * 50_000)
    whole = _begun(server, RECORDS.stat().st_size, RECORDS.read_bytes())
    assert _until(lambda: len(server.working()) == 1)
    began = time.monotonic()
    status = server.stop(number)
    assert time.monotonic() - began < 10
    if number != signal.SIGKILL:
        assert status == 128 + number
    assert _until(lambda: not server.working())
    assert _until(lambda: not server.left())
    half.close()
    whole.close()


def test_a_name_that_browsers_use_is_told(start: Callable[..., Server]) -> None:
    named = start("--name", "bench.example.org")
    assert named.ask("/health", headers={"Host": "bench.example.org"}).status == 200
    named.stop()


def test_other_machines_are_warned_of() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchfmt", "serve", "--port", "0", "--host", _EVERYWHERE],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    process.terminate()
    process.stderr.read()
    process.stderr.close()
    process.wait(30)
    assert first.startswith(f"warning: {_EVERYWHERE} can be reached from other machines")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(seconds=0.05), "longer than 0.05 s"),
        (Settings(memory_bytes=2**20), "more than 1 MiB of memory"),
    ],
)
def test_a_process_that_takes_too_much_is_ended(
    tmp_path: Path, settings: Settings, reason: str
) -> None:
    from benchfmt.processes.guardian import Guardian
    from benchfmt.serving.workers import EndedError, Workers

    async def never() -> bool:
        return False

    async def run() -> None:
        with Guardian(tmp_path) as guardian:
            workers = Workers(settings, tmp_path, guardian)
            async with workers.folder() as folder:
                (folder / INPUT / "r.jsonl").write_bytes(RECORDS.read_bytes())
                task = Task("validate", ("r.jsonl",), 2**30, 2**30, names=("r.jsonl",))
                await workers.run(task, folder, never)

    with pytest.raises(EndedError, match=reason) as raised:
        asyncio.run(run())
    assert raised.value.code == "BF911"
    assert list(tmp_path.iterdir()) == []
    assert not [path for path in Path("/proc").glob("[0-9]*") if _names(path, tmp_path)]


def _names(process: Path, folder: Path) -> bool:
    """Whether the command of a process names a folder."""
    try:
        return os.fsencode(folder) in (process / "cmdline").read_bytes()
    except OSError:
        return False
