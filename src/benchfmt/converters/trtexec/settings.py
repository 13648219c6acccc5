"""The settings of a run of trtexec: as its log says them, else its command line, else the defaults of its version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.converters.file_names import model_of
from benchfmt.readers import trtexec as reader
from benchfmt.readers.trtexec import Run
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
        paths = [run.option("Model Options", "Model", "Prototxt")]
        paths += [flags.get(flag, "") for flag in ("onnx", "uff", "deploy", "model")]
        paths.append(run.option("Build Options", "Load engine"))
        paths += [flags.get(flag, "") for flag in ("loadEngine", "engine")]
        for path in paths:
            name = model_of(path)
            if name:
                return name
        return None

    @property
    def implicit_batch(self) -> int | None:
        """The batch of an engine with an implicit batch, or None; then `qps` counts the samples of the batch each."""
        flags = self.run.flags
        printed = self.run.option("Inference Options", "Batch") or flags.get("batch")
        if printed is not None:
            return _whole(printed)
        if "deploy" in flags or "uff" in flags:
            return 1
        return None

    @property
    def batch(self) -> int | None:
        """The samples of a query: the implicit batch, else the first dimension where all inputs agree on it."""
        if self.implicit_batch:
            return self.implicit_batch
        firsts = set()
        for _, dims in self.shapes:
            if len(dims) < 2:
                return None
            firsts.add(dims[0])
        if len(firsts) == 1:
            return firsts.pop()
        return None

    @property
    def shapes(self) -> list[tuple[str, list[int]]]:
        """The inputs with their dimensions."""
        return reader.dimensions(self.run)

    @property
    def precision_words(self) -> str | None:
        """The formats that the builder was allowed; of an engine that was loaded nobody says them."""
        run = self.run
        loaded = run.option("Build Options", "Load engine") or run.flags.get("loadEngine")
        printed = run.option("Build Options", "Precision")
        if loaded or not (run.command or printed):
            return None
        if printed:
            return re.sub(r"\s*\(.*\)$", "", printed)
        if "stronglyTyped" in run.flags or not self._defaults.builder_picks_types:
            return None  # every layer has the type that the network says
        formats = [flag.upper() for flag in _PRECISION_FLAGS if flag in run.flags]
        return "+".join(["FP32", *formats])

    @property
    def placement(self) -> list[str]:
        """The kinds of device that the run was allowed to use; empty where nothing says one, for it may be any."""
        run = self.run
        core = run.option("System Options", "DLACore") or run.flags.get("useDLACore", "")
        if core[:1].isdecimal():
            fallback = run.option("Build Options", "Allow GPU fallback for DLA")
            allowed = fallback.startswith("Enabled") or "allowGPUFallback" in run.flags
            if allowed or "allback" in core:
                return ["dla", "gpu"]
            return ["dla"]
        device = run.option("System Options", "Device")
        if device or run.option("Device Information", "Selected Device") or "device" in run.flags:
            return ["gpu"]
        return []

    @property
    def warm_up(self) -> str:
        """The warm-up in milliseconds: as the log says, else as its command line, else as was asked for."""
        printed = re.search(r"\(\+ ([0-9.]+)ms warm up\)", self._printed("Duration"))
        if printed:
            return printed[1]
        asked = self.run.flags.get("warmUp") or self.options.get("warm_up_ms")
        if asked and exact(asked) is not None:
            return asked
        return str(self._defaults.warm_up_ms)

    @property
    def warm_up_known(self) -> bool:
        """Whether the warm-up was said, and is no guess by the version."""
        known = self._printed("Duration") or self.run.command or self.options.get("warm_up_ms")
        return bool(known)

    @property
    def transfers(self) -> bool | None:
        """Whether data was to be copied to the device and back; None where nothing says so."""
        default = self._defaults.data_transfers
        asked = self._switch("Data transfers", "includeDataTransfers", "noDataTransfers", default)
        known = self._printed("Data transfers") or "noDataTransfers" in self.run.flags
        whole = self.run.summary.get("inference")
        device = self.run.summary.get("compute")
        if asked is False and not known and whole and device and whole != device:
            return None  # what the version does by default is not what was measured
        return asked

    @property
    def streams(self) -> int | None:
        """The number of streams in which queries ran; None where nothing says so."""
        flags = self.run.flags
        printed = self._printed("Inference Streams", "Streams")
        printed = printed or flags.get("infStreams", "") or flags.get("streams", "")
        if printed:
            return _whole(printed)
        if self.run.command:
            return self._defaults.streams
        return None

    @property
    def profiled(self) -> bool:
        """Whether the profiler was on while times were taken; it waits for the device after every layer."""
        flags, run = self.run.flags, self.run
        asked = "dumpProfile" in flags or "exportProfile" in flags
        if not asked and run.option("Reporting Options", "Profile") != "Enabled":
            return False
        default = self._defaults.separate_profile
        return self._switch("Separate profiling", "separateProfileRun", "", default) is False

    def hyperparameters(self) -> dict[str, JsonValue]:
        """Return the settings that change what is measured, under their names in a record; None where nobody says one."""
        base = self._defaults
        settings: dict[str, JsonValue] = {
            "data_transfers": self.transfers,
            "cuda_graph": self._switch(
                "CUDA Graph", "useCudaGraph", "noCudaGraph", base.cuda_graph
            ),
            "spin_wait": self._switch("Spin-wait", "useSpinWait", "noSpinWait", base.spin_wait),
            "streams": self.streams,
            "iterations": _native(self._iterations),
            "duration_s": _native(self._seconds),
        }
        if self.warm_up_known:
            settings["warm_up_ms"] = _native(self.warm_up)
        for label, name in (("Sleep time", "sleep_ms"), ("Idle time", "idle_ms")):
            wait = re.fullmatch(r"([0-9.]+)ms", self._printed(label))
            if wait and exact(wait[1]):
                settings[name] = _native(wait[1])
        for label, name in (("ExposeDMA", "expose_dma"), ("Multithreading", "multithreading")):
            if self._printed(label).startswith("Enabled"):
                settings[name] = True
        return settings

    @property
    def _iterations(self) -> str:
        return self._printed("Iterations") or self._asked("iterations", self._defaults.iterations)

    @property
    def _seconds(self) -> str:
        printed = re.match(r"([0-9.]+)s", self._printed("Duration"))
        if printed:
            return printed[1]
        return self._asked("duration", self._defaults.duration_s)

    def _printed(self, *labels: str) -> str:
        """Return what the log says of the inference under one of these labels, empty where it says nothing."""
        return self.run.option("Inference Options", *labels)

    def _asked(self, flag: str, default: int) -> str:
        """Return the value of a switch, or what a command without it means; empty where there is no command."""
        asked = self.run.flags.get(flag, "")
        if not asked and self.run.command:
            return str(default)
        return asked

    def _switch(self, label: str, on: str, off: str, default: bool) -> bool | None:
        """Say whether something was enabled: by the log, else by the command line and the version's default."""
        printed = self._printed(label)
        if printed:
            return printed.startswith("Enabled")
        if not self.run.command:
            return None
        if on in self.run.flags:
            return True
        if off in self.run.flags:
            return False
        return default


def _whole(text: str) -> int | None:
    """Return a count that a text is, or None."""
    if re.fullmatch("[0-9]{1,12}", text):
        return int(text) or None
    return None


def _native(text: str) -> int | float | None:
    """Return the number that a text is, or None."""
    number = exact(text)
    if number is None:
        return None
    if number.denominator == 1:
        return int(number)
    return float(number)
