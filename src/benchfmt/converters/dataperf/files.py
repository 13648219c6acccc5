"""DataPerf (MLCommons): the outputs of its challenges, Dynabench's scores and leaderboards, and dcbench's prints.

What is benchmarked is a data strategy; the model is fixed. No output says the method, the size of the selection or the
day: they come from the file's name or from options. Numbers become fractions; percents keep what was printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.base import (
    Failed,
    Item,
    Match,
    Pattern,
    Skipped,
    Source,
    Unit,
    with_endings,
)
from benchfmt.converters.dataperf import challenges, platforms
from benchfmt.converters.dataperf.common import NAME, OPTIONS, VERSION
from benchfmt.finding import BenchfmtError
from benchfmt.suites import dataperf as rules

__all__ = ["NAME", "OPTIONS", "PREFIXES", "VERSION", "detect", "plan", "read"]
PREFIXES = {"dataperf": {"title": "DataPerf"}}

READERS: dict[str, Callable[[Unit], Iterator[Item]]] = {
    "vision-selection": challenges.vision_selection,
    "speech-selection": challenges.speech_selection,
    "vision-debugging": challenges.vision_debugging,
    "strategy-time": challenges.strategy_time,
    "data-acquisition": challenges.data_acquisition,
    "nibbler": challenges.nibbler,
    "score": platforms.score,
    "leaderboard": platforms.leaderboard,
    "slices": platforms.slices,
    "cleaning": platforms.cleaning,
}
_JSON = (
    (
        "vision-selection",
        r'\{\s*"[^"]+"\s*:\s*\{\s*"(?:accuracy|recall|precision)"\s*:[^{}]*"f1"\s*:',
    ),
    ("vision-selection", r'\{\s*"[^"]+"\s*:\s*\{\s*"f1"\s*:[^{}]*"recall"\s*:'),
    ("data-acquisition", r'\{\s*"[0-9]+"\s*:\s*\{\s*"(?:cost|acc)"\s*:[^{}]*"(?:cost|acc)"'),
    ("vision-debugging", r'\{\s*"before_acc"|\{\s*"submitted_evaluations"|\{\s*"auc_score"\s*:'),
    (
        "leaderboard",
        r'\{\s*"count"\s*:\s*[0-9]+\s*,\s*"data"\s*:\s*\[\s*(?:\]|\{[\s\S]*?"averaged_scores")',
    ),
    (
        "score",
        r'\{\s*"(?:dataperf_\w+|macro_f1)"\s*:|[\[{][\s\S]{0,2000}"(?:pretty_perf|perf_by_tag)"',
    ),
    (
        "nibbler",
        r'\{\s*"(?:submitted_)?(?:timestamp|prompt)"\s*:\s*\{\s*"0"\s*:|\{\s*"hashed_filename"\s*:\s*\{\s*"0"',
    ),
    (
        "!a selection of recordings that was submitted, not a result",
        r'\{\s*"(?:non)?targets"\s*:\s*\{',
    ),
    (
        "!macro F1 of another task in the manner of DataPerf's, not an output of its evaluators",
        r'\{\s*"average_f1_macro"',
    ),
)
_TEXT = (
    ("slices", r"\{'precision_at_10'\s*:"),
    ("cleaning", r"acc_(?:val|test)_gapclosed\s+[0-9.-]"),
    ("score", r"\{'(?:dataperf_\w+|macro_f1)'\s*:"),
)
_SETTINGS = (
    ("settings of a task of Dynabench, not a result", r"(?m)^(?:perf_metric|aggregation_metric):"),
    ("a selection of recordings that was submitted, not a result", r"(?m)^(?:non)?targets:"),
)
_SPEECH_LOG = re.compile(r"loading (?:eval|selected training) data")
_SELECTED = re.compile(r"^final best_score=", re.MULTILINE)
_PRINTS = ("{", "acc_", "SliceDiscoveryProblem(")
_INDEXES = re.compile(r"(?:[0-9]{1,4}\s*\n)+[0-9]*\s*$")
PATTERNS = (
    Pattern(
        ("*.json",),
        words=(
            '"f1"',
            '"acc"',
            "before_acc",
            "submitted_",
            "auc_score",
            '"count"',
            "dataperf_",
            "macro_f1",
            "pretty_perf",
            "perf_by_tag",
            '"timestamp"',
            '"prompt"',
            "hashed_filename",
        ),
    ),
    Pattern(
        with_endings(".txt", ".log", ".out"),
        words=("Score:", "precision_at_10", "_gapclosed", "dataperf_", "macro_f1"),
    ),
    Pattern(("time_*.txt",)),
)


def detect(source: Source) -> Match | None:
    """Say how many outputs of DataPerf a source holds, or None."""
    found = [(path, kind) for path, kind in _kinds(source) if kind in READERS]
    if not found:
        return None
    # All is told by what stands in a file: surer than families that go by names such as result_*.txt.
    return Match(0.92, f"{len(found)} outputs of DataPerf, first {source.relative(found[0][0])}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each output with the files that tell about it, then what the other files are."""
    kinds = dict(_kinds(source))
    used: set[Path] = set()
    for path, kind in kinds.items():
        if kind in READERS and kind != "strategy-time":
            beside = _beside(path, kind, source)
            used.update(beside)
            yield Unit(path, tuple(beside), options, kind, source.limits)
    for path, kind in kinds.items():
        if kind == "strategy-time" and path not in used:
            beside = _submission_of(path, kinds)
            used.update(beside)
            yield Unit(path, tuple(beside), options, kind, source.limits)
    for path, kind in kinds.items():
        if kind.startswith("!") and path not in used:
            yield Skipped(path, kind[1:])


def _submission_of(path: Path, kinds: Mapping[Path, str]) -> list[Path]:
    """Return the order of fixes whose time a file says."""
    submission = path.with_name(path.name.removeprefix("time_"))
    if kinds.get(submission) != INDEXES:
        return []
    return [submission]


INDEXES = "!an order of fixes that was submitted, not a result"


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file."""
    try:
        yield from READERS[unit.extra](unit)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
    except (AttributeError, TypeError) as error:  # a JSON text of another shape than its beginning
        yield Failed(unit.path, f"it is not shaped like an output of {unit.extra}: {error}")


def _kinds(source: Source) -> Iterator[tuple[Path, str]]:
    for path, head in texts.readable(
        source, ".json", ".txt", ".log", ".out", ".csv", ".yaml", ".yml"
    ):
        kind = kind_of(path, head)
        if kind:
            yield path, kind


def kind_of(path: Path, head: str) -> str | None:
    """Say by its beginning what a file is: a kind of output, `!` and why it is none, or None where it is of others."""
    if path.suffix == ".json":
        return _first_kind(_JSON, head) or _config(head)
    if path.suffix == ".csv":
        return _csv(head)
    if path.suffix in (".yaml", ".yml"):
        return _yaml(path, head)
    if "core" in head or head.lstrip().startswith(_PRINTS):
        head = texts.plain(head)
    return _printed(path, head)


def _first_kind(kinds: Iterable[tuple[str, str]], text: str) -> str | None:
    """Return the first kind whose pattern a line of a text, or a JSON text, begins with."""
    for kind, pattern in kinds:
        if re.match(rf"\s*(?:{pattern})", text):
            return kind
    return None


def _printed(path: Path, text: str) -> str | None:
    """Say what a text is that a program printed, or that was submitted."""
    if "Score:" in text and challenges.SCORE.search(text) and _SPEECH_LOG.search(text):
        return "speech-selection"
    if "final best_score=" in text and _SELECTED.search(text):
        return "!the cross-validation score of a selection (final best_score), not the result of the challenge"
    kind = _first_kind(_TEXT, text)
    if kind:
        return kind
    if text.startswith("SliceDiscoveryProblem("):
        return "!the description of a problem, not a result"
    return _submission(path, text)


def _config(head: str) -> str | None:
    if '"instance_ids"' in head and '"save_path"' in head:
        return "!the configuration of an evaluation whose result is not here"
    return None


def _csv(head: str) -> str | None:
    first = head.split("\n", 1)[0].strip("\r\n\ufeff ")
    if first == "ImageID,Confidence":
        return "!a selection of images that was submitted, not a result"
    if first.startswith("LabelName,ImageID,Confidence"):
        return "!example images of a concept, not a result"
    if first == ",prompt":
        return "!prompts without judgements; the JSON file beside it has them"
    if re.fullmatch(r"\s*[0-9]+(?:\s*,\s*[0-9]+){19,20}\s*", head):
        return "!amounts of data that were to be bought, not a result"
    return None


def _yaml(path: Path, head: str) -> str | None:
    if path.name == "dataperf_speech_config.yaml" or "eval_random_seeds:" in head:
        return "!the settings of an evaluation whose result is not here"
    if "eval_tasks:" in head or ("noise_level:" in head and "data_id:" in head):
        return "!the settings of an evaluation whose result is not here"
    return next((f"!{why}" for why, pattern in _SETTINGS if re.search(pattern, head)), None)


def _submission(path: Path, text: str) -> str | None:
    ids = "|".join(rules.challenge("vision-debugging")["data_ids"])
    match = re.match(rf"(?P<time>time_)?(?:{ids})(?:-flipped)?_.+\.txt$", path.name)
    if not match:
        return None
    if match["time"]:
        if re.fullmatch(r"\s*[0-9.eE+-]+\s*", text):
            return "strategy-time"
        return None
    if _INDEXES.match(text):
        return INDEXES
    return None


def _beside(path: Path, kind: str, source: Source) -> list[Path]:
    """Return the files that tell about an output: settings, times, configuration and what was submitted."""
    near = [path.parent, path.parent.parent, path.parent.parent.parent]
    if kind == "vision-selection":
        return _first(source, near, ("task_setup.yaml",))
    if kind == "speech-selection":
        return _first(source, near, ("dataperf_speech_config.yaml",))
    if kind == "vision-debugging":
        data_id = path.name.split("_")[0]
        folders = [path.parent, path.parent.parent / "submissions"]
        return _named(source, folders, f"time_{data_id}_")
    if kind == "slices":
        problems = _named(source, [path.parent], "problem_")
        if len(problems) == 1:
            return problems
    if kind == "data-acquisition":
        return _acquisition(path, source)
    return []


def _named(source: Source, folders: list[Path], start: str) -> list[Path]:
    return [path for path in _in(source, folders) if path.name.startswith(start)]


def _acquisition(path: Path, source: Source) -> list[Path]:
    """Return the configuration of a result (`config_x.json` of `result_x.json`) and the submission that it names."""
    configs = _first(source, [path.parent], (path.name.replace("result", "config", 1),))
    if not configs or configs[0] == path:
        return []
    match = re.search(r'"submission_path"\s*:\s*"([^"]*)"', texts.head(configs[0]))
    if match is None:
        return configs
    name = Path(match[1]).name
    if not name:
        return configs
    folders = [
        path.parent / f"submission_{name}",
        path.parent / "submission" / name,
        path.parent.parent / "submission" / name,
    ]
    submitted = [file for file in _in(source, folders) if file.suffix in (".csv", ".txt")]
    return configs + submitted


def _first(source: Source, folders: list[Path], names: tuple[str, ...]) -> list[Path]:
    found = [
        folder / name for folder in folders for name in names if (folder / name) in source.files
    ]
    return found[:1]


def _in(source: Source, folders: list[Path]) -> list[Path]:
    return [path for path in source.files if path.parent in folders]
