"""A server in a process of its own, as users start it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import pytest
from tests.servers import only_here

from benchfmt.conversion import convert

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "examples" / "records" / "results.jsonl"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int
    temporary: Path
    """Where its temporary files are."""

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        method: str | None = None,
        **query: Any,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        asked = f"{path}?{urlencode(query, doseq=True)}" if query else path
        try:
            connection.request(
                method or ("GET" if body is None else "POST"), asked, body, headers or {}
            )
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def left(self) -> list[str]:
        """Return what lies in the temporary folder; a folder that goes away meanwhile has nothing in it."""
        found = []
        for folder, folders, files in os.walk(self.temporary):
            place = Path(folder).relative_to(self.temporary)
            found += [str(place / name) for name in (*folders, *files)]
        return found

    def working(self) -> list[int]:
        """Return the judging processes."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"benchfmt.serving.work" in command and os.fsencode(self.temporary) in command:
                found.append(int(entry.name))
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever connects to anything but this machine, on which the server runs."""
    only_here(monkeypatch)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def started(*arguments: object, output: IO[str] | None = None) -> Server:
        temporary = tmp_path_factory.mktemp("server")
        environment = {**os.environ, "TMPDIR": str(temporary)}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchfmt", "serve", "--port", "0", *map(str, arguments)],
            stderr=subprocess.PIPE,
            stdout=output,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment,
            start_new_session=True,
        )
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            found = re.search(r"serving at http://[^ ]*:([0-9]+)/", line)
            if found:
                server = Server(process, int(found[1]), temporary)
                servers.append(server)
                return server
        raise AssertionError("".join(lines))

    yield started
    for server in servers:
        if server.process.poll() is None:
            server.stop()
        assert server.process.stderr is not None
        server.process.stderr.close()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two packages in a folder, and what is none."""
    folder = tmp_path_factory.mktemp("packages")
    convert(RECORDS).write(folder / "first.zip")
    convert(ROOT / "examples" / "lpdnn").write(folder / "deep" / "second")
    (folder / "notes.txt").write_text("no package")
    return folder


@pytest.fixture(scope="session")
def server(start: Callable[..., Server], packages: Path) -> Server:
    return start(packages, "--rate", 10_000)
