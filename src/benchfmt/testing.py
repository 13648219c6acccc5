"""For authors of converters and checks: what holds them to what their interface promises.

def test_my_converter() -> None:
    check_converter(my_converter, [Path("fixtures")])

def test_my_check() -> None:
    check_check(my_checks.MY_CHECK)
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import re
import tempfile
from collections.abc import Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

from benchfmt.accounting import Account
from benchfmt.checks import Check, catalogue
from benchfmt.conversion import convert
from benchfmt.converters.base import GROUP, Converter, Match, Source, Unit, load, names
from benchfmt.package import open_package
from benchfmt.validation import validate

__all__ = ["check_check", "check_converter"]

_SECTIONS = ["Why", "Fails", "Passes", "How to fix it"]
_SECTION = re.compile("^## (.*)$", re.MULTILINE)
_EXAMPLE = re.compile(r"^## (Fails|Passes)\n+```(json|text)\n(.*?)```", re.DOTALL | re.MULTILINE)


def check_converter(
    converter: str | Converter, samples: Iterable[str | Path], executor: Executor | None = None
) -> list[Account]:
    """Convert samples and assert all that the interface promises; returns the account of each sample.

    Promised: a name and a version; samples are detected; units survive pickling, come in a stable order, and can be
    read alone; files and rows are accounted for; the written package validates against the core rules; converting
    again, in two processes and as CSV, gives the same records; ids do not depend on the path that was given. Raises
    AssertionError with the sample and what does not hold. With an executor its processes are used, which saves the
    start of two for each call.
    """
    if executor is None:
        # The processes start with the first sample of several units, and read those of all samples.
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as own:
            return check_converter(converter, samples, own)
    accounts = []
    for sample in samples:
        name = converter if isinstance(converter, str) else converter.NAME
        _check_interface(load(name) if isinstance(converter, str) else converter, Path(sample))
        _hold(
            name in names(),
            Path(sample),
            f"{name!r} is not installed: it has no entry point in {GROUP!r}",
        )
        accounts.append(_check_sample(name, Path(sample), executor))
    return accounts


def check_check(check: Check) -> None:
    """Assert all that a check and its page promise; raises AssertionError with the code and what does not hold.

    Promised: the check is installed; its title is a sentence without a full stop; its page begins with code and title
    and has the sections Why, Fails, Passes and How to fix it; each example is a record in JSON, of which the one under
    Fails has this fault alone and the one under Passes has none. An example in a block of `text` is not run.
    """
    code = check.code
    _hold(
        catalogue.all_checks().get(code) is check,
        code,
        f"it is not installed: it has no entry point in {catalogue.GROUP!r}",
    )
    _hold(not check.title.endswith("."), code, f"the title {check.title!r} ends with a full stop")
    page = catalogue.page(code)
    heading = f"# {code}: {check.title}"
    _hold(page.startswith(f"{heading}\n"), code, f"the page does not begin with {heading!r}")
    sections = _SECTION.findall(page)
    _hold(
        sections == _SECTIONS,
        code,
        f"the sections of the page are {', '.join(sections)}, and not {', '.join(_SECTIONS)}",
    )
    examples = {which: (kind, text) for which, kind, text in _EXAMPLE.findall(page)}
    for which, expected in (("Fails", {code}), ("Passes", set())):
        _hold(which in examples, code, f"the page has no example under {which}")
        kind, text = examples[which]
        if kind == "json":
            _check_example(check, which, text, expected)


def _check_example(check: Check, which: str, text: str, expected: set[str]) -> None:
    """Assert that an example of a page has the expected findings under the first rule set of the check."""
    with tempfile.TemporaryDirectory(prefix="benchfmt-") as folder:
        record = Path(folder) / "record.json"
        record.write_text(text, "utf-8")
        codes = {finding.code for finding in validate(record, check.rules[0]).findings}
    found = ", ".join(sorted(codes)) or "none"
    wanted = ", ".join(f"{code} alone" for code in expected) or "none"
    _hold(
        codes == expected,
        check.code,
        f"the example under {which} has the findings {found}, and not {wanted}",
    )


def _check_interface(converter: Converter, sample: Path) -> None:
    _hold(
        bool(converter.NAME and converter.VERSION), sample, "the converter has no NAME or VERSION"
    )
    source = Source(sample)
    match = converter.detect(source)
    _hold(
        isinstance(match, Match) and 0 < match.sureness <= 1 and bool(match.reason),
        sample,
        "it is not detected",
    )
    first, second = list(converter.plan(source, {})), list(converter.plan(source, {}))
    _hold(first == second, sample, "planning twice gives different units")
    _hold(any(isinstance(item, Unit) for item in first), sample, "there is nothing to read")
    for item in first:
        _hold(_survives(item), sample, f"{item} does not survive pickling")


def _survives(item: object) -> bool:
    try:
        return bool(pickle.loads(pickle.dumps(item)) == item)  # noqa: S301 - our own bytes, made a moment before
    except Exception:  # noqa: BLE001 - whatever a class raises that cannot be pickled
        return False


def _check_sample(name: str, sample: Path, pool: Executor) -> Account:
    with tempfile.TemporaryDirectory(prefix="benchfmt-") as folder:
        first, again, text = (Path(folder) / part for part in ("first", "again", "text"))
        account = convert(sample.resolve(), name).write(first)
        _check_account(account, sample)
        elsewhere = None
        if account.count("primary") > 1:
            elsewhere = pool
        convert(Path(os.path.relpath(sample)), name, executor=elsewhere).write(again)
        for table in ("systems", "records", "measurements"):
            same = (first / f"{table}.parquet").read_bytes() == (
                again / f"{table}.parquet"
            ).read_bytes()
            _hold(
                same,
                sample,
                f"given by another path, or read by two processes, it gives another table {table}",
            )
        convert(sample, name).write(text, format="csv")
        for package in (first, text):
            report = validate(package)
            _hold(report.ok, sample, f"the package is not conformant: {report.findings[:5]}")
        with open_package(first) as binary, open_package(text) as plain:
            same = [record.to_dict() for record in binary.records()] == [
                record.to_dict() for record in plain.records()
            ]
            _hold(same, sample, "the CSV form holds other records than the Parquet form")
    return account


def _check_account(account: Account, sample: Path) -> None:
    data = account.to_dict()
    files, rows = data["files"], data["rows"]
    _hold(data["records"] > 0, sample, f"no record was converted: {data['entries'][:3]}")
    told = files["primary"] + files["supporting"] + files["skipped"] + files["failed"]
    _hold(
        files["seen"] == told, sample, f"{files['seen']} files were seen and {told} accounted for"
    )
    told = rows["converted"] + rows["skipped"] + rows["failed"]
    _hold(rows["seen"] == told, sample, f"{rows['seen']} rows were seen and {told} accounted for")


def _hold(held: bool, sample: Path | str, otherwise: str) -> None:
    if not held:
        raise AssertionError(f"{sample}: {otherwise}")
