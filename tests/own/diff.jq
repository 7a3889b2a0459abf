# What --diff of two reports should say (--slurp), all noes being samples.
def word: if . then "yes" else "no?" end;
def all: {is: "there", outside, privileged: (if .privileged then "yes?" else "no" end),
  "control sensitive": (.control | word), "location sensitive": (.location | word),
  "mode sensitive": (.mode | word), "resource sensitive": (.resource | word),
  "user sensitive": (.user_sensitive | word)};
def index: .instructions | map({key: .instruction, value: all}) | from_entries;
def verdict: if .holds == false then "FAILS" elif .holds then "holds" else "open" end;
(.[0] | index) as $x | (.[1] | index) as $y |
((($x + $y) | keys[]) as $i | ($x[$i] // {is: "absent"}) as $p | ($y[$i] // {is: "absent"}) as $q |
 (if $p.is != $q.is then ["is"] else ($p | keys_unsorted) end)[] | select($p[.] != $q[.]) |
 [$i, ., $p[.], $q[.]] | join(" ")),
(range(3) as $t | (.[0].theorems[$t] | verdict) as $p | (.[1].theorems[$t] | verdict) as $q |
 select($p != $q) | "Theorem \($t + 1) \($p) \($q)")
