"""The adapters of validation: tables of several parts, and measurements given out record by record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.checks.test_checks import package
from tests.forms import VALID, flatten, load, write

from benchfmt.checks.catalogue import RULE_SETS
from benchfmt.checks.frames import OWNER, ROW, empty
from benchfmt.checks.kinds import NAMING, TEXTS, Names
from benchfmt.descriptor import Resource
from benchfmt.limits import LIMITS, Limits
from benchfmt.package.parts import Part
from benchfmt.rowhash import row_hashes
from benchfmt.validation import validate
from benchfmt.validation.forms import parquet, raw
from benchfmt.validation.forms.formulas import Formulas
from benchfmt.validation.forms.measurements import Queue, WaitingRecords
from benchfmt.validation.places import GatheredPlaces, Place, TablePlaces
from benchfmt.validation.portion import Pieces, Rows
from benchfmt.validation.report import Report
from benchfmt.validation.reporting import Reporter


def two_parts(root: Path, resource: Resource) -> list[Part]:
    paths = [root / "a.csv", root / "b.csv"]
    return [Part(path.name, path, resource) for path in paths]


def test_the_rows_of_several_parts_are_counted_on_and_shown_in_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "parts_of", two_parts)
    (tmp_path / "a.csv").write_text("id,suite,status\nr1,lpdnn,ok\nr2,lpdnn,ok\n", "utf-8")
    (tmp_path / "b.csv").write_text("id,suite,status\nr3,=1+1,ok\nr4,lpdnn,ok,x\n", "utf-8")
    report = Report(RULE_SETS["core"])
    places = TablePlaces()
    reporter = Reporter(report, LIMITS)
    table = raw.RawTable("records", tmp_path, Resource(path="records"), places, reporter)
    formulas = Formulas("records")
    rows = []
    for item in table.rows():
        rows.append(item)
        for wrong in formulas.faults(item.frame, are_known=False):
            reporter.report_faults("BF908", wrong, places)
    assert [item.frame[ROW].to_list() for item in rows] == [[1, 2], [3]]
    assert [item.begun for item in rows] == [("a.csv",), ("b.csv",)]
    assert table.is_incomplete
    found = {(finding.code, finding.path, finding.row) for finding in report.findings}
    assert found == {("BF908", "b.csv", 1), ("BF121", "b.csv", 2)}
    cell = Place("records", 2, "suite", record="r2")
    assert places.in_files(cell) == Place("a.csv", 2, "suite", "benchmark.suite", "r2")
    cell = Place("records", 3, "suite", record="r3")
    assert places.in_files(cell) == Place("b.csv", 1, "suite", "benchmark.suite", "r3")


def test_a_part_that_does_not_exist_leaves_its_table_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "parts_of", two_parts)
    (tmp_path / "b.csv").write_text("id,suite,status\nr3,lpdnn,ok\n", "utf-8")
    reporter = Reporter(Report(RULE_SETS["core"]), LIMITS)
    table = raw.RawTable("records", tmp_path, Resource(path="r"), TablePlaces(), reporter)
    assert [item.frame[ROW].to_list() for item in table.rows()] == [[1]]
    assert table.is_incomplete


def test_a_fault_of_no_row_stands_in_the_file_of_its_table() -> None:
    places = TablePlaces()
    assert places.in_files(Place("systems")) == Place("datapackage.json")
    places.begin("systems", "systems.csv", 0)
    assert places.in_files(Place("systems", None, "kind")).file == "systems.csv"


def test_places_are_kept_under_their_numbers() -> None:
    tables, gathered = TablePlaces(), GatheredPlaces()
    assert gathered.in_files(Place("records")) == Place("datapackage.json")
    tables.begin("measurements", "m.csv", 0)
    gathered.add(Place("measurements", 7, "value", record="r"), tables)
    assert gathered.in_files(Place("measurements", 0, "value")) == Place(
        "m.csv", 7, "value", "measurements.value", "r"
    )


def test_a_fault_of_a_column_is_reported_though_the_first_row_is_left_out(tmp_path: Path) -> None:
    records = "id,suite,status,colour\nr0,lpdnn,ok,red,x\nr1,lpdnn,ok,red\n"
    found = {
        (item.code, item.row, item.column)
        for item in validate(package(tmp_path, records=records)).findings
    }
    assert found == {("BF102", None, "colour"), ("BF121", 1, None)}


def test_a_table_in_another_encoding_than_its_descriptor_says_is_one_finding(
    tmp_path: Path,
) -> None:
    folder = package(tmp_path)
    (folder / "systems.csv").write_bytes("id,name\nrpi4,Raspberry Pi 4\n".encode("utf-16"))
    found = [item for item in validate(folder).findings if item.code != "BF501"]
    assert [(item.code, item.path) for item in found] == [("BF105", "systems.csv")]


def rows_of(*owners: int) -> Rows:
    owner = pl.Series(OWNER, owners, dtype=pl.Int64)
    metrics = pl.DataFrame({"metric": ["power"] * len(owners)}, schema={"metric": pl.String})
    frame = pl.concat([empty("measurements"), metrics], how="diagonal")
    return Rows.all_sound(frame.with_columns(owner))


def test_measurements_of_long_texts_count_as_several() -> None:
    texts = pl.Series(["x" * 4096] * 4)
    long = rows_of(0, 1, 2, 3).frame.with_columns(source_path=texts)
    queue = Queue(iter([Rows.all_sound(long), rows_of(4, 5)]), 40)
    ends = [queue.end_of_portion(0, 6)]
    assert ends[0] in (2, 3)
    assert queue.until(ends[0]).taken().frame.height == ends[0]
    assert queue.end_of_portion(ends[0], 6) > ends[0]


def test_records_of_long_texts_wait_for_no_others() -> None:
    waiting = WaitingRecords()
    frame = pl.concat([empty("records"), pl.DataFrame({"id": ["a", "b"]})], how="diagonal")
    waiting.add(Rows.all_sound(frame))
    assert waiting.has_room
    waiting.add(Rows.all_sound(frame.with_columns(extensions=pl.lit("x" * 2**25))))
    assert not waiting.has_room
    assert waiting.until(3).frame["id"].to_list() == ["a", "b", "a"]
    assert (waiting.begin, waiting.height) == (3, 1)


def test_pieces_are_put_together_whether_they_have_names_or_not() -> None:
    frame = rows_of(0, 0, 1).frame.with_columns(metric=pl.Series(["power", "latency", "power"]))
    frame = frame.with_columns(row_hashes(frame, NAMING).alias(TEXTS))
    named = Names().of(frame, frame[TEXTS].arg_unique())
    whole = Rows.all_sound(frame)
    bare = Rows(frame.drop(NAMING), whole.sound, named)
    other = Rows(bare.frame.head(1), whole.sound.head(1), named.head(1))
    for pieces in ([bare, bare], [bare, other], [other, bare]):
        taken = Pieces(pieces).taken()
        assert "metric" not in taken.frame.columns
        assert taken.named is not None
        assert taken.named.sort("metric").equals(named.sort("metric"))
        metrics = taken.with_names().frame["metric"].to_list()
        assert metrics == [name for rows in pieces for name in rows.with_names().frame["metric"]]
    mixed = Pieces([bare, whole]).taken()
    assert mixed.named is None
    assert mixed.frame["metric"].to_list() == ["power", "latency", "power"] * 2


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_the_report_does_not_depend_on_how_many_rows_are_read_and_judged_at_once(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names come and go from portion to portion, and some are wrong."""
    records = []
    for number in range(12):
        record = load(VALID[0])
        record["id"] = f"r{number}"
        wrong = {"metric": ["power", "lateny", "no metric"][number % 3], "value": number}
        known = {"unit": ["W", "parsec"][number % 2], "basis": "measured", "stage": f"s{number}"}
        record["measurements"].append({**wrong, **known})
        records.append(record)
    path = write(tmp_path / "package", flatten(records), "parquet")
    usual = validate(path)
    monkeypatch.setattr(parquet, "_ROWS", {"measurements": rows})
    monkeypatch.setattr(parquet, "_OTHER_ROWS", rows)
    few = Limits(measurements_at_once=2 * rows)
    assert {"BF105", "BF201"} <= {finding.code for finding in usual.findings}
    found = sorted(map(repr, validate(path, limits=few).findings))
    assert found == sorted(map(repr, usual.findings))


def test_measurements_are_given_with_their_records_and_read_no_further_than_these() -> None:
    given: list[int] = []

    def parts() -> Iterator[Rows]:
        for number, owners in enumerate([(0, 0, 1), (1, 2), (), (5,)]):
            given.append(number)
            yield rows_of(*owners)

    queue = Queue(parts(), 100)
    assert queue.until(1).taken().frame[OWNER].to_list() == [0, 0]
    assert given == [0]
    assert queue.until(2).taken().frame[OWNER].to_list() == [1, 1]
    assert given == [0, 1]
    assert queue.until(9).taken().frame[OWNER].to_list() == [2, 5]
    assert queue.until(9).taken().frame.height == 0


def test_a_portion_ends_where_its_records_have_enough_measurements_and_has_one_record_at_least() -> (
    None
):
    queue = Queue(iter([rows_of(0, 0, 1), rows_of(1, 2, 2, 2, 2, 2, 3), rows_of(5)]), 3)
    ends = [0]
    given = []
    while ends[-1] < 6:
        ends.append(queue.end_of_portion(ends[-1], 6))
        given.append(queue.until(ends[-1]).taken().frame[OWNER].to_list())
    assert ends == [0, 1, 2, 3, 6]
    assert given == [[0, 0], [1, 1], [2, 2, 2, 2, 2], [3, 5]]


def test_a_table_that_is_cut_off_is_not_said_to_hold_nothing_as_well(tmp_path: Path) -> None:
    path = write(tmp_path / "package", flatten([load(VALID[0])]), "parquet")
    (path / "records.parquet").write_bytes(b"")
    codes = [finding.code for finding in validate(path).findings]
    assert "BF501" in codes
    assert "BF122" not in codes


def test_a_formula_is_found_in_every_frame_whether_its_text_is_new_or_not() -> None:
    formulas = Formulas("measurements")
    frame = pl.DataFrame({"unit": ["=1+1", "s"], "reported_value": ["1", "=2+2"], ROW: [1, 2]})
    found = []
    for are_known in (False, True):
        frames = list(formulas.faults(frame, are_known=are_known))
        found.append([(wrong["column"][0], wrong["row"][0]) for wrong in frames])
    assert found == [[("unit", 1), ("reported_value", 2)]] * 2
