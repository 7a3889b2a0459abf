#!/bin/bash
# `make demo`: one guest operating system, three runs. Bare; in a virtual machine
# on a virtualizable processor; and on x86's, where popf breaks it.
set -u
trapeze=${TRAPEZE:-build/trapeze}
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' dim='' plain=''
fi
title() { printf '\n%s━━ %s %s\n' "$bold" "$1" "$plain"; }
say() { fmt -w 78 <<<"$*"; }
show() { # expected exit status, command…
  local want=$1
  shift
  printf '\n%s$ trapeze %s%s\n' "$dim" "$*" "$plain"
  "$trapeze" "$@"
  local got=$?
  if [ $got -ne "$want" ]; then
    echo "demo: trapeze $* ended with status $got, not $want" >&2
    exit 3
  fi
}

title "1. minos on the bare machine"
say "minos is a small operating system: four processes and a shell, preempted by" \
    "the interval timer, with a disk that interrupts. It runs on the bare machine" \
    "with a scripted session at its console."
show 0 run minos --session --stats

title "2. The same, unchanged, in a virtual machine: profile pg"
say "On this processor every sensitive instruction is privileged: outside the" \
    "privileged mode it traps. Popek and Goldberg's Theorem 1 says a virtual machine" \
    "monitor can be built. verify runs the guest bare and virtual and compares their" \
    "whole state at every tick."
show 0 verify minos --session --profile pg

title "3. The same guest, the same monitor, another processor: profile x86"
say "Here popf, outside the privileged mode, does not trap: it loads the arithmetic" \
    "flags and silently leaves the interrupt flag alone. The monitor is never told."
show 1 verify minos --session --profile x86

printf '\n'
say "That is why x86 could not be virtualized by trap and emulate before VT-x." \
    "Next: trapeze profiles x86, trapeze vmm minos --stats, docs/vmm.md."
