"""What is found in the packages of the real samples, and why each finding is true: family, code, reason."""

from __future__ import annotations

from collections.abc import Mapping

OF_ALL: Mapping[str, str] = {
    "BF511": "no file of results says under which licence its numbers may be used",
    "BF520": "the conversion was not told a title for the package",
    "BF521": "the conversion was not told whom to ask",
    "BF522": "the conversion was not told a licence for the package",
    "BF523": "the conversion was not told a description of the package",
    "BF524": "the conversion was not told a version of the package",
}
"""What every package has that is converted without a word about it."""

_OF_TOOL = "the tool prints no name of whoever runs it"
_NO_TIME = "the file has no time of its measurement"
_NO_SYSTEM = "the file does not say on what it was measured"
_NO_SIZE = "the model is named, and its size is not given"
_NO_PRECISION = "the precision of the run is not given"
_NO_BATCH = "the number of samples a batch is not given"
_NO_SHAPE = "the shape of the input is not given"
_NO_THREADS = "the number of threads is not given"
_NO_DEVICE = "the system has an accelerator, and the devices of the run are not given"
_NO_ENGINE = "the software that ran the model is not given"
_PROGRAM = "the tool measures any program and is not told what it computes"
_EXTREME = "the tool prints percentiles of fewer observations than these need"

DESERVED: Mapping[str, Mapping[str, str]] = {
    "ai_benchmark": {
        "BF512": _OF_TOOL,
        "BF513": "what users paste from the terminal has no date",
        "BF515": "the paste of the scores alone has no lines about the hardware",
        "BF518": "the table of the phones does not say which engine the app used",
        "BF540": "the table names phones and not always their chips",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF545": _NO_THREADS,
        "BF546": "the app of the phones chooses the device and does not print it",
    },
    "aibench": {
        "BF512": "the logs of training name nobody",
        "BF513": _NO_TIME,
        "BF515": _NO_SYSTEM,
        "BF517": "a log of a component does not name its model",
        "BF518": _NO_ENGINE,
        "BF530": "the traceback of a run that crashed has the home folder of its user",
        "BF540": "the baselines name a DGX-1 and how many of its GPUs they used",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF543": _NO_BATCH,
        "BF544": _NO_SHAPE,
        "BF546": _NO_DEVICE,
    },
    "dataperf": {
        "BF440": "four markets of the example cost more than the budget: the evaluator does not enforce it",
        "BF512": "the files of the challenges do not name their submitter",
        "BF513": "only one file has a date in its name",
        "BF515": "the challenges rank data, and say nothing of hardware",
        "BF517": "the model that is trained on the data is fixed by a challenge and not named in its files",
        "BF518": _NO_ENGINE,
    },
    "energy": {
        "BF435": "the table's own carbon intensity of these six short runs is 7 to 152 kg for each kWh",
        "BF512": "tables of experiments name nobody",
        "BF513": "a row of the tables has no time",
        "BF515": "the synthetic tables name no machine",
        "BF516": _PROGRAM,
        "BF517": _PROGRAM,
        "BF518": "the tables name algorithms, and not the software that ran them",
        "BF540": "Leonardo and a virtual machine are named, and their chips are not",
        "BF545": "the tables have the clock and load of processors, and no number of threads",
    },
    "every_eval_ever": {
        "BF515": "an evaluation of a model says nothing of hardware",
        "BF516": "the example names its metric and not what the model does",
        "BF518": "the example does not name what ran the model",
    },
    "llm_tools": {
        "BF206": "two rows of timm's table are VGG networks, by the names that timm has for them",
        "BF316": _EXTREME,
        "BF512": _OF_TOOL,
        "BF513": "tables of leaderboards have no time for their rows",
        "BF515": "leaderboards of quality and what sends requests to servers do not know the hardware",
        "BF516": "timm's tables and profilers do not say what the model is for",
        "BF517": _PROGRAM,
        "BF518": "leaderboards of quality and what sends requests to servers do not know the software",
        "BF519": "a run that MLflow tracks has metrics of its user, of which none is the headline",
        "BF530": "vLLM's path of the tokenizer begins with the home folder of the account in the container",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF543": _NO_BATCH,
        "BF544": "timm gives the side of the image alone, and texts have lengths of their own",
        "BF545": _NO_THREADS,
        "BF546": _NO_DEVICE,
    },
    "lpdnn": {
        "BF512": "the tables name nobody",
        "BF513": "the tables have no time",
        "BF516": "the tables of the Atlas do not say what their models are for",
        "BF540": "two platforms, one of them made up, are named without their chips",
        "BF541": "the tables of the Atlas have no sizes of models",
        "BF543": "the tables of the Atlas have no batch",
        "BF544": "the tables of the Atlas have no shape of the input",
        "BF545": "the tables have no number of threads",
    },
    "mlperf_hpc": {
        "BF513": "published rows have no time of their runs",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF543": "published rows have no batch",
        "BF544": _NO_SHAPE,
        "BF546": _NO_DEVICE,
    },
    "mlperf_inference": {
        "BF419": "LoadGen's sum of the nanoseconds of 59 and 57 million samples ran over its 64 bits",
        "BF513": "published rows and the logs of older rounds have no time of their runs",
        "BF516": "the rules of the newest round do not name the task of a model of text and images",
        "BF518": "published rows and older descriptions of systems name no framework",
        "BF540": "published rows of the first rounds name the system alone",
        "BF541": _NO_SIZE,
        "BF542": "published rows of some rounds have no precision",
        "BF543": "a submission does not say how its server batches",
        "BF544": _NO_SHAPE,
        "BF545": _NO_THREADS,
        "BF546": _NO_DEVICE,
        "BF702": "a closed result of v6.0 misses its target: the checker compared percent with a fraction",
        "BF705": "the unit of two published results says samples, and their number is that of tokens",
        "BF706": "published rows of v0.7 and v1.0 have speed alone",
    },
    "mlperf_mobile": {
        "BF512": "what the app saves on a phone names no submitter",
        "BF541": _NO_SIZE,
        "BF542": "what the app saves on a phone has no precision",
        "BF544": "models that take text have no one shape",
        "BF706": "what the app saves of a run for speed has no accuracy",
    },
    "mlperf_storage": {},
    "mlperf_tiny": {
        "BF513": "published rows have no time of their runs",
        "BF517": "the open division may change the model, and these two do not name theirs",
        "BF518": "published rows and some descriptions of systems name no framework",
        "BF541": _NO_SIZE,
        "BF542": "published rows and some descriptions have no precision",
        "BF544": _NO_SHAPE,
        "BF545": "published rows do not say that the system is a microcontroller, and give no threads",
        "BF546": "an accelerator is named, and not whether it was used",
        "BF706": "the result of streaming wake words comes without its file of accuracy",
    },
    "mlperf_training": {
        "BF513": "published rows, and the logs of two results, have no time",
        "BF517": "the open division may change the model, and these two do not name theirs",
        "BF518": "published rows and older descriptions of systems name no framework",
        "BF540": "a submission came without the description of its system",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF543": "published rows have no batch",
        "BF544": _NO_SHAPE,
        "BF545": _NO_THREADS,
        "BF546": _NO_DEVICE,
    },
    "new_suites": {
        "BF212": "Endpoints found the time to the first token drifting, and says so",
        "BF414": "a made-up file of MLPerf Client asks for an NPU on a machine with two GPUs",
        "BF420": "made-up files of Endpoints and InferenceX have standard deviations that nobody computed",
        "BF512": "rankings and what the tools save name nobody",
        "BF513": _NO_TIME,
        "BF515": "rankings of quality say nothing of hardware, nor does a raw file of InferenceX",
        "BF516": "a row of TabArena for all data sets is of several tasks, and does not say which",
        "BF518": _NO_ENGINE,
        "BF519": "MLPerf Client leaves the totals of a run out that was not verified",
        "BF540": "a submission came without the description of its system",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF543": _NO_BATCH,
        "BF544": _NO_SHAPE,
        "BF545": _NO_THREADS,
        "BF546": _NO_DEVICE,
    },
    "openml_cc18": {
        "BF512": "AMLB's tables name nobody",
        "BF513": "runs of OpenML come without the time of their upload",
        "BF515": "a row of AMLB names no machine where it ran on somebody's own, and a list of OpenML none at all",
        "BF516": "a run that failed and a list of evaluations do not say the task",
        "BF517": "one list of evaluations does not name the flow",
        "BF518": "one list of evaluations does not name the flow",
        "BF540": "AMLB says aws, and how many cores",
        "BF545": "a result of AMLB does not say how many cores its framework used",
    },
    "ort": {
        "BF316": _EXTREME,
        "BF512": _OF_TOOL,
        "BF513": _NO_TIME,
        "BF515": "the tools print nothing of the hardware",
        "BF516": "the tools do not know what a model is for",
        "BF517": "the tools print the path of a file, and not always that",
        "BF518": "LoadGen does not know what it calls",
        "BF519": "a profile of operators has no headline number",
        "BF541": _NO_SIZE,
        "BF542": _NO_PRECISION,
        "BF543": _NO_BATCH,
        "BF544": _NO_SHAPE,
        "BF545": _NO_THREADS,
        "BF706": "two runs of LoadGen for speed came without their accuracy",
    },
    "trtexec": {
        "BF212": "trtexec itself calls the times of this run unstable",
        "BF316": _EXTREME,
        "BF512": _OF_TOOL,
        "BF513": "exported documents have no time",
        "BF515": "an exported profile and logs cut at their beginning have no device",
        "BF516": "trtexec does not know what a model is for",
        "BF517": "an exported profile does not name its model",
        "BF519": "an engine was built and not run, or only its layers were profiled",
        "BF530": "the command has a path in the home folder of the account in the container",
        "BF541": _NO_SIZE,
        "BF542": "an exported profile and some logs have no precision",
        "BF543": _NO_BATCH,
        "BF544": _NO_SHAPE,
    },
}
"""For each folder of samples the codes that are found under any rule set, beside those of `OF_ALL`."""

WITHOUT_RESULTS: Mapping[str, str] = {
    "aiod": "pages of a catalogue and its interface",
    "croissant": "descriptions of data sets, and their vocabulary",
    "mldcat-ap": "a vocabulary and examples of it",
    "mlperf_compat": "a table of which rounds compare, of which the rules of suites are made",
}
"""Folders of samples that hold no results which are read."""
