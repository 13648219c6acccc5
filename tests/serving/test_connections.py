"""Connections that somebody opens and leaves are closed."""

from __future__ import annotations

import asyncio

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from benchfmt.serving import connections

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SHORT = 0.05
SMALL = 2


async def _ends(sent: bytes, size: int = SMALL) -> bytes:
    """Return what a server of short patience answers until it closes the connection; raises TimeoutError where it does not.

    A large answer is not read before.
    """
    config = uvicorn.Config(
        PlainTextResponse("x" * size),
        port=0,
        http=connections.Connection,
        lifespan="off",
        log_level="error",
        timeout_keep_alive=SHORT,
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(5):
            if size > SMALL:
                await _left(server)
            return await reader.read()
    finally:
        writer.close()
        server.should_exit = True
        server.force_exit = True
        await serving


async def _left(server: uvicorn.Server) -> None:
    """Wait until an answer was made, and its connection is gone."""
    state = server.server_state
    while state.connections or not state.total_requests:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_a_connection_without_a_whole_request_is_closed(sent: bytes) -> None:
    assert asyncio.run(_ends(sent)) == b""


@pytest.mark.parametrize("times", [1, 2])
def test_requests_are_answered_before_it_is_closed(times: int) -> None:
    assert asyncio.run(_ends(WHOLE * times)).count(b"200 OK") == times


def test_who_does_not_read_the_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD", SHORT)
    size = 2**24
    try:
        answer = asyncio.run(_ends(WHOLE, size))
    except ConnectionError:
        return  # what was sent and not read is gone with the connection
    assert len(answer) < size
