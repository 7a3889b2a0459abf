#!/bin/bash
# One hole at a time: each behaviour of each instruction but `trap`, on machines of 2, 3 and
# 4 modes that are otherwise virtualizable. Its program makes the machines part at it, but
# for the two that the manual calls harmless by themselves. Prints what is otherwise; last, how
# many were tried.
set -u
trapeze=${TRAPEZE:-build/trapeze}
here=$(dirname "$0")
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
tried=0
while read -r insn behaviour rest; do
  case $insn in '#'* | '') continue ;; esac
  [ "$behaviour" != trap ] || continue
  for modes in 2 3 4; do
    io=ports keys=
    case $insn in
    sio | tio) io=channel ;;
    ssk | isk) keys='keys;' ;;
    esac
    printf 'profile hole; title "One hole"; modes %s; mmu bounds; io %s; %s outside %s = %s;\n' \
      $modes $io "$keys" "$insn" "$behaviour" >"$scratch/hole.profile"
    "$trapeze" classify "$scratch/hole.profile" --witness "$insn" -o "$scratch/w.s" \
      --routes exhaustion >"$scratch/log" 2>&1
    status=$?
    "$trapeze" verify "$scratch/w.s" --profile "$scratch/hole.profile" --ticks 10k >"$scratch/log" 2>&1
    verified=$?
    tried=$((tried + 1))
    expected=01
    case "$insn $behaviour" in 'probe full' | 'cpuid full') expected=10 ;; esac
    [ $status$verified = $expected ] && { [ $verified = 0 ] ||
      grep -qE "virtual machine +executed $insn( in|, and the VMM lost)" "$scratch/log"; } ||
      echo "$insn $behaviour, $modes modes: --witness ends with $status, verify with $verified"
  done
done <"$here/verdicts.txt"
echo "# $tried profiles of one hole"
