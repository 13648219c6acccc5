"""SQL over packages that lie somewhere: opened, asked, and closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa

from benchfmt.finding import BenchfmtError
from benchfmt.package.errors import PackageError
from benchfmt.package.ranges import RangedPackage, open_ranged
from benchfmt.package.reading import Package, open_package
from benchfmt.package.remote import is_url
from benchfmt.package.sql import MEMORY, QueryError, Tables, answer, names_wide


def query(
    packages: str | Path | Sequence[str | Path],
    sql: str,
    *,
    remote: bool = False,
    memory: str = MEMORY,
    files: bool = False,
) -> pa.Table:
    """Return what a query over one or many packages gives, as an Arrow table; raises BenchfmtError.

    The tables are `records`, `measurements`, `systems` and `wide`; `package` in each is the path that was given. What
    exceeds `memory` lies in temporary files. With `files` a query of yours reads other files too.
    """
    several = [packages] if isinstance(packages, str | Path) else packages
    with answered(several, sql, remote=remote, memory=memory, files=files) as batches:
        return batches.read_all()


@contextmanager
def answered(
    packages: Sequence[str | Path],
    sql: str,
    *,
    remote: bool = False,
    memory: str = MEMORY,
    files: bool = False,
    may_leave_out: Collection[str] = (),
    leave_out: Callable[[str], None] | None = None,
) -> Iterator[pa.RecordBatchReader]:
    """Give what `query` gives in batches, so that it need not fit into memory.

    A package that cannot be read is an error; one of `may_leave_out` is left out, and `leave_out` is told which and why.
    """
    with ExitStack() as stack:
        opened: dict[str, Tables] = {}
        for path in packages:
            name = str(path)
            if name in opened:
                raise QueryError(f"{name} is named twice: its rows would count twice")
            try:
                package = _opened(path, remote=remote, sql=sql)
                stack.callback(package.close)
                if name in may_leave_out:
                    _check_tables(package)
            except BenchfmtError as error:
                reason = str(error) if name in str(error) else f"{name}: {error}"
                if leave_out is None or name not in may_leave_out:
                    raise PackageError(reason) from error
                leave_out(reason)
            else:
                opened[name] = package
        if not opened:
            raise QueryError("no package can be read")
        yield stack.enter_context(answer(opened, sql, memory=memory, files=files))


def _check_tables(package: Package | RangedPackage) -> None:
    """Raise BenchfmtError where a table of a package cannot be read, as far as its beginning tells."""
    if isinstance(package, Package):
        for table, column in (("records", "id"), ("measurements", "record_id"), ("systems", "id")):
            next(package.batches(table, only=(column,)), None)


def _opened(path: str | Path, *, remote: bool, sql: str) -> Package | RangedPackage:
    """Open a package; of a remote one only what the query reads is fetched, where that can be."""
    if remote and is_url(path) and not names_wide(sql):
        ranged = open_ranged(str(path))
        if ranged is not None:
            return ranged
    return open_package(path, remote=remote)
