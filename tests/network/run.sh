#!/bin/bash
# Networks of directories: a file comes across whatever is lost, who may not talk does not,
# floods, verify, traces, the debugger; and what docs/network.md shows. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "${TRAPEZE:-${BUILD:-build}/trapeze}")
top=$PWD
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
export LC_ALL=C.UTF-8
t() { timeout 100 "$trapeze" "$@" </dev/null; }
check() { # NAME COMMAND…
  local name=$1
  shift
  "$@" >log 2>&1
  report $? "$name" log
}

file='A virtual machine is taken to be an efficient, isolated
duplicate of the real machine. It talks to others as they do:
by what it sends, and to nobody by what they share.'

# ------------------------------------------------------------------ two that talk
cp "$top"/docs/examples/{fetch.dir,flood.dir,flood.s} "$top"/tests/network/*.s .
fetched() { # DIRECTORY OPTION…: alice has the file; another may wait for ever
  t vmm "$@" >out 2>err
  [ $? -le 1 ] && sed -n 's/^alice: //p' out | head -n 3 | cmp - <(echo "$file")
}
check "a file comes across" fetched fetch.dir
check "no answer was lost" grep -qx 'alice: asked 07 times' out
t vmm fetch.dir >out 2>err && grep -q 'bob: halted' err
report $? "both halt" err
for option in "--costs 0" "--quantum 100" "--quantum 1" "--profile s360" "--profile riscv" \
  "--engine step"; do
  # shellcheck disable=SC2086
  check "fetch.dir $option" fetched fetch.dir $option
  # shellcheck disable=SC2086
  case $option in "--quantum 1" | --engine*) continue ;; esac
  # shellcheck disable=SC2086
  check "verify fetch.dir $option" t verify fetch.dir $option
done
for guest in fetch serve; do
  echo ".equ MMIO, 1
.include \"$top/guestos/$guest.s\"" >$guest-mmio.s
done
sed 's/program fetch/program "fetch-mmio.s"/; s/program serve/program "serve-mmio.s"/' \
  fetch.dir >mmio.dir
check "with devices in memory" fetched mmio.dir --io mmio
check "verify, with devices in memory" t verify mmio.dir --io mmio
for guest in fetch serve; do
  t run $guest >out 2>&1
  check "$guest alone" grep -qx 'no network here' out
done

# ------------------------------------------------------------------------- losses
sed 's/program serve/program "lossy.s"/' fetch.dir >lossy.dir
t vmm lossy.dir --ticks 3M >out 2>err
[ "$(tr -d '\n' <out)" = "alice: abcdasked 15 times" ]
report $? "two of three answers are lost, and some come twice" out
check "verify of that" t verify lossy.dir --ticks 3M

# ----------------------------------------------------------------- who may not talk
cat >forger.dir <<'END'
machine { switch lan; }
user alice { program fetch; storage 64K; network switch lan peers bob; }
user bob { program serve; storage 64K; network switch lan peers alice; }
user mallory { program "forger.s"; storage 64K; network switch lan; }
END
check "beside one that forges" fetched forger.dir --ticks 3M --stats
check "its frames reach nobody" grep -qE '^  mallory +40 +0 +40 +0 +0 +0$' err
check "it is refused what is not its own" grep -qx 'mallory: refused' out
check "verify beside it" t verify forger.dir --ticks 3M
sed 's/ peers [a-z]*//' forger.dir >open.dir
t vmm open.dir --ticks 3M --stats >out 2>err
check "nor without a filter" grep -qE '^  mallory +40 +0 +40 +0 +0 +1$' err
check "verify, where a frame comes over its code" t verify open.dir --ticks 3M

# -------------------------------------------------------------------------- floods
check "beside one that floods" fetched flood.dir --stats
counts() { sed -n "s/^  $1 \+//p" err | tail -n 1 | tr -d , | tr -s ' '; }
read -r sent passed filtered flooded lost _ <<<"$(counts carol)"
[ "$sent" -eq 1000 ] && [ $((passed + filtered + flooded + lost)) -eq 1000 ] &&
  [ "$flooded" -gt 450 ] && [ "$filtered" -eq 0 ]
report $? "half of the flood goes nowhere" err
check "verify of a flood" t verify flood.dir
sed 's/network switch lan;  .*/network switch lan peers alice;/' flood.dir >closed.dir
check "not even slower, where bob names his peers" bash -c '
  '"$(declare -f t fetched); trapeze=$trapeze file='$file'"'
  fetched closed.dir && grep -qx "alice: asked 07 times" out'
t vmm flood.dir --json >json 2>err
check "--json counts the same" jq -e --argjson sent "$sent" --argjson flooded "$flooded" \
  '.users[2].network | .sent == $sent and .flooded == $flooded and .forged == 0' json
check "none where there is none" jq -e '.users[0].network == null' <(t vmm "$top/docs/examples/alone.dir" --json 2>/dev/null)

# ------------------------------------------------------------- traces, the debugger
t vmm fetch.dir --trace f.trace >out 2>&1
t trace f.trace >list
[ "$(grep -c 'frame    sent:' list)" -eq 14 ] && [ "$(grep -c 'frame    arrived:' list)" -eq 14 ]
report $? "frames are in the trace" list
check "… and their addresses" grep -qE '^ +[0-9]+  alice +frame +sent: 12 bytes from 1 to all$' list
t trace f.trace -c io -T dot >dot
check "… and are arrows" grep -q 'label="send 12 bytes"' dot
t debug fetch.dir -nx -batch -ex 'info network' -ex 'stepi 400' -ex 'info network' \
  -ex 'reverse-stepi 300' -ex 'info network' >said 2>&1
[ "$(grep -c '^station 1; ports 0x20 to 0x27$' said)" -eq 3 ] &&
  [ "$(grep '^frames:' said | sort -u | wc -l)" -eq 3 ]
report $? "info network, back in time too" said

# ---------------------------------------------------------------- docs/network.md
shown() { # COMMAND FILE: what the page shows of it stands in FILE
  awk -v want="    \$ trapeze $1" '$0 == want { on = 1; next } on && /^    / { print substr($0, 5); next }
    on && $0 != "" { exit }' "$top/docs/network.md" >wanted
  [ "$(wc -l <wanted)" -gt 4 ] && ! grep -vxFf "$2" wanted
}
cd "$top" || exit 3
for command in "vmm docs/examples/fetch.dir" "vmm docs/examples/flood.dir --stats" \
  "verify docs/examples/flood.dir"; do
  # shellcheck disable=SC2086
  t $command >"$work/out" 2>&1
  (cd "$work" && shown "$command" out) >"$work/log" 2>&1
  report $? "docs/network.md shows $command" "$work/log"
done
echo "1..$number"
