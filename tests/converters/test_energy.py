"""The energy domain: every value of the real tables, and each quirk of the family on small tables.

What the columns mean is written anew here from what is known of the files (shared/formats/lpdnn-energy.md, section 2), not
from the converter: another reading of the same facts.
"""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchfmt import Record, convert, open_package, validate
from benchfmt.converters import energy
from benchfmt.converters.base import Source
from benchfmt.suites import energy as rules
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "energy"
Key = tuple[str, str, str, str, str]
KILOWATT_HOUR = Decimal(3_600_000)
MEGA, KILO, ONE = Decimal(10**6), Decimal(10**3), Decimal(1)

SOLVE: Key = ("duration", "", "solve", "instance", "")
COST: Key = ("cost", "", "", "", "")
AVERAGE: Key = ("memory", "mean", "solve", "", "process")
PEAK: Key = ("memory", "max", "solve", "", "process")
CARBON: dict[str, tuple[Key, Decimal]] = {
    "CO2e(kg)": (("emissions", "", "whole-run", "", ""), ONE),
    "CO2eRate(kg/s)": (("emissions-rate", "", "whole-run", "", ""), ONE),
    "cpuEnergy(kW)": (("energy", "", "whole-run", "", "cpu"), KILOWATT_HOUR),
    "gpuEnergy(kW)": (("energy", "", "whole-run", "", "gpu"), KILOWATT_HOUR),
    "ramEnergy(kW)": (("energy", "", "whole-run", "", "memory"), KILOWATT_HOUR),
    "totEnergy(kW)": (("energy", "", "whole-run", "", "node"), KILOWATT_HOUR),
}
DISPATCH: dict[str, tuple[Key, Decimal]] = {
    "sol(keuro)": (COST, KILO),
    "time(sec)": (SOLVE, ONE),
    "memAvg(MB)": (AVERAGE, MEGA),
    "memPeak(MB)": (PEAK, MEGA),
    **CARBON,
}
RAW = DISPATCH | {
    "memPeak(MB)": (PEAK, MEGA * 1000),  # the header says MB, the numbers are GB
    "gpuAvg(MB)": (("memory", "mean", "", "", "gpu"), MEGA),
    "gpuPeak(MB)": (("memory", "max", "", "", "gpu"), MEGA),
}
WITHOUT_UNITS: dict[str, tuple[Key, Decimal]] = {
    "sol": (COST, KILO),
    "time": (SOLVE, ONE),
    "memory": (AVERAGE, MEGA),
}
MAX_FLOW: dict[str, tuple[Key, Decimal]] = {
    "time(s)": (SOLVE, ONE),
    "memAvg(MB)": (("memory", "mean", "", "", "process"), MEGA),
    "memPeak(MB)": (("memory", "max", "", "", "process"), MEGA),
    **CARBON,
}
KERNEL: dict[str, tuple[Key, Decimal]] = {
    "time": (("duration", "", "", "", ""), ONE),
    "memory": (("memory", "", "", "", ""), MEGA),
}
TRACKER: dict[str, tuple[Key, Decimal]] = {
    "duration": (("duration", "", "whole-run", "", ""), ONE),
    "emissions": (("emissions", "", "whole-run", "", ""), ONE),
    "emissions_rate": (("emissions-rate", "", "whole-run", "", ""), ONE),
    "cpu_power": (("power", "single", "whole-run", "", "cpu"), ONE),
    "ram_power": (("power", "single", "whole-run", "", "memory"), ONE),
    "cpu_energy": (("energy", "", "whole-run", "", "cpu"), KILOWATT_HOUR),
    "ram_energy": (("energy", "", "whole-run", "", "memory"), KILOWATT_HOUR),
    "energy_consumed": (("energy", "", "whole-run", "", "node"), KILOWATT_HOUR),
}
TOY: dict[str, tuple[Key, Decimal]] = {
    "time": (("ai4europe:time", "", "", "", ""), ONE),
    "memory": (("ai4europe:memory", "", "", "", ""), ONE),
}


@dataclass(frozen=True)
class Table:
    """What is known of a real table beyond its cells."""

    rows: int
    columns: dict[str, tuple[Key, Decimal]]
    suite: str = "energy-domain"
    benchmark: str | None = None
    system: str | None = None
    hyperparameters: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    caveats: dict[str, list[str]] = field(default_factory=dict)


STATISTICS = ("pv_mean", "pv_std", "load_mean", "load_std")
UNIT_CORRECTED = {name: ["unit-corrected"] for name in CARBON if "Energy" in name}
INFERRED = ["unit-inferred"]
REAL = {
    "raw-vectors/anticipate_leonardo.csv": Table(
        1400, RAW, "energy-domain", "anticipate", "leonardo", ("nScenarios",), ("PV(kW)", "Load(kW)"),
        UNIT_CORRECTED | {
            "memPeak(MB)": ["unit-corrected"], "memAvg(MB)": ["shared-process"],
            "CO2e(kg)": ["location-unreliable"], "CO2eRate(kg/s)": ["location-unreliable"],
        },
    ),
    "sustainable/anticipate_mbp19.csv": Table(
        3000, DISPATCH, "energy-domain", "anticipate", "mbp19", ("nScenarios",), STATISTICS, UNIT_CORRECTED
    ),
    "sustainable/contingency_leonardo.csv": Table(
        3000, DISPATCH, "energy-domain", "contingency", "leonardo", ("nTraces",), STATISTICS, UNIT_CORRECTED
    ),
    "reduced-pc/contingency_pc.csv": Table(
        10000, WITHOUT_UNITS, "energy-domain", "contingency", "pc", ("nTraces",), STATISTICS,
        dict.fromkeys(WITHOUT_UNITS, INFERRED),
    ),
    "maxflow/bk_leonardo.csv": Table(
        2122, MAX_FLOW, "energy-domain", "max-flow", "leonardo", (), ("nodes", "arcs"), UNIT_CORRECTED
    ),
    "maxflow/hpf_mbp19.csv": Table(
        1108, MAX_FLOW, "energy-domain", "max-flow", "mbp19", (), ("nodes", "arcs"), UNIT_CORRECTED
    ),
    "hada-transprecision/saxpy_pc.csv": Table(
        10000, KERNEL, "transprecision", "saxpy", "pc", ("var_0", "var_1", "var_2"), (), dict.fromkeys(KERNEL, INFERRED)
    ),
    "hada-transprecision/toyalgstr_vm.csv": Table(
        4, TOY, "ai4europe", "toyalgstr", "vm", ("cat_0", "cat_1", *(f"var_{n}" for n in range(7)))
    ),
    "inputs/emissions.csv": Table(1, TRACKER, "codecarbon", "anticipate-ins-5-ns-4"),
    "synthetic/synthetic-ANTICIPATE_dataset.csv": Table(
        6, DISPATCH, "energy-domain", "anticipate", None, ("nScenarios",), ("PV(kW)", "Load(kW)")
    ),
    "synthetic/synthetic-CONTINGENCY_dataset.csv": Table(
        6, DISPATCH, "energy-domain", "contingency", None, ("nTraces",), ("PV(kW)", "Load(kW)")
    ),
}  # fmt: skip
SKIPPED = {
    "SOURCES.md": "not recognised",
    "hada-transprecision/SOURCES.md": "not recognised",
    "inputs/InstancesTest.csv": "30 problem instances (PV and load), no results",
    "inputs/PricesGME.csv": "24 hourly prices, an input of the algorithms, no results",
    "inputs/carbon_intensity_conversion_factors.json": "carbon intensities of countries, no results",
}
LOST_COMPANION = "a descriptor of the vertical matchmaking whose table is not here"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def numbers(cell: str) -> list[float]:
    """Return the numbers of an array as numpy prints it."""
    return [float(part) for part in cell.strip("[] \n").split()]


@dataclass(frozen=True)
class Truth:
    """The real tables, their records by file in the order of the rows, and what the conversion said."""

    root: Path
    tables: dict[str, Table]
    records: dict[str, list[Record]]
    account: Any
    package: Path


LONGEST = ("reduced-pc/contingency_pc.csv", "hada-transprecision/saxpy_pc.csv")
CUT = 200


def cut(samples: Path, root: Path) -> dict[str, Table]:
    """Copy the real tables, without most rows of the longest."""
    shutil.copytree(samples, root, copy_function=shutil.copyfile)
    tables = dict(REAL)
    for name in LONGEST:
        lines = (root / name).read_text("utf-8").splitlines(keepends=True)
        (root / name).write_text("".join(lines[: 1 + CUT]), "utf-8")
        tables[name] = replace(REAL[name], rows=CUT)
    return tables


@pytest.fixture(scope="module", params=["cut", pytest.param("whole", marks=pytest.mark.slow)])
def truth(
    request: pytest.FixtureRequest, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> Truth:
    place = tmp_path_factory.mktemp("energy")
    package = place / "package"
    root, tables = samples / "energy", REAL
    if request.param == "cut":
        root = place / "energy"
        tables = cut(samples / "energy", root)
    account = convert(root).write(package)
    found: dict[str, list[Record]] = {}
    with open_package(package) as opened:
        for record in opened.records():
            assert record.provenance and record.provenance.sources
            found.setdefault(record.provenance.sources[0].path, []).append(record)
    by_file = {
        path.relative_to(root).as_posix(): found.get(path.name, [])
        for path in sorted(root.rglob("*.csv"))
    }
    return Truth(root, tables, by_file, account, package)


def pairs(truth: Truth, name: str) -> Iterator[tuple[int, dict[str, str], Record]]:
    rows = rows_of(truth.root / name)
    yield from (
        (n, row, record)
        for n, (row, record) in enumerate(zip(rows, truth.records[name], strict=True), start=1)
    )


@pytest.mark.parametrize("name", REAL)
def test_every_row_is_a_record_and_stands_where_it_says(truth: Truth, name: str) -> None:
    known = truth.tables[name]
    assert len(rows_of(truth.root / name)) == len(truth.records[name]) == known.rows
    for number, _, record in pairs(truth, name):
        assert record.provenance and record.provenance.sources
        assert record.provenance.sources[0].locator == f"row={number}"
        assert record.status == "ok"


@pytest.mark.parametrize("name", REAL)
def test_every_value_is_the_cell_converted(truth: Truth, name: str) -> None:
    for number, row, record in pairs(truth, name):
        measured = {m.key: m for m in record.measurements or ()}
        wanted = {key for column, (key, _) in REAL[name].columns.items() if column in row}
        more = set(measured) - wanted
        assert more == (
            {("energy", "", "whole-run", "", "gpu"), ("power", "single", "whole-run", "", "gpu")}
            if "run_id" in row
            else set()
        )
        for column, (key, factor) in REAL[name].columns.items():
            if column not in row:
                continue
            m = measured[key]
            assert m.reported_value == row[column], (name, number, column)
            value = float(Decimal(row[column]) * factor)
            below_average = (
                key == PEAK
                and "gpuAvg(MB)" in row
                and Decimal(row[column]) * 1000 < Decimal(row["memAvg(MB)"])
            )
            assert m.value == (None if below_average else value), (name, number, column)
            assert m.missing == ("invalid-in-source" if below_average else None)


@pytest.mark.parametrize("name", REAL)
def test_every_doubt_is_a_caveat(truth: Truth, name: str) -> None:
    known = REAL[name]
    by_key = {key: known.caveats.get(column) for column, (key, _) in known.columns.items()}
    for _, _, record in pairs(truth, name):
        for m in record.measurements or ():
            assert (m.caveats or None) == by_key.get(m.key), m.key


@pytest.mark.parametrize("name", REAL)
def test_every_record_says_what_ran_where_on_what(truth: Truth, name: str) -> None:
    known = REAL[name]
    for _, row, record in pairs(truth, name):
        assert (record.benchmark.suite, record.benchmark.name) == (known.suite, known.benchmark)
        assert (record.system.id if record.system else None) == (
            known.system or (record.system and record.system.id)
        )
        given = (record.configuration.hyperparameters if record.configuration else None) or {}
        assert set(given) == set(known.hyperparameters)
        for parameter, value in given.items():
            assert value == (row[parameter] if isinstance(value, str) else float(row[parameter]))
        assert [item.values for item in record.inputs or ()] == [
            numbers(row[column]) for column in known.inputs
        ]
        assert all(
            len(item.values) == (96 if "(kW)" in column else 1)
            for item, column in zip(record.inputs or (), known.inputs, strict=True)
        )


def test_the_platform_of_the_published_names_is_not_known(truth: Truth) -> None:
    for name in (
        "synthetic/synthetic-ANTICIPATE_dataset.csv",
        "synthetic/synthetic-CONTINGENCY_dataset.csv",
    ):
        assert {record.system for record in truth.records[name]} == {None}


def test_counts_equal_an_independent_count(truth: Truth) -> None:
    counted = sum(len(rows_of(truth.root / name)) for name in REAL)
    assert (truth.account.total("records"), truth.account.total("rows")) == (counted, counted)
    lines = (truth.root / "raw-vectors" / "anticipate_leonardo.csv").read_text().count("\n")
    assert lines == 21_001  # 15 physical lines a record, and the header


def test_every_file_is_in_the_account_with_its_reason(truth: Truth) -> None:
    skipped = {
        entry.path: str(entry.reason) for entry in truth.account.files if entry.role == "skipped"
    }
    companions = {
        p.relative_to(truth.root).as_posix() for p in (truth.root / "configs").glob("*.json")
    }
    there = {name for name in SKIPPED if (truth.root / name).is_file()}
    assert set(skipped) == there | companions
    assert all(skipped[name].startswith(SKIPPED[name]) for name in there)
    assert {skipped[name] for name in companions} == {LOST_COMPANION}
    assert {e.path for e in truth.account.files if e.role == "primary"} == set(REAL)
    supporting = {"hada-transprecision/saxpy_pc.json", "hada-transprecision/toyalgstr_vm.json"}
    assert {e.path for e in truth.account.files if e.role == "supporting"} == supporting
    assert [e.path for e in truth.account.files if e.role == "failed"] == []


def test_the_package_of_the_samples_has_no_error(truth: Truth) -> None:
    report = validate(truth.package)
    assert (report.errors, report.records) == (
        0,
        sum(table.rows for table in truth.tables.values()),
    )
    # The carbon intensity that some tables themselves give for their shortest runs.
    assert {finding.code for finding in report.findings} <= {"BF435"}


def test_what_is_wrong_with_the_samples_is_told(truth: Truth) -> None:
    told = Counter(
        (finding.path, finding.code, finding.column) for finding in truth.account.findings
    )
    carbon = (
        "anticipate_leonardo.csv",
        "anticipate_mbp19.csv",
        "bk_leonardo.csv",
        "contingency_leonardo.csv",
        "hpf_mbp19.csv",
    )
    assert told == Counter(
        {
            **{(name, "BF207", "cpuEnergy(kW)"): 1 for name in carbon},
            ("anticipate_leonardo.csv", "BF302", "country"): 1,
            ("anticipate_leonardo.csv", "BF403", "memPeak(MB)"): 2,
            ("bk_leonardo.csv", "BF302", "CO2e(kg)"): 1,
            ("synthetic-ANTICIPATE_dataset.csv", "BF102", None): 1,
            ("synthetic-CONTINGENCY_dataset.csv", "BF102", None): 1,
            ("toyalgstr_vm.csv", "BF102", "time"): 1,
            ("toyalgstr_vm.csv", "BF102", "memory"): 1,
        }
    )


def test_the_peak_is_corrected_where_it_is_proven_and_has_no_value_where_it_contradicts(
    truth: Truth,
) -> None:
    peaks = [
        m
        for r in truth.records["raw-vectors/anticipate_leonardo.csv"]
        for m in r.measurements or ()
        if m.key == PEAK
    ]
    assert Counter(m.missing for m in peaks) == {None: 1103, "invalid-in-source": 297}
    assert {m.reported_unit for m in peaks if m.value is not None} == {"GBy"}
    words = {
        json.dumps((r.extensions or {})["energy-domain"]["corrected_units"])
        for r in truth.records["raw-vectors/anticipate_leonardo.csv"]
    }
    assert len(words) == 1
    assert json.loads(words.pop())["memPeak(MB)"] == "GB"


def test_emissions_carry_country_and_carbon_intensity(truth: Truth) -> None:
    for record in truth.records["raw-vectors/anticipate_leonardo.csv"]:
        said = (record.extensions or {})["energy-domain"]
        assert (said["country"], said["region"], said["cpuCount"]) == ("Canada", "quebec", "4")
        assert 0.00236 < float(said["carbon_intensity_kg_per_kwh"]) < 0.0024
    italy = truth.records["sustainable/contingency_leonardo.csv"]
    assert {
        (r.extensions or {})["energy-domain"]["carbon_intensity_kg_per_kwh"] for r in italy
    } == {"0.340794"}


def said(record: Record, name: str) -> Any:
    return (record.extensions or {}).get("energy-domain", {}).get(name)


def test_an_instance_is_one_in_every_layout(truth: Truth) -> None:
    raw = truth.records["raw-vectors/anticipate_leonardo.csv"]
    assert (
        len({said(r, "instance") for r in raw})
        == len({said(r, "instance_statistics") for r in raw})
        == 14
    )
    listed = rows_of(truth.root / "inputs" / "InstancesTest.csv")
    ids = {rules.instance_id(numbers(row["PV(kW)"]), numbers(row["Load(kW)"])) for row in listed}
    assert {said(r, "instance") for r in raw} <= ids
    reduced = {
        said(r, "instance_statistics") for r in truth.records["sustainable/anticipate_mbp19.csv"]
    }
    assert len(reduced) == 30
    assert {said(r, "instance_statistics") for r in raw} <= reduced
    # The cost is the same wherever the same instance was solved with the same parameter.
    cost = {
        (said(r, "instance_statistics"), str(r.configuration)): m.value
        for r in truth.records["sustainable/anticipate_mbp19.csv"]
        for m in r.measurements or ()
        if m.key == COST
    }
    for record in raw:
        value = next(m.value for m in record.measurements or () if m.key == COST)
        assert cost[(said(record, "instance_statistics"), str(record.configuration))] == value


def test_repeats_are_kept(truth: Truth) -> None:
    seen = Counter(
        (said(r, "instance_statistics"), str(r.configuration))
        for r in truth.records["reduced-pc/contingency_pc.csv"]
    )
    instances, repeats = (72, 2800) if truth.tables is REAL else (72, 56)
    assert len({key for key, _ in seen}) == instances
    assert sum(count - 1 for count in seen.values()) == repeats


def test_the_models_of_the_flow_tables_are_the_vocabularys(truth: Truth) -> None:
    found = Counter(r.model.name for r in truth.records["maxflow/bk_leonardo.csv"] if r.model)
    words = Counter(row["algorithm"] for row in rows_of(truth.root / "maxflow" / "bk_leonardo.csv"))
    names = {
        "BK": "boykov-kolmogorov",
        "MBK": "boykov-kolmogorov-modified",
        "MBK2": "boykov-kolmogorov-modified-2",
    }
    assert found == Counter({names[word]: count for word, count in words.items()})
    assert {said(r, "asset") for r in truth.records["maxflow/bk_leonardo.csv"]} == {"bk"}


def test_times_of_the_kernels_are_differences_of_a_clock_in_seconds(truth: Truth) -> None:
    # Python's time.time() is a double near 1.6e9: differences are multiples of 2**-22 s, in seconds only.
    times = [
        float(row["time"]) for row in rows_of(truth.root / "hada-transprecision" / "saxpy_pc.csv")
    ]
    assert sum((time * 2**22).is_integer() for time in times) > 0.7 * len(times)


# --- whole files, written here ---


def cell(values: Any) -> str:
    with np.printoptions(linewidth=75, threshold=1000):
        return f'"{np.array(values)}"'


@pytest.mark.slow
def test_a_raw_table_of_1400_records_comes_through_whole(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    instances = [
        (random.uniform(0, 800, 96).round(1), random.uniform(80, 700, 96).round(1))
        for _ in range(14)
    ]
    rows = [(i, n) for i in range(14) for n in range(1, 101)]
    rows[5] = rows[4]  # a repeat
    lines = ["PV(kW),Load(kW),nScenarios,sol(keuro),time(sec),memAvg(MB)"]
    lines += [
        f"{cell(instances[i][0])},{cell(instances[i][1])},{n},{300 + i},{n + 0.5},80.5"
        for i, n in rows
    ]
    path = tmp_path / "anticipate_vm.csv"
    path.write_text("\n".join(lines) + "\n")
    physical = path.read_text().count("\n")
    assert physical > 1400 * 15  # records of many lines each
    records = list(convert(path))
    assert len(records) == len(rows_of(path)) == 1400
    for (i, n), record in zip(rows, records, strict=True):
        assert [list(item.values) for item in record.inputs or ()] == [
            list(instances[i][0]),
            list(instances[i][1]),
        ]
        assert record.configuration and record.configuration.hyperparameters == {"nScenarios": n}
    assert len({said(r, "instance") for r in records}) == 14
    assert len({r.id for r in records}) == 1400


def test_a_reduced_table_of_10000_records_comes_through_whole(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    instances = [random.uniform(150, 300, 4).tolist() for _ in range(72)]
    rows = [(instances[k % 72], n) for n in range(1, 101) for k in range(100)]
    text = "".join(f"{n},{','.join(map(repr, i))},300.5,{n}.25,{80 + n / 100}\n" for i, n in rows)
    path = tmp_path / "contingency_pc.csv"
    path.write_text("nTraces,pv_mean,pv_std,load_mean,load_std,sol,time,memory\n" + text)
    account = convert(path).write(tmp_path / "package")
    assert (account.total("rows"), account.total("records"), account.ok) == (10_000, 10_000, True)
    assert validate(tmp_path / "package").findings == []
    with open_package(tmp_path / "package") as package:
        seen = Counter(
            (said(r, "instance_statistics"), str(r.configuration)) for r in package.records()
        )
    assert (len(seen), sum(seen.values())) == (7_200, 10_000)


# --- small fixtures and expected records, kept whole ---


CASES = sorted(path.name for path in FIXTURES.iterdir())


def converted(source: Path, **options: str) -> tuple[list[Record], Any]:
    conversion = convert(source, "energy-domain", **options)
    return list(conversion), conversion.account


@pytest.mark.parametrize("case", CASES)
def test_a_fixture_gives_its_expected_records(
    case: str, golden: Callable[[str, Any], None]
) -> None:
    records, account = converted(FIXTURES / case)
    told = account.to_dict()
    plain = [record.to_dict() for record in records]
    for record in plain:  # a vector of 96 numbers says nothing to a reader of differences
        for item in record.get("inputs", []):
            item["values"] = [len(item["values"]), *item["values"][:1], math.fsum(item["values"])]
    golden(
        f"energy/{case}", {"files": told["entries"], "findings": told["findings"], "records": plain}
    )


def test_the_converter_keeps_its_promises(two_processes: Executor) -> None:
    sound = [case for case in CASES if case != "faulty"]
    accounts = check_converter(
        "energy-domain", [FIXTURES / case for case in sound], executor=two_processes
    )
    assert [account.total("records") for account in accounts] == [3, 1, 4, 3, 3, 3, 3]


def test_a_contradiction_that_proves_no_unit_stays_and_is_an_error(tmp_path: Path) -> None:
    convert(FIXTURES / "faulty").write(tmp_path / "package")
    assert [finding.code for finding in validate(tmp_path / "package").findings] == ["BF403"]


def test_options_say_what_the_files_do_not(tmp_path: Path) -> None:
    options = {"system": "pc", "version": "10.5281/zenodo.5838437", "country": "Italy"}
    records, account = converted(FIXTURES / "d63", **options)
    assert {r.system.id for r in records if r.system} == {"pc"}
    assert {r.benchmark.suite_version for r in records} == {"10.5281/zenodo.5838437"}
    assert {said(r, "country") for r in records} == {"Italy"}
    assert account.findings == []


def test_a_country_that_is_given_and_wrong_is_told(tmp_path: Path) -> None:
    text = (FIXTURES / "reduced" / "contingency_mbp19.csv").read_text()
    (tmp_path / "contingency_leonardo.csv").write_text(text)
    records, _ = converted(tmp_path, country="France")
    doubts = {m.metric: m.caveats for m in records[0].measurements or ()}
    assert doubts["emissions"] == doubts["emissions-rate"] == ["location-unreliable"]


def test_a_companion_that_names_the_platform_is_heard_and_one_that_does_not_fit_is_told() -> None:
    records, account = converted(FIXTURES / "reduced")
    assert {r.system.id for r in records if r.system} == {"mbp19"}
    told = {(f.column, f.path) for f in account.findings if f.code == "BF102"}
    assert told == {("CO2eq(kg)", "contingency_mbp19.json"), ("CO2e(kg)", "contingency_mbp19.json")}


def test_the_real_companion_that_does_not_fit_its_table_is_told(
    samples: Path, tmp_path: Path
) -> None:
    source = samples / "energy"
    (tmp_path / "bk_leonardo.csv").write_bytes(
        (source / "maxflow" / "bk_leonardo.csv").read_bytes()
    )
    config = source / "configs" / "bk_leonardo.sustainable-hw-dimensioning.json"
    (tmp_path / "bk_leonardo.json").write_bytes(config.read_bytes())
    conversion = convert(tmp_path)
    assert len(list(conversion)) == 2122
    told = [
        (f.column, f.message) for f in conversion.account.findings if f.path == "bk_leonardo.json"
    ]
    assert told == [
        ("CO2e(kg)", "does not describe column 'CO2e(kg)' of bk_leonardo.csv"),
        ("CO2eq(kg)", "describes column 'CO2eq(kg)', which bk_leonardo.csv does not have"),
    ]


def test_a_companion_of_another_platform_is_told(tmp_path: Path) -> None:
    text = (FIXTURES / "reduced" / "contingency_mbp19.csv").read_text()
    (tmp_path / "contingency_vm.csv").write_text(text)
    (tmp_path / "contingency_vm.json").write_text(
        (FIXTURES / "reduced" / "contingency_mbp19.json").read_text()
    )
    records, account = converted(tmp_path)
    assert {r.system.id for r in records if r.system} == {"vm"}
    assert [f.message for f in account.findings if f.column == "HW_ID"] == [
        "the companion says HW_ID 'mbp19', the table's name says 'vm'; the name is taken"
    ]


def test_a_table_with_bare_carriage_returns_is_read(tmp_path: Path) -> None:
    text = (FIXTURES / "without-units" / "anticipate_pc.csv").read_bytes().replace(b"\n", b"\r")
    (tmp_path / "anticipate_pc.csv").write_bytes(text)
    records, account = converted(tmp_path)
    assert (len(records), account.ok) == (3, True)


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("nScenarios,p,[,l,r,*,time,sol", {"p": "2", "[": "3", "l": "4", "r": "5", "*": "6"}),
        (
            "nScenarios,p,^s.*$,l,r,y,time,sol",
            {"p": "2", "^s.*$": "3", "l": "4", "r": "5", "y": "6"},
        ),
        ("nScenarios,p,r,n,,y,time,sol", {"p": "2", "r": "3", "n": "4", "field5": "5", "y": "6"}),
    ],
)
def test_names_that_are_patterns_or_none_are_names(
    tmp_path: Path, header: str, kept: dict[str, str]
) -> None:
    path = tmp_path / "anticipate_pc.csv"
    path.write_text(f"{header}\n,,,,,,,\n1,2,3,4,5,6,7,8\n")
    (record,), account = converted(tmp_path)
    values = {item.metric: item.value for item in record.measurements or ()}
    assert values == {"duration": 7, "cost": 8_000}
    assert record.to_dict()["extensions"]["energy-domain"] == kept
    assert [(item["row"], item["what"]) for item in account.files[0].details] == [(1, "skipped")]


LOOK_ALIKES = {
    "flow of another kind": "algorithm,nodes,arcs\nBK,1,2\n",
    "only the parameter": "nScenarios,colour\n1,red\n",
    "a time and no more": "time,memory\n1,2\n",
    "bits of no known kernel": "var_0,time,memory\n1,2,3\n",
    "a price and an hour": "hour,price\n0,40.5\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "table_pc.csv").write_text(text)
    assert energy.detect(Source(tmp_path)) is None


def test_files_without_results_are_known_and_not_converted(tmp_path: Path) -> None:
    (tmp_path / "PricesGME.csv").write_bytes((FIXTURES / "inputs" / "PricesGME.csv").read_bytes())
    match = energy.detect(Source(tmp_path))
    assert match is not None
    assert match.sureness < 0.5
    assert [item.reason for item in energy.plan(Source(tmp_path), {})] == [  # type: ignore[union-attr]
        "3 hourly prices, an input of the algorithms, no results"
    ]


def test_an_instance_id_is_of_the_numbers_not_of_their_spelling() -> None:
    assert rules.instance_id([1.0, 2.5], [3.0]) == rules.instance_id([1, 2.5], [3])
    assert rules.instance_id([1.0], [2.0]) != rules.instance_id([2.0], [1.0])
    mean, deviation = rules.mean_and_deviation([1.0, 2.0, 3.0, 4.0])
    assert (mean, deviation) == (2.5, math.sqrt(1.25))
    assert rules.statistics_id(mean, deviation, 1, 2) == rules.statistics_id(
        2.5000000000000004, deviation, 1, 2
    )


def with_columns(case: str, tmp_path: Path, more: Mapping[str, str]) -> Path:
    """Return the table of a fixture with columns that hold one text in all rows."""
    (source,) = (FIXTURES / case).glob("*.csv")
    header, *rows = csv.reader(source.read_text().splitlines(keepends=True))
    path = tmp_path / source.name
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header, *more])
        writer.writerows([*row, *more.values()] for row in rows)
    return path


def test_columns_that_are_called_as_what_is_worked_out_are_kept(tmp_path: Path) -> None:
    names = (
        "instance",
        "instance_statistics",
        "instance_statistics_",
        "carbon_intensity_kg_per_kwh",
        "PV_as_written",
        "__peak",
    )
    more = {name: f"of the table: {name}" for name in names}
    plain = list(convert(FIXTURES / "raw", "energy-domain"))
    records, account = converted(with_columns("raw", tmp_path, more))
    assert len(records) == len(plain) > 0
    own = {
        "instance": "instance_",
        "instance_statistics": "instance_statistics__",
        "carbon_intensity_kg_per_kwh": "carbon_intensity_kg_per_kwh_",
    }
    for before, after in zip(plain, records, strict=True):
        assert {name: said(after, name) for name in names} == more
        worked_out = {name: said(after, other) for name, other in own.items()}
        assert worked_out == {name: said(before, name) for name in own}
        assert [item.to_dict() for item in after.measurements or ()] == [
            item.to_dict() for item in before.measurements or ()
        ]
    told = {item.column for item in account.findings if "is kept as" in item.message}
    assert told == {*own, "PV_as_written"}


def test_columns_that_are_called_as_what_the_table_says_are_kept(tmp_path: Path) -> None:
    more = {"asset": "mine", "corrected_units": "none"}
    (plain, *_) = convert(FIXTURES / "max-flow", "energy-domain")
    records, account = converted(with_columns("max-flow", tmp_path, more))
    for record in records:
        assert said(record, "asset") == said(plain, "asset") == "hpf"
        assert (said(record, "asset_"), said(record, "corrected_units")) == ("mine", "none")
    assert {item.column for item in account.findings if "is kept as" in item.message} == {"asset"}
