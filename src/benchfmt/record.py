"""The record: one benchmark result, as pydantic models that say exactly what the JSON Schema says.

Absent means that the source does not say: an attribute is then `None` here and the key is left out of the JSON;
`null` in a document is a fault. Attributes carry their unit in the name (`memory_bytes`); a measurement carries its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, LiteralString, Self, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.spelling import meant
from benchfmt.surrogates import IN_TEXT, SURROGATE
from benchfmt.vocabulary import vocabulary

SCHEMA_VERSION = "1.0"
MAX_DOUBLE = 1.7976931348623157e308

# Patterns hold in JavaScript, Python and Rust alike: no \d, no look-around. A separate rule forbids the characters that
# Python's `$` would let through at the end (a trailing newline).
TERM_PATTERN = "^[a-z0-9][a-z0-9.@-]*(:[a-z0-9][a-z0-9.@_-]*)?$"
NAMESPACE_PATTERN = "^[a-z0-9][a-z0-9-]*$"
PLACEMENT_PATTERN = "^[a-z][a-z0-9-]*(:[1-9][0-9]*)?$"
SHA256_PATTERN = "^[0-9a-f]{64}$"
UNIT_PATTERN = "^[!-~]+$"
TIME_PATTERN = (
    "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
    "(T([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?$"
)
CONTROL = "[\\u0000-\\u001f\\u007f]"
CONTROL_BUT_LINES = "[\\u0000-\\u0008\\u000b-\\u001f\\u007f]"

STATUSES = ("ok", "failed", "invalid", "incomplete")
BASES = ("measured", "derived", "estimated", "predicted", "nominal", "published")
KEY_FIELDS = ("metric", "statistic", "stage", "per", "scope")
"""The fields that name a measurement within its record."""

_FINITE = {"minimum": -MAX_DOUBLE, "maximum": MAX_DOUBLE}

T = TypeVar("T")
Metadata = tuple[AfterValidator, WithJsonSchema]
"""How a text is checked, and what the JSON Schema says of it."""


def _given(value: T) -> T:
    if value is None:
        raise PydanticCustomError(
            "null_forbidden", "null is not allowed; leave the key out where the source does not say"
        )
    return value


def _rule(kind: LiteralString, field: str, message: LiteralString) -> PydanticCustomError:
    """Return the error of a rule between fields, with the field at which it is told."""
    return PydanticCustomError(kind, message, {"field": field})


Opt: TypeAlias = Annotated[T | None, BeforeValidator(_given), Field(default=None)]


def _text(pattern: str | None, forbidden: str, what: str) -> Metadata:
    wanted = re.compile(pattern) if pattern else None
    unwanted = re.compile(forbidden)

    def check(value: str) -> str:
        if not value:
            raise PydanticCustomError(
                "empty_text", "text is empty; leave the key out where the source does not say"
            )
        if (
            SURROGATE.search(value)
            or unwanted.search(value)
            or (wanted and not wanted.search(value))
        ):
            raise PydanticCustomError(
                "malformed_text", "{value} is not {what}", {"value": repr(value), "what": what}
            )
        return value

    schema: dict[str, JsonValue] = {"type": "string", "minLength": 1}
    if pattern:
        schema["pattern"] = pattern
    return (AfterValidator(check), WithJsonSchema({**schema, "not": {"pattern": forbidden}}))


def _closed(kind: str, noun: str) -> Metadata:
    def check(value: str) -> str:
        if value not in vocabulary().terms(kind):
            listed = list(vocabulary().terms(kind))
            near = meant(value, listed)
            advice = f"these are: {', '.join(listed)}"
            if near is not None:
                advice = f"did you mean {near!r}?"
            raise PydanticCustomError(
                "not_listed",
                "{value} is no {noun}; {advice}",
                {"value": repr(value), "noun": noun, "advice": advice},
            )
        return value

    return (AfterValidator(check), WithJsonSchema({"x-closed": kind}))


def _integral(value: JsonValue) -> JsonValue:
    # JSON knows no integers apart from numbers: 1.0 is one (JSON Schema 2020-12, 6.1.1).
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _whole(text: str) -> str:
    if SURROGATE.search(text):
        raise PydanticCustomError("malformed_text", IN_TEXT)
    return text


def _plain(value: JsonValue) -> JsonValue:
    """Check free-form JSON: no null, no number or text that another reader would change."""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not abs(value) <= MAX_SAFE_INTEGER:  # NaN too
            raise PydanticCustomError(
                "unsafe_number",
                "a number beyond 2^53-1 is not kept by every reader; write it as text",
            )
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_whole(key): _plain(item) for key, item in value.items()}
    raise PydanticCustomError(
        "null_forbidden", "null is not allowed; leave the key out where the source does not say"
    )


def _namespaces(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for key in value:
        if not re.search(NAMESPACE_PATTERN, key) or "\n" in key:
            raise PydanticCustomError(
                "malformed_text",
                "{value} is not a namespace: lower case, digits and hyphens",
                {"value": repr(key)},
            )
    return value


Text = Annotated[str, *_text(None, CONTROL, "one line of text without control characters")]
Lines = Annotated[str, *_text(None, CONTROL_BUT_LINES, "text without control characters")]
Term = Annotated[
    str,
    *_text(
        TERM_PATTERN, "[\\s]", "a term: lower case, digits and hyphens, with a prefix or without"
    ),
]
UnitCode = Annotated[
    str, *_text(UNIT_PATTERN, "[\\s]", "a unit code: ASCII characters without blanks")
]
Sha256 = Annotated[str, *_text(SHA256_PATTERN, "[\\s]", "a SHA-256 in 64 lower-case hex digits")]
Time = Annotated[
    str, *_text(TIME_PATTERN, "[\\s]", "an ISO 8601 date or time, such as 2026-04-03T10:00:00Z")
]
Reason = Annotated[str, *_closed("missing", "reason of the standard why a value is missing")]
Caveat = Annotated[str, *_closed("caveat", "caveat of the standard")]
Device = Annotated[
    str,
    *_text(
        PLACEMENT_PATTERN,
        "[\\s]",
        "a kind of device, such as gpu, or how many of one, such as gpu:2",
    ),
]
Count = Annotated[
    int,
    Field(ge=1, le=MAX_SAFE_INTEGER),
    BeforeValidator(_integral),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_SAFE_INTEGER}),
]
Number = Annotated[float, Field(ge=-MAX_DOUBLE, le=MAX_DOUBLE, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=MAX_DOUBLE, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, le=MAX_DOUBLE, allow_inf_nan=False)]
Samples = Annotated[
    list[Number | None],
    Field(min_length=1),
    WithJsonSchema(
        {"type": "array", "minItems": 1, "items": {"type": ["number", "null"], **_FINITE}}
    ),
]
Json = Annotated[Any, AfterValidator(_plain), WithJsonSchema({"x-json": True})]
Name = Annotated[str, AfterValidator(_whole)]
JsonObject = Annotated[
    dict[Name, Json], WithJsonSchema({"type": "object", "additionalProperties": {"x-json": True}})
]
Extensions = Annotated[
    dict[str, Json],
    AfterValidator(_namespaces),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": NAMESPACE_PATTERN, "not": {"pattern": "[\\s]"}},
            "additionalProperties": {"x-json": True},
        }
    ),
]


class Part(BaseModel):
    """The base of all parts of a record: frozen, closed, strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())
    may_be_empty: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, data: JsonValue) -> JsonValue:
        if isinstance(data, Mapping) and not data and not cls.may_be_empty:
            raise PydanticCustomError(
                "empty_object", "an empty object says nothing; leave the key out"
            )
        return data

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the part as plain JSON data, without what is absent."""
        return self.model_dump(mode="json", exclude_none=True)


class Benchmark(Part):
    """Which benchmark was run, of which suite and under which rules."""

    suite: Annotated[Term, Field(description="Suite: a vocabulary id or prefix:term.")]
    suite_version: Opt[Text] = Field(
        None, description="Version or round of the suite, as the source writes it."
    )
    name: Opt[Text] = Field(None, description="Name of the benchmark within the suite.")
    division: Opt[Term] = Field(None, description="Division of the suite, such as closed or open.")
    category: Opt[Term] = Field(
        None, description="Availability of the system, such as available or preview."
    )
    system_type: Opt[Term] = Field(
        None, description="For which use the system was submitted: datacenter or edge."
    )
    scenario: Opt[Term] = Field(
        None, description="How work arrived: single-stream, server, offline and so on."
    )
    phase: Opt[Term] = Field(None, description="What was done: inference, training and so on.")
    verification: Opt[Term] = Field(
        None, description="Whether somebody other than the submitter has checked it."
    )


class Dataset(Part):
    """The data on which the quality was measured."""

    name: Opt[Text] = Field(None, description="Name of the data set.")
    split: Opt[Text] = Field(
        None, description="Part of the data set, such as validation or cv:1x10."
    )
    samples: Opt[Count] = Field(None, description="Number of samples.")
    sha256: Opt[Sha256] = Field(None, description="SHA-256 of the data.")


class Model(Part):
    """The model or algorithm that was run."""

    name: Opt[Text] = Field(None, description="Name of the model or algorithm.")
    version: Opt[Text] = Field(None, description="Version or variant.")
    parameters: Opt[Count] = Field(None, description="Number of parameters.")
    flop: Opt[Positive] = Field(
        None, description="Floating-point operations per inference, 2 per multiply-accumulate."
    )
    size_bytes: Opt[Count] = Field(None, description="Size of the stored model, in bytes.")


class Processor(Part):
    """The general-purpose processors of one node."""

    name: Opt[Text] = Field(None, description="Model name of the processor.")
    architecture: Opt[Term] = Field(None, description="Instruction set architecture.")
    count: Opt[Count] = Field(None, description="Processors per node.")
    cores: Opt[Count] = Field(None, description="Cores per processor.")
    clock_hz: Opt[Positive] = Field(None, description="Clock, in hertz, as the source states it.")


class Accelerator(Part):
    """One kind of accelerator of one node."""

    kind: Opt[Term] = Field(None, description="Kind of device: gpu, npu and so on.")
    name: Opt[Text] = Field(None, description="Model name of the accelerator.")
    count: Opt[Count] = Field(None, description="Accelerators of this kind per node.")
    memory_bytes: Opt[Count] = Field(None, description="Memory of one accelerator, in bytes.")


class System(Part):
    """What is installed: the hardware and its operating system."""

    id: Opt[Text] = Field(None, description="Id of the system, unique in the package.")
    name: Opt[Text] = Field(None, description="Name of the system.")
    kind: Opt[Term] = Field(None, description="Kind of system: server, phone, board and so on.")
    vendor: Opt[Text] = Field(None, description="Who makes the system.")
    nodes: Opt[Count] = Field(None, description="Number of nodes.")
    processor: Opt[Processor] = Field(None, description="The processors of one node.")
    accelerator: Opt[Accelerator | Annotated[list[Accelerator], Field(min_length=1)]] = Field(
        None, description="The accelerators of one node, or a list where there are several kinds."
    )
    memory_bytes: Opt[Count] = Field(None, description="Memory of one node, in bytes.")
    operating_system: Opt[Text] = Field(None, description="Operating system.")
    extensions: Opt[Extensions] = Field(
        None, description="What the source says and the standard has no field for."
    )


class Software(Part):
    """What executed the model."""

    engine: Opt[Term] = Field(None, description="Inference engine, framework or solver.")
    engine_version: Opt[Text] = Field(None, description="Version of the engine.")
    stack: Opt[
        Annotated[
            dict[Name, Text],
            WithJsonSchema(
                {
                    "type": "object",
                    "additionalProperties": {
                        "type": "string",
                        "minLength": 1,
                        "not": {"pattern": CONTROL},
                    },
                }
            ),
        ]
    ] = Field(None, description="Other software and its versions, by name.")


class Configuration(Part):
    """How the model was run: everything that was chosen and could have been chosen otherwise."""

    precision: Opt[Term] = Field(None, description="Numeric precision of the run, or mixed.")
    input_shape: Opt[Annotated[list[Count], Field(min_length=1)]] = Field(
        None, description="Shape of one input, in the order in which the source writes it."
    )
    batch_size: Opt[Count] = Field(None, description="Samples per batch.")
    threads: Opt[Count] = Field(None, description="Threads.")
    placement: Opt[Annotated[list[Device], Field(min_length=1)]] = Field(
        None, description="Devices that the run used, kind[:count], in order of preference."
    )
    hyperparameters: Opt[JsonObject] = Field(
        None, description="Parameters of the algorithm, by name."
    )


class Input(Part):
    """One named vector of instance data."""

    name: Text
    unit: Opt[UnitCode] = Field(None, description="UCUM code of the values.")
    values: Annotated[list[Number], Field(min_length=1)]


class Measurement(Part):
    """One number of a record, or the reason why there is none."""

    metric: Annotated[Term, Field(description="What was measured: a vocabulary id or prefix:term.")]
    statistic: Opt[Term] = Field(
        None, description="What was made of the observations: mean, p90, single and so on."
    )
    stage: Opt[Term] = Field(None, description="What the timer covered.")
    per: Opt[Term] = Field(None, description="Unit of work that the number refers to.")
    scope: Opt[Term] = Field(
        None, description="Whose memory, power or load; or a sub-part such as class:kidney."
    )
    value: Opt[Number] = Field(None, description="The number, in the metric's unit.")
    unit: Opt[UnitCode] = Field(
        None, description="UCUM code (money: ISO 4217) of value and targets."
    )
    basis: Opt[Literal["measured", "derived", "estimated", "predicted", "nominal", "published"]] = (
        Field(None, description="How the number arose.")
    )
    primary: Opt[bool] = Field(None, description="Whether this is the result's headline number.")
    missing: Opt[Reason] = Field(
        None, description="Why there is no value: a reason from the closed list."
    )
    caveats: Opt[Annotated[list[Caveat], Field(min_length=1)]] = Field(
        None, description="Doubts, from the closed list."
    )
    n: Opt[Count] = Field(None, description="Number of observations, before trimming.")
    stddev: Opt[NotNegative] = Field(None, description="Standard deviation of the population.")
    ci: Opt[Annotated[list[Number], Field(min_length=3, max_length=3)]] = Field(
        None, description="Confidence interval: lower, upper, level."
    )
    samples: Opt[Samples] = Field(
        None, description="The observations in source order; null for one that did not count."
    )
    target_min: Opt[Number] = Field(None, description="The least value that the rules ask for.")
    target_max: Opt[Number] = Field(None, description="The greatest value that the rules allow.")
    reported_value: Opt[Lines] = Field(None, description="The source's own characters.")
    reported_unit: Opt[Text] = Field(None, description="The unit that the reported number is in.")
    source_path: Opt[Text] = Field(
        None, description="Source of this number where it is not the record's primary one."
    )
    source_locator: Opt[Text] = Field(None, description="Place of this number in its source.")

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """The measurement's key: metric, statistic, stage, per, scope; '' where absent."""
        return (
            self.metric,
            self.statistic or "",
            self.stage or "",
            self.per or "",
            self.scope or "",
        )

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if self.value is None and self.missing is None:
            raise _rule(
                "value_or_missing",
                "value",
                "there is neither a value nor the reason why not; give one of them, `value` or `missing`",
            )
        if self.value is not None and self.missing is not None:
            raise _rule(
                "value_and_missing",
                "missing",
                "there is a value, and it is said to be missing; keep one of the two",
            )
        needs_unit = (
            self.value,
            self.stddev,
            self.ci,
            self.samples,
            self.target_min,
            self.target_max,
        )
        if self.unit is None and any(part is not None for part in needs_unit):
            raise _rule(
                "unit_absent", "unit", "a number needs its unit; write the unit of the metric"
            )
        if self.value is not None and self.basis is None:
            raise _rule(
                "basis_absent",
                "basis",
                "a value needs its basis; write measured, derived, ... or published where the source does not say",
            )
        return self


class Source(Part):
    """A file that a record was read from."""

    path: Annotated[
        Text, Field(description="Path from the root of the submission, with forward slashes.")
    ]
    sha256: Opt[Sha256] = Field(None, description="SHA-256 of the file.")
    locator: Opt[Text] = Field(
        None, description="Place in the file: row=7, a JSON Pointer, key=value pairs."
    )


class Provenance(Part):
    """Who measured it, when, and where the numbers come from."""

    submitter: Opt[Text] = Field(None, description="Who submitted or measured the result.")
    measured_at: Opt[Time] = Field(
        None, description="When it was measured: ISO 8601, offset only if the source has one."
    )
    license: Opt[Text] = Field(
        None, description="Licence of the data: an SPDX id where there is one."
    )
    url: Opt[Text] = Field(None, description="Where the source can be found.")
    execution: Opt[Text] = Field(None, description="Id shared by the records of one execution.")
    sources: Opt[Annotated[list[Source], Field(min_length=1)]] = Field(
        None, description="The files read; the first is the primary one."
    )
    converter: Opt[Text] = Field(None, description="Converter that wrote the record.")
    converter_version: Opt[Text] = Field(None, description="Version of that converter.")


class Record(Part):
    """One result: what was achieved on one benchmark in one configuration."""

    benchfmt: Annotated[Literal["1.0"], Field(description="Version of this standard.")]
    id: Opt[Text] = Field(None, description="Id of the record, unique in the package.")
    benchmark: Benchmark
    task: Opt[Term] = Field(None, description="What the model does.")
    dataset: Opt[Dataset] = None
    model: Opt[Model] = None
    system: Opt[System] = None
    software: Opt[Software] = None
    configuration: Opt[Configuration] = None
    inputs: Opt[Annotated[list[Input], Field(min_length=1)]] = Field(
        None, description="Instance data: what was solved or fed in."
    )
    measurements: Opt[Annotated[list[Measurement], Field(min_length=1)]] = Field(
        None, description="The numbers."
    )
    status: Literal["ok", "failed", "invalid", "incomplete"]
    status_detail: Opt[Lines] = Field(None, description="The source's own words on the status.")
    provenance: Opt[Provenance] = None
    extensions: Opt[Extensions] = Field(
        None, description="What the source says and the standard has no field for."
    )

    @model_validator(mode="after")
    def _measurements_agree(self) -> Self:
        if self.status == "ok" and not any(m.value is not None for m in self.measurements or ()):
            raise _rule(
                "no_result",
                "status",
                "status is ok, yet no measurement has a value; give it, or write failed, invalid or incomplete",
            )
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, JsonValue]) -> Record:
        """Return the record that plain JSON data of this version describes; raises pydantic.ValidationError."""
        return cls.model_validate(data)

    def ordered(self) -> Record:
        """Return the record with its measurements in standard order: the primary first, the rest by key."""
        if not self.measurements:
            return self
        return self.model_copy(
            update={"measurements": sorted(self.measurements, key=lambda m: (not m.primary, m.key))}
        )


def given(**fields: Any) -> dict[str, Any]:
    """Return the keyword arguments that are not None: what a source says, ready for a model's constructor."""
    return {name: value for name, value in fields.items() if value is not None}
