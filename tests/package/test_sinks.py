"""Writing a table: its thread and its file end together, whatever interrupts them."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa

from benchfmt.sinks import SYSTEMS_GROUP, Sink
from benchfmt.tables import table_of


class SlowSink(Sink):
    """A sink whose group is not written until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "systems")
        self.began = threading.Event()
        self.go = threading.Event()
        self.events: list[str] = []

    def flush(self, part: pa.Table) -> None:
        self.began.set()
        assert self.go.wait(30)
        self.events.append(f"wrote {part.num_rows}")

    def release(self) -> None:
        self.events.append("closed")


def full(sink: Sink) -> pa.Table:
    rows = [{"id": f"system-{number}"} for number in range(SYSTEMS_GROUP)]
    return sink.stored(table_of("systems", rows))


def forget_thread(sink: Sink) -> None:
    """Leave the pool as an interrupt during the start of its thread does: the thread runs, the pool knows none."""
    sink._thread._threads.clear()


def test_a_file_is_not_closed_under_the_thread_that_writes_it(tmp_path: Path) -> None:
    sink = SlowSink(tmp_path / "systems.parquet")
    sink.write(full(sink))
    assert sink.began.wait(30)
    forget_thread(sink)

    closing = threading.Thread(target=sink.abandon)
    closing.start()
    closing.join(0.2)
    assert sink.events == []
    sink.go.set()
    closing.join(30)

    assert sink.events == [f"wrote {SYSTEMS_GROUP}", "closed"]


def test_a_group_whose_turn_comes_after_the_end_is_not_written(tmp_path: Path) -> None:
    sink = SlowSink(tmp_path / "systems.parquet")
    sink.go.set()
    sink.abandon()
    sink._flush_apart(full(sink))
    assert sink.events == ["closed"]
