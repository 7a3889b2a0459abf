#!/bin/bash
# Mutants of the VMM: each NAME.patch makes one mistake in a copy of vmm/, and the
# test that its second line names must fail on it. A patch that no longer applies
# is a failure. The unchanged copy must pass every test that is named.
#   tests/mutants/run.sh [NAME …]   only these mutants
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
out=$BUILD/mutants
objects=$BUILD/obj/tests/unit/vmm
read -r -a compile <<<"${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 ${SAN:-}"
rm -rf "$out" && mkdir -p "$out"
number=0

say() { # say STATUS TEXT [LOG]: one TAP line; what LOG ends with, if not ok
  number=$((number + 1))
  echo "$1 $number - $2"
  if [ "$1" != ok ] && [ -n "${3:-}" ]; then
    tail -n 8 "$3" | sed 's/^/# /'
  fi
}

# build PROGRAM DIR SOURCE…: links $DIR/PROGRAM, these sources of DIR in place of
# the library's. Headers come from DIR too: the files include "vmm/…".
build() {
  local program=$1 dir=$2 source=() helpers=()
  shift 2
  for file in "$@"; do source+=("$dir/$file"); done
  for file in "$objects"/*.o; do
    case $file in */test_*) ;; *) helpers+=("$file") ;; esac
  done
  "${compile[@]}" -I"$dir" -I. -I"$BUILD" -o "$dir/$program" "${source[@]}" "$objects/$program.o" "${helpers[@]}" "$BUILD"/tests/libcommon.a \
    "$BUILD"/libvmm.a "$BUILD"/libasm.a "$BUILD"/libmachine.a "$BUILD"/libisa.a \
    -lelf -lcmocka >"$dir/build.log" 2>&1
}

# verdict PROGRAM TEST DIR: prints ok or "not ok" as the test says, or nothing.
verdict() {
  CMOCKA_MESSAGE_OUTPUT=TAP SEEDS=40 timeout 60 "$3/$1" "$2" >"$3/$1-$2.log" 2>&1
  sed -n "s/^\(ok\|not ok\) 1 - $2\$/\1/p" "$3/$1-$2.log"
}

named=() # patches
for name in "$@"; do named+=("tests/mutants/$name.patch"); done
[ $# -gt 0 ] || named=(tests/mutants/*.patch)

mapfile -t wanted < <(sed -n 's/^Caught by: //p' "${named[@]}" | sort -u)
mkdir -p "$out/unchanged" && cp -rL vmm "$out/unchanged/vmm"
sources=$(cd "$out/unchanged" && find vmm -name '*.c')
built=
for test in "${wanted[@]}"; do
  read -r program function <<<"$test"
  if [ "$program" != "$built" ]; then
    # shellcheck disable=SC2086
    build "$program" "$out/unchanged" $sources
    built=$program
  fi
  status=$(verdict "$program" "$function" "$out/unchanged")
  say "${status:-not ok}" "the unchanged VMM passes $test" "$out/unchanged/$program-$function.log"
done

for patch in "${named[@]}"; do
  name=$(basename "$patch" .patch)
  dir=$out/$name
  read -r program function < <(sed -n 's/^Caught by: //p' "$patch")
  mkdir -p "$dir" && cp -rL vmm "$dir/vmm"
  if ! patch -d "$dir" -p1 -F0 -s <"$patch" >"$dir/patch.log" 2>&1; then
    say "not ok" "$name applies" "$dir/patch.log"
    continue
  fi
  # shellcheck disable=SC2046
  if ! build "$program" "$dir" $(sed -n 's/^+++ b\///p' "$patch"); then
    say "not ok" "$name compiles" "$dir/build.log"
    continue
  fi
  status=$(verdict "$program" "$function" "$dir")
  if [ "$status" = "not ok" ]; then
    say ok "$name is caught by $program $function"
  else
    say "not ok" "$name is caught by $program $function" "$dir/$program-$function.log"
  fi
done
echo "1..$number"
