"""`describe --ask`: questions with their possible answers, which may be skipped."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchfmt import BenchfmtError, validate
from benchfmt.cli.commands import app
from benchfmt.describing import Description, describe_sources, draft_sources, tables_at
from benchfmt.describing.asking import Asked, Describer, ask
from benchfmt.drafting import Said

TABLE = (
    "Box,Model,Latency,Power,Size,extra\nOrin,resnet50,4.2,9,224,a\nNano,resnet50,8.8,11,224,b\n"
)


class Scripted:
    """A person who answers by the beginning of a question, and skips what nobody told about."""

    def __init__(self, *answers: tuple[str, str]) -> None:
        self.answers = list(answers)
        self.questions: list[Asked] = []
        self.refusals: list[str] = []

    def answer(self, question: Asked) -> str | None:
        self.questions.append(question)
        for place, (beginning, answer) in enumerate(self.answers):
            if question.text.startswith(beginning):
                del self.answers[place]
                return answer
        return None

    def refuse(self, reason: str) -> None:
        self.refusals.append(reason)


def asked(path: Path, person: Scripted) -> Description:
    sources = tables_at([path])
    tables = Describer(
        lambda said: draft_sources(sources, None, said, None),
        lambda said: describe_sources(sources, None, said, None),
    )
    return ask(tables, Said(), person, sources.heads)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    return path


def columns(made: Description) -> dict[str, Any]:
    resources: Any = made.descriptor["resources"]
    return {field["name"]: field.get("benchfmt") for field in resources[0]["schema"]["fields"]}


def test_answers_make_a_descriptor_that_a_submission_accepts(table: Path) -> None:
    person = Scripted(
        ("Which suite", "lab:speed"),
        ("Column 'Box'", "system.name"),
        ("Column 'Latency'", "ms"),
        ("Column 'Power'", "W is right"),
        ("Column 'Size'", "leave it out"),
        ("Which column is the headline", "Latency"),
        ("provenance.license", "CC-BY-4.0"),
        ("provenance.submitter", "A lab"),
        ("provenance.measured_at", "2026-01-12"),
        ("task", "image-classification"),
        ("software.engine", "ONNX Runtime"),
        ("benchmark.phase", "inference"),
    )
    made = asked(table, person)
    assert person.refusals == []
    assert columns(made) == {
        "Box": {"field": "system.name"},
        "Model": {"field": "model.name"},
        "Latency": {"metric": "latency", "unit": "ms", "primary": True},
        "Power": {
            "metric": "power",
            "unit": "W",
            "caveats": ["unit-inferred"],
            "confirmed": "the person who described the table",
        },
        "Size": {"ignore": True},
        "extra": None,
    }
    (table.parent / "datapackage.json").write_text(json.dumps(made.descriptor))
    report = validate(table.parent, "submission")
    assert report.ok, report.findings
    assert not report.warnings


def test_every_question_may_be_skipped_and_is_asked_once(table: Path) -> None:
    person = Scripted()
    made = asked(table, person)
    keys = [question.key for question in person.questions]
    assert len(keys) == len(set(keys))
    sources = tables_at([table])
    assert made.descriptor == describe_sources(sources).descriptor


def test_what_an_answer_opens_is_asked_too(table: Path) -> None:
    person = Scripted(("Column 'extra'", "memory"), ("Column 'Box'", "system.name"))
    table.write_text(TABLE.replace(",a\n", ",412\n").replace(",b\n", ",530\n"))
    asked(table, person)
    assert [q.text for q in person.questions if q.key == "unit extra"] == [
        "Column 'extra' (412, 530): in which unit?"
    ]


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("Column 'Latency'", "parsec", "is not a unit"),
        ("Column 'Box'", "latencyy", "did you mean 'latency'"),
        ("Column 'Box'", "model.colour", "is no field of a record"),
        ("task", "image-clasification", "did you mean 'image-classification'"),
        ("Which column is the headline", "Box", "is no measured column"),
        ("provenance.measured_at", "yesterday", "provenance.measured_at"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_asked_again(
    table: Path, question: str, answer: str, words: str
) -> None:
    person = Scripted((question, answer))
    asked(table, person)
    [refusal] = person.refusals
    assert words in refusal
    texts = [item.text for item in person.questions if item.text.startswith(question)]
    assert len(texts) >= 2


def test_a_doubt_about_digits_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model;Zeit (ms);Leistung (W)\na;1.024;3,5\nb;2.048;4,5\n")
    person = Scripted(
        ("Column 'Zeit (ms)'", "the comma is the decimal mark"), ("Column 'Zeit (ms)'", "latency")
    )
    made = asked(path, person)
    resources: Any = made.descriptor["resources"]
    assert resources[0]["schema"]["fields"][1]["groupChar"] == "."


def test_without_a_terminal_the_options_are_named(table: Path) -> None:
    result = CliRunner().invoke(app, ["describe", str(table), "--ask"])
    assert isinstance(result.exception, BenchfmtError)
    assert "--constant, --unit, --field" in str(result.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_person_at_a_terminal_is_asked(table: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "benchfmt", "describe", str(table), "--ask"]
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = _talk(leader, [b"lab:speed", b"system.name"])
        assert process.wait(60) == 0
    os.close(leader)
    assert "Column 'Box' (Orin, Nano): 'box' is not understood" in shown
    assert "1 s is right" in shown
    assert "written: " in shown
    written = json.loads((table.parent / "datapackage.json").read_text())
    assert written["resources"][0]["schema"]["fields"][0]["benchfmt"] == {"field": "system.name"}


def _talk(leader: int, answers: list[bytes]) -> str:
    """Answer the first questions on a terminal, skip the others, and return all that was shown."""
    shown = b""
    since = b""
    while True:
        ready, _, _ = select.select([leader], [], [], 60)
        assert ready, shown
        try:
            read = os.read(leader, 4096)
        except OSError:  # the process has ended
            return shown.decode()
        if not read:
            return shown.decode()
        shown += read
        since += read
        if since.endswith(b"): "):
            since = b""
            answer = answers.pop(0) if answers else b""
            os.write(leader, answer + b"\n")
