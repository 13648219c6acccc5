"""Pieces of exports that several processes write: what comes of them is what one process writes."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.servers import only_here
from tests.sparing import some

from benchfmt import convert
from benchfmt.exports import FORMATS, Exported, export, pieces
from benchfmt.exports.base import InOne
from benchfmt.exports.pieces import InPieces, spread_over
from benchfmt.finding import BenchfmtError
from benchfmt.package import PackageError, open_package, write_package
from benchfmt.processes.spreading import Who
from benchfmt.record import Record
from benchfmt.tables import to_batch

T = TypeVar("T")
EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"
OPTIONS = {"every-eval-ever": {"retrieved": "2026-11-30"}, "mldcat-ap": {"base": "https://x.ex/"}}
IN_PIECES = [name for name in FORMATS.own if isinstance(FORMATS.load(name), InPieces)]
IN_ONE = [name for name in FORMATS.own if name not in IN_PIECES]
LEFT = "the tables are not in parts of Parquet (convert --part-rows)"


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster talks with its own workers."""
    only_here(monkeypatch)


def test_each_format_is_in_pieces_or_says_why_not() -> None:
    assert IN_PIECES == [
        "every-eval-ever",
        "hugging-face",
        "json-ld",
        "mldcat-ap",
        "ntriples",
        "trig",
        "turtle",
    ]
    for name in IN_ONE:
        form = FORMATS.load(name)
        assert isinstance(form, InOne)
        assert not form.why_in_one.endswith(".")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package in parts, with inputs, sources, models and agents that come again in other parts."""
    place = tmp_path_factory.mktemp("pieces")
    batches = [batch.stated({"license": "CC0-1.0"}) for batch in convert(EXAMPLE).batches()]
    batches.append(to_batch([odd(f"z{number}", number) for number in range(1, 41)]))
    write_package(place / "p", batches, part_rows=300)
    assert len(list((place / "p" / "measurements").iterdir())) > 8
    return place / "p"


def odd(name: str, number: int) -> Record:
    quality = {"metric": "accuracy", "value": number / 64, "unit": "1", "basis": "measured"}
    latency = {"metric": "latency", "value": 0.5, "unit": "s", "basis": "measured"}
    missing = {"metric": "power", "missing": "no-sensor"}
    plain: dict[str, Any] = {
        "benchfmt": "1.0",
        "id": name,
        "benchmark": {"suite": "lpdnn", "name": "b"},
        "task": "image-classification",
        "model": {"name": f"acme/model-{number % 3}"},
        "dataset": {"name": "org/set"},
        "inputs": [{"name": "batch", "values": [number, 2]}],
        "provenance": {
            "submitter": f"agent {number % 3}",
            "sources": [{"path": "a"}, {"path": "b", "locator": f"row={number}"}],
        },
        "measurements": [
            {**quality, "primary": True},
            missing,
            *({**latency, "scope": f"acme:{place}"} for place in range(number)),
        ],
        "status": "ok",
    }
    return Record.from_dict(plain)


def here(works: Sequence[Callable[[], T]]) -> Iterator[T]:
    """Do the work of others in this process, as they would get it and give it back."""
    for work in works:
        made = pickle.loads(pickle.dumps(work))()  # noqa: S301 - made here a moment before
        yield pickle.loads(pickle.dumps(made))  # noqa: S301 - made here a moment before


def files_of(place: Path) -> dict[str, bytes]:
    if place.is_file():
        return {".": place.read_bytes()}
    names = sorted(path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): path.read_bytes() for path in names}


def alone(package: Path, name: str, place: Path) -> Exported:
    done = export(package, name, place, **OPTIONS.get(name, {}))
    assert done.records > 30
    return done


@pytest.mark.parametrize("name", some(IN_PIECES))
def test_pieces_are_what_one_process_writes(package: Path, tmp_path: Path, name: str) -> None:
    done = alone(package, name, tmp_path / "one")
    form = FORMATS.load(name)
    assert isinstance(form, InPieces)
    (tmp_path / "pieces").mkdir()
    place = tmp_path / "pieces" / "several"
    if form.shape == "folder":
        place.mkdir()
    with open_package(package) as opened:
        several = spread_over(form, opened, place, OPTIONS.get(name, {}), here)
    assert files_of(place) == files_of(tmp_path / "one")
    assert several == done
    assert list((tmp_path / "pieces").iterdir()) == [place]


@pytest.mark.parametrize(
    ("name", "executor"),
    [
        ("ntriples", "local:2"),
        pytest.param("hugging-face", "local:1", marks=pytest.mark.slow),
        *(
            pytest.param(name, executor, marks=pytest.mark.slow)
            for name in IN_PIECES
            for executor in ("local:1", "local:2", "dask:2")
        ),
    ],
)
def test_processes_write_what_one_does(
    package: Path, tmp_path: Path, name: str, executor: str
) -> None:
    done = alone(package, name, tmp_path / "one")
    several = export(
        package, name, tmp_path / "several", executor=executor, **OPTIONS.get(name, {})
    )
    assert files_of(tmp_path / "several") == files_of(tmp_path / "one")
    assert several == done
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "several"]


@pytest.mark.slow
def test_a_cluster_writes_the_same(package: Path, tmp_path: Path) -> None:
    alone(package, "json-ld", tmp_path / "one")
    words = ["export", package, "--to", "json-ld", "-o", tmp_path / "c", "--executor", "dask:2"]
    done = subprocess.run(
        [sys.executable, "-m", "benchfmt", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "dask: 2 threads" in done.stderr
    assert files_of(tmp_path / "c") == files_of(tmp_path / "one")


@pytest.mark.parametrize("name", IN_ONE)
def test_other_formats_say_why_they_have_no_executor(
    package: Path, tmp_path: Path, name: str
) -> None:
    form = FORMATS.load(name)
    assert isinstance(form, InOne)
    with pytest.raises(BenchfmtError) as caught:
        export(package, name, tmp_path / "out", executor="local:2")
    assert str(caught.value) == (
        f"{name} is written by one process: {form.why_in_one}; leave out the executor"
    )
    assert not list(tmp_path.iterdir())


def test_nobody_is_no_executor(package: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="'spark' is no executor"):
        export(package, "ntriples", tmp_path / "a.nt", executor=Who("spark"))
    assert not list(tmp_path.iterdir())


# --- where there is nothing to divide ---


def in_one(package: Path, name: str, tmp_path: Path) -> str:
    """Export twice, and return the note that says why there are no pieces."""
    options = OPTIONS.get(name, {})
    one = export(package, name, tmp_path / "one", **options)
    two = export(package, name, tmp_path / "two", executor="local:2", **options)
    assert files_of(tmp_path / "two") == files_of(tmp_path / "one")
    (note,) = set(two.notes) - set(one.notes)
    return note.removeprefix("one process has written it: ")


def test_tables_without_parts_are_written_by_one_and_it_is_told(tmp_path: Path) -> None:
    convert(EXAMPLE).write(tmp_path / "p")
    assert in_one(tmp_path / "p", "ntriples", tmp_path) == LEFT


def test_parts_of_text_are_written_by_one(tmp_path: Path) -> None:
    batches = convert(EXAMPLE).batches()
    write_package(tmp_path / "p", batches, part_rows=300, format="csv")
    assert in_one(tmp_path / "p", "json-ld", tmp_path) == LEFT


def small(tmp_path: Path) -> tuple[Path, list[Path]]:
    """Return a package of three parts of one record each, and the files of its measurements."""
    records = [odd("a", 3), odd("b", 3), odd("c", 3)]
    write_package(tmp_path / "p", [to_batch(records)], part_rows=5)
    parts = sorted((tmp_path / "p" / "measurements").iterdir())
    assert len(parts) == 3
    return tmp_path / "p", parts


@pytest.mark.parametrize("name", ["ntriples", "json-ld"])
def test_a_part_that_ends_within_a_record_is_written_by_one(tmp_path: Path, name: str) -> None:
    package, parts = small(tmp_path)
    tables = [pq.read_table(part) for part in parts]
    pq.write_table(pa.concat_tables([tables[0], tables[1].slice(0, 1)]), parts[0])
    pq.write_table(tables[1].slice(1), parts[1])
    reason = "a part of the measurements ends within a record"
    assert in_one(package, name, tmp_path) == reason


def test_parts_that_are_no_pairs_are_written_by_one_where_results_are_whole(
    tmp_path: Path,
) -> None:
    package, parts = small(tmp_path)
    tables = [pq.read_table(part) for part in parts]
    pq.write_table(pa.concat_tables(tables[:2]), parts[0])
    pq.write_table(tables[2], parts[1])
    pq.write_table(tables[2].slice(0, 0), parts[2])
    reason = "a part of the measurements has some of records in another part of the records"
    assert in_one(package, "json-ld", tmp_path) == reason
    # N-Triples are made of each table by itself.
    several = export(package, "ntriples", tmp_path / "several.nt", executor="local:1")
    assert several == export(package, "ntriples", tmp_path / "one.nt")
    assert (tmp_path / "several.nt").read_bytes() == (tmp_path / "one.nt").read_bytes()


# --- what goes wrong ---


def test_a_part_of_other_rows_than_it_says_is_refused(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = pieces.Package.rows_of_parts
    monkeypatch.setattr(
        pieces.Package,
        "rows_of_parts",
        lambda self, table: [rows + 1 for rows in counted(self, table)],
    )
    with pytest.raises(PackageError, match="a part has other rows than it says"):
        export(package, "ntriples", tmp_path / "a.nt", executor="local:1")
    assert not list(tmp_path.iterdir())


def test_what_workers_wrote_must_be_here(package: Path, tmp_path: Path) -> None:
    def elsewhere(works: Sequence[Callable[[], T]]) -> Iterator[T]:
        for work in works:
            made: Any = work()
            Path(made.place).unlink()
            yield made

    form = FORMATS.load("ntriples")
    assert isinstance(form, InPieces)
    with (
        open_package(package) as opened,
        pytest.raises(PackageError, match="must see the folder of the export"),
    ):
        spread_over(form, opened, tmp_path / "a.nt", {}, elsewhere)


class Dying:
    """JSON-LD whose second piece ends the process that makes it, so often as its file has letters."""

    def __init__(self, times: Path) -> None:
        self.form: Any = FORMATS.load("json-ld")
        self.about, self.shape, self.options = self.form.about, "file", self.form.options
        self.passes = self.form.passes
        self.times = times

    def write(self, *words: Any) -> Any:
        return self.form.write(*words)

    def begin(self, job: Any) -> None:
        self.form.begin(job)

    def once(self, job: Any, share: Any) -> Any:
        return self.form.once(job, share)

    def piece(self, job: Any, share: Any) -> None:
        self.form.piece(job, share)
        left = self.times.read_text()
        if share.part == 1 and left:
            self.times.write_text(left[1:])
            os.kill(os.getpid(), signal.SIGKILL)

    def add(self, job: Any, piece: Any) -> None:
        self.form.add(job, piece)

    def end(self, job: Any) -> None:
        self.form.end(job)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_piece_whose_worker_dies_is_made_again(tmp_path: Path) -> None:
    package, _ = small(tmp_path)
    (tmp_path / "times").write_text("x")
    done = export(package, "json-ld", tmp_path / "one")
    form: Any = Dying(tmp_path / "times")
    with open_package(package) as opened, Who("local:1").spreading() as spread:
        several = spread_over(form, opened, tmp_path / "several", {}, spread)
    assert not (tmp_path / "times").read_text()
    assert several == done
    assert files_of(tmp_path / "several") == files_of(tmp_path / "one")
    assert not (tmp_path / "several.pieces").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_piece_that_is_lost_twice_ends_the_export(tmp_path: Path) -> None:
    package, _ = small(tmp_path)
    (tmp_path / "times").write_text("xx")
    form: Any = Dying(tmp_path / "times")
    with (
        open_package(package) as opened,
        Who("local:1").spreading() as spread,
        pytest.raises(BenchfmtError, match="a part of the work was lost twice"),
    ):
        spread_over(form, opened, tmp_path / "several", {}, spread)
