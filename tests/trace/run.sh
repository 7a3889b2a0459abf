#!/bin/bash
# Traces: recording, the file, the lists, the pictures. TAP on standard output.
#   tests/trace/run.sh [--update]   rewrites expected/ instead; say why in the commit
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "${TRAPEZE:-${BUILD:-build}/trapeze}")
top=$PWD
here=$top/tests/trace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$top/tests/common/jobs.sh"
cp "$here/rewrite.s" "$work"
cd "$work" || exit 3
exec </dev/null
n=0

t() { timeout 100 "$trapeze" "$@"; }
report() { # STATUS NAME [FILE with diagnostics]
  n=$((n + 1))
  [ "$1" -eq 0 ] && echo "ok $n - $2" && return
  echo "not ok $n - $2"
  [ -z "${3:-}" ] || head -n 20 "$3" | sed 's/^/# /'
}
check() { # NAME command…
  local name=$1
  shift
  "$@" >said 2>&1
  report $? "$name" said
}
refused() { # STATUS MESSAGE command…: that status, and one message, which matches
  local status=$1 message=$2
  shift 2
  "$@" >out 2>err
  local got=$?
  cat err
  [ $got -eq "$status" ] && [ "$(grep -cv "^Try " err)" -eq 1 ] && grep -qE -- "$message" err && [ ! -s out ]
}
kinds() { awk '!/^#/ { print $3 }' "$@" | sort -u | tr '\n' ' '; }

# -------------------------------------------------------------- lists as expected
declare -A runs=(
  [popf-x86]="vmm popf --profile x86 --trace-events=all,-instructions"
  [popf-bare]="run popf --trace-events=all --ticks 40"
  [popf-translate]="vmm popf --profile x86 --technique translate"
  [popf-patch]="vmm popf --profile x86 --technique patch"
  [rewrite-translate]="vmm ./rewrite.s --profile x86 --technique translate"
  [traps]="run traps"
  [timer]="vmm timer --ticks 2100"
  [hello-nested]="vmm hello --depth 2 --ticks 30"
)
for name in "${!runs[@]}"; do
  # shellcheck disable=SC2086
  t ${runs[$name]} --trace="$name.trace" >/dev/null 2>&1
  t trace "$name.trace" >"$name.txt"
done
if [ "${1:-}" = --update ]; then
  for name in "${!runs[@]}"; do
    cp "$name.txt" "$here/expected/"
  done
  exit
fi
for name in $(printf '%s\n' "${!runs[@]}" | sort); do
  check "the events of $name are as expected" diff "$here/expected/$name.txt" "$name.txt"
done
check "80 columns are enough for them" bash -c '! grep -E "^.{81}" "$@"' . ./*.txt
sed 's/mtcr vbr/mtcr vbx/' popf-x86.txt >wrong.txt
! diff -q "$here/expected/popf-x86.txt" wrong.txt >/dev/null
report $? "caught: an event that is another"

# ---------------------------------------------------------------------- recording
record() { # FILE options…: minos, in a virtual machine
  local file=$1
  shift
  t vmm minos --session --ticks 700k --trace="$file" "$@" >/dev/null 2>&1
  [ -s "$file" ]
}
record a.trace
record b.trace
check "the same run gives the same trace, byte for byte" cmp a.trace b.trace
for engine in step unfused; do
  record b.trace --engine $engine
  check "and through the engine '$engine'" cmp a.trace b.trace
done
record x.trace --profile x86
record y.trace --profile x86 --engine step
check "and where sensitive instructions are picked out of fast execution" cmp x.trace y.trace
check "of which there are some" bash -c "'$trapeze' trace x.trace -c sensitive | grep -q ': popf'"
t vmm minos --session --ticks 700k --profile x86 --technique translate --stats --trace=t.trace >said 2>&1
counts() { # of the trace: blocks made, branches chained at an exit, blocks forgotten
  t trace t.trace | awk '/ code .* translated: / { made++ } / code .* chained, / { chained++ } END { print made, chained }'
}
check "each block that is translated is told, and each exit that is not taken again" \
  [ "$(counts)" = "$(awk '/blocks translated/ { made = $3 } /exits taken/ { chained = $3 } END { print made, chained }' said)" ]
record b.trace --ticks 699k
check "caught: another run" bash -c '! cmp -s a.trace b.trace'
record i.trace --trace-events=all
t trace i.trace --class default | grep -v '^#' >with
t trace a.trace | grep -v '^#' >without
check "recording instructions changes nothing else" cmp with without
t vmm minos --session --ticks 700k >quiet 2>&1
t vmm minos --session --ticks 700k --trace=x.trace >traced 2>&1
check "recording changes nothing that is printed" cmp quiet traced
t run minos --session --ticks 700k --trace=bare.trace >/dev/null 2>&1
t trace bare.trace >bare.txt
t trace i.trace >virtual.txt
all="deliver emulate enter instruction io leave map mode raise reflect serve state trap "
check "every kind of event occurs" [ "$(kinds bare.txt virtual.txt traps.txt)" = "$all" ]
check "caught: a kind that is missing" [ "$(kinds bare.txt)" != "$all" ]

declare -A of=(
  [traps]="deliver mode trap " [emulation]="emulate " [reflection]="reflect "
  [switches]="enter leave " [interrupts]="deliver raise serve trap " [io]="io " [memory]="map "
  [instructions]="instruction " [sensitive]=""
)
for class in traps emulation reflection switches interrupts io memory sensitive instructions; do
  record c.trace --trace-events=$class
  t trace c.trace >recorded.txt
  t trace i.trace --class=$class >filtered.txt
  check "class $class, recorded" [ "$(kinds recorded.txt)" = "${of[$class]}" ]
  check "class $class, chosen afterwards" [ "$(kinds filtered.txt)" = "${of[$class]}" ]
done
check "on x86, pushf and popf are sensitive and run" \
  bash -c 'grep -q "instruction .*: popf" popf-x86.txt && grep -q "instruction .*: pushf" popf-x86.txt'
check "default,sensitive is what all,-instructions is" bash -c "
  '$trapeze' vmm popf --profile x86 --trace=d.trace --trace-events=default,sensitive >/dev/null
  cmp d.trace popf-x86.trace"
t vmm popf --profile x86 --trace=d.trace >/dev/null
check "and that is the default, where something does not trap" cmp d.trace popf-x86.trace
hint='^# sensitive instructions that did not trap were not recorded'
t vmm popf --profile x86 --trace=blind.trace --trace-events=-sensitive >/dev/null
t trace blind.trace >blind.txt
check "if they were not recorded, the list says so" grep -q "$hint" blind.txt
check "and the ladder" bash -c "'$trapeze' trace blind.trace -T dot | grep -q 'not recorded: --trace-events'"
check "but not where they were, or where all trap" bash -c "! grep -q '$hint' popf-x86.txt without hello-nested.txt"
t vmm popf --profile pg --trace=pg.trace >/dev/null
t vmm popf --profile pg --trace=fast.trace --trace-events=-sensitive >/dev/null
check "where all trap, the default keeps the fast engine" cmp pg.trace fast.trace
t verify popf --profile x86 --trace=verify.trace >verified
check "verify still says no" grep -q 'no duplicate' verified
check "and its trace marks the first divergence" \
  bash -c "'$trapeze' trace verify.trace | grep -A1 ': popf' | grep -q . &&
           '$trapeze' trace verify.trace | grep -qE ' 12  vm +note +first divergence$'"

cp "$top/guestos/hello.s" "$top/guestos/pg32.inc" .
t run ./hello.s --trace=own.trace >/dev/null
rm hello.s pg32.inc
t trace own.trace -T dot >own.dot
check "a trace holds its source" grep -q 'hello.s:[0-9]*: ' own.dot

printf '        .globl _start\n_start: la t0, h\n sw t0, 8(zero)\n1: addi t1, t1, 1\n sys 0\n j 1b\nh: mfcr t2, epc\n addi t2, t2, 4\n mtcr epc, t2\n rfe\n' >busy.s
# Written beside its name, under another one, until it is whole.
growing() { # FILE
  set -- "$1".??????
  has_bytes "$1" 100000
}
job "$trapeze" run ./busy.s --trace=int.trace >/dev/null 2>&1
job_signal INT growing int.trace
check "interrupted, it dies of that" [ $? -eq 130 ]
check "and the trace is whole" t trace int.trace
check "and says so" bash -c "'$trapeze' trace int.trace | tail -n 1 | grep -q '^# was stopped'"
job "$trapeze" run ./busy.s --trace=kill.trace >/dev/null 2>&1
job_signal KILL growing kill.trace
check "killed, there is none" [ ! -e kill.trace ]
rm -f kill.trace.*

# ----------------------------------------------------------------- what is refused
check "no such class" refused 2 "did you mean 'traps'" t run hello --trace=x --trace-events=trap
check "no class at all" refused 2 'leaves no event' t run hello --trace=x --trace-events=io,-io
check "a folder that is not there" refused 2 "cannot create 'no/x'" t run hello --trace=no/x
check "a full disk" refused 3 "cannot write" bash -c "'$trapeze' run hello --trace=/dev/full >/dev/null"
check "no file" refused 2 "cannot open" t trace none.trace
check "no trace: text" refused 2 '^busy\.s:0: error: expected a trace' t trace busy.s
: >empty
check "no trace: nothing" refused 2 '^empty:0: error: expected a trace' t trace empty
check "an unknown format" refused 2 "did you mean 'svg'" t trace a.trace -T svgg
check "an unknown picture" refused 2 "did you mean 'graph'" t trace a.trace -p grap
check "a page too many" refused 2 'there is no page 9999' t trace a.trace -T dot --page 9999
check "page 0" refused 2 'number of a page' t trace a.trace -T dot --page 0
check "without Graphviz" refused 3 'Debian: graphviz' env PATH=/nowhere "$trapeze" trace a.trace -T svg

check "a text in a picture's name" refused 2 "contradicts .*'x.png'" t trace a.trace -T txt -o x.png
check "a picture of a list" refused 2 'is for -T dot, svg and png; this is txt' t trace a.trace -p graph
t run hello --trace=small.trace >/dev/null
check "a bitmap on a terminal" bash -c "script -qec \"'$trapeze' trace small.trace -T png\" /dev/null </dev/null >out
  [ \$? -eq 2 ] && grep -q 'not for a terminal; -o FILE' out"

# Every cut and every byte that is another: one message, with the place.
damage() { # each byte of FILE that the step hits, by the command's answer
  local at answer said bytes
  mapfile -t bytes < <(od -An -v -w1 -tu1 "$1" | tr -d ' ')
  for ((at = 0; at < ${#bytes[@]}; at += $2)); do
    head -c "$at" "$1" >damaged
    if [ "$3" = change ]; then
      # shellcheck disable=SC2059
      printf "\\x$(printf %02x $(((bytes[at] + 1) % 256)))" >>damaged
      tail -c +$((at + 2)) "$1" >>damaged
    fi
    "$trapeze" trace damaged >out 2>err
    answer=$?
    mapfile -t said <err
    if [ $answer -ne 2 ] || [ ${#said[@]} -ne 1 ] || ! [[ ${said[0]} =~ ^damaged:[0-9]+:\ error:\  ]] ||
      [ -s out ]; then
      echo "$3 at $at: exit status $answer"
      cat err
      return 1
    fi
  done
}
check "a trace that is cut off anywhere is refused" damage small.trace 61 cut
check "a trace with a byte changed anywhere is refused" damage small.trace 23 change
cat small.trace small.trace >damaged
check "a trace with something behind it is refused" \
  refused 2 '^damaged:[0-9]+: error: expected nothing after the end mark' t trace damaged
check "standard input is read" bash -c "'$trapeze' trace - <small.trace | cmp - <('$trapeze' trace small.trace)"

# ------------------------------------------------------------------------ renderers
t trace a.trace -T jsonl >a.jsonl
check "jsonl: an object a line" bash -c 'jq -e . a.jsonl >/dev/null && [ "$(jq -c . a.jsonl | wc -l)" = "$(wc -l <a.jsonl)" ]'
check "jsonl: as many events as the first line says" \
  bash -c '[ "$(head -n 1 a.jsonl | jq .events)" = "$(($(wc -l <a.jsonl) - 1))" ]'
check "jsonl: with the fields that are documented" bash -c '
  tail -n +2 a.jsonl | jq -e -s "all(.[]; has(\"tick\") and has(\"machine\") and has(\"kind\") and
    has(\"class\") and has(\"a\") and has(\"b\") and has(\"c\") and has(\"d\") and has(\"words\"))"'

t trace a.trace -T chrome >a.json
check "chrome: lanes have names" bash -c '[ "$(jq -r "[.traceEvents[] | select(.name == \"thread_name\") | .args.name] | join(\",\")" a.json)" = "application,guest OS,VMM,hardware" ]'
check "chrome: only phases M, X, s and f" bash -c '[ "$(jq -r "[.traceEvents[].ph] | unique | join(\"\")" a.json)" = MXfs ]'
slices='[.traceEvents[] | select(.ph == "X")] | group_by(.tid) |
  all(.[]; sort_by(.ts) | [., .[1:]] | transpose | all(.[]; .[1] == null or .[0].ts + .[0].dur <= .[1].ts))'
check "chrome: slices of a lane do not overlap" jq -e "$slices" a.json

# What Perfetto asks of the format: it takes events as they come if their times never
# go back, binds both ends of an arrow to the slice that was told last in the lane, pairs
# them by id, cat and name, and counts what does not fit as errors, silently.
cat >perfetto.jq <<'JQ'
def whole: (.ts | type == "number" and . >= 0 and . == floor) and .pid == 1 and (.tid | type == "number")
  and (.name | type == "string" and length > 0) and (.cat | type == "string");
def bad($what; $e): .bad += [$what + ($e | tojson)];
reduce .traceEvents[] as $e ({ts: 0, named: {}, top: {}, open: {}, id: -1, arrows: 0, begun: false, bad: []};
  ($e.tid | tostring) as $lane | .top[$lane] as $top |
  if $e.ph == "M" then
    if .begun then bad("a name after events: "; $e) else . end | .named[$lane] = 1
  else .begun = true |
    if $e | whole | not then bad("incomplete: "; $e) else . end |
    if $e.ts < .ts then bad("time goes back: "; $e) else .ts = $e.ts end |
    if .named[$lane] | not then bad("a lane without a name: "; $e) else . end |
    if $e.ph == "X" then
      if $e.dur < 1 or ($top and $top[1] > $e.ts) then bad("overlaps: "; $e) else . end |
      .top[$lane] = [$e.ts, $e.ts + $e.dur]
    elif ($top | not) or $e.ts < $top[0] or $e.ts >= $top[1] then bad("in no slice: "; $e)
    elif $e.ph == "s" and $e.id > .id then
      .id = $e.id | .open[$e.id | tostring] = [$e.name, $e.cat]
    elif $e.ph == "f" and $e.bp == "e" and .open[$e.id | tostring] == [$e.name, $e.cat] then
      .arrows += 1 | del(.open[$e.id | tostring])
    else bad("what is it: "; $e) end
  end)
| (if .open != {} then .bad += ["no end"] else . end)
| .bad[:5][], if .bad == [] and .arrows > 5 then "\(.arrows) arrows" else empty end
JQ
fits() { # FILE
  jq -r -f perfetto.jq "$1" >fits 2>&1
  cat fits
  grep -q ' arrows$' fits
}
# jq is slow: the session's beginning has everything that its whole has.
t trace a.trace -T chrome --to 200000 >early.json
blamed() { # WHAT, of wrong.json
  ! fits wrong.json && grep -q "$1" fits
}
check "chrome: fits Perfetto's rules" fits early.json
for name in hello-nested bare verify popf-x86; do
  t trace "$name.trace" -T chrome >one.json
  check "and the trace $name" fits one.json
done
sed '0,/,"bp":"e"/s///' one.json >wrong.json
check "caught: an arrow that ends nowhere" blamed '^what is it: .*"f"'
awk '/"ph":"X"/ && x != "" { print x } /"ph":"X"/ { x = $0; next }
     /"ph":"f"/ { print; print x; x = ""; next } { if (x != "") print x; x = ""; print } END { if (x != "") print x }' one.json >wrong.json
check "caught: an arrow that ends before its slice begins" blamed '^in no slice: .*"f"'

t trace a.trace -T html >a.html
sed -n 's/.*<script type="application\/json" id="data">\(.*\)<\/script>.*/\1/p' a.html >a.data
check "html: the data is JSON, with rows between the lanes" jq -e '
  (.rows | length) > 1000 and (.lanes | length) == 4 and
  (.lanes | length) as $n | (.labels | length) as $l | (.places | length) as $p |
  all(.rows[]; .[2] < $n and .[3] < $n and .[4] < $n and .[8] < $l and .[9] < $p)' a.data
check "html: nothing is fetched from elsewhere" bash -c '! grep -oE "(src|href)=|@import|url\(" a.html'

t trace a.trace -T svg -o a.svg
check "svg: a whole drawing" bash -c 'head -n 1 a.svg | grep -q "^<?xml" && tail -n 1 a.svg | grep -q "^</svg>"'
t trace a.trace -o named.svg
check "the name of the output chooses the format" cmp named.svg a.svg
check "and any text may be called .txt" t trace a.trace -T jsonl -o named.txt
t trace a.trace --from 99999999 >late.txt
check "beyond the end, the list says so" grep -q '^# no events: tick 99,999,999 is after the end$' late.txt
check "and the picture's maker" bash -c "'$trapeze' trace a.trace --from 99999999 -T dot 2>&1 >/dev/null | grep -q 'the trace ends at tick'"
check "no event of a class: the list says so" bash -c "'$trapeze' trace blind.trace -c sensitive | grep -q '^# no events of these classes'"
t trace a.trace -T png -o a.png
check "png: a drawing" bash -c '[ "$(head -c 8 a.png | od -An -tx1 | tr -d " \n")" = 89504e470d0a1a0a ]'
for picture in ladder graph modes memory; do
  check "$picture: a graph that dot takes" bash -c "'$trapeze' trace a.trace -T dot -p $picture | dot -Tcanon"
done
t trace a.trace -T dot --page 2 >page2.dot
check "another page is another" bash -c "'$trapeze' trace a.trace -T dot | cmp -s - page2.dot && exit 1; grep -q 'page 2 of' page2.dot"

# No label is wider than its node, and no two nodes that are seen overlap.
overlaps() { # of `neato -Tplain`, in inches
  awk '$1 == "node" && $8 != "invis" && $5 > 0.05 {
         for (i = 0; i < n; i++)
           if (($3 - x[i]) ^ 2 < (($5 + w[i]) / 2 - 0.01) ^ 2 && ($4 - y[i]) ^ 2 < (($6 + h[i]) / 2 - 0.012) ^ 2)
             print name[i], "and", $2
         x[n] = $3; y[n] = $4; w[n] = $5; h[n] = $6; name[n++] = $2
       }' "$1"
}
whole() { # NAME: a ladder
  neato -n2 -Tplain "$1" >plain 2>warnings
  cat warnings
  overlaps plain | head
  [ ! -s warnings ] && [ -z "$(overlaps plain)" ]
}
for f in "$top"/docs/pictures/*.dot; do
  case $f in
    *-graph.dot | *-modes.dot | *-memory.dot | *-spaces.dot | *-map.dot | */sets-*.dot) ;; # sets lie in one another
    *) check "$(basename "$f" .dot): nothing is cut, nothing overlaps" whole "$f" ;;
  esac
done
sed 's/fontsize=10/fontsize=14/' page2.dot >wrong.dot
check "caught: labels that are too wide" bash -c '[ -n "$(neato -n2 -Tplain wrong.dot 2>&1 >/dev/null)" ]'
neato -n2 -Tplain page2.dot >plain
awk '$1 == "node" && $4 > 3 { $4 -= 0.2 } { print }' plain >shifted
[ -n "$(overlaps shifted)" ]
report $? "caught: rows that overlap"

# ------------------------------------------------------------- the demos' pictures
mkdir pictures
TRAPEZE=$trapeze "$top/tools/build/pictures.sh" pictures dot >said 2>&1
report $? "the demos' pictures can be drawn" said
for f in pictures/*.dot; do
  name=$(basename "$f")
  check "docs/pictures/$name is current (make pictures)" diff "$top/docs/pictures/$name" "$f"
  check "and drawn" [ -s "$top/docs/pictures/${name%.dot}.svg" ]
done
check "there are no others" [ "$(cd "$top/docs/pictures" && echo *.dot)" = "$(cd pictures && touch matrix.dot && echo *.dot)" ] # of tests/classify
echo "1..$n"
