"""Inputs that Atheris chooses: what reaches a new place in the program is kept, and damaged further."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random

import atheris

from fuzz.mutations import LONGEST, mutated
from fuzz.worker import Budget, begin, end, work_folder

_HEADER = 2
"""An input begins with the number of its seed, whose file and neighbours it replaces and has."""
_BLIND = 0.3
"""Such a share of inputs is damaged by libFuzzer, which knows nothing of formats; it compares what the program compares."""


def run_guided(target: str, budget: Budget, seed: int, folder: Path) -> None:
    """Run a target until its budget is spent; the process ends with it."""
    with atheris.instrument_imports(include=["benchfmt"]):
        execution = begin(target, folder)
    corpus = work_folder(folder, target) / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sound in enumerate(execution.seeds):
        (corpus / str(number)).write_bytes(number.to_bytes(_HEADER, "big") + sound.data)
    start = time.monotonic()

    def once(data: bytes) -> None:
        if budget.is_spent(execution.count, start):
            end(execution, start, folder)
        number = int.from_bytes(data[:_HEADER], "big") % len(execution.seeds)
        execution.run(number, data[_HEADER:])

    def damaged(data: bytes, most: int, number: int) -> bytes:
        random = Random(number)
        content = data[_HEADER:]
        if random.random() < _BLIND:
            content = atheris.Mutate(content, max(most - _HEADER, 1))
        else:
            content = mutated(content, random, execution.words)
        return (data[:_HEADER] + content)[:most]

    arguments = [
        sys.argv[0],
        f"-seed={seed}",
        f"-max_len={LONGEST + _HEADER}",
        "-rss_limit_mb=0",
        "-timeout=600",
        str(corpus),
    ]
    atheris.Setup(arguments, once, custom_mutator=damaged)
    atheris.Fuzz()
