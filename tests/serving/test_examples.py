"""The settings of programs around the server, as those programs judge them where they are here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchfmt.cli.commands import app

EXAMPLES = Path(__file__).parents[2] / "examples" / "serve"


def _program(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"there is no {name}")
    return program


def test_the_unit_is_one_of_systemd(tmp_path: Path) -> None:
    analyzer = _program("systemd-analyze")
    text = (EXAMPLES / "benchfmt.service").read_text("utf-8")
    # systemd looks for the program too.
    unit = tmp_path / "benchfmt.service"
    unit.write_text(text.replace("/opt/benchfmt/bin/benchfmt", "/bin/true"))
    done = subprocess.run([analyzer, "verify", unit], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(text.replace("Restart=", "Restrat="))
    broken = subprocess.run([analyzer, "verify", unit], capture_output=True, text=True)
    assert "Restrat" in broken.stderr


def test_the_options_of_the_unit_are_those_of_the_command() -> None:
    text = (EXAMPLES / "benchfmt.service").read_text("utf-8")
    [command] = re.findall("^ExecStart=.*$", text, re.MULTILINE)
    options = re.findall("--[a-z-]+", command)
    known = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    assert len(options) == 4
    assert [option for option in options if option not in known] == []


def test_the_settings_of_nginx_are_taken(tmp_path: Path) -> None:
    nginx = _program("nginx")
    openssl = _program("openssl")
    call = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=x",
    ]
    subprocess.run(
        [*call, "-keyout", "key.pem", "-out", "own.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    text = (EXAMPLES / "nginx.conf").read_text("utf-8")
    text = text.replace("/etc/ssl/bench.example.org.pem", f"{tmp_path}/own.pem")
    text = text.replace("/etc/ssl/private/bench.example.org.key", f"{tmp_path}/key.pem")
    (tmp_path / "benchfmt.conf").write_text(text)
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind}; "
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "whole.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {places} include benchfmt.conf; }}"
    )
    command = [nginx, "-t", "-c", tmp_path / "whole.conf", "-e", tmp_path / "errors"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_settings_of_caddy_are_taken() -> None:
    caddy = _program("caddy")
    file = EXAMPLES / "Caddyfile"
    command = [caddy, "validate", "--adapter", "caddyfile", "--config", file]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
