#!/bin/bash
# Both compilers, every warning an error, at -O0, and with -O2 what the build itself does
# not compile so: clang, which warns of the same whether it optimises or not, so that
# --all, in make soak, has that. Without -g, which no warning needs.
set -u
cd "$(dirname "$0")/../.." || exit 3
out=$BUILD/matrix
mkdir -p "$out"
n=0
check() { # compiler, optimisation
  n=$((n + 1))
  if make -j"$(nproc)" BUILD="$out/$1$2" CC="$1" OPT="$2 -g0" SAN= all unit >"$out/$1$2.log" 2>&1; then
    echo "ok $n - everything builds with $1 $2"
  else
    echo "not ok $n - everything builds with $1 $2"
    grep -m 10 -A5 'error' "$out/$1$2.log" | sed 's/^/# /'
  fi
}
check gcc -O0
check clang -O0
[ "${1:-}" != --all ] || check clang -O2

# The check can fail: a file with an unused variable must not compile.
n=$((n + 1))
mkdir -p "$out/bad"
echo 'int main(void) { int unused; return 0; }' >"$out/bad/bad.c"
flags=$(sed -n 's/^WARNINGS := //p' Makefile)
# shellcheck disable=SC2086
if gcc $flags -c -o "$out/bad/bad.o" "$out/bad/bad.c" 2>/dev/null; then
  echo "not ok $n - a warning stops the build"
else
  echo "ok $n - a warning stops the build"
fi
echo "1..$n"
