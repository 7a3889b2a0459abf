# Eight guests, two operating systems (part of run.sh, which defines t, top, number): the
# directory of docs/examples, through one style of I/O. What each writes, what is on its disk
# and where its clock stands are the same as alone on a bare machine; verify says so too.
eight_user() { # NAME WORD: what follows the word in its block
  sed -n "/^user $1 /,/^}/s/.*\b$2 \([^ ;]*\).*/\1/p" eight.dir | tr -d '"'
}
eight_alone() { # STYLE NAME: what differs
  local name=$2 first length
  first=$(eight_user "$name" first) length=$(eight_user "$name" length)
  dd if=eight.blank of="$name.img" bs=512 skip="$first" count="$length" status=none
  t run "$(eight_user "$name" program)" --io "$1" --memory "$(eight_user "$name" storage)" \
    --disk "$name.img" --input "$(eight_user "$name" input)" --stats >"$name.out" 2>&1
  sed '/^  ticks  /,$d' "$name.out" >"$name.wrote"
  dd if=eight.img bs=512 skip="$first" count="$length" status=none | cmp - "$name.img" &&
    cmp "$name.log" "$name.wrote" &&
    [ "$(of_user "$name" .ticks)" = "$(awk '$1 == "ticks" { gsub(",", "", $2); print $2 }' "$name.out")" ] ||
    echo "$name is not as alone"
}
eight() { # STYLE
  local suffix=-$1 names
  [ "$1" != ports ] || suffix=
  cp "$top"/docs/examples/{alice,bob,carol,dave}.in .
  cp blank.img eight.img && cp blank.img eight.blank
  sed -E "s/disk scratch .*;/disk \"eight.img\";/; s/program (minos|solo);/program \1$suffix;/" \
    "$top/docs/examples/eight.dir" |
    awk '/^user/ { name = $2 } /console/ { sub("console", "console private log \"" name ".log\"") } { print }' >eight.dir
  names=$(sed -n 's/^user \([a-z]*\) .*/\1/p' eight.dir)
  t vmm eight.dir --io "$1" --json >out 2>err
  [ "$(jq '[.users[] | select(.state == "halted")] | length' out)" = 8 ] && [ "$(wc -w <<<"$names")" = 8 ]
  report $? "$1: eight guests of two operating systems run their sessions to the end" err
  for name in $names; do eight_alone "$1" "$name"; done >differs 2>&1
  [ ! -s differs ]
  report $? "$1: output, disk and clock of each are as alone on a bare machine" differs
  cp eight.blank eight.img
  t verify eight.dir --io "$1" --checkpoint "${CHECKPOINT:-100k}" >out 2>err
  [ $? -eq 0 ] && [ "$(grep -c ' equivalent ' out)" = 8 ]
  report $? "$1: verify holds for each" out
}
