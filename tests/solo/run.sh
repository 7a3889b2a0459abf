#!/bin/bash
# The guest solo: its sessions word for word, bare and virtual; what goes wrong with
# disks and programs; runs that are killed while it writes. TAP on standard output.
#   tests/solo/run.sh [--update]   rewrites the expected sessions instead
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
top=$PWD
. tests/common/tap.sh
here=$PWD/tests/solo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
cd "$work" || exit 3

t() { timeout 100 "$trapeze" "$@"; }
d() { timeout 60 "$trapeze" disk "$@"; }
same() { # FILE FILE NAME
  diff "$1" "$2" >diff
  report $? "$3" diff
}

# ------------------------------------------------------------------- sessions
# NAME.in is typed, NAME.expected what comes out; the first line of NAME.options is what
# run gets besides. Their disk: solo's own, or the image that the option names.
"$trapeze" asm "$here/wild.s" -o wild.elf && d make --example wild.img wild.elf
d make -n 20 small.img && head -c 7680 /dev/zero | tr '\0' x >fifteen && d put small.img fifteen
d make -n 64 damaged.img "$here/wild.s" --type data --as sound && echo x >broken && d put damaged.img broken &&
  printf '\377' | dd of=damaged.img bs=1 seek=$((512 + 32 + 24)) conv=notrunc status=none
d make --size 4K cut.img && truncate -s 1536 cut.img
cp wild.img readonly.img
session() { # run or vmm, NAME, arguments…
  # shellcheck disable=SC2046
  t "$1" solo --input "$here/$2.in" -t 50M $(cat "$here/$2.options") "${@:3}" >said 2>errors
}
for file in "$here"/*.in; do
  name=$(basename "$file" .in)
  session run "$name"
  status=$?
  if [ "${1:-}" = --update ]; then
    cmp -s said "$here/$name.expected" || echo "updated: $name.expected"
    cp said "$here/$name.expected"
    continue
  fi
  same "$here/$name.expected" said "session $name, bare"
  report $status "and it halts" errors
  for how in '-p s360' '--depth 2' '-p x86'; do
    # shellcheck disable=SC2086
    session vmm "$name" $how
    same "$here/$name.expected" said "session $name, virtual, $how"
  done
done
t run solo --session -t 50M >shipped 2>errors
[ "${1:-}" != --update ] || { cp shipped "$here/shipped.expected" && exit 0; }
same "$here/shipped.expected" shipped "the session that comes with it"
sed 's/there are 2262/there are 2263/' shipped | cmp -s - "$here/shipped.expected"
[ $? -eq 1 ]
report $? "caught: another result"
for how in 'run --engine step' 'run --engine unfused' 'run --input-rate 2000' 'run --input-rate 30000' 'vmm -p pg' \
  'vmm --depth 3' 'vmm -m 96K' 'run -m 96K' 'run -m 2M'; do
  # shellcheck disable=SC2086
  t ${how%% *} solo --session -t 100M ${how#* } >said 2>errors
  # Ticks show in two places: when a file was written, and in how much storage there is.
  for file in shipped said; do
    sed -E 's/^solo: [0-9]+ KiB/solo: N KiB/; s/^(note|second)( .* )[0-9]+$/\1\2N/' $file | tr -s ' ' >$file.plain
  done
  same shipped.plain said.plain "the same by $how"
done
t run solo --session -m 64K >said 2>errors
grep -q '^solo: 36 KiB for programs' said && grep -q 'below 20000 there are 2262' said && grep -q '^solo: halted' said
report $? "64 KiB are enough" said

# --------------------------------------------------------- bare against virtual
for profile in pg s360 m68010 mips riscv vtx x86 x86-popf; do
  how=()
  [[ $profile != @(m68010|mips|riscv|vtx) ]] || how=(--fast-only) # which trap all that pg does
  t verify solo -p $profile "${how[@]}" >said 2>errors
  [ $? -eq 0 ] && grep -q '^Equivalence  *holds' said && grep -q '^Resource control  *holds' said
  report $? "verify solo holds on $profile" said
done
t verify solo -p armv7 -t 20000 >said 2>errors
[ $? -eq 1 ] && grep -q '^Equivalence  *FAILS' said && grep -q '^ *sti' said
report $? "on armv7 it finds the sti that does nothing" said
cp wild.img image.img
t verify solo -d image.img --session --depth 2 --fast-only >said 2>errors
report $? "with an image, on a monitor on a monitor" said
cmp image.img wild.img
report $? "which verify does not change"
cp wild.img bare.img && cp wild.img virtual.img
t run solo --session -d bare.img >/dev/null && t vmm solo --session -d virtual.img -p s360 >/dev/null && cmp bare.img virtual.img
report $? "bare and virtual leave the same image"
d check bare.img >said && d get bare.img second -o - >file && grep -q '^and so was this one.$' file
report $? "which the host reads" said
# Keys at random, with a bias to what means something.
keys() { # SEED
  awk -v seed="$1" 'BEGIN { srand(seed); n = split("help list type store copy rename erase run disk time format " \
    "limit yes . a b welcome count hello fault loop 1 2 3 100000 0 primes", w, " ")
    for (i = 0; i < 120; i++) { r = rand()
      if (r < 0.70) printf "%s ", w[1 + int(rand() * n)]
      else if (r < 0.90) printf "\n"
      else if (r < 0.92) printf "\003"
      else if (r < 0.95) printf "\b"
      else printf "%c", 1 + int(rand() * 126) }
    printf "\n.\n\n" }'
}
for seed in $(seq 8); do
  keys "$seed" >keys
  t verify solo --input keys --input-rate $((seed * 400)) -t 3000000 --fast-only --checkpoint 5000 >said 2>errors
  report $? "random keys, $seed: bare and virtual are the same" said
  cp wild.img random.img
  t run solo --input keys --input-rate $((seed * 400)) -t 6000000 -d random.img >said 2>errors
  ! grep -q 'trap in the monitor' said && d check random.img >said
  report $? "and the disk is consistent" said
done

# ------------------------------------------------------------ disks that fail
. "$top/tests/disk/killed.sh"
printf 'type welcome\nlist\nhello\nhalt\n' >keys
first() { # FILE: its first sector
  d list wild.img | awk -v name="$1" '$1 == name { print $5 }'
}
fails() { # 'regex' NAME variable
  cp wild.img victim.img
  failing "$3" -- run solo --input keys -d victim.img -t 20M >said 2>errors
  [ $? -eq 3 ] && grep -q -- "$1" said && grep -q '^solo: halted' said
  report $? "$2" said
}
fails "^disk error 3 at sector $(first welcome): it cannot be read or written$" "a bad sector of a file" "BAD_READ=$(first welcome)"
grep -q '^Hello, world' said
report $? "the other files are as good as before" said
fails "^disk error 3 at sector $(first hello)" "one of a program: it does not run" "BAD_READ=$(first hello)"
fails "^disk error 3 at sector 1: " "one of the directory" BAD_READ=5
grep -q 'There is no disk with files' said
report $? "then there are no files" said
fails "^disk error 3 at sector 0: " "sector 0" BAD_READ=0
printf 'count welcome\nhalt\n' >keys
fails '^count: cannot read welcome' "a program is told too" "BAD_READ=$(first welcome)"
printf 'store new\nsome text\n.\nerase hello\nrename welcome w\ncopy count c\nlist\ntype new\nhalt\n' >keys
fails '^disk error 3 at sector 1: ' "a directory that cannot be written" BAD_WRITE=1
[ "$(contents victim.img)" = "$(contents wild.img)" ] && grep -q '^hello .* program' said && grep -q 'no file new' said
report $? "nothing has changed, on the disk or for solo" said

# ------------------------------------------------- stopped while it writes
# A disk with files in pieces of several sectors; what is done to it; and the folder that
# comes of it, step by step. Each command is one state.
rm -rf model && mkdir model
for i in 1 2 3; do yes "line of file $i" | head -c $((i * 1500)) >model/file$i; done
d make -n 64 kill.img model/* || exit 3
: >script && folder_contents model >states
step() { # keys (printf), then what they do to the model
  # shellcheck disable=SC2059
  printf "$1" >>script
  (cd model && eval "$2")
  folder_contents model >>states
}
long=$(yes 'a line that is long enough to fill sectors soon, with others like it' | head -n 20)
step 'copy file3 x\n' 'cp file3 x'
step 'store new\nfirst\nsecond\n.\n' 'printf "first\nsecond\n" >new'
step "store long\n$long\n.\n" 'echo "$long" >long'
step 'copy long file1\n' 'cp long file1'
step 'rename new renamed\n' 'mv new renamed'
step 'erase file3\n' 'rm file3'
step 'store renamed\nanother text\n.\n' 'echo "another text" >renamed'
step 'copy file2 x\n' 'cp file2 x'
step 'store empty\n.\n' ': >empty'
step 'copy x empty\n' 'cp x empty'
step 'erase renamed\n' 'rm renamed'
printf 'time\nhalt\n' >>script
[ "$(sort -u states | wc -l)" -eq 12 ]
report $? "twelve states that differ" states
killed_everywhere kill.img states run solo --input script --input-rate 100 -d @ -t 50M >out
[ ! -s out ]
report $? "killed before each of its writes: one state or the next, nothing between" out
[ "$(stat -c %s writes)" -ge 50 ]
report $? "and these are $(stat -c %s writes) writes"

# At the tick: all that was told to be done is done, and at most the next one besides.
cp kill.img victim.img
t run solo --input script --input-rate 100 -d victim.img >said 2>errors
end=$(sed -n 's/^\([0-9]*\) ticks$/\1/p' said)
[ "${end:-0}" -gt 100000 ]
report $? "an undisturbed run takes ${end:-?} ticks" said
for stop in $(awk -v n=150 -v end="${end:-1}" 'BEGIN { srand(11); for (i = 0; i < n; i++) print 1 + int(rand() * end) }'); do
  cp kill.img victim.img
  t run solo --input script --input-rate 100 -d victim.img -t "$stop" >said 2>/dev/null
  # A prompt is a command done; those of store's lines are none.
  prompts=$(grep -o 'solo> ' said | wc -l)
  [ "$prompts" -gt 0 ] || prompts=1 # none yet
  [ "$prompts" -le 12 ] || prompts=12 # `time` and `halt` change nothing
  sed -n "${prompts},$((prompts + 1))p" states | grep -qxF -- "$(contents victim.img)" ||
    echo "stopped at tick $stop, $((prompts - 1)) commands done: $(contents victim.img)"
done >stops.log
[ ! -s stops.log ]
report $? "stopped at 150 ticks: every command that had come back is done, the next one is or is not" stops.log

# format, over a directory of several sectors.
d make -n 256 many.img && for i in $(seq 40); do echo $i >f$i; done && d put many.img f? f?? || exit 3
printf 'format\nyes\nhalt\n' >format.keys
contents many.img >states.format && echo 'there is no file system of solo' >>states.format && echo . >>states.format
killed_everywhere many.img states.format run solo --input format.keys -d @ -t 10M >out
[ ! -s out ]
report $? "format, killed before each write: the old files, no file system, or an empty one" out

# Wrong systems: each with its order of writes changed, and these checks notice.
mutant() { # WHAT FILE SED IMAGE STATES KEYS
  local found=1
  rm -rf mutant && cp -r "$top/guestos" mutant && sed -i -E "$3" "mutant/$2"
  if ! cmp -s "mutant/$2" "$top/guestos/$2" && t asm mutant/solo.s -o mutant.elf 2>errors; then
    killed_everywhere "$4" "$5" run ./mutant.elf --input "$6" --input-rate 100 -d @ -t 50M >out
    [ -s out ] && ! grep -q 'undisturbed' out && found=0
  fi
  report $found "caught: $1" out
}
early='        mv      a0, s1\n        call    commit\n'
mutant "store writes the directory first" solo/command.inc \
  "/^command_store:/,/^9:/s/^( +la +a0, new_entry +# zeros.*)/$early\1/" kill.img states script
mutant "copy writes the directory first" solo/command.inc \
  '/^command_copy:/,/^4:/s/^( +push +a0)$/\1\n        call    commit/' \
  kill.img states script
mutant "a file is replaced where it lies" solo/files.inc \
  '/^make_room:/,/ret/s/^2: .*mfcr.*/2:      sb      zero, E_TYPE(s0)\n        mfcr    t0, tick/' kill.img states script
mutant "format leaves sector 0 to the end" solo/command.inc \
  '/^command_format:/,/^6:/{/^ +li +a0, 0$/,/call +transfer/{s/call +transfer/nop/}}' many.img states.format format.keys

# ------------------------------------------------------------ among others
# Three of them and a minos, each on sectors of one disk: what each prints, and what is on
# its sectors in the end, is what it would be alone on a bare machine.
t guests guestos/solo.in >a.in && sed 's/note/other/g' a.in >b.in && cp a.in c.in
head -c $((300 * 512)) /dev/zero | tr '\0' '#' >class.img
for first in 10 100 200; do d make --example class.img --first $first --length 64 --force; done
cp class.img before.img
cat >class.dir <<'END'
machine { disk "class.img" sectors 300; }
user a { program solo; storage 64K; minidisk A first 10 length 64; console shared log "a.log" input "a.in"; }
user b { program solo; storage 128K; share 3; minidisk A first 100 length 64; console shared log "b.log" input "b.in"; }
user c { program solo; storage 96K; minidisk A first 200 length 64 access r; console private log "c.log" input "c.in"; }
user d { program minos; storage 160K; console private log "d.log"; }
END
t vmm class.dir -t 60M >said 2>errors
part() { # IMAGE FIRST TO
  dd if="$1" of="$3" bs=512 skip="$2" count=64 status=none
}
alone() { # NAME FIRST STORAGE how it is opened
  part before.img "$2" alone.img && part class.img "$2" together.img &&
    t run solo -m "$3" -d "alone.img$4" --input "$1.in" >alone.log 2>errors
  cmp alone.log "$1.log" && cmp alone.img together.img
}
alone a 10 64K '' >out 2>&1 && alone b 100 128K '' >out 2>&1 && alone c 200 96K ,ro >out 2>&1
report $? "three on one disk, and a minos: each as if it were alone" out
grep -q '^disk error 3 at sector' c.log && ! grep -q 'disk error' a.log && d check class.img --first 100 >out
report $? "and one of them may only read" out
part before.img 0 one && part class.img 0 two && cmp -n 5120 one two && cmp -i $((164 * 512)) class.img before.img
report $? "all other sectors are as they were"
alone a 100 64K '' >out 2>&1
[ $? -ne 0 ]
report $? "caught: another's sectors"

# ------------------------------------------------------------- the guide's word
guide=$top/docs/solo.md
sed -n '/^```asm/,/^```/p' "$guide" | grep -v '^```' >double.s
d make --example mine.img && d put mine.img double.s
report $? "the guide's program goes to a disk"
printf 'double 21\nhalt\n' >keys
t run solo --disk mine.img --input keys >>shipped 2>errors
t verify solo --profile x86 >>shipped 2>errors
shown() { # GUIDE: what it shows of solo
  awk '/^    \$ trapeze / { on = 1; next } on && /^    / { print substr($0, 5); next } /^$/ { next } { on = 0 }' "$1"
}
shown "$guide" | grep -vxFf shipped >out
[ "$(shown "$guide" | wc -l)" -gt 15 ] && [ ! -s out ]
report $? "what the guide shows is what solo prints" out
sed 's/^    100000 ticks/    100001 ticks/' "$guide" >wrong.md
shown wrong.md | grep -vxFf shipped | grep -q '100001'
report $? "caught: something else"
rm -f class.img
sed -n '/^    truncate/,/^## In/s/^    //p' "$guide" >said && grep -v '^[mu]' said | sed '/^trapeze vmm/d; s/^trapeze/t/' >make.sh &&
  grep '^[mu]' said >class.dir && . ./make.sh >out 2>&1 && printf 'hello reader\nhalt\n' | t vmm class.dir -t 20M >out 2>errors
grep -q '^alice: Hello, reader' out && grep -q '^bob: solo: 64 KiB' out
report $? "the guide's machine of two" out
for command in $(sed -n 's/^  \([a-z]*\)\t.*/\1/p' shipped); do
  grep -q "^| .*\`$command" "$guide" || grep -q "\`$command\`" "$guide" || echo "not in the guide: $command"
done >out
[ ! -s out ]
report $? "the guide has every command" out
for file in $(ls "$top/guestos/solo"); do
  grep -q "solo/$file" "$top/guestos/solo.s" || [ "${file%.s}" != "$file" ] || grep -rq "solo/$file" "$top"/guestos/solo/*.inc || echo "$file"
done >out
[ ! -s out ]
report $? "solo.s names its files" out
echo "1..$number"
