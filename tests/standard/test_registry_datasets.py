"""Data sets and benchmarks of the registry: each name and fact has its source, and quotes hold what they are quoted for."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl
import pytest
from tests.standard.test_registry import holds, worked_out

from benchfmt import registry
from benchfmt.comparison.fields import data_set_ids
from benchfmt.finding import BenchfmtError
from benchfmt.registry import Benchmark, Dataset, Entry
from benchfmt.suites import mlperf_inference, mlperf_mobile
from benchfmt.vocabulary import vocabulary

DATASETS = registry.datasets().by_id
BENCHMARKS = registry.benchmarks().by_id
ENTRIES: list[Entry] = [*DATASETS.values(), *BENCHMARKS.values()]
ADDRESS = re.compile(r"https?://[\w.-]+/")
THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


def test_it_is_as_large_as_it_says() -> None:
    assert (len(DATASETS), len(BENCHMARKS)) == (113, 106)
    assert sum(len(entry.names) for entry in ENTRIES) == 281
    assert sum(len(entry.facts) for entry in ENTRIES) == 353


def test_every_name_fact_and_relation_has_a_source_that_others_can_look_up() -> None:
    for entry in ENTRIES:
        for said in (*entry.names, *entry.facts, *entry.relations):
            assert ADDRESS.match(said.source), (entry.id, said)
            assert 0 < len(said.quote) <= 180, (entry.id, said)


def test_a_name_stands_in_its_quote() -> None:
    lacking = [
        (entry.id, name)
        for entry in ENTRIES
        for name in entry.names
        if name.name.lower() not in name.quote.lower()
    ]
    assert lacking == []


def test_the_numbers_of_a_fact_stand_in_its_quote_and_become_its_value() -> None:
    for entry in ENTRIES:
        for fact in entry.facts:
            quote = THOUSANDS.sub("", fact.quote)
            if isinstance(fact.value, str):
                assert fact.value.lower() in quote.lower(), (entry.id, fact)
                continue
            numbers = re.findall("[0-9]+", fact.step.removesuffix("+1"))
            assert numbers, (entry.id, fact)
            assert all(holds(quote, number) for number in numbers), (entry.id, fact)
            assert worked_out(fact.step) == fact.value, (entry.id, fact)


def test_one_fact_has_one_value_under_one_condition() -> None:
    stated = Counter(
        (entry.id, fact.fact, fact.condition) for entry in ENTRIES for fact in entry.facts
    )
    assert [key for key, count in stated.items() if count > 1] == []


def test_no_two_entries_of_any_kind_have_one_id() -> None:
    ids = Counter(one for known in registry.every_kind() for one in known.by_id)
    assert [one for one, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("entries", [DATASETS, BENCHMARKS], ids=["datasets", "benchmarks"])
def test_a_name_means_one_thing_in_a_suite(entries: dict[str, Entry]) -> None:
    meant: dict[tuple[str, str], set[str]] = {}
    for entry in entries.values():
        for name in entry.names:
            for suite in name.suites:
                meant.setdefault((suite, registry.spelled(name.name)), set()).add(entry.id)
    assert {key: ids for key, ids in meant.items() if len(ids) > 1} == {}


def test_relations_lead_to_entries_of_the_same_kind() -> None:
    for entries in (DATASETS, BENCHMARKS):
        for entry in entries.values():
            assert {link.other for link in entry.relations} <= set(entries) - {entry.id}
            assert {link.relation for link in entry.relations} <= {"same-as", "near"}
            assert all(link.reason for link in entry.relations)


def test_it_speaks_in_terms_of_the_vocabulary_and_of_itself() -> None:
    suites = set(vocabulary().ids("suite"))
    for entry in ENTRIES:
        assert {suite for name in entry.names for suite in name.suites} <= suites, entry.id
    for benchmark in BENCHMARKS.values():
        assert isinstance(benchmark, Benchmark)
        assert {suite for name in benchmark.names for suite in name.suites} == {benchmark.suite}
        assert not benchmark.dataset or benchmark.dataset in DATASETS, benchmark
        assert not benchmark.model or benchmark.model in registry.models().by_id, benchmark


def test_the_vocabulary_and_the_registry_call_a_data_set_by_one_id() -> None:
    """A name that the vocabulary knows means the same in the registry, or a part of it that is near."""
    known = vocabulary()
    matched = 0
    for entry in DATASETS.values():
        assert isinstance(entry, Dataset)
        for name in entry.names:
            for suite in name.suites:
                term = known.match("dataset", name.name, suite)
                if term is None:
                    continue
                matched += 1
                # `ImageNet` of MLPerf Training is that of 2012, as its reference is.
                narrower = known.terms("dataset").get(entry.id, {}).get("broader")
                assert term in (entry.id, narrower) or registry.near(entry.id, term), name
    assert matched == 25


def test_the_suites_and_the_registry_say_one_thing_of_a_benchmark() -> None:
    """What a suite's own table says of data and their number is what the registry says, or near to it."""
    told = 0
    for entry in BENCHMARKS.values():
        if entry.suite != "mlperf-inference":
            continue
        own = entry.id.removeprefix("mlperf-inference-")
        facts = mlperf_inference.benchmark(own)
        assert facts is not None, own
        if entry.dataset and facts.dataset:
            told += 1
            is_one = entry.dataset == facts.dataset
            assert is_one or registry.near(entry.dataset, facts.dataset), own
    assert told > 15
    for name in registry.datasets().by_id["imagenet-2012"].names:
        if name.name.endswith("set") and "mlperf-mobile" in name.suites:
            full = mlperf_mobile.dataset(name.name)
            assert full is None or (full.name, full.samples) == ("imagenet-2012", 50000)


@pytest.mark.parametrize(
    ("name", "suite", "dataset_id"),
    [
        ("COCO 2017 validation set", "mlperf-mobile", "coco-2017"),
        ("coco_2017_validation_set", "mlperf-mobile", "coco-2017"),
        ("COCO 2017 validation set", "lpdnn", None),
        ("Squad V1.1 validation set", "mlperf-mobile", "squad-1.1-mobile-mini"),
        ("ImageNet", "mlperf-training", "imagenet-2012"),
        ("ImageNet", "ai-benchmark-mobile", "imagenet"),
        ("imagenet", "lpdnn", "imagenet"),
        ("ImageNet", None, None),
        ("blood-transfusion", "amlb", "blood-transfusion-service-center"),
        ("blood-transfusion", "openml", None),
        ("CIFAR_10", "openml-cc18", "cifar-10"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_data_set_is_found_by_spelling_in_the_suites_that_write_it_so(
    name: str | None, suite: str | None, dataset_id: str | None
) -> None:
    found = registry.find_dataset(name, suite)
    assert (found.id if found else None) == dataset_id


@pytest.mark.parametrize(
    ("name", "suite", "benchmark_id"),
    [
        ("resnet50", "mlperf-inference", "mlperf-inference-resnet50"),
        ("resnet", "mlperf-inference", "mlperf-inference-resnet50"),
        ("resnet", "mlperf-training", "mlperf-training-resnet"),
        ("resnet", None, None),
        ("1.1", "ai-benchmark", "ai-benchmark-1.1"),
        ("Image Classification", "mlperf-tiny", "mlperf-tiny-ic"),
        ("Image Classification", "mlperf-mobile", "mlperf-mobile-image-classification"),
        ("bert-99.9", None, "mlperf-inference-bert-99.9"),
        ("coco", "lpdnn", "lpdnn-coco"),
    ],
)
def test_a_benchmark_is_what_its_name_means_in_the_suite(
    name: str, suite: str | None, benchmark_id: str | None
) -> None:
    found = registry.find_benchmark(name, suite)
    assert (found.id if found else None) == benchmark_id


@pytest.mark.parametrize(
    ("one", "other", "are_near"),
    [
        ("coco-2014", "coco-2017", False),
        ("coco", "coco-2017", True),
        ("squad-1.1", "squad-2.0", False),
        ("squad-1.1", "squad-1.1-mobile-mini", True),
        ("imagenet", "imagenet-2012", True),
        ("imagenet-real", "imagenet-2012", True),
        ("imagenet-a", "imagenet-2012", False),
        ("mlperf-inference-bert-99", "mlperf-inference-bert-99.9", True),
        ("mlperf-inference-resnet50", "mlperf-training-resnet", True),
    ],
)
def test_what_is_near_is_not_the_same(one: str, other: str, *, are_near: bool) -> None:
    assert registry.near(one, other) == are_near
    assert not registry.same(one, other)


def test_ids_of_data_sets_are_the_registrys_and_then_the_vocabularys() -> None:
    names = pl.Series(["ilsvrc-2012", "C4", "a set of ours", None, "adult", "imagenet"])
    suites = pl.Series(["lpdnn", "mlperf-training", "lpdnn", "lpdnn", "amlb", "mlperf-training"])
    ids = data_set_ids(names, suites).to_list()
    assert ids == ["imagenet-2012", "c4", None, None, "adult", "imagenet-2012"]


def test_one_entry_is_had_by_its_id() -> None:
    assert registry.dataset("coco-2017").name == "COCO 2017"
    assert registry.benchmark("mlperf-tiny-kws").model == "ds-cnn"
    with pytest.raises(BenchfmtError, match="did you mean 'coco-2017'"):
        registry.dataset("coco-2018")
