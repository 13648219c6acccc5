"""Reports made by hand: what every format of a report has to cope with."""

from __future__ import annotations

from collections import Counter

from benchfmt.checks.catalogue import all_rule_sets
from benchfmt.finding import Finding, Severity
from benchfmt.validation.acknowledging import Acknowledged
from benchfmt.validation.places import Place
from benchfmt.validation.report import Report, Reports

STEERING = "\x1b[31m\u202eevil\x00"
MARKUP = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>]]>&amp;\"'`"
COMMANDS = "a\r\n::error file=b.py::100%, really: yes"


def finding(code: str, path: str, **more: object) -> Finding:
    """Return a finding with what is given; the rest is plain."""
    facts: dict[str, object] = {
        "severity": Severity.ERROR,
        "row": None,
        "column": None,
        "field": None,
        "message": "it is wrong",
    }
    return Finding(code=code, path=path, **(facts | more))  # type: ignore[arg-type]  # a few facts each


def reports() -> Reports:
    """Return the reports of a folder, a zip, JSON Lines with hostile texts, and a sound package."""
    core = all_rule_sets()["core"]
    folder = Report(
        core,
        "in/a",
        [
            finding(
                "BF301",
                "measurements.csv",
                row=3,
                column="value",
                message="accuracy 76.064 is above 1; a percent?",
                value="76.064",
                hint="0.76064 is the fraction",
                record="bf1-a",
            ),
            finding("BF511", "records.csv", severity=Severity.WARNING, count=40, rows=(1, 2, 3)),
        ],
        5,
        12,
        Counter({"BF301": 1_200}),
    )
    zipped = Report(core, "in/b c.zip", [finding("BF101", "records.csv", row=1, line=2)], 1, 1)
    hostile = Report(
        core,
        "in/::d.jsonl",
        [
            finding(
                "BF202",
                "::d.jsonl",
                row=7,
                field="measurements.0.metric",
                message=f"{text} is no metric",
                value=text,
                hint=f"not {text}",
                record=text,
                line=7,
                character=21,
                pointer="/measurements/0/metric",
            )
            for text in (STEERING, MARKUP, COMMANDS)
        ],
        3,
        9,
    )
    sound = Report(core, "in/e", [], 2, 4)
    place = Place("datapackage.json")
    sound.acknowledged.append(Acknowledged("BF407", f"as {MARKUP}", None, place, 3))
    sound.notes.append(f"BF526: {MARKUP}")
    every = [folder, zipped, hostile, sound]
    return Reports(core, every, len(every))


def rendered(name: str, given: Reports | None = None) -> str:
    """Return a report in a format, as one text."""
    from benchfmt.reports.formats import report_format

    return "".join(report_format(name).render(given or reports()))
