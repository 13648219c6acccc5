"""MLPerf's accuracy.txt, spl.txt and hand-written JSON: small texts in the same forms, and the real samples."""

from __future__ import annotations

import csv
import json
import math
import re
import time
from pathlib import Path

import pytest

from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import mlperf_accuracy, mlperf_json, mlperf_power
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError
from benchfmt.readers.mlperf_accuracy import Score

EXPECTED = "mlperf_inference/published/EXPECTED.csv"


# --- accuracy.txt ---


@pytest.fixture
def scored(tmp_path: Path):
    def read(text: str | bytes) -> dict[str, str]:
        return {name: score.text for name, score in scores(tmp_path, text).items()}

    return read


def scores(folder: Path, text: str | bytes) -> dict[str, Score]:
    path = folder / "accuracy.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return mlperf_accuracy.scores(path)


# What a file says, the checker's name for it, and the number with its unit.
FORMS = [
    ("accuracy=76.032%, good=38016, total=50000\n", "acc", "76.032", "%"),
    ('{"accuracy": 76.1, "good": 5}\n', "acc", "76.1", "%"),
    ("accuracy: 71.5\n", "acc", "71.5", "%"),
    ("mAP=20.111%\n", "mAP", "20.111", "%"),
    ("epoch 3 mAP=53.4\n", "mAP", "53.4", "%"),
    (
        "{'Pedestrian': [57.7], 'Cyclist': [48.8], 'Car': [56.2], 'Total': 54.256}\n",
        "mAP",
        "54.256",
        "%",
    ),
    ("BLEU: 24.0\n", "bleu", "24.0", "%"),
    ('{"exact_match": 83.1, "f1": 90.385}\n', "F1", "90.385", "%"),
    ("{'exact_match': 83.1, 'f1': 90.385}\n", "exact_match", "83.1", "%"),
    ("Word Error Rate: 7.44%, accuracy=92.56%\n", "WER", "92.56", "%"),
    ("Word Error Rate: 2.18%, accuracy=97.82%\n", "ACCURACY", "97.82", "%"),
    ("AUC=80.185%, accuracy=96.6%, good=1, total=2, queries=3\n", "AUC", "80.185", "%"),
    ("AUC=80.2267\n", "AUC", "80.2267", "%"),
    (
        '{\n  "TestScenario.Offline": {\n    "accuracy": 96.6,\n    "roc_auc": 80.25,\n',
        "AUC",
        "80.25",
        "%",
    ),
    ("Accuracy: mean = 0.86170, kidney = 0.93, tumor = 0.79\n", "DICE", "0.86170", "1"),
    ("{'rouge1': 44.45, 'rouge2': 22.04}\n", "ROUGE2", "22.04", "%"),
    ("{'rougeL': '24.4957', 'rougeLsum': '35.79'}\n", "ROUGEL", "24.4957", "%"),
    ("{'rougeL': '24.4957', 'rougeLsum': '35.79'}\n", "ROUGELSUM", "35.79", "%"),
    ("{'gen_len': 29579723, 'tokens_per_sample': 301.1}\n", "GEN_LEN", "29579723", "1"),
    ("{'gen_len': 29579723, 'tokens_per_sample': 301.1}\n", "TOKENS_PER_SAMPLE", "301.1", "1"),
    ("{'gsm8k': 73.08, 'mbxp': 59.9}\n", "gsm8k_accuracy", "73.08", "%"),
    ("{'gsm8k': 73.08, 'mbxp': 59.9}\n", "mbxp_accuracy", "59.9", "%"),
    (
        "Accuracy Results: {'FID_SCORE': '23.48', 'CLIP_SCORE': '31.73'}\n",
        "FID_SCORE",
        "23.48",
        "1",
    ),
    ("{\n    'accuracy_results': {\n        'CLIP_SCORE': 31.736,\n", "CLIP_SCORE", "31.736", "1"),
    ("{'dim': 1, 'vbench_score': 70.1}\n", "vbench_score", "70.1", "%"),
    ('{"category": {"f1": 0.5}, "f1": 0.7878}\n', "F1_HIERARCHICAL", "0.7878", "1"),
    (
        "step 9 metric/lifetime_ne/rating: 0.867, metric/lifetime_gauc/rating: 0.78\n",
        "DLRM_NE",
        "0.867",
        "1",
    ),
    (
        "step 9 metric/lifetime_ne/rating: 0.867, metric/lifetime_gauc/rating: 0.78\n",
        "DLRM_AUC",
        "0.78",
        "1",
    ),
    ("metric/lifetime_accuracy/rating: 0.69\n", "DLRM_ACC", "0.69", "1"),
    ("Accuracy: 33.9\n", "E2E_ACCURACY", "33.9", "%"),
    ("mAP: 0.2673\nmAP_3D:0.267297\n", "mAP_3D", "0.267297", "1"),
    ("mAP: 0.7179\n", "mAP", "0.7179", "1"),
    ("Mean IoU: 0.924355\n", "mIOU", "0.924355", "1"),
    ("mIOU: 0.92\n", "mIOU", "0.92", "1"),
    ("accuracy=7.5e-1%, good=3\n", "acc", "7.5e-1", "%"),
]


@pytest.mark.parametrize(("text", "name", "number", "unit"), FORMS)
def test_a_score_line_gives_the_checkers_number(
    tmp_path: Path, text: str, name: str, number: str, unit: str
) -> None:
    score = mlperf_accuracy.of(name, scores(tmp_path, text))
    assert score is not None
    assert (score.text, score.unit) == (number, unit)


def test_every_number_of_a_line_has_its_name(scored) -> None:
    assert scored("AUC=80.1%, accuracy=96.6%, good=86, total=89, queries=33\n") == {
        "AUC": "80.1", "accuracy": "96.6", "good": "86", "total": "89", "queries": "33"
    }  # fmt: skip
    assert scored("Accuracy: mean = 0.85, whole tumor = 0.91, tumor core = 0.86, enhancing tumor = 0.77\n") == {
        "mean": "0.85", "whole_tumor": "0.91", "tumor_core": "0.86", "enhancing_tumor": "0.77"
    }  # fmt: skip
    assert scored("Word Error Rate: 7.44%, accuracy=92.56%\n") == {
        "word_error_rate": "7.44",
        "accuracy": "92.56",
    }


def test_the_accuracy_of_another_line_is_not_the_checkers_acc(tmp_path: Path) -> None:
    for line in ("AUC=80.185%, accuracy=96.6%\n", "Word Error Rate: 7%, accuracy=93%\n"):
        assert mlperf_accuracy.of("acc", scores(tmp_path, line)) is None
    assert mlperf_accuracy.of("WER", scores(tmp_path, "accuracy=93%\n")) is None
    assert mlperf_accuracy.of("no such name", scores(tmp_path, "accuracy=93%\n")) is None


def test_a_glued_hash_does_not_hurt_the_total_and_the_next_hash_counts(scored) -> None:
    assert scored("accuracy=76.092%, good=38046, total=50000hash=a9409a\nhash=f6af43\n") == {
        "accuracy": "76.092", "good": "38046", "total": "50000", "glued_hash": "a9409a", "hash": "f6af43"
    }  # fmt: skip
    assert scored("accuracy=76%, total=5hash=a9409a")["hash"] == "a9409a"


def test_the_last_number_before_the_hash_counts_and_the_first_after_it(scored) -> None:
    assert scored("accuracy=1%\naccuracy=2%\nhash=aa\naccuracy=3%\nhash=bb\n") == {
        "accuracy": "2",
        "hash": "aa",
    }
    assert scored("hash=aa\n\n#manually added\nAUC=80.2\n\nhash=bb\nAUC=1\n") == {
        "hash": "aa",
        "AUC": "80.2",
    }


@pytest.mark.parametrize(
    "text",
    [
        "", "hash\n", "accuracy=nan%\n", "accuracy=1.2.3%\n", "accuracy=1e9999\n", "{'rouge1': None}\n", "AUC=\n",
        "about accuracy=76%\n", '        "accuracy": 96.6,\n', " 59.90% pass@1\n", "{'ruby': 411}\n", "mAP=-inf\n",
        f"accuracy={'9' * 100_000}\n", "accuracy=٧٦\n", "mATE: 0.88\n",
    ],
)  # fmt: skip
def test_what_is_no_score_line_gives_nothing(scored, text: str) -> None:
    assert scored(text) == {}


def test_line_ends_and_encodings_do_not_matter(tmp_path: Path) -> None:
    text = "Grüße\naccuracy=76%, good=1\nhash=ab\n"
    variants = [
        text.encode(), text.replace("\n", "\r\n").encode(), text.replace("\n", "\r").encode(), text.encode("latin-1"),
        text.encode("utf-16"), b"\xfe\xff" + text.encode("utf-16-be"), b"\xef\xbb\xbf" + text.encode(),
    ]  # fmt: skip
    for data in variants:
        assert scores(tmp_path, data) == {
            "accuracy": Score("76", "%", 2), "good": Score("1", None, 2), "hash": Score("ab", None, 3)
        }  # fmt: skip
    assert scores(tmp_path, b"\xef\xbb\xbfaccuracy=76%")["accuracy"].line == 1


def test_a_progress_bar_may_return_before_the_score(scored) -> None:
    assert scored("10%|#\r100%|##\raccuracy=76%\n") == {"accuracy": "76"}


def test_of_a_huge_file_both_ends_are_read(tmp_path: Path) -> None:
    filler = b"Evaluating 1...\n" * 2**18
    found = scores(
        tmp_path, b"AUC=80.1\n" + filler + b"accuracy=1%\n" + filler + b"rest\nmAP=20%\nhash=ab\n"
    )
    assert found == {
        "AUC": Score("80.1", None, 1),
        "mAP": Score("20", "%", -2),
        "hash": Score("ab", None, -1),
    }


@pytest.mark.parametrize("line", ["'rouge1':" * 200_000, "'" * 2_000_000, "accuracy=" + "1" * 2_000_000, "{" * 10**6,
                                  "Accuracy: mean =" + "a " * 10**6, "metric/lifetime_" * 100_000, "mAP=1" * 10**5,
                                  "AUC=" + " ," * 10**6, "'rouge1'" + " " * 2_000_000])  # fmt: skip
def test_a_hostile_line_takes_no_time(scored, line: str) -> None:
    start = time.process_time()
    scored(line)
    assert time.process_time() - start < 5


def rows(samples: Path) -> list[dict[str, str]]:
    with (samples / EXPECTED).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OFFICIAL = {
    "resnet": "acc", "mobilenet": "acc", "rgat": "acc", "gnmt": "bleu", "bert": "F1", "rnnt": "WER", "dlrm": "AUC",
    "ssd": "mAP", "3d-unet": "DICE", "llama2": "ROUGE1", "gptj": "ROUGE1", "mixtral": "ROUGE1",
    "stable-diffusion": "CLIP_SCORE", "pointpainting": "mAP",
}  # fmt: skip


# How the expected table spells some names of the checker.
SPELLED = {"BLEU": "bleu", "WER_acc": "WER"}


def test_the_published_accuracies_come_out(samples: Path) -> None:
    checked = 0
    for row in rows(samples):
        path = (
            samples
            / "mlperf_inference"
            / row["version"]
            / row["location"]
            / "accuracy"
            / "accuracy.txt"
        )
        if not path.exists() or not row["accuracy"]:
            continue
        found = mlperf_accuracy.scores(path)
        named = re.findall(r"(\w+): ([0-9.]+)", row["accuracy"])
        if not named:
            name = next(
                name for start, name in OFFICIAL.items() if row["mlperf_model"].startswith(start)
            )
            named = [(name, row["accuracy"])]
        for name, value in named:
            score = mlperf_accuracy.of(SPELLED.get(name, name), found)
            assert score is not None, (path, name)
            assert float(score.text) == float(value), (path, name)
            checked += 1
    assert checked > 100


def test_every_real_file_has_a_score_and_all_after_v05_a_hash(samples: Path) -> None:
    # Compliance runs hold no scores; what is left beside them in their folders is not looked at.
    paths = [
        p
        for p in (samples / "mlperf_inference").rglob("accuracy/accuracy.txt")
        if "TEST0" not in str(p)
    ]
    assert len(paths) > 70
    for path in paths:
        found = mlperf_accuracy.scores(path)
        assert any(mlperf_accuracy.of(name, found) for name in mlperf_accuracy._CHECKED), path
        assert "hash" in found or "/v0.5/" in path.as_posix(), path


# --- spl.txt ---

BEGIN, END = "07-23-2022 01:05:41.000", "07-23-2022 01:05:44.000"


def row(
    clock: str, watts: str, rest: str = "Volts,-1.000000,Amps,-1.000000,PF,-1.000000,Mark,a_testing"
) -> str:
    return f"Time,07-23-2022 {clock},Watts,{watts},{rest}"


def power(folder: Path, lines: list[str], *, end: str = "\n", **more: float) -> mlperf_power.Power:
    path = folder / "spl.txt"
    path.write_bytes(end.join(lines).encode())
    return mlperf_power.read(path, BEGIN, END, **more)


def test_the_mean_is_of_the_rows_strictly_inside_with_power(tmp_path: Path) -> None:
    lines = [
        row("01:05:40.999", "1.0"), row("01:05:41.000", "2.0"), row("01:05:41.001", "10.5"), row("01:05:42.000", "0.0"),
        row("01:05:42.500", "-1.000000"), row("01:05:43.999", "20.0"), row("01:05:44.000", "4.0"), "",
    ]  # fmt: skip
    expected = mlperf_power.Power(
        watts_mean=15.25, samples=2, seconds=3.0, rows=7, dead=2, bad=0, channels=0,
        first="2022-07-23T01:05:40.999", last="2022-07-23T01:05:44.000",
    )  # fmt: skip
    assert power(tmp_path, lines) == expected
    assert power(tmp_path, lines, end="\r\n") == expected
    assert power(tmp_path, ["\ufeff" + lines[0], *lines[1:]]) == expected


def test_fractions_of_any_length_are_compared_as_times(tmp_path: Path) -> None:
    clocks = ("01:05:41.0", "01:05:41.000000", "01:05:41.000001", "01:05:43.99", "01:05:44.000")
    assert power(tmp_path, [row(clock, "5.0") for clock in clocks]).samples == 2


def test_a_window_over_midnight_and_new_year(tmp_path: Path) -> None:
    path = tmp_path / "spl.txt"
    times = (
        "12-31-2021 23:59:59.000",
        "01-01-2022 00:00:00.500",
        "12-31-2022 23:59:59.000",
        "01-02-2021 00:00:00.000",
    )
    path.write_text("".join(f"Time,{time},Watts,7.0,Volts,-1\n" for time in times))
    found = mlperf_power.read(path, "12-31-2021 23:59:58.000", "01-01-2022 00:00:01.000")
    assert (found.samples, found.seconds) == (2, 3.0)


def test_local_times_are_moved_by_their_own_shift(tmp_path: Path) -> None:
    lines = [row("06:05:42.000", "9.0"), row("01:05:42.000", "1.0")]
    assert power(tmp_path, lines).watts_mean == 1.0
    assert power(tmp_path, lines, log_shift=18_000.0).watts_mean == 9.0
    assert power(tmp_path, lines, spl_shift=-18_000.0).watts_mean == 9.0
    assert power(tmp_path, lines, spl_shift=18_000.0, log_shift=18_000.0).watts_mean == 1.0


def test_the_watts_of_several_channels_are_the_sum_in_front(tmp_path: Path) -> None:
    channel = "Watts,4.0,Volts,230.0,Amps,0.1,PF,0.9"
    line = row(
        "01:05:42.000",
        "12.0",
        f"Volts,-1.0,Amps,-1.0,PF,-1.0,Mark,a,Ch1,{channel},Ch2,{channel},Ch3,{channel}",
    )
    found = power(tmp_path, [line])
    assert (found.watts_mean, found.channels) == (12.0, 3)


def test_a_dead_meter_gives_no_mean(tmp_path: Path) -> None:
    found = power(tmp_path, [row("01:05:42.000", "-1.000000"), row("01:05:43.000", "0")])
    assert math.isnan(found.watts_mean)
    assert (found.samples, found.dead, found.rows) == (0, 2, 2)
    assert power(tmp_path, []).first is None


@pytest.mark.parametrize(
    "line",
    [
        "Time", "no row", row("25:05:42.000", "5.0"), row("01:05:42", "5.0"), row("01:05:42.000", "nan"),
        row("01:05:42.000", "1e400"), row("01:05:42.000", ""), row("01:05:42.000", "5,5"), "\x00\x01",
        "Time,07-23-2022 01:05:42.000,Watts,127.5", "Time,2022-07-23 01:05:42.000,Watts,5.0,Volts,1",
        "Time,13-23-2022 01:05:42.000,Watts,5.0,Volts,1", row("01:05:42.000", "1_0"), row("01:05:42.000", "inf"),
    ],
)  # fmt: skip
def test_a_broken_line_is_counted_and_costs_only_itself(tmp_path: Path, line: str) -> None:
    found = power(tmp_path, [row("01:05:42.000", "5.0"), line, row("01:05:43.000", "7.0")])
    assert (found.bad, found.rows, found.watts_mean) == (1, 2, 6.0)


def test_a_line_without_end_is_dropped_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spl.txt"
    good = row("01:05:42.000", "5.0")
    path.write_text(f"{good}\n{'x' * 5000}\n{good}\n{'y' * 5000}")
    for block in (64, 1000, 2**18):
        monkeypatch.setattr(mlperf_power, "BLOCK_BYTES", block)
        found = mlperf_power.read(path, BEGIN, END, limits=Limits(row_bytes=300))
        assert (found.rows, found.bad) == (2, 2), block


def test_blocks_do_not_change_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [row(f"01:05:42.{number:03}", f"{number}.25") for number in range(1000)]
    whole = power(tmp_path, lines)
    assert whole.samples == 1000
    for block in (7, 100, 4096):
        monkeypatch.setattr(mlperf_power, "BLOCK_BYTES", block)
        assert power(tmp_path, lines) == whole


@pytest.mark.parametrize(
    "begin", ["", "2022-07-23 01:05:41.201", "07-23-2022 01:05:41", "02-30-2022 01:05:41.201"]
)
def test_a_window_that_is_no_time_is_refused(tmp_path: Path, begin: str) -> None:
    path = tmp_path / "spl.txt"
    path.write_text(row("01:05:42.000", "5.0"))
    with pytest.raises(mlperf_power.PowerError, match="is not a time as LoadGen writes it"):
        mlperf_power.read(path, begin, END)
    with pytest.raises(mlperf_power.PowerError, match="is not a time"):
        mlperf_power.read(path, "12-31-9999 23:59:59.0", END, log_shift=86_400.0)


@pytest.mark.parametrize(
    ("text", "seconds"), [('{"timezone": 18000}', 18_000.0), ('{"timezone": -3600.0,}', -3600.0)]
)
def test_the_time_zone_is_in_seconds(tmp_path: Path, text: str, seconds: float) -> None:
    path = tmp_path / "server.json"
    path.write_text(text)
    assert mlperf_power.timezone(path) == seconds


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"timezone": "UTC"}', '{"timezone": true}', '{"timezone": 1e9}', "{"]
)
def test_no_time_zone_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "server.json"
    path.write_text(text)
    with pytest.raises(BenchfmtError):
        mlperf_power.timezone(path)


def test_the_published_power_comes_out(samples: Path) -> None:
    checked = 0
    for expected in rows(samples):
        if not expected["power_result"]:
            continue
        folder = (
            samples
            / "mlperf_inference"
            / expected["version"]
            / expected["location"]
            / "performance"
        )
        log = dict(
            re.findall(
                r'"key": "(\w+)", "value": "?([^",]*)',
                (folder / "run_1/mlperf_log_detail.txt").read_text(),
            )
        )
        local = expected["version"] == "v1.0"
        shifts = [
            mlperf_power.timezone(folder / "power" / name) if local else 0.0
            for name in ("server.json", "client.json")
        ]
        found = mlperf_power.read(
            folder / "run_1" / "spl.txt",
            log["power_begin"],
            log["power_end"],
            spl_shift=shifts[0],
            log_shift=shifts[1],
        )
        value = found.watts_mean
        if expected["power_units"] == "millijoules":
            queries = (
                float(log["result_qps_with_loadgen_overhead"]) * found.seconds
                if local
                else int(log["result_query_count"])
            )
            value *= found.seconds * 1000 / queries
            value *= (
                8
                if expected["scenario"] == "MultiStream"
                and log["effective_scenario"] == "SingleStream"
                else 1
            )
        # The tables of v5.1 are rounded to ten decimals; the others say all digits.
        assert math.isclose(
            value, float(expected["power_result"]), rel_tol=1e-14, abs_tol=5.1e-11
        ), expected["location"]
        assert (found.bad, found.dead) == (0, 0)
        checked += 1
    assert checked == 12


# --- JSON written by hand ---


def lenient(text: str | bytes) -> tuple[object, list[str]]:
    return mlperf_json.parse(text if isinstance(text, bytes) else text.encode())


def test_good_json_needs_no_mending() -> None:
    assert lenient('{"a": [1, 2.5, "x,]", {}], "ü": null, "b": 10051496985653635065}') == (
        {"a": [1, 2.5, "x,]", {}], "ü": None, "b": 10051496985653635065},
        [],
    )


@pytest.mark.parametrize(
    ("text", "data", "mended"),
    [
        (b"\xef\xbb\xbf{}", {}, ["a byte order mark left out"]),
        (
            '{"a": 1, "a": 2}',
            {"a": 2},
            ["the key 'a' appears twice; 1 is lost, the last one is kept"],
        ),
        (
            '{"a": {"b": 1}, "a": 2}',
            {"a": 2},
            ["the key 'a' appears twice; an object is lost, the last one is kept"],
        ),
        ('{"a": 1, "a": 1}', {"a": 1}, ["the key 'a' appears twice with the same value"]),
        (
            '{"a": [1, 2, ], }',
            {"a": [1, 2]},
            ["2 trailing comma(s) before a closing bracket left out"],
        ),
        (
            '{"a": 1, "a": 2, "b": ",}", }',
            {"a": 2, "b": ",}"},
            [
                "1 trailing comma(s) before a closing bracket left out",
                "the key 'a' appears twice; 1 is lost, the last one is kept",
            ],
        ),
        ('{"a": NaN}', {"a": None}, ["NaN is neither JSON nor a number; read as null"]),
        (b'{"a": "\xb5s"}', {"a": "µs"}, ["not UTF-8 at byte 7; read as Latin-1"]),
        ('{"a": 1}'.encode("utf-16"), {"a": 1}, ["read as UTF-16, not UTF-8"]),
    ],
)
def test_a_small_fault_is_mended_and_told(
    text: str | bytes, data: object, mended: list[str]
) -> None:
    assert lenient(text) == (data, mended)


@pytest.mark.parametrize(
    "text", ["", "{", "[1,,]", "{'a': 1}", '{"a": 1e999}', "[,]x", '{"a": "b,}', "[1,,2]"]
)
def test_what_cannot_be_mended_is_refused(text: str) -> None:
    with pytest.raises(JsonError):
        lenient(text)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100]
)
def test_deep_json_is_refused(text: str) -> None:
    with pytest.raises((UnsafeError, JsonError)):
        lenient(text)


def test_a_hostile_text_takes_no_time() -> None:
    start = time.process_time()
    for text in ('"' + '\\"' * 10**6, "[" + '"a' * 10**6, "[1," + "," * 10**6, "[" + ", " * 10**6):
        with pytest.raises(JsonError):
            lenient(text)
    assert time.process_time() - start < 10


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    path.write_text("[" + " " * 100 + "]")
    assert mlperf_json.read(path) == ([], [])
    with pytest.raises(UnsafeError, match="at most 50"):
        mlperf_json.read(path, Limits(json_bytes=50))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, 2), ("2", 2), (" 16 ", 16), (2.0, 2), ("64.0", 64), (0, None), ("0", None), (-1, None), ("-1", None),
        ("", None), ("N/A", None), ("2 (big); 4 (LITTLE)", None), ("(8,4)", None), ("6 (4 big; 2 LITTLE)", None),
        (2.5, None), (True, None), (None, None), ([2], None), ({}, None), ("٢", None), ("1_0", None), ("1e3", None),
        (float("inf"), None), (float("nan"), None), ("64(AMD EPYC 9534) and 96(AMD EPYC 9655)", None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_count(value: object, expected: int | None) -> None:
    assert mlperf_json.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" NVIDIA ", "NVIDIA"), ("", None), (" ", None), ("N/A", None), ("n/a", None), ("-", None), ("UNSET", None),
        (3, "3"), (2.5, "2.5"), (True, "true"), (["a"], None), ({"a": 1}, None), (None, None), ("N/A yet", "N/A yet"),
    ],
)  # fmt: skip
def test_text(value: object, expected: str | None) -> None:
    assert mlperf_json.text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("80 GB", 80 * 2**30), ("40GB", 40 * 2**30), ("1 TB", 2**40), ("4 GiB", 4 * 2**30), ("128G", 128 * 2**30),
        ("2.2TiB", 2418925581107), ("512 MB", 2**29), ("0 GB", None), ("", None), ("N/A", None), ("disabled", None),
        (0, None), (16, None), ("16", None), ("192 GB (MI300X), 256 GB (MI325X)", None), ("80 GB(A100), 40 GB(A30)", None),
        ("16 GB per accelerator", None), (True, None), (None, None), (["1 GB"], None), ("1e9 GB", None), ("-1 GB", None),
    ],
)  # fmt: skip
def test_memory_bytes(value: object, expected: int | None) -> None:
    assert mlperf_json.memory_bytes(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2.25 GHz", 2.25e9), ("2250 MHz", 2.25e9), ("2.25GHz", 2.25e9), ("2265.5 MHz", 2.2655e9), ("300 kHz", 3e5),
        ("", None), ("4062.0000", None), ("up to 3.2 GHz (P-cores)", None), ("2.90GHz (A100), 2.40GHZ (A30)", None),
        (2250, None), (None, None), ("0 GHz", None),
    ],
)  # fmt: skip
def test_frequency_hz(value: object, expected: float | None) -> None:
    assert mlperf_json.frequency_hz(value) == expected


def test_every_real_description_of_a_system_is_read(samples: Path) -> None:
    mended = {}
    paths = [
        *samples.glob("mlperf_inference/**/systems/*.json"),
        *samples.glob("mlperf_mobile/**/systems/*.json"),
    ]
    assert len(paths) > 40
    for path in paths:
        data, told = mlperf_json.read(path)
        assert isinstance(data, dict)
        if told:
            mended[path.stem] = told
        else:
            assert data == json.loads(path.read_text("utf-8"))
    assert mended == {
        "SD7G1_Oppo_Reno_8_Pro": [
            "the key 'CPU_Type_2' appears twice; \"3x Qualcomm Kryo(TM) Gold Cores: 2.36 Ghz\" is lost, the last one is kept"
        ],
        "SD8Elite": ["1 trailing comma(s) before a closing bracket left out"],
    }
