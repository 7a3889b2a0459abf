#!/bin/bash
# The shipped profiles against what is written about them: the verdicts derived by
# hand (tests/classify/expected.txt) agree with themselves and speak of every hole
# of every profile, docs/profiles.md has the same matrix, and the examples load.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "${TRAPEZE:-${BUILD:-build}/trapeze}")
expected=tests/classify/expected.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

result() { # STATUS NAME LOG: one TAP line; the log, if not ok
  number=$((number + 1))
  if [ "$1" = 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    sed 's/^/# /' "$3" | head -n 40
  fi
}

same() { # NAME: whether $work/want is $work/is
  diff "$work/want" "$work/is" >"$work/diff"
  result $? "$1" "$work/diff"
}

# profile model theorem offenders…, as the theorems' lines say and as follows from
# the instructions' lines: sensitive (user sensitive) and not privileged.
said() { awk -F'\t' '$1 == "theorem" { print $2, $3, $4, ($6 == "-" ? "" : $6) }' "$1" | sort; }
follows() {
  awk -F'\t' '
    $1 == "theorem" { all[$2 " " $3 " " $4] = "" }
    $1 == "verdict" && $11 == "no" {
      at = $2 " " $5
      if ($6 == "yes" || $7 == "yes" || $8 == "yes" || $9 == "yes")
        all[at " 1"] = all[at " 1"] (all[at " 1"] == "" ? "" : " ") $3
      if ($10 == "yes")
        all[at " 3"] = all[at " 3"] (all[at " 3"] == "" ? "" : " ") $3
    }
    END { for (at in all) print at, all[at] }' "$1" | sort
}
said $expected >"$work/want"
follows $expected >"$work/is"
same "the expected theorems follow from the expected verdicts"

# A hole more on one side is noticed.
sed 's/\tm68000\trdpsw\tfull\textended\t.*/\tm68000\trdpsw\tfull\textended\tno\tno\tno\tno\tno\tno\t#/' $expected >"$work/wrong"
! diff <(said "$work/wrong") <(follows "$work/wrong") >"$work/diff"
result $? "a verdict that does not fit its theorem is noticed" "$work/diff"

awk -F'\t' '
  $1 == "theorem" { n = 7; ok = ($5 == "holds") == ($6 == "-") && ($5 == "holds" || $5 == "fails") }
  $1 == "verdict" {
    n = 12; ok = 1
    for (i = 6; i <= 11; i++) ok = ok && ($i == "yes" || $i == "no")
    if (($7 == "yes" || $8 == "yes") && $9 == "no") ok = 0   # both are resources
    if ($10 == "yes" && $6 == "no" && $9 == "no") ok = 0
  }
  $1 !~ /^#/ && (NF != n || !ok || $NF !~ /^# ..../) { print "line " NR ": " $0 }
' $expected >"$work/bad"
[ ! -s "$work/bad" ]
result $? "every line is well formed and has a reason" "$work/bad"

shipped=$("$trapeze" profiles | sed -n 's/^\([a-z0-9-]\+\) .*/\1/p')
for profile in $shipped; do
  for model in paper extended; do
    printf '%s %s 1\n%s %s 3\n' "$profile" $model "$profile" $model
  done
done | sort >"$work/want"
said $expected | cut -d' ' -f1-3 >"$work/is"
same "every shipped profile has its four theorems"

for profile in $shipped; do
  "$trapeze" profiles "$profile" | awk -v p="$profile" '
    /^[* ] [a-z]+ +(nop|full|partial|check) / {
      sub(/^../, "")
      print p, $1, $2, "extended"; print p, $1, $2, "paper"
    }'
done | sort >"$work/want"
awk -F'\t' '$1 == "verdict" && $4 != "trap" { print $2, $3, $4, $5 }' $expected | sort >"$work/is"
same "every hole has its verdicts, and nothing else has"

"$trapeze" profiles pg | awk '/^  [a-z]+ +trap / { print $1, "extended"; print $1, "paper" }' |
  sort >"$work/want"
awk -F'\t' '$1 == "verdict" && $2 == "pg" { print $3, $5 }' $expected | sort >"$work/is"
same "so has every instruction where all of them trap"

awk -F'\t' '
  $1 == "theorem" {
    cell = $5
    if ($5 == "fails") { cell = $6; gsub(/ /, "` `", cell); cell = "fails: `" cell "`" }
    row[$2] = row[$2] " " cell " |"
  }
  END { for (p in row) print "| `" p "` |" row[p] }' $expected | sort >"$work/want"
# The file goes paper 1, paper 3, extended 1, extended 3, as the table does.
# shellcheck disable=SC2016
grep -E '^\| `[a-z0-9-]+` \|( (holds|fails: [^|]+) \|){4}$' docs/profiles.md | sort >"$work/is"
same "docs/profiles.md has this matrix"

# Robin and Irvine's list: the profile's, and the manual's.
"$trapeze" profiles --json x86 | jq -r '.real[] | [.name, (.source | sub("Robin and Irvine 2000: "; "")), .instruction] | join(" | ")' >"$work/want"
# shellcheck disable=SC2016
sed -n '/^## Robin and Irvine/,/^## Where/s/^| \([A-Z][^|]*\) | \([^|]*\) | `\([a-z]*\)` .*/\1 | \2 | \3/p' docs/profiles.md >"$work/is"
same "docs/profiles.md has the list of Robin and Irvine as the profile has it"
[ "$(grep -c 'sensitive register' "$work/want") $(grep -c 'protection system' "$work/want")" = '6 11' ]
result $? "which are 6 and 11 instructions" "$work/want"

for file in docs/examples/*.profile; do
  "$trapeze" profiles "$file" >"$work/log" 2>&1
  result $? "$file can be read" "$work/log"
done
"$trapeze" verify minos --profile docs/examples/open-rfe.profile >"$work/log" 2>&1
[ $? = 1 ] && grep -q 'FAILS at tick' "$work/log" && grep -q '^Resource control *FAILS' "$work/log" &&
  grep -q '^ *instruction .*rfe' "$work/log" && grep -q 'PSW.mode from 1 to 0' "$work/log"
result $? "where the return from trap is open, the VMM loses the machine by it" "$work/log"

echo "1..$number"
