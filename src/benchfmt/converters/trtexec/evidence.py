"""What the files of one run of trtexec hold together: its log, exported times, a profile, the layers, the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.trtexec.settings import Settings
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers import trtexec as reader
from benchfmt.readers.files import file_sha256
from benchfmt.readers.trtexec import Profile, Run, Times
from benchfmt.units import exact

AGREE = 1e-4
"""Log and export print six digits of the same numbers, and the log adds them up in single precision."""
COPIES = ("transfer-in", "transfer-out")
"""The stages of the copies to the device and back."""


class Origin(NamedTuple):
    """A file that a record is read from, with its hash, and the place in it where it holds several runs."""

    path: str
    sha256: str
    locator: str | None = None


@dataclass
class Evidence:
    """A run with what its files say of it, and what is wrong with them."""

    unit: Unit
    run: Run
    several: bool
    """Whether the file holds other runs too."""
    sources: list[Origin] = field(default_factory=list)
    notes: list[Item] = field(default_factory=list)
    times: Times | None = None
    times_path: str | None = None
    """The file of the times, where it is not the primary one."""
    cut: bool = False
    """Whether the times of the warm-up were left out."""
    profile: Profile | None = None
    layers: Any = None
    device: dict[str, Any] = field(default_factory=dict)
    samples_left_out: str | None = None
    """That a record has no room for the times of all queries."""

    @property
    def settings(self) -> Settings:
        """What the run was asked to do."""
        return Settings(self.run, self.unit.options)

    def take(self, exports: list[tuple[str, Path]]) -> None:
        """Read the files of the run; what cannot be read is noted."""
        locator = f"run={self.run.number}" if self.several else None
        path = self.unit.path
        self.sources.append(Origin(path.name, file_sha256(path), locator))
        for kind, file in exports:
            try:
                self._export(kind, file)
            except (BenchfmtError, OSError, ValueError, ArithmeticError) as error:
                self.notes.append(Failed(file, str(error)))

    @property
    def failed(self) -> bool:
        """Whether the primary file itself could not be read."""
        return any(isinstance(note, Failed) and note.path == self.unit.path for note in self.notes)

    @property
    def queries(self) -> int | None:
        """How many queries were measured; None where neither the times nor the log say it."""
        if self.times:
            return len(self.times)
        return self._queries_told or self._queries_proven

    @property
    def copied(self) -> bool:
        """Whether data was copied to the device and back within the time: an event timer gives no exact 0 for a copy."""
        transfers = self.settings.transfers
        if transfers is not None and not transfers:
            return False
        if self.times:
            return any(float(text) for stage in COPIES for text in self.times.stages.get(stage, ()))
        told = [
            exact(text) for stage in COPIES for text in self.run.summary.get(stage, {}).values()
        ]
        return not told or any(told)

    def agrees(self, what: str, told: float, again: float) -> bool:
        """Say whether a number of the log is that of the exported times; where it is not, that is noted."""
        if abs(told - again) <= AGREE * abs(told) + 1e-12:
            return True
        self._find(
            f"{what} is {told:g} in the log and {again:g} by the exported times", f"{told:g}"
        )
        return False

    def _export(self, kind: str, path: Path) -> None:
        if path != self.unit.path:
            self.sources.append(Origin(path.name, file_sha256(path)))
        limits = self.unit.limits
        if kind == "times":
            settings = self.settings
            everything = reader.times(jsons.read(path, limits, digits=True))
            found = everything.after(float(settings.warm_up or 0))
            self.cut = len(found) < len(everything)
            if not len(found):
                hint = (
                    ""
                    if settings.warm_up_known
                    else "; if the warm-up was another, say it: --option warm_up_ms=…"
                )
                raise BenchfmtError(
                    f"no query began after the warm-up of {settings.warm_up} ms{hint}"
                )
            if self._counts_agree(path, found):
                self.times, self.times_path = found, path.name if path != self.unit.path else None
        elif kind == "profile":
            self.profile = reader.profile(texts.decoded(path.read_bytes()))
        elif kind == "layers":
            self.layers = reader.layers(jsons.read(path, limits))
        elif kind == "device":
            data = jsons.read(path, limits)
            first = data[0] if isinstance(data, list) and data else data
            self.device = dict(first) if isinstance(first, Mapping) else {}

    def _counts_agree(self, path: Path, found: Times) -> bool:
        told = self._queries_told or self._queries_proven
        if told is not None and told != len(found):
            self._find(
                f"{path.name} holds {len(found)} queries after the warm-up, the log counts {told}: the file is another run's"
            )
            return False
        return True

    def _find(self, message: str, value: str | None = None) -> None:
        where = self.unit.path.name
        self.notes.append(
            texts.finding("BF405", where, message, "keep the files of one run together", value)
        )

    @property
    def _queries_told(self) -> int | None:
        """How many queries the log counts: in an implicit batch it multiplies them, and TensorRT 7 may write 0."""
        said = self.run.totals.get("queries")
        batch = self.settings.implicit_batch or 1
        if not said or not int(said) or int(said) % batch:
            return None
        return int(said) // batch

    @property
    def _queries_proven(self) -> int | None:
        """The number of queries from the total of their times and its mean, where six digits leave one whole number."""
        total, mean = (
            exact(self.run.totals.get("gpu_total", "")),
            exact(self.run.summary.get("compute", {}).get("mean", "")),
        )
        if not total or not mean:
            return None
        ratio = float(total * 1000 / mean)
        slack = ratio * 1.2e-5
        return (
            round(ratio)
            if slack < 0.25 and abs(ratio - round(ratio)) <= max(slack, 1e-3) and ratio >= 1
            else None
        )
