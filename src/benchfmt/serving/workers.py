"""Judging processes as the server sees them: each has a folder, some time, some memory and some disk, and is then ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.processes.guardian import Guardian, end_group
from benchfmt.serving.settings import Settings
from benchfmt.serving.tasks import INPUT, Answer, Task, read_answer

_LOOK = 0.1
"""So many seconds pass between two looks at what a process takes."""
_LOOKS_OF_DISK = 5
"""Every so many looks the disk is looked at, which is dearer."""
_PROC = Path("/proc")
_PATH = os.defpath


class EndedError(Exception):
    """A judging process was ended, or ended by itself, without an answer; `code` is the finding that says why."""

    def __init__(self, message: str, code: str | None = None) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code = code


class StoppingError(Exception):
    """The server is being stopped."""


class BusyError(Exception):
    """So many uploads wait that no more are taken."""


@dataclass
class Turns:
    """Who may work: some at once, some more who wait for it, and nobody else."""

    at_once: int
    waiting: int
    _here: int = field(default=0, init=False)
    _room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Make room for those who work at once."""
        self._room = asyncio.Semaphore(self.at_once)

    @property
    def here(self) -> int:
        """How many work or wait."""
        return self._here

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Take a place among those who wait; raises BusyError where there is none."""
        if self._here >= self.at_once + self.waiting:
            raise BusyError
        self._here += 1
        try:
            yield
        finally:
            self._here -= 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn to work."""
        async with self._room:
            yield


class Workers:
    """Starts the judging processes, watches what they take, and ends them all where the server is stopped."""

    def __init__(self, settings: Settings, root: Path, guardian: Guardian) -> None:
        """Take the folder below which each has its own, and who cleans up if this process dies."""
        self.turns = Turns(settings.at_once, settings.waiting)
        self._settings = settings
        self._root = root
        self._guardian = guardian
        self._pids: set[int] = set()
        self._is_over = False

    @asynccontextmanager
    async def folder(self) -> AsyncIterator[Path]:
        """Give a folder for one piece of work, with one for the upload in it; it is removed when the block ends."""
        if self._is_over:
            raise StoppingError
        folder = Path(tempfile.mkdtemp(prefix="work-", dir=self._root))
        (folder / INPUT).mkdir()
        (folder / "tmp").mkdir()
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def run(self, task: Task, folder: Path, is_gone: Callable[[], Awaitable[bool]]) -> Answer:
        """Return the answer of a process to a task; raises EndedError where it gave none.

        It is ended where it takes too much, and where whoever asked `is_gone`.
        """
        async with self.turns.turn():
            if self._is_over:
                raise StoppingError
            if await is_gone():
                raise EndedError("nobody waits for the answer any more")
            task.write(folder)
            await self._process(folder, is_gone)
        answer = await asyncio.to_thread(read_answer, folder)
        if answer is None:
            if self._is_over:
                raise StoppingError
            raise EndedError(
                "the process that read it ended without an answer (out of memory?)", "BF911"
            )
        return answer

    async def _process(self, folder: Path, is_gone: Callable[[], Awaitable[bool]]) -> None:
        with (folder / "errors.txt").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "benchfmt.serving.work",
                str(folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                cwd=folder / INPUT,
                env=_environment(folder),
                start_new_session=True,
            )
        pid = process.pid
        self._pids.add(pid)
        self._guardian.watch(pid)
        ending = asyncio.ensure_future(process.wait())
        try:
            await self._watch(ending, pid, folder, is_gone)
        finally:
            # Children that it may have left are of its group.
            end_group(pid)
            await ending
            self._pids.discard(pid)
            self._guardian.forget(pid)

    async def _watch(
        self,
        ending: asyncio.Future[int],
        pid: int,
        folder: Path,
        is_gone: Callable[[], Awaitable[bool]],
    ) -> None:
        """Wait for the end of a process; raises EndedError as soon as it takes too much."""
        settings = self._settings
        deadline = time.monotonic() + settings.seconds
        looks = 0
        while not (await asyncio.wait([ending], timeout=_LOOK))[0]:
            looks += 1
            if time.monotonic() > deadline:
                raise EndedError(f"judging it took longer than {settings.seconds:g} s", "BF911")
            if _memory_of_group(pid) > settings.memory_bytes:
                most = settings.memory_bytes // 2**20
                raise EndedError(f"judging it took more than {most:,} MiB of memory", "BF911")
            if looks % _LOOKS_OF_DISK == 0:
                taken = await asyncio.to_thread(_bytes_below, folder)
                if taken > settings.disk_bytes:
                    most = settings.disk_bytes // 2**20
                    raise EndedError(f"judging it took more than {most:,} MiB on the disk", "BF904")
            if await is_gone():
                raise EndedError("nobody waits for the answer any more")

    def stop(self) -> None:
        """End all processes, and start no more."""
        self._is_over = True
        for pid in list(self._pids):
            end_group(pid)


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a judging process: nothing of the server's but where programs and modules are."""
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment.setdefault("PATH", _PATH)
    temporary = str(folder / "tmp")
    for name in ("TMPDIR", "TEMP", "TMP", "HOME"):
        environment[name] = temporary
    # Judging itself takes two threads; more would only take from the others.
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"):
        environment[name] = "2"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment


def _memory_of_group(pid: int) -> int:
    """Return how much memory the processes of a group hold; 0 where the system does not say."""
    total = 0
    page = 4096
    if hasattr(os, "sysconf"):
        page = os.sysconf("SC_PAGE_SIZE")
    for member in _members(pid):
        try:
            pages = int((_PROC / str(member) / "statm").read_text("ascii").split()[1])
        except (OSError, IndexError, ValueError):
            continue
        total += pages * page
    return total


def _members(pid: int) -> list[int]:
    """Return a process and its children, and theirs, as far as the system tells."""
    members = []
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        members.append(member)
        try:
            for thread in (_PROC / str(member) / "task").iterdir():
                children = (thread / "children").read_text("ascii")
                waiting += map(int, children.split())
        except OSError:
            continue
    return members


def _bytes_below(folder: Path) -> int:
    """Return how many bytes the files below a folder hold."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{root}{os.sep}{name}").st_size
            except OSError:
                # It is gone meanwhile.
                continue
    return total
