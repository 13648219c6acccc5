"""Parts of N-Triples that several processes write: the file is that of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchfmt import convert
from benchfmt.exports import export
from benchfmt.exports.rdf import spreading
from benchfmt.finding import BenchfmtError
from benchfmt.package import PackageError, write_package
from benchfmt.processes.spreading import Who
from benchfmt.record import Record
from benchfmt.tables import to_batch

EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a package in parts, with inputs, sources and agents that come again in other parts."""
    place = tmp_path_factory.mktemp("spread")
    batches = [batch.stated({"license": "CC0-1.0"}) for batch in convert(EXAMPLE).batches()]
    batches.append(to_batch([odd(f"z{number}", number) for number in range(1, 41)]))
    write_package(place / "p", batches, part_rows=300)
    return place / "p"


def odd(name: str, number: int) -> Record:
    measurement = {"metric": "latency", "value": 0.5, "unit": "s", "basis": "measured"}
    plain: dict[str, Any] = {
        "benchfmt": "1.0",
        "id": name,
        "benchmark": {"suite": "lpdnn"},
        "inputs": [{"name": "batch", "values": [number, 2]}],
        "provenance": {
            "submitter": f"agent {number % 3}",
            "sources": [{"path": "a"}, {"path": "b", "locator": f"row={number}"}],
        },
        "measurements": [{**measurement, "scope": f"acme:{place}"} for place in range(number)],
        "status": "ok",
    }
    return Record.from_dict(plain)


@pytest.mark.parametrize("executor", ["local:1", "local:2"])
def test_the_file_is_that_of_one_process(package: Path, tmp_path: Path, executor: str) -> None:
    assert len(list((package / "measurements").iterdir())) > 8
    alone = export(package, "ntriples", tmp_path / "one.nt")
    spread = export(package, "ntriples", tmp_path / "several.nt", executor=executor)
    assert (tmp_path / "several.nt").read_bytes() == (tmp_path / "one.nt").read_bytes()
    assert spread == alone
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.nt", "several.nt"]


@pytest.mark.slow
def test_a_cluster_writes_the_same(package: Path, tmp_path: Path) -> None:
    export(package, "ntriples", tmp_path / "one.nt")
    words = ["export", package, "--to", "ntriples", "-o", tmp_path / "c.nt", "--executor", "dask:2"]
    done = subprocess.run(
        [sys.executable, "-m", "benchfmt", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "dask: 2 threads" in done.stderr
    assert (tmp_path / "c.nt").read_bytes() == (tmp_path / "one.nt").read_bytes()


def test_tables_without_parts_are_written_by_one_and_it_is_told(tmp_path: Path) -> None:
    convert(EXAMPLE).write(tmp_path / "p")
    alone = export(tmp_path / "p", "ntriples", tmp_path / "one.nt")
    spread = export(tmp_path / "p", "ntriples", tmp_path / "two.nt", executor="local:2")
    assert (tmp_path / "two.nt").read_bytes() == (tmp_path / "one.nt").read_bytes()
    assert set(spread.notes) - set(alone.notes) == {
        "one process has written it: the tables are not in parts of Parquet (convert --part-rows)"
    }


def test_other_formats_refuse_an_executor(package: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="croissant is written by one process"):
        export(package, "croissant", tmp_path / "c.json", executor="local:2")
    assert not list(tmp_path.iterdir())


def test_nobody_is_no_executor(package: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="'spark' is no executor"):
        export(package, "ntriples", tmp_path / "a.nt", executor=Who("spark"))
    assert not list(tmp_path.iterdir())


def test_a_part_that_ends_within_a_record_is_refused(tmp_path: Path) -> None:
    write_package(tmp_path / "p", [to_batch([odd("a", 3), odd("b", 3), odd("c", 3)])], part_rows=3)
    parts = sorted((tmp_path / "p" / "measurements").iterdir())
    tables = [pq.read_table(part) for part in parts]
    pq.write_table(pa.concat_tables([tables[0], tables[1].slice(0, 1)]), parts[0])
    pq.write_table(tables[1].slice(1), parts[1])
    with pytest.raises(PackageError, match="a part ends within the record 'b'"):
        export(tmp_path / "p", "ntriples", tmp_path / "a.nt", executor="local:1")
    assert not (tmp_path / "a.nt").exists()


def test_a_part_of_other_rows_than_it_says_is_refused(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = spreading.Package.rows_of_parts
    monkeypatch.setattr(
        spreading.Package,
        "rows_of_parts",
        lambda self, table: [rows + 1 for rows in counted(self, table)],
    )
    with pytest.raises(PackageError, match="a part has other rows than it says"):
        export(package, "ntriples", tmp_path / "a.nt", executor="local:1")


def test_what_workers_wrote_must_be_here(package: Path, tmp_path: Path) -> None:
    pieces: list[Any] = []

    def elsewhere(works: Any) -> Any:
        pieces.extend(works)
        for work in works:
            written = work()
            Path(work.target).unlink()
            yield written

    with pytest.raises(PackageError, match="must see the folder of the export"):
        spreading.write_spread(
            spreading.open_package(package),
            spreading.Names("https://x.example/"),
            spreading.Account(),
            tmp_path / "a.nt",
            elsewhere,
        )
    assert pieces
