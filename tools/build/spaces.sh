#!/bin/bash
# Draws the address spaces of two processes of minos-paged after one has spawned the other,
# and the other has written where both read: a Graphviz graph on standard output.
#   spaces.sh   TRAPEZE is the command
set -eu
trapeze=${TRAPEZE:-build/trapeze}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'twins\n' >"$work/keys"
# The parent behind its `sys`, the child behind its store.
cat >"$work/script" <<'END'
break *(u_twins - user_image + 12)
break *(u_twin - user_image + 8)
continue
info pagetable dot
continue
info pagetable dot
END
"$trapeze" debug minos-paged --memory 192K --input "$work/keys" -x "$work/script" </dev/null |
  awk -v first="twins, which has spawned" -v second="twin, which has written" '
    BEGIN { print "digraph spaces {\n  rankdir=LR;\n  node [shape=box];" }
    /^strict digraph/ { inside = 1; space++; next }
    /^}/ { inside = 0 }
    !inside || /rankdir|node \[/ { next }
    /^  directory \[/ { sub(/directory\\n/, (space == 1 ? first : second) "\\ndirectory\\n") }
    /^  directory/ { sub(/directory/, "directory" space) }
    { print }
    END { print "}" }'
