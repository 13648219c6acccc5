"""Which component's log a text is: a form for each, with the reading of its lines.

No component writes a result file; these are prints of third-party code. A form that other programs print just so is
`generic`: it is read only where somebody says which component it is of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from benchfmt.converters.aibench import readings
from benchfmt.converters.aibench.run import Run

PROFILE = "a profile of kernels, not a benchmark's result: its times do not add up to a latency"


@dataclass(frozen=True)
class Form:
    """How a component's log is recognised (all patterns occur in it) and read."""

    component: str
    signs: tuple[str, ...]
    read: Callable[[Run], None]
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


FORMS = (
    Form(
        "C16",
        (r"^Epoch \d+ \[[0-9.]+ s\]\tloss=[0-9.]+.*\[[0-9.]+ s\]\s*$",),
        readings.learning_to_rank,
        generic=False,
    ),
    Form(
        "C15",
        (r"^Test set: Average loss: [0-9.]+, Accuracy: \d+/\d+ \(", r"^(test_time|train_time)"),
        readings.spatial_transformer,
        generic=False,
    ),
    Form(
        "C10",
        (r"tf_logging\.py:\d+\]", r"Benchmark run: \{'model_name': 'recommendation'"),
        readings.recommendation,
        generic=False,
    ),
    Form("C8", (r"\[Evaluation Loss: [0-9.]+ Acc: [0-9.]+%\]",), readings.face_3d, generic=False),
    Form("C8", (r"Inference Speed:\s*[0-9.]+ fps", r"Val Acc:"), readings.face_3d),
    Form("C8", (r"Training complete in \d+m", r"Best val Acc:"), readings.face_3d),
    Form(
        "C7", (r"valid set - (Triplet Loss|Accuracy)\s+= ",), readings.face_embedding, generic=False
    ),
    Form(
        "C7",
        (r"^Epoch \[\d+/\d+\]\s*$", r"^Test time : [0-9.]+ s", r"^i,\s*y,\s*p"),
        readings.face_embedding,
        generic=False,
    ),
    Form("C14", (r"\.tar rouge_l: [0-9.]+", r"mle_loss: [0-9.]+"), readings.summarization),
    Form(
        "C9",
        (r"im_detect: \d+/\d+ [0-9.]+s [0-9.]+s", r"(Mean AP =|AP for|Namespace\()"),
        readings.object_detection,
    ),
    Form("C1", (r"\* Acc@1 [0-9.]+ Acc@5 [0-9.]+",), readings.image_classification),
    Form("C3", (r"^\[ Epoch \d+ \]", r"- \(Training\)\s+ppl:.*elapse:"), readings.text_to_text),
    Form(
        "C4",
        (r"Epoch \[\d+/\d+\], Step \[\d+/\d+\], Loss: [0-9.]+, Perplexity:",),
        readings.image_to_text,
    ),
    Form(
        "C5",
        (r"(End of epoch \d+ / \d+ \t Time Taken:|Mean pixel accuracy:)",),
        readings.image_to_image,
    ),
    Form("C6", (r"(Training|Validation) Summary Epoch: \[\d+\]",), readings.speech_recognition),
    Form(
        "M", (r"computings times: [0-9.]+ second",), readings.micro_benchmark, suite="aibench-micro"
    ),
    Form(
        "face",
        (r"Accuracy: [0-9.]+\+-[0-9.]+", r"Validation rate: [0-9.]+\+-[0-9.]+ @ FAR="),
        readings.face_recognition,
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
    for pattern, why in AT_THE_START:
        if re.match(pattern, text):
            return why
    for word, pattern, why in NO_RESULT:
        if word in text and re.search(pattern, text, re.MULTILINE):
            return why
    return None
