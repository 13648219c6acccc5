"""What an execution must not do: take long, take much memory, read or write where it has no business, ask anybody."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SECONDS = 2.0
"""Processor time of one execution."""
MEMORY_BYTES = 256 * 2**20
"""How much the greatest memory of the process may grow between two ticks."""
_TICK = 0.1
"""Processor time between two looks at an execution."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {
    "os.chmod": 1,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.utime": 1,
}
"""Events that change files, and how many of their first arguments are paths."""
_NEVER = (
    "builtins.input",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "webbrowser.open",
)
_OWN_CLASSES = ("benchfmt.", "pathlib", "collections", "datetime", "decimal", "fractions")
"""Where classes are from that the program pickles for itself; a pickle of a stranger would name others."""


opened: set[str] = set()
"""The files that were opened to read since somebody emptied this, as they were asked for."""


class Breach(BaseException):
    """Something that reading a file must never do; no handler of `Exception` takes it."""


class Guard:
    """Watches executions of this process. An audit hook stays for good, so there is one guard.

    A timer ticks with the processor time that the process has used: asking the system twice for each execution would
    take longer than most of them.
    """

    def __init__(self) -> None:
        """Begin to listen; nothing is refused before `watch`."""
        self.has_written = False
        """Whether the last execution opened a file to write, or changed one."""
        self._breaches: list[Breach] = []
        self._writable: tuple[str, ...] = ()
        self._readable = _program_folders()
        self._inputs = ""
        self._is_on = False
        self._known: set[str] = set()
        """Files below the folder of inputs that were read before: to resolve their paths takes longer than to open them."""
        self._ticks = 0
        self._most = 0.0
        self._memory = _peak_bytes()
        self._unclosed: list[str] = []
        sys.addaudithook(self._hear)
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraised
        if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGPROF, self._tick)
            signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
            atexit.register(self.close)

    def close(self) -> None:
        """Stop the timer, and listen no longer to what is thrown away."""
        sys.unraisablehook = self._hook
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)

    def limit(self, sandbox: Path) -> None:
        """Let executions read below a folder, and write below `out` and `tmp` in it."""
        root = str(sandbox.resolve())
        self._known = set()
        self._inputs = f"{root}{os.sep}in{os.sep}"
        self._readable = (*_program_folders(), root)
        self._writable = (f"{root}{os.sep}out", f"{root}{os.sep}tmp", os.devnull)

    @contextmanager
    def watch(self, seconds: float = SECONDS) -> Iterator[None]:
        """Raise Breach for what the block does that it must not, when it does it or at its end."""
        self._breaches = []
        self.has_written = False
        opened.clear()
        self._ticks = 0
        self._most = seconds
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False
        if self._breaches:
            raise self._breaches[0]

    def unclosed(self) -> Breach | None:
        """Return what was thrown away since this was asked last, and should have been closed: a file, or a generator that failed."""
        words, self._unclosed = self._unclosed, []
        if not words:
            return None
        return Breach(f"does not close: {words[0]}")

    def _unraised(self, found: sys.UnraisableHookArgs, /) -> None:
        self._unclosed.append(repr(found.exc_value))

    def _tick(self, _number: int, _frame: FrameType | None) -> None:
        peak = _peak_bytes()
        grown = peak - self._memory
        self._memory = peak
        if not self._is_on:
            return
        self._ticks += 1
        if self._ticks * _TICK > self._most:
            self._fail(f"takes more than {self._most} s of processor time")
        if grown > MEMORY_BYTES:
            self._fail(f"takes {grown >> 20} MiB of memory in {_TICK} s")

    def _fail(self, words: str) -> None:
        breach = Breach(words)
        self._breaches.append(breach)
        raise breach

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_on:
            return
        fault = self._fault(event, arguments)
        if fault is not None:
            self._fail(fault)

    def _fault(self, event: str, arguments: tuple[object, ...]) -> str | None:
        if event == "open":
            return self._opened(*arguments[:3])
        if event == "pickle.find_class":
            module = str(arguments[0])
            if not module.startswith(_OWN_CLASSES):
                return f"unpickles {module}.{arguments[1]}"
        if event == "os.link":
            return self._linked(*arguments[:2])
        if event in _CHANGING:
            self.has_written = True
            for path in arguments[: _CHANGING[event]]:
                if not isinstance(path, int) and not _is_below(path, self._writable):
                    return f"{event} of {path}"
        if event.startswith(_NEVER):
            return f"{event} {arguments!r}"
        return None

    def _opened(self, path: object, mode: object, flags: object) -> str | None:
        if isinstance(path, int):
            return None
        opened.add(str(path))
        writes = isinstance(flags, int) and bool(flags & _WRITING)
        if isinstance(mode, str):
            writes = bool(set(mode) & set("wax+"))
        self.has_written |= writes
        if writes and not _is_below(path, self._writable):
            return f"writes {path}"
        if writes or str(path) in self._known:
            return None
        if not _is_below(path, (*self._readable, *self._writable)):
            return f"reads {path}"
        self._remember(str(path))
        return None

    def _linked(self, source: object, place: object) -> str | None:
        """Say what is wrong with a second name for a file: one that may be read gets it where may be written."""
        self.has_written = True
        if not _is_below(source, (*self._readable, *self._writable)):
            return f"links {source}"
        if not _is_below(place, self._writable):
            return f"os.link to {place}"
        return None

    def _remember(self, path: str) -> None:
        """Remember that a file may be read: nothing makes a link among the inputs, so it stays the file that it is."""
        if self._inputs and path.startswith(self._inputs) and ".." not in path:
            self._known.add(path)


def _program_folders() -> tuple[str, ...]:
    """Return the folders of Python, its libraries and the program, which are read when something is first used."""
    places = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *sys.path}
    places |= {str(Path(__file__).resolve().parents[1]), "/proc", "/sys", "/dev/urandom"}
    places |= {"/usr/share/zoneinfo", "/etc/localtime", "/usr/lib"}
    return tuple(os.path.realpath(place) for place in places if place)


def _is_below(path: object, folders: tuple[str, ...]) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    text = os.path.realpath(os.fsdecode(path))
    return any(
        text == folder or text.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders
    )


def _peak_bytes() -> int:
    """Return the greatest memory that the process has taken so far, 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
