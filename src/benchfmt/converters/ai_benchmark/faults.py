"""What is wrong with the tests of a posted run of AI Benchmark's desktop package, and with what it says of its device."""

from __future__ import annotations

from collections.abc import Container, Iterator

from benchfmt.converters import texts
from benchfmt.converters.ai_benchmark.run import Run
from benchfmt.converters.ai_benchmark.system import hides_processor
from benchfmt.finding import Finding


def faults_of(run: Run, path: str, options: Container[str]) -> Iterator[Finding]:
    """Yield what is wrong with a run; options are what the user says that the post does not."""
    yield from _of_tests(run, path)
    yield from _of_device(run, path, options)


def _of_tests(run: Run, path: str) -> Iterator[Finding]:
    for result in run.results:
        config = result.configuration
        place = f"line {result.line}:"
        if config.repaired and result.time:
            message = (
                f"{place} the configuration of test {result.printed} is damaged; the table of sub-tests leaves one "
                "reading, which was taken"
            )
            yield texts.finding("BF103", path, message, None, config.repaired)
        elif config.test is None and config.batch and result.known:
            message = (
                f"{place} test {result.printed} was run with a batch or size that is not the suite's; "
                "no score follows from it"
            )
            yield texts.finding("BF103", path, message, None, f"batch={config.batch}")


def _of_device(run: Run, path: str, options: Container[str]) -> Iterator[Finding]:
    if "processor" in options:
        return
    if hides_processor(run):
        message = "the run was on a processor, which the log does not name (CPU: N/A)"
        yield texts.finding("BF515", path, message, "say which: --option processor=…")
    if run.results or run.info or "accelerator" in options:
        return
    yield texts.finding(
        "BF515",
        path,
        "the post holds scores alone and does not say of which device",
        "say it: --option processor=… or --option accelerator=…",
    )
