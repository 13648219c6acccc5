"""A package as N-Triples, made in columns: each field of a table is one expression over a batch of its rows.

A row of measurements is some twelve triples; as objects of Python they would take a hundred times as long.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping

import polars as pl
from pydantic import JsonValue

from benchfmt.descriptor import Descriptor, heading
from benchfmt.exports.base import Account
from benchfmt.exports.rdf.names import Names, segment
from benchfmt.json_cells import cell_data
from benchfmt.linked import (
    DCAT,
    DCTERMS,
    DOUBLE_FIELDS,
    HEADING,
    PART_TERM_FIELDS,
    PROV,
    QUDT,
    RDF,
    RDFS,
    SKOS,
    TERM_FIELDS,
    TERMS,
    XSD,
    field_iri,
    qudt_unit,
    term_iri,
)
from benchfmt.package import Package
from benchfmt.record import SCHEMA_VERSION
from benchfmt.schema import BASE
from benchfmt.tables import COLUMNS, REPEATING, Column
from benchfmt.vocabulary import vocabulary

TYPE = f"{RDF}type"
_LABEL, _SUBJECT = "\x00", "\x01"
"""What stands for the label of a row's blank nodes, and for its subject, in texts that are made once for many rows."""
_PLAIN_ID = "^[A-Za-z0-9._~-]*$"
_BUILT = {"record_id", "system_id", "accelerators", "inputs", "caveats", "ci"}
"""The columns that are no plain field of a node; nor are a record's sources."""
ROWS = 4_096
"""So many rows become text at a time: of measurements some 12 MB, of which polars holds several copies."""


AGENT_COLUMNS = ("converter", "converter_version", "submitter")
"""The columns of records of which agents are made."""


EVERYTHING = {table: [item.name for item in items] for table, items in COLUMNS.items()}
"""The columns of each table."""


def beginning(package: Package, names: Names) -> Iterator[bytes]:
    """Yield what is said of a package itself, and its systems."""
    yield "".join(header(package.descriptor, names)).encode()
    first = 0
    for batch in package.batches("systems"):
        systems = pl.DataFrame(pl.from_arrow(batch))
        yield joined(_systems(systems, names, first))
        first += systems.height


def of_records(
    frames: Iterable[pl.DataFrame],
    names: Names,
    agents: MutableMapping[str, None],
    account: Account,
    before: int = 0,
) -> Iterator[bytes]:
    """Yield records with the agents that are not there yet, and count them; `before` are those of the pieces before."""
    for frame in frames:
        for records in frame.iter_slices(ROWS):
            yield "".join(agents_of(records, names, agents)).encode()
            yield joined(_records(records, names, before + account.records))
            account.records += records.height


def of_measurements(
    frames: Iterable[pl.DataFrame], names: Names, account: Account, before: int = 0
) -> Iterator[bytes]:
    """Yield measurements, and count them; `before` are those of the pieces before."""
    last = Places()
    for frame in frames:
        for measurements in frame.iter_slices(ROWS):
            yield joined(_measurements(measurements, names, before + account.measurements, last))
            account.measurements += measurements.height


def header(descriptor: Descriptor, names: Names) -> Iterator[str]:
    """Yield what is said of the package itself, and the concepts that it declares."""
    package = names.package
    yield triple(package, TYPE, iri(f"{DCAT}Dataset"))
    yield triple(package, f"{DCTERMS}conformsTo", iri(f"{BASE}{descriptor.benchfmt.version}"))
    if descriptor.name:
        yield triple(package, f"{DCTERMS}identifier", literal(descriptor.name))
    if descriptor.title:
        yield triple(package, f"{DCTERMS}title", literal(descriptor.title))
    said = heading(descriptor)
    if said:
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        yield triple(package, f"{TERMS}{HEADING}", literal(text, f"{RDF}JSON"))
    for name, metric in descriptor.metrics().items():
        concept = term_iri("metric", name)
        yield triple(concept, TYPE, iri(f"{SKOS}Concept"))
        yield triple(concept, f"{SKOS}notation", literal(name))
        yield triple(concept, f"{SKOS}prefLabel", literal(metric.label))
        yield triple(concept, f"{SKOS}definition", literal(metric.definition))
        if metric.unit is not None:
            yield triple(concept, f"{TERMS}unit", literal(metric.unit))


def triple(subject: str, predicate: str, thing: str) -> str:
    """Return one triple as a line; its object is written already."""
    return f"<{subject}> <{predicate}> {thing} .\n"


def iri(text: str) -> str:
    """Return an IRI as N-Triples write it."""
    return f"<{text}>"


def literal(text: str, datatype: str | None = None) -> str:
    """Return a literal as N-Triples write it."""
    escaped = text.translate(_ESCAPES)
    if datatype is None:
        return f'"{escaped}"'
    return f'"{escaped}"^^<{datatype}>'


_ESCAPES = {number: f"\\u{number:04X}" for number in (*range(32), 127)}
_ESCAPES |= {
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}


class Places:
    """The measurements of one record, which may go on in the next batch."""

    def __init__(self) -> None:
        """Begin before the first record."""
        self.record: str | None = None
        self.size = 0

    def positions(self, records: pl.Series) -> pl.Series:
        """Return the place of each row among the measurements of its record, from 0."""
        frame = pl.DataFrame({"record": records}).with_row_index("row")
        starts = (pl.col("record") != pl.col("record").shift(1)).fill_null(True)
        frame = frame.with_columns(
            start=pl.when(starts).then(pl.col("row")).forward_fill().cast(pl.Int64)
        )
        positions = frame["row"].cast(pl.Int64) - frame["start"]
        if records.len() and records[0] == self.record:
            goes_on = frame["start"] == 0
            positions = positions + goes_on.cast(pl.Int64) * self.size
        if records.len():
            self.record = records[-1]
            self.size = positions[-1] + 1
        return positions


def joined(lines: pl.Series) -> bytes:
    """Return the texts of all rows as one, in UTF-8: as Arrow holds them, no row becomes an object of Python."""
    array = lines.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, text = array.buffers()
    if lines.is_empty() or offsets is None or text is None:
        return b""
    bounds = memoryview(offsets).cast("q")
    first, last = bounds[array.offset], bounds[array.offset + len(array)]
    return bytes(memoryview(text)[first:last])


# --- the tables ---


def _systems(frame: pl.DataFrame, names: Names, first: int) -> pl.Series:
    rows = Rows(frame, nodes(frame, "id", f"{names.package}system/"), "s", first)
    lines = [rows.typed("", "System")]
    for part, items in _parts("systems"):
        lines += rows.part(part, part or "system", items)
    lines.append(rows.template("accelerators", _accelerators))
    return rows.written(lines)


def _records(frame: pl.DataFrame, names: Names, first: int) -> pl.Series:
    rows = Rows(frame, nodes(frame, "id", f"{names.package}record/"), "r", first)
    lines = [
        rows.typed("", "Record"),
        rows.link("", f"{DCTERMS}isPartOf", pl.lit(iri(names.package))),
        rows.link("", f"{TERMS}benchfmt", pl.lit(literal(SCHEMA_VERSION))),
    ]
    for part, items in _parts("records"):
        lines += rows.part(part, part, items)
    system = rows.mapped("system_id", lambda name: iri(names.system(name)))
    lines.append(rows.link("", f"{TERMS}system", system))
    lines.append(rows.template("inputs", _inputs))
    lines += _sources(rows)
    lines += _conversion(rows, names)
    return rows.written(lines)


def _measurements(frame: pl.DataFrame, names: Names, first: int, last: Places) -> pl.Series:
    rows = measurement_rows(frame, names, first, last)
    # The record's own triple, whose object is the measurement.
    of_record = pl.concat_str(
        pl.col("record"), pl.lit(f"> <{TERMS}measurements> "), pl.col("subject"), pl.lit("> .\n")
    )
    lines = [of_record, rows.typed("", "Measurement")]
    for part, items in _parts("measurements"):
        lines += rows.part(part, "measurements", items)
    lines.append(rows.template("caveats", _caveats))
    lines.append(rows.template("ci", _doubles("ci")))
    lines.append(rows.link("", f"{QUDT}unit", rows.mapped("unit", qudt)))
    lines.append(rows.link("", f"{QUDT}ucumCode", rows.mapped("unit", ucum)))
    return rows.written(lines)


def measurement_rows(frame: pl.DataFrame, names: Names, first: int, last: Places) -> Rows:
    """Return measurements as rows, with the nodes of their records in the column `record`."""
    records = nodes(frame, "record_id", f"{names.package}record/")
    places = last.positions(frame["record_id"]).cast(pl.String)
    rows = Rows(frame, records + pl.Series(["#measurements."]) + places, "m", first)
    rows.frame = rows.frame.with_columns(records.alias("record"))
    return rows


def _parts(table: str) -> Iterator[tuple[str, list[Column]]]:
    """Yield the parts of a table's rows, "" for the row itself, each with the columns that hold a value of it."""
    parts: dict[str, list[Column]] = {"": []}
    for item in COLUMNS[table]:
        is_source = item.path.startswith("provenance.sources")
        if item.name not in _BUILT and not is_source:
            part, _, _ = item.path.rpartition(".")
            parts.setdefault(part, []).append(item)
    yield from parts.items()


def nodes(frame: pl.DataFrame, name: str, start: str) -> pl.Series:
    """Return the IRIs of a column of ids, each with `<` before it and nothing behind it."""
    ids = frame[name].cast(pl.String)
    if not ids.str.contains(_PLAIN_ID).all():
        distinct = ids.unique().to_list()
        ids = ids.replace_strict(distinct, [segment(item or "") for item in distinct])
    return (pl.Series([f"<{start}"]) + ids).rename("subject")


class Rows:
    """Rows of a table with the subjects of their triples, and the expressions that make lines of them."""

    def __init__(
        self, frame: pl.DataFrame, subjects: pl.Series, letter: str, first: int = 0
    ) -> None:
        """Take rows, their subjects as `nodes` returns them, the letter of their table, and the place of the first in it.

        Labels of blank nodes are made of the letter and the place, so that they do not depend on how rows come.
        """
        texts = [name for name, kind in frame.schema.items() if kind == pl.Categorical]
        places = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
        self.frame = frame.with_columns(
            *(pl.col(name).cast(pl.String) for name in texts),
            subjects.alias("subject"),
            pl.format(f"{letter}{{}}x", places).alias("label"),
        )

    def written(self, lines: Iterable[pl.Expr]) -> pl.Series:
        """Return the lines of each row as one text."""
        whole = pl.concat_str(lines, ignore_nulls=True)
        return self.frame.select(whole.alias("text"))["text"]

    def typed(self, fragment: str, name: str) -> pl.Expr:
        """Return the triple that says the class of a node."""
        return self.link(fragment, TYPE, pl.lit(iri(f"{TERMS}{name}")))

    def link(self, fragment: str, predicate: str, thing: pl.Expr) -> pl.Expr:
        """Return the triples of one predicate, null where the object is."""
        start = f"#{fragment}> <{predicate}> " if fragment else f"> <{predicate}> "
        return pl.concat_str(pl.col("subject"), pl.lit(start), thing, pl.lit(" .\n"))

    def part(self, fragment: str, part: str, items: list[Column]) -> list[pl.Expr]:
        """Return the triples of a part that is a node, with the one that leads to it."""
        name = part.rpartition(".")[2]
        # Most columns of most batches are empty.
        given = [item for item in items if self.frame[item.name].null_count() < self.frame.height]
        lines = [self.field(fragment, name, item) for item in given]
        if not fragment:
            return lines
        own = pl.any_horizontal([pl.col(item.name).is_not_null() for item in items])
        if part == "provenance":
            own = own | pl.col("source_path").is_not_null()
        node = pl.concat_str(pl.col("subject"), pl.lit(f"#{fragment}>"))
        lines.append(self.link("", f"{TERMS}{name}", pl.when(own).then(node)))
        return lines

    def field(self, fragment: str, part: str, item: Column) -> pl.Expr:
        """Return the triples of a column."""
        field = item.path.rpartition(".")[2]
        predicate = field_iri(part, field)
        if field in ("input_shape", "placement"):
            return self.template(item.name, _members(field, fragment))
        return self.link(fragment, predicate, self._object(part, field, item))

    def _object(self, part: str, field: str, item: Column) -> pl.Expr:
        kind = PART_TERM_FIELDS.get(part, {}).get(field) or TERM_FIELDS.get(field)
        if kind is not None:
            return self.mapped(item.name, lambda term: iri(term_iri(kind, term)))
        if item.kind == "integer":
            return typed(pl.col(item.name).cast(pl.String), "integer")
        if item.kind == "number" or field in DOUBLE_FIELDS:
            return typed(pl.col(item.name).cast(pl.String), "double")
        if item.kind == "boolean":
            return typed(pl.col(item.name).cast(pl.String), "boolean")
        if item.kind == "json":
            return pl.concat_str(quoted(item.name), pl.lit(f"^^<{RDF}JSON>"))
        if field == "url":
            return pl.concat_str(quoted(item.name), pl.lit(f"^^<{XSD}anyURI>"))
        if item.name in REPEATING:
            return self.mapped(item.name, literal)
        return quoted(item.name)

    def mapped(self, name: str, make: Callable[[str], str | None]) -> pl.Expr:
        """Return what is made of the texts of a column, once for each distinct one."""
        distinct = self.frame[name].unique().drop_nulls().to_list()
        made = [make(text) for text in distinct]
        return pl.col(name).replace_strict(
            distinct, pl.Series(made, dtype=pl.String), default=None, return_dtype=pl.String
        )

    def template(self, name: str, make: Callable[[str], str]) -> pl.Expr:
        """Return the lines that are made of the JSON of a column, with the subjects and labels of the rows."""
        filled = self.mapped(name, make).str.replace_all(_SUBJECT, pl.col("subject"), literal=True)
        return filled.str.replace_all(_LABEL, pl.col("label"), literal=True)


def typed(text: pl.Expr, datatype: str) -> pl.Expr:
    """Return texts as literals of a datatype of XML Schema."""
    return pl.concat_str(pl.lit('"'), text, pl.lit(f'"^^<{XSD}{datatype}>'))


def quoted(name: str) -> pl.Expr:
    """Return the texts of a column as literals."""
    text = pl.col(name)
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.str.replace_all(character, escaped, literal=True)
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def qudt(code: str) -> str | None:
    """Return the IRI of QUDT's unit of a code as N-Triples write it, None where there is none."""
    known = qudt_unit(code)
    if known is None:
        return None
    return iri(known)


def ucum(code: str) -> str | None:
    """Return the UCUM code of a unit that QUDT does not have; a currency has none."""
    if qudt_unit(code) is not None or vocabulary().terms("unit").get(code, {}).get("currency"):
        return None
    return literal(code, f"{QUDT}UCUMcs")


# --- cells of JSON, as lines in which the subject and the label are still to be filled in ---


def _line(fragment: str, predicate: str, thing: str) -> str:
    node = _SUBJECT
    if fragment:
        node = f"{_SUBJECT}#{fragment}"
    return f"{node}> <{predicate}> {thing} .\n"


def _list(fragment: str, predicate: str, name: str, members: list[str]) -> str:
    """Return the lines of a list; its nodes are blank, for JSON-LD knows no others."""
    if not members:
        return _line(fragment, predicate, iri(f"{RDF}nil"))
    nodes = [f"_:{_LABEL}{name}{place}" for place in range(len(members))]
    lines = [_line(fragment, predicate, nodes[0])]
    for node, member, rest in zip(nodes, members, [*nodes[1:], iri(f"{RDF}nil")], strict=True):
        lines.append(f"{node} <{RDF}first> {member} .\n{node} <{RDF}rest> {rest} .\n")
    return "".join(lines)


def _members(field: str, fragment: str) -> Callable[[str], str]:
    def lines(cell: str) -> str:
        members = [_value(member) for member in cell_data(field.rpartition(".")[2], cell)]
        return _list(fragment, f"{TERMS}{field}", field, members)

    return lines


def _doubles(field: str) -> Callable[[str], str]:
    def lines(cell: str) -> str:
        return _list(
            "", f"{TERMS}{field}", field, [_double(number) for number in cell_data(field, cell)]
        )

    return lines


def _caveats(cell: str) -> str:
    members = [iri(term_iri("caveat", caveat)) for caveat in cell_data("caveats", cell)]
    return _list("", f"{TERMS}caveats", "caveats", members)


def _inputs(cell: str) -> str:
    text = []
    for place, item in enumerate(cell_data("inputs", cell)):
        fragment = f"inputs.{place}"
        text.append(_line("", f"{TERMS}inputs", f"{_SUBJECT}#{fragment}>"))
        for name in ("name", "unit"):
            if name in item:
                text.append(_line(fragment, f"{TERMS}{name}", literal(item[name])))
        values = [_double(number) for number in item["values"]]
        text.append(_list(fragment, f"{TERMS}values", f"inputs{place}x", values))
    return "".join(text)


def _accelerators(cell: str) -> str:
    text = []
    described = cell_data("accelerators", cell)
    # One kind may stand as itself, and is what its columns would say.
    by_fragment = {"accelerator": described}
    if isinstance(described, list):
        by_fragment = {f"accelerator.{place}": item for place, item in enumerate(described)}
    for fragment, item in by_fragment.items():
        text.append(_line("", f"{TERMS}accelerator", f"{_SUBJECT}#{fragment}>"))
        for field, value in item.items():
            thing = _value(value)
            if field == "kind":
                thing = iri(term_iri("device-kind", value))
            text.append(_line(fragment, f"{TERMS}{field}", thing))
    return "".join(text)


def _value(value: JsonValue) -> str:
    if isinstance(value, int):
        return literal(str(value), f"{XSD}integer")
    return literal(str(value))


def _double(number: float) -> str:
    return literal(repr(float(number)), f"{XSD}double")


# --- provenance ---


def _sources(rows: Rows) -> list[pl.Expr]:
    """Return the triples of a record's sources: the primary one stands in columns, the others in JSON."""
    given = pl.col("source_path").is_not_null()
    rows.frame = rows.frame.with_columns(
        sources=pl.when(given).then(pl.col("sources").fill_null("[]"))
    )
    first = "provenance.sources.0"
    lines = [rows.template("sources", _other_sources)]
    for name in ("path", "sha256", "locator"):
        # Its locator and hash say nothing where it has no path.
        text = pl.when(given).then(quoted(f"source_{name}"))
        lines.append(rows.link(first, f"{TERMS}{name}", text))
    return lines


def _other_sources(cell: str) -> str:
    """Return the lines of the list of sources, and of those beside the primary one."""
    others: list[Mapping[str, str]] = cell_data("sources", cell)
    fragments = [f"provenance.sources.{place}" for place in range(len(others) + 1)]
    nodes = [f"{_SUBJECT}#{fragment}>" for fragment in fragments]
    text = [_list("provenance", f"{TERMS}sources", "sources", nodes)]
    for fragment, node in zip(fragments, nodes, strict=True):
        text.append(_line(fragment, TYPE, iri(f"{TERMS}Source")))
        text.append(_line("conversion", f"{PROV}used", node))
    for fragment, source in zip(fragments[1:], others, strict=True):
        for name, value in source.items():
            text.append(_line(fragment, f"{TERMS}{name}", literal(value)))
    return "".join(text)


def _conversion(rows: Rows, names: Names) -> list[pl.Expr]:
    """Return the triples on how a record came to be, and who submitted it."""
    given = pl.col("source_path").is_not_null() | pl.col("converter").is_not_null()
    activity = pl.concat_str(pl.col("subject"), pl.lit("#conversion>"))
    rows.frame = rows.frame.with_columns(agent=_pair("converter", "converter_version"))
    software = rows.mapped("agent", lambda pair: iri(_converter(names, pair)))
    submitter = rows.mapped("submitter", lambda name: iri(names.agent(name)))
    return [
        rows.link("", f"{PROV}wasGeneratedBy", pl.when(given).then(activity)),
        rows.link("conversion", TYPE, pl.when(given).then(pl.lit(iri(f"{PROV}Activity")))),
        rows.link("conversion", f"{PROV}wasAssociatedWith", software),
        rows.link("", f"{PROV}wasAttributedTo", submitter),
    ]


def _pair(name: str, version: str) -> pl.Expr:
    """Return the name and the version of a converter as one text, null where there is no name."""
    return pl.concat_str(pl.col(name), pl.lit("\n"), pl.col(version).fill_null(""))


def _converter(names: Names, pair: str) -> str:
    name, _, version = pair.partition("\n")
    return names.converter(name, version or None)


def agents_of(frame: pl.DataFrame, names: Names, seen: MutableMapping[str, None]) -> Iterator[str]:
    """Yield the triples of the agents of some records that were not there before."""
    pairs = frame.select(_pair("converter", "converter_version")).to_series().cast(pl.String)
    for pair in pairs.unique().drop_nulls().sort():
        yield from _agent(_converter(names, pair), "SoftwareAgent", pair.replace("\n", " "), seen)
    for name in frame["submitter"].cast(pl.String).unique().drop_nulls().sort():
        yield from _agent(names.agent(name), "Agent", name, seen)


def _agent(agent: str, kind: str, label: str, seen: MutableMapping[str, None]) -> Iterator[str]:
    if agent in seen:
        return
    seen[agent] = None
    yield triple(agent, TYPE, iri(f"{PROV}{kind}"))
    yield triple(agent, f"{RDFS}label", literal(label.strip()))
