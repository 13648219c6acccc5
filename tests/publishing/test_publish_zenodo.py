"""What is deposited on Zenodo is one draft with one zip, becomes public only when that is asked for, and never two records."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.publishing.serving import TOKEN
from tests.publishing.stand_in_zenodo import StandIn
from tests.sparing import some

from benchfmt.bundling import bundle
from benchfmt.publishing import PublishError, open_receipt, receipt_beside
from benchfmt.publishing.http import Server
from benchfmt.publishing.outcome import Outcome
from benchfmt.publishing.zenodo import PRODUCTION, SANDBOX, metadata_of, publish

OPTIONS = {
    "title": "Results of January",
    "authors": "Doe, Jane <0000-0002-1825-0097>; Acme Lab",
    "license": "CC-BY-4.0",
    "version": "1.0",
}


@pytest.fixture
def zenodo() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def server(zenodo: StandIn) -> Server:
    return Server(zenodo.url, TOKEN, sleep=lambda _: None, timeout=10)


@pytest.fixture(scope="session")
def bundled(written: Path) -> Path:
    target = written.parent / "results.zip"
    bundle(written, target, remote=False, **OPTIONS)
    return target


@pytest.fixture
def archive(bundled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled, tmp_path))


def sent(archive: Path, server: Server, *, is_final: bool = False, **options: str) -> Outcome:
    metadata = metadata_of(archive, options)
    with open_receipt(archive.parent / "receipt.json", server.url) as receipt:
        return publish(archive, metadata, server, receipt, is_final=is_final)


def kept(archive: Path) -> dict[str, Any]:
    """Return what the receipt says of the one deposition."""
    data = json.loads((archive.parent / "receipt.json").read_text("utf-8"))
    (of_server,) = data["servers"].values()
    return dict(of_server["deposition"])


def test_a_bundle_becomes_a_draft_with_what_it_says_of_itself(
    archive: Path, zenodo: StandIn, server: Server
) -> None:
    outcome = sent(archive, server)
    assert (outcome.created, outcome.losses) == (1, [])
    assert outcome.identifiers == {
        "deposition": "1000",
        "doi": "10.5072/zenodo.1000",
        "page": "https://sandbox.zenodo.org/deposit/1000",
    }
    (deposition,) = zenodo.depositions.values()
    assert not deposition["submitted"]
    assert zenodo.files[1000] == {"results.zip": archive.read_bytes()}
    metadata = deposition["metadata"]
    assert metadata["creators"] == [
        {"name": "Doe, Jane", "orcid": "0000-0002-1825-0097"},
        {"name": "Acme Lab"},
    ]
    assert (metadata["upload_type"], metadata["license"]) == ("dataset", "cc-by-4.0")
    assert metadata["description"].startswith("<p>2 results of AI benchmarks")
    assert "publication_date" not in metadata
    assert "--publish" in outcome.notes[0]


def test_it_is_published_only_when_that_is_asked_for_and_once(
    archive: Path, zenodo: StandIn, server: Server
) -> None:
    sent(archive, server)
    zenodo.asked.clear()
    outcome = sent(archive, server, is_final=True)
    assert zenodo.asked == [("POST", "/deposit/depositions/1000/actions/publish")]
    assert outcome.identifiers["doi"] == "10.5072/zenodo.1000"
    assert outcome.identifiers["page"] == "https://sandbox.zenodo.org/records/1000"
    zenodo.asked.clear()
    again = sent(archive, server, is_final=True)
    assert (again.unchanged, zenodo.asked) == (1, [])
    assert len(zenodo.depositions) == 1


def test_new_data_is_a_new_version_and_new_words_are_not(
    archive: Path, zenodo: StandIn, server: Server
) -> None:
    sent(archive, server, is_final=True)
    words = sent(archive, server, is_final=True, title="Better words")
    assert (words.created, words.updated) == (0, 1)
    assert len(zenodo.depositions) == 1
    assert zenodo.depositions[1000]["metadata"]["title"] == "Better words"
    with zipfile.ZipFile(archive, "a") as changed:
        changed.writestr("NOTES.txt", "more")
    data = sent(archive, server, is_final=True, title="Better words")
    assert (data.created, data.identifiers["deposition"]) == (1, "1001")
    assert zenodo.files[1001] == {"results.zip": archive.read_bytes()}
    assert zenodo.files[1000] != zenodo.files[1001]
    assert zenodo.depositions[1001]["submitted"]


def test_a_draft_follows_the_package(archive: Path, zenodo: StandIn, server: Server) -> None:
    sent(archive, server)
    renamed = archive.rename(archive.with_name("better.zip"))
    with zipfile.ZipFile(renamed, "a") as changed:
        changed.writestr("NOTES.txt", "more")
    outcome = sent(renamed, server, title="Better words")
    assert outcome.updated == 1
    assert list(zenodo.files[1000]) == ["better.zip"]
    assert len(zenodo.depositions) == 1


def test_a_file_that_came_spoilt_is_told_and_sent_again(
    archive: Path, zenodo: StandIn, server: Server
) -> None:
    zenodo.spoil = lambda content: content[:-1]
    with pytest.raises(PublishError, match=r"results\.zip came with md5:"):
        sent(archive, server, is_final=True)
    assert not zenodo.depositions[1000]["submitted"]
    zenodo.spoil = lambda content: content
    assert sent(archive, server).losses == []
    assert zenodo.files[1000] == {"results.zip": archive.read_bytes()}
    assert len(zenodo.depositions) == 1


@pytest.mark.parametrize("field", ["title", "creators", "license", "version", "keywords"])
def test_what_zenodo_loses_is_found(
    archive: Path, zenodo: StandIn, server: Server, field: str
) -> None:
    zenodo.lose = lambda metadata: metadata.pop(field, None)
    assert [loss.field for loss in sent(archive, server).losses] == [field]


@pytest.mark.parametrize("fault", some(["cut-before", 500, "cut-after", 502, (429, "1"), 503]))
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_whatever_breaks_a_second_call_goes_on(
    archive: Path, zenodo: StandIn, server: Server, fault: Any, place: int
) -> None:
    zenodo.faults.extend([None] * place + [fault])
    try:
        sent(archive, server, is_final=True)
    except PublishError as error:
        assert "un the command again" in str(error)
    outcome = sent(archive, server, is_final=True)
    published = [item for item in zenodo.depositions.values() if item["submitted"]]
    assert [str(item["id"]) for item in published] == [outcome.identifiers["deposition"]]
    assert kept(archive)["facts"]["published"]


def test_what_zenodo_asks_for_and_nobody_says_is_told_before_anything_is_sent(
    package: Path, zenodo: StandIn
) -> None:
    bundle(package, package.parent / "bare.zip")
    with pytest.raises(PublishError, match="title and authors, and nobody says them"):
        metadata_of(package.parent / "bare.zip", {})
    assert zenodo.asked == []


def test_a_refusal_is_told_in_the_words_of_zenodo(
    archive: Path, zenodo: StandIn, server: Server
) -> None:
    with pytest.raises(PublishError, match="Invalid license"):
        sent(archive, server, license="MIT")
    with pytest.raises(PublishError, match="BENCHFMT_ZENODO_TOKEN"):
        sent(archive, Server(zenodo.url, "wrong"))


def test_a_bucket_on_another_server_gets_nothing(
    archive: Path, zenodo: StandIn, server: Server
) -> None:
    sent(archive, server)
    receipt = archive.parent / "receipt.json"
    receipt.write_text(receipt.read_text().replace(f"{zenodo.url}/files", "https://evil.org/files"))
    with zipfile.ZipFile(archive, "a") as changed:
        changed.writestr("NOTES.txt", "more")
    with pytest.raises(PublishError, match="which is another server; nothing is sent"):
        sent(archive, server)


def run(package: Path, *more: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "benchfmt", "publish", str(package), "--to", "zenodo", *more]
    environment = {**os.environ, "BENCHFMT_ZENODO_TOKEN": TOKEN}
    return subprocess.run(call, capture_output=True, text=True, env=environment, cwd=package.parent)


@pytest.mark.slow
def test_the_command_bundles_a_package_and_goes_to_the_sandbox_unless_told(
    package: Path, zenodo: StandIn
) -> None:
    options = [f"--option={key}={text}" for key, text in OPTIONS.items()]
    dry = run(package, "--dry-run", *options)
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.splitlines()[0] == "POST a new deposition"
    first = run(package, "--url", zenodo.url, *options)
    assert first.returncode == 0, first.stderr
    assert "deposition 1000" in first.stdout
    assert list(zenodo.files[1000]) == ["package.zip"]
    again = run(package, "--url", zenodo.url, *options, "--format", "json")
    assert json.loads(again.stdout)["unchanged"] == 1
    assert receipt_beside(package).exists()
    assert TOKEN not in receipt_beside(package).read_text("utf-8") + first.stdout + first.stderr
    assert "sandbox" in SANDBOX
    assert "sandbox" not in PRODUCTION


@pytest.mark.slow
def test_the_command_refuses_a_package_or_bundle_that_is_not_conformant(
    faulty: Path, zenodo: StandIn
) -> None:
    options = [f"--option={key}={text}" for key, text in OPTIONS.items()]
    bundle(faulty, faulty.with_name("faulty.zip"), remote=False, **OPTIONS)
    for package in (faulty, faulty.with_name("faulty.zip")):
        refused = run(package, "--url", zenodo.url, *options)
        assert (refused.returncode, refused.stdout) == (1, "")
        told = f"{package} is not conformant and is not sent: 2 errors (BF301 × 2)"
        assert told in refused.stderr
    assert zenodo.asked == []
    unchecked = run(faulty, "--dry-run", "--unchecked", *options)
    assert unchecked.stdout.splitlines()[0] == "POST a new deposition"
