"""The rules of suites as data: every field exists, every rule has its source."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.comparison.making import PROFILE, changed, made

from benchfmt.comparison import Verdict, compare, policies
from benchfmt.comparison.fields import COMPARED, FIELDS, columns_of, is_seed
from benchfmt.comparison.policies import KINDS, Need, kind_of, named_fields, policy
from benchfmt.comparison.questions import QUESTIONS, question
from benchfmt.finding import BenchfmtError
from benchfmt.suites import tables
from benchfmt.tables import COLUMNS
from benchfmt.vocabulary import vocabulary

ROOT = Path(__file__).parents[2]
LPDNN_RECORD = changed(PROFILE, benchmark={"suite": "lpdnn", "scenario": "single-stream"})
COLUMN_NAMES = {column.name for table in ("records", "measurements") for column in COLUMNS[table]}


def test_every_field_that_a_rule_names_exists() -> None:
    assert {name.partition(".")[0] for name in named_fields()} <= set(FIELDS)
    for name in named_fields() | set(FIELDS):
        assert set(columns_of(name)) <= COLUMN_NAMES, name
    assert set(COMPARED) <= set(FIELDS)


def test_every_rule_has_a_source_and_a_known_suite() -> None:
    suites = {
        suite.partition(".")[0]
        for rule in tables.read("comparison")["rules"]
        for suite in rule["suites"]
    }
    assert suites <= set(vocabulary().terms("suite"))
    assert all(len(rule["source"]) > 30 for rule in tables.read("comparison")["rules"])


def test_a_source_can_be_looked_up() -> None:
    for rule in tables.read("comparison")["rules"]:
        if rule["suites"] == ["lpdnn"]:
            # The deliverable is on no public page.
            assert "deliverable D6.3" in rule["source"]
            continue
        pages = [urlsplit(address) for address in re.findall(r"https://[^\s,;:']+", rule["source"])]
        files = re.findall(r"docs/[a-z]+[.]md(?=[):])", rule["source"])
        assert pages or files, rule["suites"]
        assert all("." in page.netloc for page in pages), rule["suites"]
        assert all((ROOT / file).is_file() for file in files if not pages), rule["suites"]


def test_no_field_is_listed_twice() -> None:
    for rule in tables.read("comparison")["rules"]:
        named = [*rule["known"], *rule["equal"]]
        assert len(named) == len(set(named)), rule["suites"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_varies_does_not_bind(name: str) -> None:
    asked = question(name)
    for kind in KINDS:
        needs = policy("lpdnn", None, kind).asked(asked, kind)
        assert not asked.varies & set(needs)
        assert needs["suite"] is Need.KNOWN


def test_the_system_binds_where_the_question_holds_it_fast_but_not_for_quality() -> None:
    rules = policy("lpdnn", None, "performance")
    assert rules.asked(question("model"), "performance")["system"] is Need.KNOWN
    assert "system" not in rules.asked(question("hardware"), "performance")
    assert "system" not in policy("lpdnn", None, "quality").asked(question("model"), "quality")


def test_a_division_has_its_own_rules_else_those_of_no_suite() -> None:
    assert policy("mlperf-inference", "closed", "performance").name == "mlperf-inference.closed"
    assert policy("mlperf-inference", "open", "performance").name == "default"
    assert policy("local:mine", None, "quality").name == "default"


def test_more_fields_may_vary_on_request() -> None:
    assert question("hardware", ["threads"]).may_differ("threads")
    with pytest.raises(BenchfmtError, match="did you mean 'threads'"):
        question("hardware", ["thread"])
    assert question("hardware", ["hyperparameters.fold"]).may_differ("hyperparameters.fold")
    with pytest.raises(BenchfmtError, match=r"benchmark has no members: --vary benchmark, not "):
        question("hardware", ["benchmark.name"])
    with pytest.raises(BenchfmtError, match="did you mean 'hardware'"):
        question("hardwares")


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("accuracy", "quality"),
        ("ndcg@10", "quality"),
        ("latency", "performance"),
        ("lpdnn:dmips", "performance"),
    ],
)
def test_the_kind_of_a_metric(metric: str, kind: str) -> None:
    assert kind_of(metric) == kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 4),
        ("seeds", [1, 2, None]),
        ("random_state", None),
        ("random-seed", "1234"),
        ("rng", 7),
        ("rngSeed", "0x3f"),
        ("rng_state", 7.0),
        ("openml.seed", 1),
        ("PRNGSeed", 1),
        ("qsl_rng_seed", 3066443479025735752),
    ],
)
def test_a_seed_is_known_by_its_name_and_value(name: str, value: object) -> None:
    assert is_seed(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_seeds", 5),
        ("num_seeds", 5),
        ("seed_length", 5),
        ("seed", "resnet-50"),
        ("seed", 0.5),
        ("seed", {"length": 3}),
        ("state", 1),
        ("solid_state", 1),
        ("seedling", 1),
        ("strong", 1),
        ("", 1),
    ],
)
def test_what_only_looks_like_a_seed_counts(name: str, value: object) -> None:
    assert not is_seed(name, value)


def test_a_suite_names_what_binds_nothing_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = deepcopy(tables.read("comparison"))
    (lpdnn,) = (rule for rule in data["rules"] if rule["suites"] == ["lpdnn"])
    lpdnn["never_count"] = ["ticket"]
    settings = ({"ticket": 1, "warm": 2}, {"ticket": 3, "warm": 2}, {"ticket": 1, "warm": 4})
    records = [made(LPDNN_RECORD, configuration__hyperparameters=each) for each in settings]

    def verdicts() -> list[bool]:
        policies._rules.cache_clear()
        asked = question()
        answers = [compare(records[0], other, asked)[0].verdict for other in records[1:]]
        return [verdict is Verdict.NOT_COMPARABLE for verdict in answers]

    assert verdicts() == [True, True]
    with monkeypatch.context() as patched:
        patched.setattr(policies, "_data", lambda: data)
        assert verdicts() == [False, True]
    policies._rules.cache_clear()
