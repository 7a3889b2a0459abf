#!/bin/bash
# Mutants of the definition: each NAME.patch changes what an instruction does in a copy
# of isa/pg32.isa. The command is made anew from it, and `trapeze classify` must then
# give other verdicts, exactly those that the patch expects, by each route on its own.
# README.md says how patches are written.
#   tests/definition-mutants/run.sh [NAME …]   these; without names those in `always`
#   MUTANTS=all       every mutant
#   MUTANTS_JOBS=n    n at a time (default 1)
set -u
cd "$(dirname "$0")/../.." || exit 3
here=tests/definition-mutants
export BUILD=${BUILD:-build}
out=$BUILD/definition-mutants
read -r -a compile <<<"${CC:-cc} -std=gnu11 -D_GNU_SOURCE -DTRAPEZE_VERSION=\"mutant\" -O1 -w ${SAN:-}"
read -r -a libraries <<<"$(env -u MAKEFLAGS -u MFLAGS make -s print-LDLIBS)"

# ------------------------------------------------------------------ building
# The command in DIR, made from DIR/isa/pg32.isa: what depends on generated files that
# are others now is compiled anew and linked in place of what is in the libraries.
build() { # DIR
  local dir=$1 file object source mine=() changed=()
  mkdir -p "$dir/gen" "$dir/obj"
  "$BUILD/isagen" --out "$dir/gen" "$dir/isa/pg32.isa" || return
  for file in "$dir"/gen/*; do
    cmp -s "$file" "$BUILD/gen/${file##*/}" || changed+=("gen/${file##*/}")
  done
  if [ ${#changed[@]} -gt 0 ]; then
    for object in $(find "$BUILD"/obj/{isa,asm,machine,vmm,classify,tools} "$BUILD"/obj/gen -name '*.d' \
      ! -path '*/isa/gen/*' -print0 | xargs -0 grep -lFw "$(printf '%s\n' "${changed[@]}")"); do
      source=${object#"$BUILD"/obj/}
      source=${source%.d}.c
      case $source in gen/*) [ -e "$dir/$source" ] && source=$dir/$source || source=$BUILD/$source ;; esac
      object=${object#"$BUILD"/obj/}
      object=$dir/obj/$(tr / _ <<<"${object%.d}").o
      "${compile[@]}" -I"$dir" -I. -I"$BUILD" -c -o "$object" "$source" || return
      mine+=("$object")
    done
  fi
  "${compile[@]}" -o "$dir/trapeze" "$BUILD/obj/tools/main.o" "${mine[@]}" \
    "$BUILD"/lib{tools,classify,vmm,asm,machine,isa}.a "${libraries[@]}"
}

# ------------------------------------------------------------------- judging
# A line for each verdict in the JSON of classify: "MODEL SUBJECT PROPERTY VALUE".
verdicts() {
  awk -F'"' '
    /^  "model":/ { model = $4 }
    /^  "disagreements": [^0]/ { print "the routes disagree" }
    /^      "theorem":/ { split($3, n, /[ :,]+/); theorem = n[2]; list = "" }
    /^      "offenders":/ { open = !/\]/; next }
    open && /^ *"/ { list = list " " $2 }
    open && /\]/ { open = 0 }
    theorem && /^    }/ { print model, "theorem-" theorem, "offenders", list == "" ? " -" : list; theorem = 0 }
    /^      "instruction":/ { insn = $4 }
    insn && /^      "(privileged|control|location|mode|resource|user_sensitive)":/ {
      print model, insn, $2, ($3 ~ /true/ ? "yes" : "no")
    }' | sed 's/  */ /g'
}

samples='--samples 1000' # tests/classify holds so many to the routes that prove
[ "${MUTANTS:-}" != all ] || samples=
classify() { # TRAPEZE PROFILE ROUTE: both models
  local model
  for model in paper extended; do
    "$1" classify "$2" --model "$model" --routes "$3" $samples --json
    [ $? -le 1 ] || echo "classify failed"
  done | verdicts
}

# The same of what was built; that all routes agree on it, other suites see to.
usual() { # PROFILE: the name of the file
  local file=$out/usual/${1//\//_}
  if [ ! -e "$file" ]; then
    classify "$BUILD/trapeze" "$1" solver >"$file.$BASHPID"
    mv "$file.$BASHPID" "$file"
  fi
  echo "$file"
}

# What is not as usual: "MODEL SUBJECT PROPERTY: BEFORE -> AFTER".
flips() { # USUAL NOW
  [ -s "$2" ] || echo "no verdicts"
  diff <(sed 's/ /\t/3' "$1") <(sed 's/ /\t/3' "$2") | awk -F'\t' '
    /^</ { was[substr($1, 3)] = $2; order[n++] = substr($1, 3) }
    /^>/ { is[substr($1, 3)] = $2; if (!(substr($1, 3) in was)) order[n++] = substr($1, 3) }
    END { for (i = 0; i < n; i++) print order[i] ": " was[order[i]] " -> " is[order[i]] }'
}

expected() { # PATCH: from its head
  sed '/^--- /,$d; 1,2d' "$1"
}

say() { # ok|"not ok" TEXT [LOG]: one TAP line without its number; LOG
  echo "$1 - $2"
  [ "$1" = ok ] || [ -z "${3:-}" ] || head -n 30 "$3" | sed 's/^/# /'
}

# Whether what DIR/ROUTE.now has, on PROFILE, is what PATCH expects.
compare() { # PATCH DIR PROFILE ROUTE
  flips "$(usual "$3")" "$2/$4.now" >"$2/$4.flips"
  diff <(expected "$1" | sort) <(sort "$2/$4.flips") >"$2/$4.diff"
}

try() { # NAME
  local patch=$here/$1.patch dir=$out/$1 profile refusal route what count
  profile=$(sed -n '2s/^On: //p' "$patch")
  refusal=$(sed -n '2s/^Refused: //p' "$patch")
  mkdir -p "$dir/isa" && cp isa/pg32.isa "$dir/isa/"
  if [ -z "$profile$refusal" ] || ! patch -d "$dir" -p1 -F0 -s <"$patch" >"$dir/patch.log" 2>&1; then
    say "not ok" "$1 applies" "$dir/patch.log" && return
  fi
  if [ -n "$refusal" ]; then
    what=ok
    if build "$dir" >"$dir/build.log" 2>&1 || ! grep -qF "error: $refusal" "$dir/build.log"; then
      what="not ok"
    fi
    say "$what" "$1 is refused: $refusal" "$dir/build.log"
    return
  fi
  if ! build "$dir" >"$dir/build.log" 2>&1; then
    say "not ok" "$1 compiles" "$dir/build.log" && return
  fi
  count=$(expected "$patch" | wc -l)
  for route in solver exhaustion experiment; do
    what=ok
    classify "$dir/trapeze" "$profile" "$route" >"$dir/$route.now"
    compare "$patch" "$dir" "$profile" "$route" || what="not ok"
    say "$what" "$1 flips $count verdicts of $(basename "$profile" .profile), says $route alone" "$dir/$route.diff"
  done
}

# Expectations of NAME that are wrong must not be met: one that is left out, one that is
# turned round, one too many.
try_wrong() { # NAME
  local dir=$out/$1 profile wrong=$out/wrong kind what
  profile=$(sed -n '2s/^On: //p' "$here/$1.patch")
  for kind in '3d' '3s/no -> yes/yes -> no/' '3p'; do
    sed "$kind" "$here/$1.patch" >"$wrong.patch"
    what=ok
    ! compare "$wrong.patch" "$dir" "$profile" experiment || what="not ok"
    say "$what" "caught: other expectations of $1 ($kind)" "$wrong.patch"
  done
}

# ---------------------------------------------------------------------- main
if [ "${1:-}" = --one ]; then # its output at once
  said=$(try "$2")
  echo "$said"
  exit
fi

choose() {
  if [ $# -gt 0 ]; then
    printf '%s\n' "$@"
  elif [ "${MUTANTS:-}" = all ]; then
    basename -s .patch $here/*.patch
  else
    cat $here/always
  fi
}

rm -rf "$out" && mkdir -p "$out/usual"
mapfile -t chosen < <(choose "$@")
{
  printf '%s\n' "${chosen[@]}" | xargs -P "${MUTANTS_JOBS:-1}" -d '\n' -I{} $here/run.sh --one {}
  [ $# -gt 0 ] || try_wrong popf-partial-ie
} >"$out/tap"
awk '/^(not )?ok - / {n++; sub(/ok - /, "ok " n " - ")} {print} END {print "1.." n}' "$out/tap"
! grep -q "^not ok" "$out/tap"
