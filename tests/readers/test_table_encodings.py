"""Tables of every family in every encoding: read alike, or told, and never half."""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, encoding_of, first_row

FIXTURES = Path(__file__).parents[1] / "fixtures"
TABLES = {
    "lpdnn": (FIXTURES / "lpdnn" / "raw" / "bca.csv", "lpdnn"),
    "energy domain": (FIXTURES / "energy" / "reduced" / "contingency_mbp19.csv", "energy-domain"),
    "CodeCarbon": (FIXTURES / "energy" / "inputs" / "emissions.csv", "energy-domain"),
    "AMLB": (FIXTURES / "openml" / "amlb" / "results_now.csv", "amlb"),
    "DAIBench": (FIXTURES / "aibench" / "results.csv", "aibench"),
    "AIBench, published": (FIXTURES / "aibench" / "published.csv", "aibench"),
}
FRAME = "function,run_id,task_id,flow_name,value\npredictive_accuracy,71,3,weka.J48(1),0.875\n"
WAYS: dict[str, Callable[[str], bytes]] = {
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "UTF-16 with CRLF": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
}


def without_source(record: Record) -> dict[str, Any]:
    plain = record.to_dict()
    return {name: plain[name] for name in plain if name not in ("id", "provenance", "system")}


def read(path: Path, family: str) -> tuple[list[dict[str, Any]], Any]:
    conversion = convert(path, family)
    return [without_source(record) for record in conversion], conversion.account


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("source", "family"), TABLES.values(), ids=TABLES)
def test_every_encoding_reads_alike(
    tmp_path: Path, source: Path, family: str, way: Callable[[str], bytes]
) -> None:
    plain = shutil.copy(source, tmp_path / source.name)
    expected = read(plain, family)
    text = source.read_text("utf-8")
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / source.name
    other.write_bytes(way(text))
    found = read(other, family)
    assert found[0] == expected[0]
    told = [
        [(f.code, f.row, f.column, f.message) for f in account.findings]
        for account in (found[1], expected[1])
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("name", ["evals.csv", "evals.arff"])
def test_frames_of_openml_too(tmp_path: Path, name: str, way: Callable[[str], bytes]) -> None:
    header, rows = FRAME.split("\n", 1)
    attributes = "".join(f"@attribute {column} string\n" for column in header.split(","))
    text = FRAME if name.endswith("csv") else f"@relation x\n{attributes}@data\n{rows}"
    (tmp_path / name).write_bytes(way(text))
    (record,) = convert(tmp_path / name)
    assert [(m.metric, m.value) for m in record.measurements or ()] == [("accuracy", 0.875)]


LATIN = (
    "MODEL,VERSION,INPUT_TILE,ENGINE,PROCESSOR,PRECISION,GFLOP,INFERENCE_TIME,LATENCY,NOTES\n{}\n"
)
ROW = "imagenet-x,default,64x64,ncnn,GPU,F16,0.5,23.5,25.0,{}"


def test_latin_1_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "imagenet_rpi4.csv"
    path.write_bytes(LATIN.format(ROW.format("kühl gemessen")).encode("latin-1"))
    conversion = convert(path)
    (record,) = conversion
    assert record.extensions
    assert record.extensions["lpdnn"]["NOTES"] == "kühl gemessen"
    told = [finding for finding in conversion.account.findings if finding.code == "BF105"]
    assert [f.message for f in told] == [
        "the file is not UTF-8; it is read as Windows-1252, of which Latin-1 is a part"
    ]


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        ("\n" + ROW.format("kühl").replace("ü", "\udcfc"), "partly UTF-8 and partly not"),
        ("\udc81", "neither UTF-8 nor Windows-1252 text"),
    ],
)
def test_a_table_in_two_encodings_or_in_none_is_told_and_not_read(
    tmp_path: Path, tail: str, words: str
) -> None:
    path = tmp_path / "imagenet_rpi4.csv"
    first = ROW.format("größer" if tail.startswith("\n") else "grosser")
    path.write_bytes(LATIN.format(first + tail).encode("utf-8", "surrogateescape"))
    conversion = convert(path)
    assert list(conversion) == []
    (entry,) = conversion.account.files
    assert (entry.role, words in str(entry.reason)) == ("failed", True)


def test_half_a_character_of_utf_16_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(FRAME.encode("utf-16")[:-1])
    with pytest.raises(TableError, match="UTF-16"):
        encoding_of(path)


def test_a_bad_row_that_is_no_utf_8_is_told_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n\xff3\n")
    with pytest.raises(TableError) as error:
        list(TextTable(path).batches())
    assert error.value.code == "BF105"
    assert capfd.readouterr().err == ""


def test_an_annotated_table_stays_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("a,b\n1,ü\n".encode("latin-1"))
    with pytest.raises(TableError, match="UTF-8"):
        list(TextTable(path).batches())
    ((frame, _),) = TextTable(path, encoding=SNIFFED).batches()
    assert frame["b"].to_list() == ["ü"]


def test_the_first_row_is_read_in_any_encoding(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for way in WAYS.values():
        path.write_bytes(way('a,"b,c"\n1,2\n'))
        assert first_row(path) == ["a", "b,c"]
    path.write_bytes("größe,b\n".encode("latin-1"))
    assert first_row(path) == ["größe", "b"]
    assert first_row(tmp_path / "absent.csv") == []
