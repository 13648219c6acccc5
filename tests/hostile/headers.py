"""Descriptors that say of a table's text what makes its header, or its encoding, without end."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.specimens import annotated, specimen


@specimen("a header of 100,000 rows", "conformant", statuses=(0,), is_large=True)
def header_of_many_rows(folder: Path) -> list[str]:
    rows = 100_000
    text = "ms\n" * rows + "1.5\n" * 1_000
    return _with_rows(folder, list(range(1, rows + 1)), text)


@specimen("a header of 60 rows of 900 KB", "BF907", is_large=True)
def header_of_long_rows(folder: Path) -> list[str]:
    rows = [",".join(f"{row}" + "m" * 100_000 for _ in range(9)) for row in range(60)]
    return _with_rows(folder, list(range(1, 61)), "\n".join([*rows, "1.5"]))


@specimen("1 MB that joins the two rows of a header of 9,000 columns", "BF907")
def header_of_a_long_join(folder: Path) -> list[str]:
    rows = [",".join(f"{row}{column}" for column in range(9_000)) for row in "ab"]
    text = "\n".join(rows) + "\n1.5\n"
    return _with_rows(folder, [1, 2], text, headerJoin="m" * 1_000_000)


def _with_rows(folder: Path, rows: list[int], text: str, **words: str) -> list[str]:
    annotated(folder, "t.csv", dialect={"headerRows": rows, **words})
    (folder / "t.csv").write_text(text, "utf-8")
    return ["validate", "."]


@specimen("a text that is said to be in Punycode, which takes as long as its square", "BF118")
def encoding_of_names_of_hosts(folder: Path) -> list[str]:
    annotated(folder, "t.csv", encoding="punycode")
    text = "ms,note\n1.5," + "a" * 500_000 + "-" + "zz9" * 100_000 + "\n"
    (folder / "t.csv").write_text(text, "utf-8")
    return ["validate", "."]
