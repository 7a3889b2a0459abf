#!/bin/bash
# grade-class.sh LAB SUBMISSIONS RESULTS [SHARDS]: a class on a cluster with Slurm: an array of
# SHARDS jobs (8), each of which grades its part, then a job that puts the parts together. TRAPEZE
# is the command (trapeze); the three folders must be seen by all nodes. What is graded stays
# graded: called again after a job was lost, it does what is missing.
set -eu
[ $# -ge 3 ] || { echo "usage: grade-class.sh LAB SUBMISSIONS RESULTS [SHARDS]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
lab=$1 submissions=$(realpath "$2") results=$(realpath -m "$3") shards=${4:-8}
[ ! -d "$lab" ] || lab=$(realpath "$lab")
mkdir -p "$results"
id=$(sbatch --parsable --array="1-$shards" "$here/shard.sbatch" "$lab" "$submissions" "$results")
id=${id%%;*} # of "id;cluster"
merge=$(sbatch --parsable --dependency="afterok:$id" "$here/merge.sbatch" "$results")
echo "array $id, merge ${merge%%;*}; then $results/summary.csv"
