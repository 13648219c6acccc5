#!/bin/sh
# Convert the examples into one package, validate it, and compare what may be compared.
# Usage: sh examples/demo.sh OUT
set -eu

out=${1:?usage: sh examples/demo.sh OUT}
here=$(dirname -- "$0")

run() {
    echo "\$ $*"
    "$@"
    echo
}

run benchfmt convert "$here/lpdnn" "$here/mlperf" "$here/annotated" "$here/records" -o "$out"
run benchfmt validate "$out"
run benchfmt show "$out"
run benchfmt compare "$out"
echo "Next: run \`benchfmt convert YOUR-RESULTS -o my-package\`, then \`benchfmt validate my-package --rules submission\`."
