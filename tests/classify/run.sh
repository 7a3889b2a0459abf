#!/bin/bash
# trapeze classify: its verdicts against those derived by hand (expected.txt), its
# routes against each other, its programs against verify, its manual against itself.
set -u
cd "$(dirname "$0")/../.." || exit 3
top=$PWD
BUILD=$(realpath "${BUILD:-build}")
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
expected=$top/tests/classify/expected.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
exec </dev/null
number=0

t() { timeout 300 "$trapeze" classify "$@"; }
# What does not need a proof is had quickly: all.json, from which every no is taken, says
# that this experiment misses nothing.
few='--routes experiment --samples 1000'

report() { # STATUS NAME: one TAP line; what was said, if not ok
  number=$((number + 1))
  if [ "$1" = 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    for f in diff out err; do
      [ -s $f ] && sed "s/^/# $f: /" $f | head -n 30
    done
  fi
  rm -f diff out err
}
check() { # NAME command…
  local name=$1
  shift
  "$@" >diff 2>&1
  report $? "$name"
}
# expect STATUS 'regex of stdout' 'regex of stderr' NAME -- arguments… (-: nothing at all)
expect() {
  local status=$1 out=$2 err=$3 name=$4 bad=0
  shift 5
  t "$@" >out 2>err
  local got=$?
  [ $got = "$status" ] || { echo "exit status $got, expected $status" >diff; bad=1; }
  matches "$out" out && matches "$err" err || bad=1
  report $bad "$name"
}
matches() {
  if [ "$1" = - ]; then [ ! -s "$2" ]; else grep -qE -- "$1" "$2"; fi
}

# ------------------------------------------------------------- all, against the hand
t --all --json --samples 1000 -T dot -o matrix.dot >all.json 2>err
report $? "all profiles in both models are classified, and the routes do not contradict each other"

# Lines as expected.txt has them, of the report's members, of which each has its line.
theorems_of() {
  awk '
    function value(s) { sub(/^[^:]*: /, "", s); sub(/,$/, "", s); gsub(/"/, "", s); return s }
    /^      "profile":/ { profile = value($0); part = "" }
    /^      "(models|verdicts)":/ { part = $1; gsub(/[":]/, "", part) }
    /^        "(paper|extended)":/ { model = $1; gsub(/[":]/, "", model) }
    part == "models" && /"theorem":/ { theorem = value($0) }
    part == "models" && /"holds":/ { holds = value($0); offenders = "" }
    part == "models" && /^ +"[a-z]+",?$/ {
      gsub(/[ ",]/, ""); offenders = offenders (offenders == "" ? "" : " ") $0
    }
    part == "models" && /^          }/ && theorem != 2 {
      print "theorem\t" profile "\t" model "\t" theorem "\t" (holds == "true" ? "holds" : "fails") \
        "\t" (offenders == "" ? "-" : offenders)
    }' "$1" | sort
}
verdicts_of() {
  awk '
    function value(s) { sub(/^[^:]*: /, "", s); sub(/,$/, "", s); gsub(/"/, "", s); return s }
    function yes(s) { return value(s) == "true" ? "yes" : "no" }
    /^      "profile":/ { profile = value($0); part = "" }
    /^      "(models|verdicts)":/ { part = $1; gsub(/[":]/, "", part) }
    /^        "(paper|extended)":/ { model = $1; gsub(/[":]/, "", model) }
    part != "verdicts" { next }
    /^            "instruction":/ { insn = value($0) }
    /^            "outside":/ { outside = value($0) }
    /^            "control":/ { line = yes($0) }
    /^            "(location|mode|resource|user_sensitive)":/ { line = line "\t" yes($0) }
    /^            "privileged":/ {
      print "verdict\t" profile "\t" insn "\t" outside "\t" model "\t" line "\t" yes($0)
    }' "$1" | sort
}
wanted() { grep "^$1	" "$2" | sed 's/\t# .*//' | sort; }

theorems_of all.json >theorems
check "the theorems' verdicts, 14 profiles, 2 models: those derived by hand" \
  diff <(wanted theorem "$expected") theorems
verdicts_of all.json >verdicts
check "there are verdicts on every instruction of each" test "$(wc -l <verdicts)" -gt 1900
# expected.txt has a line for each instruction that traps (under pg), and for each hole.
missing() { # EXPECTED: its lines that the classifier does not print
  comm -23 <(wanted verdict "$1") verdicts
}
check "every verdict derived by hand is the classifier's" test -z "$(missing "$expected")"
missing "$expected" | sed 's/^/# /'
sed 's/^\(verdict\tx86\tpopf\tpartial\textended\t\)yes/\1no/' "$expected" >wrong
check "caught: a wrong verdict" [ "$(missing wrong | wc -l)" = 1 ]
sed 's/^\(theorem\tpdp10\textended\t3\t\)holds/\1fails/' "$expected" >wrong
check "caught: a wrong theorem" bash -c '! cmp -s "$1" "$2"' - <(wanted theorem wrong) theorems
# What expected.txt says of pg holds wherever the instruction traps, in machines that
# have nothing that pg has not: so user instructions and trapping ones are covered too.
awk -F'\t' '$2 == "pg" && $4 == "trap" { want[$3 "\t" $5] = $6 FS $7 FS $8 FS $9 FS $10 FS $11 }
  $2 != "pg" && $4 == "trap" && ($3 "\t" $5) in want {
    n++
    if (want[$3 "\t" $5] != $6 FS $7 FS $8 FS $9 FS $10 FS $11) print
  }
  END { if (n < 300) print "only " n }' <(grep '	pg	' verdicts) <(grep -v '	pg	' verdicts) >differ
check "what traps elsewhere is classified as on pg" test ! -s differ
sed 's/^/# /' differ

# ------------------------------------------------------------------ with pages
# paged EXPECTED: its lines that the classifier does not confirm. Each profile once a model,
# and what it finds once as lines like those that are expected. All routes where there is most
# to disagree about, else the solver; `make soak` asks all of them of all.
paged() {
  local kind extends statements rest model file routes
  while IFS=$'\t' read -r kind extends statements rest; do
    [ "$kind" = theorem ] && model=${rest%%$'\t'*} || model=$(cut -f 2 <<<"$rest")
    file="pages-$extends-${statements//[^a-z]/}"
    if [ ! -e "$file-$model.found" ]; then
      printf 'extends %s; profile %s; %s\n' "$extends" "$file" "$statements" >"$file.profile"
      case $extends-$model in
      x86-extended) routes=solver,exhaustion,experiment ;; # tests/classify/mmus.sh has more
      mips-extended) routes=solver,experiment ;;
      *) routes=solver ;;
      esac
      t --json --routes "$routes" --samples 1000 -m "$model" "./$file.profile" >"$file-$model.json"
      jq -r --arg m "$model" '(.theorems[] | ["theorem", $m, .theorem, if .holds then "-" else (.offenders | join(" ")) end]),
        (.instructions[] | ["verdict", .instruction, $m, (.control, .location, .mode, .resource,
          .user_sensitive, .privileged | if . then "yes" else "no" end)]),
        (select(.disagreements != 0) | ["the routes disagree"]) | @tsv' "$file-$model.json" >"$file-$model.found"
    fi
    grep -qxF -- "$kind"$'\t'"$rest" "$file-$model.found" || printf '%s\n' "$kind $extends $statements $rest"
    ! grep -x 'the routes disagree' "$file-$model.found"
  done < <(grep -v '^#' "$1" | sed 's/\t# .*//')
}
paged "$top/tests/classify/pages.txt" >differ
check "with pages, every verdict derived by hand is the classifier's" test ! -s differ
sed 's/^/# /' differ
sed 's/^\(verdict\tx86\tmmu paged;\tprobe\tpaper\tno\tyes\t\)yes/\1no/' "$top/tests/classify/pages.txt" >wrong
paged wrong >differ
check "caught: another verdict with pages" grep -q '^verdict x86 mmu paged; probe' differ
for file in x86-mmupaged mips-mmutlbkseg; do
  jq -r '.instructions[].answers[] | "\(.how) \(.routes | [.[] | select(. != "unknown")] | unique | join(" or "))"' \
    "pages-$file-extended.json" | sort -u
done | sort -u >how
printf 'proved no\nwitnessed yes\n' >wanted
check "with pages every no is proved, every yes was run, and each route says the same" diff wanted how
# Of a page as either state has it; and a program that sets the map up.
t x86 --mmu paged --explain probe --routes exhaustion >out 2>err
check "what differs in the maps of a witness is marked" grep -qE '^ +page 0x0 +0x[0-9a-f]+ [-rwx]{3}, [a-z0-9 ]+  [0-9a-z].* <$' out
check "and what R is, in the words of that machine" bash -c \
  '"$1" classify vax --mmu tlb --routes experiment --samples 1 | tr -s " \n" " " | grep -q "shows R (ASID, TLB, TE)"' - "$trapeze"
for case in 'x86 paged probe' 'vax tlb probe' 'x86 nested rdpsw'; do
  read -r profile mmu insn <<<"$case"
  t "$profile" --mmu "$mmu" --witness "$insn" -o map.s --routes exhaustion >out 2>err &&
    grep -qE 'page tables: entries|entry 0 of the TLB' map.s
  status=$?
  "$trapeze" verify map.s --profile "$profile" --mmu "$mmu" --ticks 100k >out 2>err
  [ $status$? = 01 ] && grep -q "virtual machine   executed $insn in" out
  report $? "$case: its program has the map, and diverges there"
done
t x86 --mmu paged --witness lra -o map.s --routes exhaustion 2>err
[ $? = 1 ] && "$trapeze" verify map.s --profile x86 --mmu paged --ticks 100k >out 2>err
report $? "x86 paged lra, which traps: its program has the map, and holds"

awk '/"solver":|"exhaustion":|"experiment":/ {
    n++
    answer = $2; gsub(/[",]/, "", answer)
    if (answer != "yes" && answer != "no") print "line " NR ": " $0
    if ($1 == "\"solver\":") first = answer
    else if (answer != first) print "line " NR ": " $0 " after " first
  }
  END { if (n < 40000) print "only " n " answers" }' all.json >diff
[ ! -s diff ]
report $? "each of the three routes answers each question, and all the same"
check "every no is proved, every yes was run" bash -c \
  '[ "$(grep "\"how\":" all.json | tr -d " " | sort -u | tr -d "\n")" = "\"how\":\"proved\",\"how\":\"witnessed\"," ]'

for route in solver exhaustion experiment; do
  t x86 --routes $route --samples 1000 --json | grep -E '"(theorem|holds)":' >"$route.x86"
done
check "each route alone gives x86 the same theorems" bash -c \
  'cmp solver.x86 exhaustion.x86 && cmp solver.x86 experiment.x86 && [ "$(wc -l <solver.x86)" = 6 ]'
expect 1 'only sampled' - "what was only sampled is labelled so" -- x86 --routes experiment --samples 100
# With five samples popf's hole is not met: nothing of that may look like a proof.
t x86-popf --routes experiment --samples 5 >five 2>err
[ $? = 1 ]
report $? "where no counterexample was met among samples the exit status is 1"
check "and no theorem holds, none is there" bash -c \
  '[ "$(grep -c "^  Theorem [123]  open   no counterexample found in 5 samples" five)" = 3 ] && ! grep -qE "holds|may be|FAILS" five'
check "and every cell without a witness is marked" bash -c \
  '[ "$(grep -cE "^  [a-z]+ +(trap|partial) .*-[?]" five)" -gt 15 ] && ! grep -E "^  [a-z]+ +(trap|partial) " five | grep -E " (-|yes) *$| -  "'
check "an instruction is not said to be innocuous" bash -c '! grep -q "innocuous " five && grep -q "innocuous[?]" five'
expect 1 '"holds": null' - "in JSON it is null" -- x86-popf --routes experiment --samples 5 --json
expect 0 'None met|as far as was sampled' - "and in an explanation" -- x86-popf --routes experiment --samples 5 --explain popf
expect 1 'Theorem 1 +FAILS.*popf; and perhaps others' - "a hole that was met is one; others may be there" -- x86-popf $few
t pg --routes exhaustion >pg.exhausted 2>err
report $? "a profile that holds: exit status 0"
check "exhaustion speaks of its scope" bash -c \
  'grep -q "Theorem 1  holds  in the small scope that was exhausted" pg.exhausted && tr -s " \n" " " <pg.exhausted | grep -q "exhausted in the small scope"'
t x86 --routes experiment --seed 7 --samples 8 >seven
t x86 --routes experiment --seed 7 --samples 8 >again
check "the same seed, the same report" cmp seven again

# ------------------------------------------------------------------ what it prints
printf 'profile mine; extends pg;' >own.profile
t --all ./own.profile --routes experiment --samples 1 >matrix 2>err # its shape only
report $? "--all prints a matrix"
check "with one's own profile in it, the last" bash -c 'tail -n 1 matrix | grep -qE "^mine +open +open +open +open$"'
check "of 80 columns" test -z "$(awk 'length > 80 || / $/' matrix)"
check "with a row for each profile" test "$(grep -cE '(open|FAILS) +(open|FAILS)' matrix)" = 15
check "which says nowhere that a theorem holds, of one sample" bash -c '! grep -q holds matrix'
# The manual's rows, of the theorems above; the command's own may leave open what it sampled.
awk -F'\t' '{
    gsub(/[a-z]+/, "`&`", $6)
    cell[$2, $3, $4] = $5 == "holds" ? "holds" : "fails: " $6
    profiles[$2]
  }
  END {
    for (p in profiles)
      print "| `" p "` | " cell[p, "paper", 1] " | " cell[p, "paper", 3] " | " \
        cell[p, "extended", 1] " | " cell[p, "extended", 3] " |"
  }' theorems | sort >rows
for doc in classification profiles; do
  check "docs/$doc.md has the matrix" diff rows <(grep -E '^\| `[a-z0-9-]+` \|( (holds|fails: [^|]+) \|){4}$' "$top/docs/$doc.md" | sort)
done
t --all $few --markdown >markdown
check "as --markdown prints it" diff <(sed 's/ holds / open /g' rows) <(grep '^| `' markdown | sort)
check "in the manual's order" diff <(grep -o '^| `[a-z0-9-]*`' markdown) <(grep -E '^\| `[a-z0-9-]+` \|( (holds|fails: [^|]+) \|){4}$' "$top/docs/classification.md" | grep -o '^| `[a-z0-9-]*`')
expect 1 'Theorem 1 +FAILS.*popf' - "one that does not: 1" -- x86-popf $few
expect 0 "paper's model" - "in the paper's model it does" -- --model paper x86-popf --routes exhaustion
expect 1 '"schema": "trapeze-classify/1"' - "JSON" -- m68000 --json $few
t m68000 --json $few >json
cat all.json >>json
t --diff x86 vtx --json $few >>json
sed -n '/^## JSON/,$p' "$top/docs/classification.md" >manual
for member in schema $(grep -oE '^ *"[a-z_]+":' json | tr -d ' ":' | sort -u); do
  grep -qw -- "$member" manual || echo "$member"
done | grep -vxE 'zero|ra|sp|gp|tp|t[0-2]|s[01]|a[0-5]|epc|epsw|cause|badva|einsn|vbr|scr[0-3]|base|bound|timer|tick|ipend|imask|cpuid|psw|paper|extended' >undocumented
check "the manual has every member" test ! -s undocumented
sed 's/^/# /' undocumented

# The note with which the definition calls an instruction sensitive begins with what the
# classifier calls it, in the extended model and on some profile; "reveals" stands for
# resource, where it is neither location nor mode.
kinds_of() { # DEFINITION
  awk '/^instruction / && match($0, /sensitive "[^"]*"/) {
      note = substr($0, RSTART + 11, RLENGTH - 12)
      kinds = " "
      count = split(note, clause, /; */)
      for (i = 1; i <= count; i++)
        if (clause[i] ~ /^reveals /) kinds = kinds "reveals "
        else { sub(/:.*/, "", clause[i]); gsub(/, */, " ", clause[i]); kinds = kinds clause[i] " " }
      reveals = kinds ~ / (location|mode) / ? 0 : kinds ~ / reveals /
      print $2, kinds ~ / control /, kinds ~ / location /, kinds ~ / mode /, reveals
      gsub(/ (control|location|mode|reveals)/, "", kinds)
      if (kinds != " ") print $2 ": no such kind:" kinds
    }' "$1" | sort
}
awk -F'\t' '$5 == "extended" {
    seen[$3]
    control[$3] += $6 == "yes"; location[$3] += $7 == "yes"
    mode[$3] += $8 == "yes"; resource[$3] += $9 == "yes"
  }
  END {
    for (i in seen)
      if (control[i] + resource[i] > 0)
        print i, (control[i] > 0), (location[i] > 0), (mode[i] > 0), \
          (resource[i] > 0 && !location[i] && !mode[i])
  }' verdicts | sort >kinds
# Those that need an MMU or channels which no shipped profile has are not classified.
check "each note of the definition says what the classifier does, of all that a profile has" \
  diff kinds <(kinds_of "$top/isa/pg32.isa" | grep -vE '^(tlb[wpi]|[st]io) ')
sed '/^instruction ldprev/s/"location: /"mode: /' "$top/isa/pg32.isa" >wrong.isa
check "caught: a note that says mode for location" bash -c '! diff -q "$1" "$2"' - kinds <(kinds_of wrong.isa | grep -vE '^(tlb[wpi]|[st]io) ')

# The star of `trapeze profiles` is an offender of Theorem 1, extended, and there are no others.
for profile in $(cut -f2 theorems | sort -u); do
  echo "$profile" $("$trapeze" profiles "$profile" | sed -n 's/^\* \([a-z][a-z]*\) .*/\1/p')
done | sort >stars
awk -F'\t' '$3 == "extended" && $4 == 1 { print $2, $6 == "-" ? "" : $6 }' theorems |
  sed 's/ $//' | sort >offenders
check "what 'trapeze profiles' stars is what stands in the way of Theorem 1" diff stars offenders

# -------------------------------------------------------------------- explanations
: >long
for insn in $("$trapeze" profiles x86 | sed -n 's/^[* ] \([a-z][a-z]*\) .*/\1/p') add sys; do
  t x86 --explain "$insn" --routes exhaustion >one 2>err || continue
  awk -v insn="$insn" 'length > 80 || / $/ { print insn ": " $0 }' one >>long
  grep -q '^For a VMM' one || echo "$insn: no meaning" >>long
done
check "every instruction of x86 is explained within 80 columns" test ! -s long
cat long | sed 's/^/# /'
expect 0 'The real instruction: POPF' - "the real instruction and its source" -- x86 --explain popf
expect 0 'psw.ie +[01] +<' - "what the witness changes is marked" -- x86 --explain popf --routes exhaustion
expect 0 'stores at .*<' - "what it shows is marked" -- x86 --explain pushf --routes exhaustion
expect 0 'executes +executes +<' - "and that it traps in neither mode" -- x86 --explain popf --routes exhaustion
t x86 --explain popf $few >out
check "what it means for a VMM comes first" bash -c \
  '[ "$(sed -n "s/^\(For a VMM\|Privileged? No\|Control sensitive? Yes\|As far as was sampled, it is not\).*/\1/p" out | tr "\n" ,)" = \
    "For a VMM,Privileged? No,Control sensitive? Yes,As far as was sampled, it is not," ]'
expect 0 'A counterexample: none in the small scope' - "and how it is known what it is not" -- x86 --explain popf --routes exhaustion
expect 0 'innocuous' - "in the paper's model popf is innocuous" -- x86 --explain popf --model paper
expect 0 '[(]pmode[)]' - "why ldprev is not mode sensitive, as the paper has it" -- pdp11 --explain ldprev --routes exhaustion
expect 0 'Rights depend on BOUND and TE' - "and why probe is not" -- vax --explain probe --routes exhaustion
expect 0 '^sys on x86' - "an instruction by the name of a real one" -- x86 --explain 'int n' $few
expect 0 'INT n: .*the gate' - "and what is told of that" -- x86 --explain sys $few
expect 0 '^rdpsw on m68000' - "by what a behaviour stands for" -- m68000 --explain 'move from sr' $few
expect 2 - "several stand for 'SSM' on this machine: popf, sti, cli" "by a name of several" -- s360 --explain SSM
expect 2 - "no instruction 'POPF'" "a real one of another machine" -- m68000 --explain POPF
expect 0 'errant' - "sys is errant" -- pg --explain sys --routes exhaustion
expect 0 'Theorem 1, not of Theorem 3' - "juser harms only kernels" -- pdp10 --explain juser
expect 0 'what the real machine answers' - "of probe it is said that nothing differs" -- vax --explain probe --routes exhaustion
expect 0 'See it happen: trapeze classify vax --witness rdpsw' - "of rdpsw, how to see it" -- vax --explain rdpsw --routes exhaustion

# ------------------------------------------------------------------------ witnesses
# Each hole of each profile has a program that diverges there, but for those where our
# VMM's virtual machine is no different: it has the real identity, and the same bound.
while read -r profile insns; do
  for insn in $insns; do
    t "$profile" --witness "$insn" -o w.s --routes exhaustion >out 2>err
    status=$?
    "$trapeze" verify w.s --profile "$profile" --ticks 100k >verified 2>&1
    verified=$?
    case $insn in
    probe | cpuid)
      [ $status$verified = 10 ] && grep -q 'sufficient, not necessary' err
      report $? "$profile $insn: no witness makes a difference, and that is said" ;;
    *)
      [ $status$verified = 01 ] && grep -q "virtual machine   executed $insn in" verified &&
        ! cmp -s <("$trapeze" run w.s --profile "$profile" 2>&1) \
          <("$trapeze" vmm w.s --profile "$profile" 2>&1)
      report $? "$profile $insn: its program diverges there, and shows it" ;;
    esac
  done
done <offenders
# Where it is privileged a program is written, too; and holds.
for insn in $("$trapeze" profiles s360 | sed -n 's/^  \([a-z][a-z]*\)  *trap .*/\1/p'); do
  rm -f w.s
  t s360 --witness "$insn" -o w.s --routes exhaustion 2>err
  status=$?
  "$trapeze" verify w.s --profile s360 --ticks 100k >verified 2>&1
  echo "$insn $status $?"
done >privileged
check "on s360 every sensitive instruction's program is written, and holds" bash -c \
  '[ "$(wc -l <privileged)" -gt 20 ] && ! grep -v " 1 0$" privileged'
expect 1 - 'innocuous' "nothing to show of add" -- pg --witness add -o none.s
check "and nothing written" test ! -e none.s
expect 0 '^subject:' - "a program on standard output" -- x86 --witness popf -o - $few
expect 0 '^subject:' - "which is where it goes by itself" -- x86 --witness popf $few
expect 0 'run FILE.s --profile x86 --mmu paged --io mmio' - "and says how to run it" -- x86 --mmu paged --io mmio --witness rdpsw $few

# --------------------------------------------------------------------------- tables
for profile in $(awk '$2 == "" { print $1 }' offenders); do
  t "$profile" --tables $few >out 2>err && grep -q 'not proved' err && grep -q '^Every cell is as the theory' out
  report $? "$profile: every cell of the tables is as the theory has it"
done
t x86 --tables $few >tables 2>err
check "x86: the exceptions are the holes" bash -c \
  '[ "$(grep -c "  lpsw pushf popf rdpsw svbr probe rdtick cpuid:" tables)" = 3 ]'
check "the table of the real machine, where the holes are" grep -qx '  sensitive      traps to the kernel             executes' tables
check "and how many of the class they are, within 80 columns" bash -c \
  '[ "$(grep -o "(8 of 22 do not \*)" tables | wc -l)" = 3 ] && [ -z "$(awk "length > 80 || / \$/" tables)" ]' 

# ------------------------------------------------------------- pictures and queries
t x86 -T dot -o x86.dot $few 2>err
check "a picture as a graph" neato -n2 -Tsvg -o x86.svg x86.dot
check "which has every offender" bash -c 'for i in popf pushf; do grep -q "\* $i" x86.dot || exit 1; done'
t x86 -T png -o x86.png $few 2>err
check "as PNG" bash -c '[ "$(head -c 4 x86.png | tail -c 3)" = PNG ]'
t x86 -T svg $few >out.svg 2>err
check "as SVG on standard output" grep -q '<svg' out.svg
check "docs/pictures/matrix.dot is current (make pictures)" diff "$top/docs/pictures/matrix.dot" matrix.dot
check "and drawn" test -s "$top/docs/pictures/matrix.svg"
# Its cells, by their tooltips, and what they mean in the verdicts.
matrix_cells() { sed -n 's/.*tooltip="\([a-z]*\) on \([a-z0-9-]*\): \(.*\)"\];$/\2\t\1\t\3/p' "$1" | sort; }
awk -F'\t' '$5 == "extended" {
    sensitive = $6 $7 $8 $9 ~ /yes/
    if (sensitive || $11 == "yes") told[$3]
    cell[$2 "\t" $3] = !sensitive ? "innocuous" : $11 == "yes" ? "sensitive, privileged" : \
      $10 == "yes" ? "user sensitive, not privileged: against Theorems 1 and 3" : \
      "sensitive, not privileged: against Theorem 1"
  }
  END { for (c in cell) { split(c, part, "\t"); if (part[2] in told) print c "\t" cell[c] } }' verdicts | sort >cells
check "every cell of the matrix is what the verdicts say" diff cells <(matrix_cells matrix.dot | grep -v 'absent$')
sed '/popf on x86:/s/: against Theorem 1"/s 1 and 3"/' matrix.dot >wrong.dot
check "caught: a cell of another class" bash -c '! cmp -s "$1" "$2"' - cells <(matrix_cells wrong.dot | grep -v 'absent$')
check "--smtlib writes the queries" "$trapeze" classify x86-popf --smtlib queries $few
check "and an index of them" bash -c \
  'cd queries && [ "$(grep -vc "^#" INDEX)" = "$(ls ./*.smt2 | wc -l)" ] && grep -q "^popf-control.smt2	sat" INDEX'
for query in popf-control popf-unprivileged popf-user-control pushf-resource; do
  [ "$(cvc5 -q --lang smt2 queries/$query.smt2 2>&1)" = "$(awk -F'\t' -v f=$query.smt2 '$1 == f { print $2 }' queries/INDEX)" ]
  report $? "cvc5 answers $query as the index says"
done

# ---------------------------------------------------------- the manual's transcripts
ln -s "$top/docs" docs
stale() { # MANUAL: lines that it shows and that are not printed, of commands in order
  local command='' line
  while IFS= read -r line; do
    case $line in
    '    $ build/trapeze '*)
      command=${line#*trapeze }
      # shellcheck disable=SC2086
      timeout 300 "$trapeze" $command >printed 2>&1 ;;
    '    '*) [ -z "$command" ] || grep -qxF -- "${line#    }" printed || echo "$command: $line" ;;
    *) command= ;;
    esac
  done <"$1"
}
stale "$top/docs/classification.md" >differ
check "the manual shows what is printed" test ! -s differ
sed 's/^/# /' differ
check "in five commands and more" [ "$(grep -c '^    \$ build/trapeze' "$top/docs/classification.md")" -ge 6 ]
sed -n '/^    \$ .* --witness probe/,/^$/{s/holds/FAILS/;p}' "$top/docs/classification.md" >wrong
check "caught: a run that ends otherwise" test "$(stale wrong | wc -l)" = 1

# The paper moves the relocation and keeps the bound: r (+) x = (l + x, b), and here b may
# differ as well. That makes no difference: there is such a pair with one bound, too
# (which is BOUND, or q while translation is off), wherever there is one.
one_bound() { # INSTRUCTION
  sed '/^(check-sat)/i (assert (= (ite (= psw-te.1 #b1) cr-bound.1 q) (ite (= psw-te.2 #b1) cr-bound.2 q)))' \
    "queries/$1-location.smt2" | cvc5 -q --lang smt2 -
}
for query in $(awk -F'\t' '$2 == "sat" { print $1 }' queries/INDEX | grep -e '-location'); do
  echo "$query $(one_bound "${query%-location.smt2}")"
done >out
[ "$(grep -c ' sat$' out)" = 6 ] && ! grep -qv ' sat$' out
report $? "what is location sensitive is so with one bound"
[ "$(one_bound lra | head -n 1)$(one_bound popf | head -n 1)" = satunsat ]
report $? "caught: what is not location sensitive is not"

# ------------------------------------------------------------------ one's own profile
open=$top/docs/examples/open-rfe.profile
expect 1 'Theorem 3 +FAILS.*rfe' - "open-rfe: the return from trap stands in the way of both" -- "$open" $few
expect 1 'Theorem 3 +FAILS.*rfe' - "in the paper's model too" -- "$open" --model paper $few
expect 0 'rfe .*privileged yes -> no, user sensitive no -> yes' - "--diff says what the line flipped" -- --diff pg "$open" --routes exhaustion
expect 0 'no verdict differs' - "nothing, of a profile and itself" -- --diff pg pg $few
expect 0 '"schema": "trapeze-classify-diff/1"' - "--diff in JSON" -- --diff --json m68000 m68010 $few
t --diff --json m68000 m68010 $few >diff.json
check "which says what flips" bash -c \
  'tr -d " \n" <diff.json | grep -qF "{\"instruction\":\"rdpsw\",\"changes\":[{\"what\":\"outside\",\"from\":\"full\",\"to\":\"trap\"},{\"what\":\"privileged\",\"from\":\"no\",\"to\":\"yes?\"}" &&
   grep -q "\"to\": \"open\"" diff.json'
expect 0 'resource control is lost' - "and what that means" -- "$open" --explain rfe
t "$open" --witness rfe -o rfe.s && "$trapeze" verify rfe.s --profile "$open" >verified 2>&1
check "its program takes the machine from the VMM" grep -q 'lost control' verified
printf 'profile mine;\nextends x86;\noutside popf = trap;\nabsent cpuid;\n' >mine.profile
expect 1 'not privileged: lpsw pushf rdpsw svbr' - "a profile of one's own" -- mine.profile $few
expect 0 'popf .*partial -> trap' - "and what it changes" -- --diff x86 mine.profile $few
printf 'profile quiet;\nextends pg;\nio none;\n' >quiet.profile
t quiet.profile --witness sti -o quiet.s 2>err
"$trapeze" verify quiet.s --profile quiet.profile >verified 2>&1
report $? "a program for a machine without a console"

# --------------------------------------------------------------------------- errors
expect 2 - "did you mean 'x86'" "an unknown profile" -- x68
expect 2 - 'no.profile' "a profile that is not there" -- no.profile
expect 2 - "did you mean 'popf'" "an unknown instruction" -- x86 --explain popff
expect 2 - "no instruction 'ssk': it needs keys" "an absent instruction" -- x86 --explain ssk
expect 2 - "no instruction 'tlbw': it needs mmu tlb" "one that another MMU would have" -- x86 --explain tlbw
expect 0 '^tlbw on x86 .*, with mmu tlb' - "and has" -- x86 --mmu tlb --explain tlbw --routes exhaustion
expect 2 - "no instruction 'ssk'" "an absent instruction's witness" -- x86 --witness ssk -o ssk.s
expect 2 - 'goes with' "a file without a witness" -- x86 -o popf.s
expect 2 - 'is no model' "an unknown model" -- x86 --model real
expect 2 - 'is no route' "an unknown route" -- x86 --routes guess
expect 2 - 'is no route' "no route" -- x86 --routes ''
expect 2 - 'no number of samples' "no samples" -- x86 --samples 0
expect 2 - 'is no seed' "no seed" -- x86 --seed x
expect 2 - 'is no format' "an unknown format" -- x86 -T gif
expect 2 - 'give one profile' "no profile" -- --model paper
expect 2 - 'no.profile' "--all and a profile that is not there" -- --all no.profile
expect 2 - 'takes two profiles' "--diff and one profile" -- --diff x86
expect 2 - 'only one of' "two things at a time" -- x86 --tables --explain popf
expect 2 - 'have a JSON form' "an explanation in JSON" -- x86 --explain popf --json
expect 2 - 'needs --output' "a picture and a table, both on standard output" -- --all -T svg --markdown
expect 2 - "no mmu 'pages'; did you mean 'paged'" "an unknown MMU" -- x86 --mmu pages
expect 2 - "no io 'post'" "an unknown style of I/O" -- x86 --io post
expect 2 - 'goes with --all' "a table of one profile" -- x86 --markdown
expect 2 - 'cannot create' "a program into a folder that is not there" -- x86 --witness popf -o none/x.s $few
: >file
expect 2 - 'file' "queries into a file" -- pg --smtlib file $few
[ -w /dev/full ] && { t pg $few >/dev/full 2>err; [ $? = 3 ]; }
report $? "output that does not arrive: exit status 3"

# Only the solver's route needs Z3: here is one that cannot do anything.
mkdir lib
echo 'int nothing;' | ${CC:-cc} -shared -x c -o lib/libz3.so.4 -
LD_LIBRARY_PATH=lib expect 3 - 'the solver cannot be loaded: .*Z3_' "a Z3 that has not what is needed" -- pg --routes solver
LD_LIBRARY_PATH=lib expect 0 'small scope' - "which no other route asks" -- pg --routes exhaustion

# ------------------------------------------------------------------- another solver
while IFS= read -r line; do
  case $line in
  ok* | 'not ok'*)
    number=$((number + 1))
    sed -E "s/^(ok|not ok) [0-9]+/\1 $number/" <<<"$line" ;;
  '#'*) echo "$line" ;;
  esac
done < <(cd "$top" && BUILD=$BUILD TRAPEZE=$trapeze tests/classify/cvc5.sh)
echo "1..$number"
