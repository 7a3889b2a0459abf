#!/bin/bash
# flaws.sh TABLE.c PATCH…: the table of flawed modules (tools/common/flaws.h) from the heads of
# the patches. flaws.sh --module PATCH OUT.c: the module itself, our own with the patch.
set -eu
head_of() { sed -n "s/^$2: //p" "$1"; }
if [ "$1" = --module ]; then
  cp "$(head_of "$2" File)" "$3"
  patch -s -f --no-backup-if-mismatch -r - "$3" "$2" >&2 || {
    echo "$2: error: it does not apply to $(head_of "$2" File) any more" >&2
    rm -f "$3" "$3.orig"
    exit 1
  }
  exit 0
fi
out=$1
shift
{
  echo '/* Made by tools/build/flaws.sh. */'
  echo '#include "tools/common/flaws.h"'
  for p; do
    name=$(basename "$p" .patch)
    read -r field symbol < <(head_of "$p" Module)
    echo "extern const struct vmm_${field}_module flaw_$name; /* for $symbol */"
    echo "static void plant_$name(struct vmm_modules *m) { m->$field = &flaw_$name; }"
  done
  echo 'const struct flaw flaws[] = {'
  for p; do
    name=$(basename "$p" .patch)
    echo "  {\"$name\", plant_$name},"
  done
  echo '  {0},'
  echo '};'
} >"$out"
