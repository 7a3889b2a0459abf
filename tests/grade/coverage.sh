#!/bin/bash
# coverage.sh [--update]: which branches of the functions that a lab has students write its
# tests reach, public and hidden ones, measured on our own modules. coverage.txt names lines
# that no test can reach wholly. Prints the table of
# docs/grading.md, or with --update puts it there; red below $MIN per cent. BUILD is made with
# --coverage (`make lab-coverage` does all of it).
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build-coverage} MIN=${MIN:-95}
work=$(mktemp -d)
trap 'rm -rf "$work"; rm -f -- *.gcov' EXIT

objects=$(find "$BUILD/obj/tools" "$BUILD/obj/labs" "$BUILD/obj/gen/tools" "$BUILD/obj/gen/flaws" -name '*.o' ! -path '*/grade/remote.o' ! -path '*/tools/build/*')
# shellcheck disable=SC2086
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I. -I"$BUILD" --coverage -Wl,--wrap=_exit -o "$BUILD/trapeze-inprocess" \
  tests/grade/inprocess.c $objects "$BUILD"/lib{vmm,classify,asm,machine,isa}.a "$BUILD"/lib{vmm,classify,asm,machine,isa}.a \
  $(make -s print-LDLIBS)

# Lines of the functions that a lab takes out of a file, for the student to write.
functions_of() { # FILE FUNCTIONS
  awk -v functions="$2" '
    BEGIN { n = split(functions, list, " "); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
    /^[a-z].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
    /^\{/ { inside = name in wanted }
    inside { print NR }
    /^}/ { inside = 0 }' "$1"
}
# Of the branches in out.json those on these lines, but for what coverage.txt names: taken, all.
count() { # FILE
  while IFS= read -r n; do
    grep -qxF -- "$1: $(sed -n "${n}s/^ *//p" "$1")" <(sed -n 's/^    //p' tests/grade/coverage.txt) || echo "$n"
  done <"$work/lines" | jq -R tonumber | jq -s . >"$work/lines.json"
  jq -r --slurpfile lines "$work/lines.json" '
    ($lines[0] | map({(tostring): true}) | add) as $on |
    [.files[].lines[] | select($on[.line_number | tostring]) | .branches[].count] |
    "\(map(select(. > 0)) | length) \(length)"' "$work/out.json"
}
table() {
  echo "| lab | module | branches reached | |"
  echo "|---|---|---|---|"
  for lab in labs/[0-9]*/; do
    mapfile -t from < <(jq -r '.files[] | .from // empty' "$lab/lab.json")
    [ ${#from[@]} -gt 0 ] || continue
    rm -rf "$work/reference" && mkdir "$work/reference" && cp "${from[@]}" "$work/reference/"
    find "$BUILD" -name '*.gcda' -delete
    "$BUILD/trapeze-inprocess" grade --labs labs "$lab" "$work/reference" -j 2 -T json >"$work/marks.json"
    jq -e '.score == .points' "$work/marks.json" >/dev/null || { echo "$lab: our own modules lose points" >&2; exit 1; }
    for file in "${from[@]}"; do
      gcovr --root . --object-directory "$BUILD/obj" --filter "$file\$" --gcov-ignore-parse-errors \
        --exclude-unreachable-branches --exclude-throw-branches --json "$work/out.json" \
        "$BUILD/obj/$(dirname "$file")" >/dev/null
      functions_of "$file" "$(jq -r --arg f "$file" '.files[] | select(.from == $f).stub | join(" ")' "$lab/lab.json")" >"$work/lines"
      read -r taken all < <(count "$file")
      awk -v lab="$(jq .number "$lab/lab.json")" -v file="$file" -v taken="$taken" -v all="$all" 'BEGIN {
        printf "| %d | `%s` | %d of %d | %.1f %% |\n", lab, file, taken, all, all ? 100 * taken / all : 100 }'
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
