"""Comparisons that several processes have a part in: the answer is that of one."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.comparing.records import accuracy, latencies, latency, record

from benchfmt.comparing import hashing, matching
from benchfmt.comparing.groups import groups
from benchfmt.comparing.versions import Versions, compare_versions
from benchfmt.comparison.questions import question
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package, write_package
from benchfmt.processes.spreading import Who
from benchfmt.record import Record
from benchfmt.tables import to_batch

T = TypeVar("T")


class Here:
    """Has work done in this process, as others would get it and give it back."""

    def __init__(self) -> None:
        self.works: list[Any] = []

    @contextmanager
    def spreading(self) -> Iterator[Callable[[Sequence[Callable[[], Any]]], Iterator[Any]]]:
        yield self._each

    def _each(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        self.works.extend(works)
        for work in works:
            made = pickle.loads(pickle.dumps(work))()  # noqa: S301 - made here a moment before
            yield pickle.loads(pickle.dumps(made))  # noqa: S301 - made here a moment before

    @property
    def parts(self) -> list[int | None]:
        return [work.part for work in self.works if hasattr(work, "part")]


def results(speed: float) -> list[dict[str, Any]]:
    """Return records of several models, engines and runs, with what makes numbers compare and what keeps them from it."""
    records = []
    for number in range(24):
        doubts = {"caveats": ["warm-up-included"]} if number % 4 else {}
        times = latencies(1 + speed * (number % 8 % 3), seed=number % 7 + int(speed * 100))
        records.append(
            record(
                number,
                latency(times, **doubts),
                accuracy(0.5 + number % 5 / 100, n=50_000),
                model={"name": f"model-{number % 8}"},
                status="ok" if number % 11 else "failed",
                provenance={"execution": f"run-{number % 16}"},
                software={"engine": "onnxruntime", "engine_version": f"1.{number % 2}"},
            )
        )
    return records


def packaged(place: Path, records: list[dict[str, Any]], rows: int | None = 10) -> Path:
    batches = [to_batch([Record.from_dict(item)]) for item in records]
    write_package(place, batches, part_rows=rows)
    return place


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("pair")
    old, new = (
        packaged(place / "old", results(0)),
        packaged(place / "new", [*results(0.2)[:5], *results(0.2)[6:13]]),
    )
    assert len(list((old / "records").iterdir())) > 3
    return old, new


def told(versions: Versions) -> str:
    return json.dumps(versions.to_dict())


@pytest.mark.parametrize("options", [{}, {"metrics": ["accuracy"]}, {"vary": ["model"]}])
def test_parts_are_compared_as_one(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    alone = compare_versions(*pair, **options)
    assert any(change.test for change in alone.changes)
    assert options or any(change.new is None for change in alone.changes)
    monkeypatch.setattr(matching, "_AT_ONCE", 300)
    here: Any = Here()
    assert told(compare_versions(*pair, executor=here, **options)) == told(alone)
    assert {0, 1, 2} <= set(here.parts)
    assert len(here.works) > len(here.parts) + 1


def test_whoever_watches_hears_how_many_pieces_are_done(pair: tuple[Path, Path]) -> None:
    heard: list[tuple[int, int]] = []
    who = Who("local:1", watch=lambda done, total: heard.append((done, total)))
    compare_versions(*pair, executor=who)
    rounds = [place for place, (done, _) in enumerate(heard) if done == 0]
    assert rounds[0] == 0
    assert len(rounds) == 2
    for start, end in zip(rounds, [*rounds[1:], len(heard)], strict=True):
        total = heard[start][1]
        assert heard[start:end] == [(done, total) for done in range(total + 1)]
        assert total > 0


def test_what_is_held_against_records_of_other_parts_is_held(tmp_path: Path) -> None:
    """Records of one execution in several parts count once."""
    old = packaged(tmp_path / "old", results(0), rows=4)
    new = packaged(tmp_path / "new", results(0), rows=None)
    alone = compare_versions(old, new)
    here: Any = Here()
    assert told(compare_versions(old, new, executor=here)) == told(alone)
    assert here.parts[-1] is None
    assert len(here.parts) > 6


def test_records_of_one_id_in_several_parts_are_read_together(tmp_path: Path) -> None:
    records = results(0)
    twice = packaged(
        tmp_path / "twice", [*records, records[2], {**records[1], "task": "object-detection"}]
    )
    new = packaged(tmp_path / "new", results(0.1))
    alone = compare_versions(twice, new)
    here: Any = Here()
    assert told(compare_versions(twice, new, executor=here)) == told(alone)
    assert here.parts[0] is None
    assert len(here.parts) > 3


def askew(place: Path) -> Path:
    """Write a package of which a part of the measurements has some of the records of the next."""
    packaged(place, results(0))
    parts = sorted((place / "measurements").iterdir())
    tables = [pq.read_table(part) for part in parts]
    pq.write_table(pa.concat_tables([tables[0], tables[1].slice(0, 2)]), parts[0])
    pq.write_table(tables[1].slice(2), parts[1])
    return place


def test_parts_that_are_no_pairs_are_read_together(pair: tuple[Path, Path], tmp_path: Path) -> None:
    old = askew(tmp_path / "old")
    alone = compare_versions(pair[0], pair[1])
    here: Any = Here()
    several = compare_versions(old, pair[1], executor=here)
    assert {**several.to_dict(), "old": ""} == {**alone.to_dict(), "old": ""}
    assert 0 in here.parts


# --- the groups of one package ---


@pytest.mark.parametrize("metric", [None, "accuracy"])
def test_the_groups_of_parts_are_those_of_a_package(
    pair: tuple[Path, Path], metric: str | None
) -> None:
    with open_package(pair[0]) as package:
        alone = groups(package, question(), metric=metric, every_result=True)
        here = Here()
        with here.spreading() as spread:
            several = groups(package, question(), metric=metric, every_result=True, spread=spread)
    assert alone.compared_results > 10
    assert alone.echoes
    assert several.to_dict() == alone.to_dict()
    assert len(here.parts) > 3


def test_groups_of_parts_that_are_no_pairs_are_those_of_the_whole(tmp_path: Path) -> None:
    place = askew(tmp_path / "p")
    with open_package(place) as package:
        alone = groups(package, question(), every_result=True)
        here = Here()
        with here.spreading() as spread:
            several = groups(package, question(), every_result=True, spread=spread)
    assert several.to_dict() == alone.to_dict()
    assert len(here.parts) > 3


def test_records_of_one_id_in_several_parts_are_grouped_by_this_process(tmp_path: Path) -> None:
    records = results(0)
    place = packaged(
        tmp_path / "p", [*records, records[2], {**records[1], "task": "object-detection"}]
    )
    with open_package(place) as package:
        alone = groups(package, question(), every_result=True)
        here = Here()
        with here.spreading() as spread:
            several = groups(package, question(), every_result=True, spread=spread)
    assert several.to_dict() == alone.to_dict()
    assert alone.copies
    assert not here.works


def test_a_metric_that_no_part_has_is_refused(pair: tuple[Path, Path]) -> None:
    with (
        open_package(pair[0]) as package,
        Here().spreading() as spread,
        pytest.raises(BenchfmtError, match="there is no metric 'acuracy'; did you mean 'accuracy'"),
    ):
        groups(package, question(), metric="acuracy", spread=spread)


def test_a_worker_that_hashes_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = pickle.loads(pickle.dumps(hashing.Hashing()))  # noqa: S301 - made here a moment before
    asked.check()
    monkeypatch.setattr(hashing, "_sample", lambda _: asked.sample + 1)
    with pytest.raises(BenchfmtError, match="a worker has another version of polars"):
        asked.check()


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local:2", "dask:2"])
def test_the_command_prints_the_same_groups(pair: tuple[Path, Path], executor: str) -> None:
    words = [sys.executable, "-m", "benchfmt", "compare", str(pair[0]), "--all"]
    alone = subprocess.run(words, capture_output=True, check=True)
    several = subprocess.run([*words, "--executor", executor], capture_output=True, check=True)
    assert several.stdout == alone.stdout
    two = subprocess.run(
        [*words, "r1", "r2", "--executor", executor], capture_output=True, check=False
    )
    assert b"--executor is for packages" in two.stderr


# --- two packages ---


@pytest.mark.slow
@pytest.mark.parametrize(
    "executor",
    ["local:2", *(pytest.param(who, marks=pytest.mark.slow) for who in ("local:1", "dask:2"))],
)
def test_the_command_prints_the_same(pair: tuple[Path, Path], executor: str) -> None:
    words = [sys.executable, "-m", "benchfmt", "compare", *map(str, pair), "--format", "json"]
    alone = subprocess.run(words, capture_output=True, check=True)
    several = subprocess.run([*words, "--executor", executor], capture_output=True, check=True)
    assert several.stdout == alone.stdout
    assert b"Warning" not in several.stderr
