"""Ends processes whose parent has died: a small program that reads from a pipe which only the parent holds.

A line names a process by its id; the line `done` says that the parent has seen them all end. It imports nothing of ours
and waits without using the processor, so it does not disturb what is measured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

_DONE = "done"


class Guardian:
    """Kills processes if this one ends while the block runs, however it ends."""

    def __enter__(self) -> Self:
        """Start the program."""
        self._process = subprocess.Popen(  # noqa: S603 - this file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # an interrupt is for us, and so is the end of the terminal
        )
        return self

    def watch(self, pid: int) -> None:
        """Take a process under guard."""
        self._say(str(pid))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the program end; the processes have ended before."""
        self._say(_DONE)
        with suppress(OSError):
            self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError):  # somebody has ended it: nothing is guarded, and all else works
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


def _guard() -> None:
    """Read which processes there are, and kill them where the input ends too early."""
    pids = []
    for line in sys.stdin:
        if line.strip() == _DONE:
            return
        pids.append(int(line))
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


if __name__ == "__main__":
    _guard()
