"""What was run, by what the sources say and by rules with names: every filled value comes with its origin.

Files say the name of what was run, and may say the benchmark, the types of the weights, the file of the weights and how
many samples were judged. Rules of the suite fill the rest only as far as they hold: what they fix for the benchmark's own
model (its input, its parameters) holds for that model, so in the closed divisions; task and data set are those of the
benchmark in every division; what the name of another model proves is read from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from benchfmt.converters.draft import Draft
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Benchmark

HELD = ("closed", "network")
"""The divisions that run the benchmark's own model, and whose results must reach the targets; the open one is free."""

CLOSED_RULES = "closed division: the benchmark's own model and data"
"""https://github.com/mlcommons/inference_policies/blob/master/inference_rules.adoc: a closed submission uses the reference model."""
SUITE_RULES = "the suite's own data set"
"""What a benchmark of MLPerf Automotive, whose folders are named after it, is measured with."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the path of a file that says it, or the name of a rule."""

    kind: Literal["file", "rule"]
    name: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A value with its origin."""

    value: Any
    origin: Origin

    @classmethod
    def said(cls, value: Any, path: str) -> Filled | None:
        """Return a value that a file says, or None for none."""
        if value is None:
            return None
        return cls(value, Origin("file", path))

    @classmethod
    def ruled(cls, value: Any, rule: str) -> Filled | None:
        """Return a value that a rule gives, or None for none."""
        if value is None:
            return None
        return cls(value, Origin("rule", rule))

    def instead(self, value: Any) -> Filled | None:
        """Return another value that follows from this one, or None for none."""
        if value is None:
            return None
        return Filled(value, self.origin)


@dataclass(frozen=True, slots=True)
class Said:
    """What the sources say of one result before any rule is asked."""

    name: str | None
    """The name of what was run: that of its folder, or of a table's column."""
    division: str | None = None
    round_id: str | None = None
    benchmark: Filled | None = None
    """The official benchmark, where a file or the name says it (`benchmark_of`)."""
    weights: Filled | None = None
    """The file of the weights, as the description of the measurement names it."""
    samples: Filled | None = None
    """How many samples were judged."""
    scored: Filled | None = None
    """The task that the scores are of, for a benchmark that nobody knows."""
    precision: Filled | None = None
    automotive: Benchmark | None = None
    """The benchmark of MLPerf Automotive, whose names are those of the folders."""

    @property
    def held(self) -> bool:
        """Whether the division runs the benchmark's own model."""
        return self.division in HELD


@dataclass(frozen=True, slots=True)
class Attribution:
    """What was run, each value with its origin; None for what neither a file nor a rule says."""

    benchmark: Filled | None
    task: Filled | None
    dataset: Filled | None
    split: Filled | None
    samples: Filled | None
    model: Filled | None
    parameters: Filled | None
    flop: Filled | None
    input_shape: Filled | None
    precision: Filled | None

    def fill(self, draft: Draft) -> None:
        """Fill the fields of a record that it knows."""
        draft.task = _value(self.task)
        draft.dataset(
            name=_value(self.dataset),
            split=_value(self.split),
            samples=_value(self.samples),
        )
        draft.model(
            name=_value(self.model),
            parameters=_value(self.parameters),
            flop=_value(self.flop),
        )
        draft.configuration(
            precision=_value(self.precision),
            input_shape=_value(self.input_shape),
        )


def _value(filled: Filled | None) -> Any:
    if filled is None:
        return None
    return filled.value


def benchmark_of(
    name: str | None, round_id: str | None, division: str | None, mapped: Filled | None = None
) -> Filled | None:
    """Return the official name of the benchmark: the folder's where it is one, then a file's word, then a rule's."""
    held = division in HELD
    named = None
    if name:
        named = rules.named(name, round_id, held=held)
    if named and named.own:
        return Filled.ruled(named.benchmark, named.rule)
    if mapped and not held:
        return mapped.instead(rules.canonical(mapped.value, round_id) or mapped.value)
    if named is None:
        return None
    return Filled.ruled(named.benchmark, named.rule)


def attribute(said: Said) -> Attribution:
    """Return what was run."""
    benchmark = said.benchmark
    facts = None
    if said.automotive:
        benchmark = Filled.ruled(said.automotive.name, SUITE_RULES)
        facts = said.automotive
    elif benchmark:
        facts = rules.benchmark(benchmark.value, said.round_id)
    dataset, split = _data(said, benchmark, facts)
    own = _own_model(said, facts)
    model = _model(said, facts)
    parameters = None
    flop = None
    input_shape = _size(said)
    if own:
        model = Filled.ruled(own.model, CLOSED_RULES)
        parameters = Filled.ruled(own.parameters, CLOSED_RULES)
        flop = Filled.ruled(own.flop, CLOSED_RULES)
        input_shape = Filled.ruled(_pixels(own), CLOSED_RULES)
    return Attribution(
        benchmark=benchmark,
        task=_task(said, benchmark, facts),
        dataset=dataset,
        split=split,
        samples=_samples(said, facts, dataset),
        model=model,
        parameters=parameters,
        flop=flop,
        input_shape=input_shape,
        precision=said.precision,
    )


def _own_model(said: Said, facts: Benchmark | None) -> Benchmark | None:
    """Return the facts of the benchmark where its own model was run, for which alone they hold."""
    if not said.held or facts is None or facts.model is None:
        return None
    if not said.name or said.automotive:
        return facts
    named = rules.named(said.name, said.round_id, held=said.held)
    if named and not named.own:
        return None
    return facts


def _model(said: Said, facts: Benchmark | None) -> Filled | None:
    """Return the model where it need not be the benchmark's: by its own name.

    Where that is the benchmark's name too, it is the one that the benchmark's model goes by; nothing else is known of it.
    """
    if said.name is None:
        return None
    found = rules.named(said.name, said.round_id)
    if facts and facts.model and (said.automotive or (found and found.own)):
        return Filled.ruled(facts.model, rules.OFFICIAL_NAME)
    return Filled.ruled(said.name, "its own name")


def _pixels(facts: Benchmark) -> list[int] | None:
    if not facts.input_shape:
        return None
    return list(facts.input_shape)


def _task(said: Said, benchmark: Filled | None, facts: Benchmark | None) -> Filled | None:
    if benchmark and facts and facts.task:
        return benchmark.instead(facts.task)
    proven = None
    if said.name:
        proven = rules.task_of_name(said.name)
    if proven is None:
        return said.scored
    return Filled.ruled(proven.value, proven.rule)


def _data(
    said: Said, benchmark: Filled | None, facts: Benchmark | None
) -> tuple[Filled | None, Filled | None]:
    """Return data set and split: the benchmark's, but for a name that names another data set."""
    known = None
    if facts:
        known = facts.dataset
    proven = None
    if said.name:
        proven = rules.dataset_of_name(said.name)
    same = known is not None and proven is not None and known.startswith(proven.value)
    if proven and not same and (known is None or not said.held):
        return Filled.ruled(proven.value, proven.rule), None
    if benchmark is None or facts is None:
        return None, None
    return benchmark.instead(facts.dataset), benchmark.instead(facts.split)


def _samples(said: Said, facts: Benchmark | None, dataset: Filled | None) -> Filled | None:
    """Return how many samples the data have; of data that nobody names the number says nothing."""
    if said.held and facts:
        return Filled.ruled(facts.samples, CLOSED_RULES)
    if not facts and not dataset:
        return None
    return said.samples


def _size(said: Said) -> Filled | None:
    """Return the input size that the name of the model or of its weights proves; none where they differ.

    Descriptions are copied from one measurement to the next: weights of another model are not those that were run.
    """
    named = None
    if said.name:
        named = rules.size_of_name(said.name)
    weights = None
    if said.weights and rules.may_be_one_model(said.name or "", said.weights.value):
        weights = rules.size_of_name(said.weights.value)
    if named and weights and named.shape != weights.shape:
        return None
    if weights and said.weights:
        return said.weights.instead(list(weights.shape))
    if named:
        return Filled.ruled(list(named.shape), named.rule)
    return None
