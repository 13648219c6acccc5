"""The scripts that load tables: each is run, and gives what the Parquet file holds where a guessing reader fails."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest

from benchfmt.exports import export
from benchfmt.exports.loaders import loaders
from benchfmt.package import open_package, write_package
from benchfmt.record import Record
from benchfmt.tables import TABLES, Batch, to_batch

SCRIPTS = {"load.sql", "load_pandas.py", "load_polars.py", "load.R"}
ROWS = 30_000
"""More than guessing readers look at before they decide: DuckDB 20,480, readr 1,000, polars 100."""
ODD = 29_411
"""The row that is not like the others; readr also looks at the last."""


def record(number: int) -> Record:
    """Return a record; one of many has a text where all others have digits."""
    version = "default" if number == ODD else "1"
    data = {
        "benchfmt": "1.0",
        "id": f"r{number}",
        "benchmark": {"suite": "acme:bench"},
        "dataset": {"name": "NA" if number % 2 else " blanks around "},
        "model": {"name": 'a "quoted", name', "version": version, "parameters": 2**53 - 1},
        "status": "ok",
        "status_detail": "two\nlines",
        "system": {"id": "s", "processor": {"clock_hz": 2.4e9}},
        "measurements": [
            {
                "metric": "latency",
                "value": 0.1 + number / 3,
                "unit": "s",
                "basis": "measured",
                "primary": True,
                "reported_value": "12 %" if number == ODD else "12",
            }
        ],
    }
    return Record.from_dict(data)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return to_batch([record(number) for number in range(ROWS)])


@pytest.fixture(scope="module")
def package(batch: Batch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of CSV with its scripts beside the tables."""
    target = tmp_path_factory.mktemp("loaders") / "package"
    write_package(target, [batch], format="csv")
    add_scripts(target)
    return target


def add_scripts(package: Path) -> None:
    with open_package(package) as opened:
        for name, text in loaders(opened).items():
            (package / name).write_text(text, "utf-8")


def expected(batch: Batch) -> dict[str, pl.DataFrame]:
    return {name: pl.DataFrame(pl.from_arrow(table)) for name, table in batch.tables()}


def by_duckdb(folder: Path) -> dict[str, pl.DataFrame]:
    with duckdb.connect() as connection:
        connection.execute((folder / "load.sql").read_text("utf-8"))
        return {table: connection.sql(f"FROM {table}").pl() for table in TABLES}


def by_polars(folder: Path) -> dict[str, pl.DataFrame]:
    names = runpy.run_path(str(folder / "load_polars.py"))
    return {table: names[table] for table in TABLES}


def by_pandas(folder: Path) -> dict[str, pl.DataFrame]:
    names = runpy.run_path(str(folder / "load_pandas.py"))
    return {table: pl.from_pandas(names[table]) for table in TABLES}


READERS = {"duckdb": by_duckdb, "polars": by_polars, "pandas": by_pandas}


def same(found: Mapping[str, pl.DataFrame], wanted: Mapping[str, pl.DataFrame]) -> None:
    for table, frame in wanted.items():
        # pandas has 64-bit forms of its own for what polars calls the same.
        assert found[table].cast(frame.schema).equals(frame), table
        assert [kind.base_type() for kind in found[table].dtypes] == [
            kind.base_type() for kind in frame.dtypes
        ]


@pytest.mark.parametrize("reader", READERS)
def test_a_script_gives_every_cell_with_its_type(
    reader: str, package: Path, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package)
    same(READERS[reader](package), expected(batch))


def test_readers_that_guess_fail_where_the_scripts_do_not(package: Path) -> None:
    with pytest.raises(duckdb.Error):
        duckdb.read_csv(str(package / "records.csv")).fetchall()
    with pytest.raises(pl.exceptions.ComputeError):
        pl.read_csv(package / "records.csv")


# --- R ---

needs_readr = pytest.mark.skipif(
    shutil.which("Rscript") is None, reason="R is not here (Debian: r-cran-readr)"
)


def in_r(folder: Path, code: str) -> list[str]:
    command = ["Rscript", "--vanilla", "-e", code]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    if "there is no package called" in done.stderr:
        pytest.skip("readr is not here (Debian: r-cran-readr)")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_readr
def test_the_script_of_r_loses_no_cell(package: Path, batch: Batch) -> None:
    code = """source("load.R")
    for (name in c("systems", "records", "measurements")) {
      table <- get(name)
      cat(name, nrow(table), sum(is.na(table)), nrow(problems(table)), "\\n")
    }
    cat(records$model_version[29412], records$dataset[1:2], records$status_detail[1], sep = "|")"""
    *counts, last, rest = in_r(package, code)
    wanted = [
        f"{name} {frame.height} {sum(frame.null_count().row(0))} 0 "
        for name, frame in expected(batch).items()
    ]
    assert counts == wanted
    assert f"{last}\n{rest}" == "default| blanks around |NA|two\nlines"


@needs_readr
def test_readr_that_guesses_blanks_the_cell(package: Path) -> None:
    code = """library(readr)
    table <- suppressWarnings(read_csv("records.csv", show_col_types = FALSE))
    cat(is.na(table$model_version[29412]), "\\n")"""
    assert in_r(package, code) == ["TRUE "]


@needs_readr
def test_numbers_of_r_are_right_to_the_last_place_but_one(package: Path, batch: Batch) -> None:
    code = """source("load.R")
    cat(sprintf("%.17g", measurements$value), sep = "\\n")"""
    found = [float(text) for text in in_r(package, code)]
    wanted = expected(batch)["measurements"]["value"].to_list()
    assert found == pytest.approx(wanted, rel=2.3e-16, abs=0)
    different = sum(one != other for one, other in zip(found, wanted, strict=True))
    assert different < ROWS / 1_000


# --- other forms ---


@pytest.mark.parametrize("reader", READERS)
def test_parquet_and_parts_are_loaded_too(
    reader: str, tmp_path: Path, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(tmp_path / "package", [batch])
    add_scripts(tmp_path / "package")
    monkeypatch.chdir(tmp_path / "package")
    same(READERS[reader](tmp_path / "package"), expected(batch))


def test_the_export_writes_the_scripts(package: Path, tmp_path: Path) -> None:
    done = export(package, "loaders", tmp_path / "out", folder="../package")
    assert set(done.files) == SCRIPTS == {path.name for path in (tmp_path / "out").iterdir()}
    assert "'../package/records.csv'" in (tmp_path / "out" / "load.sql").read_text("utf-8")
    assert (done.records, done.measurements) == (ROWS, ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_all_families_are_loaded_from_csv(
    reader: str, all_samples_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_package(all_samples_package) as opened:
        whole = Batch(*(opened.table(table) for table in TABLES))
    write_package(tmp_path / "package", [whole], format="csv")
    add_scripts(tmp_path / "package")
    monkeypatch.chdir(tmp_path / "package")
    same(READERS[reader](tmp_path / "package"), expected(whole))
