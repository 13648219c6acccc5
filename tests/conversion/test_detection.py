"""Detection: only the families are asked about a source whose names and words stand in it, and files are opened once."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from tests.installed import install

from benchfmt import BenchfmtError, convert
from benchfmt.conversion.detection import candidates
from benchfmt.converters import base
from benchfmt.converters.base import Source, load, names
from benchfmt.descriptor import SCHEMA_URL

FIXTURES = Path(__file__).parents[1] / "fixtures"


class Toy:
    """A converter that says nothing of names or words."""

    NAME, VERSION = "toy", "1"


def test_no_family_is_passed_over_that_would_know_a_file() -> None:
    """The patterns decide whom to ask; whoever is not asked would have said no."""
    for place in sorted(path for path in FIXTURES.iterdir() if path.is_dir()):
        source = Source(place)
        asked = candidates(source)
        for name in names():
            if name not in asked:
                assert load(name).detect(source) is None, (place, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_words_are_found_in_the_encodings_of_consoles(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "run.log").write_text("noise\nThroughput: 12.5 FPS\n", encoding)
    assert "openvino-benchmark-app" in candidates(Source(tmp_path))


def test_words_are_found_at_the_end_of_a_large_log(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("noise\n" * 50_000 + "&&&& PASSED TensorRT.trtexec\n")
    assert "trtexec" in candidates(Source(tmp_path))


def test_a_log_that_was_emptied_while_a_program_wrote_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_bytes(bytes(100_000) + b"Throughput: 12.5 FPS\n")
    assert "openvino-benchmark-app" in candidates(Source(tmp_path))


def test_a_file_of_another_name_or_without_the_words_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_text("Throughput: 12.5 FPS\n")
    (tmp_path / "run.log").write_text("nothing to see\n")
    assert "openvino-benchmark-app" not in candidates(Source(tmp_path))


def test_who_declares_no_patterns_is_always_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.toy").write_text("x")
    install(monkeypatch, {"toy": Toy()}, ["openvino-benchmark-app"])
    assert candidates(Source(tmp_path)) == ["toy"]


def test_planning_opens_each_file_at_most_twice() -> None:
    """In a process of its own: a hook that watches what is opened can never be taken away again."""
    program = (
        "import os, sys, collections\n"
        "from benchfmt.conversion import convert\n"
        "from benchfmt.converters.base import load, names\n"
        "for name in names(): load(name)\n"
        "root = sys.argv[1]\n"
        "opened = collections.Counter()\n"
        "def watch(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).startswith(root): opened[arguments[0]] += 1\n"
        "sys.addaudithook(watch)\n"
        "convert(root)\n"
        "print(max(opened.values()), len(opened))\n"
    )
    examples = Path(__file__).parents[2] / "examples" / "lpdnn"
    done = subprocess.run(
        [sys.executable, "-c", program, str(examples)], capture_output=True, text=True, check=True
    )
    most, files = map(int, done.stdout.split())
    assert (most <= 2, files) == (True, sum(path.is_file() for path in examples.rglob("*")))


def test_a_converter_that_cannot_be_loaded_is_told_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EntryPoint("broken", "nowhere.to.be.found", base.GROUP)
    known = base.entry_points
    monkeypatch.setattr(base, "entry_points", lambda group: [*known(group=group), broken])
    (tmp_path / "latency.csv").write_text("model,latency_ms\na,1\n")
    note = {"metric": "latency", "unit": "ms"}
    field = {"name": "latency_ms", "benchfmt": note}
    resource = {"path": "latency.csv", "schema": {"fields": [field]}}
    resource["benchfmt"] = {"constant": {"benchmark.suite": "lpdnn"}}
    descriptor = {"$schema": SCHEMA_URL, "resources": [resource]}
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor))
    (tmp_path / "strange.xyz").write_text("nobody knows this\n")
    conversion = convert(tmp_path)
    assert len(list(conversion)) == 1
    told = {entry.path: str(entry.reason) for entry in conversion.account.files}
    assert "'broken' cannot be loaded from 'nowhere.to.be.found'" in told["strange.xyz"]
    with pytest.raises(BenchfmtError, match="cannot be loaded"):
        convert(tmp_path, "broken")
