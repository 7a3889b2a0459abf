#!/bin/bash
# Both compilers, every warning an error. The build itself is gcc -O2; here is what clang
# says of every source, without code made of it: of all its warnings that are asked for
# none needs that. --all, in make soak, builds everything by both, at -O0 and -O2; and as
# make check-sanitize does, at -O1: gcc warns of other things at each.
set -u
cd "$(dirname "$0")/../.." || exit 3
out=$BUILD/matrix
mkdir -p "$out"
n=0
report() { # status, name, log
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    grep -m 10 -A5 'error' "$3" | sed 's/^/# /'
  fi
}
built() { # compiler, optimisation
  make -j"$(nproc)" BUILD="$out/$1$2" CC="$1" OPT="$2 -g0" SAN= all unit >"$out/$1$2.log" 2>&1
  report $? "everything builds with $1 $2" "$out/$1$2.log"
}
# What the build has generated, and the programs that generate it, are taken over.
read_by() { # compiler
  local dir=$out/$1 tool tools=(isagen embed assemble)
  mkdir -p "$dir" && cp -rp "$BUILD/gen" "${tools[@]/#/$BUILD/}" "$dir"
  # shellcheck disable=SC2046 # several words
  make -j"$(nproc)" BUILD="$dir" CC="$1" OPT="-O0 -g0 -fsyntax-only" SAN= \
    $(for tool in "${tools[@]}"; do echo "-o $dir/$tool"; done) objects >"$dir.log" 2>&1
  report $? "$1 has nothing to say about any source" "$dir.log"
  [ "$(grep -c '^  CC ' "$dir.log")" -gt 300 ]
  report $? "and has read them all" "$dir.log"
}
read_by clang
if [ "${1:-}" = --all ]; then
  built gcc -O0
  built gcc -O1
  built clang -O0
  built clang -O2
fi

# The check can fail: a file with an unused variable must not compile.
mkdir -p "$out/bad"
echo 'int main(void) { int unused; return 0; }' >"$out/bad/bad.c"
flags=$(sed -n 's/^WARNINGS := //p' Makefile)
for compiler in gcc "clang -fsyntax-only"; do
  # shellcheck disable=SC2086 # several words
  ! $compiler $flags -c -o "$out/bad/bad.o" "$out/bad/bad.c" 2>"$out/bad.log"
  report $? "a warning stops ${compiler%% *}" "$out/bad.log"
done
echo "1..$n"
