"""Tables for the vertical matchmaking engine: what is exported keeps its rules, and is read back as it was.

The rules are written here from what is known of the engine (shared/formats/lpdnn-energy.md, section 3), not from the
exporter.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.sparing import some

from benchfmt import BenchfmtError, Record, convert, open_package, validate
from benchfmt.exports import Exported, export, matchmaking
from benchfmt.exports.matchmaking import cells, files
from benchfmt.package import write_package
from benchfmt.tables import to_batch

FIXTURES = Path(__file__).parents[1] / "fixtures"
ROLES = ("inputs", "hyperparams", "targets")
NUMERIC = ("int", "float", "bin")


# --- the rules, of one pair and of all pairs of an asset ---


def faults_of_pair(table: Path) -> Iterator[str]:
    """Yield each rule of the engine that a table and its descriptor break."""
    descriptor = json.loads(table.with_name(f"{table.stem}.json").read_text("utf-8"))
    asset, _, hardware = table.stem.rpartition("_")
    if (descriptor["name"], descriptor["HW_ID"]) != (asset, hardware):
        yield "the files are not named <asset>_<HW>"
    if not {"name", "HW_ID", "HW_price", "hyperparams", "targets"} <= set(descriptor):
        yield "a member of the descriptor is missing"
    entries = [entry for role in ROLES for entry in descriptor.get(role, [])]
    names = [entry["ID"] for entry in entries]
    if len(set(names)) != len(names):
        yield "the groups overlap"
    if not descriptor["targets"]:
        yield "there is no target"
    if ("inputs" in descriptor) != (table.parent.name == "input-dependent"):
        yield "inputs are only for input-dependent assets"
    frame = pd.read_csv(
        table,
        keep_default_na=False,
        na_values=[""],
        dtype={e["ID"]: str for e in entries if e["type"] == "str"},
    )
    if set(frame.columns) != set(names):
        yield f"columns and descriptor differ: {set(frame.columns) ^ set(names)}"
        return
    if (
        frame.isna().any().any()
        or (frame.map(lambda cell: str(cell).strip()) == "").any().any()
        or frame.empty
    ):
        yield "a cell is empty"
    for entry in entries:
        column, kind = frame[entry["ID"]], entry["type"]
        if kind not in (*NUMERIC, "str"):
            yield f"{kind} is no type"
        if kind in NUMERIC and not pd.api.types.is_numeric_dtype(column):
            yield f"{entry['ID']} is not numeric"
        if kind in ("int", "bin") and not pd.api.types.is_integer_dtype(column):
            yield f"{entry['ID']} is not of integers"
        if kind == "bin" and not set(column) <= {0, 1}:
            yield f"{entry['ID']} is not of 0 and 1"
        if kind == "str" and {"LB", "UB"} & set(entry):
            yield f"{entry['ID']} is a text with bounds"
        for bound in ("LB", "UB"):
            if entry.get(bound) is not None and not isinstance(entry[bound], int | float):
                yield f"{entry['ID']} has a bound that is not a number"


def faults_of_folder(folder: Path) -> list[str]:
    """Return each rule that a folder of pairs breaks, those between the platforms of an asset among them."""
    tables = sorted(folder.rglob("*.csv"))
    others = {path for path in folder.rglob("*") if path.is_file()} - set(tables)
    found = [f"{table.name}: {words}" for table in tables for words in faults_of_pair(table)]
    if others != {table.with_name(f"{table.stem}.json") for table in tables}:
        found.append("not every table has its descriptor")
    said: dict[str, Any] = {}
    for table in tables:
        descriptor = json.loads(table.with_name(f"{table.stem}.json").read_text("utf-8"))
        with table.open(newline="", encoding="utf-8") as file:
            header = next(csv.reader(file))
        mine = (header, *(json.dumps(descriptor.get(role)) for role in ROLES))
        if said.setdefault(descriptor["name"], mine) != mine:
            found.append(
                f"{table.name}: another platform of {descriptor['name']} has other columns"
            )
    return found


BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "a column more": ("a,t,x\n1,2.5,3\n", {}, "columns and descriptor differ"),
    "an empty cell": ("a,t\n1,\n", {}, "a cell is empty"),
    "a slash": ("a,t\n1,/\n", {}, "t is not numeric"),
    "a fraction": ("a,t\n1.5,2.5\n", {}, "a is not of integers"),
    "an overlap": (
        "a,t\n1,2.5\n",
        {"hyperparams": [{"ID": "a", "type": "int"}, {"ID": "t", "type": "float"}]},
        "overlap",
    ),
    "a text with bounds": (
        "a,t\nx,2.5\n",
        {"hyperparams": [{"ID": "a", "type": "str", "LB": None}]},
        "text with bounds",
    ),
    "no target": ("a\n1\n", {"targets": []}, "no target"),
    "inputs": ("a,t\n1,2.5\n", {"inputs": []}, "input-dependent"),
    "a bin of two": (
        "a,t\n2,2.5\n",
        {"hyperparams": [{"ID": "a", "type": "bin"}]},
        "not of 0 and 1",
    ),
    "another name": ("a,t\n1,2.5\n", {"HW_ID": "rpi3"}, "not named"),
}


@pytest.mark.parametrize(("table", "change", "words"), BROKEN.values(), ids=BROKEN)
def test_the_rules_find_what_breaks_them(
    tmp_path: Path, table: str, change: dict[str, Any], words: str
) -> None:
    sound = {
        "name": "flow", "HW_ID": "rpi4", "HW_price": None,
        "hyperparams": [{"ID": "a", "type": "int"}], "targets": [{"ID": "t", "type": "float"}],
    }  # fmt: skip
    (tmp_path / "flow_rpi4.csv").write_text(table)
    (tmp_path / "flow_rpi4.json").write_text(json.dumps(sound | change))
    assert any(words in fault for fault in faults_of_folder(tmp_path))
    (tmp_path / "flow_rpi4.csv").write_text("a,t\n1,2.5\n")
    (tmp_path / "flow_rpi4.json").write_text(json.dumps(sound))
    assert faults_of_folder(tmp_path) == []


# --- what is exported keeps them, and is read back ---


def answered(record: Record, keys: set[Any]) -> tuple[Any, ...]:
    """Return all of a record that an export carries: what ran where on what, and the numbers of some keys."""
    c, model, software = record.configuration, record.model, record.software
    return (
        record.benchmark.suite, record.benchmark.name, record.benchmark.scenario, record.benchmark.phase, record.task,
        record.dataset and record.dataset.name, platform_of(record), model and (model.name, model.version),
        software and software.engine,
        c and (c.precision, tuple(c.placement or ()), tuple(c.input_shape or ()), json.dumps(c.hyperparameters, sort_keys=True)),
        tuple((m.key, m.value, m.unit, bool(m.primary)) for m in record.measurements or () if m.key in keys),
    )  # fmt: skip


def platform_of(record: Record) -> str | None:
    system = record.system
    if system is None:
        return None
    return system.name if str(system.id).startswith("sys1-") else system.id


def asset_of(record: Record) -> tuple[str | None, ...]:
    return (record.benchmark.suite, record.benchmark.name, record.benchmark.scenario)


def records_of(package: Path) -> list[Record]:
    with open_package(package) as opened:
        return list(opened.records())


def read_back(package: Path, folder: Path) -> tuple[list[Record], list[Record], Exported]:
    """Export a package, hold it to the rules, read it back and return the records before and after."""
    done = export(package, "matchmaking", folder / "tables")
    assert faults_of_folder(folder / "tables") == []
    assert sorted(done.files) == sorted(
        p.relative_to(folder / "tables").as_posix() for p in (folder / "tables").rglob("*.*")
    )
    account = convert(folder / "tables").write(folder / "again")
    assert (account.ok, account.findings) == (True, [])
    # What the samples deserve (tests/validation/deserved.py), they still deserve: nothing is added on the way.
    deserved = Counter(finding.code for finding in validate(package).findings)
    assert Counter(finding.code for finding in validate(folder / "again").findings) <= deserved
    return records_of(package), records_of(folder / "again"), done


def assert_same(before: list[Record], after: list[Record]) -> None:
    """Assert that the successful records of known systems are the ones read back, with the same numbers."""
    wanted = [record for record in before if record.status == "ok" and record.system]
    keys: dict[Any, set[Any]] = {}
    for record in after:
        here = {m.key for m in record.measurements or ()}
        assert keys.setdefault(asset_of(record), here) == here
        assert {m.missing for m in record.measurements or ()} == {None}
    first = Counter(answered(record, keys[asset_of(record)]) for record in wanted)
    second = Counter(answered(record, keys[asset_of(record)]) for record in after)
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("family", ["lpdnn", "energy"])
def test_the_samples_are_read_back_as_they_were(samples: Path, tmp_path: Path, family: str) -> None:
    convert(samples / family).write(tmp_path / "package")
    before, after, done = read_back(tmp_path / "package", tmp_path)
    before = [
        record for record in before if record.benchmark.suite != "codecarbon"
    ]  # its machine has no name
    assert_same(before, [record for record in after if record.benchmark.suite != "codecarbon"])
    lost = {"lpdnn": {matchmaking.NOT_SUCCESSFUL: 3}, "energy": {matchmaking.NO_SYSTEM: 12}}[family]
    assert dict(done.left_out) == lost
    assert done.records == len(after)


FAMILIES = [
    FIXTURES / "lpdnn" / name for name in ("cleaned", "split", "huawei", "raw", "unknown-platform")
]
FAMILIES += [FIXTURES / "energy" / name for name in ("raw", "reduced", "without-units", "max-flow")]


@pytest.mark.parametrize("source", some(FAMILIES, named=lambda path: path.name))
def test_fixtures_are_read_back_as_they_were(tmp_path: Path, source: Path) -> None:
    convert(source).write(tmp_path / "package")
    before, after, _ = read_back(tmp_path / "package", tmp_path)
    assert_same(before, after)


def test_inputs_are_read_back_and_vectors_as_mean_and_deviation(tmp_path: Path) -> None:
    convert(FIXTURES / "energy" / "raw").write(tmp_path / "package")
    before, after, _ = read_back(tmp_path / "package", tmp_path)
    for one, other in zip(before, after, strict=True):
        wanted = {}
        for item in one.inputs or ():
            values = pd.Series(item.values)
            wanted |= {
                f"{item.name.lower()}_mean": values.mean(),
                f"{item.name.lower()}_std": values.std(ddof=0),
            }
        assert {i.name: i.values[0] for i in other.inputs or ()} == pytest.approx(wanted)
        assert {i.unit for i in other.inputs or ()} == {"kW"}


def test_raw_and_reduced_tables_of_one_algorithm_have_the_same_columns(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for case, name in (("raw", "anticipate_leonardo.csv"), ("without-units", "anticipate_pc.csv")):
        text = (
            (FIXTURES / "energy" / case / name)
            .read_text()
            .replace("pv_var", "pv_std")
            .replace("load_var", "load_std")
        )
        (folder / name).write_text(text)
    convert(folder).write(tmp_path / "package")
    export(tmp_path / "package", "matchmaking", tmp_path / "tables")
    assert faults_of_folder(tmp_path / "tables") == []
    header = (
        (tmp_path / "tables" / "input-dependent" / "anticipate_pc.csv")
        .read_text()
        .partition("\n")[0]
        .split(",")
    )
    assert header[:4] == ["pv_mean(kW)", "pv_std(kW)", "load_mean(kW)", "load_std(kW)"]
    assert "cost(EUR)" in header


# --- made-up packages ---


def result(row: int, system: str | None = "rpi4", **more: Any) -> Record:
    latency = {
        "metric": "latency", "stage": "inference", "per": "sample", "value": row / 1000, "unit": "s", "basis": "measured",
        "primary": True,
    }  # fmt: skip
    data: dict[str, Any] = {
        "benchfmt": "1.0",
        "id": f"r{row}",
        "benchmark": {"suite": "lpdnn", "name": "imagenet"},
        **({"system": {"id": system}} if system else {}),
        "measurements": [latency, *more.pop("also", [])],
        "status": "ok",
        **more,
    }
    return Record.from_dict(data)


def package_of(folder: Path, *records: Record) -> Path:
    write_package(folder / "package", [to_batch(records)])
    return folder / "package"


def power(value: float) -> dict[str, Any]:
    return {"metric": "power", "value": value, "unit": "W", "basis": "measured"}


def cells_of(folder: Path, name: str) -> list[dict[str, str]]:
    [path] = list(folder.rglob(f"{name}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def types_of(folder: Path, name: str) -> dict[str, str]:
    [path] = list(folder.rglob(f"{name}.json"))
    data = json.loads(path.read_text("utf-8"))
    return {entry["ID"]: entry["type"] for role in ROLES for entry in data.get(role, [])}


def test_types_are_those_of_the_cells(tmp_path: Path) -> None:
    parameters = [
        {
            "depth": 3,
            "rate": 0.5,
            "cached": True,
            "policy": "lru",
            "flag": 0,
            "mixed": 1,
            "units": [64, 32],
        },
        {
            "depth": 12,
            "rate": 2,
            "cached": False,
            "policy": "fifo",
            "flag": 1,
            "mixed": "auto",
            "units": [64],
        },
    ]
    made = [
        result(i + 1, configuration={"hyperparameters": p, "threads": 1})
        for i, p in enumerate(parameters)
    ]
    export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out")
    assert faults_of_folder(tmp_path / "out") == []
    assert types_of(tmp_path / "out", "imagenet_rpi4") == {
        "depth": "int", "rate": "float", "cached": "bin", "policy": "str", "flag": "bin", "mixed": "str", "units": "str",
        "threads": "int", "latency__inference__sample(s)": "float",
    }  # fmt: skip
    first = cells_of(tmp_path / "out", "imagenet_rpi4")[0]
    assert first == {
        "depth": "3", "rate": "0.5", "cached": "1", "policy": "lru", "flag": "0", "mixed": "1", "units": "[64,32]",
        "threads": "1", "latency__inference__sample(s)": "0.001",
    }  # fmt: skip


def test_only_successful_runs_of_known_systems_are_written(tmp_path: Path) -> None:
    made = [
        result(1),
        result(2, status="failed"),
        result(3, None),
        result(4, status="invalid"),
        result(5),
    ]
    done = export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out")
    assert [
        row["latency__inference__sample(s)"] for row in cells_of(tmp_path / "out", "imagenet_rpi4")
    ] == [
        "0.001",
        "0.005",
    ]
    assert dict(done.left_out) == {matchmaking.NOT_SUCCESSFUL: 2, matchmaking.NO_SYSTEM: 1}


def test_a_column_that_one_platform_lacks_is_left_out_on_all_and_said(tmp_path: Path) -> None:
    made = [result(1, "jetson-nano2", also=[power(5.0)]), result(2, "rpi4")]
    package = package_of(tmp_path, *made)
    done = export(package, "matchmaking", tmp_path / "out")
    assert "power(W)" not in types_of(tmp_path / "out", "imagenet_jetson-nano2")
    assert done.notes == ("imagenet: of 2 records some lack these columns, left out: power(W) (1)",)
    kept = export(package, "matchmaking", tmp_path / "kept", keep="power")
    assert kept.files == (
        "input-independent/imagenet_jetson-nano2.csv",
        "input-independent/imagenet_jetson-nano2.json",
    )
    assert types_of(tmp_path / "kept", "imagenet_jetson-nano2")["power(W)"] == "float"
    assert dict(kept.left_out) == {matchmaking.NO_TARGET: 1}


def test_repeats_are_kept(tmp_path: Path) -> None:
    made = [result(i, configuration={"precision": "fp32"}) for i in (1, 2, 3)]
    export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out")
    assert len(cells_of(tmp_path / "out", "imagenet_rpi4")) == 3


def test_results_under_other_rules_are_other_assets(tmp_path: Path) -> None:
    scenarios = ("offline", "server")
    made = [
        result(i, benchmark={"suite": "mlperf-inference", "name": "resnet50", "scenario": scenario})
        for i, scenario in enumerate(scenarios, start=1)
    ]
    done = export(package_of(tmp_path, *made, result(3)), "matchmaking", tmp_path / "out")
    names = [Path(name).stem for name in done.files if name.endswith(".csv")]
    assert names == ["resnet50-offline_rpi4", "resnet50-server_rpi4", "imagenet_rpi4"]


def test_a_platform_has_no_underscore_and_two_never_share_a_file(tmp_path: Path) -> None:
    made = [result(1, "my_board"), result(2, "my-board"), result(3, "my/board")]
    done = export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out")
    assert faults_of_folder(tmp_path / "out") == []
    assert len(done.files) == 6
    assert done.records == 3


def test_names_of_two_roles_never_meet(tmp_path: Path) -> None:
    made = result(
        1,
        inputs=[{"name": "threads", "values": [7.0]}],
        configuration={"threads": 4, "hyperparameters": {"threads": 2}},
    )
    export(package_of(tmp_path, made), "matchmaking", tmp_path / "out")
    assert faults_of_folder(tmp_path / "out") == []
    [row] = cells_of(tmp_path / "out", "imagenet_rpi4")
    assert {key: row[key] for key in ("threads", "hyperparams__threads", "hyperparams__threads__2")} == {
        "threads": "7", "hyperparams__threads": "4", "hyperparams__threads__2": "2",
    }  # fmt: skip


def test_an_own_metric_is_read_back(tmp_path: Path) -> None:
    own = {"metric": "acme:blinks", "value": 3.5, "unit": "W", "basis": "measured"}
    package = package_of(
        tmp_path, result(1, also=[own], benchmark={"suite": "acme:speed", "name": "imagenet"})
    )
    export(package, "matchmaking", tmp_path / "out")
    again = list(convert(tmp_path / "out"))
    assert [(m.metric, m.value, m.unit) for m in again[0].measurements or ()][1] == (
        "acme:blinks",
        3.5,
        "W",
    )
    convert(tmp_path / "out").write(tmp_path / "again")
    assert validate(tmp_path / "again").findings == []


# --- files and calls ---


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    package = package_of(tmp_path, result(1))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(BenchfmtError, match="already exists"):
        export(package, "matchmaking", tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert export(package, "matchmaking", tmp_path / "empty").records == 1


def test_an_error_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = package_of(tmp_path, result(1), result(2, "rpi3"))
    before = sorted(path.name for path in tmp_path.iterdir())
    calls: list[int] = []

    def full(*_: Any) -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("no space left on device")
        return {}

    monkeypatch.setattr(files, "companion", full)
    with pytest.raises(OSError, match="no space"):
        export(package, "matchmaking", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "format": ({"to": "paper"}, "there is no format 'paper'; there are: aiod, croissant, "),
    "option": (
        {"to": "matchmaking", "colour": "red"},
        "there is no option 'colour' of matchmaking; it takes: keep",
    ),
    "metric": (
        {"to": "matchmaking", "keep": "power"},
        "no record has a value of 'power'; there are: latency",
    ),
}


@pytest.mark.parametrize(("call", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_says_what_there_is(tmp_path: Path, call: dict[str, str], words: str) -> None:
    with pytest.raises(BenchfmtError, match=re.escape(words)):
        export(package_of(tmp_path, result(1)), path=tmp_path / "out", **call)


def test_a_package_without_a_successful_run_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match=re.escape(f"{matchmaking.NOT_SUCCESSFUL}: 2")):
        export(
            package_of(tmp_path, result(1, status="failed"), result(2, status="failed")),
            "matchmaking",
            tmp_path / "out",
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("tools_on_path")
def test_the_command_writes_data_to_stdout_and_words_to_stderr(tmp_path: Path) -> None:
    package = package_of(tmp_path, result(1), result(2, status="failed"))
    command = ["benchfmt", "export", package, "--to", "matchmaking", "-o", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "out"))
    assert done.stderr.splitlines() == [
        "1 record in 2 files",
        f"left out: 1 record: {matchmaking.NOT_SUCCESSFUL}",
    ]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


# --- companions, in both spellings ---


def test_the_spelling_of_the_guide_is_read(tmp_path: Path) -> None:
    (tmp_path / "anticipate_pc.csv").write_text(
        "pv,mode,nT,time(sec),quality (%)\n250.5,fast,3,1.5,80\n240,slow,4,2.5,90\n"
    )
    companion = {
        "name": "anticipate",
        "HW_ID": "pc",
        "input": {"type": "object", "required": True, "properties": {"pv": {"type": "float"}}},
        "hyperparams": [
            {"hp#1_ID": "mode", "type": "str"},
            {"hp#2_ID": "nT", "type": "int", "properties": {"lb": 1, "ub": 100}},
        ],
        "targets": [
            {"metric#1_ID": "time(sec)", "type": "float", "properties": {"lb": 0, "ub": None}},
            {"metric#2_ID": "accuracy (%)", "type": "float"},
        ],
    }
    (tmp_path / "anticipate_pc.json").write_text(json.dumps(companion))
    conversion = convert(tmp_path, "ai4europe")
    first = next(iter(conversion)).to_dict()
    assert first["inputs"] == [{"name": "pv", "values": [250.5]}]
    assert first["configuration"] == {"hyperparameters": {"mode": "fast", "nT": 3}}
    assert [(m["metric"], m["value"]) for m in first["measurements"]] == [("duration", 1.5)]
    assert {f.column for f in conversion.account.findings} == {"accuracy (%)", "quality (%)"}


def pair(folder: Path, **change: Any) -> Path:
    target = {"ID": "time(s)", "type": "float"}
    said = {
        "name": "flow",
        "HW_ID": "vm",
        "hyperparams": [{"ID": "on", "type": "bin"}],
        "targets": [target],
        **change,
    }
    (folder / "flow_vm.csv").write_text("on,time(s)\n1,1.5\n0,2.5\n")
    (folder / "flow_vm.json").write_text(json.dumps(said))
    return folder


def test_a_bin_is_a_number_and_a_price_is_kept(tmp_path: Path) -> None:
    records = [record.to_dict() for record in convert(pair(tmp_path, HW_price=12.5))]
    assert [record["configuration"]["hyperparameters"] for record in records] == [
        {"on": 1},
        {"on": 0},
    ]
    assert records[0]["extensions"] == {"ai4europe": {"HW_price": 12.5}}


def test_what_the_engine_would_refuse_in_a_companion_is_told(tmp_path: Path) -> None:
    wrong = [{"ID": "on", "type": "str", "LB": 0, "UB": 1}]
    conversion = convert(
        pair(tmp_path, hyperparams=wrong, targets=[{"ID": "time(s)"}, {"ID": "on"}])
    )
    list(conversion)
    messages = [f.message for f in conversion.account.findings if f.path == "flow_vm.json"]
    assert "column 'on' is a text, which has no bounds" in messages
    assert "column 'on' stands under 'hyperparams' and under 'targets': it has one role" in messages


def test_the_folders_of_the_service_are_followed(tmp_path: Path) -> None:
    for folder in ("configs/input-independent", "data/input-independent"):
        (tmp_path / folder).mkdir(parents=True)
    pair(tmp_path / "configs" / "input-independent")
    (tmp_path / "configs/input-independent/flow_vm.csv").rename(
        tmp_path / "data/input-independent/flow_vm.csv"
    )
    assert len(list(convert(tmp_path))) == 2


def test_a_companion_without_its_table_is_skipped_with_a_word(tmp_path: Path) -> None:
    pair(tmp_path)
    (tmp_path / "flow_rpi3.json").write_text((tmp_path / "flow_vm.json").read_text())
    conversion = convert(tmp_path)
    list(conversion)
    reasons = {
        entry.path: entry.reason for entry in conversion.account.files if entry.role == "skipped"
    }
    assert reasons == {
        "flow_rpi3.json": "a descriptor of the vertical matchmaking whose table is not here"
    }


UNSOUND: dict[str, Any] = {
    "a field that is none": {"fields": {"time(s)": {"field": "model.colour"}}},
    "no meaning": {"fields": {"time(s)": {"unit": "s"}}},
    "no metric": {"fields": {"time(s)": {"metric": "latensy"}}},
    "a constant that is none": {"constant": {"benchmark.suite": 3}},
    "no object": {"fields": {"time(s)": "latency"}},
}


@pytest.mark.parametrize("said", UNSOUND.values(), ids=UNSOUND)
def test_what_a_companion_says_of_itself_is_checked(tmp_path: Path, said: Any) -> None:
    conversion = convert(pair(tmp_path, benchfmt=said))
    assert list(conversion) == []
    assert [entry.role for entry in conversion.account.files if entry.path == "flow_vm.csv"] == [
        "failed"
    ]


# --- read as the engine reads it ---


def engine(folder: Path) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the tables by algorithm and platform, loaded as the engine's code does: by names, with pandas as it is."""
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    said: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.csv")):
        algorithm, part = path.name.split("_")
        hardware = part.split(".")[0]
        config = json.loads(path.with_suffix(".json").read_text("utf-8"))
        assert (config["name"], config["HW_ID"]) == (algorithm, hardware)
        assert (algorithm, hardware) not in tables, "one platform hides another"
        frame = pd.read_csv(path)
        entries = {role: {entry["ID"]: entry for entry in config.get(role, [])} for role in ROLES}
        assert said.setdefault(algorithm, entries) == entries, (
            "platforms of an algorithm have other columns"
        )
        assert set(frame.columns) == {name for group in entries.values() for name in group}
        assert not frame.isna().any().any(), "pandas took a word for a missing cell"
        for name, entry in (pair for group in entries.values() for pair in group.items()):
            if entry["type"] == "bin":
                assert set(frame[name]) == {0, 1}, f"{name} is no bin on {hardware}"
        tables[(algorithm, hardware)] = frame
    return tables


def on(number: int, system: str, **parameters: Any) -> Record:
    return result(number, system, configuration={"hyperparameters": parameters})


@pytest.mark.parametrize(
    "systems",
    [
        ("BM.GPU.B200.8", "BM.GPU.GB200.4"),
        ("a.b", "a-b", "a_b", "a/b"),
        ("v1.5", "v1.6", "v1"),
        (".", "..", "_"),
    ],
)
def test_every_platform_is_one_for_the_engine(tmp_path: Path, systems: tuple[str, ...]) -> None:
    export(
        package_of(tmp_path, *(on(i + 1, name, k=i) for i, name in enumerate(systems))),
        "matchmaking",
        tmp_path / "out",
    )
    assert len(engine(tmp_path / "out")) == len(systems)


@pytest.mark.parametrize(
    ("flags", "kind"),
    [([("a", 0), ("a", 1), ("b", 1), ("b", 1)], "int"), ([("a", 0), ("a", 1), ("b", 1), ("b", 0)], "bin"), ([("a", 0), ("b", 1)], "int"), ([("a", 0), ("a", 1)], "bin")],
)  # fmt: skip
def test_a_bin_is_one_on_every_platform(
    tmp_path: Path, flags: list[tuple[str, int]], kind: str
) -> None:
    made = [on(i + 1, system, flag=flag) for i, (system, flag) in enumerate(flags)]
    export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out")
    engine(tmp_path / "out")
    assert types_of(tmp_path / "out", "imagenet_a")["flag"] == kind


@pytest.mark.parametrize("word", sorted(cells.PANDAS_MISSING - {"", " "}))
def test_a_word_that_pandas_takes_for_nothing_stays_a_word(tmp_path: Path, word: str) -> None:
    made = [
        on(1, "a", penalty=word, k=1),
        on(2, "a", penalty="l2", k=2),
        on(3, "b", penalty=word, k=1),
    ]
    export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out")
    tables = engine(tmp_path / "out")
    assert list(tables[("imagenet", "a")]["penalty"]) == [f"word:{word}", "l2"]
    records = list(convert(tmp_path / "out"))
    found = {(r.configuration.hyperparameters or {})["penalty"] for r in records if r.configuration}
    assert found == {word, "l2"}


def test_pandas_has_no_other_words_for_nothing() -> None:
    from pandas._libs.parsers import STR_NA_VALUES

    assert set(STR_NA_VALUES) <= cells.PANDAS_MISSING


def test_a_metric_can_be_a_feature(tmp_path: Path) -> None:
    quality = {"metric": "accuracy", "value": 0.7, "unit": "1", "basis": "measured"}
    made = [result(1, also=[quality]), result(2, also=[quality]), result(3)]
    done = export(package_of(tmp_path, *made), "matchmaking", tmp_path / "out", feature="accuracy")
    assert done.records == 2  # the engine needs the number where it is an input
    engine(tmp_path / "out")
    [path] = list((tmp_path / "out").rglob("*.json"))
    data = json.loads(path.read_text("utf-8"))
    assert "accuracy" in {entry["ID"] for entry in data["hyperparams"]}
    assert "accuracy" not in {entry["ID"] for entry in data["targets"]}
    again = [
        item
        for r in convert(tmp_path / "out")
        for item in r.measurements or ()
        if item.metric == "accuracy"
    ]
    assert [item.value for item in again] == [0.7, 0.7]
    with pytest.raises(BenchfmtError, match="feature: no record has a value of 'beauty'"):
        export(tmp_path / "package", "matchmaking", tmp_path / "other", feature="beauty")


def test_emissions_have_the_name_by_which_the_engine_scales_them(tmp_path: Path) -> None:
    carbon = {"metric": "emissions", "value": 0.002, "unit": "kg", "basis": "measured"}
    package = package_of(tmp_path, result(1, also=[carbon]))
    for names, expected in (("engine", "CO2e(kg)"), ("benchfmt", "emissions(kg)")):
        export(package, "matchmaking", tmp_path / names, names=names)
        [frame] = engine(tmp_path / names).values()
        assert list(frame[expected]) == [0.002]
    again = [
        item
        for r in convert(tmp_path / "engine")
        for item in r.measurements or ()
        if item.metric == "emissions"
    ]
    assert [(item.value, item.unit) for item in again] == [(0.002, "kg")]
    with pytest.raises(BenchfmtError, match="names: 'mine' is neither"):
        export(package, "matchmaking", tmp_path / "other", names="mine")


@pytest.mark.parametrize("case", ["vemm-dot", "vemm-bin", "vemm-na"])
def test_what_the_engine_could_not_read_is_read(faults: Path, tmp_path: Path, case: str) -> None:
    convert(faults / "consumers" / case).write(tmp_path / "package")
    done = export(tmp_path / "package", "matchmaking", tmp_path / "out")
    assert len(engine(tmp_path / "out")) == len(done.files) / 2


def labs(folder: Path, *tables: list[float]) -> Path:
    """Convert the tables of several labs, each with the times of its runs, on what they all call `pc`."""
    columns = "nScenarios,pv_mean,pv_std,load_mean,load_std,sol,time,memory"
    for number, times in enumerate(tables):
        path = folder / f"lab{number}" / "anticipate_pc.csv"
        path.parent.mkdir()
        lines = [
            f"{row},240.5,10.0,300.5,20.0,360.5,{time},60.5" for row, time in enumerate(times, 1)
        ]
        # The last column makes no two files equal.
        path.write_text(
            "\n".join([columns, *lines, f"{50 + number},240.5,10.0,300.5,20.0,360.5,77.5,60.5", ""])
        )
    convert([folder / f"lab{number}" for number in range(len(tables))]).write(folder / "package")
    return folder / "package"


@pytest.mark.parametrize(
    ("tables", "platforms"),
    [
        ([[1.5, 2.5], [1.5, 2.5]], ["pc"]),
        # One number that differs is chance, many are a box.
        ([[1.5, 2.5, 4.5], [1.5, 2.5, 9.5]], ["pc"]),
        ([[1.5, 2.5, 4.5], [3.0, 5.0, 9.0]], ["pc", "pc-2"]),
        ([[3.0, 5.0, 9.0], [1.5, 2.5, 4.5], [3.1, 5.1, 9.1]], ["pc", "pc-2"]),
        ([[1.5, 2.5, 4.5], [3.0, 5.0, 9.0], [9.5, 15.5, 29.5]], ["pc", "pc-2", "pc-3"]),
    ],
)
def test_boxes_whose_times_do_not_compare_are_platforms_of_their_own(
    tmp_path: Path, tables: list[list[float]], platforms: list[str]
) -> None:
    done = export(labs(tmp_path, *tables), "matchmaking", tmp_path / "tables")
    written = sorted(path.stem.rpartition("_")[2] for path in (tmp_path / "tables").rglob("*.csv"))
    assert written == platforms
    assert done.records == sum(map(len, tables)) + len(tables)
    assert [note[:4] for note in done.notes if "different machines or versions" in note] == [
        "pc: "
    ] * (len(platforms) > 1)
    assert not list(faults_of_folder(tmp_path / "tables"))


@pytest.mark.parametrize(
    ("tables", "told"),
    [([[1.5], [1.5]], True), ([[1.5, 2.5], [1.5, 2.5, 3.5]], True), ([[1.5, 2.5]], False)],
)
def test_rows_of_several_source_tables_on_one_platform_are_told(
    tmp_path: Path, tables: list[list[float]], told: bool
) -> None:
    notes = export(labs(tmp_path, *tables), "matchmaking", tmp_path / "tables").notes
    found = [note for note in notes if "nothing in them contradicts that one machine" in note]
    assert found == [
        note
        for note in notes
        if note.startswith("input-dependent/anticipate_pc: its rows are of 2 ")
    ]
    assert bool(found) is told


def test_single_runs_are_repeats_and_no_boxes(tmp_path: Path) -> None:
    records = []
    for row, latency in enumerate((0.001, 0.002, 0.0015, 0.003)):
        source = {"path": f"run{row}.log", "sha256": f"{row}" * 64}
        measurement = {
            "metric": "latency", "per": "sample", "value": latency, "unit": "s", "basis": "measured", "primary": True
        }  # fmt: skip
        records.append(result(row, measurements=[measurement], provenance={"sources": [source]}))
    done = export(package_of(tmp_path, *records), "matchmaking", tmp_path / "tables")
    assert [Path(name).name for name in done.files if name.endswith(".csv")] == [
        "imagenet_rpi4.csv"
    ]


# --- which numbers compare ---


def test_a_companion_says_which_numbers_compare_with_another_platform(tmp_path: Path) -> None:
    root = Path(__file__).parents[2] / "examples" / "lpdnn"
    convert(root).write(tmp_path / "package")
    export(tmp_path / "package", "matchmaking", tmp_path / "tables")
    with open_package(tmp_path / "package") as package:
        flat = package.to_pandas(groups=True)
    column, number = "latency__end_to_end__sample(s)", "latency__end_to_end__sample"
    usable = flat[flat["status"] == "ok"]
    platforms = usable.groupby(f"{number}__group")["system_id"].nunique()
    told = {}
    for path in sorted((tmp_path / "tables").rglob("imagenet_*.json")):
        companion = json.loads(path.read_text("utf-8"))
        table = pd.read_csv(path.with_suffix(".csv"))
        said = companion["benchfmt"]["groups"][column]
        groups = [
            None if place is None else said["groups"][place] for place in said["group_of_row"]
        ]
        own = usable[
            (usable["system_id"] == companion["HW_ID"]) & (usable["benchmark"] == "imagenet")
        ]
        by_value = dict(zip(own[number], own[f"{number}__group"], strict=True))
        expected = [by_value[value] for value in table[column]]
        assert groups == [group if platforms.get(group, 0) > 1 else None for group in expected]
        compared = [group for group in groups if group is not None]
        assert said["rows"] == len(compared)
        assert "benchmark" not in companion["benchfmt"]["groups"]
        told[companion["HW_ID"]] = len(compared)
    assert all(told.values()) and set(told) == {"jetson-nano2", "rpi4", "stm32mp1", "x86-64-nuc"}


def test_a_companion_says_why_numbers_are_in_no_group(tmp_path: Path) -> None:
    package = package_of(tmp_path, result(1), result(2))
    export(package, "matchmaking", tmp_path / "out")
    (path,) = (tmp_path / "out").rglob("*.json")
    told = json.loads(path.read_text("utf-8"))["benchfmt"]["groups"]
    for said in told.values():
        assert set(said) == {"rows", "in_no_group"} and said["rows"] == 0
        (reason,) = said["in_no_group"]
        assert reason.startswith("cannot be told: ") and reason.endswith(" unknown")
