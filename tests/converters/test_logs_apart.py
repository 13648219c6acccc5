"""AI Benchmark, AIBench, MLPerf Tiny and Mobile: however their files are wrapped, cut, stuttered or joined, no record mixes runs.

Over the fixtures and all real samples of the families: a wrapper or an encoding changes nothing, a cut gives no number
whose digits the whole file does not print, and of two files in one every record is of one of them.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from tests.variants import ENCODINGS, WRAPPERS, stuttered, wrapped

from benchfmt import BenchfmtError, convert
from benchfmt.accounting import Account

FIXTURES = Path(__file__).parents[1] / "fixtures"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
LOGS = (
    "ai_benchmark/*.log",
    "ai_benchmark/*.md",
    "ai_benchmark/*.txt",
    "aibench/*.log",
    "aibench/*.txt",
)
NOTES = ("SOURCES.md", "README.md")
TINY = ("results.txt", "log.txt", "postproc.txt")
Change = Callable[[str], str | bytes]


def logs() -> list[Path]:
    """The logs of the families, those of the tests first."""
    roots = [FIXTURES, *([SAMPLES] if SAMPLES.exists() else [])]
    found = (path for root in roots for pattern in LOGS for path in sorted(root.glob(pattern)))
    return [path for path in found if path.name not in NOTES]


def tiny_results() -> list[Path]:
    """The folders of results of MLPerf Tiny."""
    roots = [FIXTURES / "mlperf_tiny", *([SAMPLES / "mlperf_tiny"] if SAMPLES.exists() else [])]
    modes = (path.parent for root in roots for path in root.rglob("results.txt"))
    return sorted(
        {mode.parent for mode in modes if mode.name in ("performance", "accuracy", "energy")}
    )


def names(paths: list[Path]) -> list[str]:
    """Names of the tests."""
    return [
        f"{'fixture' if FIXTURES in path.parents else 'sample'}-{'-'.join(path.parts[-3:])}"
        for path in paths
    ]


def converted(source: Path) -> tuple[list[dict[str, Any]], Account | None]:
    """The records of a source without what depends on its bytes, and its account; nothing where nothing is recognised."""
    try:
        conversion = convert(source)
    except BenchfmtError:
        return [], None
    return [core(record.to_dict()) for record in conversion], conversion.account


def core(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says of its run."""
    data = {name: value for name, value in record.items() if name not in ("id", "provenance")}
    data["system"] = {name: value for name, value in data.get("system", {}).items() if name != "id"}
    data["measurements"] = [
        {
            name: value
            for name, value in item.items()
            if name not in ("source_path", "source_locator")
        }
        for item in data.get("measurements", [])
    ]
    return data


def numbers(record: dict[str, Any]) -> set[tuple[str, float]]:
    """The numbers of a record with their keys."""
    key = ("metric", "statistic", "stage", "per", "scope")
    return {
        (" ".join(str(m.get(name)) for name in key), m["value"])
        for m in record["measurements"]
        if "value" in m
    }


def is_of(record: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Say whether a record says nothing that another does not: its numbers, its device and its software."""
    same_place = all(
        record.get(part) in ({}, None, whole.get(part)) for part in ("system", "task", "model")
    )
    engine = record.get("software", {}).get("engine_version")
    return (
        same_place
        and numbers(record) <= numbers(whole)
        and engine in (None, whole.get("software", {}).get("engine_version"))
    )


def changed(source: Path, folder: Path, change: Change) -> Path:
    """A copy of a log, with its sidecar, or of a result of MLPerf Tiny, whose lines are changed."""
    if source.is_file():
        target = folder / source.name
        beside = source.with_name(f"{source.name}.aibench.json")
        if beside.exists():
            shutil.copy(beside, folder)
        paths = {target: source}
    else:
        target = folder / "closed" / "Acme" / "results" / "Board" / source.name
        paths = {
            target / path.relative_to(source): path
            for path in source.rglob("*")
            if path.name.endswith(TINY)
        }
    for path, original in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = change(original.read_bytes().decode("utf-8", "replace"))
        path.write_bytes(made if isinstance(made, bytes) else made.encode())
    return target if source.is_file() else folder


RESULTS = [
    path
    for path in sorted((FIXTURES / "mlperf_mobile_app").rglob("*.json"))
    if b"benchmark_id" in path.read_bytes()
]
SOURCES = [*logs(), *tiny_results()]


def some(count: int) -> Iterator[tuple[Path, list[str]]]:
    """Each source with some of the wrappers and encodings, all of which are tried on the way."""
    kinds = cycle([*WRAPPERS, *ENCODINGS])
    for source in SOURCES:
        yield source, [next(kinds) for _ in range(count)]


def tried(cases: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Cases whose first value is a source, with its name; the real samples are tried by `make test-all`."""
    found = []
    for case in cases:
        marks = () if FIXTURES in case[0].parents else (pytest.mark.slow,)
        found.append(pytest.param(*case, id=names([case[0]])[0], marks=marks))
    return found


@pytest.mark.parametrize(("source", "kinds"), tried(some(4)))
def test_what_stands_around_the_lines_changes_nothing(
    source: Path, kinds: list[str], tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    expected, _ = converted(changed(source, tmp_path / "whole", str))
    for kind in kinds:
        (tmp_path / kind).mkdir()

        def change(text: str, kind: str = kind) -> str | bytes:
            plain = text.replace("\r\n", "\n")
            return ENCODINGS[kind](plain) if kind in ENCODINGS else wrapped(plain, kind)

        found, _ = converted(changed(source, tmp_path / kind, change))
        assert found == expected, kind


@pytest.mark.parametrize("source", tried((path,) for path in SOURCES))
def test_a_cut_gives_no_number_that_the_whole_does_not_print(source: Path, tmp_path: Path) -> None:
    chance = random.Random(source.name)  # noqa: S311 - the same cuts on every run
    texts = [
        path.read_bytes().decode("utf-8", "replace")
        for path in ([source] if source.is_file() else source.rglob("*.txt"))
    ]
    printed = {
        number
        for text in texts
        for number in re.findall(r"[0-9]+/[0-9]+|[0-9]+(?:\.[0-9]+)?", text)
    }
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        share = chance.random()
        found, account = converted(
            changed(
                source,
                tmp_path / str(number),
                lambda text, share=share: text[: int(len(text) * share)],
            )
        )
        reported = {
            m["reported_value"]
            for r in found
            for m in r["measurements"]
            if "value" in m and "reported_value" in m
        }
        assert reported <= printed, share
        assert found or account is None or account.files


@pytest.mark.parametrize("source", tried((path,) for path in SOURCES))
def test_lines_that_stand_twice_give_no_other_number(source: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole, _ = converted(changed(source, tmp_path / "whole", str))
    texts = [
        path.read_bytes().decode("utf-8", "replace")
        for path in ([source] if source.is_file() else source.rglob("*.txt"))
    ]
    printed = {
        number
        for text in texts
        for number in re.findall(r"[0-9]+/[0-9]+|[0-9]+(?:\.[0-9]+)?", text)
    }
    metrics = {m["metric"] for record in whole for m in record["measurements"]}
    for seed in range(2):
        (tmp_path / str(seed)).mkdir()
        found, _ = converted(
            changed(source, tmp_path / str(seed), lambda text, seed=seed: stuttered(text, seed))
        )
        measured = [m for record in found for m in record["measurements"] if "value" in m]
        assert {m["reported_value"] for m in measured if "reported_value" in m} <= printed
        assert {m["metric"] for m in measured} <= metrics


@pytest.mark.parametrize("source", tried((path,) for path in logs()))
def test_every_record_of_two_logs_in_one_file_is_of_one_of_them(
    source: Path, tmp_path: Path
) -> None:
    family = source.parent.name
    others = [
        path for path in logs() if path.parent.name == family and path.suffix == source.suffix
    ]
    chance = random.Random(source.name)  # noqa: S311 - the same pairs on every run
    for number, other in enumerate([source, *chance.sample(others, min(2, len(others)))]):
        pair = [path.read_bytes().decode("utf-8", "replace") for path in (source, other)]
        wholes = []
        for index, text in enumerate(pair):
            (tmp_path / f"{number}-{index}").mkdir()
            records, _ = converted(
                changed(source, tmp_path / f"{number}-{index}", lambda _, text=text: text)
            )
            wholes += records
        joined = f"{pair[0].rstrip()}\n{pair[1]}"
        (tmp_path / str(number)).mkdir()
        found, account = converted(
            changed(source, tmp_path / str(number), lambda _, joined=joined: joined)
        )
        for record in found:
            assert any(is_of(record, whole) for whole in wholes), (other.name, record)
        assert found or not wholes or (account and not account.ok), other.name


@pytest.mark.parametrize("source", tried((path,) for path in tiny_results()))
def test_two_results_of_the_runner_in_one_file_give_none_of_both(
    source: Path, tmp_path: Path
) -> None:
    chance = random.Random(str(source))  # noqa: S311 - the same pair on every run
    other = chance.choice(tiny_results())
    wholes = []
    for place, folder in (("one", source), ("two", other)):
        (tmp_path / place).mkdir()
        wholes += converted(changed(folder, tmp_path / place, str))[0]
    target = changed(source, tmp_path / "both", str)
    for path in sorted(target.rglob("*.txt")):
        twin = other / path.parent.name / path.name
        if twin.exists():
            path.write_bytes(path.read_bytes().rstrip() + b"\n" + twin.read_bytes())
    found, account = converted(target)
    for record in found:
        # Where the printed rate is unclear, the clock in a log of its own tells it: no number of the whole result.
        printed = {
            **record,
            "measurements": [m for m in record["measurements"] if "reported_value" in m],
        }
        assert any(numbers(printed) <= numbers(whole) for whole in wholes)
    assert found or (account and not account.ok)


@pytest.mark.parametrize(
    "source",
    sorted((FIXTURES / "mlperf_mobile_app").rglob("*.json")),
    ids=lambda path: path.name[:30],
)
def test_a_result_file_of_the_app_that_is_cut_or_joined_gives_nothing_of_it(
    source: Path, tmp_path: Path
) -> None:
    text = source.read_text("utf-8")
    chance = random.Random(source.name)  # noqa: S311 - the same cuts on every run
    for changed_text in (
        text + text,
        f"{text}\n{text}",
        *(text[: chance.randrange(len(text.rstrip()))] for _ in range(5)),
    ):
        (tmp_path / "result.json").write_text(changed_text, "utf-8")
        found, _ = converted(tmp_path / "result.json")
        assert not found
