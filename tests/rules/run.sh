#!/bin/bash
# The rules that no compiler checks: includes run one way, the instruction set is
# defined once, each room introduces itself, nothing has file-scope state. Each
# rule is a function that prints what breaks it in a tree; each is also run on a
# scratch tree with a violation planted in it, which it must find.
#   tests/rules/allowed.txt holds the exceptions, each with its reason.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
here=tests/rules
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

report() { # report NAME OUTPUT: ok if there is no output
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    printf '%s\n' "$2" | sed 's/^/# /'
  fi
}

caught() { # caught NAME OUTPUT PATTERN: ok if the output names what was planted
  number=$((number + 1))
  if printf '%s\n' "$2" | grep -q -- "$3"; then
    echo "ok $number - caught: $1"
  else
    echo "not ok $number - caught: $1"
    printf '%s\n' "the check said:" "$2" | sed 's/^/# /'
  fi
}

# ------------------------------------------------------------- what there is

ROOMS="isa asm machine vmm classify tools labs guestos"

# The rooms whose headers a room may include.
may_include() {
  case $1 in
    isa) echo "isa" ;;
    asm) echo "isa asm" ;;
    machine) echo "isa machine" ;;
    vmm) echo "isa machine vmm" ;;
    classify) echo "isa machine classify" ;;
    tools) echo "isa asm machine vmm classify labs tools" ;;
    labs) echo "isa machine vmm labs" ;;
  esac
}

sources() { # sources TREE ROOM: C, headers, scanners, grammars
  [ -d "$1/$2" ] || return 0
  (cd "$1" && find "$2" -type f \( -name '*.[chly]' \) | sort)
}

# ------------------------------------------------------------------- layers

includes() { # includes TREE FILE: LINE PATH of each #include "PATH"
  awk -f $here/code.awk "$1/$2" |
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p'
}

check_layers() {
  local tree=$1 room file path target
  for room in $ROOMS; do
    for file in $(sources "$tree" "$room"); do
      for path in $(includes "$tree" "$file"); do
        target=${path#gen/}
        case $target in
          pg32*.h) continue ;; # generated from the definition
          */*) target=${target%%/*} ;;
          *) # its own folder's
            [ -e "$tree/$(dirname "$file")/$path" ] || echo "$file includes \"$path\": name its room"
            continue
            ;;
        esac
        [[ " $(may_include "$room") " == *" $target "* ]] ||
          echo "$file includes $path: $room may include $(may_include "$room")"
        [[ $path != *_internal.h || $target == "$room" ]] ||
          echo "$file includes $path: that is $target's own"
      done
    done
  done
}

check_circles() { # files that include each other
  local tree=$1 room file path
  for room in $ROOMS; do
    for file in $(sources "$tree" "$room"); do
      for path in $(includes "$tree" "$file"); do
        case $path in
          gen/*) ;;
          */*) echo "$file $path" ;;
          *) echo "$file $(dirname "$file")/$path" ;;
        esac
      done
    done
  done | tsort 2>&1 >"$scratch/order" | grep -v 'input contains a loop' | sed 's/^tsort: /in a circle: /'
}

# ------------------------------------------------------------ one definition

mnemonics() { sed -n 's/^instruction  *\([a-z0-9_]*\) .*/\1/p' "$1/isa/pg32.isa"; }
opcodes() { sed -n 's/^instruction  *[a-z0-9_]*  *0[xX]\([0-9a-fA-F]*\) .*/\1/p' "$1/isa/pg32.isa"; }

# Mnemonics that are also English, or C, or two letters long: a string that holds
# one among other words need not be about the instruction.
ENGLISH=" add sub and or xor div rem in out halt sys brk probe mul "

allowed() { # drops the lines that allowed.txt excuses: FILE TEXT, any spacing
  local line file text excused
  while IFS= read -r line; do
    excused=
    while read -r file text; do
      [[ -z $file || $file == "#"* ]] && continue
      [[ $line == "$file:"*"$text"* ]] && excused=yes
    done <"${1:-$here/allowed.txt}"
    [ -n "$excused" ] || printf '%s\n' "$line"
  done
}

check_mnemonics() { # string literals that are, or speak of, an instruction
  local tree=$1 room file all long m
  all=$(mnemonics "$tree" | paste -sd'|')
  long=$(for m in $(mnemonics "$tree"); do
    [ ${#m} -gt 2 ] && [[ $ENGLISH != *" $m "* ]] && echo "$m"
  done | paste -sd'|')
  for room in $ROOMS; do
    [[ $room = @(isa|guestos) ]] && continue # a guest executes them, in C too
    for file in $(sources "$tree" "$room"); do
      awk -v strings=1 -f $here/code.awk "$tree/$file" |
        grep -E "^[0-9]+	(($all)\$|(.*[^A-Za-z0-9_])?($long)([^A-Za-z0-9_]|\$))" |
        sed "s|^\([0-9]*\)	\(.*\)|$file:\1: \"\2\" names an instruction|"
    done
  done
}

# Opcodes: a word whose top byte is one, a case label that is one, the table's
# own field. Positions: the PSW, an instruction word or EINSN taken apart by number.
check_numbers() {
  local tree=$1 room file ops
  ops=$(opcodes "$tree" | paste -sd'|')
  local number='~?[(]*[[:space:]]*(0[xX][0-9a-fA-F]+|[0-9]+)'
  for room in $ROOMS; do
    [ "$room" = isa ] && continue
    for file in $(sources "$tree" "$room"); do
      awk -f $here/code.awk "$tree/$file" | grep -niE \
        -e "(^|[^0-9a-zA-Z_])0x($ops)[0-9a-f]{6}u?l*([^0-9a-zA-Z_]|\$)" \
        -e "case[[:space:]]+0x($ops)[[:space:]]*:" \
        -e "(\.|->)opcode([^0-9a-zA-Z_]|\$)" \
        -e "(^|[^0-9a-z])e?(psw|insn)[])]*[[:space:]]*(>>|<<|&|\||\^)=?[[:space:]]*$number" |
        sed "s|^\([0-9]*\):[[:space:]]*|$file:\1: |"
    done
  done
}

# ------------------------------------------------------------------- READMEs

check_readmes() {
  local tree=$1 room lines
  for room in $ROOMS; do
    [ -n "$(find "$tree/$room" -type f 2>/dev/null | head -n 1)" ] || continue
    if [ ! -e "$tree/$room/README.md" ]; then
      echo "$room has no README.md"
      continue
    fi
    lines=$(wc -l <"$tree/$room/README.md")
    [ "$lines" -lt 40 ] || echo "$room/README.md has $lines lines; under 40 are wanted"
  done
  if [ ! -e "$tree/README.md" ]; then
    echo "there is no README.md"
  else
    lines=$(wc -l <"$tree/README.md")
    [ "$lines" -le 150 ] || echo "README.md has $lines lines; at most 150 are wanted"
  fi
}

# --------------------------------------------------------------------- state

# Objects that can be written: .data and .bss, but not .data.rel.ro, where
# constant tables of pointers live. The sanitizers' own are not ours.
check_state() { # check_state OBJECT-OR-ARCHIVE…
  local file
  for file in "$@"; do
    if [ ! -e "$file" ]; then
      echo "$file is not built"
      continue
    fi
    objdump -t "$file" | awk -v file="$(basename "$file")" '
      /file format/ { member = $1; sub(/:$/, "", member) }
      NF >= 5 {
        name = $NF; section = $(NF - 2)
        if (section !~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ || section ~ /^\.data\.rel\.ro/) next
        if (name == section || $(NF - 1) ~ /^0+$/) next
        if (name ~ /^\.?(Lubsan|L\.str|__asan|__odr_asan|__ubsan|asan\.)/ || name ~ /^\.L/) next
        print file ": " member ": \"" name "\" is state that outlives its object (" section ")"
      }'
  done
}

# -------------------------------------------------------------- this repository

report "includes run one way" "$(check_layers .)"
report "no file includes itself in a circle" "$(check_circles .)"
report "no C outside isa/ names an instruction in a string" "$(check_mnemonics . | allowed)"
report "no C outside isa/ knows an opcode or a field's place" "$(check_numbers . | allowed)"
report "each room introduces itself, briefly" "$(check_readmes .)"
libraries=
for room in isa asm machine vmm classify tools; do
  libraries="$libraries $BUILD/lib$room.a"
done
# shellcheck disable=SC2086
report "no state outlives its object" "$(check_state $libraries | allowed)"

# ------------------------------------------------------------ planted violations

tree=$scratch/tree
mkdir -p "$tree"/{isa,asm,machine,vmm,tools}
cp isa/pg32.isa "$tree/isa/"

plant() { # plant FILE: from standard input
  mkdir -p "$tree/$(dirname "$1")"
  cat >"$tree/$1"
}
uproot() { rm "$tree/$1"; }

for case in "isa/low.c machine/machine.h" "isa/low.c gen/asm/parser.h" "machine/low.c vmm/vmm.h" \
  "machine/low.h asm/asm.h" "asm/low.y machine/image.h" "vmm/low.c tools/cmd.h" "vmm/low.c asm/asm.h" \
  "tools/low.c isa/profile_internal.h" "tools/low.c tests/unit/machine/random.h" "vmm/low.c lost.h"; do
  read -r file header <<<"$case"
  printf '#include "isa/isa.h"\n  # include "%s" /* down */\n' "$header" | plant "$file"
  caught "$file includes $header" "$(check_layers "$tree")" "^$file includes .*$header"
  uproot "$file"
done
printf '/* #include "vmm/vmm.h" */\n// #include "tools/x.h"\n#include "machine/machine.h"\n' |
  plant machine/fine.c
report "an include in a comment is none" "$(check_layers "$tree")"
uproot machine/fine.c

echo '#include "machine/b.h"' | plant machine/a.h
echo '#include "c.h"' | plant machine/b.h
echo '#include "machine/a.h"' | plant machine/c.h
caught "three headers in a circle" "$(check_circles "$tree")" "machine/b.h"
uproot machine/a.h
report "two headers in a row are no circle" "$(check_circles "$tree")"
uproot machine/b.h
uproot machine/c.h

expect_planted() { # expect_planted CHECK PATTERN TEXT
  printf '%s\n' "$3" | plant tools/low.c
  caught "$3" "$("$1" "$tree")" "^tools/low.c:.*$2"
  uproot tools/low.c
}
expect_fine() { # expect_fine CHECK TEXT
  printf '%s\n' "$2" | plant tools/low.c
  report "let alone: $2" "$("$1" "$tree")"
  uproot tools/low.c
}
expect_planted check_mnemonics popf 'if (strcmp(name, "popf") == 0)'
expect_planted check_mnemonics '"in"' 'static const char *x[] = {"in", "beside"};'
expect_planted check_mnemonics popf 'printf("at %s the popf diverged\n", where);'
expect_planted check_mnemonics lw 'x = find("lw");'
expect_fine check_mnemonics 'puts("cut out and in"); /* "popf" */ // "rfe"'
expect_fine check_mnemonics 'puts(isa_insn_info(ISA_POPF)->mnemonic);'

expect_planted check_numbers 0xF4000000 'word = 0xF4000000u | n;'
expect_planted check_numbers 'case' '  case 0xe8: return;'
expect_planted check_numbers opcode 'if (isa_insn_info(i)->opcode == n)'
expect_planted check_numbers psw 'mode = psw & 3;'
expect_planted check_numbers epsw 'te = (vcpu->epsw >> 5) & 1;'
expect_planted check_numbers insn 'op = trap->insn >> 24;'
expect_fine check_numbers 'mode = psw_mode(psw); x = psw && 1; y = 0xffffffff; z = 0xf4; /* psw & 3 */'
expect_fine check_numbers 'flags = psw & PSW_FLAGS_MASK; r = word >> 8; t = 0xf40000001;'

printf 'x\n' | plant isa/README.md
printf 'x\n' | plant machine/code.c
printf '%40s' '' | tr ' ' '\n' | plant asm/README.md
printf '%151s' '' | tr ' ' '\n' | plant README.md
readmes=$(check_readmes "$tree")
caught "a room without README.md" "$readmes" "^machine has no README.md"
caught "a room's README.md of 40 lines" "$readmes" "^asm/README.md has 40 lines"
caught "a README.md of 151 lines" "$readmes" "^README.md has 151 lines"
number=$((number + 1))
case $readmes in
  *"isa"*) echo "not ok $number - let alone: a README.md of one line" ;;
  *) echo "ok $number - let alone: a README.md of one line" ;;
esac

cat >"$scratch/state.c" <<'END'
int counted;
static int hidden = 1;
const char *pointed = "x";
static const char *const fine[] = {"a", "b"};
extern const int table[];
const int table[] = {1, 2};
int next(int i);
int next(int i)
{
  static int inside;
  return counted++ + hidden++ + *pointed + *fine[i] + inside++;
}
END
${CC:-cc} -O0 -c -o "$scratch/state.o" "$scratch/state.c"
state=$(check_state "$scratch/state.o")
for name in counted hidden pointed inside; do
  caught "file-scope state \"$name\"" "$state" "\"$name[.\"]"
done
number=$((number + 1))
case $state in
  *fine* | *table*) echo "not ok $number - let alone: constant tables" ;;
  *) echo "ok $number - let alone: constant tables" ;;
esac
caught "a library that is not built" "$(check_state "$scratch/none.a")" "not built"
echo "machine/x.c psw" >"$scratch/allowed"
caught "an exception excuses its own file only" \
  "$(printf 'machine/x.c:1: psw & 1\nvmm/x.c:1: psw & 1\n' | allowed "$scratch/allowed")" '^vmm/x.c'
report "an exception excuses" \
  "$(printf 'machine/x.c:1: psw & 1\n' | allowed "$scratch/allowed")"

echo "1..$number"
