"""What may be compared of the real files: the cases that were wrong before rules were data of each suite."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchfmt.comparing.groups import groups
from benchfmt.comparison import question
from benchfmt.comparison.results import results
from benchfmt.conversion import convert
from benchfmt.package import Package, open_package


def converted(tmp_path: Path, *sources: Path) -> Package:
    conversion = convert(list(sources))
    conversion.write(tmp_path / "package")
    return open_package(tmp_path / "package")


def values(package: Package, *vary: str, name: str = "hardware") -> pl.DataFrame:
    records, measurements = (
        pl.DataFrame(pl.from_arrow(package.table(table))) for table in ("records", "measurements")
    )
    found = results(records, measurements, question(name, vary))
    named = records.select(record_id="id", model="model", engine="engine", precision="precision")
    return found.join(named, on="record_id", how="left", maintain_order="left")


def test_two_labs_that_leave_all_unsaid_are_in_no_ranking(faults: Path, tmp_path: Path) -> None:
    labs = [faults / "users" / f"merge_lab_{number}" for number in (1, 2)]
    with converted(tmp_path, *labs) as package:
        found = groups(package, question())
    assert (found.groups, found.compared, found.alone) == ([], 0, 0)
    assert found.obstacles == {
        "cannot be told: precision, input shape, batch size, threads, stage (what the timer covered), "
        "unit of work unknown": 4
    }


def test_frameworks_of_the_automl_benchmark_meet_on_a_fold(samples: Path, tmp_path: Path) -> None:
    with converted(tmp_path, samples / "openml_cc18" / "automlbenchmark") as package:
        primary = values(package).filter(pl.col("primary") & pl.col("group").is_not_null())
    sizes = primary.group_by("group").agg(pl.len(), pl.col("model").n_unique().alias("models"))
    assert (primary.height, sizes.height) == (25_676, 9_574)
    assert sizes["models"].max() > 5
    # A framework has one result on a fold: nothing is compared with itself.
    assert sizes.filter(pl.col("len") > pl.col("models")).height == 0


def test_closed_results_meet_whatever_their_precision(samples: Path, tmp_path: Path) -> None:
    with converted(tmp_path, samples / "mlperf_inference") as package:
        found = values(package)
    closed = found.filter(pl.col("primary") & pl.col("group").is_not_null())
    precisions = closed.group_by("group").agg(pl.col("precision").drop_nulls().n_unique())
    assert precisions["precision"].max() > 2
    # A published row and its own log are one result.
    twice = closed.filter(pl.col("execution").is_not_null()).group_by("group", "execution").len()
    assert twice["len"].max() == 2


def test_a_row_of_mlperf_training_stands_where_its_logs_do(samples: Path, tmp_path: Path) -> None:
    with converted(tmp_path, samples / "mlperf_training") as package:
        found = values(package)
    grouped = found.filter(pl.col("primary") & pl.col("group").is_not_null())
    # Five submissions are there as a row of the published table and as logs, which alone state their target.
    named = grouped.filter(pl.col("execution").is_not_null())
    each = named.group_by("execution").agg(pl.len(), pl.col("group").n_unique().alias("groups"))
    assert each.filter(pl.col("len") > 1).height == 5
    assert each["groups"].max() == 1


def test_platforms_of_lpdnn_meet_on_a_model(samples: Path, tmp_path: Path) -> None:
    with converted(tmp_path, samples / "lpdnn") as package:
        found = groups(package, question(), most=1)
    assert found.groups[0].systems == 7
    assert found.groups[0].about["model"] == "body-pose-openpifpaf"
    assert found.obstacles == {"cannot be told: input shape unknown": 131}


@pytest.mark.parametrize("threads", [1, 2])
def test_profiles_of_other_threads_meet_on_request_only(threads: int, tmp_path: Path) -> None:
    from tests.comparison.making import PROFILE, changed
    from tests.forms import flatten, write

    providers = {
        "CPU": ["CPUExecutionProvider"],
        "CUDA": ["CUDAExecutionProvider", "CPUExecutionProvider"],
    }
    records = [
        changed(
            PROFILE,
            f"{name}{count}",
            configuration__hyperparameters={"providers": listed, "seed": count},
            configuration__threads=count,
            system={"id": name},
        )
        for name, listed in providers.items()
        for count in (1, 2)
    ]
    with open_package(write(tmp_path / "package", flatten(records), "parquet")) as package:
        found = values(package)
        assert found["group"].n_unique() == 2
        of_threads = found.filter(pl.col("record_id").str.ends_with(str(threads)))
        assert of_threads["group"].n_unique() == 1
        assert values(package, "threads")["group"].n_unique() == 1
