#!/bin/bash
# Fuzzing with libFuzzer, AddressSanitizer and UBSan: what has ever crashed, the
# seeds, and then FUZZ_TIME seconds a target (FUZZ_RUNS=n: n runs from a fixed seed
# instead). What it finds stays in BUILD/fuzz/NAME. `make fuzz` calls this; building
# takes some minutes of processor time, so make check does not.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
dir=$BUILD/fuzz
san=address,undefined
targets="asm disasm profile image inputlog definition"
n=0
report() { # status, name, log
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
    echo "not ok $n - $2"
    tail -n 40 "$3" | sed 's/^/# /'
  fi
}

mkdir -p "$dir"
make -j"$(nproc)" BUILD="$dir" CC=clang OPT=-O1 SAN=-fsanitize=fuzzer-no-link,$san \
  "$dir"/lib{isa,asm,machine,vmm,tools}.a "$dir/isagen" >"$dir/build.log" 2>&1
report $? "the libraries build for fuzzing" "$dir/build.log"
generator=$(find "$dir/obj/isa/gen" "$dir/obj/gen/isa/gen" -name '*.o' ! -name main.o)

link() { # target
  local extra=
  [ "$1" = definition ] && extra=$generator
  # shellcheck disable=SC2086
  clang -std=gnu11 -g -O1 -D_GNU_SOURCE -I. -I"$dir" -fsanitize=fuzzer,$san -DTARGET="fuzz_$1" \
    -o "$dir/$1.bin" tests/fuzz/fuzz.c $extra "$dir"/lib{tools,vmm,asm,machine,isa}.a \
    -lelf -ljansson >"$dir/$1.log" 2>&1
}

# Seeds are sources and files that the project has anyway, and tests/fuzz/seeds.
seed() { # target, folder
  case $1 in
  asm) cp tests/golden/*/*.s guestos/*.s "$2" ;;
  disasm | image) cp tests/fuzz/seeds/"$1"/* "$2" && "$TRAPEZE" asm guestos/hello.s -I guestos -o "$2/hello.elf" ;;
  profile) cp isa/profiles/*.profile tests/profiles/*/*.profile "$2" ;;
  inputlog) cp tests/fuzz/seeds/inputlog/* "$2" ;;
  definition) cp tests/isagen/*/*.isa "$2" ;;
  esac 2>/dev/null
  [ "$(find "$2" -type f | wc -l)" -gt 0 ]
}

for target in $targets; do
  link "$target"
  report $? "$target: links" "$dir/$target.log"
  seeds=$dir/$target.seeds
  rm -rf "$seeds" && mkdir -p "$seeds" "$dir/$target"
  seed "$target" "$seeds"
  report $? "$target: has seeds" /dev/null
  crashes=$(find tests/fuzz/crashes/"$target" -type f 2>/dev/null)
  if [ -n "$crashes" ]; then
    # shellcheck disable=SC2086
    "$dir/$target.bin" -rss_limit_mb=4096 $crashes >"$dir/$target.log" 2>&1
    report $? "$target: what once crashed" "$dir/$target.log"
  fi
  options=(-seed=1 -max_len=4096 -close_fd_mask=3 -rss_limit_mb=4096 -artifact_prefix="$dir/$target-")
  if [ -n "${FUZZ_RUNS:-}" ]; then
    options+=(-runs="$FUZZ_RUNS")
  else
    options+=(-max_total_time="${FUZZ_TIME:-60}" "$dir/$target")
  fi
  "$dir/$target.bin" "${options[@]}" "$seeds" >"$dir/$target.log" 2>&1
  report $? "$target: fuzzed" "$dir/$target.log"
done

link planted
mkdir -p "$dir/planted" && printf BUF >"$dir/planted/seed"
! "$dir/planted.bin" -seed=1 -runs=200000 -artifact_prefix="$dir/planted-" "$dir/planted" \
  >"$dir/planted.log" 2>&1 && grep -q 'does not hold: no BUG' "$dir/planted.log"
report $? "caught: a planted crash" "$dir/planted.log"
echo "1..$n"
