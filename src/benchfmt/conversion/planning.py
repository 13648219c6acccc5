"""Planning: which converter reads which file of a source, and why the other files are read by none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.accounting import Ledger
from benchfmt.conversion.declarations import Declarations
from benchfmt.conversion.detection import Faults, detect, failed, sample
from benchfmt.converters.base import Converter, Failed, Skipped, Source, Unit, load, names
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.limits import Limits
from benchfmt.package import Fetched, is_web
from benchfmt.readers import heads
from benchfmt.running import Units, prefixes_of, stopped

NOT_RECOGNISED = "not recognised"
_LOOKS = f"{NOT_RECOGNISED}: "
"""What follows says what a file that looks like a family's lacks."""
_UNREADABLE = "cannot be read"
_LOOKED_AT = 200
"""So many files that nobody took are asked about what they lack."""
_PACKED = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".tar")
"""How names of files end that hold others."""


@dataclass
class Plan:
    """What is to be read: the units in order, every file seen, and what the units say of the package."""

    ledger: Ledger
    units: Units = field(default_factory=Units)
    declarations: Declarations = field(default_factory=Declarations)
    sources: list[Source] = field(default_factory=list)
    findings: set[Finding] = field(default_factory=set)
    """What is wrong with converters."""
    addresses: dict[int, str] = field(default_factory=dict)
    """Where files of the web were fetched from, by their numbers."""
    fetched: list[str] = field(default_factory=list)
    """The addresses of all sources that were fetched."""
    holds_packages: bool = False
    """Whether records of ours are read, whose sources are files of earlier conversions."""

    @property
    def is_empty(self) -> bool:
        """Whether no converter knew any of the files, be it only to leave it out for a reason."""
        if len(self.units) or self.ledger.count("failed"):
            return False
        return all(self.ledger.converter(number) is None for number in range(len(self.ledger)))


class Planner:
    """Adds sources to a plan, one after the other."""

    def __init__(self, plan: Plan, wanted: str | None, options: Mapping[str, str]) -> None:
        """Take the plan, the converter that is to read everything (None asks all), and its options."""
        self._plan = plan
        self._ledger = plan.ledger
        self._wanted = wanted
        self._options = options

    def add(self, source: Source, label: str) -> None:
        """Plan one source, whose files are shown behind a label."""
        numbers = self._ledger.see(source.files, label)
        self._fail_unreachable(source, label)
        self._plan.sources.append(source)
        faults: Faults = {}
        with heads.remembered():
            if self._wanted:
                self._ask([self._wanted], [], source, faults)
            else:
                self._ask_fitting(source, numbers, faults)
            self._offer_rest(source, numbers, faults)
            self._explain_rest(source, numbers, faults)
        self._plan.findings.update(faults.values())

    def add_fetched(self, fetched: Fetched, limits: Limits, label: str) -> None:
        """Plan what was fetched from an address; what could not be had is one that cannot be read."""
        source = Source(fetched.root, limits)
        source.files.unreachable += fetched.unreachable
        self._plan.fetched.append(fetched.address)
        if is_web(fetched.address):
            self._plan.addresses[len(self._ledger)] = fetched.address
        self.add(source, label)

    def _fail_unreachable(self, source: Source, label: str) -> None:
        """Enter what the walk over a source could not look at."""
        for path, reason in source.files.unreachable:
            number = self._ledger.see_alone(path, label + source.files.inner(path))
            self._ledger.set_role(number, "failed", f"{_UNREADABLE}: {reason}")

    def _ask_fitting(self, source: Source, numbers: Sequence[int], faults: Faults) -> None:
        """Ask the converters that fit a source; of a large one those that fit a sample, then those that fit the rest."""
        sampled = sample(source.files)
        if len(sampled) == len(numbers):
            self._ask(_fitting(source, faults), [], source, faults)
            return
        first = _fitting(source.part(sampled), faults)
        self._ask(first, [], source, faults)
        rest = {
            index
            for index, number in enumerate(numbers)
            if index not in sampled and not self._is_settled(number)
        }
        if rest:
            late = [name for name in _fitting(source.part(rest), faults) if name not in first]
            self._ask(late, first, source, faults)

    def _ask(self, chosen: list[str], before: list[str], source: Source, faults: Faults) -> None:
        """Ask converters for their units, the surest first; `before` were asked already."""
        self._check_options([*before, *chosen])
        for name in chosen:
            converter = load(name)
            self._plan.declarations.declare(getattr(converter, "PREFIXES", {}))
            try:
                self._take_all(converter, name, source)
            except BenchfmtError:
                raise
            except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
                faults[name] = failed(name, error)

    def _take_all(self, converter: Converter, name: str, source: Source) -> None:
        self._take_items(converter.plan(source, self._options), name)

    def _take_items(self, items: Iterable[Unit | Skipped | Failed], name: str) -> None:
        for item in items:
            if not isinstance(item, Unit):
                self._set_aside(item, name)
            elif self._is_free(item, name):
                self._take(item, name)

    def _offer_rest(self, source: Source, numbers: Sequence[int], faults: Faults) -> None:
        """Offer the files that nobody took to the converters that look at such files (`plan_rest`)."""
        asked = [self._wanted] if self._wanted else names()
        for name in asked:
            if name in faults:
                continue
            plan_rest = getattr(load(name), "plan_rest", None)
            if plan_rest is None:
                continue
            try:
                self._take_items(plan_rest(source, self._rest(source, numbers)), name)
            except BenchfmtError:
                raise
            except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
                faults[name] = failed(name, error)

    def _rest(self, source: Source, numbers: Sequence[int]) -> Iterator[Path]:
        """Yield the files of a source that nobody took, and nobody left out for a reason."""
        for number, path in zip(numbers, source.files.texts(), strict=True):
            if not self._is_settled(number):
                yield Path(path)

    def _check_options(self, chosen: list[str]) -> None:
        """Refuse an option that none of the converters takes: a misspelt one would change nothing, silently."""
        taken = sorted({option for name in chosen for option in getattr(load(name), "OPTIONS", ())})
        unknown = sorted(set(self._options) - set(taken))
        if unknown and chosen:
            known = f"they take: {', '.join(taken)}" if taken else "they take none"
            raise BenchfmtError(
                f"there is no option {unknown[0]!r} of {', '.join(chosen)}; {known}"
            )

    def _is_free(self, unit: Unit, name: str) -> bool:
        """Say whether a unit is to be read: a file is primary once, the surest converter's.

        What tells about the results of a surer family holds none of another. A log alone may hold results of several
        programs, and each converter that says so reads those of its own.
        """
        number = self._number(unit.path)
        role = self._ledger.role(number)
        before = self._ledger.converter(number)
        if role == "primary":
            return before is not None and before != name and _share_logs(name, before)
        return role != "supporting" or before == name

    def _take(self, unit: Unit, name: str) -> None:
        """Take a unit with what its source declares, or tell why it cannot stand beside the others."""
        converter = load(name)
        declared = prefixes_of(converter, unit)
        contradiction = self._plan.declarations.contradiction(declared)
        if contradiction:
            self._settle(self._number(unit.path), name, "failed", contradiction)
            return
        self._claim(unit, name)
        self._plan.declarations.declare(declared)
        about = getattr(converter, "about", None)
        self._plan.declarations.describe({} if about is None else about(unit))
        acknowledged = getattr(converter, "acknowledged", None)
        self._plan.declarations.acknowledge([] if acknowledged is None else acknowledged(unit))

    def _claim(self, unit: Unit, name: str) -> None:
        """Give a unit its files."""
        number = self._number(unit.path)
        if self._ledger.role(number) == "primary":
            self._plan.units.shared.add(number)
        else:
            self._settle(number, name, "primary", unit.note)
        for path in unit.supporting:
            other = self._number(path)
            if self._ledger.role(other) == "skipped":
                self._settle(other, name, "supporting", None)
        self._plan.units.add(name, unit, number)
        self._plan.holds_packages |= bool(getattr(load(name), "READS_PACKAGES", False))

    def _set_aside(self, item: Skipped | Failed, name: str) -> None:
        number = self._ledger.find(str(item.path))
        if number is None or self._ledger.converter(number) is not None:
            return
        if isinstance(item, Failed):
            self._settle(number, name, "failed", item.error)
        else:
            self._settle(number, name, "skipped", item.reason)

    def _settle(self, number: int, name: str, role: str, reason: str | None) -> None:
        self._ledger.set_converter(number, name)
        self._ledger.set_role(number, role, reason)

    def _number(self, path: Path) -> int:
        """Return a file's number; one beside a file that was given is seen too, once it is used."""
        return self._ledger.see_alone(str(path), path.name)

    def _is_settled(self, number: int) -> bool:
        """Say whether a file is taken by a converter, or left out for a reason."""
        return self._ledger.converter(number) is not None or self._ledger.reason(number) is not None

    def _explain_rest(self, source: Source, numbers: Sequence[int], faults: Faults) -> None:
        """Say of each file that nobody took why not."""
        asked = [self._wanted] if self._wanted else names()
        looked_at = 0
        for number, path in zip(numbers, source.files.texts(), strict=True):
            if self._is_settled(number):
                continue
            looked_at += 1
            left = _left(Path(path), asked if looked_at <= _LOOKED_AT else [], self._wanted)
            if isinstance(left, Failed):
                self._ledger.set_role(number, "failed", left.error)
            elif faults:
                messages = [fault.message for fault in faults.values()]
                self._ledger.set_role(number, "failed", "; ".join([*messages, left.reason]))
            else:
                self._ledger.set_role(number, self._ledger.role(number), left.reason)


def nothing_recognised(
    places: Sequence[str | Path], wanted: str | None, ledger: Ledger
) -> BenchfmtError:
    """Return the error of a conversion of nothing: what each file lacks, or where families and tables are described."""
    reasons = [(ledger.shown(number), str(ledger.reason(number))) for number in range(len(ledger))]
    details = [
        f"; {path}: {reason}" for path, reason in reasons if not reason.startswith(NOT_RECOGNISED)
    ]
    details += [
        f"; {path} {reason.removeprefix(_LOOKS)}"
        for path, reason in reasons
        if reason.startswith(_LOOKS)
    ]
    where = ", ".join(map(str, places))
    files = "1 file" if len(ledger) == 1 else f"{len(ledger)} files"
    family = f" as {wanted}" if wanted else ""
    hint = "; `benchfmt converters` lists the formats that are recognised; `benchfmt describe` drafts a description of a table of your own"
    more = "".join(details[:3]) or hint
    return BenchfmtError(
        f"nothing to convert in {where}: {files} seen, none recognised{family}{more}"
    )


def _fitting(source: Source, faults: Faults) -> list[str]:
    return [name for name, _ in detect(source, faults)]


def _share_logs(one: str, other: str) -> bool:
    """Say whether both converters read logs that may hold results of other programs too (`SHARES_LOGS`)."""
    return all(bool(getattr(load(name), "SHARES_LOGS", False)) for name in (one, other))


def _left(path: Path, asked: Iterable[str], wanted: str | None) -> Skipped | Failed:
    """Return why no converter took a file; `asked` are those that may know what it lacks."""
    if not heads.is_regular(path):
        if path.is_symlink():
            return Skipped(path, "a link, which is not followed")
        if path.exists() and not path.is_dir():
            return Skipped(path, "not a regular file")
    try:
        start = heads.head(path, 1)
    except OSError as error:
        return Failed(path, f"{_UNREADABLE}: {error.strerror}")
    if not start:
        return Skipped(path, "the file is empty")
    return Skipped(path, _not_recognised(path, asked, wanted))


def _not_recognised(path: Path, asked: Iterable[str], wanted: str | None) -> str:
    """Say why a file with contents is of no family."""
    ending = path.suffix.lower()
    if ending in _PACKED:
        package = ""
        if ending == ".zip":
            package = ", or is a package that cannot be read (`benchfmt validate` says why)"
        return f"{_LOOKS}holds other files{package}; unpack it and convert what is in it"
    lacking = [words for name in asked if (words := _lacks(name, path))]
    if lacking:
        return f"{_LOOKS}{'; '.join(lacking)}"
    if wanted:
        return f"{NOT_RECOGNISED} as {wanted}"
    return f"{NOT_RECOGNISED} (`benchfmt converters` lists the formats that are)"


def _lacks(name: str, path: Path) -> str | None:
    """Return what a converter says that a file lacks to be of its family (an optional function of its module)."""
    try:
        lacks = getattr(load(name), "lacks", None)
    except BenchfmtError:
        return None  # that the converter does not load is a finding already
    if lacks is None:
        return None
    try:
        words: str | None = lacks(path)
    except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
        return f"{stopped(name, error)}, when it was asked what the file lacks"
    return words
