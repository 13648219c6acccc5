"""MLPerf Tiny: the real samples against numbers read here by other means, and small fixtures against expected records.

What is true of the samples stands in their SOURCES.md (TRUTH below, number by number) and in the files, which are read
here with regular expressions of their own; nothing is taken from the converter's reader.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchfmt import Record, convert, validate
from benchfmt.accounting import Account
from benchfmt.converters.base import Failed, Source, Unit
from benchfmt.converters.mlperf import inference, published, storage, tiny
from benchfmt.converters.mlperf.published import tiny as published_tiny
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.limits import Limits
from benchfmt.readers import energyrunner
from benchfmt.record import Measurement
from benchfmt.suites import mlperf_tiny as rules
from benchfmt.testing import check_converter
from benchfmt.vocabulary import vocabulary

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mlperf_tiny"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "mlperf_tiny"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the real samples are not here")

RATE = ("throughput", "median", "inference", "sample", "")
OWN_RATE = ("throughput", "median", "inference", "sample", "run:energy")
ENERGY = ("energy", "median", "inference", "sample", "board")
ACCURACY = ("accuracy", "pooled", "", "", "")
AUROC = ("auroc", "pooled", "", "", "")
Key = tuple[str, str, str, str, str]

REFERENCE = "v0.5/closed/reference/results/Nucleo-L4R5ZI"
ST = "v1.3/closed/STMicroelectronics/results/NUCLEO_L4R5ZI-P"
QUALCOMM = "v1.3/closed/Qualcomm/results/Next_Generation_Snapdragon_Mobile_Platform_MTP"
# The numbers of SOURCES.md, as they are written there, and what they become.
TRUTH: list[tuple[str, Key, str, float]] = [
    (f"{REFERENCE}/ic", RATE, "1.420", 1.42),
    (f"{REFERENCE}/ic", ENERGY, "29207.010", 0.02920701),
    (f"{REFERENCE}/ic", ACCURACY, "86.5", 0.865),
    (f"{REFERENCE}/ic", AUROC, "0.99", 0.99),
    ("v1.1/closed/bosch/results/DISCO_F746NG/ic", RATE, "16.242", 16.242),
    ("v1.1/closed/bosch/results/DISCO_F746NG/ic", ACCURACY, "87.5", 0.875),
    ("v1.1/closed/Krai/results/NUCLEO-L4R5ZI_X-CUBE-AI-7.3/ic", RATE, "4.407", 4.407),
    ("v1.1/closed/Krai/results/NUCLEO-L4R5ZI_X-CUBE-AI-7.3/ic", ENERGY, "17755.446", 0.017755446),
    ("v1.1/closed/Krai/results/NUCLEO-L4R5ZI_X-CUBE-AI-7.3/ic", ACCURACY, "85.0", 0.85),
    (f"{ST}/ic", RATE, "6.036", 6.036),
    (f"{ST}/ic", ENERGY, "5495.9150", 0.005495915),
    (f"{ST}/ic", ACCURACY, "87.0", 0.87),
    (f"{ST}/ic", AUROC, "0.988", 0.988),
    (f"{ST}/sww", ("true-positives", "", "", "", ""), "44", 44.0),
    (f"{ST}/sww", ("false-negatives", "", "", "", ""), "6", 6.0),
    (f"{ST}/sww", ("false-positives", "", "", "", ""), "4", 4.0),
    (f"{ST}/sww", ("mlperf:duty-cycle", "", "", "", ""), "0.55914", 0.55914),
    (f"{ST}/sww", ("throughput", "", "inference", "sample", ""), "55.908", 55.908),
    (f"{QUALCOMM}/ic", RATE, "10436.648", 10436.648),
    # And those that the energy runs say beside.
    (f"{REFERENCE}/vww", OWN_RATE, "1.658", 1.658),
    ("v1.1/closed/Krai/results/NUCLEO-L4R5ZI_X-CUBE-AI-7.3/ic", OWN_RATE, "4.406", 4.406),
    (f"{ST}/sww", ("energy", "single", "whole-run", "", "board"), "30746401.8100", 30.74640181),
    (f"{ST}/sww", ("power", "single", "whole-run", "", "board"), "25.6220", 0.025622),
    (f"{ST}/sww", ("mlperf:duty-cycle", "", "", "", "run:energy"), "0.56085", 0.56085),
    (f"{REFERENCE}/ad", ACCURACY, "77.4", 0.774),
    (f"{REFERENCE}/ad", AUROC, "0.86", 0.86),
    ("v0.5/open/hls4ml/results/pynqz2/ic", RATE, "126.623", 126.623),
]
SKIPPED_SAMPLES = Counter(
    {
        "a document for people, or a program": 4,
        "part of the power trace; its sums stand in results.txt": 5,
    }
)


@cache
def sampled() -> dict[str, Record]:
    """Return the records of the runner's files by execution."""
    return {execution(record): record for record in convert(SAMPLES, "mlperf-tiny")}


def execution(record: Record) -> str:
    assert record.provenance and record.provenance.execution
    return record.provenance.execution


def by_key(record: Record) -> dict[Key, Measurement]:
    return {m.key: m for m in record.measurements or ()}


def folder_of(place: str) -> Path:
    return SAMPLES / f"tiny_results_{place}"


# --- the real samples ---


@needs_samples
@pytest.mark.parametrize(
    ("place", "key", "text", "value"),
    TRUTH,
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_a_number_of_the_samples(place: str, key: Key, text: str, value: float) -> None:
    found = by_key(sampled()[place])[key]
    assert (found.value, found.reported_value) == (value, text)


@needs_samples
def test_the_period_of_a_stream_is_kept() -> None:
    said = (sampled()[f"{ST}/sww"].extensions or {})["mlperf"]
    assert (said["period_seconds"], said["energy_run_period_seconds"]) == ("0.031989", "0.031987")


def folders(samples: Path) -> Iterator[Path]:
    """Yield the results of the samples: what has a folder of a run below it."""
    runs = {
        path.parent
        for path in samples.rglob("*.txt")
        if path.parent.name in ("performance", "accuracy", "energy")
    }
    yield from sorted({path.parent for path in runs})


@needs_samples
def test_there_is_one_record_for_each_result() -> None:
    wanted = {
        path.relative_to(SAMPLES).as_posix().removeprefix("tiny_results_")
        for path in folders(SAMPLES)
    }
    assert set(sampled()) == wanted
    assert len(wanted) == 14


def printed(path: Path, pattern: str) -> list[str]:
    return re.findall(pattern, path.read_text("utf-8")) if path.exists() else []


@needs_samples
def test_every_rate_energy_and_score_is_what_the_file_prints() -> None:
    seen = Counter[str]()
    for place, record in sampled().items():
        folder, found = folder_of(place), by_key(record)
        expected: dict[Key, list[str]] = {
            RATE: printed(
                folder / "performance/results.txt", r"Median throughput is +([0-9.]+) inf"
            ),
            OWN_RATE: printed(
                folder / "energy/results.txt", r"Median throughput is +([0-9.]+) inf"
            ),
            ENERGY: printed(folder / "energy/results.txt", r"Median energy cost is +([0-9.]+) uJ"),
        }
        scores = folder / "accuracy/results.txt"
        scores = scores if scores.exists() else folder / "accuracy/postproc.txt"
        expected[ACCURACY] = printed(scores, r"(?:Top-1: |Top 1% = )([0-9.]+)")
        expected[AUROC] = printed(scores, r"AUC ?[:=] ([0-9.]+)")
        if place.endswith("sww"):
            del expected[ENERGY]  # of the whole stream: TRUTH has it
        for key, texts in expected.items():
            assert ([found[key].reported_value] if key in found else []) == texts, (place, key)
            for text in texts:
                shift = {"energy": "1e-6", "accuracy": "0.01"}.get(key[0], "1")
                assert found[key].value == float(Decimal(text) * Decimal(shift)), (place, key)
                seen[key[0]] += 1
    assert seen == {"throughput": 18, "energy": 8, "accuracy": 13, "auroc": 13}


@needs_samples
def test_the_windows_are_the_samples_and_their_median_is_the_value() -> None:
    for place, record in sampled().items():
        for key, found in by_key(record).items():
            if found.samples is None or found.statistic != "median":
                continue
            assert found.n == len(found.samples) == 5, (place, key)
            assert found.value == pytest.approx(
                median(s for s in found.samples if s is not None), rel=1e-4
            ), (
                place,
                key,
            )


@needs_samples
def test_the_rate_follows_from_the_clock_in_the_log() -> None:
    checked = 0
    for place, record in sampled().items():
        log = folder_of(place) / "performance/log.txt"
        laps = re.findall(
            r"m-infer-start-(\d+)\s.*?m-lap-us-(\d+)\s.*?m-lap-us-(\d+)\s",
            log.read_text("utf-8"),
            re.DOTALL,
        )
        if laps:
            rates = [Fraction(int(n) * 10**6, int(end) - int(begin)) for n, begin, end in laps]
            assert by_key(record)[RATE].value == pytest.approx(float(median(rates)), abs=6e-4), (
                place
            )
            checked += 1
    assert checked == 9


@needs_samples
def test_a_log_alone_gives_the_rate_of_the_results_that_are_gone(tmp_path: Path) -> None:
    kept = tmp_path / "closed" / "reference" / "results" / "Nucleo-L4R5ZI" / "ic"
    (kept / "performance").mkdir(parents=True)
    shutil.copy(folder_of(f"{REFERENCE}/ic") / "performance/log.txt", kept / "performance/log.txt")
    [record] = convert(tmp_path, "mlperf-tiny")
    found = by_key(record)[RATE]
    assert (found.basis, found.n) == ("derived", 5)
    # 100 inferences between the readings 98969017 and 169394400 of a clock in microseconds
    assert found.samples and found.samples[0] == 100 / ((169394400 - 98969017) / 1e6)
    assert found.value == pytest.approx(1.420, abs=5e-4)


@needs_samples
def test_accuracy_follows_from_the_answers_of_the_second_runner() -> None:
    for place in (f"{ST}/ic", f"{QUALCOMM}/ic"):
        answers = json.loads((folder_of(place) / "accuracy/results.json").read_text("utf-8"))
        right = sum(
            max(range(10), key=a["infer"]["results"].__getitem__) == int(a["class"])
            for a in answers
        )
        found = by_key(sampled()[place])[ACCURACY]
        assert (found.value, found.n) == (right / len(answers), len(answers))


@needs_samples
def test_targets_bind_the_closed_division_only() -> None:
    bounds = {
        place: {
            m.metric: (m.target_min, m.target_max)
            for m in r.measurements or ()
            if (m.target_min, m.target_max) != (None, None)
        }
        for place, r in sampled().items()
    }
    assert bounds["v0.5/open/hls4ml/results/pynqz2/ic"] == {}
    assert bounds[f"{ST}/ic"] == {"accuracy": (0.85, None)}
    assert bounds[f"{ST}/kws"] == {"accuracy": (0.9, None)}
    assert bounds[f"{ST}/ad"] == {"auroc": (0.85, None)}
    assert bounds[f"{REFERENCE}/vww"] == {"accuracy": (0.8, None)}
    assert bounds[f"{ST}/sww"] == {"false-negatives": (None, 8.0), "false-positives": (None, 8.0)}


@needs_samples
def test_what_is_known_of_systems_and_software() -> None:
    krai = sampled()["v1.1/closed/Krai/results/NUCLEO-L4R5ZI_X-CUBE-AI-7.3/ic"]
    assert krai.system and krai.system.processor and krai.software and krai.configuration
    # Five keys stand twice in its file, the second time empty.
    assert (krai.software.engine, krai.software.engine_version) == ("stm32cube-ai", "7.3.0")
    assert (krai.system.name, krai.system.kind, krai.system.memory_bytes) == (
        "NUCLEO-L4R5ZI",
        "microcontroller",
        640 * 1024,
    )
    assert (krai.system.processor.architecture, krai.system.processor.clock_hz) == (
        "armv7-m",
        120e6,
    )
    assert krai.configuration.precision == "int8"
    assert krai.benchmark.category == "available"
    reference = sampled()[
        f"{REFERENCE}/ic"
    ]  # its file has another name than its folder, and a key with a blank at its end
    assert reference.system and reference.system.operating_system == "mbed-os bare-metal"
    assert reference.provenance and reference.provenance.measured_at == "2021-06-03T12:55:17"
    qualcomm = sampled()[f"{QUALCOMM}/ic"]
    assert qualcomm.system and (qualcomm.system.kind, qualcomm.system.memory_bytes) == (
        None,
        12 * 2**30,
    )
    assert qualcomm.benchmark.category == "preview"


@needs_samples
def test_published_rows_are_the_rows() -> None:
    [table] = SAMPLES.rglob("cm-result.json")
    rows = json.loads(table.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal)
    records = list(convert(table, "mlperf-tiny-published"))
    assert len(rows) == len(records) == 28
    with_energy = 0
    for row, record in zip(rows, records, strict=True):
        found = by_key(record)
        assert {m.basis for m in found.values()} == {"published"}
        assert found[RATE].value == float(row["Result"]) == float(row["median_throughput"])
        assert found[ACCURACY].value == float(row["Accuracy"] / 100)
        assert found[AUROC].value == float(row["accuracy_AUC"])
        assert (ENERGY in found) == ("median_energy_cost" in row)
        if ENERGY in found:
            with_energy += 1
            assert found[ENERGY].value == float(row["median_energy_cost"] / 10**6)
            assert found[OWN_RATE].value == float(row["median_energy_median_throughput"])
        assert (
            execution(record)
            == f"v1.1/closed/{row['git_url'].rpartition('/')[2]}/results/{row['__System']}/vww"
        )
    assert with_energy == 11


@needs_samples
def test_a_published_row_and_the_files_of_its_result_agree_and_join() -> None:
    [table] = SAMPLES.rglob("cm-result.json")
    rows = {execution(r): r for r in convert(table, "mlperf-tiny-published")}
    both = set(rows) & set(sampled())
    assert both == {
        "v1.1/closed/bosch/results/DISCO_F746NG/vww"
    }  # the other 27 results are not among the samples
    for place in both:
        here, there = by_key(sampled()[place]), by_key(rows[place])
        assert set(there) <= set(here)
        assert {key: there[key].value for key in there} == {key: here[key].value for key in there}
        assert sampled()[place].benchmark == rows[place].benchmark
        assert sampled()[place].system == rows[place].system


@needs_samples
def test_the_samples_make_a_conformant_package_and_every_file_is_accounted_for(
    tmp_path: Path,
) -> None:
    account = convert(SAMPLES).write(tmp_path / "package")
    report = validate(tmp_path / "package")
    assert report.findings == []  # the samples deserve none
    counts = account.to_dict()
    assert (counts["records"], counts["files"]["failed"], counts["rows"]["failed"]) == (
        14 + 28,
        0,
        0,
    )
    assert counts["files"]["seen"] == sum(1 for path in SAMPLES.rglob("*") if path.is_file())
    skipped = Counter(entry.reason for entry in account.files if entry.role == "skipped")
    assert (
        skipped.pop("a document for people, or a program") == 4
    )  # three licences, one description of folders
    assert skipped.pop("part of the power trace; its sums stand in results.txt") == 5
    assert [reason.partition(" (")[0] for reason in skipped.elements()] == [
        "not recognised"
    ]  # SOURCES.md
    assert account.findings == []


@needs_samples
def test_the_converter_keeps_what_the_interface_promises_on_the_samples(
    two_processes: Executor,
) -> None:
    check_converter(
        tiny,
        [SAMPLES / "tiny_results_v1.3", SAMPLES / "tiny_results_v0.5" / "open"],
        executor=two_processes,
    )
    check_converter(published_tiny, [SAMPLES / "cm4mlperf-results"], executor=two_processes)


@needs_samples
def test_no_other_family_is_claimed() -> None:
    for name in sorted(
        path.name for path in SAMPLES.parent.iterdir() if path.is_dir() and path != SAMPLES
    ):
        source = Source(SAMPLES.parent / name)
        assert tiny.detect(source) is None, name
        assert published_tiny.detect(source) is None, name
    for other in (inference, published, storage):
        assert other.detect(Source(SAMPLES)) is None


# --- fixtures ---


def items(*place: str, converter: Any = tiny) -> list[Any]:
    source = Source(FIXTURES.joinpath(*place))
    units = [unit for unit in converter.plan(source, {}) if isinstance(unit, Unit)]
    return [item for unit in units for item in converter.read(unit)]


def test_the_fixtures_give_their_expected_records(golden: Callable[[str, Any], None]) -> None:
    for converter in (tiny, published_tiny):
        found = items(converter=converter)
        golden(f"mlperf_tiny/{converter.NAME}", {
            "records": [item.to_dict() for item in found if isinstance(item, Record)],
            "failed": [[i.path.relative_to(FIXTURES).as_posix(), i.row, i.error] for i in found if isinstance(i, Failed)],
            "findings": [[i.code, i.path, i.message] for i in found if isinstance(i, Finding)],
        })  # fmt: skip


def test_the_fixtures_make_a_conformant_package(tmp_path: Path) -> None:
    account: Account = convert(FIXTURES).write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []
    told = account.to_dict()["files"]
    assert (
        told["seen"]
        == told["primary"] + told["supporting"] + told["skipped"] + told["failed"]
        == 38
    )


def test_the_converters_keep_what_the_interface_promises(two_processes: Executor) -> None:
    check_converter(
        tiny,
        [FIXTURES, FIXTURES / "tiny_results_v0.5" / "closed" / "Acme" / "results"],
        executor=two_processes,
    )
    check_converter(published_tiny, [FIXTURES / "cm4mlperf-results"], executor=two_processes)


def records(*place: str) -> dict[str, Record]:
    return {execution(item): item for item in items(*place) if isinstance(item, Record)}


def test_a_level_below_the_benchmark_is_a_variant_and_a_misspelt_folder_is_energy() -> None:
    record = records("tiny_results_v0.5")["v0.5/closed/Acme/results/Acme-Board-M7/ad/ad_int8"]
    assert record.extensions and record.extensions["mlperf"]["variant"] == "ad_int8"
    assert by_key(record)[ENERGY].value == 333.3e-6
    assert record.configuration and record.configuration.precision == "int8"


def test_a_level_above_the_board_belongs_to_the_system() -> None:
    place = "v1.0/open/Beta/results/microkernel/Board-X/vww"
    record = records("tiny_results_v1.0")[place]
    assert record.system and record.system.name == "microkernel/Board-X"
    assert record.model is None  # of the open division, which may run any


def test_benchmarks_may_be_named_in_full_and_words_of_a_system_stand_in_any_order() -> None:
    found = records("tiny_results_v1.0")
    plain = found[
        "v1.0/closed/Gamma/results/kernel_native/GX_500/ad"
    ]  # the folder is anomaly_detection
    assert (plain.benchmark.name, plain.task) == ("ad", "anomaly-detection")
    variant = found["v1.0/closed/Gamma/results/kernel_native/GX_500/ad/RN08"]
    assert by_key(variant)[ENERGY].value == 33.3e-6  # of a folder "power"
    for record in (plain, variant):
        # `system_description_GX500_kernel_native`, and not the other one
        assert record.system and record.system.processor
        assert (record.system.name, record.system.processor.architecture) == ("GX 500", "armv8-m")


def test_a_short_run_is_invalid_in_the_runners_words_and_harmless_in_an_energy_run() -> None:
    short = records("tiny_results_v1.0")["v1.0/open/Beta/results/microkernel/Board-X/vww"]
    assert short.status == "invalid"
    assert (
        short.status_detail == "The run must take at least 10 seconds and 10 iterations to be valid"
    )
    assert by_key(short)[RATE].caveats == ["short-run", "source-disagrees"]
    fine = records("tiny_results_v0.5")["v0.5/closed/Acme/results/Acme-Board-M7/ic"]
    assert (fine.status, by_key(fine)[OWN_RATE].caveats) == ("ok", None)


def test_an_accuracy_run_alone_is_incomplete() -> None:
    record = records("tiny_results_v1.0")["v1.0/open/Beta/results/microkernel/Board-X/ic"]
    assert (record.status, record.status_detail) == ("incomplete", "no performance run")


def test_the_round_is_that_of_the_folder_or_the_option_and_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "somewhere"
    shutil.copytree(FIXTURES / "tiny_results_v1.3", other)
    assert {r.benchmark.suite_version for r in convert(other, "mlperf-tiny")} == {None}
    assert {r.benchmark.suite_version for r in convert(other, "mlperf-tiny", round="v1.2")} == {
        "v1.2"
    }
    with pytest.raises(BenchfmtError, match=r"there is no round 'v9\.9' of MLPerf Tiny"):
        list(convert(other, "mlperf-tiny", round="v9.9"))


def test_a_single_file_is_a_result(tmp_path: Path) -> None:
    path = tmp_path / "performance" / "results.txt"
    path.parent.mkdir()
    path.write_text("00001.000 ulp-mlperf: Median throughput is 3.250 inf./sec.\n")
    [record] = convert(path, "mlperf-tiny")
    assert by_key(record)[RATE].value == 3.25
    assert record.provenance and record.provenance.sources
    assert [source.path for source in record.provenance.sources] == ["results.txt"]


def test_numbers_of_every_unit_are_read(tmp_path: Path) -> None:
    path = tmp_path / "energy" / "results.txt"
    path.parent.mkdir()
    path.write_text("Power Edition Output\nMedian energy cost is 2.5 mJ/inf.\n")
    [record] = convert(path, "mlperf-tiny")
    assert (by_key(record)[ENERGY].value, record.status) == (0.0025, "incomplete")


@pytest.mark.parametrize("number", ["-0.004", "-12.5", "-1e3"])
def test_an_energy_below_zero_is_no_energy(number: str, tmp_path: Path) -> None:
    path = tmp_path / "energy" / "results.txt"
    path.parent.mkdir()
    rate = "Median throughput is 2.000 inf./sec.\n"
    path.write_text(f"Power Edition Output\n{rate}Median energy cost is {number} uJ/inf.\n")
    [record] = convert(path, "mlperf-tiny")
    cost = by_key(record)[ENERGY]
    assert (cost.value, cost.missing, cost.reported_value) == (None, "invalid-in-source", number)


def test_a_rate_of_zero_was_printed_by_rounding(tmp_path: Path) -> None:
    path = tmp_path / "performance" / "results.txt"
    path.parent.mkdir()
    path.write_text("00001.000 ulp-mlperf: Median throughput is 0.000 inf./sec.\n")
    (tmp_path / "accuracy").mkdir()
    (tmp_path / "accuracy" / "results.txt").write_text("00001.000 ulp-mlperf: Top-1: 0.0%\n")
    [record] = convert(tmp_path, "mlperf-tiny")
    assert (by_key(record)[RATE].missing, by_key(record)[RATE].reported_value) == (
        "below-resolution",
        "0.000",
    )
    assert by_key(record)[ACCURACY].value == 0.0


# --- several runs in one file ---

PERFORMANCE = (
    "".join(
        f"00100.50{{n}} ulp-mlperf: Performance results for window {n}:\n00100.500 ulp-mlperf:   # Inferences :  1{{n}}0\n"
        "00100.500 ulp-mlperf:   Runtime      :  12.5 sec.\n"
        f"00100.500 ulp-mlperf:   Throughput   :  {{n}}.{n}00 inf./sec.\n00100.500 ulp-mlperf: Runtime requirements have been met.\n"
        for n in (2, 4, 6)
    )
    + "00100.500 ulp-mlperf: Median throughput is {n}.400 inf./sec.\n"
)
SCORES_RUN = "00300.100 ulp-mlperf: Top-1: 8{n}.0%\n00300.110 ulp-mlperf: AUC: 0.9{n}\n"
COST = (
    "00200.700 ulp-ml: Energy data for window 2 at time 11.20 for 1.250 sec.:\n00200.700 ulp-ml:   Energy : {n}0.5 uJ\n"
    "00200.700 ulp-ml:   Power : {n}2.5 uW\n00200.700 ulp-ml:   Energy/Inf. : {n}000.25 uJ/inf.\n"
    "00200.700 ulp-ml: Median energy cost is {n}000.250 uJ/inf.\n"
    "00200.700 ulp-ml: Performance results for window 2:\n00200.700 ulp-ml:   Throughput : {n}.900 inf./sec.\n"
    "00200.700 ulp-ml: Median throughput is {n}.900 inf./sec.\n"
)
SECOND_COST = (
    "Power Edition Output\nEnergy data for trial 0\n  Power : {n}.5 mW.\n  Total Energy : 3{n}.5 uJ\n  Energy/Inf : {n}7.5 uJ/inf\n"
    "Median energy cost is {n}7.5000 uJ/inf.\n"
)
STREAM = (
    "Accuracy: 4{n} True positives, {n} False negatives, {n} False positives\nAverage duty cycle: 0.{n}5000\n"
    "Average period: 0.03{n}000 s\nEstimated throughput: 12{n}.000 inf./sec.\n"
)
SESSION = (
    "00010.100 session: m-session-start-id[2021050112000{n}]\n00010.201 dut: m-model-[ic01]\n"
    + "".join(
        f"0002{i}.0 sequencer: m-sequencing-i[{i}]-command[dut infer {{n}}0 1]\n0002{i}.1 dut: m-infer-start-{{n}}0\n"
        f"0002{i}.2 dut: m-lap-us-{i}000000\n0002{i}.3 dut: m-lap-us-{i}500000\n0002{i}.4 dut: m-infer-done\n"
        for i in (1, 2, 3)
    )
)


def result_of(tmp_path: Path, **files: str) -> tuple[list[Record], list[str]]:
    """Return records and failures of a result with these files, `performance_log` being log.txt of the performance run."""
    for name, text in files.items():
        mode, _, what = name.partition("_")
        path = (
            tmp_path
            / "closed"
            / "Acme"
            / "results"
            / "Board"
            / "ic"
            / mode
            / f"{what or 'results'}.txt"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    [unit] = (unit for unit in tiny.plan(Source(tmp_path), {}) if isinstance(unit, Unit))
    found = list(tiny.read(unit))
    return [i for i in found if isinstance(i, Record)], [
        i.error for i in found if isinstance(i, Failed)
    ]


@pytest.mark.parametrize(
    ("mode", "run"),
    [
        ("performance", PERFORMANCE), ("accuracy", SCORES_RUN), ("energy", COST), ("energy", SECOND_COST),
        ("performance", STREAM), ("performance", SESSION),
    ],
    ids=["windows", "scores", "energy", "energy of the second runner", "stream", "log"],
)  # fmt: skip
@pytest.mark.parametrize("others", [False, True])
def test_two_runs_of_a_mode_in_one_file_have_failed(
    tmp_path: Path, mode: str, run: str, *, others: bool
) -> None:
    more = {
        "performance": PERFORMANCE.format(n=8),
        "accuracy": SCORES_RUN.format(n=8),
        "energy": COST.format(n=8),
    }
    files = {name: text for name, text in more.items() if others and name != mode}
    found, failed = result_of(tmp_path, **files, **{mode: run.format(n=4) + run.format(n=7)})
    assert any(
        error.startswith("two runs in one file: they begin in lines 1, ") for error in failed
    )
    alone, _ = result_of(tmp_path / "alone", **files) if files else ([], [])
    kept = {m.key: m.value for record in found for m in record.measurements or ()}
    assert kept == {m.key: m.value for record in alone for m in record.measurements or ()}


@pytest.mark.parametrize(
    "parts",
    [
        (PERFORMANCE, SCORES_RUN, COST), (PERFORMANCE, COST, SCORES_RUN), (SCORES_RUN, PERFORMANCE, COST), (PERFORMANCE, SECOND_COST),
        (COST, PERFORMANCE), (SECOND_COST, PERFORMANCE),
    ],
)  # fmt: skip
def test_the_runs_of_all_modes_in_one_file_are_one_result(
    tmp_path: Path, parts: tuple[str, ...]
) -> None:
    modes = {
        PERFORMANCE: "performance",
        SCORES_RUN: "accuracy",
        COST: "energy",
        SECOND_COST: "energy",
    }
    [apart], _ = result_of(tmp_path / "apart", **{modes[part]: part.format(n=4) for part in parts})
    [joined], failed = result_of(
        tmp_path / "joined", performance="".join(part.format(n=4) for part in parts)
    )
    assert not failed
    values = [
        {m.key: (m.value, m.n, m.samples) for m in record.measurements or ()}
        for record in (apart, joined)
    ]
    assert values[0] == values[1]
    assert apart.status == joined.status == "ok"


def test_of_a_log_of_several_runs_that_of_the_results_is_taken(tmp_path: Path) -> None:
    rated = "Median throughput is {n}0.000 inf./sec.\n"
    log = SESSION.format(n=4) + SESSION.format(n=7)
    [record], failed = result_of(
        tmp_path / "a", performance=rated.format(n=14), performance_log=log
    )
    assert not failed
    assert by_key(record)[RATE].value == 140
    assert (record.extensions or {})["mlperf"] == {"model_loaded": "ic01"}
    [alone], _ = result_of(
        tmp_path / "b", performance=rated.format(n=14), performance_log=SESSION.format(n=7)
    )
    assert by_key(record)[RATE] == by_key(alone)[RATE]
    _, failed = result_of(tmp_path / "c", performance=rated.format(n=9), performance_log=log)
    assert failed
    assert failed[0].startswith("two runs in one file")


def test_windows_that_are_printed_while_they_run_and_at_the_end_are_one_run(tmp_path: Path) -> None:
    live = "".join(
        f"Performance results for window {n}:\n  Throughput : 20.500 inf./sec.\n  m-results : [0.1]\n"
        for n in (1, 2)
    )
    end = "".join(
        f"Performance results for window {n}\n    Throughput: 20.5 inf./sec.\n" for n in (1, 2)
    )
    [record], failed = result_of(
        tmp_path, performance_log=f"ulp-ml\n{live}{end}Median throughput is 20.500 inf./sec.\n"
    )
    assert not failed
    assert by_key(record)[RATE].n == 2


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("accuracy", "Top 1% = 8"),
        ("accuracy", "AUC = 0.9"),
        ("performance", "Average duty cycle: 0.2"),
    ],
)
def test_a_number_at_the_very_end_may_lack_digits(tmp_path: Path, mode: str, text: str) -> None:
    found, failed = result_of(tmp_path, **{mode: f"00001.0 ulp-mlperf: Top-1: 50%\n{text}"})
    assert any("the file ends here, and digits may be cut off" in error for error in failed)
    assert text.split()[-1] not in {
        m.reported_value for record in found for m in record.measurements or ()
    }


@pytest.mark.parametrize("text", [PERFORMANCE, SCORES_RUN, COST, SECOND_COST, STREAM])
def test_a_cut_file_gives_no_number_that_is_not_printed(tmp_path: Path, text: str) -> None:
    text = text.format(n=4)
    numbers = set(re.findall(r"[0-9]+(?:\.[0-9]+)?", text))
    path = tmp_path / "results.txt"
    for end in range(len(text)):
        path.write_text(text[:end], newline="")
        for run in energyrunner.runs(path):
            assert {number.text for number in run.numbers.values()} <= numbers
            assert {w.rate.text for w in run.performance.values() if w.rate} <= numbers


@pytest.mark.parametrize(
    "text",
    [
        "Performance results for window 2:\n  Throughput : 0.000 inf./sec.\n",
        "Average duty cycle: 0.00000\nEstimated throughput: 0.000 inf./sec.\n",
        "Energy data for trial 0\n  Power : 0.0 mW.\nMedian energy cost is 0.0000 uJ/inf.\n",
    ],
)
def test_a_zero_that_cannot_be_is_missing(tmp_path: Path, text: str) -> None:
    [record], _ = result_of(tmp_path, performance=f"ulp-ml\n{text}", accuracy="Top-1: 50.0%\n")
    zeros = [m for m in record.measurements or () if m.metric != "accuracy"]
    assert zeros
    assert all((m.value, m.missing) == (None, "below-resolution") for m in zeros)


# --- bad input ---


@pytest.mark.parametrize(
    "text",
    [
        "", "ulp-mlperf", "Median throughput is inf./sec.", "00001.0 ulp-mlperf: Median throughput is 1e999 inf./sec.",
        "00001.000 ulp-ml: Performance results for window 99999999999999:", "m-infer-start-0\nm-lap-us-5\nm-lap-us-4\nm-infer-done",
        "m-infer-start-5\nm-lap-us-5\nm-lap-us-5\nm-infer-done", "Top 1% = \nAUC = high\nAccuracy: many True positives",
        "\0\1\2" * 50, "Median throughput is " + " " * 100_000 + "1", "\ufeff00001.000 ulp-mlperf: Top-1: 50%",
    ],
)  # fmt: skip
def test_strange_text_is_read_without_exception_and_fast(text: str, tmp_path: Path) -> None:
    path = tmp_path / "performance" / "results.txt"
    path.parent.mkdir()
    path.write_text("ulp-mlperf\n" + text, encoding="utf-8")
    [unit] = tiny.plan(Source(tmp_path), {})
    assert isinstance(unit, Unit)
    assert any(isinstance(item, Failed) for item in tiny.read(unit)) or list(tiny.read(unit))


def test_a_long_line_is_not_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(
        b"x" * 5000 + b"Median throughput is 1.0 inf./sec.\nMedian throughput is 2.0 inf./sec.\n"
    )
    assert energyrunner.runs(path, Limits(row_bytes=1000))[0].numbers["rate"].text == "2.0"


def test_another_programs_results_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "performance").mkdir()
    (tmp_path / "performance" / "results.txt").write_text("throughput: 5 images/s\n")
    assert tiny.detect(Source(tmp_path)) is None
    assert list(tiny.plan(Source(tmp_path), {})) == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[{"median_throughput": 1, "Benchmark": "ic", "Board Name": "x"', "not JSON"),
        ('[{"median_throughput": "fast", "Benchmark": "ic", "Board Name": "x"}]', "no number that can be read"),
        ('[{"median_throughput": 1e999, "median_throughput_metric": "inf./sec.", "Benchmark": "ic", "Board Name": "x"}]', "no number"),
        ('["median_throughput", "Benchmark", "Board Name"]', "no Benchmark"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_told(text: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "cm-result.json").write_text(text)
    [unit] = published_tiny.plan(Source(tmp_path), {})
    assert isinstance(unit, Unit)
    found = list(published_tiny.read(unit))
    assert found
    assert all(isinstance(item, Failed) and error in item.error for item in found)


def test_damaged_files_end_as_items_and_never_as_exceptions(tmp_path: Path) -> None:
    chance = random.Random(0)  # noqa: S311 - the same damage each time
    for round_of in range(12):
        root = tmp_path / str(round_of)
        shutil.copytree(FIXTURES, root)
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            data = bytearray(path.read_bytes())
            for _ in range(chance.randrange(4)):
                start = chance.randrange(len(data) or 1)
                data[start : start + chance.randrange(9)] = chance.choice(
                    [b"", b"\0", b"9e9", b"-", b'"', b"\\ud800", b"]", b"\xff"]
                )
            path.write_bytes(
                bytes(
                    data[: chance.choice([len(data), len(data), chance.randrange(len(data) + 1)])]
                )
            )
        for unit in tiny.plan(Source(root), {}):
            if isinstance(unit, Unit):
                assert list(tiny.read(unit))


# --- the rules ---


def test_the_rules_name_terms_of_the_vocabulary() -> None:
    terms = vocabulary()
    for name in rules.BENCHMARKS:
        found = rules.benchmark(name)
        assert found is not None
        assert found.task in terms.terms("task")
        assert found.scenario in terms.terms("scenario")
        assert found.dataset is None or found.dataset in terms.terms("dataset")
        assert found.model is None or found.model in terms.terms("model")
        assert {target.metric for target in found.targets} <= set(terms.metrics)
    assert rules.benchmark("resnet50") is None


@pytest.mark.parametrize(
    ("chip", "kind"),
    [("STM32L4R5ZIT6", "microcontroller"), ("nRF5340", "microcontroller"), ("Zynq XC7Z020", None)],
)
def test_a_chip_says_its_kind_where_its_maker_does(chip: str, kind: str | None) -> None:
    assert rules.system_kind(chip) == kind


@pytest.mark.parametrize(
    ("core", "architecture"),
    [("ARM®32-bit Cortex®-M4 CPU with FPU", "armv7-m"), ("Arm Cortex-M33", "armv8-m"), ("32-bit Arm® Cortex®-M0+", None), ("HiFi3 + M0", None)],
)  # fmt: skip
def test_a_core_says_its_instruction_set_where_its_maker_does(
    core: str, architecture: str | None
) -> None:
    assert rules.architecture(core) == architecture
