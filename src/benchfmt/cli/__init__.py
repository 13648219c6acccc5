"""The command line: each command parses its arguments, calls one function and prints.

Nothing heavy is imported before a command runs. Data goes to stdout, progress and messages to stderr. Exit status: 0
conformant, 1 faults, 2 wrong call or unreadable input; 128 and the number of the signal that stopped it: 130 by Ctrl-C,
143 by SIGTERM, 129 where the terminal was closed (SIGHUP).
"""

from __future__ import annotations

import _thread
import errno
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from benchfmt._version import __version__

_STOPPED = 130
_STOPS = ("SIGINT", "SIGTERM", "SIGHUP")
"""The signals that stop a command; Windows lacks some."""
_AT_ONCE = 2.0
"""Signals that come within so many seconds are one: the kernel and the shell both tell that a terminal was closed."""
_stops: list[tuple[int, float]] = []
"""The signals that told the process to stop, and when they came."""


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        try:
            sys.stdout.write(f"benchfmt {__version__}\n")
        except OSError as error:
            error.filename = "standard output"
            _end_refused(error)
        return
    from benchfmt.allocator import keep_little
    from benchfmt.finding import BenchfmtError

    keep_little()
    _listen()
    try:
        _run()
    except (BenchfmtError, OSError) as error:
        if _stops:
            # Libraries below may make another error of the interrupt.
            _end_stopped()
        _end_refused(error)
    except MemoryError:
        _end_refused(BenchfmtError("there is not enough memory for this; --jobs 1 takes the least"))
    except KeyboardInterrupt:
        _end_stopped()


def _end_refused(error: Exception) -> NoReturn:
    """Say why a call could not be carried out, and end."""
    from benchfmt.oserrors import in_words
    from benchfmt.printable import printable

    message = str(error)
    if isinstance(error, OSError):
        message = in_words(error)
    sys.stderr.write(f"benchfmt: {printable(message)}\n")
    raise SystemExit(2) from None


def _end_stopped() -> NoReturn:
    from benchfmt.cli.stopping import left

    status = _STOPPED
    if _stops:
        status = 128 + _stops[0][0]
    elif _has_lost_terminal():
        # Whoever waits for an answer may see its end before the signal comes.
        status = 128 + signal.SIGHUP
    with suppress(OSError):
        sys.stderr.write(f"benchfmt: stopped; {left()}\n")
    try:
        sys.stdout.flush()
    except OSError:
        # The terminal is gone: what waits to be printed goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(status) from None


def _has_lost_terminal() -> bool:
    """Whether the terminal that questions are asked on was closed."""
    try:
        import termios
    except ImportError:  # Windows has neither such terminals nor the signal
        return False
    try:
        termios.tcgetattr(0)
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False


def _run() -> None:
    from benchfmt.cli.commands import app

    try:
        app()
    except SystemExit as end:
        if end.code == _STOPPED:  # typer has caught the interrupt
            raise KeyboardInterrupt from None
        raise


def _listen() -> None:
    """Have signals stop the command in good order, but those that whoever started it wants ignored (nohup)."""
    for name in _STOPS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _told_once


def _told_once(unraisable: sys.UnraisableHookArgs) -> None:
    """Print what a finalizer cannot raise; an interrupt that came in one is raised again if it was the only one."""
    if not (_stops and isinstance(unraisable.exc_value, KeyboardInterrupt)):
        sys.__unraisablehook__(unraisable)
        return
    # polars mostly has raised one of its own, which ends the process before this.
    again = threading.Timer(_AT_ONCE, _interrupt)
    again.daemon = True
    again.start()


def _interrupt() -> None:
    """Interrupt the main thread, also where it waits for the system."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _stop(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    is_first = not _stops or now - _stops[-1][1] > _AT_ONCE
    _stops.append((number, now))
    if is_first or number == signal.SIGINT:
        raise KeyboardInterrupt
