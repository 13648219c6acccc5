"""One run as a record, from any form in which OpenML or its clients write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from benchfmt.converters.openml import measures
from benchfmt.converters.openml.software import flow_and_version, is_mlr, is_test_flow, software
from benchfmt.converters.openml.trees import document, head, identifier, many, text
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.identity import global_id
from benchfmt.limits import Limits
from benchfmt.numbers import whole as whole_number
from benchfmt.record import Record
from benchfmt.suites import openml as rules
from benchfmt.vocabulary import vocabulary

NAME = "openml"
VERSION = "1.0"
LICENSE = "CC-BY-4.0"
"""OpenML's terms for what is uploaded to it; the licence of a data set is another matter."""
PRIMARY = ("predictive_accuracy", "root_mean_squared_error")
"""Measures that we take for the headline where the task names none, first for classes, then for numbers."""
SAME = ("task_id", "flow_id", "setup_id")
"""What a run and its row in a list of runs must agree on: the two servers use the same numbers for other runs."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})")
_INTERNAL_HOSTS = {"capa.win.tue.nl": rules.PRODUCTION, "openml.org": rules.PRODUCTION}


class RunError(BenchfmtError):
    """A run that cannot be told as a record."""


@dataclass(slots=True)
class Context:
    """What stands beside a run and says more of it; each part is empty where nothing does."""

    server: str | None = None
    task: Any = None
    flow: Any = None
    setup: Any = None
    dataset: Any = None
    qualities: Any = None
    listed: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    names: bool = False


def read_context(
    supporting: Mapping[str, Path], server: str | None, limits: Limits, *, names: bool
) -> tuple[Context, list[Finding]]:
    """Return the context that supporting files make; one that cannot be read is told and left out."""
    context, findings = Context(server, names=names), []
    for kind, path in supporting.items():
        try:
            if kind == "predictions":
                context.header = _header(path)
            else:
                setattr(context, kind, document(path, limits))
        except (BenchfmtError, OSError) as error:
            findings.append(
                _finding(
                    "BF103",
                    path.name,
                    f"cannot be read, so what it says of a run is missing: {error}",
                )
            )
    return context, findings


def _header(path: Path) -> str:
    """Return the comments at the top of predictions.arff."""
    lines = head(path, 4096).decode("utf-8", "replace").splitlines()
    return "\n".join(line.lstrip("% ") for line in lines if line.startswith("%"))


def record(run: Any, context: Context, source: Mapping[str, str]) -> tuple[Record, list[Finding]]:
    """Return the record of a run; raises RunError."""
    if not isinstance(run, dict) or not (
        text(run, "task_id") or text(run, "flow_name") or run.get("output_data")
    ):
        raise RunError("no run: it names neither task nor flow")
    reader = _Run(run, context, source)
    try:
        return Record.from_dict(reader.data()), reader.findings
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RunError(f"{where}: {first['msg']} ({error.error_count()} faults)") from error


class _Run:
    """A run while it is read."""

    def __init__(self, run: dict[str, Any], context: Context, source: Mapping[str, str]) -> None:
        self.run, self.source, self.findings = run, source, list[Finding]()
        self.id = identifier(run, "run_id")
        self.task_id = identifier(run, "task_id")
        self.flow_name = text(run, "flow_name") or text(context.flow, "name")
        self.tags = [tag for item in many(run, "tag") if (tag := text(item))]
        self.datasets = [
            item for item in _listed(run.get("input_data"), "dataset") if isinstance(item, dict)
        ]
        self.output = run.get("output_data") if isinstance(run.get("output_data"), dict) else {}
        self.server = context.server or self._server()
        self.suite = rules.suite(self.server, self.task_id)
        self.context = self._fitting(context)
        self.found = measures.gather(many(self.output, "evaluation"))
        for name in dict.fromkeys(self.found.doubled):
            self._note(
                "BF410", f"{name} stands twice for the same fold or the whole; the first is taken"
            )

    def data(self) -> dict[str, Any]:
        """Return the plain record."""
        task = rules.task_of(text(self.run, "task_type") or text(self.context.task, "task_type"))
        if task is None and self.suite == rules.CC18:
            task = "tabular-classification"
        setting = measures.Setting(
            regression=task == "tabular-regression", mlr=is_mlr(self.flow_name, self.tags)
        )
        said = measures.measurements(self.found, setting)
        status, detail = self._status(said)
        chosen = self._headline(said, setting) if status == "ok" else None
        extensions = {"openml": self._extensions(setting, chosen)}
        data: dict[str, Any] = {
            "benchfmt": "1.0",
            "benchmark": self._benchmark(),
            "task": task,
            "dataset": self._dataset(),
            "model": self._model(),
            "software": self._software(),
            "configuration": self._configuration(),
            "measurements": said,
            "status": status,
            "status_detail": detail,
            "provenance": self._provenance(),
            "extensions": _without_nothing(extensions),
        }
        if self._address():
            data["id"] = global_id(self.suite, self._address() or "")
        return {key: value for key, value in data.items() if value not in (None, {}, [])}

    # --- where it is from ---

    def _server(self) -> str | None:
        """Return the server that the run is on, where something says so: only its own files, as test data are copied."""
        hosts = {
            _host(text(item, "url") or "")
            for item in many(self.output, "file")
            if isinstance(item, dict)
        }
        known = {_INTERNAL_HOSTS.get(host or "", host) for host in hosts if host}
        if rules.TEST in known or is_test_flow(self.flow_name):
            return rules.TEST
        return rules.PRODUCTION if rules.PRODUCTION in known else None

    def _address(self) -> str | None:
        """Return the worldwide id of the run: a number without its server is none."""
        return f"https://{self.server}/r/{self.id}" if self.server and self.id is not None else None

    def _fitting(self, context: Context) -> Context:
        """Return the context without what belongs to another run: numbers of two servers are alike."""
        kept = Context(
            context.server, header=context.header, names=context.names, listed=context.listed
        )
        dids = {identifier(item, "did") for item in self.datasets}
        source = next(
            (i for i in many(context.task, "input") if text(i, "name") == "source_data"), None
        )
        did = (
            identifier(source.get("data_set"), "data_set_id") if isinstance(source, dict) else None
        )
        if context.task is not None and (not dids or did in dids):
            kept.task = context.task
        if context.flow is not None and self._is_flow(context.flow):
            kept.flow = context.flow
        if context.setup is not None and text(context.setup, "setup_id") in (
            None,
            text(self.run, "setup_id"),
        ):
            kept.setup = context.setup
        wanted = {did} if kept.task is not None else dids
        if (
            context.dataset is not None
            and len(wanted) == 1
            and identifier(context.dataset, "id") in wanted
        ):
            kept.dataset, kept.qualities = context.dataset, context.qualities
        return kept

    def _is_flow(self, flow: Any) -> bool:
        name = text(flow, "name")
        return text(self.run, "flow_name") in (None, name, f"{name}({text(flow, 'version')})")

    # --- what was run ---

    def _benchmark(self) -> dict[str, Any]:
        name = None if self.task_id is None else str(self.task_id)
        said = {
            "suite": self.suite,
            "name": name,
            "scenario": self._scenario(),
            "phase": "evaluation",
        }
        return {key: value for key, value in said.items() if value}

    def _procedure(self) -> dict[str, Any]:
        """Return the estimation procedure that a task describes."""
        for item in many(self.context.task, "input"):
            if text(item, "name") == "estimation_procedure" and isinstance(
                item.get("estimation_procedure"), dict
            ):
                found: dict[str, Any] = item["estimation_procedure"]
                return found
        return {}

    def _scenario(self) -> str | None:
        known = rules.scenario(text(self._procedure(), "type"))
        if known:
            return known
        if text(self.run, "task_type") == "Learning Curve":
            return "learning-curve"
        grid = self.found.grid()
        several = self.suite == rules.CC18 or (grid is not None and grid[1] > 1)
        return "cross-validation" if several else None

    def _grid(self) -> tuple[int, int] | None:
        """Return repeats and folds, from the task, the suite, or the values by fold."""
        parameters = {
            text(p, "name"): text(p)
            for p in many(self._procedure(), "parameter")
            if isinstance(p, dict)
        }
        repeats, folds = parameters.get("number_repeats"), parameters.get("number_folds")
        if repeats and folds and repeats.isdigit() and folds.isdigit():
            return int(repeats), int(folds)
        if self.suite == rules.CC18:
            return 1, rules.folds()
        return self.found.grid()

    def _dataset(self) -> dict[str, Any]:
        """Return the data of a run; where it lists several, only the task says which was predicted."""
        only = self.datasets[0] if len(self.datasets) == 1 else None
        name = text(self.context.dataset, "name") or text(only, "name")
        known = rules.tasks().get(self.task_id or -1) if self.suite == rules.CC18 else None
        name = name or (known.name if known else None)
        grid = self._grid()
        split = (
            f"cv:{grid[0]}x{grid[1]}" if grid and self._scenario() == "cross-validation" else None
        )
        name = (vocabulary().match("dataset", name, self.suite) or name) if name else None
        said = {"name": name, "split": split, "samples": self._samples(known, grid)}
        return {key: value for key, value in said.items() if value}

    def _samples(self, known: rules.Task | None, grid: tuple[int, int] | None) -> int | None:
        """Return the size of the data: the engine counts each instance once for each repeat."""
        if known:
            return known.instances
        quality = {
            text(q, "name"): text(q)
            for q in many(self.context.qualities, "quality")
            if isinstance(q, dict)
        }
        counted = quality.get("NumberOfInstances")
        if counted and re.fullmatch(r"[1-9][0-9]{0,14}(\.0)?", counted):
            return int(float(counted))
        whole = self.found.get("number_of_instances")
        total = whole.whole.value if whole and whole.whole else None
        counted_all = whole_number(total) if total else None
        if not counted_all or not grid or self._scenario() != "cross-validation":
            return None
        return counted_all // grid[0] if counted_all % grid[0] == 0 else None

    def _model(self) -> dict[str, str]:
        if not self.flow_name:
            return {}
        name, version = flow_and_version(_one_line(self.flow_name))
        return {"name": name, "version": version} if version else {"name": name}

    def _software(self) -> dict[str, object]:
        told = [text(self.context.flow, key) or "" for key in ("external_version", "dependencies")]
        return software(
            self.flow_name, text(self.run, "setup_string"), self.tags, told, self.context.header
        ).to_dict()

    def _configuration(self) -> dict[str, Any]:
        """Return the parameters: under their full names where a setup says them, else as the run has them."""
        named: list[tuple[str, str | None]] = [
            (text(item, "full_name") or "", text(item, "value"))
            for item in many(self.context.setup, "parameter")
            if isinstance(item, dict)
        ]
        own = text(self.run, "flow_id")
        for item in many(self.run, "parameter_setting") if not named else ():
            component = text(item, "component")
            name = text(item, "name") or ""
            named.append(
                (
                    f"{component}:{name}" if component and component != own else name,
                    text(item, "value"),
                )
            )
        said: dict[str, Any] = {}
        for name, value in named:
            if not name or value is None:
                continue
            if name in said:
                before = said[name] if isinstance(said[name], list) else [said[name]]
                said[name] = [*before, value]
            else:
                said[name] = value
        return {"hyperparameters": said} if said else {}

    # --- what came out ---

    def _status(self, said: list[dict[str, Any]]) -> tuple[str, str | None]:
        failure = text(self.run, "error_message") or self.context.listed.get("error_message")
        error = " ".join(word for item in many(self.run, "error") if (word := text(item)))
        if failure:
            return "failed", _lines(failure)
        if any("value" in item for item in said):
            return "ok", _lines(error) or None
        return "incomplete", _lines(error) or None

    def _headline(self, said: list[dict[str, Any]], setting: measures.Setting) -> str | None:
        """Mark the primary measurement, and return the measure if it was our choice and not the task's."""
        named = text(self.run, "task_evaluation_measure") or self._measure_of_task()
        for name in (named, PRIMARY[setting.regression]):
            if name is None:
                continue
            metric = rules.measure(name).metric
            for statistic in ("pooled", "mean"):
                for item in said:
                    if (
                        item["metric"] == metric
                        and item.get("statistic") == statistic
                        and "scope" not in item
                        and "value" in item
                    ):
                        item["primary"] = True
                        return None if name == named else name
        return None

    def _measure_of_task(self) -> str | None:
        for item in many(self.context.task, "input"):
            if text(item, "name") == "evaluation_measures":
                return text(item.get("evaluation_measures"), "evaluation_measure")
        return None

    def _provenance(self) -> dict[str, Any]:
        time = self.context.listed.get("upload_time")
        said = {
            "submitter": text(self.run, "uploader"),
            "measured_at": time_of(time),
            "license": LICENSE if self.id is not None else None,
            "url": self._address(),
            "execution": self._address(),
            "sources": [dict(self.source)],
            "converter": NAME,
            "converter_version": VERSION,
        }
        return {key: value for key, value in said.items() if value}

    def _extensions(self, setting: measures.Setting, chosen: str | None) -> dict[str, Any]:
        known = rules.tasks().get(self.task_id or -1) if self.suite == rules.CC18 else None
        return {
            "server": self.server,
            "run_id": self.id,
            "task_id": self.task_id,
            "task_type": text(self.run, "task_type"),
            "flow_id": identifier(self.run, "flow_id"),
            "flow_short_name": _short(self.flow_name),
            "setup_id": identifier(self.run, "setup_id"),
            "setup_string": _lines(text(self.run, "setup_string") or ""),
            "uploader_name": text(self.run, "uploader_name") if self.context.names else None,
            "tags": self.tags,
            "datasets": [_dataset(item) for item in self.datasets],
            "dataset_version": text(self.context.dataset, "version"),
            "dataset_md5": text(self.context.dataset, "md5_checksum"),
            "features_with_target": known.features if known else None,
            "classes": known.classes if known else None,
            "run_details": _lines(text(self.run, "run_details") or ""),
            "primary_chosen_by_converter": chosen,
            **measures.texts(self.found, setting),
        }

    def _note(self, code: str, words: str) -> None:
        self.findings.append(_finding(code, self.source["path"], words))


def listed_runs(content: Any) -> dict[int, dict[str, str]]:
    """Return what a list of runs says of each: when it was uploaded, and that it failed."""
    found = {}
    for item in many(content, "run"):
        number = identifier(item, "run_id")
        said = {
            key: value
            for key in ("upload_time", "error_message", *SAME)
            if (value := text(item, key))
        }
        if number is not None:
            found[number] = said
    return found


def time_of(words: str | None) -> str | None:
    """Return a server's time as ISO 8601; it names no zone."""
    match = _TIME.match(words or "")
    return f"{match[1]}T{match[2]}" if match else None


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _short(flow_name: str | None) -> str | None:
    """Return the last class of a long flow name: what is in its innermost brackets, or after its last dot."""
    if not flow_name:
        return None
    name = flow_and_version(flow_name)[0]
    inner = re.split(r"[(),=]", name.rstrip(")"))
    short = [part for part in inner if part][-1].rpartition(".")[2]
    return short if short and short != name else None


def _dataset(item: dict[str, Any]) -> dict[str, Any]:
    said = {"did": identifier(item, "did"), "name": text(item, "name"), "url": text(item, "url")}
    return {key: value for key, value in said.items() if value is not None}


def _listed(node: Any, key: str) -> list[Any]:
    """Return the children of a node that the new server makes a plain list."""
    return node if isinstance(node, list) else many(node, key)


def _one_line(words: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", words).strip()


def _lines(words: str) -> str:
    return _CONTROL.sub(" ", words.replace("\r\n", "\n")).strip()


def _without_nothing(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: _without_nothing(value)
            for key, value in data.items()
            if value not in (None, "", [], {})
        }
    return data


def _finding(code: str, path: str, words: str) -> Finding:
    return Finding(code, Severity.WARNING, path, None, None, None, words)
