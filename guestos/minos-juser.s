# minos-juser: minos, except that the very first process is entered by juser.
#
# On a machine where `juser` outside mode 0 is a plain jump (the pdp10 profile),
# a VMM never learns that its guest wanted to go to user mode.

.equ JUSER, 1
.include "minos.s"
