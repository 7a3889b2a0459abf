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
