"""Files of other programs as sources: XML, YAML, JSON, logs, pickles and arrays of objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.hostile.specimens import add, annotated, repeated, specimen

_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))
    + "]>"
)
_QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>'
_OPENML = '<oml:run xmlns:oml="http://openml.org/openml">%s</oml:run>'
_EVALUATIONS = '<oml:evaluations xmlns:oml="http://openml.org/openml">%s</oml:evaluations>'


def _attributes(count: int) -> str:
    return " ".join(f'a{number}="1"' for number in range(count))


_XML: dict[str, tuple[str, Callable[[], str], bool]] = {
    "billion_laughs": ("billion laughs", lambda: _LAUGHS + _OPENML % "&a39;", False),
    "quadratic": ("quadratic blow-up", lambda: _QUADRATIC + _OPENML % ("&a;" * 100_000), False),
    "external_entity": (
        "an external entity",
        lambda: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _OPENML % "&a;",
        False,
    ),
    "external_dtd": (
        "an external DTD",
        lambda: '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">' + _OPENML % "",
        False,
    ),
    "million_attributes": (
        "a million attributes",
        lambda: _OPENML % f"<oml:run_id {_attributes(1_000_000)}>1</oml:run_id>",
        True,
    ),
    "million_attributes_on_the_root": (
        "a million attributes on the root",
        lambda: f'<oml:evaluations xmlns:oml="http://openml.org/openml" {_attributes(1_000_000)}/>',
        True,
    ),
    "million_namespaces": (
        "300,000 namespaces",
        lambda: (
            f'<oml:run xmlns:oml="http://openml.org/openml" {" ".join(f"xmlns:n{n}=%su{n}%s" % (chr(34), chr(34)) for n in range(300_000))}/>'
        ),
        True,
    ),
    "nested": (
        "elements 100,000 deep",
        lambda: _OPENML % ("<a>" * 100_000 + "</a>" * 100_000),
        False,
    ),
    "many_elements": ("5,000,000 elements", lambda: _OPENML % ("<a/>" * 5_000_000), True),
    "many_evaluations": (
        "1,000,000 empty evaluations",
        lambda: _EVALUATIONS % ("<oml:evaluation></oml:evaluation>" * 1_000_000),
        True,
    ),
    "long_text": (
        "a text of 100 MB",
        lambda: _OPENML % f"<oml:run_id>{'1' * 100_000_000}</oml:run_id>",
        True,
    ),
    "long_name": ("a name of 10 MB", lambda: _OPENML % f"<{'a' * 10_000_000}/>", True),
    "long_comment": ("a comment of 100 MB", lambda: _OPENML % f"<!--{'a' * 100_000_000}-->", True),
    "not_closed": (
        "100 MB of elements that are not closed",
        lambda: _OPENML[:48] + "<a>x" * 20_000_000,
        True,
    ),
    "utf_7": (
        "UTF-7",
        lambda: '<?xml version="1.0" encoding="utf-7"?>' + _OPENML % "+ADw-a+AD4-",
        False,
    ),
    "unknown_encoding": (
        "an unknown encoding",
        lambda: '<?xml version="1.0" encoding="klingon"?>' + _OPENML % "",
        False,
    ),
}


def _in_a_source(name: str, text: str, folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    (source / name).write_text(text, "utf-8")
    return ["convert", "source", "-o", "out"]


def _add_xml() -> None:
    for name, (what, text, is_large) in _XML.items():
        add(
            f"xml_{name}",
            f"XML with {what}",
            "",
            lambda folder, text=text: _in_a_source("run.xml", text(), folder),
            statuses=(0, 1, 2),
            is_large=is_large,
        )
        add(
            f"xml_{name}_from_openml",
            f"XML with {what}, from openml",
            "",
            lambda folder, text=text: [
                *_in_a_source("run.xml", text(), folder),
                "--from",
                "openml",
            ],
            statuses=(0, 1, 2),
            is_large=is_large,
        )


_add_xml()

_YAML: dict[str, tuple[str, Callable[[], str], bool]] = {
    "billion_laughs": (
        "billion laughs",
        lambda: (
            'a0: &a0 ["x"]\n'
            + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
        ),
        False,
    ),
    "merge_keys": (
        "merge keys that double",
        lambda: (
            "a0: &a0 {x: 1}\n"
            + "".join(
                f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], y{n}: 1}}\n" for n in range(1, 40)
            )
        ),
        False,
    ),
    "object": (
        "a tag that makes an object",
        lambda: "a: !!python/object/apply:os.system ['touch evil']\n",
        False,
    ),
    "loop": ("an anchor in itself", lambda: "a: &a [*a]\n", False),
    "nested": ("lists 10,000 deep", lambda: "a: " + "[" * 10_000 + "]" * 10_000 + "\n", False),
    "many_keys": ("300,000 keys", lambda: "".join(f"k{n}: 1\n" for n in range(300_000)), True),
    "long_text": ("a text of 50 MB", lambda: "a: " + "x" * 50_000_000 + "\n", True),
    "big_number": ("a number of a million digits", lambda: "a: " + "9" * 1_000_000 + "\n", False),
    "sexagesimal": (
        "a number in base 60 of 100,000 places",
        lambda: "a: 1" + ":59" * 100_000 + "\n",
        False,
    ),
    "tab": ("tabs", lambda: "\t" * 1_000_000 + "\n", False),
}
_YAML_NAMES = ("config.yaml", "mlperf_run_metadata.yaml", "config_dump.yaml", "workload.yaml")


def _yaml(text: str, folder: Path) -> list[str]:
    source = folder / "source"
    (source / ".hydra").mkdir(parents=True)
    for name in (*_YAML_NAMES, ".hydra/config.yaml", ".hydra/overrides.yaml"):
        (source / name).write_text(text, "utf-8")
    (source / "summary.json").write_text('{"model": "unet3d", "metric": {}}', "utf-8")
    return ["convert", "source", "-o", "out"]


def _add_yaml() -> None:
    for name, (what, text, is_large) in _YAML.items():
        add(
            f"yaml_{name}",
            f"YAML with {what}",
            "",
            lambda folder, text=text: _yaml(text(), folder),
            statuses=(0, 1, 2),
            is_large=is_large,
        )


_add_yaml()

_JSON: dict[str, tuple[str, Callable[[], str], bool]] = {
    "nested": ("lists 100,000 deep", lambda: "[" * 100_000 + "]" * 100_000, False),
    "unclosed": ("objects never closed", lambda: '{"a":' * 1_000_000, False),
    "million_keys": (
        "an object of a million keys",
        lambda: "{" + ",".join(f'"k{n}":1' for n in range(1_000_000)) + "}",
        True,
    ),
    "wide_objects": (
        "a list of 100 objects of 9,999 keys each, none of them alike",
        lambda: json.dumps(
            [{f"k{n}": 1 for n in range(m, m + 9999)} for m in range(0, 10**6, 10**4)]
        ),
        True,
    ),
    "many_objects": (
        "a list of 500,000 objects of different keys",
        lambda: "[" + ",".join(f'{{"k{n % 9000}":1}}' for n in range(500_000)) + "]",
        True,
    ),
    "million_lists": ("a million empty lists", lambda: "[" + "[]," * 999_999 + "[]]", True),
    "huge_number": (
        "an integer of a million digits",
        lambda: '[{"a":' + "9" * 1_000_000 + "}]",
        False,
    ),
    "huge_float": ("1e999999", lambda: '[{"a":1e999999,"b":-1e999999}]', False),
    "nan": ("NaN and Infinity", lambda: '[{"a":NaN,"b":Infinity}]', False),
    "surrogates": ("lone surrogates", lambda: '[{"\\ud800":"\\udfff","latency_ms":1}]', False),
    "member_twice": ("a member twice", lambda: '[{"a":1,"a":2}]', False),
    "long_text": (
        "a text of 100 MB",
        lambda: json.dumps([{"latency_ms": 1, "note": "x" * 100_000_000}]),
        True,
    ),
}
_JSON_NAMES = ("results.json", "report.json", "summary.json", "run.json", "table.json")


def _json(name: str, text: str, command: str, folder: Path) -> list[str]:
    if command == "describe":
        (folder / "table.json").write_text(text, "utf-8")
        return ["describe", "table.json"]
    source = folder / "source"
    source.mkdir()
    for file in _JSON_NAMES:
        (source / file).write_text(text, "utf-8")
    return ["convert", "source", "-o", "out"]


def _json_described(text: str, folder: Path) -> list[str]:
    annotated(folder, "t.json", format="json")
    (folder / "t.json").write_text(text, "utf-8")
    return ["validate", "."]


def _add_json() -> None:
    for name, (what, text, is_large) in _JSON.items():
        for command in ("convert", "describe"):
            add(
                f"json_{name}_{command}",
                f"JSON with {what}, `{command}`",
                "",
                lambda folder, name=name, text=text, command=command: _json(
                    name, text(), command, folder
                ),
                statuses=(0, 1, 2),
                is_large=is_large,
                writes=True,
            )
        add(
            f"json_{name}_validate",
            f"a described table of JSON with {what}",
            "BF",
            lambda folder, text=text: _json_described(text(), folder),
            statuses=(0, 1),
            is_large=is_large,
        )


_add_json()

_PICKLE = b"\x80\x04\x95\x1f\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x0atouch evil\x94\x85\x94R\x94."
_NPY = (
    b"\x93NUMPY\x01\0v\0"
    + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117)
    + b"\n"
    + _PICKLE
)


@specimen("pickles and arrays of objects among the sources", "", statuses=(0, 1, 2))
def pickles(folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    for name in (
        "results.pkl",
        "a.pickle",
        "model.pt",
        "x.joblib",
        "mlperf_log_accuracy.json",
        "results.csv",
    ):
        (source / name).write_bytes(_PICKLE)
    (source / "a.npy").write_bytes(_NPY)
    return ["convert", "source", "-o", "out"]


@specimen("a pickle as a table to describe", "pickle", statuses=(2,))
def pickle_to_describe(folder: Path) -> list[str]:
    (folder / "t.csv").write_bytes(_PICKLE)
    return ["describe", "t.csv"]


@specimen("an array of objects as a table to describe", "", statuses=(2,))
def array_to_describe(folder: Path) -> list[str]:
    (folder / "t.npy").write_bytes(_NPY)
    return ["describe", "t.npy"]


_LOGS = {
    "mlperf_log_detail.txt": (
        b"",
        b':::MLLOG {"key": "a", "value": 1, "time_ms": 1.0, "namespace": "x"}\n' * 10_000,
        150,
    ),
    "mlperf_log_summary.txt": (b"", b"Mean latency (ns) : 1\n" * 10_000, 200),
    "result_0.txt": (
        b"",
        b':::MLLOG {"key": "submission_benchmark", "value": "x"}\n' * 10_000,
        150,
    ),
    "emissions.csv": (
        b"timestamp,project_name,run_id,duration,emissions\n",
        b"x,y,z,1,1\n" * 100_000,
        50,
    ),
    "trtexec.log": (b"&&&& RUNNING TensorRT.trtexec\n", b"[I] Latency: min = 1 ms\n" * 10_000, 200),
    "benchmark_app.log": (b"[Step 1/11] Parsing\n", b"[ INFO ] Median: 1 ms\n" * 10_000, 200),
    "long_line.log": (b":::MLLOG ", b"x" * 1_000_000, 100),
    "mlperf_log_accuracy.json": (
        b"[\n",
        b'{"seq_id": 1, "qsl_idx": 1, "data": "00"},\n' * 10_000,
        150,
    ),
    "run.arff": (b"@relation x\n@attribute a numeric\n@data\n", b"1\n" * 100_000, 200),
    "spl.txt": (b"", b"Time,01-01-2024 00:00:00.000,Watts,1,Volts,1\n" * 10_000, 150),
}


def _log(name: str, start: bytes, block: bytes, times: int, folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    repeated(source / name, start, block, times)
    return ["convert", "source", "-o", "out"]


def _add_logs() -> None:
    for name, (start, block, times) in _LOGS.items():
        add(
            f"log_{name.replace('.', '_')}",
            f"{name} of {len(block) * times / 1e6:.0f} MB",
            "",
            lambda folder, n=name, s=start, b=block, t=times: _log(n, s, b, t, folder),
            statuses=(0, 1, 2),
            is_large=True,
            writes=True,
        )


_add_logs()
