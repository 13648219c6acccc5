"""What is sent to the AI-on-demand platform comes once, is kept, or is told: by a stand-in that behaves as it was observed."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.publishing.aiod_cases import CASES, observe
from tests.publishing.conftest import RECORDS
from tests.publishing.serving import TOKEN
from tests.publishing.stand_in_aiod import StandIn

from benchfmt import Record
from benchfmt.package import write_package
from benchfmt.publishing import PublishError, open_receipt, receipt_beside
from benchfmt.publishing.aiod import Request, publish, requests_of
from benchfmt.publishing.http import LONGEST_WAIT, TRIES, Server
from benchfmt.publishing.lost import losses
from benchfmt.publishing.outcome import Outcome
from benchfmt.tables import to_batch

Waits = list[float]


@pytest.fixture
def waits() -> Waits:
    return []


@pytest.fixture
def server(platform: StandIn, waits: Waits) -> Iterator[Server]:
    yield Server(platform.url, TOKEN, sleep=waits.append, timeout=10)


def sent(package: Path, server: Server, *, check: bool = False, **options: str) -> Outcome:
    requests, _ = requests_of(package, options)
    with open_receipt(receipt_beside(package), server.url) as receipt:
        return publish(requests, server, receipt, check=check)


def sent_body(body: dict[str, Any], package: Path, server: Server) -> Outcome:
    """Send a body as it is, which no export of ours would write."""
    with open_receipt(receipt_beside(package), server.url) as receipt:
        return publish([Request("dataset.json", "datasets", body, {})], server, receipt)


def lines(outcome: Outcome) -> list[str]:
    return [loss.line for loss in outcome.losses]


def written(platform: StandIn) -> list[tuple[str, str]]:
    return [(method, path) for method, path in platform.asked if method != "GET"]


# --- once, and what has changed ---


def test_a_package_comes_whole_and_is_not_sent_again(
    package: Path, platform: StandIn, server: Server
) -> None:
    first = sent(package, server, license="CC-BY-4.0", date="2026-01-31")
    assert (first.created, first.updated, first.losses) == (3, 0, [])
    data = platform.kept[first.identifiers["dataset.json"]]
    assert data["has_part"] == [
        first.identifiers["computational_assets/a.json"],
        first.identifiers["computational_assets/b.json"],
    ]
    before = len(platform.asked)
    again = sent(package, server, license="CC-BY-4.0", date="2026-01-31")
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert again.identifiers == first.identifiers
    assert len(platform.asked) == before


def test_what_has_changed_is_updated_and_nothing_else(
    package: Path, platform: StandIn, server: Server
) -> None:
    first = sent(package, server, title="Old")
    platform.asked.clear()
    again = sent(package, server, title="New")
    identifier = first.identifiers["dataset.json"]
    assert written(platform) == [("PUT", f"/v3/datasets/{identifier}")]
    assert (again.updated, again.unchanged) == (1, 2)
    assert platform.kept[identifier]["name"] == "New"


def test_another_server_has_its_own_entries(package: Path, server: Server) -> None:
    sent(package, server)
    with StandIn() as other:
        outcome = sent(package, Server(other.url, TOKEN))
    assert outcome.created == 3
    receipt = json.loads(receipt_beside(package).read_text("utf-8"))
    assert set(receipt["servers"]) == {server.url, other.url}
    assert TOKEN not in receipt_beside(package).read_text("utf-8")


def test_what_left_the_package_is_told(package: Path, platform: StandIn, server: Server) -> None:
    first = sent(package, server)
    again = sent(package, server, parts="none")
    assert again.updated == 1
    identifier = first.identifiers["computational_assets/a.json"]
    assert f"the platform still has {identifier}" in "\n".join(again.notes)


def test_an_entry_that_somebody_removed_is_told_and_not_made_again(
    package: Path, platform: StandIn, server: Server
) -> None:
    first = sent(package, server, title="Old")
    del platform.kept[first.identifiers["dataset.json"]]
    with pytest.raises(PublishError, match="the platform no longer has data_"):
        sent(package, server, title="New")


# --- patience ---


def test_a_busy_platform_is_waited_for_as_long_as_it_asks(
    package: Path, platform: StandIn, server: Server, waits: Waits
) -> None:
    platform.faults.extend([(429, "7"), 503, (503, "3")])
    assert sent(package, server).created == 3
    assert waits == [7.0, 2.0, 3.0]


def test_a_date_to_come_back_at_is_waited_for(
    package: Path, platform: StandIn, server: Server, waits: Waits
) -> None:
    platform.faults.append((429, "Wed, 21 Oct 2015 07:28:00 GMT"))
    assert sent(package, server).created == 3
    assert waits == [0.0]


def test_what_asks_for_too_long_or_too_often_is_given_up_and_nothing_is_lost(
    package: Path, platform: StandIn, server: Server, waits: Waits
) -> None:
    platform.faults.append((429, str(LONGEST_WAIT + 1)))
    with pytest.raises(PublishError, match="asks to come back in 7,201 seconds"):
        sent(package, server)
    platform.faults.extend([503] * TRIES)
    with pytest.raises(PublishError, match="refused \\(503\\)"):
        sent(package, server)
    assert len(waits) == TRIES - 1
    assert sent(package, server).created == 3
    assert len(platform.kept) == 3


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["cut-before", "cut-after", 500, 502, 504])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_is_made_twice_where_an_answer_is_lost(
    package: Path, platform: StandIn, server: Server, fault: Any, place: int
) -> None:
    platform.faults.extend([None] * place + [fault])
    try:
        sent(package, server)
    except PublishError as error:
        assert "run the command again" in str(error)
        assert fault != "cut-after"
    outcome = sent(package, server)
    assert len(platform.kept) == len(outcome.identifiers) == 3
    assert sent(package, server, check=True).losses == []


def test_whoever_stops_while_an_answer_is_awaited_makes_nothing_twice(
    package: Path, platform: StandIn, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Server.send

    def stop_after(self: Server, method: str, path: str, data: Any = None) -> Any:
        send(self, method, path, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Server, "send", stop_after)
        with pytest.raises(KeyboardInterrupt):
            sent(package, server)
    assert len(platform.kept) == 1
    outcome = sent(package, server)
    assert (outcome.created, outcome.updated) == (2, 1)
    assert len(platform.kept) == 3


def test_an_entry_of_the_same_name_is_not_taken_for_another(
    tmp_path: Path, platform: StandIn, server: Server
) -> None:
    records = copy.deepcopy(RECORDS)
    for record in records:
        record["system"]["name"] = "Board"
    package = tmp_path / "twins"
    write_package(package, [to_batch(map(Record.from_dict, records))])
    platform.faults.extend([None, "cut-before"])
    with pytest.raises(PublishError, match="run the command again"):
        sent(package, server)
    identifiers = sent(package, server).identifiers
    assert len(set(identifiers.values())) == len(platform.kept) == 3


def test_a_lost_answer_to_an_update_is_asked_for_again(
    package: Path, platform: StandIn, server: Server, waits: Waits
) -> None:
    sent(package, server, title="Old")
    platform.faults.extend(["cut-after", 502])
    assert sent(package, server, title="New").updated == 1
    assert len(waits) == 2


def test_a_server_that_is_not_there_is_told(package: Path, waits: Waits) -> None:
    with pytest.raises(PublishError, match="is not reached"):
        sent(package, Server("http://127.0.0.1:9", TOKEN, sleep=waits.append))
    assert len(waits) == TRIES - 1


# --- what is refused ---


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "a", "platform": "zenodo", "platform_resource_identifier": "1"}, "(403): No p"),
        ({"name": "a", "license": "https://example.org/by"}, "(400): The term 'https"),
        ({"name": "x" * 257}, "at most 256 characters"),
        ({"name": "a", "aiod_entry": {"status": "published"}}, "(422)"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_platform(
    package: Path, server: Server, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(PublishError, match=re.escape(words)):
        sent_body(body, package, server)


def test_an_entry_of_the_same_platform_and_identifier_is_taken_over(
    package: Path, platform: StandIn, server: Server
) -> None:
    platform.is_connector = True
    body = {"name": "old", "platform": "example", "platform_resource_identifier": "1"}
    first = sent_body(body, package, server)
    receipt_beside(package).unlink()
    again = sent_body({**body, "name": "new"}, package, server)
    assert again.identifiers == first.identifiers
    assert "the platform has it already" in again.notes[0]
    assert [entry["name"] for entry in platform.kept.values()] == ["new"]


def test_an_entry_under_review_is_not_changed(
    package: Path, platform: StandIn, server: Server
) -> None:
    first = sent(package, server, title="Old")
    platform.under_review.add(first.identifiers["dataset.json"])
    with pytest.raises(PublishError, match="cannot edit an asset under submission"):
        sent(package, server, title="New")


def test_a_wrong_token_is_told_and_not_shown(package: Path, platform: StandIn) -> None:
    with pytest.raises(PublishError) as error:
        sent(package, Server(platform.url, "wrong-token"))
    assert "BENCHFMT_AIOD_TOKEN" in str(error.value)
    assert "wrong-token" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org", "a token is sent over https only"),
        ("example.org", "is not the address of a server"),
        ("https://me:pass@example.org", "an address with a password"),
    ],
)
def test_a_token_is_not_sent_for_all_to_read(url: str, words: str) -> None:
    with pytest.raises(PublishError, match=words):
        Server(url, TOKEN)


# --- what the platform loses ---

SPOILT: list[tuple[dict[str, Any], list[str]]] = [
    ({"foo": 1}, ["foo: 1 was lost"]),
    ({"description": "text"}, ['description: "text" became {}']),
    ({"size": {"unit": "records", "value": 10.5}}, ["size.value: 10.5 became 10"]),
    (
        {"distribution": [{"name": "f", "content_size_kb": 1.7}]},
        ["distribution[0].content_size_kb: 1.7 became 1"],
    ),
    (
        {"date_published": "2024-01-02T03:04:05+02:00"},
        ['date_published: "2024-01-02T03:04:05+02:00" became "2024-01-02T03:04:05"'],
    ),
    (
        {"keyword": ["Benchmark", "MLPerf", "benchmark"]},
        ['keyword[0]: "Benchmark" was lost', 'keyword[1]: "MLPerf" became "mlperf"'],
    ),
    ({"alternate_name": ["x", "x"]}, ['alternate_name[1]: "x" was lost']),
    ({"version": 1.10}, ['version: 1.1 became "1.1"']),
]


@pytest.mark.parametrize(("body", "expected"), SPOILT)
def test_what_the_platform_spoils_is_found(
    package: Path, server: Server, body: dict[str, Any], expected: list[str]
) -> None:
    outcome = sent_body({"name": "a", **body}, package, server)
    assert lines(outcome) == [f"dataset.json: {line}" for line in expected]


@pytest.mark.slow
def test_the_stand_in_does_what_the_own_server_of_the_platform_did(platform: StandIn) -> None:
    observed = json.loads((Path(__file__).parent / "aiod_observed.json").read_text("utf-8"))
    assert set(observed) == set(CASES)
    assert observe(platform.url, TOKEN) == observed


def test_what_an_update_takes_out_and_the_platform_keeps_is_told(
    package: Path, platform: StandIn, server: Server
) -> None:
    body = {"name": "a", "description": {"plain": "text"}, "size": {"unit": "records", "value": 3}}
    assert lines(sent_body(body, package, server)) == []
    assert lines(sent_body({"name": "a", "version": "1"}, package, server)) == [
        'dataset.json: description: was taken out, and {"plain": "text"} is still there',
        'dataset.json: size: was taken out, and {"unit": "records", "value": 3} is still there',
    ]


def test_a_part_that_somebody_deleted_is_told(
    package: Path, platform: StandIn, server: Server
) -> None:
    first = sent(package, server, title="Old")
    part = first.identifiers["computational_assets/a.json"]
    platform.deleted.add(part)
    outcome = sent(package, server, title="New")
    assert lines(outcome) == [f'dataset.json: has_part[0]: "{part}" was lost']
    with pytest.raises(PublishError, match=f"no longer has {part} .*because it was deleted"):
        sent(package, server, title="New", check=True)


def test_a_part_that_is_gone_is_not_taken_for_the_data_set(
    package: Path, platform: StandIn, server: Server
) -> None:
    first = sent(package, server, title="Old")
    del platform.kept[first.identifiers["computational_assets/a.json"]]
    with pytest.raises(PublishError, match=r"refused \(404\): Could not find AIResourceORM"):
        sent(package, server, title="New")


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    else:
        yield path


def field_of(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]


@pytest.mark.slow
def test_each_planted_loss_is_found(package: Path, platform: StandIn, server: Server) -> None:
    options = {"license": "CC-BY-4.0", "date": "2026-01-31", "files": "https://example.org/x"}
    first = sent(package, server, **options)
    identifier = first.identifiers["dataset.json"]
    paths = list(leaves(platform.kept[identifier]))
    assert len(paths) > 30
    for path in paths:

        def lose(entry: dict[str, Any], path: tuple[str | int, ...] = path) -> None:
            place: Any = entry
            if entry["identifier"] == identifier:
                for part in path[:-1]:
                    place = place[part]
                del place[path[-1]]

        platform.lose = lose
        outcome = sent(package, server, check=True, **options)
        assert [loss.field for loss in outcome.losses] == [field_of(path)]
    platform.lose = lambda entry: entry.update(name="other")
    assert len(sent(package, server, check=True, **options).losses) == 3


def test_an_order_of_its_own_and_what_the_platform_adds_are_no_loss() -> None:
    body = {"keyword": ["a", "b"], "distribution": [{"name": "x"}, {"name": "y", "size": 1}]}
    kept = {
        "keyword": ["b", "a"],
        "distribution": [{"name": "y", "size": 1, "id": 5}, {"name": "x"}],
        "status": "draft",
    }
    assert losses("f", body, kept) == []


def test_a_number_in_place_of_a_truth_value_is_told() -> None:
    (loss,) = losses("f", {"is_accessible_for_free": True}, {"is_accessible_for_free": 1})
    assert loss.line == "f: is_accessible_for_free: true became 1"


# --- the command ---


def command(package: Path, url: str, *more: str) -> list[str]:
    call = [sys.executable, "-m", "benchfmt", "publish", str(package), "--to", "aiod", "--url", url]
    return [*call, *more]


def run(
    package: Path, url: str, *more: str, token: str = TOKEN
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(package, url, *more),
        capture_output=True,
        text=True,
        env={**os.environ, "BENCHFMT_AIOD_TOKEN": token},
        cwd=package.parent,
    )


@pytest.mark.slow
def test_the_command_says_what_was_made_and_what_was_lost(package: Path, platform: StandIn) -> None:
    dry = run(package, platform.url, "--dry-run", token="")
    assert dry.returncode == 0
    assert dry.stdout.splitlines()[-1] == "POST datasets: dataset.json"
    assert platform.asked == []
    assert not receipt_beside(package).exists()
    none = run(package, platform.url, token=" ")  # noqa: S106 - none at all
    assert none.returncode == 2
    assert "BENCHFMT_AIOD_TOKEN of the environment holds no token" in none.stderr
    done = run(package, platform.url)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert "3 created, 0 updated, 0 unchanged; 0 fields lost or changed" in done.stderr
    platform.lose = lambda entry: entry.pop("description", None)
    lossy = run(package, platform.url, "--check", "--format", "json")
    assert lossy.returncode == 1
    answer = json.loads(lossy.stdout)
    assert {loss["field"] for loss in answer["lost"]} == {"description"}
    assert len(answer["lost"]) == 3
    assert TOKEN not in done.stdout + done.stderr + lossy.stdout + lossy.stderr


def test_a_configuration_says_how_packages_are_cited(package: Path, platform: StandIn) -> None:
    (package.parent / "benchfmt.toml").write_text(
        '[publication]\ntitle = "From the configuration"\nlicense = "CC-BY-4.0"\n'
    )
    assert run(package, platform.url, "--option", "license=apache-2.0").returncode == 0
    names = [entry["name"] for entry in platform.kept.values()]
    assert names[-1] == "From the configuration"
    assert list(platform.kept.values())[-1]["license"] == "apache-2.0"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c_leaves_a_receipt_of_what_came(package: Path, platform: StandIn) -> None:
    platform.faults.extend([None, (429, "600")])
    environment = {**os.environ, "BENCHFMT_AIOD_TOKEN": TOKEN}
    call = command(package, platform.url)
    with subprocess.Popen(call, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "trying again in 600 seconds" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        told = process.stderr.read()
    assert "stopped; what was sent before is in the receipt" in told
    assert len(platform.kept) == 1
    assert run(package, platform.url).returncode == 0
    assert len(platform.kept) == 3


@pytest.mark.slow
def test_the_command_refuses_a_package_that_is_not_conformant(
    faulty: Path, platform: StandIn
) -> None:
    for more in (["--dry-run"], []):
        refused = run(faulty, platform.url, *more)
        assert (refused.returncode, refused.stdout) == (1, "")
        first, second = refused.stderr.splitlines()
        assert first == f"{faulty} is not conformant and is not sent: 2 errors (BF301 × 2)"
        assert second == f"benchfmt validate {faulty} shows them; --unchecked sends it all the same"
    assert platform.asked == []
    unchecked = run(faulty, platform.url, "--dry-run", "--unchecked")
    assert unchecked.returncode == 0
    assert unchecked.stdout.splitlines()[-1] == "POST datasets: dataset.json"
