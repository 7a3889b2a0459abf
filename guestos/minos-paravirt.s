# minos, for a VMM: it asks by hypercalls (--technique=paravirt)
#
# Nothing in its kernel is sensitive any more, so it runs right on every profile.
# docs/paravirt.md shows what is changed. The user programs are the same, bit by bit.
.equ PARAVIRT, 1
.include "minos.s"
