#!/bin/bash
# gradescope.sh LAB FILE.zip: what Gradescope is given as an autograder of this lab. It runs
# setup.sh once, when its image is built, with the zip unpacked in /autograder/source; and for
# each submission run_autograder, which leaves /autograder/results/results.json.
# SEED: of the drawn tests, 1 if not set. Where students have variants of their own, each is graded
# by the e-mail address that Gradescope knows of whoever handed in (of a group, of the first).
set -eu
lab=${1%/} archive=$(realpath -m "$2")
top=$(cd "$(dirname "$0")/../.." && pwd)
name=$(basename "$lab")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$top"
cp -a isa asm machine vmm classify guestos tools Makefile README.md "$work/"
mkdir -p "$work/labs" "$work/docs"
cp -a labs/runner labs/stub.h labs/patch.h "$work/labs/"
cp -a "labs/$name" "$work/labs/"
for flaws in labs/*/flaws; do # part of the program
  mkdir -p "$work/$(dirname "$flaws")" && cp -a "$flaws" "$work/$(dirname "$flaws")/"
done
rm -rf "$work/labs/$name/"{solution,wrong,stub,handout.md,instructor.md}
cp -a docs/trapeze.1 "$work/docs/"
cat >"$work/setup.sh" <<'END'
#!/bin/bash
# Once, as root, on Gradescope's Ubuntu: what the build needs, and the build.
set -eu
cd "$(dirname "$0")"
command -v make >/dev/null || { apt-get update -qq && apt-get install -y -qq make; }
PACKAGES=$(make -s print-BUILD_PACKAGES) tools/build/deps.sh
make -j"$(nproc)" BUILD=build all
# Our own modules are the solution of some labs: nothing of them stays where others' code is built.
rm -rf isa asm machine vmm classify guestos tools docs build/obj build/gen build/*.a build/tests
END
cat >"$work/run_autograder" <<END
#!/bin/bash
# For each submission. TRAPEZE_AUTOGRADER: only for trying it out elsewhere.
set -u
root=\${TRAPEZE_AUTOGRADER:-/autograder}
mkdir -p "\$root/results"
# The tests lie where nobody can guess while others' code is built: for hosts that have no
# better sandbox.
hidden=\$(mktemp -d) && chmod 700 "\$hidden"
cd "\$root/source" && mv labs/$name "\$hidden/lab" || exit 3
trap 'mv "\$hidden/lab" "\$root/source/labs/$name" && rmdir "\$hidden"' EXIT
own=(--seed ${SEED:-1})
email=\$(grep -o '"email": *"[^"]*"' "\$root/submission_metadata.json" 2>/dev/null | head -1 | sed 's/.*"\([^"]*\)"/\1/')
if grep -q '"draw"' "\$hidden/lab/lab.json" && [ -n "\$email" ]; then own=(--student "\$email"); fi
build/trapeze grade "\$hidden/lab" "\$root/submission" "\${own[@]}" -j 2 \\
  --format gradescope --output "\$root/results/results.json"
END
chmod 755 "$work/setup.sh" "$work/run_autograder"
mkdir -p "$(dirname "$archive")"
rm -f "$archive"
cd "$work" && zip -q -r "$archive" .
