"""The study of platforms never seen: nothing leaks, scores are what they say, and words follow from figures."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from examples.matchmaking import predicting, rows, scoring, telling  # noqa: E402 - needs scikit-learn

SECONDS = {"slow": 4.0, "middle": 2.0, "fast": 1.0}


def table() -> pl.DataFrame:
    """Three platforms with two networks and two engines each, and rows of another suite, one on a known chip."""
    lines = []
    for (place, system), model, engine in product(enumerate(SECONDS), ("a", "b"), ("e", "f")):
        factor = (3 if model == "b" else 1) * (1.5 if engine == "f" else 1)
        lines.append(("lpdnn", system, place, model, engine, SECONDS[system] * factor))
    lines += [("other", "x", 7, "a", "e", 100.0), ("other", "fast-too", 2, "a", "e", 1000.0)]
    names = ["suite", "system_id", "chip", "model", "engine", "seconds"]
    frame = pl.DataFrame(lines, schema=names, orient="row").with_row_index("repeat")
    absent = {*rows.WORDS, *scoring.NETWORK} - {*names}
    numbers = [*rows.OF_RECORDS, *rows.OF_REGISTRY]
    return frame.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in absent),
        *(pl.lit(1.0).alias(name) for name in numbers),
    )


@pytest.mark.parametrize(
    ("others", "extra"),
    [("none", []), ("other chips", [100.0]), ("same chip", [100.0, 1000.0])],
)
def test_a_prediction_has_seen_no_run_of_its_platform(others: str, extra: list[float]) -> None:
    frame = table()
    found = predicting.predicted(frame, "mean", "records", others=others)
    base = frame.filter(pl.col("suite") == "lpdnn")
    learnt = base.filter(pl.col("system_id") != "fast")["seconds"].to_list() + extra
    is_fast = (base["system_id"] == "fast").to_numpy()
    assert found[is_fast] == pytest.approx(np.log(learnt).mean())
    assert len(found) == len(base)


@pytest.mark.parametrize("learner", predicting.LEARNERS)
@pytest.mark.parametrize("features", predicting.FEATURES)
def test_every_learner_predicts_with_what_is_unknown(learner: str, features: str) -> None:
    frame = table().with_columns(
        model_flop=pl.when(pl.col("model") == "a").then(2.0), used_peak=pl.lit(None, pl.Float64)
    )
    found = predicting.predicted(frame, learner, features, others="same chip")
    assert np.isfinite(found).all()


def truth(frame: pl.DataFrame) -> scoring.Numbers:
    return frame.filter(pl.col("suite") == "lpdnn")["seconds"].log().to_numpy()


def test_errors_are_of_platforms_and_known_runs_take_a_shift_away() -> None:
    frame = table()
    off = truth(frame) + 0.5
    assert scoring.errors(frame, off) == pytest.approx([0.5] * 3)
    assert scoring.errors_after(frame, off, 1) == pytest.approx([0.0] * 3)
    uneven = off + np.tile([0.0, 0.2, 0.0, 0.2], 3)
    assert (scoring.errors_after(frame, uneven, 1) > 0.05).all()


def test_what_repeats_a_known_run_is_not_tested() -> None:
    frame = table().with_columns(repeat=pl.col("repeat") // 4 * 2 + pl.col("repeat") % 2)
    # The two rows of a repeat are off alike; were one tested, its error would be 0 half the time.
    off = truth(frame) + np.tile([0.0, 1.0, 0.0, 1.0], 3)
    assert scoring.errors_after(frame, off, 1) == pytest.approx([1.0] * 3)


def test_the_cheapest_platform_within_the_limit_is_right() -> None:
    frame = table()
    every = scoring.hits(frame, truth(frame))
    assert [group.tolist() for group in every] == [[1.0, 1.0, 1.0]] * 2
    # All that fits is said to take forever, so nothing is chosen; if all is said to fit, the slowest is.
    assert scoring.over_networks(scoring.hits(frame, truth(frame) + 9)).mean == 0
    assert [g.tolist() for g in scoring.hits(frame, truth(frame) - 9)] == [[1.0, 0.0, 0.0]] * 2


def test_the_best_run_of_a_platform_is_what_it_can_do() -> None:
    frame = table()
    slow_engine = (frame.filter(pl.col("suite") == "lpdnn")["engine"] == "f").to_numpy()
    worse = truth(frame) + np.where(slow_engine, 5.0, 0.0)
    assert scoring.over_networks(scoring.hits(frame, worse)).mean == 1


def test_intervals_are_of_the_platforms() -> None:
    found = scoring.over_platforms(np.array([1.0, 2.0, 3.0]))
    # Student's t for 95 % and two degrees of freedom is 4.303, the standard error 1 / sqrt(3).
    assert (found.lower, found.upper) == pytest.approx((2 - 2.4843, 2 + 2.4843), abs=1e-3)
    assert not found.excludes_zero
    assert str(scoring.Interval(-0.001, -1, 1)) == "0.00 [-1.00, 1.00]"


@pytest.mark.parametrize(
    ("errors", "hits", "words"),
    [
        ([1.0, 1.0, 1.1], 1.0, "falls by more than chance in 4 and rises in 0, and the share"),
        ([3.0, 3.0, 3.1], 1.0, "falls by more than chance in 0 and rises in 4, and the share"),
        ([1.0, 3.0, 2.0], 1.0, "falls by more than chance in 0 and rises in 0, and the share"),
        ([1.0, 3.0, 2.0], 1.0, "right choices falls by more than chance in 0 and rises in 4"),
        ([1.0, 3.0, 2.0], -1.0, "right choices falls by more than chance in 4 and rises in 0"),
    ],
)
def test_words_follow_from_figures(errors: list[float], hits: float, words: str) -> None:
    """With each step the errors change as given, and the choices by one more or one fewer."""
    step = np.array(errors) - 2
    scores = {}
    for learner in ("mean", "ridge", "forest"):
        for place, (features, others) in enumerate(
            [("records", "none"), ("registry", "none"), ("registry", "other chips")]
        ):
            each = 5 + place * step
            chosen = [np.full(3, hits * place) for _ in range(4)]
            scores[learner, features, others] = telling.Score(
                each, dict.fromkeys(telling.SHOTS, each), chosen
            )
    told = "\n".join(telling.page(table(), scores))
    assert words in told
    assert "Of 2 rows of other suites 1 is of a chip" in told
    assert (
        f"The least error on a platform never seen is {scoring.over_platforms(min((s.errors for s in scores.values()), key=np.mean))}"
        in told
    )


def test_without_samples_it_says_why_it_is_skipped(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.matchmaking", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("skipped: there is no ")


FIGURE = re.compile(r"-?\d+\.\d\d")


@pytest.mark.slow
def test_the_page_is_what_the_study_writes(samples: Path, tmp_path: Path) -> None:
    page = ROOT / "docs" / "study.md"
    written = tmp_path / "study.md"
    written.write_bytes(page.read_bytes())
    command = [sys.executable, "-m", "examples.matchmaking", str(samples), "--write", str(written)]
    subprocess.run(command, cwd=ROOT, check=True)
    old, new = page.read_text("utf-8"), written.read_text("utf-8")
    stale = "the samples, the registry or the study have changed: run `make study`"
    assert FIGURE.sub("#", old) == FIGURE.sub("#", new), stale
    figures = [[float(figure) for figure in FIGURE.findall(text)] for text in (old, new)]
    # Other versions of what computes them round another way.
    assert figures[0] == pytest.approx(figures[1], abs=0.03), stale
