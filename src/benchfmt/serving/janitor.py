"""Cleans up after a server that was killed: a small program that reads from a pipe which only the server holds.

`+PID` and `-PID` say which judging processes there are; the line `done` says that nothing is left. Where the pipe ends
without it, the groups of these processes are killed and the server's temporary folder is removed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_DONE = "done"


class Janitor:
    """Removes a folder and ends processes if this process ends while the block runs, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder = folder

    def __enter__(self) -> Self:
        """Start the program."""
        self._process = subprocess.Popen(  # noqa: S603 - this file
            [sys.executable, "-I", "-S", __file__, str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # signals of the terminal are for the server
        )
        return self

    def watch(self, pid: int) -> None:
        """Take a process and its children under guard."""
        self._say(f"+{pid}")

    def forget(self, pid: int) -> None:
        """Let go of a process that has ended."""
        self._say(f"-{pid}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the program end."""
        self._say(_DONE)
        with suppress(OSError):
            self._process.communicate()

    def _say(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        with suppress(OSError, ValueError):  # somebody has ended it: all else works
            pipe.write(f"{line}\n")
            pipe.flush()


def end_group(pid: int) -> None:
    """Kill a process that leads a group, and all of the group."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def _guard(folder: str) -> None:
    """Read which processes there are; clean up where the input ends too early."""
    pids: set[int] = set()
    for line in sys.stdin:
        word = line.strip()
        if word == _DONE:
            return
        if word.startswith("+"):
            pids.add(int(word[1:]))
        else:
            pids.discard(int(word[1:]))
    for pid in pids:
        end_group(pid)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _guard(sys.argv[1])
