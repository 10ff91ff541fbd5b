#!/bin/sh
# Says what a change to dumps does to traffic, as Markdown on standard output, for a comment on a pull request:
#
#   diff.sh BASE HEAD [DIR]
#
# BASE and HEAD are revisions of the git repository that the shell is in, DIR a directory in it with dumps (default dumps).
# What is rendered at HEAD is validated first: what APISIX would not take is told on standard error.
#
# Exit codes: 0 nothing differs, 1 something does, 2 trouble. Only the last must fail a job.
# RENDER_FLAGS are flags about rendering, such as --role gateway; DIFF_FLAGS are for "amesh-render diff".
set -eu

trouble() {
    printf 'diff.sh: %s\n' "$*" >&2
    exit 2
}

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    trouble "usage: diff.sh BASE HEAD [DIR]"
fi
base=$1 head=$2 dir=${3:-dumps}

for program in git amesh-render; do
    command -v "$program" >/dev/null || trouble "$program is not installed"
done
root=$(git rev-parse --show-toplevel) || trouble "not in a git repository"
work=$(mktemp -d) || trouble "no directory for temporary files"

# shellcheck disable=SC2317 # called by trap
clean() {
    for side in base head; do
        git -C "$root" worktree remove --force "$work/$side" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 2' HUP INT TERM

# check_out REVISION SIDE
check_out() {
    git -C "$root" worktree add --quiet --force --detach "$work/$2" "$1" >&2 || trouble "cannot check out $1"
}

# render SIDE REVISION: copies each dump of a side to $work/dumps/SIDE and renders it to $work/rendered/SIDE, under its own
# path, and lists them in $work/SIDE.list. A side may have no dumps at all: then all that the other has is new, or gone.
render() {
    mkdir -p "$work/rendered/$1" "$work/dumps/$1"
    : >"$work/$1.list"
    [ -d "$work/$1/$dir" ] || return 0
    (cd "$work/$1/$dir" && find . -type f \( -name '*.json' -o -name '*.yaml' -o -name '*.yml' -o -name '*.gz' \)) |
        sed 's|^\./||' | sort >"$work/$1.list"
    while IFS= read -r dump; do
        rendered=$work/rendered/$1/$dump.yaml
        mkdir -p "$(dirname "$rendered")" "$(dirname "$work/dumps/$1/$dump")"
        cp "$work/$1/$dir/$dump" "$work/dumps/$1/$dump"
        # shellcheck disable=SC2086 # flags are parted at spaces
        amesh-render once ${RENDER_FLAGS-} -o "$rendered" -- "$work/$1/$dir/$dump" || trouble "cannot render $dump of $2"
    done <"$work/$1.list"
}

check_out "$base" base
check_out "$head" head
render base "$base"
render head "$head"
[ -s "$work/base.list" ] || [ -s "$work/head.list" ] || trouble "no dumps in $dir, neither of $base nor of $head"

cd "$work/rendered/head"
valid=yes
while IFS= read -r dump; do
    amesh-render validate -- "$dump.yaml" >&2 || valid=no
done <"$work/head.list"
[ $valid = yes ] || trouble "APISIX would not take all of what is rendered of $head"

# What is compared are the dumps: they say what a rendered file does not, such as versions, and what is lost.
cd "$work/dumps"
code=0
# shellcheck disable=SC2086 # flags are parted at spaces
amesh-render diff ${RENDER_FLAGS-} base head -o markdown --traffic ${DIFF_FLAGS-} || code=$?
case $code in
0 | 1) exit "$code" ;;
*) exit 2 ;;
esac
