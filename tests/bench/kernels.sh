#!/bin/bash
# Makes the C kernels of tests/bench/kernels for the bench program: into DIR, for each natively
# and for qemu-system-riscv32 (where it is installed; Sv32, all pages mapped one to one) a
# program of many rounds and one of a fifth of them, and for PG32 programs that never end,
# without translation, by page tables and by a TLB. The same compiler for both machines, the
# same level; qemu's has all 32 registers. All ways must print the same sum, or there are no
# figures. DIR/list: a line a kernel: name, ticks that the small and the large program stand for.
#   tests/bench/kernels.sh DIR MILLIONS-OF-TICKS [KERNEL …]
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
here=$PWD/tests/bench/kernels
[ $# -ge 2 ] || {
  echo "usage: kernels.sh DIR MILLIONS-OF-TICKS [KERNEL ...]" >&2
  exit 2
}
mkdir -p "$1" || exit 3
dir=$(realpath "$1") ticks=$(($2 * 1000000))
shift 2
kernels=("$@")
[ ${#kernels[@]} -gt 0 ] || kernels=(sieve matrix fibonacci crc quicksort list bytecode coremark dhrystone)
qemu=$(command -v qemu-system-riscv32)

fail() {
  echo "kernels.sh: $*" >&2
  exit 3
}
stamp="$ticks ${kernels[*]} $qemu ${CC:-cc} $(cat "$here"/* "$0" isa/pg32.isa asm/* tools/cc/* guestos/c/* | sha256sum)"
[ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
rm -f "$dir"/*

cc_quietly() { "$@" >"$dir/cc.log" 2>&1 || { cat "$dir/cc.log" >&2 && fail "cannot compile"; }; }
pg32() { # OUT ROUNDS KERNEL [FILE …]
  local out=$1 rounds=$2 k=$3 more=()
  shift 3
  [ $# -eq 0 ] || more=(-DPAGES "${@/#/$here/}")
  cc_quietly "$trapeze" cc -O2 "-DROUNDS=${rounds}u" "-I$here" -o "$out" "$here/main.c" "$here/$k.c" "${more[@]}"
}
host() { # OUT ROUNDS KERNEL
  cc_quietly "${CC:-cc}" -O2 -w "-DROUNDS=${2}u" "-I$here" -o "$1.native" "$here/main.c" "$here/$3.c"
  [ -z "$qemu" ] || cc_quietly riscv64-unknown-elf-gcc -march=rv32im_zicsr -mabi=ilp32 -mcmodel=medany -O2 -w \
    -ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns -nostdlib -static -Wl,-Ttext=0x80000000 \
    "-DROUNDS=${2}u" "-I$here" -DQEMU -DPAGES -o "$1.riscv" "$here/start-qemu.S" "$here/main.c" "$here/qemu.c" "$here/$3.c"
}
ticks_of() { # ELF
  "$trapeze" run --stats --memory 4M "$1" 2>&1 >/dev/null | awk '$1 == "ticks" { gsub(/,/, "", $2); print $2; exit }'
}
same() { # KERNEL WANTED command…
  local got
  got=$("${@:3}" </dev/null 2>"$dir/err" | tr -d '\r')
  [ "$got" = "$2" ] || fail "$1: '${*:3}' answers '$got', expected '$2': $(head -n 3 "$dir/err")"
}

make_one() { # KERNEL
  local k=$1 out=$dir/$1 few many rounds want
  [ -f "$here/$k.c" ] || fail "there is no kernel '$k'"
  pg32 "$out.20.elf" 20 "$k" && pg32 "$out.60.elf" 60 "$k"
  few=$(ticks_of "$out.20.elf") many=$(ticks_of "$out.60.elf")
  [ "${many:-0}" -gt "${few:-0}" ] || fail "$k does not run"
  rounds=$((ticks * 40 / (many - few)))
  rounds=$((rounds < 10 ? 10 : rounds))
  host "$out.large" $rounds "$k"
  host "$out.small" $((rounds / 5)) "$k"
  host "$out.20" 20 "$k"
  pg32 "$out.elf" 4294967295 "$k"
  pg32 "$out.paged.elf" 4294967295 "$k" pages-pg32.c
  pg32 "$out.tlb.elf" 4294967295 "$k" tlb-pg32.c
  pg32 "$out.20p.elf" 20 "$k" pages-pg32.c
  pg32 "$out.20t.elf" 20 "$k" tlb-pg32.c
  want=$("$out.20.native")
  [ -z "$qemu" ] || same "$k" "$want" timeout 60 "$qemu" -machine virt -nographic -bios none -m 32M -kernel "$out.20.riscv"
  same "$k" "$want" "$trapeze" run --memory 4M "$out.20.elf"
  same "$k" "$want" "$trapeze" vmm --memory 4M --memory-technique shadow --real-mmu paged "$out.20.elf"
  same "$k" "$want" "$trapeze" vmm --memory 4M --mmu paged "$out.20p.elf"
  same "$k" "$want" "$trapeze" vmm --memory 4M --mmu tlb "$out.20t.elf"
  printf '%s %s %s\n' "$k" $((rounds / 5 * (many - few) / 40)) $((rounds * (many - few) / 40)) >"$out.ticks"
}

for k in "${kernels[@]}"; do make_one "$k" & done
failed=0
for job in $(jobs -p); do wait "$job" || failed=3; done
[ $failed -eq 0 ] || exit 3
for k in "${kernels[@]}"; do cat "$dir/$k.ticks"; done >"$dir/list"
rm -f "$dir"/*.20* "$dir"/*.60* "$dir"/*.ticks "$dir/err" "$dir/cc.log"
echo "$stamp" >"$dir/stamp"
