"""The command line has polars' allocator keep little, and judges more of Parquet at once; no report depends on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.validation.test_threads import faulty_records, make_portions_small, written

from benchfmt import validate
from benchfmt.allocator import VARIABLE, keep_little, keeps_little
from benchfmt.validation.forms import package

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


@pytest.mark.parametrize("more", [47, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_report_does_not_depend_on_how_many_measurements_are_judged_at_once(
    more: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_portions_small(monkeypatch)
    monkeypatch.delenv(VARIABLE, raising=False)
    path = written(tmp_path, faulty_records(), "parquet")
    few = validate(path)
    monkeypatch.setattr(package, "_MORE_MEASUREMENTS", more)
    monkeypatch.setenv(VARIABLE, "narenas:1")
    assert keeps_little()
    many = validate(path)
    assert len(few.findings) > 20
    assert many.findings == few.findings
    assert many.more == few.more
