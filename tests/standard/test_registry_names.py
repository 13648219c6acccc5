"""How names of systems and models are found in the registry, one by one and in columns, and what is known of them."""

from __future__ import annotations

import polars as pl
import pytest

from benchfmt import registry
from benchfmt.finding import BenchfmtError
from benchfmt.tables import COLUMNS

RECORDS = [column.name for column in COLUMNS["records"]]
SYSTEMS = [column.name for column in COLUMNS["systems"]]


@pytest.mark.parametrize(
    ("name", "suite", "system_id"),
    [
        ("Raspberry Pi 4b", "lpdnn", "raspberry-pi-4b"),
        ("rpi4", "lpdnn", "raspberry-pi-4b"),
        ("rpi4", "mlperf-tiny", None),
        ("raspberry pi 3 model b", None, "raspberry-pi-3b"),
        ("Raspberry Pi 3b+", None, "raspberry-pi-3b-plus"),
        ("NVIDIA H100-SXM-80GB", "mlperf-training", "nvidia-h100-sxm5-80gb"),
        ("nvidia h100_sxm_80gb", None, "nvidia-h100-sxm5-80gb"),
        ("Intel(R) Xeon(R) Platinum 8380 CPU @ 2.30GHz", None, "intel-xeon-platinum-8380"),
        ("AMD EPYC 7742 64-Core Processor", None, "amd-epyc-7742"),
        ("jetson-agx-xavier-32gb", None, "jetson-agx-xavier-32gb"),
        ("jetson-xavier", None, "jetson-agx-xavier-32gb"),
        ("NVIDIA H100", None, None),
        ("NVIDIA T40", None, None),
        ("pc", None, "energy-pc"),
        ("pc", "trtexec", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_system_is_found_by_spelling_and_never_by_likeness(
    name: str | None, suite: str | None, system_id: str | None
) -> None:
    found = registry.find_system(name, suite)
    assert (found.id if found else None) == system_id


@pytest.mark.parametrize(
    ("name", "suite", "version", "model_id"),
    [
        ("mobilenet-v1", "mlperf-tiny", None, "mobilenet-v1-0.25-96"),
        ("mobilenet-v1", "mlperf-inference", None, "mobilenet-v1-1.0"),
        ("mobilenet-v1", None, None, None),
        ("imagenet-resnet-resnet50", "lpdnn", "onnx", "resnet-50-v1-lpdnn"),
        ("resnet50-v1.5", "mlperf-inference", None, "resnet-50-v1.5"),
        ("resnet50-v1.5", "trtexec", None, None),
        ("body-pose-openpifpaf", "lpdnn", "regnety400mf-59p", "openpifpaf-regnety400mf-59p"),
        ("body-pose-openpifpaf", "lpdnn", None, None),
        ("imagenet-mobilenet", "lpdnn", "default", "mobilenet-v1-1.0"),
        ("imagenet-mobilenet", "lpdnn", "half-width", None),
        ("imagenet-mobilenet", "lpdnn", None, "mobilenet-v1-1.0"),
        ("resnet50-v1.5", "mlperf-inference", "any", "resnet-50-v1.5"),
        ("resnet-50-v1.5", None, None, "resnet-50-v1.5"),
        ("resnet-51", None, None, None),
    ],
)
def test_a_model_is_what_its_name_and_version_mean_in_the_suite(
    name: str, suite: str | None, version: str | None, model_id: str | None
) -> None:
    found = registry.find_model(name, suite, version)
    assert (found.id if found else None) == model_id


def test_an_unknown_id_is_refused_with_the_one_that_may_be_meant() -> None:
    with pytest.raises(BenchfmtError, match="did you mean 'raspberry-pi-4b'"):
        registry.system("raspberry-pi-4")
    with pytest.raises(BenchfmtError, match="did you mean 'resnet-50-v1'"):
        registry.model("resnet_50_v1x")
    with pytest.raises(BenchfmtError, match="there is no entry of the registry"):
        registry.near("nvidia-t4", "nvidia-t44444")


def test_near_is_not_same() -> None:
    assert registry.near("raspberry-pi-3b", "raspberry-pi-3b-plus")
    assert registry.near("raspberry-pi-3b-plus", "raspberry-pi-3b")
    assert not registry.same("raspberry-pi-3b", "raspberry-pi-3b-plus")
    assert registry.same("nvidia-t4", "nvidia-t4")
    assert not registry.near("nvidia-t4", "nvidia-t4")
    assert not registry.near("resnet-50-v1-lpdnn", "resnet-50-v1.5")
    assert registry.near("resnet-50-v1", "resnet-50-v1.5")


def test_same_as_leads_on_and_takes_near_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    links = {
        ("same-as", "nvidia-t4"): {"nvidia-l4"},
        ("same-as", "nvidia-l4"): {"nvidia-t4", "nvidia-a2"},
        ("same-as", "nvidia-a2"): {"nvidia-l4"},
        ("near", "nvidia-a2"): {"nvidia-a10"},
        ("near", "nvidia-a10"): {"nvidia-a2"},
    }
    monkeypatch.setattr("benchfmt.registry.entries._both_ways", lambda: links)
    assert registry.same("nvidia-t4", "nvidia-a2")
    assert registry.same("nvidia-a2", "nvidia-t4")
    assert not registry.same("nvidia-t4", "nvidia-a10")
    assert registry.near("nvidia-t4", "nvidia-a10")
    assert registry.near("nvidia-a10", "nvidia-t4")
    assert not registry.near("nvidia-t4", "nvidia-a2")


def test_columns_are_found_as_single_names_are() -> None:
    names = pl.Series(["rpi4", "Raspberry Pi 4b", None, "unheard-of", "rpi4"])
    suites = pl.Series(["lpdnn", "lpdnn", "lpdnn", "lpdnn", "trtexec"])
    ids = registry.system_ids(names, suites)
    assert ids.to_list() == ["raspberry-pi-4b", "raspberry-pi-4b", None, None, None]
    assert registry.system_ids(names, "lpdnn")[4] == "raspberry-pi-4b"
    models = pl.Series(["resnet50-v1.5", "resnet50-v1.5"])
    ids = registry.model_ids(models, pl.Series(["mlperf-inference", "lpdnn"]))
    assert ids.to_list() == ["resnet-50-v1.5", None]


def systems(*rows: dict[str, str]) -> pl.DataFrame:
    empty = dict.fromkeys(SYSTEMS)
    return pl.DataFrame([empty | row for row in rows], dict.fromkeys(SYSTEMS, pl.String))


def test_facts_are_those_of_the_device_that_computes() -> None:
    table = systems(
        {"id": "a", "name": "a server", "processor_name": "AMD EPYC 7742", "accelerator_name": "NVIDIA T4"},
        {"id": "b", "name": "a server", "processor_name": "AMD EPYC 7742"},
        {"id": "c", "processor_name": "AMD EPYC 7742", "accelerator_name": "an unheard-of card"},
        {"id": "d", "name": "Raspberry Pi 4b"},
        {"id": "e", "name": "an unheard-of board"},
    )  # fmt: skip
    facts = registry.facts_of_systems(table)
    assert facts["id"].to_list() == ["a", "b", "c", "d", "e"]
    devices = ["nvidia-t4", "amd-epyc-7742", None, "raspberry-pi-4b", None]
    assert facts["registry_device"].to_list() == devices
    assert facts["registry_power_nominal"].to_list() == [70, 225, None, None, None]
    assert facts["registry_cpu_cores"].to_list() == [64, 64, 64, 4, None]
    # A board has the clock of its chip.
    assert facts["registry_cpu_clock_boost"].to_list()[3] == 1_500_000_000
    assert facts["registry_peak_flops_fp16"].to_list() == [65_126_400_000_000, *[None] * 4]
    assert facts["registry_peak_flops_fp32"].to_list()[3] == 48_000_000_000
    others = set(facts.columns) - {"id"}
    assert all(column.startswith("registry_") for column in others)
    assert not others & set(SYSTEMS)


def test_a_peak_is_that_of_the_fastest_units_or_of_none() -> None:
    """Of an A10G a document tells the FP16 rate of its vector units, and that it has matrix units, whose rate none tells."""
    table = systems(
        {"id": "a", "accelerator_name": "NVIDIA A10G"},
        {"id": "b", "accelerator_name": "NVIDIA H100-SXM-80GB"},
        {"id": "c", "name": "CINECA Leonardo, Booster node"},
        {"id": "d", "name": "Huawei Atlas 200"},
    )
    facts = registry.facts_of_systems(table)
    assert facts["registry_peak_flops_fp32"].to_list()[0] == 31_520_000_000_000
    peaks = [None, 989_429_760_000_000, None, 8_000_000_000_000]
    assert facts["registry_peak_flops_fp16"].to_list() == peaks
    # A chip's power is not its board's, nor are the facts of one GPU those of a node with four.
    assert facts["registry_power_nominal"].to_list() == [150, 700, None, None]
    assert facts["registry_accelerators"].to_list() == [None, None, 4, None]


def records(*rows: dict[str, str]) -> pl.DataFrame:
    empty = dict.fromkeys(RECORDS)
    return pl.DataFrame([empty | row for row in rows], dict.fromkeys(RECORDS, pl.String))


def test_flop_is_that_of_the_input_that_the_record_states() -> None:
    known = {"suite": "mlperf-inference", "model": "resnet50-v1.5"}
    table = records(
        known | {"input_shape": "[3,224,224]"},
        known | {"input_shape": "[448,448]"},
        known,
        {"suite": "lpdnn", "model": "emotion-classic-light-112x96", "model_version": "student_g1", "input_shape": "[96,112]"},
        {"suite": "lpdnn", "model": "emotion-classic-light-112x96", "model_version": "student_g1", "input_shape": "[10,10]"},
        {"suite": "trtexec", "model": "resnet.onnx"},
    )  # fmt: skip
    facts = registry.facts_of_models(table)
    resnet = "resnet-50-v1.5"
    emotion = "emotion-classic-light-student-g1"
    assert facts["registry_model"].to_list() == [resnet, resnet, resnet, emotion, emotion, None]
    assert facts["registry_parameters"].to_list() == [*[25_557_032] * 3, 400_000, 400_000, None]
    flop = [8_178_368_512, 32_701_186_048, 8_178_368_512, 600_000_000, None, None]
    assert facts["registry_flop"].to_list() == flop
    inputs = ["224x224", "448x448", "224x224", "96x112", None, None]
    assert facts["registry_flop_input"].to_list() == inputs
    assert facts["registry_flop_source"].to_list()[:2] == [registry.COMPUTED] * 2


def test_a_million_names_are_found_in_well_under_a_second() -> None:
    """What is looked up is each distinct name, so that rows cost no more than a join."""
    from time import process_time

    names = pl.Series(["Raspberry Pi 4b", "NVIDIA T4", None, "unheard-of"] * 250_000)
    registry.systems()
    begun = process_time()
    ids = registry.system_ids(names)
    assert process_time() - begun < 2
    assert ids.null_count() == 500_000
