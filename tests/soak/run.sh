#!/bin/bash
# What `make soak` says of commands that pass, and of those that fail in each way that they can.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tests/common/tap.sh
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

soak() { # PATTERN, the list on standard input: what it says, in said
  cat >"$work/list"
  BUILD=$work SOAK_LIST=$work/list FROM=7 SHARE=3 tests/soak/soak.sh "$1" >"$work/said" 2>&1
}
says() { # NAME LINE…: each is said, whole
  local name=$1 line
  shift
  for line; do
    grep -qxF -- "$line" "$work/said" || break
    line=
  done
  [ -z "$line" ]
  report $? "$name" "$work/said"
}
ends() { # STATUS NAME
  local line
  line=$(tail -n 1 "$work/said" | sed 's/ in [0-9]* s$//')
  [ "$1" = "$status $line" ]
  report $? "$2" "$work/said"
}

soak '' <<'END'
echo "ok 1 - a"; echo "ok 2 - b"
echo '# 5 programs'
END
status=$?
ends '0 soak: 2 of 2 commands passed, 0 failed,' "commands that pass are counted"
says "each is told when it begins, and with its figures" "began  2/2: echo '# 5 programs'" "    # 5 programs"

soak '' <<'END'
echo "ok 1 - a"; exit 1
echo "not ok 1 - seed 9"; echo "# why"
true
echo "ok 1 - a"; kill $$
echo "ok 1 - from $FROM of $(n 10) or $(n 10 5)"; exit 3
echo "ok 1 - a"
END
status=$?
ends '1 soak: 1 of 6 commands passed, 5 failed,' "a status, a test, nothing said and a signal are failures"
says "the test that failed is told with what it says" "    not ok 1 - seed 9" "    # why"
says "and the command to run again, with its sizes and seeds" \
  "again: BUILD=$work echo \"ok 1 - from 7 of 4 or 5\"; exit 3" "again: BUILD=$work true"
cmp -s "$work/soak/2.log" <(printf 'not ok 1 - seed 9\n# why\n')
report $? "its output is kept" "$work/said"

soak 'two' <<'END'
echo ok 1 - one
echo ok 1 - two
END
status=$?
ends '0 soak: 1 of 1 commands passed, 0 failed,' "only what contains a pattern is run"
soak 'nosuch' <<<'true'
status=$?
[ $status -eq 2 ] && grep -q "no command contains 'nosuch'" "$work/said"
report $? "a pattern that nothing contains is a mistake" "$work/said"

# Of the list itself: what is named is there.
missing=$(SOAK_LIST='' tests/soak/soak.sh nosuch 2>&1 | grep -oE '(tests|\$BUILD)/[a-z0-9_/-]*(\.sh)?' |
  sed "s,^\$BUILD,$BUILD," | sort -u | while read -r program; do [ -x "$program" ] || echo "$program"; done)
[ -z "$missing" ]
report $? "every command of the list is there" <(echo "$missing")
echo "1..$number"
exit $failed
