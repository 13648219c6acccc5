"""Converts sources with one version of the program and writes down what came out, for `bench.golden` to compare.

Usage: python golden_snapshot.py PLAN OUT

PLAN is a JSON list of [name, path]. For each, OUT gets a file `<number>.jsonl`: first the account and the hashes of
the package's files, then one line a record. The script uses the public API alone, so that it runs on older versions too.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TextIO

import benchfmt


def main(plan: Path, out: Path) -> None:
    """Write a snapshot of every source in the plan."""
    warnings.simplefilter("ignore")
    for number, (name, path) in enumerate(json.loads(plan.read_text("utf-8"))):
        with (out / f"{number}.jsonl").open("w", encoding="utf-8") as file:
            snapshot(Path(path), file)
        print(f"  {name}", file=sys.stderr, flush=True)


def snapshot(source: Path, file: TextIO) -> None:
    """Write what one source converts to: the account, the files of the package, and the records."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        try:
            account = benchfmt.convert(source).write(package).to_dict()
        except Exception as error:  # noqa: BLE001 - a version that crashes is a result to be compared, too
            message = str(error).replace(str(source.parent), "")
            print(json.dumps({"error": f"{type(error).__name__}: {message}"}), file=file)
            return
        if not package.exists():
            print(json.dumps({"account": account, "files": {}}), file=file)
            return
        hashes = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(package.iterdir())
        }
        print(json.dumps({"account": account, "files": hashes}), file=file)
        with benchfmt.open_package(package) as opened:
            for record in opened.records():
                print(json.dumps(record.to_dict(), sort_keys=True), file=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
