#!/bin/bash
# docs/compare.md: two guests under every technique on every machine, beside the theory.
#   compare.sh [OPTION]... > docs/compare.md    options of `trapeze compare`, as -j 4
# TRAPEZE is the command.
set -eu
trapeze=${TRAPEZE:-build/trapeze}

cat <<'END'
# The techniques side by side

<!-- Written by `make compare`; do not edit. -->

Each table is what `trapeze compare` finds of one guest: on every shipped profile, under
every technique, a run in a virtual machine beside one on the bare machine. What the
techniques are, and what each needs, is in [techniques.md](techniques.md).

- **theory**: whether the theorem that promises the technique holds on that machine, as the
  classifier finds it (`trapeze classify`, extended model). Interpreting, `patch` and
  `translate-all` need none. For `patch` and both `translate` the machine below has page tables.
- **no offender**: of `paravirt`, whether its guest's code has none of Theorem 1's offenders.
- **cannot be**: no machine has page tables beside this one's storage keys.
- **run**: equal to the bare machine's; or the instruction, and the tick, at which it parts.
- **same output**: of `paravirt`, which runs another guest than the bare machine (of NAME the one
  called NAME-paravirt): it prints the same and leaves the same on the disk. There is no state to
  compare; [techniques.md](techniques.md#paravirt) says what is.
- **(?)**: no theorem promises it, and yet it is equal. No offender was executed in a state
  where it matters; the remark names them. Theorems 1 and 3 are sufficient, not necessary:
  they speak of every guest, a run of one.
- **(!)**: theory and run contradict one another. There is none.
- **directly**: share of the guest's instructions that the real machine executed by itself.
- **translated**: instructions in the translation cache; of `patch` words replaced.
- **traps** of the real machine, hypercalls among them; **VMM's work** in ticks by the model
  of [timers.md](timers.md). Of a run that parts they count up to there.

## An operating system: minos

minos meets few of the holes that these machines have: it locks with `cli` and `popf`, and
its programs have no sensitive instruction. So x86 and the ARM break it under
trap-and-emulate, and a hybrid monitor runs it on all of them.

![minos, every technique, every profile](pictures/compare-minos.svg)

END
"$trapeze" compare minos --format markdown "$@"
cat <<'END'

## One that meets them all: holes

`guestos/holes.s` executes whatever a monitor may not be told of, first as a kernel, then in
user mode. Wherever the theory promises nothing it is found out.

![holes, every technique, every profile](pictures/compare-holes.svg)

END
"$trapeze" compare holes --format markdown "$@"
cat <<'END'

## Memory: three builds of minos

`trapeze compare --memory-techniques minos`: the session of minos without pages, with page tables
and with a TLB to refill, under each way that a monitor has to make their memory.
[memory.md](memory.md) tells what they are.

- **entries**: traps of the real machine that took the monitor to work.
- **true**, **hidden**: of the memory faults, those that the guest has itself, and those of the
  monitor's own tables, which the guest never sees. **refused**: those after which an
  instruction was interpreted, because it wrote to the guest's page tables.
- **fills**: entries made in the monitor's tables, or in the real TLB. **KiB**: storage
  for those tables in the end.
- **fewer ticks**: `disco` spares the guest misses of its TLB, so its clock is another.

![minos, every way to make memory](pictures/compare-memory.svg)

END
"$trapeze" compare --memory-techniques minos --format markdown
cat <<'END'

## At length

The random kernels of `tests/practice/` do the same at length: on every profile some kernel
parts at each offender that the classifier lists, and none at any other instruction; by
Theorem 1's list under trap-and-emulate, by Theorem 3's under a hybrid monitor.
END
