"""Shows how far the work is, where a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

from benchfmt.printable import is_watched

if TYPE_CHECKING:
    from benchfmt.conversion import Progress as Tell
    from benchfmt.processes.spreading import Who
    from benchfmt.validation import Report, Reports

Result = TypeVar("Result")


@contextmanager
def watched(reports: Reports, *, is_quiet: bool) -> Iterator[None]:
    """Show a bar on a terminal while reports come, unless their verdicts show it there; leaving the block ends all work."""
    with closing(reports):
        shows_verdicts = sys.stdout.isatty() and not is_quiet
        if len(reports) < 2 or shows_verdicts or not is_watched(sys.stderr):
            yield
            return
        from rich.console import Console
        from rich.progress import Progress

        # What is printed beside the bar goes where it would go without it.
        is_shared = sys.stdout.isatty()
        console = Console(stderr=True)
        with Progress(console=console, transient=True, redirect_stdout=is_shared) as bar:
            task = bar.add_task("judging", total=len(reports))

            def advance(report: Report) -> None:
                bar.update(task, advance=1, description=report.source[-40:])

            reports.watch(advance)
            yield


def with_progress(work: Callable[[Tell | None], Result]) -> Result:
    """Run work with a progress bar where a person watches, and without one elsewhere."""
    if not is_watched(sys.stderr):
        return work(None)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        return work(
            lambda done, total, name: bar.update(
                task, completed=done, total=total, description=name[:40]
            )
        )


@contextmanager
def workers(executor: str | None, what: str) -> Iterator[Who | None]:
    """Give who is named for some work, and show how many pieces of it are done where a person watches.

    Whoever it is, the address of a dashboard is told.
    """
    if executor is None:
        yield None
        return
    from benchfmt.cli.printing import say
    from benchfmt.processes.spreading import Who

    def tell(text: str) -> None:
        say(text, err=True)

    if not is_watched(sys.stderr):
        yield Who(executor, tell)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def watch(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield Who(executor, tell, watch)
