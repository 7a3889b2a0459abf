#!/bin/bash
# The page that `trapeze trace -T html` writes, in a real headless browser: its own
# script is run, then check.js drives it as a user would. TAP on standard output.
# Not part of `make check`: the browser is a download of 90 MB.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "${TRAPEZE:-${BUILD:-build}/trapeze}")
here=$PWD/tests/trace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3

"$trapeze" vmm popf --profile x86 --trace=popf.trace --trace-events=default,sensitive \
  >/dev/null </dev/null
"$trapeze" trace popf.trace -T html -o popf.html || exit
with() { # SCRIPT: the page, and after its own script this one
  cat "$1"
  echo '<pre id="report"></pre><script>'
  cat "$here/check.js"
  echo '</script>'
}
in_browser() { # PAGE: what check.js found
  timeout 100 chromium --headless --no-sandbox --disable-gpu --window-size=1400,900 \
    --user-data-dir="$work/profile" --dump-dom "file://$work/$1" 2>/dev/null |
    sed -n '/<pre id="report">/,/<\/pre>/p' | sed 's/<[^>]*>//g' | grep .
}
with popf.html >checked.html
in_browser checked.html >result
grep -q '^1\.\.' result || echo "not ok 0 - the browser ran the page"
cat result
# Shown able to fail: a page whose filter does nothing.
sed 's/hidden.has(/!hidden.has(/' popf.html >broken.html
with broken.html >checked.html
if in_browser checked.html | grep -q '^not ok'; then
  echo "ok 99 - caught: a filter that hides the wrong rows"
else
  echo "not ok 99 - caught: a filter that hides the wrong rows"
fi
! grep -q '^not ok' result
