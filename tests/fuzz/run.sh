#!/bin/bash
# Fuzzing with libFuzzer, AddressSanitizer and UBSan; README.md is about the targets.
#   run.sh          what make check does: every kept input through its target, then a
#                   fixed number of runs from a fixed seed
#   run.sh --long   make fuzz: FUZZ_TIME (60) seconds a target, FUZZ_JOBS (2) at a time
#   run.sh --keep   what --long found that reaches something new goes into corpus/
# ONLY="asm image": only these targets. New inputs and crashes lie in BUILD/fuzz.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
here=tests/fuzz
dir=$BUILD/fuzz
mode=${1:-}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES # of a make that has other CC, OPT and SAN
# A finding of UBSan ends the run too, like one of AddressSanitizer.
san=address,undefined
flags="-O1 -gline-tables-only -fno-sanitize-recover=all"
[ -n "$mode" ] || flags=${flags/-O1/-O0} # so few runs that compiling is nearly all
n=0 failed=0
report() { # status, name, log
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
    failed=$((failed + 1))
    echo "not ok $n - $2"
    tail -n 40 "$3" | sed 's/^/# /'
  fi
}

# name:runs in make check:longest input. The slow ones execute guests.
table="asm:1500:4096 disasm:1500:2048 profile:2500:2048 image:3000:4096 inputlog:3000:1024
  definition:1500:4096 directory:2500:2048 trace:1500:4096 console:40:256 guest:300:1024"
field() { # target, column
  tr ' ' '\n' <<<"$table" | awk -F: -v name="$1" -v at="$2" '$1 == name { print $at }'
}
targets=${ONLY:-$(tr ' ' '\n' <<<"$table" | cut -d: -f1)}

# ------------------------------------------------------------------ the program

# Text and files are compared with what is expected of them, and libFuzzer learns
# from the comparisons; where guests execute it would drown in them, and there only
# branches are counted. The engine is the build's own, or compiled plainly where that has
# sanitizers: with them it costs more than all else. make check-sanitize has it with them.
# What the build has generated already is not generated again. The generator's names are its own:
# it was never meant to share a program with the assembler.
engine() {
  mkdir -p "$dir/obj/machine"
  if nm -u "$BUILD/obj/machine/engine.o" | grep -qE '__(asan|ubsan|gcov)'; then
    $make OPT=-O1 SAN= WARNINGS=-w "$dir/obj/machine/engine.o"
  else
    cp "$BUILD/obj/machine/engine.o" "$dir/obj/machine/"
    engine_is="-o $dir/obj/machine/engine.o"
  fi
}
build() {
  local engine_is=
  mkdir -p "$dir" && cp -rpn "$BUILD/gen" "$dir/" 2>/dev/null
  local make
  make="make -j${JOBS:-$(nproc)} BUILD=$dir CC=clang"
  local with="-fsanitize=fuzzer-no-link,$san"
  local branches="-fsanitize=$san -fsanitize-coverage=inline-8bit-counters,pc-table"
  local own="tests/fuzz/fuzz tests/fuzz/inputs tests/fuzz/traces tests/fuzz/guests tests/common/twin
    tests/common/chaos tests/common/program tools/common/inputlog tools/common/guests gen/tools/guests_embed
    tools/common/text tools/directory/read tools/directory/check gen/tools/directory/parser gen/tools/directory/lexer
    gen/tools/page_embed tools/trace/chrome tools/trace/classes tools/trace/codec tools/trace/counts
    tools/trace/graph tools/trace/html tools/trace/ladder tools/trace/list tools/trace/memory
    tools/trace/modes tools/trace/picture tools/trace/story tools/trace/trace_file tools/trace/words
    tools/common/file tools/common/message tools/common/json tools/common/program"
  # shellcheck disable=SC2086,SC2046
  $make OPT="$flags" SAN=$with "$dir/isagen" &&
    engine &&
    $make OPT="$flags" SAN=$with "$dir"/lib{isa,asm}.a "$dir/obj/machine/image.o" \
      $(printf "$dir/obj/%s.o " $own) &&
    $make $engine_is OPT="$flags" SAN="$branches" "$dir"/lib{machine,vmm}.a &&
    ld -r -o "$dir/isagen.o" \
      $(find "$dir/obj/isa/gen" "$dir/obj/gen/isa/gen" -name '*.o' ! -name main.o) &&
    objcopy --keep-global-symbol={parse_definition,check_definition,def_destroy} "$dir/isagen.o" &&
    clang $flags -fsanitize=fuzzer,$san -o "$dir/all.bin" $(printf "$dir/obj/%s.o " $own) \
      "$dir/isagen.o" "$dir"/lib{vmm,asm,machine,isa}.a -lelf -ljansson
}
build >"$dir.log" 2>&1
report $? "the targets build" "$dir.log"
mkdir -p "$dir/bin"
program() { # target, perhaps with -wrong or -coarse: the path of its program
  ln -f "$dir/all.bin" "$dir/bin/$1" && echo "$dir/bin/$1"
}

# ---------------------------------------------------------------------- inputs

# Besides the corpus: sources and files that the project has anyway.
seed() { # target, folder
  local seeds=()
  case $1 in
  asm) seeds=(tests/golden/*/*.s guestos/*.s) ;;
  profile) seeds=(isa/profiles/*.profile tests/profiles/*.profile) ;;
  definition) seeds=(tests/isagen/*.isa tests/isagen/*/*.isa) ;;
  directory) seeds=(tests/directory/*/*.dir docs/examples/*.dir) ;;
  console) seeds=(guestos/*.in) ;;
  esac
  rm -rf "$2" && mkdir -p "$2"
  [ ${#seeds[@]} -eq 0 ] || cp --backup=numbered "${seeds[@]}" "$2"
}

options() { # target, perhaps with -wrong
  local target=${1%-wrong}
  echo "-seed=1 -len_control=100 -rss_limit_mb=4096 -timeout=600 -reload=0 -print_final_stats=1
    -max_len=$(field "$target" 3) -artifact_prefix=$dir/$1-"
  # What is said about an input log or a trace goes to standard error.
  [[ "$target" = @(inputlog|trace) ]] && echo "-close_fd_mask=2"
}

# ------------------------------------------------------------------ what is run

kept() { # target: the names of what is kept, one a line
  find "$here/corpus/$1" "$here/crashes/$1" -type f 2>/dev/null | sort
}

# Given no files libFuzzer would go and search, for ever.
replay() { # target, perhaps with -wrong
  local target=${1%-wrong}
  [ -n "$(kept "$target")" ] || return
  # shellcheck disable=SC2046
  "$(program "$1")" $(options "$1") $(kept "$target") >"$dir/$1.log" 2>&1 &&
    [ "$(grep -c '^Executed ' "$dir/$1.log")" -eq "$(kept "$target" | wc -l)" ]
}

# From the corpus and the seeds, in an order that does not depend on the file system;
# what is new goes to a folder.
fuzz() { # target, folder, options
  local target=$1 new=$2 from=$dir/$1.seeds
  shift 2
  seed "$target" "$from"
  mkdir -p "$new"
  find "$here/corpus/$target" "$from" -type f | LC_ALL=C sort | paste -sd, | tr -d '\n' >"$from.list"
  # shellcheck disable=SC2046
  "$(program "$target")" $(options "$target") "$@" -seed_inputs=@"$from.list" "$new" \
    >"$dir/$target.log" 2>&1
}

brief() { # target; the runs count from the last kept input on
  rm -rf "$dir/$1.brief"
  seed "$1" "$dir/$1.seeds"
  local inputs
  inputs=$(find "$here/corpus/$1" "$dir/$1.seeds" -type f | wc -l)
  fuzz "$1" "$dir/$1.brief" -runs=$((inputs + $(field "$1" 2)))
}

# The last line with "cov:" says what the runs reached.
figures() { # target
  local log=$dir/$1.log
  echo "# $1: $(grep -o 'stat::number_of_executed_units: .*' "$log" | tr -dc 0-9) runs," \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9) edges," \
    "$(grep -o 'corp: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9) inputs that differ"
}

at_length() { # target
  echo "# $1: ${FUZZ_TIME:-60} seconds"
  fuzz "$1" "$dir/$1.new" -max_total_time="${FUZZ_TIME:-60}"
  echo $? >"$dir/$1.status"
}

# By branches alone, not by how often each is taken: a tenth of the inputs.
keep() { # target
  mkdir -p "$here/corpus/$1" "$dir/$1.merged" "$dir/$1.new"
  rm -f "$dir/$1.merged"/*
  seed "$1" "$dir/$1.seeds"
  # shellcheck disable=SC2046
  "$(program "$1-coarse")" $(options "$1") -use_counters=0 -merge=1 "$dir/$1.merged" "$here/corpus/$1" \
    "$dir/$1.seeds" "$dir/$1.new" >"$dir/$1.log" 2>&1 || return
  rm -f "$here/corpus/$1"/*
  cp "$dir/$1.merged"/* "$here/corpus/$1/"
}

# --------------------------------------------------------------- the three modes

if [ "$mode" = --keep ]; then
  for target in $targets; do
    keep "$target"
    report $? "$target: $(find "$here/corpus/$target" -type f | wc -l) inputs kept" "$dir/$target.log"
  done
  echo "1..$n"
  [ $failed -eq 0 ]
  exit
fi
stories() { # each crash has its line
  local file
  find "$here/crashes" -mindepth 2 -type f | while read -r file; do
    grep -qF -- "- \`${file#"$here/crashes/"}\`: " "$here/crashes/README.md" || echo "no line for $file"
  done
}
stories >"$dir/stories.log"
[ ! -s "$dir/stories.log" ]
report $? "every crash that is kept has its story" "$dir/stories.log"
for target in $targets; do
  replay "$target"
  report $? "$target: what is kept, $(kept "$target" | wc -l) inputs" "$dir/$target.log"
done
if [ "$mode" = --long ]; then
  export -f at_length fuzz seed program options field
  export here dir table
  tr ' ' '\n' <<<"$targets" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -uc 'at_length {}'
fi
for target in $targets; do
  if [ "$mode" = --long ]; then
    report "$(cat "$dir/$target.status")" "$target: fuzzed at length" "$dir/$target.log"
  else
    brief "$target"
    report $? "$target: fuzzed" "$dir/$target.log"
  fi
  figures "$target"
done

# Each check can fail: the same target with a wrong oracle complains about an input
# that is kept, with its own words and no other crash.
for target in $targets; do
  ! replay "$target-wrong" && grep -q '^fuzz: does not hold' "$dir/$target-wrong.log"
  report $? "caught: a wrong oracle of $target" "$dir/$target-wrong.log"
  rm -f "$dir/$target-wrong"-crash-*
done

# And it is searched, not only tried: three comparisons away from the seed.
planted() { # program, what is said
  rm -rf "$dir/planted" && mkdir -p "$dir/planted" && printf xx >"$dir/planted/seed"
  ! "$(program "$1")" -seed=1 -len_control=100 -reload=0 -runs=200000 -artifact_prefix="$dir/planted/" "$dir/planted" \
    >"$dir/planted.log" 2>&1 && grep -q "$2" "$dir/planted.log"
}
planted planted-wrong 'does not hold: no BUG'
report $? "caught: a planted crash" "$dir/planted.log"
planted planted 'runtime error: shift exponent'
report $? "caught: planted undefined behaviour" "$dir/planted.log"
echo "1..$n"
if [ "$mode" = --long ]; then
  for target in $targets; do
    find "$dir" -maxdepth 1 -name "$target-*-*" ! -name "$target-wrong-*" -newer "$dir.log" \
      -printf "again: $dir/bin/$target %p\n"
  done
  echo "fuzz: $((n - failed)) passed, $failed failed"
fi
[ $failed -eq 0 ]
