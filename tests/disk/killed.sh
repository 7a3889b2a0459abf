# The host that fails or is killed (part of run.sh here and in tests/solo, which define
# $work, $top, $trapeze, d).
"${CC:-cc}" -shared -fPIC -O1 -Wall -Wextra -Werror -o "$work/host.so" "$top/tests/disk/host.c" -ldl || exit 3
failing() { # VARIABLE=N... -- arguments of trapeze
  local variables=()
  while [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  shift
  env "${variables[@]}" ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" LD_PRELOAD="$work/host.so" \
    timeout 60 "$trapeze" "$@"
}

# What is in a folder, in one line: names and contents.
folder_contents() { # FOLDER
  (
    cd "$1" || exit 3
    shopt -s nullglob dotglob
    files=(*)
    [ ${#files[@]} -eq 0 ] || cksum -- * | awk '{ printf "%s=%s,%s ", $3, $1, $2 }'
    echo .
  )
}
# The same of a disk. Or why it cannot be told.
contents() { # IMAGE
  "$trapeze" disk check "$1" >"$work/checked" 2>&1 ||
    { head -n 1 "$work/checked" | sed 's/^[^:]*: //' && return; }
  local name
  rm -rf "$work/files" && mkdir "$work/files"
  while read -r name _; do
    "$trapeze" disk get "$1" "$name" -o "$work/files/$name"
  done < <("$trapeze" disk list "$1" | sed '1d;$d')
  folder_contents "$work/files"
}
# Kills the command before each of its writes, on a fresh copy of the image each time: what
# is left must be one of the states, in their order, the last one at the end.
killed_everywhere() { # IMAGE STATES arguments of trapeze, in which @ is the image
  local image=$1 states=$2 writes n at=1 line now
  shift 2
  cp "$image" "$work/victim.img" && : >"$work/writes"
  failing COUNT="$work/writes" -- "${@//@/$work/victim.img}" >"$work/said" 2>&1 </dev/null
  writes=$(stat -c %s "$work/writes")
  [ "$(contents "$work/victim.img")" = "$(tail -n 1 "$states")" ] || echo "undisturbed it ends otherwise"
  [ "$writes" -ge 2 ] || echo "only $writes writes"
  for ((n = 1; n <= writes; n++)); do
    cp "$image" "$work/victim.img"
    { failing KILL_AT=$n -- "${@//@/$work/victim.img}" >"$work/said" 2>&1 </dev/null; } 2>/dev/null
    now=$(contents "$work/victim.img")
    line=$(tail -n +$at "$states" | grep -nxF -m 1 -- "$now" | cut -d: -f1)
    if [ -z "$line" ]; then
      echo "killed at write $n of $writes: $now"
    else
      at=$((at + line - 1))
    fi
  done
}
