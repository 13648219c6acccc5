"""What an execution did wrong, and the file that shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fuzz.targets import ROOT


@dataclass(frozen=True)
class Fault:
    """A fault; `place` tells it from others, and `data` is the content of the damaged file of a seed."""

    target: str
    seed: int
    file: str
    place: str
    message: str
    trace: str
    data: bytes

    @classmethod
    def of(cls, target: str, seed: int, file: str, data: bytes, error: BaseException) -> Fault:
        """Return the fault that an exception is."""
        trace = "".join(traceback.format_exception(error))
        return cls(
            target, seed, file, _place(error), f"{type(error).__name__}: {error}"[:300], trace, data
        )

    def smaller(self, data: bytes) -> Fault:
        """Return the same fault with a smaller file."""
        return replace(self, data=data)

    def save(self, folder: Path) -> Path:
        """Write it down, and the damaged file beside it; returns the path that `--again` takes."""
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(f"{self.target} {self.place}".encode()).hexdigest()[:10]
        path = folder / f"{self.target}-{digest}.json"
        content = {**asdict(self), "data": base64.b64encode(self.data).decode()}
        path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        path.with_name(f"{path.stem}-{Path(self.file).name}").write_bytes(self.data)
        return path

    @classmethod
    def load(cls, path: Path) -> Fault:
        """Return a fault that was written down."""
        content = json.loads(path.read_text("utf-8"))
        return cls(**{**content, "data": base64.b64decode(content["data"])})


def _place(error: BaseException) -> str:
    """Return the kind of an exception and the deepest line of the program that it went through."""
    place = "outside"
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT / "src"):
            place = f"{path.relative_to(ROOT / 'src')}:{frame.name}:{frame.line}"
    return f"{type(error).__name__} {place}"
