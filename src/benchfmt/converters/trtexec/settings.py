"""The settings of a run of trtexec: as its log says them, else its command line, else the defaults of its version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchfmt.converters.file_names import model_of
from benchfmt.readers import trtexec as reader
from benchfmt.readers.trtexec import Run
from benchfmt.record import given
from benchfmt.suites import trtexec as rules
from benchfmt.units import exact

_PRECISION_FLAGS = ("fp16", "bf16", "int8", "fp8", "int4", "best")


@dataclass(frozen=True)
class Settings:
    """What a run was asked to do; `options` are those of the user, who may know more than the log."""

    run: Run
    options: Mapping[str, str]

    @property
    def _defaults(self) -> rules.Defaults:
        return rules.defaults(self.run.version)

    @property
    def model(self) -> str | None:
        """The name of the model's file, else of the engine's."""
        run = self.run
        flags = run.flags
        said = [run.option("Model Options", "Model", "Prototxt")]
        said += [flags.get(word, "") for word in ("onnx", "uff", "deploy", "model")]
        said += [
            run.option("Build Options", "Load engine"),
            flags.get("loadEngine", ""),
            flags.get("engine", ""),
        ]
        return next((name for path in said if (name := model_of(path))), None)

    @property
    def implicit_batch(self) -> int | None:
        """The batch of an engine with an implicit batch, or None; then `qps` counts the samples of the batch each."""
        said = self.run.option("Inference Options", "Batch")
        if said:
            return _whole(said)
        flags = self.run.flags
        if "batch" in flags:
            return _whole(flags["batch"])
        return 1 if {"deploy", "uff"} & flags.keys() else None

    @property
    def batch(self) -> int | None:
        """The samples of a query: the implicit batch, else the first dimension where all inputs agree on it."""
        if self.implicit_batch:
            return self.implicit_batch
        firsts = {dims[0] for _, dims in self.shapes if len(dims) > 1}
        return (
            firsts.pop() if len(firsts) == 1 and all(len(d) > 1 for _, d in self.shapes) else None
        )

    @property
    def shapes(self) -> list[tuple[str, list[int]]]:
        """The inputs with their dimensions."""
        return reader.dimensions(self.run)

    @property
    def precision_words(self) -> str | None:
        """The formats that the builder was allowed; of an engine that was loaded nobody says them."""
        run = self.run
        loaded = run.option("Build Options", "Load engine") or run.flags.get("loadEngine")
        if loaded or (not run.command and not run.option("Build Options", "Precision")):
            return None
        said = run.option("Build Options", "Precision")
        if said:
            return re.sub(r"\s*\(.*\)$", "", said)
        if "stronglyTyped" in run.flags or not self._defaults.builder_picks_types:
            return None  # every layer has the type that the network says
        words = [flag.upper() for flag in _PRECISION_FLAGS if flag in run.flags]
        return "+".join(["FP32", *words])

    @property
    def placement(self) -> list[str]:
        """The kinds of device that the run was allowed to use; empty where nothing says one, for it may be any."""
        run = self.run
        core = run.option("System Options", "DLACore") or run.flags.get("useDLACore", "")
        if core and core[0].isdecimal():
            fallback = run.option("Build Options", "Allow GPU fallback for DLA").startswith(
                "Enabled"
            )
            return (
                ["dla", "gpu"]
                if fallback or "allowGPUFallback" in run.flags or "allback" in core
                else ["dla"]
            )
        said = run.option("System Options", "Device") or run.option(
            "Device Information", "Selected Device"
        )
        return ["gpu"] if said or "device" in run.flags else []

    @property
    def warm_up(self) -> str | None:
        """The warm-up in milliseconds: as the log says, else as its command line, else as was asked for."""
        said = re.search(
            r"\(\+ ([0-9.]+)ms warm up\)", self.run.option("Inference Options", "Duration")
        )
        if said:
            return said[1]
        told = self.run.flags.get("warmUp") or self.options.get("warm_up_ms")
        if told and exact(told) is not None:
            return told
        return str(self._defaults.warm_up_ms)

    @property
    def warm_up_known(self) -> bool:
        """Whether the warm-up was said, and is no guess by the version."""
        known = (
            self.run.option("Inference Options", "Duration")
            or self.run.command
            or self.options.get("warm_up_ms")
        )
        return bool(known)

    @property
    def transfers(self) -> bool | None:
        """Whether data was to be copied to the device and back; None where nothing says so."""
        asked = self._switch(
            "Data transfers",
            "includeDataTransfers",
            "noDataTransfers",
            self._defaults.data_transfers,
        )
        said = (
            self.run.option("Inference Options", "Data transfers")
            or "noDataTransfers" in self.run.flags
        )
        whole, device = self.run.summary.get("inference"), self.run.summary.get("compute")
        if asked is False and not said and whole and device and whole != device:
            return None  # what the version does by default is not what was measured
        return asked

    @property
    def streams(self) -> int | None:
        """The number of streams in which queries ran; None where nothing says so."""
        said = self.run.option("Inference Options", "Inference Streams", "Streams")
        said = said or self.run.flags.get("infStreams", "") or self.run.flags.get("streams", "")
        return _whole(said) if said else self._defaults.streams if self.run.command else None

    @property
    def profiled(self) -> bool:
        """Whether the profiler was on while times were taken; it waits for the device after every layer."""
        flags, run = self.run.flags, self.run
        asked = {"dumpProfile", "exportProfile"} & flags.keys() or run.option(
            "Reporting Options", "Profile"
        ) == "Enabled"
        apart = self._switch(
            "Separate profiling", "separateProfileRun", "", self._defaults.separate_profile
        )
        return bool(asked and apart is not None and not apart)

    def hyperparameters(self) -> dict[str, Any]:
        """Return the settings that change what is measured, under their names in a record."""
        base = self._defaults
        flags, command = self.run.flags, bool(self.run.command)
        duration = re.match(r"([0-9.]+)s", self.run.option("Inference Options", "Duration"))
        seconds = (
            duration[1]
            if duration
            else flags.get("duration") or (str(base.duration_s) if command else "")
        )
        iterations = self.run.option("Inference Options", "Iterations") or flags.get(
            "iterations", ""
        )
        iterations = iterations or (str(base.iterations) if command else "")
        found = given(
            data_transfers=self.transfers,
            cuda_graph=self._switch("CUDA Graph", "useCudaGraph", "noCudaGraph", base.cuda_graph),
            spin_wait=self._switch("Spin-wait", "useSpinWait", "noSpinWait", base.spin_wait),
            streams=self.streams,
            iterations=_native(iterations),
            duration_s=_native(seconds),
            warm_up_ms=_native(self.warm_up or "") if self.warm_up_known else None,
        )
        for label, name in (("Sleep time", "sleep_ms"), ("Idle time", "idle_ms")):
            said = re.fullmatch(r"([0-9.]+)ms", self.run.option("Inference Options", label))
            if said and exact(said[1]):
                found[name] = _native(said[1])
        for label, name in (("ExposeDMA", "expose_dma"), ("Multithreading", "multithreading")):
            if self.run.option("Inference Options", label).startswith("Enabled"):
                found[name] = True
        return found

    def _switch(self, label: str, on: str, off: str, default: bool) -> bool | None:
        """Say whether something was enabled: by the log, else by the command line and the version's default."""
        said = self.run.option("Inference Options", label)
        if said:
            return said.startswith("Enabled")
        if not self.run.command:
            return None
        flags = self.run.flags
        return True if on in flags else False if off in flags else default


def _whole(text: str) -> int | None:
    """Return a count that a text is, or None."""
    return int(text) or None if re.fullmatch("[0-9]{1,12}", text) else None


def _native(text: str) -> int | float | None:
    """Return the number that a text is, or None."""
    number = exact(text)
    if number is None:
        return None
    return int(number) if number.denominator == 1 else float(number)
