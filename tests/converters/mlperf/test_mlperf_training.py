"""MLPerf Training and HPC: the scores of real and made-up groups, and what becomes of every file."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from benchfmt import convert, validate
from benchfmt.accounting import Account
from benchfmt.converters.base import Source, Unit
from benchfmt.converters.mlperf import training
from benchfmt.converters.mlperf.published import training as published_training
from benchfmt.converters.mlperf.training import hpc
from benchfmt.converters.mlperf.training import layout as training_layout
from benchfmt.converters.mlperf.training.runs import olympic
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import heads, mllog
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mlperf_training"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
TRAINING, HPC = SAMPLES / "mlperf_training", SAMPLES / "mlperf_hpc"
real = pytest.mark.skipif(
    not (TRAINING / "SOURCES.md").exists(), reason="the real samples are not here"
)

# Minutes as SOURCES.md states them (six decimals); each was computed from the logs by another program.
MINUTES = {
    "v0.5/google/research_v3.32/ssd-tpuv3-32/results/tpu/ssd": 17.817928,
    "v0.5/nvidia/submission/results/dgx2_ngc18.11_mxnet/resnet": 73.939627,
    "v0.5/intel/intel_resnet_submission/results/skx_8180_2s_8x/resnet": 1312.805556,
    "v0.6/Google/results/tpu-v3-32/ssd": 12.608072,
    "v0.6/Google/results/tpu-v3-32/resnet": 42.186311,
    "v0.6/NVIDIA/results/dgx1_ngc19.05_pytorch/transformer": 20.344202,
    "v0.7/Google/results/tpu-v4-16-TF/resnet": 30.769283,
    "v0.7/NVIDIA/results/dgxa100_ngc20.06_merlin_hugectr/dlrm": 3.330644,
    "v0.7/DellEMC/results/C4140/transformer": 35.382940,
    "v0.7/Alibaba/results/v100-256/resnet": 3.947511,
    "v1.0/Google/results/tpu-v4-128-TF/resnet": 4.301094,
    "v1.0/Graphcore/results/ipu-pod16-POPART-open/bert": 27.753863,
    "v1.0/Habana/results/SYS-420GH-TNGR/resnet": 62.551556,
    "v2.1/Intel-HabanaLabs/results/HLS-Gaudi2-PT/resnet": 17.249595,
    "v2.1/Intel/results/1-node-SPR-pytorch/dlrm": 59.660197,
    "v2.1/MosaicML/results/8xA100_80GB-methods/bert": 7.895954,
    "v3.0/NVIDIA/results/dgxh100_ngc23.04_pytorch/ssd": 37.009233,
    "v3.0/Intel-HabanaLabs/results/HLS-Gaudi2-N48-PT/gpt3": 311.944883,
    "v3.0/Supermicro/results/SYS-820GH-TNR2/resnet": 16.427491,
    "v3.0/Dell/results/XE9680x8H100-SXM-80GB/resnet": 13.466500,
    "v4.0/smc-ac-power/results/1xSMC-H100-SXM-80GB/resnet": 13.425142,
    "v4.0/smc-ac-power/results/8xSMC-H100-SXM-80GB/resnet": 2.554398,
    "v4.0/Intel-HabanaLabs/results/HLS-Gaudi2-PT/llama2_70b_lora": 78.108689,
    "v4.0/tinycorp/results/tinybox_red/resnet": 167.147267,
    "v5.1/Quanta_Cloud_Technology/results/D75T-7U/llama2_70b_lora": 21.630717,
    "v5.1/AMD/results/MI350X_EPYC_9575F_pytorch/llama2_70b_lora": 12.231378,
    "v5.1/NVIDIA/results/tyche_ngpu8_ngc25.04_pytorch/retinanet": 22.334378,
    "v5.1/Dell/results/1xXE9680Lx8H200-SXM-141GB/rgat": 7.464540,
    "v0.7/CSCS/results/daint_gpu_n128_tf2.2.0/cosmoflow": 461.008594,
    "v1.0/NVIDIA/results/dgxa100_n128_ngc21.09_mxnet/strong/cosmoflow": 7.1150625000000005,
    "v3.0/HPE+LBNL/results/perlmutter_128x4/strong/oc20": 21.042667,
    "v3.0/Clemson/results/18xR750-2xA100-PCIe-80GB/strong/openfold": 263.520317,
}
NOT_LISTED = {
    # Below the folder of another benchmark, which SOURCES.md does not mention.
    "v1.0/Habana/results/SYS-420GH-TNGR/bert",
}
WEAK = {
    # time of all in minutes, models, accelerators of an instance
    "v1.0/LBNL/results/perlmutter_10x128x4_ngc21.09_mxnet/weak/cosmoflow": (14.702150, 10, 512),
    "v2.0/HelmholtzAI/results/horeka_gpu_n64_pytorch1.13/weak/deepcam": (23.938233, 8, 64),
    "v2.0/HelmholtzAI/results/horeka_gpu_n64_pytorch1.13/weak/oc20": (95.485017, 7, 512),
}
UNSCORED = {"v0.6/Alibaba/results/sinian/resnet"}
ENERGY = {
    "v4.0/smc-ac-power/results/1xSMC-H100-SXM-80GB/resnet": ("node", 5_671_887.21, 7041),
    "v4.0/smc-ac-power/results/8xSMC-H100-SXM-80GB/resnet": ("cluster", 7_867_171.29, 51331),
}


@cache
def records(root: Path, converter: str) -> dict[str, Record]:
    every = list(convert(root, converter))
    found = {str(record.provenance and record.provenance.execution): record for record in every}
    assert len(found) == len(every)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Account]:
    """The package of all samples, and the account of their conversion."""
    package = tmp_path_factory.mktemp("training") / "package"
    return package, convert([TRAINING, HPC]).write(package)


@cache
def scored() -> dict[str, Record]:
    return records(TRAINING, "mlperf-training") | records(HPC, "mlperf-hpc")


def primary(record: Record) -> Measurement:
    return next(item for item in record.measurements or () if item.primary)


def one(
    record: Record, metric: str, statistic: str | None = None, scope: str | None = None
) -> Measurement:
    found = [
        item for item in record.measurements or ()
        if item.metric == metric and item.statistic == statistic and item.scope == scope
    ]  # fmt: skip
    assert len(found) == 1, (
        metric,
        statistic,
        scope,
        [item.key for item in record.measurements or ()],
    )
    return found[0]


# --- truth: real results ---


@real
def test_every_group_is_a_record() -> None:
    assert set(scored()) == set(MINUTES) | set(WEAK) | UNSCORED | NOT_LISTED


@real
@pytest.mark.parametrize("execution", MINUTES)
def test_the_score_is_the_official_one(execution: str) -> None:
    score = primary(scored()[execution])
    assert (score.metric, score.statistic, score.unit, score.basis) == (
        "time-to-train", "olympic-mean-scaled", "s", "derived",
    )  # fmt: skip
    assert score.value is not None
    assert score.value / 60 == pytest.approx(MINUTES[execution], abs=1e-6)
    assert scored()[execution].status == "ok"


@real
def test_the_worked_example() -> None:
    record = scored()["v3.0/Dell/results/XE9680x8H100-SXM-80GB/resnet"]
    score, mean = primary(record), one(record, "time-to-train", "olympic-mean")
    assert score.value is not None
    assert score.value / 60 == pytest.approx(13.46649958773253, rel=1e-12)
    assert (score.n, mean.value, mean.n) == (5, 804.592, 5)
    assert mean.samples == [804.663, None, 804.515, 804.598, 804.462]
    assert one(record, "scaling-factor").reported_value == "1.0042232277526395"
    assert (
        record.status_detail == "1 of 5 runs did not count (result_1.txt: run_stop: status aborted)"
    )
    assert record.configuration and record.configuration.batch_size == 3200
    assert one(record, "epochs", "olympic-mean").samples == [35.0, None, 35.0, 35.0, 35.0]


@real
def test_the_middle_of_three() -> None:
    record = scored()["v3.0/Intel-HabanaLabs/results/HLS-Gaudi2-N48-PT/gpt3"]
    samples = one(record, "time-to-train", "olympic-mean").samples
    assert samples is not None and primary(record).value == sorted(filter(None, samples))[1]


@real
@pytest.mark.parametrize("execution", WEAK)
def test_weak_scaling_is_models_in_the_time_of_all(execution: str) -> None:
    minutes, models, scale = WEAK[execution]
    record = scored()[execution]
    makespan = one(record, "makespan").value
    assert makespan is not None
    assert makespan / 60 == pytest.approx(minutes, abs=1e-6)
    assert primary(record).key == ("throughput", "", "whole-run", "model", "")
    assert primary(record).value == pytest.approx(models / makespan, rel=1e-9)
    assert one(record, "mlperf:number-of-models").value == models
    assert one(record, "mlperf:instance-scale").value == scale


@real
def test_the_throughput_of_the_notes() -> None:
    record = scored()["v1.0/LBNL/results/perlmutter_10x128x4_ngc21.09_mxnet/weak/cosmoflow"]
    value = primary(record).value
    assert value is not None and value * 60 == pytest.approx(0.680173, abs=1e-6)
    # The logs say NVIDIA; the folder and the description do not.
    assert record.provenance and record.provenance.submitter == "LBNL"


@real
def test_pruned_runs_do_not_count() -> None:
    record = scored()["v2.0/HelmholtzAI/results/horeka_gpu_n64_pytorch1.13/weak/oc20"]
    assert one(record, "time-to-train", "single", "run:pruned").missing == "pruned"
    assert one(record, "mlperf:instance-scale").caveats == ["source-disagrees"]


@real
@pytest.mark.parametrize("execution", ENERGY)
def test_energy_is_that_of_the_runs_that_count(execution: str) -> None:
    scope, joules, watts = ENERGY[execution]
    record = scored()[execution]
    assert one(record, "energy", "olympic-mean-scaled", scope).value == pytest.approx(
        joules, abs=0.01
    )
    assert one(record, "power", "mean", scope).value == pytest.approx(watts, abs=1)


@real
def test_the_parts_of_the_energy_add_up() -> None:
    record = scored()["v4.0/smc-ac-power/results/8xSMC-H100-SXM-80GB/resnet"]
    whole = one(record, "energy", "olympic-mean", "cluster")
    parts = [
        item
        for item in record.measurements or ()
        if item.metric == "energy" and item.scope != "cluster"
    ]
    assert sum(item.value or 0 for item in parts) == pytest.approx(whole.value)
    assert (whole.basis, whole.caveats) == ("estimated", ["window-corrected"])
    assert [item.scope for item in parts] == ["network", *(f"node:{number}" for number in range(8))]
    assert one(record, "power", "mean", "network").basis == "nominal"


@real
def test_convergence_gives_the_scaling_factor() -> None:
    record = scored()["v5.1/Quanta_Cloud_Technology/results/D75T-7U/llama2_70b_lora"]
    mean = one(record, "training-samples", "olympic-mean").value
    assert mean == 3072
    # The reference converges after 3178.6667 samples (rcps_llama2_70b_lora.json).
    assert (3178 + 2 / 3) / mean == pytest.approx(one(record, "scaling-factor").value, rel=1e-9)


@real
def test_free_text_cannot_be_scored_and_keeps_its_quality() -> None:
    (execution,) = UNSCORED
    record = scored()[execution]
    assert (record.status, primary(record).missing) == ("incomplete", "unscorable")
    assert str(record.status_detail).startswith(
        "5 of 5 runs did not count (result_1.txt: free text"
    )
    quality = one(record, "accuracy", "final")
    assert quality.value == pytest.approx(0.760148) and quality.caveats == ["partial-run"]


@real
def test_names_map_by_round() -> None:
    def named(execution: str) -> tuple[str | None, str | None, float | None]:
        record = scored()[execution]
        quality = one(record, "map", "final")
        return (
            record.benchmark.name,
            record.model.name if record.model else None,
            quality.target_min,
        )

    assert named("v0.6/Google/results/tpu-v3-32/ssd") == ("ssd", "ssd-resnet34", 0.23)
    assert named("v0.5/google/research_v3.32/ssd-tpuv3-32/results/tpu/ssd") == (
        "ssd",
        "ssd-resnet34",
        0.212,
    )
    assert named("v3.0/NVIDIA/results/dgxh100_ngc23.04_pytorch/ssd") == (
        "retinanet",
        "retinanet",
        0.34,
    )
    assert named("v5.1/NVIDIA/results/tyche_ngpu8_ngc25.04_pytorch/retinanet") == (
        "retinanet",
        "retinanet",
        0.34,
    )


@real
def test_the_data_set_is_that_of_the_benchmark_and_its_samples_are_samples() -> None:
    def data(execution: str) -> tuple[str | None, int | None, Any]:
        record = scored()[execution]
        assert record.dataset
        own: dict[str, Any] = (record.extensions or {}).get("mlperf", {})
        return record.dataset.name, record.dataset.samples, own.get("eval_samples")

    # Trained on WMT17, evaluated on the 3,003 sentences of newstest2014 (the benchmark's README).
    assert data("v0.7/DellEMC/results/C4140/transformer") == ("wmt17-en-de", 3003, None)
    # 97 batches, and tokens: what the logs call eval_samples there is no number of samples.
    assert data("v3.0/NVIDIA/results/dgxh100_ngc23.04_pytorch/ssd") == ("open-images", None, 97)
    assert data("v3.0/Intel-HabanaLabs/results/HLS-Gaudi2-N48-PT/gpt3") == ("c4", None, 11590004)
    assert data("v3.0/Dell/results/XE9680x8H100-SXM-80GB/resnet") == ("imagenet-2012", 50000, None)


@real
def test_a_machine_without_accelerators_has_none() -> None:
    record = scored()["v0.5/intel/intel_resnet_submission/results/skx_8180_2s_8x/resnet"]
    assert record.system is not None
    assert record.system.accelerator is None


@real
def test_staging_takes_as_long_as_the_log_states() -> None:
    record = scored()["v3.0/Clemson/results/18xR750-2xA100-PCIe-80GB/strong/openfold"]
    [staging] = [item for item in record.measurements or () if item.stage == "staging"]
    # Nothing was staged: fractions of a microsecond, which the times of the lines, in milliseconds, show as 0 or 1.
    assert staging.value is not None
    assert 2e-7 < staging.value < 5e-7
    assert len(staging.samples or ()) == 10 and all(
        value and value < 1e-6 for value in staging.samples or ()
    )


@real
@pytest.mark.parametrize(
    ("execution", "benchmark", "minutes"),
    [
        ("v5.1/Quanta_Cloud_Technology/results/D75T-7U", "llama2_70b_lora", "23.4737585017"),
        ("v5.1/Quanta_Cloud_Technology/results/D75T-7U", "retinanet", "34.0729611111"),
        ("v5.1/Quanta_Cloud_Technology/results/D75T-7U", "dlrm_dcnv2", "3.9588708333"),
        ("v5.1/Quanta_Cloud_Technology/results/D75T-7U", "rgat", "7.93559375"),
    ],
)
def test_values_of_a_summary(execution: str, benchmark: str, minutes: str) -> None:
    rows = [
        r
        for r in convert(TRAINING, "mlperf-training-published")
        if r.provenance and "summary.json" in r.provenance.sources[0].path
    ]
    named = [r for r in rows if r.benchmark.name == benchmark]
    assert any(primary(r).value == pytest.approx(float(minutes) * 60, rel=1e-9) for r in named), [
        primary(r).value for r in named
    ]


@real
def test_every_closed_score_reaches_its_target() -> None:
    told = 0
    for execution, record in scored().items():
        for item in record.measurements or ():
            if item.target_min is None and item.target_max is None:
                continue
            told += 1
            assert item.value is not None
            assert item.value >= (item.target_min or float("-inf")), execution
            assert item.value <= (item.target_max or float("inf")), execution
    # Two results are of the open division, and the first round of HPC has no targets that a source states.
    assert told == len(scored()) - 3


@real
def test_published_scores_are_the_recomputed_ones() -> None:
    published = records(TRAINING, "mlperf-training-published") | records(
        HPC, "mlperf-training-published"
    )
    assert len(published) == 34 + 63 + 5 + 6
    both = sorted(set(published) & set(scored()))
    # The link of Habana's row says HabanaLabs in place of its folder: a table of the suite's data says so.
    assert both == [
        "v1.0/Google/results/tpu-v4-128-TF/resnet",
        "v1.0/Habana/results/SYS-420GH-TNGR/resnet",
        "v1.0/NVIDIA/results/dgxa100_n128_ngc21.09_mxnet/strong/cosmoflow",
        "v3.0/Dell/results/XE9680x8H100-SXM-80GB/resnet",
        "v3.0/Supermicro/results/SYS-820GH-TNR2/resnet",
        "v5.1/Quanta_Cloud_Technology/results/D75T-7U/llama2_70b_lora",
    ]
    for execution in both:
        table, own = primary(published[execution]), primary(scored()[execution])
        assert table.basis == "published" and table.key == own.key
        assert table.value is not None and own.value is not None
        assert table.value / 60 == pytest.approx(own.value / 60, abs=1e-6)


@real
def test_published_weak_rows() -> None:
    rows = records(HPC, "mlperf-training-published")
    record = rows["v1.0/NVIDIA/results/dgxa100_n512_ngc21.09_mxnet/weak/cosmoflow"]
    value = primary(record).value
    assert value is not None and value * 60 == pytest.approx(0.729038, abs=1e-6)
    assert one(record, "makespan").reported_value == "43.893449999999994"
    assert [
        one(record, f"mlperf:{name}").value for name in ("number-of-models", "instance-scale")
    ] == [32, 128]


@real
@pytest.mark.parametrize(
    ("system", "benchmark", "numbers"),
    [
        ("dgxa100_n128_ngc21.09_mxnet/strong", "cosmoflow", "7.1150625000000005"),
        ("dgxa100_n16_ngc21.09_mxnet/strong", "cosmoflow", "25.781025"),
        ("dgxa100_n256_ngc21.09_pytorch/strong", "deepcam", "1.6677277777777777"),
        ("dgxa100_n64_ngc21.09_pytorch/strong", "deepcam", "2.645388888888889"),
        ("dgxa100_n512_ngc21.09_pytorch/weak", "deepcam", "256.0 16.0 48.591699999999996"),
    ],
)
def test_each_row_of_the_summarizer(system: str, benchmark: str, numbers: str) -> None:
    record = records(HPC, "mlperf-training-published")[f"v1.0/NVIDIA/results/{system}/{benchmark}"]
    if numbers.count(" "):
        models, scale, minutes = numbers.split()
        told = [
            one(record, f"mlperf:{name}").value for name in ("number-of-models", "instance-scale")
        ]
        assert told == [float(models), float(scale)]
        assert one(record, "makespan").reported_value == minutes
        assert primary(record).value == pytest.approx(
            float(models) / float(minutes) / 60, rel=1e-12
        )
    else:
        assert primary(record).reported_value == numbers
        assert primary(record).value == pytest.approx(float(numbers) * 60, rel=1e-12)


@real
def test_cm4mlperf_rows_one_by_one() -> None:
    found = {
        str(record.provenance and record.provenance.url): record
        for record in convert(TRAINING / "cm4mlperf-results")
    }
    for path in sorted(TRAINING.rglob("cm-result.json")):
        for row in json.loads(path.read_text()):
            score = primary(found[row["details_url"]])
            assert score.reported_value == repr(row["Result"]) and score.reported_unit == "min"
            assert score.value == pytest.approx(row["Result"] * 60, rel=1e-15)


# --- an independent count of the files and of the runs ---


@real
@pytest.mark.parametrize(
    ("root", "failed"),
    [
        # The list of two addresses in one JSON member is no JSON.
        (TRAINING, {"training_results_v0.6/Alibaba/submission.json"}),
        (HPC, set()),
    ],
)
def test_every_file_is_accounted_for(
    root: Path, failed: set[str], whole: tuple[Path, Account]
) -> None:
    entries = [
        replace(entry, path=entry.path.removeprefix(f"{root.name}/"))
        for entry in whole[1].files
        if entry.path.startswith(f"{root.name}/")
    ]
    seen = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert sorted(entry.path for entry in entries) == seen
    roles = {
        role: {e.path for e in entries if e.role == role}
        for role in ("primary", "supporting", "skipped")
    }
    assert {entry.path for entry in entries if entry.role == "failed"} == failed
    results = {
        path
        for path in seen
        if re.search(r"/result_[^/]*\.txt$", path) and "pruned_results" not in path
    }
    assert results <= roles["primary"] | roles["supporting"]
    assert {path for path in seen if "/power/" in path or path.endswith("scaling.json")} <= roles[
        "supporting"
    ]
    assert not [e.path for e in entries if e.role == "skipped" and "not recognised" in str(e.reason)
                and e.path != "SOURCES.md"]  # fmt: skip


@real
def test_the_runs_are_those_of_the_folder() -> None:
    for record in scored().values():
        assert record.provenance and record.provenance.sources
        folder = next(root / name for root in (TRAINING, HPC) for name in sorted(path.name for path in root.iterdir())
                      if (root / name / record.provenance.sources[0].path).is_dir()
                      and name.endswith(str(record.benchmark.suite_version)))  # fmt: skip
        logs = list((folder / record.provenance.sources[0].path).glob("result_*.txt"))
        times = (
            one(record, "time-to-train", "mean")
            if record.benchmark.scenario == "weak"
            else primary(record)
        )
        assert times.n == len(logs)


REMAINING: dict[str, str] = {}
"""Findings of the package of all samples, each with the reason why the source deserves it."""


@real
def test_the_package_of_all_samples_validates(whole: tuple[Path, Account]) -> None:
    report = validate(whole[0])
    assert {finding.code for finding in report.findings} == set(REMAINING)


FAULTS = {
    "BF115": "NVIDIA's descriptions of v0.6 are lines of a log, not JSON",
    "BF706": "Alibaba's description of v0.7 has the name of another system",
}


@real
def test_faults_of_the_sources_are_told(whole: tuple[Path, Account]) -> None:
    account = whole[1]
    assert account.total("records") == 37 + 34 + 63 + 5 + 6
    told = {
        finding.code
        for finding in account.findings
        if "Alibaba" in finding.path or "NVIDIA" in finding.path
    }
    assert told == set(FAULTS)


# --- made-up results ---


@pytest.mark.parametrize("name", ["mlperf-training", "mlperf-hpc", "mlperf-training-published"])
def test_keeps_what_the_interface_promises(name: str, two_processes: Executor) -> None:
    (account,) = check_converter(name, [FIXTURES], executor=two_processes)
    assert (
        account.total("records")
        == {"mlperf-training": 5, "mlperf-hpc": 2, "mlperf-training-published": 5}[name]
    )


@pytest.mark.parametrize("name", ["mlperf-training", "mlperf-hpc", "mlperf-training-published"])
def test_records_of_the_fixtures(name: str, golden: Callable[[str, Any], None]) -> None:
    golden(name, [record.to_dict() for record in convert(FIXTURES, name)])


def made(name: str) -> Record:
    found = records(FIXTURES, "mlperf-training") | records(FIXTURES, "mlperf-hpc")
    return found[name]


def test_scaled_olympic_mean_with_an_aborted_run() -> None:
    record = made("v5.1/Acme/results/anvil/retinanet")
    # 600, 610, aborted, 590, 601.5: without the fastest and the aborted one.
    assert one(record, "time-to-train", "olympic-mean").value == pytest.approx(
        (600 + 610 + 601.5) / 3, rel=1e-15
    )
    assert primary(record).value == pytest.approx((600 + 610 + 601.5) / 3 * 1.0125, rel=1e-15)
    assert one(record, "map", "final").samples == [0.341, 0.341, None, 0.341, 0.341]
    # 4, 5, none, 5, 4
    assert one(record, "epochs", "olympic-mean").value == pytest.approx((4 + 5 + 5) / 3)


def test_energy_of_nodes_and_switches() -> None:
    record = made("v5.1/Acme/results/anvil/llama2_70b_lora")
    first = one(record, "energy", "olympic-mean", "cluster").samples
    # 100 s: 50 s at 1000 W and 50 s at 2000 W; 100 s at 1000 W; a switch of 500 W.
    assert first is not None and first[0] == pytest.approx(150_000 + 100_000 + 50_000)
    assert one(record, "energy", "olympic-mean", "node:1").caveats == ["window-corrected"]


def test_three_syntaxes_and_their_oddities() -> None:
    assert one(made("v0.5/acme/submission/results/forge/resnet"), "time-to-train", "olympic-mean").samples == [
        3600, 3610, 3590, 3605, 3601,
    ]  # fmt: skip
    mask = made("v0.6/Acme/results/forge/mask")
    assert mask.benchmark.name == "maskrcnn" and primary(mask).caveats == ["source-repaired"]
    assert [one(mask, name, "final").target_min for name in ("box-map", "mask-map")] == [
        0.377,
        0.339,
    ]
    assert mask.system and mask.system.processor and mask.system.processor.count == 2
    no_level = made("v0.7/Baobab/results/v1-256/resnet")
    assert primary(no_level).value == pytest.approx((200.125 + 201 + 202) / 3)
    assert (no_level.extensions or {})["mlperf"]["system_description"] == "invalid"


def test_too_many_aborted_runs_fail() -> None:
    record = made("v2.0/Fiction+Lab/results/cluster/strong/oc20")
    assert (record.status, primary(record).missing) == ("failed", "target-not-reached")
    assert primary(record).samples == [500.0, 500.1, 500.2, None, None]


# --- bad input ---

START, STOP = "1700000000000", "1700000600000"


def line(time: str, key: str, value: str = "null", metadata: str = "{}") -> str:
    return f':::MLLOG {{"namespace": "", "time_ms": {time}, "key": "{key}", "value": {value}, "metadata": {metadata}}}\n'


RUN = line(START, "run_start") + line(STOP, "eval_accuracy", "0.76", '{"epoch_num": 35}')
END = line(STOP, "run_stop", "null", '{"status": "success"}')


def group(folder: Path, *logs: str | bytes, system: str | None = "{}") -> Path:
    place = folder / "training_results_v4.0" / "Org" / "results" / "box" / "resnet"
    place.mkdir(parents=True)
    for number, log in enumerate(logs):
        (place / f"result_{number}.txt").write_bytes(log.encode() if isinstance(log, str) else log)
    if system is not None:
        (place.parents[2] / "systems").mkdir()
        (place.parents[2] / "systems" / "box.json").write_text(system)
    return folder


def only(folder: Path, **options: str) -> Record:
    (record,) = convert(folder, "mlperf-training", **options)
    return record


def runs_of(record: Record) -> list[str | None]:
    return [run.get("not_counted") for run in (record.extensions or {})["mlperf"]["runs"]]


BAD = {
    "killed": (RUN, "no run_stop"),
    "truncated": (RUN + END[:60], "no run_stop"),
    "aborted": (RUN + END.replace("success", "aborted"), "run_stop: status aborted"),
    "without status": (RUN + END.replace('"status": "success"', ""), "run_stop: no status"),
    "without start": (END, "no run_start"),
    "empty": ("", "no event of a training log"),
    "other output": ("epoch 1 of 35\n" * 1000, "no event of a training log"),
    "stop before start": (
        RUN + END.replace(STOP, "1699999999999"),
        "run_stop is not after run_start",
    ),
    "no time": (RUN + END.replace(STOP, '"noon"'), "run_start or run_stop has no time"),
    "the time of a header": (line("0", "run_start") + END, "run_start or run_stop has no time"),
    "a strange status": (RUN + END.replace("success", "\\u0000 Lost\\n"), "run_stop: status lost"),
    "NaN as time": (RUN + END.replace(STOP, "NaN"), "run_start or run_stop has no time"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_log_is_a_run_that_does_not_count(case: str, tmp_path: Path) -> None:
    bad, why = BAD[case]
    record = only(group(tmp_path, RUN + END, RUN + END, bad, RUN + END, RUN + END))
    assert runs_of(record) == [None, None, why, None, None]
    assert record.status == "ok" and primary(record).value == 600
    assert one(record, "time-to-train", "olympic-mean").samples == [600, 600, None, 600, 600]


@pytest.mark.parametrize("case", BAD)
def test_two_bad_logs_of_five_give_no_score(case: str, tmp_path: Path) -> None:
    bad, _ = BAD[case]
    record = only(group(tmp_path, RUN + END, bad, bad, RUN + END, RUN + END))
    aborted = case in ("aborted", "without status", "a strange status")
    assert record.status == ("failed" if aborted else "incomplete")
    assert primary(record).missing == ("target-not-reached" if aborted else "unscorable")
    assert str(record.status_detail).startswith("2 of 5 runs did not count")


def node(*watts: float, stop: int | None = None, efficiency: float | None = None) -> str:
    """Return the readings of a node at every tenth second of 600, as a meter writes them."""
    begin = int(START)
    step = 600_000 // len(watts)
    lines = [line(START, "power_measurement_start")]
    lines += [
        line(str(begin + step * at), "power_reading", str(power))
        for at, power in enumerate(watts, start=1)
    ]
    if efficiency is not None:
        lines.append(line(STOP, "conversion_eff", str(efficiency)))
    return "".join(lines) + (line(str(begin + stop), "power_measurement_stop") if stop else "")


def powered(folder: Path, *nodes: str, of: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Record:
    """Return the record of five runs of 600 s, some of which have readings of nodes."""
    place = (
        group(folder, *(RUN + END for _ in range(5)))
        / "training_results_v4.0/Org/results/box/resnet"
    )
    for run in of:
        (place / "power" / f"result_{run}").mkdir(parents=True)
        for number, text in enumerate(nodes):
            (place / "power" / f"result_{run}" / f"node_{number}.txt").write_text(text)
    conversion = convert(folder, "mlperf-training")
    (record,) = conversion
    assert conversion.account.ok
    package = folder / "package"
    convert(folder / "training_results_v4.0", "mlperf-training").write(package)
    assert not [found for found in validate(package).findings if found.severity == "error"]
    return record


def test_a_negative_power_reading_is_a_reading(tmp_path: Path) -> None:
    """The rule adds a reading times the time since the one before, whatever its sign."""
    record = powered(tmp_path, node(1000, -9, 2000, stop=600_000))
    # 200 s at 1000 W, 200 s at -9 W, 200 s at 2000 W.
    assert one(record, "energy", "olympic-mean", "node").value == pytest.approx(
        200 * (1000 - 9 + 2000)
    )
    assert one(record, "power", "mean", "node").value == pytest.approx((1000 - 9 + 2000) / 3)


def test_a_negative_reading_beside_an_efficiency(tmp_path: Path) -> None:
    record = powered(
        tmp_path,
        node(-43, 500.5, -1, 800, stop=600_000, efficiency=0.9),
        node(300, 300, stop=600_000),
    )
    joules = 150 * (-43 + 500.5 - 1 + 800) * 0.9
    assert one(record, "energy", "olympic-mean", "cluster").value == pytest.approx(
        joules + 600 * 300
    )
    assert one(record, "energy", "olympic-mean", "node:0").value == pytest.approx(joules)


def test_a_node_whose_readings_add_up_to_no_energy_has_none(tmp_path: Path) -> None:
    record = powered(tmp_path, node(-12, 2, -12, stop=600_000), node(300, 300, stop=600_000))
    assert one(record, "energy", "olympic-mean", "cluster").value == pytest.approx(
        600 * 300 - 200 * 22
    )
    assert one(record, "energy", "olympic-mean", "node:0").missing == "invalid-in-source"


def test_readings_that_add_up_to_no_energy_are_no_energy(tmp_path: Path) -> None:
    record = powered(tmp_path, node(-12, 2, -12, stop=600_000))
    assert one(record, "energy", "olympic-mean-scaled", "node").missing == "invalid-in-source"
    assert not [item for item in record.measurements or () if item.metric == "power"]


def test_without_a_stop_the_last_reading_is_the_end(tmp_path: Path) -> None:
    record = powered(tmp_path, node(1000, -100, 1000))
    energy = one(record, "energy", "olympic-mean", "node")
    assert energy.value == pytest.approx(200 * 1900) and energy.caveats == ["window-corrected"]


def test_the_energy_of_one_run_of_five_is_kept(tmp_path: Path) -> None:
    record = powered(tmp_path, node(1000, -9, 2000, stop=600_000), of=(1,))
    energy = one(record, "energy", "olympic-mean-scaled", "node")
    assert (energy.missing, energy.n) == ("too-few-samples", 5)
    assert energy.samples == [None, pytest.approx(200 * 2991), None, None, None]


def test_the_real_readings_below_zero(faults: Path) -> None:
    conversion = convert(faults / "mlperf" / "power_negative")
    (record,) = conversion
    assert conversion.account.ok
    energy = one(record, "energy", "olympic-mean-scaled", "cluster")
    assert energy.missing == "too-few-samples", "only one of the three runs that count has readings"
    assert energy.samples and energy.samples[1] == pytest.approx(20_815_330.33, abs=0.01)


# --- the newest rules ---

V61 = {
    "dlrmv4": ("recommendation", "dlrm-v4", "yambda-5b", "auroc", 0.75, "0.7501"),
    "qwen35_397b_grpo": ("code-generation", "qwen3.5-397b", "r2e-gym", "accuracy", 0.69, "0.71"),
    "gpt_oss_20b": ("language-modelling", "gpt-oss-20b", "c4", "log-perplexity", 3.34, "3.33"),
    "flux1": ("text-to-image", "flux.1", "coco-2014", "eval-loss", 0.586, "0.585"),
}


@pytest.mark.parametrize("repository", ["training_results_v6.1", "my results"])
@pytest.mark.parametrize("name", V61)
def test_benchmarks_of_the_newest_round(name: str, repository: str, tmp_path: Path) -> None:
    task, model, dataset, metric, target, text = V61[name]
    place = tmp_path / repository / "Org" / "results" / "box" / name
    place.mkdir(parents=True)
    log = (
        line(START, "submission_division", '"closed"') + line(START, "tensor_parallelism", "8")
        + line(START, "micro_batch_size", "2") + line(START, "lowest_numerical_precision_in_linear", '"nvfp4"')
        + line(START, "lowest_numerical_precision_in_comm", '"bfloat16"') + line(START, "run_start")
        + line(STOP, "eval_accuracy", text, '{"samples_count": 4096}') + END
    )  # fmt: skip
    (place / "result_0.txt").write_text(log)
    record = only(tmp_path)
    assert (record.task, record.model and record.model.name) == (task, model)
    assert record.dataset and record.dataset.name == dataset
    quality = one(record, metric, "final")
    assert (quality.target_min or quality.target_max, quality.reported_value) == (target, text)
    assert record.configuration and record.configuration.precision == "nvfp4"
    said = record.configuration.hyperparameters or {}
    assert (said["tensor_parallelism"], said["micro_batch_size"]) == (8, 2)
    assert said["lowest_numerical_precision_in_comm"] == "bfloat16"


def test_the_rules_of_the_newest_round_on_their_first_logs(faults: Path) -> None:
    found = {
        record.benchmark.name: record for record in convert(faults / "consumers" / "training61")
    }
    recommender, agent = found["dlrmv4"], found["qwen35_397b_grpo"]
    assert (
        recommender.model
        and recommender.model.name == "dlrm-v4"
        and recommender.task == "recommendation"
    )
    assert recommender.dataset and recommender.dataset.name == "yambda-5b"
    assert one(recommender, "auroc", "final").target_min == 0.75
    assert agent.model and agent.dataset and agent.task
    assert one(agent, "accuracy", "final").target_min == 0.69


def later(log: str, seconds: int) -> str:
    """Return a log whose times are so many seconds later."""
    return re.sub(
        r'"time_ms": ([0-9]{13})', lambda match: f'"time_ms": {int(match[1]) + 1000 * seconds}', log
    )


ONE = line(START, "submission_benchmark", '"resnet"') + line(START, "init_start") + RUN + END
SEVERAL = {
    "one after the other": ONE + later(ONE, 900),
    "the later one first": later(ONE, 900) + ONE,
    "without what stands before a run": RUN + END + later(RUN + END, 700),
    "killed, and begun again": line(START, "init_start") + RUN + later(ONE, 300),
    "of two benchmarks": ONE + ONE.replace("resnet", "bert"),
    "three of them": ONE + later(ONE, 900) + later(ONE, 1800),
    "joined without the end of a line": (ONE + later(ONE, 900)).rstrip(),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_a_log_of_several_runs_is_one_clear_failure(case: str, tmp_path: Path) -> None:
    conversion = convert(group(tmp_path, ONE, ONE, SEVERAL[case], ONE, ONE), "mlperf-training")
    (record,) = conversion
    assert [str(why)[:36] if why else None for why in runs_of(record)] == [
        None, None, "the log is of more than one run: ano", None, None,
    ]  # fmt: skip
    assert one(record, "time-to-train", "olympic-mean").samples == [600, 600, None, 600, 600]
    [failed] = [entry for entry in conversion.account.files if entry.role == "failed"]
    assert failed.path.endswith("result_2.txt") and "more than one run" in str(failed.reason)


@pytest.mark.parametrize("case", SEVERAL)
def test_nothing_is_taken_from_a_log_of_several_runs(case: str, tmp_path: Path) -> None:
    record = only(group(tmp_path, SEVERAL[case]))
    assert [item.value for item in record.measurements or () if item.value is not None] == []
    assert record.status == "incomplete"


COPIES = {
    "twice the same": ONE + ONE,
    "every line twice": "".join(2 * text for text in ONE.splitlines(keepends=True)),
    "a rank that begins a little later": ONE.replace(END, "") + later(RUN, 2) + END + later(END, 1),
    "ranks one after the other": ONE + later(ONE, 1),
    "the benchmark said again at the end": ONE
    + later(line(STOP, "submission_benchmark", '"resnet"'), 60),
}


@pytest.mark.parametrize("case", COPIES)
def test_copies_of_one_run_are_one_run(case: str, tmp_path: Path) -> None:
    record = only(group(tmp_path, ONE, ONE, COPIES[case], ONE, ONE))
    assert runs_of(record) == [None] * 5 and primary(record).value is not None


PRINTED = {
    "cut in two by a container's runtime": lambda log: "".join(
        f"2026-02-03T10:00:00.1Z stdout P {text[:70]}\n2026-02-03T10:00:00.1Z stdout F {text[70:]}\n" for text in log.splitlines()
    ),
    "in Docker's JSON": lambda log: "".join(
        json.dumps({"log": text + "\n", "stream": "stdout", "time": "2026-02-03T10:00:00Z"}) + "\n" for text in log.splitlines()
    ),
    "in colours": lambda log: "".join(f"\x1b[32m{text}\x1b[0m\n" for text in log.splitlines()),
    "in HTML": lambda log: "<pre>\n" + log.replace("&", "&amp;").replace('"', "&quot;") + "</pre>\n",
    "in UTF-16": lambda log: log.encode("utf-16"),
    "in UTF-16 without a mark": lambda log: log.encode("utf-16-le"),
    "with a mark of UTF-8": lambda log: log.encode("utf-8-sig"),
}  # fmt: skip


@pytest.mark.parametrize("case", PRINTED)
def test_whatever_stands_around_the_lines(case: str, tmp_path: Path) -> None:
    plain, printed = tmp_path / "plain", tmp_path / "printed"
    change: Callable[[str], str | bytes] = PRINTED[case]
    expected = only(group(plain, *[ONE] * 5)).to_dict()
    found = only(group(printed, *[change(ONE)] * 5)).to_dict()
    for record in (expected, found):
        record.pop("id")
        record["provenance"].pop("sources")
        record["system"].pop("id")
    assert found == expected


GOOD = {
    "carriage returns": (RUN + END).replace("\n", "\r\n"),
    "a progress bar before it": (RUN + END).replace(":::MLLOG", " 10%|#\r 20%|##\r:::MLLOG"),
    "a progress bar behind it": (RUN + END).replace("}\n", "}\r 30%|###\n"),
    "ranks": "".join(f"{rank}: {part}" for part in (RUN + END).splitlines(keepends=True) for rank in range(8)),
    "no newline at the end": (RUN + END).rstrip("\n"),
    "not UTF-8": (RUN.replace("eval_accuracy", "opt_name", 1) + RUN + END).encode() + b"\xff\xfe\n",
    "NaN as quality": line(START, "run_start") + line(STOP, "eval_accuracy", "NaN") + END,
    "infinity among the keys": RUN + line(STOP, "opt_weight_decay", "Infinity") + END,
    "seconds": (RUN + END).replace('"time_ms": 1700000000000', '"time_s": 1700000000.0').replace(
        '"time_ms": 1700000600000', '"time_s": 1700000600.000'),
    "a text as metadata": RUN + line(STOP, "opt_name", '"x"', '""') + END,
    "deep nesting": RUN + ':::MLLOG {"key": "seed", "value": ' + "[" * 100_000 + "\n" + END,
    "a long number": RUN + line(STOP, "seed", "9" * 10_000) + END,
    "a token inside a line": RUN + ":::MLLOG nothing :::MLLOG " + END.removeprefix(":::MLLOG "),
    "null bytes": RUN + "\0\0\0" + END,
    "half a character": RUN + line(STOP, "opt_name", '"\\ud800\\u0000 adam"') + END,
    "many carriage returns": RUN + ":::MLLOG \r" * 20_000 + "\n" + END,
    "many tokens": RUN + ":::MLLOG " * 100_000 + "\n" + END,
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_an_odd_log_counts(case: str, tmp_path: Path) -> None:
    record = only(group(tmp_path, *[GOOD[case]] * 5))
    assert record.status == "ok" and primary(record).value == 600
    package = tmp_path / "package"
    convert(tmp_path / "training_results_v4.0", "mlperf-training").write(package)
    assert validate(package).ok


def test_a_line_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    group(tmp_path, *[RUN + ':::MLLOG {"key": "seed", "va\n' + END] * 5)
    conversion = convert(tmp_path, "mlperf-training")
    assert [record.status for record in conversion] == ["ok"]
    told = [finding for finding in conversion.account.findings if finding.code == "BF115"]
    assert [finding.row for finding in told] == [3] * 5


def test_quality_that_is_no_number_is_absent(tmp_path: Path) -> None:
    record = only(group(tmp_path, *[GOOD["NaN as quality"]] * 5))
    assert [item.metric for item in record.measurements or ()] == ["time-to-train", "time-to-train"]


def test_a_broken_description_is_failed_and_stops_nothing(tmp_path: Path) -> None:
    group(tmp_path, *[RUN + END] * 5, system='{"submitter": "Org" "division": "closed"}')
    conversion = convert(tmp_path, "mlperf-training")
    (record,) = conversion
    assert record.status == "ok" and record.system and record.system.name == "box"
    failed = [entry.path for entry in conversion.account.files if entry.role == "failed"]
    assert failed == ["training_results_v4.0/Org/systems/box.json"]


@pytest.mark.parametrize(
    "text",
    ["[]", '{"scaling_factor": "1.1"}', '{"scaling_factor": 0}', '{"scaling_factor": NaN}', "{"],
)
def test_a_broken_factor_leaves_no_score(text: str, tmp_path: Path) -> None:
    place = group(tmp_path, *[RUN + END] * 5) / "training_results_v4.0/Org/results/box/resnet"
    (place / "scaling.json").write_text(text)
    conversion = convert(tmp_path, "mlperf-training")
    (record,) = conversion
    assert (record.status, primary(record).missing) == ("incomplete", "invalid-in-source")
    assert one(record, "time-to-train", "olympic-mean").value == 600
    assert conversion.account.count("failed") == 1


def test_fewer_runs_than_the_rules_ask_for(tmp_path: Path) -> None:
    record = only(group(tmp_path, *[RUN + END] * 4))
    assert (record.status, record.status_detail) == ("incomplete", "4 of 5 runs are here")
    assert primary(record).value == 600


def test_two_runs_have_no_olympic_mean(tmp_path: Path) -> None:
    record = only(group(tmp_path, *[RUN + END] * 2))
    assert primary(record).missing == "unscorable"
    assert record.status_detail == "2 runs are too few for an olympic mean; 2 of 5 runs are here"


def test_the_first_stop_counts_and_the_last_start_before(tmp_path: Path) -> None:
    late = (
        line("1700000100000", "run_start")
        + RUN.splitlines(keepends=True)[1]
        + END
        + line("1700000100500", "run_start")
    )
    record = only(
        group(tmp_path, *[line(START, "run_start") + late + END.replace(STOP, "1700009000000")] * 5)
    )
    assert primary(record).value == 500


def test_the_round_is_never_invented(tmp_path: Path) -> None:
    folder = group(tmp_path, *[RUN + END] * 5) / "training_results_v4.0"
    shutil.move(folder, tmp_path / "copy")
    record = only(tmp_path / "copy")
    assert record.benchmark.suite_version is None
    assert record.provenance and record.provenance.execution == "Org/results/box/resnet"
    assert one(record, "accuracy", "final").target_min is None
    named = only(tmp_path / "copy", round="v4.0")
    assert named.benchmark.suite_version == "v4.0"
    assert named.provenance and named.provenance.execution == "v4.0/Org/results/box/resnet"


def test_a_round_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match=r"there is no round 'v9\.9'"):
        convert(group(tmp_path, RUN + END), "mlperf-training", round="v9.9")


@pytest.mark.parametrize(
    "below", ["", "Org", "Org/results", "Org/results/box", "Org/results/box/resnet"]
)
def test_ids_do_not_depend_on_the_part_that_is_given(below: str, tmp_path: Path) -> None:
    root = group(tmp_path, *[RUN + END] * 5) / "training_results_v4.0"
    whole, part = only(root), only(root / below)
    assert (part.id, part.provenance and part.provenance.execution) == (
        whole.id, whole.provenance and whole.provenance.execution,
    )  # fmt: skip


def test_links_are_not_followed(tmp_path: Path) -> None:
    place = (
        group(tmp_path / "own", *[RUN + END] * 5) / "training_results_v4.0/Org/results/box/resnet"
    )
    secret = tmp_path / "secret.txt"
    secret.write_text(RUN + END)
    (place / "result_5.txt").symlink_to(secret)
    (place / "scaling.json").symlink_to(secret)
    conversion = convert(tmp_path / "own")
    (record,) = conversion
    assert primary(record).n == 5 and record.status == "ok"
    assert "a link" in next(
        str(e.reason) for e in conversion.account.files if e.path.endswith("result_5.txt")
    )


def test_a_log_that_cannot_be_opened_is_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group(tmp_path, *[RUN + END] * 5)
    opened = heads.opened

    def refuse(path: Path) -> BinaryIO:
        if path.name == "result_3.txt":
            raise PermissionError(13, "Permission denied")
        return opened(path)

    monkeypatch.setattr(heads, "opened", refuse)
    conversion = convert(tmp_path, "mlperf-training")
    (record,) = conversion
    assert primary(record).n == 4 and record.status == "incomplete"
    assert [
        entry.path.rpartition("/")[2]
        for entry in conversion.account.files
        if entry.role == "failed"
    ] == ["result_3.txt"]


def test_one_log_alone_is_part_of_a_result(tmp_path: Path) -> None:
    record = only(
        group(tmp_path, RUN + END) / "training_results_v4.0/Org/results/box/resnet/result_0.txt"
    )
    assert (
        record.status == "incomplete" and one(record, "accuracy", "final").reported_value == "0.76"
    )


# --- layout and reader ---


def detected(path: Path) -> list[bool]:
    return [
        module.detect(Source(path)) is not None for module in (training, hpc, published_training)
    ]


def test_detect_looks_at_the_content(tmp_path: Path) -> None:
    loadgen = tmp_path / "closed/X/results/sys/resnet50/Offline/performance/run_1"
    loadgen.mkdir(parents=True)
    (loadgen / "mlperf_log_detail.txt").write_text(
        ':::MLLOG {"key": "loadgen_version", "value": "4.0", "time_ms": 1.0}\n'
    )
    assert detected(tmp_path) == [False, False, False]
    other = tmp_path / "results"
    other.mkdir()
    (other / "result_0.txt").write_text("42\n")
    assert detected(tmp_path) == [False, False, False]
    assert detected(group(tmp_path, RUN + END)) == [True, False, False]
    assert detected(FIXTURES) == [True, True, True]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/a/training_results_v3.0/Dell/results/x/resnet", ("v3.0", "Dell", "x", None, "resnet", "Dell/results/x/resnet")),
        ("/a/training_results_v3.0-main/Dell/results/x/resnet", ("v3.0", "Dell", "x", None, "resnet", "Dell/results/x/resnet")),
        ("/a/training_results_v1.0/H/results/x/resnet/bert", ("v1.0", "H", "x", None, "bert", "H/results/x/bert")),
        ("/a/hpc_results_v2.0/A+B/results/x/weak/oc20", ("v2.0", "A+B", "x", "weak", "oc20", "A+B/results/x/weak/oc20")),
        ("/a/training_results_v0.7/Ali/results/v100-256", ("v0.7", "Ali", "v100-256", None, None, None)),
        ("/a/training_results_v0.5/v0.5.0/g/r/t/results/tpu/ssd", ("v0.5", "g", "tpu", None, "ssd", "g/r/t/results/tpu/ssd")),
        ("/a/results/x/resnet", (None, "a", "x", None, "resnet", "a/results/x/resnet")),
        ("/a/resnet", (None, None, None, None, "resnet", None)),
    ],
)  # fmt: skip
def test_places(folder: str, expected: tuple[str | None, ...]) -> None:
    place = training_layout.place(folder)
    assert (
        place.round,
        place.org,
        place.system,
        place.level,
        place.benchmark,
        place.location(None),
    ) == expected


def test_runs_stand_in_the_order_of_their_numbers() -> None:
    names = [f"result_{number}.txt" for number in (10, 2, 0, 1, 11)]
    assert sorted(names, key=training_layout.natural) == [
        f"result_{number}.txt" for number in (0, 1, 2, 10, 11)
    ]


def test_units_of_a_tree_are_in_path_order() -> None:
    units = [
        item.path.parent.name
        for item in training.plan(Source(FIXTURES), {})
        if isinstance(item, Unit)
    ]
    assert units == ["resnet", "mask", "v1-256", "llama2_70b_lora", "retinanet"]


@pytest.mark.parametrize(
    ("values", "dropped", "mean"),
    [
        ([3, 1, 2], 1, 2),
        ([1, 2, 3, 4, 5], 1, 3),
        ([1, None, 3, 4, 5], 1, 4),
        ([1, None, None, 4, 5], 1, None),
        ([*range(1, 41)], 4, 20.5),
        ([*range(1, 38), None, None, None], 4, 20.5),
        ([1, 2], 1, None),
        ([], 1, None),
    ],
)
def test_olympic_mean(values: list[int | None], dropped: int, mean: float | None) -> None:
    from decimal import Decimal

    found = olympic([None if value is None else Decimal(value) for value in values], dropped)
    assert (None if found is None else float(found.mean)) == mean


def reading(tmp_path: Path, data: bytes, **limits: int) -> mllog.Log:
    path = tmp_path / "result_0.txt"
    path.write_bytes(data)
    return mllog.read(path, Limits(**limits))


def test_the_hash_is_that_of_the_whole_file(tmp_path: Path) -> None:
    from benchfmt.readers.files import file_sha256

    log = reading(tmp_path, b"x" * 9_000_000 + b"\n" + (RUN + END).encode())
    assert log.sha256 == file_sha256(log.path)
    assert [event.line for event in log.events] == [2, 3, 4]


def test_a_line_without_end_is_passed_over(tmp_path: Path) -> None:
    data = b":::MLLOG " + b"x" * 9_000_000 + b"\n" + (RUN + END).encode()
    log = reading(tmp_path, data, row_bytes=1000)
    assert [event.key for event in log.events] == ["run_start", "eval_accuracy", "run_stop"]
    assert [event.line for event in log.events] == [2, 3, 4] and log.lost == 1


def blocks(data: bytes, tmp_path: Path, size: int) -> Iterator[mllog.Log]:
    before = mllog._BLOCK
    mllog._BLOCK = size
    try:
        yield reading(tmp_path, data)
    finally:
        mllog._BLOCK = before


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_blocks_do_not_matter(size: int, tmp_path: Path) -> None:
    data = ("noise\r 10%\n" + RUN + "\r\n" + END).encode()
    whole = reading(tmp_path, data)
    (log,) = blocks(data, tmp_path, size)
    assert log.events == whole.events and log.sha256 == whole.sha256 and len(log.events) == 3


def test_minigo_of_v06_is_scored_by_the_time_stamp_of_its_last_evaluation(tmp_path: Path) -> None:
    place = tmp_path / "training_results_v0.6/Org/results/box/minigo"
    place.mkdir(parents=True)
    for number in range(10):
        stamp = 1700 + number
        (place / f"result_{number}.txt").write_text(
            ':::MLL 1.0 run_start: {"value": null, "metadata": {}}\n'
            f':::MLL 2.0 eval_result: {{"value": 0.4, "metadata": {{"timestamp": {stamp - 500}.5}}}}\n'
            f':::MLL 3.0 eval_result: {{"value": 0.51, "metadata": {{"timestamp": {stamp}.5}}}}\n'
        )
    record = only(tmp_path)
    assert primary(record).value == 1705.0
    assert one(record, "win-rate", "final").value == 0.51


@pytest.mark.parametrize(("division", "model"), [("open", None), ("closed", "resnet50-v1.5")])
def test_an_open_result_may_be_of_another_model(
    division: str, model: str | None, tmp_path: Path
) -> None:
    log = line(START, "submission_division", f'"{division}"') + RUN + END
    record = only(group(tmp_path, *[log] * 5))
    assert (record.benchmark.name, record.task, record.dataset and record.dataset.name) == (
        "resnet", "image-classification", "imagenet-2012",
    )  # fmt: skip
    assert (record.model.name if record.model else None) == model
