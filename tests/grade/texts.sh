# shellcheck shell=bash disable=SC2154
# Sourced by run.sh: submitted texts, profiles and guests that are wrong on purpose, and files
# that are missing, in the labs whose files have nothing to do with one another.
three=reference/03-is-it-virtualizable five=reference/05-when-it-fails

# A file that is not there, or no file, costs what needs it; the rest is graded.
rm -rf own && cp -r $five own && rm own/mended.profile && ln -sf /etc/passwd own/answer.txt && echo 'int x = ;' >own/patch.c
grade 5 own -j 2 -T json >own.json 2>out
is "a file missing, a link and a module that does not build cost what needs them" jq -e '.problem == null and
  [.tests[] | select(.status == "passed").id] == ["guest-session", "guest-traps", "guest-keys"]' own.json
is "… and each says why" jq -e '[.tests[] | select(.hidden | not).text // "" | match("is a symbolic link|is not there|patch.c:1:9: error").string] | unique | length == 3' own.json

# predictions.txt: PATTERN NAME, the file on standard input
predicts() {
  rm -rf own && cp -r $three own && cat >own/predictions.txt
  says 0 "$1" "$2" 3 own --only predict-pg
}
predicts 'has none for theorem 1' "an empty text" </dev/null
predicts 'predictions.txt:2: "theorem 1: perhaps"' "a word that is none" < <(printf '[pg extended]\ntheorem 1: perhaps\n')
predicts 'expected  an instruction' "an instruction that does not exist" < <(printf '[pg extended]\npopff: sensitive\n')
predicts 'expected  one line for each' "an answer twice" < <(printf '[pg extended]\npopf: sensitive\npopf: innocuous\n')
predicts 'a section, as' "a section twice" < <(printf '[pg extended]\nadd: innocuous\n[x86]\nadd: errant\n[pg extended]\nsys: errant\n')
predicts 'a section, as' "half of a section" < <(printf '[pg extended\n')
predicts '"\\xff\\xfe\[\\x1b\]2J"' "bytes that are no text are shown as such" < <(printf '\xff\xfe[\x1b]2J\npopf\0: sensitive\n')
predicts 'expected  an instruction' "a zero byte in a name" < <(printf '[pg extended]\npopf\0x: sensitive\n')
predicts 'an instruction, theorem 1' "a line without end" < <(head -c 900000 /dev/zero | tr '\0' a)
predicts 'at most 2,000 lines' "too many lines" < <(yes '[pg]' | head -150000)
predicts 'larger than 1 MiB' "a file too large" < <(yes '[pg]' | head -300000)

# repaired.profile: PATTERN NAME, the file on standard input
repairs() {
  rm -rf own && cp -r $three own && cat >own/hybrid.profile
  says 0 "$1" "$2" 3 own --only profile-hybrid
}
repairs 'a profile \(docs/profiles.md\)' "an empty profile" </dev/null
repairs 'cannot be extended here' "a profile that extends a file of the judge's" < <(printf 'profile h;\nextends "/etc/passwd";\n')
repairs 'cannot be extended here' "… or of the lab's" < <(printf 'profile h;\nextends "../hidden/x.profile";\n')
repairs 'hybrid.profile:4:9: error' "a line twice" < <(printf 'profile h;\nextends pg;\noutside popf = partial;\noutside popf = full;\n')
repairs 'hybrid.profile:3:9: error' "a user instruction that is ignored" < <(printf 'profile h;\nextends pg;\noutside add = nop;\n')
repairs 'Score: 7 of 7|in its way' "an MMU with pages is classified" < <(printf 'profile h;\nextends pg;\nmodes 4;\nmmu paged;\noutside mtcr = nop;\n')
repairs 'hybrid.profile:1:9: error' "bytes that are no text, in a profile" < <(printf 'profile \xff\x1b[31m;\n')
repairs 'expected  a profile' "a profile that never ends" < <(head -c 900000 /dev/zero | tr '\0' '"')
rm -rf own && cp -r $five own && printf 'profile m;\nextends pg;\nmmu paged;\n' >own/mended.profile
says 0 'the MMU and the I/O of pg' "a guest does not run on another MMU" 5 own --only profile-run
printf 'profile m;\nextends pg;\nabsent popf;\n' >own/mended.profile
says 0 'one is absent' "… nor where an instruction is missing" 5 own --only profile-run
says 0 'Score: 0 of 8' "… which is no mending" 5 own --only profile-theorem
printf 'profile m;\nextends pg;\noutside mtcr = full;\noutside popf = full;\nmodes 4;\n' >own/mended.profile
says 0 'Score: 0 of 8' "… nor where a guest takes the machine" 5 own --only profile-run

# Witnesses and guests
witness() { # PATTERN NAME, the source on standard input
  rm -rf own && cp -r $three own && cat >own/control.s
  says 0 "$1" "$2" 3 own --only witness-control
}
witness 'prints "bare|they part' "a witness that never ends" < <(printf '_start: cli\n1: j 1b\n')
witness 'it needs storage' "a witness that fits no machine" < <(printf '.org 0x3ffffff0\n_start: halt\n')
witness 'No such file|FAILED' "a witness that includes a file" < <(printf '_start: .incbin "/etc/passwd"\n')
rm -rf own && cp -r $five own && yes '        .data' | head -5000 >>own/mended.s
says 0 'more than 4000 lines' "a guest of too many lines" 5 own --only guest-session
# It prints what the right one would, and does nothing for it.
{ printf '.include "pg32.inc"\n_start: la s1, t\n1: lbu a0, 0(s1)\n beqz a0, 2f\n out a0, CONSOLE_DATA\n addi s1, s1, 1\n j 1b\n2: halt\n'; printf 't: .asciz "hello 0\\nx5\\nyza11\\nclosed\\n"\n'; } >own/mended.s
says 0 'at most 80 lines' "a guest that knows what is to be printed" 5 own --only guest-session

# Patch modules
patches() { # PATTERN NAME SED-EXPRESSION
  rm -rf own && cp -r $five own && sed -i "$3" own/patch.c
  says 0 "$1" "$2" 5 own --only patch-guest
}
patches 'called get_reg\(\) for what this module has no use for' "a patch module asks for a register" \
  's/^  struct vmm_word there = .*/&\n  if (env->get_reg) env->get_reg(env->ctx, 1);/'
patches 'exit\(0\)' "a patch module exits" 's/^  struct memory \*m = state;$/&\n  exit(0);/'
patches 'more than [0-9]* requests' "a patch module asks without end" 's/^  struct vmm_word there = .*/&\n  for (;;) env->load(env->ctx, (gpa_t){0});/'
patches 'at code is no hypercall|is no hypercall' "a patch module replaces by what does not trap" 's/\.word = hypercall()/.word = 0x00000013/'
