#!/bin/bash
# A user's own profile is classified like the shipped ones: profiles made at random. What
# must hold of each is in the comments of the scripts and programs beside this one.
#   LONG=1       of every profile every instruction, every view and kernels; else a little
#   PROFILES=n   of so many
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
profiles=${PROFILES:-4} from=${FROM:-73}
each=1
[ -z "${LONG:-}" ] || each=0

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
for ((seed = from; each == 0 && seed < from + profiles; seed += 5)); do
  witnesses $seed
  ! grep -qv '^#' "$log"
  report $? "own-$seed: each offender has a program that shows it, or it is said why not" "$log"
  grep '^#' "$log"
done

# ------------------------------------------------------------------ smallest witnesses
"$own" small x86-popf >"$log" 2>&1
report $? "x86-popf: of no witness can a part be left out" "$log"

# ------------------------------------------------------------------ views, practice
"$own" write 5 >"$scratch/own-5.profile"
views() { # SEED OTHER: the views of two profiles
  "$own" write "$1" >"$scratch/own-$1.profile"
  $here/views.sh "$scratch/own-$1.profile" "$2" ldprev add probe mtcr >"$log" 2>&1
  [ ! -s "$log" ]
}
practice() { # SEED KERNELS WITNESSED
  "$own" write "$1" >"$scratch/own-$1.profile"
  $here/practice.sh "$scratch/own-$1.profile" "$2" "$3" >"$log" 2>&1
  [ ! -s "$log" ]
}
confirmed() { # SEED: by another solver
  "$BUILD/tests/classify/queries" "$scratch/own-$1.profile" "$scratch/smt2" "$scratch/list" >"$log" 2>&1 &&
    cvc5 -q --lang smt2 "$scratch/smt2" >"$scratch/answers" 2>>"$log"
  [ -s "$scratch/list" ] && diff <(cut -d' ' -f1 "$scratch/list") "$scratch/answers" >>"$log" 2>&1
}
views 5 x86
report $? "own-5: table, picture, --explain and --diff say what the report says" "$log"
practice 5 30 1
report $? "own-5: kernels part at what is listed, and at nothing else" "$log"
for ((seed = from; each == 0 && seed < from + profiles; seed++)); do
  practice $seed 150 2
  report $? "own-$seed: kernels part at what is listed, and at nothing else" "$log"
  [ $(((seed - from) % 5)) = 0 ] || continue
  ALL=1 views $seed "$scratch/own-5.profile"
  report $? "own-$seed: every view says what the report says" "$log"
  "$own" small $seed >"$log" 2>&1
  report $? "own-$seed: of no witness can a part be left out" "$log"
  confirmed $seed
  report $? "own-$seed: cvc5 agrees with Z3 on $(wc -l <"$scratch/list") queries" "$log"
done

if [ $each = 0 ]; then
  $here/holes.sh >"$log" 2>&1
  ! grep -qv '^#' "$log"
  report $? "every hole by itself has a program that shows it, but for the two that are harmless" "$log"
  grep '^#' "$log"
fi

# Neither processors nor repetition make a difference.
json() { "$TRAPEZE" classify "$scratch/own-5.profile" --json --routes experiment --samples 100 2>&1; }
json >"$scratch/many"
(taskset -p -c "$(taskset -p -c $$ | sed 's/.*: //; s/[-,].*//')" $BASHPID && json) 2>&1 | grep -v affinity | cmp - "$scratch/many" >"$log" 2>&1
report $? "own-5: one processor says what all say" "$log"

# ------------------------------------------------------------------ the tests can fail
# One letter of each line turned round.
awk '/^[a-z]/ { sub(/-$/, "p", $3) || sub(/p$/, "-", $3) } { print }' $here/verdicts.txt >"$scratch/wrong.txt"
! "$own" agree "$scratch/wrong.txt" "$from" 1 1 >"$log" 2>&1 && grep -q 'paper model: .* is .*, not ' "$log"
report $? "caught: verdicts that are not those of the table" "$log"

! "$own" padded x86-popf >"$log" 2>&1 && grep -q 'it would do with tp as after reset' "$log"
report $? "caught: witnesses with a part too many" "$log"

# A command that says something else in its table, or does not list an offender.
cat >"$scratch/other" <<END
#!/bin/bash
$(realpath "$TRAPEZE") "\$@" | sed 's/^\(\* ldprev.*\) yes /\1 -   /' | grep -v '^ *"mtcr",$'
exit \${PIPESTATUS[0]}
END
chmod +x "$scratch/other"
! TRAPEZE=$scratch/other views 5 x86 && grep -q '^a row:' "$log" && grep -q '^what stands in the way:' "$log"
report $? "caught: views that differ" "$log"
! TRAPEZE=$scratch/other practice 5 30 1 && grep -q 'not at an offender that is listed' "$log"
report $? "caught: an offender that is not listed" "$log"

echo "1..$number"
exit $failed
