#!/bin/bash
# System directories: good ones and what is wrong with bad ones, as expected; bytes at
# random; the pictures; what the command says. TAP on standard output.
#   tests/directory/run.sh [--update]   rewrites the expectations instead
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
top=$PWD
. tests/common/tap.sh
here=$PWD/tests/directory
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8

t() { timeout 60 "$trapeze" "$@"; }

# The files that directories name.
files() { # FOLDER
  mkdir -p "$1" && cp "$here"/files/* "$1" &&
    head -c 1024 /dev/zero >"$1/two.img" && head -c 700 /dev/zero >"$1/odd.img" &&
    ln -s two.img "$1/link.img" && : >"$1/keys.in"
}

# Leaves what it printed in $work/said.
check_one() { # FILE.dir
  rm -rf "$work/run" && files "$work/run" && cp "$1" "$work/run/" || return
  (cd "$work/run" && t directory check "$(basename "$1")" 2>&1; echo "exit status $?") >"$work/said"
}

for file in "$here"/good/*.dir "$here"/bad/*.dir; do
  check_one "$file"
  if [ "${1:-}" = --update ]; then
    cmp -s "$work/said" "${file%.dir}.expected" || echo "updated: ${file#"$here/"}"
    cp "$work/said" "${file%.dir}.expected"
    continue
  fi
  diff "${file%.dir}.expected" "$work/said" >"$work/diff"
  report $? "${file#"$here/"}" "$work/diff"
done
[ "${1:-}" = --update ] && exit 0

# ------------------------------------------------------------ good means good
tail -qn 1 "$here"/good/*.expected | sort -u >"$work/statuses"
[ "$(cat "$work/statuses")" = "exit status 0" ]
report $? "good directories are right" "$work/statuses"
tail -qn 1 "$here"/bad/*.expected | sort -u >"$work/statuses"
[ "$(cat "$work/statuses")" = "exit status 2" ]
report $? "bad ones are refused" "$work/statuses"

# unshown.txt: one that needs more users than fit here; it is shown below.
# Every message that read.c and check.c can give is in some expectation: its longest
# stretch of words without a directive.
messages() { # FILES: one stretch a line
  tr '\n' ' ' <"$1" | grep -oE 'directory_(error|note)\([^;]*;' | grep -oE '"([^"\\]|\\.)*"' |
    sed 's/^"//; s/"$//; s/%[-.*0-9]*[lz]*[a-z]/\n/g; s/\\"/"/g' | grep -E '[a-z]+ [a-z]+.*' | sort -u
}
for part in read check; do
  messages "$top/tools/directory/$part.c"
done >"$work/messages"
while IFS= read -r stretch; do
  cat "$here"/*/*.expected | grep -qF -- "$stretch" || echo "never shown: $stretch"
done <"$work/messages" | grep -vxFf "$here/unshown.txt" >"$work/unshown"
[ "$(wc -l <"$work/messages")" -gt 50 ] && [ ! -s "$work/unshown" ]
report $? "every message is shown by a bad directory" "$work/unshown"

# --------------------------------------------------------------- the example
mkdir "$work/example"
t directory example >"$work/example/class.dir"
(cd "$work/example" && t directory check class.dir) >"$work/log" 2>&1
report $? "the example is right" "$work/log"
cmp "$work/example/class.dir" "$top/docs/examples/class.dir" >"$work/log" 2>&1
report $? "docs/examples/class.dir is the example" "$work/log"
awk 'length > 80' "$work/example/class.dir" "$here"/good/*.expected >"$work/log"
[ ! -s "$work/log" ]
report $? "in 80 columns" "$work/log"
sed 's/first 64 length 32K/first 63 length 32K/' "$work/example/class.dir" >"$work/example/wrong.dir"
! t directory check "$work/example/wrong.dir" >"$work/log" 2>&1 &&
  grep -q '^[^ ]*wrong.dir:26:20: error: sector 63 is on mini-disk .A. of .alice. too' "$work/log" &&
  grep -q 'wrong.dir:18:20: note: ' "$work/log"
report $? "caught: one sector of overlap in it, with both places" "$work/log"

# ------------------------------------------------------------------- formats
cd "$work/example" && cp "$here/good/full.dir" class.dir || exit 3
t directory check class.dir -T json >json 2>err && jq -e '.schema == "trapeze-directory/1" and
  .shares == ([.users[].share] | add) and
  .storage == .vmm.size + .free.size + ([.users[].storage.size] | add) and
  (.users[] | select(.name == "alice").talks_to) == ["bob"] and
  (.disk.free | map(.sectors) | add) == 1500' json >>err 2>&1
report $? "-T json adds up" err
t directory check class.dir -T dot -o class.dot >err 2>&1 && grep -q '^digraph directory' class.dot
report $? "-T dot -o" err
for format in svg png; do
  t directory check class.dir -T $format -o class.$format >err 2>&1 && [ -s class.$format ]
  report $? "-T $format" err
done
for name in alice bob carol dave 'the VMM' free rw cow; do
  grep -q ">[^<]*$name" class.svg || echo "no $name"
done >err
[ ! -s err ]
report $? "the picture names everybody" err

# Boxes of a map never overlap, and words are no wider than their box.
boxes() { # DOT: name left right top bottom longest-line
  sed -nE 's/^  "([sd][0-9]+)" \[pos="(-?[0-9.]+),(-?[0-9.]+)".* width=([0-9.]+) height=([0-9.]+) .*label="(.*)"\]$/\1 \2 \3 \4 \5 \6/p' "$1" |
    awk '{ w = $4 * 72; h = $5 * 72; x = $2; y = $3; name = $1
           $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); n = split($0, lines, /\\n/); long = 0
           for (i = 1; i <= n; i++) if (length(lines[i]) > long) long = length(lines[i])
           print name, x - w / 2, x + w / 2, y - h / 2, y + h / 2, long, n }'
}
misfits() { # DOT
  boxes "$1" | awk '
    { if ($6 * 6.03 > $3 - $2) print $1 " is too narrow"
      if ($7 * 11.5 > $5 - $4) print $1 " is too low"
      for (i = 1; i < NR; i++)
        if ($2 < r[i] - 0.3 && l[i] < $3 - 0.3 && $4 < b[i] - 0.3 && t[i] < $5 - 0.3) print $1 " lies over " n[i]
      n[NR] = $1; l[NR] = $2; r[NR] = $3; t[NR] = $4; b[NR] = $5 }
    END { if (NR == 0) print "no box" }'
}
many() { # USERS: a directory of so many, with extents that overlap in every way
  echo "machine { disk scratch sectors 100000; }"
  for i in $(seq "$1"); do
    echo "user u$i { program hello; storage 64K; minidisk A first $((i * 7)) length 7;
      minidisk B first $((50000 + i % 5)) length $((20 + i % 7)) access shared;
      minidisk C first $((50000 + i % 3)) length 11 access cow;
      minidisk D first $((60000 + i)) length 1 access r; }"
  done
}
for users in 1 12 40 62 63 64 300; do
  many $users >many.dir
  t directory check many.dir -T dot -o many.dot 2>err && misfits many.dot >>err
  [ ! -s err ]
  report $? "a picture of $users users: nothing overlaps, all words fit" err
done
misfits class.dot >err
[ ! -s err ]
report $? "so in the example's" err
sed -E 's/^(  "d1" \[pos="[0-9.]+,)-?[0-9.]+/\1-14.0/' class.dot >wrong.dot
misfits wrong.dot | grep -q ' lies over '
report $? "caught: a box over another"

# --------------------------------------------------------------- many, random
many 1000 >many.dir
t directory check many.dir >out 2>err && grep -q '^  1,000 users, 1,000 shares$' out
report $? "a thousand users" err
awk 'BEGIN { print "machine { disk scratch sectors 16000000; }"
  for (i = 1; i <= 4000; i++) {
    printf "user u%d { program hello; storage 64K; console shared log \"l%d\";", i, i
    for (k = 0; k < 5; k++) printf " minidisk m%d first %d length 1;", k, i * 8 + k
    print " }" } }' >large.dir
timeout 300 "$trapeze" directory check large.dir >out 2>err && grep -q '20,000 sectors in use' out
report $? "20,000 mini-disks, in a few seconds" err
{ for i in $(seq 1024); do echo "user u$i { program hello; storage 1M; }"; done; } >wide.dir
! t directory check wide.dir >out 2>err && grep -q 'can have, 896 KiB are left' err
report $? "more storage than a machine can have" err
for i in $(seq 4097); do echo "user u$i {}"; done >wide.dir
! t directory check wide.dir >out 2>err && grep -q '^wide.dir:4097:6: error: a directory has at most 4096 users' err
report $? "more users than there can be" err
head -c 1048577 /dev/zero | tr '\0' '#' >long.dir
! t directory check long.dir >out 2>err && grep -q 'longer than 1048576 bytes, so it is no directory' err
report $? "a file that is too long" err

# From a fixed sequence: never a crash, never silence, never anything but 0 and 2.
noise() { # SEED LENGTH
  awk -v seed="$1" -v n="$2" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%02x", int(rand() * 256) }' |
    xxd -r -p
}
words="machine user { } ; , profile pg storage 64K disk scratch sectors 9 switch x program hello requires \
bounds timer real share 2 technique trap-and-emulate minidisk A first 0 length access cow \"f\" console private \
prefix log input network none address peers # -1 0x"
jumble() { # SEED: words in any order
  awk -v seed="$1" -v words="$words" 'BEGIN { srand(seed); n = split(words, w, " ")
    for (i = 0; i < 200; i++) printf "%s%s", w[1 + int(rand() * n)], rand() < 0.1 ? "\n" : " " }'
}
: >err
for seed in $(seq 60); do
  noise "$seed" 400 >noise.dir
  jumble "$seed" >jumble.dir
  head -c $((seed * 29)) class.dir >cut.dir
  for file in noise jumble cut; do
    t directory check $file.dir >out 2>said
    status=$?
    [ $status -eq 0 ] || { [ $status -eq 2 ] && [ -s said ] && [ ! -s out ]; } ||
      echo "$file $seed: exit status $status" >>err
  done
done
[ ! -s err ]
report $? "bytes and words at random, and every beginning of a file" err

# --------------------------------------------------------------- the command
says() { # STATUS 'regex' NAME arguments…
  t directory "${@:4}" >out 2>&1
  local status=$?
  [ $status -eq "$1" ] && grep -qE -- "$2" out
  report $? "$3" out
}
says 2 "what to do .*is missing" "no verb"
says 2 "which file\?" "check without a file" check
says 2 "takes no file" "example with a file" example x
says 2 "there is no 'chek'; did you mean 'check'" "a mistyped verb" chek x
says 2 "there is no 'run': write 'check FILE' or 'example'" "another verb" run x
says 2 "unknown format 'pgn'; did you mean 'png'" "a mistyped format" check -T pgn class.dir
says 2 "the example is text only" "a picture of the example" example -T png
says 2 "cannot read this directory: No such file" "a file that is not there" check none.dir
says 2 "which is not overwritten" "output over its input" check class.dir -o ./class.dir
says 2 "cannot read this directory: Is a directory" "a folder" check .
says 0 "^user alice" "example -o" example -o new.dir -o -
t directory check class.dir >/dev/full 2>err
[ $? -eq 3 ]
report $? "output that cannot be written is status 3" err
mkdir -p deep && cp class.dir deep/ && cp "$here/files/good.s" deep/ &&
  echo 'user erin { program "good.s"; storage 64K; }' >>deep/class.dir
says 0 "erin +deep/good.s" "paths start from the directory's folder" check deep/class.dir
mkdir -p bare && ln -sf "$(command -v bash)" bare/bash
PATH=$PWD/bare "$trapeze" directory check class.dir -T png -o x.png >out 2>&1
[ $? -ne 0 ] && [ ! -e x.png ] && grep -q 'pictures need Graphviz' out
report $? "without Graphviz it says so" out
echo "1..$number"
