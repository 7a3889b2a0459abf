#!/bin/bash
# trapeze disk: round trips, mini-disks, every inconsistency, images that lie, bytes at
# random, what goes wrong. TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
top=$PWD
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
cd "$work" || exit 3
RANDOM=7 # the same numbers in each run

d() { timeout 60 "$trapeze" disk "$@"; }
says() { # STATUS 'regex' NAME arguments…
  d "${@:4}" >out 2>&1
  local status=$?
  [ $status -eq "$1" ] && grep -qE -- "$2" out
  report $? "$3" out
}
quiet() { # NAME arguments…: done without a word
  d "${@:2}" >out 2>&1 && [ ! -s out ]
  report $? "$1" out
}
is() { # NAME command…
  "${@:2}" >out 2>&1
  report $? "$1" out
}
noise() { # SEED LENGTH
  awk -v seed="$1" -v n="$2" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%02x", int(rand() * 256) }' |
    xxd -r -p
}
poke() { # IMAGE OFFSET HEX
  printf '%s' "$3" | xxd -r -p | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
size_is() { [ "$(stat -c %s "$1")" -eq "$2" ]; }

# ---------------------------------------------------------------------- make
quiet "make" make a.img
is "256 sectors, if nothing else is said" size_is a.img 131072
says 0 '^consistent: 0 files of 128; 9 of 256 sectors used, 247 free, up to 247 in one piece$' \
  "which are consistent" check a.img
quiet "make --sectors" make -n 4 least.img
is "as many" size_is least.img 2048
says 0 '0 files of 16; 2 of 4 sectors used' "the least that can be" list least.img
quiet "make --size" make --size 1M large.img
says 0 '0 files of 256; 17 of 2,048 sectors used' "a large one" check large.img
says 2 "'a.img' exists; give --force" "make does not overwrite" make a.img
quiet "unless it is forced" make --force a.img
says 2 "is no number of sectors: from 4 to 4194304" "too few sectors" make -n 3 x.img
says 2 "is no number of sectors" "too many" make -n 5000000 x.img
says 2 "is no size of a disk" "a size of half sectors" make -s 1000 x.img
says 2 "is no size of a disk" "no size" make -s 4G x.img
for file in one two three; do echo "this is $file" >$file; done
quiet "make with files" make files.img one two three
says 0 '^two +data +12 +1 +10 +by the host$' "which are there" list files.img
head -c 1300 /dev/zero >zeros
says 2 "'zeros' on 'full.img': no room: it needs 3 sectors in one piece; 2 are free, the longest piece has 2" \
  "make with too much" make -n 4 full.img zeros
is "leaves nothing behind" sh -c '[ -z "$(ls full.img* 2>/dev/null)" ]'
says 2 "cannot open 'none'" "make with a file that is not there" make no.img one none
is "nor does that" sh -c '[ -z "$(ls no.img* 2>/dev/null)" ]'
says 2 "cannot create 'none/x.img'" "make in a folder that is not there" make none/x.img
d make - | cmp -s - a.img
report $? "make to standard output"
d make /dev/full 2>out --force
[ $? -eq 3 ]
report $? "what cannot be written is status 3" out

# ---------------------------------------------------------------- round trips
: >sizes.log
for size in 0 1 511 512 513 1024 5000 20000; do
  noise $size $size >"data$size"
  d put a.img "data$size" && d get a.img "data$size" -o back && cmp "data$size" back ||
    echo "$size differs"
done >sizes.log 2>&1
[ ! -s sizes.log ]
report $? "what is put there comes back, of many sizes" sizes.log
says 0 '^consistent: 8 files' "and leaves it consistent" check a.img
quiet "replace a file" put a.img one --as data512
says 0 '^this is one$' "has the new one" get a.img data512 -o -
quiet "delete" delete a.img data20000
says 2 "there is no 'data20000' on 'a.img'; did you mean" "it is gone" get a.img data20000
says 0 '^consistent: 7 files' "still consistent" check a.img
rm data513 && d get a.img data513 && [ -s data513 ]
report $? "get writes to the file's name"
echo dash >./-dash && d put a.img ./-dash && rm ./-dash && d get a.img -- -dash && [ -s ./-dash ]
report $? "which may begin with a dash"
says 2 "is the image itself" "get does not overwrite the image" get a.img data1 -o ./a.img
says 0 '^consistent' "which is as it was" check a.img
says 2 "'sixteenandonemore' is no name on this disk: 1 to 16" "a name too long" put a.img one --as sixteenandonemore
quiet "sixteen characters" put a.img one --as exactly_sixteen_
says 0 '^this is one$' "are a name" get a.img exactly_sixteen_ -o -
for name in 'a b' a/b '' $'a\nb' $'\303\266'; do
  says 2 "is no name on this disk" "a bad name: $(printf %q "$name")" put a.img one --as "$name"
done
echo x >'long name with blanks'
says 2 "give one with --as" "a file's own name that is none" put a.img 'long name with blanks'
says 2 "names one file, not 2" "--as for two files" put a.img one two --as both
quiet "put several" put a.img one two three
says 0 '^three ' "they are there" list a.img

# Full: sectors, entries, pieces.
d make -n 20 small.img && head -c 9216 /dev/zero >nine && d put small.img nine --as all
says 0 '20 of 20 sectors used, 0 free, up to 0' "filled to the last sector" check small.img
says 2 'no room: it needs 1 sector in one piece; 0 are free' "no sector for another" put small.img one
says 2 'no room' "nor to replace it by as much" put small.img nine --as all
quiet "an empty file needs none" put small.img /dev/null --as empty
d delete small.img all
for i in $(seq 15); do d put small.img one --as f$i; done >out 2>&1
says 2 'no room: the directory is full, with 16 files' "no entry for another" put small.img one --as f16
quiet "to replace needs none" put small.img two --as f3
for i in 2 4 6; do d delete small.img f$i; done
head -c 1024 /dev/zero >two_sectors
says 0 '14 of 20 sectors used, 6 free, up to 3 in one piece' "free in pieces" check small.img
head -c 2048 /dev/zero >four_sectors
says 2 'it needs 4 sectors in one piece; 6 are free, the longest piece has 3' "no piece long enough" put small.img four_sectors
quiet "but one for less" put small.img two_sectors

# ------------------------------------------------------------------- programs
cat >good.s <<'END'
.include "solo/program.inc"
main: li a0, 0
      j exit
END
quiet "a source is assembled" put a.img good.s
says 0 '^good +program ' "to a program without an ending" list a.img
"$trapeze" asm good.s && d put a.img good.elf --as again && d get a.img good -o p1 && d get a.img again -o p2 && cmp p1 p2
report $? "an ELF file is a program too" out
quiet "--type data keeps the source" put a.img good.s --type data
says 0 'include "solo' "as it is" get a.img good.s -o -
quiet "--type program takes bytes" put a.img p1 --type program --as raw
says 0 '^raw +program ' "for a program" list a.img
says 2 "has 0 bytes; a program of solo has 1 to 65536" "an empty program" put a.img /dev/null --type program --as x
head -c 65537 /dev/zero >huge
says 2 "has 65537 bytes; a program" "one too large" put a.img huge --type program
printf '_start: halt\n' >elsewhere.s
says 2 "starts at 0x00001000; a program of solo starts at 0: begin" "a program that starts elsewhere" put a.img elsewhere.s
printf '.org 0\n_start: halt\n.space 70000\n' >long.s
says 2 "needs storage up to 70,?004.*; a program of solo has 64 KiB at most" "a program that is too long" put a.img long.s
printf 'frobnicate\n' >wrong.s
says 2 '^wrong.s:1:1: error: ' "a source with errors" put a.img wrong.s
says 2 "unknown type 'progam'; did you mean 'program'" "a mistyped type" put a.img one --type progam
says 0 '^consistent' "none of these did any harm" check a.img
quiet "make --example" make --example example.img
for program in hello primes count fault loop; do
  says 0 "^$program +program " "with $program" list example.img
done
d list example.img >listed
[ "$(grep -c ' program ' listed)" -eq "$(find "$top/guestos/solo" -name '*.s' | wc -l)" ]
report $? "each shipped program is on it" listed

# ------------------------------------------------------------------ mini-disks
noise 1 102400 >big.img && cp big.img before.img
dd if=/dev/zero of=big.img bs=512 seek=50 count=40 conv=notrunc status=none && cp big.img before.img
quiet "make within an image" make big.img --first 50 --length 40 one good.s
says 0 '^consistent: 2 files of 16; 4 of 40 sectors' "a mini-disk" check big.img --first 50
quiet "put" put big.img --first 50 --length 40 two
quiet "delete" delete big.img --first 50 --length 40 one
says 0 '^this is two$' "get" get big.img two -o - --first 50 --length 40
outside() { # the sectors before and behind the mini-disk are as they were
  cmp -n 25600 big.img before.img && cmp -i 46080 big.img before.img
}
is "no sector outside is touched" outside
dd if=big.img of=mini.img bs=512 skip=50 count=40 status=none
says 0 '^two ' "it is what an image of its own would be" list mini.img
says 2 "sector 40 of 'big.img' is not blank; give --force" "make on what is not blank" make big.img --first 40 --length 10
says 2 "says that it has 40 sectors, but there are only 30" "an extent that is too short" list big.img --first 50 --length 30
says 2 "'big.img' has 200 sectors; 100 from sector 150 on are not among them" "an extent off the image" check big.img --first 150 --length 100
says 2 "from sector 200 on are not among them" "one behind it" check big.img --first 200
says 2 "3 sectors cannot hold the file system" "one that is too small" make big.img --first 50 --length 3 --force
says 2 "--first and --length say how large it is" "both ways of size" make big.img --first 50 -n 9
says 2 "is no sector" "no number" list big.img --first x
says 2 "is no number of sectors" "no length" list big.img --length 0
poke big.img $((50 * 512 + 12)) ffffff00
says 1 "says that it has 16777215 sectors; 4 to 4194304 are possible" "a size that lies" check big.img --first 50 --length 40
poke big.img $((50 * 512 + 12)) 64000000
says 1 "says that it has 100 sectors, but there are only 40" "a disk that would reach beyond its extent" check big.img --first 50 --length 40

# -------------------------------------------------------------- inconsistencies
d make -n 64 sound.img one two three
at() { echo $((512 + $1 * 32 + $2)); } # entry, offset
wrong() { # 'regex' NAME ENTRY OFFSET HEX
  cp sound.img bad.img && poke bad.img "$(at "$3" "$4")" "$5"
  says 1 "^bad.img: $1\$" "check: $2" check bad.img
  cp bad.img still.img
  says 2 "has [0-9]+ inconsistenc(y|ies), which 'trapeze disk check' names; it is left as it is" "no put there" put bad.img one
  says 2 'inconsistenc' "no delete" delete bad.img three
  is "it is left as it is" cmp bad.img still.img
  says 1 "is not consistent: 'trapeze disk check' says why" "list says so" list bad.img
  d check --json bad.img >out 2>&1
  [ $? -eq 1 ] && jq -e '.schema == "trapeze-disk/1" and (.problems | length) > 0' out >/dev/null
  report $? "and so does check --json" out
}
wrong 'entry 1 \(two\) has the type 7, which does not exist' "a type" 1 16 07
wrong 'entry 1 \(\"\\x01wo\"\) has no good name' "a name" 1 0 01
wrong 'entry 1 has no good name' "no name" 1 0 000000
wrong 'entry 1 \(two\) has bytes other than 0 behind its name' "bytes behind a name" 1 9 41
wrong 'entry 1 \(two\) has bytes other than 0 where nothing is defined' "spare bytes" 1 18 01
wrong 'entry 1 \(two\) begins at sector 2, within the directory: files begin at sector 3' "a file in the directory" 1 24 02
wrong 'entry 1 \(two\) has 12 bytes from sector 64 on, beyond the last of 64 sectors' "a file off the disk" 1 24 40
wrong 'entry 1 \(two\) has 4294967295 bytes from sector 4 on, beyond the last of 64 sectors' "a size that wraps" 1 20 ffffffff
wrong 'entry 1 \(two\) has 12 bytes from sector 4294967295 on, beyond the last of 64 sectors' "a sector that wraps" 1 24 ffffffff
wrong 'entry 1 \(two\) is empty, but has a first sector, 4' "an empty file somewhere" 1 20 00
wrong 'entry 1 \(two\) and entry 2 \(three\) both have the sectors 5 to 5' "an overlap" 1 24 05
wrong 'entry 0 \(one\) and entry 1 \(two\) both have the sectors 4 to 4' "an overlap by length" 0 20 0104
wrong 'entry 0 \(one\) and entry 2 \(one\) have the same name' "a name twice" 2 0 6f6e650000
wrong 'entry 5 is free, but not all zero' "a free entry that is not empty" 5 24 09
wrong 'entry 1 \(two\) is free, but not all zero' "a free entry with a name" 1 16 00
cp sound.img bad.img && poke bad.img "$(at 0 16)" 09 && poke bad.img "$(at 1 24)" 01 && poke bad.img "$(at 2 20)" ff
d check bad.img >out 2>&1
[ $? -eq 1 ] && [ "$(wc -l <out)" -eq 2 ]
report $? "all of them are named, and no others" out
head_wrong() { # 'regex' NAME OFFSET HEX
  cp sound.img bad.img && poke bad.img "$3" "$4"
  says 1 "^bad.img: .*$1" "check: $2" check bad.img
  says 2 "$1" "$2: list" list bad.img
  says 2 "$1" "$2: put" put bad.img one
}
head_wrong 'there is no file system of solo' "another disk" 0 58
head_wrong 'of version 2; this is made for version 1' "another version" 8 02
head_wrong 'says that it has 0 sectors' "no sectors" 12 00
head_wrong 'says that it has 192 sectors, but there are only 64' "more than there are" 12 c0
head_wrong 'its directory has 0 sectors, of 64' "no directory" 16 00
head_wrong 'its directory has 200 sectors' "too large a directory" 16 c8
says 0 '^consistent' "caught nothing where nothing is wrong" check sound.img

# --------------------------------------------------------------- bad images
: >empty.img
says 2 "must not be empty" "an empty image" list empty.img
head -c 700 sound.img >odd.img
says 2 "multiple of 512 bytes" "half a sector" check odd.img
says 2 "No such file" "an image that is not there" list none.img
says 2 "regular file" "a folder" list .
mkfifo pipe
says 2 "regular file" "a pipe" check pipe
for sectors in 1 2 3 10 63; do
  head -c $((sectors * 512)) sound.img >cut.img
  says 1 "says that it has 64 sectors, but there are only $sectors" "cut to $sectors sectors" check cut.img
done
{ cat sound.img && noise 3 5120; } >longer.img
says 0 '^consistent' "a longer image" check longer.img
quiet "is written" put longer.img one --as more
is "behind its end nothing" cmp -i 32768 longer.img <(cat sound.img && noise 3 5120)
chmod a-w sound.img
if [ "$(id -u)" -ne 0 ]; then
  says 2 "Permission denied" "an image that may not be written" put sound.img one
fi
says 0 '^one' "is read" list sound.img
chmod u+w sound.img
flock sound.img sh -c 'cd "$1" && timeout 60 "$2" disk put sound.img one' - "$work" "$trapeze" >out 2>&1
[ $? -eq 2 ] && grep -q 'in use by a machine' out
report $? "an image that a machine has" out

# ----------------------------------------------------------------- at random
# Bytes of sector 0 and the directory changed: never a crash; and what can be changed at
# all is consistent afterwards.
: >random.log
awk 'BEGIN { for (seed = 1; seed <= 250; seed++) { srand(seed); n = 1 + int(rand() * 6); line = ""; for (i = 0; i < n; i++)
  line = line sprintf("%x: %02x\\n", rand() < 0.3 ? int(rand() * 20) : 512 + int(rand() * 160), int(rand() * 256)); print line } }' >changes
ulimit -S -t 60 # a command that hangs spins
seed=0
while read -r change; do
  seed=$((seed + 1))
  cp sound.img random.img && printf '%b' "$change" | xxd -r - random.img
  for command in 'check random.img' 'list random.img' 'get random.img two -o back' 'list --json random.img' \
    'delete random.img one' 'put random.img three --as new' 'get random.img new -o back'; do
    # shellcheck disable=SC2086
    "$trapeze" disk $command >said 2>&1
    status=$?
    [ $status -le 2 ] && { [ $status -eq 0 ] || [ -s said ]; } || echo "$seed: $command: status $status"
    [ "${command%% *}" != put ] || [ $status -ne 0 ] || "$trapeze" disk check random.img >said 2>&1 ||
      echo "$seed: put left it worse"
  done
done <changes >random.log
[ ! -s random.log ]
report $? "250 images with bytes at random" random.log
# Against a model: whatever is put and deleted, in any order, what is there is right.
d make --force -n 200 model.img && mkdir model
: >model.log
for step in $(seq 150); do
  name=m$((RANDOM % 12 + step % 3))
  if [ $((step % 4)) -eq 3 ] && [ -e "model/$name" ]; then
    d delete model.img "$name" && rm "model/$name"
  else
    noise "$step" $(((step * 37) % 9000)) >new
    d put model.img new --as "$name" 2>said && cp new "model/$name"
    [ ! -s said ] || grep -q 'no room' said || cat said
  fi
done >>model.log 2>&1
d check model.img >/dev/null || echo "not consistent" >>model.log
for file in model/*; do
  d get model.img "${file#model/}" -o back && cmp "$file" back
done >>model.log 2>&1
[ "$(d list --json model.img | jq '.files | length')" -eq "$(find model -type f | wc -l)" ] || echo "not as many" >>model.log
[ ! -s model.log ]
report $? "150 changes in any order, against a model" model.log

# ------------------------------------------------- a host that fails, or is killed
. "$top/tests/disk/killed.sh"
cp files.img victim.img
failing BAD_READ=1 -- disk list victim.img >out 2>&1
[ $? -eq 3 ] && grep -q "'victim.img': cannot read sector 1: Input/output error" out
report $? "a directory that cannot be read" out
failing BAD_READ=10 -- disk get victim.img two -o never >out 2>&1
[ $? -eq 3 ] && grep -q "cannot read sector 10" out && [ ! -e never ]
report $? "a file that cannot be read: no file" out
for sector in 12 1; do
  cp files.img victim.img
  failing BAD_WRITE=$sector -- disk put victim.img zeros >out 2>&1
  [ $? -eq 3 ] && grep -q "cannot write sector $sector" out && [ "$(contents victim.img)" = "$(contents files.img)" ]
  report $? "sector $sector cannot be written: the disk is as it was" out
done
states() { # the states before and after
  contents "$1" >states && contents "$2" >>states
}
cp files.img after.img && d put after.img zeros && states files.img after.img
killed_everywhere files.img states disk put @ zeros >out
[ ! -s out ]
report $? "put, killed before each write: nothing, or all of it" out
cp files.img after.img && d put after.img zeros --as two && states files.img after.img
killed_everywhere files.img states disk put @ zeros --as two >out
[ ! -s out ]
report $? "put over a file, killed: the old one, or the new one" out
cp files.img after.img && d delete after.img one && d delete after.img two && states files.img after.img
killed_everywhere files.img states disk put @ zeros --as two >out
[ -s out ]
report $? "caught: a state that may not be" out
contents files.img >states && echo 'there is no file system of solo' >>states && contents a.img >/dev/null
cp files.img after.img && d make after.img --first 0 --force && contents after.img >>states
killed_everywhere files.img states disk make @ --first 0 --force >out
[ ! -s out ]
report $? "make over a file system, killed: the old one, none, the new one" out

# ------------------------------------------------------------------- mutants
# Wrong file systems, each with one line changed: the unit test of the right one fails.
unit() { # FOLDER with tools/disk
  "${CC:-cc}" -std=gnu11 -O1 -w -D_GNU_SOURCE -I"$1" -I"$top" -I"$BUILD" -o unit \
    "$top/tests/unit/tools/test_solo_fs.c" "$1"/tools/disk/{solo_fs,check}.c "$top"/tools/common/text.c \
    "$top/machine/disk_store.c" -lcmocka || return 0
  (ulimit -t 3; ./unit) # one of them never ends
}
copy_sources() { # SED FILE
  rm -rf mutant && mkdir -p mutant/tools/disk && cp "$top"/tools/disk/*.[ch] mutant/tools/disk/ &&
    sed -i -E "$1" "mutant/tools/disk/$2" && ! cmp -s "mutant/tools/disk/$2" "$top/tools/disk/$2"
}
copy_sources '$s/$/ /' solo_fs.c && unit mutant >out 2>&1
report $? "the unit test passes unchanged" out
mutant() { # WHAT FILE SED
  copy_sources "$3" "$2" && ! unit mutant >out 2>&1
  report $? "caught: $1" out
}
mutant "a file that begins behind the last sector" solo_fs.c '/e->first < fs->sectors/s/e->first < fs->sectors/true/'
mutant "a file that ends behind it" solo_fs.c 's/sectors <= fs->sectors - e->first/true/'
mutant "files from the directory's last sector on" solo_fs.c 's/return 1 \+ fs->dir_sectors/return fs->dir_sectors/'
mutant "free sectors that are a file's last" solo_fs.c 's/e->first < first \+ sectors && first < end\)/e->first < first + sectors \&\& first + 1 < end)/'
mutant "an entry written in its neighbour's place" solo_fs.c 's/encode_entry\(e, buf \+ i % SOLO_PER_SECTOR/encode_entry(e, buf + (i ^ 1) % SOLO_PER_SECTOR/'
mutant "the first sector of the image for that of the mini-disk" solo_fs.c 's/disk_store_write\(fs->store, fs->start \+ sector/disk_store_write(fs->store, sector/'
mutant "sizes in whole sectors" solo_fs.c 's/put_word\(at \+ AT_SIZE, e->size\)/put_word(at + AT_SIZE, (e->size + 511) \& ~511u)/'
mutant "an overlap that is not seen" check.c 's/if \(from < to\)/if (from + 1 < to)/'
mutant "one name for two files" check.c 's/if \(strcmp\(a->name, b->name\) == 0\)/if (false)/'

# ------------------------------------------------------------------ the command
d list --json files.img >out 2>&1 && jq -e '.schema == "trapeze-disk/1" and .sectors == 256 and .used + .free == 256 and
  ([.files[].name] == ["one", "two", "three"]) and .files[1].size == 12 and .problems == []' out >>out 2>&1
report $? "list --json" out
says 2 "what to do .*is missing" "nothing to do"
says 2 "there is no 'lst'; did you mean 'list'" "a mistyped action" lst a.img
says 2 "there is no 'format'" "another action" format a.img
says 2 "which image\? write 'put IMAGE FILE'" "no image" put
says 2 "which image\? write 'list IMAGE'" "no image to list" list
says 2 "a file is missing behind 'a.img'" "no file" put a.img
says 2 "a file's name is missing behind 'a.img'" "no name" get a.img
says 2 "unexpected argument 'b'" "one too many" get a.img a b
says 2 "unexpected argument 'b'" "one too many to check" check a.img b
for pair in 'list --as x' 'check -n 9' 'get --json' 'put --example' 'delete --force' 'make --json' 'list --type data' \
  'put -o x'; do
  # shellcheck disable=SC2086
  says 2 "'${pair%% *}' takes no --" "${pair%% *} with ${pair#* }" $pair a.img x
done
d list example.img >/dev/full 2>out
[ $? -eq 3 ]
report $? "output that cannot be written is status 3" out
d list example.img | awk 'length > 80 { exit 1 }'
report $? "in 80 columns"
echo "1..$number"
