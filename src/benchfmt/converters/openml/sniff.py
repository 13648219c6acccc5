"""What an OpenML file is, told by its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from benchfmt.converters.openml.trees import head

HEAD = 4096
SUFFIXES = (".xml", ".json", ".xml.gz", ".json.gz")
RESULTS = ("run", "evaluations", "get_run")
"""The kinds that hold results; the last one is of a form that is no longer read."""

_ROOT = re.compile(
    rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=\s)[^<>]*?https?://(?:www\.)?openml\.org/openml"
)
_XSD = re.compile(rb"<(?:\w+:)?schema\s[^<>]*openml\.org/openml")
_KEY = re.compile(rb'\{\s*"([a-z_]+)"\s*:')
_EVIDENCE: dict[str, tuple[bytes, ...]] = {
    "data": (b'"dataset"', b'"did"'),
    "data_features": (b'"feature"',),
    "data_qualities": (b'"quality"',),
    "data_set_description": (b'"id"',),
    "error": (b'"code"', b'"message"'),
    "estimationprocedures": (b'"estimationprocedure"',),
    "evaluation_measures": (b'"measure',),
    "evaluations": (b'"evaluation"',),
    "flow": (b'"external_version"',),
    "run": (b'"run_id"',),
    "runs": (b'"run_id"',),
    "setup_parameters": (b'"flow_id"',),
    "setups": (b'"setup_id"',),
    "study": (b'"main_entity_type"',),
    "task": (b'"task_type"',),
    "tasks": (b'"task_type"',),
    "trace": (b'"trace_iteration"',),
}
"""Top keys of OpenML's JSON, which other files may have too, and what stands soon after them."""
_FLAT_RUN = (b'"run_id"', b'"task_id"', b'"flow_name"', b'"uploader"')
ROOT_KEY = re.compile(
    rb'\A[\xef\xbb\xbf\xff\xfe\s]*\{\s*"(?:' + "|".join(_EVIDENCE).encode() + rb')"\s*:'
)
"""How a JSON answer of OpenML begins."""
WORDS = {
    "data": "a list of data sets",
    "data_features": "the features of a data set",
    "data_qualities": "the qualities of a data set",
    "data_set_description": "the description of a data set",
    "error": "an error that the server answered",
    "estimationprocedures": "a list of estimation procedures",
    "evaluation_measures": "a list of measures",
    "flow": "a flow (the description of an algorithm)",
    "runs": "a list of runs, without their evaluations",
    "schema": "a schema of OpenML's XML",
    "setup_parameters": "a setup (the parameters of a flow)",
    "setups": "a list of setups",
    "study": "a study or suite (a list of ids)",
    "task": "a task",
    "tasks": "a list of tasks",
    "trace": "the trace of a search: scores of inner folds, which are not results",
}


def kind(path: Path) -> str | None:
    """Return the kind of an OpenML file: the name of its root element, or None where it is none of OpenML's."""
    return kind_of(head(path, HEAD))


def kind_of(start: bytes) -> str | None:
    """Return the kind of an OpenML file by its first bytes."""
    start = _narrow(start)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return _kind_of_xml(start)
    key = _KEY.match(start.removeprefix(b"\xef\xbb\xbf").lstrip())
    if key is None:
        return None
    name = key[1].decode()
    if name in _EVIDENCE and all(word in start for word in _EVIDENCE[name]):
        return name
    # The new server gives a run without a root.
    if all(word in start for word in _FLAT_RUN):
        return "run"
    return None


def _kind_of_xml(start: bytes) -> str | None:
    if _XSD.search(start):
        return "schema"
    root = _ROOT.search(start)
    if root is None:
        return None
    return root[1].decode()


def _narrow(start: bytes) -> bytes:
    """Return UTF-16 as bytes that the patterns can be searched in."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return start.decode("utf-16", "ignore").encode()
    return start


def described(name: str) -> str:
    """Return what a kind is, in words."""
    return WORDS.get(name, f"an OpenML answer of another kind ({name})")
