# Sourced by run.sh: what wraps the grader for others: Gradescope's zip, run as Gradescope runs
# it; job arrays, under an sbatch that is none; GNU parallel; what similarity tools want.

# ------------------------------------------------------------------- Gradescope
is "Gradescope's zip is made" "$top/tools/build/gradescope.sh" "$top/labs/04-trap-and-emulate" "$work/gs.zip"
mkdir -p autograder/source autograder/submission
is "… and unpacks" unzip -q gs.zip -d autograder/source
is "… with both scripts at its root, executable" test -x autograder/source/setup.sh -a -x autograder/source/run_autograder
is "… and the headers that modules are built against" test -e autograder/source/labs/stub.h -a -e autograder/source/labs/patch.h
is "… and no solution, wrong solution or note" sh -c '[ -z "$(find autograder/source -path "*solution*" -o -path "*labs/*wrong*" -o -name instructor.md)" ]'
lend_objects autograder/source obj gen grade isagen embed assemble '*.a' trapeze
is "setup.sh builds it" env -C autograder/source ./setup.sh
# Gradescope takes run_autograder out of the source.
mv autograder/source/run_autograder autograder/
cp reference/04-trap-and-emulate/*.c autograder/submission/
autograder() { env -i PATH="$PATH" TMPDIR="$TMPDIR" TRAPEZE_AUTOGRADER="$work/autograder" autograder/run_autograder; }
is "run_autograder ends well" autograder
is "… and leaves full marks where Gradescope looks" jq -e '.score == 100 and (.tests | length) > 20' autograder/results/results.json
rm autograder/submission/emulate.c
is "a submission without a file is graded, too" autograder
is "… with no point, and says why" jq -e '.score == 0 and (.output | test("emulate.c is not there"))' autograder/results/results.json
rm -rf autograder

# ------------------------------------------------------------- many jobs at once
# Two lines of Slurm: the array's jobs one after the other, and what depends on them at the end.
mkdir -p bin cluster && for name in ann bob eve kim; do
  mkdir -p "cluster/$name" && cp "reference/04-trap-and-emulate"/*.c "cluster/$name/"
done
sed -i 's/CAUSE_PRIVILEGED/CAUSE_ILLEGAL/' cluster/bob/dispatch.c
cat >bin/sbatch <<'END'
#!/bin/bash
# As sbatch --parsable: prints a number; the job runs at once.
for argument; do
  case $argument in
    --parsable) ;;
    --array=1-*) tasks=${argument#*-} && tasks=${tasks#*-} && tasks=${tasks##*-} ;;
    --dependency=afterok:41) after=yes ;;
    -*) echo "sbatch: $argument?" >&2 && exit 1 ;;
    *) break ;;
  esac
  shift
done
grep -q '^#SBATCH --time=' "$1" || exit 1
if [ -n "${tasks:-}" ]; then
  for i in $(seq "$tasks" -1 1); do
    SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_COUNT=$tasks SLURM_CPUS_PER_TASK=1 bash "$@" >&2 || exit 1
  done
  echo "41;cluster"
else
  [ "${after:-}" = yes ] || exit 1
  bash "$@" >&2 && echo 42
fi
END
printf '#!/bin/sh\nc=$1; shift\nexec %s "$c" --labs %s --only errant-kernel "$@"\n' "$trapeze" "$top/labs" >bin/limited
printf '#!/bin/sh\n[ "$2" != --merge ] || exec %s "$@"\nc=$1; shift\nexec %s "$c" --labs %s --only errant-kernel "$@"\n' \
  "$trapeze" "$trapeze" "$top/labs" >bin/limited
chmod +x bin/*
is "a class is graded by an array of jobs" env PATH="$work/bin:$PATH" TRAPEZE="$work/bin/limited" \
  "$top/labs/slurm/grade-class.sh" 4 cluster arrays 3
"$work/bin/limited" grade-all 4 cluster -o atonce >out 2>&1
is "… as at once" cmp arrays/summary.csv atonce/summary.csv
is "… into one folder a job" test "$(ls -d arrays/shard-* | wc -l)" -eq 3
mkdir -p each
parallel_grade() {
  find cluster -mindepth 1 -maxdepth 1 -printf '%f\n' | PARALLEL_HOME="$work" parallel --will-cite -j 2 "$trapeze" grade 4 cluster/{} --labs "$top/labs" --only errant-kernel -T json -o each/{}.json
}
is "GNU parallel grades one each" parallel_grade
jq -r .score each/*.json >each.points && jq -r '.submissions[].score' atonce/summary.json >atonce.points
is "… with the same points" diff each.points atonce.points

# ------------------------------------------------------------------- similarity
ln -s ann cluster/mallory && echo x >cluster/ann/notes.txt
is "what similarity tools want is put together" "$top/tools/build/similarity.sh" "$top/labs/04-trap-and-emulate" cluster similar
is "… the lab's files alone" sh -c '[ "$(cd similar/submissions && echo */*)" = "ann/dispatch.c ann/emulate.c bob/dispatch.c bob/emulate.c eve/dispatch.c eve/emulate.c kim/dispatch.c kim/emulate.c" ]'
is "… and what they began with, apart" grep -q not_implemented similar/base/emulate.c
