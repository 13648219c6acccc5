"""Fuzz readers, converters and validation: a line a target, and a file for each fault."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.targets import ROOT
from fuzz.worker import work_folder


def main() -> int:
    """Fuzz the targets asked for; 1 where one of them has a fault."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help="targets whose names hold one of these texts, set apart by commas",
    )
    parser.add_argument(
        "--runs", type=int, default=0, metavar="N", help="so many executions of each"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=0,
        metavar="S",
        help="so many seconds for each (default 10, unless --runs is given)",
    )
    parser.add_argument(
        "--engine", choices=("atheris", "random"), help="default: atheris where it is installed"
    )
    parser.add_argument("--seed", type=int, default=1, help="of chance (default 1)")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="targets at a time (default: the processors)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "out" / "fuzz",
        help="faults go here (default out/fuzz)",
    )
    parser.add_argument(
        "--again",
        type=Path,
        metavar="FILE",
        help="run a saved fault once more, and show what it raises",
    )
    options = parser.parse_args()
    if options.again:
        return _again(options.again, options.folder)
    engine = options.engine or ("atheris" if importlib.util.find_spec("atheris") else "random")
    seconds = options.seconds
    if not seconds and not options.runs:
        seconds = 10.0
    arguments = [
        "--engine",
        engine,
        "--runs",
        str(options.runs),
        "--seconds",
        str(seconds),
        "--seed",
        str(options.seed),
        "--folder",
        str(options.folder),
    ]
    print(f"{engine}, seed {options.seed}", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        faults = sum(
            pool.map(lambda name: _fuzz(name, arguments, options.folder), _chosen(options.only))
        )
    print(f"{faults} faults" if faults else "no faults")
    return 1 if faults else 0


def _chosen(text: str) -> list[str]:
    from fuzz.catalogue import names

    parts = [part for part in text.split(",") if part] or [""]
    chosen = [name for name in names() if any(part in name for part in parts)]
    if not chosen:
        raise SystemExit(f"no target's name holds {text!r}; there are: {', '.join(names())}")
    return chosen


def _fuzz(name: str, arguments: list[str], folder: Path) -> int:
    """Fuzz one target in a process of its own, print a line, and return how many faults it has."""
    work = work_folder(folder, name)
    shutil.rmtree(work, ignore_errors=True)
    process = subprocess.run(
        [sys.executable, "-m", "fuzz.worker", name, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    last = process.stdout.rstrip().rpartition("\n")[2]
    if process.returncode or not last.startswith("{"):
        print(
            f"{name:28} ended with status {process.returncode}; its last input is the newest file in {work}"
        )
        print(process.stderr[-3000:], flush=True)
        return 1
    done = json.loads(last)
    shutil.rmtree(work, ignore_errors=True)
    rate = done["runs"] / max(done["seconds"], 0.001)
    lines = [
        f"{name:28} {done['runs']:9,} executions {done['seconds']:8.1f} s {rate:8,.0f}/s {len(done['faults']):3} faults"
    ]
    for path in done["faults"]:
        fault = json.loads(Path(path).read_text("utf-8"))
        lines.append(
            f"  {fault['place']}\n    {fault['message']}\n    python -m fuzz --again {path}"
        )
    print("\n".join(lines), flush=True)
    return len(done["faults"])


def _again(path: Path, folder: Path) -> int:
    from fuzz.faults import Fault
    from fuzz.worker import begin

    fault = Fault.load(path)
    shutil.rmtree(work_folder(folder, fault.target), ignore_errors=True)
    execution = begin(fault.target, folder)
    execution.run(fault.seed, fault.data)
    for other in execution.faults.values():
        print(other.trace)
    print(f"{len(execution.faults)} faults")
    return 1 if execution.faults else 0


if __name__ == "__main__":
    sys.exit(main())
