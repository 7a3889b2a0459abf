#!/bin/bash
# What paravirtualization saves: minos by trap-and-emulate against minos-paravirt, the same session
# typed to both, each alone on a machine with the usual prices (docs/timers.md).
#   tests/paravirt/measure.sh            the table of docs/paravirt.md
#   tests/paravirt/measure.sh --diff     what is another line in minos-paravirt, as a diff
#   tests/paravirt/measure.sh --update   writes both there
#   tests/paravirt/measure.sh --raw      "SESSION SYSTEM traps traps-per-million VMM-ticks" each
set -u
cd "$(dirname "$0")/../.." || exit 3
TRAPEZE=${TRAPEZE:-build/trapeze}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tests/paravirt/io.in "$work/io.in"
cp guestos/minos.in "$work/minos.in"

# session, system, program and technique, profile
measure() {
  local dir=$work/$1-$2.dir
  cat >"$dir" <<END
machine { disk scratch sectors 64; profile $4; }
user guest { program $3; minidisk A first 0 length 64; console input "$1.in"; }
END
  "$TRAPEZE" vmm --json "$dir" 2>"$work/errors" | jq -r --arg session "$1" --arg system "$2" '
    .users[0] | .vmm as $v | .real_ticks as $t |
    ($v.direct + $v.emulated + $v.interpreted + $v.hypercalls) as $all |
    ($v.emulated + $v.interpreted + $v.hypercalls + $v.reflected + $v.served) as $traps |
    "\($session) \($system) \($all) \($traps) \($traps * 1000000 / $all | floor) \($t.overhead)"'
}

raw() {
  local session
  for session in io minos; do
    measure $session native "minos" pg
    measure $session pg "minos-paravirt; technique paravirt" pg
    measure $session x86 "minos-paravirt; technique paravirt" x86
  done
}

table() {
  raw | awk '
    function commas(n,   s) {
      s = sprintf("%d", n)
      while (match(s, /[0-9][0-9][0-9][0-9]($|,)/)) s = substr(s, 1, RSTART) "," substr(s, RSTART + 1)
      return s
    }
    { instructions[$1, $2] = $3; traps[$1, $2] = $4; rate[$1, $2] = $5; ticks[$1, $2] = $6 }
    function row(session, name, of, unit, ratio) {
      printf "| %s | %s | %s | %s | %s |\n", name, show(of[session, "native"], unit),
        show(of[session, "pg"], unit), show(of[session, "x86"], unit),
        ratio ? sprintf("%.1f times fewer", of[session, "native"] / of[session, "x86"]) : ""
    }
    function show(n, unit) { return unit == 1 ? commas(n) : sprintf("%.1f", n / unit) }
    function part(session, title) {
      printf "| **%s** | | | | |\n", title
      row(session, "instructions of the guest", instructions, 1, 0)
      row(session, "traps to the VMM", traps, 1, 1)
      row(session, "… per 1,000 instructions", rate, 1000, 1)
      row(session, "ticks of the VMM", ticks, 1, 1)
    }
    END {
      print "| | minos on `pg` | minos-paravirt on `pg` | … on `x86` | |"
      print "|---|---|---|---|---|"
      part("io", "console and disk (tests/paravirt/io.in)")
      part("minos", "the usual session (guestos/minos.in)")
    }'
}

# What stands between .if PARAVIRT, .else and .endif.
changes() {
  awk '
    FNR == 1 { file = FILENAME; sub("guestos/", "", file); shown = 0; inside = 0; depth = 0 }
    /^\.if PARAVIRT/ { inside = 1; depth = 0; sign = "+"; next }
    inside && /^\.if/ { depth++ }
    inside && /^\.else/ && depth == 0 { sign = "-"; next }
    inside && /^\.endif/ && depth-- == 0 { inside = 0; flush(); next }
    inside && sign == "+" { plus[++pluses] = $0 }
    inside && sign == "-" { minus[++minuses] = $0 }
    function flush(   i) {
      if (!shown++) print file
      for (i = 1; i <= minuses; i++) print "-" minus[i]
      for (i = 1; i <= pluses; i++) print "+" plus[i]
      minuses = pluses = 0
    }' guestos/minos.s guestos/minos/*.inc
}

write_between() { # MARK FILE: into docs/paravirt.md
  awk -v mark="<!-- $1 -->" -v text="$2" '
    $0 == mark { print; while ((getline line < text) > 0) print line; skip = 1; next }
    /<!-- end -->/ { skip = 0 }
    !skip' docs/paravirt.md >"$work/new" && cp "$work/new" docs/paravirt.md
}

case ${1:-} in
  --raw) raw ;;
  --update)
    table >"$work/table" && write_between measured "$work/table"
    { echo '```diff'; changes; echo '```'; } >"$work/changes" && write_between diff "$work/changes"
    ;;
  --diff) changes ;;
  *) table ;;
esac
