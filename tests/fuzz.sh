#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time each (default 30s).
#
# Go's coordinator of fuzzing may take the end of -fuzztime itself for a failure and print nothing but "context deadline
# exceeded" (go.dev/issue/75804, mended in Go 1.27). A target that fails so, with no input to blame, is run again; any other
# failure, and the third of this kind in a row, is one.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# spurious says whether the log shows the failure of the coordinator and no other.
spurious() {
	[ "$(grep -A1 '^--- FAIL: ' "$log" | tail -n +2)" = '    context deadline exceeded' ] &&
		! grep -qE 'Failing input|panic:|fatal error:|DATA RACE|hung or terminated' "$log"
}

# fuzz TARGET PACKAGE
fuzz() {
	local try
	for try in 1 2 3; do
		printf '%s %s\n' "$2" "$1"
		go test -run '^$' -fuzz "^$1\$" -fuzztime "$time" "./$2" 2>&1 | tee "$log" && return
		spurious || return 1
	done
	return 1
}

while IFS=: read -r file func; do
	fuzz "${func#func }" "$(dirname "$file")"
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's|^\./||' | sort)
