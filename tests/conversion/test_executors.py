"""Who reads: the package is the same whoever it is, and a reader that is lost costs one unit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conversion.odd import GOOD, installed, run, sources, tables

from benchfmt import convert
from benchfmt.finding import BenchfmtError
from benchfmt.processes.clusters import DaskExecutor


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return installed(tmp_path / "site")


EXECUTORS = [
    "local:2",
    pytest.param("dask:2", marks=pytest.mark.slow),
]


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


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("kill", "was killed (out of memory?)"),
        pytest.param("hang", "longer than 6 seconds", marks=pytest.mark.slow),
        pytest.param("raise", "poison", marks=pytest.mark.slow),
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
@pytest.mark.parametrize("word", ["kill", pytest.param("hang", marks=pytest.mark.slow)])
def test_what_is_lost_once_is_read_by_another(
    site: Path, tmp_path: Path, executor: str, word: str
) -> None:
    source = sources(tmp_path / "in", n05x=f"once {word}")
    done = run(site, source, "-o", tmp_path / "p", "--executor", executor, "--time-limit", "6")
    assert done.returncode == 0, done.stderr
    assert f"{GOOD + 1} records" in done.stderr


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
