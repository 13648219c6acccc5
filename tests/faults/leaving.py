"""A program that several processes work for is stopped, and leaves nobody and nothing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.faults.helping import until
from tests.faults.test_stopping import members


def stop_and_look(
    process: subprocess.Popen[str],
    stop: str,
    is_busy: Callable[[], object],
    places: list[Path],
    seconds: float,
) -> None:
    """Send a signal to a program once it is busy; nobody of it is left after some seconds, and nothing in the folders."""
    number = getattr(signal, stop)
    try:
        until(is_busy, seconds=120)
        assert len(members(process.pid)) > 2
        process.send_signal(number)
        # Each process holds the pipe of the errors, so this waits for all of them.
        _, errors = process.communicate(timeout=seconds)
        until(lambda: not members(process.pid), seconds=seconds)
    finally:
        process.kill()
    if number == signal.SIGKILL:
        assert process.returncode == -number
        return
    assert process.returncode == 128 + number
    assert errors.endswith("benchfmt: stopped; nothing was written\n")
    assert [file for place in places for file in place.iterdir()] == []
