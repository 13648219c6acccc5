"""What stands beside a run and says more of it: its task, flow, setup and data, and its row in a list of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.converters.openml.trees import Node, document, head, identifier, many, text
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits

SAME = ("task_id", "flow_id", "setup_id")
"""What a run and its row in a list of runs must agree on: the two servers use the same numbers for other runs."""
_COMMENTS = 4096
"""So many bytes of predictions.arff hold the comments at its top."""


@dataclass(slots=True)
class Context:
    """What stands beside a run and says more of it; each part is empty where nothing does."""

    server: str | None = None
    task: Node = None
    flow: Node = None
    setup: Node = None
    dataset: Node = None
    qualities: Node = None
    listed: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    names: bool = False

    def input_of_task(self, name: str) -> Node:
        """Return the first input of a name that the task has, or None."""
        for item in many(self.task, "input"):
            if text(item, "name") == name:
                return item
        return None


def read_context(
    supporting: Mapping[str, Path], server: str | None, limits: Limits, *, names: bool
) -> tuple[Context, list[Finding]]:
    """Return the context that supporting files make; one that cannot be read is reported and left out."""
    context = Context(server, names=names)
    findings: list[Finding] = []
    for part, path in supporting.items():
        try:
            if part == "predictions":
                context.header = _header(path)
            else:
                setattr(context, part, document(path, limits))
        except (BenchfmtError, OSError) as error:
            message = f"cannot be read, so what it says of a run is missing: {error}"
            finding = Finding("BF103", Severity.WARNING, path.name, None, None, None, message)
            findings.append(finding)
    return context, findings


def fitting(context: Context, run: Node, data_ids: set[int | None]) -> Context:
    """Return the context of a run without what belongs to another one: numbers of two servers are alike.

    `data_ids` are the numbers of the data sets that the run names.
    """
    kept = Context(
        server=context.server,
        header=context.header,
        names=context.names,
        listed=context.listed,
    )
    data_id = _data_of_task(context)
    if not data_ids or data_id in data_ids:
        kept.task = context.task
    if _is_flow(context.flow, run):
        kept.flow = context.flow
    if _is_setup(context.setup, run):
        kept.setup = context.setup
    wanted = data_ids
    if kept.task is not None:
        wanted = {data_id}
    if wanted == {identifier(context.dataset, "id")} and context.dataset is not None:
        kept.dataset = context.dataset
        kept.qualities = context.qualities
    return kept


def _data_of_task(context: Context) -> int | None:
    source = context.input_of_task("source_data")
    if not isinstance(source, dict):
        return None
    return identifier(source.get("data_set"), "data_set_id")


def _is_flow(flow: Node, run: Node) -> bool:
    named = text(run, "flow_name")
    name = text(flow, "name")
    return named in (None, name, f"{name}({text(flow, 'version')})")


def _is_setup(setup: Node, run: Node) -> bool:
    number = text(setup, "setup_id")
    return number is None or number == text(run, "setup_id")


def listed_runs(content: Node) -> dict[int, dict[str, str]]:
    """Return what a list of runs says of each: when it was uploaded, and that it failed."""
    rows = {}
    for item in many(content, "run"):
        number = identifier(item, "run_id")
        if number is not None:
            rows[number] = _listed(item)
    return rows


def _listed(item: Node) -> dict[str, str]:
    row = {}
    for key in ("upload_time", "error_message", *SAME):
        value = text(item, key)
        if value:
            row[key] = value
    return row


def _header(path: Path) -> str:
    """Return the comments at the top of predictions.arff."""
    lines = head(path, _COMMENTS).decode("utf-8", "replace").splitlines()
    return "\n".join(line.lstrip("% ") for line in lines if line.startswith("%"))
