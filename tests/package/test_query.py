"""SQL over packages: the tables, the flat view, and what a query must not do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

import benchfmt
from benchfmt import open_package
from benchfmt.finding import BenchfmtError
from benchfmt.package import sql as sql_of_packages
from benchfmt.package import write_package
from benchfmt.package.querying import answered
from benchfmt.package.sql import QueryError
from benchfmt.record import Record
from benchfmt.tables import COLUMNS, TABLES, to_batch
from benchfmt.wide import widen

pytestmark = pytest.mark.usefixtures("tools_on_path")


def measured(metric: str, value: float, unit: str, **more: object) -> dict[str, object]:
    return {"metric": metric, "value": value, "unit": unit, "basis": "measured", **more}


def record(name: str, suite: str = "lpdnn", **more: object) -> Record:
    plain = {
        "benchfmt": "1.0",
        "id": name,
        "benchmark": {"suite": suite, "name": "imagenet"},
        "model": {"name": "imagenet-alexnet"},
        "system": {"id": "rpi4", "name": "Raspberry Pi 4", "kind": "board"},
        "configuration": {"precision": "fp32", "input_shape": [227, 227]},
        "measurements": [
            measured("latency", 0.25, "s", stage="inference", per="sample", primary=True),
            measured("accuracy", 0.5, "1", scope="class:kidney"),
            {"metric": "power", "scope": "wall", "missing": "not-measured"},
        ],
        "status": "ok",
        **more,
    }
    present = {key: value for key, value in plain.items() if value is not None}
    return Record.from_dict(present)


RECORDS = [
    record("a"),
    record("b", system={"id": "rpi3", "name": 'it\'s a "Pi" 3', "kind": "board"}),
    record("c", measurements=[measured("accuracy", 0.75, "1")]),
    record("d", measurements=None, status="failed"),
]


@pytest.fixture(params=["parquet", pytest.param("csv", marks=pytest.mark.slow)])
def package(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_package(tmp_path / "package", [to_batch(RECORDS)], format=request.param)
    return tmp_path / "package"


def test_tables_have_all_columns_of_the_standard_and_the_package(package: Path) -> None:
    for table in TABLES:
        answer = benchfmt.query(package, f"FROM {table}")
        assert answer.column_names == ["package", *(item.name for item in COLUMNS[table])]
        with open_package(package) as opened:
            expected = pl.DataFrame(pl.from_arrow(opened.table(table)))
        frame = pl.DataFrame(pl.from_arrow(answer))
        assert frame.drop("package").equals(expected)
        assert set(frame["package"]) <= {str(package)}


def test_the_flat_view_is_that_of_python(package: Path) -> None:
    with open_package(package) as opened:
        frames = [
            pl.DataFrame(pl.from_arrow(opened.table(name)))
            for name in ("records", "measurements", "systems")
        ]
        expected = widen(*frames)
        answer = pl.DataFrame(
            pl.from_arrow(opened.sql("SELECT * EXCLUDE package FROM wide ORDER BY id"))
        )
    assert answer.columns == expected.columns
    assert answer.equals(expected.sort("id"))
    assert answer["latency__inference__sample"].to_list() == [0.25, 0.25, None, None]
    assert answer["comparability_group"][0] == answer["comparability_group"][1] is not None


def test_the_flat_view_says_what_its_columns_mean(package: Path) -> None:
    query = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'wide'"
    with open_package(package) as opened:
        told = {row["column_name"]: row["comment"] for row in opened.sql(query).to_pylist()}
        table = opened.wide()
        [about] = opened.sql("SELECT comment FROM duckdb_views() WHERE view_name = 'wide'")[0]
    for item in table.schema:
        said = item.metadata or {}
        unit = said.get(b"unit", b"").decode()
        parts = (f"[{unit}]" if unit else "", said.get(b"description", b"").decode())
        assert (told[item.name] or "") == " ".join(filter(None, parts))
    assert told["latency__inference__sample"].startswith("[s] Latency (inference, per sample)")
    left_out = table.schema.metadata[b"left_out"].decode()
    assert about.as_py() == f"left out, and in measurements: {left_out} values of parts of results"


def test_groups_come_some_records_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _groups(tmp_path, None)
    assert len(set(expected.values())) == 2

    def refuse(_: object) -> None:
        raise AssertionError("a whole package is in memory")

    monkeypatch.setattr(sql_of_packages, "_whole", refuse)
    assert _groups(tmp_path, 3) == expected


def test_groups_are_the_same_where_measurements_do_not_follow_their_records(
    tmp_path: Path,
) -> None:
    expected = _groups(tmp_path, None)
    file = tmp_path / "package-None" / "measurements.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.take(list(reversed(range(rows.num_rows)))), file)
    assert _asked(file.parent) == expected


def _groups(folder: Path, part_rows: int | None) -> dict[str, str | None]:
    package = folder / f"package-{part_rows}"
    write_package(package, [to_batch([item]) for item in RECORDS], part_rows=part_rows)
    return _asked(package)


def _asked(package: Path) -> dict[str, str | None]:
    answer = benchfmt.query(package, "SELECT id, comparability_group FROM wide")
    assert answer.num_rows == len(RECORDS)
    return dict(
        zip(answer["id"].to_pylist(), answer["comparability_group"].to_pylist(), strict=True)
    )


def test_packages_are_one_table(tmp_path: Path) -> None:
    write_package(tmp_path / "one", [to_batch(RECORDS[:1])])
    write_package(tmp_path / "two", [to_batch(RECORDS)], format="csv")
    both = [tmp_path / "one", tmp_path / "two"]
    answer = benchfmt.query(
        both, "SELECT package, count(*) AS n FROM wide GROUP BY ALL ORDER BY ALL"
    )
    assert answer.to_pylist() == [
        {"package": str(tmp_path / "one"), "n": 1},
        {"package": str(tmp_path / "two"), "n": 4},
    ]
    with pytest.raises(QueryError, match="is named twice: its rows would count twice"):
        benchfmt.query([tmp_path / "one", tmp_path / "one"], "FROM wide")


def test_a_system_is_that_of_its_own_package(tmp_path: Path) -> None:
    for name in ("one", "two"):
        system = {"id": "box", "name": name, "kind": "server"}
        write_package(tmp_path / name, [to_batch([record("a", system=system)])])
    answer = benchfmt.query(
        [tmp_path / "one", tmp_path / "two"], "SELECT system_name FROM wide ORDER BY 1"
    )
    assert answer["system_name"].to_pylist() == ["one", "two"]


def test_columns_that_a_package_leaves_out_are_absent(package: Path) -> None:
    descriptor = json.loads((package / "datapackage.json").read_text())
    if descriptor["resources"][1]["path"].endswith(".csv"):
        pytest.skip("one form is enough")
    path = package / "records.parquet"
    pq.write_table(pq.read_table(path).select(["id", "suite", "status"]), path)
    answer = benchfmt.query(
        package, "SELECT id, model, batch_size FROM records ORDER BY id LIMIT 1"
    )
    assert answer.to_pylist() == [{"id": "a", "model": None, "batch_size": None}]


def test_a_package_without_systems_has_an_empty_table_of_them(tmp_path: Path) -> None:
    write_package(tmp_path / "p", [to_batch([record("a", system=None)])])
    assert benchfmt.query(tmp_path / "p", "FROM systems").num_rows == 0
    assert benchfmt.query(tmp_path / "p", "FROM wide").num_rows == 1


REFUSED = {
    "copy": ("COPY (SELECT 1) TO '{package}/records.parquet'", "a query only reads: COPY"),
    "attach": ("ATTACH '{package}/x.db'", "a query only reads: ATTACH"),
    "set": ("SET enable_external_access = true", "a query only reads: SET"),
    "install": ("INSTALL httpfs", "a query only reads"),
    "create": ("CREATE TABLE t AS SELECT 1", "a query only reads: CREATE"),
    "two": ("SELECT 1; COPY (SELECT 1) TO 'x'", "a query is one statement, and this is 2"),
    "none": ("-- nothing", "a query is one statement, and this is 0"),
    "file": ("FROM '{secret}'", "file system operations are disabled"),
    "text": ("SELECT * FROM read_text('{secret}')", "file system operations are disabled"),
    "glob": ("SELECT * FROM glob('/*')", "file system operations are disabled"),
    "url": ("FROM 'https://127.0.0.1:9/x.parquet'", "."),
    "python": ("FROM frame", "frame"),
    "table": ("FROM recrds", "recrds"),
    "syntax": ("SELEC 1", "syntax error"),
}


@pytest.mark.parametrize(("sql", "words"), REFUSED.values(), ids=REFUSED)
def test_a_query_reads_the_packages_and_nothing_else(tmp_path: Path, sql: str, words: str) -> None:
    frame = pl.DataFrame({"a": [1]})
    write_package(tmp_path / "package", [to_batch(RECORDS)])
    before = {path: path.read_bytes() for path in (tmp_path / "package").iterdir()}
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(QueryError, match=words):
        benchfmt.query(
            tmp_path / "package", sql.format(package=tmp_path / "package", secret=secret)
        )
    assert {path: path.read_bytes() for path in (tmp_path / "package").iterdir()} == before
    assert frame.height == 1


def test_nobody_is_told_to_install_what_a_query_may_not_load(package: Path) -> None:
    with pytest.raises(BenchfmtError, match="a query loads none; of other machines") as caught:
        benchfmt.query(package, "FROM 'https://example.org/x.parquet'", files=True)
    assert "INSTALL" not in str(caught.value)


def test_other_files_are_read_where_that_is_asked_for(tmp_path: Path) -> None:
    write_package(tmp_path / "package", [to_batch(RECORDS)])
    prices = tmp_path / "prices.csv"
    prices.write_text("system_id,price\nrpi4,50\n")
    sql = f"FROM '{prices}' JOIN records USING (system_id) SELECT price WHERE id = 'a'"
    with answered([tmp_path / "package"], sql, files=True) as batches:
        assert batches.read_all().to_pylist() == [{"price": 50}]


def test_temporary_files_go_when_the_query_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    write_package(tmp_path / "package", [to_batch(RECORDS)], format="csv")
    benchfmt.query(tmp_path / "package", "FROM wide")
    with pytest.raises(BenchfmtError):
        benchfmt.query(tmp_path / "package", "FROM nothing")
    assert not list((tmp_path / "tmp").iterdir())


def run(*arguments: object, text: str = "") -> subprocess.CompletedProcess[str]:
    command = ["benchfmt", "query", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=text)


def test_the_command_shows_a_table(package: Path) -> None:
    done = run(
        package, "SELECT id, system_name, latency__inference__sample AS s FROM wide ORDER BY id"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "id  system_name        s",
        "--  --------------  ----",
        "a   Raspberry Pi 4  0.25",
        'b   it\'s a "Pi" 3   0.25',
        "c   Raspberry Pi 4",
        "d   Raspberry Pi 4",
        "4 rows",
    ]
    assert run(package, "FROM records", "--limit", "1").stdout.endswith(
        "4 rows, of which 1 are shown\n"
    )


def test_rows_are_csv_json_and_parquet(package: Path, tmp_path: Path) -> None:
    sql = "SELECT id, status = 'ok' AS ok, [1, 2] AS l, 'nan'::DOUBLE AS x FROM records WHERE id > 'b' ORDER BY id"
    assert run(package, "-", "--format", "csv", text=sql).stdout == (
        'id,ok,l,x\nc,true,"[1, 2]",nan\nd,false,"[1, 2]",nan\n'
    )
    rows = json.loads(run(package, sql, "--format", "json").stdout)
    assert rows[0] == {"id": "c", "ok": True, "l": [1, 2], "x": None}
    out = tmp_path / "out.parquet"
    assert run(package, sql, "--format", "parquet", "-o", out).returncode == 0
    assert pq.read_table(out)["id"].to_pylist() == ["c", "d"]
    assert run(package, "FROM records WHERE false", "--format", "json").stdout == "[]\n"


def test_control_characters_never_reach_the_terminal(package: Path) -> None:
    sql = "SELECT 'red ' || chr(27) || '[31m' || chr(10) || 'box' AS \"a\x1b\" FROM records"
    for form in ("table", "json"):
        assert "\x1b" not in run(package, sql, "--format", form).stdout
    # A file or a pipe gets the data as they are.
    assert "red \x1b[31m\nbox" in run(package, sql, "--format", "csv").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("FROM records",), "name a package, then the query"),
        (("{package}", "FROM records", "--format", "parquet"), "name a file with -o"),
        (("{package}", "FROM records", "--memory", "much"), "memory 'much'"),
        (("{package}", "FROM records", "--memory=-5GB"), "memory '-5GB': it is less than nothing"),
        (("{package}", "FROM records", "--memory", "0GB"), "memory '0GB': it is nothing"),
        (("{package}", "FROM records", "--memory", "0.0 b"), "memory '0.0 b': it is nothing"),
        (("{package}", "FROM records", "--memory", "9KB"), "more memory than 9KB; give it more"),
        (("nowhere", "FROM records"), "nowhere"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    package: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run(*(item.format(package=package) for item in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "memory_limit" not in done.stderr


def test_a_column_of_another_type_says_where_to_look(tmp_path: Path) -> None:
    write_package(tmp_path / "p", [to_batch(RECORDS)])
    path = tmp_path / "p" / "measurements.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("value")
    pq.write_table(table.set_column(place, "value", [["fast"] * table.num_rows]), path)
    with pytest.raises(QueryError, match="fast"):
        benchfmt.query(tmp_path / "p", "SELECT sum(value) FROM measurements")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["a*", "a?", "a[bc]"])
def test_a_package_named_like_a_pattern_is_itself_alone(tmp_path: Path, name: str) -> None:
    for folder in (name, "ab"):
        write_package(tmp_path / folder, [to_batch(RECORDS)])
    for table in ("records", "wide"):
        query = f"FROM {table} SELECT count(*) AS n"
        with answered([tmp_path / name], query, files=True) as batches:
            assert batches.read_all().to_pylist() == [{"n": len(RECORDS)}]
        assert benchfmt.query(tmp_path / name, query).to_pylist() == [{"n": len(RECORDS)}]


@pytest.mark.parametrize(
    "sql",
    ["WITH x AS (COPY (SELECT 1) TO '{}') SELECT 1", "EXPLAIN ANALYZE copy (SELECT 'é') TO '{}'"],
)
def test_a_query_that_may_read_other_files_writes_none(package: Path, sql: str) -> None:
    target = package.parent / "written.csv"
    with (
        pytest.raises(QueryError, match="COPY is not allowed"),
        answered([package], sql.format(target), files=True),
    ):
        pass
    assert not target.exists()


def test_a_text_or_a_quoted_name_may_read_copy(package: Path) -> None:
    answer = benchfmt.query(package, """SELECT 'é' AS a, 'copy' AS "copy" -- copy""")
    assert answer.to_pylist() == [{"a": "é", "copy": "copy"}]


def test_a_query_that_is_no_text_is_refused(package: Path) -> None:
    with pytest.raises(QueryError, match="not UTF-8"):
        benchfmt.query(package, "SELECT '\udcff'")


def test_a_fault_in_a_late_row_is_one_of_the_query(package: Path) -> None:
    late = "(CASE WHEN range > 200000 THEN 'x' ELSE '1' END)::INTEGER"
    with pytest.raises(QueryError, match="Could not convert"):
        benchfmt.query(package, "FROM range(300000) SELECT " + late)


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_columns_of_one_name_are_refused_where_one_would_be_lost(
    package: Path, form: str, tmp_path: Path
) -> None:
    arguments = ["--format", form, "-o", str(tmp_path / "rows")]
    process = run(package, "SELECT 1 AS a, 2 AS a", *arguments)
    assert process.returncode == 2
    assert process.stderr == "benchfmt: two columns are called 'a': give one another name with AS\n"
    assert not (tmp_path / "rows").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "FROM range(100000) a, range(100000) b, range(1000) c WHERE hash(a, b, c) = 5",
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_a_query_that_never_would(
    package: Path, tmp_path: Path, sql: str, number: int
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchfmt", "query", str(package), sql],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(place)},
    )
    try:
        while not list(place.glob("benchfmt-query-*/spill")):
            time.sleep(0.05)
        time.sleep(1)  # the query itself begins
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, told) == (128 + number, "benchfmt: stopped; nothing was written\n")
    assert not list(place.iterdir())


@pytest.mark.slow
def test_no_progress_stands_among_the_answers(package: Path) -> None:
    # DuckDB shows it where Python runs without a file, as here; only after two seconds, unless it is told otherwise.
    code = (
        "import sys, duckdb, benchfmt\n"
        "real = duckdb.connect\n"
        "def connect(*given, **named):\n"
        "    connection = real(*given, **named)\n"
        "    connection.execute('SET progress_bar_time = 100')\n"
        "    return connection\n"
        "duckdb.connect = connect\n"
        "sql = 'SELECT count(DISTINCT a.range) AS n FROM range(10_000_000) a'\n"
        "print(benchfmt.query(sys.argv[1], sql).to_pylist()[0]['n'] > 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(package)], capture_output=True, check=True, timeout=120
    )
    assert done.stdout.split() == [b"True"]


def test_a_folder_is_asked_and_what_cannot_be_read_in_it_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("good", "cut"):
        write_package(folder / name, [to_batch(RECORDS)])
    table = folder / "cut" / "measurements.parquet"
    table.write_bytes(table.read_bytes()[:100])
    (folder / "broken.zip").write_text("no zip")
    sql = "SELECT package, count(*) AS n FROM records GROUP BY ALL"
    done = run(folder, sql, "--format", "csv")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["package,n", f"{folder / 'good'},4"]
    told = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    assert len(told) == 2
    assert str(folder / "broken.zip") in told[0]
    assert str(folder / "cut") in told[1]
    alone = run(folder / "good", folder / "broken.zip", sql)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert str(folder / "broken.zip") in alone.stderr
    (tmp_path / "none").mkdir()
    none = run(tmp_path / "none", sql)
    assert none.returncode == 2
    assert "no package can be read" in none.stderr
