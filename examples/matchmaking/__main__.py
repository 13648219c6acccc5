"""Run the study and print its page, or write it into a document between two marks.

Usage: python -m examples.matchmaking SAMPLES [--write docs/study.md]
Needs: pip install 'benchfmt[learn,pandas]'
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl
from examples.matchmaking.predicting import FEATURES, LEARNERS, OTHERS, predicted
from examples.matchmaking.rows import BASE, read
from examples.matchmaking.scoring import errors, errors_after, hits
from examples.matchmaking.telling import SHOTS, Key, Score, page

MARK = "<!-- study -->\n"


def scored(rows: pl.DataFrame) -> dict[Key, Score]:
    """Return what each learner scores with each set of features and each choice of rows of other suites."""
    scores = {}
    for learner in LEARNERS:
        for features in FEATURES:
            for others in OTHERS:
                is_plain = (features, others) == ("records", "none")
                if learner != "mean" or is_plain:  # the mean reads no feature
                    scores[learner, features, others] = score(rows, learner, features, others)
    return scores


def score(rows: pl.DataFrame, learner: str, features: str, others: str) -> Score:
    """Return what one way of predicting scores."""
    guesses = predicted(rows, learner, features, others=others)
    after = {shots: errors_after(rows, guesses, shots) for shots in SHOTS}
    return Score(errors(rows, guesses), after, hits(rows, guesses))


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(prog="python -m examples.matchmaking")
    parser.add_argument("samples", type=Path)
    parser.add_argument(
        "--write", type=Path, help="a document with a mark, after which the page is"
    )
    chosen = parser.parse_args()
    if not (chosen.samples / BASE).is_dir():
        print(
            f"skipped: there is no {chosen.samples / BASE}, and without these results nothing can be studied"
        )
        return
    rows = read(chosen.samples)
    text = "\n".join(page(rows, scored(rows))) + "\n"
    if chosen.write is None:
        sys.stdout.write(text)
        return
    document = chosen.write.read_text("utf-8")
    if MARK not in document:
        raise SystemExit(f"{chosen.write} has no {MARK.strip()}, after which the page would be")
    chosen.write.write_text(document.partition(MARK)[0] + MARK + text, "utf-8")


if __name__ == "__main__":
    main()
