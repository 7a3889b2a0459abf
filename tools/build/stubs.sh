#!/bin/bash
# stubs.sh LAB DIR: what a student of the lab begins with, written into DIR, made from the
# sources of today. lab.json says of each file what it is made from and which functions
# are taken out; a file without that is in the lab's folder stub/.
set -eu
lab=$1 to=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$to"
jq -c '.files[]' "$lab/lab.json" | while read -r file; do
  name=$(jq -r .name <<<"$file") from=$(jq -r '.from // empty' <<<"$file")
  if [ -z "$from" ]; then
    cp "$lab/stub/$name" "$to/$name"
  else
    awk -v functions="$(jq -r '.stub | join(" ")' <<<"$file")" -f "$top/tools/build/stub.awk" \
      "$top/$from" >"$to/$name"
  fi
done
