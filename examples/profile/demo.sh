#!/bin/sh
# Train a model of digits, build a network with the shape of MobileNetV2, profile both and validate what comes out.
# Usage: sh examples/profile/demo.sh OUT
set -eu

out=${1:?usage: sh examples/profile/demo.sh OUT}
here=$(dirname -- "$0")
mkdir -p "$out"

run() {
    echo "\$ $*"
    "$@"
    echo
}

run python "$here/digits.py" "$out/models"
run python "$here/mobilenet.py" "$out/models/mobilenet.onnx"
run benchfmt profile "$out/models/digits.onnx" -o "$out/digits" --replace --budget 30 --threads 1 \
    --inputs "$out/models/test.npz" --preprocess "$here/digits_steps.py:preprocess" --postprocess "$here/digits_steps.py:postprocess" \
    --labels "$out/models/labels.txt" --dataset digits --split test --task image-classification --model-name digits-mlp \
    --submitter "the demo" --license CC0-1.0
run python "$here/digits.py" "$out/models" "$out/digits-runs/run-quality.json"
run benchfmt profile "$out/models/mobilenet.onnx" -o "$out/mobilenet" --replace --budget 40 --threads 1 \
    --task image-classification --model-name mobilenet-v2-shaped --submitter "the demo" --license CC0-1.0
# Other work on this machine is a warning here; what is handed over is measured on a quiet one (`--rules submission`).
run benchfmt validate "$out/digits" "$out/mobilenet"
