"""An object store for tests: moto's S3 server behind a proxy that fails now and then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import fsspec
import pytest

from benchfmt.package import remote

_FEW, _PAUSE = 700, 0.01
"""Slow bytes come so many at a time, with so many seconds between."""


class Proxy:
    """Stands between us and the store: every so many connections it answers 503, cuts the answer off, or gives it slowly."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.fault = ""
        self.every = 2
        self.refused = 0
        self._count = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._count += 1
        is_faulty = bool(self.fault) and self._count % self.every == 0
        self.refused += is_faulty
        with client, socket.create_connection(("127.0.0.1", self._to)) as server:
            if is_faulty and self.fault == "busy":
                client.recv(65536)
                client.sendall(
                    b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
            up = threading.Thread(target=_pump, args=(client, server, None), daemon=True)
            up.start()
            is_slow = is_faulty and self.fault == "slow"
            _pump(server, client, 3000 if is_faulty and not is_slow else None, is_slow=is_slow)

    def close(self) -> None:
        self._socket.close()


def _pump(
    source: socket.socket, target: socket.socket, most: int | None, *, is_slow: bool = False
) -> None:
    """Copy bytes until an end, or until so many; slowly a few at a time."""
    sent = 0
    try:
        while data := source.recv(_FEW if is_slow else 65536):
            if is_slow:
                time.sleep(_PAUSE)
            if most is not None and sent + len(data) > most:
                target.sendall(data[: most - sent])
                break
            target.sendall(data)
            sent += len(data)
    except OSError:
        pass
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def running() -> Iterator[Proxy]:
    """Give the proxy of a store that runs until the block ends."""
    from moto import server as moto_server

    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    proxy = Proxy(server.get_host_and_port()[1])
    yield proxy
    proxy.close()
    server.stop()


def bucket_in(store: Proxy, monkeypatch: pytest.MonkeyPatch, test: str) -> str:
    """Return the address of a new bucket of a test, in a store that does not fail yet."""
    store.fault = ""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
    }.items():
        monkeypatch.setenv(name, value)
    # The environment of this test is no other's, and it is we who ask again.
    s3 = fsspec.get_filesystem_class("s3")
    s3.clear_instance_cache()
    monkeypatch.setattr(s3, "retries", 1)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(remote, "time", SimpleNamespace(sleep=lambda _: None))
    name = f"b{abs(hash(test))}"
    fsspec.filesystem("s3").mkdir(name)
    return f"s3://{name}"
