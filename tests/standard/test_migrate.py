"""Versions: every 1.x is read, nothing of a newer one is lost, and every other version is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.forms import VALID, codes, describe, flatten, load, write

from benchfmt import convert, query
from benchfmt.bundling import bundle
from benchfmt.exports import export
from benchfmt.finding import BenchfmtError
from benchfmt.migrate import (
    STEPS,
    Step,
    VersionError,
    older_names,
    readable,
    rows_to_current,
    to_current,
    to_original,
    to_version,
)
from benchfmt.package import PackageError, open_package
from benchfmt.rearranging import append
from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.validation import validate

NEWER: dict[str, Any] = {
    "benchfmt": "1.3",
    "id": "r1",
    "benchmark": {"suite": "lpdnn", "track": "edge"},
    "system": {
        "accelerator": [{"kind": "gpu"}, {"kind": "npu", "tops": 4}],
        "cooling": {"kind": "fan"},
    },
    "measurements": [
        {"metric": "latency", "value": 0.1, "unit": "s", "basis": "measured"},
        {"metric": "power", "missing": "no-sensor", "channel/~": ["a"]},
    ],
    "status": "ok",
    "weather": None,
}


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.27"])
def test_every_minor_version_is_readable(version: str) -> None:
    assert readable(version)


@pytest.mark.parametrize(
    "version", ["0.9", "2.0", "1", "1.", "1.01", "1.0.0", "1.0\n", "", 1.0, None, ["1.0"]]
)
def test_no_other_version_is(version: Any) -> None:
    assert not readable(version)
    with pytest.raises(VersionError):
        to_current({"benchfmt": version})


def test_a_record_of_this_version_stays_as_it_is() -> None:
    for path in VALID:
        data = load(path)
        assert to_current(data) == data
        assert to_original(data) == data


def test_a_newer_record_becomes_one_of_this_version_and_comes_back_whole() -> None:
    before = json.dumps(NEWER)
    current = to_current(NEWER)
    assert json.dumps(NEWER) == before
    assert current["benchfmt"] == "1.0"
    assert current["extensions"]["benchfmt"] == {
        "version": "1.3",
        "fields": {
            "/benchmark/track": "edge",
            "/system/accelerator/1/tops": 4,
            "/system/cooling": {"kind": "fan"},
            "/measurements/1/channel~1~0": ["a"],
            "/weather": None,
        },
    }
    assert to_original(current) == NEWER


def test_a_newer_record_that_uses_nothing_new_comes_back_too() -> None:
    plain = {
        "benchfmt": "1.1",
        "benchmark": {"suite": "lpdnn"},
        "status": "failed",
        "extensions": {"lpdnn": {"a": 1}},
    }
    assert Record.from_dict(to_current(plain)).extensions == {
        "lpdnn": {"a": 1},
        "benchfmt": {"version": "1.1"},
    }
    assert to_original(to_current(plain)) == plain


def test_a_newer_record_is_judged_by_what_is_known_of_it(tmp_path: Path) -> None:
    newer = {key: value for key, value in NEWER.items() if key != "weather"}
    path = tmp_path / "record.json"
    path.write_text(json.dumps(newer), "utf-8")
    assert validate(path).findings == []
    newer["measurements"][0]["unit"] = "ms"
    path.write_text(json.dumps(newer), "utf-8")
    assert codes(validate(path)) == {"BF203"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_of_a_newer_package_are_no_fault_and_are_kept(form: str, tmp_path: Path) -> None:
    record = {
        "benchfmt": "1.3",
        "id": "r1",
        "benchmark": {"suite": "lpdnn", "track": "edge"},
        "status": "failed",
    }
    record["extensions"] = {"lpdnn": {"a": 1}}
    place = write(tmp_path / "new", flatten([record]), form, version="1.3")
    assert validate(place).findings == []
    with open_package(place) as package:
        (kept,) = package.records()
    assert kept.extensions == {
        "lpdnn": {"a": 1},
        "benchfmt": {"version": "1.3", "columns": {"benchmark.track": "edge"}},
    }
    assert codes(validate(write(tmp_path / "old", flatten([record]), form, version="1.0"))) == {
        "BF102"
    }


# --- a version before this one, which these tests alone know ---


OLDER = "0.9"


def forward(record: dict[str, Any]) -> dict[str, Any]:
    """Name the suite as today, and turn percent into fractions."""
    record["benchmark"]["suite"] = record["benchmark"].pop("bench_suite")
    for item in record.get("measurements", []):
        item["metric"] = item.pop("name")
        if item.get("unit") == "%":
            item["value"] = item["value"] / 100
            item["unit"] = "1"
    return record


def backward(record: dict[str, Any]) -> dict[str, Any]:
    """Do the opposite; version 0.9 knew no scopes."""
    record["benchmark"]["bench_suite"] = record["benchmark"].pop("suite")
    for item in record.get("measurements", []):
        if "scope" in item:
            raise VersionError("version 0.9 has no scope; leave the measurement out")
        item["name"] = item.pop("metric")
        if item.get("unit") == "1":
            item["value"] = item["value"] * 100
            item["unit"] = "%"
    return record


def fractions(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Turn percent of the measurements into fractions."""
    if table != "measurements":
        return rows
    is_percent = pl.col("unit").cast(pl.String) == "%"
    kind = rows.schema["value"]
    fraction = (pl.col("value").cast(pl.Float64) / 100).cast(kind)
    return rows.with_columns(
        pl.when(is_percent).then(fraction).otherwise("value").alias("value"),
        pl.when(is_percent)
        .then(pl.lit("1"))
        .otherwise(pl.col("unit").cast(pl.String))
        .alias("unit"),
    )


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Step:
    """The step from version 0.9, which is known while a test runs."""
    columns = {"records": {"bench_suite": "suite"}, "measurements": {"name": "metric"}}
    step = Step(SCHEMA_VERSION, forward, backward, columns, fractions)
    monkeypatch.setitem(STEPS, OLDER, step)
    return step


def percent(value: float) -> dict[str, Any]:
    """Return a record of version 0.9."""
    accuracy = {
        "name": "accuracy",
        "value": value,
        "unit": "%",
        "basis": "measured",
        "primary": True,
    }
    return {
        "benchfmt": OLDER,
        "id": "r1",
        "benchmark": {"bench_suite": "lpdnn", "name": "digits"},
        "task": "image-classification",
        "measurements": [accuracy],
        "status": "ok",
    }


def older_package(place: Path, form: str, value: float) -> Path:
    """Write a package of version 0.9."""
    tables = flatten([to_current(percent(value))])
    for row in tables["measurements"]:
        row.update(value=value, unit="%")
    write(place, tables, form, version=OLDER)
    for table, names in STEPS[OLDER].columns.items():
        older = {newer: older for older, newer in names.items()}
        path = place / f"{table}.{form}"
        if form == "csv":
            pl.read_csv(path, infer_schema=False).rename(older).write_csv(path)
        else:
            pl.read_parquet(path).rename(older).write_parquet(path)
    files = [{"name": table, "path": f"{table}.{form}", "format": form} for table in tables]
    return describe(place, files, form, OLDER, None)


@pytest.mark.usefixtures("step")
def test_an_older_record_steps_forward_and_back() -> None:
    old = percent(75)
    current = to_current(old)
    assert old == percent(75)
    assert current["benchfmt"] == SCHEMA_VERSION
    assert Record.from_dict(current).measurements[0].value == 0.75
    assert to_version(current, OLDER) == old
    current["measurements"][0]["scope"] = "class:cat"
    with pytest.raises(VersionError, match=r"0\.9 has no scope"):
        to_version(current, OLDER)


def test_steps_follow_one_another(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Step(
        OLDER,
        lambda record: {**record, "benchmark": {"bench_suite": record["suite"]}},
        lambda record: {**record, "suite": record["benchmark"]["bench_suite"]},
        {"records": {"program": "bench_suite"}},
    )
    monkeypatch.setitem(STEPS, "0.8", first)
    oldest = {"benchfmt": "0.8", "suite": "lpdnn", "status": "failed"}
    current = to_current(oldest)
    assert (current["benchfmt"], current["benchmark"]) == (SCHEMA_VERSION, {"suite": "lpdnn"})
    assert to_version(current, "0.8")["suite"] == "lpdnn"
    assert older_names("0.8") == {
        "records": {"suite": "program"},
        "measurements": {"metric": "name"},
    }
    rows = pl.DataFrame({"id": ["r1"], "program": ["lpdnn"]})
    assert rows_to_current("0.8", "records", rows).columns == ["id", "suite"]


@pytest.mark.usefixtures("step")
def test_an_older_record_is_validated_and_converted(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(percent(75)), "utf-8")
    assert validate(path).findings == []
    assert convert(path).write(tmp_path / "out").total("records") == 1
    with open_package(tmp_path / "out") as package:
        (record,) = package.records()
    assert (package.descriptor.benchfmt.version, record.measurements[0].value) == ("1.0", 0.75)
    path.write_text(json.dumps(percent(7_500)), "utf-8")
    assert codes(validate(path)) == {"BF301"}


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_older_package_is_validated_opened_and_converted(form: str, tmp_path: Path) -> None:
    place = older_package(tmp_path / "old", form, 75)
    assert validate(place).findings == []
    with open_package(place) as package:
        (record,) = package.records()
    assert (record.benchmark.suite, record.measurements[0].metric) == ("lpdnn", "accuracy")
    assert record.measurements[0].value == 0.75
    account = convert(place).write(tmp_path / "new")
    assert (account.ok, account.total("records")) == (True, 1)
    assert validate(tmp_path / "new").findings == []


@pytest.mark.usefixtures("step")
def test_a_finding_names_the_column_as_the_older_file_does(tmp_path: Path) -> None:
    place = older_package(tmp_path / "old", "csv", 75)
    path = place / "measurements.csv"
    path.write_text(path.read_text().replace("accuracy", "acuracy"))
    found = [finding for finding in validate(place).findings if finding.code == "BF201"]
    assert [(finding.column, finding.field) for finding in found] == [
        ("name", "measurements.metric")
    ]


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_older_package_is_asked_exported_and_appended(form: str, tmp_path: Path) -> None:
    old, new = older_package(tmp_path / "old", form, 75), tmp_path / "new"
    assert query([old], "SELECT suite, accuracy FROM wide").to_pylist() == [
        {"suite": "lpdnn", "accuracy": 0.75}
    ]
    export(old, "ntriples", tmp_path / "old.nt")
    assert "accuracy" in (tmp_path / "old.nt").read_text()
    convert(Path("examples/records")).write(new)
    assert append(new, [old]).records == 1
    with open_package(new) as package:
        assert [
            record.measurements[0].value for record in package.records() if record.id == "r1"
        ] == [0.75]


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("form", ["croissant", "loaders", "ro-crate"])
def test_files_of_an_older_package_are_not_described_as_what_they_are_not(
    form: str, tmp_path: Path
) -> None:
    old = older_package(tmp_path / "old", "parquet", 75)
    options = {"date": "2026-01-31"} if form == "ro-crate" else {}
    with pytest.raises(
        BenchfmtError, match=r"of the older version 0\.9, .* benchfmt convert makes"
    ):
        export(old, form, tmp_path / "new", **options)
    with pytest.raises(BenchfmtError, match=r"of the older version 0\.9"):
        bundle(old, tmp_path / "new.zip")


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        ("2.0", "newer than this program: update benchfmt"),
        ("0.9", "older than all that this program reads"),
        ("v1", "two numbers, as in 1.0"),
    ],
)
def test_a_version_that_is_unknown_is_refused_with_what_to_do(
    version: str, advice: str, tmp_path: Path
) -> None:
    known = f"version {version!r} is not one of 1.x, which this program reads"
    with pytest.raises(VersionError, match=f"{known}; .*{advice}"):
        to_current({"benchfmt": version})
    place = write(tmp_path / "p", flatten([NEWER]), "csv", version=version)
    with pytest.raises(PackageError, match=f"datapackage.json: {known}; .*{advice}"):
        open_package(place)
    (finding,) = validate(place).findings
    assert (finding.code, finding.message) == ("BF117", known)
    assert finding.hint is not None
    assert advice in finding.hint
