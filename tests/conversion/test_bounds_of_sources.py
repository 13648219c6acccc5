"""Of one source so many results are read one by one, and so much is held as a whole; what is beyond is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchfmt import convert
from benchfmt.converters.base import load
from benchfmt.limits import Limits
from benchfmt.readers import files, jsons
from benchfmt.readers.files import UnsafeError, file_sha256, source_sha256

FIXTURES = Path(__file__).parents[1] / "fixtures"


def test_the_results_of_one_source_are_bounded_and_the_rest_is_told() -> None:
    source = FIXTURES / "ai_benchmark" / "bench.json"
    whole = convert(source, limits=Limits(file_results=6))
    assert len(list(whole)) == 4
    assert "file_results" not in str(whole.account.to_dict())
    part = convert(source, limits=Limits(file_results=1))
    assert len(list(part)) == 1
    assert not part.account.ok
    assert "more than 1 results" in str(part.account.to_dict())


def test_tables_of_hundreds_of_thousands_of_rows_are_read_to_their_ends() -> None:
    source = FIXTURES / "tabarena" / "results_per_split.csv"
    assert getattr(load("tabarena"), "HAS_MANY_RESULTS", False)
    bounded = convert(source, limits=Limits(file_results=1))
    assert len(list(bounded)) == len(list(convert(source))) > 1


def test_the_hash_of_a_source_is_worked_out_once_as_long_as_the_file_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n")
    asked: list[Path] = []

    def counted(file: Path) -> str:
        asked.append(file)
        return file_sha256(file)

    monkeypatch.setattr(files, "file_sha256", counted)
    first = {source_sha256(path) for _ in range(3)}
    assert first == {file_sha256(path)}
    assert len(asked) == 1
    path.write_text("other\n")
    assert source_sha256(path) == file_sha256(path)
    assert len(asked) == 2


def test_the_files_beside_a_table_of_rows_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("agg_otter_tp2_conc4.json", "otter_tp2_conc4.json")
    for name in names:
        shutil.copy(FIXTURES / "inferencex" / name, tmp_path)
    path = tmp_path / names[0]
    row = json.loads(path.read_text())
    if isinstance(row, list):
        [row] = row
    path.write_text(json.dumps([row, row, row]))
    read: list[str] = []
    own = jsons.read

    def counted(file: Path, *more: Limits, **options: bool) -> object:
        read.append(file.name)
        return own(file, *more, **options)

    monkeypatch.setattr(jsons, "read", counted)
    list(convert(tmp_path, "inferencex"))
    assert read.count(names[1]) == 1


@pytest.mark.parametrize(
    "data", [{str(number): 1 for number in range(20)}, {"a": ["x" * 2_000]}], ids=["keys", "text"]
)
def test_an_object_of_more_members_and_a_longer_text_than_are_read_are_refused(
    tmp_path: Path, data: object
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data) + " " * 2**20)
    assert jsons.read(path) == data
    with pytest.raises(UnsafeError) as told:
        jsons.read(path, Limits(json_members=10, row_bytes=1_000))
    assert told.value.code == "BF907"


def test_a_profile_whose_data_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "trtexec" / "pair", tmp_path / "pair")
    profile = tmp_path / "pair" / "profile.json"
    profile.write_text(profile.read_text() + " " * 2**20)
    conversion = convert(tmp_path, limits=Limits(json_data_bytes=10**6))
    list(conversion)
    assert "json_data_bytes" in str(conversion.account.to_dict())


def test_columns_that_nothing_describes_are_kept_up_to_a_limit(tmp_path: Path) -> None:
    fixture = (FIXTURES / "layouts" / "mlflow-runs.csv").read_text().splitlines()
    names = [f"own {number}" for number in range(20)]
    cells = [f'"say ""{number}"""' if number % 2 else str(number) for number in range(20)]
    path = tmp_path / "mlflow-runs.csv"
    header, *rows = fixture
    path.write_text(
        "\n".join([",".join([header, *names]), *(",".join([row, *cells]) for row in rows)]) + "\n"
    )
    record = next(iter(convert(path)))
    assert record.extensions is not None
    [kept] = [said for said in record.extensions.values() if "own 0" in said]
    assert [kept[name] for name in names[:2]] == ["0", 'say "1"']
    few = convert(path, limits=Limits(kept_columns=19))
    assert not list(few)
    assert "kept_columns" in str(few.account.to_dict())


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(log_results=2), "more than 2 results"),
        (Limits(log_bytes=1_000), "3 runs stand in one summary"),
    ],
)
def test_a_summary_of_more_runs_than_are_read_is_refused(
    tmp_path: Path, limits: Limits, words: str
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(FIXTURES / "mlperf_inference" / "server-llm", tree)
    [summary] = tree.rglob("Server/performance/run_1/mlperf_log_summary.txt")
    text = summary.read_text()
    summary.write_text("".join(text.replace("VALID", f"VALID\nnote : {n}") for n in range(3)))
    conversion = convert(tree, limits=limits)
    list(conversion)
    assert words in str(conversion.account.to_dict())
