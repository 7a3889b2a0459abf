#!/bin/bash
# Draws the clocks of a directory's users against the real one: an SVG of many runs of
# it, each a little longer, which are one run (docs/timers.md). Where a line is flat
# others have the processor; at a dot the user begins to print.
#   clocks.sh FILE.dir TICKS STEP > picture.svg      TRAPEZE is the command
set -eu
directory=$1 ticks=$2 step=$3
trapeze=${TRAPEZE:-build/trapeze}

for ((t = 0; t <= ticks; t += step)); do
  "$trapeze" vmm "$directory" --ticks "$t" --json </dev/null 2>/dev/null |
    jq -r '.ticks as $t | .users[] | [$t, .name, .ticks, .output_bytes] | @tsv'
done | LC_ALL=C awk -F'\t' -v ticks="$ticks" '
function x(t) { return sprintf("%.1f", 60 + t * 700 / ticks) }
function y(c) { return sprintf("%.1f", 340 - c * 300 / top) }
!($2 in line) { name[users++] = $2 }
{
  count[$2]++
  at[$2, count[$2]] = $1
  clock[$2, count[$2]] = $3
  line[$2] = 1
  if ($4 > said[$2] && (!($2 in last) || $3 - last[$2] > 5000)) {
    dot[$2, count[$2]] = 1
    last[$2] = $3
  }
  said[$2] = $4
  if ($3 > most) most = $3
}
END {
  split("#1f77b4 #d62728 #2ca02c #9467bd #ff7f0e #17becf", colour, " ")
  split("none,7 4,2 3,9 3 2 3,14 4,1 5", dash, ",") # each line is known without its colour too
  for (top = 10000; top < most * 1.05; top += 10000);
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 400\" font-family=\"sans-serif\" font-size=\"12\">"
  print "<rect width=\"800\" height=\"400\" fill=\"white\"/>"
  for (i = 0; i <= 5; i++) {
    printf "<path d=\"M60 %sH760\" stroke=\"#ddd\"/><text x=\"54\" y=\"%s\" text-anchor=\"end\">%dk</text>\n", \
      y(top * i / 5), y(top * i / 5) + 4, top * i / 5000
    printf "<text x=\"%s\" y=\"358\" text-anchor=\"middle\">%dk</text>\n", x(ticks * i / 5), ticks * i / 5000
  }
  print "<text x=\"410\" y=\"378\" text-anchor=\"middle\">ticks of the real machine</text>"
  print "<text x=\"60\" y=\"24\">the user\047s own clock, in ticks</text>"
  for (u = 0; u < users; u++) {
    n = name[u]
    printf "<path fill=\"none\" stroke-width=\"2\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"", \
      colour[u + 1], dash[u + 1]
    for (i = 1; i <= count[n]; i++) printf "%s%s %s", i == 1 ? "M" : "L", x(at[n, i]), y(clock[n, i])
    print "\"/>"
    for (i = 1; i <= count[n]; i++)
      if ((n, i) in dot)
        printf "<circle cx=\"%s\" cy=\"%s\" r=\"4\" fill=\"%s\"/>\n", x(at[n, i]), y(clock[n, i]), colour[u + 1]
    printf "<path d=\"M%d 20h24\" stroke-width=\"2\" stroke=\"%s\" stroke-dasharray=\"%s\"/>\n", \
      390 + 110 * u, colour[u + 1], dash[u + 1]
    printf "<text x=\"%d\" y=\"24\" fill=\"%s\">%s</text>\n", 420 + 110 * u, colour[u + 1], n
  }
  print "</svg>"
}'
