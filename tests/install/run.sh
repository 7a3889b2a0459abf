#!/bin/bash
# make install, uninstall and dist: what is installed works from anywhere, and
# uninstalling leaves no file.
set -u
cd "$(dirname "$0")/../.." || exit 3
n=0
report() { # status, name
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

make BUILD="$BUILD" DESTDIR="$root" prefix=/usr install >"$root.log" 2>&1
report $? "make install with DESTDIR and prefix"
(cd / && "$root/usr/bin/trapeze" --version >/dev/null)
report $? "the installed command runs from another folder"
[ "$(cd / && "$root/usr/bin/trapeze" run hello | wc -c)" -gt 0 ]
report $? "it brings its guests along"
[ -s "$root/usr/share/man/man1/trapeze.1" ] && [ -s "$root/usr/share/bash-completion/completions/trapeze" ]
report $? "manual page and completion are installed"
cp labs/01-the-machine/solution/machine.s "$root.s"
[ "$(cd / && "$root/usr/bin/trapeze" grade 1 "$root.s" --only fib | grep -c '^Score: 10 of 10')" -eq 1 ]
report $? "labs are found where they are installed"
make BUILD="$BUILD" DESTDIR="$root" prefix=/usr uninstall >>"$root.log" 2>&1
[ -z "$(find "$root" -type f)" ]
report $? "make uninstall leaves no file"
rm -f "$root.log" "$root.s"
echo "1..$n"
