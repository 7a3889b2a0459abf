#!/bin/bash
# The builds of minos with pages and with a TLB, their whole session, on every shipped profile under
# every exact way to make memory: equal at every tick wherever a theorem allows the VMM, and where
# none does, equal or parted at an instruction that the classifier names. TAP on standard output.
#   tests/pages/profiles.sh            84 runs, JOBS at a time; the table of docs/memory.md must say so
#   tests/pages/profiles.sh --update   writes that table (make memory-profiles)
#   tests/pages/profiles.sh --sample   one machine, through the fast engine only, against the table
set -u
cd "$(dirname "$0")/../.." || exit 3
export TRAPEZE=${TRAPEZE:-${BUILD:-build}/trapeze}
. tests/common/tap.sh
manual=docs/memory.md
how=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export work

# How memory is made: a name, the guest, the real machine's MMU.
ways=("shadow minos-paged paged" "nested minos-paged nested" "exact minos-tlb tlb")
theorems=("1 trap-and-emulate" "3 hybrid")

# ------------------------------------------------------------------------ the theory
# Of the machine with that MMU, by the classifier: PROFILE TECHNIQUE holds|FAILS
theory() { # MMU
  "$TRAPEZE" compare popf --mmu "$1" --ticks 1 --technique trap-and-emulate,hybrid -T json 2>/dev/null |
    jq -r '.profiles[] | .profile as $p | .techniques[] | "\($p) \(.technique) \(.predicted)"'
}
offends() { # PROFILE THEOREM INSTRUCTION: is it named as standing in its way?
  "$TRAPEZE" classify "$1" --routes solver --json |
    jq -e ".theorems[] | select(.theorem == $2) | .offenders | index(\"$3\") != null" >/dev/null
}
export -f offends

# -------------------------------------------------------------------------- the runs
commas() { sed -E ':a;s/([0-9])([0-9]{3})(,|$)/\1,\2\3/;ta'; }
# To $work/PROFILE.WAY.TECHNIQUE: what the table says, and to .bad why that must not be.
one() { # PROFILE WAY GUEST MMU THEOREM TECHNIQUE PREDICTED [OPTION…]
  local out=$work/$1.$2.$6 status tick insn
  "$TRAPEZE" verify "$3" --session --profile "$1" --mmu "$4" --memory-technique "$2" \
    --technique "$6" --ticks 60M --json "${@:8}" >"$out.json" 2>"$out.bad" </dev/null
  status=$?
  tick=$(jq -r '.equivalence | (.stepping // .fast) | .equal_to_tick' "$out.json" | commas)
  if [ $status -eq 0 ] && [ -n "$tick" ]; then
    [ "$7" = holds ] && echo "$tick" >"$out" || echo "$tick (?)" >"$out"
    jq -e '.resource_control.holds and (.equivalence | (.stepping // .fast).end == "halted")' \
      "$out.json" >/dev/null || echo "it did not halt, in control" >>"$out.bad"
    return
  fi
  insn=$(jq -r .first_divergence.instruction "$out.json")
  echo "\`$insn\` @$(jq -r .first_divergence.tick "$out.json" | commas)" >"$out"
  if [ $status -ne 1 ] || [ "$7" = holds ]; then
    echo "exit status $status; theory: $7; parted at $insn" >>"$out.bad"
  elif ! offends "$1" "$5" "$insn"; then
    echo "they part at $insn, which does not stand in the way of Theorem $5" >>"$out.bad"
  fi
}
export -f commas
export -f one

# PROFILE WAY GUEST MMU THEOREM TECHNIQUE PREDICTED of every cell
cells() {
  local way technique
  for way in "${ways[@]}"; do
    # shellcheck disable=SC2086
    set -- $way
    theory "$3" >"$work/theory"
    for technique in "${theorems[@]}"; do
      awk -v way="$way" -v technique="$technique" \
        '$2 == substr(technique, 3) { print $1, way, technique, $3 }' "$work/theory"
    done
  done
}

# ------------------------------------------------------------------------- the table
heads() {
  echo '| profile | Theorem 1 | shadow | nested | exact | Theorem 3 | shadow | nested | exact |'
  echo '|---|---|--:|--:|--:|---|--:|--:|--:|'
}
row() { # PROFILE
  local number technique way
  printf '| `%s` |' "$1"
  for technique in "${theorems[@]}"; do
    number=${technique%% *} technique=${technique#* }
    printf ' %s |' "$(awk -v p="$1" -v n="$number" '$1 == p && $5 == n { print $7; exit }' "$work/cells")"
    for way in shadow nested exact; do
      printf ' %s |' "$(cat "$work/$1.$way.$technique")"
    done
  done
  echo
}
recorded() { sed -n '/^<!-- profiles -->/,/^<!-- end -->/{/^<!--/!p}' "$manual"; }
record() { # FILE
  sed -i -e "/^<!-- profiles -->/,/^<!-- end -->/{/^<!-- profiles/{p;r $1" -e '};/^<!-- end/!d}' "$manual"
}

if [ "$how" = --sample ]; then
  for way in "${ways[@]}"; do echo "vtx $way 1 trap-and-emulate holds"; done >"$work/cells"
else
  cells >"$work/cells"
fi
[ -s "$work/cells" ]
report $? "there is something to run"
export fast=
[ "$how" != --sample ] || fast=--fast-only
xargs -P "${JOBS:-$(nproc)}" -L 1 bash -c 'one "$@" $fast' _ <"$work/cells"
while read -r profile way guest mmu _ technique predicted; do
  out=$work/$profile.$way.$technique
  [ -s "$out" ] && [ ! -s "$out.bad" ]
  report $? "$guest on $profile ($mmu): $technique, ${predicted/holds/as its theorem says}: $(cat "$out")" "$out.bad"
done <"$work/cells"

if [ "$how" = --sample ]; then
  for profile in $("$TRAPEZE" profiles | sed -n 's/^\([a-z][^ ]*\) .*/\1/p'); do
    recorded | grep -q "^| \`$profile\` " || echo "$profile"
  done >"$work/missing"
  [ ! -s "$work/missing" ]
  report $? "$manual has a row of every profile (make memory-profiles)" "$work/missing"
  recorded | grep -F "| \`vtx\` | holds | $(cat "$work/vtx.shadow.trap-and-emulate") | $(
    cat "$work/vtx.nested.trap-and-emulate") | $(cat "$work/vtx.exact.trap-and-emulate") |" >"$work/found"
  [ -s "$work/found" ]
  report $? "  and of one of them says what it is today" "$work/found"
  one vtx exact minos-tlb tlb 1 trap-and-emulate holds --fast-only --ticks 100k
  [ -s "$work/vtx.exact.trap-and-emulate.bad" ]
  report $? "caught: a session that is not run to its end"
else
  profiles=$(awk '!seen[$1]++ { print $1 }' "$work/cells")
  { heads && for profile in $profiles; do row "$profile"; done; } >"$work/table"
  if [ "$how" = --update ]; then record "$work/table"; fi
  diff <(recorded) "$work/table" >"$work/diff"
  report $? "$manual says so (make memory-profiles)" "$work/diff"
fi
echo "1..$number"
exit "$failed"
