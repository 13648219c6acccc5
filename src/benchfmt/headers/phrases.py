"""The words of one header, phrase by phrase: its metric, and every other word with what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from benchfmt.headers import lexicon
from benchfmt.headers.lexicon import Says
from benchfmt.headers.words import words_of
from benchfmt.vocabulary import vocabulary

PERCENTILE = re.compile(r"p(?:1|5|10|25|50|75|80|90|95|97|98|99(?:\.[0-9])?)")
"""The percentiles that people report: P4 and P40 are accelerators."""
_AT = re.compile(r"(?P<name>ndcg|precision|p|recall|hr|hit rate|hit)@(?P<k>[0-9]+)")
_AT_METRICS = {"p": "precision", "hr": "hit-rate", "hit": "hit-rate", "hit rate": "hit-rate"}
_LONGEST = 5
_UNIT_WORDS = ("ms", "s", "us", "mb", "gb", "w", "j", "mj", "kwh", "c")
WORK = {word: per for per, words in lexicon.WORK.items() for word in words.split()}
"""The words for units of work, each with the unit's term."""
_PER = {f"per {word}": per for word, per in WORK.items()}
_FILLERS = {word: word for word in lexicon.FILLERS}


@dataclass
class Parsed:
    """What the words of a header say."""

    says: Says | None = None
    phrase: str = ""
    statistics: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    spreads: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    fillers: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    per: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def is_total(self) -> bool:
        """Whether the header says that the number is a total."""
        return "total" in self.fillers


@cache
def metric_phrases() -> Mapping[str, Says]:
    """Return every phrase that names a metric: those of the lexicon, and the words of the vocabulary."""
    phrases: dict[str, Says] = {}
    terms = vocabulary().terms("metric")
    for name in vocabulary().metrics:
        if ":" in name or name == "score":
            continue
        aliases = terms[name].get("aliases", {}).get("*", [])
        for text in (name, terms[name].get("label", name), *aliases):
            phrase = " ".join(words_of(text).lower)
            is_clear = phrase not in lexicon.NOT_OF_HEADERS
            if len(phrase) > 2 and is_clear and not _says_more(phrase):
                phrases.setdefault(phrase, Says(name))
    known = {**phrases, **lexicon.METRICS}
    return {phrase: says for phrase, says in known.items() if phrase not in lexicon.OPEN}


def _says_more(phrase: str) -> bool:
    """Say whether a phrase of the vocabulary holds a statistic or a scope, which are to be read on their own."""
    words = phrase.split()
    parts = {*lexicon.STATISTICS, *lexicon.SCOPES, *_UNIT_WORDS}
    return (
        phrase == "bandwidth"
        or "per" in words
        or (len(words) > 1 and bool(parts & {words[0], words[-1]}))
    )


def parse(words: Sequence[str]) -> Parsed:
    """Return what the words of a header say, each word once."""
    parsed = Parsed()
    rest = list(words)
    start, length = _metric_at(rest)
    whole = [word for word in rest if word not in lexicon.SPLITS]
    if _metric_at(whole)[1] > length:
        parsed.fillers += [word for word in rest if word in lexicon.SPLITS]
        rest = whole
        start, length = _metric_at(rest)
    if length:
        parsed.phrase = " ".join(rest[start : start + length])
        parsed.says = _says(parsed.phrase)
        # What stands on either side is read on its own.
        _others(rest[:start], parsed)
        _others(rest[start + length :], parsed)
    else:
        _others(rest, parsed)
    return parsed


def _says(phrase: str) -> Says | None:
    at = _AT.fullmatch(phrase)
    if at:
        metric = _AT_METRICS.get(at["name"], at["name"])
        return Says(f"{metric}@{at['k']}")
    return metric_phrases().get(phrase)


def _metric_at(words: Sequence[str]) -> tuple[int, int]:
    """Return where the longest phrase stands that names a metric, the last of equally long ones; length 0 for none."""
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length, -1, -1):
            if _says(" ".join(words[start : start + length])) is not None:
                return start, length
    return 0, 0


def _others(words: Sequence[str], parsed: Parsed) -> None:
    at = 0
    while at < len(words):
        for length in (3, 2, 1):
            phrase = " ".join(words[at : at + length])
            if len(words) - at >= length and _take(phrase, parsed):
                at += length
                break
        else:
            parsed.unknown.append(words[at])
            at += 1


def _take(phrase: str, parsed: Parsed) -> bool:
    """Keep what a phrase says; returns whether it says anything."""
    if PERCENTILE.fullmatch(phrase):
        parsed.statistics.append("median" if phrase == "p50" else phrase)
        return True
    metric = parsed.says.metric if parsed.says else ""
    if _of_metric(phrase, metric, parsed):
        return True
    known = (
        (lexicon.STATISTICS, parsed.statistics),
        (lexicon.SPREADS, parsed.spreads),
        (lexicon.STAGES, parsed.stages),
        (lexicon.SCOPES, parsed.scopes),
        (_PER, parsed.per),
        (lexicon.COUNTS, parsed.counts),
        (_FILLERS, parsed.fillers),
    )
    for meanings, said in known:
        if phrase in meanings:
            said.append(meanings[phrase])
            return True
    dataset = vocabulary().match("dataset", phrase) if len(phrase) > 2 else None
    if dataset is not None:
        parsed.datasets.append(dataset)
    return dataset is not None


def _of_metric(phrase: str, metric: str, parsed: Parsed) -> bool:
    """Keep what a word says beside one metric only: memory of which power is drawn, a batch whose latency it is."""
    if phrase in ("ram", "memory") and metric in ("power", "energy"):
        parsed.scopes.append("memory")
    elif phrase in ("ram", "memory", "mem") and metric == "memory":
        parsed.fillers.append(phrase)
    elif phrase == "vram" and metric == "memory":
        parsed.scopes.append("gpu")
    elif phrase in ("batch", "token", "frame") and metric == "latency":
        parsed.per.append(phrase)
    else:
        return False
    return True
