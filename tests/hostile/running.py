"""Runs the command on a specimen in a process of its own, and says how it ended and what it took.

A waiting process has imported the program and forks itself for each call, as `tests.warm` does: of 400 calls the imports
would be most of the time. The memory of the imports counts, their time does not. How much memory a fork shares is an
estimate on the high side: what exceeds the bound by no more than that is measured once more, in a process that imports all itself.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tests.hostile.specimens import Specimen
from tests.warm import LIBRARIES, SHELL

from benchfmt.allocator import keep_little

SECONDS = 10
BYTES = 500_000_000
_CPU_SECONDS = 25
_PATIENCE = 200
"""How many seconds of the clock a process may take: a busy machine gives it few of them."""
_SHARED = 50_000_000
"""What a process that imports the program itself has more: a fork does not count the pages of files that it never reads."""
_ADDRESS_SPACE = 16 * 2**30
_STEERING = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    status: int
    cpu_seconds: float
    """What it computed, which does not depend on what else the machine does."""
    seconds: float
    peak_bytes: int
    output: str
    left: tuple[str, ...] = ()
    """The files that it wrote, and did not remove."""

    def faults(self, specimen: Specimen) -> list[str]:
        """Return what is wrong with it."""
        wrong = []
        if self.status not in specimen.statuses:
            wrong.append(f"exit status {self.status}, not {specimen.statuses}")
        if specimen.says not in self.output:
            wrong.append(f"says nothing of {specimen.says!r}: {self.output[-400:]!r}")
        if "Traceback" in self.output or "BF909" in self.output:
            wrong.append(f"a traceback: {self.output[-1000:]}")
        if _STEERING.search(self.output):
            wrong.append(f"a raw control character: {self.output[:400]!r}")
        if self.left and not specimen.writes:
            wrong.append(f"wrote {self.left[:3]}")
        if self.cpu_seconds > SECONDS:
            wrong.append(f"{self.cpu_seconds:.1f} s")
        if self.peak_bytes > BYTES:
            wrong.append(f"{self.peak_bytes / 1e6:.0f} MB")
        return wrong


class Runner:
    """Asks the waiting process to run the command."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        """Take the process."""
        self._server = server

    def run(self, specimen: Specimen) -> Outcome:
        """Make a specimen in a folder that is removed afterwards, and run the command on it."""
        outcome = self._run(specimen)
        if BYTES < outcome.peak_bytes <= BYTES + _SHARED:
            alone = self._run(specimen, alone=True)
            return replace(outcome, peak_bytes=alone.peak_bytes)
        return outcome

    def _run(self, specimen: Specimen, *, alone: bool = False) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="hostile-") as place:
            folder = Path(place, "specimen")
            scratch = Path(place, "scratch")
            folder.mkdir()
            scratch.mkdir()
            arguments = specimen.make(folder)
            before = _files(folder)
            outcome = self._ask({"arguments": arguments, "place": place, "alone": alone})
            left = sorted((_files(folder) - before) | _files(scratch))
        return replace(outcome, left=tuple(left))

    def _ask(self, call: dict[str, Any]) -> Outcome:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(call) + "\n")
        self._server.stdin.flush()
        return Outcome(**json.loads(self._server.stdout.readline()))


@contextmanager
def runner() -> Iterator[Runner]:
    """Give a runner whose process ends with the block."""
    environment = {**os.environ, **SHELL}
    command = [sys.executable, "-m", "tests.hostile.running"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        yield Runner(server)
        assert server.stdin is not None
        server.stdin.close()


def _files(folder: Path) -> set[str]:
    """Return all paths below a folder; no link is followed."""
    found = set()
    for place, folders, files in os.walk(folder):
        found.update(os.path.join(place, name) for name in (*folders, *files))  # noqa: PTH118 - may be too long
    return found


def serve() -> None:
    """Import the program as the command does, then answer calls until there are no more."""
    keep_little()
    for name in LIBRARIES:
        importlib.import_module(name)
    for point in entry_points(group="benchfmt.converters"):
        if point.value.startswith("benchfmt."):
            importlib.import_module(point.value)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def _answer(call: dict[str, Any]) -> dict[str, Any]:
    place = Path(call["place"])
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        _begin(place)
        if call["alone"]:
            command = [sys.executable, "-P", "-m", "benchfmt", *call["arguments"]]
            os.execv(sys.executable, command)  # noqa: S606 - there is nothing for a shell to do
        _run(call["arguments"])
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - begin
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "status": os.waitstatus_to_exitcode(status),
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "seconds": seconds,
        "peak_bytes": usage.ru_maxrss * unit + (0 if call["alone"] else _SHARED),
        "output": (place / "output").read_bytes().decode("utf-8", "surrogateescape"),
    }


def _begin(place: Path) -> None:
    """Bound this fork, and give it the folder of the specimen and nothing to read."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    os.environ["TMPDIR"] = str(place / "scratch")
    os.chdir(place / "specimen")
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(place / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, descriptor in enumerate((nothing, output, output)):
        os.dup2(descriptor, number)


def _run(arguments: list[str]) -> None:
    """Run the command in this fork, and end it."""
    from benchfmt.cli import main

    faulthandler.dump_traceback_later(_PATIENCE, exit=True)
    tempfile.tempdir = None
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode) for number, mode in enumerate("rww"))  # noqa: PTH123, SIM115
    sys.argv = ["benchfmt", *arguments]
    status: Any = 70
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:  # noqa: BLE001 - printed as Python prints it
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve()
