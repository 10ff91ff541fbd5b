#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time each (default 30s).
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}

while IFS=: read -r file func; do
	printf '%s %s\n' "$(dirname "$file")" "${func#func }"
	go test -run '^$' -fuzz "^${func#func }\$" -fuzztime "$time" "./$(dirname "$file")"
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's|^\./||' | sort)
