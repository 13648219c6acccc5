"""Why a file of an MLPerf Inference submission is no result, by where it stands and how it is called.

A submission has hundreds of thousands of files in tens of thousands of folders, and few distinct names. So a folder is
judged once for all of its files, and a name once for all folders of a kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from benchfmt.converters.mlperf import model_mapping
from benchfmt.converters.mlperf.places import FOR_PEOPLE, STRAY

_FOLDERS = re.compile(
    "/(?:"
    "(?P<compliance>compliance|audit|TEST[0-9]{2}(?:-[AB])?)"
    "|(?P<ranging>ranging)"
    "|(?P<accuracy>accuracy)(?=/(?:[^/]+/)?$)"
    "|(?P<power>power)"
    "|(?P<code>code|src)"
    "|(?P<system>systems)(?=/$)"
    "|(?P<measurement>measurements)"
    ")(?=/)"
)
"""The folders of a path that say what stands below them: accuracy runs and systems only right below."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Files that are no results: those below a kind of folder, those of a name, or those of both."""

    reason: str
    folder: str | None = None
    name: re.Pattern[str] | None = None

    def covers(self, kinds: frozenset[str], name: str) -> bool:
        """Say whether a file is one of these, by the kinds of the folders above it and its name."""
        if self.folder is not None and self.folder not in kinds:
            return False
        return self.name is None or self.name.search(name) is not None


_POWER_METER = "log of the power meter's software"
_RULES = (
    _Rule("part of a compliance test; its verdict is read from verify_*.txt", "compliance"),
    _Rule("from the ranging phase, which only sets up the power meter", "ranging"),
    _Rule(
        "answers of the model, cut off by rule; its score stands in accuracy.txt",
        name=re.compile(r"mlperf_log_accuracy\.json$"),
    ),
    _Rule(
        "log of the accuracy run, which has no speed; its score stands in accuracy.txt",
        "accuracy",
        re.compile(r"^mlperf_log_(summary|detail)\.txt$"),
    ),
    _Rule("a trace of events", name=re.compile(r"mlperf_log_trace\.json$")),
    _Rule(_POWER_METER, "power"),
    _Rule(_POWER_METER, name=re.compile(r"^ptd_logs\.txt$")),
    _Rule(
        "a description of the power meter for people",
        name=re.compile(r"^(power_settings|analyzer_table)\.[a-z]+$"),
    ),
    _Rule("settings of a compliance test", name=re.compile(r"^audit\.config$")),
    _Rule(
        "the suite's own settings, the same in every submission of a round",
        name=re.compile(r"^mlperf\.conf$"),
    ),
    _Rule(
        "gives models of an open submission their benchmarks, but no result of them is here",
        name=re.compile(rf"^{re.escape(model_mapping.NAME)}$"),
    ),
    _Rule("code of the submission", "code"),
    _Rule(
        FOR_PEOPLE,
        name=re.compile(r"\.(md|adoc|html|png|jpe?g|pdf|sh|py)$", re.IGNORECASE),
    ),
    _Rule(
        STRAY,
        name=re.compile(r"^\.|\.sw[op]$|~$"),
    ),
    _Rule(
        "a report of the submitter's own program, not of LoadGen",
        name=re.compile(r"^results?\.json$"),
    ),
    _Rule(
        "describes a system of which no result is here",
        "system",
        re.compile(r".\.json$"),
    ),
    _Rule(
        "describes a measurement of which no result is here, or something other than one",
        "measurement",
    ),
)
"""In the order in which they are asked: the first that covers a file gives the reason."""
_REMEMBERED = 2**14


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by the kinds of the folders that lead to it, itself included."""

    kinds: frozenset[str]

    @classmethod
    def of(cls, path: str) -> Folder:
        """Return a folder by its path within the source, with forward slashes."""
        return cls(frozenset(str(match.lastgroup) for match in _FOLDERS.finditer(f"/{path}/")))

    def why_skipped(self, name: str) -> str | None:
        """Return why a file of the folder is no result and tells nothing about one, or None where it is not known."""
        return _reason(self.kinds, name)


@lru_cache(_REMEMBERED)
def _reason(kinds: frozenset[str], name: str) -> str | None:
    for rule in _RULES:
        if rule.covers(kinds, name):
            return rule.reason
    return None
