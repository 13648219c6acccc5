"""BF421 and BF424 to BF435: whether energy, power, work, time and memory of a record obey what physics and its system say."""

from __future__ import annotations

import math

import polars as pl

from benchfmt.checks.beside import (
    Beside,
    Other,
    compared,
    has_kind,
    is_above,
    related,
    valued,
    with_record,
    with_system,
)
from benchfmt.checks.check import Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.checks.kinds import Question
from benchfmt.finding import Severity

_LOOSE = 0.5
"""Tools average power and sum up energy over windows that are not quite the same; wrong units differ by far more."""
_INVERSE = 0.1
"""The mean of inverses is not the inverse of the mean."""
_NOISE = 0.8
_GIGABYTES = 1.1
"""A gigabyte may be of 1000 or of 1024."""
_ABOVE_RATED = 1.1
_POWER_ABOVE_RATED = 2.0
"""Peaks of milliseconds are beyond what a part is rated for."""
_THREADS_A_CORE = 8
_MOST_CARBON = 5.0 / 3.6e6
"""Kilograms of carbon dioxide for a joule: five for each kilowatt-hour, four times those of a plant that burns lignite."""
_TIMES = 10.0
_MORE_COUNTED = 1.5
_FAR_MORE = 100
_MAIN_MEMORY = ["process", "container", "cpu", "memory", "node"]
_OF_ACCELERATORS = ["gpu", "npu", "accelerator"]
_RATED_METRICS = ["flop-rate", "memory-bandwidth", "io-throughput", "clock-rate", "power"]
_SAMPLES = ["sample", "query", "frame", "batch", "token", "issued-sample"]

_METRIC, _VALUE, _STAGE, _SCOPE = (pl.col(name) for name in ("metric", "value", "stage", "scope"))
_HALF = pl.col("half")
_PLAIN = pl.col("statistic").is_null() | pl.col("statistic").is_in(
    ["mean", "sum", "single", "median"]
)
_AVERAGE = pl.col("statistic").is_null() | pl.col("statistic").is_in(["mean", "median"])
_OF_RUN = pl.col("per").is_null() | (pl.col("per") == "run")
_OF_UNIT = pl.col("per").is_in(_SAMPLES)
_OBSERVED = pl.col("basis") != "nominal"
_IS_IDLE = _STAGE == "idle"
_IS_WORK = (_STAGE != "idle").fill_null(value=True)
_IS_RATED_MOST = (pl.col("statistic") == "nominal-max").fill_null(value=False)
_IS_RATED = (pl.col("basis") == "nominal") | _IS_RATED_MOST

_ENERGY = Question((_METRIC == "energy") & _OF_RUN & _PLAIN & _IS_WORK)
_UNIT_ENERGY = Question((_METRIC == "energy") & _OF_UNIT & _AVERAGE)
_POWER = Question((_METRIC == "power") & _AVERAGE & _OBSERVED & _IS_WORK)
_IDLE_POWER = Question((_METRIC == "power") & _AVERAGE & _OBSERVED & _IS_IDLE)
_DURATION = Question((_METRIC == "duration") & _OF_RUN & _PLAIN & _OBSERVED)
_RATE = Question((_METRIC == "throughput") & _PLAIN & _OBSERVED)
_UNIT_RATE = Question((_METRIC == "throughput") & _OF_UNIT & _PLAIN & _OBSERVED)
_SAMPLE_RATE = Question(
    (_METRIC == "throughput") & (pl.col("per") == "sample") & _PLAIN & _OBSERVED
)
_EFFICIENCY = Question((_METRIC == "energy-efficiency") & _OF_UNIT & _AVERAGE)
_ALL_ENERGY = Question(_METRIC == "energy")
_DYNAMIC_ENERGY = Question(_METRIC == "dynamic-energy")
_MEASURED = Question(_METRIC.is_in(_RATED_METRICS) & ~_IS_RATED)
_RATED = Question(_METRIC.is_in(_RATED_METRICS) & _IS_RATED)
_PEAK = Question((_METRIC == "flop-rate") & _IS_RATED)
_FLOP_RATE = Question((_METRIC == "flop-rate") & _PLAIN & ~_IS_RATED)
_MEMORY = Question((_METRIC == "memory") & _SCOPE.is_in([*_MAIN_MEMORY, *_OF_ACCELERATORS]))
_CPU_TIME = Question((_METRIC == "cpu-time") & _PLAIN)
_EMISSIONS = Question((_METRIC == "emissions") & _OF_RUN & _PLAIN)
_EMISSIONS_RATE = Question((_METRIC == "emissions-rate") & _PLAIN)
_WHOLE_ENERGY = Question(
    (_METRIC == "energy") & _OF_RUN & _PLAIN & (_SCOPE.is_null() | _SCOPE.is_in(["node", "wall"]))
)
_TIMED = Question((_METRIC == "duration") & _PLAIN & _OBSERVED)


_RATE_BESIDE_PEAK = Beside.of(_SAMPLE_RATE, {"peak": Other(_PEAK)})
_FLOPS_BESIDE_RATE = Beside.of(_FLOP_RATE, {"rate": Other(_SAMPLE_RATE, on=["stage"])})
_RATE_BESIDE_TIME = Beside.of(_UNIT_RATE, {"duration": Other(_DURATION, on=["stage"])})
_CPU_BESIDE_TIME = Beside.of(
    _CPU_TIME, {"duration": Other(_TIMED, on=["statistic", "stage", "per"])}
)
_IS_COUNTED = pl.col("n").is_not_null() & pl.col("samples").is_null()


def _differs(expected: pl.Expr, share: float, *inputs: str) -> pl.Expr:
    """Meet values that are not the expected ones, by more than a share and what all numbers were rounded by."""
    rounded = [pl.col(f"{name}:half") / pl.col(name).abs() for name in inputs]
    slack = expected * (share + pl.sum_horizontal(rounded)) + _HALF
    return (expected > 0) & ((_VALUE - expected).abs() > slack)


def _text(value: pl.Expr) -> pl.Expr:
    return value.round_sig_figs(6).cast(pl.String).str.strip_suffix(".0")


_POWER_TIME = pl.col("power") * pl.col("duration")
_POWER_OF_UNIT = pl.col("power") / pl.col("rate")
energy_is_power_times_time = related(
    _ENERGY,
    {"power": Other(_POWER, on=["stage", "scope"]), "duration": Other(_DURATION, on=["stage"])},
    _differs(_POWER_TIME, _LOOSE, "power", "duration"),
    pl.format(
        "energy {} J is not the power {} W over {} s, which makes {} J",
        number("value"),
        number("power"),
        number("duration"),
        _text(_POWER_TIME),
    ),
    "is one of them in another unit (kWh, mW, ms), or of other parts of the system (scope)?",
)
unit_energy_is_power_by_rate = related(
    _UNIT_ENERGY,
    {"power": Other(_POWER, on=["stage", "scope"]), "rate": Other(_RATE, on=["stage", "per"])},
    _differs(_POWER_OF_UNIT, _LOOSE, "power", "rate"),
    pl.format(
        "energy {} J per {} is not the power {} W at {} /s, which makes {} J",
        number("value"),
        pl.col("per"),
        number("power"),
        number("rate"),
        _text(_POWER_OF_UNIT),
    ),
    "is one of them in another unit, of another unit of work (per), or of other parts of the system (scope)?",
)
efficiency_is_inverse = related(
    _EFFICIENCY,
    {"energy": Other(_UNIT_ENERGY, on=["stage", "per", "scope"])},
    _differs(1 / pl.col("energy"), _INVERSE, "energy"),
    pl.format(
        "energy-efficiency {} /J is not one over the energy of {} J, which makes {} /J",
        number("value"),
        number("energy"),
        _text(1 / pl.col("energy")),
    ),
    "write units of work for each joule: it is the inverse of the energy of one",
)
_IDLE_ENERGY = pl.col("idle") * pl.col("duration")
_energy_is_above_idle = related(
    _ENERGY,
    {"idle": Other(_IDLE_POWER, on=["scope"]), "duration": Other(_DURATION, on=["stage"])},
    _VALUE + _HALF < _IDLE_ENERGY * _NOISE,
    pl.format(
        "energy {} J over {} s is less than the idle system takes, {} J",
        number("value"),
        number("duration"),
        _text(_IDLE_ENERGY),
    ),
    "is it what the work takes above idling? that is `dynamic-energy`",
)
_power_is_above_idle = related(
    _POWER,
    {"idle": Other(_IDLE_POWER, on=["scope"])},
    pl.col("idle") * _NOISE > _VALUE + _HALF,
    pl.format(
        "power {} W is less than the idle system takes, {} W", number("value"), number("idle")
    ),
    "is it what the work takes above idling? power is that of the whole scope",
)


def work_takes_more_than_idling(frames: Frames) -> pl.DataFrame:
    """BF427: energy or power of work is below that of the same system when it waits."""
    return pl.concat([_energy_is_above_idle(frames), _power_is_above_idle(frames)])


dynamic_energy_is_a_part = related(
    _DYNAMIC_ENERGY,
    {"energy": Other(_ALL_ENERGY, on=["statistic", "stage", "per", "scope"])},
    (pl.col("energy") + pl.col("energy:half")) * (1 + 1e-9) < _VALUE - _HALF,
    pl.format(
        "dynamic-energy {} J is more than the whole energy, {} J",
        number("value"),
        number("energy"),
    ),
    "dynamic energy is the energy less that of the idle system",
)
_MOST_RATED = pl.when(_METRIC == "power").then(_POWER_ABOVE_RATED).otherwise(_ABOVE_RATED) * pl.col(
    "rated"
)
measured_is_below_rated = related(
    _MEASURED,
    {"rated": Other(_RATED, on=["metric", "scope", "unit"])},
    _MOST_RATED + pl.col("rated:half") < _VALUE - _HALF,
    pl.format(
        "{} {} {} is above what the hardware is rated for, {} {}",
        _METRIC,
        number("value"),
        pl.col("unit"),
        number("rated"),
        pl.col("unit"),
    ),
    "is one of them in another unit, of another precision, or of several devices?",
)


def work_is_below_peak(frames: Frames) -> pl.DataFrame:
    """BF430: throughput times the operations of the model is beyond the rated rate of the hardware."""
    rows = compared(frames, _RATE_BESIDE_PEAK, pl.lit(value=True))
    if not rows.height:
        return no_faults()
    joined = _with_model(frames, rows, "value")
    devices = pl.col("nodes").fill_null(1) * pl.col("accelerator_count").fill_null(1)
    wrong = joined.filter(pl.col("done") > pl.col("peak") * devices * _ABOVE_RATED)
    message = pl.format(
        "{} samples a second of {} operations each make {} /s, above the peak of {} /s",
        number("value"),
        number("model_flop"),
        _text(pl.col("done")),
        number("peak"),
    )
    hint = "is the throughput that of several devices, or are the operations in another unit?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def flop_rate_follows(frames: Frames) -> pl.DataFrame:
    """BF431: a rate of operations is ten times more or less than throughput and model give."""
    rows = compared(frames, _FLOPS_BESIDE_RATE, pl.lit(value=True))
    if not rows.height:
        return no_faults()
    joined = _with_model(frames, rows, "rate")
    is_one = (pl.col("nodes").fill_null(1) == 1) & (pl.col("accelerator_count").fill_null(1) == 1)
    ratio = _VALUE / pl.col("done")
    wrong = joined.filter(is_one & ~ratio.is_between(1 / _TIMES, _TIMES))
    message = pl.format(
        "flop-rate {} /s does not follow from {} samples a second of {} operations each, which make {} /s",
        number("value"),
        number("rate"),
        number("model_flop"),
        _text(pl.col("done")),
    )
    hint = "is one of them in thousands or millions? write plain operations per second"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def _with_model(frames: Frames, rows: pl.DataFrame, rate: str) -> pl.DataFrame:
    """Return measurements whose record gives the operations of its model, with those done in a second (`done`)."""
    of_records = with_record(frames, rows, "model_flop", "system_id")
    known = of_records.filter(pl.col("model_flop").is_not_null())
    systems = frames.systems.select(
        pl.col("id").alias("system_id"), "nodes", "accelerator_count"
    ).unique("system_id", keep="first")
    joined = known.join(systems, on="system_id", how="left", maintain_order="left")
    return joined.with_columns((pl.col(rate) * pl.col("model_flop")).alias("done"))


def rate_counts_what_was_done(frames: Frames) -> pl.DataFrame:
    """BF432: a rate over its time gives far less or far more than was counted."""
    done = _VALUE * pl.col("duration")
    n = pl.col("n").cast(pl.Float64)
    batch = pl.col("batch_size").fill_null(1)
    is_more = n > (done + _HALF * pl.col("duration")) * _MORE_COUNTED + 1
    is_less = (n >= _FAR_MORE) & (n * batch * _FAR_MORE < done)
    is_counted = pl.col("duration") > 0
    wrong = compared(frames, _RATE_BESIDE_TIME, is_counted & (is_more | is_less), _IS_COUNTED)
    message = pl.format(
        "{} /s over {} s makes {}, and {} were counted",
        number("value"),
        number("duration"),
        _text(done),
        pl.col("n"),
    )
    hint = "is the time in another unit, or that of another part of the run (stage)?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


_LEAST_MEMORY = 4096


def memory_fits(frames: Frames) -> pl.DataFrame:
    """BF421: memory in use is more than the system has."""
    columns = ("memory_bytes", "accelerator_memory_bytes", "accelerator_count", "nodes")
    if not has_kind(frames, _MEMORY) or not _is_given(frames.systems, columns[:2]):
        return no_faults()
    least = min(_least(frames.systems, name) for name in columns[:2])
    if not is_above(frames, _MEMORY, least):
        return no_faults()
    rows = with_system(frames, valued(frames, _MEMORY), *columns)
    of_accelerators = pl.col("accelerator_memory_bytes") * pl.col("accelerator_count")
    of_node = pl.when(_SCOPE.is_in(_MAIN_MEMORY)).then("memory_bytes").otherwise(of_accelerators)
    installed = rows.with_columns((of_node * pl.col("nodes").fill_null(1)).alias("installed"))
    # A memory of some bytes is in another unit, which BF305 reports.
    is_size = pl.col("installed") >= _LEAST_MEMORY
    wrong = installed.filter(
        pl.col("m_same_unit")
        & is_size
        & (pl.col("installed").cast(pl.Float64) * _GIGABYTES < _VALUE)
    )
    message = pl.format(
        "memory {} By of {} is more than the system has, {} By",
        number("value"),
        _SCOPE,
        number("installed"),
    )
    hint = "is one of them in another unit, or is it the memory of another system?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def _least(systems: pl.DataFrame, column: str) -> float:
    """Return the least number of a column, infinity where it has none."""
    least = systems[column].min()
    return float(least) if isinstance(least, int) else math.inf


def _is_given(systems: pl.DataFrame, columns: tuple[str, ...]) -> bool:
    return any(systems[name].null_count() < systems.height for name in columns)


def cpu_time_fits(frames: Frames) -> pl.DataFrame:
    """BF434: processor time is more than all threads of the system have in the time."""
    if not _is_given(frames.systems, ("processor_cores",)):
        return no_faults()
    longer = compared(frames, _CPU_BESIDE_TIME, pl.col("duration") < _VALUE - _HALF)
    if not longer.height:
        return no_faults()
    rows = with_system(frames, longer, "processor_cores", "processor_count", "nodes")
    cores = pl.col("processor_cores") * pl.col("processor_count").fill_null(1)
    most = pl.col("duration") * cores * pl.col("nodes").fill_null(1) * _THREADS_A_CORE
    wrong = rows.filter(most + pl.col("duration:half") * cores * _THREADS_A_CORE < _VALUE)
    message = pl.format(
        "cpu-time {} s is more than {} cores can work in {} s",
        number("value"),
        cores,
        number("duration"),
    )
    hint = "is one of the times in milliseconds?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


_emissions_are_possible = related(
    _EMISSIONS,
    {"energy": Other(_WHOLE_ENERGY, on=["stage"])},
    (pl.col("energy") + pl.col("energy:half")) * _MOST_CARBON < _VALUE - _HALF,
    pl.format(
        "emissions {} kg for {} J are more than any power plant makes: {} kg for each kWh",
        number("value"),
        number("energy"),
        _text(_VALUE / pl.col("energy") * 3.6e6),
    ),
    "are the emissions in grams, or is the energy in Wh? write kilograms and joules",
)
_RATE_OF_EMISSIONS = pl.col("emissions") / pl.col("duration")
_emissions_rate_follows = related(
    _EMISSIONS_RATE,
    {
        "emissions": Other(_EMISSIONS, on=["stage"]),
        "duration": Other(_DURATION, on=["stage"]),
    },
    _differs(_RATE_OF_EMISSIONS, _LOOSE, "emissions", "duration"),
    pl.format(
        "emissions-rate {} kg/s is not {} kg over {} s, which makes {} kg/s",
        number("value"),
        number("emissions"),
        number("duration"),
        _text(_RATE_OF_EMISSIONS),
    ),
    "is one of them in another unit? write kg/s, kg and s",
)


def emissions_follow(frames: Frames) -> pl.DataFrame:
    """BF435: emissions that the energy cannot have, or a rate of emissions that does not follow."""
    return pl.concat([_emissions_are_possible(frames), _emissions_rate_follows(frames)])


CHECKS = (
    Check(
        code="BF428",
        severity=Severity.ERROR,
        title="Dynamic energy is a part of the energy",
        table="measurements",
        needs=("value",),
        suppresses=Doubt.VALUE,
        run=dynamic_energy_is_a_part,
    ),
    *(
        Check(
            code=code,
            severity=Severity.WARNING,
            title=title,
            table="measurements",
            needs=("value",),
            run=run,
        )
        for code, title, run in (
            ("BF421", "Memory in use fits into the memory of the system", memory_fits),
            ("BF424", "Energy is power times time", energy_is_power_times_time),
            (
                "BF425",
                "The energy of a unit of work is power divided by throughput",
                unit_energy_is_power_by_rate,
            ),
            ("BF426", "Energy efficiency is one over the energy of a unit", efficiency_is_inverse),
            ("BF427", "Work takes no less than idling", work_takes_more_than_idling),
            ("BF429", "What is measured is not above what is rated", measured_is_below_rated),
            ("BF430", "The work done is below the peak of the hardware", work_is_below_peak),
            (
                "BF431",
                "A floating-point rate follows from throughput and model",
                flop_rate_follows,
            ),
            ("BF432", "A rate over its time gives what was counted", rate_counts_what_was_done),
            ("BF434", "Processor time fits into the time of all cores", cpu_time_fits),
            ("BF435", "Emissions follow from energy and time", emissions_follow),
        )
    ),
)
