"""The command line: each command parses its arguments, calls one function and prints.

Nothing heavy is imported before a command runs. Data goes to stdout, progress and messages to stderr. Exit status: 0
conformant, 1 faults, 2 wrong call or unreadable input.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from benchfmt._version import __version__

_STOPPED = 130


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"benchfmt {__version__}\n")
        return
    from benchfmt.finding import BenchfmtError

    signal.signal(signal.SIGTERM, _stop)
    try:
        _run()
    except BenchfmtError as error:
        sys.stderr.write(f"benchfmt: {error}\n")
        raise SystemExit(2) from None
    except OSError as error:
        sys.stderr.write(f"benchfmt: {error.filename or ''}: {error.strerror or error}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
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
    raise KeyboardInterrupt
