"""CodeCarbon's files: running totals are not runs, and what columns mean in which version."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert, validate
from benchfmt.finding import BenchfmtError

WATT_HOUR = 3600
OLD = ("timestamp", "project_name", "duration", "emissions", "energy_consumed", "country_name", "country_iso_code",
       "region", "on_cloud", "cloud_provider", "cloud_region")  # fmt: skip
NEW = ("timestamp", "project_name", "run_id", "duration", "emissions", "emissions_rate", "cpu_power", "gpu_power",
       "ram_power", "cpu_energy", "gpu_energy", "ram_energy", "energy_consumed", "country_name", "country_iso_code",
       "region", "os", "python_version", "codecarbon_version", "cpu_count", "cpu_model", "gpu_count", "gpu_model",
       "tracking_mode", "on_cloud", "pue")  # fmt: skip
LATEST = (*NEW[:3], "experiment_id", *NEW[3:13], "water_consumed", *NEW[13:24], "cpu_utilization_percent",
          "gpu_utilization_percent", "ram_utilization_percent", "ram_used_gb", *NEW[24:], "wue")  # fmt: skip
TASKS = (
    "task_name",
    *(name for name in LATEST if name not in ("experiment_id", "region", "pue", "wue")),
)


def cells(
    run: str, minute: int, seconds: float, energy: float | None, **more: Any
) -> dict[str, str]:
    """Return a row of a run after some seconds, with its energy in kWh: half of the cpu, a quarter each of the others."""
    emissions = None if energy is None else energy / 4
    return {
        "timestamp": f"2020-01-02T10:{minute:02}:00", "project_name": "lamp", "run_id": run, "duration": str(seconds),
        "emissions": "" if emissions is None else str(emissions),
        "emissions_rate": "" if emissions is None else str(emissions / seconds),
        "cpu_power": "20.5", "gpu_power": "0.0", "ram_power": "4.0",
        "cpu_energy": "" if energy is None else str(energy / 2), "gpu_energy": "" if energy is None else str(energy / 4),
        "ram_energy": "" if energy is None else str(energy / 4), "energy_consumed": "" if energy is None else str(energy),
        "country_name": "Norway", "country_iso_code": "NOR", "region": "oslo", "os": "Linux", "python_version": "3.12.1",
        "codecarbon_version": "2.4.0", "cpu_count": "8", "cpu_model": "Example CPU", "tracking_mode": "machine",
        "on_cloud": "N", "pue": "1.0", **{name: str(value) for name, value in more.items()},
    }  # fmt: skip


def text(header: tuple[str, ...], *rows: dict[str, str]) -> str:
    lines = [",".join(row.get(name, "") for name in header) for row in rows]
    return "\n".join((",".join(header), *lines, ""))


def write(path: Path, header: tuple[str, ...], *rows: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(header, *rows))
    return path


def run(source: Path) -> tuple[list[Record], Any]:
    conversion = convert(source)
    records = list(conversion)
    conversion.write(
        source.parent / "package"
        if source.is_file()
        else source.with_name(f"{source.name}-package"),
        replace=True,
    )
    assert validate(
        source.parent / "package"
        if source.is_file()
        else source.with_name(f"{source.name}-package")
    ).ok
    return records, conversion.account


def of(record: Record, metric: str, scope: str = "") -> Any:
    return next(
        m for m in record.measurements or () if m.metric == metric and (m.scope or "") == scope
    )


def energy(record: Record) -> float | None:
    """Return the energy of the node in watt-hours."""
    joule = of(record, "energy", "node").value
    return None if joule is None else round(joule / WATT_HOUR, 9)


def skipped(account: Any) -> list[tuple[int, str]]:
    return [pair for entry in account.files for pair in entry.to_dict().get("skipped_rows", [])]


def test_the_last_row_of_a_run_is_the_run(tmp_path: Path) -> None:
    rows = [cells("a", 1, 60, 0.001), cells("a", 2, 120, 0.002), cells("a", 3, 180, 0.004)]
    records, account = run(write(tmp_path / "emissions.csv", NEW, *rows))
    assert [energy(record) for record in records] == [4]
    assert (of(records[0], "duration").value, records[0].status) == (180, "ok")
    assert records[0].provenance and records[0].provenance.execution == "a"
    assert (account.total("rows"), account.total("converted"), account.total("skipped")) == (
        3,
        1,
        2,
    )


def test_runs_may_stand_among_one_another_and_projects_too(tmp_path: Path) -> None:
    rows = [
        cells("a", 1, 60, 0.001), cells("b", 2, 30, 0.010), cells("a", 3, 180, 0.003), cells("c", 4, 9, 0.5),
        cells("b", 5, 90, 0.020), cells("b", 5, 91, 0.021, project_name="desk"),
    ]  # fmt: skip
    records, account = run(write(tmp_path / "emissions.csv", NEW, *rows))
    assert {(r.benchmark.name, energy(r)) for r in records} == {
        ("lamp", 3), ("lamp", 20), ("lamp", 500), ("desk", 21),
    }  # fmt: skip
    assert account.total("skipped") == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_the_rows_does_not_matter(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [cells("a", 1, 60, 0.001), cells("a", 2, 120, 0.002), cells("a", 3, 180, 0.004)]
    for header in (NEW, NEW[1:]):
        records, _ = run(
            write(tmp_path / "emissions.csv", header, *(rows[index] for index in order))
        )
        assert [energy(record) for record in records] == [4]


def test_a_counter_that_begins_anew_is_another_result(tmp_path: Path) -> None:
    rows = [
        cells("a", 1, 60, 0.002),
        cells("a", 2, 120, 0.005),
        cells("a", 9, 30, 0.001),
        cells("a", 10, 90, 0.004),
    ]
    records, _ = run(write(tmp_path / "emissions.csv", NEW, *rows))
    assert [energy(record) for record in records] == [5, 4]


def test_a_last_row_without_energy_does_not_hide_the_total(tmp_path: Path) -> None:
    rows = [cells("a", 1, 60, 0.001), cells("a", 2, 120, 0.002), cells("a", 3, 180, None)]
    records, account = run(write(tmp_path / "emissions.csv", NEW, *rows))
    assert [energy(record) for record in records] == [2]
    assert account.total("skipped") == 2


def test_files_that_were_joined_are_read_each_with_its_header(tmp_path: Path) -> None:
    new = text(NEW, cells("a", 1, 60, 0.001), cells("a", 2, 120, 0.002))
    again = text(NEW, cells("b", 3, 60, 0.003))
    latest = text(
        LATEST, cells("c", 4, 60, 0.004, cpu_utilization_percent=25, codecarbon_version="3.3.2")
    )
    old = text(OLD, cells("", 5, 60, 0.005))
    (tmp_path / "all.csv").write_text(new + again + latest + old)
    records, account = run(tmp_path / "all.csv")
    assert [energy(record) for record in records] == [2, 3, 4, 5]
    assert of(records[2], "utilization", "cpu").value == 0.25
    assert (account.total("rows"), account.total("skipped"), account.total("failed")) == (8, 4, 0)


def test_the_first_rows_of_a_run_may_stand_in_a_backup(tmp_path: Path) -> None:
    source = tmp_path / "logs"
    write(source / "emissions.csv.bak", NEW, cells("a", 1, 60, 0.001), cells("b", 1, 60, 0.007))
    write(source / "emissions.csv", LATEST, cells("a", 2, 120, 0.002))
    records, account = run(source)
    assert [energy(record) for record in records] == [2, 7]
    assert account.total("skipped") == 1


@pytest.mark.parametrize(
    ("files", "aside"),
    [
        ({"emissions.csv": (30,), "emissions.csv.bak": (10, 20)}, "emissions.csv.bak"),
        ({"a.csv": (30,), "b.csv": (30,)}, "a.csv"),
        ({"first.csv": (10,), "second.csv": (40, 50)}, "first.csv"),
    ],
)
def test_a_file_of_running_totals_alone_holds_no_result_and_is_no_fault(
    tmp_path: Path, files: dict[str, tuple[int, ...]], aside: str
) -> None:
    for name, seconds in files.items():
        rows = [cells("r", number, number, number / 1000, gpu_count="0") for number in seconds]
        write(tmp_path / "in" / name, (*NEW, "gpu_utilization_percent"), *rows)
    records, account = run(tmp_path / "in")
    assert len(records) == 1
    assert account.ok
    (entry,) = [entry for entry in account.files if entry.path == aside]
    assert (entry.role, entry.reason) == ("skipped", "none of its rows holds a result")


@pytest.mark.parametrize(
    "left", [("run_id",), ("project_name", "run_id"), ("tracking_mode", "run_id")]
)
def test_a_table_of_few_of_its_columns_is_told(tmp_path: Path, left: tuple[str, ...]) -> None:
    path = write(tmp_path / "few.csv", (*left, "duration", "emissions"), cells("r", 1, 10, 0.5))
    with pytest.raises(BenchfmtError, match=f"it has {', '.join(sorted(left))}; 3 tell one"):
        convert(path)


def test_a_copy_of_a_file_counts_once(tmp_path: Path) -> None:
    source = tmp_path / "logs"
    for name in ("emissions.csv", "emissions (copy).csv"):
        write(source / name, NEW, cells("a", 1, 60, 0.001), cells("a", 2, 120, 0.002))
    assert [energy(record) for record in run(source)[0]] == [2]


def test_rows_without_a_run_are_kept_and_marked_where_they_may_be_parts(tmp_path: Path) -> None:
    rows = [
        cells("", 1, 60, 0.001),
        cells("", 2, 120, 0.002),
        cells("", 9, 30, 0.004),
        cells("", 3, 179, 0.003),
    ]
    records, account = run(write(tmp_path / "emissions.csv", NEW, *rows))
    assert [(energy(r), r.status) for r in records] == [
        (1, "incomplete"),
        (2, "incomplete"),
        (4, "ok"),
        (3, "ok"),
    ]
    assert of(records[0], "energy", "node").caveats == ["partial-run"]
    assert of(records[3], "energy", "node").caveats is None
    assert [finding.message for finding in account.findings] == [
        "2 rows have no run_id and began when a later row did: of one run, or of several at once"
    ]


def test_tasks_stand_for_themselves_and_their_sum_does_not_count_again(tmp_path: Path) -> None:
    source = tmp_path / "logs"
    tasks = [
        cells("a", 1, 10, 0.001, task_name="load"),
        cells("a", 1, 20, 0.003, task_name="train"),
    ]
    write(source / "emissions_x_a.csv", TASKS, *tasks)
    write(source / "emissions.csv", LATEST, cells("a", 1, 20, 0.004), cells("b", 2, 60, 0.5))
    records, account = run(source)
    assert [energy(record) for record in records] == [500, 1, 3]
    assert [r.configuration.hyperparameters for r in records if r.configuration] == [
        {"task_name": "load"}, {"task_name": "train"},
    ]  # fmt: skip
    assert account.total("skipped") == 1


def test_more_energy_than_that_of_the_tasks_is_kept_without_what_is_of_the_last_task(
    tmp_path: Path,
) -> None:
    source = tmp_path / "logs"
    write(source / "emissions_x_a.csv", TASKS, cells("a", 1, 10, 0.001, task_name="load"))
    write(source / "emissions.csv", LATEST, cells("a", 1, 20, 0.004))
    (whole, _), _ = run(source)
    assert energy(whole) == 4
    assert {of(whole, name).missing for name in ("duration", "emissions-rate")} == {
        "invalid-in-source"
    }
    assert of(whole, "power", "cpu").missing == "invalid-in-source"


def test_a_task_that_is_written_twice_counts_once(tmp_path: Path) -> None:
    row = cells("a", 1, 10, 0.001, task_name="load")
    records, _ = run(
        write(
            tmp_path / "emissions_x_a.csv", TASKS, row, cells("a", 1, 5, 0.002, task_name="y"), row
        )
    )
    assert sorted(energy(record) or 0 for record in records) == [1, 2]


# --- versions ---


def test_the_first_versions_have_no_run_and_no_rate(tmp_path: Path) -> None:
    rows = [cells("", 1, 60, 0.001), cells("", 9, 30, 0.002)]
    for header in (OLD, (OLD[0], "experiment_id", *OLD[1:])):
        records, account = run(write(tmp_path / "emissions.csv", header, *rows))
        assert [energy(record) for record in records] == [1, 2]
        assert (of(records[0], "emissions").primary, account.findings) == (True, [])


BEFORE = tuple(name for name in NEW if name not in ("codecarbon_version", "pue"))


def test_before_2_2_0_the_rate_is_in_grams(tmp_path: Path) -> None:
    # 0.5 kWh give 0.125 kg in 50 s: 2.5 g/s.
    records, _ = run(
        write(tmp_path / "emissions.csv", BEFORE, cells("a", 1, 50, 0.5, emissions_rate=2.5))
    )
    rate = of(records[0], "emissions-rate")
    assert (rate.value, rate.reported_value, rate.reported_unit) == (0.0025, "2.5", "g/s")


def test_since_2_2_0_the_rate_is_in_kilograms(tmp_path: Path) -> None:
    records, _ = run(write(tmp_path / "emissions.csv", NEW, cells("a", 1, 50, 0.5)))
    assert of(records[0], "emissions-rate").value == 0.0025


def test_what_the_rows_prove_of_the_rate_counts_more_than_the_header(tmp_path: Path) -> None:
    # Somebody took the column of versions out.
    records, _ = run(write(tmp_path / "emissions.csv", BEFORE, cells("a", 1, 50, 0.5)))
    assert of(records[0], "emissions-rate").value == 0.0025


def test_a_rate_that_contradicts_the_others_has_no_value(tmp_path: Path) -> None:
    rows = [
        cells("a", 1, 50, 0.5),
        cells("b", 2, 50, 0.5),
        cells("c", 3, 50, 0.5, emissions_rate=2.5),
    ]
    records, account = run(write(tmp_path / "emissions.csv", NEW, *rows))
    assert [of(r, "emissions-rate").missing for r in records] == [None, None, "invalid-in-source"]
    assert "in 1 rows emissions by duration are not the rate in kg/s" in account.findings[0].message


def test_powers_are_single_readings_and_later_means(tmp_path: Path) -> None:
    for header, statistic in ((NEW, "single"), (LATEST, "mean")):
        records, _ = run(write(tmp_path / "emissions.csv", header, cells("a", 1, 50, 0.5)))
        assert of(records[0], "power", "cpu").statistic == statistic
        assert (of(records[0], "power", "cpu").value, of(records[0], "power", "cpu").basis) == (
            20.5,
            "estimated",
        )
        assert of(records[0], "power", "gpu").missing == "not-measured"


def test_utilization_is_a_fraction_and_none_of_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    said = {
        "cpu_utilization_percent": 62.5,
        "gpu_utilization_percent": 0,
        "ram_utilization_percent": 12.5,
    }
    rows = [
        cells("a", 1, 50, 0.5, gpu_count=0, **said),
        cells("b", 2, 50, 0.5, gpu_count=2, **said),
    ]
    records, _ = run(write(tmp_path / "emissions.csv", LATEST, *rows))
    one, other = records
    assert (of(one, "utilization", "cpu").value, of(one, "memory-utilization", "node").value) == (
        0.625,
        0.125,
    )
    assert (of(one, "utilization", "gpu").missing, of(other, "utilization", "gpu").value) == (
        "not-measured",
        0,
    )
    row = cells("a", 1, 50, 0.5, cpu_utilization_percent="0.0", ram_utilization_percent=0)
    records, _ = run(write(tmp_path / "emissions.csv", LATEST, row))
    assert of(records[0], "utilization", "cpu").missing == "not-measured"
    assert of(records[0], "memory-utilization", "node").missing == "not-measured"


def shifted(tmp_path: Path, row: dict[str, str], drop: tuple[str, ...]) -> Path:
    """Return a file whose second row lacks cells, as 3.3.0 appends them."""
    whole = text(LATEST, cells("a", 1, 50, 0.5)).rstrip("\n")
    kept = [row.get(name, "") for name in LATEST if name not in drop]
    path = tmp_path / "emissions.csv"
    path.write_text(f"{whole}\n{','.join(kept)}\n")
    return path


def test_a_shifted_row_is_read_as_far_as_its_columns_are_sure(tmp_path: Path) -> None:
    row = cells("b", 2, 50, 0.25, codecarbon_version="3.3.0")
    records, account = run(shifted(tmp_path, row, ("region", "gpu_model", "wue")))
    other = records[1]
    assert (energy(other), of(other, "emissions").value, of(other, "duration").value) == (
        250,
        0.0625,
        50,
    )
    assert other.system is None
    assert other.software is None
    assert [(f.row, f.message) for f in account.findings] == [
        (
            2,
            "the row has fewer cells than the header: what stands after country_iso_code is not read",
        )
    ]


@pytest.mark.parametrize("drop", [("cpu_power", "wue"), ("ram_energy",), ("country_name",)])
def test_a_row_that_lacks_cells_before_that_is_lost_and_told(
    tmp_path: Path, drop: tuple[str, ...]
) -> None:
    records, account = run(shifted(tmp_path, cells("b", 2, 50, 0.25), drop))
    assert (len(records), account.total("failed")) == (1, 1)


def test_a_table_that_keeps_some_columns_is_read_and_one_without_totals_is_told(
    tmp_path: Path,
) -> None:
    short = ("project_name", "run_id", "duration", "emissions", "country_iso_code")
    records, _ = run(
        write(tmp_path / "co2.csv", short, cells("a", 1, 60, 0.004), cells("a", 2, 120, 0.008))
    )
    assert [of(r, "emissions").value for r in records] == [0.002]
    path = write(
        tmp_path / "x.csv",
        ("project_name", "run_id", "duration", "country_iso_code", "on_cloud"),
        {},
    )
    (entry,) = convert(path).account.files
    assert (
        entry.role,
        "neither a column 'emissions' nor 'energy_consumed'" in str(entry.reason),
    ) == ("failed", True)


def test_two_columns_of_one_name_are_told_and_two_without_a_name_are_not(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    header = "project_name,emissions_rate,energy_consumed"
    path.write_text(f",,run_id,{header}\n1,2,a,lamp,1,2\n", "utf-8")
    assert len(list(convert(path))) == 1
    path.write_text(f"run_id,run_id,{header}\n1,2,lamp,1,2\n", "utf-8")
    conversion = convert(path)
    assert list(conversion) == []
    (entry,) = conversion.account.to_dict()["entries"]
    assert "column 'run_id' appears twice" in str(entry)


def test_columns_that_are_called_as_what_is_worked_out_are_kept(tmp_path: Path) -> None:
    more = {"#rate": "odd", "#sum": "sum", "#doubt": "maybe", "#doubt_": "maybe"}
    row = cells("a", 1, 10, 0.5)
    (plain,), _ = run(write(tmp_path / "plain" / "emissions.csv", NEW, row))
    path = write(tmp_path / "more" / "emissions.csv", (*NEW, *more), {**row, **more})
    (record,), account = run(path)
    assert account.ok
    assert record.status == plain.status
    assert record.measurements == plain.measurements
    ((_, kept),) = (record.extensions or {}).items()
    assert {name: kept[name] for name in more} == more


def test_the_real_files_give_each_run_once(samples: Path, tmp_path: Path) -> None:
    account = convert(samples / "llm_tools" / "codecarbon").write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []
    assert (account.total("rows"), account.total("records"), account.total("skipped")) == (
        38,
        28,
        10,
    )
    by_row = {(r.provenance.sources[0].path, r.provenance.sources[0].locator): r for r in convert(samples / "llm_tools" / "codecarbon") if r.provenance and r.provenance.sources}  # fmt: skip
    last = by_row["emissions-2.4.3rc1.csv", "row=12"]
    assert (of(last, "duration").value, of(last, "emissions").value) == (
        91.82258701324464,
        1.152689149434805e-06,
    )
    assert (
        round(of(by_row["emissions-3.3.2.csv", "row=2"], "energy", "node").value or 0, 3) == 181.067
    )
    assert ("emissions-3.3.2.csv", "row=5") not in by_row


def test_the_file_that_went_wrong_once(faults: Path) -> None:
    (record,) = convert(faults / "tables" / "codecarbon-cumulative")
    assert (of(record, "duration").value, of(record, "energy", "node").value) == (240, 71280)
