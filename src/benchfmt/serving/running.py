"""Runs the server until it is stopped: then nothing of it is left, neither a process nor a file."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from benchfmt.finding import BenchfmtError
from benchfmt.serving.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from benchfmt.serving.workers import Workers

_CONNECTIONS = 512
_IDLE = 10
"""So many seconds an idle connection is kept, and the head of a request may take to come."""
_PATIENCE = 2
"""So many seconds answers that are on their way get when the server is stopped."""
_LOOK = 0.1


def serve(
    settings: Settings,
    tell: Callable[[str], None],
    log: Callable[[str], None] | None = None,
) -> None:
    """Serve until a signal comes; `tell` hears where, and `log` a line of JSON for each request.

    Raises BenchfmtError where it cannot.
    """
    try:
        import jinja2  # noqa: F401 - the pages need it
        import uvicorn

        from benchfmt.serving.app import application, check
        from benchfmt.serving.connections import Connection
    except ImportError as error:
        raise BenchfmtError(
            f"a server needs {error.name}: pip install 'benchfmt[serve]' ({error})"
        ) from error
    from benchfmt.processes.guardian import Guardian
    from benchfmt.serving.workers import Workers

    check(settings)
    root = Path(tempfile.mkdtemp(prefix="benchfmt-serve-"))
    try:
        with Guardian(root) as guardian:
            workers = Workers(settings, root, guardian)
            config = uvicorn.Config(
                application(settings, workers, log),
                host=settings.host,
                port=settings.port,
                log_level=logging.WARNING,
                access_log=False,
                server_header=False,
                # What a proxy says of an address could be said by anybody.
                proxy_headers=False,
                lifespan="off",
                ws="none",
                http=Connection,
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=_PATIENCE,
            )
            server = uvicorn.Server(config)
            asyncio.run(_run(server, workers, settings, tell))
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def _run(
    server: uvicorn.Server, workers: Workers, settings: Settings, tell: Callable[[str], None]
) -> None:
    watching = asyncio.ensure_future(_watch(server, workers, settings, tell))
    try:
        await server.serve()
    except SystemExit as end:
        raise BenchfmtError(f"{settings.host}:{settings.port} cannot be listened at") from end
    finally:
        workers.stop()
        watching.cancel()


async def _watch(
    server: uvicorn.Server, workers: Workers, settings: Settings, tell: Callable[[str], None]
) -> None:
    """Say when the server is there; end all judging as soon as it is to stop, so that nobody waits for it."""
    while not server.started:
        await asyncio.sleep(_LOOK)
    port = server.servers[0].sockets[0].getsockname()[1]
    host = settings.host
    if ":" in host:
        host = f"[{host}]"
    if not is_loopback(settings.host):
        tell(
            f"warning: {settings.host} can be reached from other machines, and there is no log-in: "
            "put a proxy with TLS and log-in before it"
        )
    tell(f"serving at http://{host}:{port}/ (Ctrl-C stops it)")
    while not server.should_exit:
        await asyncio.sleep(_LOOK)
    workers.stop()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
