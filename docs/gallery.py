"""The gallery: a report of each set of examples, and of each family of real results where a folder of them is given."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
INTRO = """# Gallery of reports

Each link opens a page that `benchfmt report PACKAGE -o report.html` made: one file that needs no network and no server.
"""


@dataclass(frozen=True)
class Shown:
    """A report of the gallery: the file's name, what it is called and says, and the results that it is made of."""

    name: str
    title: str
    about: str
    sources: tuple[Path, ...]


EXAMPLES: tuple[Shown, ...] = (
    Shown(
        "demo",
        "The demo",
        "LPDNN, MLPerf Inference, a table of somebody's own and single records, in one package",
        tuple(ROOT / "examples" / name for name in ("lpdnn", "mlperf", "annotated", "records")),
    ),
    Shown("lpdnn", "LPDNN", "two tasks on three boards", (ROOT / "examples" / "lpdnn",)),
    Shown("mlperf", "MLPerf Inference", "a submission with power", (ROOT / "examples" / "mlperf",)),
    Shown(
        "versions",
        "Two versions of an engine",
        "three runs of three models each",
        (ROOT / "examples" / "versions",),
    ),
)


def write(folder: Path, samples: Path | None = None) -> None:
    """Write the reports into a folder, and the page that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        INTRO,
        "## Examples",
        "All numbers of the examples are made up.",
        _table(EXAMPLES, folder),
    ]
    if samples and samples.is_dir():
        families = tuple(
            Shown(path.name, path.name, "real results", (path,))
            for path in sorted(samples.iterdir())
            if path.is_dir()
        )
        parts += ["## Real results", _table(families, folder)]
    (folder / "index.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def _table(shown: tuple[Shown, ...], folder: Path) -> str:
    rows = ["| report | what it shows |", "|---|---|"]
    for item in shown:
        if _report(item, folder / f"{item.name}.html"):
            rows.append(f"| [{item.title}]({item.name}.html) | {item.about} |")
    return "\n".join(rows)


def _report(item: Shown, target: Path) -> bool:
    """Write the report of some results; say whether there are any."""
    program = [sys.executable, "-m", "benchfmt"]
    with tempfile.TemporaryDirectory() as place:
        package = Path(place) / item.name
        convert = [
            *program,
            "convert",
            *map(str, item.sources),
            "-o",
            str(package),
            "--title",
            item.title,
        ]
        # Results that are left out are in the account of the package; the report shows it.
        subprocess.run(convert, check=False, capture_output=True)
        if not (package / "datapackage.json").is_file():
            return False
        subprocess.run([*program, "report", str(package), "-o", str(target)], check=True)
    return True
