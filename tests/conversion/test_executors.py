"""Who reads: the package is the same whoever it is, and a reader that is lost costs one unit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conversion.odd import GOOD, installed, run, sources, tables

from benchfmt import convert
from benchfmt.finding import BenchfmtError
from benchfmt.processes import clusters
from benchfmt.processes.clusters import DaskExecutor


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return installed(tmp_path / "site")


EXECUTORS = [
    "local:2",
    pytest.param("dask:2", marks=pytest.mark.slow),
]


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_tables_are_the_same_whoever_reads(site: Path, tmp_path: Path, executor: str) -> None:
    source = sources(tmp_path / "in")
    parts = ("--part-rows", "9")
    one = run(site, source, "-o", tmp_path / "one", *parts, "--executor", "local:1")
    two = run(site, source, "-o", tmp_path / "two", *parts, "--executor", executor)
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    expected = tables(tmp_path / "one")
    assert [name for name in expected if "records/" in name]
    assert tables(tmp_path / "two") == expected
    assert [path.name for path in tmp_path.joinpath("two").glob(".*")] == []


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("kill", "was killed (out of memory?)"),
        ("hang", "longer than 6 seconds"),
        ("raise", "poison"),
        ("eat", "read by none: there was not enough memory"),
    ],
)
def test_one_poisoned_source_is_one_failure(
    site: Path, tmp_path: Path, executor: str, word: str, reason: str
) -> None:
    bad = sources(tmp_path / "in", n05x=word)
    account = tmp_path / "account.json"
    done = run(
        site, bad, "-o", tmp_path / "bad", "--executor", executor, "--time-limit", "6", "--account", account
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    entries = json.loads(account.read_text())["entries"]
    failed = [entry for entry in entries if entry["role"] == "failed"]
    assert [entry["path"] for entry in failed] == ["n05x.odd"]
    assert reason in failed[0]["reason"]
    good = sources(tmp_path / "only")
    run(site, good, "-o", tmp_path / "good")
    assert tables(tmp_path / "bad") == tables(tmp_path / "good")


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    "word", ["kill", *(pytest.param(word, marks=pytest.mark.slow) for word in ("eat", "hang"))]
)
def test_what_is_lost_once_is_read_by_another(
    site: Path, tmp_path: Path, executor: str, word: str
) -> None:
    source = sources(tmp_path / "in", n05x=f"once {word}")
    done = run(site, source, "-o", tmp_path / "p", "--executor", executor, "--time-limit", "6")
    assert done.returncode == 0, done.stderr
    assert f"{GOOD + 1} records" in done.stderr


def test_a_source_without_room_is_one_failure_where_one_process_reads(
    site: Path, tmp_path: Path
) -> None:
    done = run(site, sources(tmp_path / "in", n05x="eat"), "-o", tmp_path / "p")
    assert done.returncode == 1, done.stderr
    assert f"{GOOD} records" in done.stderr
    assert "n05x.odd: there was not enough memory for it" in done.stderr


def test_a_cluster_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    # Without a network there is none.
    with pytest.raises(BenchfmtError, match=r"no Dask cluster can be started here: .* try local:2"):
        convert(Path("examples/lpdnn"), executor="dask:2").write(tmp_path / "p")


class Busy:
    """A client that hears nothing of the process which has a task: it has just ended, or does not come to answer."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def call_stack(self, _: object) -> None:
        raise self.error


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionRefusedError()])
def test_nobody_knows_whether_a_task_runs_whose_process_does_not_answer(error: OSError) -> None:
    executor = DaskExecutor(Busy(error), 6, 1, len)
    assert not executor._is_running(object())
    executor.end()


class Telling:
    """A client of a cluster that tells which versions there are: those of this process but for what is given."""

    def __init__(self, scheduler: dict[str, str | None], worker: dict[str, str | None]) -> None:
        known = {"benchfmt": "1.0", "dask": "2026.8.0", "distributed": "2026.8.0"}
        here: dict[str, str | None] = {"python": "3.13.2.final.0", "polars": "2.1.0", **known}
        here["pyarrow"] = "26.0.1"
        self.told = {
            "client": {"packages": here},
            "scheduler": {"packages": here | scheduler},
            "workers": {"tcp://a:1": {"packages": here}, "tcp://b:2": {"packages": here | worker}},
        }

    def get_versions(self, packages: tuple[str, ...]) -> dict[str, Any]:
        assert set(packages) < set(self.told["client"]["packages"])
        return self.told


@pytest.mark.parametrize(
    ("scheduler", "worker", "words"),
    [
        ({"dask": "2025.1.0"}, {}, "the scheduler has dask 2025.1.0, and here it is 2026.8.0:"),
        ({}, {"benchfmt": None}, "the worker tcp://b:2 has benchfmt not installed, and here it is 1.0:"),
        ({}, {"polars": "1.9.0"}, "the worker tcp://b:2 has polars 1.9.0, and here it is 2.1.0:"),
        ({}, {"python": "3.11.9.final.0"}, "b:2 has python 3.11, and here it is 3.13:"),
        ({"pyarrow": "20.0"}, {"pyarrow": "20.0"}, "pyarrow 20.0, and here it is 26.0.1; the worker "),
    ],
)  # fmt: skip
def test_other_versions_in_a_cluster_are_told(
    scheduler: dict[str, str | None], worker: dict[str, str | None], words: str
) -> None:
    with pytest.raises(BenchfmtError, match="install the same versions everywhere") as caught:
        clusters._check_versions(Telling(scheduler, worker))
    assert words in str(caught.value)


def test_versions_that_differ_in_what_does_not_count_are_no_fault() -> None:
    clusters._check_versions(Telling({"numpy": "1.0"}, {"python": "3.13.1.final.0"}))


def test_a_worker_that_does_not_tell_its_versions_is_named() -> None:
    client = Telling({}, {})
    client.told["workers"] = {"tcp://a:1": "gone"}
    with pytest.raises(BenchfmtError, match="the worker tcp://a:1 does not tell its versions"):
        clusters._check_versions(client)


def test_an_address_of_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match=r"no Dask scheduler answers at tcq://127\.0\.0\.1:9: "):
        convert(Path("examples/lpdnn"), executor="dask:tcq://127.0.0.1:9").write(tmp_path / "p")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spark:2", "'spark:2' is no executor; write local, local:2, dask:2"),
        ("local:0", "says no number of processes"),
        ("local:many", "says no number of processes"),
    ],
)
def test_a_name_of_nobody_is_refused(tmp_path: Path, name: str, words: str) -> None:
    example = Path(__file__).parents[2] / "examples" / "lpdnn"
    with pytest.raises(BenchfmtError, match=words):
        convert(example, executor=name).write(tmp_path / "p")


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named(site: Path, tmp_path: Path) -> None:
    done = run(
        site, sources(tmp_path / "in"), "-o", tmp_path / "p", "--executor", "dask:tcp://127.0.0.1:9"
    )
    assert done.returncode == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
