"""Who judges the value of one member of the record as its model does: in bulk, and without the rest of the record."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter

from benchfmt.record import Measurement, Record, System
from benchfmt.tables import COLUMNS

_STARTS: dict[str, type[BaseModel]] = {
    "systems": System,
    "records": Record,
    "measurements": Measurement,
}


@cache
def adapter_of(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """Return who judges the values of a member of a model."""
    field = model.model_fields[name]
    annotation: Any = Annotated[field.annotation, *field.metadata]
    return TypeAdapter(annotation, config=ConfigDict(strict=True))


def adapter_of_column(table: str, name: str) -> TypeAdapter[Any]:
    """Return who judges the values of a column of a table; raises KeyError or StopIteration for an unknown one."""
    path = next(item.path for item in COLUMNS[table] if item.name == name)
    model = _STARTS[table]
    *above, last = path.split(".")
    for part in above:
        model = _model_within(model.model_fields[part].annotation)
    return adapter_of(model, last)


def _model_within(annotation: Any) -> type[BaseModel]:
    """Return the model of which a member that may be absent is."""
    waiting = [annotation]
    while waiting:
        some = waiting.pop()
        if isinstance(some, type) and issubclass(some, BaseModel):
            return some
        waiting += get_args(some)
    raise KeyError(annotation)
