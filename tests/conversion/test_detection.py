"""Detection: only the families are asked about a source whose names and words stand in it, and files are opened once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.installed import install

from benchfmt import BenchfmtError, convert
from benchfmt.conversion.detection import candidates
from benchfmt.converters import base
from benchfmt.converters.base import Match, Source, load, names
from benchfmt.descriptor import SCHEMA_URL
from benchfmt.finding import Finding, Severity

FIXTURES = Path(__file__).parents[1] / "fixtures"


class Toy:
    """A converter that says nothing of names or words."""

    NAME, VERSION = "toy", "1"


def test_no_family_is_passed_over_that_would_know_a_file() -> None:
    """The patterns decide whom to ask; whoever is not asked would have said no."""
    for place in sorted(path for path in FIXTURES.iterdir() if path.is_dir()):
        source = Source(place)
        asked = candidates(source, {})
        for name in names():
            if name not in asked:
                assert load(name).detect(source) is None, (place, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_words_are_found_in_the_encodings_of_consoles(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "run.log").write_text("noise\nThroughput: 12.5 FPS\n", encoding)
    assert "openvino-benchmark-app" in candidates(Source(tmp_path), {})


def test_words_are_found_at_the_end_of_a_large_log(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("noise\n" * 50_000 + "&&&& PASSED TensorRT.trtexec\n")
    assert "trtexec" in candidates(Source(tmp_path), {})


def test_a_log_that_was_emptied_while_a_program_wrote_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_bytes(bytes(100_000) + b"Throughput: 12.5 FPS\n")
    assert "openvino-benchmark-app" in candidates(Source(tmp_path), {})


def test_a_file_of_another_name_or_without_the_words_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_text("Throughput: 12.5 FPS\n")
    (tmp_path / "run.log").write_text("nothing to see\n")
    assert "openvino-benchmark-app" not in candidates(Source(tmp_path), {})


def test_who_declares_no_patterns_is_always_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.toy").write_text("x")
    install(monkeypatch, {"toy": Toy()}, ["openvino-benchmark-app"])
    assert candidates(Source(tmp_path), {}) == ["toy"]


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


@pytest.fixture
def broken(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution whose converter cannot be imported."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "acme_benchmarks-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-benchmarks\nVersion: 0.1\n"
    )
    (metadata / "entry_points.txt").write_text(f"[{base.GROUP}]\nbroken = nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(site)


NOT_LOADED = Finding(
    "BF910",
    Severity.WARNING,
    "broken",
    None,
    None,
    None,
    "the converter 'broken' cannot be loaded from 'nowhere_to_be_found' of acme-benchmarks 0.1: "
    "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
    None,
    "update or uninstall acme-benchmarks 0.1; nothing was converted by it",
)


def described_table(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "latency.csv").write_text(f"model,latency_ms\n{folder.name},1\n")
    note = {"metric": "latency", "unit": "ms"}
    field = {"name": "latency_ms", "benchfmt": note}
    resource = {"path": "latency.csv", "schema": {"fields": [field]}}
    resource["benchfmt"] = {"constant": {"benchmark.suite": "lpdnn"}}
    descriptor = {"$schema": SCHEMA_URL, "resources": [resource]}
    (folder / "datapackage.json").write_text(json.dumps(descriptor))


def test_a_converter_that_cannot_be_loaded_is_reported_and_stops_no_other(
    broken: None, tmp_path: Path
) -> None:
    described_table(tmp_path)
    (tmp_path / "strange.xyz").write_text("nobody knows this\n")
    conversion = convert(tmp_path)
    assert len(list(conversion)) == 1
    reasons = {entry.path: str(entry.reason) for entry in conversion.account.files}
    assert "'broken' cannot be loaded from 'nowhere_to_be_found'" in reasons["strange.xyz"]
    with pytest.raises(BenchfmtError, match=r"cannot be loaded .* of acme-benchmarks 0\.1"):
        convert(tmp_path, "broken")


def test_bf910_is_reported_once_where_other_converters_read_every_file(
    broken: None, tmp_path: Path
) -> None:
    described_table(tmp_path / "one")
    described_table(tmp_path / "two")
    conversion = convert([tmp_path / "one", tmp_path / "two"])
    assert conversion.account.findings == [NOT_LOADED]
    assert len(list(conversion)) == 2
    assert (conversion.account.ok, conversion.account.findings) == (True, [NOT_LOADED])
    assert len(list(conversion)) == 2
    assert conversion.account.findings == [NOT_LOADED]
    assert list(convert(tmp_path / "one", "annotated").account.findings) == []


class Unwell(Toy):
    """Fails while it is asked whether it reads a source."""

    def detect(self, source: Source) -> Match | None:
        raise ZeroDivisionError("division by zero")


def test_bf910_is_reported_for_a_converter_that_fails_while_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described_table(tmp_path)
    install(monkeypatch, {"unwell": Unwell()}, ["annotated"])
    (finding,) = convert(tmp_path).account.findings
    assert (finding.code, finding.path) == ("BF910", "unwell")
    assert finding.message == "the converter unwell stopped: ZeroDivisionError: division by zero"
