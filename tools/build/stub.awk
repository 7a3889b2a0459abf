# The stub of a lab's file from the real source: awk -v functions="a b c" -f stub.awk FILE.
# The bodies of the functions named are taken out. One that is not there is an error, so
# that a lab and the source it is made from cannot part.
BEGIN { n = split(functions, list, " "); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }

# A definition begins in the first column, and its body is between braces there.
/^[a-z].*\(/ && !/;$/ {
  name = $0
  sub(/\(.*/, "", name)
  sub(/.*[ *]/, "", name)
  current = name in wanted ? name : ""
}
/^\{/ && current != "" {
  print "{"
  print "  /* To do. */"
  print "  not_implemented(\"" current "\");"
  skipping = 1
  found[current] = 1
  next
}
/^}/ && skipping { skipping = 0; current = "" }
skipping { next }
{ print }
/^#include "vmm\/modules.h"/ { print "#include \"labs/stub.h\"" }

END {
  for (f in wanted)
    if (!(f in found)) {
      print FILENAME ": error: there is no function '" f "' to take out" > "/dev/stderr"
      bad = 1
    }
  exit bad
}
