"""Ids: fixed for ever, and following from the source alone."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from tests.forms import VALID, load

from benchfmt.identity import (
    canonical,
    expected_id,
    global_id,
    identified,
    platform,
    record_id,
    record_ids,
    submitted_system_id,
    system_id,
)  # fmt: skip
from benchfmt.record import Record

SHA = "e6075248cbef3cecfbab19c8b317370f36aa2176637295410c3e92671682be48"
PC = {"name": "pc", "kind": "desktop"}


def independent(prefix: str, data: Any) -> str:
    """Calculate an id from the specification, for data whose JSON needs no more of RFC 8785 than sorted keys."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return prefix + base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:26]


def test_ids_never_change() -> None:
    # Fixed when the format was made; a change here makes every package that exists lose its ids.
    assert record_id("lpdnn", "bca.csv", SHA, "row=17") == "bf1-7gpmema2tucdmn6e6expqd7luy"
    machine = {
        "architecture": "armv7-m",
        "clock_hz": 120000000,
        "cores": 1,
        "name": "ARM Cortex-M4",
    }
    board = {"kind": "microcontroller", "name": "NUCLEO-L4R5ZI", "processor": machine}
    assert system_id(board) == "sys1-mj6ndqsxulxhail3nekk3lt3xp"


@pytest.mark.parametrize(
    ("sha256", "locator"),
    [(SHA, "row=17"), (None, None), (SHA, None), (SHA, 'Zürich / λ "x" \\'), (None, "a=1&b=2")],
)
def test_a_record_id_is_a_hash_of_its_source(sha256: str | None, locator: str | None) -> None:
    wanted = independent("bf1-", ["lpdnn", "results/ä.csv", sha256 or "", locator or ""])
    assert record_id("lpdnn", "results/ä.csv", sha256, locator) == wanted


def test_a_worldwide_id_takes_the_place_of_the_source() -> None:
    assert global_id("openml-cc18", "openml.org/r/1") == independent(
        "bf1-", ["openml-cc18", "openml.org/r/1"]
    )


def test_many_ids_of_one_file_are_those_of_each() -> None:
    places = ["row=1", "row=2", "", "a=b&c=|"]
    assert record_ids("lpdnn", "a|b.csv", SHA, places) == [
        record_id("lpdnn", "a|b.csv", SHA, p) for p in places
    ]


def test_a_named_machine_is_the_same_wherever_it_was_read() -> None:
    named = PC | {"processor": {"name": "AMD EPYC 7763", "cores": 64}}
    assert system_id(named, {"path": "a"}) == system_id(named) == independent("sys1-", [named])
    assert system_id(named) != system_id(PC | {"processor": {"name": "AMD EPYC 7763", "cores": 32}})


def test_two_unknown_machines_never_become_one() -> None:
    assert system_id(PC, {"path": "a.csv"}) == independent("sys1-", [PC, {"path": "a.csv"}])
    assert system_id(PC, {"path": "a.csv"}) != system_id(PC, {"path": "b.csv"})
    assert system_id(PC) == independent("sys1-", [PC, {}])


@pytest.mark.parametrize(
    ("execution", "place"),
    [
        ("v5.1/closed/Acme/results/box9/resnet50/Offline", "v5.1/closed/Acme/results/box9"),
        ("v0.7/open/Acme Labs/results/box 9/resnet/offline", "v0.7/open/Acme Labs/results/box 9"),
        ("v3.0/Acme/results/box9/weak/openfold", "v3.0/Acme/results/box9"),
        ("v1.0/Closed/Acme/results/rig", "v1.0/Closed/Acme/results/rig"),
        ("closed/Acme/results/box9/resnet50/Offline", None),
        ("5ad1f9c4-uuid", None),
        ("v5.1/closed/Acme/box9", None),
        (None, None),
    ],
)
def test_a_system_of_a_submission_goes_by_its_place(
    execution: str | None, place: str | None
) -> None:
    wanted = independent("sys1-place-", ["mlperf-hpc", place]) if place else None
    assert submitted_system_id("mlperf-hpc", execution) == wanted
    assert submitted_system_id("lpdnn", execution) is None


def test_a_record_of_a_submission_names_its_system_by_the_place() -> None:
    execution = "v5.1/closed/Acme/results/box9/resnet50/Offline"
    for system in (PC, PC | {"processor": {"cores": 64}}):
        named = identified(
            record(
                benchmark={"suite": "mlperf-inference"},
                system=system,
                provenance={"execution": execution},
            )
        )
        assert named.system is not None
        assert named.system.id == submitted_system_id("mlperf-inference", execution)


def test_a_platform_of_the_vocabulary_goes_by_its_id() -> None:
    assert platform("rpi4")["id"] == "rpi4"
    with pytest.raises(KeyError):
        platform("no-such-platform")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        # RFC 8785, section 3.2.2 and appendix B.
        ({"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27]}, '{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'),
        ({"string": "€$\x0f\nA'B\"\\\\\"/"}, '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
        ([56.0, -0.0, True, None, "ö"], '[56,0,true,null,"ö"]'),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "ö": 7},
         '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"\U0001f600":5,"\ufb33":3}'),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740991, "9007199254740991"),
    ],
)  # fmt: skip
def test_equal_data_is_equal_text(data: Any, text: str) -> None:
    assert canonical(data) == text


def record(**more: Any) -> Record:
    return Record.from_dict(
        {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"} | more
    )


def test_a_record_gets_the_ids_that_it_lacks() -> None:
    source = {"path": "bca.csv", "sha256": SHA, "locator": "row=17"}
    named = identified(record(system=PC, provenance={"sources": [source]}))
    assert named.id == "bf1-7gpmema2tucdmn6e6expqd7luy" == expected_id(named)
    assert named.system is not None
    assert named.system.id == independent("sys1-", [PC, {"path": "bca.csv", "sha256": SHA}])
    assert identified(named) == named


def test_ids_of_the_author_are_kept() -> None:
    kept = record(id="mine", system=PC | {"id": "my-pc"})
    assert identified(kept) is kept


def test_a_record_without_a_source_is_a_hash_of_itself() -> None:
    data = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}
    assert identified(record()).id == independent("bf1-", [data])
    assert expected_id(record()) is None
    assert identified(record(task="a:b")).id != identified(record()).id


def test_no_two_records_of_the_corpus_get_one_id() -> None:
    ids = [identified(Record.from_dict(load(path))).id for path in VALID]
    assert len(set(ids)) == len(VALID)
