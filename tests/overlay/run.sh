#!/bin/bash
# Copy-on-write mini-disks: the base stays as it is to the byte, what is written is found
# again, commit and discard, files that lie; the process killed at every write, a host
# without room. TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
top=$PWD
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
cd "$work" || exit 3
exec </dev/null

t() { timeout 60 "$trapeze" "$@"; }
d() { t disk "$@"; }
is() { # NAME command…
  "${@:2}" >said 2>&1
  report $? "$1" said
}
says() { # STATUS 'regex' NAME arguments…
  t "${@:4}" >out 2>&1
  local status=$?
  [ $status -eq "$1" ] && grep -qE -- "$2" out
  report $? "$3" out
}
poke() { # FILE OFFSET HEX
  printf '%s' "$3" | xxd -r -p | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
# shellcheck source=/dev/null
. "$top/tests/disk/killed.sh"

# Not assembled in each run: nothing is to be written then but disks.
t asm "$top/guestos/solo.s" -o solo.elf
d make --example --sectors 60 base.img
head -c $((10 * 512)) /dev/zero >pad
cat pad base.img pad >blank.img
cp blank.img class.img
user() { # NAME INPUT ACCESS
  printf '%s\n' "${@:4}" halt >"$2"
  echo "user $1 { program \"solo.elf\"; minidisk A first 10 length 60 access $3; console input \"$2\" log \"$1.log\"; }"
}

# ------------------------------------------------------------- two on one base
{
  echo 'machine { disk "class.img"; }'
  user alice a.in 'cow "alice.overlay"' 'store note' "alice's" . 'erase welcome' list
  user bob b.in cow 'store note' "bob's" . 'type note' 'type welcome'
  user carol c.in cow 'type note' list
} >class.dir
cp class.dir first.dir
says 0 'alice: halted' "three on one base" vmm class.dir
is "which is as it was" cmp class.img blank.img
is "one reads what it wrote" grep -q "^bob's" bob.log
is "and what another erased" grep -q 'disk' bob.log
is "another does not see it" grep -q 'There is no file note' carol.log
is "two sectors, and one twice: no room is lost" test "$(stat -c %s alice.overlay)" -le 2144
says 0 '^consistent: over sectors 10 to 69 of the image; [23] of 60 written$' "the overlay" disk overlay class.img alice.overlay
cp alice.overlay saved.overlay
says 0 'holds for all compared' "verify: each is a duplicate of a bare machine" verify class.dir
is "verify leaves the overlay alone" cmp alice.overlay saved.overlay
rm alice.overlay
says 0 'holds for all compared' "verify without an overlay yet" verify class.dir --quantum 137
is "which it does not make" test ! -e alice.overlay
cp saved.overlay alice.overlay
user alice a.in x 'type note' list >ignored
says 0 'alice: halted' "the next run" vmm class.dir
is "finds the file" grep -q "^alice's" alice.log
is "and not the one erased" eval '! grep -q welcome alice.log'
is "who has no file begins anew" eval 'grep -q "welcome" carol.log && ! grep -q "^note" carol.log'
is "the base is still as it was" cmp class.img blank.img
sed 's/"class.img"/"class.img" readonly/' class.dir >readonly.dir
says 0 'alice: halted' "over an image that is read-only" vmm readonly.dir
sed 's/"class.img"/"class.img" discard/' class.dir >discard.dir
says 0 'alice: halted' "or discarded" vmm discard.dir

# ------------------------------------------------------------ commit, discard
cp alice.overlay saved.overlay
is "discard" d discard class.img alice.overlay
is "leaves nothing" test ! -s alice.overlay
says 0 '^empty' "of an empty one" disk overlay class.img alice.overlay
vmm_sees() { # NAME 'regex'
  t vmm class.dir >out 2>&1 && grep -qE -- "$2" alice.log
  report $? "$1" out
}
vmm_sees "the base is seen again" '^welcome'
cp saved.overlay alice.overlay
is "commit" d commit class.img alice.overlay
is "empties it" test ! -s alice.overlay
is "the file is in the image" test "$(d get --first 10 --length 60 class.img note -o -)" = "alice's"
is "which is consistent" d check --first 10 --length 60 class.img
is "nothing around it has changed" eval 'cmp -n 5120 class.img pad && tail -c 5120 class.img | cmp - pad'
is "commit of an empty one" d commit class.img alice.overlay
vmm_sees "and everybody sees it" "^alice's"
cp saved.overlay alice.overlay
says 2 'have changed since' "an overlay of what the base was" vmm class.dir
says 1 'have changed since' "is told of" disk overlay class.img alice.overlay
says 2 'have changed since' "and not committed" disk commit class.img alice.overlay
is "it can be discarded" d discard class.img alice.overlay

# --------------------------------------------------------------- files that lie
cp blank.img class.img
refused() { # 'regex' NAME: alice.overlay, by all
  cp alice.overlay before
  t vmm class.dir >out 2>&1
  local status=$?
  [ $status -eq 2 ] && [ "$(grep -c . out)" -eq 1 ] && grep -qE "overlay 'alice.overlay': .*$1" out && cmp alice.overlay before
  report $? "$2" out
}
echo 'Dear diary' >alice.overlay
refused 'this is no overlay' "a text"
head -c 5000 "$trapeze" >alice.overlay
refused 'this is no overlay' "a program"
says 2 'this is no overlay' "is not discarded" disk discard class.img alice.overlay
cp saved.overlay alice.overlay && poke alice.overlay 8 02
refused 'another version' "of another version"
cp saved.overlay alice.overlay && poke alice.overlay 16 00
refused 'damaged' "a header that lies"
cp saved.overlay alice.overlay && poke alice.overlay 600 ff
refused 'damaged: sectors that were written' "a damaged sector"
cp saved.overlay alice.overlay && poke alice.overlay 600 ff
says 1 'damaged' "a damaged one is told of" disk overlay class.img alice.overlay
says 2 'damaged' "not committed" disk commit class.img alice.overlay
is "discarded" d discard class.img alice.overlay
cp saved.overlay alice.overlay && sed -i 's/first 10 length 60/first 10 length 59/' class.dir
refused 'belongs to another mini-disk' "of another extent"
cp first.dir class.dir
says 2 'image of another size' "of another image" disk overlay base.img alice.overlay
rm alice.overlay && mkdir alice.overlay
says 2 "alice.overlay': (Is a directory|an overlay must)" "a folder" vmm class.dir
rmdir alice.overlay && mkfifo alice.overlay
says 2 "must be a regular file" "a pipe" vmm class.dir
rm alice.overlay
says 2 "No such file" "none to commit" disk commit class.img alice.overlay
says 2 "an overlay is missing behind 'class.img'" "nor named" disk commit class.img
cp saved.overlay alice.overlay
(flock 9 && t vmm class.dir) 9<alice.overlay >out 2>&1
[ $? -eq 2 ] && grep -q 'overlay is in use' out
report $? "one in use" out

# ----------------------------------------- killed at every write, and in a commit
# The same session on the image itself, killed at the same write, is the oracle.
cat base.img >class.img && cp base.img blank.img
printf 'machine { disk "class.img"; }\n' | tee cow.dir >plain.dir
user alice a.in 'cow "alice.overlay"' 'store note' one two . 'copy note second' 'erase hello' \
  'store note' three . 'rename second third' 'copy primes fourth' 'erase note' list |
  sed 's/first 10/first 0/' >>cow.dir
sed -n 2p cow.dir | sed 's/cow "alice.overlay"/rw/' >>plain.dir
: >count && cp blank.img class.img
failing COUNT="$work/count" -- vmm plain.dir >out 2>&1
writes=$(stat -c %s count)
cp class.img whole.img
is "there are many writes" test "$writes" -ge 10
: >killed.log
for ((n = 1; n <= writes; n++)); do
  cp blank.img class.img
  { failing KILL_AT=$n -- vmm plain.dir >out 2>&1; } 2>/dev/null
  cp class.img want.img && cp blank.img class.img && rm -f alice.overlay
  { failing KILL_AT=$((n + 1)) -- vmm cow.dir >out 2>&1; } 2>/dev/null # the first one is the header
  cmp class.img blank.img >>killed.log 2>&1 || echo "write $n: the base has changed" >>killed.log
  d overlay class.img alice.overlay >>said 2>&1 || echo "write $n: not consistent" >>killed.log
  d commit class.img alice.overlay >>killed.log 2>&1
  cmp class.img want.img >>killed.log 2>&1 || echo "write $n: not what had been written" >>killed.log
done
[ ! -s killed.log ]
report $? "killed at each of $writes writes, it holds all before, and the base is as it was" killed.log
cp blank.img class.img && rm -f alice.overlay
failing KILL_AT=1 -- vmm cow.dir >out 2>&1
says 0 '^empty' "killed at the header: empty" disk overlay class.img alice.overlay
for ticks in 1000 50k 100k 150k 200k 250k; do
  cp blank.img class.img && rm -f alice.overlay
  t vmm cow.dir --ticks $ticks >out 2>&1 && cmp class.img blank.img && d overlay class.img alice.overlay &&
    d commit class.img alice.overlay && mv class.img a.img &&
    cp blank.img class.img && t vmm plain.dir --ticks $ticks >out 2>&1 && cmp class.img a.img ||
    echo "wrong at tick $ticks"
done >ticks.log 2>&1
is "stopped at a tick, it holds what the image would" eval '! grep wrong ticks.log'

cp blank.img class.img && rm -f alice.overlay && t vmm cow.dir >out 2>&1
cp alice.overlay saved.overlay
truncate -s 3000 alice.overlay
says 1 'damaged: sectors that were written' "one that is cut" disk overlay class.img alice.overlay
cp saved.overlay alice.overlay
: >count
failing COUNT="$work/count" -- disk commit class.img alice.overlay >out 2>&1
writes=$(stat -c %s count)
is "a commit is as if it had been written there" cmp class.img whole.img
: >killed.log
for ((n = 1; n <= writes; n++)); do
  cp blank.img class.img && cp saved.overlay alice.overlay
  { failing KILL_AT=$n -- disk commit class.img alice.overlay >out 2>&1; } 2>/dev/null
  if [ "$n" -gt 1 ]; then
    t vmm cow.dir >out 2>&1
    [ $? -eq 2 ] && grep -q 'a commit of the overlay was interrupted' out || echo "write $n: it is used" >>killed.log
    d discard class.img alice.overlay >out 2>&1 && echo "write $n: it is discarded" >>killed.log
  fi
  d commit class.img alice.overlay >>killed.log 2>&1
  cmp class.img whole.img >>killed.log 2>&1 && [ ! -s alice.overlay ] || echo "write $n: lost" >>killed.log
done
[ "$writes" -ge 5 ] && [ ! -s killed.log ]
report $? "a commit killed at each of $writes writes is done again" killed.log
cp blank.img class.img && cp saved.overlay alice.overlay
failing BAD_WRITE=1 -- disk commit class.img alice.overlay >out 2>&1
[ $? -eq 3 ] && grep -q "cannot write sector 1" out
report $? "a commit that the host refuses: status 3" out
d commit class.img alice.overlay && cmp class.img whole.img
report $? "and once it does not"

# ---------------------------------------------------------------- no room left
cp blank.img class.img && rm -f alice.overlay
{
  sed 's/ log "alice.log"//' cow.dir
  user bob b.in cow 'store note' "bob's" . 'type note' | sed 's/first 10/first 0/; s/ log "bob.log"//'
} >full.dir
# Room for the header and two sectors: the third is refused.
(trap '' XFSZ && ulimit -f 2 && t vmm full.dir 2>&1; echo "status $?") | cat >out
is "no room for the overlay: status 3" grep -q '^status 3' out
is "which is said" grep -q "overlay 'alice.overlay': cannot write: File too large" out
is "to the guest it is an error of its disk" grep -qiE '^alice: .*disk' out
is "which goes on to its end" grep -q 'alice: halted' out
is "its neighbour notices nothing" grep -q "^bob: bob's" out
is "the base is as it was" cmp class.img blank.img
says 0 '^consistent: .*; [12] of 60 written' "and what was written is there" disk overlay class.img alice.overlay
cp blank.img class.img
failing BAD_READ=1 -- vmm full.dir >out 2>&1
[ $? -eq 3 ] && grep -q "the sectors under it cannot be read" out
report $? "a base that cannot be read: status 3" out
