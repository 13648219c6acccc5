"""SQL over packages that lie somewhere: opened, asked, and closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa

from benchfmt.package.reading import Package, open_package
from benchfmt.package.sql import MEMORY, QueryError, answer


def query(
    packages: str | Path | Sequence[str | Path], sql: str, *, remote: bool = False
) -> pa.Table:
    """Return what a query over one or many packages gives, as an Arrow table; raises BenchfmtError.

    The tables are `records`, `measurements`, `systems` and `wide`; `package` in each is the path that was given.
    """
    several = [packages] if isinstance(packages, str | Path) else packages
    with answered(several, sql, remote=remote) as batches:
        return batches.read_all()


@contextmanager
def answered(
    packages: Sequence[str | Path],
    sql: str,
    *,
    remote: bool = False,
    memory: str = MEMORY,
    files: bool = False,
) -> Iterator[pa.RecordBatchReader]:
    """Give what `query` gives in batches, so that it need not fit into memory."""
    with ExitStack() as stack:
        opened: dict[str, Package] = {}
        for path in packages:
            name = str(path)
            if name in opened:
                raise QueryError(f"{name} is named twice: its rows would count twice")
            opened[name] = stack.enter_context(open_package(path, remote=remote))
        yield stack.enter_context(answer(opened, sql, memory=memory, files=files))
