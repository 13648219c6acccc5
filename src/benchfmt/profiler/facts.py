"""What is known of a model without running it, as typed values."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchfmt.profiler.sampled import Failure

NOT_COUNTED = Failure("not-measured", "the model was not counted")


@dataclass(frozen=True, kw_only=True)
class FlopRule:
    """How operations were counted: how often each operator occurs, by what the counter makes of it."""

    convention: str = "2 x MAC"
    counted: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    macs: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bandwidth:
    """The least traffic of a run: every weight read once, every result written and read once; caches make it less."""

    bytes_per_run: int
    formula: str
    copy_bytes_per_second: float
    calibration: str


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What a model's file says; operations are of a whole run (`flop`) and of one sample of it."""

    parameters: int | None = None
    opsets: dict[str, int] | None = None
    size_bytes: int | None = None
    precision: str | None = None
    weights_by_type: dict[str, int] | None = None
    flop_rule: FlopRule | None = None
    flop_missing: Failure | None = None
    flop: int | None = None
    flop_per_sample: float | None = None
    model_sha256: str | None = None
    notes: list[str] | None = None
    bandwidth: Bandwidth | None = None
    bandwidth_missing: str | None = None
