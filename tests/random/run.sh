#!/bin/bash
# Random programs, briefly: what `make soak` does at length. The seeds are the
# same every time; the coverage of the generator is part of what is checked.
#   SEEDS=n FROM=n   other programs (these are enough to cover everything)
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
random=$BUILD/tests/random/random
log=$BUILD/tests/random/log
number=0

result() { # result STATUS NAME LOG: one TAP line; what the log says, if not ok
  number=$((number + 1))
  if [ "$1" = 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    head -n 60 "$3" | sed '/^#/!s/^/# /'
  fi
}

"$random" --from "${FROM:-30000}" --seeds "${SEEDS:-6000}" --strict >"$log" 2>&1
result $? "bare, virtual and every engine agree; the programs meet everything" "$log"
grep '^# .* programs' "$log"

# The other techniques: right on more profiles than Theorem 1's.
for technique in interpret hybrid; do
  "$random" --technique $technique --from "${FROM:-30000}" --seeds "${TECHNIQUE_SEEDS:-1500}" >"$log" 2>&1
  result $? "bare and virtual agree: $technique" "$log"
  grep '^# .* programs' "$log"
done
for technique in translate translate-all patch; do
  "$random" --technique $technique --from "${FROM:-30000}" --seeds "${REWRITE_SEEDS:-300}" >"$log" 2>&1
  result $? "bare and virtual agree: $technique" "$log"
  grep '^# .* programs' "$log"
done
"$random" --technique hybrid --profile x86 --seeds 200 >"$log" 2>&1
[ $? = 1 ] && grep -q "is an offender of x86:" "$log"
result $? "a hybrid VMM is found out on x86" "$log"

# The check can fail: wrong modules are found, in so many programs, and what is
# left of the program that found them can be read at a glance.
small() { # small LOG: shrunk to 12 instructions or fewer, and there is a replay
  local count
  count=$(sed -n 's/^#   \([0-9]*\) instructions$/\1/p' "$1")
  [ -n "$count" ] && [ "$count" -le 12 ] && grep -q '^#   replay: ' "$1"
}
for fault in $("$random" --faults); do
  "$random" --fault "$fault" --seeds 1000 >"$log" 2>&1
  [ $? = 1 ] && small "$log"
  result $? "found and shrunk: $fault" "$log"
done

# Theorem 1 fails here, and a report names the instruction that is to blame and little
# else. Which instructions that are, on every profile: tests/practice/run.sh.
for profile in x86-popf pdp10 pdp11 vax m68000 x86 armv7 itanium docs/examples/open-rfe.profile; do
  "$random" --only virtual --profile "$profile" --seeds 200 >"$log" 2>&1
  [ $? = 1 ] && small "$log" && grep -q "is an offender of $(basename "$profile" .profile):" "$log"
  result $? "$profile diverges, by its own instruction" "$log"
done

# The command that a report names shows the same again.
replay=$(sed -n 's/^#   replay: //p' "$log")
grep -v 'replay:\|programs' "$log" >"$log.first"
# shellcheck disable=SC2086
$replay 2>&1 | grep -v 'replay:\|programs' >"$log.again"
diff "$log.first" "$log.again" >"$log.diff" && [ -s "$log.again" ]
result $? "a report can be replayed" "$log.diff"

"$random" --seeds 20 --strict >"$log" 2>&1
[ $? = 1 ] && grep -q '^# hole: ' "$log"
result $? "too few programs leave holes, and strict says so" "$log"

echo "1..$number"
