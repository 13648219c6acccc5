"""What docs/recommend.md says of facts of the registry in predictions, worked out from real results of LPDNN."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchfmt import convert, open_package
from benchfmt.comparing import predicting
from benchfmt.comparing.predicting import NETWORK, RUNNER, SIZES

Rows = Sequence[Mapping[str, Any]]
PAGE = Path(__file__).parents[2] / "docs" / "recommend.md"
OF_CHIPS = ("registry_peak_flops_fp32", "registry_memory_bandwidth")
PLATFORM_PENALTY = 1.0


def rows_by_task(folder: Path) -> dict[str, Rows]:
    with open_package(folder) as package:
        table = pl.DataFrame(pl.from_arrow(package.wide(one_per_execution=True, facts=True)))
    latency = "latency__end_to_end__sample"
    own = table.filter((pl.col("status") == "ok") & (pl.col(latency) > 0))
    names = (*RUNNER, *NETWORK, "precision", *SIZES, *OF_CHIPS, "task", latency)
    by_task: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in own.select(names).iter_rows(named=True):
        by_task[row["task"]].append(row | {"seconds": row[latency]})
    return {
        task: rows
        for task, rows in sorted(by_task.items())
        if predicting._too_little(rows, "seconds") is None
    }


def left_out_pairs(rows: Rows, designs: Sequence[predicting._Design]) -> list[float]:
    """Return the errors of ln(seconds) of pairs that are left out, by the best of some designs."""
    logs = np.log([row["seconds"] for row in rows])
    cells: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        cells[predicting._cell(row)].append(place)
    judged = [place for place, known in enumerate(predicting._known_otherwise(rows)) if known]
    fits = [
        predicting._Fit(
            np.array([design.line(row) for row in rows]), logs, penalty, [*cells.values()]
        )
        for design in designs
        for penalty in predicting._PENALTIES
    ]
    best = min(fits, key=lambda fit: float(np.mean(np.square(fit.left_out[judged]))))
    return [abs(float(best.left_out[place])) for place in judged]


def left_out_platforms(rows: Rows, facts: Sequence[str]) -> dict[str, float]:
    """Return the mean error of ln(seconds) on each platform that is left out, with some facts of chips as columns."""
    design = predicting._Design(rows, ())
    lines = [design.line(row) for row in rows]
    columns = []
    for name in facts:
        logs = np.log(np.array([row[name] or np.nan for row in rows], dtype=float))
        if not np.isnan(logs).all():
            columns.append(np.nan_to_num(logs - np.nanmean(logs)))
    table = np.column_stack([np.array(lines), *columns])
    target = np.log([row["seconds"] for row in rows])
    platforms = np.array([row["system_id"] for row in rows])
    networks = [predicting._part(row, NETWORK) for row in rows]
    ridge = np.eye(table.shape[1]) * PLATFORM_PENALTY
    ridge[0, 0] = 0.0
    found = {}
    for platform in dict.fromkeys(platforms):
        learnt = platforms != platform
        known = {network for network, is_in in zip(networks, learnt, strict=True) if is_in}
        tested = ~learnt & np.array([network in known for network in networks])
        if tested.any():
            seen = table[learnt]
            weights = np.linalg.solve(seen.T @ seen + ridge, seen.T @ target[learnt])
            found[str(platform)] = float(np.abs(table[tested] @ weights - target[tested]).mean())
    return found


@pytest.mark.slow
def test_the_page_says_what_facts_of_the_registry_bring(samples: Path, tmp_path: Path) -> None:
    convert(samples / "lpdnn" / "vemm").write(tmp_path / "package")
    by_task = rows_by_task(tmp_path / "package")
    pairs: dict[bool, list[float]] = {False: [], True: []}
    platforms: dict[bool, dict[str, list[float]]] = {
        False: defaultdict(list),
        True: defaultdict(list),
    }
    for rows in by_task.values():
        designs = predicting._designs(rows)
        pairs[False].append(float(np.mean(left_out_pairs(rows, designs[:1]))))
        pairs[True].append(float(np.mean(left_out_pairs(rows, designs))))
        for with_facts in (False, True):
            facts = OF_CHIPS if with_facts else ()
            for platform, error in left_out_platforms(rows, facts).items():
                platforms[with_facts][platform].append(error)
    assert all(after <= before for before, after in zip(*pairs.values(), strict=True))
    of_platforms = [
        np.mean([np.mean(errors) for errors in platforms[with_facts].values()])
        for with_facts in (False, True)
    ]
    text = " ".join(PAGE.read_text("utf-8").split())
    said = re.search(
        r"over (\d+) tasks of LPDNN.*? from (\d\.\d\d) to (\d\.\d\d)\."
        r".*? each of (\d+) platforms .*? from (\d\.\d\d) to (\d\.\d\d),",
        text,
    )
    worked_out = (
        str(len(by_task)),
        *(f"{np.mean(pairs[with_facts]):.2f}" for with_facts in (False, True)),
        str(len(platforms[True])),
        *(f"{error:.2f}" for error in of_platforms),
    )
    assert said is not None, worked_out
    assert said.groups() == worked_out
