"""The grammar of headers against labelled rows of public tables and headers that people write: never wrong, mostly right."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples
from tests.header_labels import judged

from benchfmt.headers import (
    Beside,
    Column,
    FieldOf,
    Ignored,
    Meaning,
    Measured,
    Open,
    read_headers,
)
from benchfmt.headers.phrases import metric_phrases
from benchfmt.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("name", "alone", "least"),
    [
        ("public.json", False, 0.80),
        ("people.json", True, 0.90),
        ("more_public.json", False, 0.90),
        ("near_misses.json", True, 0.90),
        ("second_look.json", False, 0.90),
    ],
)
def test_no_header_is_wrong_and_most_are_right(name: str, alone: bool, least: float) -> None:
    columns = judged(name, alone=alone)
    assert [str(item) for item in columns if item.verdict == "wrong"] == []
    counts = Counter(item.verdict for item in columns)
    assert counts["right"] / len(columns) >= least, counts


def test_every_metric_is_reached_by_a_header_that_people_write() -> None:
    columns = [*judged("people.json", alone=True), *judged("public.json", alone=False)]
    reached = {item.meaning.metric for item in columns if isinstance(item.meaning, Measured)}
    for header in (
        "average_precision",
        "IO throughput (MiB/s)",
        "time share",
        "normalized entropy",
        "RCP scaling factor",
    ):
        meaning = one(header, "0.5")
        assert isinstance(meaning, Measured), header
        reached.add(meaning.metric)
    own = {name for name in vocabulary().metrics if ":" not in name}
    # A score is always a suite's own, under its prefix.
    assert own - reached == {"score"}


def test_every_phrase_names_a_metric_of_the_vocabulary() -> None:
    assert {says.metric for says in metric_phrases().values()} <= set(vocabulary().metrics)


def one(header: str, *cells: str) -> Meaning:
    return read_headers([Column(header, cells)])[0]


@pytest.mark.parametrize(
    ("header", "cell", "metric", "unit"),
    [
        ("top5", "0.19", "top-5-accuracy", "1"),
        ("r2", "0.40", "r2", "1"),
        ("ndcg@10", "0.08", "ndcg@10", "1"),
        ("mAP50", "0.012", "map-50", "1"),
        ("WER %", "12.5", "word-error-rate", "%"),
        ("memory_MB", "412", "memory", "MBy"),
        ("training_time_min", "90", "duration", "min"),
        ("TFLOPS", "3.1", "flop-rate", "10*12/s"),
        ("gpu_mem_peak_MB", "812", "memory", "MBy"),
        ("power_mW", "310", "power", "mW"),
        ("energy_kwh", "1.2", "energy", "kW.h"),
        ("avg_ttft_ms", "31", "ttft", "ms"),
        ("time_train_s", "31", "duration", "s"),
    ],
)
def test_digits_and_letters_of_a_word_are_no_unit(
    header: str, cell: str, metric: str, unit: str
) -> None:
    meaning = one(header, cell)
    assert isinstance(meaning, Measured), meaning
    assert (meaning.metric, meaning.unit) == (metric, unit)


@pytest.mark.parametrize(
    "header", ["time_a", "duration_min", "price", "loss", "score", "mean_ms", "Speed", "t/s"]
)
def test_what_may_mean_several_things_is_open(header: str) -> None:
    assert isinstance(one(header, "3.5"), Open)


def test_a_minimum_is_not_minutes() -> None:
    meaning = one("latency_min", "3.5")
    assert isinstance(meaning, Measured)
    assert (meaning.statistic, meaning.unit) == ("min", None)


def test_runtimes_are_engines_that_are_known() -> None:
    assert one("Runtime", "tflite", "ncnn") == FieldOf("software.engine")
    assert isinstance(one("Runtime", "foo", "bar"), Open)
    assert isinstance(one("Runtime", "3.5"), Measured)


def test_a_column_of_text_is_never_a_number() -> None:
    assert isinstance(one("latency", "low", "high"), Open)
    assert isinstance(one("accuracy", "n/a"), Measured)


def test_a_fraction_above_one_is_percent_with_a_doubt_and_beyond_a_hundred_open() -> None:
    percent = one("accuracy", "76.1", "0.9")
    assert isinstance(percent, Measured)
    assert (percent.unit, len(percent.doubts)) == ("%", 1)
    assert isinstance(one("accuracy", "761"), Open)


def test_a_latency_of_hours_is_doubted() -> None:
    meaning = one("latency_s", "20000")
    assert isinstance(meaning, Measured) and meaning.doubts


def test_the_unit_of_the_cells_counts_where_the_header_names_none() -> None:
    meaning = one("Inference Time", "2.038 ms", "1.9 ms")
    assert isinstance(meaning, Measured) and meaning.unit == "ms"


def test_a_board_is_the_system_and_a_device_says_where_it_ran() -> None:
    columns = [Column("Board", ("RPi 5", "Nano")), Column("Device", ("CPU", "GPU"))]
    assert read_headers(columns) == [FieldOf("system.name"), FieldOf("configuration.placement")]
    assert one("Device", "RPi 5", "Nano") == FieldOf("system.name")


def test_two_names_of_systems_are_not_both_taken() -> None:
    columns = [Column("Host", ("a", "b")), Column("Board", ("RPi 5", "Nano"))]
    host, board = read_headers(columns)
    assert isinstance(host, Open) and board == FieldOf("system.name")


def test_a_spread_and_a_count_stand_beside_their_mean() -> None:
    columns = [
        Column("latency_mean_ms", ("3.4",)),
        Column("latency_std_ms", ("0.1",)),
        Column("n", ("100",)),
    ]
    _, spread, count = read_headers(columns)
    assert spread == Beside("latency_mean_ms", "stddev")
    assert count == Beside("latency_mean_ms", "n")


def test_columns_that_would_be_one_measurement_are_open() -> None:
    columns = [Column("latency (ms)", ("3",)), Column("latency [ms]", ("4",))]
    assert all(isinstance(meaning, Open) for meaning in read_headers(columns))


def test_values_of_a_long_table_are_open() -> None:
    columns = [Column("model"), Column("metric", ("latency", "wer")), Column("value", ("3", "4"))]
    assert all(isinstance(meaning, Open) for meaning in read_headers(columns)[1:])


def test_the_index_of_a_frame_is_ignored() -> None:
    assert isinstance(one("Unnamed: 0", "0"), Ignored)


WORDS = st.text(alphabet="qxzjkwy", min_size=3, max_size=8)  # "vww" is known


@examples(10)
@given(word=WORDS, header=st.sampled_from(["latency", "accuracy", "power", "fps", "memory"]))
def test_a_header_with_a_word_that_nobody_knows_is_open(word: str, header: str) -> None:
    for text in (f"{word} {header}", f"{header}_{word}", f"{header} ({word})"):
        assert isinstance(one(text, "1.5"), Open), text


@examples(10)
@given(st.text(max_size=40), st.lists(st.text(max_size=12), max_size=3))
def test_any_header_has_an_answer(header: str, cells: list[str]) -> None:
    read_headers([Column(header, tuple(cells)), Column(header, tuple(cells))])


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Latency (s)", ("12 ms",)),
        ("Power (W)", ("310 mW",)),
        ("Params (M)", ("7B",)),
        ("Latency", ("31 ms", "1.2 s")),
        ("Latency", ("1.00x", "0.56x")),
        ("threads", ("8 GB",)),
        ("gflops", ("812",)),
        ("TFLOPs", ("0.3",)),
        ("OPS", ("5123",)),
        ("cost (ms)", ("3",)),
        ("Latency p40 (ms)", ("3",)),
        ("accuracy (10%)", ("0.3",)),
        ("in tok/s", ("1024",)),
        ("tps", ("120",)),
        ("n_wins", ("12",)),
        ("num_error_samples", ("3",)),
        ("Size (B)", ("0", "1", "2")),
        ("model size", ("7",)),
        ("accuracy", ("-1",)),
        ("Wall time", ("1654943296.2",)),
        ("test time", ("31.2",)),
        ("timestamp", ("0.5", "1.0")),
        ("power score", ("4",)),
        ("latency_dev_ms", ("4",)),
        ("CPU load power (W)", ("40",)),
        ("Architecture", ("x86_64",)),
        ("Platform", ("linux",)),
        ("GPU", ("True", "False")),
        ("dataset_version", ("1.0",)),
        ("Bandwidth (GB/s)", ("30",)),
        ("batch", ("0", "1", "2")),
        ("best epoch", ("12",)),
        ("ram_total_gb", ("32",)),
        ("precision", ("8", "16")),
        ("step_ms", ("12",)),
        ("Duration (min)", ("12",)),
    ],
)
def test_what_reads_like_a_number_and_may_be_another_is_open(
    header: str, cells: tuple[str, ...]
) -> None:
    assert isinstance(one(header, *cells), Open), one(header, *cells)


def test_a_time_is_no_rate() -> None:
    meaning = one("inference_ms", "12.3")
    assert isinstance(meaning, Measured)
    assert (meaning.metric, meaning.stage, meaning.unit) == ("latency", "inference", "ms")


def test_a_unit_may_stand_before_the_statistic() -> None:
    meaning = one("latency_ms_mean", "12.3")
    assert isinstance(meaning, Measured)
    assert (meaning.metric, meaning.statistic, meaning.unit) == ("latency", "mean", "ms")


def test_the_deviation_of_runs_is_not_that_of_a_percentile() -> None:
    columns = [Column("latency_p99_ms", ("9",)), Column("latency_std_ms", ("1",))]
    assert isinstance(read_headers(columns)[1], Open)


def test_a_count_of_elements_is_no_count_of_runs() -> None:
    columns = [Column("N", ("1024", "2048")), Column("time_ms", ("9", "12"))]
    assert isinstance(read_headers(columns)[0], Open)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("fold_ms", ("12", "13")),
        ("warmup_s", ("5", "5")),
        ("optimizer", ("12.1", "13.0")),
        ("rank", ("1", "2", "3")),
        ("cpu_load", ("3.12", "2.1")),
        ("load_avg", ("3.12",)),
        ("number of streams", ("4",)),
        ("misses", ("12", "13")),
        ("eval error", ("0.12",)),
        ("training samples", ("50000",)),
        ("scaling factor", ("2", "4")),
        ("read bandwidth (GB/s)", ("412",)),
        ("price ($)", ("35", "99")),
        ("IPS", ("1200",)),
        ("lat", ("52.1", "48.2")),
        ("usage", ("412", "12")),
        ("weighted latency (us)", ("584.2",)),
        ("peak memory bandwidth (GB/s)", ("936",)),
        ("max clock (MHz)", ("1770",)),
        ("compute power (W)", ("41",)),
        ("idle latency (ns)", ("81",)),
        ("train tokens/s", ("158000",)),
        ("decode_ms", ("3.1",)),
        ("decode_fps", ("120",)),
        ("temperature", ("0.7", "1.0")),
        ("freq (Hz)", ("10",)),
        ("epochs", ("50", "100")),
        ("GPU Memory (GB)", ("24", "80")),
        ("gpu_memory_mb", ("24576", "40960")),
        ("gpu_memory_utilization", ("0.9", "0.8")),
        ("accuracy (fraction)", ("91.2", "93.1")),
        ("Params (M)", ("25600000",)),
        ("memory_gb", ("8589934592",)),
        ("latency_ms", ("1767600000123",)),
        ("batch", ("1", "2", "3", "4")),
        ("cores", ("1", "2", "4")),
        ("nodes", ("2708", "3327")),
        ("system", ("ours", "theirs")),
        ("System", ("Transformer", "BERT")),
        ("Platform", ("PyTorch", "TensorFlow")),
        ("platform", ("x86", "ARM")),
        ("accelerator", ("XNNPACK", "none")),
        ("model", ("1", "2", "3")),
        ("model_type", ("classification", "detection")),
        ("Data type", ("image", "text")),
        ("dataset_size", ("1.5", "2.5")),
        ("input size", ("1000000",)),
        ("FLOPs (x1e3 per px)", ("4.1",)),
        ("top k", ("0.9", "0.8")),
        ("test_time", ("70285660", "1067431600")),
        ("n_depth", ("2025-04-24T11:57:09Z",)),
        ("Benchmark", ("12.1", "13.1")),
        ("dataset", ("train", "test")),
        ("model", ("True", "False")),
        ("file size (KB)", ("100", "200")),
        ("params (log)", ("7.4",)),
        ("batch size (per GPU)", ("8",)),
        ("model size (G)", ("4.1",)),
        ("MAE (A)", ("0.5",)),
        ("MAE (a.u.)", ("0.5",)),
        ("MAE (min)", ("0.5",)),
        ("accuracy (ppm)", ("0.5",)),
        ("accuracy (tokens)", ("0.5",)),
        ("emissions (u)", ("5",)),
        ("test cost ($)", ("12",)),
        ("eval emissions (kg)", ("1",)),
        ("load memory (MB)", ("12",)),
        ("accuracy per epoch", ("0.9",)),
        ("power per sample (W)", ("1",)),
        ("throughput per batch (img/s)", ("12",)),
        ("latency (ms/epoch)", ("12",)),
        ("in throughput (MB/s)", ("12",)),
        ("-accuracy", ("0.7",)),
        ("platform", ("linux", "win32")),
        ("Platform", ("Linux-5.10.225-x86_64",)),
        ("model size", ("7B", "70B")),
        ("fps", ("-1", "-1")),
        ("tokens/s", ("5 ms",)),
        ("accuracy", ("0.91", "0.93", "91.2")),
    ],
)
def test_what_another_kind_of_table_means_is_open(header: str, cells: tuple[str, ...]) -> None:
    assert isinstance(one(header, *cells), Open), one(header, *cells)


@pytest.mark.parametrize(
    ("header", "cells", "metric", "unit"),
    [
        ("GPU load", ("41", "51"), "utilization", "%"),
        ("cpu load (%)", ("41",), "utilization", "%"),
        ("lat p50 (ms)", ("3.1",), "latency", "ms"),
        ("weighted F1", ("0.8",), "f1", "1"),
        ("max memory bandwidth (GB/s)", ("412",), "memory-bandwidth", "GBy/s"),
        ("idle power (W)", ("12",), "power", "W"),
        ("decode tokens/s", ("41.2",), "throughput", "/s"),
        ("temperature", ("37.1", "36.9"), "temperature", None),
        ("gpu clock (MHz)", ("1410",), "clock-rate", "MHz"),
        ("epochs", ("41",), "epochs", "1"),
        ("GPU Memory (GB)", ("21.3", "24"), "memory", "GBy"),
        ("peak gpu memory (GB)", ("24",), "memory", "GBy"),
        ("accuracy (fraction)", ("0.91",), "accuracy", "1"),
        ("latency_ms", ("5120",), "latency", "ms"),
        ("gflops_mean", ("412",), "flop-rate", "10*9/s"),
        ("training emissions (kg)", ("1",), "emissions", "kg"),
        ("RMSE (m)", ("1.2",), "root-mean-squared-error", "m"),
        ("MAE (kWh)", ("1.2",), "mean-absolute-error", "kW.h"),
        ("training cost ($)", ("12",), "cost", "USD"),
        ("cost per query ($)", ("1",), "cost", "USD"),
        ("s/it", ("1.2",), "duration", "s"),
        ("latency in ms", ("1",), "latency", "ms"),
    ],
)
def test_what_is_said_surely_is_still_read(
    header: str, cells: tuple[str, ...], metric: str, unit: str | None
) -> None:
    meaning = one(header, *cells)
    assert isinstance(meaning, Measured), meaning
    assert (meaning.metric, meaning.unit) == (metric, unit)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("EER", ("0.87", "0.91")),
        ("WER", ("1.2", "0.9")),
        ("CER", ("0.8",)),
        ("CV", ("1.2",)),
        ("gpu_util", ("0", "1")),
        ("cpu usage", ("0.7", "0.9")),
    ],
)
def test_a_small_percent_and_a_great_fraction_are_doubted(
    header: str, cells: tuple[str, ...]
) -> None:
    meaning = one(header, *cells)
    if isinstance(meaning, Measured):
        assert meaning.unit is None and meaning.doubts


def test_a_small_share_of_errors_is_a_fraction() -> None:
    meaning = one("WER", "0.051", "0.048")
    assert isinstance(meaning, Measured)
    assert (meaning.unit, meaning.doubts) == ("1", ())


def test_tokens_that_a_model_is_trained_on_are_not_per_token() -> None:
    columns = [Column("train_loss", ("4.2",)), Column("tokens_per_second", ("158000",))]
    assert isinstance(read_headers(columns)[1], Open)


def test_nodes_stand_beside_hardware_or_are_open() -> None:
    nodes = Column("nodes", ("1", "4"))
    beside = read_headers([nodes, Column("GPU", ("NVIDIA A100", "NVIDIA H100"))])
    assert beside[0] == FieldOf("system.nodes")
    assert isinstance(read_headers([nodes, Column("objective", ("3.1",))])[0], Open)


@pytest.mark.parametrize(
    ("cells", "expected"), [(("10", "10"), Beside("time_mean_ms", "n")), (("1000", "2000"), None)]
)
def test_a_count_that_differs_from_row_to_row_may_be_a_size(
    cells: tuple[str, ...], expected: Beside | None
) -> None:
    columns = [
        Column("n", cells),
        Column("time_mean_ms", ("9", "12")),
        Column("time_std_ms", ("1", "2")),
    ]
    meaning = read_headers(columns)[0]
    assert meaning == expected or (expected is None and isinstance(meaning, Open))


@pytest.mark.parametrize(
    ("beside", "header", "cells", "is_open"),
    [
        ("epoch", "energy_kwh", ("0.1", "0.2", "0.3"), True),
        ("epoch", "energy_kwh", ("0.1", "0.3", "0.2"), False),
        ("model", "energy_kwh", ("0.1", "0.2", "0.3"), False),
        ("epoch", "train_time_s", ("10", "20", "30"), True),
        ("timestamp", "elapsed_s", ("10", "11"), True),
        ("model", "elapsed_s", ("0", "1", "2"), True),
        ("model", "elapsed_s", ("10", "11"), False),
    ],
)
def test_what_grows_from_epoch_to_epoch_is_a_running_total(
    beside: str, header: str, cells: tuple[str, ...], is_open: bool
) -> None:
    names = {"timestamp": ("2026-01-01T00:00:00", "2026-01-01T00:00:01"), "model": ("a", "b")}
    columns = [Column(beside, names.get(beside, ("1", "2"))), Column(header, cells)]
    assert isinstance(read_headers(columns)[1], Open) is is_open


@pytest.mark.parametrize("header", ["param_count", "Params", "FLOPs"])
@pytest.mark.parametrize("cell", ["25.6", "7"])
def test_a_count_of_few_is_in_a_unit_that_nobody_said(header: str, cell: str) -> None:
    assert isinstance(one(header, cell), Open)
    assert isinstance(one(header, "25600000"), FieldOf)


def test_a_setting_of_a_group_is_its_field_and_no_measurement() -> None:
    assert one("config/batch_size", "8") == FieldOf("configuration.batch_size")
    assert one("params.threads", "8") == one("threads", "8") == FieldOf("configuration.threads")
    assert isinstance(one("config/latency_ms", "8.5"), Open)


def test_a_german_mean_is_a_mean() -> None:
    meaning = one("Latenz Mittelwert [ms]", "3.5")
    assert isinstance(meaning, Measured)
    assert (meaning.metric, meaning.statistic, meaning.unit) == ("latency", "mean", "ms")


@pytest.mark.parametrize("factor", ["M", "1e6", "10^6", "x10^6"])
def test_a_power_of_ten_in_brackets_is_that_of_a_count(factor: str) -> None:
    assert one(f"FLOPs ({factor})", "300") == FieldOf("model.flop", "10*6")


@pytest.mark.parametrize(
    "cell", ["2026-01-05", "20260105", "2026/01/05 10:11", "05.01.2026", "1767600000"]
)
def test_points_in_time_are_dates(cell: str) -> None:
    assert one("date", cell) == FieldOf("provenance.measured_at")


@pytest.mark.parametrize("name", ["a" * 100_000, "a" + " " * 100_000 + "b", "latency " * 20_000])
def test_a_name_that_is_a_text_is_soon_left_open(name: str) -> None:
    begin = time.process_time()
    (meaning,) = read_headers([Column(name, ("1", "2"))])
    assert isinstance(meaning, Open)
    assert time.process_time() - begin < 2
