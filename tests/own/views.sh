#!/bin/bash
# What the command says of a profile it says everywhere: the table, the theorems' lines, the
# picture, --explain and --diff say what the JSON report says. What they should say is made of
# the report by jq (views.jq, diff.jq), never by the command.
#   tests/own/views.sh PROFILE OTHER [INSTRUCTION…]   --explain of these; prints what differs
#   ALL=1   and what --all says of it
# Few samples: what is said need not be true here, but the same.
set -u
trapeze=${TRAPEZE:-build/trapeze}
here=$(dirname "$0")
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
profile=$1 other=$2
shift 2

t() { "$trapeze" classify --routes experiment --samples 100 "$@" 2>/dev/null; }
want() { # KEY: of what should be said
  awk -F'\t' -v key="$1" '$1 == key { print $2 }' "$scratch/should"
}
is() { # WHAT WANT: what is said is on standard input
  diff "$2" - >"$scratch/diff" || sed "s/^/$1: /" "$scratch/diff"
}
# A paragraph of the table, from the line that begins so: one line.
paragraph() {
  awk -v begin="$1" 'index($0, begin) == 1 { on = 1 } on && ($0 == "" || (n > 0 && !/^     /)) { exit }
    on { n++; printf "%s ", $0 } END { print "" }' "$scratch/table" | tr -s ' '
}
names() { # of a paragraph, a line each
  paragraph "$1" | sed 's/.*: //' | tr ' ' '\n' | grep . | sort
}

t --json "$profile" >"$scratch/report"
[ $? = 1 ] || echo "the exit status is not 1: what was only sampled is open"
t "$profile" >"$scratch/table"
jq -r -f "$here/views.jq" "$scratch/report" >"$scratch/should"

# Every instruction is in the table once: in a row, or in a list of what needs none.
awk '/^  instr\. / { on = 1; next } on && $0 == "" { exit }
  on { star = sub(/^\*/, "") ? "*" : "-"; gsub(/\?/, ""); $1 = $1; print star, $0 }' \
  "$scratch/table" >"$scratch/rows"
cut -d' ' -f2 "$scratch/rows" | sort >"$scratch/named"
want row | awk 'NR == FNR { row[$1] = 1; next } $2 in row' "$scratch/named" - >"$scratch/want"
is "a row" "$scratch/want" <"$scratch/rows"
is "an instruction" <(want insn | sort) < <({ names "  errant" && names "  innocuous"; cat "$scratch/named"; } | sort)
is "errant" <(want errant | sort) < <(names "  errant")
is "innocuous" <(want other | sort | comm -23 - "$scratch/named") < <(names "  innocuous")
want sensitive | sort | comm -23 - "$scratch/named" | sed 's/^/sensitive, and has no row: /'

for n in 1 3; do
  paragraph "  Theorem $n" | sed -E 's/; and perhaps others.*//; s/ alone//
    s/^ Theorem [13] (FAILS|open|holds)/\1/; /FAILS/!s/^([a-zA-Z]+).*/\1:/; s/^([A-Za-z]+)[^:]*:/\1/; s/ +$//' |
    is "Theorem $n" <(want "Theorem $n")
  want "offenders $n" | is "what stands in the way" <(want "follows $n")
done
want untold | sed 's/^/a witness that shows nothing: /'
want contradiction | sed 's/^/contradicts itself: /'

t "$profile" -T dot -o - | grep -o 'label="[^"]*"' | sed 's/^label="//; s/"$//; s/\\n/ /g' |
  tail -n +2 >"$scratch/labels"
grep -o '\* [a-z]*' "$scratch/labels" | sed 's/\* //' | sort | is "a star of the picture" <(want star | sort)
tr ' ' '\n' <"$scratch/labels" | sort | uniq -c | awk '{ print $2, $1 }' >"$scratch/words"
want insn | awk 'NR == FNR { times[$1] = $2; next }
  times[$1] != 1 { print "the picture: " $1 " is there " times[$1] + 0 " times" }' "$scratch/words" -

# Every cell of the tables is run: what executes where it should trap stands in the way.
t "$profile" --tables | awk '/^\* Not as/ { on = 1; next } !on { next } /^  [a-z]/ { print line; line = "" }
    { line = line " " $0 } END { print line }' | tr -s ' ' | sed -n 's/^ user mode \(.*\): executes$/\1/p' |
  tr ' ' '\n' | sort | is "--tables" <(want star | sort)

for insn in "$@"; do
  want "explain $insn" >"$scratch/want"
  [ ! -s "$scratch/want" ] || t "$profile" --explain "$insn" |
    awk '/^  Verdict: / { on = 1 } on && $0 == "" { exit } on' | tr -s '\n ' ' ' |
    sed 's/^ Verdict: //; s/, as far as was sampled//; s/ Whatever it is not.*//; s/ $//; s/$/\n/' |
    is "--explain $insn" "$scratch/want"
done

t --json "$other" | jq -rs -f "$here/diff.jq" "$scratch/report" - | sort >"$scratch/want"
# The text of --diff: one subject a line, or its continuation.
t --diff "$profile" "$other" | awk '/^  [a-zT]/ { if (line) print line; line = $0; next }
    /^   / { line = line " " $0 } END { if (line) print line }' | tr -s ' ' |
  awk '/Theorem/ { print $1, $2, $4, $6; next } /no verdict/ { next } {
      name = $1; sub(/^ *[a-z]+ /, ""); n = split($0, part, /, /)
      for (i = 1; i <= n; i++) { sub(/ -> /, " ", part[i]); print name, part[i] }
    }' | sort | is "--diff" "$scratch/want"
t --diff --json "$profile" "$other" | awk -F'"' '/"(instruction|theorem)":/ { name = $4 ? $4 : "Theorem " $3 + 0
      if (!$4) { sub(/[^0-9]*/, "", $3); name = "Theorem " $3 + 0 } }
    /"what":/ { what = $4 } /"from":/ { from = $4 }
    /"to":/ && what { print name, (name ~ /^Theorem/ ? "" : what " ") from, $4; what = "" }' |
  sort | is "--diff --json" "$scratch/want"

# Among all others; without the witnesses, which --all does not tell.
if [ -n "${ALL:-}" ]; then
  plain='map(del(.answers[].witness))'
  jq -S "[.theorems, (.instructions | $plain)]" "$scratch/report" >"$scratch/want"
  t --all --json "$profile" | jq -S ".profiles[-1] | [.models.extended, (.verdicts.extended | $plain)]" |
    is "--all" "$scratch/want"
  # The table of --all, and as the manual has it: offenders of Theorem 1 in the extended model.
  want "offenders 1" | tr ' ' '\n' | grep . >"$scratch/want"
  t --all --markdown "$profile" | tail -n 1 | awk -F'|' '{ print $5 }' | grep -o '`[a-z]*`' | tr -d '`' |
    is "--all --markdown" "$scratch/want"
  t --all "$profile" | awk -v name="$(jq -r .profile "$scratch/report")" '$1 == name { on = 1; $1 = $2 = $3 = $4 = $5 = "" } on' |
    tr ' ' '\n' | grep . | is "the table of --all" "$scratch/want"
fi
