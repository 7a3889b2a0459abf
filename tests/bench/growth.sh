#!/bin/bash
# What a turn under vmm_run() costs the more guests there are: measured, and drawn.
#   tests/bench/growth.sh DIRECTORY [FLAGS]   writes growth.dat (guests, least, median, most, in
#     nanoseconds) and growth.svg there; FLAGS are the benchmark's
# BUILD is where the benchmark is. Times are of one run on one host: the shape counts.
set -eu
out=$1
shift
bench=${BUILD:-build}/tests/bench/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bench" --only=turn --json "$@" >"$work/json"
jq -r '.operations[] | select(.id | startswith("turn-")) |
  "\(.id | ltrimstr("turn-")) \(.ns_least) \(.ns) \(.ns_most)"' "$work/json" | sort -n >"$work/dat"
[ "$(wc -l <"$work/dat")" -ge 5 ] || { echo "growth.sh: no figures" >&2; exit 3; }

# Guests to the right, a decade each 230; time upwards from 0.
awk '
  function x(n) { return 70 + 230 * log(n) / log(10) }
  function y(t) { return 340 - 280 * t / top }
  { n[NR] = $1; least[NR] = $2; median[NR] = $3; most[NR] = $4; if ($3 > highest) highest = $3 }
  END {
    step = 250
    while (step * 6 < highest * 1.15) step *= 2
    for (top = step; top < highest * 1.15; ) top += step
    print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 400\" font-family=\"sans-serif\" font-size=\"12\">"
    print "<rect width=\"800\" height=\"400\" fill=\"white\"/>"
    for (t = 0; t <= top; t += step)
      printf "<path d=\"M70 %.1fH760\" stroke=\"#ddd\"/><text x=\"64\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", y(t), y(t) + 4, t
    for (i = 1; i <= NR; i++)
      printf "<text x=\"%.1f\" y=\"358\" text-anchor=\"middle\">%d</text>\n", x(n[i]), n[i]
    print "<text x=\"415\" y=\"380\" text-anchor=\"middle\">guests that compute</text>"
    print "<text x=\"70\" y=\"28\">a turn of 100 ticks, nanoseconds: median, and from the least to the median</text>"
    for (i = 1; i <= NR; i++)
      printf "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#888\"/>\n", x(n[i]), y(least[i]), y(median[i])
    printf "<path fill=\"none\" stroke-width=\"2\" stroke=\"#1f77b4\" d=\""
    for (i = 1; i <= NR; i++) printf "%s%.1f %.1f", i == 1 ? "M" : "L", x(n[i]), y(median[i])
    print "\"/>"
    for (i = 1; i <= NR; i++)
      printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#1f77b4\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n", x(n[i]), y(median[i]), x(n[i]), y(median[i]) - 10, median[i]
    print "</svg>"
  }' "$work/dat" >"$work/svg"
cp "$work/dat" "$out/growth.dat"
cp "$work/svg" "$out/growth.svg"
