"""A LoadGen run as a record: which logs are of one run, the official number, every other number, power and quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchfmt.converters.base import Failed, Skipped
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.inference import loadgen_rules, log_pair
from benchfmt.converters.mlperf.inference.description import describe, is_automotive, names_of
from benchfmt.converters.mlperf.inference.inferred import add_inferred
from benchfmt.converters.mlperf.inference.log_numbers import add_bounds, add_numbers
from benchfmt.converters.mlperf.inference.log_settings import seeds_of, settings_of
from benchfmt.converters.mlperf.inference.power import add_power
from benchfmt.converters.mlperf.inference.quality import add_quality
from benchfmt.converters.mlperf.inference.run import NAMESPACE, Names, Run
from benchfmt.readers import loadgen
from benchfmt.readers.files import UnsafeError, file_sha256
from benchfmt.readers.loadgen import Log
from benchfmt.readers.repeats import refuse_many
from benchfmt.suites import mlperf_automotive as automotive
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Official

_SAYS_NOTHING = "no line of LoadGen is in it, and none in a log beside it"
_ACCURACY_RUN = "log of an accuracy run, which has no speed"
_OWN_FOLDER = "give each run a folder of its own"
_OF_ALL_RUNS = {"system", "measurements", "user.conf"}
"""What stands beside a summary that was joined of several, and tells of all of them."""
_OF_ONE_RUN = {"power-log", "power-server", "power-client"}
"""What tells of the run of the detail log alone."""
_STATUS = {"VALID": "ok", "INVALID": "invalid"}


def records(run: Run) -> Iterator[Draft | Skipped | Failed]:
    """Yield the record of a LoadGen run; those of several runs where its summary was joined of several.

    What stands beside a summary of several runs is of one of them at most, and never says of which: only a detail log
    does, by its numbers.
    """
    if run.unit.path.name == layout.DETAIL:
        yield _record_of_detail(run)
        return
    summaries = loadgen.read_summaries(run.unit.path)
    _refuse_many(run, len(summaries))
    detail = _detail_of(run)
    if not _says_something(summaries, detail) and not _has_quality(run):
        yield Failed(run.unit.path, _SAYS_NOTHING)
        return
    results: dict[int, Log] = {}
    seen: set[_Said] = set()
    for number, summary in enumerate(summaries, start=1):
        said = _said(summary)
        if said in seen:
            reason = "repeats a run that stands above it, to the last digit"
            yield Skipped(run.unit.path, reason, number)
            continue
        skipped = _why_no_result(run, summary, number, summaries, detail)
        yield from skipped
        if not skipped:
            seen.add(said)
            results[number] = summary
    if len(results) == 1:
        [summary] = results.values()
        yield _record(run, summary, detail)
    elif results:
        yield from _records_of_several(run, results, detail)


def _refuse_many(run: Run, runs: int) -> None:
    """Raise UnsafeError for a summary of so many runs that reading what stands beside it for each would not end."""
    refuse_many(runs, run.unit.limits)
    paths = [path for role in _OF_ALL_RUNS for path in run.files.get(role, ())]
    beside = sum(path.stat().st_size for path in paths)
    if runs > 1 and runs * beside > run.unit.limits.log_bytes:
        message = f"{runs:,} runs stand in one summary, and {beside:,} bytes beside it tell of each"
        raise UnsafeError("BF907", f"{message}: {_OWN_FOLDER} (limit log_bytes)")


_Said: TypeAlias = tuple[frozenset[tuple[str, str]], str | None, str | None, bool, tuple[str, ...]]


def _said(log: Log) -> _Said:
    """Return all that a run of a summary says, to find it again among thousands."""
    return frozenset(log.values.items()), log.errors, log.warnings, log.accuracy_mode, log.headline


def _says_something(summaries: Sequence[Log], detail: Log | None) -> bool:
    if detail and detail.values:
        return True
    return any(summary.values or summary.accuracy_mode for summary in summaries)


def _detail_of(run: Run) -> Log | None:
    """Return the detail log beside a summary; None where it is of several runs."""
    path = run.one("detail")
    if path is None:
        return None
    detail = loadgen.read_detail(path)
    if detail.several:
        message = f"{_several(detail)}; it is left out"
        run.report("BF701", run.root(detail.path), message, _OWN_FOLDER)
        return None
    return detail


def _several(detail: Log) -> str:
    return f"the detail log is of more than one run: {detail.several}"


def _has_quality(run: Run) -> bool:
    """Say whether an accuracy run stands beside: its score is kept, whatever became of the speed."""
    return any(path.name == "accuracy.txt" for path in run.unit.supporting)


def _why_no_result(
    run: Run,
    summary: Log,
    number: int,
    summaries: Sequence[Log],
    detail: Log | None,
) -> list[Skipped]:
    """Return why one of the runs of a summary is no result, none where it is one."""
    row: int | None = number
    beside = None
    if len(summaries) == 1:
        row = None
        beside = detail
    if summary.accuracy_mode:
        return [Skipped(run.unit.path, _ACCURACY_RUN, row)]
    test = _compliance_test(summary, beside)
    if test:
        return _left_out(run, test, row)
    return []


def _compliance_test(summary: Log | None, detail: Log | None) -> str | None:
    """Return why a run counts for nothing by what its logs say, whatever its folder is called; None for any other."""
    audited = detail is not None and detail.audited
    return rules.compliance_test(log_pair.merged(summary, detail), audited=audited)


def _left_out(run: Run, test: str, row: int | None = None) -> list[Skipped]:
    """Return the logs of a run that counts for nothing; `row` is its number among several of one summary."""
    reason = f"{test}: it shows that results can be trusted, and is not a result"
    skipped = [Skipped(run.unit.path, reason, row)]
    detail = run.one("detail")
    if detail and row is None:
        skipped.append(Skipped(detail, reason))
    return skipped


def _record_of_detail(run: Run) -> Draft | Skipped | Failed:
    """Return the record of a detail log that has no summary."""
    detail = loadgen.read_detail(run.unit.path)
    if detail.several:
        return Failed(run.unit.path, _several(detail))
    if not detail.values:
        return Failed(run.unit.path, _SAYS_NOTHING)
    test = _compliance_test(None, detail)
    if test:
        return _left_out(run, test)[0]
    return _record(run, None, detail)


def _records_of_several(
    run: Run, results: Mapping[int, Log], detail: Log | None
) -> Iterator[Draft]:
    """Yield the records of the runs of which a summary was joined, each with its number there, in its order."""
    message = f"the summary is of {len(results)} runs: each is a record of its own"
    run.report("BF701", run.path, message, _OWN_FOLDER)
    owner = _owner(run, list(results.values()), detail)
    for number, summary in results.items():
        own = None
        roles = _OF_ALL_RUNS
        if summary is owner:
            own = detail
            roles = _OF_ALL_RUNS | _OF_ONE_RUN
        files = {role: paths for role, paths in run.files.items() if role in roles}
        part = Run(run.unit, run.place, files, run.findings)
        yield _record(part, summary, own, f"run={number}")


def _owner(run: Run, results: Sequence[Log], detail: Log | None) -> Log | None:
    """Return the run of a summary that a detail log is of, None where it does not tell."""
    if detail is None:
        return None
    fitting = [summary for summary in results if log_pair.same_run(summary, detail)]
    if len(fitting) == 1:
        return fitting[0]
    run.report(
        "BF701",
        run.root(detail.path),
        "the detail log does not tell to which run of the summary it belongs; it is left out",
        _OWN_FOLDER,
    )
    return None


@dataclass(frozen=True, slots=True)
class _Logs:
    """The logs of one run: what they say together, and where the numbers of a detail log beside a summary stand."""

    values: Mapping[str, str]
    summary: Log | None
    detail: Log | None
    beside: Log | None
    detail_path: str | None

    @property
    def headline(self) -> tuple[str, ...]:
        """What the summary calls the result, before it says whether that is valid."""
        if self.summary is None:
            return ()
        return self.summary.headline

    @property
    def errors(self) -> str | None:
        """What LoadGen called an error."""
        for log in (self.summary, self.detail):
            if log and log.errors:
                return log.errors
        return None

    @property
    def scenario(self) -> str | None:
        """LoadGen's word for the scenario."""
        return self.values.get("effective_scenario") or self.values.get("requested_scenario")

    @property
    def validity(self) -> str:
        """LoadGen's verdict, empty where the log ends before it."""
        return self.values.get("result_validity", "")


def _read_logs(run: Run, summary: Log | None, detail: Log | None, locator: str | None) -> _Logs:
    """Add the logs to the sources, and return them; the locator says where in its file the summary stands."""
    if summary:
        run.read(summary.path, summary.sha256 or file_sha256(summary.path), locator)
    detail_path = None
    beside = None
    if detail:
        sha256 = detail.sha256
        if summary:
            beside = detail
        elif sha256 is None:
            sha256 = file_sha256(detail.path)
        detail_path = run.read(detail.path, sha256)
    summary, detail = log_pair.of_one_run(run, summary, detail)
    return _Logs(log_pair.merged(summary, detail), summary, detail, beside, detail_path)


def _record(run: Run, summary: Log | None, detail: Log | None, locator: str | None = None) -> Draft:
    """Return the record of one run; the locator says where in the summary it stands, if that has several."""
    logs = _read_logs(run, summary, detail, locator)
    log = logs.values
    run.automotive = _is_automotive(run, logs)
    round_id = _round(run, seeds_of(log))
    time = loadgen_rules.time_of(round_id, log, logs.headline)
    names = names_of(run, logs.scenario, loadgen_rules.names_as_of(round_id, log), time)
    if names.inferred_from:
        add_inferred(run, log, names)
    else:
        official = _official(run, logs, names, time)
        add_numbers(run, log, names, official, logs.beside, logs.detail_path)
    add_bounds(run.draft.numbers, log, names, round_id)
    _add_status(run.draft, logs)
    add_power(run, log, names, time)
    describe(run, names, round_id, locator)
    add_quality(run, names, round_id)
    run.draft.provenance(measured_at=log_pair.time_of(log.get("test_datetime")))
    settings = settings_of(log, logs.summary, names.ran, inferred=bool(names.inferred_from))
    run.draft.keep_all(settings, NAMESPACE)
    return run.draft


def _is_automotive(run: Run, logs: _Logs) -> bool:
    scenario = None
    if logs.scenario:
        scenario = rules.scenario(logs.scenario)
    return is_automotive(run, scenario)


def _official(run: Run, logs: _Logs, names: Names, time: str | None) -> Official:
    """Return the key of the number that is the result of a run."""
    scenario = names.scenario or ""
    official = None
    if run.automotive:
        official = automotive.official(scenario)
    if official:
        return official
    return loadgen_rules.official(names.benchmark, scenario, time, logs.values, logs.headline)


def _add_status(draft: Draft, logs: _Logs) -> None:
    """Say whether a run is a result: its log calls it valid, and there is a number that somebody measured."""
    draft.status = _STATUS.get(logs.validity, "incomplete")
    if draft.status == "ok" and not _has_measured(draft):
        draft.status = "incomplete"
    draft.status_detail = logs.errors
    if logs.errors is None and draft.status == "incomplete":
        draft.status_detail = _unfinished(logs)
    if logs.errors and draft.status == "ok":
        _add_caveat(draft, "errors-logged")


def _has_measured(draft: Draft) -> bool:
    return any(number.value is not None and number.basis != "nominal" for number in draft.numbers)


def _add_caveat(draft: Draft, caveat: str) -> None:
    for number in draft.numbers:
        if number.primary:
            number.caveats = [*(number.caveats or ()), caveat]


def _unfinished(logs: _Logs) -> str:
    """Say what an incomplete run lacks."""
    if logs.validity in _STATUS:
        return "the log has no speed"
    return "the log ends before it says whether the result is valid"


def _round(run: Run, seeds: Mapping[str, str]) -> str | None:
    """Return the round that the seeds belong to; one that the user claims is only used where they say nothing."""
    claimed = run.round
    if run.automotive:  # no seeds of its rounds are known
        return claimed or automotive.round_of(run.place.prefix)
    round_id = rules.round_of(seeds)
    if claimed and not _are_of(seeds, claimed):
        run.report(
            "BF703",
            run.path,
            f"the seeds are those of {round_id or 'no round'}, not of {claimed}",
            "measure with the seeds of the round, or name the round that was measured",
            seeds.get("qsl_rng_seed"),
        )
    return round_id or claimed


def _are_of(seeds: Mapping[str, str], round_id: str) -> bool:
    known = rules.seeds_of(round_id)
    return all(seed.strip() == known.get(name) for name, seed in seeds.items())
