#!/bin/bash
# Monitors in monitors, measured: the tables of docs/nanovmm.md on standard output and,
# if PICTURE names a file, the chart.
#   recursion.sh DEPTH [PICTURE.svg]      TRAPEZE is the command
# Besides PICTURE.svg, PICTURE-ladder.svg: the traps of one privileged instruction.
# A row of a depth does not depend on how deep the others are.
set -eu
depth=$1 picture=${2:+$(realpath -m "$2")}
top=$(cd "$(dirname "$0")/../.." && pwd)
trapeze=$(realpath "${TRAPEZE:-$top/build/trapeze}")
keys=(--input "$top/guestos/minos.in" --input-rate 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# chain NAME STATS: monitors, each with the one above in it, around NAME-0.elf.
chain() {
  for ((d = 1; d <= depth; d++)); do
    printf '.include "nanovmm/monitor.inc"\n.incbin "%s-%d.elf"\nimage_end:\n' "$1" $((d - 1)) >"$1-$d.s"
    "$trapeze" asm -D STATS="$2" "$1-$d.s" -o "$1-$d.elf"
  done
}
statistic() { # FILE NAME: the sum of the lines of --stats that begin so
  sed -n "s/^  $2[^0-9]* \([0-9][0-9,]*\)\$/\1/p" "$1" | tr -d , | awk '{ n += $1 } END { printf "%.0f\n", n }'
}
comma() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# --------------------------------------------------------------- one privileged instruction
# 1000 of them against none. Theory: of the privileged instructions by which a monitor deals
# with a trap, all are ordinary ones but the last, rfe. c and f: the traps that one of either costs.
few=1000
for n in 0 $few; do
  printf '_start:\n.rept %d\n rdpsw t0\n.endr\n halt\n' $n >"p$n-0.s"
  "$trapeze" asm "p$n-0.s" -o "p$n-0.elf"
  chain "p$n" 0
  for ((d = 1; d <= depth; d++)); do
    "$trapeze" run "p$n-$d.elf" --stats >/dev/null 2>"p$n-$d.stats"
  done
done
declare -a c f
for ((n = 1; n <= depth; n++)); do
  below=0
  for ((m = 1; m <= n - 2; m++)); do below=$((below + 11 * c[m] + f[m])); done
  c[n]=$((1 + below + (n > 1 ? 9 * c[n - 1] + f[n - 1] : 0)))
  f[n]=$((1 + below + (n > 1 ? 11 * c[n - 1] + f[n - 1] : 0)))
done
echo "| monitors under them | traps of the real machine: theory | measured | real ticks |"
echo "|---|---|---|---|"
for ((d = 1; d <= depth; d++)); do
  traps=$(($(statistic "p$few-$d.stats" traps) - $(statistic "p0-$d.stats" traps)))
  ticks=$(($(statistic "p$few-$d.stats" ticks) - $(statistic "p0-$d.stats" ticks)))
  echo "| $d | $(comma $((few * c[d]))) | $(comma $traps) | $(comma $ticks) |"
done

# ------------------------------------------------------------------------ minos's session
"$trapeze" asm minos -o minos-0.elf
chain minos 1 # they tell their numbers
declare -a ticks traps
for ((d = 0; d <= depth; d++)); do
  "$trapeze" run "minos-$d.elf" "${keys[@]}" --stats >"minos-$d.out" 2>"minos-$d.stats"
  grep -v '^nanovmm: ' "minos-$d.out" | cmp - minos-0.out
  ticks[d]=$(statistic "minos-$d.stats" ticks)
  traps[d]=$(($(statistic "minos-$d.stats" traps) + $(statistic "minos-$d.stats" interrupts)))
done
echo
echo "| monitors under minos | real ticks | as many as one less, times | traps of the real machine | times |"
echo "|---|---|---|---|---|"
echo "| 0 | $(comma "${ticks[0]}") | | | |"
for ((d = 1; d <= depth; d++)); do
  echo "| $d | $(comma "${ticks[d]}") | $(ratio "${ticks[d]}" "${ticks[d - 1]}") |" \
    "$(comma "${traps[d]}") | $([ $d -eq 1 ] || ratio "${traps[d]}" "${traps[d - 1]}") |"
done

# Each monitor's own numbers: its guest's halt comes before its own, so the innermost is first.
echo
echo "| monitor, from minos outwards | executed directly | emulated | reflected | interrupts injected | real interrupts served |"
echo "|---|---|---|---|---|---|"
for ((d = 1; d <= depth; d++)); do
  sed -n 's/^nanovmm: .* \([0-9]*\)$/\1/p' "minos-$d.out" | tail -n 5 | {
    echo -n "| $d |"
    while read -r n; do echo -n " $(comma "$n") |"; done
    echo
  }
done

# -------------------------------------------------------------------- the VMM of vmm/
# Its work takes no ticks; it is priced by the model of docs/timers.md.
echo
echo "| VMMs under minos | traps of the real machine | dispatched by all of them | emulated | reflected | world switches | their work, in ticks of the model |"
echo "|---|---|---|---|---|---|---|"
declare -a work_ticks dispatched
for ((d = 1; d <= 4; d++)); do
  "$trapeze" verify minos "${keys[@]}" --fast-only --depth $d --json >verify.json
  read -r real dispatched[d] emulated reflected switches work_ticks[d] < <(jq -r '
    [.efficiency[] | . + {all: ([.traps[]] | add)}] as $e |
    def sum(f): [$e[] | f] | add;
    [$e[-1].all, sum(.all), sum(.emulated), sum(.reflected), sum(.world_switches),
     sum(40 * .all + 30 * .emulated + 30 * .reflected + 100 * .world_switches)] | @tsv' verify.json)
  echo "| $d | $(comma "$real") | $(comma "${dispatched[d]}") | $(comma "$emulated") |" \
    "$(comma "$reflected") | $(comma "$switches") | $(comma "${work_ticks[d]}") |"
done
[ -n "$picture" ] || exit 0

# ---------------------------------------------------- one privileged instruction, drawn
# Of a trace of the whole run, from its trap until its guest goes on. Who has the processor
# is told by BASE: 0, the monitor below; the others by where their storage is.
style='xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12"'
printf '_start: rdpsw t0\n halt\n' >one-0.s
"$trapeze" asm one-0.s -o one-0.elf
depth=2 chain one 0
"$trapeze" run one-2.elf --trace=one.trace >/dev/null
"$trapeze" trace one.trace -T txt | awk -v style="$style" '
function lane(base) { return base == "0x0" ? 0 : base == inner ? 2 : 1 }
function x(l) { return 620 - 240 * l }
{ line[++n] = $0 }
END {
  for (i = 1; i <= n; i++) if (line[i] ~ /: rdpsw/) start = i
  for (i = start; i >= 1; i--) if (line[i] ~ / map /) { split(line[i], w, " "); inner = w[5]; break }
  for (i = start; i <= n; i++) {
    split(line[i], w, " ")
    if (w[3] == "trap") {
      what = line[i]; sub(/.*: /, "", what)
      rows++; from[rows] = here == "" ? 2 : here; text[rows] = what; tick[rows] = w[1]
    }
    if (w[3] == "map" && w[5] != "0x0") {
      here = lane(w[5]); to[rows] = here; back[rows] = w[1]
      if (here == 2) break
    }
  }
  height = 80 + 34 * rows
  print "<svg " style " viewBox=\"0 0 760 " height "\">"
  print "<title>One privileged instruction, two monitors: every trap of it</title>"
  print "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>"
  print "<rect width=\"760\" height=\"" height "\" fill=\"white\"/>"
  split("nanovmm, mode 0|nanovmm, in its virtual machine|the guest, in that one\047s", name, "|")
  for (l = 0; l <= 2; l++) {
    printf "<text x=\"%d\" y=\"24\" text-anchor=\"middle\" font-weight=\"bold\">%s</text>\n", x(l), name[l + 1]
    printf "<path d=\"M%d 34V%d\" stroke=\"#999\" stroke-dasharray=\"3 3\"/>\n", x(l), height - 20
  }
  for (r = 1; r <= rows; r++) {
    y = 60 + 34 * (r - 1)
    printf "<path d=\"M%d %dH%d\" stroke=\"#d62728\" marker-end=\"url(#a)\"/>\n", x(from[r]), y, x(0)
    printf "<text x=\"%d\" y=\"%d\">%d. %s</text>\n", x(from[r]) + 8, y - 4, r, text[r]
    printf "<path d=\"M%d %dH%d\" stroke=\"#1f77b4\" stroke-dasharray=\"7 4\" marker-end=\"url(#a)\"/>\n", x(0), y + 14, x(to[r])
    printf "<text x=\"%d\" y=\"%d\" font-size=\"10\" fill=\"#555\">%d ticks</text>\n", x(0) + 8, y + 12, back[r] - tick[r]
  }
  print "</svg>"
}' >ladder.svg
mv ladder.svg "${picture%.svg}-ladder.svg"

# ---------------------------------------------------------------------------- the chart
{
  for ((d = 0; d <= depth; d++)); do echo "0 $d ${ticks[d]}"; done
  for ((d = 1; d <= depth; d++)); do echo "1 $d ${traps[d]}"; done
  for ((d = 1; d <= 4; d++)); do echo "2 $d ${dispatched[d]}"; done
} | LC_ALL=C awk -v style="$style" -v deepest="$((depth > 4 ? depth : 4))" '
function x(d) { return sprintf("%.1f", 70 + d * 640 / deepest) }
function y(n) { return sprintf("%.1f", 400 - (log(n) / log(10) - 4) * 60) }
{ count[$1]++; depth[$1, count[$1]] = $2; value[$1, count[$1]] = $3 }
END {
  split("#1f77b4 #d62728 #2ca02c", colour, " ")
  split("none,7 4,2 3", dash, ",")
  split("nanovmm: real ticks|nanovmm: traps of the real machine|vmm/: traps, dispatched by all VMMs", name, "|")
  print "<svg " style " viewBox=\"0 0 760 460\">"
  print "<title>Monitors under minos: ticks and traps</title><rect width=\"760\" height=\"460\" fill=\"white\"/>"
  for (e = 4; e <= 10; e++)
    printf "<path d=\"M70 %sH730\" stroke=\"#ddd\"/><text x=\"62\" y=\"%s\" text-anchor=\"end\">10<tspan dy=\"-5\" font-size=\"9\">%d</tspan></text>\n", \
      y(10 ^ e), y(10 ^ e) + 4, e
  for (d = 0; d <= deepest; d++) printf "<text x=\"%s\" y=\"420\" text-anchor=\"middle\">%d</text>\n", x(d), d
  print "<text x=\"400\" y=\"442\" text-anchor=\"middle\">monitors under minos, for the same session</text>"
  for (l = 0; l <= 2; l++) {
    printf "<path fill=\"none\" stroke-width=\"2\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"", colour[l + 1], dash[l + 1]
    for (i = 1; i <= count[l]; i++) printf "%s%s %s", i == 1 ? "M" : "L", x(depth[l, i]), y(value[l, i])
    print "\"/>"
    for (i = 1; i <= count[l]; i++)
      printf "<circle cx=\"%s\" cy=\"%s\" r=\"4\" fill=\"%s\"/>\n", x(depth[l, i]), y(value[l, i]), colour[l + 1]
    printf "<path d=\"M84 %dh28\" stroke-width=\"2\" stroke=\"%s\" stroke-dasharray=\"%s\"/><text x=\"120\" y=\"%d\" fill=\"%s\">%s</text>\n", \
      54 + 18 * l, colour[l + 1], dash[l + 1], 58 + 18 * l, colour[l + 1], name[l + 1]
  }
  print "</svg>"
}' >chart.svg
mv chart.svg "$picture"
