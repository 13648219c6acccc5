"""Train a model that predicts latency from configuration and hardware, out of a package's flat table.

Usage: python examples/train_regressor.py [PACKAGE]; without PACKAGE, the LPDNN tables beside this file are converted.
Needs: pip install 'benchfmt[pandas]' scikit-learn
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
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from benchfmt import convert, open_package

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
    """Return the successful runs of a package that have a latency."""
    with open_package(package) as opened:
        table = opened.to_pandas()
    if TARGET not in table:
        raise SystemExit(f"{package} holds no {TARGET}")
    table["input_size"] = [
        float(np.prod(json.loads(cell))) if isinstance(cell, str) else np.nan
        for cell in table["input_shape"]
    ]
    return table[(table["status"] == "ok") & table[TARGET].gt(0)]


def main(package: Path) -> None:
    """Print what the model predicts better than the mean does."""
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
            ("numbers", SimpleImputer(strategy="median"), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), words),
        ]
    )
    forest = RandomForestRegressor(n_estimators=100, random_state=0)
    folds = KFold(n_splits=5, shuffle=True, random_state=0)
    print(f"{len(table)} runs, {len(numbers)} numeric and {len(words)} categorical features")
    for name, model in (
        ("baseline (mean)", DummyRegressor()),
        ("random forest", make_pipeline(prepare, forest)),
    ):
        scores = cross_val_score(model, features, target, cv=folds, scoring="r2")
        print(
            f"{name:<16} cross-validated R2 of log10(latency): {round(scores.mean(), 2) + 0.0:.2f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            convert(Path(__file__).parent / "lpdnn").write(Path(folder) / "package")
            main(Path(folder) / "package")
