"""Why files of an MLPerf Inference submission are no results, by their folders and names."""

from __future__ import annotations

import pytest

from benchfmt.converters.mlperf.inference.skipping import Folder

RESULT = "closed/Sub/results/sys/resnet50/Offline"


@pytest.mark.parametrize(
    ("folder", "name", "begins"),
    [
        (
            "closed/Sub/compliance/sys/resnet50/Offline/TEST01",
            "verify_accuracy.txt",
            "part of a compliance test",
        ),
        (f"{RESULT}/TEST04-A", "notes.txt", "part of a compliance test"),
        ("audit", "x.txt", "part of a compliance test"),
        (f"{RESULT}/performance/ranging", "mlperf_log_detail.txt", "from the ranging phase"),
        (f"{RESULT}/accuracy", "mlperf_log_accuracy.json", "answers of the model"),
        (f"{RESULT}/accuracy", "mlperf_log_detail.txt", "log of the accuracy run"),
        (f"{RESULT}/accuracy/run_1", "mlperf_log_summary.txt", "log of the accuracy run"),
        (f"{RESULT}/accuracy/a/b", "mlperf_log_summary.txt", None),
        (f"{RESULT}/performance/run_1", "mlperf_log_summary.txt", None),
        (f"{RESULT}/performance/run_1", "mlperf_log_trace.json", "a trace of events"),
        (f"{RESULT}/performance/power", "ptd_out.csv", "log of the power meter's software"),
        (f"{RESULT}/performance/run_1", "ptd_logs.txt", "log of the power meter's software"),
        (f"{RESULT}/performance/run_1", "my_ptd_logs.txt", None),
        (f"{RESULT}/performance", "power_settings.txt", "a description of the power meter"),
        (f"{RESULT}/performance", "audit.config", "settings of a compliance test"),
        (f"{RESULT}/performance", "mlperf.conf", "the suite's own settings"),
        ("closed/Sub/code/resnet50", "main.txt", "code of the submission"),
        ("closed/Sub/source", "main.txt", None),
        ("closed/Sub", "README.MD", "a document for people"),
        ("closed/Sub", ".DS_Store", "a stray file"),
        ("closed/Sub", "results.json", "a report of the submitter's own program"),
        ("closed/Sub/systems", "sys.json", "describes a system"),
        ("closed/Sub/systems", ".json", "a stray file"),
        ("closed/Sub/systems/more", "sys.json", None),
        ("closed/Sub/measurements/sys", "user.conf", "describes a measurement"),
        ("", "compliance", None),
    ],
)
def test_a_file_that_is_no_result_has_a_reason(folder: str, name: str, begins: str | None) -> None:
    reason = Folder.of(folder).why_skipped(name)
    assert reason is None if begins is None else str(reason).startswith(begins)
