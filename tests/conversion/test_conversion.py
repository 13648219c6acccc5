"""Conversion: bad input is told and costs only itself, the account is complete, and equal input gives equal bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.installed import install

from benchfmt import BenchfmtError, convert, open_package, validate
from benchfmt.accounting import Account
from benchfmt.converters import annotated, lpdnn
from benchfmt.converters.base import Match, Source, Unit
from benchfmt.record import Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lpdnn"
TABLE = (FIXTURES / "split" / "data" / "imagenet_rpi4.csv").read_text("utf-8")
HEADER, FIRST, SECOND = TABLE.splitlines()
NAME = "imagenet_rpi4.csv"
TABLES = ("systems", "records", "measurements")


def run(source: Path, converter: str | None = None) -> tuple[list[Any], Account]:
    """Convert and check that the account is complete; returns the records and the account."""
    conversion = convert(source, converter)
    records = list(conversion)
    check(conversion.account, len(records))
    return records, conversion.account


def check(account: Account, records: int) -> None:
    """Assert that every file and row is accounted for exactly once."""
    data = account.to_dict()
    files, rows = data["files"], data["rows"]
    assert (
        files["seen"] == files["primary"] + files["supporting"] + files["skipped"] + files["failed"]
    )
    assert rows["seen"] == rows["converted"] + rows["skipped"] + rows["failed"]
    assert data["records"] == records
    for entry in account.files:
        assert entry.role in ("primary", "supporting", "skipped", "failed")
        assert entry.rows == entry.converted + entry.skipped + entry.failed
        assert (entry.role == "primary") <= (entry.records > 0)
        assert (entry.role in ("skipped", "failed")) <= bool(entry.reason)


def folder_of(tmp_path: Path, text: str | bytes, name: str = NAME) -> Path:
    """Return a folder with a good table of another name and a faulty one."""
    folder = tmp_path / "source"
    folder.mkdir(exist_ok=True)
    (folder / "imagenet_rpi3.csv").write_text(TABLE.replace("QUALITY_VALUE", "OTHER"), "utf-8")
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def entry_of(account: Account, name: str = NAME) -> Any:
    return next(entry for entry in account.files if entry.path == name)


def without(column: str) -> str:
    at = HEADER.split(",").index(column)
    lines = [line.split(",") for line in TABLE.splitlines()]
    return "".join(",".join(cells[:at] + cells[at + 1 :]) + "\n" for cells in lines)


def replaced(column: str, cell: str) -> str:
    """Return the table with another cell in its first row."""
    cells = FIRST.split(",")
    cells[HEADER.split(",").index(column)] = cell
    return "\n".join([HEADER, ",".join(cells), SECOND]) + "\n"


# --- what cannot be read costs itself, and says why ---


FAULTY = {
    "doubled column": (TABLE.replace("CPU_TEMP", "CPU_LOAD"), "column 'CPU_LOAD' appears twice"),
    "necessary column missing": (without("INFERENCE_TIME"), "has no column 'INFERENCE_TIME'"),
    "semicolons": (TABLE.replace(",", ";"), "names separated by commas"),
    "blanks in the header": (TABLE.replace(",", ", "), "names separated by commas, without blanks"),
    "two encodings": (
        f"{TABLE}squeez\xe9,".encode() + "squeez\xe9\n".encode("latin-1"),
        "files in two encodings were joined",
    ),
    "quote never closed": (TABLE.replace(",lne", ',"lne', 1), "none of its rows could be read"),
}


@pytest.mark.parametrize(("text", "words"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_table_fails_and_the_rest_is_converted(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    records, account = run(folder_of(tmp_path, text))
    entry = entry_of(account)
    assert entry.role == "failed"
    assert words in entry.reason
    assert NAME in entry.path
    assert len(records) == 2
    assert not account.ok


def test_a_quote_that_is_never_closed_is_named_with_its_row(tmp_path: Path) -> None:
    text = "\n".join([HEADER, FIRST, SECOND.replace("onnxruntime", '"onnxruntime'), FIRST]) + "\n"
    records, account = run(folder_of(tmp_path, text))
    detail = entry_of(account).details[0]
    assert detail["row"] == 2
    assert "a quote is never closed" in detail["reason"]
    assert len(records) == 3


def test_a_row_with_too_few_or_too_many_cells_fails_alone(tmp_path: Path) -> None:
    text = "\n".join([HEADER, FIRST, "a,b,c", SECOND, f"{SECOND},9,9", FIRST]) + "\n"
    records, account = run(folder_of(tmp_path, text))
    entry = entry_of(account)
    assert (entry.rows, entry.converted, entry.failed) == (5, 3, 2)
    assert [(d["row"], d["reason"]) for d in entry.details] == [
        (2, "the row has 3 cells where the table has 29 columns"),
        (4, "the row has 31 cells where the table has 29 columns"),
    ]
    locators = [
        r.provenance.sources[0].locator for r in records if r.provenance.sources[0].path == NAME
    ]
    assert locators == ["row=1", "row=3", "row=5"]


def test_text_where_a_number_belongs_is_told_with_its_row_and_the_rest_of_the_row_is_kept(
    tmp_path: Path,
) -> None:
    records, account = run(folder_of(tmp_path, replaced("LATENCY", "fast")))
    finding = next(f for f in account.findings if f.code == "BF103")
    assert (finding.path, finding.row, finding.column, finding.value) == (
        NAME,
        1,
        "LATENCY",
        "fast",
    )
    record = next(r for r in records if r.provenance.sources[0].path == NAME)
    latency = record.measurements[0]
    assert (latency.stage, latency.missing, latency.reported_value) == (
        "end-to-end",
        "not-numeric",
        "fast",
    )
    assert any(m.stage == "inference" and m.value == 0.082 for m in record.measurements)


@pytest.mark.parametrize("cell", ["NaN", "inf", "1e400", "0x10", "1_000", "1,5", "--1"])
def test_what_is_no_decimal_number_is_no_value(tmp_path: Path, cell: str) -> None:
    records, _ = run(folder_of(tmp_path, replaced("INFERENCE_TIME", f'"{cell}"')))
    found = [m for r in records for m in r.measurements if m.reported_value == cell]
    assert [(m.value, m.missing) for m in found] == [(None, "not-numeric")]


def test_an_unknown_engine_becomes_a_prefixed_term_with_a_suggestion(tmp_path: Path) -> None:
    records, account = run(folder_of(tmp_path, replaced("ENGINE", "onnxruntim")))
    finding = next(f for f in account.findings if f.code == "BF201")
    assert (finding.path, finding.row, finding.column) == (NAME, 1, "ENGINE")
    assert "did you mean 'onnxruntime'" in str(finding.hint)
    assert "lpdnn:onnxruntim" in {r.software.engine for r in records}


def test_a_column_that_every_such_table_has_is_missed_by_name(tmp_path: Path) -> None:
    _, account = run(folder_of(tmp_path, without("CPU_TEMP")))
    finding = next(f for f in account.findings if f.code == "BF101")
    assert (finding.path, finding.column) == (NAME, "CPU_TEMP")


def test_a_quality_column_without_companion_is_told(tmp_path: Path) -> None:
    _, account = run(folder_of(tmp_path, TABLE))
    assert [(f.path, f.column) for f in account.findings] == [(NAME, "QUALITY_VALUE")]


SKIPPED = {
    "empty file": ("", NAME, "the file is empty"),
    "another family": ("a,b\n1,2\n", "other.csv", "not recognised"),
    "a text": ("# notes\n", "README.md", "not recognised"),
}


@pytest.mark.parametrize(("text", "name", "words"), SKIPPED.values(), ids=SKIPPED)
def test_what_is_no_result_is_skipped_with_the_reason(
    tmp_path: Path, text: str, name: str, words: str
) -> None:
    records, account = run(folder_of(tmp_path, text, name))
    entry = entry_of(account, name)
    assert (entry.role, entry.reason[: len(words)]) == ("skipped", words)
    assert len(records) == 2
    assert account.ok


def test_a_table_without_rows_is_a_failure_with_what_was_expected(tmp_path: Path) -> None:
    records, account = run(folder_of(tmp_path, HEADER + "\n", NAME))
    entry = entry_of(account, NAME)
    assert (entry.role, entry.reason[:27]) == ("failed", "it holds no result; it was ")
    assert "lpdnn, which expects: LPDNN (Bonseyes)" in entry.reason
    assert len(records) == 2
    assert not account.ok


SAME = {
    "CRLF": TABLE.replace("\n", "\r\n"),
    "bare CR": TABLE.replace("\n", "\r"),
    "byte order mark": "\ufeff" + TABLE,
    "no line end at the end": TABLE.rstrip("\n"),
    "empty lines": TABLE.replace("\n", "\n\n"),
    "every cell quoted": "\n".join(
        ",".join(f'"{c}"' for c in line.split(",")) for line in TABLE.splitlines()
    ),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_the_way_lines_end_changes_no_record(tmp_path: Path, text: str) -> None:
    def said(text: str) -> list[Any]:
        records, account = run(folder_of(tmp_path, text))
        assert entry_of(account).rows == 2
        return [
            {**r.to_dict(), "id": "", "provenance": {"locator": r.provenance.sources[0].locator}}
            for r in records
        ]

    assert said(text) == said(TABLE)


def test_a_link_is_listed_and_not_followed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    (folder / "link_rpi4.csv").symlink_to(folder / NAME)
    (folder / "outside").symlink_to("/")
    records, account = run(folder)
    assert {e.path: e.reason for e in account.files if e.role == "skipped"} == {
        "link_rpi4.csv": "a link, which is not followed",
        "outside": "a link, which is not followed",
    }
    assert len(records) == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    (folder / NAME).chmod(0)
    (folder / "closed").mkdir(mode=0)
    try:
        records, account = run(folder)
    finally:
        (folder / NAME).chmod(0o644)
        (folder / "closed").chmod(0o755)
    assert "cannot be read: Permission denied" in str(entry_of(account).reason)
    assert "cannot be read: Permission denied" in str(entry_of(account, "closed").reason)
    assert len(records) == 2


def test_a_file_that_disappears_fails_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    conversion = convert(folder)
    (folder / NAME).unlink()
    assert len(list(conversion)) == 2
    check(conversion.account, 2)
    entry = entry_of(conversion.account)
    assert entry.role == "failed"
    assert "No such file" in str(entry.reason)


def test_a_broken_companion_fails_and_its_table_is_converted() -> None:
    records, account = run(FIXTURES / "broken-companion")
    entry = entry_of(account, "imagenet_rpi4.json")
    assert (entry.role, len(records)) == ("failed", 1)
    assert "line 3 column 1" in entry.reason


COMPANIONS = {
    "a list": "[1, 2]",
    "lists that are none": '{"hyperparams": {}, "targets": 3}',
    "inputs that are none": '{"hyperparams": [], "targets": [], "inputs": 3}',
    "not UTF-8": b'{"name": "\xff"}',
    "nested too deep": '{"a":' * 200 + "1" + "}" * 200,
    "NaN": '{"hyperparams": [], "targets": [], "x": NaN}',
}


@pytest.mark.parametrize("text", COMPANIONS.values(), ids=COMPANIONS)
def test_a_companion_of_another_shape_never_costs_the_table(
    tmp_path: Path, text: str | bytes
) -> None:
    folder = folder_of(tmp_path, TABLE)
    (folder / "imagenet_rpi4.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    records, account = run(folder)
    assert len(records) == 4
    assert entry_of(account, "imagenet_rpi4.json").role == "failed"


def test_a_quality_that_is_no_text_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    (folder / "imagenet_rpi4.json").write_text(
        '{"hyperparams": [{"ID": "QUALITY_VALUE", "description": ["x"]}]}'
    )
    records, account = run(folder)
    assert any("['x'] names no known quality" in f.message for f in account.findings)
    assert len(records) == 4


def test_a_companion_without_its_table_is_skipped(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    shutil.copy(
        FIXTURES / "split" / "configs" / "imagenet_rpi4.json", folder / "imagenet_rpi9.json"
    )
    _, account = run(folder)
    entry = entry_of(account, "imagenet_rpi9.json")
    assert entry.role == "skipped"
    assert "whose table is not here" in str(entry.reason)


# --- packages and records as sources ---


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of the split fixtures, as CSV."""
    folder = tmp_path_factory.mktemp("made") / "package"
    convert(FIXTURES / "split").write(folder, format="csv")
    return folder


def test_a_package_converts_to_itself(package: Path, tmp_path: Path) -> None:
    account = convert(package).write(tmp_path / "again", format="csv")
    check(account, 3)
    for table in TABLES:
        assert (tmp_path / "again" / f"{table}.csv").read_bytes() == (
            package / f"{table}.csv"
        ).read_bytes()


def test_a_half_written_package_fails_with_what_is_missing(package: Path, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    shutil.copytree(package, folder / "half")
    (folder / "half" / "measurements.csv").unlink()
    records, account = run(folder)
    entry = entry_of(account, "half/datapackage.json")
    assert entry.role == "failed"
    assert "'measurements' does not exist" in str(entry.reason)
    assert len(records) == 4


def test_a_package_whose_table_is_cut_off_fails(package: Path, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, TABLE)
    shutil.copytree(package, folder / "half")
    table = folder / "half" / "records.csv"
    table.write_bytes(table.read_bytes()[:-40])
    _, account = run(folder)
    assert entry_of(account, "half/datapackage.json").role == "failed"


def test_a_descriptor_that_is_not_json_fails_with_its_line(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, '{"resources": [\n{"path": ', "datapackage.json")
    records, account = run(folder)
    entry = entry_of(account, "datapackage.json")
    assert entry.role == "failed"
    assert "not JSON" in str(entry.reason)
    assert "line 2" in str(entry.reason)
    assert len(records) == 2


def test_records_that_stand_in_a_package_too_are_counted_as_duplicates(
    package: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    shutil.copytree(FIXTURES / "split", folder)
    shutil.copytree(package, folder / "out")
    account = convert(folder).write(tmp_path / "all")
    check(account, 3)
    assert account.total("duplicates") == 3
    assert validate(tmp_path / "all").findings == []


def test_lines_of_records_fail_one_by_one(package: Path, tmp_path: Path) -> None:
    with open_package(package) as opened:
        good = [json.dumps(record.to_dict()) for record in opened.records()]
    faulty = good[0].replace('"status": "ok"', '"status": "OK"').replace('"id": "bf1', '"id": "x')
    (tmp_path / "r.jsonl").write_text("\n".join([good[0], "{", faulty, good[1]]) + "\n")
    conversion = convert(tmp_path)
    assert len(list(conversion)) == 2
    details = conversion.account.files[0].details
    assert [detail["row"] for detail in details] == [2, 3]
    assert "not JSON" in details[0]["reason"]
    assert "status" in details[1]["reason"]


def test_equal_ids_with_other_content_are_a_failure(package: Path, tmp_path: Path) -> None:
    with open_package(package) as opened:
        record = next(iter(opened.records())).to_dict()
    other = {**record, "task": "image-classification"}
    (tmp_path / "a.json").write_text(json.dumps([record, record, other]))
    conversion = convert(tmp_path)
    assert len(list(conversion)) == 1
    entry = conversion.account.files[0]
    assert entry.duplicates == 1
    assert (entry.rows, entry.converted, entry.skipped, entry.failed) == (3, 1, 1, 1)
    assert "already exists with other content" in str(entry.details)


# --- wrong calls ---


def test_a_source_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="nowhere does not exist"):
        convert(tmp_path / "nowhere")


def test_a_family_that_does_not_exist_is_a_wrong_call_that_lists_the_others() -> None:
    with pytest.raises(
        BenchfmtError, match=r"no converter 'mlperg'; there are: .*annotated, .*lpdnn, .*records"
    ):
        convert(FIXTURES, "mlperg")


def test_a_source_of_no_known_family_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("")
    with pytest.raises(
        BenchfmtError, match=r"2 files seen, none recognised; .*b\.csv: the file is empty"
    ):
        convert(tmp_path)


class Toy:
    """A converter that stops in one of its functions."""

    NAME, VERSION = "toy", "1"

    def __init__(self, place: str) -> None:
        self.place = place

    def detect(self, source: Source) -> Match | None:
        if self.place == "detect":
            raise ZeroDivisionError("detect")
        return Match(1.0, "toy")

    def plan(self, source: Source, options: Any) -> Any:
        if self.place == "plan":
            raise ZeroDivisionError("plan")
        return lpdnn.plan(source, options)

    def read(self, unit: Any) -> Any:
        raise ZeroDivisionError("read")


@pytest.mark.parametrize("place", ["detect", "plan", "read"])
def test_the_fault_of_a_converter_is_told_and_never_stops_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    install(monkeypatch, {"toy": Toy(place)}, ["lpdnn"])
    folder = folder_of(tmp_path, "a,b\n1,2\n", "other.csv")
    records, account = run(folder)
    failed = [entry for entry in account.files if entry.role == "failed"]
    assert [
        f"the converter toy stopped: ZeroDivisionError: {place}" in str(e.reason) for e in failed
    ] == [True]
    assert len(records) == (0 if place == "read" else 2)


# --- equal input gives equal bytes ---


def write(
    source: Path | list[Path], to: Path, form: str = "parquet", **options: Any
) -> dict[str, bytes]:
    convert(source, **options).write(to, format=form)  # type: ignore[arg-type]
    return {table: (to / f"{table}.{form}").read_bytes() for table in TABLES}


@pytest.mark.parametrize(("form", "folder"), [("parquet", "."), ("csv", "split")])
def test_converting_twice_gives_equal_bytes(tmp_path: Path, form: str, folder: str) -> None:
    first = write(FIXTURES / folder, tmp_path / "a", form)
    assert write(FIXTURES / folder, tmp_path / "b", form) == first


def test_two_processes_give_equal_bytes(tmp_path: Path, two_processes: Executor) -> None:
    there = write(FIXTURES / "split", tmp_path / "a", executor=two_processes)
    assert there == write(FIXTURES / "split", tmp_path / "b")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_processes_of_its_own_give_equal_bytes_of_every_folder(tmp_path: Path, form: str) -> None:
    assert write(FIXTURES, tmp_path / "a", form, jobs=2) == write(FIXTURES, tmp_path / "b", form)


def test_another_folder_and_time_zone_give_equal_bytes(tmp_path: Path) -> None:
    first = write(FIXTURES / "raw", tmp_path / "a")
    shutil.copytree(FIXTURES / "raw", tmp_path / "moved" / "deep")
    environment = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    script = "import benchfmt; benchfmt.convert('deep').write('../b')"
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path / "moved", env=environment, check=True
    )
    assert {t: (tmp_path / "b" / f"{t}.parquet").read_bytes() for t in TABLES} == first


def test_ids_do_not_depend_on_the_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = FIXTURES / "split" / "data" / NAME
    of_folder = {r.id for r in convert(FIXTURES / "split") if r.provenance.sources[0].path == NAME}  # type: ignore[union-attr,index]
    monkeypatch.chdir(table.parent)
    assert {r.id for r in convert(NAME)} == of_folder
    assert {r.id for r in convert(table)} == of_folder
    assert {r.id for r in convert(Path("..") / "data" / NAME)} == of_folder


def test_a_table_alone_gives_the_bytes_that_its_folder_gives(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "unknown-engine", tmp_path / "s")
    of_file = write(tmp_path / "s" / NAME, tmp_path / "a")
    assert of_file == write(tmp_path / "s", tmp_path / "b")


def test_several_sources_are_told_apart_in_the_account(tmp_path: Path) -> None:
    conversion = convert([FIXTURES / "raw", FIXTURES / "cleaned"])
    assert len(list(conversion)) == 12
    assert [entry.path for entry in conversion.account.files] == ["raw/bca.csv", "cleaned/bca2.csv"]


def test_iterating_again_gives_the_same_records_and_account() -> None:
    conversion = convert(FIXTURES / "raw")
    first = [record.to_dict() for record in conversion]
    account = conversion.account.to_dict()
    assert [record.to_dict() for record in conversion] == first
    assert conversion.account.to_dict() == account


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    table = FIXTURES / "raw" / "bca.csv"
    conversion = convert([table, FIXTURES / "raw"])
    assert len(list(conversion)) == 9
    assert len(conversion.account.files) == 1


@pytest.mark.parametrize("where", ["here", "there"])
def test_a_copy_in_another_folder_is_skipped_and_counted(
    tmp_path: Path, where: str, two_processes: Executor
) -> None:
    for name in ("a", "b"):
        shutil.copytree(FIXTURES / "raw", tmp_path / name)
    executor = two_processes if where == "there" else None
    conversion = convert(tmp_path, executor=executor)
    records = list(conversion)
    check(conversion.account, 9)
    entry = entry_of(conversion.account, "b/bca.csv")
    assert (entry.role, entry.duplicates, entry.skipped) == ("skipped", 9, 9)
    assert entry.reason == "its results stand in another file"
    assert len({record.id for record in records}) == 9
    assert conversion.account.ok


def test_equal_names_with_other_content_are_both_kept(tmp_path: Path) -> None:
    for name, text in (("a", TABLE), ("b", TABLE.replace("89.7", "89.6"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / NAME).write_text(text)
    records, account = run(tmp_path)
    assert len({record.id for record in records}) == 4
    assert account.total("duplicates") == 0


def test_a_stopped_conversion_leaves_what_was(tmp_path: Path, package: Path) -> None:
    target = tmp_path / "out"
    shutil.copytree(package, target)
    before = {path.name: path.read_bytes() for path in target.iterdir()}

    def stop(done: int, total: int, name: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(FIXTURES).write(target, progress=stop)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


OCCUPIED: dict[str, Callable[[Path], Any]] = {
    "a file": lambda path: path.write_text("mine"),
    "a folder with other files": lambda path: (
        path.mkdir(),
        (path / "thesis.txt").write_text("mine"),
    ),
    "a zip that is no package": lambda path: path.with_suffix(".zip").write_bytes(b"PK"),
}


@pytest.mark.parametrize("occupy", OCCUPIED.values(), ids=OCCUPIED)
def test_nothing_but_a_package_is_ever_replaced(
    tmp_path: Path, occupy: Callable[[Path], Any]
) -> None:
    occupy(tmp_path / "out")
    place = next(iter(tmp_path.iterdir()))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(BenchfmtError, match=r"name a new folder"):
        convert(FIXTURES / "raw").write(place)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_suite_of_its_own_wins_over_a_general_converter() -> None:
    source = Source(FIXTURES / "split")
    assert annotated.detect(source) is None
    conversion = convert(FIXTURES / "split")
    assert {entry.converter for entry in conversion.account.files} == {"lpdnn"}


def test_a_family_of_one_file_is_found_among_thousands_of_the_same_name(tmp_path: Path) -> None:
    """Detection looks at some files of each name; what nobody takes is looked at after all."""
    corpus = Path(__file__).parents[1] / "corpus" / "valid"
    for number in range(2_050):
        folder = tmp_path / f"{number:04d}"
        folder.mkdir()
        (folder / "data.json").write_text("{}", "utf-8")
    for place in ("2000", "2040"):
        shutil.copy(corpus / "minimal-value-only.json", tmp_path / place / "data.json")
    (tmp_path / NAME).write_text(TABLE, "utf-8")
    records, account = run(tmp_path)
    assert account.total("records") == len(records)
    roles = {entry.path: entry.converter for entry in account.files if entry.role == "primary"}
    assert roles == {"2000/data.json": "records", "imagenet_rpi4.csv": "lpdnn"}
    assert entry_of(account, "2040/data.json").reason == "its results stand in another file"
    assert account.count("skipped") == 2_049


def test_what_tells_about_the_results_of_a_surer_family_holds_none_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log beside a result file belongs to it, though another converter would read it alone."""
    for name in ("app.result", "run.log"):
        (tmp_path / name).write_text("x", "utf-8")
    app = Family("app", tmp_path / "app.result", (tmp_path / "run.log",), 0.9)
    log = Family("log", tmp_path / "run.log", (), 0.8)
    found = {family.NAME: family for family in (app, log)}
    install(monkeypatch, found)
    account = convert(tmp_path).account
    assert [(e.path, e.role, e.converter) for e in account.files] == [
        ("app.result", "primary", "app"),
        ("run.log", "supporting", "app"),
    ]


@dataclass
class Family:
    """A converter of one file with those that tell about it."""

    NAME: str
    path: Path
    beside: tuple[Path, ...]
    sureness: float
    VERSION: str = "1.0"

    def detect(self, source: Source) -> Match:
        return Match(self.sureness, "a test")

    def plan(self, source: Source, options: dict[str, str]) -> Iterator[Unit]:
        yield Unit(self.path, self.beside)

    def read(self, unit: Unit) -> Iterator[Record]:
        yield from ()


def test_licence_and_submitter_are_those_of_the_records_that_say_none(tmp_path: Path) -> None:
    said = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "measurements": [
        {"metric": "latency", "per": "sample", "value": 0.5, "unit": "s", "basis": "measured"}], "status": "ok"}  # fmt: skip
    own = {**said, "id": "a", "provenance": {"license": "MIT", "submitter": "Lab A"}}
    (tmp_path / "records.jsonl").write_text(
        "".join(json.dumps(item) + "\n" for item in (own, {**said, "id": "b"}))
    )
    convert(tmp_path / "records.jsonl").write(
        tmp_path / "package", license="CC0-1.0", submitter="Lab B"
    )
    with open_package(tmp_path / "package") as package:
        stated = {
            record.id: (record.provenance.license, record.provenance.submitter)
            for record in package.records()
            if record.provenance
        }
        assert package.descriptor.licenses == [{"name": "CC0-1.0"}]
    assert stated == {"a": ("MIT", "Lab A"), "b": ("CC0-1.0", "Lab B")}
