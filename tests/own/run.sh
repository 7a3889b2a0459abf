#!/bin/bash
# A user's own profile is classified like the shipped ones: profiles made at random.
#   PROFILES=n   of so many (default: few); of 100 or more every instruction, by all routes
#   FROM=n       which
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
export TRAPEZE=${TRAPEZE:-$BUILD/trapeze}
here=tests/own
own=$BUILD/tests/own/own
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
. tests/common/tap.sh
profiles=${PROFILES:-10} from=${FROM:-70}
each=1
[ "$profiles" -lt 100 ] || each=0

# ------------------------------------------------------------------ routes, verdicts
"$own" agree $here/verdicts.txt "$from" "$profiles" $each >"$log" 2>&1
report $? "on $profiles profiles all routes give the verdicts derived by hand" "$log"
grep 'questions:' "$log"

# ------------------------------------------------------------------ witnesses
# Where several instructions are holes, the program of one must do without the others.
witnesses() { # SEED
  "$own" write "$1" >"$scratch/own-$1.profile"
  $here/witnesses.sh "$scratch/own-$1.profile" >"$log" 2>&1
}
witnesses 0
! grep -v '^#' "$log" && grep -q ': 3 offenders have a program that shows them, of 0' "$log"
report $? "own-0, where mtcr and mfcr are ignored: each offender has a program that shows it" "$log"
for ((seed = from; each == 0 && seed < from + profiles / 5; seed++)); do
  witnesses $seed
  ! grep -qv '^#' "$log"
  report $? "own-$seed: each offender has a program that shows it, or it is said why not" "$log"
  grep '^#' "$log"
done

# The comparison can fail: one letter of each line turned round.
awk '/^[a-z]/ { sub(/-$/, "p", $3) || sub(/p$/, "-", $3) } { print }' $here/verdicts.txt >"$scratch/wrong.txt"
! "$own" agree "$scratch/wrong.txt" "$from" 1 1 >"$log" 2>&1 && grep -q 'paper model: .* is .*, not ' "$log"
report $? "caught: verdicts that are not those of the table" "$log"

echo "1..$number"
exit $failed
