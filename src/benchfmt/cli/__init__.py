"""The command line: each command parses its arguments, calls one function and prints.

Nothing heavy is imported before a command runs. Data goes to stdout, progress and messages to stderr. Exit status: 0
conformant, 1 faults, 2 wrong call or unreadable input.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

from benchfmt._version import __version__

_STOPPED = 130
_asked_to_stop: list[bool] = []
"""Holds something once the process was told to stop."""


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"benchfmt {__version__}\n")
        return
    from benchfmt.finding import BenchfmtError

    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    try:
        _run()
    except (BenchfmtError, OSError) as error:
        if _asked_to_stop:
            # Libraries below may make another error of the interrupt.
            _end_stopped()
        _end_refused(error)
    except KeyboardInterrupt:
        _end_stopped()


def _end_refused(error: Exception) -> NoReturn:
    """Say why a call could not be carried out, and end."""
    message = str(error)
    if isinstance(error, OSError):
        message = f"{error.filename or ''}: {error.strerror or error}"
    from benchfmt.cli.printing import printable

    sys.stderr.write(f"benchfmt: {printable(message)}\n")
    raise SystemExit(2) from None


def _end_stopped() -> NoReturn:
    sys.stderr.write("benchfmt: stopped; nothing was written\n")
    raise SystemExit(_STOPPED) from None


def _run() -> None:
    from benchfmt.cli.commands import app

    try:
        app()
    except SystemExit as end:
        if end.code == _STOPPED:  # typer has caught the interrupt
            raise KeyboardInterrupt from None
        raise


def _stop(_number: int, _frame: FrameType | None) -> None:
    _asked_to_stop.append(True)
    raise KeyboardInterrupt
