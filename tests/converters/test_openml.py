"""OpenML: the real samples against readings of our own, and small fixtures against expected records.

The rules here are written anew from what is known of the files (shared/formats/openml-dataperf.md, SOURCES.md), not from
the converter: a regular expression reads the samples, and decimal arithmetic says what each number is.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import fmean, pstdev
from typing import Any

import pytest

from benchfmt import Record, convert, open_package, validate
from benchfmt.converters import openml
from benchfmt.converters.base import Failed, Item, Part, Skipped, Source, Unit
from benchfmt.converters.draft import Number
from benchfmt.converters.openml import measures, numbers, pages, sniff, trees
from benchfmt.finding import BenchfmtError
from benchfmt.identity import global_id
from benchfmt.limits import Limits
from benchfmt.readers import heads, xmls
from benchfmt.readers.files import UnsafeError
from benchfmt.running import batch_records
from benchfmt.suites import openml as rules
from benchfmt.testing import check_converter
from benchfmt.vocabulary import vocabulary

FIXTURES = Path(__file__).parents[1] / "fixtures" / "openml"
PARTS = ("runs", "lists", "folder", "cache")
Key = tuple[str, str, str, str, str]

QUALITIES = {
    "area_under_roc_curve": "auroc", "average_cost": "openml:average-cost", "f_measure": "f1", "kappa": "kappa",
    "kb_relative_information_score": "openml:kb-relative-information-score", "mean_absolute_error": "mean-absolute-error",
    "mean_prior_absolute_error": "openml:mean-prior-absolute-error", "precision": "precision",
    "predictive_accuracy": "accuracy", "prior_entropy": "openml:prior-entropy", "recall": "recall",
    "relative_absolute_error": "relative-absolute-error",
    "root_mean_prior_squared_error": "openml:root-mean-prior-squared-error",
    "root_mean_squared_error": "root-mean-squared-error", "root_relative_squared_error": "root-relative-squared-error",
    "total_cost": "openml:total-cost",
}  # fmt: skip
OTHERS: dict[str, tuple[str, str]] = {
    "number_of_instances": ("openml:number-of-instances", ""),
    "scimark_benchmark": ("openml:scimark-mflops", ""),
    "build_cpu_time": ("cpu-time", "training"),
}
BY_CLASS = ("area_under_roc_curve", "f_measure", "precision", "recall", "number_of_instances")


def read(source: Path, **options: str) -> list[Item]:
    """Return all that the converter gives for a source, without conversion around it."""
    items: list[Item] = []
    for unit in openml.plan(Source(source), options):
        items += openml.read(unit) if isinstance(unit, Unit) else [unit]
    return items


def records(source: Path, **options: str) -> list[Record]:
    """Return the records of a source, those of parts taken apart."""
    found: list[Record] = []
    for item in read(source, **options):
        if isinstance(item, Record):
            found.append(item.ordered())
        elif isinstance(item, Part):
            found += batch_records(item.batch)
    return found


def keyed(record: Record) -> dict[Key, Any]:
    """Return the measurements of a record by key."""
    found = {item.key: item for item in record.measurements or ()}
    assert len(found) == len(record.measurements or ())
    return found


def said(record: Record) -> dict[str, Any]:
    """Return what a record has under extensions.openml."""
    return dict((record.extensions or {}).get("openml", {}))


# --- fixtures ---


@pytest.mark.parametrize("part", PARTS)
def test_keeps_what_the_interface_promises(part: str, two_processes: Executor) -> None:
    check_converter("openml", [FIXTURES / part], executor=two_processes)


@pytest.mark.parametrize("part", PARTS)
def test_fixtures_give_the_expected_records(part: str, golden: Callable[[str, Any], None]) -> None:
    account = convert(FIXTURES / part, "openml")
    golden(f"openml/{part}", [record.to_dict() for record in account])


def test_pooled_value_and_folds() -> None:
    record = next(r for r in records(FIXTURES / "runs") if said(r)["run_id"] == 4711)
    found = keyed(record)
    pooled = found["accuracy", "pooled", "", "", ""]
    assert (pooled.value, pooled.reported_value, pooled.basis, pooled.primary) == (
        0.9248,
        "0.9248",
        "measured",
        True,
    )
    folds = found["accuracy", "mean", "", "fold", ""]
    # The document's order is even folds first; ours is by repeat, then fold.
    assert folds.samples == [
        0.9375,
        0.90625,
        0.952381,
        0.888889,
        0.919355,
        0.951613,
        0.903226,
        0.935484,
        0.967742,
        0.887097,
    ]
    assert (folds.n, folds.basis) == (10, "derived")
    assert folds.value == pytest.approx(fmean(folds.samples))
    assert folds.stddev == pytest.approx(pstdev(folds.samples))
    training = found["cpu-time", "mean", "training", "fold", ""]
    assert training.samples == [
        float(f"0.0{fold}") for fold in range(10)
    ]  # build_cpu_time stands first, in seconds
    assert found["openml:usercpu-time-millis-training", "mean", "training", "fold", ""].samples[
        0
    ] == float("30.250000001e-3")
    assert (
        found["cpu-time", "mean", "evaluation", "fold", ""].value == 0
    )  # what a coarse clock sees
    undefined = found["auroc", "pooled", "", "", "class:1"]
    assert (undefined.value, undefined.missing, undefined.reported_value) == (
        None,
        "undefined",
        "?",
    )
    assert found["openml:my-own-score", "", "", "", ""].unit == "[undocumented]"
    assert said(record)["confusion_matrix"] == [[270, 3, 15], [20, 0, 29], [9, 2, 277]]
    assert said(record)["os_information"] == ["Some Vendor", "1.8.0_1", "amd64", "Linux", "4.4"]
    assert record.system is None
    assert record.benchmark.suite == "openml-cc18"
    assert record.dataset and (record.dataset.split, record.dataset.samples) == ("cv:1x10", 625)
    assert record.id == global_id("openml-cc18", "https://www.openml.org/r/4711")
    assert "uploader_name" not in said(record)


def test_names_of_people_only_if_asked_for() -> None:
    named = records(FIXTURES / "runs", names="yes")
    assert {said(r)["uploader_name"] for r in named} == {"A. Person"}


def test_dialects_say_the_same() -> None:
    by_run = {said(r)["run_id"]: r for r in records(FIXTURES / "runs", server="www")}
    xml, converted, new = by_run[4711], by_run[4720], by_run[4721]
    assert keyed(converted) == keyed(new)
    for key, item in keyed(new).items():
        assert keyed(xml)[key] == item
    assert new.configuration == converted.configuration == xml.configuration
    assert new.software == converted.software == xml.software
    assert new.benchmark == xml.benchmark


def test_times_of_mlr_are_seconds() -> None:
    record = next(r for r in records(FIXTURES / "runs") if said(r)["run_id"] == 4712)
    time = keyed(record)["cpu-time", "sum", "training", "", ""]
    assert (time.value, time.unit, time.caveats) == (12.340000000000002, "s", ["unit-corrected"])
    assert (time.reported_value, time.reported_unit) == ("12.340000000000002", "s")
    assert said(record)["usercpu_time_millis_training"] == "12.340000000000002"
    assert keyed(record)["accuracy", "mean", "", "fold", ""].samples == [0.7, 0.71, 0.8, 0.79]
    assert record.dataset and (record.dataset.split, record.dataset.samples) == ("cv:2x2", 625)


def test_numbers_of_an_unnamed_unit_say_so() -> None:
    record = next(r for r in records(FIXTURES / "runs") if said(r)["run_id"] == 4713)
    assert {item.metric: item.caveats for item in record.measurements or ()} == {
        metric: ["unit-inferred"]
        for metric in (
            "root-mean-squared-error",
            "mean-absolute-error",
            "openml:mean-prior-absolute-error",
        )
    }
    assert said(record)["primary_chosen_by_converter"] == "root_mean_squared_error"


def test_a_run_that_was_never_evaluated() -> None:
    record = next(r for r in records(FIXTURES / "runs") if said(r)["run_id"] == 4714)
    assert (record.status, record.status_detail) == (
        "incomplete",
        "Attribute confidence.1 not found among predictions.",
    )
    assert record.measurements is None
    assert record.software and (record.software.engine, record.software.engine_version) == (
        "scikit-learn",
        "1.7.0",
    )
    assert record.software.stack == {"python": "3.13.2", "numpy": "2.3.0", "scipy": "1.15.3"}
    assert record.configuration and record.configuration.hyperparameters == {
        "cv": "3",
        "100:C": "1.0",
        "n_jobs": "null",
    }
    assert record.model and (record.model.version, said(record)["flow_short_name"]) == ("3", "SVC")


def test_one_of_three_data_sets_is_not_guessed() -> None:
    record = next(r for r in records(FIXTURES / "runs") if said(r)["run_id"] == 4715)
    assert record.dataset is None
    assert [item["did"] for item in said(record)["datasets"]] == [2, 9, 54]
    assert record.benchmark.scenario == "learning-curve"
    assert [item.metric for item in record.measurements or () if item.primary] == [
        "kappa"
    ]  # the task's measure
    assert said(record)["flow_id"] == 70  # not one of the evaluations'


def test_what_stands_beside_a_run_is_used() -> None:
    (record,) = records(FIXTURES / "cache")
    assert record.benchmark.scenario == "cross-validation"
    assert record.dataset and record.dataset.to_dict() == {
        "name": "arrhythmia",
        "split": "cv:5x2",
        "samples": 452,
    }
    assert record.software and record.software.engine_version == "3.7.12"
    assert record.configuration and record.configuration.hyperparameters == {
        "weka.RandomForest(4)_I": "10", "weka.RandomForest(4)_K": "0",
    }  # fmt: skip
    assert [item.metric for item in record.measurements or () if item.primary] == ["kappa"]
    assert record.provenance and record.provenance.measured_at == "2026-01-30T07:15:48"
    assert record.provenance.execution == "https://test.openml.org/r/12"
    assert (record.provenance.sources or [])[0].path == "org/openml/test/runs/12/description.xml"


def test_numbers_of_another_server_are_not_mixed_in(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "cache" / "org/openml/test", tmp_path / "org/openml/test")
    run = tmp_path / "org/openml/www/runs/12/description.xml"
    run.parent.mkdir(parents=True)
    shutil.move(tmp_path / "org/openml/test/runs/12/description.xml", run)
    (record,) = records(tmp_path)
    assert record.configuration and record.configuration.hyperparameters == {"I": "10"}
    assert record.benchmark.scenario is None
    # Numbers alone fit; what they describe does not.
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(run, flat / "run.xml")
    (flat / "flow.xml").write_text(
        (FIXTURES / "cache/org/openml/test/flows/9/flow.xml")
        .read_text()
        .replace("RandomForest", "IBk")
    )
    (flat / "task.xml").write_text(
        (FIXTURES / "cache/org/openml/test/tasks/1031/task.xml")
        .read_text()
        .replace("<oml:data_set_id>5<", "<oml:data_set_id>6<")
    )
    (record,) = records(flat)
    assert record.benchmark.scenario is None
    assert record.software and record.software.engine_version is None


def test_run_folder_of_openml_python() -> None:
    items = read(FIXTURES / "folder")
    (record,) = (item for item in items if isinstance(item, Record))
    assert record.id is None  # no run_id: made from its source
    assert record.benchmark.suite == "openml"  # its server is not known, so 6 need not be letter
    found = keyed(record)
    accuracy = found["accuracy", "mean", "", "fold", ""]
    assert (accuracy.samples, accuracy.n, accuracy.primary) == ([0.8108108108108109], 1, True)
    assert found["cpu-time", "mean", "training", "fold", ""].samples == [
        float("30.206837999998015e-3")
    ]
    assert found["duration", "mean", "", "fold", ""].samples == [0.0375]
    assert record.software and record.software.engine_version == "0.21.2"
    assert record.software.stack == {
        "python": "3.7.3",
        "numpy": "1.17.0",
        "scipy": "1.3.0",
        "openml": "0.10.2",
    }
    skipped = [item for item in items if isinstance(item, Skipped)]
    assert [(item.path.name, item.reason) for item in skipped] == [
        ("model.pkl", "a pickle, which is never opened")
    ]


def test_pickles_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FIXTURES / "folder", tmp_path / "run")
    opened, opened_by_readers = Path.open, heads.opened

    def guarded(self: Path, *args: Any, **kwargs: Any) -> Any:
        assert self.suffix != ".pkl"
        return opened(self, *args, **kwargs)

    def guarded_of_readers(path: Path) -> Any:
        assert path.suffix != ".pkl"
        return opened_by_readers(path)

    monkeypatch.setattr(Path, "open", guarded)
    monkeypatch.setattr(heads, "opened", guarded_of_readers)
    assert len(records(tmp_path / "run")) == 1


# --- lists ---


def listed(name: str, **options: str) -> list[Record]:
    return records(FIXTURES / "lists" / name, **options)


def test_list_of_evaluations() -> None:
    found = listed("evaluations.xml", server="www")
    assert [said(r)["run_id"] for r in found] == [
        1,
        2,
        3,
        4,
        4,
        5,
        5,
        6,
    ]  # one record for each run and engine
    both = found[1]
    assert {m.metric for m in both.measurements or ()} == {"accuracy", "auroc"}
    assert keyed(both)["auroc", "pooled", "", "", "class:1"].missing == "undefined"
    assert (both.measurements or [])[0].primary
    assert found[0].benchmark.suite == "openml-cc18"
    assert (found[0].measurements or [])[0].reported_value == "0.90"
    assert found[2].benchmark.suite == "openml"
    seconds = keyed(found[3])["cpu-time", "sum", "training", "", ""]
    assert (seconds.value, seconds.reported_unit, seconds.caveats) == (
        12.34,
        "s",
        ["unit-corrected"],
    )
    assert said(found[3])["usercpu_time_millis_training"] == "12.34"
    millis = keyed(found[4])["cpu-time", "", "training", "", ""]
    assert (millis.value, millis.reported_value, millis.reported_unit) == (
        30.2065,
        "30206.5e-3",
        "ms",
    ) or millis.value == 0.0302065
    matrix = said(found[5])
    assert (
        matrix["confusion_matrix"] == [[3, 1], [0, 4]]
        and matrix["confusion_matrix_from"] == "a flat list, made square"
    )
    assert keyed(found[5])["kappa", "pooled", "", "", ""].missing == "undefined"
    assert found[5].status == "incomplete"
    assert (
        keyed(found[6])["kappa", "pooled", "", "", ""].value == 0.25
    )  # the second time this run says kappa
    assert found[7].model and (found[7].model.name, found[7].model.version) == ("a <b> & c", "7")
    assert {r.provenance.execution for r in found[3:5] if r.provenance} == {
        "https://www.openml.org/r/4"
    }


def test_server_of_a_list() -> None:
    assert {said(r)["server"] for r in listed("evaluations.xml")} == {
        "test.openml.org"
    }  # a flow's name says so
    unknown = listed("evaluations_per_fold.xml")
    assert all(
        "server" not in said(r) and r.provenance and r.provenance.execution is None for r in unknown
    )
    assert {r.benchmark.suite for r in unknown} == {"openml"}


def test_fold_values_without_labels_give_no_samples() -> None:
    found = listed("evaluations_per_fold.xml", server="www")
    first = keyed(found[0])["accuracy", "mean", "", "fold", ""]
    assert (first.value, first.n, first.samples, first.basis) == (0.625, 2, None, "derived")
    assert keyed(found[1])["accuracy", "mean", "", "fold", ""].n == 10
    # Cut in the middle of a number, and fewer values than the suite has folds.
    assert [keyed(r)["accuracy", "mean", "", "fold", ""].missing for r in found[2:]] == [
        "invalid-in-source"
    ] * 2
    assert [r.status for r in found] == ["ok", "ok", "incomplete", "incomplete"]


def test_broken_json_row_costs_itself() -> None:
    (part,) = (
        item for item in read(FIXTURES / "lists/evaluations_native.json") if isinstance(item, Part)
    )
    assert (part.rows, part.converted) == (3, 2)
    assert part.failed == ((2, "not JSON: Expecting ',' delimiter at character 24 of its line"),)
    found = list(batch_records(part.batch))
    assert [(said(r)["run_id"], (r.measurements or [])[0].reported_value) for r in found] == [
        (1, "0.90"),
        (3, "0.957012"),
    ]


def test_element_that_stands_once_and_parameters() -> None:
    (single,) = listed("evaluations_single.json")
    assert keyed(single)["kappa", "pooled", "", "", ""].value == 0.875
    (setup,) = listed("evaluations_setups.json")
    assert setup.configuration and setup.configuration.hyperparameters == {
        "weka.JRip(1)_F": "3",
        "weka.JRip(1)_N": "2.0",
    }


ROW = (
    "<oml:evaluation><oml:run_id>{0}</oml:run_id><oml:task_id>3</oml:task_id><oml:function>kappa</oml:function>"
    "<oml:value>0.{0}</oml:value></oml:evaluation>"
)
LIST = '<oml:evaluations xmlns:oml="http://openml.org/openml">{}</oml:evaluations>'


@pytest.mark.parametrize(
    "text",
    [
        LIST.format("".join(map(ROW.format, range(1, 5)))),
        # Shapes that the pattern does not explain, and the parser reads alike.
        LIST.format("<!-- a comment -->" + "".join(map(ROW.format, range(1, 5)))),
        LIST.format("".join(map(ROW.format, range(1, 5)))).replace(
            "<oml:value>0.1<", "<oml:value><![CDATA[0.1]]><"
        ),
        LIST.format("".join(map(ROW.format, range(1, 5))))
        .replace("oml:", "o:")
        .replace(":oml=", ":o="),
        "\ufeff" + LIST.format("".join(map(ROW.format, range(1, 5)))),
    ],
)
def test_every_shape_of_a_list_reads_alike(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text(text, "utf-8")
    if "xmlns:o=" in text or text[0] == "\ufeff" or "oml=" in text:
        (page,) = pages.read(path, Limits())
        assert page.fault is None
        assert [(row[0], row[11]) for row in page.rows] == [(str(n), f"0.{n}") for n in range(1, 5)]


def test_pattern_and_parser_agree_on_the_sample(samples: Path, tmp_path: Path) -> None:
    path = samples / "openml_cc18/evaluation_list.xml"
    odd = tmp_path / "odd.xml"
    odd.write_bytes(
        path.read_bytes().replace(b"<oml:evaluation>", b"<!-- -->\n<oml:evaluation>", 1)
    )
    assert next(pages.read(path, Limits())).rows == next(pages.read(odd, Limits())).rows


def test_rows_of_a_list_beyond_a_page_and_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "BLOCK", 1000)
    monkeypatch.setattr(pages, "ROWS", 50)
    rows = "".join(ROW.format(number // 3) for number in range(300))
    (tmp_path / "page.xml").write_text(LIST.format(rows))
    found = list(pages.read(tmp_path / "page.xml", Limits()))
    assert sum(len(page.rows) for page in found) == 300
    assert [number for page in found for number in page.numbers] == list(range(1, 301))
    runs = [{row[0] for row in page.rows} for page in found]
    assert all(not a & b for a, b in pairwise(runs)), "no page cuts a run"
    text = ",".join(
        json.dumps({"run_id": n // 3, "function": "kappa", "value": 0.5}) for n in range(300)
    )
    (tmp_path / "page.json").write_text('{"evaluations":{"evaluation":[' + text + "]}}")
    found = list(pages.read(tmp_path / "page.json", Limits()))
    assert [row[0] for page in found for row in page.rows] == [str(n // 3) for n in range(300)]
    assert all(page.fault is None and not page.failed for page in found)


@pytest.mark.parametrize(
    ("text", "rows", "fault"),
    [
        (LIST.format(ROW.format(1) + ROW.format(2))[:-40], 1, "not XML"),
        (
            LIST.format(ROW.format(1) + "<oml:evaluation><oml:run_id>2</oml:evaluation>"),
            1,
            "not XML: mismatched tag",
        ),
        (
            '{"evaluations":{"evaluation":[{"run_id":1,"function":"kappa","value":0.5},',
            1,
            "the list breaks off",
        ),
        (
            '{"evaluations":{"evaluation":[{"run_id":1,"function":"kappa","val',
            0,
            "the list breaks off",
        ),
    ],
)
def test_a_list_that_breaks_off_keeps_what_stands_before(
    text: str, rows: int, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / ("page.xml" if text.startswith("<") else "page.json")
    path.write_text(text)
    items = read(path)
    assert sum(item.converted for item in items if isinstance(item, Part)) == rows
    assert [item.error.startswith(fault) for item in items if isinstance(item, Failed)] == [True]


# --- hostile XML ---

LAUGHS = "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};&l{n - 1};&l{n - 1};">' for n in range(1, 30))
RUN = '<oml:run xmlns:oml="http://openml.org/openml"><oml:run_id>1</oml:run_id><oml:task_id>3</oml:task_id>{}</oml:run>'
HOSTILE = {
    "laughs": f'<!DOCTYPE run [<!ENTITY l0 "ha">{LAUGHS}]>'
    + RUN.format("<oml:flow_name>&l29;</oml:flow_name>"),
    "internal": '<!DOCTYPE run [<!ENTITY a "x">]>'
    + RUN.format("<oml:flow_name>&a;</oml:flow_name>"),
    "external": '<!DOCTYPE run SYSTEM "file:///etc/passwd">' + RUN.format(""),
    "secret": '<!DOCTYPE run [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    + RUN.format("<oml:flow_name>&a;</oml:flow_name>"),
    "parameter": '<!DOCTYPE run [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;]>'
    + RUN.format(""),
    "undeclared": RUN.format("<oml:flow_name>&a;</oml:flow_name>"),
    "deep": RUN.format("<a>" * 100 + "</a>" * 100),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused(name: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "run.xml"
    path.write_bytes(HOSTILE[name].encode(encoding))
    items = read(path)
    failed = [item for item in items if isinstance(item, Failed)]
    assert len(failed) == 1 and not any(isinstance(item, Record) for item in items)
    wanted = {"undeclared": "undefined entity", "deep": "nested deeper than 64"}.get(
        name, "DOCTYPE"
    )
    assert wanted in failed[0].error
    codes = [getattr(item, "code", None) for item in items if not isinstance(item, Failed)]
    assert codes == (["BF906"] if name == "deep" else [])


def test_hostile_lists_are_refused(tmp_path: Path) -> None:
    entity = tmp_path / "page.xml"
    entity.write_text(
        '<!DOCTYPE x [<!ENTITY a "x">]>' + LIST.format(ROW.format(1) + ROW.format("&a;"))
    )
    assert ["DOCTYPE" in item.error for item in read(entity) if isinstance(item, Failed)] == [True]
    long = tmp_path / "long.xml"
    long.write_text(
        LIST.format(ROW.format(1) + f"<oml:evaluation a='1'>{'<b/>' * 400_000}</oml:evaluation>")
    )
    items = read(long)
    assert [getattr(item, "code", "") for item in items if not isinstance(item, Part | Failed)] == [
        "BF907"
    ]
    deep = tmp_path / "deep.json"
    deep.write_text(
        '{"evaluations":{"evaluation":[{"run_id":1,"x":' + "[" * 100_000 + "]" * 100_000 + "}]}}"
    )
    (part,) = (item for item in read(deep) if isinstance(item, Part))
    assert part.failed == ((1, "JSON is nested too deep (BF906)"),)


def test_half_characters_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    row = '{"run_id":1,"task_id":3,"flow_name":"a\\ud800b","function":"kappa","value":0.5}'
    path.write_text('{"evaluations":{"evaluation":[' + row + "]}}")
    (record,) = records(path)
    assert record.model and record.model.name == "a?b"


def test_references_to_characters_are_those_of_xml(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    names = "<oml:data_name>{}</oml:data_name><oml:function>kappa</oml:function>"
    rows = [
        ROW.format(1).replace("<oml:function>kappa</oml:function>", names.format(n))
        for n in ("a&#039;b", "&#128;&#x41;")
    ]
    path.write_text(LIST.format("".join(rows)))
    (page,) = pages.read(path, Limits())
    assert [row[pages.FIELDS.index("data_name")] for row in page.rows] == [
        "a'b",
        "\x80A",
    ]  # HTML has another 128


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json.gz"
    path.write_bytes(gzip.compress(b'{"run":{"run_id":1,' + b" " * 5_000_000 + b'"task_id":3}}'))
    with pytest.raises(UnsafeError):
        trees.document(path, Limits(archive_ratio=10))
    (path.parent / "cut.json.gz").write_bytes(path.read_bytes()[:100])
    with pytest.raises(BenchfmtError):
        trees.document(path.parent / "cut.json.gz")


def test_xml_reader_bounds() -> None:
    with pytest.raises(xmls.XmlError, match="no element found"):
        xmls.parse(b"")
    with pytest.raises(xmls.XmlError):
        xmls.parse(b"<a>\xff</a>")
    with pytest.raises(UnsafeError):
        xmls.parse(b"<a><b><c/></b></a>", Limits(json_depth=2))
    assert xmls.plain(xmls.parse(b'<a x="1"><b/><c>1</c><c y="2">3</c>&lt;</a>')) == {
        "x": "1", "b": None, "c": ["1", {"y": "2", "value": "3"}],
    }  # fmt: skip


WORDS = (
    b"", b'"', b"<", b">", b"&", b"&#0;", b"\x00", b"NaN", b"1e999", b"null", b"[]", b"{}", b"[", b"]", b"\xff", b"\n",
    b"99999999999999999999", b"-0.0", b"true", b",", b"::", b"<![CDATA[x]]>", b"<!-- -->", b"\\u0000", b"(1)", b"http://[",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_stop_nothing(seed: int, tmp_path: Path) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    files = [
        path
        for path in sorted(FIXTURES.rglob("*"))
        if path.suffix in (".xml", ".json") and path.is_file()
    ]
    for turn in range(40):
        path = random.choice(files)
        parts = re.findall(rb"[A-Za-z_0-9.-]+|[^A-Za-z_0-9.-]", path.read_bytes())
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(parts))
            parts[place] = random.choice([*WORDS, parts[random.randrange(len(parts))]])
        damaged = tmp_path / f"{turn}-{path.name}"
        damaged.write_bytes(b"".join(parts))
        for item in read(damaged, **random.choice([{}, {"server": "www"}])):
            if isinstance(item, Part):
                assert item.rows == item.converted + len(item.failed)
                assert all(keyed(record) is not None for record in batch_records(item.batch))
            elif isinstance(item, Record):
                assert keyed(item) is not None


# --- detection ---


def test_other_families_are_not_claimed(tmp_path: Path) -> None:
    for folder in sorted((FIXTURES.parent).iterdir()):
        if folder.name != "openml":
            assert openml.detect(Source(folder)) is None, folder.name
    texts = {
        "run.xml": "<run><run_id>1</run_id></run>",
        "run.json": '{"run": {"name": "x"}}',
        "task.json": '{"task": "image-classification"}',
        "flat.json": '{"run_id": 1, "metric": 2}',
        "e.json": '{"evaluations": []}',
        "data.json": '{"data": []}',
        "html.xml": "<html>see http://openml.org/openml</html>",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert openml.detect(Source(tmp_path)) is None
    assert {path.name: sniff.kind(path) for path in tmp_path.iterdir()} == dict.fromkeys(texts)


def test_options_are_checked() -> None:
    with pytest.raises(BenchfmtError, match="there is no OpenML server 'mars'; write www or test"):
        list(openml.plan(Source(FIXTURES / "lists"), {"server": "mars"}))


# --- suite data ---


def test_tasks_are_those_of_the_paper(samples: Path) -> None:
    with (samples / "openml_cc18/cc18_suite_table1.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(rules.tasks()) == 72
    for row in rows:
        task = rules.tasks()[int(row["task_id"])]
        assert (task.data, task.name, task.classes, task.features, task.instances, task.ratio) == (
            int(row["data_id"]), row["name"], int(row["n_classes"]), int(row["n_features_incl_target"]),
            int(row["n_instances"]), row["minority_majority_ratio"],
        )  # fmt: skip
    assert sum(task.instances for task in rules.tasks().values()) == 874_726


def test_measures_are_those_of_the_server(samples: Path) -> None:
    text = (samples / "openml_cc18/evaluation_measures_math_function.sql").read_text("utf-8")
    rows = re.findall(
        r"^\((\d+), '([^']*)', '([^']*)', '([^']*)', '([^']*)', '([^']*)', (NULL|'[^']*'), ",
        text,
        re.MULTILINE,
    )
    assert len(rows) == len(rules.measures()) == 74
    for number, name, *rest, better in rows:
        known = rules.measures()[name]
        assert [known.id, known.function_type, known.minimum, known.maximum, known.unit] == [
            int(number),
            *rest,
        ]
        assert known.higher_is_better == better.strip("'")


def test_measures_have_metrics_of_the_vocabulary() -> None:
    for name, known in rules.measures().items():
        if known.function_type != "EvaluationFunction" or known.kind == "text":
            assert known.metric is None
            continue
        metric = vocabulary().metrics[known.metric or ""]
        assert metric.direction == known.direction, name
        if name in QUALITIES:
            assert known.metric == QUALITIES[name]
    # The table says that more unclassified instances are better; it is wrong.
    assert rules.measure("unclassified_instance_count").direction == "lower"
    assert rules.measure("made by Somebody!").metric == "openml:made-by-somebody"


# --- the real samples, value by value ---

EVALUATION = re.compile(r"<oml:evaluation([^>]*)>(.*?)</oml:evaluation>", re.DOTALL)


def element(text: str, name: str) -> str | None:
    found = re.search(rf"<oml:{name}>(.*?)</oml:{name}>", text, re.DOTALL)
    return found[1] if found else None


def check_run(path: Path) -> tuple[Record, Counter[str]]:
    """Hold every number of a run's XML against its record, and every measurement against the XML."""
    text = path.read_text("utf-8")
    (record,) = records(path)
    left = keyed(record)
    folds: dict[str, dict[tuple[int, int], str]] = {}
    counted: Counter[str] = Counter()
    for attributes, inside in EVALUATION.findall(text):
        name, value, array = (element(inside, part) for part in ("name", "value", "array_data"))
        assert name
        at = re.fullmatch(r'\s*repeat="(\d+)"\s*fold="(\d+)"\s*', attributes)
        if at:
            folds.setdefault(name, {})[int(at[1]), int(at[2])] = str(value)
            counted["fold"] += 1
            continue
        metric, stage = (QUALITIES[name], "") if name in QUALITIES else OTHERS.get(name, ("", ""))
        statistic = "pooled" if name in QUALITIES else ""
        if value is not None:
            item = left.pop((metric, statistic, stage, "", ""))
            assert item.reported_value == value and Decimal(item.value) == Decimal(float(value)), (
                path.name,
                name,
            )
            counted["whole"] += 1
        for index, cell in enumerate(
            array.strip("[] ").split(",") if array and name in BY_CLASS else ()
        ):
            item = left.pop((metric, statistic, stage, "", f"class:{index}"))
            if cell == "\ufffd":
                assert (item.value, item.missing, item.reported_value) == (None, "undefined", cell)
            else:
                assert (item.value, item.reported_value) == (float(cell), cell)
            counted["class"] += 1
    for name, values in folds.items():
        metric, stage = (QUALITIES[name], "") if name in QUALITIES else OTHERS[name]
        item = left.pop((metric, "mean", stage, "fold", ""))
        assert item.samples == [float(values[fold]) for fold in sorted(values)], (path.name, name)
        assert item.n == len(values) and item.value == pytest.approx(fmean(item.samples), rel=1e-12)
        assert item.basis == "derived" and item.reported_value is None
    assert not left, f"{path.name}: nothing in the source says {list(left)}"
    assert (said(record).get("run_id"), said(record)["task_id"]) == (
        int(str(element(text, "run_id"))),
        int(str(element(text, "task_id"))),
    )
    assert record.provenance and record.provenance.submitter == element(text, "uploader")
    return record, counted


RUNS = {  # file: server, task's suite, engine and version, split, data set and its size; counts of whole, class, fold values
    "run_100_weka_optdigits.xml": (
        "www",
        "openml-cc18",
        "weka",
        None,
        "cv:1x10",
        "optdigits",
        5620,
        (18, 50, 180),
    ),
    "run_1_learning_curve_3_datasets.xml": (
        "www",
        "openml",
        "weka",
        "3.7.12-SNAPSHOT",
        None,
        None,
        None,
        (17, 35, 0),
    ),
    "run_219_mlr_rpart.xml": (
        "test",
        "openml",
        "mlr",
        None,
        "cv:1x10",
        "balance-scale",
        625,
        (17, 15, 170),
    ),
    "run_220_mlr_rpart_5x2cv.xml": (
        "test",
        "openml",
        "mlr",
        None,
        "cv:5x2",
        "balance-scale",
        625,
        (17, 15, 170),
    ),
    "run_223_regression.xml": (
        "test",
        "openml",
        "mlr",
        None,
        "cv:1x10",
        "vineyard",
        52,
        (7, 0, 70),
    ),
    "run_539275_mlr_iris_production.xml": (
        "www",
        "openml",
        "mlr",
        None,
        "cv:1x10",
        "iris",
        150,
        None,
    ),
    "run_11708_sklearn_not_evaluated.xml": (
        "test",
        "openml",
        "scikit-learn",
        "1.7.0",
        None,
        "diabetes",
        None,
        (0, 0, 0),
    ),
    "run_26936_server_error.xml": (
        "test",
        "openml",
        "mlr",
        None,
        None,
        "mfeat-pixel",
        None,
        (0, 0, 0),
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_real_runs_value_by_value(name: str, samples: Path) -> None:
    server, suite, engine, version, split, dataset, size, wanted = RUNS[name]
    record, counted = check_run(samples / "openml_cc18/runs" / name)
    assert record.benchmark.suite == suite
    assert said(record)["server"] == f"{server}.openml.org"
    assert record.software and (record.software.engine, record.software.engine_version) == (
        engine,
        version,
    )
    has = record.dataset
    assert ((has.split, has.name, has.samples) if has else (None, None, None)) == (
        split,
        dataset,
        size,
    )
    if wanted:
        assert (counted["whole"], counted["class"], counted["fold"]) == wanted
    assert record.status == ("ok" if counted else "incomplete")
    assert record.id == global_id(suite, f"https://{server}.openml.org/r/{said(record)['run_id']}")
    assert record.system is None


def test_real_run_100_in_words(samples: Path) -> None:
    (record,) = records(samples / "openml_cc18/runs/run_100_weka_optdigits.xml")
    found = keyed(record)
    assert found["auroc", "pooled", "", "", ""].value == 0.990288
    assert found["auroc", "mean", "", "fold", ""].value == pytest.approx(0.990317, abs=5e-7)
    assert found["cpu-time", "mean", "training", "fold", ""].samples == [
        0.058,
        0.058,
        0.055,
        0.054,
        0.052,
        0.052,
        0.051,
        0.054,
        0.052,
        0.052,
    ]
    assert found["openml:scimark-mflops", "", "", "", ""].value == 1969.9216824070186
    assert said(record)["os_information"] == [
        "Oracle Corporation",
        "1.7.0_51",
        "amd64",
        "Linux",
        "3.7.10-1.28-desktop",
    ]
    assert [m.metric for m in record.measurements or () if m.primary] == ["accuracy"]
    assert said(record)["primary_chosen_by_converter"] == "predictive_accuracy"
    assert record.model and (record.model.name, record.model.version) == ("weka.BayesNet_K2", "1")


def test_real_run_26936_says_why(samples: Path) -> None:
    (record,) = records(samples / "openml_cc18/runs/run_26936_server_error.xml")
    assert record.status_detail == "Attribute confidence.1 not found among predictions."


def test_real_confusion_matrix(samples: Path) -> None:
    # SOURCES.md names run 539275 for it; the file that has one is run 1.
    (record,) = records(samples / "openml_cc18/runs/run_1_learning_curve_3_datasets.xml")
    matrix = said(record)["confusion_matrix"]
    assert [len(row) for row in matrix] == [7] * 7 and sum(map(sum, matrix)) == 2050
    assert matrix[1] == [0, 0, 30, 0, 0, 0, 0]  # a row is an actual class
    assert "confusion_matrix_from" not in said(record)


def test_the_task_names_the_measure_of_run_539275(samples: Path) -> None:
    (record,) = records(samples / "openml_cc18/runs/run_539275_mlr_iris_production.xml")
    assert [m.metric for m in record.measurements or () if m.primary] == ["accuracy"]
    assert "primary_chosen_by_converter" not in said(record)
    assert said(record)["flow_id"] == 5270  # the evaluations have flow ids of their own


def test_real_run_folder(samples: Path) -> None:
    folder = samples / "openml_cc18/openml_python_run_dir"
    text = (folder / "description.xml").read_text("utf-8")
    values = {
        element(inside, "name"): element(inside, "value") for _, inside in EVALUATION.findall(text)
    }
    (record,) = records(folder)
    found = keyed(record)
    keys = {
        "usercpu_time_millis_training": ("cpu-time", "training"), "usercpu_time_millis_testing": ("cpu-time", "evaluation"),
        "usercpu_time_millis": ("cpu-time", ""), "wall_clock_time_millis_training": ("duration", "training"),
        "wall_clock_time_millis_testing": ("duration", "evaluation"), "wall_clock_time_millis": ("duration", ""),
    }  # fmt: skip
    for name, (metric, stage) in keys.items():
        exact = Decimal(str(values[name])) / 1000
        assert found.pop((metric, "mean", stage, "fold", "")).samples == [float(exact)]
    assert found.pop(("accuracy", "mean", "", "fold", "")).samples == [0.8108108108108109]
    assert not found
    assert record.software and record.software.engine_version == "0.21.2"
    assert record.software.stack == {
        "python": "3.7.3",
        "numpy": "1.17.0",
        "scipy": "1.3.0",
        "openml": "0.10.1dev",
    }
    assert record.model and record.model.name.endswith(
        "Classifier=sklearn.ensemble.forest.RandomForestClassifier)"
    )


def test_real_list_of_evaluations(samples: Path) -> None:
    path = samples / "openml_cc18/evaluation_list.xml"
    rows = [inside for _, inside in EVALUATION.findall(path.read_text("utf-8"))]
    found = records(path)
    assert len(rows) == len(found) == 10
    for row, record in zip(rows, found, strict=True):
        (item,) = record.measurements or ()
        assert (item.metric, item.statistic, item.reported_value) == (
            "accuracy",
            "pooled",
            element(row, "value"),
        )
        assert item.value == float(str(element(row, "value")))
        numbers_said = {
            name: int(str(element(row, name)))
            for name in ("run_id", "task_id", "setup_id", "flow_id", "data_id")
        }
        assert numbers_said.items() <= said(record).items()
        assert record.provenance and record.provenance.measured_at == str(
            element(row, "upload_time")
        ).replace(" ", "T")
        assert record.provenance.submitter == element(row, "uploader")
        assert record.dataset and record.dataset.name == element(row, "data_name")
        assert record.model and f"{record.model.name}({record.model.version})" == element(
            row, "flow_name"
        )
        assert record.provenance.execution == f"https://test.openml.org/r/{element(row, 'run_id')}"


def test_real_json_list_of_evaluations(samples: Path) -> None:
    path = samples / "openml_cc18/json_api_v1/evaluation_list.json"
    rows = json.loads(path.read_text("utf-8"))["evaluations"]["evaluation"]
    (record,) = records(path)
    found = keyed(record)
    for row in rows:
        metric = QUALITIES[row["function"]]
        assert found.pop((metric, "pooled", "", "", "")).reported_value == row["value"]
        for index, cell in enumerate(
            row["array_data"].strip("[]").split(",") if row["array_data"] else ()
        ):
            assert found.pop((metric, "pooled", "", "", f"class:{index}")).reported_value == cell
    assert not found


def beside(samples: Path, folder: Path, changes: dict[str, str], *names: str) -> Record:
    """Return the record of run 100 with some of its words changed, with real descriptions beside it."""
    text = (samples / "openml_cc18/runs/run_100_weka_optdigits.xml").read_text("utf-8")
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after, 1)
    (folder / "run.xml").write_text(text)
    for name in names:
        shutil.copy(samples / "openml_cc18" / name, folder / Path(name).name)
    (record,) = records(folder)
    return record


def test_real_setup(samples: Path, tmp_path: Path) -> None:
    record = beside(samples, tmp_path, {"<oml:setup_id>12<": "<oml:setup_id>100<"}, "setup_100.xml")
    assert record.configuration and record.configuration.hyperparameters == {
        "weka.J48(1)_C": "0.9",
        "weka.J48(1)_M": "2",
    }


def test_real_setup_of_sklearn(samples: Path, tmp_path: Path) -> None:
    record = beside(
        samples, tmp_path, {"<oml:setup_id>12<": "<oml:setup_id>98<"}, "setup_98_sklearn.xml"
    )
    text = (samples / "openml_cc18/setup_98_sklearn.xml").read_text("utf-8")
    values = re.findall(
        r"<oml:full_name>([^<]*)</oml:full_name>.*?<oml:value>([^<]*)</oml:value>", text, re.DOTALL
    )
    assert (
        record.configuration and len(record.configuration.hyperparameters or {}) == len(values) > 30
    )
    for name, value in values:
        plain = (
            value.replace("&quot;", '"')
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
        )
        assert (record.configuration.hyperparameters or {})[name] == plain


def test_real_task_and_dataset(samples: Path, tmp_path: Path) -> None:
    changes = {"<oml:task_id>28<": "<oml:task_id>1<", "<oml:did>28<": "<oml:did>1<"}
    record = beside(samples, tmp_path, changes, "task_1.xml")
    assert (record.benchmark.suite, record.benchmark.scenario) == ("openml", "cross-validation")
    assert record.dataset and record.dataset.split == "cv:1x10"
    assert "primary_chosen_by_converter" not in said(record)  # task 1 names predictive_accuracy
    other = tmp_path / "data"
    other.mkdir()
    changes = {"<oml:task_id>28<": "<oml:task_id>9<", "<oml:did>28<": "<oml:did>2<"}
    names = ("dataset_2/description.xml", "dataset_2/qualities.xml", "dataset_2/features.xml")
    record = beside(samples, other, changes, *names)
    assert record.dataset and (record.dataset.name, record.dataset.samples) == ("anneal", 898)
    assert said(record)["dataset_version"] == "1"


def test_real_flow(samples: Path, tmp_path: Path) -> None:
    changes = {
        "<oml:flow_id>67<": "<oml:flow_id>4024<",
        "weka.BayesNet_K2(1)": "weka.FilteredClassifier(1)",
    }
    record = beside(samples, tmp_path, changes, "flow_4024.xml")
    assert record.software and (record.software.engine, record.software.engine_version) == (
        "weka",
        "3.7.12",
    )


def test_real_list_of_runs(samples: Path, tmp_path: Path) -> None:
    changes = {
        "<oml:run_id>100<": "<oml:run_id>95<", "<oml:task_id>28<": "<oml:task_id>19<",
        "<oml:flow_id>67<": "<oml:flow_id>469<", "<oml:setup_id>12<": "<oml:setup_id>89<",
    }  # fmt: skip
    record = beside(samples, tmp_path, changes, "run_list.xml")
    assert record.provenance and record.provenance.measured_at == "2026-01-30T07:15:48"
    del changes["<oml:setup_id>12<"]
    other = tmp_path / "other"
    other.mkdir()
    record = beside(samples, other, changes, "run_list.xml")  # another run of that number
    assert record.provenance and record.provenance.measured_at is None


def test_real_converted_json(samples: Path) -> None:
    dataset = trees.document(samples / "openml_cc18/json_api_v1/dataset_130_php.json")
    assert (
        trees.text(dataset, "name"),
        trees.text(dataset, "description"),
        trees.identifier(dataset, "id"),
    ) == (
        "iris",
        None,
        130,
    )
    qualities = trees.document(samples / "openml_cc18/json_api_v1_sklearn/api-v1-jdq-1590.json.gz")
    assert len(trees.many(qualities, "quality")) > 50
    trace = trees.document(samples / "openml_cc18/json_api_v1/run_trace_single_iteration.json")
    assert len(trees.many(trace, "trace_iteration")) == 1


REASONS = {
    "estimation_procedure_list.xml": "no result: a list of estimation procedures",
    "flow_4024.xml": "no result: a flow (the description of an algorithm)",
    "run_list.xml": "no result: a list of runs, without their evaluations",
    "run_trace_10587706.xml": "no result: the trace of a search: scores of inner folds, which are not results",
    "setup_100.xml": "no result: a setup (the parameters of a flow)",
    "setup_98_sklearn.xml": "no result: a setup (the parameters of a flow)",
    "study_146_task_suite.xml": "no result: a study or suite (a list of ids)",
    "study_157_run_study.xml": "no result: a study or suite (a list of ids)",
    "task_1.xml": "no result: a task",
    "dataset_2/description.xml": "no result: the description of a data set",
    "dataset_2/features.xml": "no result: the features of a data set",
    "dataset_2/qualities.xml": "no result: the qualities of a data set",
    "json_api_v1/dataset_130_php.json": "no result: the description of a data set",
    "json_api_v1/evaluation_measure_list.json": "no result: a list of measures",
    "json_api_v1/run_list.json": "no result: a list of runs, without their evaluations",
    "json_api_v1/run_trace_single_iteration.json": "no result: the trace of a search: scores of inner folds, which are not results",
    "json_api_v1/setup.json": "no result: a setup (the parameters of a flow)",
    "json_api_v1/setup_list.json": "no result: a list of setups",
    "json_api_v1/study_99_truncated.json": "no result: a study or suite (a list of ids)",
    "json_api_v1/task_1.json": "no result: a task",
    "json_api_v1_sklearn/api-v1-jd-1590.json.gz": "no result: the description of a data set",
    "json_api_v1_sklearn/api-v1-jd-3.json.gz": "no result: the description of a data set",
    "json_api_v1_sklearn/api-v1-jdf-1590.json.gz": "no result: the features of a data set",
    "json_api_v1_sklearn/api-v1-jdl-dn-anneal-l-2-s-act-.json.gz": "no result: a list of data sets",
    "json_api_v1_sklearn/api-v1-jdl-dn-glass2-l-2-dv-1.json.gz": "an error that the server answered: 372 No results",
    "json_api_v1_sklearn/api-v1-jdl-dn-iris-l-2-dv-1.json.gz": "no result: a list of data sets",
    "json_api_v1_sklearn/api-v1-jdq-1590.json.gz": "no result: the qualities of a data set",
    "json_api_v1_sklearn/api-v1-jdq-3.json.gz": "no result: the qualities of a data set",
    "runs/run_219_predictions.arff": "predictions or a trace, used only in the folder of one run",
    "runs/run_223_predictions.arff": "predictions or a trace, used only in the folder of one run",
    "runs/run_26936_predictions.arff": "predictions or a trace, used only in the folder of one run",
    "automlbenchmark/iris_constant_fold0/metadata.json": "the settings of one fold; its scores stand in results.csv",
    "automlbenchmark/iris_constant_fold0/predictions.csv": "the predictions of one fold; its scores stand in results.csv",
    "runs/get_run_718389_pre_v1.xml": "the form of runs before API v1 (oml:get_run with oml:metric), which is not read; fetch run/{id} again",
}  # fmt: skip
UNKNOWN = {
    "SOURCES.md", "cc18_suite_table1.csv", "evaluation_measures_math_function.sql", "trace.arff", "trace_2089254.arff",
    "schema/openml.run.evaluate.xsd", "schema/openml.run.upload.xsd", "automlbenchmark/constraints.yaml",
}  # fmt: skip


@pytest.mark.parametrize("is_cut", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_whole_sample_folder(samples: Path, tmp_path: Path, is_cut: bool) -> None:
    folder = samples / "openml_cc18"
    if is_cut:  # without most rows of the longest table
        folder = tmp_path / "openml_cc18"
        shutil.copytree(samples / "openml_cc18", folder, copy_function=shutil.copyfile)
        longest = folder / "automlbenchmark" / "autogluon_v1.csv"
        lines = longest.read_text("utf-8").splitlines(keepends=True)
        longest.write_text("".join(lines[:400]), "utf-8")
    conversion = convert(folder)
    account = conversion.write(tmp_path / "package")
    told = {file.path: (file.role, file.reason) for file in account.files}
    aside = {path: reason for path, (role, reason) in told.items() if role in ("skipped", "failed")}
    known = {
        path: reason
        for path, reason in aside.items()
        if not str(reason).startswith("not recognised")
    }
    assert {path: str(reason) for path, reason in known.items()} == REASONS
    assert set(aside) - set(known) == UNKNOWN
    assert [path for path, (role, _) in told.items() if role == "failed"] == [
        "runs/get_run_718389_pre_v1.xml"
    ]
    report = validate(tmp_path / "package")
    assert report.ok and not report.findings
    with open_package(tmp_path / "package") as package:
        suites = Counter(package.table("records")["suite"].to_pylist())
    assert (suites["openml-cc18"], suites["openml"]) == (1, 19)


def test_numbers_are_exact() -> None:
    assert numbers.number("30.206837999998015", "ms", "s") == float(
        Decimal("30.206837999998015") / 1000
    )
    assert numbers.number("1e3", "ms", "s") == 1
    assert (
        numbers.number("1e999", "1", "1") is None and numbers.reason("1e999") == "invalid-in-source"
    )
    assert [numbers.number(text, "1", "1") for text in ("inf", "nan", "0x1", "1_0", "", "٣")] == [
        None
    ] * 6
    assert (
        numbers.matrix("[[1,2],[3,4]]") == numbers.matrix("[1,2,3,4]") == [["1", "2"], ["3", "4"]]
    )
    assert numbers.matrix("[1,2,3]") is None


@pytest.mark.parametrize(
    ("error", "status"),
    [([], "ok"), (["Required input files not present"], "failed")],
)
def test_a_run_with_an_error_beside_its_values_is_not_ok(
    tmp_path: Path, error: list[str], status: str
) -> None:
    evaluation = {"name": "predictive_accuracy", "value": "0.75", "array_data": None}
    run = {
        "run_id": 902,
        "uploader": 1,
        "task_id": 59,
        "flow_name": "otter(1)",
        "error": error,
        "output_data": {"evaluation": [evaluation]},
    }
    (tmp_path / "run.json").write_text(json.dumps(run))
    (record,) = records(tmp_path)
    (number,) = record.measurements or ()
    assert (record.status, record.status_detail) == (status, "".join(error) or None)
    assert (number.value, number.primary) == (0.75, True if status == "ok" else None)


def test_numbers_near_the_largest_that_there_is_have_no_spread() -> None:
    number = Number(metric="accuracy")
    measures.average(number, [1e200, -1e200, 1.0], "1")
    assert (number.value, number.n, number.stddev) == (1 / 3, 3, None)
    number = Number(metric="accuracy")
    measures.average(number, [1e308, 1e308], "1")
    assert (number.value, number.missing) == (None, "undefined")


def test_half_a_character_is_replaced_wherever_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    halves = r'"flow_name":"a","fl\ud800w":"x","array_data":"\udc00","uploader_name":"\ud83d\ude00"'
    row = '{"run_id":1,"task_id":3,"function":"kappa","value":0.5,' + halves + "}"
    path.write_text('{"evaluations":{"evaluation":[' + row + "]}}")
    (record,) = records(path)
    assert record.model and record.model.name == "a"
    assert "\ud800" not in json.dumps(record.to_dict(), ensure_ascii=False)
