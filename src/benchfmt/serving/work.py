"""A judging process: `python -m benchfmt.serving.work FOLDER` does the task in a folder and leaves the answer there."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from benchfmt.serving.tasks import Task, write_answer

_SLACK = 2 * 2**30
"""What libraries reserve of memory and do not use; the server looks at what is used."""


def main() -> None:
    """Do the task of the folder that is named."""
    folder = Path(sys.argv[1])
    task = Task.read(folder)
    _confine(task)
    from benchfmt.serving.judging import do

    write_answer(folder, do(task, folder))


def _confine(task: Task) -> None:
    """Have the system refuse what the server would end this process for, where it can."""
    try:
        import resource
    except ImportError:  # Windows: the server alone watches
        return
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: task.disk_bytes,
        resource.RLIMIT_DATA: task.memory_bytes + _SLACK,
    }
    for kind, most in limits.items():
        # Where whoever started the server allows less, that stays.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
