"""The command line has polars' allocator keep little, and judges more of Parquet at once; no report depends on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.forms import VALID, flatten, load, write
from tests.validation.test_threads import faulty_records, written

from benchfmt import validate
from benchfmt.allocator import VARIABLE, keep_little, keeps_little
from benchfmt.checks.frames import Shared
from benchfmt.descriptor import FILE_NAME, Descriptor
from benchfmt.limits import LIMITS, Limits
from benchfmt.validation import loop
from benchfmt.validation.forms import package
from benchfmt.validation.groups import Judge
from benchfmt.validation.portion import Portion
from benchfmt.validation.verdicts import Verdict, verdict_on

_SHOW = f"import os; print(os.environ.get({VARIABLE!r}), 'polars' in __import__('sys').modules)"


def _said(script: str, **environment: str) -> str:
    bare = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**bare, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


_COMMAND = (
    "import sys, contextlib, benchfmt.cli as c\nsys.argv = ['benchfmt', 'checks', '--help']\n"
    "with contextlib.suppress(SystemExit):\n    c.main()\n"
)


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of polars is another one there")
def test_a_command_has_one_arena_before_polars_is_loaded() -> None:
    assert _said(_COMMAND + _SHOW) == "narenas:1 False"


def test_what_somebody_has_set_up_stays() -> None:
    assert _said(_COMMAND + _SHOW, **{VARIABLE: "narenas:3"}) == "narenas:3 False"


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of polars is another one there")
def test_a_command_that_a_program_with_polars_starts_has_one_arena_too() -> None:
    starting = (
        "import polars, subprocess, sys\n"
        f"command = [sys.executable, '-c', {_COMMAND + _SHOW!r}]\n"
        "print(subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[-1])"
    )
    assert _said(starting) == "narenas:1 False"


def test_a_library_sets_nothing_up() -> None:
    assert _said("import benchfmt\n" + _SHOW).startswith("None")


def test_nothing_is_set_up_once_polars_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    keep_little()
    assert not keeps_little()


@pytest.mark.slow
@pytest.mark.parametrize("more", [47, 1_000])
def test_a_report_does_not_depend_on_how_many_measurements_are_judged_at_once(
    more: int, tmp_path: Path
) -> None:
    path = written(tmp_path, faulty_records(), "parquet")
    few = validate(path, limits=Limits(measurements_at_once=30))
    many = validate(path, limits=Limits(measurements_at_once=more))
    assert len(few.findings) > 20
    assert many.findings == few.findings
    assert many.more == few.more


ALL = LIMITS.measurements_at_once


@pytest.mark.parametrize(
    ("limit", "of_parquet", "of_text"),
    [(100, 100, 100), (ALL, ALL, ALL // 4), (4 * ALL, 4 * ALL, ALL)],
    ids=["lowered", "as-it-is", "raised"],
)
def test_the_limit_says_how_many_measurements_are_judged_at_once(
    limit: int, of_parquet: int, of_text: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = {}
    for form in ("parquet", "csv"):
        path = write(tmp_path / form, flatten([load(VALID[0])]), form)
        descriptor = Descriptor.model_validate_json((path / FILE_NAME).read_bytes())
        [resources[form]] = [item for item in descriptor.resources if item.name == "measurements"]
    limits = Limits(measurements_at_once=limit)
    monkeypatch.setenv(VARIABLE, "narenas:1")
    assert package._measurements_at_once(resources["parquet"], limits) == of_parquet
    assert package._measurements_at_once(resources["csv"], limits) == of_text
    # A library's host has the memory that its allocator keeps.
    monkeypatch.delenv(VARIABLE)
    assert package._measurements_at_once(resources["parquet"], limits) == of_text


@pytest.mark.parametrize(("limit", "portions"), [(2, 6), (4, 3), (100, 1)])
def test_raising_or_lowering_the_limit_takes_effect(
    limit: int, portions: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []

    def counted(portion: Portion, judge: Judge, shared: Shared) -> Verdict:
        judged.append(portion.records.frame.height)
        return verdict_on(portion, judge, shared)

    measurements = len(load(VALID[0])["measurements"])
    records = [{**load(VALID[0]), "id": f"r{number}"} for number in range(6 * 2)]
    path = written(tmp_path, records, "parquet")
    monkeypatch.setattr(loop, "verdict_on", counted)
    validate(path, limits=Limits(measurements_at_once=limit * measurements))
    assert judged == [12 // portions] * portions
