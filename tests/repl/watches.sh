# Watches of registers and of PSW fields stop where stepping finds a change: an
# expression is compared step by step, a register while a stretch is executed. Sourced
# by run.sh.
stops_of() { # watched place, arguments…: the ticks at which it stops, there and back
  local what=$1
  shift
  { echo "watch $what"; yes continue | head -n 60; echo 'goto 60000'
    yes reverse-continue | head -n 25; } >watch.x
  t -nx -batch -x watch.x "$@" 2>&1 | grep -A3 '^Watchpoint' | sed -n 's/^tick \([0-9,]*\) .*/\1/p'
}
for where in "--ticks 60000 minos" "--ticks 60000 --vmm minos" "--profile x86 --vmm --ticks 60000 minos"; do
  for what in '$sp' 'mode' 'ie' '$epc' '$ra'; do
    # shellcheck disable=SC2086
    stops_of "$what" $where >quick
    # shellcheck disable=SC2086
    stops_of "$what + 0" $where >slow
    [ -s quick ] && cmp -s quick slow
    report $? "watch $what of $where: where stepping finds it ($(wc -l <quick) stops)"
    diff quick slow | head -n 5 | sed 's/^/# /'
  done
done
sed 1d quick >slow
! cmp -s quick slow
report $? "caught: a change that is missed"
# A change that comes and goes again, beyond the nearest checkpoint.
cat >toggle.s <<'END'
        .globl _start
_start: li t0, 2000000
1:      addi t0, t0, -1
        li   t1, 1000000
        bne  t0, t1, 2f
        li   a5, 77
        li   a5, 0
2:      bnez t0, 1b
        halt
END
t -nx -batch -ex 'goto 7900000' -ex 'watch $a5' -ex reverse-continue -ex reverse-continue toggle.s |
  sed -n 's/^tick \([0-9,]*\) .*/\1/p' >quick
printf '%s\n' 7,900,000 5,000,002 5,000,001 >slow
cmp -s quick slow
report $? "going back finds a change that was undone at once"
