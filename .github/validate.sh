#!/usr/bin/env bash
# The step of action.yml that validates: annotations on the log, SARIF in a file, and the status of the first.
# PATHS (one a line), RULES and STRICT come by the environment.
set -euo pipefail

options=()
if [ -n "${RULES:-}" ]; then options+=(--rules "$RULES"); fi
case "${STRICT:-false}" in
  true) options+=(--strict) ;;
  false) ;;
  *) echo "::error title=benchfmt::strict is true or false" && exit 2 ;;
esac

paths=()
while IFS= read -r path; do
  path="${path%$'\r'}"
  if [ -n "$path" ]; then paths+=("$path"); fi
done <<< "${PATHS:-.}"
if [ "${#paths[@]}" -eq 0 ]; then echo "::error title=benchfmt::no path is given" && exit 2; fi

# What follows `--` is a path, whatever it begins with. The bash of macOS takes an empty list for an unset one.
status=0
"${BENCHFMT:-benchfmt}" validate --format github ${options[@]+"${options[@]}"} -- "${paths[@]}" || status=$?
if [ "$status" -gt 1 ]; then exit "$status"; fi

sarif="${RUNNER_TEMP:-.}/benchfmt.sarif"
"${BENCHFMT:-benchfmt}" validate --format sarif --output "$sarif" ${options[@]+"${options[@]}"} -- "${paths[@]}" || [ $? -eq 1 ]
echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
exit "$status"
