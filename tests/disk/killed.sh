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

# What is on a disk, in one line: names and contents. Or why it cannot be told.
contents() { # IMAGE
  local name
  d check "$1" >"$work/checked" 2>&1 || { head -n 1 "$work/checked" | sed 's/^[^:]*: //' && return; }
  for name in $(d list "$1" | awk 'NR > 1 { print last } { last = $1 }' | grep -v '^name$' | LC_ALL=C sort); do
    d get "$1" "$name" -o - | cksum | awk -v name="$name" '{ printf "%s=%s,%s ", name, $1, $2 }'
  done
  echo .
}
# The same of a folder.
folder_contents() { # FOLDER
  (
    cd "$1" || exit 3
    for name in $(ls -A | LC_ALL=C sort); do
      cksum <"$name" | awk -v name="$name" '{ printf "%s=%s,%s ", name, $1, $2 }'
    done
    echo .
  )
}
# Kills the command before each of its writes, on a fresh copy of the image each time: what
# is left must be one of the states, in their order, the last one at the end.
killed_everywhere() { # IMAGE STATES arguments of trapeze, in which @ is the image
  local image=$1 states=$2 writes n at=1 line
  shift 2
  cp "$image" "$work/victim.img" && : >"$work/writes"
  failing COUNT="$work/writes" -- "${@//@/$work/victim.img}" >"$work/said" 2>&1 </dev/null
  writes=$(stat -c %s "$work/writes")
  [ "$(contents "$work/victim.img")" = "$(tail -n 1 "$states")" ] || echo "undisturbed it ends otherwise"
  [ "$writes" -ge 2 ] || echo "only $writes writes"
  for ((n = 1; n <= writes; n++)); do
    cp "$image" "$work/victim.img"
    { failing KILL_AT=$n -- "${@//@/$work/victim.img}" >"$work/said" 2>&1 </dev/null; } 2>/dev/null
    line=$(tail -n +$at "$states" | grep -nxF -- "$(contents "$work/victim.img")" | head -n 1 | cut -d: -f1)
    if [ -z "$line" ]; then
      echo "killed at write $n of $writes: $(contents "$work/victim.img")"
    else
      at=$((at + line - 1))
    fi
  done
}
