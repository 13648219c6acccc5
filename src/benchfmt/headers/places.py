"""Columns that are fields of the record, and what the columns of one table say of each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from benchfmt.headers import lexicon
from benchfmt.headers.cells import NOT_NUMBERS, Cells, are_dates
from benchfmt.headers.meaning import Column, FieldOf, Ignored, Meaning, Measured, Open
from benchfmt.headers.units import Named, factor_of, fits, in_brackets
from benchfmt.headers.words import Words, key_of, plain
from benchfmt.vocabulary import vocabulary

_COUNTED = {"model.parameters", "model.flop"}
_BYTES = {"model.size_bytes"}
_NAMES = frozenset({"system.name", "system.processor.name", "system.accelerator.name"})
_NAMING = frozenset(
    {"model.name", "dataset.name", "benchmark.name", "benchmark.division", "benchmark.scenario"}
    | {"provenance.submitter"}
)
"""The fields that hold a name, which is no number."""
_NO_MODELS = frozenset({"true", "false", "yes", "no", "train", "test", "val", "validation", "dev"})
_NO_NAMES = frozenset(
    {"true", "false", "yes", "no", "on", "off", "enabled", "disabled", "cuda", "none", "gpu", "cpu"}
    | {
        "idx",
        "ddp",
        "dp",
        "fsdp",
        "xnnpack",
        "nnapi",
        "coreml",
        "rocm",
        "opencl",
        "vulkan",
        "metal",
    }
    | {"x86", "x86_64", "amd64", "arm", "arm64", "aarch64", "web", "mobile", "desktop", "cloud"}
    | {"edge", "aws", "gcp", "azure", "localhost", "local", "remote", "baseline", "ours", "train"}
)
"""Switches, backends, architectures and other kinds, none of them the name of a system or of a part of one."""
_SYSTEMS = ("linux", "windows", "win", "darwin", "macos", "android", "ios", "ubuntu", "debian")
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", ""})
_SUFFIXES = frozenset({"k", "K", "M", "B", "G", "T"})
_KINDS = {"task": "task", "software.engine": "engine"}
_MANY_BYTES = 1_000_000
"""A size without a unit is in bytes where it is at least so great."""
_MANY_PARAMETERS = 3_000
"""No model has so many thousand millions of parameters."""
_TOO_MANY_PARAMETERS = 10**13
_SIDES = (8, 20_000)
"""The least and the greatest side of an input, in elements."""
_FEW_COUNTED = 1_000
"""No model has fewer parameters or operations: such a number is in thousands, millions or billions."""
_NODES = 20_000
"""No system has more nodes; graphs and searches have."""
_NUMBERS = frozenset(
    {
        "configuration.batch_size",
        "configuration.threads",
        "dataset.samples",
        "system.accelerator.count",
        "system.processor.cores",
        "system.processor.count",
        "system.nodes",
    }
)
_RANKS = frozenset({4, 8, 16, 32, 64, 128, 256, 512})
"""The ranks of adapters; a small number is a place among others."""
_OPERATIONS = frozenset(
    {"flop", "flops", "gflop", "gflops", "tflops", "mflops", "ops", "macs", "gmacs", "mmacs"}
)
_OF_MODELS = ("network", "algorithm", "implementation", "architecture")
"""Headers that name a model only where the vocabulary knows one of their cells."""
_RUNS_ON = ("runtime", "backend", "execution engine", "target runtime")


@cache
def _whole(kind: str) -> dict[str, str]:
    """Return whole headers with what they name."""
    if kind == "field":
        return {
            key_of(text): path
            for path, texts in lexicon.FIELDS.items()
            for text in texts.split("|")
            if text.strip()
        }
    texts = lexicon.SETTINGS if kind == "setting" else lexicon.IGNORED
    return {key_of(text): text.strip() for text in texts.split("|")}


def field_of(
    column: Column, words: Words, cells: Cells, named: Named | None, rest: Sequence[str]
) -> Meaning | None:
    """Return the field, or the nothing, that a whole header names; None where it names none."""
    name = plain(column.name).strip().lower()
    if _is_nothing(name, cells):
        return Ignored("no result and no field")
    key = " ".join(words.lower)
    if key in _OPERATIONS:
        return _operations(words, cells)
    path = _whole("field").get(key) or _whole("field").get(name)
    factor = _factor(words)
    if path is None and rest:
        path = _sized(" ".join(rest), named)
        key = " ".join(rest)
    if key in _OF_MODELS and not any(vocabulary().match("model", text) for text in cells.texts):
        return Open("its cells are no models that the vocabulary knows")
    if path is not None and _is_unclear(path, words):
        return Open("what stands in brackets may make it another number")
    if path is not None:
        return _as_field(key, path, cells, named, factor)
    are_formats = cells.texts and all(_is_known("precision", text) for text in cells.texts)
    if key == "format" and are_formats:
        return FieldOf("configuration.precision")
    if key in _RUNS_ON and cells.are_text:
        return _runs_on(cells)
    if key in _whole("setting") or _is_setting(column.name, cells):
        return _as_setting(column.name, key, cells, named)
    if words.lower[-1:] == ("version",) and len(words.lower) > 1:
        return _version(column.name, words)
    return None


def _version(name: str, words: Words) -> Meaning:
    """Return the part of the software stack whose version a header names."""
    if _is_known("engine", " ".join(words.written[:-1])):
        return FieldOf(f"software.stack.{_slug(name)}")
    return Open("a version of what")


def _is_nothing(name: str, cells: Cells) -> bool:
    """Say whether a header is that of a remark, a link or an index; a standard error is also called stderr."""
    if name == "stderr" and cells.numbers:
        return False
    return name in _whole("ignore") or re.fullmatch(r"unnamed: ?[0-9]+", name) is not None


def _runs_on(cells: Cells) -> Meaning:
    """Return what a column of runtimes or backends is: engines that the vocabulary knows, or processors."""
    if cells.are_among(lexicon.PLACEMENTS):
        return FieldOf("configuration.placement")
    if all(vocabulary().match("engine", text) for text in cells.texts):
        return FieldOf("software.engine")
    return Open("an engine, a way in which it runs, or the processor that it runs on")


def _as_setting(name: str, key: str, cells: Cells, named: Named | None) -> Meaning | None:
    """Return the hyperparameter that a header names, where its cells can be of that kind; None for a measurement."""
    if named is not None:
        return None
    if key == "rank" and not all(number in _RANKS for number in cells.numbers):
        return Open("a place among others, or the rank of an adapter")
    if key in lexicon.WHOLE_SETTINGS and not cells.are_whole:
        return Open("its numbers are not whole, though its name is that of a count")
    if key in lexicon.WORDY_SETTINGS and cells.texts and not cells.are_text:
        return Open("its cells are numbers, though its name is that of a choice")
    return FieldOf(f"configuration.hyperparameters.{_slug(name)}")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")


def _factor(words: Words) -> str | None:
    """Return the power of ten in brackets behind a count, such as (M)."""
    return next(filter(None, map(factor_of, words.brackets)), None)


def _is_qualified(words: Words) -> bool:
    """Say whether what stands in brackets behind a count is no power of ten: `(per GPU)`, `(log)`, `(w/o head)`."""
    return any(text and factor_of(text) is None for text in words.brackets)


def _is_unclear(path: str, words: Words) -> bool:
    """Say whether brackets behind a number may make it another one; a model's size in G is bytes or parameters."""
    if path in _BYTES:
        return "G" in words.brackets
    return path in (*_COUNTED, *_NUMBERS) and _is_qualified(words)


def _sized(rest: str, named: Named | None) -> str | None:
    if (
        named
        and named.code
        and fits(named.code, "By")
        and rest in ("size", "model size", "checkpoint size", "file size")
    ):
        return "model.size_bytes"
    return None


def _is_setting(name: str, cells: Cells) -> bool:
    """Say whether a name is that of a known setting: of a count behind `n_`, or of a switch behind `use_`."""
    start, _, rest = name.strip().lower().partition("_")
    if start in ("n", "num"):
        return rest in lexicon.KNOWN_SETTINGS and not cells.are_text
    if start in ("use", "no", "enable"):
        return rest in lexicon.KNOWN_SETTINGS or cells.are_among(_SWITCHES)
    return False


def _operations(words: Words, cells: Cells) -> Meaning:
    """Return a count of operations where it is surely that of a model; a rate has the same letters."""
    text = words.written[0]
    if text.lower().endswith(("macs", "mac")):
        return Open(
            "multiply-accumulates: the operations are twice as many; say model.flop with scale 2"
        )
    factor = _factor(words)
    if _is_qualified(words):
        return Open("what stands in brackets may make it another number")
    if text in ("TFLOPS", "PFLOPS"):
        return Measured("flop-rate", {"T": "10*12/s", "P": "10*15/s"}[text[0]])
    if text in ("FLOPs", "OPS") and factor:
        return FieldOf("model.flop", factor)
    if text in ("GFLOPs", "MFLOPs"):
        return FieldOf("model.flop", {"G": "10*9", "M": "10*6"}[text[0]])
    if text == "FLOPs":
        reason = _unlike_count("model.flop", cells, None, None)
        return Open(reason) if reason else FieldOf("model.flop")
    return Open("operations of the model, or operations a second")


def _as_field(
    key: str, path: str, cells: Cells, named: Named | None, factor: str | None
) -> Meaning | None:
    """Return the field that a header names where its cells and its unit are of that kind; None for something else."""
    if path in _BYTES:
        return _size(key, path, cells, named, factor)
    if named is not None and path not in _COUNTED:
        return None
    if path == "configuration.precision" and cells.texts and not cells.are_text:
        return None  # a share of right answers
    if path == "system.name" and cells.are_among(lexicon.PLACEMENTS):
        return FieldOf("configuration.placement")
    reason = _unlike(key, path, cells, named, factor)
    if reason is not None:
        return Open(reason)
    return FieldOf(path, factor if path in _COUNTED else None)


def _unlike(
    key: str, path: str, cells: Cells, named: Named | None, factor: str | None
) -> str | None:
    """Return why cells cannot be those of a field; None where they can."""
    if path in (*_COUNTED, *_NUMBERS):
        return _unlike_count(path, cells, named, factor)
    if path == "configuration.input_shape":
        return _unlike_shape(cells)
    if path in _NAMES:
        return _unlike_name(path, cells)
    if path in _NAMING and cells.numbers and cells.units == {""}:
        return "its cells are numbers, which name nothing"
    if path in _NAMING and cells.are_among(_NO_MODELS):
        return "switches or parts of the data, which name nothing"
    if key == "model type" and cells.texts and all(_is_known("task", t) for t in cells.texts):
        return "kinds of tasks rather than models"
    if path == "configuration.precision" and not _are_precisions(cells):
        return "its cells are no formats of numbers"
    if path == "provenance.measured_at" and not are_dates(cells):
        return "its cells are no points in time"
    kind = _KINDS.get(path)
    if kind and cells.texts and not any(_is_known(kind, text) for text in cells.texts):
        return f"its cells are no {kind} that the vocabulary knows"
    return None


def _unlike_count(path: str, cells: Cells, named: Named | None, factor: str | None) -> str | None:
    """Return why cells cannot be the numbers of a field."""
    units = cells.units - {""}
    greatest = cells.greatest or 0
    if cells.are_text:
        return NOT_NUMBERS
    if named is not None or units - {*_SUFFIXES} or (units and factor):
        return "its numbers are in a unit that no count has, or in two"
    if path in _NUMBERS and not cells.are_whole:
        return "its numbers are not whole"
    if path == "configuration.batch_size" and (cells.least == 0 or _are_places(cells)):
        return "numbers of batches, or no sizes"
    if path == "system.processor.cores" and cells.least == 1 and greatest > 1:
        return "the cores that there are, or those that were used"
    if path == "system.nodes" and greatest > _NODES:
        return "nodes of a graph or a search rather than of a system"
    is_few = not cells.are_whole or greatest < _FEW_COUNTED
    if path in _COUNTED and cells.numbers and factor is None and not units and is_few:
        return "so few are thousands, millions or billions: say its field, and its unit (k, M or G)"
    power = int((factor or "10*0").removeprefix("10*"))
    if path == "model.parameters" and greatest * 10**power > _TOO_MANY_PARAMETERS:
        return "more parameters than a model can have"
    return None


def _are_places(cells: Cells) -> bool:
    """Say whether numbers count the rows: 1, 2, 3."""
    numbers = cells.numbers
    return len(numbers) > 2 and numbers == [float(place + 1) for place in range(len(numbers))]


def _unlike_shape(cells: Cells) -> str | None:
    """Return why cells cannot be the shape of an input."""
    if cells.units - {"", "px", "pixels", "x"}:
        return "its numbers are in a unit that no shape has"
    least, greatest = _SIDES
    if not cells.are_whole or any(not least <= number <= greatest for number in cells.numbers):
        return "its numbers are no sides of an input"
    return None


def _unlike_name(path: str, cells: Cells) -> str | None:
    """Return why cells cannot be names of a system or of a part of it."""
    if cells.numbers or cells.are_among(_NO_NAMES):
        return "its cells are no names"
    if path == "system.name" and cells.texts and all(map(_is_operating_system, cells.texts)):
        return "operating systems: say system.operating_system"
    if cells.texts and all(_is_of_software(text) for text in cells.texts):
        return "models or engines rather than systems"
    return None


def _is_operating_system(text: str) -> bool:
    """Say whether a text is an operating system, with or without its version: linux, win32, Linux-5.10."""
    first = re.split(r"[\s\-_0-9]", text.lower())[0]
    return first in _SYSTEMS


def _is_of_software(text: str) -> bool:
    kinds = ("engine", "model", "precision", "dataset")
    return any(vocabulary().match(kind, text) for kind in kinds)


def _are_precisions(cells: Cells) -> bool:
    """Say whether a column may hold formats of numbers: one that is known, or one with a number of bits."""
    if not cells.texts:
        return True
    return any(_is_known("precision", text) or re.search("[0-9]", text) for text in cells.texts)


def _is_known(kind: str, text: str) -> bool:
    first = re.split(r"[\s:=\-_]", text)[0]
    return vocabulary().match(kind, text) is not None or vocabulary().match(kind, first) is not None


def _size(
    key: str, path: str, cells: Cells, named: Named | None, factor: str | None
) -> Meaning | None:
    """Return a size: in bytes, or for 7 (B) in parameters."""
    in_bytes = named is not None and fits(named.code, "By")
    if factor and (named is None or not in_bytes or named.code in ("By", "b")):
        is_small = cells.greatest is not None and cells.greatest < _MANY_PARAMETERS
        if factor == "10*9" and is_small and key.startswith("model"):
            return FieldOf("model.parameters", factor)
        return Open("a number of bytes, or of parameters")
    if named is not None and not in_bytes:
        return None
    if cells.are_text:
        return Open(NOT_NUMBERS)
    if named is not None and cells.units - {""} - {named.code}:
        return Open("its cells name another unit than its header")
    unit = in_brackets(cells.unit or "")
    if named is None and cells.unit == "B" and (cells.greatest or 0) < _MANY_PARAMETERS:
        return Open("thousand millions of parameters, or bytes")
    if (
        named is None
        and unit is None
        and (not cells.are_whole or (cells.greatest or _MANY_BYTES) < _MANY_BYTES)
    ):
        return Open("a size without a unit")
    return FieldOf(path, named.code if named else None)


# --- the table as a whole ---
