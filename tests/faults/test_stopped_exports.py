"""Whatever ends an export that several processes write, nobody of them is left, and nothing of what they had begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conversion.odd import path_with
from tests.faults.leaving import stop_and_look

from benchfmt import convert

EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"
SECONDS = 10
"""How long a process may be there after a stop."""
HANGING = """
import os
import time
from pathlib import Path

from benchfmt.exports.rdf import Linked, _as_it_is

class Hanging(Linked):
    def piece(self, job, share):
        super().piece(job, share)
        if share.part == 1:
            Path(os.environ["HANGING_LOG"]).write_text("x")
            time.sleep(600)

HANGING = Hanging("what never ends", _as_it_is)
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]


def installed(folder: Path) -> Path:
    """Return a folder in which a format is installed of which a piece is never whole."""
    metadata = folder / "hanging-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "hanging.py").write_text(HANGING)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[benchfmt.exports]\nhanging = hanging:HANGING\n")
    return folder


@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_nobody_is_left(tmp_path: Path, executor: str, stop: str) -> None:
    convert(EXAMPLE).write(tmp_path / "p", part_rows=500)
    log, temporary, beside = tmp_path / "log", tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    beside.mkdir()
    words = [
        "export",
        tmp_path / "p",
        "--to",
        "hanging",
        "-o",
        beside / "x",
        "--executor",
        executor,
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchfmt", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": path_with(installed(tmp_path / "site")),
            "HANGING_LOG": str(log),
            "TMPDIR": str(temporary),
        },
    )
    stop_and_look(process, stop, log.exists, [beside, temporary], SECONDS)
