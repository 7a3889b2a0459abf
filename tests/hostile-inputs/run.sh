#!/bin/bash
# Hostile inputs as the command meets them: files that lie, vanish or cannot be
# read, output that goes nowhere, signals. Each must end in time, with one message
# and the right exit status, and leave no file behind. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "$TRAPEZE")
here=$PWD/tests
work=$(mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
mkdir "$work/in" && cd "$work/in" || exit 3
number=0

report() { # status, name
  number=$((number + 1))
  [ "$1" = 0 ] && echo "ok $number - $2" && return
  echo "not ok $number - $2"
  sed 's/^/# /' ../wrong ../err 2>/dev/null | cut -c1-200 | head -n 12
}

# What is wrong with how a command ended: its status, its messages in ../err, the
# files now in this folder. ../before lists those that may be there.
judge() { # expected status, got, most messages
  [ "$2" = "$1" ] || echo "exit status $2, expected $1"
  grep -E 'Sanitizer|runtime error' ../err
  local said
  said=$(grep -c 'error: ' ../err)
  [ "$said" -ge 1 ] && [ "$said" -le "$3" ] || echo "$said messages, expected 1 to $3"
  ls -A | diff ../before - | sed -n 's/^>/left behind:/p'
}

# try STATUS MESSAGES NAME command…
try() {
  local expected=$1 most=$2 name=$3
  shift 3
  ls -A >../before
  timeout 30 "$@" >../out 2>../err </dev/null
  judge "$expected" $? "$most" >../wrong
  [ ! -s ../wrong ]
  report $? "$name"
}

# ------------------------------------------------------------------ ELF files
"$trapeze" asm "$here/cli/echo.s" -o good.elf || exit 3
size=$(stat -c %s good.elf)
for ((n = 1; n < size; n = n < 100 ? n + 17 : n * 2)); do
  head -c $n good.elf >cut.elf
  # Its first bytes alone are no ELF file but a raw program.
  [ $n -lt 4 ] || try 2 1 "an ELF file cut to $n bytes" "$trapeze" run cut.elf
done
patch_elf() { # offset, bytes in \x notation
  cp good.elf bad.elf
  printf "$2" | dd of=bad.elf bs=1 seek="$1" conv=notrunc status=none
}
bad() { # offset, bytes, name
  patch_elf "$1" "$2"
  try 2 1 "run: ELF file, $3" "$trapeze" run bad.elf
  try 2 1 "verify: ELF file, $3" "$trapeze" verify bad.elf
}
bad 4 '\x02' 'of 64 bits'
bad 5 '\x02' 'of the other byte order'
bad 18 '\x03\x00' 'for another machine'
bad 16 '\x01\x00' 'not linked'
bad 24 '\x02\x10' 'entered at an odd address'
bad 24 '\xfc\xff\xff\xff' 'entered outside its segments'
bad 28 '\xff\xff\xff\x7f' 'its program headers elsewhere'
bad 44 '\xf0\xff' 'of 65520 segments'
bad 32 '\xf0\xff\xff\xff' 'its section headers elsewhere'
bad 56 '\xff\xff\xff\x7f' 'its segment elsewhere'
bad 68 '\xff\xff\xff\x7f' 'a segment larger than the file'
bad 72 '\x00\x00\x00\x00' 'a segment smaller in memory than in the file'
bad 64 '\xf0\xff\xff\xff' 'a segment at the end of all addresses'

# -------------------------------------------------------------------- sources
seq 1 4000 | awk '{ printf "%c%c", ($1 * 7919) % 255 + 1, ($1 * 104729) % 255 + 1 }' >noise.s
try 2 21 'a source of noise' "$trapeze" asm noise.s
head -c 10000000 /dev/zero | tr '\0' 'a' >long.s
try 2 21 'a line of ten million letters' "$trapeze" asm long.s
head -c 10000000 /dev/zero | tr '\0' '(' >deep.s
try 2 21 'ten million brackets' "$trapeze" asm deep.s
head -c 1000000 /dev/zero >zeros.s
try 2 21 'a million zero bytes' "$trapeze" asm zeros.s
printf '.include "loop.s"\n' >loop.s
try 2 21 'a file that includes itself' "$trapeze" asm loop.s
printf '.macro m\nm\nm\n.endm\nm\n' >bomb.s
try 2 21 'a macro that calls itself twice' "$trapeze" asm bomb.s
printf '.rept 1000000000\n.word 1\n.endr\n' >rept.s
try 2 21 'a billion repetitions' "$trapeze" asm rept.s
printf '.space 0xffffffff\n.space 0xffffffff\n' >space.s
try 2 21 'more space than there is' "$trapeze" asm space.s
mkdir folder.s folder.profile folder.img folder.elf
try 2 1 'a folder as source' "$trapeze" asm folder.s
try 2 1 'a folder as program' "$trapeze" run ./folder.elf
try 2 1 'a folder as profile' "$trapeze" run --profile=folder.profile hello
try 2 1 'a folder as disk' "$trapeze" run --disk=folder.img hello
try 2 1 'a folder as input' "$trapeze" run --input=folder.img hello
try 2 1 'a folder as output' "$trapeze" asm hello -o folder.img
ln -s nowhere gone.s && ln -s round.s round.s
try 2 1 'a link to nowhere' "$trapeze" asm gone.s
try 2 1 'a link to itself' "$trapeze" asm round.s
try 2 1 'a file in a file' "$trapeze" asm good.elf/x.s
try 2 1 'a name of 5000 letters' "$trapeze" asm "$(printf 'a%.0s' {1..5000}).s"
if [ "$(id -u)" != 0 ]; then # nothing is unreadable to root
  printf 'halt\n' >secret.s && chmod 0 secret.s
  try 2 1 'a file that may not be read' "$trapeze" asm secret.s
fi

# ------------------------------------------------------------------ disks
: >empty.img
printf x >short.img
head -c 700 /dev/zero >odd.img
for image in empty short odd none; do
  for command in run vmm; do
    try 2 1 "$command: the disk $image.img" "$trapeze" $command --disk=$image.img disk
  done
done
try 2 1 'a device as disk' "$trapeze" run --disk=/dev/zero disk
mkfifo pipe.img
try 2 1 'a pipe as disk' "$trapeze" run --disk=pipe.img disk

# --------------------------------------------------------- output to nowhere
for command in 'run hello' 'vmm hello' 'verify hello' profiles 'guests hello' 'verify --json hello' --help; do
  try 3 1 "$command >/dev/full" sh -c "'$trapeze' $command >/dev/full"
  try 3 1 "$command >&-" sh -c "'$trapeze' $command >&-"
  ls -A >../before
  (timeout 30 "$trapeze" $command 2>../err; echo $? >../status) | true
  [ "$(cat ../status)" = 141 ] || [ "$(cat ../status)" = 3 ] || [ "$(cat ../status)" = 0 ]
  report $? "$command into a pipe that nobody reads"
done
try 3 1 'asm -o /dev/full' "$trapeze" asm hello -o /dev/full
try 3 1 'asm -l /dev/full leaves no output' "$trapeze" asm hello -o new.elf -l /dev/full
try 3 1 'run --record=/dev/full' "$trapeze" run --session --record=/dev/full minos

# -------------------------------------------------------------------- signals
printf '_start: j _start\n' >spin.s
for signal in INT TERM; do
  for command in run vmm verify; do
    ls -A >../before
    timeout --preserve-status -k 20 -s $signal 0.5 \
      "$trapeze" $command spin.s --ticks=90000000000 >../out 2>../err </dev/null
    status=$?
    {
      [ $status = $(($(kill -l $signal) + 128)) ] || echo "exit status $status"
      ls -A | diff ../before -
    } >../wrong
    [ ! -s ../wrong ]
    report $? "$command, SIG$signal"
  done
done

# The judge can condemn.
ls -A >../before
echo 'error: x' >../err
[ -z "$(judge 2 2 1)" ]
report $? "judging: status 2 and one message is well"
for wrong in "2 139 1" "2 0 1" "3 2 1"; do
  [ -n "$(judge $wrong)" ]
  report $? "judging: status, as in '$wrong', is noticed"
done
: >left.elf
judge 2 2 1 | grep -q 'left behind: left.elf'
report $? "judging: a file left behind is noticed"
rm left.elf
printf 'error: x\nerror: y\n' >../err
[ -n "$(judge 2 2 1)" ]
report $? "judging: a second message is noticed"
: >../err
[ -n "$(judge 2 2 1)" ]
report $? "judging: silence is noticed"

echo "1..$number"
