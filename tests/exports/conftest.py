"""What the tests of exports share: a small package of a few sample families."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchfmt.conversion import convert

FEW = ("trtexec", "ort", "llm_tools", "new_suites", "dataperf")
"""Small families: 1,200 results of quality, speed and energy, in two seconds."""


@pytest.fixture(scope="session")
def few_samples_package(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One package of a few families of the samples, as Parquet."""
    target = tmp_path_factory.mktemp("few-samples") / "package"
    convert([samples / family for family in FEW]).write(target)
    return target
