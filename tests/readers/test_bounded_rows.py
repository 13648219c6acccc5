"""Tables that are read row by row have so long lines; those that are held as a whole have so many rows."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from benchfmt import convert
from benchfmt.limits import Limits
from benchfmt.readers.bounded_rows import HeldRows, short_lines
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets import markup

FIXTURES = Path(__file__).parents[1] / "fixtures"


def test_lines_are_given_with_their_ends_and_one_that_is_too_long_is_refused() -> None:
    text = "a,b\r\nc\rd\n\ne"
    found = list(short_lines(io.StringIO(text, newline=""), Limits(row_bytes=5)))
    assert "".join(found) == text
    with pytest.raises(UnsafeError, match="longer than 4 characters") as told:
        list(short_lines(io.StringIO(text, newline=""), Limits(row_bytes=4)))
    assert told.value.code == "BF907"


def test_rows_are_held_up_to_a_number_and_a_weight() -> None:
    held = HeldRows(Limits(file_results=2))
    held.add(["a"])
    held.add(["a"])
    with pytest.raises(UnsafeError, match="file_results"):
        held.add(["a"])
    held = HeldRows(Limits(log_bytes=2_000))
    held.add(["x" * 1_000])
    with pytest.raises(UnsafeError, match="log_bytes"):
        held.add(["x" * 1_000])


@pytest.mark.parametrize(
    ("path", "limits", "words"),
    [
        ("mlperf_published/v6.0.csv", Limits(file_results=2), "more than 2 rows"),
        ("mlperf_published/summary_results.json", Limits(file_results=1), "more than 1 rows"),
        (
            "mlperf_training/hpc_results_v2.0/Fiction+Lab/result_summarizer.csv",
            Limits(row_bytes=100),
            "a line is longer than 100 characters",
        ),
    ],
)
def test_a_published_table_beyond_the_limits_is_refused_in_words(
    tmp_path: Path, path: str, limits: Limits, words: str
) -> None:
    shutil.copy(FIXTURES / path, tmp_path)
    conversion = convert(tmp_path, limits=limits)
    assert not list(conversion)
    assert words in str(conversion.account.to_dict())


def test_the_tables_of_a_text_have_so_many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "CELLS", 4)
    table = "|a|b|\n|-|-|\n"
    [read] = markup.markdown_tables(table + "|1|**2**|\n|3|4|\n")
    assert read.rows == [["a", "b"], ["1", "2"], ["3", "4"]]
    with pytest.raises(UnsafeError, match="more than 4 cells") as told:
        markup.markdown_tables(table + "|1|2|\n" * 3)
    assert told.value.code == "BF907"
