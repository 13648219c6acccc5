"""benchfmt: a common format for AI benchmark results, with converters and checks.

The names below are the public interface; each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchfmt._version import __version__ as __version__

if TYPE_CHECKING:
    from benchfmt.accounting import Account as Account
    from benchfmt.comparing.versions import compare_versions as compare_versions
    from benchfmt.comparison import compare as compare
    from benchfmt.conversion import Conversion as Conversion
    from benchfmt.conversion import convert as convert
    from benchfmt.finding import BenchfmtError as BenchfmtError
    from benchfmt.finding import Finding as Finding
    from benchfmt.finding import Severity as Severity
    from benchfmt.package import Package as Package
    from benchfmt.package import PackageWriter as PackageWriter
    from benchfmt.package import open_package as open_package
    from benchfmt.package.querying import query as query
    from benchfmt.profiler.calling import profiled as profiled
    from benchfmt.profiler.profiling import Profile as Profile
    from benchfmt.profiler.profiling import profile as profile
    from benchfmt.record import Measurement as Measurement
    from benchfmt.record import Record as Record
    from benchfmt.validation import Report as Report
    from benchfmt.validation import Reports as Reports
    from benchfmt.validation import validate as validate
    from benchfmt.validation import validate_all as validate_all

_HOMES = {
    "Account": "accounting",
    "BenchfmtError": "finding",
    "Conversion": "conversion",
    "Finding": "finding",
    "Measurement": "record",
    "Package": "package",
    "PackageWriter": "package",
    "Profile": "profiler.profiling",
    "Record": "record",
    "Report": "validation",
    "Reports": "validation",
    "Severity": "finding",
    "compare": "comparison",
    "compare_versions": "comparing.versions",
    "convert": "conversion",
    "open_package": "package",
    "profile": "profiler.profiling",
    "profiled": "profiler.calling",
    "query": "package.querying",
    "validate": "validation",
    "validate_all": "validation",
}
__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `import benchfmt` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'benchfmt' has no attribute {name!r}")
    return getattr(import_module(f"benchfmt.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
