"""AutoML Benchmark: every row of the real tables against a reading of our own, and small fixtures of every generation."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert, validate
from benchfmt.converters.base import Failed, Part, Skipped, Source, Unit
from benchfmt.converters.openml import amlb
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.running import batch_records
from benchfmt.suites import openml as rules
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "openml" / "amlb"
SCORES = {
    "acc": "accuracy", "auc": "auroc", "balacc": "balanced-accuracy", "logloss": "log-loss",
    "mae": "mean-absolute-error", "r2": "r2", "rmse": "root-mean-squared-error",
}  # fmt: skip
TASKS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
SAMPLES = {
    "autogluon_v1.csv": 12_572, "results_large-8c4h.csv": 159, "results_medium-4c1h.csv": 229,
    "results_small-8c4h_ref.csv": 480, "results_valid.csv": 248,
}  # fmt: skip


def parts(path: Path, **options: str) -> list[Part]:
    """Return what the converter reads of a table."""
    found = []
    for unit in amlb.plan(Source(path), options):
        assert isinstance(unit, Unit)
        found += [item for item in amlb.read(unit) if isinstance(item, Part)]
    return found


def records(path: Path, **options: str) -> list[Record]:
    return [record for part in parts(path, **options) for record in batch_records(part.batch)]


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_tables_that_were_joined_have_their_header_once_more(tmp_path: Path, cut: int) -> None:
    names = [
        "task",
        "framework",
        "fold",
        "result",
        "metric",
        "constraint",
        "mode",
        "id",
        "seed",
        "duration",
    ]
    names = names[: len(names) - cut]
    cells = ["otters", "RF", "0", "0.5", "auc", "1h8c", "local", "openml.org/t/3", "7", "12.5"]
    text = f"{','.join(names)}\n{','.join(cells[: len(names)])}\n"
    (tmp_path / "r.csv").write_text(text + text.replace("RF,0", "RF,1"))
    conversion = convert(tmp_path / "r.csv")
    assert [record.benchmark.name for record in conversion] == ["otters", "otters"]
    (entry,) = conversion.account.files
    assert [(detail["row"], detail["reason"]) for detail in entry.details] == [
        (2, "the header is repeated")
    ]


def of_row(found: list[Record], row: int) -> dict[int, Record]:
    """Return the records of a row by batch size, 0 for the row's own."""
    mine = {}
    for record in found:
        assert record.provenance and record.provenance.sources
        locator = dict(
            part.split("=") for part in str(record.provenance.sources[0].locator).split("&")
        )
        if locator["row"] == str(row):
            mine[int(locator.get("batch_size", "0"))] = record
    return mine


def keyed(record: Record) -> dict[tuple[str, str, str, str, str], Any]:
    return {item.key: item for item in record.measurements or ()}


def said(record: Record) -> dict[str, Any]:
    return dict((record.extensions or {}).get("amlb", {}))


def parameters(record: Record) -> dict[str, Any]:
    assert record.configuration
    return dict(record.configuration.hyperparameters or {})


# --- fixtures ---


def test_keeps_what_the_interface_promises(two_processes: Executor) -> None:
    check_converter("amlb", [FIXTURES], executor=two_processes)


def test_fixtures_give_the_expected_records(golden: Callable[[str, Any], None]) -> None:
    golden("openml/amlb", [record.to_dict() for record in convert(FIXTURES, "amlb")])


def test_2019_has_no_column_for_the_metric() -> None:
    found = records(FIXTURES / "results_2019.csv")
    auc, logloss, failed = (of_row(found, row)[0] for row in (1, 2, 3))
    assert (auc.measurements or [])[0].key == ("auroc", "single", "", "fold", "")
    first = (logloss.measurements or [])[0]
    # Positive, lower is better: nothing was negated then.
    assert (first.metric, first.value, first.primary) == ("log-loss", 2.81627, True)
    assert (
        keyed(auc)["duration", "", "training", "fold", ""].value == 14398.7
    )  # the framework's training in 2019
    assert keyed(logloss)["duration", "", "training", "fold", ""].missing == "below-resolution"
    assert parameters(auc) == {"fold": 1, "params": {"_n_jobs": 4}, "seed": 2737798690}
    assert parameters(logloss)["params"] == {
        "n_estimators": 2000,
        "deep": [1],
    }  # null is no JSON of ours
    assert (failed.status, failed.status_detail) == (
        "failed",
        "NoResultError: out of memory, killed",
    )
    assert keyed(failed)["amlb:models-count", "", "", "", ""].missing == "run-failed"
    assert not any(
        item.primary for item in failed.measurements or ()
    )  # which metric it would have been is not said
    assert all(
        record.system is None for record in found
    )  # no constraint: how many cores is not said
    assert logloss.model and logloss.model.name == "random-forest"
    assert said(logloss)["framework"] == "RandomForest"
    (part,) = parts(FIXTURES / "results_2019.csv")
    assert (part.rows, part.converted) == (4, 3)
    assert part.skipped == ((4, "the row has no result, no number and no error"),)


def test_a_constraint_may_be_given() -> None:
    found = of_row(records(FIXTURES / "results_2019.csv", constraint="4h8c"), 1)[0]
    assert parameters(found) == {
        "constraint": "4h8c", "cores": 8, "fold": 1, "max_runtime_seconds": 14400, "params": {"_n_jobs": 4}, "seed": 2737798690,
    }  # fmt: skip
    assert found.system and found.system.processor and found.system.processor.cores == 8
    with pytest.raises(BenchfmtError, match="there is no constraint 'much'"):
        records(FIXTURES / "results_2019.csv", constraint="much")


def test_2020_says_metrics_without_a_sign() -> None:
    found = records(FIXTURES / "results_2020.csv")
    one, other = (of_row(found, row)[0] for row in (1, 2))
    first = (one.measurements or [])[0]
    assert (first.metric, first.value, first.caveats) == ("log-loss", 0.126485, None)
    assert one.software and (one.software.engine, one.software.engine_version) == (
        "scikit-learn",
        None,
    )  # "stable"
    assert said(one)["version"] == "stable"
    assert parameters(one) == {
        "constraint": "test",
        "cores": 4,
        "fold": 0,
        "max_runtime_seconds": 600,
        "seed": 5,
    }
    assert one.dataset and one.dataset.split == "cv:1x2"
    # `result` says 0.3 and the column 0.31: the column is taken, and the doubt told.
    first = (other.measurements or [])[0]
    assert (first.value, first.caveats) == (0.31, ["source-disagrees"])


def test_now_negates_and_times_inference() -> None:
    found = records(FIXTURES / "results_now.csv")
    regression, binary = of_row(found, 1), of_row(found, 2)
    rmse = (regression[0].measurements or [])[0]
    assert (rmse.metric, rmse.value, rmse.reported_value, rmse.caveats) == (
        "root-mean-squared-error", 2.09647, "2.09647", ["unit-inferred"],
    )  # fmt: skip
    assert said(regression[0])["result"] == "-2.09647"
    assert keyed(regression[0])["duration", "", "whole-run", "fold", ""].value == 8149.6
    assert keyed(regression[0])["duration", "", "training", "fold", ""].value == 7520.3
    assert keyed(regression[0])["duration", "", "evaluation", "fold", ""].value == 7.9
    assert set(binary) == {0, 1, 1000}
    one = keyed(binary[1])
    assert one["latency", "median", "inference", "batch", ""].value == 0.00391424
    assert one["latency", "median", "inference", "batch", ""].n == 10
    assert one["latency", "median", "end-to-end", "batch", ""].reported_value == "0.0074265"
    assert one["throughput", "", "inference", "sample", ""].value == pytest.approx(1 / 0.00391424)
    assert [item.primary for item in binary[1].measurements or ()] == [True, None, None, None]
    many = binary[1000]
    assert many.configuration and many.configuration.batch_size == 1000
    assert keyed(many)["throughput", "", "end-to-end", "sample", ""].value == pytest.approx(
        1000 / 0.00805771
    )
    assert {r.provenance.execution for r in binary.values() if r.provenance} == {
        binary[0].provenance and binary[0].provenance.execution
    }
    assert binary[0].system and binary[0].system.extensions == {
        "amlb": {"default_instance": "m5.2xlarge"}
    }
    assert binary[0].provenance and binary[0].provenance.measured_at == "2023-12-07T14:00:36Z"


def test_now_odd_rows() -> None:
    found = records(FIXTURES / "results_now.csv")
    failed, own, unread = (of_row(found, row) for row in (3, 4, 5))
    first = (failed[0].measurements or [])[0]
    assert (first.metric, first.missing, first.primary, failed[0].status) == (
        "log-loss",
        "run-failed",
        True,
        "failed",
    )
    # A metric without a column of its own: only the negated number stands there.
    first = (own[0].measurements or [])[0]
    assert (first.metric, first.value, first.basis, first.reported_value) == (
        "amlb:mymetric",
        0.5,
        "derived",
        None,
    )
    assert keyed(own[0])["amlb:pac", "single", "", "fold", ""].unit == "[undocumented]"
    # No rate follows from a time of 0.
    assert [item.metric for item in own[1].measurements or ()] == ["latency"]
    assert unread[0].status == "incomplete"
    assert (unread[0].measurements or [])[0].missing == "not-numeric"
    assert unread[0].software and unread[0].software.engine is None


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    with (FIXTURES / "results_now.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "results_now.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    def plain(path: Path) -> list[dict[str, Any]]:
        return [
            {k: v for k, v in r.to_dict().items() if k not in ("id", "provenance")}
            for r in records(path)
        ]

    assert plain(tmp_path / "results_now.csv") == plain(FIXTURES / "results_now.csv")


PUBLISHED = {
    "forecasts without utc, duration and info": (
        "id,task,framework,constraint,fold,type,result,metric,mode,version,training_duration,predict_duration,mape,mase",
        "hourly_load,hourly_load,AutoGluon_fast,5m4c,1,timeseries,-0.5,neg_mase,aws,1.1.0,12.25,3.5,0.125,0.5",
        {"amlb:mase": 0.5, "amlb:mape": 0.125},
    ),
    "no id, no params": (
        "task,framework,constraint,fold,type,result,metric,mode,version,training_duration,predict_duration,auc,logloss",
        "credit-x,flaml,1h8c,2,binary,0.75,auc,aws,2.0,12.25,3.5,0.75,0.5",
        {"auroc": 0.75, "log-loss": 0.5},
    ),
    "without result: the scores stand in columns of their own": (
        "framework,task,fold,metric,version,seed,training_duration,predict_duration,rmse",
        "GAMA,houses-x,3,neg_rmse,23.0,7,12.25,3.5,2.5",
        {"root-mean-squared-error": 2.5},
    ),
    "an index of pandas before it": (
        "Unnamed: 0,task,framework,fold,result,metric,mode,version,training_duration,predict_duration,acc",
        "17,credit-x,TPOT,4,0.625,acc,local,1.0,12.25,3.5,0.625",
        {"accuracy": 0.625},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "row", "scores"), PUBLISHED.values(), ids=PUBLISHED)
def test_a_table_that_is_cut_down_is_read(
    tmp_path: Path, header: str, row: str, scores: dict[str, float]
) -> None:
    bare = [
        cell if name in ("task", "framework", "fold", "metric") else ""
        for name, cell in zip(header.split(","), row.split(","), strict=True)
    ]
    path = tmp_path / "published.csv"
    path.write_text("\n".join((header, row, ",".join(bare), "")))
    one, other = records(path)
    found = keyed(one)
    assert {
        key[0]: item.value
        for key, item in found.items()
        if key[0] not in ("duration", "amlb:models-count")
    } == scores
    assert found["duration", "", "training", "fold", ""].value == 12.25
    assert found["duration", "", "evaluation", "fold", ""].value == 3.5
    assert (one.status, (one.measurements or [])[0].primary) == ("ok", True)
    # Nothing says why it has no number: it is not said to have failed.
    assert (other.status, other.status_detail) == ("incomplete", None)
    assert {item.missing for item in other.measurements or ()} == {"not-reported"}
    convert(path, "amlb").write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []


@pytest.mark.parametrize("lacking", ["task", "fold", "result"])
def test_a_table_that_lacks_what_is_needed_is_told(tmp_path: Path, lacking: str) -> None:
    columns = [
        "id",
        "task",
        "framework",
        "constraint",
        "fold",
        "type",
        "result",
        "metric",
        "mode",
        "version",
        "params",
        "seed",
    ]
    columns.remove(lacking)
    path = tmp_path / "published.csv"
    path.write_text(",".join(columns) + "\n")
    assert amlb.detect(Source(path)).sureness < 0.5  # type: ignore[union-attr]
    (told,) = amlb.plan(Source(path), {})
    assert told == Failed(
        path, f"it looks like a table of AMLB's results, but its header has no column {lacking!r}"
    )
    account = convert(path).account
    assert [(entry.role, entry.reason) for entry in account.files] == [("failed", told.error)]


@pytest.mark.parametrize("column", ["predict_duration", "models_count", "app_version", "type"])
def test_the_duration_of_a_table_of_now_is_that_of_the_job(tmp_path: Path, column: str) -> None:
    path = tmp_path / "published.csv"
    path.write_text(
        f"task,framework,constraint,fold,result,metric,mode,duration,{column},auc\nx,GAMA,1h8c,1,0.5,auc,local,9.5,1,0.5\n"
    )
    (record,) = records(path)
    assert keyed(record)["duration", "", "whole-run", "fold", ""].value == 9.5


def test_the_published_table_that_went_wrong_once(faults: Path) -> None:
    one, other = records(faults / "tables" / "amlb-published" / "results.csv")
    found = keyed(one)
    assert found["amlb:mase", "single", "", "fold", ""].value == 0.75
    assert found["amlb:wql", "single", "", "fold", ""].value == 0.98
    assert found["duration", "", "training", "fold", ""].value == 284.8
    assert other.status == "incomplete"


def test_bad_rows_cost_themselves(tmp_path: Path) -> None:
    text = (FIXTURES / "results_2020.csv").read_text("utf-8").splitlines()
    (tmp_path / "r.csv").write_text("\n".join([text[0], text[1] + ",more", text[2]]) + "\n")
    (part,) = parts(tmp_path / "r.csv")
    assert (part.rows, part.converted) == (2, 1)
    assert part.failed == ((1, "the row has 24 cells where the table has 23 columns"),)
    (tmp_path / "r.csv").write_text(text[0].replace("mae", "acc") + "\n")
    assert [
        type(i)
        for u in amlb.plan(Source(tmp_path / "r.csv"), {})
        if isinstance(u, Unit)
        for i in amlb.read(u)
    ] == [Failed]


def test_columns_of_one_meaning(tmp_path: Path) -> None:
    text = (FIXTURES / "results_2020.csv").read_text("utf-8")
    (tmp_path / "r.csv").write_text(
        text.replace(",mae,r2,", ",My Score,my_score,").replace("0.126485,,,", "0.126485,1,2,")
    )
    (unit,) = amlb.plan(Source(tmp_path / "r.csv"), {})
    assert isinstance(unit, Unit)
    items = list(amlb.read(unit))
    (found,) = (item for item in items if isinstance(item, Finding))
    assert (
        found.code == "BF410"
        and found.message == "the column 'my_score' measures the same as 'My Score', which is taken"
    )
    record = of_row(records(tmp_path / "r.csv"), 1)[0]
    assert keyed(record)["amlb:my-score", "single", "", "fold", ""].value == 1


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("*", "amlb:unnamed"),
        ("^.*$", "amlb:unnamed"),
        ("^a.c$", "amlb:a.c"),
        ("#row", "amlb:row"),
        ("#score", "amlb:score"),
        ("", None),
        (".5", "amlb:5"),
    ],
)
def test_a_score_may_have_any_name(tmp_path: Path, name: str, metric: str | None) -> None:
    text = (FIXTURES / "results_2020.csv").read_text("utf-8")
    (tmp_path / "r.csv").write_text(
        text.replace(",mae,r2,", f",mae,{name},").replace("0.126485,,,", "0.126485,1,2,")
    )
    first = of_row(records(tmp_path / "r.csv"), 1)[0]
    scores = {
        item.metric: item.value for item in first.measurements or () if item.statistic == "single"
    }
    assert {"accuracy", "log-loss", "mean-absolute-error"} <= set(scores)
    assert {key: value for key, value in scores.items() if ":" in key} == (
        {} if metric is None else {metric: 2}
    )


WRITTEN_SIZES = {
    "1": {1}, "1.": {1}, "1.0": {1}, "1e3": set(), "0": set(), "-1": set(), "0.5": set(), "\u0661": set(),
    "": set(), "x": set(), "1_0": set(), "9" * 400: set(),
}  # fmt: skip


@pytest.mark.parametrize(("size", "read"), WRITTEN_SIZES.items())
def test_a_batch_has_the_size_that_its_column_counts(
    tmp_path: Path, size: str, read: set[int]
) -> None:
    text = (FIXTURES / "results_now.csv").read_text("utf-8")
    changed = text.replace("infer_batch_size_df_1,", f"infer_batch_size_df_{size},")
    (tmp_path / "r.csv").write_text(changed, "utf-8")
    sizes = set()
    for record in records(tmp_path / "r.csv"):
        stages = {item.stage for item in record.measurements or () if item.metric == "latency"}
        if "inference" in stages:
            assert record.configuration is not None
            sizes.add(record.configuration.batch_size)
    assert sizes == read


def test_parameters_are_read_not_run(tmp_path: Path) -> None:
    text = (FIXTURES / "results_2019.csv").read_text("utf-8")
    (tmp_path / "r.csv").write_text(text.replace("{'_n_jobs': 4}", "__import__('os').getcwd()"))
    assert (
        parameters(of_row(records(tmp_path / "r.csv"), 1)[0])["params"]
        == "__import__('os').getcwd()"
    )


def test_other_tables_are_not_claimed() -> None:
    assert amlb.detect(Source(FIXTURES / "other_tool.csv")) is None
    for folder in sorted(FIXTURES.parents[1].iterdir()):
        if folder.name != "openml":
            assert amlb.detect(Source(folder)) is None, folder.name


def test_constraints() -> None:
    for name, seconds, cores, folds in (
        ("1h8c", 3600, 8, 10), ("test", 600, 4, 2), ("30m8c", 1800, 8, None), ("4h8c_gp3", 14400, 8, 10), ("10m8c", 600, 8, None),
    ):  # fmt: skip
        assert rules.constraint(name) == rules.Constraint(name, seconds, cores, folds)
    assert rules.constraint("large") is None


# --- the real tables ---


LONGEST = "autogluon_v1.csv"
CUT = 400


def cut(path: Path, folder: Path) -> Path:
    """Return a copy of a table without most of its rows, each of which is a line."""
    copy = folder / path.name
    lines = path.read_text("utf-8").splitlines(keepends=True)
    copy.write_text("".join(lines[: 1 + CUT]), "utf-8")
    return copy


@pytest.mark.parametrize("name", SAMPLES)
def test_real_tables_row_by_row(name: str, samples: Path, tmp_path: Path) -> None:
    path = samples / "openml_cc18/automlbenchmark" / name
    if name == LONGEST:
        hold_row_by_row(cut(path, tmp_path), CUT)
        return
    hold_row_by_row(path, SAMPLES[name])


@pytest.mark.slow
def test_the_longest_real_table_row_by_row(samples: Path) -> None:
    hold_row_by_row(samples / "openml_cc18/automlbenchmark" / LONGEST, SAMPLES[LONGEST])


def hold_row_by_row(path: Path, expected: int) -> None:
    """Check each record of a table against its row."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == expected
    found: dict[tuple[int, int], Record] = {}
    for record in records(path):
        assert record.provenance and record.provenance.sources
        where = dict(
            part.split("=") for part in str(record.provenance.sources[0].locator).split("&")
        )
        found[int(where["row"]), int(where.get("batch_size", "0"))] = record
    new = "metric" in rows[0]
    for number, row in enumerate(rows, start=1):
        record = found.pop((number, 0))
        left = keyed(record)
        failed = not row["result"]
        assert record.status == ("failed" if failed else "ok") and record.status_detail == (
            row["info"] or None
        )
        for column, metric in SCORES.items():
            if row.get(column):
                item = left.pop((metric, "single", "", "fold", ""))
                assert (item.value, item.reported_value) == (float(row[column]), row[column])
                wanted = (
                    row["metric"].removeprefix("neg_")
                    if new
                    else ("auc" if row["auc"] else "logloss")
                )
                assert bool(item.primary) == (column == wanted)
                if column == wanted:
                    assert Decimal(row["result"]) == Decimal(row[column]) * (
                        -1 if new and row["metric"].startswith("neg_") else 1
                    )
        if failed and new:
            item = left.pop((SCORES[row["metric"].removeprefix("neg_")], "single", "", "fold", ""))
            assert (item.missing, item.primary) == ("run-failed", True)
        times = {
            "duration": "whole-run" if new else "training",
            "training_duration": "training",
            "predict_duration": "evaluation",
        }
        for column, stage in times.items():
            if column in row and (row[column] or (failed and column != "duration")):
                item = left.pop(("duration", "", stage, "fold", ""))
                assert item.reported_value == (row[column] or None)
                assert item.value == (float(row[column] or 0) or None)
        for column, metric in (
            ("models", "models-count"),
            ("models_count", "models-count"),
            ("models_ensemble_count", "models-ensemble-count"),
        ):
            if row.get(column) or (failed and column in row and metric == "models-count"):
                item = left.pop((f"amlb:{metric}", "", "", "", ""))
                assert item.value == (float(row[column]) if row[column] else None)
        assert not left
        assert (record.benchmark.name, record.task) == (
            row["task"],
            TASKS[row["type"]] if new else record.task,
        )
        assert said(record)["id"] == row["id"] and said(record)["framework"] == row["framework"]
        assert record.provenance and record.provenance.measured_at == row["utc"] + "Z"
        for size in (1, 10, 100, 1000, 10_000):
            cells = {kind: row.get(f"infer_batch_size_{kind}_{size}") for kind in ("df", "file")}
            if not any(cells.values()):
                continue
            timed = keyed(found.pop((number, size)))
            for kind, stage in (("df", "inference"), ("file", "end-to-end")):
                if cells[kind]:
                    item = timed.pop(("latency", "median", stage, "batch", ""))
                    assert (item.value, item.reported_value, item.unit) == (
                        float(str(cells[kind])),
                        cells[kind],
                        "s",
                    )
                    rate = timed.pop(("throughput", "", stage, "sample", ""))
                    assert rate.value == size / float(str(cells[kind]))
            assert not timed
    assert not found


def test_real_tables_validate(samples: Path, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    shutil.copytree(samples / "openml_cc18/automlbenchmark", folder, copy_function=shutil.copyfile)
    cut(samples / "openml_cc18/automlbenchmark" / LONGEST, folder)
    account = convert(folder, "amlb").write(tmp_path / "package")
    rows = sum(SAMPLES.values()) - SAMPLES[LONGEST] + CUT
    assert account.total("rows") == account.total("converted") == rows
    report = validate(tmp_path / "package")
    assert report.ok and not report.findings


@pytest.mark.slow
def test_real_tables_validate_and_are_whole(samples: Path, tmp_path: Path) -> None:
    account = convert(samples / "openml_cc18/automlbenchmark", "amlb").write(tmp_path / "package")
    assert account.total("rows") == account.total("converted") == sum(SAMPLES.values())
    report = validate(tmp_path / "package")
    assert report.ok and not report.findings
    (part,) = parts(samples / "openml_cc18/automlbenchmark/autogluon_v1.csv")
    rows = part.batch.records.select(["status", "batch_size"]).to_pylist()
    assert Counter(r["status"] for r in rows if r["batch_size"] is None) == {
        "ok": 12_341,
        "failed": 231,
    }


def test_files_of_a_fold_are_named(samples: Path, tmp_path: Path) -> None:
    shutil.copytree(samples / "openml_cc18/automlbenchmark/iris_constant_fold0", tmp_path / "fold")
    shutil.copy(FIXTURES / "results_now.csv", tmp_path)
    aside = [item for item in amlb.plan(Source(tmp_path), {}) if isinstance(item, Skipped)]
    assert [item.path.name for item in aside] == ["metadata.json", "predictions.csv"]


def test_a_result_that_contradicts_its_score_is_reported() -> None:
    (unit,) = amlb.plan(Source(FIXTURES / "results_2020.csv"), {})
    (part,) = (item for item in amlb.read(unit) if isinstance(item, Part))
    (finding,) = part.findings
    assert (finding.code, finding.row, finding.column, finding.value) == (
        "BF405",
        2,
        "result",
        "0.3",
    )
    assert finding.message == (
        "result 0.3 is not the logloss 0.31 beside it, which is taken; so in 1 of 2 rows"
    )


def test_a_fold_was_not_predicted_in_no_time(tmp_path: Path) -> None:
    lines = (FIXTURES / "results_now.csv").read_text().splitlines()
    names = next(csv.reader(lines[:1]))
    row = dict(zip(names, next(csv.reader(lines[1:2])), strict=True))
    row["predict_duration"] = "0.0"
    with (tmp_path / "r.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerow(row)
    item = keyed(records(tmp_path / "r.csv")[0])["duration", "", "evaluation", "fold", ""]
    assert (item.value, item.missing) == (None, "below-resolution")
    assert item.reported_value == "0.0"


def test_a_table_that_measures_nothing_gives_runs_without_numbers(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    header = "id,task,framework,fold,result,mode,version,params"
    path.write_text(f"{header}\nopenml.org/t/59,iris,rf,0,,local,1,\n")
    (record,) = convert(path, "amlb")
    assert (record.measurements, record.status) == (None, "incomplete")
