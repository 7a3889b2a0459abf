#!/bin/bash
# similarity.sh LAB SUBMISSIONS OUT: what JPlag and MOSS want of a class: OUT/submissions/NAME/
# with the files of the lab and nothing else, and OUT/base/ with what everybody was given, which
# is no similarity. Prints how each is called.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -eq 3 ] || { echo "usage: similarity.sh LAB SUBMISSIONS OUT" >&2; exit 2; }
lab=${1%/} from=$2 out=$3
[ -f "$lab/lab.json" ] || { echo "similarity.sh: $lab/lab.json: there is none" >&2; exit 2; }
[ -d "$from" ] || { echo "similarity.sh: $from: expected a folder of submissions" >&2; exit 2; }
[ ! -e "$out" ] || { echo "similarity.sh: $out is there already" >&2; exit 2; }
mkdir -p "$out/submissions" "$out/base"
"$top/tools/build/stubs.sh" "$lab" "$out/base"
mapfile -t files < <(jq -r '.files[].name' "$lab/lab.json")
count=0
for one in "$from"/*; do
  name=$(basename "$one")
  # What grade-all would not grade is no work of theirs.
  [ ! -L "$one" ] || continue
  for file in "${files[@]}"; do
    source=$one/$file
    [ -d "$one" ] || source=$one
    if [ -f "$source" ] && [ ! -L "$source" ]; then
      mkdir -p "$out/submissions/$name"
      cp "$source" "$out/submissions/$name/$file"
    fi
  done
  [ ! -d "$out/submissions/$name" ] || count=$((count + 1))
done
case ${files[0]} in *.c) jplag=c moss=c ;; *) jplag=text moss=ascii ;; esac
echo "$count submissions in $out/submissions, what they began with in $out/base"
echo "JPlag:  java -jar jplag.jar -l $jplag -bc $out/base $out/submissions"
echo "MOSS:   moss -l $moss -d $(printf -- "-b $out/base/%s " "${files[@]}")$out/submissions/*/*"
