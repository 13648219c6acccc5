"""What in an MLPerf submission is no result by the place where it stands, the same for every suite of MLCommons.

    <repository>_results_v5.1/[<division>/]<submitter>/{results,systems,measurements,compliance,code,documentation,…}/…

Logs of compliance tests, of the submitter's own trials under `measurements/` or `code/`, and the test data of programs look
like results and count for nothing. Names are compared without regard to case. What stands above a submission tells
nothing, so the submission is looked for first: by the repository's name, by a division above a submitter, or by folders
side by side that only a submission has. Sources: the rules of submission of each suite,
https://github.com/mlcommons/policies/blob/master/submission_rules.adoc
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from benchfmt.converters.base import Skipped, Source

COMPLIANCE = "part of a compliance test; its verdict is read from verify_*.txt"
MEASUREMENTS = "under measurements/, which describes how was measured: what a program printed there is not a result"
CODE = "under the code of the submission: what was tried or tested there is not a result"
CALIBRATION = "under the calibration of the submission, which describes how a model was quantized and holds no results"
DOCUMENTATION = "under the documentation of the submission, which holds no results"
TEST_DATA = "test data of a program, not a result"
FOR_PEOPLE = "a document for people, or a program"
STRAY = "a stray file of an editor or of the system"
STRAYS = re.compile(r"(^|/)\.[^/]*$|\.sw[op]$|~$|(^|/)Thumbs\.db$")
"""The paths of stray files."""

_REPOSITORY = re.compile(
    r"(inference|training|hpc|mobile|tiny|storage|automotive)_results_v[0-9].*"
)
_DIVISIONS = frozenset({"closed", "open", "network"})
_RESULTS = "results"
_CODE = re.compile(r"codes?([-_. ].*)?|code[0-9]+")
_TEST = re.compile(r"test[0-9]{2}([-_].*)?")
_ANYWHERE = (
    (re.compile(rf"compliance|audit|{_TEST.pattern}"), COMPLIANCE),
    (re.compile("measurements"), MEASUREMENTS),
    (_CODE, CODE),
    (re.compile("documentation"), DOCUMENTATION),
)
"""What a folder of a submission is called that holds no results, wherever it stands."""
_BESIDE_RESULTS = (
    (re.compile(r"src|benchmarks?|implementations?|scripts?"), CODE),
    (re.compile(r"calibrations?"), CALIBRATION),
    (re.compile(r"docs?"), DOCUMENTATION),
)
"""The same where it does not stand below `results`, whose folders have names of their own."""
_TEST_DATA = re.compile(r"test[-_]?data|fixtures?")
_TESTS = re.compile(r"tests?|testing")
_HARNESS = re.compile(r"dlio[-_]?benchmark.*|mlpstorage.*|loadgen")
"""Programs of the suites that have results among their own tests."""
_KINDS = frozenset(
    {"results", "systems", "measurements", "compliance", "audit", "code", "documentation"}
)
_OWN_KINDS = frozenset({"systems", "measurements", "compliance", "audit"})
"""Folders that a submission has, and those that nothing else has beside them."""

_REMEMBERED = 2**14


@dataclass
class Places:
    """The folders of a source that hold no results; paths are absolute text with forward slashes."""

    root: str
    submissions: frozenset[str] = frozenset()
    """Folders with the folders of a submission side by side."""
    _known: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> Places:
        """Return the places of a source."""
        root = source.root if source.root.is_dir() else source.root.parent
        places = cls(_absolute(root))
        kinds: dict[str, set[str]] = {}
        known = {""}
        for prefix, _ in source.files.folders():
            folder = source.files.within(prefix)
            while folder not in known:
                known.add(folder)
                parent, _, name = folder.rpartition("/")
                kind = _kind(name)
                if kind:
                    kinds.setdefault(parent, set()).add(kind)
                folder = parent
        places.submissions = frozenset(
            places.absolute(folder)
            for folder, names in kinds.items()
            if len(names) > 1 and names & _OWN_KINDS
        )
        return places

    def absolute(self, folder: str) -> str:
        """Return the absolute path of a folder, which is given within the source."""
        if not folder:
            return self.root
        return f"{self.root.rstrip('/')}/{folder}"

    def why_within(self, folder: str) -> str | None:
        """Return why what stands in a folder, given within the source, is no result, or None."""
        return self.why(self.absolute(folder))

    def why(self, folder: str) -> str | None:
        """Return why what stands in a folder is no result, or None where nothing says so."""
        if folder not in self._known:
            self._known[folder] = self._why(folder)
        return self._known[folder]

    def skipped(self, source: Source) -> Iterator[Skipped]:
        """Yield every file that stands where no results are, with the reason."""
        for prefix, names in source.files.folders():
            reason = self.why_within(source.files.within(prefix))
            if reason:
                yield from (Skipped(Path(prefix + name), reason) for name in names)

    def _why(self, folder: str) -> str | None:
        parts = folder.casefold().split("/")
        begin = self._begin(folder, parts)
        if begin is not None:
            return _in_submission(parts[begin:])
        given = self.root.count("/")
        if any(map(_is_test, parts[given:])):
            return COMPLIANCE
        # Whoever names a folder of test data wants what is in it, unless it is that of a suite's own program.
        if _is_test_data(parts[given + 1 :]) or _is_test_data(_from_harness(parts)):
            return TEST_DATA
        return None

    def _begin(self, folder: str, parts: list[str]) -> int | None:
        """Return where the parts of a path begin that stand in a submission, or None without one."""
        for at, part in enumerate(parts):
            if _is_repository(part):
                return at + 1
        for at in range(len(parts) - 2):
            if parts[at] in _DIVISIONS and _kind(parts[at + 2]):
                return at + 2
        whole = folder.split("/")
        for at in range(1, len(whole)):
            if "/".join(whole[:at]) in self.submissions:
                return at
        return None


def _in_submission(parts: list[str]) -> str | None:
    """Return why a folder of a submission holds no results, by the names from the submission's folder on."""
    is_below_results = False
    for part in parts:
        reason = _reason(part, beside_results=not is_below_results)
        if reason:
            return reason
        is_below_results = is_below_results or part == _RESULTS
    return TEST_DATA if _is_test_data(parts) else None


# Tens of thousands of folders are made of few names, so each name is judged once.


@lru_cache(_REMEMBERED)
def _reason(part: str, *, beside_results: bool) -> str | None:
    rules = (*_ANYWHERE, *_BESIDE_RESULTS) if beside_results else _ANYWHERE
    for pattern, reason in rules:
        if pattern.fullmatch(part):
            return reason
    return None


@lru_cache(_REMEMBERED)
def _is_repository(part: str) -> bool:
    return _REPOSITORY.fullmatch(part) is not None


@lru_cache(_REMEMBERED)
def _is_test(part: str) -> bool:
    return _TEST.fullmatch(part) is not None


@lru_cache(_REMEMBERED)
def _is_named_as_test_data(part: str) -> bool:
    return _TEST_DATA.fullmatch(part) is not None


@lru_cache(_REMEMBERED)
def _is_harness(part: str) -> bool:
    return _HARNESS.fullmatch(part) is not None


def _is_test_data(parts: list[str]) -> bool:
    """Say whether names of folders lead to the data of a program's tests."""
    for at, part in enumerate(parts):
        if not _is_named_as_test_data(part):
            continue
        if part.startswith("test") or (at > 0 and _TESTS.fullmatch(parts[at - 1])):
            return True
    return False


def _from_harness(parts: list[str]) -> list[str]:
    """Return the names of folders from that of a suite's own program on, empty without one."""
    for at, part in enumerate(parts):
        if _is_harness(part):
            return parts[at:]
    return []


@lru_cache(_REMEMBERED)
def _kind(name: str) -> str | None:
    word = name.casefold()
    if _CODE.fullmatch(word):
        return "code"
    return word if word in _KINDS else None


def _absolute(path: Path) -> str:
    return Path(os.path.abspath(path)).as_posix()  # noqa: PTH100 - steps upwards are taken, links are kept
