"""DataPerf (MLCommons), its platform Dynabench, and dcbench: what the evaluators of data strategies wrote."""
