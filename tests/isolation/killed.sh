# Guests that write to mini-disks, plain and copy-on-write, on a host that kills the process or
# whose disk fails (part of run.sh, which defines t, work, top, number).
d() { t disk "$@"; }
# shellcheck source=/dev/null
. "$top/tests/disk/killed.sh"

writers() { # the directory: two that write to the image, two that have overlays on one base
  local name first=30
  echo 'machine { disk "k.img"; }'
  for name in two one three four; do
    echo "user $name { program \"writer.elf\"; storage 64K; minidisk A first $first length 5"
    case $name in
      two) echo "; }" && first=20 ;;
      one) echo "; }" && first=10 ;;
      *) echo "access cow \"$name.overlay\"; }" ;;
    esac
  done
}
fresh() { cp k.blank k.img && rm -f three.overlay four.overlay; }
said_by() { sed -n "s/^$1: //p" out; }
# What five sectors hold from one on, a line each: one number if all bytes are equal.
holds() { # IMAGE FIRST
  od -An -v -tu1 -w512 -j $(($2 * 512)) -N 2560 "$1" | awk '{ for (i = 2; i <= NF; i++) if ($i != $1) $1 = "torn"; print $1 }'
}
# After a kill: all that was said to be written is there; besides that at most the next one.
kept_by() { # NAME IMAGE FIRST
  local done
  done=$(said_by "$1" | grep -c .) # the last ones are of what was read
  holds "$2" "$3" | awk -v done=$((done < 12 ? done : 12)) -v name="$1" '
    { want = 0; for (k = 1; k <= done; k++) if (k % 5 == NR - 1) want = k
      if ($1 != want && !($1 == done + 1 && (done + 1) % 5 == NR - 1 && done < 12))
        print name ": sector " NR - 1 " holds " $1 ", and " want " was written, the last of " done }'
}
kept_by_all() {
  local name
  kept_by one k.img 20
  kept_by two k.img 30
  cmp -n $((20 * 512)) k.img k.blank || echo "the base has changed"
  for name in three four; do
    cp k.blank copy.img
    [ ! -e $name.overlay ] || d commit copy.img $name.overlay || echo "$name: not consistent"
    kept_by $name copy.img 10
  done
}

killed() {
  local n writes seed=${SEED:-1}
  t asm -D MMIO=0 "$top/tests/isolation/writer.s" -o writer.elf || exit 3
  writers >k.dir
  head -c $((40 * 512)) /dev/zero >k.blank
  fresh && : >count
  failing COUNT="$work/count" -- vmm k.dir >out 2>err
  report $? "four that write, two of them with overlays on one base" err
  cp out undisturbed && writes=$(stat -c %s count)
  kept_by_all >differs 2>&1
  [ ! -s differs ] && [ "$writes" -ge 48 ]
  report $? "all that they wrote is there" differs
  # In make soak before each write; else before some, chosen by the seed.
  for ((n = 1; n <= writes; n++)); do
    [ -n "${CHECKPOINT:-}" ] || [ $(((n * 7919 + seed * 104729) % 97)) -lt 40 ] || continue
    fresh
    { failing BY_LINE=1 KILL_AT=$n -- vmm k.dir >out 2>err; } 2>/dev/null
    [ $? -eq 137 ] || echo "write $n: not killed"
    kept_by_all 2>&1 | sed "s/^/killed at write $n of $writes: /"
  done >differs
  [ ! -s differs ]
  report $? "killed at any write: what was said to be written is there, and the base as it was" differs
  fresh
  { failing BY_LINE=1 KILL_AT=30 -- vmm k.dir >out 2>err; } 2>/dev/null
  printf 'one: x\none: x\n' >>out
  [ -n "$(kept_by one k.img 20)" ]
  report $? "a write that is said to be and is not would be noticed"
}

# Others: those to whom nothing happens write what they write undisturbed.
host_fails() { # NAME 'THOSE DISTURBED' VARIABLE: and each of those is told
  local name
  fresh
  failing "$3" -- vmm k.dir >out 2>err
  local status=$?
  {
    [ $status -le 3 ] || echo "status $status"
    for name in one two three four; do
      case " $2 " in
        *" $name "*) said_by $name | grep -q '^[a-z]3' || echo "$name was told of no error" ;;
        *) cmp <(said_by $name) <(sed -n "s/^$name: //p" undisturbed) || echo "$name was disturbed" ;;
      esac
      grep -q "^trapeze vmm: $name: halted" err || echo "$name did not come to its end"
    done
    cmp -n $((20 * 512)) k.img k.blank || echo "the base has changed"
  } >differs 2>&1
  [ ! -s differs ]
  report $? "$1" differs
}
hosts() {
  host_fails "a sector that cannot be written: its guest is told, the others notice nothing" one BAD_WRITE=21
  cmp -s <(holds k.img 20) <(printf '%s\n' 10 0 12 8 9) && cmp -s <(holds k.img 30) <(printf '%s\n' 10 11 12 8 9)
  report $? "and it loses nothing else"
  host_fails "a sector that cannot be read" two BAD_READ=32
  cmp -s <(holds k.img 30) <(printf '%s\n' 10 11 12 8 9)
  report $? "what was written is there"
  host_fails "an image that has become shorter" "two" SHORT=32
  host_fails "no room left on the host" "one two three four" FULL_AT=26
  [ "$(holds k.img 20; holds k.img 30)" != "$(yes 0 | head -n 10)" ] && ! holds k.img 20 | grep -q torn
  report $? "what had been written is there"
}
