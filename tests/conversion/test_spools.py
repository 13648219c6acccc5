"""What workers leave for the process that asked: the same packets, in a file without what is empty."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from benchfmt import convert
from benchfmt.arrays import TEXT_CODES, nulls
from benchfmt.running import Packet, read
from benchfmt.running.clusters import _listed
from benchfmt.running.spools import Spooling
from benchfmt.running.units import Chunk

SAMPLE = Path("examples/lpdnn")


def _chunks(source: Path = SAMPLE) -> list[Chunk]:
    """Return the units as workers get them."""
    return list(convert(source)._plan.units.chunks())


def _columns(packet: Packet) -> list[tuple[str, str, pa.DataType, list[object]]]:
    return [
        (name, field.name, field.type, table[field.name].to_pylist())
        for name, table in packet.tables.batch.tables()
        for field in table.schema
    ]


@pytest.mark.parametrize("can_map", [True, False])
def test_packets_come_back_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_map: bool
) -> None:
    monkeypatch.setattr("benchfmt.running.spools._CAN_MAP", can_map)
    seen = 0
    for chunk in _chunks():
        spool = Spooling(str(tmp_path))(chunk)
        for there, here in zip(spool, read(chunk), strict=True):
            seen += len(here.tables)
            assert there.entries == here.entries
            assert _columns(there) == _columns(here)
            assert there.tables.system_ids == here.tables.system_ids
            for name in ("ids", "contents", "sizes", "systems", "owners", "forms"):
                told, meant = getattr(there.tables, name), getattr(here.tables, name)
                assert told.dtype == meant.dtype
                assert told.tolist() == meant.tolist()
            (file,) = tmp_path.iterdir()
        del there
        assert not file.exists()
    assert seen == 103


def test_what_travels_comes_back_as_it_was() -> None:
    for chunk in _chunks():
        there = pickle.loads(pickle.dumps(_listed(chunk)))  # noqa: S301 - made here a moment before
        for packet, here in zip(there, read(chunk), strict=True):
            assert packet.entries == here.entries
            assert _columns(packet) == _columns(here)


@pytest.mark.parametrize("can_map", [True, False])
def test_another_process_finds_a_packet_again_until_nothing_here_refers_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_map: bool
) -> None:
    monkeypatch.setattr("benchfmt.running.spools._CAN_MAP", can_map)
    (chunk, *_) = _chunks()
    packet = next(iter(Spooling(str(tmp_path))(chunk)))
    expected = _columns(packet)
    place = packet.place
    del packet
    there = pickle.loads(pickle.dumps(place))  # noqa: S301 - made here a moment before
    assert _columns(there.packet()) == expected
    del there
    assert _columns(place.packet()) == expected  # type: ignore[union-attr]  # it lies in a file
    del place
    assert not list(tmp_path.iterdir())


def test_a_packet_outlives_its_file(tmp_path: Path) -> None:
    (chunk, *_) = _chunks()
    packets = list(Spooling(str(tmp_path))(chunk))
    assert _columns(packets[0]) == _columns(next(read(chunk)))


def test_what_is_empty_takes_no_room(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    fields = [
        {"name": "model", "type": "string", "benchfmt": {"field": "model.name"}},
        {"name": "ms", "type": "number", "benchfmt": {"metric": "latency", "unit": "ms"}},
    ]
    resource = {"name": "t", "path": "t.csv", "schema": {"fields": fields}}
    (source / "datapackage.json").write_text(json.dumps({"name": "t", "resources": [resource]}))
    rows = [f"m{number},{number}.5" for number in range(5_000)]
    (source / "t.csv").write_text("\n".join(["model,ms", *rows]))
    (chunk,) = _chunks(source)
    spool = Spooling(str(tmp_path))(chunk)
    laid_out = sum(
        table.nbytes for packet in read(chunk) for _, table in packet.tables.batch.tables()
    )
    assert spool.path.stat().st_size < laid_out / 2


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.int64(), pa.float64(), pa.bool_(), TEXT_CODES, pa.int32(), pa.date32()]
)
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100_000])
def test_nothing_is_null_in_every_type(kind: pa.DataType, count: int) -> None:
    cells = nulls(count, kind)
    cells.validate(full=True)
    assert cells.equals(pa.nulls(count, kind))
    assert cells.null_count == count
