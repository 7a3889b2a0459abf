# Sourced by run.sh with the hand-out of lab 4 built in 04-trap-and-emulate: docs/student.md is
# walked through in it. `$ command` is run, and every line shown below it must be printed; the one
# line of C that the text gives is put into dispatch(), and everything built again.
walk() { # DOCUMENT FOLDER
  local line shown='' wrong=0
  while IFS= read -r line; do
    case $line in
      '    $ '*)
        shown=${line#'    $ '}
        (cd "$2" && bash -c "$shown") >walked 2>&1 </dev/null
        sed -i "s/(sandbox: [a-z]*)/(sandbox: bwrap)/; s/\r$//" walked
        ;;
      '      return '*)
        sed -i "s/^  not_implemented(\"dispatch\");/${line#    }/" "$2/submission/dispatch.c"
        env -u BUILD make -C "$2" >made 2>&1 || { cat made; wrong=1; }
        ;;
      '    '*)
        [ -z "$shown" ] || grep -qxF -- "${line#    }" walked || { echo "$shown does not print: ${line#    }" && cat walked && wrong=1; }
        ;;
      *) shown='' ;;
    esac
  done <"$1"
  return $wrong
}
is "a student's first hour is as docs/student.md tells" walk "$top/docs/student.md" 04-trap-and-emulate
is "… which shows something" test "$(grep -c '^    \$ ' "$top/docs/student.md")" -ge 5
mkdir -p instructor && ln -sfn "$top/labs" instructor/labs && ln -sfn "$top/vmm" instructor/vmm && ln -sfn "$from" instructor/build
is "an instructor's is as docs/instructor.md tells" walk "$top/docs/instructor.md" instructor
sed 's/^    Hello from PG32/    Hello from PG33/; /^      return /d' "$top/docs/student.md" >stale.md
is "caught: a line that is not printed" sh -c '! "$@"' - bash -c "$(declare -f walk); walk stale.md 04-trap-and-emulate"
"$top/tools/build/stubs.sh" "$top/labs/04-trap-and-emulate" 04-trap-and-emulate/submission
