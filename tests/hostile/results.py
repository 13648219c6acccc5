"""Results of other programs without end: a sound small file of which one part is repeated, widened or not closed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.hostile.specimens import Make, add, repeated, specimen

_FIXTURES = Path(__file__).parents[1] / "fixtures"
_MEGABYTES = 64
_COLUMNS = 9_000
_KEYS = 2_000_000


def _bytes(path: str) -> bytes:
    return (_FIXTURES / path).read_bytes()


def _source(folder: Path, path: str) -> Path:
    """Return where a file is written whose converter tells it by its name."""
    source = folder / "source"
    source.mkdir()
    return source / Path(path).name


def _convert(file: Path, start: bytes, block: bytes, end: bytes = b"") -> list[str]:
    repeated(file, start, block, _MEGABYTES * 10**6 // len(block), end)
    return ["convert", "source", "-o", "out"]


def _rows(path: str, folder: Path) -> list[str]:
    """Repeat the rows of a table."""
    header, _, rows = _bytes(path).partition(b"\n")
    return _convert(_source(folder, path), header + b"\n", rows.rstrip() + b"\n")


def _wide(path: str, folder: Path) -> list[str]:
    """Give a table thousands of columns of its own."""
    header, row, *_ = _bytes(path).split(b"\n")
    names = b"".join(b",own%d" % number for number in range(_COLUMNS))
    block = row.rstrip() + b",1" * _COLUMNS + b"\n"
    return _convert(_source(folder, path), header.rstrip() + names + b"\n", block)


def _unended(path: str, folder: Path) -> list[str]:
    """Let the last line of a table go on without an end."""
    content = _bytes(path)
    last = content.rstrip().rpartition(b"\n")[2]
    return _convert(_source(folder, path), content.rstrip() + b"\n", last + b",")


def _lines(path: str, folder: Path) -> list[str]:
    """Repeat the lines of a log."""
    return _convert(_source(folder, path), b"", _bytes(path).rstrip() + b"\n")


def _list(path: str, folder: Path) -> list[str]:
    """Repeat the items of a list, or make a list of a document."""
    data = json.loads(_bytes(path))
    items = data if isinstance(data, list) else [data]
    block = b"".join(json.dumps(item).encode() + b"," for item in items)
    return _convert(_source(folder, path), b"[", block, json.dumps(items[0]).encode() + b"]")


def _keys(path: str, folder: Path) -> list[str]:
    """Give an object millions of members of its own."""
    data = json.loads(_bytes(path))
    own = json.dumps(data[0] if isinstance(data, list) else data)[:-1]
    members = "".join(f',"own{number}":1' for number in range(_KEYS))
    _source(folder, path).write_text(f"{own}{members}}}", "utf-8")
    return ["convert", "source", "-o", "out"]


_SPOILT: dict[str, tuple[Callable[[str, Path], list[str]], dict[str, str]]] = {
    "rows": (
        _rows,
        {
            "aibench/published.csv": "file_results",
            "mlperf_published/v6.0.csv": "file_results",
        },
    ),
    "wide": (
        _wide,
        {
            "ai_benchmark/ranking.csv": "kept_columns",
            "layouts/mlflow-runs.csv": "kept_columns",
            "mlperf_published/v6.0.csv": "log_bytes",
        },
    ),
    "unended": (
        _unended,
        {"mlperf_published/v6.0.csv": "a row is longer", "aibench/published.csv": "row"},
    ),
    "lines": (
        _lines,
        {"ai_benchmark/full.log": "(limit ", "layouts/llama-bench.md": ""},
    ),
    "items": (
        _list,
        {"ai_benchmark/bench.json": "json_data_bytes", "mlperf_published/summary_results.json": ""},
    ),
    "members": (
        _keys,
        {"inferencex/agg_bmk.json": "json_data_bytes", "mlperf_mobile_app/android-1.0.json": ""},
    ),
}
"""What is done to which sound files, and a part of what is said of each."""


def _made(spoil: Callable[[str, Path], list[str]], path: str) -> Make:
    return lambda folder: spoil(path, folder)


def _add_all() -> None:
    for kind, (spoil, files) in _SPOILT.items():
        for path, says in files.items():
            add(
                f"results_{kind}_{Path(path).name.replace('.', '_').replace('-', '_')}",
                f"{Path(path).name} with {kind} without end",
                says,
                _made(spoil, path),
                statuses=(0, 1, 2),
                is_large=True,
                writes=True,
            )


_add_all()


@specimen(
    "a summary of LoadGen of some 5,000 runs and more", "log_results", is_large=True, writes=True
)
def results_summary_of_thousands_of_runs(folder: Path) -> list[str]:
    tree = folder / "source"
    shutil.copytree(_FIXTURES / "mlperf_inference" / "server-llm", tree)
    [summary] = tree.rglob("Server/performance/run_1/mlperf_log_summary.txt")
    text = summary.read_text()
    scenario, _, _ = text.partition("  Performance constraints")
    runs = (
        scenario.replace("24000.50", f"{number}.50") + "\n"
        for number in range(2 * 10**6 // len(scenario))
    )
    summary.write_text("".join(runs))
    return ["convert", "source", "-o", "out"]


@specimen(
    "a profile of trtexec of 64 MB beside its log", "json_data_bytes", is_large=True, writes=True
)
def results_profile_of_millions_of_layers(folder: Path) -> list[str]:
    shutil.copytree(_FIXTURES / "trtexec" / "pair", folder / "source")
    lines = _bytes("trtexec/pair/profile.json").splitlines(keepends=True)
    file = folder / "source" / "profile.json"
    return _convert(file, b"".join(lines[:-1]), lines[-2], lines[-1])
