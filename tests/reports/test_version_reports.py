"""The comparison of two packages in each of its forms."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.comparing.records import accuracy, compared, latencies, latency, record

from benchfmt.comparing.thresholds import failures, threshold
from benchfmt.comparing.versions import Versions
from benchfmt.finding import BenchfmtError
from benchfmt.reports.versions import FORMATS, rendered

TEXT = """\
engine_version 1.0 -> 1.1
regression: latency mean inference per sample (Raspberry Pi 4B, mobilenet-v2): 0.01007 s -> 0.0151 s, +50.0% [+46.8%, +53.3%]
only in OLD: latency mean inference per sample (Raspberry Pi 4B, gone): 0.01007 s
no significant change: accuracy (Raspberry Pi 4B, mobilenet-v2): 0.7 -> 0.7, +0.00%; the numbers are equal
1 regression, 0 improvements, 1 without significant change, 1 only in OLD
significant at 0.05; each interval at 0.95
between single runs: 1 of 1 test; how much runs differ is not in their intervals: repeat the runs, or ask for a threshold above that
not compared: 1 result of NEW: cannot be told: precision, input shape unknown
failed: --fail-on regression:5%: 1 regression
"""


def of_version(version: str, times: float, *more: dict[str, Any]) -> list[dict[str, Any]]:
    software = {"engine": "onnxruntime", "engine_version": version}
    first = record(1, latency(latencies(times)), accuracy(0.7), software=software)
    return [first, *more]


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    other = record(2, latency(latencies(1)), model={"name": "gone"})
    unknown = record(3, latency(latencies(1)), configuration={}, software={})
    return compared(tmp_path, of_version("1.0", 1, other), of_version("1.1", 1.5, unknown))


def text_of(name: str, versions: Versions, *reasons: str) -> str:
    return "".join(rendered(name, versions, reasons))


def test_text_has_a_line_a_result_and_what_has_to_be_said_of_all(versions: Versions) -> None:
    reasons = failures(versions, [threshold("regression:5%")])
    assert text_of("text", versions, *reasons) == TEXT


def test_json_has_everything_and_is_json(versions: Versions) -> None:
    found = json.loads(text_of("json", versions, "because"))
    assert found["failures"] == ["because"]
    assert found["counts"]["regression"] == 1
    assert found["without_key"][0]["package"] == "NEW"
    first = found["results"][0]
    assert first["verdict"] == "regression"
    assert first["change"] == pytest.approx(0.5)
    assert (first["old"]["records"], first["between"]) == (["r1"], "observations")
    assert [result["verdict"] for result in found["results"]] == [
        "regression",
        "only in OLD",
        "no significant change",
    ]


def test_markdown_shows_what_changed_and_folds_the_rest(versions: Versions) -> None:
    shown, _, folded = text_of("markdown", versions, "because").partition("<details>")
    assert shown.startswith(
        "### 1 regression, 0 improvements, 1 without significant change, 1 only in OLD"
    )
    assert "`engine_version 1.0 -> 1.1`" in shown
    assert "- **failed**: `because`" in shown
    assert "| regression | `latency mean inference per sample` |" in shown
    assert "accuracy" not in shown and "accuracy" in folded
    assert folded.rstrip().endswith("</details>")
    rows = [line for line in (shown + folded).splitlines() if line.startswith("|")]
    assert {row.count(" | ") for row in rows if "---" not in row} == {6}


HOSTILE = "a|b`c`<img src=x onerror=alert(1)>@everyone\x1b[31m\nd"


@pytest.mark.parametrize("name", FORMATS)
def test_names_of_strangers_steer_nothing(name: str, tmp_path: Path) -> None:
    old, new = (
        [
            record(
                number, latency(latencies(times, seed=number)), model={"name": f"{HOSTILE}{number}"}
            )
            for number in (1, 2)
        ]
        for times in (1.0, 2.0)
    )
    text = text_of(name, compared(tmp_path, old, new))
    assert "\x1b" not in text
    if name == "html":
        assert "<img" not in text
        assert "default-src 'none'; style-src 'sha256-" in unescape(text)
    if name == "markdown":
        row = next(line for line in text.splitlines() if line.startswith("| regression"))
        cell = row.split(" | ")[2]
        assert cell.count("`") == 2 and "a\\|b'c'<img" in cell
    if name == "text":
        assert len(text.splitlines()) == len(
            [line for line in text.splitlines() if line[:2] != "d1"]
        )


def test_long_lists_are_cut_in_text_and_markdown_and_whole_in_json(tmp_path: Path) -> None:
    old, new = (
        [record(n, accuracy(value, n=50_000), model={"name": f"m{n}"}) for n in range(60)]
        for value in (0.7, 0.5)
    )
    versions = compared(tmp_path, old, new)
    assert "... and 10 more results: regression" in text_of("text", versions)
    assert "| and 10 more |" in text_of("markdown", versions)
    assert len(json.loads(text_of("json", versions))["results"]) == 60


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(
        BenchfmtError, match="there is no format 'markdwn'; did you mean 'markdown'"
    ):
        list(rendered("markdwn", None, ()))  # type: ignore[arg-type]  # it is refused before it is read


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_doubts_about_the_numbers_are_told(name: str, tmp_path: Path) -> None:
    doubtful = latency(latencies(1), caveats=["unstable"])
    text = text_of(
        name, compared(tmp_path, [record(1, latency(latencies(1)))], [record(1, doubtful)])
    )
    assert "caveats: unstable" in text
