"""The reader of lines: what stands around them goes, what the program printed stays."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from tests.variants import ENCODINGS, WRAPPERS, wrapped

from benchfmt.converters import texts
from benchfmt.readers import encodings, lines
from benchfmt.readers.lines import Line

OWN = re.compile(r"Rate: |Time \(ms\): |\[[0-9/:-]{19}\] \[[IWE]\] |:::ML |[0-9]+\. round ")
PRINTED = (
    "Rate: 12.5 /s",
    "Time (ms): min = 1 <2>, max = 3 & 4",
    "[03/02/2026-09:15:12] [I] done: 5",
    ':::ML {"key": "a", "value": "x | y"}',
    "7. round **bold** `code`",
)
MORE = {
    "swarm": "svc.1.abc@node7    | ",
    "stern": "[ns/pod-1/runner] ",
    "azure": "2026-02-03T10:00:00.1234567Z ##[debug]",
    "gitlab": "2026-02-03T10:00:00.123456Z 00O ",
    "jenkins": "[2026-02-03T10:00:00.123Z] ",
    "dated rank": "Tue Feb  3 10:00:00 2026[1,3]<stdout>:",
    "torchrun": "[default0]:",
    "rank": "[rank3]: ",
    "hydra": "[0] ",
    "ray": "(Trainer pid=77, ip=10.0.0.3) ",
    "pdsh": "node07: ",
    "fabric": "[node07] out: ",
    "grep": "run/a.log:12:",
    "listing": "    12\t",
    "short-iso": "2026-02-03T10:00:00+0000 node7 bench[41]: ",
    "rfc 5424": "<13>1 2026-02-03T10:00:00.1Z node7 bench 41 - - ",
    "kernel": "[   12.345678] ",
    "glog": "I0203 10:00:00.123456 12345 main.cc:17] ",
    "tensorflow": "2026-02-03 10:00:00.123456: I tensorflow/core/x.cc:12] ",
    "loguru": "2026-02-03 10:00:00.123 | INFO     | pkg.mod:main:12 - ",
    "lower level": "2026-02-03T10:00:00Z [info] ",
    "dash": "INFO - ",
    "go": "2026/02/03 10:00:00 ",
    "clock": "[10:00:00] ",
    "epoch": "1770112800.123456 ",
    "quoted twice": "> > ",
    "bar": "│ ",
    "comment": "# ",
    "shell trace": "+ ",
    "list": "- ",
    "numbered list": "   1) ",
    "bash": "me@node7:~/x$ ",
    "powershell": "PS C:\\x> ",
    "lost escape": "[32m",
    "written escape": "^[[0;32m",
    "nested": "web-1  | [pod/a/b] 2026-02-03 10:00:00,1 - root - INFO - > ",
}


def given(source: Path | bytes | str) -> list[str]:
    """The texts of lines that say something."""
    return [line.text for line in lines.read(source, OWN) if line.text]


@pytest.mark.parametrize("name", WRAPPERS)
def test_no_wrapper_is_seen(name: str) -> None:
    found = given(wrapped("\n".join(PRINTED), name))
    assert [text for text in found if not text.startswith("```")] == list(PRINTED)


@pytest.mark.parametrize("prefix", MORE.values(), ids=MORE)
def test_no_prefix_is_seen(prefix: str) -> None:
    assert given("".join(f"{prefix}{text}\n" for text in PRINTED)) == list(PRINTED)


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("other", ("kubectl", "iso-time", "level", "quoted", "mpi", "cri"))
def test_two_wrappers_are_not_seen(name: str, other: str) -> None:
    found = given(wrapped(wrapped("\n".join(PRINTED), other), name))
    assert [text for text in found if not text.startswith("```")] == list(PRINTED)


@pytest.mark.parametrize("name", ENCODINGS)
def test_no_encoding_is_seen(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(ENCODINGS[name]("\n".join(PRINTED) + "\n"))
    found = given(tmp_path / "a.log")
    assert found[-len(PRINTED) :] == list(PRINTED)
    assert texts.text_of(tmp_path / "a.log").splitlines()[-len(PRINTED) :] == list(PRINTED)
    assert PRINTED[0] in texts.head(tmp_path / "a.log")


@pytest.mark.parametrize("end", ("\n", "\r\n", "\r", "\r\r\n"))
def test_every_line_end_ends_a_line(end: str) -> None:
    text = end.join([*PRINTED, ""])
    assert [(line.number, line.text) for line in lines.lines(text, OWN)] == [
        *enumerate(PRINTED, start=1)
    ]


def test_a_line_end_may_be_split_between_two_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\r\n".join(["Größe: ½", *PRINTED, "Rate: 5 €", ""])
    (tmp_path / "a.log").write_bytes(text.encode())
    whole = list(lines.lines(tmp_path / "a.log", OWN))
    for size in range(4, 60, 7):
        monkeypatch.setattr(encodings.blocks, "__defaults__", (size,))
        assert list(lines.lines(tmp_path / "a.log", OWN)) == whole
    assert [line.text for line in whole] == ["Größe: ½", *PRINTED, "Rate: 5 €"]


def test_a_progress_bar_and_what_is_typed_over_go() -> None:
    assert given("\r 10%\r 20%\rRate: 5 /s\nx|\b/\b-\bRate: 6 /s") == [
        " 10%",
        " 20%",
        "Rate: 5 /s",
        "xRate: 6 /s",
    ]


def test_pieces_of_a_line_are_joined_for_each_stream() -> None:
    at = "2026-02-03T10:00:00.1Z"
    text = f"{at} stdout P Ra\n{at} stderr F [W] hot\n{at} stdout P te: 1\n{at} stdout F 2.5 /s\n{at} stdout F\n"
    assert [line for line in lines.lines(text, OWN) if line.text] == [
        Line(2, "[W] hot"),
        Line(1, "Rate: 12.5 /s"),
    ]
    pieces = [
        {"log": "Ra", "stream": "stdout", "time": "t"},
        {"log": "te: 3\r\n", "stream": "stdout", "time": "t"},
    ]
    assert given("".join(json.dumps(piece) + "\n" for piece in pieces)) == ["Rate: 3"]


def test_other_json_logs_are_read() -> None:
    text = "".join(
        json.dumps(entry) + "\n"
        for entry in (
            {"timestamp": "t", "severity": "INFO", "message": PRINTED[0]},
            {"MESSAGE": [*PRINTED[1].encode()], "_PID": "12"},
            {"ts": 1, "level": "info", "msg": f"\x1b[1m{PRINTED[3]}\x1b[0m"},
        )
    )
    assert given(text) == [PRINTED[0], PRINTED[1], PRINTED[3]]


def test_json_of_the_program_itself_stays() -> None:
    own = re.compile(r'\{"message"')
    assert [line.text for line in lines.read('{"message": "x"}\n', own)] == ['{"message": "x"}']


def test_marks_around_a_line_go_with_it() -> None:
    text = '| Rate: 1 |\n**Rate**: 2\n**Rate: 3**\n`Rate: 4`\n"Rate: 5\\n",\n- *Rate: 6*\n<p>Rate: 7<br/>Rate: 8 &lt;</p>\n'
    expected = [
        "Rate: 1",
        "Rate: 2",
        "Rate: 3",
        "Rate: 4",
        "Rate: 5",
        "Rate: 6",
        "Rate: 7",
        "Rate: 8 <",
    ]
    assert given(text) == expected


def test_the_own_start_of_a_line_stays_whatever_it_looks_like() -> None:
    own = re.compile(r"\[INFO\] |[0-9]+: |> |web-1 \| |2026-02-03 ")
    text = "[INFO] a\n0: b\n> c\nweb-1 | d\n2026-02-03 10:00:00 e\n"
    assert [line.text for line in lines.lines(text, own)] == text.splitlines()


def test_lines_that_nobody_knows_lose_what_most_lines_carry() -> None:
    found = given(
        "2026-02-03 10:00:00 Rate: 1\n2026-02-03 10:00:01 Oh no\n10:00 stays\n2026-02-03 Rate too\n"
    )
    assert found == ["Rate: 1", "Oh no", "10:00 stays", "2026-02-03 Rate too"]
    assert given("Rate: 1\nRate: 2\n> Rate: 3\n> not ours\n") == [
        "Rate: 1",
        "Rate: 2",
        "Rate: 3",
        "> not ours",
    ]
    assert given("[1,0]<stderr>:Oh no\n") == ["Oh no"]


def test_words_in_prose_are_not_found() -> None:
    for prose in ("We got a Rate: 5 /s", "The Rate: 5", "x Rate: 5", "best Time (ms): 1"):
        assert given(prose) == [prose]


def test_what_several_print_at_once_is_put_apart() -> None:
    text = "".join(
        f"[1,{rank}]<stdout>:Rate: {rank}{step}\n" for step in range(3) for rank in range(2)
    )
    found = lines.read(text, OWN)
    assert [line.text for line in found] == [
        f"Rate: {rank}{step}" for rank in range(2) for step in range(3)
    ]
    assert [line.number for line in found] == [1, 3, 5, 2, 4, 6]
    pods = "".join(f"[pod/{pod}/c] Rate: {pod}{step}\n" for step in range(2) for pod in "ab")
    assert given(pods) == ["Rate: a0", "Rate: a1", "Rate: b0", "Rate: b1"]


def test_numbers_of_lines_are_no_ranks() -> None:
    listing = "".join(f"{number}: Rate: {number}\n" for number in range(1, 12))
    assert given(listing + listing) == [f"Rate: {number}" for number in range(1, 12)] * 2


def test_text_keeps_the_numbers_of_lines() -> None:
    at = "2026-02-03T10:00:00.1Z stdout"
    assert lines.text(f"{at} P Rat\n{at} F e: 1\n{at} F Rate: 2\n", OWN).split("\n") == [
        "Rate: 1",
        "",
        "Rate: 2",
        "",
    ]
    assert lines.text("", OWN) == ""


def test_a_cut_character_is_left_away_and_another_encoding_is_not() -> None:
    euro = "Rate: 5 €".encode()
    assert [encodings.decoded(euro[:-cut]) for cut in (1, 2)] == ["Rate: 5 ", "Rate: 5 "]
    assert encodings.decoded(euro[-2:] + b" 7") == " 7"
    assert encodings.decoded("größer".encode("latin-1")) == "größer"
    assert encodings.decoded(b"caf\xe9 \x80 5") == "café € 5"
    assert encodings.decoded("größe ".encode() + "größe".encode("latin-1")) == "größe größe"
    assert encodings.decoded("Rate: ½".encode("utf-16-le")[:-1]) == "Rate: "


def test_a_log_may_begin_with_nuls(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\0" * 70_000 + b"Rate: 5\nRa\0te: 6\n")
    assert given(tmp_path / "a.log") == ["Rate: 5", "Rate: 6"]
    assert texts.head(tmp_path / "a.log", 2**16).startswith("Rate: 5")


def test_binary_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(bytes(range(256)) * 20)
    assert texts.head(tmp_path / "a.log") == ""
    assert encodings.is_binary(b"\x7fELF\x02\x01\x01" + b"\0" * 40)
    assert not encodings.is_binary(b"")


def test_large_files_are_looked_at_cheaply() -> None:
    assert lines.can_stand(b":::MLLOG {\n")
    assert lines.can_stand(b'{"key": "value", "log_of": 5}\n')
    assert lines.can_stand(b"")
    assert not lines.can_stand("Rate: 5 /s\n".encode("utf-16-le"))
    assert not lines.can_stand(b'{"log":":::MLLOG {\\"key\\"","stream":"stdout","time":"t"}\n{')


def test_no_line_costs_more_than_its_length() -> None:
    """Each of these once made a pattern go back and forth."""
    for piece in (
        "a",
        " ",
        "[",
        "(",
        "[[",
        "1",
        "-",
        "a-1.",
        "> ",
        "<",
        "a@",
        "@a ",
        "\t",
        "*",
        "{",
        '"',
        "2026-02-03",
        "INFO:",
    ):
        began = time.process_time()
        given((piece * (200_000 // len(piece)) + "\n") * 5)
        assert time.process_time() - began < 5, piece


def test_a_line_is_cut_at_the_limit() -> None:
    limits = lines.LIMITS.__class__(row_bytes=10)
    assert [line.text for line in lines.lines("Rate: 5" + "0" * 90 + "\nRate: 6", OWN, limits)] == [
        "Rate: 5000",
        "Rate: 6",
    ]
