"""`benchfmt recommend --predict`: what was not measured, with intervals that hold on data whose truth is known."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.comparing.test_recommending import TASK, board, package, run

from benchfmt.comparing import predicting
from benchfmt.comparing.predicting import LEVEL, predict
from benchfmt.comparing.wishes import Asked

LATENCY = Asked(("latency", "", "", "", ""), "s", "the only one", (), None, 1.0)
ACCURACY = Asked(("accuracy", "", "", "", ""), "1", "the only one", (), 0.7, None)


def row(system: int, network: int, latency: float | None, **more: Any) -> dict[str, Any]:
    return {
        "system_id": f"board-{system}",
        "engine": "onnxruntime",
        "engine_version": None,
        "placement": ["cpu"],
        "threads": None,
        "batch_size": 1,
        "model": f"net-{network}",
        "model_version": None,
        "input_shape": [224, 224],
        "precision": "fp32",
        "latency": latency,
        "accuracy": 0.8,
    } | more


def additive(
    systems: int, networks: int, noise: float, seed: int
) -> tuple[list[dict[str, Any]], dict[tuple[str, str], float]]:
    """Return rows of a full matrix, and which of them are hidden, with their true numbers."""
    chance = random.Random(seed)  # noqa: S311 - drawn data
    speeds = [chance.gauss(0, 1) for _ in range(systems)]
    costs = [chance.gauss(-2, 1) for _ in range(networks)]
    rows, hidden = [], {}
    for system, speed in enumerate(speeds):
        for network, cost in enumerate(costs):
            value = math.exp(speed + cost + chance.gauss(0, noise))
            if chance.random() < 0.2:
                hidden[f"board-{system}", f"net-{network}"] = value
            else:
                rows.append(row(system, network, value))
    return rows, hidden


def test_without_noise_the_truth_is_found() -> None:
    rows, hidden = additive(4, 10, 0.0, seed=1)
    found = predict(rows, [LATENCY], LATENCY)
    estimates = {
        (p.system_id, p.fields["model"]): p.numbers["latency"].estimate for p in found.rows
    }
    assert set(estimates) == set(hidden)
    for cell, value in hidden.items():
        assert estimates[cell] == pytest.approx(value, rel=0.02)
    assert found.errors["latency"].factor < 1.02


def test_intervals_hold_as_many_unseen_results_as_they_say() -> None:
    held = asked = 0
    for seed in range(12):
        rows, hidden = additive(5, 12, 0.2, seed)
        for prediction in predict(rows, [LATENCY], LATENCY).rows:
            truth = hidden[prediction.system_id, prediction.fields["model"]]
            number = prediction.numbers["latency"]
            held += number.low <= truth <= number.high
            asked += 1
    assert asked > 100
    # Five standard deviations of chance below the level would be a wrong method.
    assert held / asked >= LEVEL - 5 * math.sqrt(LEVEL * (1 - LEVEL) / asked)
    # The worst system decides, so intervals may be wide, but not so wide that they say nothing.
    assert held < asked


def test_what_is_left_out_is_what_a_fit_without_it_gives() -> None:
    chance = np.random.default_rng(3)
    design = np.hstack([np.ones((12, 1)), chance.normal(size=(12, 4))])
    logs = chance.normal(size=12)
    groups = [[0, 1], [2], [3, 4, 5], [6, 7, 8, 9, 10, 11]]
    found = predicting._Fit(design, logs, 0.5, groups).left_out
    for group in groups:
        kept = [place for place in range(12) if place not in group]
        other = predicting._Fit(design[kept], logs[kept], 0.5, [])
        assert found[group] == pytest.approx(logs[group] - design[group] @ other.weights)


def full(systems: int = 3, networks: int = 6) -> list[dict[str, Any]]:
    return [
        row(system, network, 0.1 * (system + 1) * (network + 1))
        for system in range(systems)
        for network in range(networks)
    ]


def test_what_lies_outside_is_refused_by_name() -> None:
    rows = [*full(), row(0, 0, 0.05, precision="int8")]
    rows.append(row(9, 0, 0.1, engine="tensorrt", placement=["gpu"]))
    found = predict(rows, [LATENCY], LATENCY)
    assert (
        found.refused
        == {
            "latency: int8 with onnxruntime on board-1 was never measured": 1,
            "latency: int8 with onnxruntime on board-2 was never measured": 1,
            "latency: int8 with tensorrt on board-9 was never measured": 1,
            "latency: tensorrt gpu on board-9 was measured with fewer than three networks": 5,
        }
        | {
            # The runner that did int8 once, with the other networks: that is inside.
        }
    )
    assert {(p.system_id, p.fields["precision"]) for p in found.rows} == set()


def test_too_little_is_refused_with_what_is_needed() -> None:
    found = predict(full(systems=2, networks=4), [LATENCY], LATENCY)
    assert found.rows == []
    (reason,) = found.refused
    assert reason.startswith("latency: too little is known: 8 pairs of system and network that ")
    assert reason.endswith("on 2 systems; 10 on 2 are needed")
    zero = [*full(), row(0, 7, 0.0)]
    assert list(predict(zero, [LATENCY], LATENCY).refused) == [
        "latency: numbers that are not above 0 have no logarithm"
    ]


def test_quality_is_that_of_the_network_wherever_it_was_measured() -> None:
    rows = full()
    rows[0]["accuracy"] = 0.6
    missing = rows.pop(6)  # board-1 with net-0, of which accuracies differ
    found = predict(rows, [LATENCY, ACCURACY], LATENCY)
    (prediction,) = found.rows
    assert (prediction.system_id, prediction.fields["model"]) == (
        missing["system_id"],
        missing["model"],
    )
    quality = prediction.numbers["accuracy"]
    assert (quality.low, quality.high, quality.basis) == (0.6, 0.8, "measured elsewhere")
    assert prediction.state == "may fit"
    rows[0]["accuracy"] = rows[11 - 1]["accuracy"] = None
    for one in rows:
        if one["model"] == "net-0":
            one["accuracy"] = None
    assert list(predict(rows, [LATENCY, ACCURACY], LATENCY).refused) == [
        "accuracy: nowhere measured of this network in this precision"
    ]


def test_an_interval_that_holds_the_limit_decides_nothing_and_tells_most() -> None:
    rows, _ = additive(4, 10, 0.1, seed=1)
    numbers = {
        (p.system_id, p.fields["model"]): p.numbers["latency"]
        for p in predict(rows, [LATENCY], LATENCY).rows
    }
    middle = sorted(number.estimate for number in numbers.values())[len(numbers) // 2]
    asked = Asked(LATENCY.key, "s", "", (), None, middle)
    found = predict(rows, [asked], asked)
    for prediction in found.rows:
        number = numbers[prediction.system_id, prediction.fields["model"]]
        expected = "may fit"
        if number.high <= middle:
            expected = "would fit"
        if number.low > middle:
            expected = "would not fit"
        assert prediction.state == expected
    # Nothing is as undecided as what lies on the limit itself.
    assert found.runs[0].numbers["latency"].estimate == middle
    assert {p.state for p in found.rows} == {"would fit", "may fit", "would not fit"}
    assert "would not fit" not in {p.state for p in found.runs}
    assert len(found.runs) <= predicting.NEXT


def boards() -> list[dict[str, Any]]:
    """Return results of four boards with five networks, one of which is missing."""
    return [
        board(
            f"r{place}-{network}",
            place,
            0.01 * (place + 1) * (network + 1),
            model__name=f"net-{network}",
        )
        for place in range(4)
        for network in range(5)
        if (place, network) != (1, 1)
    ]


def test_predictions_are_told_apart_from_results(tmp_path: Path) -> None:
    made = package(tmp_path, *boards())
    limits = ("--task", TASK, "--max", "latency=500ms", "--min", "accuracy=50%", "--predict")
    status, out = run(made, *limits)
    assert status == 0
    lines = out.splitlines()
    place = lines.index("predicted, not measured: 1 would fit")
    assert "r1-1" not in out
    text = " ".join(" ".join(lines[place + 1 :]).split())
    assert "90% of 19 pairs of system and network that were left out" in text
    assert "would fit: Board 1, net-1, fp32" in text
    assert "latency 40 ms (predicted, " in text
    assert "accuracy 70% (measured elsewhere)" in text
    _, out = run(made, *limits, "--format", "json")
    (prediction,) = json.loads(out)["predictions"]["rows"]
    assert prediction["numbers"]["latency__median__inference__sample"]["basis"] == "predicted"


def test_one_model_is_no_ground_for_predictions(tmp_path: Path) -> None:
    made = package(tmp_path, *boards())
    limits = ("--task", TASK, "--max", "latency=500ms", "--predict", "--model", "net-1")
    assert run(made, *limits) == (
        2,
        "--predict learns from the other models of the task: leave --model away",
    )


def sized(seed: int, noise: float, *, known: bool = True) -> tuple[list[Any], dict[Any, float]]:
    """Return rows of boards of which each takes its own power of a network's FLOP, and the hidden numbers."""
    chance = random.Random(seed)  # noqa: S311 - drawn data
    powers = [chance.uniform(0.3, 1.2) for _ in range(5)]
    sizes = [10 ** chance.uniform(7, 10) for _ in range(14)]
    rows, hidden = [], {}
    for system, power in enumerate(powers):
        for network, size in enumerate(sizes):
            value = math.exp(power * math.log(size / 1e9) - 3 + chance.gauss(0, noise))
            if chance.random() < 0.25:
                hidden[f"board-{system}", f"net-{network}"] = value
            else:
                facts = {"registry_flop": round(size) if known else None}
                rows.append(row(system, network, value, **facts))
    return rows, hidden


def test_a_runner_may_take_more_for_larger_networks_where_the_registry_knows_their_size() -> None:
    inside = of_all = 0
    for seed in range(12):
        rows, hidden = sized(seed, 0.15)
        found = predict(rows, [LATENCY], LATENCY)
        plain = predict(sized(seed, 0.15, known=False)[0], [LATENCY], LATENCY)
        assert found.errors["latency"].facts == ("registry_flop",)
        assert plain.errors["latency"].facts == ()
        assert found.errors["latency"].factor < 0.85 * plain.errors["latency"].factor
        for prediction in found.rows:
            truth = hidden[prediction.system_id, prediction.fields["model"]]
            number = prediction.numbers["latency"]
            of_all += 1
            inside += number.low <= truth <= number.high
            assert "registry_flop" not in prediction.to_dict()
    assert of_all > 150
    assert inside / of_all > LEVEL - 0.02


def test_sizes_that_tell_nothing_are_not_used() -> None:
    rows, _ = additive(4, 10, 0.0, seed=1)
    chance = random.Random(1)  # noqa: S311 - drawn data
    sizes = {item["model"]: chance.randrange(10**6, 10**9) for item in rows}
    told = [item | {"registry_flop": sizes[item["model"]]} for item in rows]
    found = predict(told, [LATENCY], LATENCY)
    assert found.errors["latency"].facts == ()
    one_size = [item | {"registry_flop": 10**9} for item in rows]
    assert predict(one_size, [LATENCY], LATENCY).errors["latency"].facts == ()
