"""Chaos: a killed worker, a stalled one, a poisoned source and a store that fails cost one unit, and nothing else."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conversion.odd import installed, run, sources, started, tables
from tests.package.stores import running
from tests.servers import only_here

from benchfmt.processes.clusters import cluster

COUNT = 2_000
LIMIT = "6"
IN_PARTS = ("--part-rows", "300")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(monkeypatch)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("site") / "site")


@pytest.fixture(scope="module")
def calm(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of a run in which nothing happens, in one process."""
    return calmly(site, tmp_path_factory.mktemp("calm"))


@pytest.fixture(scope="module")
def calm_parts(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same in parts."""
    return calmly(site, tmp_path_factory.mktemp("calm"), *IN_PARTS)


def calmly(site: Path, folder: Path, *more: str) -> dict[str, bytes]:
    source = sources(folder / "in", COUNT)
    done = run(site, source, "-o", folder / "p", "--executor", "local:1", *more)
    assert done.returncode == 0, done.stderr
    return tables(folder / "p")


def workers_of(process: int) -> list[int]:
    """Return the processes at the ends below one, which are those that read."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, *_ = (place / "stat").read_text().rpartition(")")[2].split()
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if state not in "ZX":
            parents[int(place.name)] = (int(parent), words)
    below = [process]
    for one in below:
        below += [pid for pid, (parent, _) in parents.items() if parent == one]
    leaves = [pid for pid in below[1:] if not any(parent == pid for parent, _ in parents.values())]
    return [pid for pid in leaves if b"spawn_main" in parents[pid][1]]


def a_record_is_read(log: Path, count: int) -> None:
    end = time.monotonic() + 120
    while not log.exists() or len(log.read_text().split()) < count:
        assert time.monotonic() < end, "nothing is read"
        time.sleep(0.02)


@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
def test_the_tables_of_thousands_do_not_depend_on_who_reads(
    site: Path, tmp_path: Path, calm: dict[str, bytes], executor: str
) -> None:
    source = sources(tmp_path / "in", COUNT)
    done = run(site, source, "-o", tmp_path / "p", "--executor", executor)
    assert done.returncode == 0, done.stderr
    assert tables(tmp_path / "p") == calm


@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
def test_chaos_costs_one_unit(
    site: Path, tmp_path: Path, calm_parts: dict[str, bytes], executor: str
) -> None:
    source = sources(tmp_path / "in", COUNT, n0777x="raise")
    # The first reader of each waits for ever, or ends; the second one reads it.
    (source / "n1500.odd").write_text("once hang 1500")
    (source / "n300.odd").write_text("once kill 300")
    log, account = tmp_path / "log", tmp_path / "account.json"
    process = started(
        site, source, "-o", tmp_path / "p", "--executor", executor, "--time-limit", LIMIT,
        "--account", account, *IN_PARTS, ODD_LOG=str(log),
    )  # fmt: skip
    try:
        a_record_is_read(log, 40)
        killed = workers_of(process.pid)[0]
        os.kill(killed, signal.SIGKILL)
        _, words = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 1, words
    facts = json.loads(account.read_text())
    entries = facts["entries"]
    failed = [entry for entry in entries if entry["role"] == "failed"]
    assert [entry["path"] for entry in failed] == ["n0777x.odd"]
    assert "ValueError: poison" in failed[0]["reason"]
    markers = {"n1500.seen", "n300.seen"}
    assert {entry["path"] for entry in entries} >= {f"n{number:02}.odd" for number in range(COUNT)}
    assert facts["files"] == {
        "seen": COUNT + 1, "primary": COUNT, "supporting": 0, "skipped": 0, "failed": 1
    }  # fmt: skip
    assert not markers & {entry["path"] for entry in entries}
    assert tables(tmp_path / "p") == calm_parts


@pytest.mark.parametrize("fault", ["busy", "cut", "slow"])
def test_a_store_that_fails_now_and_then_gets_the_package(
    site: Path, tmp_path: Path, calm: dict[str, bytes], fault: str
) -> None:
    source = sources(tmp_path / "in", COUNT)
    bucket = f"chaos-{fault}"
    with running() as store:
        store.every = 4
        keys = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
        }
        made = f"import fsspec; fsspec.filesystem('s3').mkdir({bucket!r})"
        subprocess.run(
            [sys.executable, "-c", made], check=True, env={**os.environ, **keys}, timeout=60
        )
        store.fault = fault
        url = f"s3://{bucket}/p"
        done = run(site, source, "-o", url, "--executor", "local:2", **keys)
        assert done.returncode == 0, done.stderr
        assert store.refused
        store.fault = ""
        fetched = f"import fsspec; fsspec.filesystem('s3').get('{bucket}/p', {str(tmp_path / 'p')!r}, recursive=True)"
        subprocess.run(
            [sys.executable, "-c", fetched], check=True, env={**os.environ, **keys}, timeout=60
        )
    # In a store the name of a file says what is in it.
    there = tables(tmp_path / "p" / "data")
    assert {re.sub("-[0-9a-f]{12}", "", name): data for name, data in there.items()} == calm


def test_processes_of_a_cluster_load_what_they_need_before_they_get_work() -> None:
    with cluster("1", None, lambda _: None, module="colorsys") as there:
        assert there.executor.submit(is_loaded, "colorsys").result(60)
        assert not there.executor.submit(is_loaded, "chunk").result(60)
        assert there.executor.submit(gc.get_freeze_count).result(60) > 10_000


def is_loaded(module: str) -> bool:
    return module in sys.modules
