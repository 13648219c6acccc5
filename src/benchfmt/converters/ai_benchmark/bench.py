"""`bench.json` of a fork of AI Benchmark's desktop package: a test each, appended by one process after another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from benchfmt.converters.ai_benchmark.record import Post
from benchfmt.converters.ai_benchmark.run import Configuration, Result, Run, Time
from benchfmt.converters.base import Failed, Item
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import double
from benchfmt.readers import jsons
from benchfmt.suites import ai_benchmark as rules

_KEYS = ("public_id", "type", "time_mean", "time_std")
_ID = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")


def of_bench(post: Post) -> Iterator[Item]:
    """Yield the record of each test; raises BenchfmtError for a file that holds no list."""
    path = post.unit.path
    data = jsons.read(path, post.unit.limits, digits=True)
    if not isinstance(data, list):
        raise BenchfmtError(f"{post.name}: a list of tests is expected")
    run = Run(1)
    ids: set[str] = set()
    for index, item in enumerate(data):
        if not isinstance(item, dict) or not item.keys() >= set(_KEYS):
            reason = f"item {index} has no public_id, type, time_mean and time_std"
            yield Failed(path, reason, index + 1)
            continue
        result = _result(item, index + 1)
        if result.printed in ids:
            # The next run was appended to the same file.
            run = Run(run.number + 1)
            ids.clear()
        ids.add(result.printed)
        yield from post.record(run, result, f"/{index}", _fault(result, index))


def _fault(result: Result, index: int) -> str | None:
    """Return why a test has no record."""
    if result.test is None:
        test = f"{result.printed!r} ({result.kind})"
        return f"item {index}: no sub-test is {test} with this reference time"
    if result.time is None:
        return f"item {index}: time_mean and time_std are not numbers"
    return None


def _result(item: Mapping[str, JsonValue], row: int) -> Result:
    """Return a test as the fork wrote it, without a time that is not in numbers."""
    printed, kind, mean, std = (str(item[key]) for key in _KEYS)
    config = Configuration()
    test = _test_of(printed, kind, item.get("ref_time"))
    if test:
        config = Configuration(test.batch, test.size, test)
    time = None
    if None not in (double(mean), double(std)):
        time = Time(mean, std)
    return Result(printed, kind, row, time, config)


def _test_of(printed: str, kind: str, reference: JsonValue) -> rules.Test | None:
    """Return the sub-test of an item: its id may count the tests of one kind only."""
    if not _ID.fullmatch(printed):
        return None
    number, _, _ = printed.partition(".")
    fits = list(rules.of_model(int(number), kind))
    if reference is not None:
        fits = [test for test in fits if float(test.ref) == double(str(reference))]
    for test in fits:
        if test.id == printed or len(fits) == 1:
            return test
    return None
