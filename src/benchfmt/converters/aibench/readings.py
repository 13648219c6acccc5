"""What each component's log says of a run: the lines that it prints, and the measurements that they are.

No component writes a result file; these are prints of third-party code. A log without the lines that hold its numbers
gives a record without measurements, which is not a result.
"""

from __future__ import annotations

from fractions import Fraction

from benchfmt.converters.aibench.about import matched
from benchfmt.converters.aibench.numbers import add_mean, number_of
from benchfmt.converters.aibench.run import Run
from benchfmt.converters.draft import Key
from benchfmt.converters.texts import one_line
from benchfmt.numbers import kept
from benchfmt.readers.objects import Fields

_RANKS = (3, 5, 10)


def image_classification(run: Run) -> None:
    """Read a run of C1."""
    statistic = "final"
    if not run.has(r"^Epoch: \["):
        statistic = "pooled"
        run.draft.phase = "inference"
    first = r"\* Acc@1 ([0-9.]+) Acc@5 [0-9.]+"
    run.measure_last("accuracy", first, "%", statistic=statistic)
    fifth = r"\* Acc@1 [0-9.]+ Acc@5 ([0-9.]+)"
    run.measure_last("top-5-accuracy", fifth, "%", statistic=statistic)


def text_to_text(run: Run) -> None:
    """Read a run of C3."""
    row = (
        r"- \({}\)\s+ppl:\s*(?P<ppl>[0-9.]+), accuracy:\s*(?P<acc>[0-9.]+) %, "
        r"elapse:\s*(?P<min>[0-9.]+) min"
    )
    trained = run.every(row.format("Training"))
    evaluated = run.every(row.format("Validation"))
    run.add_epoch_times([match["min"] for match in trained], "min")
    key: Key = {"statistic": "final"}
    if not evaluated:
        key["stage"] = "training"
    for match in (evaluated or trained)[-1:]:
        run.draft.measure("accuracy", match["acc"], "%", **key)
        run.draft.measure("perplexity", match["ppl"], **key)
    seconds = [number_of(match["min"]) * 60 for match in trained]
    run.pair_epochs(seconds, [match["acc"] for match in evaluated])


def image_to_text(run: Run) -> None:
    """Read a run of C4."""
    match = run.last(
        r"Epoch \[(?P<epoch>\d+)/(?P<of>\d+)\], Step \[\d+/\d+\], Loss: (?P<loss>[0-9.]+), "
        r"Perplexity: (?P<ppl>[0-9.]+)"
    )
    if match is None:
        return
    run.draft.measure("perplexity", match["ppl"], statistic="final", stage="training")
    run.draft.keep("loss", match["loss"])
    if int(match["epoch"]) + 1 < int(match["of"]):
        run.stop(f"the log ends in epoch {match['epoch']} of {match['of']}")


def image_to_image(run: Run) -> None:
    """Read a run of C5."""
    times = run.every(r"End of epoch \d+ / \d+ \t Time Taken: ([0-9.]+) sec")
    run.add_epoch_times([match[1] for match in times])
    run.measure_last("pixel-accuracy", r"Mean pixel accuracy:\s*([0-9.]+)", statistic="final")
    run.measure_last("miou", r"Mean class IoU:\s*([0-9.]+)", statistic="final")


def speech_recognition(run: Run) -> None:
    """Read a run of C6."""
    times = run.every(r"Training Summary Epoch: \[\d+\]\s+Time taken \(s\): ([0-9.]+)")
    row = r"Validation Summary Epoch: \[\d+\]\s+Average WER (?P<wer>[0-9.]+)\s+Average CER (?P<cer>[0-9.]+)"
    evaluated = run.every(row)
    run.add_epoch_times([match[1] for match in times])
    for match in evaluated[-1:]:
        run.draft.measure("word-error-rate", match["wer"], "%", statistic="final")
        run.draft.measure("character-error-rate", match["cer"], "%", statistic="final")
    seconds = [number_of(match[1]) for match in times]
    run.pair_epochs(seconds, [match["wer"] for match in evaluated])


def face_embedding(run: Run) -> None:
    """Read a run of C7."""
    is_trained = run.has("train set - Triplet Loss")
    if not is_trained:
        run.draft.phase = "inference"
    loss = r"valid set - Triplet Loss\s+= ([0-9.]+)"
    run.measure_last("aibench:triplet-loss", loss, statistic="mean")
    time = r"^Test time : ([0-9.]+) s"
    run.measure_last("duration", time, "s", stage="evaluation", per="epoch")
    epoch = run.last(r"^Epoch \[(?P<epoch>\d+)/(?P<of>\d+)\]")
    if epoch is not None:
        run.draft.keep("epoch", f"{epoch['epoch']}/{epoch['of']}")
    accuracy = r"valid set - Accuracy\s+= ([0-9.]+)"
    if not run.measure_last("accuracy", accuracy, statistic="pooled"):
        run.draft.missing("accuracy", "not-reached", statistic="pooled")
        run.stop("the log ends before the accuracy is printed")
    elif is_trained and epoch is not None and epoch["epoch"] != epoch["of"]:
        run.stop(f"the log ends after epoch {epoch['epoch']} of {epoch['of']}")


def face_3d(run: Run) -> None:
    """Read a run of C8."""
    complete = run.last(r"Training complete in (?P<minutes>\d+)m (?P<seconds>[0-9.]+)s")
    best = run.last_group(r"Best val Acc:\s*([0-9.]+)")
    if complete is None and best is None:
        run.draft.phase = "inference"
    if complete is not None:
        seconds = number_of(complete["seconds"]) + 60 * int(complete["minutes"])
        duration = run.draft.derive("duration", seconds, stage="training", per="run")
        duration.basis = "measured"
    speed = r"Inference Speed:\s*([0-9.]+) fps"
    rate: Key = {"statistic": "mean", "stage": "evaluation", "per": "sample"}
    run.measure_last("throughput", speed, "/s", **rate)
    final = r"Val Acc:\s*([0-9.]+), Val loss:\s*[0-9.]+"
    if run.measure_last("accuracy", final, statistic="pooled"):
        return
    if best is not None:
        run.draft.measure("accuracy", best, statistic="best")
        return
    _add_accuracy_of_bar(run)


def _add_accuracy_of_bar(run: Run) -> None:
    """Add what a bar of progress shows: a running mean, which is the model's accuracy only after all of the data."""
    bar = run.last(
        r"\[Evaluation Loss: (?P<loss>[0-9.]+) Acc: (?P<acc>[0-9.]+)%\]:\s*\d+%\|[^|]*\|"
        r"\s*(?P<done>\d+)/(?P<total>\d+)"
    )
    if bar is None:
        return
    if bar["done"] == bar["total"]:
        run.draft.measure("accuracy", bar["acc"], "%", statistic="pooled")
        return
    run.draft.missing("accuracy", "not-reached", statistic="pooled")
    run.stop(f"the evaluation stopped at {bar['done']} of {bar['total']} batches")
    run.draft.keep("running_accuracy", f"{bar['acc']}%")
    run.draft.keep("running_loss", bar["loss"])


def object_detection(run: Run) -> None:
    """Read a run of C9."""
    run.draft.phase = "inference"
    for match in run.every(r"^AP for (?P<name>[\w -]+) = (?P<ap>[0-9.]+)"):
        name = one_line(match["name"]).replace(" ", "-").lower()
        run.draft.measure("average-precision", match["ap"], scope=f"class:{name}")
    run.measure_last("duration", r"test time: ([0-9.]+)s", "s", stage="evaluation", per="run")
    images = run.every(r"im_detect: \d+/\d+ (?P<inference>[0-9.]+)s (?P<postprocess>[0-9.]+)s")
    counted = images[1:]  # the first image waits for the device
    for stage in ("inference", "postprocess"):
        if counted:
            times = [number_of(match[stage]) for match in counted]
            add_mean(run.draft, "latency", times, stage=stage, per="sample").samples = None
    arguments = run.arguments()
    dataset = arguments.get("dataset")
    if isinstance(dataset, str):
        run.draft.dataset(name=matched("dataset", dataset))
    run.draft.keep("net", arguments.get("net"))
    if not run.measure_last("map", r"Mean AP = ([0-9.]+)"):
        run.draft.missing("map", "not-reached")
        run.stop("the log ends before the mean average precision is printed")


def recommendation(run: Run) -> None:
    """Read a run of C10."""
    printed = run.literal(r"^[^\n]{0,200}?Benchmark run: (\{.*\})[ \t\r]*$")
    _describe_benchmark_run(run, printed)
    rates = run.every(r"global_step/sec: ([0-9.]+)\s*$")
    if rates:
        numbers = [number_of(match[1]) for match in rates]
        add_mean(run.draft, "throughput", numbers, stage="training", per="step")
    reason = "not-reported"
    error = run.crash()
    if error:
        reason = "run-failed"
        run.draft.fail("failed", error)
    run.draft.missing("hit-rate", reason, statistic="final")


def _describe_benchmark_run(run: Run, printed: Fields) -> None:
    """Add what TensorFlow's benchmark logger says of the machine and the run."""
    machine = printed.part("machine_config")
    gpu = machine.part("gpu_info")
    if gpu.data:
        name, count = gpu.text("model"), gpu.count("count")
        run.draft.system(accelerator={"kind": "gpu", "name": name, "count": count})
    run.draft.system(memory_bytes=machine.count("memory_total"))
    run.draft.dataset(name=matched("dataset", printed.part("dataset").text("name")))
    version = printed.part("tensorflow_version").text("version")
    run.draft.software(engine="tensorflow", engine_version=version)
    run.draft.provenance(measured_at=printed.text("run_date"))
    for parameter in printed.parts("run_parameters"):
        name = parameter.text("name")
        for kind, value in parameter.without(frozenset({"name"})).items():  # `long_value` and such
            if name == "batch_size":
                run.draft.configuration(batch_size=parameter.count(kind))
            elif name:
                run.draft.hyperparameters({name: kept(value)})


def summarization(run: Run) -> None:
    """Read a run of C14."""
    scores = run.literal(r"^[^\n]{0,500}?\.tar scores: (\{.*\})[ \t\r]*$")
    for metric in ("rouge-1", "rouge-2", "rouge-l"):
        score = scores.part(metric).digits("f")
        if score is not None:
            run.draft.measure(metric, score, statistic="final")
    checkpoints = [match[1] for match in run.every(r"\.tar rouge_l: ([0-9.]+)")]
    if checkpoints:
        run.draft.measure("rouge-l", max(checkpoints, key=number_of), statistic="best")


def spatial_transformer(run: Run) -> None:
    """Read a run of C15."""
    match = run.last(
        r"Test set: Average loss: (?P<loss>[0-9.]+), Accuracy: (?P<right>\d+)/(?P<all>\d+) \("
    )
    if match is None:
        return
    samples = int(match["all"])
    share = Fraction(int(match["right"]), samples or 1)
    accuracy = run.draft.derive("accuracy", share, statistic="pooled", n=samples)
    accuracy.basis = "measured"
    accuracy.reported_value = f"{match['right']}/{match['all']}"
    run.draft.measure("log-loss", match["loss"], statistic="mean")
    run.draft.dataset(split="test", samples=samples)
    time = r"test_time: ([0-9.]+)\s+s"
    run.measure_last("duration", time, "s", stage="evaluation", per="epoch")
    trained = run.every(r"train_time: ([0-9.]+)")
    run.add_epoch_times([match[1] for match in trained])
    if not trained:
        run.draft.phase = "inference"


def learning_to_rank(run: Run) -> None:
    """Read a run of C16."""
    epochs = run.every(
        r"^Epoch \d+ \[(?P<seconds>[0-9.]+) s\]\tloss=(?P<loss>[0-9.]+)(?:, map=(?P<map>[0-9.]+), "
        r"precisions=(?P<precision>[0-9.,]+), recalls=(?P<recall>[0-9.,]+), ndcgs=(?P<ndcg>[0-9.,]+?))?"
        r"\s*\[[0-9.]+ s\]"
    )
    run.add_epoch_times([match["seconds"] for match in epochs])
    _describe_ranking(run)
    evaluated = []
    for match in epochs:
        run.draft.keep("loss", match["loss"])
        quality = None
        if match["map"]:
            evaluated.append(match)
            quality = number_of(match["map"])
        run.epochs.append((number_of(match["seconds"]), quality))
    if not evaluated:
        run.draft.missing("map", "not-measured", statistic="final")
        run.stop("no epoch was evaluated")
    for match in evaluated[-1:]:
        run.draft.measure("map", match["map"], statistic="final")
        for metric in ("precision", "recall", "ndcg"):
            for rank, text in zip(_RANKS, match[metric].split(","), strict=False):
                run.draft.measure(f"{metric}@{rank}", text, statistic="final")


def _describe_ranking(run: Run) -> None:
    instances = run.last_group(r"total training instances: (\d+)")
    if instances:
        run.draft.dataset(samples=int(instances))
    parameters = run.last_group(r"Number of params: (\d+)")
    if parameters:
        run.draft.model(parameters=int(parameters))
    arguments = run.arguments()
    batch_size = arguments.pop("batch_size", None)
    if isinstance(batch_size, int):
        run.draft.configuration(batch_size=batch_size)
    for name, value in arguments.items():
        if not name.endswith("_root"):
            run.draft.hyperparameters({name: value})


def micro_benchmark(run: Run) -> None:
    """Read a run of M1 to M12: time.clock(), seconds of the processor, for a loop of 128 runs, the building of the graph left out."""
    run.draft.phase = "inference"
    time = r"computings times: ([0-9.]+) second"
    run.measure_last("cpu-time", time, "s", stage="inference", per="run")


def face_recognition(run: Run) -> None:
    """Read a run of Edge AIBench's face recognition."""
    run.draft.phase = "inference"
    accuracy = run.last(r"Accuracy: ([0-9.]+)\+-(?P<deviation>[0-9.]+)")
    rate = run.last(r"Validation rate: ([0-9.]+)\+-(?P<deviation>[0-9.]+) @ FAR=(?P<far>[0-9.]+)")
    for metric, match in (("accuracy", accuracy), ("aibench:validation-rate", rate)):
        if match is not None:
            deviation = float(match["deviation"])
            run.draft.measure(metric, match[1], statistic="mean", stddev=deviation)
    if rate is not None:
        run.draft.keep("far", rate["far"])
    run.measure_last("auroc", r"Area Under Curve \(AUC\): ([0-9.]+)")
    run.measure_last("equal-error-rate", r"Equal Error Rate \(EER\): ([0-9.]+)")
