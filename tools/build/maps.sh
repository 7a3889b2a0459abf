#!/bin/bash
# Draws how a program of minos-paged in a virtual machine gets from its addresses to the machine's: the
# debugger's picture, a Graphviz graph on standard output.
#   maps.sh shadow   the guest's tables, the pmap and the shadow tables
#   maps.sh nested   one address over two levels of tables
# TRAPEZE is the command.
set -eu
trapeze=${TRAPEZE:-build/trapeze}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'twins\n' >"$work/keys"
case $1 in
  shadow) machine=(--profile pg) show="info shadow dot" ;;
  nested) machine=(--profile vtx --mmu nested) show="translate pc dot" ;;
esac
# Behind the `sys` by which it has spawned another.
printf '%s\n' 'break *(u_twins - user_image + 12)' continue "$show" >"$work/script"
"$trapeze" debug minos-paged --vmm --memory 192K "${machine[@]}" --input "$work/keys" \
  -x "$work/script" </dev/null | sed -n '/^digraph/,/^}/p'
