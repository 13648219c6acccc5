"""A check of somebody else's, as an example: no run on their machines draws more than their power supplies give."""

import polars as pl

from benchfmt.checks import Cells, Check, Severity

MOST_WATTS = 3000

PAGE = """# ACME001: Power is what our racks can supply

A run is said to have drawn more than 3000 W, which no rack of ours supplies.

## Why

Some of our meters give tenths of a watt.

## Fails

```json
{"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok",
 "measurements": [{"metric": "power", "scope": "wall", "value": 8123, "unit": "W", "basis": "measured"}]}
```

## Passes

```json
{"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok",
 "measurements": [{"metric": "power", "scope": "wall", "value": 812.3, "unit": "W", "basis": "measured"}]}
```

## How to fix it

Divide the number of such a meter by ten.
"""

POWER_IS_SUPPLIED = Check(
    code="ACME001",
    severity=Severity.WARNING,
    title="Power is what our racks can supply",
    table="measurements",
    needs=("value",),
    cells=(
        Cells(
            "measurements",
            "value",
            fault=(pl.col("metric") == "power") & (pl.col("value") > MOST_WATTS),
            message=pl.format("a power of {} W; our racks supply {}", "value", pl.lit(MOST_WATTS)),
            hint=pl.lit("tenths of a watt? divide by ten"),
        ),
    ),
    page=PAGE,
)
