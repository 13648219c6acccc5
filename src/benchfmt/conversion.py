"""Conversion: runs converters over sources and accounts for every file and row.

Seen = primary + supporting + skipped + failed, for files; seen = converted + skipped + failed, for rows.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchfmt.accounting import Account, FileEntry
from benchfmt.converters.base import Converter, Failed, Item, Match, Part, Skipped, Source, Unit, load, names
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.identity import canonical, identified
from benchfmt.package import PackageError, PackageWriter, check_replaceable
from benchfmt.record import Record
from benchfmt.sinks import Format
from benchfmt.tables import TERM_COLUMNS, Batch, from_rows, system_from_row, to_batch
from benchfmt.vocabulary import vocabulary

RECORDS_PER_BATCH = 2_000
_CLASH = "the system {!r} is described in another way by an earlier source; convert them into packages of their own"
_TERM_COLUMNS = {table: tuple(TERM_COLUMNS[table]) for table in ("records", "measurements")}
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class _Job:
    """A unit and the converter that reads it."""

    converter: str
    unit: Unit
    source: Source


class Conversion:
    """A conversion ready to run: iterate it for records, or write it as a package."""

    def __init__(self, jobs: list[_Job], ledger: dict[Path, FileEntry], limits_jobs: int = 1) -> None:
        """Take the planned work and an entry for every file seen."""
        self._jobs = jobs
        self._ledger = ledger
        self._processes = limits_jobs
        self._declared: dict[str, Any] = {}
        self.account = Account(files=list(ledger.values()))

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, filling the account."""
        for batch in self.batches():
            yield from batch_records(batch)

    def batches(self, progress: Progress | None = None) -> Iterator[Batch]:
        """Yield the converted tables in the order of the sources, filling the account."""
        for entry in self._ledger.values():
            for name in ("rows", "converted", "skipped", "failed", "records", "measurements", "duplicates"):
                setattr(entry, name, 0)
            entry.details = []
        self.account.findings.clear()
        # Records that are there already in our own form and their tables can meet only where both are converted.
        mixed = len({job.converter == "records" for job in self._jobs}) > 1
        run = _Run(self._ledger, self.account, _suspects(self._jobs), mixed=mixed)
        for index, (job, items) in enumerate(_items(self._jobs, self._processes)):
            if progress:
                progress(index, len(self._jobs), job.unit.path.name)
            yield from run.batches(job, items)
        if progress:
            progress(len(self._jobs), len(self._jobs), "")
        self.account.findings.sort()

    def write(
        self,
        path: str | Path,
        *,
        format: Format = "parquet",  # noqa: A002 - the word users know
        extra: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Account:
        """Write everything as one package and return the account; a stop leaves no half package."""
        self._spare_sources(Path(path))
        used = _Prefixes()
        with PackageWriter(path, format=format, extra=extra) as writer:
            for batch in self.batches(progress):
                used.see(batch)
                writer.write(batch)
            writer.prefixes = used.declared(self._declared)
        return self.account

    def _spare_sources(self, place: Path) -> None:
        """Refuse a target that would replace a source, unless it is a package of our own that is written anew."""
        target = place.resolve()
        inside = [path for path in self._ledger if target == path.resolve() or target in path.resolve().parents]
        if inside:
            try:
                check_replaceable(place)
            except PackageError as error:
                raise BenchfmtError(
                    f"{place} holds what is converted ({inside[0]}); name a folder outside of the sources"
                ) from error

    def declare(self, prefixes: Mapping[str, Any]) -> None:
        """Add prefix declarations that the sources carry, for the package's descriptor."""
        for name, said in prefixes.items():
            before = self._declared.get(name, {})
            metrics = {**before.get("metrics", {}), **said.get("metrics", {})}
            self._declared[name] = {**before, **said, **({"metrics": metrics} if metrics else {})}


def convert(
    source: str | Path | Iterable[str | Path],
    converter: str | None = None,
    *,
    jobs: int = 1,
    **options: str,
) -> Conversion:
    """Plan the conversion of files or folders; raises BenchfmtError for a source that is not there.

    `converter` names the family; without it every installed one is asked, and each file goes to the one that is surest.
    """
    sources = [source] if isinstance(source, str | Path) else list(source)
    planned: list[_Job] = []
    ledger: dict[Path, FileEntry] = {}
    conversion = Conversion(planned, ledger, jobs)
    for place in sources:
        root = Path(place)
        if not root.exists():
            raise BenchfmtError(f"{root} is not there")
        _plan(Source(root), converter, options, planned, ledger, conversion, several=len(sources) > 1)
    conversion.account.files = list(ledger.values())
    if not planned and not conversion.account.count("failed"):
        tried = converter or ", ".join(names())
        seen = f"{len(ledger)} file{'' if len(ledger) == 1 else 's'}"
        other = [f"; {e.path}: {e.reason}" for e in ledger.values() if not str(e.reason).startswith("not recognised")]
        raise BenchfmtError(
            f"nothing to convert in {', '.join(map(str, sources))}: {seen} seen, none recognised (tried: {tried})"
            f"{''.join(other[:3])}; for a table of your own see `benchfmt describe`"
        )
    return conversion


def detect(source: Source, stopped: dict[str, str] | None = None) -> list[tuple[str, Match]]:
    """Return the converters that fit a source, the surest first; `stopped` is told which ones could not look at it."""
    found = []
    for name in names():
        try:
            match = load(name).detect(source)
        except BenchfmtError:
            raise
        except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
            (stopped if stopped is not None else {})[name] = _stopped(name, error)
            continue
        if match:
            found.append((name, match))
    return sorted(found, key=lambda item: (-item[1].sureness, item[0]))


def batch_records(batch: Batch) -> Iterator[Record]:
    """Yield the records that a batch of tables holds."""
    systems = {row["id"]: row for row in batch.systems.to_pylist()}
    measurements: dict[str, list[dict[str, Any]]] = {}
    for row in batch.measurements.to_pylist():
        measurements.setdefault(row["record_id"], []).append(row)
    for row in batch.records.to_pylist():
        yield Record.from_dict(from_rows(row, systems.get(row["system_id"] or ""), measurements.get(row["id"], ())))


def _plan(
    source: Source,
    wanted: str | None,
    options: Mapping[str, str],
    jobs: list[_Job],
    ledger: dict[Path, FileEntry],
    conversion: Conversion,
    *,
    several: bool,
) -> None:
    prefix = f"{source.root.name}/" if several and source.root.is_dir() else ""
    for path in source.files:
        ledger.setdefault(path, FileEntry(prefix + source.relative(path)))
    stopped: dict[str, str] = {}
    chosen = [wanted] if wanted else [name for name, _ in detect(source, stopped)]
    _check_options(options, chosen)
    for name in chosen:
        converter = load(name)
        conversion.declare(getattr(converter, "PREFIXES", {}))
        try:
            for item in converter.plan(source, options):
                if isinstance(item, Unit):
                    if _claim(item, name, source, jobs, ledger):
                        conversion.declare(_prefixes_of(converter, item))
                else:
                    _set_aside(item, name, ledger)
        except BenchfmtError:
            raise
        except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
            stopped[name] = _stopped(name, error)
    tried = ", ".join(chosen if wanted else names())
    for path in source.files:
        entry = ledger[path]
        if entry.converter is None and entry.reason is None:
            entry.reason = _why_not(path, tried)
            if stopped:
                entry.role, entry.reason = "failed", "; ".join([*stopped.values(), entry.reason])


def _check_options(options: Mapping[str, str], chosen: list[str]) -> None:
    """Refuse an option that none of the converters takes: a misspelt one would change nothing, silently."""
    taken = sorted({option for name in chosen for option in getattr(load(name), "OPTIONS", ())})
    unknown = sorted(set(options) - set(taken))
    if unknown and chosen:
        known = f"they take: {', '.join(taken)}" if taken else "they take none"
        raise BenchfmtError(f"there is no option {unknown[0]!r} of {', '.join(chosen)}; {known}")


def _stopped(name: str, error: Exception) -> str:
    return f"the converter {name} stopped: {type(error).__name__}: {error}"


def _why_not(path: Path, tried: str) -> str:
    """Say why no converter took a file."""
    if path.is_symlink():
        return "a link, which is not followed"
    if path.exists() and not path.is_file() and not path.is_dir():
        return "not a regular file"
    try:
        with path.open("rb") as file:
            return f"not recognised (tried: {tried})" if file.read(1) else "the file is empty"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _claim(unit: Unit, name: str, source: Source, jobs: list[_Job], ledger: dict[Path, FileEntry]) -> bool:
    """Give a unit its files and say whether it is to be read: a file is primary once, the surest converter's."""
    # A file beside the one that was given is seen too, once it is used.
    entry = ledger.setdefault(unit.path, FileEntry(unit.path.name))
    if entry.role == "primary":
        return False
    entry.role, entry.converter, entry.reason = "primary", name, None
    for path in unit.supporting:
        other = ledger.setdefault(path, FileEntry(path.name))
        if other.role == "skipped":
            other.role, other.converter, other.reason = "supporting", name, None
    jobs.append(_Job(name, unit, source))
    return True


def _prefixes_of(converter: Converter, unit: Unit) -> Mapping[str, Any]:
    """Return the prefixes that a converter declares for a unit (an optional function of its module)."""
    declared: Mapping[str, Any] = getattr(converter, "prefixes", lambda _: {})(unit)
    return declared


def _set_aside(item: Skipped | Failed, name: str, ledger: dict[Path, FileEntry]) -> None:
    entry = ledger.get(item.path)
    if entry is not None and entry.converter is None:
        entry.converter = name
        failed = isinstance(item, Failed)
        entry.role = "failed" if failed else "skipped"
        entry.reason = item.error if isinstance(item, Failed) else item.reason


class _Run:
    """One pass over the units: tells duplicates, counts, and gathers records into batches."""

    def __init__(
        self, ledger: dict[Path, FileEntry], account: Account, suspects: set[int], *, mixed: bool = False
    ) -> None:
        self.ledger = ledger
        self.account = account
        self.suspects = suspects
        self.seen: dict[str, bytes] = {}
        self.systems: dict[str, str] = {}
        self.index = -1
        self.mixed = mixed

    def batches(self, job: _Job, items: Iterable[Item]) -> Iterator[Batch]:
        self.index += 1
        entry = self.ledger[job.unit.path]
        waiting: list[Record] = []
        for item in items:
            if isinstance(item, Record):
                waiting += self._one(item, entry)
                if len(waiting) >= RECORDS_PER_BATCH:
                    yield self._gather(waiting, entry)
                    waiting = []
            elif isinstance(item, Part):
                yield from self._part(item, entry)
            else:
                self._note(item, entry)
        if waiting:
            yield self._gather(waiting, entry)
        _settle(entry)

    def _gather(self, records: list[Record], entry: FileEntry) -> Batch:
        batch = to_batch(records)
        entry.records += batch.records.num_rows
        entry.measurements += batch.measurements.num_rows
        return batch

    def _one(self, record: Record, entry: FileEntry) -> list[Record]:
        """Return a record that came alone, which is a row of its source, unless it is there already or cannot be."""
        entry.rows += 1
        duplicates = entry.duplicates
        fresh = self._fresh(identified(record.ordered()), entry)
        entry.skipped += entry.duplicates - duplicates
        entry.converted += 1 if fresh else 0
        return fresh

    def _fresh(self, record: Record, entry: FileEntry) -> list[Record]:
        """Return the record unless it is there already; the same id with other content is a failure."""
        if record.system and self._clash([record.system.to_dict()]):
            entry.failed += 1
            self._detail(entry, "failed", [(None, _CLASH.format(record.system.id))])
            return []
        content = sha256(canonical(record.to_dict()).encode()).digest()
        before = self.seen.setdefault(str(record.id), content)
        if before is content:
            return [record]
        if before == content:
            entry.duplicates += 1
        else:
            entry.failed += 1
            self._detail(entry, "failed", [(None, f"record {record.id!r} is there already, with other content")])
        return []

    def _part(self, part: Part, entry: FileEntry) -> Iterator[Batch]:
        entry.rows += part.rows
        entry.skipped += len(part.skipped)
        self._detail(entry, "skipped", part.skipped)
        self._detail(entry, "failed", part.failed)
        entry.failed += len({row for row, _ in part.failed})
        self.account.findings += part.findings
        clash = self._clash([system_from_row(row) for row in part.batch.systems.to_pylist()])
        if clash:
            entry.failed += part.converted
            self._detail(entry, "failed", [(None, _CLASH.format(clash))])
            return
        if self.mixed:
            before = entry.failed
            records = [record for item in batch_records(part.batch) for record in self._fresh(item, entry)]
            # A record that stands elsewhere already is a duplicate, and its row a skipped one.
            lost = min(part.converted, part.batch.records.num_rows - len(records) - (entry.failed - before))
            entry.skipped += lost
            entry.converted += part.converted - lost - (entry.failed - before)
            if records:
                yield self._gather(records, entry)
            return
        verdict = self._known(part)
        if verdict == "new":
            entry.converted += part.converted
            entry.records += part.batch.records.num_rows
            entry.measurements += part.batch.measurements.num_rows
            yield part.batch
        elif verdict == "same":
            entry.skipped += part.converted
            entry.duplicates += part.batch.records.num_rows
        else:
            entry.failed += part.converted
            self._detail(entry, "failed", [(None, "records of these ids are there already, with other content")])

    def _clash(self, systems: list[dict[str, Any]]) -> str | None:
        """Return the id of a system that was described in another way before, or None; remember the others."""
        for system in systems:
            form = canonical(system)
            if self.systems.setdefault(system["id"], form) != form:
                return str(system["id"])
        return None

    def _known(self, part: Part) -> str:
        """Say whether a part's records are new; only files that look alike can hold the same ones."""
        if self.index not in self.suspects or not part.batch.records.num_rows:
            return "new"
        content = sha256()
        for table in (part.batch.records, part.batch.measurements):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table.unify_dictionaries())
            content.update(sink.getvalue())
        key = str(part.batch.records["id"][0].as_py())
        if key not in self.seen:
            self.seen[key] = content.digest()
            return "new"
        return "same" if self.seen[key] == content.digest() else "other"

    def _note(self, item: Skipped | Failed | Finding, entry: FileEntry) -> None:
        if isinstance(item, Finding):
            self.account.findings.append(item)
            return
        told = self.ledger.get(item.path, entry)
        if isinstance(item, Failed):
            self._fail(told, item.row, item.error)
        elif item.row is None:
            told.role, told.reason = "skipped", item.reason
        else:
            told.rows += 1
            told.skipped += 1
            self._detail(told, "skipped", [(item.row, item.reason)])

    def _fail(self, entry: FileEntry, row: int | None, error: str) -> None:
        if row is None:
            entry.role, entry.reason = "failed", error
            return
        entry.rows += 1
        entry.failed += 1
        self._detail(entry, "failed", [(row, error)])

    def _detail(self, entry: FileEntry, what: str, rows: Iterable[tuple[int | None, str]]) -> None:
        for row, words in rows:
            if len(entry.details) < 1_000:
                place = {} if row is None else {"row": row}
                entry.details.append({**place, "what": what, "reason": words})


class _Prefixes:
    """The prefixed terms that a package uses."""

    def __init__(self) -> None:
        self.terms: set[str] = set()

    def see(self, batch: Batch) -> None:
        """Add the prefixed terms of a batch."""
        for table, columns in _TERM_COLUMNS.items():
            for name in columns:
                for term in getattr(batch, table)[name].unique().to_pylist():
                    if term and ":" in term and not (name == "scope" and _qualified(term)):
                        self.terms.add(f"{name}/{term}")

    def declared(self, extra: Mapping[str, Any]) -> dict[str, Any]:
        """Return the declarations of the prefixes used, each with the metrics used."""
        found: dict[str, Any] = {}
        for item in sorted(self.terms):
            column, _, term = item.partition("/")
            prefix, _, name = term.partition(":")
            known = extra.get(prefix) or _known_prefix(prefix)
            entry = found.setdefault(prefix, {k: v for k, v in known.items() if k != "metrics"} or {"title": prefix})
            metric = known.get("metrics", {}).get(name)
            if column == "metric" and metric:
                wanted = ("label", "definition", "unit", "direction", "min", "max", "zero")
                entry.setdefault("metrics", {})[name] = {k: metric[k] for k in wanted if k in metric}
        return found


def _qualified(term: str) -> bool:
    return term.partition(":")[0] in vocabulary().terms("scope-qualifier")


def _known_prefix(prefix: str) -> dict[str, Any]:
    term = vocabulary().terms("prefix").get(prefix, {})
    return (
        {"title": term["label"], "definition": term["definition"], "metrics": term.get("metrics", {})} if term else {}
    )


def _settle(entry: FileEntry) -> None:
    """Give a file that was to be primary, and gave no record, its true role."""
    if entry.role != "primary" or entry.records:
        return
    if entry.failed:
        entry.role, entry.reason = "failed", "no row of it could be read"
    elif entry.duplicates:
        entry.role, entry.reason = "skipped", "what it holds stands in another file"
        entry.skipped, entry.converted = entry.skipped + entry.converted, 0
    else:
        entry.role, entry.reason = "skipped", "it holds no result" if entry.rows else "it holds no rows"


def _suspects(jobs: list[_Job]) -> set[int]:
    """Return the units whose files could be copies: equal in name and size."""
    seen: dict[tuple[str, int], list[int]] = {}
    for index, job in enumerate(jobs):
        path = job.unit.path
        size = path.stat().st_size if path.is_file() else -1
        seen.setdefault((path.name, size), []).append(index)
    return {index for group in seen.values() if len(group) > 1 for index in group}


def _items(jobs: list[_Job], processes: int) -> Iterator[tuple[_Job, Iterable[Item]]]:
    """Yield each unit with what it holds, in order, read by one process or several."""
    if processes <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield job, _read(job)
        return
    # Fresh processes: forked ones would inherit the locks of running threads.
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="benchfmt-") as folder,
        ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        waiting: deque[tuple[_Job, Future[str]]] = deque()
        rest = iter(enumerate(jobs))
        try:
            while True:
                while len(waiting) < 4 * processes and (following := next(rest, None)):
                    index, job = following
                    with _deaf_children():
                        waiting.append((job, pool.submit(_spool, job, str(Path(folder) / str(index)))))
                if not waiting:
                    return
                job, future = waiting.popleft()
                yield job, _result(job, future)
        except BaseException:
            # Nobody waits for what is being read: a stop is a stop.
            for process in list((pool._processes or {}).values()):
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Keep Ctrl-C from processes started here (they inherit the mask): this one hears it, and stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _result(job: _Job, future: Future[str]) -> Iterable[Item]:
    """Return what another process has read."""
    try:
        return _spooled(future.result())
    except BrokenProcessPool as error:
        raise BenchfmtError("a process that read a source was killed (out of memory?); try --jobs 1") from error
    except Exception as error:  # noqa: BLE001 - such as a unit that cannot be sent to another process
        return [Failed(job.unit.path, _stopped(job.converter, error))]


def _read(job: _Job) -> Iterator[Item]:
    """Yield what a unit holds; an error of the source, or of its converter, is one Failed."""
    try:
        converter: Converter = load(job.converter)
        yield from converter.read(job.unit)
    except (BenchfmtError, OSError) as error:
        yield Failed(job.unit.path, str(error))
    except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
        yield Failed(job.unit.path, _stopped(job.converter, error))


def _spool(job: _Job, path: str) -> str:
    """Read a unit into a file of our own, so that a large one is never whole in memory."""
    with Path(path).open("wb") as file:
        for item in _read(job):
            pickle.dump(item, file, protocol=5)
    return path


def _spooled(path: str) -> Iterator[Item]:
    place = Path(path)
    with place.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301 - written by our own process, in a folder that only we can read
    place.unlink()
