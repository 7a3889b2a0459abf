#!/bin/bash
# trapeze grade: our own modules get full marks, wrong ones lose what they break, and a
# submission that attacks the grader costs itself that test and nothing else. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
top=$PWD
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TMPDIR=$work
cd "$work" || exit 3

grade() { "$trapeze" grade --labs "$top/labs" "$@"; }
is() { # NAME command…
  "${@:2}" >out 2>&1
  report $? "$1" out
}
scores() { # POINTS-REGEX JSON
  jq -e --arg want "$1" '"\(.score) of \(.points)" | test("^" + $want + "$")' "$2"
}
says() { # STATUS 'regex' NAME arguments…
  grade "${@:4}" >said 2>&1
  local status=$?
  [ $status -eq "$1" ] && grep -qE -- "$2" said
  report $? "$3" said
}

# ------------------------------------------------------------- the right answer
for lab in "$top"/labs/[0-9]*/; do
  name=$(basename "$lab")
  mkdir -p "reference/$name"
  jq -r '.files[] | .from // ("'"$lab"'solution/" + .name)' "$lab/lab.json" |
    while read -r file; do case $file in /*) cp "$file" "reference/$name/" ;; *) cp "$top/$file" "reference/$name/" ;; esac; done
  grade "$lab" "reference/$name" -j 2 -T json >"$name.json" 2>"$name.log"
  is "$name: the reference gets every point" \
    jq -e '.score == .points and .points > 0 and .problem == null' "$name.json"
done
grade 8 reference/08-mini-disks -T json >again.json 2>again.log
is "graded again, one test after the other, the same bytes" cmp 08-mini-disks.json again.json

# ------------------------------------------------- stubs, and what is known to be wrong
# Each patch under wrong/ says which tests it loses. All of them with WRONG=all, else one a
# lab, in turn from commit to commit.
seed=$(git -C "$top" rev-list --count HEAD 2>/dev/null || echo 1)
apply_all() { # LAB PATCH…
  local p solution=$top
  [ -z "$(jq -r '.files[] | .from // empty' "$1/lab.json")" ] && solution=$1/solution
  for p in "${@:2}"; do
    patch -p1 -s -f --dry-run -d "$solution" <"$p" || { echo "$p"; return 1; }
  done
}
wrong() { # LAB PATCH
  local lost want
  want=$(sed -n 's/^Loses: //p' "$2" | tr ' ' '\n' | sort)
  rm -rf bad && mkdir -p bad/flat && (cd bad && for f in "$work/reference/$(basename "$1")"/*; do
    from=$(jq -r --arg n "$(basename "$f")" '.files[] | select(.name == $n) | .from // $n' "$1/lab.json")
    mkdir -p "$(dirname "$from")" && cp "$f" "$from"
  done && patch -p1 -s -f <"$2" && find . -name '*.orig' -delete && find . -type f -exec cp {} flat/ \;) || return 1
  grade "$1" bad/flat -j 2 -T json >bad.json || return 1
  lost=$(jq -r '.tests[] | select(.status != "passed") | .id' bad.json | sort)
  [ "$lost" = "$want" ] || { echo "wanted: $want"; echo "lost: $lost"; return 1; }
}
for lab in "$top"/labs/[0-9]*/; do
  name=$(basename "$lab")
  "$top/tools/build/stubs.sh" "${lab%/}" "stub/$name" >out 2>&1
  report $? "$name: the stub is made from the source" out
  grade "$lab" "stub/$name" -j 2 -T json >stub.json 2>out
  is "$name: the stub gets no point" jq -e '.score == 0 and .problem == null' stub.json
  is "$name: its points are 100" jq -e '.points == 100' stub.json
  patches=("${lab%/}"/wrong/*.patch)
  is "$name: there are ten wrong solutions or more" test ${#patches[@]} -ge 10
  is "$name: … which can all be made" apply_all "${lab%/}" "${patches[@]}"
  [ "${WRONG:-}" = all ] || patches=("${patches[seed % ${#patches[@]}]}")
  for p in "${patches[@]}"; do
    is "$name: $(basename "$p" .patch) loses what it must" wrong "${lab%/}" "$p"
  done
done

# Variants: what is right for one student, found by other ways than the grader's, gets all
# points, and for another it does not.
# One student of lab 5, else ten of both labs.
students=(ann) varied=(5)
[ "${WRONG:-}" != all ] || students=(ann bob carol dave eve fay gus hal ivy joe) varied=(3 5)
for student in "${students[@]}"; do
  for number_of in "${varied[@]}"; do
    rm -rf mine && trapeze=$trapeze "$top/tests/grade/variants.sh" $number_of $student mine >out 2>&1 &&
      grade $number_of mine --student $student -j 2 -T json >own.json 2>>out
    is "lab $number_of, $student's own variant: everything right" jq -e '.score == .points' own.json
  done
done
grade 5 mine --only find -T json >other.json 2>out
is "… and somebody else's answers are wrong for him" jq -e '.score < .points' other.json
is "the assignment of a lab without variants says so" sh -c '"$1" grade --labs "$2" --assignment mine/a 4 && grep -q "same for everybody" mine/a/ASSIGNMENT.txt' - "$trapeze" "$top/labs"

# -------------------------------------------------------------------- hand-outs
# What students get: nothing that is not theirs, and it builds. The objects of the build
# under test spare it most of the work; those of a sanitizer build cannot be linked without.
lacks() { # TREE: files that its text names, maybe without an ending, and that are not there
  (cd "$1" && grep -oE '\b(docs|labs|submission|vmm|machine|isa|asm|tools|guestos)/[A-Za-z0-9_./-]*[A-Za-z0-9]' HANDOUT.md |
    sort -u | while read -r file; do compgen -G "$file*" >/dev/null || echo "$file"; done)
}
for lab in "$top"/labs/[0-9]*/; do
  name=$(basename "$lab")
  is "$name: the hand-out is made" "$top/tools/build/handout.sh" "$lab" "$work/$name.tgz"
  tar -xzf "$name.tgz"
  is "… has its text, its tests and its files" test -s "$name/HANDOUT.md" -a -s "$name/labs/$name/lab.json" -a -d "$name/submission"
  is "… and whatever file its text names" test -z "$(lacks "$name")"
  is "… and no hidden test, solution, wrong solution or note" sh -c '[ -z "$(find "$1" -path "*hidden*" -o -path "*solution*" -o -path "*labs/*wrong*" -o -name instructor.md)" ]' - "$name"
done
rm 07-virtual-time/docs/examples/class.dir
is "caught: a file that is missing" test "$(lacks 07-virtual-time)" = docs/examples/class.dir
from=$(cd "$top" && realpath "$BUILD")
lend_objects() { # TREE WHAT…
  local part
  mkdir -p "$1/build"
  grep -q __asan_init "$from/trapeze" ||
    for part in "${@:2}"; do cp -a "$from"/$part "$1/build/"; done
  rm -rf "$1"/build/obj/tests
}
build_handout() { # NAME
  lend_objects "$1" obj gen grade isagen embed assemble
  rm -f "$1"/build/{gen,obj/gen}/tools/flaws_table.[co] # it has no flawed VMMs
  env -u BUILD make -C "$1" -j2
}
is "lab 4: the hand-out builds" build_handout 04-trap-and-emulate
# shellcheck source=tests/grade/transcripts.sh
. "$top/tests/grade/transcripts.sh"
env -u BUILD make -C 04-trap-and-emulate test >said 2>&1
is "… and gives the stub no point" grep -q '^Score: 0 of 70' said
cp "$top"/vmm/{dispatch,emulate}.c 04-trap-and-emulate/submission/ && env -u BUILD make -C 04-trap-and-emulate test >said 2>&1
is "… and our own modules every public one" grep -q '^Score: 70 of 70' said
# Where it is built, what the student writes stands in the place of ours: nothing may rest on that.
is "what judges mini-disks and timers in public is not what students write" \
  sh -c '! grep -nE "vmm_(minidisk|timer_virtual|share)\\b" "$1"/*.c' - "$top/tools/grade"
rm -rf 04-trap-and-emulate/build
if [ "${WRONG:-}" = all ]; then
  for name in 05-when-it-fails 06-shadow-page-tables 07-virtual-time 08-mini-disks; do
    is "$name: the hand-out builds" build_handout $name
    env -u BUILD make -C $name test >said 2>&1
    is "… and gives the stub no point" grep -q '^Score: 0 of [1-9]' said
    rm -rf $name/build
  done
  is "lab 9: the hand-out builds, with its flawed machines" env -u BUILD make -C 09-break-out -j2
  is "… and the debugger runs one" sh -c 'cd 09-break-out && build/trapeze debug submission/stale.s --flaw stale --batch -n -q -e "goto 1" | grep -q "^tick 1 "'
  rm -rf 09-break-out/build
fi

# ----------------------------------------------------------- submissions that attack
ref=reference/04-trap-and-emulate
# shellcheck source=tests/grade/attacks.sh
. "$top/tests/grade/attacks.sh"

# What it may print is kept short, and is no verdict.
rm -rf bad && cp -r $ref bad
sed -i 's/^static enum vmm_action dispatch(.*/#include <stdio.h>\n&/; s/^  (void)state;/  (void)state; for (int i = 0; i < 1000; i++) puts("ok 1 - passed, score 100");/' bad/dispatch.c
says 0 '^Score: 2 of 2' "a flood of output costs nothing" 4 bad --only hello

# Ours answers every interrupt alike and asks for nothing: that is foretold. Others may ask first.
rm -rf bad && cp -r $ref bad
sed -i 's/^  (void)state;/  (void)state; env->load(env->ctx, gpa(0)); env->set_reg(env->ctx, 1, env->get_reg(env->ctx, 1));/' bad/dispatch.c
says 0 '^Score: 2 of 2' "asking more than ours does costs nothing" 4 bad --only hello

# shellcheck source=tests/grade/texts.sh
. "$top/tests/grade/texts.sh"

# -------------------------------------------------------------------- a class
class() { "$trapeze" grade-all --labs "$top/labs" --only errant-kernel "$@"; }
mkdir -p class/nobody && cp -r $ref class/ann && cp -r stub/04-trap-and-emulate class/bob && cp -r $ref class/=eve
ln -s ann class/mallory && ln -s ann class/$'\xff' && touch class/README
is "a class is graded" class 4 class -j 2 -o results
cp out graded
is "… but no link to another's work, no name that is none" test "$(grep -c 'is not graded: it is a symbolic link' graded)" -eq 2
is "… and no file that lies among the folders" grep -q "'README' is not graded: it is no folder" graded
is "each submission has its results" jq -e '[.submissions[] | "\(.submission) \(.score)"] == ["=eve 6", "ann 6", "bob 0", "nobody 0"]' results/summary.json
is "a spreadsheet takes no name for a formula" grep -q "^\"'=eve\",6,6,," results/summary.csv
cp -r results before
is "what has not changed is kept" sh -c '[ "$1" = "0 graded, 4 kept from before" ]' - "$(class 4 class -o results | head -1)"
cp $ref/*.c class/nobody/
is "what has changed is graded again" sh -c '[ "$1" = "1 graded, 3 kept from before" ]' - "$(class 4 class -o results | head -1)"
"$trapeze" grade-all --diff before results >said 2>&1
is "the difference is said, with status 1" test $? -eq 1
is "… and is that" sh -c 'printf "nobody: errant-kernel: passed, was failed\nnobody: 6 points, were 0\n" | cmp - said'
"$trapeze" grade-all --diff before class >said 2>&1
is "… but of a folder without results, that it is none" test $? -eq 2
class 4 class --shard 1/2 -o one >said
is "a shard counts its own" grep -qx '[23] graded, 0 kept from before' said
class 4 class --shard 2/2 -o two >said
"$trapeze" grade-all --merge two one -o one >said && cp one/summary.csv merged.csv && "$trapeze" grade-all --merge one two -o one >said
is "shards in either order give the same" cmp merged.csv one/summary.csv
is "… as all at once" cmp merged.csv results/summary.csv

# --------------------------------------------------- for others: formats, packages
# shellcheck source=tests/grade/formats.sh
. "$top/tests/grade/formats.sh"
# shellcheck source=tests/grade/packages.sh
. "$top/tests/grade/packages.sh"

# ------------------------------------------------------------------- bad input
says 2 'no lab of that name' "a lab that does not exist" 77 $ref
says 0 'dispatch.c is not there' "a submission without its files" 4 "$work"
says 2 'nobody: No such file or directory; expected a submission' "a submission that is not there" 4 nobody
ln -sf /etc/passwd bad/dispatch.c
says 0 'dispatch.c is a symbolic link' "a symbolic link" 4 bad
rm -f bad/dispatch.c && mkfifo bad/dispatch.c
says 0 'dispatch.c is no regular file' "a pipe" 4 bad
rm -f bad/dispatch.c && echo '#include "/etc/passwd"' >bad/dispatch.c
read=': No such file' # seen nowhere
[ "$rung" = bwrap ] || ! has_landlock || read=': Permission denied'
[ "$rung" = bwrap ] || has_landlock || read=':1:'
says 0 "/etc/passwd$read" "a file outside, included" 4 bad
echo 'int x = ;' >bad/dispatch.c
says 0 'dispatch.c:1:9: error' "what does not compile is shown where it is" 4 bad

echo "1..$number"
