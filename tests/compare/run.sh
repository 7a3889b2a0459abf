#!/bin/bash
# trapeze compare: its forms, its mistakes, and docs/compare.md, which must be what it
# finds today: all of holes, and of minos the rows of two machines (--all: of every one).
# TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "$TRAPEZE")
top=$PWD
all=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
number=0

result() { # STATUS NAME: the beginning of `said`, if not ok
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    [ ! -s said ] || head -n 20 said | sed 's/^/# /'
  fi
  rm -f said
}
compare() { timeout 600 "$trapeze" compare "$@" </dev/null; }

# ------------------------------------------------------------------ the documentation
compare holes --format markdown >holes.md 2>said
result $? "holes under every technique on every machine: nothing contradicts the theory"
grep -q '(?)' holes.md >said
[ $? -eq 1 ]
result $? "and whatever no theorem promises is found out"
missing() { # FILE: lines of it that docs/compare.md has not
  grep -vxF -f "$top/docs/compare.md" "$1" >said
  [ ! -s said ]
}
missing holes.md
result $? "docs/compare.md says so (make compare)"
if [ "$all" = --all ]; then
  compare minos --format markdown -j 2 >minos.md 2>said
else
  compare minos --format markdown --profile armv7,x86-popf >minos.md 2>said
fi
result $? "minos: nothing contradicts the theory"
missing minos.md
result $? "docs/compare.md says so (make compare)"
sed 's/6,265,400/6,265,401/' minos.md >wrong.md
! missing wrong.md
result $? "caught: a number that is another"
for guest in holes minos; do # drawn from what the tables say
  [ "$all" != --all ] || compare $guest -j 2 -T svg -o $guest.svg >said 2>&1
  [ "$all" != --all ] || cmp $guest.svg "$top/docs/pictures/compare-$guest.svg" >said
  [ $? -eq 0 ] && [ -s "$top/docs/pictures/compare-$guest.svg" ]
  result $? "the picture of $guest is there${all:+, and current (make compare)}"
done

# ------------------------------------------------------------ the ways to make memory
memories() { timeout 600 "$trapeze" compare --memory-techniques "$@" </dev/null; }
memories minos --time --ticks 50000 >text 2>said
result $? "text, with times"
compare --memory minos --ticks 50000 >page 2>said && [ "$(sed 's/ [0-9.]*$//' page)" = "$(sed 's/ [0-9.]*$//' text)" ]
result $? "--memory GUEST is the same"
[ -z "$(awk 'length > 80' text)" ]
result $? "in 80 columns"
memories minos -T json -o memory.json 2>said
result $? "minos and its builds for other MMUs, every way to make memory: equal"
row() { jq -r ".rows[] | select(.guest == \"$1\" and .memory == \"$2\") | $3" memory.json; }
[ "$(jq -r '[.schema, .consistent, (.rows | length >= 6)] | @csv' memory.json)" = '"trapeze-compare-memory/1",true,true' ]
result $? "JSON"
[ "$(row minos bounds '[.equal, .hidden_faults, .fills, .table_kib] | @csv')" = 'true,0,0,0' ]
result $? "BASE and BOUND need nothing"
for way in "minos shadow" "minos-paged shadow" "minos-paged nested" "minos-tlb exact"; do
  # shellcheck disable=SC2086
  [ "$(row $way '.equal and .in_control and .same_output and .fills > 0 and .entries > .hidden_faults')" = true ]
  result $? "$way: equal, and what was done adds up"
done
[ "$(row minos-tlb disco '.in_control and .virtual_ticks < .bare_ticks')" = true ]
result $? "a second-level TLB spares the guest ticks"
memories minos --profile x86 --ticks 100000 >said
[ $? -eq 1 ] && [ "$(grep -c 'parts @' said)" -ge 5 ]
result $? "caught: on x86 popf parts them all"
memories minos-paged --ticks 50000 -T html >page 2>said && grep -q '<td>nested</td>' page && ! grep -q minos-tlb page
result $? "HTML, of one build"
memories minos --ticks 50000 -T dot -o memory.dot 2>said && dot -Tplain memory.dot >plain 2>said && [ -s plain ]
result $? "Graphviz takes the picture"
memories minos --input - >said 2>&1
[ $? -eq 2 ] && grep -q 'standard input can be read once only' said
result $? "input that can be read but once is refused"
if [ "$all" = --all ]; then
  memories minos --format markdown >memory.md 2>said
  missing memory.md
  result $? "docs/compare.md says so (make compare)"
fi

# -------------------------------------------------------------------------- the forms
compare popf --profile pg,x86 -T json -o popf.json >said 2>&1
result $? "JSON into a file"
of() { jq -r ".profiles[] | select(.profile == \"$1\") | .techniques[] | select(.technique == \"$2\") | $3" popf.json; }
[ "$(of x86 trap-and-emulate '[.equal, .predicted, .verdict, .parts.instruction, .parts.tick] | @csv')" = \
  'false,"FAILS","agrees","popf",12' ]
result $? "popf parts on x86, where Theorem 1 does not hold"
[ "$(of x86 interpret '[.equal, .predicted, .verdict, .direct] | @csv')" = 'true,"always","agrees",0' ]
result $? "and not where it is interpreted"
[ "$(of x86 hybrid '[.equal, .predicted, .verdict] | @csv')" = 'true,"FAILS","not_exercised"' ]
result $? "a hybrid VMM is right without a promise"
[ "$(of pg trap-and-emulate '.direct + .emulated == .instructions and .traps >= .emulated')" = true ]
result $? "what was done adds up"
[ "$(jq -r '[.schema, .guest, .consistent] | @csv' popf.json)" = '"trapeze-compare/1","popf",true' ]
result $? "and is consistent"
compare popf --profile x86 --technique hybrid,interpret >text 2>said
[ $? -eq 0 ] && grep -q 'not exercised: the guest executes none of pushf' text && ! grep -q '^trap-and-emulate' text
result $? "text, of chosen techniques"
[ -z "$(awk 'length > 80' text)" ]
result $? "in 80 columns"
compare popf --profile x86 -T html >page 2>said && grep -q '<table>' page && grep -q 'popf @12' page
result $? "HTML"
compare popf --profile x86 -T dot -o popf.dot >said 2>&1 && dot -Tplain popf.dot >plain 2>said && [ -s plain ]
result $? "Graphviz takes the picture"
compare popf --profile x86 --time -T json 2>said | jq -e '.profiles[0].techniques[0].vm_nanoseconds > 0' >said
result $? "times are measured where they are asked for"
compare popf --profile x86,pg -j 3 -T json 2>said | jq -S 'del(.profiles)' >jobs.json &&
  diff <(jq -S 'del(.profiles)' popf.json) jobs.json >said
result $? "several jobs find the same"

# --------------------------------------------------------- its build for hypercalls
[ "$(grep -c '| paravirt | no offender: holds | same output |.*, 18 of which tell the time' minos.md)" -ge 2 ]
result $? "minos-paravirt does what minos does, as was to be expected of its code"
cp -r "$top/guestos" guests
sed -i 's/sw      \\count, hyper_disk + 12/sw      \\count, hyper_disk + 4/' guests/hyper.inc
compare minos --profile pg --technique paravirt --paravirt-guest guests/minos-paravirt.s -T json >said
[ $? -eq 1 ] && [ "$(jq -r '.profiles[0].techniques[0] | [.premise, .predicted, .output.same, .verdict] | @csv' said)" = \
  '"no offender","holds",false,"contradicts"' ]
result $? "caught: one that writes to another sector contradicts what was promised"
compare minos --profile x86-popf --technique paravirt --paravirt-guest minos >said &&
  grep -q '^paravirt  *FAILS  *other output' said && grep -q 'minos: does not end as the bare machine does' said
result $? "an offender in its code promises nothing, and x86 finds it"
[ "$(of pg paravirt '[.predicted, .equal, .verdict, .output] | @csv')" = '"-",false,"unpredicted",' ]
result $? "a guest without such a build has no run"

# ----------------------------------------------------------------------- the mistakes
refused() { # REGEX NAME ARGUMENT…
  local regex=$1 name=$2
  shift 2
  compare "$@" >out 2>said
  [ $? -eq 2 ] && [ ! -s out ] && grep -qE "$regex" said
  result $? "$name"
}
refused "unknown technique 'hybird'; did you mean 'hybrid'" "a mistyped technique" popf --technique hybird
refused "technique 'hybrid' is named twice" "a technique twice" popf --technique hybrid,hybrid
refused "x87" "a machine that is none" popf --profile x86,x87
refused "is no number of jobs" "no jobs" popf --jobs 0
refused "is no number of ticks" "no ticks between comparisons" popf --checkpoint 0
refused "'x64' is no size of storage, and 'popf' is the guest already" "a size that is none" popf --memory x64
refused "'64Q' is no storage size" "nor is that" popf --memory 64Q
refused "a program is missing" "no program" --memory 64K
refused "unknown format" "a format that is none" popf -T pdf
refused "nosuch" "a program that is none" ./nosuch.s
refused "nosuch" "a paravirtual build that is none" minos --paravirt-guest ./nosuch.s

echo "1..$number"
