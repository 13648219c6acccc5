"""Safety limits: how much of a stranger's file is read before benchfmt stops with a BF9xx finding."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; every size is in bytes."""

    descriptor_bytes: int = 16 * 2**20
    json_bytes: int = 256 * 2**20
    json_data_bytes: int = 400 * 2**20
    json_depth: int = 64
    json_members: int = 100_000
    log_bytes: int = 256 * 2**20
    log_results: int = 5_000
    file_results: int = 20_000
    """How many results of one source are read one by one: each takes a fraction of a millisecond, whatever it says.

    A round of MLPerf Inference has thousands: 5,300 of performance and 2,400 of power in v2.1 (MLCommons, September 2022).
    """
    row_bytes: int = 2**20
    repeated_bytes: int = 512 * 2**20
    systems_bytes: int = 64 * 2**20
    compared_bytes: int = 64 * 2**20
    """How much memory the results of a package take that are compared with those of another: some 90,000 short ones."""
    record_measurements: int = 100_000
    measurements_at_once: int = 524_288
    """How many measurements of a package are judged at once; fewer take less memory, and up to a fifth more time."""
    footer_bytes: int = 8 * 2**20
    page_bytes: int = 128 * 2**20
    columns: int = 10_000
    kept_columns: int = 2_000
    """How many columns of a described table that nothing describes are kept as text: each costs some 60 KB, and time."""
    measured_columns: int = 3_000
    """How many columns of a described table may be numbers: each costs memory and time in every frame of rows."""
    conditions: int = 500
    """How many rules, cases, families and patterns a descriptor may give for one table: each is asked of every row."""
    strange_units: int = 1_000
    """How many units that no list of the standard has are looked up among the measurements that are judged at once."""
    named_measurements: int = 200
    """How many metrics and units the words of some rows of a described column may name: each is a column of numbers."""
    resources: int = 10_000
    files: int = 1_000_000
    archive_members: int = 10_000
    archive_bytes: int = 64 * 2**30
    archive_ratio: int = 1_000
    faulty_records: int = 100_000
    findings_per_code: int = 1_000
    findings_in_all: int = 200_000
    """How many findings of all packages of a call are listed: each takes some 400 bytes. Of a package beyond, some are."""


LIMITS = Limits()
FOR_PAGES = replace(LIMITS, measurements_at_once=65_536)
"""Where pages are made of what is judged: the verdict is the smaller part of the time, and would take the most memory."""
