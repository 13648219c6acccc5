"""The policy of a report: no script and no style has an effect but those that benchfmt itself brings."""

from __future__ import annotations

from functools import lru_cache

from benchfmt.pages import style_and_script
from benchfmt.reports.pages import allowed, own_file


@lru_cache(1)
def report_policy() -> str:
    """Return the policy under which a report is shown; it never depends on what stands in one."""
    style, script = style_and_script()
    styles = (style, own_file("report.css"))
    scripts = (script, own_file("theme.js") + own_file("report.js"))
    return f"{allowed(styles, scripts)}; frame-ancestors 'none'"
