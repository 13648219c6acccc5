"""How large the texts of Parquet are once each is written out, however few words its pages hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchfmt.limits import LIMITS
from benchfmt.package import parquet_frames
from benchfmt.package.parquet import TEXT_LENGTHS, _Sizes

WORDS = ["ab", "x" * 5_000, None, "é" * 30, "a" * 13]


def _written(place: Path, writer: str, *, is_dictionary: bool) -> Path:
    cells = [WORDS[row % len(WORDS)] for row in range(4_000)]
    table = pa.table({"unit": pa.array(cells, pa.string())})
    path = place / "texts.parquet"
    if writer == "arrow":
        pq.write_table(table, path, use_dictionary=is_dictionary, row_group_size=1_000)
    else:
        pl.DataFrame(pl.from_arrow(table)).write_parquet(path, row_group_size=1_000)
    return path


def _bytes(cells: pl.Series) -> int:
    return int(cells.str.len_bytes().cast(pl.Int64).sum())


@pytest.mark.parametrize("writer", ["arrow", "polars"])
@pytest.mark.parametrize("is_dictionary", [True, False])
def test_a_column_takes_the_bytes_of_all_its_texts(
    tmp_path: Path, writer: str, *, is_dictionary: bool
) -> None:
    path = _written(tmp_path, writer, is_dictionary=is_dictionary)
    whole = pl.scan_parquet(path).slice(300, 3_000).collect()["unit"]
    columns = [
        whole,
        whole.slice(77, 1_500),
        whole.rechunk().slice(5, 11),
        whole.filter(whole.is_not_null()),
        whole.set(whole == "ab", None),
        pl.concat([whole, whole.head(7)]),
    ]
    for cells in columns:
        sizes = _Sizes.of(cells.to_frame(), LIMITS)
        assert sizes.bytes == 8 * len(cells) + _bytes(cells)


@pytest.mark.parametrize(("limit", "longest"), [(4_999, 5_000), (2_000, 5_000)])
def test_the_longest_text_is_told_where_it_is_too_long(
    tmp_path: Path, limit: int, longest: int
) -> None:
    path = _written(tmp_path, "arrow", is_dictionary=True)
    limits = replace(LIMITS, row_bytes=limit)
    given = [found for _, found in parquet_frames(path, 1_000, {}, (), limits)]
    assert given == [longest] * 4


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", None])
@pytest.mark.parametrize("compression", ["NONE", "ZSTD", "SNAPPY"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_long_text_is_told_however_few_bytes_of_it_are_written(
    tmp_path: Path, encoding: str | None, compression: str, version: str
) -> None:
    limits = replace(LIMITS, row_bytes=4_000)
    texts = ["x" * size for size in (3_999, 4_000, 4_001)]
    found = {}
    for last in texts:
        path = tmp_path / "texts.parquet"
        pq.write_table(
            pa.table({"unit": ["x" * 3_998, last, "y"]}),
            path,
            use_dictionary=encoding is None,
            column_encoding=None if encoding is None else {"unit": encoding},
            compression=compression,
            data_page_version=version,
        )
        ((_, longest),) = parquet_frames(path, 1_000, {}, (), limits)
        found[len(last)] = longest > limits.row_bytes
    assert found == {3_999: False, 4_000: False, 4_001: True}


def test_texts_that_are_not_too_long_are_told_as_no_longer_than_the_limit(tmp_path: Path) -> None:
    path = _written(tmp_path, "arrow", is_dictionary=True)
    limits = replace(LIMITS, row_bytes=5_000)
    for frame, found in parquet_frames(path, 1_000, {}, (), limits):
        assert frame.select(TEXT_LENGTHS).to_series().max() <= found <= limits.row_bytes


def test_categories_are_measured_as_the_texts_that_they_are() -> None:
    cells = pl.Series("unit", WORDS * 10, dtype=pl.Categorical)
    sizes = _Sizes.of(cells.to_frame(), replace(LIMITS, row_bytes=100))
    assert sizes == _Sizes(8 * 50 + 10 * (2 + 5_000 + 60 + 13), 5_000)
