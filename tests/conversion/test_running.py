"""Running in chunks: the same tables wherever a chunk is read, doubles told across chunks, and a lean ledger."""

from __future__ import annotations

import json
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.forms import to_rows
from tests.installed import install

from benchfmt import convert
from benchfmt.accounting import Account, Ledger
from benchfmt.conversion.duplicates import Known, Standing
from benchfmt.converters.base import Failed, Part, Source, Unit, load
from benchfmt.identity import canonical, identified
from benchfmt.limits import Limits
from benchfmt.readers.files import Listing
from benchfmt.record import Record
from benchfmt.running import (
    Rows,
    Tables,
    Units,
    here,
    of_batch,
    of_builder,
    packets,
)
from benchfmt.running.keys import hashes
from benchfmt.tables import Builder, table_of, to_batch

SOME = 300
"""More units than stand in a chunk of one."""


def data(number: int, **more: Any) -> dict[str, Any]:
    """Return a record as plain data."""
    measurements = [
        {"metric": "throughput", "value": number + 0.5, "unit": "/s", "basis": "measured"},
        {"metric": "latency", "per": "sample", "value": 1 / (number + 1), "unit": "s", "basis": "measured",
         "primary": True, "reported_value": f"{number}"},
    ]  # fmt: skip
    return {
        "benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok", "measurements": measurements,
        "model": {"name": f"m{number}"}, "provenance": {"sources": [{"path": f"r{number}.json"}]},
        "system": {"name": f"s{number % 3}", "processor": {"name": "p"}}, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of many files of one record each: some are faulty, some copies, some clash with others."""
    place = tmp_path_factory.mktemp("many")
    for number in range(SOME):
        said = json.dumps(data(number))
        if number % 50 == 7:
            said = '{"benchfmt": "1.0"}'
        elif number % 50 == 8:
            said = json.dumps(data(number - 1 - 6))
        elif number % 50 == 9:
            said = json.dumps(data(number - 8, task="image-classification"))
        elif number % 50 == 10:
            said = json.dumps(data(number, system={"id": "one", "name": f"another {number}"}))
        (place / f"r{number:03d}.json").write_text(said)
    return place


def write(source: Path, to: Path, jobs: int) -> tuple[dict[str, bytes], dict[str, Any]]:
    account = convert(source, "records", jobs=jobs).write(to)
    return {
        path.name: path.read_bytes() for path in to.iterdir() if path.suffix == ".parquet"
    }, account.to_dict()


def test_many_units_give_the_same_package_and_account_by_any_number_of_processes(
    folder: Path, tmp_path: Path
) -> None:
    one, account = write(folder, tmp_path / "1" / "package", 1)
    assert write(folder, tmp_path / "2" / "package", 2) == (one, account)
    assert account["files"] == {
        "seen": 300,
        "primary": 277,
        "supporting": 0,
        "skipped": 6,
        "failed": 17,
    }
    assert account["rows"] == {"seen": 300, "converted": 277, "skipped": 6, "failed": 17}
    assert (account["records"], account["measurements"], account["duplicates"]) == (277, 554, 6)


def test_records_keep_the_order_of_the_sources(folder: Path) -> None:
    names = [record.provenance.sources[0].path for record in convert(folder, "records")]  # type: ignore[union-attr,index]
    numbers = [int(name[1:-5]) for name in names]
    assert numbers == sorted(numbers)


def test_systems_of_records_that_are_left_out_are_left_out() -> None:
    records = [identified(Record.from_dict(data(number))) for number in range(6)]
    keep = [False, True, True, False, True, False]
    some = tables_of(records).kept(np.array(keep))
    expected = to_batch([record for record, stays in zip(records, keep, strict=True) if stays])
    assert some.records.equals(expected.records)
    assert some.measurements.equals(expected.measurements)
    assert sorted(some.systems["name"].to_pylist()) == ["s1", "s2"]


class Lively:
    """A converter whose units may hold what no other process can be given."""

    NAME = "records"

    def read(self, unit: Unit) -> Any:
        assert unit.extra is not None
        yield Record.from_dict(data(int(unit.path.stem[1:])))


def units_of(folder: Path, extra: Any) -> Units:
    units = Units()
    for number, path in enumerate(sorted(folder.iterdir())):
        units.add("records", Unit(path, extra=extra if number == 40 else number + 1), number)
    return units


def test_a_unit_that_cannot_be_pickled_fails_alone_wherever_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, {"records": Lively()})
    units = units_of(folder, threading.Lock())
    entries = [entry for packet in packets(units, here()) for entry in packet.entries]
    failed = [entry for entry in entries if isinstance(entry.what, Failed)]
    assert [entry.unit for entry in failed] == [40]
    assert "cannot pickle '_thread.lock' object" in failed[0].what.error  # type: ignore[union-attr]
    assert sum(isinstance(entry.what, Rows) for entry in entries) == SOME - 1


def test_chunks_do_not_depend_on_when_they_are_asked_for(folder: Path) -> None:
    units = units_of(folder, 1)
    chunks = list(units.chunks())
    assert [chunk.first for chunk in chunks[:34]] == [*range(33), 40]
    assert [number for chunk in chunks for number, *_ in chunk.units()] == list(range(SOME))
    assert list(units.chunks()) == chunks


class Wide:
    """A converter whose units hold a record with few measurements, and one with many, as records or as a table."""

    def read(self, unit: Unit) -> Any:
        few = Record.from_dict(data(1))
        many = Record.from_dict(data(2) | {"measurements": data(2)["measurements"] * 2})
        yield few
        if unit.extra == "table":
            batch = to_batch([identified(few), identified(many)])
            yield Part(unit.path, batch, rows=2, converted=2)
        else:
            yield many


@pytest.mark.parametrize("form", ["record", "table"])
def test_a_record_with_more_measurements_than_a_package_may_hold_fails(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, {"wide": Wide()})
    units = Units()
    limits = Limits(record_measurements=3)
    units.add("wide", Unit(tmp_path / "a.json", extra=form, limits=limits), 0)
    entries = [entry.what for packet in packets(units, here()) for entry in packet.entries]
    assert [entry.records for entry in entries if isinstance(entry, Rows)] == [1]
    (failed,) = [entry for entry in entries if isinstance(entry, Failed)]
    assert failed.path.name == "a.json"
    assert "a record has more than 3 measurements" in failed.error


def test_units_beyond_the_memory_for_them_are_in_a_file(tmp_path: Path) -> None:
    units = Units()
    for number in range(2_000):
        units.add("records", Unit(tmp_path / str(number), extra="x" * 2_000), number)
    found = [unit for chunk in units.chunks() for _, _, unit in chunk.units()]
    assert [unit.path.name for unit in found] == [str(number) for number in range(2_000)]


def test_any_executor_gives_the_same_package(folder: Path, tmp_path: Path) -> None:
    one, account = write(folder, tmp_path / "1" / "package", 1)
    with ThreadPoolExecutor(2) as threads:
        told = convert(folder, "records", executor=threads).write(tmp_path / "2" / "package")
    tables = (tmp_path / "2" / "package").glob("*.parquet")
    assert {path.name: path.read_bytes() for path in tables} == one
    assert told.to_dict() == account


# --- duplicates ---


def tables_of(records: list[Record]) -> Tables:
    builder = Builder()
    for record in records:
        builder.add(record)
    return of_builder(builder)


def test_the_tables_of_records_are_those_of_their_batch() -> None:
    records = [identified(Record.from_dict(data(number))) for number in range(6)]
    gathered, of_tables = tables_of(records), of_batch(to_batch(records))
    for name in ("ids", "contents", "sizes", "systems", "owners", "system_ids", "forms"):
        assert list(getattr(gathered, name)) == list(getattr(of_tables, name)), name


def test_equal_cells_have_equal_hashes_however_they_are_kept() -> None:
    batch = to_batch([identified(Record.from_dict(data(number))) for number in range(6)])
    encoded = batch.measurements.set_column(
        1, "metric", batch.measurements["metric"].dictionary_encode()
    )
    chunked = pa.concat_tables([encoded.slice(0, 5), encoded.slice(5)])
    assert list(hashes("measurements", chunked)) == list(hashes("measurements", batch.measurements))
    assert len(set(hashes("measurements", batch.measurements))) == 12


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 12).map(lambda n: n << 59), st.integers(0, 2)), max_size=8
        ),
        max_size=8,
    )
)
def test_a_record_is_new_the_same_or_another_one(batches: list[list[tuple[int, int]]]) -> None:
    known = Known()
    seen: dict[int, int] = {}
    for batch in batches:
        ids = np.array([name for name, _ in batch], np.uint64)
        contents = np.array([content for _, content in batch], np.uint64)
        expected = []
        for name, content in batch:
            if name not in seen:
                seen[name] = content
                expected.append(Standing.NEW)
            else:
                expected.append(Standing.SAME if seen[name] == content else Standing.OTHER)
        assert known.add(ids, contents).tolist() == expected


# --- records to tables, as `to_rows` says ---


FULL = data(
    1,
    inputs=[{"name": "x", "values": [1.0, 2.5]}],
    software={"engine": "tensorrt", "stack": {"b": "2", "a": "1"}},
    configuration={"precision": "int8", "input_shape": [1, 3], "placement": ["gpu:2"], "hyperparameters": {"k": [1, -0.5]}},
    extensions={"mlperf": {"é": "ü", "n": 2**53 - 1, "x": 1e-7, "big": 1e15}},
    system={"name": "s", "accelerator": [{"name": "a"}, {"name": "b"}], "extensions": {"mlperf": {"z": 1, "a": [True]}}},
    provenance={"sources": [{"path": "a", "locator": "row=1"}, {"path": "b"}], "submitter": "x"},
)  # fmt: skip


@pytest.mark.parametrize(
    "said", [FULL, data(2), {k: v for k, v in data(3).items() if k not in ("system", "provenance")}]
)
def test_the_short_way_to_tables_is_the_long_one(said: dict[str, Any]) -> None:
    more = {"metric": "latency", "missing": "not-reported", "caveats": ["unit-inferred"], "samples": [1.0, None],
            "unit": "s", "ci": [0.0, 1.0, 0.95]}  # fmt: skip
    record = identified(
        Record.from_dict({**said, "measurements": [*said["measurements"], more]}).ordered()
    )
    system, row, rows = to_rows(record.to_dict())
    batch = to_batch([record])
    assert batch.systems.equals(table_of("systems", [system] if system else []))
    assert batch.records.equals(table_of("records", [row]))
    assert batch.measurements.equals(table_of("measurements", rows))
    for table in (batch.systems, batch.records, batch.measurements):
        table.validate(full=True)


def test_cells_of_odd_types_are_left_to_arrow() -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        table_of("measurements", [{"record_id": "a", "value": "1.5"}])
    assert table_of("measurements", [{"value": 1}, {"value": 2.5}])["value"].to_pylist() == [
        1.0,
        2.5,
    ]
    primary = [None if n % 3 == 0 else n % 2 == 0 for n in range(20)]
    assert (
        table_of("measurements", [{"primary": said} for said in primary])["primary"].to_pylist()
        == primary
    )


def test_equal_records_have_equal_hashes_whatever_order_they_are_written_in() -> None:
    def content(said: dict[str, Any]) -> int:
        return int(tables_of([identified(Record.from_dict(said))]).contents[0])

    turned = {
        **FULL,
        "extensions": {"mlperf": dict(reversed(FULL["extensions"]["mlperf"].items()))},
    }
    assert content(turned) == content(FULL)
    assert content({**FULL, "task": "image-classification"}) != content(FULL)
    assert content({**FULL, "measurements": FULL["measurements"][::-1]}) != content(FULL)
    zero = {**FULL["measurements"][0], "value": 0.0}
    assert content({**FULL, "measurements": [zero]}) == content(
        {**FULL, "measurements": [{**zero, "value": -0.0}]}
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_the_canonical_form_is_that_of_the_rfc(said: Any) -> None:
    assert canonical(said).encode() == rfc8785.dumps(said)


@pytest.mark.parametrize("said", [2**53, -(2**53), math.nan, math.inf, "\ud800", {1: 2}, object()])
def test_what_the_rfc_does_not_allow_has_no_canonical_form(said: Any) -> None:
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError, ValueError)):
        canonical({"x": said})


# --- files ---


def test_a_listing_is_the_sequence_of_its_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b/2.txt", "b/1.txt", "a/x/y.csv", "a/x.CSV", "z", "b-c/q"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("/")
    names = ("link", "z", "a/x.CSV", "a/x/y.csv", "b/1.txt", "b/2.txt", "b-c/q")
    paths = [tmp_path / name for name in names]
    files = Source(tmp_path).files
    assert files == tuple(paths) == tuple(files)
    assert [files[index] for index in range(len(files))] == paths
    assert (files[-1], files[1:3]) == (paths[-1], tuple(paths[1:3]))
    assert [files.find(str(path)) for path in paths] == list(range(len(paths)))
    assert [files.relative(index) for index in range(len(files))] == [
        p.relative_to(tmp_path).as_posix() for p in paths
    ]
    assert files.find(str(tmp_path / "b" / "3.txt")) is None
    assert tmp_path / "b" not in files
    assert list(files.named(".csv")) == [tmp_path / "a" / "x.CSV", tmp_path / "a" / "x" / "y.csv"]
    monkeypatch.chdir(tmp_path)
    assert list(Listing(Path())) == [path.relative_to(tmp_path) for path in paths]
    assert [Path("z")] == list(Listing(Path("z")))
    assert Path("z") in Listing(Path())


def test_a_ledger_knows_each_file_once(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).touch()
    ledger = Ledger()
    assert list(ledger.see(Listing(tmp_path / "a.txt"), "")) == [0]
    assert list(ledger.see(Listing(tmp_path), "s/")) == [0, 1]
    assert ledger.see_alone(os.fspath(tmp_path / "c.txt"), "c.txt") == 2
    ledger.set_role(1, "failed", "why")
    ledger.set_converter(1, "toy")
    ledger.counts(1).rows += 2
    ledger.detail(1, None, "failed", "x")
    account = Account(ledger)
    assert [entry.path for entry in account.files] == ["a.txt", "s/b.txt", "c.txt"]
    assert account.files[-2].to_dict() == {
        "path": "s/b.txt", "role": "failed", "converter": "toy", "reason": "why", "rows": 2,
        "details": [{"what": "failed", "reason": "x"}],
    }  # fmt: skip
    assert (
        account.count("failed"),
        account.count("skipped"),
        account.total("rows"),
        account.ok,
    ) == (1, 2, 2, False)
    ledger.reset()
    assert account.files[1].to_dict() == {
        "path": "s/b.txt",
        "role": "failed",
        "converter": "toy",
        "reason": "why",
    }


def test_the_loader_of_processes_is_that_of_the_interface() -> None:
    assert load("records").NAME == "records"
