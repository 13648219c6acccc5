"""One run as a record, from any form in which OpenML or its clients write it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import JsonValue

from benchfmt.converters.draft import Draft, Number
from benchfmt.converters.openml import measures
from benchfmt.converters.openml.context import Context, fitting
from benchfmt.converters.openml.software import (
    Software,
    flow_and_version,
    is_mlr,
    is_test_flow,
    software,
)
from benchfmt.converters.openml.trees import Node, identifier, many, text
from benchfmt.finding import BenchfmtError
from benchfmt.identity import global_id
from benchfmt.numbers import count
from benchfmt.numbers import whole as whole_number
from benchfmt.suites import openml as rules
from benchfmt.vocabulary import vocabulary

NAME = "openml"
VERSION = "1.0"
LICENSE = "CC-BY-4.0"
"""OpenML's terms for what is uploaded to it; the licence of a data set is another matter."""
PRIMARY = ("predictive_accuracy", "root_mean_squared_error")
"""Measures that we take for the headline where the task names none, first for classes, then for numbers."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})")
_INSTANCES = re.compile(r"[1-9][0-9]{0,14}(\.0)?")
_INTERNAL_HOSTS = {"capa.win.tue.nl": rules.PRODUCTION, "openml.org": rules.PRODUCTION}


class RunError(BenchfmtError):
    """A file that holds no run."""


def draft(run: Node, context: Context, path: str, sha256: str) -> Draft:
    """Return the draft of a run's record; raises RunError where it is none."""
    if not isinstance(run, dict):
        raise RunError("not a run: it names neither task nor flow")
    if not (text(run, "task_id") or text(run, "flow_name") or run.get("output_data")):
        raise RunError("not a run: it names neither task nor flow")
    return _Run(run, context).draft(path, sha256)


class _Run:
    """A run while it is read."""

    def __init__(self, run: dict[str, JsonValue], context: Context) -> None:
        self.run = run
        self.id = identifier(run, "run_id")
        self.task_id = identifier(run, "task_id")
        self.flow_name = text(run, "flow_name") or text(context.flow, "name")
        self.tags = _texts(many(run, "tag"))
        datasets = _listed(run.get("input_data"), "dataset")
        self.datasets = [item for item in datasets if isinstance(item, dict)]
        self.output = run.get("output_data")
        self.server = context.server or self._server()
        self.suite = rules.suite(self.server, self.task_id)
        self.known: rules.Task | None = None
        if self.suite == rules.CC18:
            self.known = rules.tasks().get(self.task_id or -1)
        data_ids = {identifier(item, "did") for item in self.datasets}
        self.context = fitting(context, run, data_ids)
        self.evaluations = measures.gather(many(self.output, "evaluation"))
        self.task = rules.task_of(text(run, "task_type") or text(self.context.task, "task_type"))
        if self.task is None and self.suite == rules.CC18:
            self.task = "tabular-classification"
        self.scenario = self._scenario()
        self.setting = measures.Setting(
            regression=self.task == "tabular-regression",
            mlr=is_mlr(self.flow_name, self.tags),
        )

    def draft(self, path: str, sha256: str) -> Draft:
        """Return the draft of the record."""
        made = Draft(NAME, VERSION, suite=self.suite, phase="evaluation", task=self.task)
        made.source(path, sha256)
        made.numbers = measures.measurements(self.evaluations, self.setting)
        self._describe(made)
        self._set_status(made)
        if made.status == "ok":
            made.keep("primary_chosen_by_converter", self._headline(made.numbers))
        made.keep_all(self._kept())
        made.keep_all(measures.texts(self.evaluations, self.setting))
        for name in dict.fromkeys(self.evaluations.doubled):
            message = f"{name} appears twice for the same fold or the whole; the first is taken"
            made.report("BF410", message)
        return made

    # --- where it is from ---

    def _server(self) -> str | None:
        """Return the server that the run is on, where something says so: only its own files, as test data are copied."""
        hosts = set()
        for item in many(self.output, "file"):
            host = None
            if isinstance(item, dict):
                host = _host(text(item, "url") or "")
            if host:
                hosts.add(_INTERNAL_HOSTS.get(host, host))
        if rules.TEST in hosts or is_test_flow(self.flow_name):
            return rules.TEST
        if rules.PRODUCTION in hosts:
            return rules.PRODUCTION
        return None

    def _address(self) -> str | None:
        """Return the worldwide id of the run: a number without its server is none."""
        if not self.server or self.id is None:
            return None
        return f"https://{self.server}/r/{self.id}"

    # --- what was run ---

    def _describe(self, made: Draft) -> None:
        """Say what was run, on which data, with what, and by whom."""
        address = self._address()
        made_by = self._software()
        if address:
            made.id = global_id(self.suite, address)
        if self.task_id is not None:
            made.benchmark(name=str(self.task_id))
        made.benchmark(scenario=self.scenario)
        made.dataset(name=self._dataset_name(), split=self._split(), samples=self._samples())
        self._name_model(made)
        made.software(engine=made_by.engine, engine_version=made_by.version, stack=made_by.stack)
        made.hyperparameters(self._hyperparameters())
        made.provenance(
            submitter=text(self.run, "uploader"),
            measured_at=time_of(self.context.listed.get("upload_time")),
            url=address,
            execution=address,
        )
        if self.id is not None:
            made.provenance(license=LICENSE)

    def _procedure(self) -> Node:
        """Return the estimation procedure that a task describes."""
        for item in many(self.context.task, "input"):
            if text(item, "name") == "estimation_procedure" and isinstance(item, dict):
                procedure = item.get("estimation_procedure")
                if isinstance(procedure, dict):
                    return procedure
        return None

    def _scenario(self) -> str | None:
        known = rules.scenario(text(self._procedure(), "type"))
        if known:
            return known
        if text(self.run, "task_type") == "Learning Curve":
            return "learning-curve"
        if self.suite == rules.CC18:
            return "cross-validation"
        grid = self.evaluations.grid()
        if grid is None or grid[1] < 2:
            return None
        return "cross-validation"

    def _grid(self) -> tuple[int, int] | None:
        """Return repeats and folds, from the task, the suite, or the values by fold."""
        parameters = _by_name(many(self._procedure(), "parameter"))
        repeats = count(parameters.get("number_repeats") or "")
        folds = count(parameters.get("number_folds") or "")
        if repeats is not None and folds is not None:
            return repeats, folds
        if self.suite == rules.CC18:
            return 1, rules.folds()
        return self.evaluations.grid()

    def _dataset_name(self) -> str | None:
        """Return the data of a run; where it lists several, only the task says which was predicted."""
        name = text(self.context.dataset, "name")
        if name is None and len(self.datasets) == 1:
            name = text(self.datasets[0], "name")
        if name is None and self.known is not None:
            name = self.known.name
        if not name:
            return None
        return vocabulary().match("dataset", name, self.suite) or name

    def _split(self) -> str | None:
        grid = self._grid()
        if grid is None or self.scenario != "cross-validation":
            return None
        return f"cv:{grid[0]}x{grid[1]}"

    def _samples(self) -> int | None:
        """Return the size of the data: the engine counts each instance once for each repeat."""
        if self.known is not None:
            return self.known.instances
        qualities = _by_name(many(self.context.qualities, "quality"))
        counted = qualities.get("NumberOfInstances")
        if counted and _INSTANCES.fullmatch(counted):
            return int(float(counted))
        grid = self._grid()
        total = self._instances()
        if not total or grid is None or self.scenario != "cross-validation":
            return None
        if total % grid[0] != 0:
            return None
        return total // grid[0]

    def _instances(self) -> int | None:
        group = self.evaluations.get("number_of_instances")
        if group is None or group.whole is None or not group.whole.value:
            return None
        return whole_number(group.whole.value)

    def _name_model(self, made: Draft) -> None:
        if self.flow_name:
            name, version = flow_and_version(_one_line(self.flow_name))
            made.model(name=name, version=version or None)

    def _software(self) -> Software:
        own = [text(self.context.flow, key) or "" for key in ("external_version", "dependencies")]
        setup = text(self.run, "setup_string")
        return software(self.flow_name, setup, self.tags, own, self.context.header)

    def _hyperparameters(self) -> dict[str, JsonValue]:
        """Return the parameters: under their full names where a setup says them, else as the run has them."""
        settings = [
            (text(item, "full_name"), text(item, "value"))
            for item in many(self.context.setup, "parameter")
            if isinstance(item, dict)
        ]
        if not settings:
            own = text(self.run, "flow_id")
            items = many(self.run, "parameter_setting")
            settings = [(_parameter_name(item, own), text(item, "value")) for item in items]
        values: dict[str, list[JsonValue]] = {}
        for name, value in settings:
            if name and value is not None:
                values.setdefault(name, []).append(value)
        return {name: _one_or_all(several) for name, several in values.items()}

    # --- what came out ---

    def _set_status(self, made: Draft) -> None:
        """Say how the run ended: values beside an error are those of a part of the run."""
        failure = text(self.run, "error_message") or self.context.listed.get("error_message")
        if failure:
            made.fail("failed", _lines(failure))
            return
        valued = any(number.value is not None for number in made.numbers)
        error = _lines(" ".join(_texts(many(self.run, "error")))) or None
        if not valued:
            made.fail("incomplete", error)
        elif error:
            made.fail("failed", error)

    def _headline(self, numbers: list[Number]) -> str | None:
        """Mark the primary measurement, and return the measure if it was our choice and not the task's."""
        named = text(self.run, "task_evaluation_measure") or self._measure_of_task()
        for name in (named, PRIMARY[self.setting.regression]):
            if name is None:
                continue
            number = _of_whole(numbers, measures.metric_of(rules.measure(name)))
            if number is not None:
                number.primary = True
                if name == named:
                    return None
                return name
        return None

    def _measure_of_task(self) -> str | None:
        item = self.context.input_of_task("evaluation_measures")
        if not isinstance(item, dict):
            return None
        return text(item.get("evaluation_measures"), "evaluation_measure")

    def _kept(self) -> dict[str, JsonValue]:
        """Return what the standard has no field for."""
        kept: dict[str, JsonValue] = {
            "server": self.server,
            "run_id": self.id,
            "task_id": self.task_id,
            "task_type": text(self.run, "task_type"),
            "flow_id": identifier(self.run, "flow_id"),
            "flow_short_name": _short(self.flow_name),
            "setup_id": identifier(self.run, "setup_id"),
            "setup_string": _lines(text(self.run, "setup_string") or "") or None,
            "tags": list(self.tags),
            "datasets": [_dataset(item) for item in self.datasets],
            "dataset_version": text(self.context.dataset, "version"),
            "dataset_md5": text(self.context.dataset, "md5_checksum"),
            "run_details": _lines(text(self.run, "run_details") or "") or None,
        }
        if self.context.names:
            kept["uploader_name"] = text(self.run, "uploader_name")
        if self.known is not None:
            kept["features_with_target"] = self.known.features
            kept["classes"] = self.known.classes
        return kept


def time_of(written: str | None) -> str | None:
    """Return a server's time as ISO 8601; it names no zone."""
    match = _TIME.match(written or "")
    if match is None:
        return None
    return f"{match[1]}T{match[2]}"


def _of_whole(numbers: list[Number], metric: str) -> Number | None:
    """Return the value of a metric on the whole data: that of all predictions, else the mean of the folds."""
    for statistic in ("pooled", "mean"):
        for number in numbers:
            whole = number.scope is None and number.value is not None
            if whole and (number.metric, number.statistic) == (metric, statistic):
                return number
    return None


def _parameter_name(item: Node, flow_id: str | None) -> str | None:
    """Return the name of a parameter, after the number of the flow's part that has it."""
    name = text(item, "name")
    component = text(item, "component")
    if component is None or component == flow_id:
        return name
    return f"{component}:{name or ''}"


def _one_or_all(values: list[JsonValue]) -> JsonValue:
    if len(values) == 1:
        return values[0]
    return values


def _by_name(items: list[Node]) -> dict[str | None, str | None]:
    """Return the values of a list of names and values."""
    return {text(item, "name"): text(item) for item in items if isinstance(item, dict)}


def _texts(items: list[Node]) -> list[str]:
    """Return the texts of nodes, without those that say nothing."""
    texts = [text(item) for item in items]
    return [item for item in texts if item]


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
    if short == name:
        return None
    return short or None


def _dataset(item: Node) -> JsonValue:
    data: dict[str, JsonValue] = {}
    did = identifier(item, "did")
    if did is not None:
        data["did"] = did
    for key in ("name", "url"):
        value = text(item, key)
        if value is not None:
            data[key] = value
    return data


def _listed(node: Node, key: str) -> list[Node]:
    """Return the children of a node that the new server makes a plain list."""
    if isinstance(node, list):
        return node
    return many(node, key)


def _one_line(text_: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text_).strip()


def _lines(text_: str) -> str:
    return _CONTROL.sub(" ", text_.replace("\r\n", "\n")).strip()
