"""Compare what two versions of the program make of every sample and example: `python -m bench.golden BASE`.

BASE is a commit. Both versions convert the same sources: the real samples where they stand beside the checkout, the
examples, and the tests' fixtures. Records are compared by their ids (else by place in their source), whole; accounts
file by file; packages byte by byte. What differs is listed by kind: which field of which converter's records, how often,
and one example. Exit status: 0 where nothing differs, 1 where something does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT.parent / "shared" / "samples"
SNAPSHOT = Path(__file__).with_name("golden_snapshot.py")
Data = dict[str, Any]
KEY = ("metric", "statistic", "stage", "per", "scope")
IGNORED = ("id", "provenance/converter_version")
"""A record that differs in nothing else is counted, not listed."""
LONGEST = 90


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What changed, for records or files alike: where it stands and how."""

    converter: str
    place: str
    how: str


@dataclass
class Difference:
    """What differs between two snapshots of one source."""

    name: str
    equal: int = 0
    version_only: int = 0
    packages_equal: bool = True
    kinds: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether records, account and package are the same."""
        return not self.kinds and not self.messages

    def report(self, kind: Kind, example: str) -> None:
        """Count a change, with an example where it is the first of its kind."""
        self.kinds[kind] += 1
        self.examples.setdefault(kind, example)


def main() -> int:
    """Convert everything with both versions and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m bench.golden", description=__doc__)
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="sources whose name holds TEXT"
    )
    parser.add_argument(
        "--examples", type=int, default=1, metavar="N", help="0 leaves the examples out"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all kinds and counts there"
    )
    options = parser.parse_args()
    chosen = [
        (name, path)
        for name, path in sources()
        if not options.only or any(t in name for t in options.only)
    ]
    if not chosen:
        parser.error(f"no source is named like {', '.join(options.only)}")
    with tempfile.TemporaryDirectory(prefix="benchfmt-golden-") as folder:
        differences = compared(options.base, chosen, Path(folder))
    print(shown(differences, with_examples=options.examples > 0))
    if options.json:
        options.json.write_text(
            json.dumps([plain(item) for item in differences], indent=1) + "\n", "utf-8"
        )
    return int(not all(item.same and item.packages_equal for item in differences))


def sources() -> list[tuple[str, Path]]:
    """Return what is converted, by name: each folder of the samples, the examples and the fixtures."""
    places = {
        "samples": SAMPLES,
        "examples": ROOT / "examples",
        "fixtures": ROOT / "tests" / "fixtures",
    }
    return [
        (f"{label}/{path.name}", path)
        for label, place in places.items()
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.is_dir() and not path.name.startswith((".", "__"))
    ]


def compared(base: str, chosen: list[tuple[str, Path]], folder: Path) -> list[Difference]:
    """Run both versions side by side and compare what they wrote."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps([(name, str(path)) for name, path in chosen]), "utf-8")
    old_tree = folder / "base"
    git("worktree", "add", "--quiet", "--detach", str(old_tree), base)
    try:
        runs = [
            start(tree, plan, folder / label) for label, tree in (("old", old_tree), ("new", ROOT))
        ]
        for run in runs:
            if run.wait():
                raise SystemExit(f"a snapshot ended with {run.returncode}")
    finally:
        git("worktree", "remove", "--force", str(old_tree))
    return [
        compare(name, *(load(folder / label / f"{number}.jsonl") for label in ("old", "new")))
        for number, (name, _) in enumerate(chosen)
    ]


def git(*arguments: str) -> None:
    """Run git in the checkout."""
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True)


def start(tree: Path, plan: Path, out: Path) -> subprocess.Popen[bytes]:
    """Start the snapshot of one version, with its own sources and its own entry points."""
    out.mkdir()
    shutil.copy(SNAPSHOT, out / "snapshot.py")
    declare(tree, out / "metadata")
    paths = os.pathsep.join((str(out / "metadata"), str(tree / "src")))
    command = [sys.executable, str(out / "snapshot.py"), str(plan), str(out)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, cwd=out)


def declare(tree: Path, place: Path) -> None:
    """Write the metadata of a version that is not installed: converters are found by entry points."""
    project = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    folder = place / "benchfmt-0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: benchfmt\nVersion: 0.0\n", "utf-8"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {module}" for name, module in entries.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


def load(path: Path) -> list[Data]:
    """Return a snapshot: what came out as a whole, then the records."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def compare(name: str, old: list[Data], new: list[Data]) -> Difference:
    """Return what differs between two snapshots of one source."""
    difference = Difference(name)
    compare_whole(difference, old[0], new[0])
    for before, after in paired(old[1:], new[1:]):
        compare_records(difference, before, after)
    return difference


def compare_whole(difference: Difference, old: Data, new: Data) -> None:
    """Compare errors, accounts and the files of the packages."""
    if old.get("error") != new.get("error"):
        difference.messages.append(f"error: {old.get('error')!r} -> {new.get('error')!r}")
    before, after = old.get("files", {}), new.get("files", {})
    difference.packages_equal = before == after
    compare_accounts(difference, old.get("account", {}), new.get("account", {}))


def compare_accounts(difference: Difference, old: Data, new: Data) -> None:
    """Report files that went elsewhere or whose rows were counted differently, and findings that came or went."""
    before, after = (
        {entry["path"]: entry for entry in side.get("entries", [])} for side in (old, new)
    )
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path, {}), after.get(path, {})
        for member in sorted((was.keys() | now.keys()) - {"path"}):
            if was.get(member) != now.get(member):
                converter = str(now.get("converter") or was.get("converter"))
                kind = Kind(
                    converter,
                    f"account/{member}",
                    movement(was.get(member), now.get(member), member),
                )
                difference.report(kind, f"{path}: {change(was.get(member), now.get(member))}")
    texts = [
        Counter(finding_text(item) for item in side.get("findings", [])) for side in (old, new)
    ]
    for how, more, less in (("gone", *texts), ("new", *reversed(texts))):
        for text, count in (more - less).items():
            kind = Kind("", f"finding/{text.partition(' ')[0]}", how)
            difference.kinds[kind] += count
            difference.examples.setdefault(kind, cut(text))


def finding_text(finding: Mapping[str, Any]) -> str:
    """Return a finding on one line, its code first."""
    return f"{finding['code']} {finding['path']}: {finding['message']}"


def movement(old: Any, new: Any, member: str) -> str:
    """Say how a member changed; roles by name, for they are few."""
    if member == "role":
        return f"{old} -> {new}"
    if old is None:
        return "added"
    return "removed" if new is None else "changed"


def paired(old: Iterable[Data], new: Iterable[Data]) -> Iterator[tuple[Data | None, Data | None]]:
    """Pair the records of two versions by their ids; those left over by where they stand in their source."""
    before, after = ({record["id"]: record for record in side} for side in (old, new))
    for name in before.keys() & after.keys():
        yield before.pop(name), after.pop(name)
    places = [{origin(record): name for name, record in side.items()} for side in (before, after)]
    for place in places[0].keys() & places[1].keys():
        yield before.pop(places[0][place]), after.pop(places[1][place])
    yield from ((record, None) for record in before.values())
    yield from ((None, record) for record in after.values())


def origin(record: Data) -> str:
    """Return where a record comes from: its first source and place, else its id."""
    source = next(iter(record.get("provenance", {}).get("sources", [])), None)
    return json.dumps([source.get("path"), source.get("locator")]) if source else str(record["id"])


def compare_records(difference: Difference, old: Data | None, new: Data | None) -> None:
    """Count what changed from a record to the one of the other version."""
    if old is None or new is None:
        record = old or new or {}
        kind = Kind(converter_of(record), "record", "gone" if new is None else "new")
        difference.report(kind, f"{origin(record)} {record.get('benchmark', {}).get('name', '')}")
        return
    before, after = (dict(flat(record)) for record in (old, new))
    changed = sorted(
        place for place in before.keys() | after.keys() if before.get(place) != after.get(place)
    )
    relevant = [place for place in changed if place not in IGNORED]
    if old["id"] != new["id"]:
        difference.report(Kind(converter_of(new), "id", "changed"), f"{old['id']} -> {new['id']}")
    if not changed and order_of(old) != order_of(new):
        kind = Kind(converter_of(new), "measurements/order", "changed")
        difference.report(kind, change(order_of(old), order_of(new)))
        return
    difference.equal += not changed
    difference.version_only += bool(changed) and not relevant
    for place in relevant:
        kind = Kind(converter_of(new), place, movement(before.get(place), after.get(place), ""))
        difference.report(kind, f"{change(before.get(place), after.get(place))} ({new['id']})")


def converter_of(record: Data) -> str:
    """Return the converter that made a record."""
    return str(record.get("provenance", {}).get("converter", ""))


def flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each plain value with its place; a measurement's place is its key, any other list is one value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{place}/{name}" if place else name)
    elif place == "measurements":
        for item in value:
            rest = {name: inner for name, inner in item.items() if name not in KEY}
            yield from flat(rest, f"{place}[{key_of(item)}]")
    else:
        yield place, value


def key_of(measurement: Mapping[str, Any]) -> str:
    """Return the key of a measurement as text."""
    return " ".join(str(measurement[name]) for name in KEY if name in measurement)


def order_of(record: Data) -> list[str]:
    """Return the keys of a record's measurements in their order."""
    return [key_of(item) for item in record.get("measurements", [])]


def change(old: Any, new: Any) -> str:
    """Return a change as text."""
    return (
        f"{cut(json.dumps(old, ensure_ascii=False))} -> {cut(json.dumps(new, ensure_ascii=False))}"
    )


def cut(text: str) -> str:
    """Return a text that fits beside another one on a line."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def shown(differences: list[Difference], *, with_examples: bool) -> str:
    """Return the differences as text: a line a source, then the kinds of it."""
    lines = []
    for item in differences:
        lines.append(f"{item.name}: {summary(item)}")
        lines += [f"  {message}" for message in item.messages]
        for kind, count in sorted(item.kinds.items(), key=lambda pair: (-pair[1], pair[0])):
            lines.append(f"  {count:7} x {kind.converter} {kind.place} {kind.how}")
            if with_examples:
                lines.append(f"            {item.examples[kind]}")
    same = sum(item.same for item in differences)
    identical = sum(item.packages_equal for item in differences)
    total = len(differences)
    lines.append(
        f"{same} of {total} sources give the same records and accounts; {identical} packages are identical"
    )
    return "\n".join(lines)


def summary(item: Difference) -> str:
    """Return how many records of a source are equal, and whether the package is."""
    words = [f"{item.equal} records equal"]
    if item.version_only:
        words.append(f"{item.version_only} equal but for the converter's version")
    words.append("package identical" if item.packages_equal else "package differs")
    return ", ".join(words)


def plain(item: Difference) -> Data:
    """Return a difference as plain data."""
    kinds = [
        {"converter": kind.converter, "place": kind.place, "how": kind.how, "count": count}
        for kind, count in item.kinds.items()
    ]
    return {
        "source": item.name,
        "equal": item.equal,
        "version_only": item.version_only,
        "package_identical": item.packages_equal,
        "messages": item.messages,
        "kinds": kinds,
    }


if __name__ == "__main__":
    sys.exit(main())
