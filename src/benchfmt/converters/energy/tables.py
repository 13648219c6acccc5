"""A table of the family as an annotated one, with what its reader should know of it."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from benchfmt.annotation import FieldAnnotation, Rule, TableAnnotation
from benchfmt.converters import texts
from benchfmt.converters.ai4europe import misfits, read_companion
from benchfmt.converters.base import Unit
from benchfmt.converters.energy import derived, layouts
from benchfmt.converters.energy.layouts import Layout, Name
from benchfmt.converters.energy.surveys import Survey
from benchfmt.descriptor import Resource, TableField, TableSchema
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.readers.cells import free_name
from benchfmt.suites import energy as rules


class Description:
    """How a table is read, as it is found out: its columns, what holds for its rows, and what is wrong with it."""

    def __init__(self, unit: Unit, columns: list[str], survey: Survey) -> None:
        """Describe a table with these columns, of which the survey says what its rows show together."""
        self.unit = unit
        self.columns = columns
        self.survey = survey
        self.findings: list[Finding] = []
        self.constants: dict[str, JsonValue] = {}
        self.fields: dict[str, FieldAnnotation] = {}
        self.rules: list[Rule] = []

    def resource(self) -> Resource:
        """Return the table as an annotated resource."""
        fields = [
            TableField(name=name, type=layouts.type_of(field), benchfmt=field)
            for name, field in self.fields.items()
        ]
        annotation = TableAnnotation(constant=self.constants, rules=self.rules)
        table = TableSchema(fields=fields)
        return Resource(path=self.unit.path.name, table=table, benchfmt=annotation)

    def report(
        self, code: str, message: str, hint: str | None = None, column: str | None = None
    ) -> None:
        """Add what is wrong with the table."""
        name = self.unit.path.name
        self.findings.append(texts.finding(code, name, message, hint, column=column))

    def change(self, name: str, **changes: JsonValue) -> None:
        """Replace some words of a column's annotation."""
        self.fields[name] = self.fields[name].model_copy(update=changes)


def described(unit: Unit, columns: list[str], survey: Survey) -> Description:
    """Return how a table is read; its name and its companion say what ran and where."""
    layout: Layout = unit.extra
    description = Description(unit, columns, survey)
    name = _name(description, layout)
    suite = layouts.suite_of(layout)
    system = layouts.system_of(unit.options.get("system") or name.platform)
    description.constants = {
        **layouts.constants_of(suite, unit.options),
        **layouts.solved(layout, columns, name.asset),
        **system,
    }
    annotated = layouts.annotated(layout, columns)
    description.fields = annotated.fields
    for column in annotated.odd_units:
        message = (
            f"the unit of {column!r} does not fit what it measures; the numbers are kept as text"
        )
        description.report("BF207", message, "correct the header", column)
    corrected = _corrected_energy(description)
    corrected |= _corrected_peak(description)
    if corrected:
        description.constants[f"extensions.{suite}.corrected_units"] = {**corrected}
    if rules.SHARED_PROCESS in columns and survey.columns.average in description.fields:
        description.change(survey.columns.average, caveats=["shared-process"])
    _doubt_country(description, str(system.get("system.id")))
    _doubt_carbon(description)
    for column, own in derived.kept_apart(columns, survey).items():
        message = f"the table has a column {column!r}, which is kept; what is worked out under this name is kept as {own!r}"
        description.report("BF102", message, None, column)
    return description


# --- what ran, and where ---


def _name(description: Description, layout: Layout) -> Name:
    """Return what ran and where, from the companion or else the name of the file."""
    unit = description.unit
    name = layouts.name_of(unit.path)
    for companion in unit.supporting:
        name = _with_companion(description, name, companion)
    is_known = name.platform is not None or unit.options.get("system")
    if not is_known and layout != Layout.KERNEL_QUALITY:  # whose numbers depend on no platform
        message = "the name is not <algorithm>_<platform>.csv: the platform is not known"
        description.report("BF102", message, "give it, as in --option system=pc")
    return name


def _with_companion(description: Description, name: Name, path: Path) -> Name:
    """Return what the name says, and what the companion says beside it."""
    unit = description.unit
    try:
        companion = read_companion(path, unit.limits)
        description.findings += misfits(companion, description.columns, path.name, unit.path.name)
    except (BenchfmtError, OSError) as error:
        message = f"the companion cannot be read: {error}"
        finding = texts.finding("BF102", path.name, message, "correct or remove it")
        description.findings.append(finding)
        return name
    platform = str(companion.hw_id or "")
    if platform and name.platform and platform != name.platform:
        message = f"the companion says HW_ID {platform!r}, the table's name says {name.platform!r}; the name is taken"
        hint = "make both say the same"
        finding = texts.finding("BF102", path.name, message, hint, column="HW_ID")
        description.findings.append(finding)
    return Name(name.asset, name.platform or platform or None)


# --- columns in another unit than their header says ---


def _corrected_energy(description: Description) -> dict[str, str]:
    """Return the columns whose header says kW for kWh, each with its right unit."""
    columns = [
        name for name, field in description.fields.items() if field.caveats == ["unit-corrected"]
    ]
    if columns:
        message = f"kW is a unit of power; the numbers of {', '.join(columns)} are kWh, as the tracker that made them counts"
        description.report("BF207", message, "write kWh in the header", columns[0])
    return dict.fromkeys(columns, "kWh")


def _corrected_peak(description: Description) -> dict[str, str]:
    """Return the column of peaks with its right unit, where the averages prove it to be another than its header says."""
    survey = description.survey
    average, peak = survey.columns.average, survey.columns.peak
    peaks = survey.peaks
    if peak is None or not peaks.below:
        return {}
    place = f"of {survey.rows} rows"
    message = f"{peak} is below {average} in {peaks.below} {place}, which no peak can be"
    if not peaks.are_kilo:
        message += "; another unit is not proven, so the numbers stay as they are"
        description.report("BF403", message, "find out which tool wrote it", peak)
        return {}
    message += "; a thousand times the number is just above it: it is read as GB"
    description.report("BF403", message, "write GB in the header", peak)
    if peaks.still_below:
        message = f"{peak} stays below {average} in {peaks.still_below} {place} even as GB: it has no value there"
        description.report("BF403", message, None, peak)
    if peak not in description.fields:
        return {}
    description.change(peak, unit="GBy", caveats=["unit-corrected"])
    says_below = free_name(derived.PEAK, description.columns)
    description.fields[says_below] = FieldAnnotation(ignore=True)
    below = Rule(when={says_below: derived.BELOW}, missing={peak: "invalid-in-source"})
    description.rules.append(below)
    return {peak: "GB"}


# --- emissions of another place, or of a doubtful energy ---


def _doubt_country(description: Description, system: str) -> None:
    """Doubt the emissions of a machine that does not stand in the countries that its table names."""
    home = rules.HOME.get(system)
    survey = description.survey
    countries = survey.countries or tuple(filter(None, [description.unit.options.get("country")]))
    wrong = [country for country in countries if country != home]
    if home is None or not wrong:
        return
    when: dict[str, str | float | list[str | float]] = {}
    if survey.columns.country:
        when = {survey.columns.country: [*wrong]}
    emissions = [
        name
        for name, field in description.fields.items()
        if str(field.metric).startswith("emissions")
    ]
    caveats = {name: ["location-unreliable"] for name in emissions}
    description.rules.append(Rule(when=when, caveats=caveats))
    message = f"{system} is in {home}, not in {', '.join(wrong)}: the emissions are those of the wrong place"
    description.report("BF302", message, "tell the tracker the country", survey.columns.country)


def _doubt_carbon(description: Description) -> None:
    survey = description.survey
    emissions, energy = survey.columns.emissions, survey.columns.energy
    if survey.odd_carbon:
        message = (
            f"{emissions} per {energy} is in {survey.odd_carbon} of {survey.rows} rows more than "
            "twice, or less than half, what it usually is"
        )
        hint = "do not trust the energy of these rows"
        description.report("BF302", message, hint, emissions)
