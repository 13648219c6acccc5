"""What the files of one run of trtexec hold together: its log, exported times, a profile, the layers, the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.trtexec.settings import Settings
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers import trtexec as reader
from benchfmt.readers.files import file_sha256
from benchfmt.readers.trtexec import Layers, Profile, Run, Times
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


class Export(NamedTuple):
    """A file that a run exported, and what it is: `times`, `profile`, `layers`, `device` and so on."""

    kind: str
    path: Path


@dataclass
class Evidence:
    """A run with what its files say of it, and what is wrong with them."""

    unit: Unit
    run: Run
    several: bool
    """Whether the file holds other runs too."""
    sha256: str
    """The hash of the file: of thousands of runs in one log, none reads it again."""
    sources: list[Origin] = field(default_factory=list)
    notes: list[Item] = field(default_factory=list)
    times: Times | None = None
    times_path: str | None = None
    """The file of the times, where it is not the primary one."""
    cut: bool = False
    """Whether the times of the warm-up were left out."""
    profile: Profile | None = None
    layers: Layers | None = None
    device: dict[str, JsonValue] = field(default_factory=dict)
    samples_left_out: str | None = None
    """That a record has no room for the times of all queries."""

    @property
    def settings(self) -> Settings:
        """What the run was asked to do."""
        return Settings(self.run, self.unit.options)

    def take(self, exports: list[Export]) -> None:
        """Read the files of the run; what cannot be read is noted."""
        locator = f"run={self.run.number}" if self.several else None
        primary = self.unit.path
        self.sources.append(Origin(primary.name, self.sha256, locator))
        for kind, path in exports:
            try:
                self._read(kind, path)
            except (BenchfmtError, OSError, ValueError, ArithmeticError) as error:
                self.notes.append(Failed(path, str(error)))

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
            return any(map(float, self._copies(self.times.stages)))
        printed = {stage: list(said.values()) for stage, said in self.run.summary.items()}
        copies = self._copies(printed)
        return not copies or any(map(exact, copies))

    def _copies(self, stages: Mapping[str, list[str]]) -> list[str]:
        """Return the times of all copies."""
        return [text for stage in COPIES for text in stages.get(stage, ())]

    def agrees(self, what: str, told: float, again: float) -> bool:
        """Say whether a number of the log is that of the exported times; where it is not, that is noted."""
        if abs(told - again) <= AGREE * abs(told) + 1e-12:
            return True
        self._report(
            f"{what} is {told:g} in the log and {again:g} by the exported times", f"{told:g}"
        )
        return False

    def _read(self, kind: str, path: Path) -> None:
        if path != self.unit.path:
            self.sources.append(Origin(path.name, file_sha256(path)))
        limits = self.unit.limits
        match kind:
            case "times":
                self._take_times(path, reader.times(jsons.read(path, limits, digits=True)))
            case "profile":
                self.profile = reader.profile(
                    texts.decoded(jsons.document(path, limits, "profile"))
                )
            case "layers":
                self.layers = reader.layers(jsons.read(path, limits))
            case "device":
                self._take_device(jsons.read(path, limits))

    def _take_times(self, path: Path, exported: Times) -> None:
        """Take the queries behind the warm-up, where the log does not count others; raises BenchfmtError without any."""
        settings = self.settings
        times = exported.after(float(settings.warm_up))
        self.cut = len(times) < len(exported)
        if not len(times):
            message = f"no query began after the warm-up of {settings.warm_up} ms"
            if not settings.warm_up_known:
                message += "; if the warm-up was another, give it: --option warm_up_ms=…"
            raise BenchfmtError(message)
        counted = self._queries_told or self._queries_proven
        if counted is not None and counted != len(times):
            self._report(
                f"{path.name} holds {len(times)} queries after the warm-up, the log counts {counted}: the file is another run's"
            )
            return
        self.times = times
        if path != self.unit.path:
            self.times_path = path.name

    def _take_device(self, data: JsonValue) -> None:
        if isinstance(data, list) and data:
            data = data[0]
        if isinstance(data, dict):
            self.device = data

    def _report(self, message: str, value: str | None = None) -> None:
        where = self.unit.path.name
        self.notes.append(
            texts.finding("BF405", where, message, "keep the files of one run together", value)
        )

    @property
    def _queries_told(self) -> int | None:
        """How many queries the log counts: in an implicit batch it multiplies them, and TensorRT 7 may write 0."""
        printed = int(self.run.totals.get("queries") or 0)
        batch = self.settings.implicit_batch or 1
        if not printed or printed % batch:
            return None
        return printed // batch

    @property
    def _queries_proven(self) -> int | None:
        """The number of queries from the total of their times and its mean, where six digits leave one whole number."""
        total = exact(self.run.totals.get("gpu_total", ""))
        mean = exact(self.run.summary.get("compute", {}).get("mean", ""))
        if not total or not mean:
            return None
        ratio = float(total * 1000 / mean)
        slack = ratio * 1.2e-5
        off = abs(ratio - round(ratio))
        if ratio >= 1 and slack < 0.25 and off <= max(slack, 1e-3):
            return round(ratio)
        return None
