#!/bin/bash
# The C kernels of tests/bench/kernels, everywhere: natively, under qemu-system-riscv32
# (where it is installed; also with -icount), on the bare machine with BASE and BOUND off
# and with pages on, and in a virtual machine by each technique for its memory. Processor
# time of the whole process, for TICKS instructions of PG32 and for a fifth of them: the
# difference is what the kernel takes, without starting and assembling. Runs take turns; the
# table has medians over REPEAT turns, and ratios to the bare machine with pages on and, where
# there is one, to qemu. One time means nothing elsewhere; ratios do.
#   tests/bench/kernels.sh [--short] [--json FILE] [--chart FILE.svg] [KERNEL …]
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
here=$PWD/tests/bench/kernels
ticks=300000000 repeat=${REPEAT:-5} json='' chart='' kernels=()
while [ $# -gt 0 ]; do
  case $1 in
    --short) ticks=40000000 repeat=${REPEAT:-3} ;;
    --json) json=$(realpath "$2") && shift ;;
    --chart) chart=$(realpath "$2") && shift ;;
    -*) echo "usage: kernels.sh [--short] [--json FILE] [--chart FILE.svg] [KERNEL ...]" >&2 && exit 2 ;;
    *) kernels+=("$1") ;;
  esac
  shift
done
[ ${#kernels[@]} -gt 0 ] || kernels=(sieve matrix fibonacci crc quicksort list bytecode coremark dhrystone)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
qemu=$(command -v qemu-system-riscv32)
cross=riscv64-unknown-elf-gcc

ways=(native)
[ -z "$qemu" ] || ways+=(qemu qemu-icount)
ways+=(bare bare-paged vm vm-shadow)
"$trapeze" vmm --help | tr -s ' \n' ' ' | grep -q 'nested' && ways+=(vm-nested)

fail() {
  echo "kernels.sh: $*" >&2
  exit 3
}
cc_quietly() { "$@" >"$work/cc.log" 2>&1 || { cat "$work/cc.log" >&2 && fail "cannot compile"; }; }

make_all() { # KERNEL ROUNDS SIZE
  local k=$here/$1.c with=("-DROUNDS=${2}u" "-I$here") out=$work/$1-$3
  cc_quietly "${CC:-cc}" -O2 -w "${with[@]}" -o "$out.native" "$here/main.c" "$k"
  # The same compiler for both machines, the same level; qemu's has all 32 registers.
  [ -z "$qemu" ] || cc_quietly $cross -march=rv32im_zicsr -mabi=ilp32 -mcmodel=medany -O2 -w -ffreestanding -fno-builtin \
    -fno-tree-loop-distribute-patterns -nostdlib -static -Wl,-Ttext=0x80000000 "${with[@]}" -DQEMU -DPAGES \
    -o "$out.riscv" "$here/start-qemu.S" "$here/main.c" "$here/qemu.c" "$k"
  cc_quietly "$trapeze" cc -O2 "-DROUNDS=${2}u" "-I$here" -o "$out.elf" "$here/main.c" "$k"
  cc_quietly "$trapeze" cc -O2 "-DROUNDS=${2}u" -DPAGES "-I$here" -o "$out.paged.elf" "$here/main.c" "$k" "$here/pages-pg32.c"
}
execute() { # KERNEL WAY SIZE
  local out=$work/$1-$3
  case $2 in
    native) "$out.native" ;;
    qemu) timeout 600 "$qemu" -machine virt -nographic -bios none -m 32M -kernel "$out.riscv" ;;
    qemu-icount) timeout 600 "$qemu" -machine virt -nographic -bios none -m 32M -icount shift=0,sleep=off -kernel "$out.riscv" ;;
    bare) "$trapeze" run --memory 4M "$out.elf" ;;
    bare-paged) "$trapeze" run --memory 4M --mmu paged "$out.paged.elf" ;;
    vm) "$trapeze" vmm --memory 4M "$out.elf" ;;
    vm-shadow) "$trapeze" vmm --memory 4M --mmu paged "$out.paged.elf" ;;
    vm-nested) "$trapeze" vmm --memory 4M --profile vtx --mmu nested "$out.paged.elf" ;;
  esac </dev/null 2>"$work/err"
}
# Ticks of ROUNDS rounds, on the bare machine.
ticks_of() { # KERNEL ROUNDS
  cc_quietly "$trapeze" cc -O2 "-DROUNDS=${2}u" "-I$here" -o "$work/try.elf" "$here/main.c" "$here/$1.c"
  "$trapeze" run --stats --memory 4M "$work/try.elf" 2>&1 >/dev/null | awk '$1 == "ticks" { gsub(/,/, "", $2); print $2; exit }'
}

echo "Making ${#kernels[@]} kernels for ${#ways[@]} ways ..." >&2
declare -A rounds
for k in "${kernels[@]}"; do
  [ -f "$here/$k.c" ] || fail "there is no kernel '$k'"
  few=$(ticks_of "$k" 20) many=$(ticks_of "$k" 60)
  [ "${many:-0}" -gt "${few:-0}" ] || fail "$k does not run"
  rounds[$k]=$((ticks * 40 / (many - few)))
  make_all "$k" "${rounds[$k]}" large
  make_all "$k" $((rounds[$k] / 5)) small
  want=$(execute "$k" native large)
  for way in "${ways[@]}"; do # the same sum everywhere, or there are no figures
    got=$(execute "$k" "$way" large | tr -d '\r')
    [ "$got" = "$want" ] || fail "$k: $way answers '$got', expected '$want': $(head -n 3 "$work/err")"
  done
done

TIMEFORMAT='%3U %3S'
for ((turn = 1; turn <= repeat; turn++)); do
  echo "Turn $turn of $repeat" >&2
  for k in "${kernels[@]}"; do
    for way in "${ways[@]}"; do
      for size in small large; do
        t=$({ time execute "$k" "$way" $size >/dev/null; } 2>&1 | awk '{ print $1 + $2 }')
        echo "$k $way $size $t"
      done
    done
  done
done >"$work/times"

# A line for each kernel and way: seconds, ratio to bare-paged, ratio to qemu (0: none).
awk '
  { key = $1 " " $2; if ($3 == "small") small[key] = $4; else { n = ++count[key]; time[key, n] = $4 - small[key] }
    if (!(key in place)) { place[key] = ++keys; name[keys] = key } }
  function median(key, n, i, j, t, v) {
    n = count[key]
    for (i = 1; i <= n; i++) v[i] = time[key, i]
    for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return v[int((n + 1) / 2)]
  }
  END {
    for (i = 1; i <= keys; i++) {
      split(name[i], part, " ")
      m = median(name[i]); m = m > 0.0005 ? m : 0.0005
      base = median(part[1] " bare-paged"); q = count[part[1] " qemu"] ? median(part[1] " qemu") : 0
      printf "%s %s %.4f %.3f %.3f\n", part[1], part[2], m, m / base, (q > 0 ? m / q : 0)
    }
  }' "$work/times" >"$work/figures"

awk -v ticks="$ticks" -v repeat="$repeat" '
  { if (!($2 in seen)) { seen[$2] = ++ways; way[ways] = $2 }
    if (!($1 in known)) { known[$1] = ++kernels; kernel[kernels] = $1 }
    seconds[$1, $2] = $3; ratio[$1, $2] = $4; to_qemu[$1, $2] = $5
    if ($1 !~ /mark|stone/) { log_sum[$2] += log($4); qemu_sum[$2] += $5 > 0 ? log($5) : 0; n[$2]++ } }
  function head(title, i) {
    printf "%s\n  %-12s", title, ""
    for (i = 1; i <= ways; i++) printf "%12s", way[i]
    print ""
  }
  END {
    printf "Medians of %d turns; 4/5 of %d million instructions of PG32 each.\n\n", repeat, ticks / 1000000
    head("seconds of processor time")
    for (k = 1; k <= kernels; k++) {
      printf "  %-12s", kernel[k]
      for (i = 1; i <= ways; i++) printf "%12.3f", seconds[kernel[k], way[i]]
      print ""
    }
    head("\nratio to the bare machine with pages on")
    for (k = 1; k <= kernels; k++) {
      printf "  %-12s", kernel[k]
      for (i = 1; i <= ways; i++) printf "%12.2f", ratio[kernel[k], way[i]]
      print ""
    }
    printf "  %-12s", "mean of 7"
    for (i = 1; i <= ways; i++) printf "%12.2f", exp(log_sum[way[i]] / n[way[i]])
    print ""
    if (!("qemu" in seen)) exit
    head("\nratio to qemu-system-riscv32, Sv32")
    for (k = 1; k <= kernels; k++) {
      printf "  %-12s", kernel[k]
      for (i = 1; i <= ways; i++) printf "%12.2f", to_qemu[kernel[k], way[i]]
      print ""
    }
    printf "  %-12s", "mean of 7"
    for (i = 1; i <= ways; i++) printf "%12.2f", exp(qemu_sum[way[i]] / n[way[i]])
    print ""
  }' "$work/figures"

[ -z "$json" ] || jq -Rn --argjson ticks "$ticks" --argjson turns "$repeat" '{schema: "trapeze-kernels/1", ticks: $ticks, turns: $turns,
  runs: [inputs | split(" ") | {kernel: .[0], way: .[1], seconds: (.[2] | tonumber), to_bare_paged: (.[3] | tonumber),
    to_qemu: (.[4] | tonumber | if . == 0 then null else . end)}]}' "$work/figures" >"$json"

# Bars: for each kernel one a way, as long as the ratio to the bare machine with pages.
[ -z "$chart" ] || awk -v last="$repeat" '
  { if (!($2 in seen)) { seen[$2] = ++ways; way[ways] = $2 }
    if (!($1 in known)) { known[$1] = ++kernels; kernel[kernels] = $1 }
    ratio[$1, $2] = $4 }
  END {
    split("#4c78a8 #f58518 #eeca3b #54a24b #2f6b2f #b279a2 #72568f #9d755d", color, " ")
    row = 11; gap = 14; left = 90; scale = 130
    height = kernels * (ways * row + gap) + 60
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">\n", height
    printf "<rect width=\"760\" height=\"%d\" fill=\"white\"/>\n", height
    printf "<text x=\"%d\" y=\"16\" font-size=\"13\">Processor time, as a multiple of the bare machine with pages on</text>\n", left
    y = 30
    for (k = 1; k <= kernels; k++) {
      printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y + ways * row / 2 + 4, kernel[k]
      for (i = 1; i <= ways; i++) {
        r = ratio[kernel[k], way[i]]; w = (r > 4 ? 4 : r) * scale
        printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", left, y, w, row - 2, color[i]
        printf "<text x=\"%.1f\" y=\"%d\" font-size=\"9\">%s %.2f</text>\n", left + w + 4, y + row - 3, way[i], r
        y += row
      }
      y += gap
    }
    printf "<line x1=\"%d\" y1=\"24\" x2=\"%d\" y2=\"%d\" stroke=\"black\" stroke-dasharray=\"3 3\"/>\n", left + scale, left + scale, y
    print "</svg>"
  }' "$work/figures" >"$chart"
exit 0
