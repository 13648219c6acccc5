"""A few damaged files for every reader, converter and form; `make fuzz` has as many as there is time for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from fuzz.catalogue import names, target
from fuzz.execution import Execution
from fuzz.guard import Guard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.sparing import some

from benchfmt.converters.base import Converter, Unit
from benchfmt.package import open_package
from benchfmt.validation import validate
from fuzz import converting, validating

Fuzz = Callable[[str, int], None]


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    made = Guard()
    yield made
    made.close()


@pytest.fixture
def fuzz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: Guard) -> Fuzz:
    """Run a target on so many damaged files, the same ones each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", None)

    def run(name: str, examples: int) -> None:
        execution = Execution(target(name), tmp_path, guard)
        execution.load()

        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            phases=(Phase.generate,),  # what is found is made smaller by `Execution`
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2**64 - 1))
        def once(number: int) -> None:
            execution.run(*execution.input(Random(number)))  # noqa: S311 - no secret
            assert not execution.faults, next(iter(execution.faults.values())).trace

        once()

    return run


def test_what_has_nothing_to_do_with_the_damaged_file_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: Guard
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", None)
    execution = Execution(target("convert-mlperf-endpoints"), tmp_path, guard)
    read: list[Path] = []

    def noted(converter: Converter, unit: Unit) -> None:
        read.append(unit.path)
        read_unit(converter, unit)

    read_unit = converting._read
    monkeypatch.setattr(converting, "_read", noted)
    (number,) = [
        place
        for place, seed in enumerate(execution.seeds)
        if seed.path.startswith("mlperf_endpoints/") and seed.path.endswith("r4/point.yaml")
    ][:1]
    times = []
    for _ in range(3):
        execution.run(number, execution.seeds[number].data)
        times.append([path.parent.name for path in read])
        read.clear()
    assert len(times[0]) > 1
    assert times[1] == times[2] == ["r4"]


@pytest.mark.parametrize("name", some(names()))
def test_a_damaged_file_is_told(fuzz: Fuzz, name: str) -> None:
    fuzz(name, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_many_damaged_files_are_told(fuzz: Fuzz, name: str) -> None:
    fuzz(name, 400)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_packages_that_are_damaged_are_sound(tmp_path: Path, form: str) -> None:
    seeds = [seed for seed in validating.packages(form) if seed.path.endswith("datapackage.json")]
    ids = set()
    for number, seed in enumerate(seeds):
        seed.lay_out(tmp_path / str(number))
        assert validate(tmp_path / str(number) / "package").ok
        with open_package(tmp_path / str(number) / "package") as package:
            ids |= {record.id for record in package.records()}
    assert len(ids) > 30
