"""One target in a folder of its own: runs it over inputs, and keeps what went wrong."""

from __future__ import annotations

import faulthandler
import math
import os
import tempfile
import time
import warnings
from pathlib import Path
from random import Random

from benchfmt import units
from benchfmt.finding import BenchfmtError
from fuzz.faults import Fault
from fuzz.guard import SECONDS, Breach, Guard
from fuzz.mutations import Words, mutated
from fuzz.targets import Target

_DEAD_AFTER_S = 900.0
"""So long may an execution take on a busy machine before the process is ended."""
_LOOK_AFTER_S = 60.0
"""So many seconds pass before the time that is left is set anew, which is slow."""
_LOADING_S = 60.0
"""Processor time of a first execution."""
_SHRINKING = 300
"""So many executions are spent on a smaller file for a fault."""


class Execution:
    """A target with its seeds laid out."""

    def __init__(self, target: Target, folder: Path, guard: Guard) -> None:
        """Take a target and an empty folder, which becomes the working folder of the process."""
        self.target = target
        self.seeds = target.seeds()
        if not self.seeds:
            raise RuntimeError(f"{target.name} has no seeds")
        self.words = Words.of([seed.data for seed in self.seeds])
        self.faults: dict[str, Fault] = {}
        self.count = 0
        self._looked = -math.inf
        self._guard = guard
        self._folder = folder
        for name in ("in", "out", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = str(folder / "tmp")
        os.chdir(folder / "out")
        guard.limit(folder)
        units.is_unit("[in_i]")  # what reads units takes seconds to load
        self._places: dict[int, Path] = {}

    def load(self) -> None:
        """Run one seed as it is, so that what is loaded once is loaded then."""
        self._check(0)

    def check(self) -> None:
        """Run each seed as it is: it must pass."""
        for number in range(len(self.seeds)):
            self._check(number)

    def _check(self, number: int) -> None:
        seed = self.seeds[number]
        error = self._error(number, seed.data, _LOADING_S)
        if error is not None:
            raise RuntimeError(f"{self.target.name} fails on a sound file, {seed.path}") from error

    def run(self, seed: int, data: bytes) -> None:
        """Run the target once, and keep the fault if there is a new one."""
        self.count += 1
        error = self._error(seed, data)
        if error is None:
            return
        fault = Fault.of(self.target.name, seed, self.seeds[seed].path, data, error)
        known = self.faults.get(fault.place)
        if known is None:
            self.faults[fault.place] = self._shrunk(fault)
        elif len(data) < len(known.data):
            self.faults[fault.place] = fault

    def input(self, random: Random) -> tuple[int, bytes]:
        """Return a seed and its damaged file."""
        seed = random.randrange(len(self.seeds))
        return seed, mutated(self.seeds[seed].data, random, self.words)

    def _error(self, seed: int, data: bytes, seconds: float = SECONDS) -> BaseException | None:
        """Run the target, and return what it raised that nobody expects."""
        folder = self._folder / "in" / str(seed)
        place = self._places.get(seed)
        if place is None:
            place = self._places[seed] = self.seeds[seed].lay_out(folder)
        place.write_bytes(data)
        root = folder / self.seeds[seed].path.partition("/")[0]
        self._watchdog()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            error = self._raised(root, place, seconds)
            # What the execution held is thrown away by now.
            return error or self._guard.unclosed() or self._left_behind()

    def _raised(self, root: Path, place: Path, seconds: float) -> BaseException | None:
        """Run the target, and return what it raised that is no error of ours."""
        try:
            with self._guard.watch(seconds):
                self.target.run(root, place)
        except BenchfmtError:
            return None
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            return error
        return None

    def _watchdog(self) -> None:
        """End the process where an execution hangs that no timer can interrupt."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AFTER_S:
            self._looked = now
            faulthandler.dump_traceback_later(_DEAD_AFTER_S + _LOOK_AFTER_S, exit=True)

    def _left_behind(self) -> Breach | None:
        if not self._guard.has_written:
            return None
        for name in ("out", "tmp"):
            left = os.listdir(self._folder / name)  # noqa: PTH208 - asked thousands of times
            if left:
                return Breach(f"leaves {left[0]} in the folder {name}")
        return None

    def _shrunk(self, fault: Fault) -> Fault:
        """Return a fault with a file from which parts are taken as long as the fault stays the same."""
        tries = _SHRINKING
        size = max(len(fault.data) // 2, 1)
        if fault.place.startswith("Breach"):
            tries = 10
        while size and tries:
            start = 0
            while start < len(fault.data) and tries:
                tries -= 1
                data = fault.data[:start] + fault.data[start + size :]
                error = self._error(fault.seed, data)
                if (
                    error is not None
                    and Fault.of(fault.target, fault.seed, fault.file, data, error).place
                    == fault.place
                ):
                    fault = fault.smaller(data)
                else:
                    start += size
            size //= 2
        return fault
