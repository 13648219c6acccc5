"""Whatever ends a conversion, nobody is left of those that read for it, and nothing of what they had begun."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conversion.odd import installed, path_with, sources, started
from tests.faults.leaving import stop_and_look

SECONDS = 5
"""How long a process may be there after a stop."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]


@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_nobody_is_left(tmp_path: Path, executor: str, stop: str) -> None:
    site = installed(tmp_path / "site")
    source = sources(tmp_path / "in", n005x="hang")
    log, temporary, beside = tmp_path / "log", tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    process = started(
        site, source, "-o", beside / "p", "--executor", executor,
        ODD_LOG=str(log), TMPDIR=str(temporary),
    )  # fmt: skip
    stop_and_look(
        process,
        stop,
        lambda: log.exists() and len(log.read_text().split()) > 8,
        [beside, temporary],
        SECONDS,
    )


@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_full_disk_ends_it_in_words(tmp_path: Path, executor: str, more: tuple[str, ...]) -> None:
    site = installed(tmp_path / "site")
    source = sources(tmp_path / "in")
    beside, temporary = tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    words = [sys.executable, "-m", "benchfmt", "convert", source, "-o", beside / "p"]
    command = shlex.join(map(str, [*words, "--executor", executor, *more]))
    # What workers keep of a source is larger than any file may be.
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 4; exec {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path_with(site), "TMPDIR": str(temporary)},
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "the system allows no larger file (ulimit -f)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (beside / "p").exists()
    assert list(temporary.iterdir()) == []
