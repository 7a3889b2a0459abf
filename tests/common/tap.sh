# For suites of TAP in bash, to be sourced: the line of each test, numbered.
number=0 failed=0

report() { # STATUS NAME [LOG]
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then echo "ok $number - $2"; else
    failed=1
    echo "not ok $number - $2"
    [ -z "${3:-}" ] || head -n 40 "$3" | sed 's/^/# /'
  fi
}
