# docs/walkthrough.md against the debugger: the commands after "(trapeze) " of each
# session are executed, and every line shown is said. Sourced by run.sh.
walk_said() { # page
  awk -v t="$trapeze" '
    /^    \$ trapeze debug/ { if (c) print c; c = substr($0, 7); sub(/^trapeze/, t " ", c); c = c " -nx -batch" }
    /^    \(trapeze\) / { q = substr($0, 15); c = c " -ex \x27echo (trapeze) " q "\x27 -ex \x27" q "\x27" }
    END { print c }' "$1" | while read -r command; do timeout 300 bash -c "$command" 2>&1; done | sed 's, *$,,'
}
walk_stale() { # page, what was said: lines of the page that were not said
  grep '^    ' "$1" | cut -c5- | grep -v '^\$ ' | grep -vxFf "$2"
}
page=$here/../../docs/walkthrough.md
walk_said "$page" >said
[ "$(wc -l <said)" -gt 60 ] && [ -z "$(walk_stale "$page" said)" ]
report $? "the walk-through's transcript is what is said"
walk_stale "$page" said | sed 's/^/# not said: /'
sed 's/sensitive and unprivileged/sensitive, privileged/' "$page" >stale.md
[ -n "$(walk_stale stale.md said)" ]
report $? "caught: a line that is not said"
