"""BF422, BF423, BF433 and BF436 to BF439: whether times, rates and scores of a record that depend on each other agree."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.beside import Other, has_kind, related, valued
from benchfmt.checks.check import Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.checks.kinds import RECORD, Question
from benchfmt.checks.rounding import with_half
from benchfmt.finding import Severity

_SLACK = 0.02
_LOOSE = 0.2
"""Requests that failed count in one rate and not in the other."""
_NEAR = 0.05
_SCORES = 0.005
"""Scores are printed with two or three digits."""
_PARTS = ["preprocess", "inference", "postprocess", "compute", "transfer-in", "transfer-out"]
_PARTS_OF_RUN = ["issue-window", "warm-up", "solve", "training", "evaluation", "data-loading"]
_ONCE = ["single", "pooled", "final", "best"]
_CUT_OFF = "^(recall|hit-rate|accuracy)@([1-9][0-9]*)$"
_DONE = ["throughput", "request-rate", "io-throughput", "flop-rate", "energy", "power"]

_METRIC, _VALUE, _STAGE = (pl.col(name) for name in ("metric", "value", "stage"))
_HALF = pl.col("half")
_AVERAGE = pl.col("statistic").is_null() | (pl.col("statistic") == "mean")
_IS_ONE = pl.col("statistic").is_null() | pl.col("statistic").is_in(_ONCE)
_OF_REQUEST = pl.col("per").is_in(["query", "sample"])
_KEY = ["statistic", "stage", "per", "scope"]


def _of(metric: str, condition: pl.Expr | None = None) -> Question:
    """Ask for measurements of a metric, all of them or those that meet a condition."""
    is_metric = _METRIC.eq(metric)
    if condition is None:
        return Question(is_metric)
    return Question(is_metric & condition)


def _is_longer(whole: str) -> pl.Expr:
    slack = _HALF + pl.col(f"{whole}:half") + _SLACK * pl.col(whole)
    return pl.col(whole) + slack < _VALUE


_LONGER = pl.format(
    "the {} of {}, {} s, is longer than the whole, {} s",
    _METRIC,
    _STAGE,
    number("value"),
    number("whole"),
)
_LONGER_HINT = "is one of them in another unit, or of another unit of work (per)?"
_latency_parts = related(
    _of("latency", _STAGE.is_in(_PARTS)),
    {
        "whole": Other(
            _of("latency", _STAGE.is_in(["end-to-end", "request"])),
            on=["statistic", "per", "scope"],
        )
    },
    _is_longer("whole"),
    _LONGER,
    _LONGER_HINT,
)
_duration_parts = related(
    _of("duration", _STAGE.is_in(_PARTS_OF_RUN)),
    {"whole": Other(_of("duration", _STAGE == "whole-run"), on=["statistic", "per", "scope"])},
    _is_longer("whole"),
    _LONGER,
    _LONGER_HINT,
)


def parts_are_shorter(frames: Frames) -> pl.DataFrame:
    """BF422: a stage takes longer than the whole that it is a part of."""
    return pl.concat([_latency_parts(frames), _duration_parts(frames)])


first_token_comes_first = related(
    _of("ttft"),
    {
        "whole": Other(
            _of("latency", _STAGE.is_null() | _STAGE.is_in(["end-to-end", "request"])),
            on=["statistic", "per", "scope"],
        )
    },
    _is_longer("whole"),
    pl.format(
        "the first token comes after {} s, and the whole answer after {} s",
        number("value"),
        number("whole"),
    ),
    "is one of them in another unit, or is the latency that of a token?",
)
_ALL_TOKENS = pl.col("requests") * pl.col("tokens")
tokens_follow_from_requests = related(
    _of("throughput", _AVERAGE & (pl.col("per") == "token")),
    {
        "requests": Other(_of("throughput", _AVERAGE & _OF_REQUEST), on=["stage", "scope"]),
        "tokens": Other(_of("output-tokens", _AVERAGE & _OF_REQUEST)),
    },
    (_VALUE - _ALL_TOKENS).abs() > _HALF + _ALL_TOKENS * _LOOSE,
    pl.format(
        "{} tokens a second are not {} requests a second of {} tokens each, which make {}",
        number("value"),
        number("requests"),
        number("tokens"),
        _ALL_TOKENS.round_sig_figs(6).cast(pl.String),
    ),
    "does one of them count the tokens of the prompts? those are per `input-token` or `total-token`",
)

_MEAN_OF_BOTH = (pl.col("precision") + pl.col("recall")) / 2
f1_is_below_mean = related(
    _of("f1"),
    {
        "precision": Other(_of("precision"), on=_KEY),
        "recall": Other(_of("recall"), on=_KEY),
    },
    _VALUE - _HALF > _MEAN_OF_BOTH + _SCORES,
    pl.format(
        "f1 {} is above the mean of precision {} and recall {}, which a harmonic mean cannot be",
        number("value"),
        number("precision"),
        number("recall"),
    ),
    "are all three of the same data and averaged over classes in the same way?",
)
_SQUARE = pl.col("root") ** 2
_EXPONENTIAL = pl.col("logarithm").exp()
_scores = (
    related(
        _of("root-mean-squared-error"),
        {"absolute": Other(_of("mean-absolute-error"), on=[*_KEY, "unit"])},
        (pl.col("absolute") - pl.col("absolute:half")) * (1 - 1e-6) > _VALUE + _HALF,
        pl.format(
            "root-mean-squared-error {} is below mean-absolute-error {}, which no errors have",
            number("value"),
            number("absolute"),
        ),
        "are both of the same predictions? exchanged columns, or the squared error without its root?",
    ),
    related(
        _of("mean-squared-error", _IS_ONE),
        {"root": Other(_of("root-mean-squared-error", _IS_ONE), on=_KEY)},
        (_VALUE - _SQUARE).abs()
        > _HALF + _SQUARE * _NEAR + 2 * pl.col("root") * pl.col("root:half"),
        pl.format(
            "mean-squared-error {} is not the square of root-mean-squared-error {}",
            number("value"),
            number("root"),
        ),
        "are both of the same predictions?",
    ),
    related(
        _of("perplexity", _IS_ONE),
        {"logarithm": Other(_of("log-perplexity", _IS_ONE), on=_KEY)},
        (_VALUE - _EXPONENTIAL).abs()
        > _HALF + _EXPONENTIAL * (_NEAR + 2 * pl.col("logarithm:half")),
        pl.format(
            "perplexity {} is not the exponential of log-perplexity {}",
            number("value"),
            number("logarithm"),
        ),
        "log-perplexity is the natural logarithm; one in bits is multiplied by 0.6931",
    ),
    related(
        _of("word-accuracy"),
        {"errors": Other(_of("word-error-rate"), on=_KEY)},
        (_VALUE + pl.col("errors") - 1).abs() > _HALF + pl.col("errors:half") + _SCORES,
        pl.format(
            "word-accuracy {} is not one minus word-error-rate {}",
            number("value"),
            number("errors"),
        ),
        "are both of the same answers?",
    ),
)


def scores_follow(frames: Frames) -> pl.DataFrame:
    """BF436: two scores of which one follows from the other do not agree."""
    return pl.concat([no_faults(), *(score(frames) for score in _scores)])


def _cut_off() -> Question:
    """Ask for scores of the first k answers beside those of another k, with the `score` and `k`."""
    score = _METRIC.str.extract(_CUT_OFF, 1)
    k = _METRIC.str.extract(_CUT_OFF, 2).cast(pl.Int64, strict=False)
    has_several = (pl.len() > 1).over([score, *_KEY])
    return Question(score.is_not_null() & has_several, {"score": score, "k": k})


_CUT_OFFS = _cut_off()


def more_answers_score_no_less(frames: Frames) -> pl.DataFrame:
    """BF438: a share of hits among the first answers falls when more of them are looked at."""
    if not has_kind(frames, _CUT_OFFS):
        return no_faults()
    series = [RECORD, "score", *_KEY]
    ordered = with_half(valued(frames, _CUT_OFFS), 0).sort(*series, "k", maintain_order=True)
    before = ordered.with_columns(
        pl.col(name).shift(1).over(series).alias(f"fewer:{name}")
        for name in ("value", "half", "metric")
    )
    wrong = before.filter(pl.col("fewer:value") - _VALUE > _HALF + pl.col("fewer:half") + _SCORES)
    message = pl.format(
        "{} {} is below {} {}, though more answers are looked at",
        _METRIC,
        number("value"),
        pl.col("fewer:metric"),
        number("fewer:value"),
    )
    hint = "are the columns exchanged?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


work_takes_time = related(
    _of("duration", _STAGE.is_not_null()),
    {"done": Other(Question(_METRIC.is_in(_DONE) & _STAGE.is_not_null()), on=["stage"])},
    pl.col("done") > 0,
    pl.format(
        "the duration of {} is 0 s, although something was measured in it",
        _STAGE,
    ),
    "write `missing`: below-resolution, if it was rounded to 0, else not-measured",
    where=_VALUE == 0,
)

CHECKS = (
    Check(
        code="BF422",
        severity=Severity.WARNING,
        title="A part takes no longer than the whole",
        table="measurements",
        needs=("value", "stage"),
        run=parts_are_shorter,
    ),
    Check(
        code="BF423",
        severity=Severity.ERROR,
        title="The first token comes no later than the whole answer",
        table="measurements",
        needs=("value",),
        suppresses=Doubt.METRIC,
        run=first_token_comes_first,
    ),
    Check(
        code="BF433",
        severity=Severity.WARNING,
        title="Tokens a second follow from requests and their tokens",
        table="measurements",
        needs=("value", "per"),
        run=tokens_follow_from_requests,
    ),
    Check(
        code="BF436",
        severity=Severity.ERROR,
        title="Scores that follow from each other agree",
        table="measurements",
        needs=("value",),
        suppresses=Doubt.METRIC,
        run=scores_follow,
    ),
    Check(
        code="BF437",
        severity=Severity.WARNING,
        title="An F1 score is not above the mean of precision and recall",
        table="measurements",
        needs=("value",),
        run=f1_is_below_mean,
    ),
    Check(
        code="BF438",
        severity=Severity.ERROR,
        title="A score of more answers is not lower",
        table="measurements",
        needs=("value",),
        suppresses=Doubt.VALUE,
        run=more_answers_score_no_less,
    ),
    Check(
        code="BF439",
        severity=Severity.WARNING,
        title="Where something was measured, time passed",
        table="measurements",
        needs=("value", "stage"),
        run=work_takes_time,
    ),
)
