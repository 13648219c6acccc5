"""Conversion: runs converters over sources and accounts for every file and row.

Seen = primary + supporting + skipped + failed, for files; seen = converted + skipped + failed, for rows.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from benchfmt.accounting import Account, Ledger
from benchfmt.converters.base import (
    Converter,
    Failed,
    Match,
    Part,
    Skipped,
    Source,
    Unit,
    load,
    names,
)
from benchfmt.described import contradictions, fullest
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.identity import PLACED_PREFIX
from benchfmt.package import PackageError, PackageWriter, check_replaceable
from benchfmt.readers.files import Listing
from benchfmt.record import Record
from benchfmt.running import Note, Packet, Units, batch_records, packets, stopped
from benchfmt.sinks import Format
from benchfmt.tables import TERM_COLUMNS, Batch, kept, system_from_row
from benchfmt.vocabulary import vocabulary

_SAMPLED_FROM = 2_000
_SAMPLE = 50
_SHOWN = 60
"""Characters of a value that a message shows."""
_DIGITS = re.compile("[0-9]+")
NOT_RECOGNISED = "not recognised"
_LOOKS = f"{NOT_RECOGNISED}: "
"""What follows says what a file that looks like a family's lacks."""
_LOOKED_AT = 200
"""So many files that nobody took are asked about what they lack."""
_CLASH = "the system {!r} is described in another way by an earlier source; convert them into packages of their own"
_TERM_COLUMNS = {table: tuple(TERM_COLUMNS[table]) for table in ("records", "measurements")}
_MEANING = ("unit", "direction", "min", "max", "zero", "zero_stages")
"""What of a declared metric says what its numbers mean; two wordings of a definition are no contradiction."""
_PACKED = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".tar")
"""How names of files end that hold others."""
Progress = Callable[[int, int, str], None]


class Conversion:
    """A conversion ready to run: iterate it for records, or write it as a package."""

    def __init__(self, units: Units, ledger: Ledger, processes: int = 1) -> None:
        """Take the planned work and a ledger of every file seen."""
        self._units = units
        self._sources: list[Source] = []
        self._processes = processes
        self._declared: dict[str, Any] = {}
        self._about: dict[str, Any] | None = None
        self._licenses: list[Any] = []
        """What each unit's source says of its licences, None where it says nothing."""
        self.account = Account(ledger)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, filling the account."""
        for batch in self.batches():
            yield from batch_records(batch)

    def batches(self, progress: Progress | None = None) -> Iterator[Batch]:
        """Yield the converted tables in the order of the sources, filling the account."""
        self.account.ledger.reset()
        self.account.findings.clear()
        run = _Run(self.account, self._units, progress)
        for packet in packets(self._units, self._processes, load):
            yield from run.batches(packet)
        if not self.account.total("records"):
            run.tell_barren()
        if progress:
            progress(len(self._units), len(self._units), "")
        self.account.findings.sort()

    def write(
        self,
        path: str | Path,
        *,
        format: Format = "parquet",  # noqa: A002 - the word users know
        license: str | None = None,  # noqa: A002 - the word of the standard
        extra: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Account:
        """Write everything as one package and return the account; a stop leaves no half package.

        Where nothing was converted no package is written, and one that stands there already is left alone: the account
        says why (`account.total("records")` is 0), and `account.ok` whether that is a fault. `license` (an SPDX id) is
        that of the package, and of every record whose source says none.
        """
        self._spare_sources(Path(path))
        used = _Prefixes()
        more = {
            **(self._about or {}),
            **({"licenses": [{"name": license}]} if license else {}),
            **(extra or {}),
        }
        with PackageWriter(path, format=format, extra=more) as writer:
            for batch in self.batches(progress):
                used.see(batch)
                writer.write(batch.licensed(license) if license else batch)
            writer.prefixes = used.declared(self._declared)
            if "licenses" not in more:
                self._tell_licenses(Path(path).name)
            if not self.account.total("records"):
                writer.drop()
        return self.account

    def _tell_licenses(self, package: str) -> None:
        """Tell where a package says no licence, since its sources say several, or only some of them one."""
        said = sorted(
            {
                str(item.get("name"))
                for found in self._licenses
                for item in found or ()
                if isinstance(item, Mapping)
            }
        )
        if said:
            words = f"the package says no licence: some of its sources have {', '.join(said)}, others do not"
            hint = "give each licence a package of its own, or say one for all with --license"
            self.account.findings.append(
                Finding(
                    "BF511", Severity.WARNING, package, None, "licenses", None, words, None, hint
                )
            )
            self.account.findings.sort()

    def _spare_sources(self, place: Path) -> None:
        """Refuse a target that would replace a source, unless it is a package of our own that is written anew."""
        target = place.resolve()
        inside = next((path for source in self._sources for path in _inside(target, source)), None)
        inside = inside or next(
            (path for path in self.account.ledger.alone() if _within(target, Path(path).resolve())),
            None,
        )
        if inside:
            try:
                check_replaceable(place)
            except PackageError as error:
                raise BenchfmtError(
                    f"{place} holds what is converted ({inside}); name a folder outside of the sources"
                ) from error

    def add_source(self, source: Source) -> None:
        """Remember a source, so that nothing is written over it."""
        self._sources.append(source)

    def describe(self, about: Mapping[str, Any]) -> None:
        """Take what a unit's package says of itself: what all units say alike is true of the package that is written."""
        said = dict(about)
        self._licenses.append(said.get("licenses"))
        before = said if self._about is None else self._about
        self._about = {
            key: value for key, value in before.items() if key in said and said[key] == value
        }

    def declare(self, prefixes: Mapping[str, Any]) -> None:
        """Add prefix declarations that the sources carry, for the package's descriptor."""
        for name, said in prefixes.items():
            before = self._declared.get(name, {})
            metrics = {**said.get("metrics", {}), **before.get("metrics", {})}
            self._declared[name] = {**said, **before, **({"metrics": metrics} if metrics else {})}

    def contradicts(self, prefixes: Mapping[str, Any]) -> str | None:
        """Return how declarations differ from those before in what a number means, or None: one package has one of each."""
        for prefix, said in prefixes.items():
            before = self._declared.get(prefix, {}).get("metrics", {})
            for name, metric in said.get("metrics", {}).items():
                known = before.get(name, {})
                both = [part for part in _MEANING if part in metric and part in known]
                part = next((part for part in both if metric[part] != known[part]), None)
                if part:
                    words = f"the {part} of {prefix}:{name} is {metric[part]}, and {known[part]} in an earlier source"
                    return f"{words}; convert them into packages of their own"
        return None


def convert(
    source: str | Path | Iterable[str | Path],
    converter: str | None = None,
    *,
    jobs: int = 1,
    **options: str,
) -> Conversion:
    """Plan the conversion of files or folders; raises BenchfmtError for a source that is not there or not recognised.

    `converter` names the family; without it every installed one is asked, and each file goes to the one that is surest.
    """
    sources = [source] if isinstance(source, str | Path) else list(source)
    units, ledger = Units(), Ledger()
    conversion = Conversion(units, ledger, jobs)
    for place in sources:
        root = Path(place)
        if not root.exists():
            raise BenchfmtError(f"{root} is not there")
        _plan(Source(root), converter, options, units, ledger, conversion, several=len(sources) > 1)
    if not units and not conversion.account.count("failed") and not _is_set_aside(ledger):
        raise BenchfmtError(_nothing(sources, converter, conversion.account))
    return conversion


def _is_set_aside(ledger: Ledger) -> bool:
    """Say whether a converter knew a file and left it out for a reason: then there was something to convert."""
    return any(ledger.converter(number) is not None for number in range(len(ledger)))


def _nothing(sources: list[str | Path], converter: str | None, account: Account) -> str:
    """Return what is said where nothing was recognised: what each file lacks, or where families and tables are told."""
    seen = f"{len(account.files)} file{'' if len(account.files) == 1 else 's'}"
    told = [
        f"; {e.path}: {e.reason}"
        for e in account.files
        if not str(e.reason).startswith(NOT_RECOGNISED)
    ]
    told += [
        f"; {e.path} {reason.removeprefix(_LOOKS)}"
        for e in account.files
        if (reason := str(e.reason)).startswith(_LOOKS)
    ]
    family = f" as {converter}" if converter else ""
    hint = (
        ""
        if told
        else "; `benchfmt converters` lists what is, and `benchfmt describe` drafts it for your own table"
    )
    where = ", ".join(map(str, sources))
    return f"nothing to convert in {where}: {seen} seen, none recognised{family}{''.join(told[:3])}{hint}"


def detect(source: Source, faults: dict[str, str] | None = None) -> list[tuple[str, Match]]:
    """Return the converters that fit a source, the surest first; `faults` is told which ones could not look at it."""
    found = []
    for name in names():
        try:
            match = load(name).detect(source)
        except BenchfmtError:
            raise
        except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
            (faults if faults is not None else {})[name] = stopped(name, error)
            continue
        if match:
            found.append((name, match))
    return sorted(found, key=lambda item: (-item[1].sureness, item[0]))


def _plan(
    source: Source,
    wanted: str | None,
    options: Mapping[str, str],
    units: Units,
    ledger: Ledger,
    conversion: Conversion,
    *,
    several: bool,
) -> None:
    numbers = ledger.see(
        source.files, f"{source.root.name}/" if several and source.root.is_dir() else ""
    )
    conversion.add_source(source)
    faults: dict[str, str] = {}
    sample = _sample(source.files)
    whole = len(sample) == len(numbers)
    chosen = (
        [wanted]
        if wanted
        else [name for name, _ in detect(source if whole else source.part(sample), faults)]
    )
    _check_options(options, chosen)
    _plan_each(chosen, source, options, units, ledger, conversion, faults)
    if not wanted and not whole:
        rest = {
            i
            for i, number in enumerate(numbers)
            if i not in sample and not _is_settled(number, ledger)
        }
        late = (
            [name for name, _ in detect(source.part(rest), faults) if name not in chosen]
            if rest
            else []
        )
        _check_options(options, [*chosen, *late])
        _plan_each(late, source, options, units, ledger, conversion, faults)
    asked = [wanted] if wanted else names()
    looked_at = 0
    for number, path in zip(numbers, source.files.texts(), strict=True):
        if not _is_settled(number, ledger):
            looked_at += 1
            reason = _why_not(Path(path), asked if looked_at <= _LOOKED_AT else [], wanted)
            if faults:
                ledger.set_role(number, "failed", "; ".join([*faults.values(), reason]))
            else:
                ledger.set_role(number, ledger.role(number), reason)


def _sample(files: Listing) -> Collection[int]:
    """Return the numbers of files to know a large source by: some of each name, whatever number stands in it.

    Every family looks into many files to know its own. What nobody has taken is looked at afterwards, file by file.
    """
    if len(files) <= _SAMPLED_FROM:
        return range(len(files))
    seen: Counter[str] = Counter()
    chosen = set()
    for index, name in enumerate(files.names()):
        kind = _DIGITS.sub("0", name)
        seen[kind] += 1
        if seen[kind] <= _SAMPLE:
            chosen.add(index)
    return chosen


def _is_settled(number: int, ledger: Ledger) -> bool:
    """Say whether a file is taken by a converter, or left out for a reason."""
    return ledger.converter(number) is not None or ledger.reason(number) is not None


def _plan_each(
    chosen: list[str],
    source: Source,
    options: Mapping[str, str],
    units: Units,
    ledger: Ledger,
    conversion: Conversion,
    faults: dict[str, str],
) -> None:
    """Ask converters for their units, the surest first."""
    for name in chosen:
        converter = load(name)
        conversion.declare(getattr(converter, "PREFIXES", {}))
        try:
            for item in converter.plan(source, options):
                if isinstance(item, Unit):
                    if _is_free(item, name, ledger):
                        _take(item, name, units, ledger, conversion)
                else:
                    _set_aside(item, name, ledger)
        except BenchfmtError:
            raise
        except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
            faults[name] = stopped(name, error)


def _inside(target: Path, source: Source) -> Iterator[str]:
    """Yield the files of a source that lie at a place or below it; below its root no link is followed."""
    root = source.root.resolve()
    if _within(target, root):
        yield from source.files.texts()
    elif root in target.parents:
        place = str(source.root / target.relative_to(root))
        yield from (
            path
            for path in source.files.texts()
            if path == place or path.startswith(place + os.sep)
        )


def _within(target: Path, path: Path) -> bool:
    return target == path or target in path.parents


def _check_options(options: Mapping[str, str], chosen: list[str]) -> None:
    """Refuse an option that none of the converters takes: a misspelt one would change nothing, silently."""
    taken = sorted({option for name in chosen for option in getattr(load(name), "OPTIONS", ())})
    unknown = sorted(set(options) - set(taken))
    if unknown and chosen:
        known = f"they take: {', '.join(taken)}" if taken else "they take none"
        raise BenchfmtError(f"there is no option {unknown[0]!r} of {', '.join(chosen)}; {known}")


def _why_not(path: Path, asked: Iterable[str], wanted: str | None) -> str:
    """Say why no converter took a file; `asked` are those that may know what it lacks."""
    if path.is_symlink():
        return "a link, which is not followed"
    if path.exists() and not path.is_file() and not path.is_dir():
        return "not a regular file"
    try:
        with path.open("rb") as file:
            start = file.read(1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not start:
        return "the file is empty"
    if path.suffix.lower() in _PACKED:
        package = ", or is no package that can be read" if path.suffix.lower() == ".zip" else ""
        return f"{_LOOKS}holds other files{package}; unpack it and convert what is in it"
    lacking = [words for name in asked if (words := _lacks(name, path))]
    if lacking:
        return f"{_LOOKS}{'; '.join(lacking)}"
    return (
        f"{NOT_RECOGNISED} as {wanted}"
        if wanted
        else f"{NOT_RECOGNISED} (`benchfmt converters` lists what is)"
    )


def _lacks(name: str, path: Path) -> str | None:
    """Return what a converter says that a file lacks to be of its family (an optional function of its module)."""
    lacks = getattr(load(name), "lacks", None)
    if lacks is None:
        return None
    try:
        words: str | None = lacks(path)
    except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
        return f"{stopped(name, error)}, when it was asked what the file lacks"
    return words


def _is_free(unit: Unit, name: str, ledger: Ledger) -> bool:
    """Say whether a unit is to be read: a file is primary once, the surest converter's.

    What tells about the results of a surer family holds none of another. A log alone may hold results of several programs,
    and each converter that says so reads those of its own.
    """
    # A file beside the one that was given is seen too, once it is used.
    number = ledger.see_alone(str(unit.path), unit.path.name)
    role = ledger.role(number)
    before = ledger.converter(number)
    if role == "primary":
        return before is not None and before != name and _is_log(name) and _is_log(before)
    return role != "supporting" or before == name


def _take(unit: Unit, name: str, units: Units, ledger: Ledger, conversion: Conversion) -> None:
    """Take a unit with what its source declares and says of itself, or tell why it cannot stand beside the others."""
    converter = load(name)
    declared = _prefixes_of(converter, unit)
    if words := conversion.contradicts(declared):
        number = ledger.see_alone(str(unit.path), unit.path.name)
        ledger.set_converter(number, name)
        ledger.set_role(number, "failed", words)
        return
    _claim(unit, name, units, ledger)
    conversion.declare(declared)
    conversion.describe(getattr(converter, "about", lambda _: {})(unit))


def _claim(unit: Unit, name: str, units: Units, ledger: Ledger) -> None:
    """Give a unit its files."""
    number = ledger.see_alone(str(unit.path), unit.path.name)
    if ledger.role(number) == "primary":
        units.shared.add(number)
    else:
        ledger.set_role(number, "primary", None)
        ledger.set_converter(number, name)
    for path in unit.supporting:
        other = ledger.see_alone(str(path), path.name)
        if ledger.role(other) == "skipped":
            ledger.set_role(other, "supporting", None)
            ledger.set_converter(other, name)
    units.add(name, unit, number)


def _is_log(name: str) -> bool:
    """Say whether a converter reads logs that may hold results of other programs too (an optional member of its module)."""
    return bool(getattr(load(name), "SHARES_LOGS", False))


def _prefixes_of(converter: Converter, unit: Unit) -> Mapping[str, Any]:
    """Return the prefixes that a converter declares for a unit (an optional function of its module)."""
    declared: Mapping[str, Any] = getattr(converter, "prefixes", lambda _: {})(unit)
    return declared


def _set_aside(item: Skipped | Failed, name: str, ledger: Ledger) -> None:
    number = ledger.find(str(item.path))
    if number is not None and ledger.converter(number) is None:
        ledger.set_converter(number, name)
        failed = isinstance(item, Failed)
        ledger.set_role(
            number,
            "failed" if failed else "skipped",
            item.error if isinstance(item, Failed) else item.reason,
        )


class _Run:
    """One pass over what was read: tells doubles and counts."""

    def __init__(self, account: Account, units: Units, progress: Progress | None) -> None:
        self.account = account
        self.ledger = account.ledger
        self.units = units
        self.progress = progress
        self.seen: dict[str, bytes] = {}
        self.systems: dict[str, bytes] = {}
        self.reasons: dict[int, str] = {}
        """What units say of other files than their own."""
        self.barren: list[int] = []
        """Files whose rows were all left out, each for its reason."""
        self.described: dict[str, dict[str, Any]] = {}
        """The systems of submissions by id, as fully as they were described so far."""
        self.compared: dict[str, set[bytes]] = {}
        self._tell(0)

    def batches(self, packet: Packet) -> Iterator[Batch]:
        """Yield the packet's tables, as far as they are new."""
        if packet.part is not None:
            yield from self._part(packet, self.units.files[packet.unit])
            return
        keep = [False] * len(packet.ids)
        ended = []
        for unit, what in packet.events:
            file = self.units.files[unit]
            if what is None:
                ended.append(unit)
            elif isinstance(what, int):
                keep[what] = self._one(packet, what, file)
            else:
                self._note(what, file)
        yield from self._kept(packet, keep)
        for unit in ended:
            self._settle(self.units.files[unit])
            self._tell(unit + 1)

    def _tell(self, done: int) -> None:
        if self.progress and done < len(self.units):
            name = self.ledger.shown(self.units.files[done]).rpartition("/")[2]
            self.progress(done, len(self.units), name)

    def _kept(self, packet: Packet, keep: list[bool]) -> Iterator[Batch]:
        if packet.batch is not None and any(keep):
            yield (
                packet.batch
                if all(keep)
                else kept(packet.batch, keep, packet.sizes, packet.systems)
            )

    def _one(self, packet: Packet, index: int, file: int) -> bool:
        """Say whether a record that came alone, which is a row of its source, is new and can be."""
        counts = self.ledger.counts(file)
        counts.rows += 1
        duplicates = counts.duplicates
        fresh = self._fresh(packet, index, file)
        counts.skipped += counts.duplicates - duplicates
        counts.converted += fresh
        return fresh

    def _fresh(self, packet: Packet, index: int, file: int) -> bool:
        """Say whether a record is not there already; the same id with other content is a failure."""
        counts = self.ledger.counts(file)
        system = packet.systems[index]
        if system >= 0 and self._clash(packet, [system], file):
            counts.failed += 1
            self.ledger.detail(file, None, "failed", _CLASH.format(packet.forms[system][0]))
            return False
        name, content = packet.ids[index], packet.contents[index]
        before = self.seen.setdefault(name, content)
        if before is content:
            counts.records += 1
            counts.measurements += packet.sizes[index]
            return True
        if before == content:
            counts.duplicates += 1
        else:
            counts.failed += 1
            self.ledger.detail(
                file, None, "failed", f"record {name!r} is there already, with other content"
            )
        return False

    def _part(self, packet: Packet, file: int) -> Iterator[Batch]:
        part, batch = packet.part, packet.batch
        assert part is not None and batch is not None  # noqa: S101 - a packet of a part has both
        counts = self.ledger.counts(file)
        counts.rows += part.rows
        counts.skipped += len(part.skipped)
        counts.failed += len({row for row, _ in part.failed})
        for what, rows in (("skipped", part.skipped), ("failed", part.failed)):
            for row, words in rows:
                self.ledger.detail(file, row, what, words)
        self.account.findings += part.findings
        clash = self._clash(packet, range(len(packet.forms)), file)
        if clash:
            counts.failed += part.converted
            self.ledger.detail(file, None, "failed", _CLASH.format(clash))
        elif packet.ids:
            before = counts.failed
            keep = [self._fresh(packet, index, file) for index in range(len(packet.ids))]
            # A record that stands elsewhere already is a duplicate, and its row a skipped one.
            lost = min(part.converted, keep.count(False) - (counts.failed - before))
            counts.skipped += lost
            counts.converted += part.converted - lost - (counts.failed - before)
            yield from self._kept(packet, keep)
        else:
            yield from self._whole(packet, part, batch, file)

    def _whole(self, packet: Packet, part: Part, batch: Batch, file: int) -> Iterator[Batch]:
        """Yield the tables of a part unless they are there already; only files that look alike can hold the same ones."""
        counts = self.ledger.counts(file)
        records = batch.records.num_rows
        key = str(batch.records["id"][0].as_py()) if packet.content else ""
        before = self.seen.setdefault(key, packet.content) if packet.content else packet.content
        if before is packet.content:
            counts.converted += part.converted
            counts.records += records
            counts.measurements += batch.measurements.num_rows
            yield batch
        elif before == packet.content:
            counts.skipped += part.converted
            counts.duplicates += records
        else:
            counts.failed += part.converted
            self.ledger.detail(
                file, None, "failed", "records of these ids are there already, with other content"
            )

    def _clash(self, packet: Packet, systems: Iterable[int], file: int) -> str | None:
        """Return the id of a system that was described in another way before, or None; remember the others."""
        for number in systems:
            name, form = packet.forms[number]
            if name.startswith(PLACED_PREFIX):
                self._compare(packet, number, file)
            elif self.systems.setdefault(name, form) != form:
                return name
        return None

    def _compare(self, packet: Packet, number: int, file: int) -> None:
        """Tell where a system of a submission is described otherwise than before: it is one system all the same."""
        name, form = packet.forms[number]
        if form in self.compared.setdefault(name, set()):
            return
        self.compared[name].add(form)
        assert packet.batch is not None  # noqa: S101 - a packet with systems has tables
        system = system_from_row(packet.batch.systems.slice(number, 1).to_pylist()[0])
        before = self.described.setdefault(name, system)
        for member, here, there in contradictions(system, before):
            words = f"the system {before.get('name', name)!r} is described otherwise by an earlier source: {_short(here)} is {_short(there)} there"
            self.account.findings.append(
                Finding(
                    "BF705",
                    Severity.WARNING,
                    self.ledger.shown(file),
                    None,
                    None,
                    f"system.{member}",
                    words,
                )
            )
        self.described[name] = dict(fullest([before, system]))

    def _note(self, item: Note, file: int) -> None:
        if isinstance(item, Finding):
            self.account.findings.append(item)
            return
        named = self.ledger.find(str(item.path))
        told = file if named is None else named
        words = item.error if isinstance(item, Failed) else item.reason
        role: Literal["failed", "skipped"] = "failed" if isinstance(item, Failed) else "skipped"
        if item.row is None and not (
            told in self.units.shared and self.ledger.counts(told).records
        ):
            self.ledger.set_role(told, role, words)
            self.reasons[file] = words
            return
        counts = self.ledger.counts(told)
        counts.rows += 1
        setattr(counts, role, getattr(counts, role) + 1)
        self.ledger.detail(told, item.row, role, words)

    def _settle(self, file: int) -> None:
        """Give a file that was to be primary, and gave no record, its true role."""
        counts = self.ledger.counts(file)
        if file in self.units.shared and counts.records and self.ledger.role(file) == "failed":
            self._tell_of_part(file)
        if self.ledger.role(file) != "primary" or counts.records:
            return
        if counts.failed:
            self.ledger.set_role(file, "failed", "no row of it could be read")
        elif counts.duplicates:
            self.ledger.set_role(file, "skipped", "what it holds stands in another file")
            counts.skipped, counts.converted = counts.skipped + counts.converted, 0
        elif file in self.reasons:
            self.ledger.set_role(file, "skipped", self.reasons[file])
        elif counts.rows:
            self.ledger.set_role(file, "skipped", "none of its rows holds a result")
            self.barren.append(file)
        else:
            self._fail(file, "no result stands in it")

    def _tell_of_part(self, file: int) -> None:
        """Keep what one converter could not read of a log, of which another one read its own."""
        counts = self.ledger.counts(file)
        counts.rows += 1
        counts.failed += 1
        self.ledger.detail(
            file, None, "failed", self.reasons.get(file) or "part of it could not be read"
        )
        self.ledger.set_role(file, "primary", None)

    def tell_barren(self) -> None:
        """Say that files failed of which every row was left out: it is told where no record came of anything."""
        for file in self.barren:
            self._fail(file, "none of its rows holds a result")

    def _fail(self, file: int, words: str) -> None:
        family = str(self.ledger.converter(file))
        expected = (load(family).__doc__ or family).strip().partition("\n")[0].rstrip(".")
        self.ledger.set_role(
            file, "failed", f"{words}; it was read as {family}, which expects: {expected}"
        )


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
            entry = found.setdefault(
                prefix, {k: v for k, v in known.items() if k != "metrics"} or {"title": prefix}
            )
            metric = known.get("metrics", {}).get(name)
            if column == "metric" and metric:
                wanted = (
                    "label",
                    "definition",
                    "unit",
                    "direction",
                    "min",
                    "max",
                    "zero",
                    "zero_stages",
                )
                entry.setdefault("metrics", {})[name] = {
                    k: metric[k] for k in wanted if k in metric
                }
        return found


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _qualified(term: str) -> bool:
    return term.partition(":")[0] in vocabulary().terms("scope-qualifier")


def _known_prefix(prefix: str) -> dict[str, Any]:
    term = vocabulary().terms("prefix").get(prefix, {})
    return (
        {
            "title": term["label"],
            "definition": term["definition"],
            "metrics": term.get("metrics", {}),
        }
        if term
        else {}
    )
