"""A server in a thread of this process, which fails as it is told to."""

from __future__ import annotations

import json
import socket
from collections import deque
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from tests.servers import Quiet, running

TOKEN = "a-secret-token"  # noqa: S105 - of no server but the stand-ins


class Serving:
    """Serves `answer` and keeps what was asked; `faults` are taken one by one, before a request or after it.

    A fault is `cut-before` (the connection ends, nothing is done), `cut-after` (it is done, and the answer is lost), a
    status, or a status with a Retry-After. Only requests whose method is in `failing` meet them.
    """

    def __init__(self) -> None:
        self.faults: deque[Any] = deque()
        self.failing = ("POST", "PUT")
        self.asked: list[tuple[str, str]] = []
        self.tokens: list[str | None] = []
        self.url = ""
        self._stack = ExitStack()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Return the status and the data of an answer."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.url = f"http://127.0.0.1:{self._stack.enter_context(running(self._handler()))}"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        serving = self

        class Handler(Quiet):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                serving._handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names that the library calls

        return Handler

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.asked.append((handler.command, handler.path))
        token = handler.headers.get("Authorization")
        self.tokens.append(token)
        fault = None
        if self.faults and handler.command in self.failing:
            fault = self.faults.popleft()
        if fault == "cut-before":
            return self._cut(handler)
        if isinstance(fault, int | tuple):
            return self._refuse(handler, fault)
        if token != f"Bearer {TOKEN}":
            return self._write(handler, 401, {"detail": f"{token} is not valid"}, {})
        status, data = self.answer(handler.command, handler.path, body)
        if fault == "cut-after":
            return self._cut(handler)
        return self._write(handler, status, data, {})

    def _refuse(self, handler: BaseHTTPRequestHandler, fault: int | tuple[int, str]) -> None:
        if isinstance(fault, int):
            return self._write(handler, fault, {"detail": "the stand-in fails as it was told"}, {})
        return self._write(handler, fault[0], {"detail": "too many"}, {"Retry-After": fault[1]})

    def _cut(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    def _write(
        self, handler: BaseHTTPRequestHandler, status: int, data: Any, headers: dict[str, str]
    ) -> None:
        text = b"" if data is None else json.dumps(data).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)
