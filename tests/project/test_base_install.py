"""The base install does its work without any extra: also run with the lowest versions that are declared."""

from __future__ import annotations

import json
import subprocess
import sys
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
    "tensorrt",
    "duckdb",
    "mkdocs",
)
RUN = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def find_others(name, *more, **options):
    return None if name.partition(".")[0] in {extras!r} else find(name, *more, **options)
PathFinder.find_spec = find_others
from benchfmt.cli import main
sys.argv = ["benchfmt", *{words!r}]
main()
"""


def benchfmt(*words: str | Path, status: int = 0) -> str:
    """Run the program where no extra is installed, and return what it prints."""
    code = RUN.format(extras=EXTRAS, words=[str(word) for word in words])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, check=False
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_examples_are_converted_validated_shown_and_exported(tmp_path: Path) -> None:
    sources = [ROOT / "examples" / name for name in ("lpdnn", "annotated", "records", "mlperf")]
    package = tmp_path / "package"
    benchfmt("convert", *sources, "-o", package)
    assert "conformant (core): 138 records" in benchfmt("validate", package)
    assert benchfmt("show", package, "--compare")
    lines = benchfmt("show", package, "--records").splitlines()
    assert sum(isinstance(json.loads(line)["benchfmt"], str) for line in lines) == 138
    (tmp_path / "records.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    assert "138 records" in benchfmt("validate", tmp_path / "records.jsonl")
    benchfmt("export", package, "--to", "matchmaking", "-o", tmp_path / "tables")


def test_a_package_as_csv(tmp_path: Path) -> None:
    package = tmp_path / "package"
    benchfmt("convert", ROOT / "examples" / "records", "-o", package, "--format", "csv")
    assert "5 records" in benchfmt("show", package)
    assert "conformant (core): 5 records" in benchfmt("validate", package)


def test_two_processes_and_a_zip_need_no_more(tmp_path: Path) -> None:
    benchfmt("convert", ROOT / "examples" / "lpdnn", "-o", tmp_path / "package.zip", "--jobs", "2")
    assert "103 records" in benchfmt("validate", tmp_path / "package.zip")


def test_a_table_is_described(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("model,latency_ms\nresnet,3.5\n")
    benchfmt(
        "describe", tmp_path / "t.csv", "--suite", "lab:x", "-o", tmp_path / "datapackage.json"
    )
    descriptor = json.loads((tmp_path / "datapackage.json").read_text())
    assert descriptor["resources"]


@pytest.mark.parametrize(
    "words",
    [("--version",), ("--help",), ("convert", "--help"), ("explain", "BF303"), ("explain", "latency"), ("vocabulary",), ("converters",), ("schema", "list")],
)  # fmt: skip
def test_the_program_tells_about_itself(words: tuple[str, ...]) -> None:
    assert benchfmt(*words)


def test_what_needs_an_extra_says_which(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    benchfmt("profile", tmp_path / "model.onnx", "-o", tmp_path / "p", status=2)
