"""Texts of strangers are searched for words in time that grows with their length, and not with its square."""

from __future__ import annotations

import re
import time

import pytest

from benchfmt.converters import ort_profile
from benchfmt.converters.ai_benchmark import retyped
from benchfmt.converters.mlperf.published import scores
from benchfmt.converters.openml import software
from benchfmt.converters.openvino import log
from benchfmt.readers.trtexec import kind_of

SEARCHED = [
    (software._PINNED, "a"),
    (software._PINNED, "a "),
    (retyped._PIN, "a"),
    (scores._NAMED_SCORE, "a"),
    (scores._NAMED_SCORE, "a "),
    (log._LATENCY, "9"),
    (log._SAYS_NUMBER, "9"),
]


@pytest.mark.parametrize(("pattern", "unit"), SEARCHED)
def test_a_long_text_is_soon_searched(pattern: re.Pattern[str], unit: str) -> None:
    begin = time.process_time()
    assert pattern.findall(unit * 40_000) == []
    assert time.process_time() - begin < 5


def test_a_beginning_of_blanks_is_soon_known() -> None:
    blanks = " " * 65_536
    begin = time.process_time()
    assert ort_profile._HEAD.match(blanks) is None
    assert kind_of(blanks) is None
    assert time.process_time() - begin < 5
