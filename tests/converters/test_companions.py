"""Companions are found where repositories keep them: every layout of folders, and what could be meant twice."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert
from benchfmt.converters.base import Source
from benchfmt.converters.companions import pair

COLUMNS = (
    "MODEL,VERSION,INPUT_TILE,ENGINE,PROCESSOR,PRECISION,GFLOP,#PARAMS,STORAGE,PREPROCESSING_TIME,INFERENCE_TIME,"
    "POSTPROCESSING_TIME,LATENCY,THROUGHPUT,QUALITY_VALUE"
)
ROW = "imagenet-made-up-net,default,64x64,ncnn,GPU,F16,0.5,2.0,4.0,1.0,{time},0.5,{total},40.0,{quality}"
FLOW = "algorithm,nodes,arcs,time(s)\nBK,{nodes},20,0.25\n"


def table(path: Path, quality: float = 61.5, inference: float = 23.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    row = ROW.format(quality=quality, time=inference, total=inference + 1.5)
    path.write_text(f"{COLUMNS}\n{row}\n")


def companion(path: Path, quality: str = "Accuracy top-1", *more: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parameters = [
        {"ID": "MODEL", "type": "str"},
        {"ID": "QUALITY_VALUE", "description": quality, "type": "float"},
    ]
    parameters += [{"ID": name, "type": "float"} for name in more]
    data = {
        "name": "imagenet",
        "HW_ID": "rpi4",
        "hyperparams": parameters,
        "targets": [{"ID": "LATENCY"}],
    }
    path.write_text(json.dumps(data))


def run(root: Path) -> tuple[list[Record], Any]:
    conversion = convert(root)
    return list(conversion), conversion.account


def accuracies(records: list[Record]) -> list[float | None]:
    return [m.value for r in records for m in r.measurements or () if m.metric == "accuracy"]


LAYOUTS = {
    "beside": ("imagenet_rpi4.csv", "imagenet_rpi4.json"),
    "the folders of the service": ("data/imagenet_rpi4.csv", "configs/imagenet_rpi4.json"),
    "one folder more on both sides": (
        "data/alone/imagenet_rpi4.csv",
        "configs/alone/imagenet_rpi4.json",
    ),
    "two folders more": (
        "x/data/alone/v2/imagenet_rpi4.csv",
        "x/configs/alone/v2/imagenet_rpi4.json",
    ),
    "the last folder differs": (
        "boards/tables/imagenet_rpi4.csv",
        "boards/about/imagenet_rpi4.json",
    ),
    "the first folder differs": (
        "results-2022/a/b/c/imagenet_rpi4.csv",
        "descriptors-2022/a/b/c/imagenet_rpi4.json",
    ),
    "a folder in the middle differs": ("a/csv/b/imagenet_rpi4.csv", "a/json/b/imagenet_rpi4.json"),
    "the companion lies deeper": ("set/imagenet_rpi4.csv", "set/about/imagenet_rpi4.json"),
    "the table lies deeper": ("set/tables/imagenet_rpi4.csv", "set/imagenet_rpi4.json"),
    "several folders differ": (
        "data/raw/v1/imagenet_rpi4.csv",
        "configs/json/v1/imagenet_rpi4.json",
    ),
    "trees of another depth": ("data/imagenet_rpi4.csv", "meta/service/configs/imagenet_rpi4.json"),
}


@pytest.mark.parametrize(("of_table", "of_companion"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_companion_is_found_in_any_layout(
    tmp_path: Path, of_table: str, of_companion: str
) -> None:
    table(tmp_path / of_table)
    companion(tmp_path / of_companion)
    records, account = run(tmp_path)
    assert accuracies(records) == [0.615]
    assert {(entry.path, entry.role) for entry in account.files} == {
        (of_table, "primary"), (of_companion, "supporting"),
    }  # fmt: skip


def test_each_of_two_trees_keeps_its_own(tmp_path: Path) -> None:
    for tree, quality in (("spring", 50.0), ("autumn", 75.0)):
        table(tmp_path / tree / "data" / "imagenet_rpi4.csv", quality)
    companion(tmp_path / "spring" / "configs" / "imagenet_rpi4.json", "Accuracy top-1")
    companion(tmp_path / "autumn" / "configs" / "imagenet_rpi4.json", "mAP")
    records, _ = run(tmp_path)
    found = {
        (m.metric, m.value)
        for r in records
        for m in r.measurements or ()
        if m.metric in ("accuracy", "map")
    }
    assert found == {("accuracy", 0.5), ("map", 0.75)}


def test_the_two_kinds_of_the_service_keep_apart(tmp_path: Path) -> None:
    for kind, quality in (("input-dependent", 10.0), ("input-independent", 20.0)):
        table(tmp_path / "data" / kind / "imagenet_rpi4.csv", quality)
        companion(tmp_path / "configs" / kind / "imagenet_rpi4.json")
    records, account = run(tmp_path)
    assert (accuracies(records), account.count("supporting")) == ([0.1, 0.2], 2)


def test_the_folder_of_the_service_decides(tmp_path: Path) -> None:
    table(tmp_path / "data" / "imagenet_rpi4.csv")
    companion(tmp_path / "configs" / "imagenet_rpi4.json", "Accuracy top-1")
    companion(tmp_path / "old" / "imagenet_rpi4.json", "mAP")
    records, account = run(tmp_path)
    assert accuracies(records) == [0.615]
    assert {e.path: e.reason for e in account.files if e.role == "skipped"} == {
        "old/imagenet_rpi4.json": "a descriptor of the vertical matchmaking whose table is not here"
    }


def test_two_tables_that_could_be_meant_are_told(tmp_path: Path) -> None:
    table(tmp_path / "first" / "imagenet_rpi4.csv", 1.5)
    table(tmp_path / "second" / "imagenet_rpi4.csv", 2.5)
    companion(tmp_path / "about" / "imagenet_rpi4.json")
    records, account = run(tmp_path)
    assert (len(records), accuracies(records)) == (2, [])
    (skipped,) = [entry for entry in account.files if entry.role == "skipped"]
    assert skipped.reason == (
        "a descriptor of the vertical matchmaking of which two tables could be meant: "
        "first/imagenet_rpi4.csv and second/imagenet_rpi4.csv"
    )


def test_two_companions_that_could_be_meant_are_told_at_the_table(tmp_path: Path) -> None:
    table(tmp_path / "tables" / "imagenet_rpi4.csv")
    for folder in ("new", "old", "older"):
        companion(tmp_path / folder / "imagenet_rpi4.json")
    records, account = run(tmp_path)
    assert (accuracies(records), account.count("skipped")) == ([], 3)
    (told,) = [f.message for f in account.findings if f.column == "QUALITY_VALUE"]
    assert told == (
        "which quality this is stands in the JSON companion, of which 3 descriptors could be meant: "
        "new/imagenet_rpi4.json and old/imagenet_rpi4.json and others; the numbers are kept as text"
    )


def test_far_away_the_columns_must_speak_for_a_pair(tmp_path: Path) -> None:
    table(tmp_path / "one" / "project" / "imagenet_rpi4.csv")
    companion(tmp_path / "another" / "place" / "imagenet_rpi4.json", "Accuracy top-1", "colour")
    records, account = run(tmp_path)
    assert (len(records), accuracies(records), account.count("skipped")) == (1, [], 1)


def test_nothing_outside_of_the_source_is_taken(tmp_path: Path) -> None:
    table(tmp_path / "data" / "imagenet_rpi4.csv")
    companion(tmp_path / "configs" / "imagenet_rpi4.json")
    records, account = run(tmp_path / "data")
    assert (len(records), accuracies(records), len(account.files)) == (1, [], 1)


def test_another_json_of_the_name_is_no_companion(tmp_path: Path) -> None:
    table(tmp_path / "data" / "imagenet_rpi4.csv")
    companion(tmp_path / "about" / "imagenet_rpi4.json")
    other = tmp_path / "configs" / "imagenet_rpi4.json"
    other.parent.mkdir()
    other.write_text('{"colour": "red"}')
    assert accuracies(run(tmp_path)[0]) == [0.615]


def test_the_guide_and_the_energy_domain_look_in_the_same_places(tmp_path: Path) -> None:
    for name, text in (("flow_pc", FLOW.format(nodes=7)), ("made_up_pc", "speed,time(s)\n3,0.5\n")):
        path = tmp_path / "tables" / "2024" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        names = text.partition("\n")[0].split(",")
        data = {"name": name[:-3], "HW_ID": "pc", "hyperparams": [{"ID": n} for n in names[:-1]]}
        (tmp_path / "about" / "2024").mkdir(parents=True, exist_ok=True)
        said = json.dumps({**data, "targets": [{"ID": names[-1]}]})
        (tmp_path / "about" / "2024" / f"{name}.json").write_text(said)
    records, account = run(tmp_path)
    assert {(r.benchmark.suite, r.benchmark.name) for r in records} == {
        ("energy-domain", "max-flow"), ("ai4europe", "made_up"),
    }  # fmt: skip
    assert (account.count("supporting"), account.findings) == (2, [])


def test_thousands_of_one_name_are_paired_in_seconds(tmp_path: Path) -> None:
    folders = [tmp_path / "a" / f"{n:04}" for n in range(2000)]
    for index, folder in enumerate(folders):
        folder.mkdir(parents=True)
        (folder / "x_pc.csv").touch()
        (folder / ("about" if index % 2 else ".")).mkdir(exist_ok=True)
        (folder / ("about" if index % 2 else ".") / "x_pc.json").touch()
    source = Source(tmp_path)
    tables = source.with_suffix(".csv")
    begun = time.process_time()
    pairing = pair(source, tables, lambda _: True, lambda *_: False)
    assert time.process_time() - begun < 5
    assert len(pairing.companions) == 2000
    assert all(
        companion.is_relative_to(table.parent) for table, companion in pairing.companions.items()
    )


def test_the_layout_that_went_wrong_once(faults: Path) -> None:
    records, account = run(faults / "tables" / "vemm-layout")
    assert (accuracies(records), account.count("supporting")) == ([0.705], 1)
