"""One target in a process of its own: a file may end a process, or take it all memory."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuzz.execution import Execution


@dataclass(frozen=True)
class Budget:
    """How much of one target: so many executions, or so many seconds, whichever ends first; 0 sets no end."""

    runs: int
    seconds: float

    def is_spent(self, runs: int, begin: float) -> bool:
        """Say whether it is used up."""
        if self.runs and runs >= self.runs:
            return True
        return bool(self.seconds) and time.monotonic() - begin >= self.seconds


def main() -> None:
    """Run one target, save its faults, and write a line of JSON about it."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.worker", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--engine", choices=("atheris", "random"), required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    budget = Budget(options.runs, options.seconds)
    if options.engine == "atheris":
        from fuzz.guided import run_guided

        run_guided(options.target, budget, options.seed, options.folder)
        return
    execution = begin(options.target, options.folder)
    start = time.monotonic()
    random = Random(options.seed)
    while not budget.is_spent(execution.count, start):
        execution.run(*execution.input(random))
    end(execution, start, options.folder)


def begin(name: str, folder: Path) -> Execution:
    """Return a target ready to run."""
    from fuzz.catalogue import target
    from fuzz.execution import Execution
    from fuzz.guard import Guard

    execution = Execution(target(name), work_folder(folder, name), Guard())
    execution.check()
    return execution


def work_folder(folder: Path, target: str) -> Path:
    """Return where a target runs: in memory where that is possible, for every execution writes and reads a file."""
    memory = Path("/dev/shm")  # noqa: S108 - below a name of our own
    if memory.is_dir() and os.access(memory, os.W_OK):
        digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
        return memory / f"benchfmt-fuzz-{digest}" / target
    return folder.resolve() / "work" / target


def end(execution: Execution, start: float, folder: Path) -> None:
    """Save the faults, and print what was done; the process ends, whatever else runs in it."""
    saved = [str(fault.save(folder.resolve())) for fault in execution.faults.values()]
    done = {"runs": execution.count, "seconds": time.monotonic() - start, "faults": saved}
    sys.stdout.write(f"\n{json.dumps(done)}\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
