"""`python -m tests.hostile [NAME...]`: makes the hostile corpus, runs the program on each and prints what it took."""

from __future__ import annotations

import argparse
import sys

from tests.hostile.corpus import SPECIMENS, Specimen
from tests.hostile.running import Runner, runner


def main() -> int:
    """Print one line a specimen; 1 where one ended otherwise than it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of specimens")
    parser.add_argument("--output", action="store_true", help="print what the program said")
    parser.add_argument("--size", choices=["small", "large"], help="only the small, or the large")
    options = parser.parse_args()
    chosen = [item for item in SPECIMENS if _is_asked_for(item, options.names, options.size)]
    with runner() as program:
        wrong = sum(_is_wrong(program, item, says_all=options.output) for item in chosen)
    _tell(f"{len(chosen)} specimens, {wrong} of them end otherwise than they must")
    return int(wrong > 0)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _is_asked_for(specimen: Specimen, names: list[str], size: str | None) -> bool:
    if size is not None and specimen.is_large != (size == "large"):
        return False
    return not names or any(name in specimen.name for name in names)


def _is_wrong(program: Runner, specimen: Specimen, *, says_all: bool) -> bool:
    """Run the program on a specimen and print how it ended."""
    outcome = program.run(specimen)
    faults = outcome.faults(specimen)
    took = f"{outcome.cpu_seconds:6.1f} s {outcome.peak_bytes / 1e6:6.0f} MB"
    _tell(f"{specimen.name:<48} {took}  {specimen.says:<8} {'; '.join(faults)}")
    if says_all:
        _tell(ascii(outcome.output[:2000]))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
