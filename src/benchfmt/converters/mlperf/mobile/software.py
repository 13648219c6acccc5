"""The software of a result of the MLPerf Mobile app: the engine, and the versions that a submission states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.mobile.files import SUITE
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import Block
from benchfmt.vocabulary import vocabulary


@dataclass(slots=True)
class _Software:
    """The engine, and the versions of what lies below it; what is stated first holds."""

    engine: str | None
    version: str | None = None
    stack: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, version: str) -> None:
        """Take a version: that of the engine, or of something else."""
        if self.version is None and self.engine in (None, name):
            self.engine = name
            self.version = version
        else:
            self.stack.setdefault(name, version)


def add_software(result: Result, description: Block) -> None:
    """Add the engine by the app's framework, and versions that the description of the system states."""
    software = _Software(_engine(result))
    for stated in _stated(description):
        said = systems.software(stated)
        if said.get("engine") and said.get("engine_version"):
            software.add(said["engine"], said["engine_version"])
        for name, version in said.get("stack", {}).items():
            software.stack.setdefault(name, version)
    tflite = description.line("tfliteversion")
    if tflite and software.engine == "tflite" and software.version is None:
        software.version = tflite
    elif tflite:
        software.stack["tflite"] = tflite
    app = result.app.build.line("version")
    if app:
        software.stack["mlperf-mobile-app"] = app
    result.draft.software(
        engine=software.engine, engine_version=software.version, stack=software.stack
    )


def _engine(result: Result) -> str | None:
    entry = result.entry
    names = (
        *map(entry.settings.text, ("framework", "configuration")),
        entry.block.block("backend_info").text("backend_name"),
    )
    for name in names:
        engine = name and vocabulary().match("engine", name, SUITE)
        if engine:
            return engine
    return None


def _stated(description: Block) -> Iterator[str]:
    """Yield what a description says of software, in parts: `Qualcomm AI Stack -- Qualcomm Neural Processing SDK v2.20.0`."""
    framework = description.text("framework")
    if framework is not None:
        yield framework
    for part in (description.text("vendorsdk") or "").split("--"):
        yield part.strip()
