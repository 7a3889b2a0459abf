# Sourced by run.sh: each format against its consumer's tool, or a schema of what that
# consumer's documents say; and each of these shown able to refuse. One submission with failed,
# passed and hidden tests and one that is not built; text that formats could stumble over.
schemas=$top/tests/grade/schemas
valid() { python3 -W ignore "$top/tests/grade/valid.py" "$schemas/$1.json" "$2"; }
refuses() { ! "$@"; }
rm -rf mixed broken && mkdir mixed broken
cp "$top"/labs/01-the-machine/solution/machine.s broken/
patch -s broken/machine.s "$top/labs/01-the-machine/wrong/print-signed.patch"
mkdir -p unbuilt && printf ' x <&">]]> \001\377 # TODO \n' >unbuilt/machine.s
export CLASSROOM=cs ASSIGNMENT=lab1 SUBMISSION_TAG=submit/1 COMMIT_URL=c RELEASE_URL=r REVIEW_URL=v
for which in broken unbuilt; do
  for format in json gradescope autolab prairielearn classroom50 junit tap; do
    grade 1 $which -T $format -o "$which.$format" >out 2>&1 || cat out
  done
  tail -n 1 "$which.autolab" >"$which.last"
  is "$which: JSON is as its schema says" valid trapeze "$which.json"
  is "$which: Gradescope's" valid gradescope "$which.gradescope"
  is "$which: Autolab's last line" valid autolab "$which.last"
  is "$which: PrairieLearn's" valid prairielearn "$which.prairielearn"
  is "$which: Classroom 50's" valid classroom50 "$which.classroom50"
  is "$which: JUnit's XML" xmllint --noout --schema "$schemas/junit.xsd" "$which.junit"
  # prove's own status is that of the tests: its parser's verdict is what counts.
  prove -e cat "$which.tap" >proved 2>&1
  is "$which: TAP, by Perl's parser" sh -c '! grep -q "Parse errors\|No plan" proved && grep -q "^Files=1, Tests=$1," proved' - \
    "$(jq '.tests | length' "$which.json")"
done
unset CLASSROOM ASSIGNMENT SUBMISSION_TAG COMMIT_URL RELEASE_URL REVIEW_URL
sed 's/"score"/"skore"/' broken.classroom50 >wrong.json
is "a schema refuses another name" refuses valid classroom50 wrong.json
sed 's/"visible"/"seen"/' broken.gradescope >wrong.json
is "… and another word" refuses valid gradescope wrong.json
sed 's/<testcase name="[^"]*"/<testcase/' broken.junit >wrong.xml
is "… JUnit's a case without a name" refuses xmllint --noout --schema "$schemas/junit.xsd" wrong.xml
sed '$d' broken.tap | sed 's/^1\.\./1..9/' >wrong.tap
prove -e cat wrong.tap >proved 2>&1
is "… TAP's a plan that is not kept" grep -q "Parse errors" proved
