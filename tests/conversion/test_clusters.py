"""Clusters as they are in use: one that somebody has started elsewhere, and one whose processes have other versions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from tests.conversion.odd import installed, path_with, run, sources, tables
from tests.servers import only_here

from benchfmt import convert
from benchfmt.finding import BenchfmtError

versions = pytest.importorskip("distributed.versions", reason="distributed is not installed")
pytestmark = pytest.mark.slow
ADDRESS = re.compile(r"Scheduler at: *(tcp://\S+)")


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(monkeypatch)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return installed(tmp_path / "site")


def test_a_worker_with_another_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The scheduler of a cluster of this machine is in this process, its workers are in others.
    known = versions._version_cached
    monkeypatch.setattr(
        versions, "_version_cached", lambda name: "0.1" if name == "polars" else known(name)
    )
    with pytest.raises(BenchfmtError, match=r"the worker tcp://.* and here it is 0\.1: install"):
        convert(Path("examples/lpdnn"), executor="dask:1").write(tmp_path / "p")
    assert not (tmp_path / "p").exists()


@contextmanager
def scheduler(site: Path, workers: int) -> Iterator[str]:
    """Give the address of a scheduler with workers, as somebody starts them on other machines."""
    program = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    command = [*program, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"]
    environment = {**os.environ, "PYTHONPATH": path_with(site)}
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)]
    try:
        assert started[0].stderr is not None
        (address,) = islice(
            (found[1] for line in started[0].stderr if (found := ADDRESS.search(line))), 1
        )
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
        for _ in range(workers):
            started.append(subprocess.Popen(worker, stderr=subprocess.DEVNULL, env=environment))
        yield address
    finally:
        for process in started[::-1]:
            process.terminate()
        for process in started:
            process.communicate(timeout=60)


def test_a_cluster_that_somebody_has_started_reads_and_judges_too(
    site: Path, tmp_path: Path
) -> None:
    source = sources(tmp_path / "in", n05x="kill")
    one, two = tmp_path / "one", tmp_path / "two"
    run(site, sources(tmp_path / "only"), "-o", one)
    with scheduler(site, 2) as address:
        done = run(site, source, "-o", two, "--executor", f"dask:{address}")
        command = [sys.executable, "-m", "benchfmt", "validate", one, two]
        judged = subprocess.run(
            [*command, "--executor", f"dask:{address}"],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    # Workers may come after the command has asked.
    assert "; dashboard: " in done.stderr
    assert "n05x.odd: it was given to two processes and read by none" in done.stderr
    assert tables(two) == tables(one)
    assert judged.stdout.count("conformant (core): 40 records") == 2
