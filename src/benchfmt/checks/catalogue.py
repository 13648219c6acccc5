"""The codes: what each check asks for, how much a fault weighs, and the rule sets that are tables of codes.

Codes never change meaning. Each has a page in `pages/` with the reason, examples and the cure.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from benchfmt.finding import Severity

E, W = Severity.ERROR, Severity.WARNING


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the catalogue; `title` says what must hold."""

    id: str
    severity: Severity
    title: str


_TABLE = (
    # BF1xx: structure
    ("BF101", E, "Every required field, column and table is there"),
    ("BF102", E, "Only fields and columns of the standard occur"),
    ("BF103", E, "A value has the type of its field"),
    ("BF104", E, "A closed list is kept: status, basis, missing, caveats"),
    ("BF105", E, "Ids, times, hashes and names are well-formed"),
    ("BF106", E, "A number is within the bounds of its field"),
    (
        "BF107",
        E,
        "What the source does not say is left out: no null, no empty text, object or list",
    ),
    ("BF108", E, "A measurement has a value or the reason why not, and not both"),
    ("BF109", E, "A number has its unit, and a value its basis"),
    ("BF112", E, "A record with status ok has a value"),
    ("BF115", E, "JSON can be read"),
    ("BF116", E, "No key and no column stands twice"),
    ("BF117", E, "The version of the standard is one that can be read"),
    ("BF118", E, "The descriptor follows the package schema"),
    ("BF119", E, "Every table that the descriptor names can be opened"),
    ("BF120", E, "A list has the length that its field asks for"),
    ("BF121", E, "Every row has as many cells as the table has columns"),
    ("BF122", E, "A package, a table and a file of records hold a record"),
    # BF2xx: vocabulary and units
    ("BF201", E, "A term is in the vocabulary or has a prefix"),
    ("BF202", E, "A prefix is declared"),
    ("BF203", E, "A metric has its own unit"),
    ("BF204", E, "A unit is a UCUM code or a currency"),
    ("BF205", E, "A metric is stated per a unit of work that it allows"),
    ("BF206", W, "A known model or data set goes by its id"),
    ("BF207", W, "The reported unit is a unit of the same quantity"),
    # BF3xx: plausibility of one value
    ("BF301", E, "A fraction is not a percent"),
    ("BF302", E, "A value is possible for its metric"),
    ("BF303", E, "Zero is not written for what was not measured"),
    ("BF304", W, "A temperature is one that hardware survives"),
    ("BF305", W, "Numbers of the hardware are in the unit of their field"),
    ("BF306", W, "A date is of the age of benchmarks"),
    # BF4xx: consistency between values
    ("BF401", E, "A latency is the sum of its stages"),
    ("BF402", E, "Throughput follows from latency where one sample runs at a time"),
    ("BF403", E, "Minimum, mean and maximum are in order"),
    ("BF404", E, "Percentiles are in order"),
    ("BF405", E, "The value is the reported one, converted"),
    ("BF406", E, "n counts the samples"),
    ("BF407", E, "A confidence interval holds its value"),
    ("BF408", E, "A value lies within its samples"),
    ("BF409", E, "A target range is not reversed"),
    ("BF410", E, "A measurement's key is unique in its record"),
    ("BF411", E, "A record has at most one primary measurement"),
    ("BF412", W, "A failed run has no headline number"),
    ("BF413", W, "The model's size fits its parameters"),
    ("BF414", W, "The run used devices that the system has"),
    # BF5xx: integrity and provenance
    ("BF501", E, "Files have the size and hash that the descriptor gives"),
    ("BF502", E, "Every measurement belongs to a record"),
    ("BF503", E, "Every record's system is described"),
    ("BF504", E, "Measurements stand in the order of their records"),
    ("BF505", E, "Source paths are relative to the submission"),
    ("BF506", E, "A generated id follows from its source"),
    ("BF507", E, "Record ids are unique"),
    ("BF508", E, "System ids are unique"),
    ("BF509", W, "Measurements stand in key order after the primary one"),
    ("BF511", E, "The licence is said"),
    ("BF512", E, "The submitter is said"),
    ("BF513", W, "The time of measurement is said"),
    ("BF514", E, "The primary source is named with its hash"),
    ("BF515", E, "The system is said"),
    ("BF516", W, "The task is said"),
    ("BF517", E, "The model is said"),
    ("BF518", W, "The engine is said"),
    ("BF519", W, "One measurement is primary"),
    # BF7xx: rules of one suite
    ("BF701", E, "A result of MLPerf follows from its log"),
    ("BF702", E, "A valid result of MLPerf's closed divisions reaches its targets"),
    ("BF703", E, "The seeds of an MLPerf run are those of its round"),
    ("BF704", W, "MLPerf power is measured over the least time of a run"),
    ("BF705", W, "What MLPerf published for a run is what its files give"),
    ("BF706", W, "A result of an MLPerf submission is whole"),
    ("BF707", E, "An MLPerf score is made from as many runs as its rules ask for"),
    ("BF708", W, "A result in a division of MLPerf is valid"),
    # BF9xx: safety limits
    ("BF901", E, "No path leads out of the package"),
    ("BF902", E, "No link leads out of the package"),
    ("BF903", E, "Nothing remote is referred to"),
    ("BF904", E, "Compressed data keeps within its size"),
    ("BF905", E, "The number of files is bounded"),
    ("BF906", E, "JSON is not nested too deep"),
    ("BF907", E, "Files, rows and cells are not too long"),
    ("BF908", W, "No cell is a spreadsheet formula"),
)

CODES: dict[str, Code] = {code: Code(code, severity, title) for code, severity, title in _TABLE}
SUBMISSION_ONLY = frozenset(f"BF5{number}" for number in range(11, 20)) | {"BF706", "BF708"}
RULE_SETS: dict[str, frozenset[str]] = {
    "core": frozenset(CODES) - SUBMISSION_ONLY,
    "submission": frozenset(CODES),
}
"""What `--rules` takes: the codes that a data set is held to."""


def page(code: str) -> str:
    """Return the page of a code as Markdown; raises KeyError for an unknown one."""
    if code not in CODES:
        raise KeyError(code)
    return (files("benchfmt.checks") / "pages" / f"{code}.md").read_text("utf-8")
