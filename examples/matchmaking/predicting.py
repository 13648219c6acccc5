"""Predictions for platforms that a model has not seen, and how far off they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from examples.matchmaking.rows import OF_RECORDS, OF_REGISTRY, WORDS
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Numbers = npt.NDArray[np.float64]
LEARNERS: dict[str, BaseEstimator] = {
    "mean": DummyRegressor(),
    "ridge": Ridge(),
    "forest": RandomForestRegressor(random_state=0),
}
"""As they come: nothing of them was chosen by what they score here."""
OTHERS = ("none", "other chips", "same chip")
FEATURES = {"records": OF_RECORDS, "registry": [*OF_RECORDS, *OF_REGISTRY]}


def predicted(rows: pl.DataFrame, learner: str, features: str, *, others: str = "none") -> Numbers:
    """Return ln(seconds) for each row of LPDNN, from a model that has seen no row of LPDNN on its platform.

    `others` says which rows of other suites it has seen: `none`, those of `other chips`, or also those of the `same chip`.
    """
    base = (rows["suite"] == "lpdnn").to_numpy()
    chips = rows["chip"].to_numpy()
    target = rows["seconds"].log().to_numpy()
    table = rows.select(
        # What spans orders of magnitude is a logarithm.
        *(pl.col(name).cast(pl.Float64).log() for name in FEATURES[features]),
        *(pl.col(name).fill_null("(not said)") for name in WORDS),
    ).to_pandas()
    found = np.full(len(rows), np.nan)
    for chip in np.unique(chips[base]):
        test = base & (chips == chip)
        learnt = base & ~test
        if others == "other chips":
            learnt = chips != chip
        elif others == "same chip":
            learnt = ~test
        numbers = [name for name in FEATURES[features] if table.loc[learnt, name].notna().any()]
        model = _model(learner, numbers)
        model.fit(table[learnt], target[learnt])
        found[test] = model.predict(table[test])
    return found[base]


def _model(learner: str, numbers: Sequence[str]) -> Pipeline:
    """Return a learner over numbers, what is unknown of them told apart, and words as columns of their own."""
    of_numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    )
    words = OneHotEncoder(handle_unknown="ignore")
    prepare = ColumnTransformer([("numbers", of_numbers, list(numbers)), ("words", words, WORDS)])
    return make_pipeline(prepare, LEARNERS[learner])
