"""MLPerf's accuracy.txt: the score lines of a console text, with the source's own characters of every number.

The forms are those that the submission checker accepts, and a little more (either quote, a dictionary over several
lines, a hash glued to the line before it):
https://github.com/mlcommons/inference/blob/master/tools/submission/submission_checker/constants.py
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads, lines

READ_BYTES = 4 * 2**20
"""How much of a file is read: longer ones give their first and last half of it, where tools print their scores."""


@dataclass(frozen=True, slots=True)
class Score:
    """One number (or hash) of a file, as its characters stand there.

    `unit` is "%" or "1" (a fraction, a score, a count) where it is known and None where nobody says. `line` counts from
    1; in the second half of a file that was too long to read whole it counts from the end (-1 is the last line).
    """

    text: str
    unit: str | None
    line: int


# Bounded in length, and never the first half of something that is not a number ("1.2.3", "1e9999").
_NUMBER = r"([-+]?\d{1,30}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,2})?)(?!\.?\d|[eE][-+]?\d)"

_KEYS = (
    "exact_match|f1|rouge1|rouge2|rougeL|rougeLsum|gen_len|gen_num|gen_tok_len|tokens_per_sample|num-samples|gsm8k|mbxp"
    "|CLIP_SCORE|FID_SCORE|vbench_score|mean-accuracy|roc_auc|Pedestrian|Cyclist|Car|Total"
)
# A key of a Python or JSON dictionary, on one line or on many; llama3.1-8b quotes its numbers, pointpainting lists them.
_ENTRY = re.compile(rf"(['\"])({_KEYS})\1\s*:\s*(?:\[\s*)?['\"]?{_NUMBER}", re.ASCII)
_LIFETIME = re.compile(rf"metric/(lifetime_\w+)/rating['\"]?:\s*{_NUMBER}", re.ASCII)

_PAIR = re.compile(rf"(?:^|,\s*)(\w+)={_NUMBER}(%?)", re.ASCII)
_ACCURACY = re.compile(rf"(?:\{{\"accuracy\"?|accuracy)[\": ]*=?\s*{_NUMBER}(%?)", re.ASCII)
_WORDS = re.compile(rf"Word Error Rate:\s*{_NUMBER}(%?)(?:,\s*accuracy={_NUMBER}(%?))?", re.ASCII)
_BLEU = re.compile(rf"BLEU:\s*{_NUMBER}()", re.ASCII)
_DICE = re.compile(r"Accuracy:\s*mean\s*=", re.ASCII)
_DICE_PART = re.compile(rf"\s*([a-z]+(?: [a-z]+)?)\s*=\s*{_NUMBER}", re.ASCII)
_END_TO_END = re.compile(rf"Accuracy:\s*{_NUMBER}(%?)", re.ASCII)
# MLPerf Automotive, all fractions:
# https://github.com/mlcommons/mlperf_automotive/blob/master/tools/submission/submission_checker.py
_DRIVING = re.compile(rf"(mAP_3D|mAP|mIOU|Mean IoU):\s*{_NUMBER}(%?)", re.ASCII)
_SCORES = (("accuracy", _ACCURACY), ("BLEU", _BLEU), ("Accuracy", _END_TO_END))
_PAIRS = ("accuracy=", "AUC=", "mAP=")
_STARTS = ("a", "A", "m", "M", "{", "W", "B")
"""The first letters of lines that begin with the name of a score."""
_MAP_LATER = re.compile(rf"mAP={_NUMBER}(%?)", re.ASCII)
_HASH = re.compile(r"hash=(\w+)\s*$", re.ASCII)
_OWN = re.compile(
    rf"(?:accuracy|AUC|mAP|hash)=|\{{?\s*['\"]?(?:accuracy|{_KEYS})['\"]?\s*:|Word Error Rate:|BLEU:|Accuracy:"
    r"|(?:mAP_3D|mAP|mIOU|Mean IoU):|metric/"
)
"""How the lines that say a score begin."""
_GLUED_HASH = re.compile(r"\dhash=(\w+)\s*$", re.ASCII)

_Found = tuple[str, str, str | None]


def scores(path: Path, limits: Limits = LIMITS) -> dict[str, Score]:
    """Return every number that the score lines of an accuracy.txt say, by the line's own name; raises OSError.

    Where a name stands several times the checker's rule holds: the last one before the first `hash=` line, or else
    the first one after it (tools print progress before the hash; people append other runs after it).
    """
    most = min(READ_BYTES, limits.json_bytes)
    found = _scores(_lines(path, most))
    if not {"hash"} < found.keys() and path.stat().st_size <= most:
        # Behind prefixes and in other forms neither the hash nor what begins a line is found.
        behind = _scores((line.number, line.text) for line in lines.read(path, _OWN, limits))
        if len(behind) > len(found):
            found = behind
    if "glued_hash" in found:
        found.setdefault("hash", found["glued_hash"])
    if "mAP_3D" in found:
        found.pop("mAP", None)  # the same number, rounded, from the evaluation's own table
    return found


def _scores(numbered: Iterable[tuple[int, str]]) -> dict[str, Score]:
    """Return what lines say, by the line's own name."""
    found: dict[str, Score] = {}
    for number, line in numbered:
        hashed = "hash" in found
        for name, text, unit in _line(line):
            if not hashed or name not in found:
                found[name] = Score(text, unit, number)
    return found


# Checker's name: the names of the lines in order of preference, and the unit that the benchmark's rules give the number
# where the file says none. https://github.com/mlcommons/inference_policies/blob/master/inference_rules.adoc
_CHECKED: Mapping[str, tuple[str, str]] = {
    "acc": ("accuracy", "%"),
    "meanAcc": ("mean-accuracy", "%"),
    "mAP": ("mAP Total", "%"),
    "bleu": ("BLEU", "%"),
    "F1": ("f1", "%"),
    "exact_match": ("exact_match", "%"),
    "WER": ("accuracy", "%"),
    "ACCURACY": ("accuracy", "%"),
    "AUC": ("AUC roc_auc", "%"),
    "DICE": ("mean", "1"),
    "ROUGE1": ("rouge1", "%"),
    "ROUGE2": ("rouge2", "%"),
    "ROUGEL": ("rougeL", "%"),
    "ROUGELSUM": ("rougeLsum", "%"),
    "GEN_LEN": ("gen_len", "1"),
    "TOKENS_PER_SAMPLE": ("tokens_per_sample", "1"),
    "gsm8k_accuracy": ("gsm8k", "%"),
    "mbxp_accuracy": ("mbxp", "%"),
    "CLIP_SCORE": ("CLIP_SCORE", "1"),
    "FID_SCORE": ("FID_SCORE", "1"),
    "vbench_score": ("vbench_score", "%"),
    "F1_HIERARCHICAL": ("f1", "1"),
    "DLRM_NE": ("lifetime_ne", "1"),
    "DLRM_ACC": ("lifetime_accuracy", "1"),
    "DLRM_AUC": ("lifetime_gauc", "1"),
    "E2E_ACCURACY": ("Accuracy", "%"),
    "ACC": ("Accuracy", "%"),
    "mAP_3D": ("mAP_3D", "1"),
    "mIOU": ("mIOU", "1"),
}


def of(name: str, found: Mapping[str, Score]) -> Score | None:
    """Return the score that the submission checker calls `name` ("ROUGE1", "WER"), with its unit; None if absent.

    The checker's WER is the accuracy of that line, 100 - word error rate; the rate itself is
    `found["word_error_rate"]`.
    """
    names, unit = _CHECKED.get(name, ("", None))
    score = next((found[key] for key in names.split() if key in found), None)
    if score is None or not _belongs(name, score, found):
        return None
    return Score(score.text, score.unit or unit, score.line)


def _belongs(name: str, score: Score, found: Mapping[str, Score]) -> bool:
    """Return whether an accuracy is of the line that the metric is about: AUC and word error lines have one too."""
    others = {other: found[other].line for other in ("word_error_rate", "AUC") if other in found}
    if name in ("WER", "ACCURACY"):
        return others.get("word_error_rate") == score.line
    return name != "acc" or score.line not in others.values()


def _line(line: str) -> Iterator[_Found]:
    """Yield what one line says: name, number, and the unit where the line gives one."""
    if hash_line := _HASH.match(line):
        yield "hash", hash_line[1], None
        return
    if "'" in line or '"' in line:
        for entry in _ENTRY.finditer(line):
            yield entry[2], entry[3], None
    if "metric/" in line:
        for entry in _LIFETIME.finditer(line):
            yield entry[1], entry[2], None
    yield from _start(line)
    if glued := _GLUED_HASH.search(line):
        yield "glued_hash", glued[1], None


def _start(line: str) -> Iterator[_Found]:
    """Yield what a line says from its start, as the checker's patterns look at it."""
    if line.startswith(_PAIRS):
        for pair in _PAIR.finditer(line):
            yield pair[1], pair[2], pair[3] or None
        return
    if line.startswith(_STARTS):
        yield from _known(line)
    later = _MAP_LATER.search(line)
    if later:
        yield "mAP", later[1], later[2] or None


def _known(line: str) -> Iterator[_Found]:
    """Yield what a line says that begins with the name of its score."""
    for name, pattern in _SCORES:
        score = pattern.match(line)
        if score:
            yield name, score[1], score[2] or None
            return
    rate = _WORDS.match(line)
    if rate:
        yield "word_error_rate", rate[1], rate[2] or None
        if rate[3]:
            yield "accuracy", rate[3], rate[4] or None
        return
    if _DICE.match(line):
        yield from _dice(line)
        return
    driving = _DRIVING.match(line)
    if driving:
        yield driving[1].replace("Mean IoU", "mIOU"), driving[2], driving[3] or "1"


def _dice(line: str) -> Iterator[_Found]:
    for text in line.removeprefix("Accuracy:").split(","):
        part = _DICE_PART.match(text)
        if part:
            yield part[1].replace(" ", "_"), part[2], "1"


def _lines(path: Path, most: int) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, those of the first and last half of `most` bytes of a longer file."""
    with heads.opened(path) as file:
        start = file.read(most)
        size = file.seek(0, 2)
        if size > most:
            half = most // 2 & ~1  # even, for UTF-16
            start = start[:half]
            file.seek(size - half)
            end = file.read(half)
    encoding = _encoding(start)
    yield from enumerate(_split(start, encoding), 1)
    if size > most:
        # The first of these lines is cut.
        last = _split(end, encoding)[1:]
        yield from zip(range(-len(last), 0), last, strict=True)


def _encoding(start: bytes) -> str:
    """Return the encoding of a text; Windows shells write UTF-16, and all but the numbers may be anything."""
    if start.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if start.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    return "utf-8"


def _split(data: bytes, encoding: str) -> list[str]:
    """Return the lines of a text, ended in any way: progress bars return the carriage without a line feed."""
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
