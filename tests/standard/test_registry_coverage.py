"""How much of the real samples the registry knows; the table of it in docs/registry.md is written here."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from benchfmt import convert, registry

PAGE = Path(__file__).parents[2] / "docs" / "registry.md"
MARK = "<!-- coverage -->\n"
FEWEST = 20
"""Suites with fewer records are left out of the table."""


def known(column: str) -> pl.Expr:
    return pl.col(column).is_not_null().sum()


def coverage(package: Path) -> pl.DataFrame:
    """Return how many records of each suite have a known device, processor, model, and FLOP."""
    records = pl.read_parquet(package / "records.parquet")
    systems = registry.facts_of_systems(pl.read_parquet(package / "systems.parquet"))
    models = registry.facts_of_models(records)
    joined = pl.concat([records.select("suite", "model", "system_id"), models], how="horizontal")
    joined = joined.join(systems, left_on="system_id", right_on="id", how="left")
    counts = joined.group_by("suite").agg(
        records=pl.len(),
        with_system=known("system_id"),
        device=known("registry_device"),
        processor=known("registry_processor"),
        with_model=known("model"),
        model=known("registry_model"),
        flop=known("registry_flop"),
    )
    found = pl.col("device") + pl.col("processor") + pl.col("model") > 0
    return counts.filter(found, pl.col("records") >= FEWEST).sort("suite")


def table(counts: pl.DataFrame) -> str:
    head = (
        "| suite | records | with a system | device known | processor known | with a model | model known | its FLOP known |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|\n"
    )
    rows = (" | ".join((row[0], *(f"{count:,}" for count in row[1:]))) for row in counts.rows())
    return head + "".join(f"| {row} |\n" for row in rows)


@pytest.mark.slow
def test_the_page_says_how_much_of_the_samples_it_knows(samples: Path, tmp_path: Path) -> None:
    convert(samples).write(tmp_path / "package")
    text = table(coverage(tmp_path / "package"))
    page = PAGE.read_text("utf-8")
    before, mark, after = page.partition(MARK)
    assert mark
    if os.environ.get("BENCHFMT_UPDATE_DOCS"):
        PAGE.write_text(before + mark + text, "utf-8")
        return
    assert after == text, "run with BENCHFMT_UPDATE_DOCS=1"


def test_devices_and_models_of_lpdnn_are_known(root: Path, tmp_path: Path) -> None:
    convert(root / "examples" / "lpdnn").write(tmp_path / "package")
    [counts] = coverage(tmp_path / "package").rows(named=True)
    assert counts["records"] == counts["device"] == 103
    # A version that no document describes is unknown: headpose-rankpose on a ResNet-50.
    assert counts["model"] == counts["flop"] == 92
