#!/bin/bash
# Hostile guests as the user meets them: bare and virtual, on the shipped profiles
# and on two nasty ones, by every engine. In a program's comments:
#   # exit: N      exit status
#   # says: REGEX  what it says on standard error, but for how a storm of traps began;
#                  nothing without this line
# On the nasty profiles a VMM may lose control, and the guest may come to another
# end: then the command must say one thing that makes sense, and exit with 0 or 1.
set -u
cd "$(dirname "$0")/../.." || exit 3
here=tests/hostile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
head -c 8192 /dev/zero | tr '\0' A >"$work/disk"

report() { # status, name
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    sed 's/^/# /' "$work/errors" | head -n 20
    echo "# exit status $status"
  fi
}

run_guest() { # file, command...
  local file=$1
  shift
  cp "$work/disk" "$work/scratch"
  timeout 300 "$TRAPEZE" "$@" --memory 64K --disk "$work/scratch" --ticks 50000 --input /dev/null \
    "$file" >"$work/output" 2>"$work/errors"
  status=$?
}

# After the first line only what is said of a storm of traps: how it began, and a guess.
more_than_a_storm() {
  sed 1d "$work/errors" | grep -Evx \
    'trapeze [a-z]+: (the first of these traps: .*|vbr is 0x[0-9a-f]{8}, .*|that is behind the last instruction of the program: .*)'
}

as_expected() { # file
  local says
  says=$(sed -n 's/^# says: //p' "$1")
  [ "$status" = "$(sed -n 's/^# exit: //p' "$1")" ] || return 1
  if [ -z "$says" ]; then
    [ ! -s "$work/errors" ]
  else
    head -n 1 "$work/errors" | grep -Eqx "trapeze [a-z]+: $says" && ! more_than_a_storm
  fi
}

# A halt is silent; everything else says why, in one line, in two where a VMM reports
# its violations, in three where nothing but traps happened.
makes_sense() {
  case $status in
    0) [ ! -s "$work/errors" ] ;;
    1)
      grep -Eq '^trapeze [a-z]+: (double fault at tick|the guest waits|the guest does nothing but trap|stopped at the limit|the VMM lost control at tick [0-9,]+: .)' "$work/errors" &&
        [ "$(wc -l <"$work/errors")" -le 3 ]
      ;;
    *) return 1 ;;
  esac
}

for file in "$here"/*.s; do
  name=$(basename "$file" .s)
  for profile in pg s360 x86 x86-popf pdp10 pdp11 vax; do
    for engine in fast unfused step; do
      run_guest "$file" run --profile "$profile" --engine "$engine"
      as_expected "$file"
      report $? "$name, bare, $profile, $engine"
    done
    for depth in 1 2; do
      run_guest "$file" vmm --profile "$profile" --depth "$depth"
      as_expected "$file"
      report $? "$name, $depth VMMs deep, $profile"
    done
  done
  for profile in "$here/full.profile" "$here/nop.profile"; do
    run_guest "$file" run --profile "$profile"
    as_expected "$file"
    report $? "$name, bare, $(basename "$profile")"
    for depth in 1 2; do
      run_guest "$file" vmm --profile "$profile" --depth "$depth"
      makes_sense
      report $? "$name, $depth VMMs deep, $(basename "$profile")"
    done
  done
done

# With page tables, on the bare machine. `# with:` options of theirs.
for file in "$here"/paged/*.s; do
  for engine in fast unfused step; do
    # shellcheck disable=SC2046
    run_guest "$file" run --mmu paged --engine "$engine" $(sed -n 's/^# with: //p' "$file")
    as_expected "$file"
    report $? "$(basename "$file" .s), bare, paged, $engine"
  done
done

# The judges can condemn: another end, another sentence, nothing said, a crash.
run_guest "$here/halt_in_handler.s" run
! as_expected "$here/trap_loop.s"
report $? "another exit status is noticed"
run_guest "$here/trap_loop.s" run
! as_expected "$here/wait_forever.s"
report $? "another sentence is noticed"
: >"$work/errors"
status=1
! makes_sense
report $? "silence is noticed"
status=139
! makes_sense
report $? "a crash is noticed"

echo "1..$n"
