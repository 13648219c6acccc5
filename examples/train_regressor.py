"""Train a model that predicts latency from configuration and hardware, and see what it knows of hardware it has not met.

Usage: python examples/train_regressor.py [PACKAGE]; without PACKAGE, the LPDNN tables beside this file are converted.
Needs: pip install 'benchfmt[learn,pandas]'
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from benchfmt import convert, open_package
from benchfmt.learn import splits

TARGET = "latency__end_to_end__sample"
NUMBERS = [
    "model_flop",
    "model_parameters",
    "input_size",
    "batch_size",
    "processor_cores",
    "processor_clock_hz",
]
WORDS = [
    "suite",
    "task",
    "system_id",
    "processor_architecture",
    "accelerator_kind",
    "engine",
    "placement",
    "precision",
]


def load(package: Path) -> pd.DataFrame:
    """Return the successful runs of a package that have a latency, and name their system."""
    with open_package(package) as opened:
        table = opened.to_pandas(one_per_execution=True)
    if TARGET not in table:
        raise SystemExit(f"{package} holds no {TARGET}")
    table["input_size"] = [
        float(np.prod(json.loads(cell))) if isinstance(cell, str) else np.nan
        for cell in table["input_shape"]
    ]
    is_ok = (table["status"] == "ok") & table["system_id"].notna()
    return table[is_ok & table[TARGET].gt(0)]


def main(package: Path) -> None:
    """Print how well a model predicts runs on hardware that it knows, and on hardware that it does not."""
    table = load(package)
    numbers = [name for name in NUMBERS if table[name].notna().any()]
    words = [name for name in WORDS if table[name].notna().any()]
    features = pd.concat(
        [table[numbers].astype("float64"), table[words].astype("object").fillna("(not said)")],
        axis=1,
    )
    target = np.log10(table[TARGET].astype("float64"))  # latencies span orders of magnitude

    prepare = ColumnTransformer(
        [
            # A column that some fold has no value of stays, so that all folds have the same features.
            ("numbers", SimpleImputer(strategy="median", keep_empty_features=True), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), words),
        ]
    )
    forest = RandomForestRegressor(n_estimators=100, random_state=0)
    platforms = table["system_id"].nunique()
    print(f"{len(table)} runs on {platforms} platforms")
    print(f"{len(numbers)} numeric and {len(words)} categorical features")
    print("R2 of log10(latency):   rows shuffled   platforms never seen")
    for name, model in (
        ("mean", DummyRegressor()),
        ("random forest", make_pipeline(prepare, forest)),
    ):
        scores = []
        for folds in (KFold(n_splits=5, shuffle=True, random_state=0), splits(table, "system")):
            predicted = cross_val_predict(model, features, target, cv=folds)
            error = ((target - predicted) ** 2).sum()
            scores.append(1 - error / ((target - target.mean()) ** 2).sum())
        print(f"{name:<23} {scores[0]:>13.2f} {scores[1]:>22.2f}")
    print(
        "Shuffled, each test row has near twins on its own platform to copy from. Only the last column says"
    )
    print(
        "what is known of hardware that nobody has measured; below 0 it is less than the mean of all runs."
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            convert(Path(__file__).parent / "lpdnn").write(Path(folder) / "package")
            main(Path(folder) / "package")
