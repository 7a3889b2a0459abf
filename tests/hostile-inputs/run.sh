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
. "$here/common/jobs.sh"
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
  if [ "$(type -t "$1")" = function ]; then
    "$@" # leaves ../err itself
  else
    timeout 300 "$@" >../out 2>../err </dev/null
  fi
  judge "$expected" $? "$most" >../wrong
  [ ! -s ../wrong ]
  report $? "$name"
}

# The command, its standard output a pipe that had a reader and has none now.
no_reader() { # command…
  rm -f ../pipe && mkfifo ../pipe
  exec 7<>../pipe 8>../pipe 7>&-
  timeout 300 "$@" >&8 2>../err 8>&- </dev/null
  local status=$?
  exec 8>&-
  return $status
}
ignoring_pipe() {
  (trap '' PIPE && no_reader "$@")
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
# Two segments of 64 bytes after the headers: where the second one lies decides.
two_segments() { # its address, as \x bytes
  {
    head -c 28 good.elf
    printf '\x34\0\0\0' # program headers at 52
    printf '\0\0\0\0'   # no sections
    dd if=good.elf bs=1 skip=36 count=8 status=none
    printf '\x02\0\x28\0\0\0\0\0'
    for address in '\x00\x10\0\0' "$1"; do
      printf "\\x01\\0\\0\\0\\x74\\0\\0\\0$address$address\\x40\\0\\0\\0\\x40\\0\\0\\0\\x07\\0\\0\\0\\x04\\0\\0\\0"
    done
    head -c 64 /dev/zero
  } >two.elf
}
two_segments '\x40\x10\0\0'
"$trapeze" run --ticks=10 two.elf >../out 2>../err
[ $? = 1 ]
report $? 'two segments side by side are well'
for second in '\x3c\x10\0\0' '\x00\x10\0\0' '\xc4\x0f\0\0' '\x20\x10\0\0'; do
  two_segments "$second"
  try 2 1 "run: ELF file, a segment over another ($second)" "$trapeze" run two.elf
  try 2 1 "vmm: ELF file, a segment over another ($second)" "$trapeze" vmm two.elf
done
truncate -s 65M large.elf && dd if=good.elf of=large.elf conv=notrunc status=none
try 2 1 'a program of 65 MiB' "$trapeze" run large.elf
rm large.elf

# ------------------------------------------------------------------- profiles
fine='profile p; extends pg; title "P"; story "P.";'
profile() { # text, name
  printf '%s\n' "$1" >p.profile
  try 2 9 "profile: $2" "$trapeze" run --profile=p.profile hello
}
printf '%s\n' "$fine" >p.profile
"$trapeze" run --profile=p.profile hello >../out 2>../err
report $? 'the profile that the next ones spoil is well'
profile "$fine colour red;" 'an unknown statement'
profile "$fine outside popfx = nop;" 'an unknown instruction'
profile "$fine outside popf = sometimes;" 'an unknown behaviour'
profile "$fine outside popf = nop; outside popf = trap;" 'an instruction told twice'
profile "$fine modes 2; modes 4;" 'modes told twice'
profile "$fine modes 1;" 'too few modes'
profile "$fine modes 99999999999999999999;" 'more modes than numbers'
profile "$fine mmu bounds; mmu paged;" 'two MMUs'
profile "$fine outside add = nop;" 'a user instruction that does nothing'
profile 'profile p; extends p; title "P"; story "P.";' 'a child of its own'
profile 'profile p; extends nobody; title "P"; story "P.";' 'a child of nobody'
profile "$fine story \"without end" 'a string without end'
profile '' 'nothing'
seq 1 4000 | awk '{ printf "%c%c", ($1 * 7919) % 255 + 1, ($1 * 104729) % 255 + 1 }' >p.profile
try 2 21 'profile: noise' "$trapeze" run --profile=p.profile hello
head -c 10000000 /dev/zero | tr '\0' 'a' >p.profile
try 2 21 'profile: a word of ten million letters' "$trapeze" run --profile=p.profile hello
ln -s /dev/zero zero.profile
try 2 1 'profile: a device without end' "$trapeze" run --profile=zero.profile hello
try 2 1 'profile: missing' "$trapeze" run --profile=none.profile hello
printf '100 0x61\n50 0x62\n' >typed.log
try 2 1 'input log: time runs back' "$trapeze" run --input-log=typed.log hello
try 2 1 'input log: a device without end' "$trapeze" run --input-log=/dev/zero hello
try 2 1 'input: a device without end' "$trapeze" run --input=/dev/zero hello

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
ln -s /dev/zero zero.s
try 2 1 'a device without end as source' "$trapeze" asm zero.s
ln -s /dev/zero zero.elf
try 2 1 'a device without end as program' "$trapeze" run ./zero.elf
try 2 1 'no such source' "$trapeze" asm none.s
try 2 1 'no such program' "$trapeze" run ./none.elf
ln -s nowhere gone.s && ln -s round.s round.s
try 2 1 'a link to nowhere' "$trapeze" asm gone.s
try 2 1 'a link to itself' "$trapeze" asm round.s
try 2 1 'a file in a file' "$trapeze" asm good.elf/x.s
try 2 1 'a name of 5000 letters' "$trapeze" asm "$(printf 'a%.0s' {1..5000}).s"
if [ "$(id -u)" != 0 ]; then # nothing is unreadable to root
  printf 'halt\n' >secret.s && chmod 0 secret.s
  try 2 1 'a file that may not be read' "$trapeze" asm secret.s
  head -c 512 /dev/zero >locked.img && chmod 400 locked.img
  try 2 1 'a disk that may not be written' "$trapeze" run --disk=locked.img disk
  mkdir locked && chmod 500 locked
  try 2 1 'a folder that may not be written' "$trapeze" asm hello -o locked/hello.elf
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

# In mid-run: the guest goes through the disk again and again, writing or reading.
cat >busy.s <<'END'
        .equ    DISK, 0x10              # sector, address, count, command, status
_start: li      t0, 1 << 2
        mtcr    imask, t0
        li      s0, 0                   # the next sector
        li      s1, 0                   # what it is filled with
next:   out     s0, DISK
        la      t0, block
        out     t0, DISK + 1
        li      t0, 1
        out     t0, DISK + 2
.ifdef WRITE
        addi    s1, s1, 1
        li      t0, 512
        la      t1, block
1:      sb      s1, 0(t1)
        addi    t1, t1, 1
        addi    t0, t0, -1
        bnez    t0, 1b
        li      t0, 2
.else
        li      t0, 1
.endif
        out     t0, DISK + 3
        wfi
        mtcr    ipend, zero
        in      t0, DISK + 4
        bnez    t0, failed
        lw      t0, block(zero)
.ifndef WRITE
        bnez    t0, done                # somebody has put something on the disk
.endif
        addi    s0, s0, 1
        andi    s0, s0, 127
        bnez    s0, next
        li      t0, '.'
        out     t0, 0
        j       next
failed: li      t0, 'F'
        out     t0, 0
done:   halt
        .bss
block:  .space  512
END
sed -i 's/lw      t0, block(zero)/la      t1, block\n        lw      t0, 0(t1)/' busy.s
"$trapeze" asm busy.s -o reads.elf && "$trapeze" asm -D WRITE busy.s -o writes.elf || exit 3
# The command in the background; returns when the guest has been through the disk.
begin() { # command…
  ls -A >../before
  : >../out
  job "$@" >../out 2>../err </dev/null
  soon job_ended_or test -s ../out
}
ended() { # expected status, messages, what the guest must have said, name
  job_status
  local status=$?
  {
    if [ "$2" = 0 ]; then
      [ $status = "$1" ] || echo "exit status $status"
      cat ../err
    else
      judge "$1" $status "$2"
    fi
    grep -q "$3" ../out || echo "the guest did not say '$3'"
  } >../wrong
  [ ! -s ../wrong ]
  report $? "$4"
}
for command in run vmm; do
  truncate -s 64K mid.img
  begin "$trapeze" $command --disk=mid.img ./reads.elf
  truncate -s 512 mid.img
  ended 3 1 'F$' "$command: the disk shrinks under a reader"
  truncate -s 64K mid.img
  begin "$trapeze" $command --disk=mid.img ./reads.elf
  exec 5<>mid.img
  rm mid.img
  printf x >&5
  exec 5>&-
  ended 0 0 '^\.*$' "$command: the disk's name vanishes, the disk does not"
  rm -f mid.img && truncate -s 64K mid.img
  try 3 1 "$command: the disk reaches a limit of its size" \
    bash -c "ulimit -f 20; exec '$trapeze' $command --disk=mid.img ./writes.elf"
  grep -q 'F$' ../out
  report $? "$command: and the guest knows"
  rm mid.img && truncate -s 64K mid.img
  begin "$trapeze" $command --disk=mid.img ./writes.elf
  "$trapeze" run --disk=mid.img hello >../out2 2>../err2 </dev/null
  [ $? = 2 ] && grep -q 'in use' ../err2
  report $? "$command: the disk is in use"
  job_signal TERM true
  rm mid.img
done
try 3 1 'asm: the output reaches a limit of its size' \
  bash -c "ulimit -f 1; exec '$trapeze' asm minos -o new.elf"

# What a signal interrupts is whole: each sector of the disk as it was or as the
# guest filled it, no file half-written.
whole() { # image
  [ "$(stat -c %s "$1")" = 65536 ] && od -v -An -tu1 -w512 "$1" |
    awk '{ for (i = 2; i <= NF; i++) if ($i != $1) bad = 1 } END { exit bad || NR != 128 }'
}
for signal in INT TERM HUP QUIT KILL; do
  for command in run vmm; do
    rm -f mid.img && truncate -s 64K mid.img
    begin "$trapeze" $command --disk=mid.img ./writes.elf
    job_signal $signal has_bytes ../out 3
    status=$?
    {
      [ $status = $(($(kill -l $signal) + 128)) ] || echo "exit status $status"
      [ -s ../out ] || echo "it never ran"
      whole mid.img || echo "a sector is half-written"
      ls -A | diff ../before -
    } >../wrong 2>&1
    [ ! -s ../wrong ]
    report $? "$command, writing a disk, SIG$signal"
  done
done
printf x | dd of=mid.img bs=1 seek=700 conv=notrunc status=none
! whole mid.img
report $? 'judging: half a sector is noticed'
rm mid.img
mkfifo slow.s
exec 6<>slow.s # open for writing, and never written
printf '.include "slow.s"\n' >waits.s
for signal in INT TERM HUP KILL; do
  ls -A >../before
  job "$trapeze" asm waits.s -o new.elf -l new.lst 2>../err 6>&-
  job_signal $signal job_reads slow.s
  status=$?
  {
    [ $status = $(($(kill -l $signal) + 128)) ] || echo "exit status $status"
    ls -A | diff ../before -
  } >../wrong
  [ ! -s ../wrong ]
  report $? "asm, waiting for its source, SIG$signal"
done
exec 6>&-

# --------------------------------------------------------- output to nowhere
for command in 'run hello' 'vmm hello' 'verify hello' profiles 'guests hello' 'verify --json hello' --help; do
  try 3 1 "$command >/dev/full" sh -c "'$trapeze' $command >/dev/full"
  try 3 1 "$command >&-" sh -c "'$trapeze' $command >&-"
  ls -A >../before
  no_reader "$trapeze" $command
  [ $? = 141 ] && [ ! -s ../err ]
  report $? "$command into a pipe that nobody reads: dies of it, silently"
  try 3 1 "$command into a pipe that nobody reads, SIGPIPE ignored" ignoring_pipe "$trapeze" $command
done
printf "_start: li t0, 'y'\nout t0, 0\nli t0, 10\nout t0, 0\nj _start\n" >yes.s
for command in run vmm 'run --record=new.log' 'vmm --record=new.log'; do
  ls -A >../before
  timeout 300 "$trapeze" $command yes.s 2>../err </dev/null | head -n 1 >../out
  status=${PIPESTATUS[0]}
  {
    [ $status = 141 ] || echo "exit status $status"
    [ "$(cat ../out)" = y ] || echo "printed $(head -c 100 ../out)"
    [ ! -s ../err ] || echo "and said something"
    ls -A | diff ../before -
  } >../wrong
  [ ! -s ../wrong ]
  report $? "$command yes.s | head -n 1"
done
# A stream that is closed gives its number to no other file.
truncate -s 64K mid.img
ls -A >../before
for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&- 2>&-'; do
  for command in run vmm; do
    bash -c "exec timeout 300 '$trapeze' $command --disk=mid.img --stats hello $closed" >../out 2>../err
    status=$?
    {
      case $closed in
        *1*) [ $status = 3 ] || echo "exit status $status" ;;
        *) [ $status = 0 ] && grep -q Hello ../out || echo "exit status $status, or no output" ;;
      esac
      cmp mid.img <(head -c 65536 /dev/zero)
      ls -A | diff ../before -
    } >../wrong 2>&1
    [ ! -s ../wrong ]
    report $? "$command --disk, with $closed: nothing goes into the disk"
  done
done
rm mid.img
try 3 1 'asm -o /dev/full' "$trapeze" asm hello -o /dev/full
try 3 1 'asm -l /dev/full leaves no output' "$trapeze" asm hello -o new.elf -l /dev/full
try 3 1 'run --record=/dev/full' "$trapeze" run --session --record=/dev/full minos

# -------------------------------------------------------------------- signals
printf "_start: li t0, '.'\n out t0, 0\n1: j 1b\n" >spin.s
for signal in INT TERM; do
  for command in run vmm verify; do
    case $command in # verify prints nothing before its end
      verify) begun=job_began ;;
      *) begun='has_bytes ../out 1' ;;
    esac
    ls -A >../before
    job "$trapeze" $command spin.s --ticks=90000000000 >../out 2>../err </dev/null
    # shellcheck disable=SC2086 # several words
    job_signal $signal $begun
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
