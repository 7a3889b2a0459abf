#!/bin/bash
# Mutants: each ROOM/NAME.patch makes one mistake in a copy of the room, and the
# test that its second line names must fail on it. README.md says how they are
# written. A patch that no longer applies is a failure; so is an unchanged copy
# that does not pass every test that is named.
#   tests/mutants/run.sh [ROOM/NAME …]   these mutants; without names, those in
#     `always` and a fifteenth of the others, the next one after each commit: MUTANTS_SEED
#     chooses, which is the number of commits if it is not set. All must apply.
#   MUTANTS=all      every mutant
#   MUTANTS_JOBS=n   n at a time (default 1)
set -u
cd "$(dirname "$0")/../.." || exit 3
here=tests/mutants
BUILD=${BUILD:-build}
out=$BUILD/mutants
seconds=60 # of processor time, for one test; a mutant may run without end
read -r -a compile <<<"${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -w ${SAN:-}"
read -r -a libraries <<<"$(env -u MAKEFLAGS -u MFLAGS make -s print-LDLIBS)"
export CMOCKA_MESSAGE_OUTPUT=TAP SEEDS=40

# ------------------------------------------------------------------ building
# Where the unit test PROGRAM lies: its room.
room_of() {
  local found=(tests/unit/*/"$1".c)
  basename "$(dirname "${found[0]}")"
}

# The objects that PROGRAM is made of, which may be affected by a change.
objects_of() { # PROGRAM ROOM
  case $1 in
    */run.sh) find "$BUILD"/obj/isa/gen "$BUILD"/obj/gen/isa/gen -name '*.d' ;;
    *)
      find "$BUILD"/obj/{isa,asm,machine,vmm,classify} "$BUILD"/obj/gen/{isa,asm} -name '*.d' ! -path '*/isa/gen/*'
      echo "$BUILD/obj/tests/unit/$2/$1.d"
      echo "$BUILD/obj/gen/pg32_tables.d"
      ;;
  esac
}

# What follows from changed files: scanners, grammars, all that isagen makes.
# Prints the changed files that C is compiled from, as the compiler knows them.
derive() { # DIR FILE…
  local dir=$1 file base
  shift
  for file in "$@"; do
    base=${file%.*}
    mkdir -p "$dir/gen/$(dirname "$file")"
    case $file in
      *.y) bison --defines="$dir/gen/$base.h" -o "$dir/gen/$base.c" "$dir/$file" && echo "gen/$base.c" ;;
      *.l) flex --header-file="$dir/gen/$base.h" -o "$dir/gen/$base.c" "$dir/$file" && echo "gen/$base.c" ;;
      *.isa)
        "$BUILD/isagen" --out "$dir/gen" "$dir/$file" || return
        for base in pg32.h pg32_tables.c pg32_bodies.h pg32_terms.h; do
          cmp -s "$dir/gen/$base" "$BUILD/gen/$base" || echo "gen/$base"
        done
        ;;
      *) echo "$file" ;;
    esac
  done
}

# An object's name in one folder: two rooms have a checkpoint.c.
flat() {
  local path=${1#"$BUILD"/obj/}
  echo "${path//\//_}"
}

# Compiles into DIR what depends on the changed files, and prints the objects.
recompile() { # PROGRAM ROOM DIR CHANGED…
  local program=$1 room=$2 dir=$3 object source
  shift 3
  [ $# -gt 0 ] || return 0
  mkdir -p "$dir/obj"
  for object in $(objects_of "$program" "$room" | xargs grep -lFw "$(printf '%s\n' "$@")"); do
    source=${object#"$BUILD"/obj/}
    source=${source%.d}.c
    case $source in gen/*) [ -e "$dir/$source" ] || source=$BUILD/$source ;; esac
    [ ! -e "$dir/$source" ] || source=$dir/$source
    object=$dir/obj/$(flat "${object%.d}").o
    "${compile[@]}" -I"$dir" -I. -I"$BUILD" -c -o "$object" "$source" || return
    echo "$object"
  done
}

# Links DIR/PROGRAM: the recompiled objects come in place of those that were built.
build() { # PROGRAM ROOM DIR CHANGED…
  local program=$1 room=$2 dir=$3 mine=() rest=() file name
  mapfile -t mine < <(recompile "$@" || echo failed)
  [[ " ${mine[*]} " != *" failed "* ]] || return
  case $program in
    */run.sh) rest=("$BUILD"/obj/isa/gen/*.o "$BUILD"/obj/gen/isa/gen/*.o) ;;
    *)
      rest=("$BUILD/obj/tests/unit/$room/$program.o")
      for file in tests/unit/"$room"/*.c; do
        case $file in */test_*) ;; *) rest+=("$BUILD/obj/${file%.c}.o") ;; esac
      done
      ;;
  esac
  for file in "${rest[@]}"; do
    name=$dir/obj/$(flat "$file")
    [[ " ${mine[*]} " == *" $name "* ]] || mine+=("$file")
  done
  case $program in
    */run.sh) "${compile[@]}" -o "$dir/isagen" "${mine[@]}" ;;
    *)
      "${compile[@]}" -o "$dir/$program" "${mine[@]}" "$out/only.o" "$BUILD"/tests/libcommon.a \
        "$BUILD"/lib{classify,vmm,asm,machine,isa}.a -Wl,--as-needed "${libraries[@]}" -lcmocka
      ;;
  esac
}

# ------------------------------------------------------------------- judging
# Prints "ok" if TEST passes in DIR, how it fails if it fails, nothing if there
# is no such test. The machine's tests have a variant in parentheses for each
# engine: TEST is all of them. A long message may be cut and run into the verdict.
verdict() { # PROGRAM TEST DIR
  local program=$1 test=$2 log=$3/said.log only=$2 status
  ! grep -qs RIG_CASE tests/unit/*/"$program".c || only="$test (*"
  case $program in
    */run.sh) (BUILD=$3 timeout 600 "$program") >"$log" 2>&1 ;;
    *) (ulimit -c 0 -t $seconds && ONLY=$only exec timeout 600 "$3/$program") >"$log" 2>&1 ;;
  esac
  status=$?
  if grep -qE "not ok [0-9]+ - $test( \(.*\))?\$" "$log"; then
    echo fails
  elif [ $status -eq 0 ] && grep -qE "^ok [0-9]+ - $test( \(.*\))?\$" "$log"; then
    echo ok
  elif grep -qE "^ok [0-9]+ - $test\$" "$log"; then # of a suite in which another fails
    echo ok
  elif [ $status -eq 124 ] || [ $status -eq 137 ] || [ $status -eq 152 ]; then
    echo "runs without end"
  elif [ $status -ne 0 ] && [ $status -ne 127 ]; then # a signal, or a sanitizer
    echo dies
  fi
}

say() { # ok|"not ok" TEXT [LOG]: one TAP line without its number; the end of LOG
  echo "$1 - $2"
  [ "$1" = ok ] || [ -z "${3:-}" ] || tail -n 8 "$3" | sed 's/^/# /'
}

# "Caught by: PROGRAM TEST" or "Survives: PROGRAM TEST", the second line.
try() { # ROOM/NAME
  local patch=$here/$1.patch dir=$out/$1 expected program test room how files changed
  read -r expected program test < <(sed -n '2{s/^Caught by:/caught/p;s/^Survives:/survives/p}' "$patch")
  [ -n "${test:-}" ] || { say "not ok" "$1 names its test" && return; }
  room=$(room_of "$program")
  mkdir -p "$dir" && cp -rL "${1%%/*}" "$dir/"
  if ! patch -d "$dir" -p1 -F0 -s <"$patch" >"$dir/patch.log" 2>&1; then
    say "not ok" "$1 applies" "$dir/patch.log" && return
  fi
  mapfile -t files < <(sed -n 's/^+++ b\///p' "$patch")
  if ! changed=$(derive "$dir" "${files[@]}" 2>"$dir/build.log") ||
    [ -z "$changed" ] || ! build "$program" "$room" "$dir" $changed >>"$dir/build.log" 2>&1; then
    say "not ok" "$1 compiles" "$dir/build.log" && return
  fi
  how=$(verdict "$program" "$test" "$dir")
  case $expected:$how in
    caught:ok | *:) say "not ok" "$1 is caught by $program $test" "$dir/said.log" ;;
    caught:*) say ok "$1 is caught: $program $test $how" ;;
    survives:ok) say ok "$1 survives $program $test" ;;
    *) say "not ok" "$1 survives $program $test" "$dir/said.log" ;;
  esac
}

# The same way of building, nothing changed, passes TEST. A program is linked once.
try_unchanged() { # PROGRAM TEST
  local name=${1//\//_} dir="$out/unchanged/${1//\//_} ${2//\//_}" linked
  linked=$out/unchanged/$name
  mkdir -p "$dir" "$linked"
  (
    flock 9
    case $1 in
      */run.sh) [ -e "$linked/isagen" ] || cp "$BUILD/isagen" "$linked" ;;
      *) [ -e "$linked/$1" ] || build "$1" "$(room_of "$1")" "$linked" ;;
    esac
  ) 9>"$linked/lock" >"$dir/said.log" 2>&1
  ln -f "$linked"/* "$dir" 2>/dev/null
  if [ "$(verdict "$1" "$2" "$dir")" = ok ]; then
    say ok "nothing changed passes $1 $2"
  else
    say "not ok" "nothing changed passes $1 $2" "$dir/said.log"
  fi
}

# ---------------------------------------------------------------------- main
if [ "${1:-}" = --one ]; then # one line of the list below, its output at once
  read -r what program test <<<"$2"
  case $what in
    try) said=$(try "$program") ;;
    unchanged) said=$(try_unchanged "$program" "$test") ;;
  esac
  echo "$said"
  exit
fi

# Without the history (an archive) it is always the same fifteenth.
seed=${MUTANTS_SEED:-$(git rev-list --count HEAD 2>/dev/null || echo 1)}

# The mutants to try: see above.
choose() {
  local name
  if [ $# -gt 0 ]; then
    printf '%s\n' "$@"
    return
  fi
  for name in $(cd $here && ls ./*/*.patch | sed 's|^\./||; s|\.patch$||'); do
    if [ "${MUTANTS:-}" = all ] || grep -qx "$name" $here/always ||
      [ $((($(cksum <<<"$name" | cut -d' ' -f1) + seed) % 15)) -eq 0 ]; then
      echo "$name"
    fi
  done
}

# What was not chosen must apply too.
apply_all() {
  local patch
  for patch in $here/*/*.patch; do
    patch -p1 -F0 -s -f --dry-run <"$patch" >/dev/null || echo "$patch does not apply"
  done >"$out/stale"
  if [ -s "$out/stale" ]; then say "not ok" "every patch applies" "$out/stale"; else say ok "every patch applies"; fi
}

rm -rf "$out" && mkdir -p "$out"
"${compile[@]}" -c -o "$out/only.o" $here/only.c || exit 3
mapfile -t chosen < <(choose "$@")
echo "# MUTANTS_SEED=$seed"
[ $# -gt 0 ] || apply_all >"$out/tap"
{
  printf 'try %s\n' "${chosen[@]}"
  for name in "${chosen[@]}"; do
    sed -n '2s/^\(Caught by\|Survives\): /unchanged /p' "$here/$name.patch"
  done | sort -u
} | xargs -P "${MUTANTS_JOBS:-1}" -d '\n' -I{} $here/run.sh --one {} >>"$out/tap"
awk '/^(not )?ok - / {n++; sub(/ok - /, "ok " n " - ")} {print} END {print "1.." n}' "$out/tap"
! grep -q "^not ok" "$out/tap"
