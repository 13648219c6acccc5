"""YAML of strangers: what is read, and what would take for ever or all memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchfmt.readers import yamls

SOUND = "a: 1.50\nb: [1, 2, {c: yes}]\nd: 2020-01-01\n"


def test_scalars_stay_text_unless_values_are_asked_for() -> None:
    assert yamls.parse(SOUND) == {"a": "1.50", "b": ["1", "2", {"c": "yes"}], "d": "2020-01-01"}
    values = yamls.parse("a: 1.5\nb: [1, yes]\n", values=True)
    assert values == {"a": 1.5, "b": [1, True]}


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, "nested deeper than 50 levels"),
        ("{a: " * 50_000, "nested deeper than 50 levels"),
        ("- " * 200_000 + "x", "nested deeper than 50 levels"),
        ("[" * 51 + "]" * 51, "nested deeper than 50 levels"),
        ("x: &a 1\ny: *a", "references"),
        ("a: [1, 2", "at line 1"),
        ("a: 1\n\tb: 2", "at line 2"),
        ("x" * (yamls.MOST_BYTES + 1), "more than 1048576 bytes"),
    ],
)
def test_what_is_not_read_is_refused_at_once(text: str, reason: str, values: bool) -> None:
    with pytest.raises(yamls.YamlError, match=reason):
        yamls.parse(text, values=values)


def test_fifty_levels_are_read() -> None:
    assert yamls.parse("[" * 50 + "]" * 50) is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("name: Bücher\nsize: 10\n".encode(encoding))
    assert yamls.read(path) == {"name": "Bücher", "size": "10"}


def test_the_data_of_equal_texts_are_not_the_same_objects() -> None:
    first = yamls.parse("a: {b: [1, 2]}\n")
    assert isinstance(first, dict)
    first["a"] = None
    assert yamls.parse("a: {b: [1, 2]}\n") == {"a": {"b": ["1", "2"]}}


def test_values_and_texts_of_one_file_are_kept_apart() -> None:
    assert yamls.parse("a: 1\n") == {"a": "1"}
    assert yamls.parse("a: 1\n", values=True) == {"a": 1}
    assert yamls.parse("a: 1\n") == {"a": "1"}
