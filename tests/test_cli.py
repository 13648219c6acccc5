"""The command line: every command, its exit status, data on stdout and words on stderr; stopping and starting."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchfmt import __version__, convert
from benchfmt.cli import main
from benchfmt.descriptor import SCHEMA_URL

FIXTURES = Path(__file__).parent / "fixtures" / "lpdnn"
HEAVY = (
    "pandas",
    "pyarrow",
    "polars",
    "numpy",
    "rdflib",
    "pyoxigraph",
    "pydantic",
    "onnxruntime",
    "pint",
    "jsonschema",
    "rich.progress",
)
Result = tuple[int, str, str]
Cli = Callable[..., Result]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Run the program in this process: returns exit status, stdout and stderr."""
    stops = [
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    ]
    before = {number: signal.getsignal(number) for number in stops}

    def run(*words: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["benchfmt", *map(str, words)])
        capsys.readouterr()
        status: Any = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(status), out, err

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "package"
    convert(FIXTURES / "split").write(folder, format="csv")
    return folder


@pytest.fixture
def faulty(package: Path, tmp_path: Path) -> Path:
    """A package with an accuracy above 1, and checksums that no longer fit."""
    folder = tmp_path / "faulty"
    folder.mkdir()
    for path in package.iterdir():
        (folder / path.name).write_bytes(
            path.read_bytes().replace(b"accuracy,,,,,0.582,", b"accuracy,,,,,58.2,")
        )
    return folder


# --- convert ---


def test_convert_prints_the_package_on_stdout_and_the_account_on_stderr(
    cli: Cli, tmp_path: Path
) -> None:
    out = tmp_path / "package"
    status, data, words = cli("convert", FIXTURES / "split", "-o", out)
    assert (status, data) == (0, f"{out}\n")
    assert words == (
        "files: 3 seen = 2 primary + 1 supporting + 0 skipped + 0 failed\n"
        "rows: 3 seen = 3 converted + 0 skipped + 0 failed\n"
        "3 records, 59 measurements\n"
    )
    assert (out / "measurements.parquet").is_file()


def test_convert_fails_with_1_where_a_source_fails_and_writes_the_rest(
    cli: Cli, tmp_path: Path
) -> None:
    status, _, err = cli("convert", FIXTURES / "broken-companion", "-o", tmp_path / "p")
    assert status == 1
    assert "failed: imagenet_rpi4.json: not JSON" in err
    assert (tmp_path / "p" / "datapackage.json").is_file()


def test_convert_fails_with_1_where_a_row_fails_and_names_it(cli: Cli, tmp_path: Path) -> None:
    text = (FIXTURES / "cleaned" / "bca2.csv").read_text().replace("default,120x120", "default")
    (tmp_path / "bca2.csv").write_text(text)
    status, _, err = cli("convert", tmp_path / "bca2.csv", "-o", tmp_path / "p")
    assert status == 1
    assert "failed: bca2.csv row 1: the row has 34 cells where the table has 35 columns\n" in err


def test_convert_writes_csv_a_zip_a_title_a_licence_and_the_account(
    cli: Cli, tmp_path: Path
) -> None:
    words = [
        "--format",
        "csv",
        "--title",
        "Boards",
        "--license",
        "CC-BY-4.0",
        "--account",
        tmp_path / "account.json",
    ]
    status, _, _ = cli("convert", FIXTURES / "split", "-o", tmp_path / "p", *words)
    assert status == 0
    descriptor = json.loads((tmp_path / "p" / "datapackage.json").read_text())
    assert (descriptor["title"], descriptor["licenses"]) == ("Boards", [{"name": "CC-BY-4.0"}])
    rows = list(csv.DictReader((tmp_path / "p" / "records.csv").read_text("utf-8").splitlines()))
    assert {row["license"] for row in rows} == {"CC-BY-4.0"}
    account = json.loads((tmp_path / "account.json").read_text())
    assert account["files"] == {"seen": 3, "primary": 2, "supporting": 1, "skipped": 0, "failed": 0}
    assert cli("convert", FIXTURES / "split", "-o", tmp_path / "p.zip")[0] == 0
    assert cli("validate", tmp_path / "p.zip", tmp_path / "p")[0] == 0


def test_convert_takes_a_family(cli: Cli, tmp_path: Path) -> None:
    status, _, err = cli(
        "convert", FIXTURES / "split" / "data", "--from", "records", "-o", tmp_path / "p"
    )
    assert status == 2
    assert "none recognised as records" in err


WRONG_CALLS = {
    "no command": ([], ""),
    "an unknown command": (["convrt"], "No such command 'convrt'"),
    "no output": (["convert", "{fixtures}"], "Missing option '-o'"),
    "a source that is not there": (
        ["convert", "nowhere", "-o", "{tmp}/p"],
        "nowhere does not exist",
    ),
    "an unknown family": (
        ["convert", "{fixtures}", "--from", "x", "-o", "{tmp}/p"],
        "there is no converter 'x'",
    ),
    "an option without value": (
        ["convert", "{fixtures}", "--option", "x", "-o", "{tmp}/p"],
        "takes KEY=VALUE, not 'x'",
    ),
    "a reserved option": (
        ["convert", "{fixtures}", "--option", "jobs=2", "-o", "{tmp}/p"],
        "is not an option of converters",
    ),
    "no jobs": (
        ["convert", "{fixtures}", "--jobs", "0", "-o", "{tmp}/p"],
        "Invalid value for '--jobs'",
    ),
    "an unknown form": (
        ["convert", "{fixtures}", "--format", "xml", "-o", "{tmp}/p"],
        "Invalid value for '--format'",
    ),
    "an output below a file": (["convert", "{fixtures}", "-o", "{tmp}/file/p"], "Not a directory"),
    "an output that is a file": (
        ["convert", "{fixtures}", "-o", "{tmp}/file"],
        "is a file, and not a package",
    ),
    "an output that holds others": (["convert", "{fixtures}", "-o", "{tmp}"], "holds other files"),
    "two who read": (
        ["convert", "{fixtures}", "-o", "{tmp}/p", "--jobs", "3", "--executor", "local:2"],
        "--executor local:2 says who reads, and so does --jobs 3: give one of them",
    ),
    "nothing to validate": (["validate", "nowhere"], "nowhere does not exist"),
    "an unknown rule set": (["validate", "{package}", "--rules", "x"], "there is no rule set 'x'"),
    "a remote package unasked": (["validate", "https://example.org/p"], "is remote"),
    "no table": (["describe", "nowhere.csv"], "nowhere.csv does not exist"),
    "an output that is there": (
        ["describe", "{table}", "-o", "{tmp}/file"],
        "start anew with --force",
    ),
    "no package to show": (["show", "{fixtures}"], "is not a package"),
    "an unknown record": (["show", "{package}", "--record", "x"], "has no record 'x'"),
    "neither code nor term": (["explain", "BF999"], "'BF999' is neither a code nor a term"),
    "an unknown kind": (["vocabulary", "colour"], "there is no kind 'colour'"),
    "an unknown file of the standard": (["schema", "show", "x"], "there is no file 'x'"),
    "no checkout": (["schema", "build", "{tmp}"], "has no vocabulary/"),
}


@pytest.mark.parametrize(("words", "message"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_ends_with_2_and_says_why(
    cli: Cli, tmp_path: Path, package: Path, words: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("mine")
    places = {
        "fixtures": FIXTURES / "raw",
        "tmp": tmp_path,
        "package": package,
        "table": FIXTURES / "raw" / "bca.csv",
    }
    status, out, err = cli(*(word.format(**places) for word in words))
    assert status == 2
    assert message in err
    assert out == "" or not words
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


# --- validate ---


def test_validate_ends_with_0_for_a_conformant_package(cli: Cli, package: Path) -> None:
    assert cli("validate", package) == (
        0,
        "conformant (core): 3 records, 59 measurements, 0 errors, 0 warnings\n",
        "",
    )


def test_validate_ends_with_1_for_a_fault_and_prints_it_on_stdout(cli: Cli, faulty: Path) -> None:
    status, out, err = cli("validate", faulty)
    assert (status, err) == (1, "")
    assert "error BF301 row 21, value" in out
    assert "not conformant (core)" in out.splitlines()[-1]


def test_validate_prints_json(cli: Cli, faulty: Path) -> None:
    status, out, _ = cli("validate", faulty, "--format", "json")
    data = json.loads(out)
    assert status == 1
    assert [report["source"] for report in data["packages"]] == [str(faulty)]
    assert "BF301" in {finding["code"] for finding in data["packages"][0]["findings"]}


def test_validate_counts_warnings_only_when_strict(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bca.csv").write_bytes((FIXTURES / "raw" / "bca.csv").read_bytes())
    convert(FIXTURES / "unknown-engine").write(tmp_path / "p")
    descriptor = json.loads((tmp_path / "p" / "datapackage.json").read_text())
    del descriptor["benchfmt"]["prefixes"]["lpdnn"]
    (tmp_path / "p" / "datapackage.json").write_text(json.dumps(descriptor))
    loose, strict = cli("validate", tmp_path / "p"), cli("validate", tmp_path / "p", "--strict")
    findings = [line for line in loose[1].splitlines() if line.startswith(("warning", "error"))]
    errors = any(line.startswith("error") for line in findings)
    assert loose[0] == (1 if errors else 0)
    assert strict[0] == (1 if findings else 0)
    is_strict_alone = bool(findings) and not errors
    told = loose[1].replace("(core)", "(core, strict)")
    if is_strict_alone:
        told = told.replace("conformant (", "not conformant (")
    assert strict[1] == told
    assert ("which --strict counts as faults" in strict[2]) == is_strict_alone


def test_validate_takes_safety_limits(cli: Cli, package: Path) -> None:
    status, output, _ = cli("validate", package, "--limit", "resources=2")
    assert status == 1
    assert "3 resources; at most 2 are read" in output
    status, _, error = cli("validate", package, "--limit", "sizes=2")
    assert status == 2
    assert "there is no limit 'sizes'; there are: descriptor_bytes" in error
    status, _, error = cli("validate", package, "--limit", "resources=many")
    assert status == 2
    assert "a limit is resources=NUMBER, and 'many' is not a whole number" in error


def test_convert_takes_safety_limits(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for path in (FIXTURES / "unknown-engine").iterdir():
        (source / path.name).write_bytes(path.read_bytes())
    status, _, error = cli("convert", source, "-o", tmp_path / "out", "--limit", "files=1")
    assert status == 2
    assert "more than 1 files" in error
    assert not (tmp_path / "out").exists()


def test_describe_takes_safety_limits(cli: Cli, tmp_path: Path) -> None:
    table = tmp_path / "t.json"
    table.write_text(json.dumps([{"ms": 1.5, "note": "x" * 2_000}]))
    status, output, _ = cli("describe", table)
    assert status == 0
    assert json.loads(output)["resources"]
    status, _, error = cli("describe", table, "--limit", "row_bytes=1000")
    assert status == 2
    assert "row 1 has 2,003 characters; at most 1,000 are read" in error


def test_validate_takes_the_stricter_rules_of_a_submission(cli: Cli, package: Path) -> None:
    status, out, _ = cli("validate", package, "--rules", "submission")
    assert status == 1
    assert "(submission)" in out


# --- the other commands ---


def test_describe_prints_a_descriptor_on_stdout_and_its_doubts_on_stderr(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("Model,latency_ms,colour\nx,1,red\n")
    status, out, err = cli("describe", tmp_path / "t.csv", "--suite", "lpdnn")
    assert status == 0
    assert json.loads(out)["$schema"] == SCHEMA_URL
    lines = err.splitlines()
    assert lines[:3] == [
        "taken: column 'Model': model.name",
        "taken: column 'latency_ms': latency, in ms (or duration, ttft, tpot)",
        "review: column 'colour': 'colour' is not understood; it is kept as text under extensions",
    ]
    assert all(line.startswith("for a submission: ") for line in lines[3:-1])
    assert lines[-1].startswith("give it with --ask, or with: --constant ")


def test_describe_writes_a_descriptor_that_convert_and_validate_read(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("Model,latency_ms\nx,1\n")
    path = tmp_path / "datapackage.json"
    said = ("--constant", "task=image-classification", "--unit", "latency_ms=us")
    status, out, _ = cli("describe", tmp_path / "t.csv", "--suite", "lpdnn", *said, "-o", path)
    assert (status, out) == (0, "")
    assert cli("validate", tmp_path)[0] == 0
    assert cli("convert", tmp_path, "-o", tmp_path / "p")[0] == 0


def test_show_tells_counts_records_and_groups(cli: Cli, package: Path) -> None:
    status, out, err = cli("show", package)
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "3 records, 59 measurements, 2 systems"
    status, out, _ = cli("show", package, "--records")
    heading, *records = [json.loads(line) for line in out.splitlines()]
    assert set(heading["benchfmt"]["prefixes"]) == {"lpdnn"}
    assert [record["software"]["engine"] for record in records] == ["ncnn", "lne", "onnxruntime"]
    status, out, _ = cli("show", package, "--record", records[1]["id"])
    assert (status, json.loads(out)) == (0, records[1])


def test_compare_puts_the_best_first(cli: Cli, package: Path) -> None:
    status, out, _ = cli("compare", package, "--metric", "latency", "--all")
    assert status == 0
    assert out.splitlines()[0].startswith("lpdnn / imagenet / ")
    assert out.splitlines()[0].endswith(": latency end-to-end per sample, lower is better")
    assert [line.split() for line in out.splitlines()[1:3]] == [
        ["0.048", "s", "▇" * 11, "Raspberry", "Pi", "4b", "onnxruntime", "cpu"],
        ["0.0897", "s", "▇" * 20, "Raspberry", "Pi", "4b", "lne", "cpu"],
    ]


def test_explain_prints_a_page_or_a_term(cli: Cli) -> None:
    status, out, err = cli("explain", "bf301")
    assert (status, err) == (0, "")
    assert "BF301" in out
    status, out, _ = cli("explain", "latency")
    assert status == 0
    assert out.startswith("latency (metric): ")


def test_explain_shows_the_names_of_a_data_set(cli: Cli) -> None:
    _, out, _ = cli("explain", "imagenet-2012")
    assert "  aliases: ilsvrc-2012, ilsvrc2012, imagenet-1k, imagenet2012\n" in out
    _, out, _ = cli("explain", "coco")
    assert "  aliases: ms coco, ms-coco, mscoco; lpdnn: coco\n" in out
    assert "\nlpdnn-coco (known benchmark): LPDNN coco\n  of lpdnn\n  data set: coco\n" in out


def test_explain_shows_what_is_known_of_data_sets_and_benchmarks(cli: Cli) -> None:
    out = cli("explain", "imagenet-2012")[1]
    for line in (
        "imagenet-2012 (known data set): ImageNet ILSVRC 2012",
        "    timm: ImageNet-1k [5]",
        "  near imagenet-real: the same images with other labels (of imagenet-real) [5]",
        "    samples: 50,000; validation [2]",
        "    [5] https://github.com/huggingface/pytorch-image-models/blob/",
    ):
        assert f"\n{line}" in out
    out = cli("explain", "resnet50")[1]
    assert "\nmlperf-inference-resnet50 (known benchmark): MLPerf Inference ResNet-50\n" in out
    [entry] = json.loads(cli("explain", "Cifar10", "--format", "json")[1])["registry"]
    assert (entry["registry"], entry["id"]) == ("dataset", "cifar-10")
    assert entry["names"][0]["quote"].startswith("40927")
    [entry] = json.loads(cli("explain", "mlperf-inference-bert-99.9", "--format", "json")[1])[
        "registry"
    ]
    assert (entry["registry"], entry["dataset"]) == ("benchmark", "squad-1.1")
    assert "did you mean 'cifar-10' (dataset)?" in cli("explain", "cifar-11")[2]


def test_explain_shows_what_is_known_of_hardware_and_models(cli: Cli) -> None:
    status, out, _ = cli("explain", "jetson-xavier")
    assert status == 0
    assert out.startswith("jetson-agx-xavier-32gb (known hardware): NVIDIA Jetson AGX Xavier 32 GB")
    for line in (
        "    lpdnn: Nvidia Jetson Xavier, jetson-xav-agx, jetson-xavier",
        "  near jetson-agx-xavier-16gb: the same module with half of the memory (of jetson-agx-xavier-16gb) [",
        "    memory_bandwidth: 136,500,000,000 By/s; peak; column Jetson AGX Xavier [",
        "  facts of nvidia-tegra-xavier, which is on it:",
        "    [2] https://",
    ):
        assert f"\n{line}" in out
    both = cli("explain", "rpi4")[1]
    assert both.startswith("rpi4 (system): ")
    assert "\nraspberry-pi-4b (known hardware): " in both
    assert "flop: 8,178,368,512 at 224x224; computed" in cli("explain", "resnet-50-v1.5")[1]
    several = cli("explain", "mobilenet-v1")[1]
    assert re.findall("^(.*) [(]known model", several, re.MULTILINE) == ["mobilenet-v1-0.25-96", "mobilenet-v1-1.0"]  # fmt: skip


def test_explain_prints_json(cli: Cli) -> None:
    data = json.loads(cli("explain", "Raspberry Pi 3b+", "--format", "json")[1])
    assert data["pages"] == []
    [entry] = data["registry"]
    assert entry["id"] == "raspberry-pi-3b-plus"
    assert entry["chips"] == ["bcm2837b0"]
    [memory] = entry["facts"]
    assert (memory["value"], memory["step"]) == (1073741824, "1*2**30")
    assert memory["source"].startswith("https://github.com/raspberrypi/documentation/")
    assert set(json.loads(cli("explain", "fp32", "--format", "json")[1])["terms"]) == {"precision"}
    [page] = json.loads(cli("explain", "BF301", "--format", "json")[1])["pages"]
    assert page.startswith("# BF301")


def test_explain_says_which_hardware_may_be_meant(cli: Cli) -> None:
    status, _, err = cli("explain", "nvidia-h100")
    assert status == 2
    assert "did you mean 'nvidia-h100-nvl-94gb' (known hardware) or " in err
    assert "did you mean 'nvidia-t4' (known hardware)?" in cli("explain", "nvidia-t5")[2]


def test_vocabulary_lists_kinds_terms_and_json(cli: Cli) -> None:
    assert any(line.startswith("metric ") for line in cli("vocabulary")[1].splitlines())
    assert any(line.startswith("latency ") for line in cli("vocabulary", "metric")[1].splitlines())
    assert json.loads(cli("vocabulary", "metric", "--format", "json")[1])["latency"]["unit"] == "s"
    assert "metric" in json.loads(cli("vocabulary", "--format", "json")[1])


def test_converters_are_listed(cli: Cli) -> None:
    status, out, _ = cli("converters", "--format", "json")
    assert status == 0
    assert {"annotated", "lpdnn", "records"} <= {item["name"] for item in json.loads(out)}
    assert any(line.startswith("lpdnn ") for line in cli("converters")[1].splitlines())


def test_the_files_of_the_standard_are_listed_and_printed(cli: Cli) -> None:
    names = cli("schema", "list")[1].split()
    assert "record.schema.json" in names
    assert json.loads(cli("schema", "show", "record.schema.json")[1])["$id"].endswith(
        "/1.0/record.schema.json"
    )


def test_the_committed_schema_is_the_one_that_would_be_built(cli: Cli, root: Path) -> None:
    assert cli("schema", "build", root / "schema", "--check")[0] == 0


def test_version_is_printed_wherever_it_stands(cli: Cli) -> None:
    assert cli("--version") == (0, f"benchfmt {__version__}\n", "")


# --- starting, stopping, and being cut off ---


def start(*words: str | Path, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchfmt", *map(str, words)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals if os.name == "posix" else None,
        **options,
    )


def hear_signals() -> None:
    """Have a new process hear the signals that whoever runs these tests may ignore, as `nohup` does."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


COMMANDS = [
    "convert", "validate", "describe", "show", "explain", "vocabulary", "converters", "schema", "schema list",
    "schema show", "schema build", "compare", "coverage", "recommend",
]  # fmt: skip


@pytest.mark.parametrize(
    ("commands", "own"), [([""], ()), (COMMANDS, ("pydantic",))], ids=["benchfmt", "its commands"]
)
def test_help_loads_nothing_heavy(commands: list[str], own: tuple[str, ...]) -> None:
    # typer itself takes pydantic to read the bounds of a number (--jobs); nothing of ours does.
    script = (
        "import sys\n"
        "from benchfmt.cli.commands import app\n"
        f"for command in {commands!r}:\n"
        "    try:\n"
        "        app([*command.split(), '--help'])\n"
        "    except SystemExit as end:\n"
        "        assert not end.code\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(ast.literal_eval(done.stderr)) <= set(own)
    assert done.stdout.count("Usage:") == len(commands)


def test_version_loads_not_even_the_parser() -> None:
    script = "import sys, benchfmt.cli as c\nsys.argv = ['benchfmt', '--version']\nc.main()\nprint('typer' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"benchfmt {__version__}", "False"]


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for index in range(8):  # more than a pipe holds
        text = (FIXTURES / "raw" / "bca.csv").read_text().replace("first night", f"night {index}")
        (many / f"bca-{index}.csv").write_text(text)
    convert(many).write(tmp_path / "p")
    process = start("show", tmp_path / "p", "--records")
    assert process.stdout and process.stderr
    heading, record = (json.loads(process.stdout.readline()) for _ in range(2))
    assert (heading["benchfmt"]["version"], record["benchfmt"]) == ("1.0", "1.0")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 0


ROWS = 300_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with annotated tables of 300,000 rows each."""
    folder = tmp_path_factory.mktemp("large")
    rows = "".join(f"net{n % 97},{n % 1000}.{n % 7},{n % 89}.5,{n % 11}\n" for n in range(ROWS))
    note = {"metric": "latency", "per": "sample", "unit": "ms", "primary": True}
    memory = {"metric": "memory", "unit": "MB"}
    fields = [
        {"name": "net", "benchfmt": {"field": "model.name"}},
        {"name": "t", "benchfmt": note},
        {"name": "m", "benchfmt": memory},
        {"name": "p", "benchfmt": {"metric": "power", "unit": "W"}},
    ]
    resources = []
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("net,t,m,p\n" + rows)
        constant = {"benchmark.suite": "lpdnn", "benchmark.name": name}
        resources.append(
            {"path": name, "schema": {"fields": fields}, "benchfmt": {"constant": constant}}
        )
    (folder / "datapackage.json").write_text(
        json.dumps({"$schema": SCHEMA_URL, "resources": resources})
    )
    return folder


def written(folder: Path) -> int:
    """Return how many bytes stand in the package that is growing."""
    return (
        sum(p.stat().st_size for f in folder.glob(".*partial-*") for p in f.iterdir())
        if folder.exists()
        else 0
    )


def until(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    for _ in range(6_000):
        if condition():
            return
        assert process.poll() is None, "it ended before it could be stopped"
        time.sleep(0.05)
    raise AssertionError("it did not begin to write within five minutes")


SWALLOWS_AN_INTERRUPT = """
import os, signal, sys, time
import benchfmt.cli

class Interrupted:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def run():
    Interrupted()
    print("goes on", flush=True)
    time.sleep(60)

# Whoever started the tests may want the signal ignored (a shell does, in the background).
signal.signal(signal.SIGINT, signal.default_int_handler)
benchfmt.cli._run = run
benchfmt.cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_that_a_finalizer_swallows_is_not_lost() -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWS_AN_INTERRUPT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "goes on\n")
    assert done.stderr == "benchfmt: stopped; nothing was written\n"
    assert time.monotonic() - began < 50


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("name", "jobs", "status"),
    [
        ("SIGINT", 2, 130),
        ("SIGHUP", 1, 129),
        pytest.param("SIGINT", 1, 130, marks=pytest.mark.slow),
        pytest.param("SIGTERM", 2, 143, marks=pytest.mark.slow),
    ],
)
def test_a_stop_leaves_the_old_package_and_nothing_else(
    large: Path, package: Path, tmp_path: Path, name: str, jobs: int, status: int
) -> None:
    number = getattr(signal, name)
    target = tmp_path / "work" / "out"
    target.mkdir(parents=True)
    for path in package.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = start(
        "convert",
        large,
        "-o",
        target,
        "--replace",
        "--jobs",
        str(jobs),
        env=environment,
        start_new_session=True,
        cwd=tmp_path,
    )
    spool = lambda: any(p.stat().st_size for f in temporary.glob("benchfmt-*") for p in f.iterdir())  # noqa: E731
    until((lambda: spool()) if jobs > 1 else (lambda: written(target.parent) > 0), process)
    began = time.monotonic()
    if name != "SIGTERM":
        os.killpg(process.pid, number)  # as a terminal does: every process of the group is told
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 50
    assert process.returncode == status
    assert out == ""
    assert err.splitlines()[-1:] == ["benchfmt: stopped; nothing was written"]
    assert "Traceback" not in err
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    assert {p.name: p.read_bytes() for p in target.iterdir()} == {
        p.name: p.read_bytes() for p in package.iterdir()
    }
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        for _ in range(1_200):
            os.killpg(process.pid, 0)
            time.sleep(0.05)
