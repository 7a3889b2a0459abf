#!/bin/bash
# variants.sh LAB NAME DIR: a right submission of the student's own variant of lab 3 or 5, made
# from the lab's solution by other ways than the grader's: the whole classifier, verify's
# report, the debugger. Uses $trapeze; run from anywhere.
set -eu
: "${trapeze:?the command}"
lab=$1 student=$2 to=$3
labs=$(cd "$(dirname "$0")/../../labs" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$to"
"$trapeze" grade --labs "$labs" --student "$student" --assignment "$work/a" "$lab"

word() { awk -v key="$1" -v n="$2" '$1 == key { print $n; exit }' "$work/a/ASSIGNMENT.txt"; }

# What a section of predictions.txt must say: PROFILE MODEL INSTRUCTION…
predict() {
  local section
  section="$(basename "$1" .profile) $2"
  "$trapeze" classify "$1" -m "$2" --routes exhaustion --json >"$work/c.json" || [ $? -eq 1 ]
  echo "[$section]"
  jq -r '.theorems[] | select(.theorem != 2) | "theorem \(.theorem): \(if .holds then "holds" else "fails" end)"' "$work/c.json"
  jq -r '.instructions[] | select(.instruction | IN($ARGS.positional[])) | .instruction + ": " +
    ([if .errant then "errant" else (if .privileged then "privileged" else empty end),
      (if .sensitive then "sensitive" else "innocuous" end),
      (if .user_sensitive then "user-sensitive" else empty end) end] | join(" "))' \
    "$work/c.json" --args "${@:3}"
}

lab3() {
  local solution=$labs/03-is-it-virtualizable/solution mine name insn on file base
  mine=$(sed -n 's/^outside \([a-z]*\) .*/\1/p' "$work/a/yours.profile")
  {
    predict pg extended add sys popf rdpsw rdtick
    predict pg paper popf rdpsw rdtick mtcr
    predict x86 extended popf pushf lpsw cli
    # shellcheck disable=SC2086
    predict "$work/a/yours.profile" extended $mine
    # shellcheck disable=SC2086
    predict "$work/a/yours.profile" paper $mine
  } >"$to/predictions.txt"
  for name in control disclosure entry; do
    insn=$(word $name.s 2) on=$(word $name.s 4)
    file=$solution/pool/$name-$insn-$on.s
    [ -e "$file" ] || file=$solution/$name.s # the default variant's; entries by lpsw are all one
    cp "$file" "$to/$name.s"
  done
  insn=$(sed -n '/hybrid.profile/{n;s/.*: \([a-z]*\)\./\1/p}' "$work/a/ASSIGNMENT.txt")
  printf 'profile hybrid;\nextends pg;\nmodes %s;\noutside %s = nop;\n' "$(word hybrid.profile 2)" "$insn" >"$to/hybrid.profile"
  insn=$(sed -n '/disclosing.profile/{n;s/.*way: \([a-z]*\)\..*/\1/p}' "$work/a/ASSIGNMENT.txt")
  printf 'profile disclosing;\nextends pg;\noutside %s = full;\n' "$insn" >"$to/disclosing.profile"
  cp "$solution/disagree.profile" "$to/"
  base=$(sed -n 's/^extends \(.*\);/\1/p' "$work/a/broken.profile")
  "$trapeze" classify "$work/a/broken.profile" --routes exhaustion --json >"$work/c.json" || [ $? -eq 1 ]
  {
    printf 'profile repaired;\nextends %s;\n' "$base"
    jq -r '.theorems[] | select(.theorem == 3).offenders[] | "outside \(.) = trap;"' "$work/c.json"
  } >"$to/repaired.profile"
}

lab5() {
  local solution=$labs/05-when-it-fails/solution a=$work/a tick written
  local options=("$a/guest.s" -p "$a/machine.profile" --input "$a/keys.txt")
  "$trapeze" verify "${options[@]}" --ticks 200000 --json >"$work/v.json" || [ $? -eq 1 ]
  tick=$(jq .first_divergence.tick "$work/v.json")
  written=$("$trapeze" debug "${options[@]}" --vmm -batch -q -ex "goto $tick" -ex "who-wrote *\$sp" |
    sed -n '/^\*\$sp /{n;s/^tick \([0-9,]*\) .*/\1/p}')
  jq -r '.first_divergence | "tick: \(.tick)\npc: \(.pc)\ninstruction: \(.instruction)\ndiffers: \([.fields[] | select(.differs).field][0])"' "$work/v.json" >"$to/answer.txt"
  echo "written: $written" >>"$to/answer.txt"
  sed 's/^profile .*/profile mended;/; s/^outside \([a-z]*\) =.*/outside \1 = trap;/' "$a/machine.profile" >"$to/mended.profile"
  # The solution is the default variant's, whose clock and greeting are others.
  { grep '^\.equ PERIOD' "$a/guest.s"; grep '^ready:' "$a/guest.s"; } >"$work/own"
  awk 'NR == FNR { own[$1 == ".equ" ? "p" : "r"] = $0; next }
       /^\.equ PERIOD/ { print own["p"]; next } /^ready:/ { print own["r"]; next } { print }' \
    "$work/own" "$solution/mended.s" >"$to/mended.s"
  cp "$solution/patch.c" "$to/"
}

"lab$lab"
