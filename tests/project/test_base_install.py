"""The base install does its work without any extra: also run with the lowest versions that are declared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = (
    "pandas",
    "fsspec",
    "onnx",
    "onnxruntime",
    "psutil",
    "mlperf_loadgen",
    "rdflib",
    "pyoxigraph",
    "tensorrt",
    "duckdb",
    "zensical",
)
RUN = """
import contextlib, io, json, sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def find_others(name, *more, **options):
    return None if name.partition(".")[0] in {extras!r} else find(name, *more, **options)
PathFinder.find_spec = find_others
from benchfmt.cli import main
printed = []
for words in {calls!r}:
    sys.argv = ["benchfmt", *words]
    status = 0
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")) as out:
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        out.flush()
    printed.append([status, out.buffer.getvalue().decode("utf-8")])
print(json.dumps(printed))
"""
Words = Sequence[str | Path]


def benchfmt(*calls: Words, status: int = 0) -> list[str]:
    """Run the program where no extra is installed, all calls in one fresh process; return what each prints."""
    code = RUN.format(extras=EXTRAS, calls=[[str(word) for word in words] for words in calls])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    ends = json.loads(done.stdout)
    assert [end for end, _ in ends] == [status] * len(calls), done.stderr
    return [text for _, text in ends]


def test_examples_are_converted_validated_shown_and_exported(tmp_path: Path) -> None:
    sources = [ROOT / "examples" / name for name in ("lpdnn", "annotated", "records", "mlperf")]
    package = tmp_path / "package"
    _, report, compared, records = benchfmt(
        ["convert", *sources, "-o", package],
        ["validate", package],
        ["compare", package],
        ["show", package, "--records"],
    )
    assert "conformant (core): 138 records" in report
    assert compared
    lines = records.splitlines()
    assert sum(isinstance(json.loads(line)["benchfmt"], str) for line in lines) == 138
    (tmp_path / "records.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    report, _ = benchfmt(
        ["validate", tmp_path / "records.jsonl"],
        ["export", package, "--to", "matchmaking", "-o", tmp_path / "tables"],
    )
    assert "138 records" in report


@pytest.mark.slow
def test_a_package_as_csv(tmp_path: Path) -> None:
    package = tmp_path / "package"
    _, shown, report = benchfmt(
        ["convert", ROOT / "examples" / "records", "-o", package, "--format", "csv"],
        ["show", package],
        ["validate", package],
    )
    assert "5 records" in shown
    assert "conformant (core): 5 records" in report


@pytest.mark.slow
def test_two_processes_and_a_zip_need_no_more(tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    _, report = benchfmt(
        ["convert", ROOT / "examples" / "lpdnn", "-o", package, "--jobs", "2"],
        ["validate", package],
    )
    assert "103 records" in report


def test_a_table_is_described(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("model,latency_ms\nresnet,3.5\n")
    descriptor = tmp_path / "datapackage.json"
    benchfmt(["describe", tmp_path / "t.csv", "--suite", "lab:x", "-o", descriptor])
    assert json.loads(descriptor.read_text("utf-8"))["resources"]


def test_the_program_tells_about_itself() -> None:
    calls = [
        ["--version"],
        ["--help"],
        ["convert", "--help"],
        ["explain", "BF303"],
        ["explain", "latency"],
        ["vocabulary"],
        ["converters"],
        ["schema", "list"],
    ]
    assert all(benchfmt(*calls))


def test_what_needs_an_extra_says_which(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    benchfmt(["profile", tmp_path / "model.onnx", "-o", tmp_path / "p"], status=2)
