"""Names of models from command lines: what a shell has still to fill in is no name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchfmt import convert
from benchfmt.converters.file_names import model_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
VARIABLES = ["$MODEL", "${MODEL}", "${MODEL%.onnx}.engine", "models/$NAME.onnx", "$(basename net.onnx)", "`ls *.onnx`",
             "%MODEL%", "<model>", "{model}", "{{ model }}", "${DIR/a/b}", "net_$BATCH.onnx", "$env:MODEL"]  # fmt: skip


@pytest.mark.parametrize("path", [*VARIABLES, "", None, "models/", '"$MODEL"'])
def test_a_variable_is_no_name(path: str | None) -> None:
    assert model_of(path) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("net.onnx", "net.onnx"),
        ("$HOME/models/net.onnx", "net.onnx"),
        ("${ROOT}/a/net-v1_0.5.xml", "net-v1_0.5.xml"),
        ("%USERPROFILE%\\models\\net.onnx", "net.onnx"),
        ('"C:\\my models\\net 2.onnx"', "net 2.onnx"),
        ("$(pwd)/net.onnx", "net.onnx"),
    ],
)
def test_a_folder_may_be_a_variable(path: str, name: str) -> None:
    assert model_of(path) == name


def models(place: Path) -> set[str | None]:
    return {record.model.name if record.model else None for record in convert(place)}


@pytest.mark.parametrize(
    ("fixture", "written"),
    [
        ("trtexec/three-runs-7.log", "b.onnx"),
        ("openvino/python-async.txt", "models/meadow.xml"),
        ("ort/recent.txt", r"\S+\.onnx"),
    ],
)
@pytest.mark.parametrize("variable", ["$MODEL", "${MODEL}.onnx", "%MODEL%"])
def test_no_converter_takes_a_variable_for_a_model(
    fixture: str, written: str, variable: str, tmp_path: Path
) -> None:
    text = (FIXTURES / fixture).read_text("utf-8")
    changed = re.sub(written, lambda _: variable, text)
    assert changed != text
    place = tmp_path / Path(fixture).name
    place.write_text(changed, "utf-8")
    assert models(place) <= {None, "a.uff", "broken.onnx"}
