"""The data frame of OpenML's evaluations, as users save it: CSV and ARFF, with more columns and with fewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchfmt import Record, convert, validate
from benchfmt.converters import openml
from benchfmt.converters.base import Failed, Source
from benchfmt.readers import arff

FULL = (
    ",run_id,task_id,setup_id,flow_id,flow_name,data_id,data_name,function,upload_time,uploader,uploader_name,value,values,"
    "array_data\n"
    "0,71,3,9,19,weka.ZeroR(1),3,kr-vs-kp,predictive_accuracy,2021-02-03 04:05:06,7,Some Body,0.875,,\n"
    '1,71,3,9,19,weka.ZeroR(1),3,kr-vs-kp,area_under_roc_curve,2021-02-03 04:05:06,7,Some Body,0.5,,"[0.25,0.75]"\n'
    '2,72,3,9,20,weka.J48(2),3,kr-vs-kp,predictive_accuracy,2021-02-03 04:05:07,7,Some Body,,"[0.5, 0.75]",\n'
)
FEW = "function,run_id,task_id,value\npredictive_accuracy,71,3,0.875\nusercpu_time_millis,71,3,250.5\n"
REORDERED = (
    "value,function,flow_name,flow_id,run_id,setup_id,parameters,sklearn.tree.Tree(3)_max_depth\n"
    "0.875,predictive_accuracy,sklearn.tree.Tree(3),31,71.0,9.0,\"{'a(1)_depth': 4, 'a(1)_kind': None}\",12\n"
    ",,,,,,,\n"
)
ARFF = """% an export
@RELATION evaluations

@ATTRIBUTE run_id NUMERIC
@attribute 'task_id' numeric
@ATTRIBUTE flow_name STRING
@ATTRIBUTE function {predictive_accuracy, 'kappa', "f_measure"}
@ATTRIBUTE value REAL
@ATTRIBUTE array_data STRING

@DATA
71,3,'weka.J48(2)',predictive_accuracy,0.875,?
71,3,'weka.J48(2)','kappa',0.5,?
% a comment
71, 3, "weka.J48(2)", "f_measure", 0.625, '[0.5,0.75]'
"""


def run(path: Path) -> list[Record]:
    records = list(convert(path))
    convert(path).write(path.parent / "package")
    assert validate(path.parent / "package").findings == []
    return records


def values(record: Record) -> dict[str, float | None]:
    return {m.metric: m.value for m in record.measurements or () if not m.scope}


@pytest.mark.parametrize("text", [FULL, FEW, REORDERED])
def test_frames_that_were_joined_have_their_header_once_more(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.csv").write_text(text)
    (tmp_path / "two.csv").write_text(text + text.splitlines()[0] + "\n")
    one, two = (convert(tmp_path / f"{name}.csv") for name in ("one", "two"))
    assert [values(record) for record in one] == [values(record) for record in two]
    assert [detail["reason"] for detail in two.account.files[0].details] == [
        "the header is repeated"
    ]


def test_a_frame_saved_with_its_index(tmp_path: Path) -> None:
    path = tmp_path / "made-up-name.csv"
    path.write_text(FULL)
    first, second = run(path)
    assert values(first) == {"accuracy": 0.875, "auroc": 0.5}
    assert {m.scope: m.value for m in first.measurements or () if m.scope} == {
        "class:0": 0.25,
        "class:1": 0.75,
    }
    assert (first.model and first.model.name, first.dataset and first.dataset.name) == (
        "weka.ZeroR",
        "kr-vs-kp",
    )
    assert first.provenance and (first.provenance.submitter, first.provenance.measured_at) == (
        "7",
        "2021-02-03T04:05:06",
    )
    (folds,) = second.measurements or ()
    assert (folds.value, folds.statistic, folds.per) == (0.625, "mean", "fold")


def test_a_frame_with_few_columns(tmp_path: Path) -> None:
    path = tmp_path / "evals.csv"
    path.write_text(FEW)
    (record,) = run(path)
    assert values(record) == {"accuracy": 0.875, "cpu-time": 0.2505}
    assert record.benchmark.name == "3"


def test_a_frame_with_parameters(tmp_path: Path) -> None:
    path = tmp_path / "evals.csv"
    path.write_text(REORDERED)
    (record,) = run(path)
    assert values(record) == {"accuracy": 0.875}
    assert record.configuration
    assert record.configuration.hyperparameters == {
        "a(1)_depth": "4", "a(1)_kind": "None", "sklearn.tree.Tree(3)_max_depth": "12",
    }  # fmt: skip


def test_an_arff_export(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.arff"
    path.write_text(ARFF)
    (record,) = run(path)
    assert values(record) == {"accuracy": 0.875, "kappa": 0.5, "f1": 0.625}
    assert record.model
    assert record.model.name == "weka.J48"


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(FEW)
    lines = "".join(f"@attribute {name} string\n" for name in FEW.partition("\n")[0].split(","))
    (tmp_path / "b.arff").write_text(f"@relation x\n{lines}@data\n{FEW.partition(chr(10))[2]}")
    one, other = (list(convert(tmp_path / name)) for name in ("a.csv", "b.arff"))
    assert [r.measurements for r in one] == [r.measurements for r in other]


def test_rows_of_another_length_cost_themselves(tmp_path: Path) -> None:
    path = tmp_path / "evals.csv"
    path.write_text(f"{FEW}predictive_accuracy,72,3\n,73,3,0.5\n")
    conversion = convert(path)
    assert len(list(conversion)) == 1
    assert (conversion.account.total("rows"), conversion.account.total("failed")) == (4, 2)
    path = tmp_path / "evals.arff"
    path.write_text(f"{ARFF}{{0 71, 1 3}}\n71,3,'x\n")
    conversion = convert(path)
    assert (len(list(conversion)), conversion.account.total("failed")) == (1, 2)


def test_a_measure_of_users_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "evals.csv"
    path.write_text("function,run_id,task_id,value\nmy_measure,71,3,2.5\n")
    (record,) = run(path)
    assert values(record) == {"openml:my-measure": 2.5}


LACKING = {
    "run_id": "task_id,flow_id,setup_id,flow_name,data_name,function,value\n",
    "function": "run_id,task_id,flow_id,setup_id,upload_time,value\n",
    "value": "run_id,task_id,flow_id,setup_id,flow_name,function\n",
}


@pytest.mark.parametrize(("name", "header"), LACKING.items())
def test_a_frame_that_lacks_a_column_is_told(tmp_path: Path, name: str, header: str) -> None:
    path = tmp_path / "evals.csv"
    path.write_text(header)
    (told,) = openml.plan(Source(path), {})
    assert told == Failed(
        path, f"it looks like a data frame of OpenML's evaluations, but it has no column {name!r}"
    )
    assert [(e.role, e.reason) for e in convert(path).account.files] == [("failed", told.error)]


@pytest.mark.parametrize(
    "text", ["run_id,value\n1,2\n", "function,value,run_id\nf,1,2\n", "", "@relation x\n@data\n"]
)
def test_other_tables_are_left_alone(tmp_path: Path, text: str) -> None:
    for name in ("a.csv", "a.arff"):
        (tmp_path / name).write_text(text)
    assert openml.detect(Source(tmp_path)) is None


def test_cells_of_arff() -> None:
    rows = list(arff.rows(iter(["a, 'b\\'c,d' ,?,\"e\\nf\"\n", "\0\n", "'x\n", "1,,2\n"])))
    assert rows == [["a", "b'c,d", "", "e\nf"], None, ["1", "", "2"]]


def test_a_run_of_the_new_server_is_read(faults: Path) -> None:
    (record,) = convert(faults / "consumers" / "openml_new_server")
    found = {(m.metric, m.statistic, m.scope): m.value for m in record.measurements or ()}
    assert found["accuracy", "pooled", None] == 0.651
    assert found["accuracy", "mean", None] == 0.66
    assert (found["auroc", "pooled", "class:0"], found["auroc", "pooled", "class:1"]) == (0.5, 0.5)
