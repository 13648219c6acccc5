"""The rules of MLPerf Inference: seeds, names, official numbers, targets and limits, against the published results."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from benchfmt.suites import mlperf_automotive as automotive
from benchfmt.suites import mlperf_inference as rules
from benchfmt.vocabulary import vocabulary

SEEDS = {
    "v0.5": "3133965575612453542 665484352860916858 3622009729038561421",
    "v0.7": "12786827339337101903 12640797754436136668 3135815929913719677",
    "v1.0": "7322528924094909334 1570999273408051088 3507442325620259414",
    "v1.1": "1624344308455410291 517984244576520566 10051496985653635065",
    "v2.0": "6655344265603136530 15863379492028895792 12662793979680847247",
    "v2.1": "14284205019438841327 4163916728725999944 299063814864929621",
    "v3.0": "10003631887983097364 17183018601990103738 12134888396634371638",
    "v3.1": "148687905518835231 520418551913322573 811580660758947900",
    "v4.0": "13281865557512327830 198141574272810017 7575108116881280410",
    "v4.1": "3066443479025735752 10688027786191513374 14962580496156340209",
    "v5.0": "6023615788873153749 15036839855038426416 9933818062894767841",
    "v5.1": "1780908523862526354 14771362308971278857 18209322760996052031",
    "v6.0": "2465351861681999779 14276810075590677512 3936089224930324775",
    "v6.1": "2085463073848966840 2747215439041700203 16159082839903944936",
}
NAMES = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")
LEGACY = ("v0.5", "v0.7", "v1.0", "v1.1")
LLM_WORD = (
    "the table was made with the unit words of earlier rounds: the number is tokens per second"
)
WRONG_UNITS = {
    ("v4.1", "llama2-70b-99", "offline"): ("Samples/s", LLM_WORD),
    ("v4.1", "llama2-70b-99", "server"): ("Queries/s", LLM_WORD),
    ("v4.1", "gptj-99", "offline"): ("Samples/s", LLM_WORD),
    ("v4.1", "mixtral-8x7b", "offline"): ("Samples/s", LLM_WORD),
}
"""Rows whose published unit word is wrong; whisper's is wrong in the rules of the round itself."""
SUBMITTERS_WORDS = {
    "Samples per second": ("throughput", "mean", "sample"),
    "result_samples_per_second": ("throughput", "mean", "sample"),
    r"90th percentile latency \(ns\)": ("latency", "p90", "query"),
    "result_90.00_percentile_latency_ns": ("latency", "p90", "query"),
}
LINES = {
    ("latency", "p90-es", "query"): r"Early stopping 90(?:\.0)?th percentile estimate: *(\d+)",
    ("latency", "p99-es", "query"): r"Early stopping 99(?:\.0)?th percentile estimate: *(\d+)",
    ("latency", "p99.9-es", "query"): r"Early stopping 99\.9th percentile estimate: *(\d+)",
    ("latency", "p90", "query"): r"90(?:th|\.0th|\.00) percentile latency \(ns\) *: *(\d+)",
    ("samples-per-query", "single", "query"): r"^Samples per query *: *(\d+)",
    ("request-rate", "mean", "query"): r"Scheduled samples per second *: *([\d.]+)",
    ("throughput", "mean", "sample"): r"^(?:Completed s|S)amples per second *: *([\d.]+)",
    (
        "throughput",
        "mean",
        "token",
    ): r"^(?:Completed t|T)okens per second(?: \(inferred\))? *: *([\d.]+)",
}


def seeds(round_id: str) -> dict[str, str]:
    return dict(zip(NAMES, SEEDS[round_id].split(), strict=True))


def folder(samples: Path) -> Path:
    return samples / "mlperf_inference"


# --- rounds ---


def test_the_rounds_stand_in_order_with_all_three_seeds() -> None:
    assert tuple(SEEDS) == rules.ROUNDS
    for round_id in SEEDS:
        assert dict(rules.seeds_of(round_id)) == seeds(round_id)
        assert rules.round_of(seeds(round_id)) == round_id


def test_one_seed_is_enough_and_a_wrong_one_too_many() -> None:
    assert rules.round_of({"schedule_rng_seed": "16159082839903944936"}) == "v6.1"
    assert rules.round_of(seeds("v5.0") | {"schedule_rng_seed": "1"}) is None
    assert rules.round_of(seeds("v5.0") | {"qsl_rng_seed": seeds("v5.1")["qsl_rng_seed"]}) is None
    assert rules.round_of({"accuracy_log_rng_seed": "0"}) is None
    assert rules.round_of({}) is None
    assert rules.seeds_of("v9.9") == {}


def test_an_unknown_round_counts_as_the_newest() -> None:
    assert rules.at_least("v2.0", "v2.0")
    assert not rules.at_least("v0.7", "v1.0")
    assert rules.at_least(None, "v6.1")
    assert rules.official("gptj-99", None, "single-stream") == rules.official(
        "gptj-99", "v6.1", "single-stream"
    )


def test_without_a_round_only_what_was_the_same_in_every_round_is_known() -> None:
    def targets(benchmark: str, round_id: str | None) -> dict[str, tuple[str | None, str | None]]:
        return {
            quality.name: (quality.target_min, quality.target_max)
            for quality in rules.qualities(benchmark, round_id)
        }

    # One block for all rounds that have it, whether the newest has it or not.
    for benchmark in ("resnet50", "bert-99.9", "gnmt", "ssd-large", "gptj-99", "deepseek-r1"):
        last = next(
            r
            for r in reversed(rules.ROUNDS)
            if any(min_ for min_, _ in targets(benchmark, r).values())
        )
        assert targets(benchmark, None) == targets(benchmark, last)
    # Those of mixtral-8x7b and 3d-unet-99 changed.
    assert set(targets("mixtral-8x7b", None)) == set(targets("mixtral-8x7b", "v6.1"))
    assert targets("mixtral-8x7b", None)["ROUGE1"] == (None, None)
    assert targets("3d-unet-99", None) == {"DICE": (None, None)}
    assert rules.qualities("qwen3-vl-235b-a22b", None, "interactive")[0].target_min is None
    assert rules.qualities("qwen3-vl-235b-a22b", None, "server")[0].target_min == "0.782397"


def test_without_a_round_facts_that_changed_are_not_known() -> None:
    found = rules.benchmark("3d-unet-99")
    assert found == rules.Benchmark(
        "3d-unet-99", task="medical-image-segmentation", model="3d-unet"
    )
    assert rules.benchmark("resnet50") == rules.benchmark("resnet50", "v5.1")
    assert rules.benchmark("resnet50") == rules.benchmark("resnet50", "v99")


@pytest.mark.parametrize(
    ("name", "benchmark", "own"),
    [
        ("resnet", "resnet50", True),
        ("ssd-mobilenet", "ssd-small", True),
        ("efficientnet_b0", "resnet50", False),
        ("ssd-resnet34", None, None),  # ssd-large until v2.0, then a model of retinanet's
        ("mobilenet", None, None),  # a benchmark in v0.5, then a model of resnet50's
    ],
)
def test_without_a_round_a_name_that_meant_two_benchmarks_is_not_known(
    name: str, benchmark: str | None, own: bool | None
) -> None:
    found = rules.named(name, None)
    assert (found.benchmark if found else None, found.own if found else None) == (benchmark, own)


# --- names ---


@pytest.mark.parametrize(
    ("name", "round_id", "benchmark"),
    [
        ("resnet", "v0.5", "resnet50"),
        ("ResNet50", "v3.0", "resnet50"),
        ("mobilenet", "v0.5", "mobilenet"),
        ("mobilenet-v1-precision_float-1.0-224", "v0.5", "mobilenet"),
        ("mobilenet", "v0.7", "resnet50"),
        ("mobilenet-v1-precision_float-1.0-224", "v5.1", "resnet50"),
        ("efficientnet-lite4", "v2.1", "resnet50"),
        ("ssd-mobilenet", "v1.0", "ssd-small"),
        ("ssd-resnet34", "v2.0", "ssd-large"),
        ("ssd-resnet34", "v2.1", "retinanet"),
        ("ssd-resnet34", None, None),
        ("yolo-v3-coco", "v0.7", "ssd-small"),
        ("rcnn-nas-lowproposals-coco", "v2.0", "ssd-large"),
        ("yolo-95", "v6.0", "yolo-95"),
        ("my-bert-99.9-pruned", "v3.0", "bert-99.9"),
        ("obert-large-bert-99", "v2.1", "bert-99"),
        ("llama3_1-405b", "v5.1", "llama3.1-405b"),
        ("llama3_1-8b-edge", "v5.1", "llama3.1-8b-edge"),
        ("VLM", "v6.1", "qwen3-vl-235b-a22b"),
        ("text_to_video", "v6.1", "wan-2.2-t2v-a14b"),
        ("agentic edge", "v6.1", None),
        ("something-else", "v3.0", None),
        ("", None, None),
    ],
)
def test_names_become_the_official_ones(
    name: str, round_id: str | None, benchmark: str | None
) -> None:
    assert rules.canonical(name, round_id) == benchmark


@pytest.mark.parametrize(
    ("word", "scenario"),
    [
        ("Single Stream", "single-stream"),
        ("singlestream", "single-stream"),
        ("SingleStream", "single-stream"),
        ("Multi Stream", "multi-stream"),
        ("multistream", "multi-stream"),
        ("Server", "server"),
        ("offline", "offline"),
        ("Interactive", "interactive"),
        ("ConstantStream", "constant-stream"),
        ("TEST01", None),
    ],
)
def test_scenarios_in_any_spelling(word: str, scenario: str | None) -> None:
    assert rules.scenario(word) == scenario


def test_every_directory_and_table_name_of_the_samples_is_known(samples: Path) -> None:
    unknown = set()
    for round_dir in folder(samples).iterdir():
        round_id = round_dir.name.removesuffix("-layout").removesuffix("-endpoints")
        for path in round_dir.glob("*/*/results/*/*"):
            if (
                path.is_dir()
                and not rules.canonical(path.name, round_id)
                and not automotive.benchmark(path.name)
            ):
                unknown.add(path.name)
    for path in (
        *folder(samples).glob("published/*.json"),
        *folder(samples).glob("cm4mlperf/**/cm-result.json"),
    ):
        for row in json.loads(path.read_text("utf-8")):
            names = (row.get("Model"), row.get("MlperfModel"), row.get("UsedModel"))
            unknown |= {
                name for name in names if name and rules.canonical(name, row["version"]) is None
            }
    mapped = {"llama3_1-70b-fp8_dyn"}
    with (folder(samples) / "published/v6.0_summary.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        for row in csv.DictReader(file):
            said = rules.canonical(row["MlperfModel"], row["version"])
            assert said
            # The benchmark of a submitter's own model stands in the table only: no rule knows its name.
            assert rules.canonical(row["Model"], row["version"]) == (
                said if row["Model"] not in mapped else None
            )
            assert rules.scenario(row["Scenario"])
    assert unknown == set()


# --- the official number ---


def test_the_official_number_changes_with_the_rounds() -> None:
    def key(
        benchmark: str | None, round_id: str | None, scenario: str
    ) -> tuple[str, str, str | None, str]:
        found = rules.official(benchmark, round_id, scenario)
        return found.metric, found.statistic, found.stage, found.per

    assert key("resnet50", "v1.1", "single-stream") == ("latency", "p90", "request", "query")
    assert key("resnet50", "v2.0", "single-stream") == ("latency", "p90-es", "request", "query")
    assert key("resnet50", "v1.1", "multi-stream-legacy") == (
        "samples-per-query",
        "single",
        None,
        "query",
    )
    assert key("resnet50", "v2.0", "multi-stream") == ("latency", "p99-es", "request", "query")
    assert key("resnet50", "v4.0", "server") == ("request-rate", "mean", "whole-run", "query")
    assert key("resnet50", "v4.1", "server") == ("throughput", "mean", "whole-run", "sample")
    assert key("gptj-99", "v4.0", "offline") == ("throughput", "mean", "whole-run", "sample")
    assert key("gptj-99", "v4.1", "offline") == ("throughput", "mean", "whole-run", "token")
    assert key("gptj-99", "v4.1", "single-stream") == ("latency", "p90-es", "request", "query")
    assert key("llama2-70b-99", "v4.0", "offline") == ("throughput", "mean", "whole-run", "token")
    assert key("llama2-70b-99", "v4.0", "server") == ("throughput", "mean", "whole-run", "sample")
    assert key("llama2-70b-99", "v4.1", "server") == ("throughput", "mean", "whole-run", "token")
    assert key("llama2-70b-99", "v5.1", "interactive") == (
        "throughput",
        "mean",
        "whole-run",
        "token",
    )
    assert key("llama3.1-8b-edge", "v5.1", "single-stream") == (
        "latency",
        "p90",
        "request",
        "query",
    )
    assert key("pointpainting", "v5.1", "single-stream") == (
        "latency",
        "p99.9-es",
        "request",
        "query",
    )
    assert key("stable-diffusion-xl", "v4.1", "server") == (
        "throughput",
        "mean",
        "whole-run",
        "sample",
    )
    assert key(None, None, "offline") == ("throughput", "mean", "whole-run", "sample")
    assert key("something-else", "v3.0", "server") == ("request-rate", "mean", "whole-run", "query")
    assert key("something-else", "v3.0", "") == ("throughput", "mean", "whole-run", "sample")
    assert rules.official("wan-2.2-t2v-a14b", "v6.0", "single-stream").unit == "Latency (s)"
    assert rules.official("whisper", "v6.0", "offline") == rules.Official(
        "throughput", "mean", "whole-run", "token", "Samples/s"
    )


def expected(samples: Path) -> list[dict[str, str]]:
    with (folder(samples) / "published/EXPECTED.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def official_of(row: dict[str, str]) -> tuple[str, str | None, str, rules.Official]:
    round_id = row["version"].removesuffix("-layout").removesuffix("-endpoints")
    scenario = rules.scenario(row["scenario"])
    assert scenario
    if scenario == "multi-stream" and round_id in LEGACY:
        scenario = "multi-stream-legacy"
    benchmark = rules.canonical(row["mlperf_model"], round_id)
    return round_id, benchmark, scenario, rules.official(benchmark, round_id, scenario)


def test_the_official_number_has_the_unit_of_every_expected_row(samples: Path) -> None:
    rows = expected(samples)
    assert len(rows) == 86
    wrong = set()
    for row in rows:
        round_id, benchmark, scenario, official = official_of(row)
        assert benchmark, row
        if row["units"] in SUBMITTERS_WORDS:
            assert (official.metric, official.statistic, official.per) == SUBMITTERS_WORDS[
                row["units"]
            ], row
        elif row["units"] and row["units"] != official.unit:
            word, _ = WRONG_UNITS[round_id, benchmark, scenario]
            assert (word, official.unit) == (row["units"], "Tokens/s"), row
            wrong.add((round_id, benchmark, scenario))
    assert wrong == set(WRONG_UNITS)


def test_the_official_number_is_in_the_logs_of_every_expected_row(samples: Path) -> None:
    seen = 0
    for row in expected(samples):
        path = (
            folder(samples)
            / row["version"]
            / row["location"]
            / "performance/run_1/mlperf_log_summary.txt"
        )
        if not path.is_file():
            assert row["version"] == "v6.1-endpoints", path
            continue
        text = path.read_text("utf-8")
        ran = re.search(r"^Scenario *: *(.+)$", text, re.MULTILINE)
        _, _, scenario, official = official_of(row)
        if ran and rules.scenario(ran[1]) not in (scenario.removesuffix("-legacy"), "server"):
            continue  # inferred from another scenario
        pattern = LINES[official.metric, official.statistic, official.per]
        numbers = [float(found) for found in re.findall(pattern, text, re.MULTILINE)]
        scale = {"Latency (ms)": 1e6, "Latency (s)": 1e9}.get(row["units"] or official.unit, 1.0)
        assert numbers, path
        assert numbers[0] / scale == pytest.approx(float(row["result"]), rel=2e-3), path
        seen += 1
    assert seen == 81  # of the others four are inferred and one is of MLPerf Endpoints


def test_units_of_the_published_v6_0_table(samples: Path) -> None:
    with (folder(samples) / "published/v6.0_summary.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        for row in csv.DictReader(file):
            benchmark = rules.canonical(row["MlperfModel"], "v6.0")
            scenario = rules.scenario(row["Scenario"])
            assert scenario
            assert rules.official(benchmark, "v6.0", scenario).unit == row["Units"], row


# --- qualities ---


@pytest.mark.parametrize(
    ("benchmark", "round_id", "name", "least", "greatest"),
    [
        ("resnet50", "v0.5", "acc", "75.6954", None),
        ("resnet50", "v5.1", "acc", "75.6954", None),
        ("mobilenet", "v0.5", "acc", "70.2464", None),
        ("ssd-small", "v0.7", "mAP", "21.78", None),
        ("ssd-large", "v2.0", "mAP", "19.8", None),
        ("retinanet", "v3.0", "mAP", "37.1745", None),
        ("gnmt", "v0.5", "bleu", "23.661", None),
        ("rnnt", "v0.7", "WER", "91.62252", None),
        ("bert-99", "v3.0", "F1", "89.96526", None),
        ("bert-99.9", "v3.0", "F1", "90.783126", None),
        ("dlrm-99", "v0.7", "AUC", "79.4475", None),
        ("dlrm-v2-99.9", "v4.1", "AUC", "80.22969", None),
        ("3d-unet-99", "v1.1", "DICE", "0.84447", None),
        ("3d-unet-99", "v2.0", "DICE", "0.8546769", None),
        ("3d-unet-99.9", "v2.1", "DICE", "0.8608383", None),
        ("gptj-99", "v3.1", "GEN_LEN", "3615190.2", None),
        ("llama2-70b-99", "v4.0", "ROUGE1", "43.986888", None),
        ("llama2-70b-99.9", "v5.1", "TOKENS_PER_SAMPLE", "265.005", "323.895"),
        ("stable-diffusion-xl", "v4.0", "CLIP_SCORE", "31.68631873", "31.81331801"),
        ("stable-diffusion-xl", "v6.0", "FID_SCORE", "23.01085758", "23.95007626"),
        ("mixtral-8x7b", "v4.1", "gsm8k_accuracy", "73.0422", None),
        ("mixtral-8x7b", "v5.0", "TOKENS_PER_SAMPLE", "130.356", "160.49"),
        ("llama3.1-405b", "v5.1", "exact_match", "89.232165", None),
        ("llama3.1-8b-edge", "v5.1", "GEN_LEN", "2746001.7", "3356224.3"),
        ("deepseek-r1", "v6.1", "exact_match", "80.544618", None),
        ("whisper", "v5.1", "ACCURACY", "96.953571", None),
        ("rgat", "v5.1", "acc", "72.1314", None),
        ("pointpainting", "v5.1", "mAP", "54.19575", None),
        ("dlrm-v3", "v6.0", "DLRM_NE", "0.86600313", None),
        ("yolo-95", "v6.0", "mAP", "50.73", None),
    ],
)
def test_targets_are_exact(
    benchmark: str, round_id: str, name: str, least: str | None, greatest: str | None
) -> None:
    found = {quality.name: quality for quality in rules.qualities(benchmark, round_id)}[name]
    assert (found.target_min, found.target_max) == (least, greatest)


def test_qualities_stand_in_the_checkers_order() -> None:
    def names(benchmark: str, round_id: str) -> list[str]:
        return [quality.name for quality in rules.qualities(benchmark, round_id)]

    assert names("mixtral-8x7b", "v4.1") == [
        "ROUGE1", "ROUGE2", "ROUGEL", "TOKENS_PER_SAMPLE", "gsm8k_accuracy", "mbxp_accuracy",
    ]  # fmt: skip
    assert names("llama3.1-405b", "v5.0") == ["ROUGEL", "exact_match", "TOKENS_PER_SAMPLE"]
    assert names("stable-diffusion-xl", "v4.0") == ["CLIP_SCORE", "FID_SCORE"]
    assert names("dlrm-v3", "v6.0") == ["DLRM_NE", "DLRM_ACC", "DLRM_AUC"]


def test_a_benchmark_of_another_round_keeps_its_metrics_without_targets() -> None:
    assert rules.qualities("gnmt", "v3.0") == (rules.Quality("bleu", "bleu", "%"),)
    assert rules.qualities("ssd-large", "v2.1") == (rules.Quality("mAP", "map", "%"),)
    assert rules.qualities("something-else", "v3.0") == ()


def test_two_accuracies_of_one_benchmark_have_scopes_of_their_own() -> None:
    found = rules.qualities("mixtral-8x7b", "v5.0")
    assert [(q.metric, q.scope) for q in found[-2:]] == [
        ("accuracy", "subset:gsm8k"),
        ("accuracy", "subset:mbxp"),
    ]
    assert all(q.scope is None for q in found[:-2])


def test_a_scenario_may_have_targets_of_its_own() -> None:
    assert rules.qualities("qwen3-vl-235b-a22b", "v6.1", "interactive")[0].target_min == "0.7798923"
    assert rules.qualities("qwen3-vl-235b-a22b", "v6.1", "server")[0].target_min == "0.782397"
    assert rules.qualities("qwen3-vl-235b-a22b", "v6.1")[0].target_min == "0.782397"


def test_published_qualities_of_the_closed_division_reach_their_targets(samples: Path) -> None:
    """The units of the targets are those of the numbers: a fraction compared to a percent would not show otherwise."""
    seen = 0
    for row in expected(samples):
        if not row["location"].startswith("closed"):
            continue
        round_id, benchmark, _, _ = official_of(row)
        wanted = {quality.name: quality for quality in rules.qualities(benchmark or "", round_id)}
        for name, value in re.findall(r"(\w+): ([\d.]+)", row["accuracy"]):
            quality = wanted.get({"BLEU": "bleu", "WER_acc": "WER"}.get(name, name))
            if quality is None:
                continue  # GEN_LEN is listed for llama2, but has no target
            least, greatest = (
                float(quality.target_min or "-inf"),
                float(quality.target_max or "inf"),
            )
            assert least <= float(value) <= greatest, row
            assert quality.unit == "1" or least > 1
            seen += 1
    assert seen > 50


# --- limits, counts, power ---


@pytest.mark.parametrize(
    ("benchmark", "round_id", "scenario", "limits"),
    [
        ("resnet50", "v3.0", "server", ("0.015", None, None)),
        ("resnet50", "v1.0", "multi-stream-legacy", ("0.05", None, None)),
        ("resnet50", "v2.0", "multi-stream", (None, None, None)),
        ("resnet50", "v3.0", "offline", (None, None, None)),
        ("ssd-large", "v0.7", "multi-stream-legacy", ("0.066", None, None)),
        ("retinanet", "v2.1", "server", ("0.1", None, None)),
        ("gnmt", "v0.5", "server", ("0.25", None, None, "97")),
        ("dlrm-99", "v3.0", "server", ("0.03", None, None)),
        ("dlrm-v2-99", "v3.1", "server", ("0.06", None, None)),
        ("gptj-99", "v4.1", "server", ("20", None, None)),
        ("llama2-70b-99", "v4.0", "server", (None, "2", "0.2")),
        ("llama2-70b-99", "v5.1", "interactive", (None, "0.45", "0.04")),
        ("llama2-70b-interactive-99", "v5.0", "server", (None, "0.45", "0.04")),
        ("llama3.1-405b", "v5.1", "interactive", (None, "4.5", "0.08")),
        ("deepseek-r1", "v5.1", "server", (None, "2", "0.08")),
        ("gpt-oss-120b", None, "interactive", (None, "2", "0.015")),
        ("qwen3-vl-235b-a22b", "v6.1", "server", ("12", None, None)),
        ("something-else", None, "server", (None, None, None)),
    ],
)
def test_latency_limits(
    benchmark: str, round_id: str | None, scenario: str, limits: tuple[str | None, ...]
) -> None:
    assert rules.latency_limits(benchmark, round_id, scenario) == rules.Limits(*limits)


def test_least_duration_and_counts() -> None:
    assert rules.minimum("resnet50", "v0.7", "server") == rules.Minimum(60, 270336, None)
    assert rules.minimum("gnmt", "v0.5", "server") == rules.Minimum(60, 90112, None)
    assert rules.minimum("resnet50", "v1.0", "single-stream") == rules.Minimum(600, 1024, None)
    assert rules.minimum("3d-unet-99", "v3.1", "offline") == rules.Minimum(600, 1, 24576)
    assert rules.minimum("3d-unet-99", "v4.0", "offline") == rules.Minimum(600, 1, 43)
    assert rules.minimum("resnet50", "v5.1", "offline") == rules.Minimum(600, 1, 24576)
    assert rules.minimum("resnet50", "v2.0", "server") == rules.Minimum(600, None, None)
    assert rules.minimum(None, None, "constant-stream") == rules.Minimum()


def test_power_rules() -> None:
    assert rules.MIN_POWER_SECONDS == "600"
    assert rules.POWER_UNITS["multi-stream"] == "millijoules"
    assert rules.POWER_UNITS["server"] == "Watts"


# --- benchmarks and data ---


def test_what_is_known_of_benchmarks() -> None:
    assert rules.benchmark("resnet50") == rules.Benchmark(
        "resnet50", "image-classification", "imagenet-2012", "validation", 50000, "resnet50-v1.5", 25600000, None, (224, 224)
    )  # fmt: skip
    earlier, now = rules.benchmark("3d-unet-99", "v1.1"), rules.benchmark("3d-unet-99", "v3.0")
    assert earlier and now
    assert (earlier.dataset, earlier.samples) == ("brats-2019", None)
    assert (now.dataset, now.samples) == ("kits19", 43)
    assert rules.benchmark("resnet") is None


def test_terms_are_of_the_vocabulary_and_every_block_has_a_source() -> None:
    data = rules._data()
    words = vocabulary()
    for name, entry in data["benchmarks"].items():
        for kind, field in (("task", "task"), ("dataset", "dataset"), ("model", "model")):
            assert field not in entry or entry[field] in words.terms(kind), (name, field)
    for official in data["official"]:
        for kind in ("metric", "statistic", "stage", "per"):
            assert kind not in official or official[kind] in words.terms(kind), official
        assert all(scenario in words.terms("scenario") for scenario in official["scenarios"])
    known = words.terms("metric")
    for name, metric in data["metrics"].items():
        if name != "source":
            assert metric["metric"] in known or metric["metric"].startswith("mlperf:"), name
    tables = (
        data["rounds"].values(),
        data["benchmarks"].values(),
        [data["metrics"], data["power"], data["scenarios"]],
    )
    lists = (
        data[key]
        for key in (
            "aliases",
            "patterns",
            "families",
            "named_data",
            "sizes",
            "official",
            "quality",
            "limits",
            "minimum",
        )
    )
    for block in (block for table in (*tables, *lists) for block in table):
        assert block.get("source"), block


def test_every_benchmark_that_is_named_is_one() -> None:
    data = rules._data()
    known = set(data["benchmarks"])
    assert {entry["benchmark"] for entry in (*data["aliases"], *data["patterns"])} <= known
    for table in ("official", "quality", "limits", "minimum"):
        for block in data[table]:
            assert set(block.get("benchmarks", ())) <= known, block
            assert {block.get("since", "v0.5"), block.get("until", "v0.5")} <= set(rules.ROUNDS)
    assert {name for block in data["quality"] for name in block["benchmarks"]} == known
