"""Stopping: whatever ends a process, nobody is left of those that it started, and the next run finds its place clean."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.helping import content, names, package, table, until

from benchfmt.package import Target

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables that take some seconds to convert."""
    folder = tmp_path_factory.mktemp("large")
    for name in ("one", "two"):
        table(folder / name, rows=200_000)
    return folder


def start(*words: str | Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start the program in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchfmt", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **environment},
    )


def members(group: int) -> list[int]:
    """Return the processes of a session that are alive."""
    alive = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, *rest = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(rest[2]) == group and state not in "ZX":
            alive.append(int(place.name))
    return alive


def growing(target: Path) -> bool:
    """Whether somebody has begun to write beside a target."""
    return any(file.stat().st_size for file in target.parent.glob(f".{target.name}.partial-*/*"))


def test_what_kill_leaves_is_removed_by_the_next_run(large: Path, tmp_path: Path) -> None:
    small = table(tmp_path / "small")
    out = package(small, tmp_path / "out")
    before = content(out)
    process = start("convert", large, "-o", out, "--replace", "--from", "annotated")
    until(lambda: growing(out))
    process.kill()
    process.wait()
    assert content(out) == before
    assert list(tmp_path.glob(".out.partial-*"))
    assert list(tmp_path.glob(".out.benchfmt-lock"))
    assert names(package(small, out)) == {"small"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "small"]


def test_workers_end_with_the_process_that_started_them(large: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    out = tmp_path / "out"
    words = ("convert", large, "-o", out, "--jobs", "2", "--from", "annotated")
    process = start(*words, TMPDIR=str(temporary))
    spooled = lambda: any(file.stat().st_size for file in temporary.glob("benchfmt-*/*"))  # noqa: E731
    until(spooled)
    assert len(members(process.pid)) > 2
    process.kill()
    process.wait()
    until(lambda: not members(process.pid), seconds=10)
    until(lambda: not list(temporary.glob("benchfmt-*/*")), seconds=10)
    with Target(out):
        assert not list(tmp_path.glob(".out.partial-*"))


GUARDED = """
import subprocess, sys, time
from benchfmt.processes.guardian import Guardian
with Guardian() as guardian:
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    guardian.watch(child.pid)
    print(child.pid, guardian._process.pid, flush=True)
    if sys.argv[1:] == ["ends"]:
        child.kill()
        child.wait()
    else:
        time.sleep(600)
"""


@pytest.fixture
def guarded() -> Iterator[subprocess.Popen[str]]:
    """A process with a child under guard."""
    process = subprocess.Popen(
        [sys.executable, "-c", GUARDED], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    yield process
    process.kill()
    process.communicate()


def test_a_process_under_guard_ends_with_its_parent(guarded: subprocess.Popen[str]) -> None:
    assert guarded.stdout
    pids = [int(pid) for pid in guarded.stdout.readline().split()]
    assert len(pids) == 2
    os.kill(guarded.pid, signal.SIGKILL)
    guarded.wait()
    until(lambda: not any(map(alive, pids)), seconds=10)


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


LEADING = """
import subprocess, sys, time
from pathlib import Path
from benchfmt.processes.guardian import Guardian
NAP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
BOTH = "import subprocess, sys, time; n = subprocess.Popen(sys.argv[1:]); print(n.pid, flush=True); time.sleep(600)"
with Guardian(Path(sys.argv[1])) as guardian:
    leader = subprocess.Popen(
        [sys.executable, "-S", "-c", BOTH, *NAP], start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    guardian.watch(leader.pid)
    other = subprocess.Popen(NAP, stdout=subprocess.DEVNULL)
    guardian.watch(other.pid)
    guardian.forget(other.pid)
    print(leader.pid, leader.stdout.readline().strip(), guardian._process.pid, other.pid, flush=True)
    time.sleep(600)
"""


def test_a_guardian_ends_groups_and_removes_the_folder_and_spares_what_it_let_go(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "work"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "upload").write_text("results")
    process = subprocess.Popen(
        [sys.executable, "-c", LEADING, folder], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    *guarded, let_go = [int(pid) for pid in process.stdout.readline().split()]
    assert len(guarded) == 3
    process.kill()
    process.communicate()
    until(lambda: not any(map(alive, guarded)), seconds=10)
    assert alive(let_go)
    os.kill(let_go, signal.SIGKILL)
    assert not folder.exists()


ASKED = """
import os, sys
os.open(os.ttyname(0), os.O_RDWR)  # it becomes the terminal of this session
sys.argv = ["benchfmt", "describe", sys.argv[1], "--ask"]
from benchfmt.cli import main
main()
"""


def test_the_end_of_a_terminal_ends_who_asks_there(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Box,latency_ms\nOrin,1\n")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ASKED, str(path)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    shown = b""
    while not shown.endswith(b"): "):
        shown += os.read(leader, 4096)
    os.close(leader)
    assert process.wait(60) == 129
    assert [item.name for item in tmp_path.iterdir()] == ["t.csv"]
