# The class that is shown with an instruction is the one that the classifier has, on
# every profile there is, and the offenders are those derived by hand. Sourced by run.sh.
classes_of() { # profile: instruction, class, as the debugger shows them
  t -nx -batch -ex 'info sensitive' -p "$1" hello |
    sed -n '2,$s/^  \([a-z0-9]*\) *\([a-z]*\) *\(.*\)$/\1\t\3/p' | sort
}
classified() { # profile: the same of the classifier, by the route that tests/classify holds to the others
  "$trapeze" classify "$1" --routes=experiment --samples=1000 --json 2>/dev/null |
    grep -E '"(instruction|class)":' | sed 's/.*: "//; s/",*$//' | paste - - |
    sed 's/SENSITIVE, UNPRIVILEGED/sensitive and unprivileged/' | sort
}
offenders() { # profile: by hand
  awk -F'\t' -v p="$1" '$1 == "theorem" && $2 == p && $3 == "extended" && $4 == 1 && $6 != "-" {
    gsub(" ", "\n", $6); print $6 }' "$here/../classify/expected.txt" | sort
}
compare_classes() { # profile: exit status
  classes_of "$1" >"class-$1.shown"
  classified "$1" | grep -wFf <(cut -f1 "class-$1.shown") >"class-$1.proved"
  [ "$(wc -l <"class-$1.shown")" -gt 10 ] && cmp -s "class-$1.shown" "class-$1.proved" &&
    cmp -s <(sed -n 's/\tsensitive and unprivileged$//p' "class-$1.shown") <(offenders "$1")
}
profiles=$("$trapeze" profiles | sed -n 's/^\([a-z][a-z0-9-]*\) .*/\1/p')
[ "$(echo "$profiles" | wc -w)" -ge 14 ]
report $? "there are fourteen profiles"
running=
for p in $profiles; do
  { compare_classes "$p"; echo $? >"class-$p.status"; } &
  running="$running $!"
done
# shellcheck disable=SC2086
wait $running
for p in $profiles; do
  [ "$(cat "class-$p.status")" = 0 ]
  report $? "classes of instructions on $p: as classified, offenders as by hand"
  diff "class-$p.shown" "class-$p.proved" | head -n 10 | sed 's/^/# /'
done
sed 's/^popf.*/popf\tsensitive, privileged/' class-x86.proved >class-wrong
! cmp -s class-x86.shown class-wrong
report $? "caught: a class that is another"
