#!/bin/bash
# handout.sh LAB FILE.tar.gz: what a student of the lab gets: sources of everything but what
# the lab is about, which are stubs; its text, public tests, and a Makefile. No hidden
# test, no solution, no note for instructors.
set -eu
lab=${1%/} archive=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
name=$(basename "$lab")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name
mkdir -p "$tree/labs/$name" "$tree/tools"
cd "$top"
cp -a isa asm machine vmm classify guestos README.md "$tree/"
find tools -maxdepth 1 -type f -exec cp -a {} "$tree/tools/" \;
for part in tools/*/; do cp -a "${part%/}" "$tree/tools/"; done
mkdir -p "$tree/docs" && cp -a docs/*.md docs/trapeze.1 docs/examples "$tree/docs/"
rm -f "$tree/docs/instructor.md"
cp -a Makefile "$tree/trapeze.mk"
cp -a labs/runner labs/stub.h labs/patch.h "$tree/labs/"
cp "labs/$name/lab.json" "labs/$name/handout.md" "$tree/labs/$name/"
for part in tests assign flaws; do
  [ ! -d "labs/$name/$part" ] || cp -r "labs/$name/$part" "$tree/labs/$name/"
done
tools/build/stubs.sh "labs/$name" "$work/stubs"
mkdir -p "$tree/submission"
jq -r '.files[] | [.name, .from // ""] | @tsv' "labs/$name/lab.json" |
  while IFS=$'\t' read -r file from; do
    cp "$work/stubs/$file" "$tree/submission/$file"
    # The build takes a module from where the student edits it.
    [ -z "$from" ] || ln -sf "$(dirname "$from" | sed 's/[^/]*/../g')/submission/$file" "$tree/$from"
  done
cat >"$tree/Makefile" <<EOF
# Edit submission/, then: make, make test. build/trapeze is the program with your files.
# make assignment STUDENT=NAME writes your own variant of the lab, and student.mk, which
# remembers the name.
-include student.mk
# A stub has parameters and helpers that nobody uses yet.
all:
	@\$(MAKE) --no-print-directory -f trapeze.mk all WARNINGS="-Wall -Wextra -Wno-unused-parameter -Wno-unused-function"
test: all
	build/trapeze grade labs/$name submission \$(if \$(STUDENT),--student='\$(STUDENT)')
assignment: all
	@\$(if \$(STUDENT),,echo 'make assignment STUDENT=your-name'; exit 2)
	build/trapeze grade --assignment=assignment --student='\$(STUDENT)' labs/$name
	@echo "STUDENT = \$(STUDENT)" >student.mk
deps:
	@\$(MAKE) --no-print-directory -f trapeze.mk deps PACKAGES="\$(shell \$(MAKE) -s -f trapeze.mk print-BUILD_PACKAGES)"
.PHONY: all test assignment deps
EOF
cp "labs/$name/handout.md" "$tree/HANDOUT.md"
tar -czf "$archive" -C "$work" "$name"
