"""Servers of this machine that tests speak to: a thread with a server of our own, and a network that ends here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

_POLL = 0.01
"""So many seconds pass until a server that is to stop looks whether it is."""
_HERE = ("127.0.0.1", "::1")


def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test connect to this machine, where its server is, and to no other."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        is_file = self.family == getattr(socket, "AF_UNIX", None)
        if not is_file and address[0] not in _HERE:
            raise AssertionError(f"a test connects to {address}; the network is off")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)


class Quiet(BaseHTTPRequestHandler):
    """A handler that writes no line for each request."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def running(handler: Any) -> Iterator[int]:
    """Serve at a free port of this machine until the block ends, a thread for each request; gives the port.

    `handler` is called as the class of a handler is.
    """
    server = ThreadingHTTPServer((_HERE[0], 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
