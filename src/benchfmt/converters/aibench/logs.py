"""What the component logs of AIBench say: a form for each component, and what it tells about one run.

No component writes a result file; these are prints of third-party code. A form that other programs print just so is
`generic`: it is read only where somebody says which component it is of.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from benchfmt.converters.texts import derived, measurement, missing, one_line
from benchfmt.record import given

Epoch = tuple[str, str | None]
_ERRORS_TOLD = 3
PROFILE = "a profile of kernels, not a benchmark's result: its times do not add up to a latency"


@dataclass
class Told:
    """What a log says of one run."""

    measurements: list[dict[str, Any]]
    phase: str = "training"
    status: str = "ok"
    detail: str | None = None
    dataset: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)
    software: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    measured_at: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    epochs: tuple[tuple[Fraction, float | None], ...] = ()
    """Seconds of training and the quality after each epoch, for the time to a target."""


@dataclass(frozen=True)
class Form:
    """How a component's log is told (all patterns occur in it) and read."""

    component: str
    signs: tuple[str, ...]
    read: Callable[[str], Told]
    generic: bool = True
    suite: str = "aibench"
    name: str | None = None
    task: str | None = None

    def fits(self, text: str) -> bool:
        """Say whether a text is of this form."""
        return all(re.search(sign, text, re.MULTILINE) for sign in self.signs)

    def begins(self, text: str) -> bool:
        """Say whether a part of a log of this form holds the first of its signs, which its reader needs."""
        return bool(re.search(self.signs[0], text, re.MULTILINE))


def last(pattern: str, text: str) -> re.Match[str] | None:
    """Return the last place where a pattern occurs."""
    found = deque(re.finditer(pattern, text, re.MULTILINE), maxlen=1)
    return found[0] if found else None


def every(pattern: str, text: str) -> list[re.Match[str]]:
    """Return all places where a pattern occurs."""
    return list(re.finditer(pattern, text, re.MULTILINE))


def per_epoch(
    times: Iterable[str], unit: str = "s", stage: str = "training"
) -> list[dict[str, Any]]:
    """Return the mean time of an epoch with the times behind it; one epoch's is as it was printed."""
    printed = list(times)
    key = {"statistic": "mean", "stage": stage, "per": "epoch", "n": len(printed)}
    if not printed:
        return []
    each = [measurement("duration", text, unit) for text in printed]
    if len(printed) == 1:
        return [{**each[0], **key, "statistic": "single"}]
    total = sum((Fraction(text) for text in printed), Fraction(0)) * (60 if unit == "min" else 1)
    return [
        derived("duration", total / len(printed), **key, samples=[item["value"] for item in each])
    ]


def crash(text: str) -> str | None:
    """Return the last error of a log that ends with one, else None."""
    if "Traceback (most recent call last)" not in text:
        return None
    lines = [
        line.strip()
        for line in text.split("\n")
        if re.match(r"\s*[\w.]+(Error|Exception|Interrupt)\b", line)
    ]
    return "\n".join(dict.fromkeys(lines[-_ERRORS_TOLD:])) or "Traceback (most recent call last)"


def namespaces(text: str) -> dict[str, Any]:
    """Return the arguments of every printed `Namespace(...)`, later ones over earlier ones."""
    found: dict[str, Any] = {}
    for match in every(r"^[^\n]{0,200}?Namespace\((?P<inside>[^\n]*)\)[ \t\r]*$", text):
        try:
            call = ast.parse(f"f({match['inside']})", mode="eval").body
            arguments = call.keywords if isinstance(call, ast.Call) else []
            found |= {item.arg: ast.literal_eval(item.value) for item in arguments if item.arg}
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str | int | float | bool | list)
    }


def _c1(text: str) -> Told:
    match = last(r"\* Acc@1 (?P<one>[0-9.]+) Acc@5 (?P<five>[0-9.]+)", text)
    assert match is not None  # noqa: S101 - the form's sign
    training = bool(re.search(r"^Epoch: \[", text, re.MULTILINE))
    key = {"statistic": "final" if training else "pooled"}
    found = [
        measurement("accuracy", match["one"], "%", **key),
        measurement("top-5-accuracy", match["five"], "%", **key),
    ]
    return Told(found, "training" if training else "inference")


def _c3(text: str) -> Told:
    row = r"- \({}\)\s+ppl:\s*(?P<ppl>[0-9.]+), accuracy:\s*(?P<acc>[0-9.]+) %, elapse:\s*(?P<min>[0-9.]+) min"
    trained, checked = every(row.format("Training"), text), every(row.format("Validation"), text)
    found = per_epoch((m["min"] for m in trained), "min")
    source, stage = (checked, None) if checked else (trained, "training")
    if source:
        key = given(statistic="final", stage=stage)
        found += [
            measurement("accuracy", source[-1]["acc"], "%", **key),
            measurement("perplexity", source[-1]["ppl"], **key),
        ]
    epochs = [
        (Fraction(t["min"]) * 60, float(Fraction(c["acc"]) / 100))
        for t, c in zip(trained, checked, strict=False)
    ]
    return Told(found, epochs=tuple(epochs) if len(trained) == len(checked) else ())


def _c4(text: str) -> Told:
    match = last(
        r"Epoch \[(?P<e>\d+)/(?P<of>\d+)\], Step \[(?P<s>\d+)/(?P<steps>\d+)\], Loss: (?P<loss>[0-9.]+), "
        r"Perplexity: (?P<ppl>[0-9.]+)",
        text,
    )
    assert match is not None  # noqa: S101 - the form's sign
    found = [measurement("perplexity", match["ppl"], statistic="final", stage="training")]
    told = Told(found, extra={"loss": match["loss"]})
    if int(match["e"]) + 1 < int(match["of"]):
        told.status, told.detail = (
            "incomplete",
            f"the log ends in epoch {match['e']} of {match['of']}",
        )
    return told


def _c5(text: str) -> Told:
    found = per_epoch(
        m["s"] for m in every(r"End of epoch \d+ / \d+ \t Time Taken: (?P<s>[0-9.]+) sec", text)
    )
    for metric, words in (("pixel-accuracy", "Mean pixel accuracy"), ("miou", "Mean class IoU")):
        match = last(rf"{words}:\s*(?P<value>[0-9.]+)", text)
        found += [measurement(metric, match["value"], statistic="final")] if match else []
    return Told(found)


def _c6(text: str) -> Told:
    times = every(r"Training Summary Epoch: \[\d+\]\s+Time taken \(s\): (?P<s>[0-9.]+)", text)
    rows = every(
        r"Validation Summary Epoch: \[\d+\]\s+Average WER (?P<wer>[0-9.]+)\s+Average CER (?P<cer>[0-9.]+)",
        text,
    )
    found = per_epoch(m["s"] for m in times)
    if rows:
        found += [
            measurement("word-error-rate", rows[-1]["wer"], "%", statistic="final"),
            measurement("character-error-rate", rows[-1]["cer"], "%", statistic="final"),
        ]
    epochs = [
        (Fraction(t["s"]), float(Fraction(r["wer"]) / 100))
        for t, r in zip(times, rows, strict=False)
    ]
    return Told(found, epochs=tuple(epochs) if len(times) == len(rows) else ())


def _c7(text: str) -> Told:
    found = []
    accuracy = last(r"valid set - Accuracy\s+= (?P<value>[0-9.]+)", text)
    loss = last(r"valid set - Triplet Loss\s+= (?P<value>[0-9.]+)", text)
    time = last(r"^Test time : (?P<value>[0-9.]+) s", text)
    if accuracy:
        found.append(measurement("accuracy", accuracy["value"], statistic="pooled"))
    if time:
        found.append(measurement("duration", time["value"], "s", stage="evaluation", per="epoch"))
    if loss:
        found.append(measurement("aibench:triplet-loss", loss["value"], statistic="mean"))
    epoch = last(r"^Epoch \[(?P<e>\d+)/(?P<of>\d+)\]", text)
    trained = "train set - Triplet Loss" in text
    told = Told(
        found,
        "training" if trained else "inference",
        extra=given(epoch=f"{epoch['e']}/{epoch['of']}" if epoch else None),
    )
    if not accuracy:
        told.measurements.append(missing("accuracy", "not-reached", statistic="pooled"))
        told.status, told.detail = "incomplete", "the log ends before the accuracy is printed"
    elif trained and epoch and epoch["e"] != epoch["of"]:
        told.status, told.detail = (
            "incomplete",
            f"the log ends after epoch {epoch['e']} of {epoch['of']}",
        )
    return told


def _c8(text: str) -> Told:
    bar = last(
        r"\[Evaluation Loss: (?P<loss>[0-9.]+) Acc: (?P<acc>[0-9.]+)%\]:\s*\d+%\|[^|]*\|\s*(?P<done>\d+)/(?P<total>\d+)",
        text,
    )
    best = last(r"Best val Acc:\s*(?P<acc>[0-9.]+)", text)
    complete = last(r"Training complete in (?P<m>\d+)m (?P<s>[0-9.]+)s", text)
    speed = last(r"Inference Speed:\s*(?P<fps>[0-9.]+) fps", text)
    end = last(r"Val Acc:\s*(?P<acc>[0-9.]+), Val loss:\s*(?P<loss>[0-9.]+)", text)
    told = Told([], "training" if complete or best else "inference")
    if complete:
        seconds = Fraction(complete["s"]) + 60 * int(complete["m"])
        whole = {**derived("duration", seconds, stage="training", per="run"), "basis": "measured"}
        told.measurements.append(whole)
    if speed:
        told.measurements.append(
            measurement(
                "throughput", speed["fps"], "/s", statistic="mean", stage="evaluation", per="sample"
            )
        )
    if end:
        told.measurements.append(measurement("accuracy", end["acc"], statistic="pooled"))
    elif best:
        told.measurements.append(measurement("accuracy", best["acc"], statistic="best"))
    elif bar and bar["done"] == bar["total"]:
        told.measurements.append(measurement("accuracy", bar["acc"], "%", statistic="pooled"))
    elif bar:
        # The bar shows a running mean: that of a fiftieth of the data is no accuracy of the model.
        told.measurements.append(missing("accuracy", "not-reached", statistic="pooled"))
        told.status, told.detail = (
            "incomplete",
            f"the evaluation stopped at {bar['done']} of {bar['total']} batches",
        )
        told.extra = {"running_accuracy": f"{bar['acc']}%", "running_loss": bar["loss"]}
    return told


def _c9(text: str) -> Told:
    found = [
        measurement(
            "average-precision",
            m["ap"],
            scope=f"class:{one_line(m['name']).replace(' ', '-').lower()}",
        )
        for m in every(r"^AP for (?P<name>[\w -]+) = (?P<ap>[0-9.]+)", text)
    ]
    mean, whole = (
        last(r"Mean AP = (?P<ap>[0-9.]+)", text),
        last(r"test time: (?P<s>[0-9.]+)s", text),
    )
    images = every(r"im_detect: (?P<i>\d+)/(?P<n>\d+) (?P<detect>[0-9.]+)s (?P<nms>[0-9.]+)s", text)
    if mean:
        found.append(measurement("map", mean["ap"]))
    if whole:
        found.append(measurement("duration", whole["s"], "s", stage="evaluation", per="run"))
    counted = images[1:]  # the first image waits for the device
    for stage, group in (("inference", "detect"), ("postprocess", "nms")) if counted else ():
        total = sum((Fraction(m[group]) for m in counted), Fraction(0))
        key = {"statistic": "mean", "stage": stage, "per": "sample", "n": len(counted)}
        found.append(derived("latency", total / len(counted), **key))
    said = namespaces(text)
    told = Told(
        found,
        "inference",
        dataset=given(name=said.get("dataset")),
        extra=given(net=said.get("net")),
    )
    if not mean:
        told.measurements.append(missing("map", "not-reached"))
        told.status, told.detail = (
            "incomplete",
            "the log ends before the mean average precision is printed",
        )
    return told


def _c10(text: str) -> Told:
    match = last(r"^[^\n]{0,200}?Benchmark run: (?P<run>\{.*\})[ \t\r]*$", text)
    try:
        run = ast.literal_eval(match["run"]) if match else {}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        run = {}
    machine, version = run.get("machine_config") or {}, run.get("tensorflow_version") or {}
    gpu = machine.get("gpu_info") or {}
    parameters = {
        item["name"]: next(value for key, value in item.items() if key != "name")
        for item in run.get("run_parameters") or ()
        if isinstance(item, dict) and len(item) > 1
    }
    told = Told(
        [missing("hit-rate", "not-reported", statistic="final"), *_steps(text)],
        dataset=given(name=(run.get("dataset") or {}).get("name")),
        system=given(
            accelerator=given(kind="gpu", name=gpu.get("model"), count=gpu.get("count"))
            if gpu
            else None,
            memory_bytes=machine.get("memory_total"),
        ),
        software=given(engine="tensorflow", engine_version=version.get("version")),
        configuration=given(
            batch_size=parameters.get("batch_size"),
            hyperparameters={
                name: value for name, value in parameters.items() if name != "batch_size"
            },
        ),
        measured_at=run.get("run_date"),
    )
    error = crash(text)
    if error:
        told.measurements[0] = missing("hit-rate", "run-failed", statistic="final")
        told.status, told.detail = "failed", error
    return told


def _steps(text: str) -> list[dict[str, Any]]:
    rates = [m["rate"] for m in every(r"global_step/sec: (?P<rate>[0-9.]+)\s*$", text)]
    if not rates:
        return []
    mean = sum((Fraction(rate) for rate in rates), Fraction(0)) / len(rates)
    key = {"statistic": "mean", "stage": "training", "per": "step", "n": len(rates)}
    return [derived("throughput", mean, **key, samples=[float(rate) for rate in rates])]


def _c14(text: str) -> Told:
    found = []
    scores = last(r"^[^\n]{0,500}?\.tar scores: (?P<scores>\{.*\})[ \t\r]*$", text)
    try:
        said = ast.literal_eval(scores["scores"]) if scores else {}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        said = {}
    for name in ("rouge-1", "rouge-2", "rouge-l"):
        value = said.get(name, {}).get("f") if isinstance(said.get(name), dict) else None
        if isinstance(value, float):
            found.append(measurement(name, repr(value), statistic="final"))
    each = every(r"\.tar rouge_l: (?P<value>[0-9.]+)", text)
    if each:
        found.append(
            measurement("rouge-l", max((m["value"] for m in each), key=Fraction), statistic="best")
        )
    return Told(found)


def _c15(text: str) -> Told:
    match = last(
        r"Test set: Average loss: (?P<loss>[0-9.]+), Accuracy: (?P<right>\d+)/(?P<all>\d+) \(", text
    )
    assert match is not None  # noqa: S101 - the form's sign
    right, total = int(match["right"]), int(match["all"])
    found = [
        {
            **derived("accuracy", Fraction(right, total or 1), statistic="pooled"),
            "basis": "measured",
            "n": total,
            "reported_value": f"{right}/{total}",
        },
        measurement("log-loss", match["loss"], statistic="mean"),
    ]
    times = every(r"test_time: (?P<s>[0-9.]+)\s+s", text)
    if times:
        found.append(measurement("duration", times[-1]["s"], "s", stage="evaluation", per="epoch"))
    trained = every(r"train_time: (?P<s>[0-9.]+)", text)
    found += per_epoch(m["s"] for m in trained)
    return Told(
        found, "training" if trained else "inference", dataset=given(split="test", samples=total)
    )


def _c16(text: str) -> Told:
    epochs = every(
        r"^Epoch (?P<e>\d+) \[(?P<s>[0-9.]+) s\]\tloss=(?P<loss>[0-9.]+)(?:, map=(?P<map>[0-9.]+), precisions=(?P<p>[0-9.,]+), "
        r"recalls=(?P<r>[0-9.,]+), ndcgs=(?P<g>[0-9.,]+?))?\s*\[(?P<t>[0-9.]+) s\]",
        text,
    )
    said = namespaces(text)
    samples, parameters = (
        last(r"total training instances: (?P<n>\d+)", text),
        last(r"Number of params: (?P<n>\d+)", text),
    )
    told = Told(
        per_epoch(m["s"] for m in epochs),
        dataset=given(samples=int(samples["n"]) if samples else None),
        model=given(parameters=int(parameters["n"]) if parameters else None),
        configuration=given(
            batch_size=said.pop("batch_size", None),
            hyperparameters={k: v for k, v in said.items() if not k.endswith("_root")} or None,
        ),
        extra=given(loss=epochs[-1]["loss"] if epochs else None),
        epochs=tuple((Fraction(m["s"]), float(m["map"]) if m["map"] else None) for m in epochs),
    )
    ranked = [m for m in epochs if m["map"]]
    if not ranked:
        told.measurements.append(missing("map", "not-measured", statistic="final"))
        told.status, told.detail = "incomplete", "no epoch was evaluated"
        return told
    final = ranked[-1]
    told.measurements.append(measurement("map", final["map"], statistic="final"))
    for metric, group in (("precision", "p"), ("recall", "r"), ("ndcg", "g")):
        for k, value in zip((3, 5, 10), final[group].split(","), strict=False):
            told.measurements.append(measurement(f"{metric}@{k}", value, statistic="final"))
    return told


def _micro(text: str) -> Told:
    match = last(r"computings times: (?P<s>[0-9.]+) second", text)
    assert match is not None  # noqa: S101 - the form's sign
    # time.clock(): seconds of the processor, for a loop of 128 runs, the building of the graph left out.
    return Told(
        [measurement("cpu-time", match["s"], "s", stage="inference", per="run")], "inference"
    )


def _edge_face(text: str) -> Told:
    found = []
    accuracy = last(r"Accuracy: (?P<mean>[0-9.]+)\+-(?P<std>[0-9.]+)", text)
    if accuracy:
        found.append(
            measurement(
                "accuracy", accuracy["mean"], statistic="mean", stddev=float(accuracy["std"])
            )
        )
    rate = last(
        r"Validation rate: (?P<mean>[0-9.]+)\+-(?P<std>[0-9.]+) @ FAR=(?P<far>[0-9.]+)", text
    )
    if rate:
        found.append(
            measurement(
                "aibench:validation-rate", rate["mean"], statistic="mean", stddev=float(rate["std"])
            )
        )
    for metric, words in (
        ("auroc", r"Area Under Curve \(AUC\)"),
        ("equal-error-rate", r"Equal Error Rate \(EER\)"),
    ):
        match = last(rf"{words}: (?P<value>[0-9.]+)", text)
        found += [measurement(metric, match["value"])] if match else []
    return Told(found, "inference", extra=given(far=rate["far"] if rate else None))


FORMS = (
    Form(
        "C16", (r"^Epoch \d+ \[[0-9.]+ s\]\tloss=[0-9.]+.*\[[0-9.]+ s\]\s*$",), _c16, generic=False
    ),
    Form(
        "C15",
        (r"^Test set: Average loss: [0-9.]+, Accuracy: \d+/\d+ \(", r"^(test_time|train_time)"),
        _c15,
        generic=False,
    ),
    Form(
        "C10",
        (r"tf_logging\.py:\d+\]", r"Benchmark run: \{'model_name': 'recommendation'"),
        _c10,
        generic=False,
    ),
    Form("C8", (r"\[Evaluation Loss: [0-9.]+ Acc: [0-9.]+%\]",), _c8, generic=False),
    Form("C8", (r"Inference Speed:\s*[0-9.]+ fps", r"Val Acc:"), _c8),
    Form("C8", (r"Training complete in \d+m", r"Best val Acc:"), _c8),
    Form("C7", (r"valid set - (Triplet Loss|Accuracy)\s+= ",), _c7, generic=False),
    Form(
        "C7",
        (r"^Epoch \[\d+/\d+\]\s*$", r"^Test time : [0-9.]+ s", r"^i,\s*y,\s*p"),
        _c7,
        generic=False,
    ),
    Form("C14", (r"\.tar rouge_l: [0-9.]+", r"mle_loss: [0-9.]+"), _c14),
    Form("C9", (r"im_detect: \d+/\d+ [0-9.]+s [0-9.]+s", r"(Mean AP =|AP for|Namespace\()"), _c9),
    Form("C1", (r"\* Acc@1 [0-9.]+ Acc@5 [0-9.]+",), _c1),
    Form("C3", (r"^\[ Epoch \d+ \]", r"- \(Training\)\s+ppl:.*elapse:"), _c3),
    Form("C4", (r"Epoch \[\d+/\d+\], Step \[\d+/\d+\], Loss: [0-9.]+, Perplexity:",), _c4),
    Form("C5", (r"(End of epoch \d+ / \d+ \t Time Taken:|Mean pixel accuracy:)",), _c5),
    Form("C6", (r"(Training|Validation) Summary Epoch: \[\d+\]",), _c6),
    Form("M", (r"computings times: [0-9.]+ second",), _micro, suite="aibench-micro"),
    Form(
        "face",
        (r"Accuracy: [0-9.]+\+-[0-9.]+", r"Validation rate: [0-9.]+\+-[0-9.]+ @ FAR="),
        _edge_face,
        suite="aibench-edge",
        name="face-recognition",
        task="face-recognition",
    ),
)

NO_RESULT = (
    (
        "Loss_D",
        r"Loss_D: \S+ Loss_G: \S+",
        "losses of a generator and its critic (AIBench C2): the component has no quality",
    ),
    (
        " loss:",
        r"^\[\d+: +\d+/\d+\] (train|val) loss:",
        "chamfer losses (AIBench C13), which are not the component's quality",
    ),
    (
        "Arguments:",
        r"^\[\d{4}-\d\d-\d\d,\d\d:\d\d:\d\d\] *Arguments:",
        "a log of AIBench C11, whose lines of metrics are not known",
    ),
    ("NVPROF", r"^==\d+== NVPROF", PROFILE),
    ('"Time(%)"', r'^"Type","Time\(%\)"', PROFILE),
    ('"Kernel"', r'^"Device","Kernel","Invocations"', PROFILE),
    (
        "logger.py",
        r"@logger\.py:\d+\][^\n]*\n[^\n]*Environment Information",
        "the header of a training log without any result",
    ),
)
"""What looks like a log of AIBench and is no result: a word, the pattern it stands in, and why."""
AT_THE_START = (
    (r"\w+\(\n  \(\w+\): ", "the dump of a model; it holds no result"),
    (r"(/[^\s:]+\n){5,}", "a listing of files, whatever its name says"),
    (r"type,Lane Keeping,", "times by kind of kernel whose unit is not stated"),
)
WORDS = (
    "loss=",
    "Test set: Average loss",
    "tf_logging.py",
    "[Evaluation Loss",
    "Inference Speed",
    "Best val Acc",
    "valid set -",
    "Test time :",
    "rouge_l:",
    "im_detect:",
    "Acc@1",
    "elapse:",
    "Perplexity:",
    "Time Taken:",
    "Mean pixel accuracy",
    "Summary Epoch",
    "computings times",
    "Validation rate:",
)
"""One of them stands in every log that has a form; looking for them first is quick."""


OWN = re.compile(
    r"(?:[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ tf_logging\.py:[0-9]+\]|Epoch:? (?:\[?[0-9]+|gpu_mem)|\[ Epoch [0-9]|Train Epoch: "
    r"|Test(?: set)?: |Test time :|test_time|train_time|test time:|\* Acc@1 |- \((?:Training|Validation)\)|End of epoch |\(epoch: "
    r"|Mean pixel accuracy:|Mean class IoU:|(?:Training|Validation) Summary Epoch:|(?:valid|train) set - |i,\s*y,\s*p|\[Evaluation Loss"
    r"|\[Train\w* Loss|Training complete in |Best val Acc:|Inference Speed:|Val Acc:|Namespace\(|im_detect: |AP for |Mean AP ="
    r"|\S{1,200}\.tar (?:rouge_l|scores):|iter: [0-9]+ mle_loss|-*MLE (?:Training|Validation|\+ RL)|computings times: |Accuracy: [0-9.]+\+-"
    r"|Validation rate: |Area Under Curve|Equal Error Rate|total training instances:|Number of params:|Benchmark run: \{"
    r"|loss = [0-9.e+-]+, step = |global_step/sec: |[0-9]+/[0-9]+\s+[0-9.]+G\s|DLLL \{|==[0-9]+== NVPROF"
    r'|"Type","Time\(%\)"|"Device","Kernel"|\[[0-9]+: +[0-9]+/[0-9]+\] (?:train|val) loss:|\[[0-9]+/[0-9]+\]\[[0-9]+/[0-9]+\])'
)
"""How the lines of the components begin; what shells and platforms put before them is no part of them."""


def form_of(text: str) -> Form | None:
    """Return the form of a log, or None."""
    return next(iter(forms_of(text)), None)


def forms_of(text: str) -> list[Form]:
    """Return the forms that a log fits, the surest first."""
    if not any(word in text for word in WORDS):
        return []
    return [form for form in FORMS if form.fits(text)]


def why_no_result(text: str) -> str | None:
    """Say why a file of the family is no result, or None where nothing is known of it."""
    start = next((why for pattern, why in AT_THE_START if re.match(pattern, text)), None)
    found = (
        why
        for word, pattern, why in NO_RESULT
        if word in text and re.search(pattern, text, re.MULTILINE)
    )
    return start or next(found, None)
