"""What the person who converts a log says beside it: the options that the converters of runtime tools share."""

from __future__ import annotations

from collections.abc import Mapping

from benchfmt.converters.draft import Draft


def add_options(draft: Draft, options: Mapping[str, str], model: str | None = None) -> None:
    """Add the system, the submitter and the model's name of the options; `model` is the name that the log prints."""
    draft.model(name=options.get("model") or model)
    draft.system(name=options.get("system"))
    draft.provenance(
        submitter=options.get("submitter"),
        url=options.get("url"),
        license=options.get("license"),
    )
