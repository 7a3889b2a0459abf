#!/bin/bash
# coverage.sh [--update]: which branches of the modules that a lab has students write its
# tests reach, public and hidden ones, measured on our own modules. Prints the table of
# docs/grading.md, or with --update puts it there; red below $MIN per cent. BUILD is made with
# --coverage (`make lab-coverage` does all of it).
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build-coverage} MIN=${MIN:-95}
work=$(mktemp -d)
trap 'rm -rf "$work"; rm -f -- *.gcov' EXIT

objects=$(find "$BUILD/obj/tools" "$BUILD/obj/labs" "$BUILD/obj/gen/tools" -name '*.o' ! -path '*/grade/remote.o')
# shellcheck disable=SC2086
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I. -I"$BUILD" --coverage -Wl,--wrap=_exit -o "$BUILD/trapeze-inprocess" \
  tests/grade/inprocess.c $objects "$BUILD"/lib{vmm,classify,asm,machine,isa}.a "$BUILD"/lib{vmm,classify,asm,machine,isa}.a \
  -lelf -ljansson -lz3 -lreadline -lseccomp

table() {
  echo "| lab | module | branches reached | |"
  echo "|---|---|---|---|"
  for lab in labs/[0-9]*/; do
    mapfile -t from < <(jq -r '.files[] | .from // empty' "$lab/lab.json")
    [ ${#from[@]} -gt 0 ] || continue
    rm -rf "$work/reference" && mkdir "$work/reference" && cp "${from[@]}" "$work/reference/"
    find "$BUILD" -name '*.gcda' -delete
    "$BUILD/trapeze-inprocess" grade --labs labs "$lab" "$work/reference" -j 2 -T json >"$work/out.json"
    jq -e '.score == .points' "$work/out.json" >/dev/null || { echo "$lab: our own modules lose points" >&2; exit 1; }
    for file in "${from[@]}"; do
      gcovr --root . --object-directory "$BUILD/obj" --filter "$file\$" --gcov-ignore-parse-errors \
        --exclude-unreachable-branches --exclude-throw-branches \
        --exclude-branches-by-pattern '.*\b(assert|_Static_assert|__builtin_unreachable)\(.*' \
        --branches --csv "$work/out.csv" "$BUILD/obj" >&2
      awk -F, -v lab="$(jq .number "$lab/lab.json")" -v file="$file" '
        NR == 2 { printf "| %d | `%s` | %d of %d | %.1f %% |\n", lab, file, $6, $5, $5 ? 100 * $6 / $5 : 100 }' "$work/out.csv"
    done
  done
}
table >"$work/table"
cat "$work/table"
if [ "${1:-}" = --update ]; then
  awk -v table="$work/table" '
    /^<!-- coverage -->$/ { print; print ""; while ((getline line <table) > 0) print line; print ""; skip = 1 }
    /^<!-- end -->$/ { skip = 0 }
    !skip { if (!/^<!-- coverage -->$/) print }' docs/grading.md >"$work/grading.md"
  cp "$work/grading.md" docs/grading.md
fi
awk -F'|' -v min="$MIN" 'NR > 2 && $5 + 0 < min { print "too low:" $3 "," $5; bad = 1 } END { exit bad }' "$work/table"
