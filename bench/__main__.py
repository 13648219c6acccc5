"""Print ratios: us, a peer and the floor, measured side by side in one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.benches import BENCHES, Setting
from bench.process import ROOT
from bench.table import shown

PACKAGES = (
    "benchfmt",
    "polars",
    "pyarrow",
    "numpy",
    "pandas",
    "frictionless",
    "jsonschema-rs",
    "orjson",
    "typer",
    "onnxruntime",
)


def main() -> int:
    """Run the benches asked for; 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    sizes.add_argument("--times", type=int, default=1, metavar="N", help="N times the sizes")
    parser.add_argument(
        "--only",
        action="append",
        type=_named,
        metavar="NAME",
        help=f"one of {', '.join(BENCHES)}, or what several begin with: validate",
    )
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "out/bench",
        help="generated files go here (default out/bench)",
    )
    options = parser.parse_args()
    setting = Setting(options.folder.resolve(), options.quick, options.repeat, _tell, options.times)
    machine = _machine()
    print(", ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n", flush=True)
    done = []
    for name in [name for names in options.only or [list(BENCHES)] for name in names]:
        done.append(BENCHES[name](setting))
        _tell("")
        print(shown(done[-1]), flush=True)
    if options.json:
        data = {
            "machine": machine,
            "quick": options.quick,
            "benches": [bench.to_dict() for bench in done],
        }
        options.json.write_text(json.dumps(data, indent=2) + "\n", "utf-8")
    return int(any(verdict.met is False for bench in done for verdict in bench.verdicts))


def _named(text: str) -> list[str]:
    """Return the benches of a name, or of a beginning of several names."""
    names = [name for name in BENCHES if text in (name, name.partition("-")[0])]
    if not names:
        raise argparse.ArgumentTypeError(f"there is no bench {text!r}")
    return names


def _machine() -> dict[str, Any]:
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "",
    )
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg()[:2])
    found = {
        "Python": platform.python_version(),
        "cores": os.cpu_count(),
        "CPU": cpu,
        "load": f"({load})",
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "-"
    return found


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
