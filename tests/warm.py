"""The command `benchfmt` without its start: a process that has imported the program forks itself for each call.

A page of the documents calls the program a dozen times, and each start takes longer than what it then does. `folder`
gives a folder for the front of PATH with a `benchfmt` that hands its arguments, environment, working folder and the
three standard files to the waiting process, whose fork runs `benchfmt.cli.main` as a fresh process would. Everything
that a call can see is its own; only imports are done before. Where there is no fork, the real command is used.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from pathlib import Path

CLIENT = """#!{python} -IS
import json, os, socket, sys
call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(call)
    status = server.recv(1)
sys.exit(status[0] if status else 70)
"""
SHELL = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TZ": "UTC"}
"""What decides how output looks; some of it is read when a library is imported."""
LIBRARIES = (
    "benchfmt.cli.commands",
    "benchfmt.cli.profile",
    "benchfmt.conversion",
    "benchfmt.exports.matchmaking",
    "benchfmt.package",
    "benchfmt.reports.text",
    "benchfmt.validation",
    "rich.progress",
)


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder whose `benchfmt` is answered by a waiting process."""
    with tempfile.TemporaryDirectory(prefix="warm-") as name:
        place = Path(name)
        if not hasattr(os, "fork"):
            yield place
            return
        address = str(place / "socket")
        command = place / "benchfmt"
        command.write_text(CLIENT.format(python=sys.executable, address=address), "utf-8")
        command.chmod(0o755)
        server = subprocess.Popen([sys.executable, __file__, address], env={**os.environ, **SHELL})
        try:
            _wait(server, address)
            yield place
        finally:
            server.terminate()
            server.wait()


def _wait(server: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(6_000):
        if os.path.exists(address):  # noqa: PTH110 - a socket, not a file
            return
        assert server.poll() is None, "the waiting process ended"
        time.sleep(0.01)
    raise AssertionError("the waiting process does not answer")


def serve(address: str) -> None:
    """Import the program, then answer calls until this process is stopped."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for point in entry_points(group="benchfmt.converters"):
        if point.value.startswith("benchfmt."):
            importlib.import_module(point.value)
    signal.signal(signal.SIGCHLD, _bury)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}.new")
        listener.listen()
        os.rename(f"{address}.new", address)  # noqa: PTH104 - a socket, not a file
        while True:
            call, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(call)
            call.close()


def _bury(_number: int, _frame: object) -> None:
    """Take leave of forks that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(call: socket.socket) -> None:
    """Run one call in this fork, and end it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, descriptors, _, _ = socket.recv_fds(call, 4, 3)
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += call.recv(1 << 16)
    arguments, where, environment = json.loads(text)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(where)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path[:0] = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.argv = ["benchfmt", *arguments]
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode) for number, mode in enumerate("rww"))  # noqa: PTH123, SIM115
    os.write(call.fileno(), bytes([_run()]))
    call.detach()
    os._exit(0)


def _run() -> int:
    """Run the program and return its exit status, everything printed."""
    from benchfmt.cli import main

    status: object = 0
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    except BaseException:  # noqa: BLE001 - printed as Python prints it
        sys.excepthook(*sys.exc_info())
        status = 1
    for file in (sys.stdout, sys.stderr):
        try:
            file.flush()
        except BrokenPipeError:
            status = 1
    return status if isinstance(status, int) else 1


if __name__ == "__main__":
    serve(sys.argv[1])
