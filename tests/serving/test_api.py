"""The API as a platform uses it."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from tests.serving.conftest import RECORDS, ROOT, Server
from tests.sparing import some

from benchfmt.package import open_package

pytest.importorskip("uvicorn", reason="the extra serve is not installed")


def test_records_are_judged(server: Server) -> None:
    answer = server.ask("/validate", RECORDS.read_bytes(), name="results.jsonl")
    assert answer.status == 200
    assert (answer.data["ok"], answer.data["kind"]) == (True, "records")
    assert answer.data["report"]["records"] == 5


def test_several_rule_sets_hold_together(server: Server) -> None:
    body = RECORDS.read_bytes()
    answer = server.ask("/validate", body, name="r.jsonl", rules="submission,ingestion")
    assert answer.data["report"]["rules"] == "submission+ingestion"
    codes = {finding["code"] for finding in answer.data["report"]["findings"]}
    assert {"BF511", "BF512", "BF513"} <= codes
    refused = server.ask("/validate", body, name="r.jsonl", rules="submission,x")
    assert (refused.status, refused.data["title"]) == (400, "the call is wrong")


def test_a_form_is_refused_with_the_call_that_works(server: Server) -> None:
    body = b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\n{}\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = server.ask("/validate", body, headers, name="a.json")
    assert answer.status == 415
    assert "--data-binary @FILE" in answer.data["detail"]


def test_a_fault_is_shown_with_its_line(server: Server) -> None:
    lines = RECORDS.read_text("utf-8").splitlines()
    lines[1] = (
        lines[1]
        .replace('"status":"ok"', '"status":"fine"')
        .replace('"status": "ok"', '"status": "fine"')
    )
    assert "fine" in lines[1]
    answer = server.ask("/validate", "\n".join(lines).encode(), name="results.jsonl")
    assert answer.data["ok"] is False
    finding = answer.data["report"]["findings"][0]
    assert (finding["row"], finding["field"]) == (2, "status")
    excerpt = answer.data["excerpts"][0]
    assert excerpt["index"] == 0
    here = [line for line in excerpt["lines"] if line["is_here"]]
    assert [(line["number"], line["marked"]) for line in here] == [(2, '"fine"')]


def test_a_fault_of_a_table_is_shown_with_its_row(server: Server, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    from benchfmt.conversion import convert

    convert(RECORDS).write(tmp_path / "package")
    table = pq.read_table(tmp_path / "package" / "records.parquet")
    place = table.column_names.index("status")
    statuses = ["fine", *table.column("status").to_pylist()[1:]]
    pq.write_table(
        table.set_column(place, "status", [statuses]), tmp_path / "package" / "records.parquet"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (tmp_path / "package").iterdir():
            archive.write(file, file.name)
    answer = server.ask("/validate", packed.getvalue(), name="package.zip")
    assert answer.data["ok"] is False
    excerpts = [item for item in answer.data["excerpts"] if item["cells"]]
    marked = [cell for item in excerpts for cell in item["cells"] if cell["is_here"]]
    assert {"column": "status", "text": "fine", "is_here": True} in marked


def test_results_of_a_tool_are_accounted_for(server: Server) -> None:
    file = ROOT / "examples" / "mlperf" / "summary.csv"
    answer = server.ask("/validate", file.read_bytes(), name="summary.csv")
    rows = answer.data["account"]["rows"]
    assert answer.data["kind"] == "results"
    assert rows == {"seen": 5, "converted": 5, "skipped": 0, "failed": 0}
    assert answer.data["report"]["records"] == 4


@pytest.mark.slow
def test_a_row_that_failed_is_shown_with_its_line(server: Server) -> None:
    file = ROOT / "examples" / "mlperf" / "summary.csv"
    lines = file.read_text("utf-8").splitlines()
    whole = server.ask("/validate", file.read_bytes(), name="summary.csv").data["account"]
    torn = lines[-1].rpartition(",")[0]
    damaged = "\n".join([*lines, torn])
    answer = server.ask("/validate", damaged.encode(), name="summary.csv").data
    rows = answer["account"]["rows"]
    assert rows["seen"] == whole["rows"]["seen"] + 1
    assert rows["seen"] == rows["converted"] + rows["skipped"] + rows["failed"]
    [excerpt] = answer["excerpts"]
    assert excerpt["message"].startswith("failed: the row has 26 cells where the table has 27")
    assert [line["number"] for line in excerpt["lines"]] == [
        len(lines) - 1,
        len(lines),
        len(lines) + 1,
    ]
    [here] = [line for line in excerpt["lines"] if line["is_here"]]
    assert here["number"] == len(lines) + 1
    assert torn.startswith(here["before"].rstrip("…"))
    assert len(here["before"]) > 200


def test_a_zip_of_result_files_is_converted(server: Server) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((ROOT / "examples" / "lpdnn").rglob("*")):
            if file.is_file():
                archive.write(file, str(file.relative_to(ROOT / "examples" / "lpdnn")))
    answer = server.ask("/convert", packed.getvalue(), name="lpdnn.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert json.loads(answer.headers["benchfmt-account"])["records"] == 103
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert "datapackage.json" in archive.namelist()


def test_a_converted_package_opens(server: Server, tmp_path: Path) -> None:
    answer = server.ask("/convert", RECORDS.read_bytes(), name="results.jsonl")
    (tmp_path / "p.zip").write_bytes(answer.body)
    with open_package(tmp_path / "p.zip") as package:
        assert package.table("records").num_rows == 5


def test_convert_gives_the_account_alone_where_json_is_asked_for(server: Server) -> None:
    accept = {"Accept": "application/json"}
    answer = server.ask("/convert", RECORDS.read_bytes(), accept, name="results.jsonl")
    assert answer.data["account"]["records"] == 5


def test_what_no_converter_knows_is_a_problem(server: Server) -> None:
    answer = server.ask("/convert", b"\x00\x01\x02", name="noise.bin")
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.data["title"] == "it cannot be read"


def test_a_report_is_one_page_with_a_policy(server: Server) -> None:
    answer = server.ask("/report", RECORDS.read_bytes(), name="results.jsonl")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_packages_of_the_folder_are_listed_shown_compared_and_asked(server: Server) -> None:
    listed = server.ask("/packages").data["packages"]
    assert [package["name"] for package in listed] == ["deep/second", "first.zip"]
    first, second = (package["id"] for package in listed)
    assert server.ask(f"/packages/{first}/report").status == 200
    assert server.ask("/compare", old=first, new=second).status == 200
    answer = server.ask(
        "/query", sql="SELECT package, count(*) AS n FROM records GROUP BY 1 ORDER BY 1"
    )
    assert answer.data["rows"] == [["deep/second", 103], ["first.zip", 5]]
    only = server.ask("/query", sql="SELECT count(*) FROM records", package=[second])
    assert only.data["rows"] == [[5]]


@pytest.mark.slow
def test_damaged_packages_of_the_folder_are_told_by_name_and_stop_no_query(
    start: Callable[..., Server], packages: Path, tmp_path: Path
) -> None:
    shutil.copy(packages / "first.zip", tmp_path / "good.zip")
    shutil.copytree(packages / "deep" / "second", tmp_path / "cut")
    table = tmp_path / "cut" / "measurements.parquet"
    table.write_bytes(table.read_bytes()[:5_000])
    (tmp_path / "noise.zip").write_bytes(b"PK no zip")
    damaged = start(tmp_path)
    ids = {item["name"]: item["id"] for item in damaged.ask("/packages").data["packages"]}
    page = damaged.ask(f"/packages/{ids['cut']}/report")
    assert page.status == 200
    assert b"BF501" in page.body
    assert b"cut/measurements.parquet" in page.body
    assert str(tmp_path).encode() not in page.body
    count = "SELECT package, count(*) AS n FROM records GROUP BY 1 ORDER BY 1"
    answer = damaged.ask("/query", sql=count).data
    assert answer["rows"] == [["good.zip", 5]]
    reasons = {left["package"]: left["reason"] for left in answer["left_out"]}
    assert set(reasons) == {"cut", "noise.zip"}
    assert "measurements.parquet" in reasons["cut"]
    assert reasons["noise.zip"].startswith("noise.zip: it is no zip")
    assert str(tmp_path) not in "".join(reasons.values())
    chosen = damaged.ask("/query", sql=count, package=[ids["noise.zip"], ids["good.zip"]])
    assert chosen.status == 422
    assert "noise.zip: it is no zip" in chosen.data["detail"]


def test_an_archive_that_is_damaged_has_the_code_of_its_finding(server: Server) -> None:
    answer = server.ask("/validate", b"PK no zip", name="noise.zip")
    assert (answer.status, answer.data["code"]) == (422, "BF119")


def test_an_unknown_package_is_not_found(server: Server) -> None:
    assert server.ask("/packages/..%2f..%2fetc/report").status == 404
    assert server.ask("/packages/000000000000/report").status == 404
    assert server.ask("/compare", old="../first.zip", new="/etc/passwd").status == 404


@pytest.mark.parametrize(
    "sql",
    some(
        [
            "COPY records TO '/tmp/out.csv'",
            "SELECT 1; SELECT 2",
            "SELECT * FROM read_csv('/etc/passwd')",
            "INSTALL httpfs",
        ]
    ),
)
def test_a_query_reads_the_packages_and_nothing_else(server: Server, sql: str) -> None:
    answer = server.ask("/query", sql=sql)
    assert answer.status == 422
    assert answer.data["title"] == "the query cannot be answered"
    assert answer.data["detail"]


def test_an_answer_of_many_rows_is_cut(server: Server) -> None:
    answer = server.ask("/query", sql="SELECT * FROM range(5000)")
    assert len(answer.data["rows"]) == 1_000
    assert answer.data["is_cut"] is True


def test_the_description_is_valid_openapi(server: Server) -> None:
    validator = pytest.importorskip(
        "openapi_spec_validator", reason="openapi-spec-validator is not installed"
    )
    description = server.ask("/openapi.json").data
    assert description["openapi"].startswith("3.1")
    validator.validate(description)


def test_answers_fit_the_description(server: Server) -> None:
    from jsonschema import Draft202012Validator

    description = server.ask("/openapi.json").data
    answers = {
        "Verdict": server.ask("/validate", RECORDS.read_bytes(), name="r.jsonl").data,
        "Conversion": server.ask(
            "/convert", RECORDS.read_bytes(), {"Accept": "application/json"}, name="r.jsonl"
        ).data,
        "Problem": server.ask("/convert", b"?", name="noise.bin").data,
        "Package": server.ask("/packages").data["packages"][0],
    }
    for name, answer in answers.items():
        schema = {"$ref": f"#/components/schemas/{name}", **description}
        Draft202012Validator(schema).validate(answer)


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "no such rule set": (
        400,
        {"path": "/validate", "body": b"{}", "name": "r.jsonl", "rules": "x"},
    ),
    "an empty upload": (400, {"path": "/validate", "body": b"", "name": "r.jsonl"}),
    "another site": (403, {"path": "/packages", "headers": {"Origin": "https://example.org"}}),
    "no such path": (404, {"path": "/nowhere"}),
    "no such file": (404, {"path": "/static/none.js"}),
    "no such package": (404, {"path": "/packages/000000000000/report"}),
    "another method": (405, {"path": "/validate"}),
    "a form": (415, {"path": "/validate", "body": b"x", "headers": FORM, "name": "r.jsonl"}),
    "another name": (421, {"path": "/health", "headers": {"Host": "example.org"}}),
    "a cut archive": (422, {"path": "/validate", "body": b"PK no zip", "name": "a.zip"}),
    "a cut archive, to be converted": (422, {"path": "/convert", "body": b"PK", "name": "a.zip"}),
    "a cut archive, to be shown": (422, {"path": "/report", "body": b"PK", "name": "a.zip"}),
    "no result": (422, {"path": "/convert", "body": b"?", "name": "noise.bin"}),
    "a wrong query": (422, {"path": "/query", "sql": "SELECT"}),
}


@pytest.mark.parametrize(("status", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_every_refusal_has_the_one_shape_that_is_described(
    status: int, call: dict[str, Any], server: Server
) -> None:
    from jsonschema import Draft202012Validator

    answer = server.ask(**call)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    description = server.ask("/openapi.json").data
    schema = {"$ref": "#/components/schemas/Problem", **description}
    Draft202012Validator(schema).validate(answer.data)
    assert answer.data["status"] == status
    assert answer.data.get("file") == (call.get("name") if status == 422 else None)
    described = description["paths"].get(call["path"], {})
    for operation in described.values():
        assert {str(status), "default"} & set(operation["responses"])


@pytest.mark.slow
def test_a_package_of_the_folder_that_cannot_be_read_is_refused_in_that_shape(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    for name in ("noise.zip", "noise-too.zip"):
        (tmp_path / name).write_bytes(b"PK no zip")
    other = start(tmp_path)
    old, new = (listed["id"] for listed in other.ask("/packages").data["packages"])
    answer = other.ask("/compare", old=old, new=new)
    told = {name: answer.data[name] for name in ("status", "title", "code")}
    assert told == {"status": 422, "title": "it cannot be read", "code": "BF119"}
    assert "it is no zip" in answer.data["detail"]
    page = other.ask("/compare", headers={"Accept": "text/html"}, old=old, new=new)
    assert (page.status, page.headers["content-type"].split(";")[0]) == (422, "text/html")


def test_a_fault_of_the_server_is_refused_in_that_shape() -> None:
    from benchfmt.serving.app import application
    from benchfmt.serving.settings import Settings
    from benchfmt.serving.workers import Workers

    without_workers = application(Settings(), cast("Workers", None))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(AttributeError):
        asyncio.run(without_workers(scope, receive, send))
    start, body = sent
    assert start["status"] == 500
    assert (b"content-type", b"application/problem+json") in start["headers"]
    assert json.loads(body["body"])["title"] == "the server failed"


def test_nothing_is_kept_after_the_answer(server: Server) -> None:
    server.ask("/validate", RECORDS.read_bytes(), name="results.jsonl")
    assert [name for name in server.left() if "work-" in name] == []


@pytest.mark.slow
def test_a_store_keeps_the_upload_and_its_answer(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    keeping = start("--store", tmp_path / "store")
    for _ in range(2):
        answer = keeping.ask("/validate", RECORDS.read_bytes(), name="../results.jsonl").data
    kept = tmp_path / "store" / answer["stored"]
    assert (kept / "results.jsonl").read_bytes() == RECORDS.read_bytes()
    assert json.loads((kept / "results.jsonl.answer.json").read_text("utf-8"))["ok"] is True
    assert [path.name for path in (tmp_path / "store").iterdir()] == [answer["stored"]]
    keeping.stop()
