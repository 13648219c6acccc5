"""An append that is killed at any of its steps leaves the old package or the new one, whole; two at once do not mix."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.rearranging.test_rearranging import files, ids, package, run

from benchfmt import validate
from benchfmt.package import Target
from benchfmt.rearranging import append

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

KILLED = """
import os, signal, sys
from pathlib import Path
from benchfmt.rearranging import append

place, other, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
root = str(Path(place).resolve().parent)

def count(event, words):
    global steps
    is_step = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
    if event == "open" and isinstance(words[2], int):
        is_step = bool(words[2] & (os.O_WRONLY | os.O_RDWR))
    if is_step and str(words[0]).startswith(root):
        steps -= 1
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)

append_it = append
sys.addaudithook(count)
append_it(place, [other])
print(steps)
"""


def killed(place: Path, other: Path, step: int) -> subprocess.CompletedProcess[str]:
    """Append in a process that is killed before its n-th step that changes a file or a folder."""
    words = [sys.executable, "-c", KILLED, str(place), str(other), str(step)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [None, 4])
def test_a_kill_at_any_step_leaves_a_whole_package(tmp_path: Path, rows: int | None) -> None:
    old = package(tmp_path / "old", 2, 4, rows=rows)
    # Its system is new, so that the table of systems is written anew too.
    other = package(tmp_path / "other", 1, 3)
    whole = shutil.copytree(old, tmp_path / "whole")
    append(whole, [other])
    most = 1_000 - int(killed(shutil.copytree(old, tmp_path / "tried"), other, 1_000).stdout)
    assert most > 8
    outcomes = set()
    for step in range(1, most + 1):
        place = shutil.copytree(old, tmp_path / f"k{step}" / "p")
        done = killed(place, other, step)
        assert done.returncode == -signal.SIGKILL, (step, done.stderr)
        found = ids(place)
        outcomes.add(tuple(found))
        assert found in (["r2", "r4"], ["r2", "r4", "r1", "r3"]), step
        assert validate(place).ok, step
        # The next one goes on as if nothing had been.
        append(place, [other])
        assert files(place) == files(whole), step
        assert [path.name for path in place.parent.iterdir()] == ["p"]
    assert len(outcomes) == 2


@pytest.mark.usefixtures("tools_on_path")
def test_a_second_append_waits_for_nobody_and_changes_nothing(tmp_path: Path) -> None:
    place = package(tmp_path / "p", 1, rows=4)
    before = files(place)
    other = package(tmp_path / "q", 2)
    with Target(place):
        done = run("append", place, other)
    assert done.returncode == 2
    assert "is being written by process" in done.stderr
    assert files(place) == before


@pytest.mark.slow
def test_of_two_appends_at_once_each_is_whole_or_refused(tmp_path: Path) -> None:
    place = package(tmp_path / "p", 1, rows=4)
    others = [package(tmp_path / f"q{number}", number) for number in (2, 3, 4)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "benchfmt", "append", str(place), str(other)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for other in others
    ]
    statuses = [process.wait(timeout=120) for process in running]
    assert set(statuses) <= {0, 2}
    added = {f"r{number}" for number, status in zip((2, 3, 4), statuses, strict=True) if not status}
    assert added
    assert set(ids(place)) == {"r1"} | added
    assert validate(place).ok
