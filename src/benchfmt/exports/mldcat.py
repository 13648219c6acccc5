"""A package in MLDCAT-AP 3.1.0, the profile of DCAT for machine learning of the European Union's SEMIC.

The package is a `dcat:Dataset`, each of its files a `dcat:Distribution` with its checksum and what `benchfmt validate` says
of it. Results are runs and evaluations of ML-Schema, on which MLDCAT-AP is built. None is an `it6:Run`: of that the profile
asks for a flow with the day of its upload and its status, and for two output files, which no record has.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from urllib.parse import quote

import polars as pl

from benchfmt._version import __version__
from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.facts import Facts, PackageFile, facts_of, package_files
from benchfmt.exports.pieces import Job, Of, Share, append, append_file, in_one
from benchfmt.exports.publication import OPTIONS as OF_PUBLICATION
from benchfmt.exports.publication import Publication, publication
from benchfmt.exports.rdf.names import BASE_HELP, Names, names_of, segment
from benchfmt.exports.rdf.ntriples import (
    ROWS,
    TYPE,
    Places,
    Rows,
    iri,
    joined,
    literal,
    measurement_rows,
    nodes,
    qudt,
    triple,
    typed,
)
from benchfmt.exports.rdf.turtle import PREFIXES, turtle_of
from benchfmt.finding import BenchfmtError
from benchfmt.linked import DCAT, DCTERMS, PROV, QUDT, TERMS, XSD, term_iri
from benchfmt.package import Package
from benchfmt.validation import validate

VERSION = "3.1.0"
IT6 = "http://data.europa.eu/it6/"
MLS = "http://www.w3.org/ns/mls#"
DQV = "http://www.w3.org/ns/dqv#"
SPDX = "http://spdx.org/rdf/terms#"
FOAF = "http://xmlns.com/foaf/0.1/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_PREFIXES = {
    **PREFIXES,
    "dqv": DQV,
    "foaf": FOAF,
    "it6": IT6,
    "mls": MLS,
    "spdx": SPDX,
}
OPTIONS = {
    "base": BASE_HELP,
    "collected": "when the data was collected, as 2026-01-31 or 2025-01-01/2026-01-31; otherwise from when to when its results were measured",
    "files": "the address of the folder in which the files of the package are found",
    "rules": "the rule set of the quality that is stated; core where this is not given",
    **OF_PUBLICATION,
}
_RECORD_COLUMNS = (
    "id",
    "task",
    "dataset",
    "dataset_split",
    "model",
    "model_version",
    "system_id",
    "engine",
    "engine_version",
    "status",
)
_MEASUREMENT_COLUMNS = (
    "record_id",
    "metric",
    "statistic",
    "stage",
    "per",
    "scope",
    "value",
    "unit",
    "stddev",
    "n",
)
_NO_RUN = (
    "no result is an it6:Run, but a mls:Run: the profile asks there for a flow with upload date and status, and two output files, "
    "which no record has"
)
_REST = (
    "configuration, hyperparameters, inputs, samples and sources stay in the package's own files"
)


class MldcatAp:
    """MLDCAT-AP as Turtle."""

    about = "catalogues of data and machine learning in the European Union (MLDCAT-AP 3.1.0)"
    shape: Shape = "file"
    options: Mapping[str, str] = OPTIONS

    passes: tuple[Of, ...] = ("records", "measurements")

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a package as Turtle, and say what the profile asks for that nobody says."""
        return in_one(self, package, place, options)

    def begin(self, job: Job) -> None:
        """Write what is said of the package and its files, and its systems."""
        job.account.files.append(".")
        _append(job, _beginning(job), goes_on=False)

    def once(self, job: Job, share: Share) -> Iterable[str]:
        """Return the models, engines and data that runs share, or the metrics of evaluations."""
        met: dict[str, None] = {}
        names = names_of(job.package.descriptor, job.options)
        if share.of == "measurements":
            for frame in share.frames(("metric",)):
                deque(_measures(frame, met), 0)  # they are kept in the dictionary
            return met
        for frame in share.frames(_SHARED_COLUMNS):
            deque(_shared(_with_shared(frame), names, met), 0)
        return met

    def piece(self, job: Job, share: Share) -> None:
        """Write rows of records as runs, or of measurements as evaluations."""
        texts = _of_records
        if share.of == "measurements":
            texts = _of_measurements
        _append(job, texts(job, share), goes_on=True)

    def add(self, job: Job, piece: Job) -> None:
        """Put a piece behind what is there."""
        append_file(job.place, piece.place)

    def end(self, job: Job) -> None:
        """Say what has no place in the profile."""
        job.account.note(_NO_RUN)
        job.account.note(_REST)


MLDCAT_AP = MldcatAp()


def _append(job: Job, texts: Iterable[bytes], *, goes_on: bool) -> None:
    """Write N-Triples of the profile as Turtle behind what is there."""
    names = names_of(job.package.descriptor, job.options)
    prefixes = {**_PREFIXES, "record": f"{names.package}record/"}
    append(job.place, turtle_of(texts, prefixes, goes_on=goes_on))


def _beginning(job: Job) -> Iterator[bytes]:
    names = names_of(job.package.descriptor, job.options)
    yield "".join(_catalogued(job.package, names, job.options, job.account)).encode()
    for batch in job.package.batches("systems"):
        yield joined(_systems(pl.DataFrame(pl.from_arrow(batch)), names))


def _of_records(job: Job, share: Share) -> Iterator[bytes]:
    names = names_of(job.package.descriptor, job.options)
    for frame in share.frames(_RECORD_COLUMNS):
        for records in frame.iter_slices(ROWS):
            rows = Rows(records, nodes(records, "id", f"{names.package}record/"), "r")
            rows.frame = _with_shared(rows.frame)
            yield "".join(_shared(rows.frame, names, job.met)).encode()
            yield joined(_runs(rows, names))
            job.account.records += records.height


def _of_measurements(job: Job, share: Share) -> Iterator[bytes]:
    names = names_of(job.package.descriptor, job.options)
    account = job.account
    last = Places()
    for frame in share.frames(_MEASUREMENT_COLUMNS):
        for measurements in frame.iter_slices(ROWS):
            rows = measurement_rows(measurements, names, account.measurements, last)
            yield "".join(_measures(rows.frame, job.met)).encode()
            yield joined(_evaluations(rows))
            without = measurements["value"].null_count()
            account.measurements += measurements.height - without
            if without:
                account.measurements_left_out["without a value"] += without


# --- the package ---


def _catalogued(
    package: Package, names: Names, options: Mapping[str, str], account: Account
) -> Iterator[str]:
    """Yield what is said of the package and its files, with what the profile asks for and nobody says as notes."""
    said = publication(package.descriptor, options)
    facts = facts_of(package)
    dataset = names.package
    yield triple(dataset, TYPE, iri(f"{DCAT}Dataset"))
    yield triple(dataset, f"{DCTERMS}title", literal(said.title or said.name))
    yield triple(dataset, f"{DCTERMS}description", literal(said.description or facts.sentence))
    yield triple(dataset, f"{DCTERMS}identifier", literal(said.doi or said.name))
    yield from _collected(dataset, facts, options, account)
    yield from _published(said, names)
    if said.url is not None and _START.match(said.url) is None:
        account.note(f"{said.url!r} is no address, and no landing page")
    yield from _quality(package, names, options)
    where = _folder(options)
    if where is None:
        account.note(
            "MLDCAT-AP asks for the address of each file (dcat:accessURL); say it by --option files=ADDRESS"
        )
    for file in package_files(package):
        yield from _distribution(file, names, where, said)


def _folder(options: Mapping[str, str]) -> str | None:
    where = options.get("files")
    if where is None:
        return None
    if "://" not in where:
        raise BenchfmtError(f"files={where}: not an address, such as https://example.org/results/")
    return where if where.endswith("/") else f"{where}/"


def _collected(
    dataset: str, facts: Facts, options: Mapping[str, str], account: Account
) -> Iterator[str]:
    """Yield when the data was collected: as an option says, else from the first to the last measurement."""
    collected = options.get("collected")
    if collected is None and facts.first is not None:
        collected = facts.first
        if facts.last != facts.first:
            collected = f"{facts.first}/{facts.last}"
    if collected is None:
        account.note(
            "MLDCAT-AP asks for it6:collectionDate, and no record says when it was measured; say it by --option collected=DATE"
        )
        return
    yield triple(dataset, f"{IT6}collectionDate", literal(collected))


def _published(said: Publication, names: Names) -> Iterator[str]:
    """Yield who made the data, and when and where it is published."""
    dataset = names.package
    for author in said.authors:
        agent = names.agent(author.name)
        if author.orcid is not None:
            agent = f"https://orcid.org/{author.orcid}"
        yield triple(dataset, f"{DCTERMS}creator", iri(agent))
        yield triple(agent, TYPE, iri(f"{FOAF}Agent"))
        yield triple(agent, f"{FOAF}name", literal(author.name))
    if said.version is not None:
        yield triple(dataset, f"{IT6}versionLabel", literal(said.version))
    if said.date is not None:
        yield triple(dataset, f"{DCTERMS}issued", literal(said.date, f"{XSD}date"))
    for keyword in said.keywords:
        yield triple(dataset, f"{DCAT}keyword", literal(keyword))
    if said.url is not None and _START.match(said.url):
        yield triple(dataset, f"{DCAT}landingPage", iri(_address(said.url)))
        yield triple(_address(said.url), TYPE, iri(f"{FOAF}Document"))


_START = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:\[[0-9A-Fa-f:.]+\])?")
"""The scheme of an address, and a host in brackets, which stand nowhere else in one."""
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_IN_ADDRESSES = "%:/?@!$&'()*+,;=~"


def _address(text: str) -> str:
    """Return an address without the characters that no IRI may have, or only in another place."""
    start = _START.match(text)
    before = start[0] if start else ""
    path, _, fragment = text[len(before) :].partition("#")
    rest = quote(_LONE_PERCENT.sub("%25", path), safe=_IN_ADDRESSES)
    if fragment:
        rest += "#" + quote(_LONE_PERCENT.sub("%25", fragment), safe=_IN_ADDRESSES)
    return before + rest


def _quality(package: Package, names: Names, options: Mapping[str, str]) -> Iterator[str]:
    """Yield what `benchfmt validate` says of the package: how many errors and warnings under which rule set."""
    report = validate(package.root, options.get("rules", "core"))
    counts = {"errors": report.errors, "warnings": report.warnings}
    for kind, count in counts.items():
        title = f"{kind.capitalize()} that benchfmt {__version__} finds in the package under the rule set {report.rules}"
        quality, measured = _quality_nodes(names, kind)
        yield triple(quality, TYPE, iri(f"{IT6}DataQuality"))
        identifier = f"benchfmt-{__version__}-{report.rules}-{kind}"
        yield triple(quality, f"{DCTERMS}identifier", literal(identifier))
        yield triple(quality, f"{DCTERMS}title", literal(title))
        yield triple(measured, TYPE, iri(f"{DQV}QualityMeasurement"))
        yield triple(measured, f"{DCTERMS}type", iri(quality))
        yield triple(measured, f"{DQV}value", literal(str(count), f"{XSD}integer"))


def _quality_nodes(names: Names, kind: str) -> tuple[str, str]:
    """Return the IRIs of what is counted, and of the count."""
    return f"{names.package}quality/{kind}", f"{names.package}quality/{kind}#measured"


def _distribution(
    file: PackageFile, names: Names, where: str | None, said: Publication
) -> Iterator[str]:
    """Yield what is said of one file."""
    node = f"{names.package}file/{segment(file.name)}"
    yield triple(names.package, f"{DCAT}distribution", iri(node))
    yield triple(node, TYPE, iri(f"{DCAT}Distribution"))
    yield triple(node, f"{DCTERMS}title", literal(file.name))
    yield triple(node, f"{DCTERMS}description", literal(file.about))
    yield triple(node, f"{DCAT}byteSize", literal(str(file.bytes), f"{XSD}nonNegativeInteger"))
    media = f"{_MEDIA}{file.media_type}"
    yield triple(node, f"{DCAT}mediaType", iri(media))
    yield triple(media, TYPE, iri(f"{DCTERMS}MediaType"))
    if where is not None:
        address = f"{where}{quote(file.name)}"
        yield triple(node, f"{DCAT}accessURL", iri(address))
        yield triple(node, f"{DCAT}downloadURL", iri(address))
        yield triple(address, TYPE, iri(f"{DCAT}Resource"))
    if said.license is not None:
        # The shapes ask for a node; a licence that is no address gets one of its own, with its text.
        licence = said.license
        if _START.match(licence) is None:
            licence = f"{names.package}licence/{segment(said.license)}"
            yield triple(licence, f"{DCTERMS}title", literal(said.license))
        yield triple(node, f"{DCTERMS}license", iri(_address(licence)))
        yield triple(_address(licence), TYPE, iri(f"{DCTERMS}LicenseDocument"))
    for kind in ("errors", "warnings"):
        yield triple(node, f"{DQV}hasQualityMeasurement", iri(_quality_nodes(names, kind)[1]))
    yield from _checksum(node, file.sha256)


def _checksum(node: str, sha256: str) -> Iterator[str]:
    checksum, algorithm = f"{node}#checksum", f"{SPDX}checksumAlgorithm_sha256"
    yield triple(node, f"{SPDX}checksum", iri(checksum))
    yield triple(checksum, TYPE, iri(f"{SPDX}Checksum"))
    yield triple(checksum, f"{SPDX}algorithm", iri(algorithm))
    yield triple(checksum, f"{SPDX}checksumValue", literal(sha256, f"{XSD}hexBinary"))
    yield triple(algorithm, TYPE, iri(f"{SPDX}ChecksumAlgorithm"))


# --- systems, runs and evaluations ---


def _systems(frame: pl.DataFrame, names: Names) -> pl.Series:
    """Return systems as hardware."""
    rows = Rows(frame, nodes(frame, "id", f"{names.package}system/"), "s")
    title = pl.coalesce("name", "id")
    rows.frame = rows.frame.with_columns(title.alias("title"))
    lines = [
        rows.link("", TYPE, pl.lit(iri(f"{IT6}Hardware"))),
        rows.link("", f"{DCTERMS}title", rows.mapped("title", literal)),
    ]
    for name in ("processor_name", "accelerator_name", "operating_system"):
        lines.append(rows.link("", f"{DCTERMS}description", rows.mapped(name, literal)))
    return rows.written(lines)


_SHARED = {
    "algorithm": (("model", "model_version"), "Algorithm", f"{MLS}realizes"),
    "implementation": (("engine", "engine_version"), "Implementation", f"{MLS}executes"),
    "data": (("dataset", "dataset_split"), "Data", f"{MLS}hasInput"),
}
"""What many runs share: the columns that name it, its class, and how a run leads to it."""
_SHARED_COLUMNS = [name for columns, _, _ in _SHARED.values() for name in columns]


def _with_shared(frame: pl.DataFrame) -> pl.DataFrame:
    """Return records with the names of what many of them share."""
    for kind, ((name, detail), _, _) in _SHARED.items():
        whole = pl.concat_str(
            pl.col(name), pl.concat_str(pl.lit(" "), detail).fill_null(""), ignore_nulls=False
        )
        frame = frame.with_columns(whole.alias(kind))
    return frame


def _shared(frame: pl.DataFrame, names: Names, met: MutableMapping[str, None]) -> Iterator[str]:
    """Yield the models, engines and data of some runs that were not there before."""
    for kind, (_, of_class, _) in _SHARED.items():
        for text in frame[kind].unique().drop_nulls().sort():
            node = _shared_node(names, kind, text)
            if node in met:
                continue
            met[node] = None
            yield triple(node, TYPE, iri(f"{MLS}{of_class}"))
            yield triple(node, f"{DCTERMS}title", literal(text))


def _shared_node(names: Names, kind: str, text: str) -> str:
    return f"{names.package}{kind}/{segment(text)}"


def _runs(rows: Rows, names: Names) -> pl.Series:
    system = rows.mapped("system_id", lambda name: iri(names.system(name)))
    task = rows.mapped("task", lambda term: iri(term_iri("task", term)))
    status = rows.mapped("status", lambda term: iri(term_iri("status", term)))
    lines = [
        rows.link("", TYPE, pl.lit(iri(f"{MLS}Run"))),
        rows.link("", f"{DCTERMS}identifier", rows.mapped("id", literal)),
        rows.link("", f"{DCTERMS}isPartOf", pl.lit(iri(names.package))),
        rows.link("", f"{MLS}achieves", task),
        rows.link("", f"{PROV}used", system),
        rows.link("", f"{TERMS}status", status),
    ]
    for kind, (_, _, predicate) in _SHARED.items():
        node = rows.mapped(kind, partial(_shared_node, names, kind))
        lines.append(rows.link("", predicate, pl.concat_str(pl.lit("<"), node, pl.lit(">"))))
    return rows.written(lines)


def _measures(frame: pl.DataFrame, met: MutableMapping[str, None]) -> Iterator[str]:
    """Yield the metrics of some evaluations that were not there before."""
    for metric in frame["metric"].unique().drop_nulls().sort():
        concept = term_iri("metric", metric)
        if concept not in met:
            met[concept] = None
            yield triple(concept, TYPE, iri(f"{MLS}EvaluationMeasure"))
            yield triple(concept, f"{DCTERMS}title", literal(metric))


def _evaluations(rows: Rows) -> pl.Series:
    """Return the lines of evaluations; a measurement without a value has none."""
    rows.frame = rows.frame.filter(pl.col("value").is_not_null())
    of_run = pl.concat_str(
        pl.col("record"), pl.lit(f"> <{MLS}hasOutput> "), pl.col("subject"), pl.lit("> .\n")
    )
    value = typed(pl.col("value").cast(pl.String), "double")
    lines = [
        of_run,
        rows.link("", TYPE, pl.lit(iri(f"{MLS}ModelEvaluation"))),
        rows.link("", f"{MLS}specifiedBy", _terms(rows, "metric")),
        rows.link("", f"{MLS}hasValue", value),
        rows.link("", f"{TERMS}unit", rows.mapped("unit", literal)),
        rows.link("", f"{QUDT}unit", rows.mapped("unit", qudt)),
        rows.link("", f"{TERMS}stddev", typed(pl.col("stddev").cast(pl.String), "double")),
        rows.link("", f"{TERMS}n", typed(pl.col("n").cast(pl.String), "integer")),
    ]
    for name in ("statistic", "stage", "per", "scope"):
        lines.append(rows.link("", f"{TERMS}{name}", _terms(rows, name)))
    return rows.written(lines)


def _terms(rows: Rows, kind: str) -> pl.Expr:
    return rows.mapped(kind, lambda term: iri(term_iri(kind, term)))
