"""OpenML and AMLB: generated dumps of any size, the same for every run, and how fast they are converted.

Only the formats are OpenML's and AMLB's; names and numbers are made up here.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.process import Taken, children, measured, run_task
from bench.table import Bench, Row, Verdict, interleaved

if TYPE_CHECKING:
    from bench.benches import Setting

PAGE = 10_000
ROWS_PER_SECOND = 100_000
RUNS_PER_SECOND = 200
FLAT = 1.3
JOBS = 2
TASKS_OF_SUITE = (3, 6, 11, 28, 31)
MEASURES = (
    "average_cost", "f_measure", "kappa", "kb_relative_information_score", "mean_absolute_error",
    "mean_prior_absolute_error", "number_of_instances", "precision", "predictive_accuracy", "prior_entropy", "recall",
    "relative_absolute_error", "root_mean_prior_squared_error", "root_mean_squared_error", "root_relative_squared_error",
    "total_cost", "area_under_roc_curve",
)  # fmt: skip
BY_CLASS = ("f_measure", "precision", "recall", "area_under_roc_curve", "number_of_instances")
CLASSES = 10
FLOW = (
    "sklearn.pipeline.Pipeline(cat_handling=sklearn.compose._column_transformer.ColumnTransformer("
    "cat=sklearn.preprocessing._encoders.OneHotEncoder),imp=sklearn.impute._base.SimpleImputer,"
    "classifier=sklearn.ensemble._forest.RandomForestClassifier)({})"
)
AMLB_HEADER = (
    "id,task,framework,constraint,fold,type,result,metric,mode,version,app_version,utc,duration,training_duration,"
    "predict_duration,models_count,seed,info,acc,auc,balacc,infer_batch_size_df_1,infer_batch_size_file_1,"
    "infer_batch_size_file_1000,logloss"
)


def openml(setting: Setting) -> Bench:
    """Lists of evaluations by the page, full runs, and tables of AMLB."""
    rows, runs = setting.size(1_000_000), setting.size(2_000)
    table, small = setting.size(200_000), setting.size(250_000)

    def made(kind: str, size: int) -> dict[str, str]:
        """Return where a dump is, and a small one for the warm-up."""
        places = (
            run_task("prepare_openml", folder=str(setting.folder), kind=kind, size=count).facts[
                "path"
            ]
            for count in (size, 100)
        )
        return dict(zip(("source", "warm"), places, strict=True))

    def row(
        name: str, kind: str, size: int, unit: str, family: str = "openml", jobs: int = 1
    ) -> Row:
        where = made(kind, size)
        out = setting.out(f"openml-{kind}-{size}-{jobs}")
        return Row(
            name,
            "us",
            partial(run_task, "convert_openml", **where, out=out, jobs=jobs, family=family),
            size,
            unit,
        )

    bench = Bench("openml", f"{rows:,} evaluations in pages of {PAGE:,}, {runs:,} runs, {table:,} rows of AMLB", [
        row("XML pages", "xml", rows, "rows"),
        row(f"XML pages, --jobs {JOBS}", "xml", rows, "rows", jobs=JOBS),
        row("XML pages, a quarter", "xml", small, "rows"),
        row("XML, one file", "one.xml", rows, "rows"),
        row("JSON pages", "json", rows, "rows"),
        row(f"JSON pages, --jobs {JOBS}", "json", rows, "rows", jobs=JOBS),
        row("full runs, XML", "runs", runs, "runs"),
        row("AMLB results.csv", "amlb", table, "rows", "amlb"),
    ])  # fmt: skip
    interleaved(bench.rows, setting.repeat, setting.tell)
    bench.verdicts += _verdicts(bench, setting)
    shutil.rmtree(setting.folder / "out")
    return bench


def _verdicts(bench: Bench, setting: Setting) -> Iterator[Verdict]:
    """Yield the targets, in CPU seconds: what others do on the machine counts against none."""
    for name, target in (
        ("XML pages", ROWS_PER_SECOND),
        ("JSON pages", ROWS_PER_SECOND),
        ("full runs, XML", RUNS_PER_SECOND),
    ):
        row = bench.row(name)
        speed = row.size / median(taken.cpu_seconds for taken in row.runs)
        # The target is for two cores, between which pages and runs are divided.
        words = f"{name}: {speed:,.0f} {row.unit} per CPU second, so {JOBS * speed:,.0f} on {JOBS} cores (at least {target:,})"
        yield Verdict(words, None if setting.quick else JOBS * speed >= target)
    whole, part = (
        median(taken.peak_mib for taken in bench.row(n).runs)
        for n in ("XML pages", "XML pages, a quarter")
    )
    one = median(taken.peak_mib for taken in bench.row("XML, one file").runs)
    words = f"peak of {part:.0f}, {whole:.0f} and, as one file, {one:.0f} MiB for a quarter and all: {whole / part:.2f} times (flat: at most {FLAT})"
    yield Verdict(words, None if setting.quick else max(whole, one) / part <= FLAT)


# --- tasks, each in a process of its own ---


def prepare_openml(taken: Taken, folder: str, kind: str, size: int) -> None:
    taken.facts["path"] = str(dump(Path(folder), kind, size))


def convert_openml(taken: Taken, source: str, warm: str, out: str, jobs: int, family: str) -> None:
    """Convert a dump; `peak_mib` is that of the whole process, imports included."""
    from benchfmt import convert

    options = {"server": "www"} if family == "openml" else {}
    with tempfile.TemporaryDirectory() as folder:
        convert(warm, family, **options).write(f"{folder}/package")
    with measured(taken), children() as kids:
        account = convert(source, family, jobs=jobs, **options).write(out)
    taken.base_mib = 0.0
    taken.cpu_seconds += kids.cpu_seconds
    assert account.ok
    taken.facts = {
        "records": account.total("records"),
        "measurements": account.total("measurements"),
    }


TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task for task in (prepare_openml, convert_openml)
}


# --- dumps ---


def dump(folder: Path, kind: str, size: int) -> Path:
    """Return a folder with a dump, made unless it is there."""
    place = folder / f"openml-{kind}-{size}"
    mark = folder / f"openml-{kind}-{size}.whole"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name, text in _files(kind, size):
            (place / name).write_bytes(text.encode())
        mark.touch()
    return place


def _files(kind: str, size: int) -> Iterator[tuple[str, str]]:
    if kind == "runs":
        yield from ((f"run_{number:05}.xml", _run(number)) for number in range(1, size + 1))
    elif kind == "amlb":
        yield "results.csv", "\n".join([AMLB_HEADER, *map(_amlb, range(size))]) + "\n"
    elif kind == "one.xml":
        yield "all.xml", _xml(1, size)
    else:
        for page in range((size + PAGE - 1) // PAGE):
            write = {"xml": _xml, "json": _json}[kind]
            yield f"page_{page:04}.{kind}", write(1 + page * PAGE, min(PAGE, size - page * PAGE))


def _evaluation(run: int) -> dict[str, Any]:
    random = Random(run)  # noqa: S311 - not for secrets
    return {
        "run_id": run, "uploader": random.randint(1, 9_000), "task_id": random.choice(TASKS_OF_SUITE),
        "setup_id": random.randint(1, 90_000), "flow_id": random.randint(1, 12_000), "flow_name": FLOW.format(run % 40 + 1),
        "data_id": random.randint(1, 2_000), "data_name": f"data-{run % 70}", "evaluation_engine_id": 1,
        "function": "predictive_accuracy", "upload_time": f"2026-01-{run % 28 + 1:02} 10:50:{run % 60:02}",
        "value": f"{random.random():.6f}",
    }  # fmt: skip


def _xml(first: int, count: int) -> str:
    rows = (
        "    <oml:evaluation>\n"
        + "".join(
            f"    <oml:{name}>{value}</oml:{name}>\n" for name, value in _evaluation(run).items()
        )
        + "          </oml:evaluation>\n"
        for run in range(first, first + count)
    )
    return f'<oml:evaluations xmlns:oml="http://openml.org/openml">\n{"".join(rows)}</oml:evaluations>\n'


def _json(first: int, count: int) -> str:
    quoted = ("flow_name", "data_name", "function", "upload_time")
    left_out = ("uploader", "data_id", "evaluation_engine_id")
    rows = (
        "      {"
        + ",\n       ".join(
            f'"{name}": {json.dumps(value) if name in quoted else value}'
            for name, value in _evaluation(run).items()
            if name not in left_out
        )
        + "\n       }"
        for run in range(first, first + count)
    )
    return '{"evaluations":{"evaluation":[\n' + ",\n".join(rows) + "]}}\n"


def _run(number: int) -> str:
    random = Random(number)  # noqa: S311 - not for secrets

    def value(name: str, where: str = "") -> str:
        array = ",".join(f"{random.random():.6f}" for _ in range(CLASSES))
        more = (
            f"          <oml:array_data>[{array}]</oml:array_data>"
            if name in BY_CLASS
            else "                  "
        )
        said = f"{random.random():.6f}" if name != "number_of_instances" else "5620"
        return (
            f"              <oml:evaluation{where}>\n          <oml:name>{name}</oml:name>\n"
            f"          <oml:value>{said}</oml:value>{more}</oml:evaluation>\n"
        )

    whole = "".join(map(value, MEASURES))
    folds = "".join(
        value(name, f' repeat="0" fold="{fold}"') for name in MEASURES for fold in range(10)
    )
    parameters = "".join(
        f"      <oml:parameter_setting>\n      <oml:name>p{p}</oml:name>\n      <oml:value>{p}</oml:value>\n    </oml:parameter_setting>\n"
        for p in range(12)
    )
    return f"""<oml:run xmlns:oml="http://openml.org/openml">
  <oml:run_id>{number}</oml:run_id>
  <oml:uploader>1</oml:uploader>
  <oml:uploader_name>A. Person</oml:uploader_name>
  <oml:task_id>28</oml:task_id>
  <oml:task_type>Supervised Classification</oml:task_type>
    <oml:flow_id>67</oml:flow_id>
  <oml:flow_name>weka.BayesNet_K2(1)</oml:flow_name>
  <oml:setup_id>{number}</oml:setup_id>
   <oml:error></oml:error>       <oml:setup_string>weka.classifiers.bayes.BayesNet -- -D</oml:setup_string>
{parameters}          <oml:input_data>
          <oml:dataset>
        <oml:did>28</oml:did>
        <oml:name>optdigits</oml:name>
      </oml:dataset>
        </oml:input_data>
        <oml:output_data>
                <oml:file>
        <oml:did>-1</oml:did> <!-- Deprecated field, will be removed during next upgrade. -->
        <oml:file_id>{number}</oml:file_id>
        <oml:name>predictions</oml:name>
        <oml:url>https://www.openml.org/data/download/{number}/p.arff</oml:url>
      </oml:file>
{whole}{folds}            </oml:output_data>
  </oml:run>
"""


def _amlb(row: int) -> str:
    random = Random(row)  # noqa: S311 - not for secrets
    acc, auc, balacc, loss = (f"{random.random():.6g}" for _ in range(4))
    times = ",".join(f"{random.random() / 100:.6g}" for _ in range(3)) if row % 2 else ",,"
    head = f"openml.org/t/{359_900 + row % 104},data-{row % 104},AutoGluon_{row % 7},4h8c,{row % 10},binary"
    if row % 50 == 7:
        return f'{head},,auc,aws,1.0.0,"dev [https://example.org, main, 1]",2023-11-26T14:00:36,81.6,,,,{row},NoResultError: none,,,,,,,'
    return (
        f'{head},{auc},auc,aws,1.0.0,"dev [https://example.org, main, 1]",2023-11-26T14:00:36,8149.6,7520.3,7.9,'
        f"{row % 300}.0,{row},,{acc},{auc},{balacc},{times},{loss}"
    )
