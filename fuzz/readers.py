"""The readers, each over a file of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchfmt import numbers, units
from benchfmt.converters.openml import pages, trees
from benchfmt.finding import BenchfmtError
from benchfmt.headers import Column, read_headers
from benchfmt.limits import LIMITS
from benchfmt.package import load_descriptor, open_package
from benchfmt.readers import (
    arff,
    encodings,
    energyrunner,
    jsons,
    lines,
    loadgen,
    mllog,
    mlperf_accuracy,
    mlperf_json,
    mlperf_power,
    objects,
    prefixes,
    repeats,
    tables,
    trtexec,
    xmls,
    yamls,
)
from benchfmt.readers.sheets import Dialect, Storage, open_table, sniff
from benchfmt.readers.sheets.blocks import layout
from benchfmt.readers.sheets.dates import dates_of, is_date_like
from benchfmt.readers.sheets.number_columns import is_index
from benchfmt.readers.sheets.opening import FORMATS, open_grid, storage_of
from benchfmt.readers.sheets.valueless import limit_of, reason_of, valueless
from benchfmt.readers.trtexec.log_lines import ANYWHERE, ORDER, key_of
from fuzz import samples
from fuzz.targets import Seed, Target, files

_LOG = re.compile(r"Throughput: |Latency: |\[I\] |rate: ", re.IGNORECASE)
_WRAPPED = (
    "2026-02-03T04:05:06.789012345Z stdout F Throughput: 12.5 qps\n2026-02-03T04:05:06.8Z stdout P Throughput: 1\n2026-02-03T04:05:06.9Z stdout F 2.5\n",
    '{"log":"Throughput: 12.5 qps\\n","stream":"stdout","time":"2026-02-03T04:05:06Z"}\n{"MESSAGE":[84,104,114],"x":1}\n',
    "[pod/a-0/main] Throughput: 1\n[pod/b-0/main] Throughput: 2\n[1,0]<stdout>:Throughput: 3\n(Worker pid=12, ip=10.0.0.1) Throughput: 4\n",
    "<html><pre><b>Throughput:</b> 1 &amp; 2<br>[I] x</pre></html>\n\x1b[32mThroughput: 3\x1b[0m\n^[[32mThroughput: 4^[[0m\n",
    "Feb  3 04:05:06 host app[12]: INFO:root: [rank0]: > Throughput: 5\nweb-1  | I0203 04:05:06.789012 12 a.cc:1] Throughput: 6\n",
    "\ufeffThroughput: 1\r\nThroughput: 2\rThroughput: 3\n```\n- Throughput: 4\n| Throughput: 5 |\n$ ./run --x\n",
)
_YAML = (
    "a: 1\nb: [1, 2.5, x]\nc: {d: null, e: 'x'}\nf: |\n  text\n  more\ng: 2026-02-03\nh: ~\n? k\n: v\n---\n",
)
_ARFF = (
    "@relation r\n@attribute row_id NUMERIC\n@attribute 'a b' {x,y}\n@data\n0,x\n1,'y'\n% c\n{0 1, 1 y}\n",
)
_XML = (
    "<?xml version='1.0'?><a xmlns:o='u'><o:b c='d'>1<e/></o:b><!-- x --><f><![CDATA[<]]></f></a>",
)
_NUMBERS = "\n".join(
    (
        "1",
        "1.5",
        "-2e3",
        "76.1 %",
        "12.3 ms",
        "1,000.5",
        "1.000,5",
        "n/a",
        "< 0.1",
        "3/4",
        "12 ± 3",
        "2026-02-03",
        "true",
        "1/2/26",
        "FP32",
    )
)
_HEADERS = "model\nlatency (ms)\nmean latency [ms] p99\nThroughput/s\ntop-1 acc %\nenergy_per_inference_mJ\n% utilisation\nbatch\n1.5 GHz\nt (batch=8)\n"
_POWER = "".join(
    f"Time,07-23-2022 01:05:4{second}.201,Watts,5{second}.5,Volts,220.1,Amps,0.1,PF,0.5,Mark,x,Ch1,Watts,1\n"
    for second in range(10)
)
_JSON_SEEDS = (
    "tests/fixtures/*/*.json",
    "tests/fixtures/layouts/*.json",
    "tests/corpus/valid/m*.json",
)


def _texts(path: Path) -> Iterator[str]:
    yield from encodings.decoded(path.read_bytes()).splitlines()[:200]


def _expected(*steps: Callable[[], object]) -> None:
    """Take several steps, each of which may say that the file is not what it reads."""
    for step in steps:
        with suppress(BenchfmtError):
            step()


def _lines(_root: Path, path: Path) -> None:
    data = path.read_bytes()
    for own in (_LOG, trtexec.OWN):
        _expected(partial(lines.read, path, own), partial(lines.text, data, own))
    lines.can_stand(data[:100])
    for line in _texts(path):
        text, before = line, ""
        for _ in range(5):
            peeled = prefixes.peel(text, before)
            if peeled is None:
                break
            text, before = peeled.text, peeled.kind
        prefixes.message(line)
        if prefixes.is_html(line):
            prefixes.of_html(line)
        prefixes.without_written_colours(line)


def _encodings(_root: Path, path: Path) -> None:
    data = path.read_bytes()
    encodings.encoding_of(data)
    encodings.is_binary(data)
    encodings.plain(encodings.decoded(data))
    encodings.decoded(encodings.from_first_text(data))
    for size in (7, 4096):
        "".join(encodings.blocks(path, size))
    _expected(partial(tables.encoding_of, path))


def _numbers(_root: Path, path: Path) -> None:
    cells = list(_texts(path))
    for cell in cells:
        for read in (numbers.exact, numbers.double, numbers.whole, numbers.count, numbers.of_json):
            read(cell)
        numbers.kept({cell: [jsons.Digits(cell), None]})
        limit_of(cell)
        reason_of(cell)
        mlperf_json.count(cell)
        mlperf_json.memory_bytes(cell)
        mlperf_json.frequency_hz(cell)
        mlperf_json.text(cell)
    valueless(cells)
    is_index(cells)


def _dates(_root: Path, path: Path) -> None:
    cells = list(_texts(path))[:20]
    for cell in cells:
        is_date_like(cell)
    dates_of(cells)


def _units(_root: Path, path: Path) -> None:
    for word in list(_texts(path))[:3]:
        units.find_unit(word)
        _expected(partial(units.convert, "1.5", word, "s"), partial(units.convert, word, "ms", "s"))


def _headers(_root: Path, path: Path) -> None:
    names = list(dict.fromkeys(_texts(path)))[:40]
    read_headers([Column(name, ("1", "2.5", "x")) for name in names])
    read_headers([Column(name, tuple(names[:3])) for name in names])


def _jsons(_root: Path, path: Path) -> None:
    data = path.read_bytes()
    _expected(
        partial(jsons.read, path),
        partial(jsons.read, path, digits=True),
        partial(jsons.parse_cells, data),
        partial(jsons.parse_as_text, data),
        partial(_mlperf_json, path),
        partial(_fields, path),
    )


def _mlperf_json(path: Path) -> None:
    data, _ = mlperf_json.read(path)
    nodes = [data]
    while nodes:
        node = nodes.pop()
        for read in (
            mlperf_json.count,
            mlperf_json.text,
            mlperf_json.memory_bytes,
            mlperf_json.frequency_hz,
        ):
            read(node)
        nodes += (
            list(node.values())
            if isinstance(node, dict)
            else node
            if isinstance(node, list)
            else []
        )


def _fields(path: Path) -> None:
    _ask(objects.read_json(path))


def _ask(fields: objects.Fields) -> None:
    for name in fields.data:
        for ask in (
            fields.text,
            fields.word,
            fields.printed,
            fields.whole,
            fields.count,
            fields.exact,
            fields.flag,
            fields.texts,
            fields.only,
        ):
            ask(name)
        fields.term(name, "precision", "mlperf:inference")
        _ask(fields.part(name))
        for part in fields.parts(name):
            _ask(part)


def _yaml(_root: Path, path: Path) -> None:
    _expected(lambda: _ask(objects.read_yaml(path)))
    _expected(lambda: yamls.read(path), lambda: yamls.read(path, values=True))


def _xml(_root: Path, path: Path) -> None:
    _expected(
        lambda: xmls.plain(xmls.read(path)),
        lambda: [xmls.plain(child) for child in xmls.children(path.open("rb"))],
        lambda: [page.to_frame() for page in pages.read(path, LIMITS)],
        lambda: trees.document(path),
    )


def _arff(_root: Path, path: Path) -> None:
    _expected(
        lambda: arff.names(_texts(path)),
        lambda: list(arff.rows(_texts(path))),
    )


def _sheet(_root: Path, path: Path) -> None:
    """Read a table as it is found to be written, and as its name says."""
    _expected(lambda: _found(path))
    storage = storage_of(path.name)
    for dialect in (
        Dialect(),
        Dialect(itemType="array"),
        Dialect(commentChar="#", headerRows=[1, 2]),
        Dialect(header=False),
    ):
        _expected(lambda: _rows(path, storage, dialect))  # noqa: B023 - called at once
    _expected(lambda: _grid(path, storage))


def _found(path: Path) -> None:
    found = sniff(path)
    found.words(path)
    _rows(path, found.storage, found.dialect)


def _rows(path: Path, storage: Storage, dialect: Dialect) -> None:
    table = open_table(path, storage, dialect)
    table.header()
    for frame, row_numbers in table.batches():
        assert len(row_numbers) == frame.height
        assert frame.columns == table.header()


def _grid(path: Path, storage: Storage) -> None:
    grid = open_grid(path, storage, Dialect(), LIMITS)
    if grid is not None:
        rows = [list(row) for frame, _ in grid.batches() for row in frame.rows()]
        layout([[cell or "" for cell in row] for row in rows[:50]])


def _loadgen(_root: Path, path: Path) -> None:
    loadgen.is_summary(path)
    loadgen.is_part(path)
    logs = [
        loadgen.read_summary(path),
        *loadgen.read_summaries(path),
        loadgen.read_detail(path),
        loadgen.read_detail(path, 300, 301),
    ]
    for log in logs:
        for name, text in log.values.items():
            log.number(name)
            loadgen.estimates(text)
    loadgen.read_user_conf(path)


def _mllog(_root: Path, path: Path) -> None:
    mllog.has_events(path)
    log = mllog.read(path)
    for event in log.events:
        for read in (mllog.number, mllog.whole, mllog.plain):
            read(event.value)
    for line in _texts(path):
        mllog.clean(line)
        mllog.python_data(line)


def _power(_root: Path, path: Path) -> None:
    _expected(
        lambda: mlperf_power.read(path, "07-23-2022 01:05:41.201", "07-23-2022 01:05:48.201"),
        lambda: mlperf_power.read(
            path, "07-23-2022 01:05:41.201", "07-23-2022 01:05:48.201", spl_shift=3600.0
        ),
        lambda: mlperf_power.timezone(path),
        lambda: mlperf_power.read(path, next(_texts(path), ""), "07-23-2022 01:05:48.201"),
    )


def _accuracy(_root: Path, path: Path) -> None:
    found = mlperf_accuracy.scores(path)
    for name in mlperf_accuracy._CHECKED:
        mlperf_accuracy.of(name, found)


def _energyrunner(_root: Path, path: Path) -> None:
    energyrunner.is_of_runner(path)
    runs = energyrunner.runs(path)
    for run in runs:
        assert run.modes is not None
        run.is_run_of(runs[0])


def _trtexec(_root: Path, path: Path) -> None:
    text = encodings.decoded(path.read_bytes())
    trtexec.has_mark(text)
    trtexec.has_summary(text)
    trtexec.exports(text)
    _expected(lambda: [trtexec.dimensions(run) for run in trtexec.runs(text)])
    _expected(lambda: repeats.runs(lines.read(path, trtexec.OWN), key_of, ORDER, ANYWHERE))


def _trtexec_exports(_root: Path, path: Path) -> None:
    text = encodings.decoded(path.read_bytes())
    trtexec.kind_of(text)
    _expected(lambda: trtexec.profile(text))
    try:
        data = jsons.parse(text, digits=True)
    except BenchfmtError:
        return
    _expected(
        lambda: _times(trtexec.times(data)),
        lambda: trtexec.layers(data),
        lambda: trtexec.dimensions(trtexec.of_summary(data)),
    )


def _times(times: trtexec.Times) -> None:
    assert times.wall_ms is not None
    rest = times.after(10.0)
    for texts in rest.stages.values():
        ordered = sorted(texts, key=float)
        for name in ("min", "max", "mean", "median", "p99"):
            if ordered:
                trtexec.statistic(ordered, name)


def _descriptor(_root: Path, path: Path) -> None:
    load_descriptor(path)


def _package(root: Path, path: Path) -> None:
    with open_package(path if path.suffix == ".zip" else root) as package:
        for record in package.records():
            record.to_dict()
        _expected(lambda: list(package.lines()), package.wide)


def _packed(name: str) -> Callable[[], list[Seed]]:
    return lambda: [Seed(name, samples.packed()[name])]


_DOCUMENTS = (
    json.dumps(samples.ROWS),
    json.dumps(samples.DOCUMENT),
    json.dumps([["a", "b"], [1, 2]]),
    samples.json_lines(),
)

TARGETS = (
    Target(
        "lines",
        _lines,
        files("a.log", "tests/fixtures/*/*.log", "tests/fixtures/*/*.txt", texts=_WRAPPED),
    ),
    Target(
        "encodings",
        _encodings,
        files(
            "a.txt",
            "tests/fixtures/*/*.csv",
            texts=(
                *_WRAPPED,
                samples.CSV,
                samples.CSV.encode("utf-16"),
                b"\xff\xfea\0",
                b"\x81\x8d",
            ),
        ),
    ),
    Target("numbers", _numbers, files("a.txt", texts=(_NUMBERS, "1\n2\n3\n"))),
    Target(
        "dates",
        _dates,
        files("a.txt", texts=("2026-02-03\n2026-02-04 05:06\n", "3/4/26 5:06 PM\n13/4/26\n")),
    ),
    Target("units", _units, files("a.txt", texts=("ms\ns/1\nkW.h\n", "{img}/s\n[in_i]\n10*3/s\n"))),
    Target("headers", _headers, files("a.txt", texts=(_HEADERS, "a/b\nc_d_ms\np99.9\n"))),
    Target("json", _jsons, files("a.json", *_JSON_SEEDS, texts=_DOCUMENTS)),
    Target("yaml", _yaml, files("a.yaml", "tests/fixtures/**/*.yaml", texts=_YAML)),
    Target("xml", _xml, files("a.xml", "tests/fixtures/openml/**/*.xml", texts=_XML)),
    Target("arff", _arff, files("a.arff", "tests/fixtures/**/*.arff", texts=_ARFF)),
    Target(
        "sheets-csv",
        _sheet,
        files(
            "t.csv",
            "tests/fixtures/layouts/*.csv",
            "tests/fixtures/energy/*/*.csv",
            "examples/annotated/*.csv",
            texts=(samples.CSV, samples.CSV.encode("utf-16")),
        ),
    ),
    Target(
        "sheets-tsv",
        _sheet,
        files("t.tsv", texts=(samples.CSV.replace(",", "\t"), "sep=\t\na\tb\n1\t2\n")),
    ),
    Target("sheets-gz", _sheet, _packed("t.csv.gz")),
    Target("sheets-bz2", _sheet, _packed("t.csv.bz2")),
    Target("sheets-xz", _sheet, _packed("t.csv.xz")),
    Target("sheets-zst", _sheet, _packed("t.csv.zst")),
    Target("sheets-zip", _sheet, _packed("t.csv.zip")),
    Target(
        "sheets-jsonl",
        _sheet,
        files(
            "t.jsonl",
            "tests/fixtures/layouts/*.jsonl",
            texts=(samples.json_lines(), '["a", "b"]\n[1, 2.50]\n'),
        ),
    ),
    Target(
        "sheets-json", _sheet, files("t.json", "tests/fixtures/layouts/*.json", texts=_DOCUMENTS)
    ),
    Target(
        "sheets-parquet", _sheet, lambda: [Seed("t.parquet", data) for data in samples.parquets()]
    ),
    Target("sheets-xlsx", _sheet, lambda: [Seed("t.xlsx", samples.xlsx())]),
    Target("sheets-ods", _sheet, lambda: [Seed("t.ods", samples.ods())]),
    Target(
        "sheets-markdown", _sheet, files("t.md", "tests/fixtures/*/*.md", texts=(samples.MARKDOWN,))
    ),
    Target("sheets-html", _sheet, files("t.html", texts=(samples.HTML,))),
    Target(
        "loadgen",
        _loadgen,
        files(
            "log.txt",
            "tests/fixtures/**/mlperf_log_*.txt",
            "examples/mlperf/**/mlperf_log_*.txt",
            "tests/fixtures/**/user.conf",
        ),
    ),
    Target(
        "mllog",
        _mllog,
        files(
            "result_0.txt",
            "tests/fixtures/mlperf_training/**/result_*.txt",
            "tests/fixtures/mlperf_training/**/node_0.txt",
        ),
    ),
    Target(
        "power",
        _power,
        files(
            "spl.txt",
            "tests/fixtures/mlperf_inference/**/spl.txt",
            "tests/fixtures/mlperf_inference/**/server.json",
            texts=(_POWER,),
        ),
    ),
    Target(
        "accuracy",
        _accuracy,
        files(
            "accuracy.txt",
            "tests/fixtures/**/accuracy.txt",
            "examples/mlperf/**/accuracy.txt",
            texts=(
                "accuracy=76.456%, good=38228, total=50000\nhash=ab12\n",
                "{'rouge1': 38.7, 'gen_len': 8167644}\nAccuracy: mean = 0.86, whole tumor = 0.9\n",
                "Word Error Rate: 7.5%, accuracy=92.5%\nmetric/lifetime_ne/rating: 0.8\n",
            ),
        ),
    ),
    Target(
        "energyrunner", _energyrunner, files("results.txt", "tests/fixtures/mlperf_tiny/**/*.txt")
    ),
    Target("trtexec", _trtexec, files("a.log", "tests/fixtures/trtexec/**/*.log")),
    Target(
        "trtexec-exports", _trtexec_exports, files("a.json", "tests/fixtures/trtexec/**/*.json")
    ),
    Target(
        "descriptor",
        _descriptor,
        files(
            "datapackage.json",
            "examples/annotated/datapackage.json",
            texts=(
                json.dumps(
                    {
                        "benchfmt": {"version": "1.0", "prefixes": {}},
                        "resources": [
                            {
                                "name": "records",
                                "path": "records.csv",
                                "format": "csv",
                                "schema": {"fields": [{"name": "id"}]},
                            }
                        ],
                        "licenses": [{"name": "CC0-1.0"}],
                    }
                ),
            ),
        ),
    ),
)

assert set(FORMATS.values()) >= {
    "csv",
    "tsv",
    "json",
    "jsonl",
    "parquet",
    "xlsx",
    "ods",
    "markdown",
    "html",
}
