#!/bin/bash
# What tracing costs that is compiled in and off: host instructions, counted by callgrind, of
# this tree and of a copy in which no machine has a tracer to ask for, so that the compiler
# leaves all of it out. Prints Markdown; `make bench-callgrind` puts it into docs/performance.md.
#   tests/bench/untraced.sh [ID:ROUNDS …]
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
copy=$BUILD/untraced
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(alu/bare-fused:1000000 sieve/bare-fused:1000000 fib/bare-fused:1000000
  trap-and-return:50000 system-call:50000 emulate-cr:20000 system-call-vm:20000 busy:2000000 busy-vm:2000000)

rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy" || exit 3
grep -rlE --include='*.[ch]' -e '(->|\.)tracer\b' "$copy/machine" "$copy/vmm" |
  xargs sed -E -i '/tracer = tracer/!s/\b(m|b->machine|vm->machine)(->|\.)tracer\b/((struct tracer *)0)/g'
if ! env -u MAKEFLAGS -u MFLAGS make -j"$(nproc)" -C "$copy" BUILD=build WARNINGS=-w build/tests/bench/bench >"$copy/log" 2>&1; then
  tail -n 20 "$copy/log" >&2
  exit 3
fi
echo '| host instructions a round | traced, off | no tracing | more |'
echo '|---|---|---|---|'
for w in "${wanted[@]}"; do
  with=$(BUILD=$BUILD tests/bench/callgrind.sh "$w") && without=$(KERNELS=$BUILD/tests/bench/kernels-40 BUILD=$copy/build tests/bench/callgrind.sh "$w") || exit 3
  awk -v id="${w%:*}" -v with="${with##* }" -v without="${without##* }" 'BEGIN {
    printf "| `%s` | %s | %s | %.1f %% |\n", id, with, without, 100 * (with / without - 1) }'
done
