"""Ends processes whose parent has died, and removes its folder: a small program that reads from a pipe which only the parent holds.

`+PID` and `-PID` say which processes there are; the line `done` says that nothing is left. Where the pipe ends without
it, the processes are killed and the folder goes. The program imports nothing of ours and waits without using the
processor, so it does not disturb what is measured.
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


class Guardian:
    """Kills processes and removes a folder if this process ends while the block runs, however it ends."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the folder, where there is one."""
        self._folder = folder

    def __enter__(self) -> Self:
        """Start the program."""
        command = [sys.executable, "-I", "-S", __file__]
        if self._folder is not None:
            command.append(str(self._folder))
        self._process = subprocess.Popen(  # noqa: S603 - this file
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # an interrupt is for us, and so is the end of the terminal
        )
        return self

    def watch(self, pid: int) -> None:
        """Take a process under guard, and its group where it leads one."""
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
        """Let the program end; the processes have ended before."""
        self._say(_DONE)
        with suppress(OSError):
            self._process.communicate()

    def _say(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        # Somebody has ended it: nothing is guarded, and all else works.
        with suppress(OSError, ValueError):
            pipe.write(f"{line}\n")
            pipe.flush()


def end_group(pid: int) -> None:
    """Kill a process that leads a group, and all of the group: children of it may have outlived it."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def _guard(folder: str | None) -> None:
    """Read which processes there are; end them and remove the folder where the input ends too early."""
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
        # There is a group of this number only where the process leads it.
        end_group(pid)
        with suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _guard(sys.argv[1] if len(sys.argv) > 1 else None)
