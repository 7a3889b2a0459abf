#!/bin/bash
# Isolation: hostile guests by ports, memory-mapped devices and channels, all at once and each by
# itself, beside well-behaved ones, from a system directory. What these write, what is on
# their disks and what their clocks show is the same as alone on a bare machine; the hostile
# ones come to the end that their source names. Before that eight that do no harm, two operating
# systems (eight.sh). In a program's comments:
#   # ends: REGEX   its state when all others have halted
# TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "${TRAPEZE:-${BUILD:-build}/trapeze}")
top=$PWD
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
export LC_ALL=C.UTF-8
exec </dev/null
t() { timeout 100 "$trapeze" "$@"; }
# Behind a channel other things are hostile: `folder` and `hostile` are those of a style.
choose() { # STYLE
  local file
  folder=$top/tests/isolation/hostile
  [ "$1" != channel ] || folder=$folder-channel
  hostile=()
  for file in "$folder"/*.s; do
    hostile+=("$(basename "$file" .s)")
  done
}
choose ports
# shellcheck source=/dev/null
. "$top/tests/isolation/eight.sh"
# shellcheck source=/dev/null
. "$top/tests/isolation/killed.sh"
ends() { sed -n 's/^# ends: //p' "$folder/$1.s"; }

# ------------------------------------------------------------- what they begin with
seq 200000 | head -c $((700 * 512)) >blank.img
t disk make --example --sectors 90 solo.img >out 2>err || sed 's/^/# /' err
dd if=solo.img of=blank.img bs=512 seek=100 conv=notrunc status=none
printf 'ps\nprimes\ndisk\nuptime\nhalt\n' >minos.in
printf 'list\nstore note\none\ntwo\n.\nrun primes\ntype note\nhalt\n' >solo.in
# name, program, storage in KiB, first sector, sectors, input
cat >good <<'END'
alice minos 256 0 100 minos.in
heidi solo 192 100 90 solo.in
clock clock.elf 64 200 5 -
END
clock=(clock clock.elf 64 200 5 -)

program() { # NAME STYLE
  case $1/$2 in
    *.elf/*) echo "$1" ;;
    */mmio) echo "$1-mmio" ;;
    */channel) echo "$1-channel" ;;
    *) echo "$1" ;;
  esac
}
user() { # STYLE NAME PROGRAM STORAGE FIRST SECTORS INPUT: its lines in the directory
  local name=$2 which
  which=$(program "$3" "$1")
  case $which in *.elf) which="\"$which\"" ;; esac
  echo "user $name { program $which; storage ${4}K; share 5; minidisk A first $5 length $6;"
  [ "$7" = - ] && echo "  console private log \"$name.log\"; }" ||
    echo "  console private log \"$name.log\" input \"$7\"; }"
}
bad_user() { # NUMBER
  local first=$((250 + 5 * $1))
  echo "user ${hostile[$1]:0:16} { program \"${hostile[$1]}.elf\"; storage 64K; console private;"
  echo "  minidisk A first $first length 3; minidisk B first $((first + 3)) length 2 access r; }"
}
alone() { # STYLE NAME PROGRAM STORAGE FIRST SECTORS INPUT: on a bare machine
  local input=$7
  [ "$input" != - ] || input=/dev/null
  dd if=blank.img of="$2.img" bs=512 skip="$5" count="$6" status=none
  t run "$(program "$3" "$1")" --io "$1" --memory "$4K" --disk "$2.img" --input "$input" --stats \
    >"$2.out" 2>"$2.err" || echo "# $2 alone ended with status $?"
  awk '$1 == "ticks" { gsub(",", "", $2); print $2 }' "$2.err" "$2.out" >"$2.ticks"
}
of_user() { # NAME FILTER: of the last run
  jq -r --arg name "${1:0:16}" ".users[] | select(.name == \$name) | $2" out
}
same_as_alone() { # NAME PROGRAM STORAGE FIRST SECTORS INPUT: of the last run
  cmp "$1.log" "$1.wrote" && dd if=class.img bs=512 skip="$4" count="$5" status=none | cmp - "$1.img" &&
    [ "$(of_user "$1" '"\(.state) \(.ticks)"')" = "halted $(cat "$1.ticks")" ]
}
# Status 1 is of one who could not deliver a trap, or waits in vain; the VMM lost nothing.
ended() {
  [ $? -le 1 ] && jq -e '.violations == 0' out >/dev/null
}
same_all() {
  local fields bad=0
  while read -r -a fields; do same_as_alone "${fields[@]}" || bad=1; done <good
  return $bad
} >differs 2>&1
# Of the sectors behind the good ones' only the first three of each five may have changed.
others_sectors() {
  local n
  for ((n = 0; n < ${#hostile[@]}; n++)); do
    cmp -n 1024 -i $(((253 + 5 * n) * 512)) class.img blank.img || return 1
  done
  cmp -i $(((250 + 5 * n) * 512)) class.img blank.img && cmp -n $((45 * 512)) -i $((205 * 512)) class.img blank.img
} >differs 2>&1

# ---------------------------------------------------------------------- the styles
[ ${#hostile[@]} -ge 20 ]
report $? "there are ${#hostile[@]} hostile programs"
for style in channel ports mmio; do
  eight $style
  choose $style
  by=$([ $style = mmio ] && echo MMIO=1 || { [ $style = channel ] && echo CHANNEL=1; } || echo MMIO=0)
  for name in "${hostile[@]}"; do
    t asm -D $by "$folder/$name.s" -o "$name.elf" || exit 3
  done
  t asm -D $by "$top/tests/isolation/clock.s" -o clock.elf || exit 3
  while read -r -a fields; do
    alone $style "${fields[@]}"
    # What --stats adds comes behind what the guest wrote.
    sed '/^  ticks  /,$d' "${fields[0]}.out" >"${fields[0]}.wrote"
  done <good

  # All at once.
  {
    echo "machine { disk \"class.img\"; }"
    while read -r -a fields; do user $style "${fields[@]}"; done <good
    for ((n = 0; n < ${#hostile[@]}; n++)); do bad_user $n; done
  } >all.dir
  cp blank.img class.img
  t vmm all.dir --io $style --json --ticks 25M >out 2>err
  ended && jq -e '.end == "limit"' out >/dev/null
  report $? "$style: all at once, to the limit" err
  same_all
  report $? "$style: output, disks and clocks of the others are as alone" differs
  others_sectors
  report $? "$style: no sector has changed that nobody may write" differs
  rm -rf kept && mkdir kept && cp class.img ./*.log out kept
  for name in "${hostile[@]}"; do
    state=$(of_user "$name" .state)
    grep -qxE "$(ends "$name")" <<<"$state"
    report $? "$style: $name: $state"
  done
  cp blank.img class.img
  t verify all.dir --io $style --ticks 1500k --checkpoint 50k >out 2>err
  report $? "$style: verify: each of them, hostile or not, is as on a bare machine" out
  cmp -s class.img blank.img
  report $? "$style: and nothing has been written"

  # Each by itself, beside one that looks at its clock.
  : >each
  for ((n = 0; n < ${#hostile[@]}; n++)); do
    {
      echo "machine { disk \"class.img\"; }"
      user $style "${clock[@]}"
      bad_user $n
    } >one.dir
    cp blank.img class.img
    t vmm one.dir --io $style --json --ticks 1500k >out 2>err
    ended && same_as_alone "${clock[@]}" >differs 2>&1 ||
      { echo "${hostile[$n]}" && cat err differs; } >>each
  done
  [ ! -s each ]
  report $? "$style: none of them by itself changes what another's clock shows" each
done

killed
hosts

# ------------------------------------------------------------------ the judges condemn
cp blank.img class.img
{
  echo "machine { disk \"class.img\"; }"
  user mmio "${clock[@]}" | sed 's/share 5;/timer real;/'
  bad_user 0
} >one.dir
t vmm one.dir --io mmio --json --ticks 2M >out 2>err
! same_as_alone "${clock[@]}" >differs 2>&1 && ! cmp -s clock.log clock.wrote
report $? "a clock that others change is noticed"
cp kept/* . # of the last style
same_all
before=$?
printf X | dd of=class.img bs=1 seek=$((202 * 512)) conv=notrunc status=none
[ $before -eq 0 ] && ! same_all
report $? "a byte on another's disk is noticed"
printf X | dd of=class.img bs=1 seek=$((253 * 512)) conv=notrunc status=none
! others_sectors
report $? "a byte that nobody may write is noticed"
echo "1..$number"
