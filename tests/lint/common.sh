# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this

# What the lint tests share: SOURCE_ROOT BUILD_ROOT are their arguments; they end
# with 0 when there is nothing to complain about.
set -euo pipefail
shopt -s inherit_errexit
source_root=$(realpath "$1")
build_root=$(realpath "$2")
cd "$source_root"

# list_files PATTERN...: ours, tracked or not, one a line; none that git ignores.
list_files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard --deduplicate -- "$@"
    else
        local pattern
        for pattern; do
            find . -path "$build_root" -prune -o -type f -path "./${pattern#:(glob)}" -printf '%P\n'
        done
    fi | while IFS= read -r file; do
        # One may be deleted and not committed yet.
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done | sort -u
}

# list_scripts INTERPRETER-REGEX: files whose first line names it.
list_scripts() {
    local file line
    while IFS= read -r file; do
        line=
        IFS= read -r line 2>/dev/null <"$file" || true
        [[ ! $line =~ ^'#!'.*[/\ ]($1)($|\ ) ]] || printf '%s\n' "$file"
    done < <(list_files '*')
}

# need PROGRAM: a test without its tool is skipped.
need() {
    command -v "$1" >/dev/null || { echo "no $1 here"; exit 77; }
}

failed=0
complain() {
    printf '%s\n' "$*"
    failed=1
}
