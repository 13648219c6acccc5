"""The policy of a report: no script and no style has an effect but those that benchfmt itself brings."""

from __future__ import annotations

from functools import lru_cache

from benchfmt.reports.pages import own_file, policy


@lru_cache(1)
def report_policy() -> str:
    """Return the policy under which a report is shown; it never depends on what stands in one."""
    allowed = policy(own_file("report.css"), own_file("report.js"))
    return f"{allowed}; frame-ancestors 'none'"
