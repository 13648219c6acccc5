#!/bin/sh
# Convert the examples into one package, validate it, compare what may be compared, and write the page of it.
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
run benchfmt report "$out" -o "$out.html"
echo "Next: open $out.html in a browser. Run \`benchfmt convert YOUR-RESULTS -o my-package\`, then \`benchfmt validate my-package --rules submission\`."
