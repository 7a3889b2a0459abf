#include "tools/classify/actions.h"

#include <string.h>

#include "tools/common/stack.h"
#include "tools/common/text.h"

#define STORAGE MACHINE_MIN_STORAGE
#define DATA    0x2000u
/* Columns of the grid, of 80: the class, a cell. */
#define HEAD_WIDTH 13
#define CELL_WIDTH 30

enum deed {
  DEED_EXECUTES,
  DEED_TRAPS,    /* to the kernel */
  DEED_DELIVERS, /* traps to the VMM, which delivers it to the guest's kernel */
  DEED_EMULATES, /* traps to the VMM, which verifies and emulates it */
  DEED_OTHER,    /* a memory trap: our state was no good */
  DEED_COUNT
};
static const char *const deeds[DEED_COUNT] = {
    "executes", "traps to the kernel", "traps to the VMM, which delivers it to the guest OS",
    "traps to the VMM, which verifies and emulates it", "meets a memory trap"};

enum class { CLASS_PLAIN, CLASS_ERRANT, CLASS_SENSITIVE, CLASS_COUNT };
static const char *const classes[CLASS_COUNT] = {"non-sensitive", "errant", "sensitive"};

enum cell { CELL_REAL_USER, CELL_REAL_KERNEL, CELL_VIRTUAL_USER, CELL_VIRTUAL_KERNEL, CELL_COUNT };
static const char *const cells[CELL_COUNT] = {"user mode", "privileged mode", "virtual user mode",
                                              "virtual privileged mode"};

/* The tables of the theory, for a machine whose sensitive instructions all trap. */
static const enum deed expected[CLASS_COUNT][CELL_COUNT] = {
    [CLASS_PLAIN] = {DEED_EXECUTES, DEED_EXECUTES, DEED_EXECUTES, DEED_EXECUTES},
    [CLASS_ERRANT] = {DEED_TRAPS, DEED_TRAPS, DEED_DELIVERS, DEED_DELIVERS},
    [CLASS_SENSITIVE] = {DEED_TRAPS, DEED_EXECUTES, DEED_DELIVERS, DEED_EMULATES},
};

/* ------------------------------------------------------------------- running */

/* Registers are a0, a1, a2 and addresses are DATA; ports and the storage key's block
 * are 0. */
static uint32_t encoding_of(enum isa_insn insn)
{
  static const uint8_t own[] = {REG_A0, REG_A1, REG_A2};
  struct isa_decoded d = {.insn = insn};
  const struct isa_format_info *f = isa_format_info(isa_insn_info(insn)->format);
  unsigned regs = 0;
  uint32_t word = 0;
  for (size_t i = 0; i < f->operand_count; i++) {
    if (f->operands[i].kind == ISA_OPERAND_REG) {
      isa_set_slot(&d, f->operands[i].slot, own[regs++]);
    } else if (f->operands[i].kind == ISA_OPERAND_CR) {
      isa_set_slot(&d, f->operands[i].slot, CR_SCR0);
    }
  }
  isa_encode(&d, &word, NULL, NULL, NULL);
  return word;
}

static bool takes_small_numbers(enum isa_insn insn)
{
  return insn == ISA_IN || insn == ISA_OUT || insn == ISA_SSK || insn == ISA_ISK;
}

static void set_up(struct machine *m, const struct profile *p, enum isa_insn insn, unsigned mode)
{
  machine_set_pc(m, ISA_RESET_PC);
  machine_phys_write_word(m, (gpa_t){ISA_RESET_PC}, encoding_of(insn));
  /* What a return or a load of the PSW leads to: user mode. */
  machine_phys_write_word(m, (gpa_t){DATA}, psw_set_mode(0, profile_user_mode(p)));
  machine_set_cr(m, CR_EPSW, psw_set_mode(0, profile_user_mode(p)));
  machine_set_reg(m, REG_SP, DATA + 8);
  machine_set_reg(m, REG_A0, takes_small_numbers(insn) ? 0 : DATA);
  machine_set_reg(m, REG_A1, takes_small_numbers(insn) ? 0 : DATA);
  machine_set_reg(m, REG_A2, DATA);
  machine_set_cr(m, CR_PSW, psw_set_mode(0, mode));
}

static enum deed trap_deed(const struct trap *t, bool virtual)
{
  if (isa_cause_info(t->cause)->kind == ISA_CAUSE_MEMORY) {
    return DEED_OTHER;
  }
  return virtual ? DEED_DELIVERS : DEED_TRAPS;
}

static bool run_real(const struct profile *p, enum isa_insn insn, unsigned mode, enum deed *deed,
                     const char **reason)
{
  const struct machine_config config = {
      .profile = p, .storage = STORAGE, .engine = MACHINE_ENGINE_STEPPER};
  struct machine *m = machine_create(&config, reason);
  if (!m) {
    return false;
  }
  set_up(m, p, insn, mode);
  struct machine_stop stop = machine_run(m, 1);
  *deed = stop.why == MACHINE_TRAP ? trap_deed(&stop.trap, false) : DEED_EXECUTES;
  machine_destroy(m);
  return true;
}

/* By what the VMM counted. */
static bool run_virtual(const struct profile *p, enum isa_insn insn, unsigned mode, enum deed *deed,
                        const char **reason)
{
  const struct stack_config config = {
      .profile = p, .storage = STORAGE, .depth = 1, .engine = MACHINE_ENGINE_STEPPER};
  struct stack *s = stack_create(&config, reason);
  if (!s) {
    return false;
  }
  struct machine *vm = stack_vm(s);
  set_up(vm, p, insn, mode);
  const struct vmm_stats before = *vmm_vm_stats(vm);
  struct machine_stop stop = machine_run(vm, 1);
  const struct vmm_stats *after = vmm_vm_stats(vm);
  if (stop.why == MACHINE_TRAP && after->reflected > before.reflected) {
    *deed = trap_deed(&stop.trap, true);
  } else {
    *deed = after->emulated > before.emulated ? DEED_EMULATES : DEED_EXECUTES;
  }
  stack_destroy(s);
  return true;
}

static bool run_cell(const struct profile *p, enum isa_insn insn, enum cell cell, enum deed *deed,
                     const char **reason)
{
  unsigned mode = cell == CELL_REAL_USER || cell == CELL_VIRTUAL_USER ? profile_user_mode(p) : 0;
  return cell <= CELL_REAL_KERNEL ? run_real(p, insn, mode, deed, reason)
                                  : run_virtual(p, insn, mode, deed, reason);
}

/* ------------------------------------------------------------------ printing */

struct actions {
  const struct classification *c;
  FILE *out;
  enum deed deed[ISA_INSN_COUNT][CELL_COUNT];
  enum class class[ISA_INSN_COUNT];
  unsigned size[CLASS_COUNT];
};

static bool present(const struct actions *a, unsigned n)
{
  return classification_insn(a->c, (enum isa_insn)n)->present;
}

static bool run_all(struct actions *a, const char **reason)
{
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(a->c, (enum isa_insn)n);
    a->class[n] = i->errant ? CLASS_ERRANT : i->sensitive ? CLASS_SENSITIVE : CLASS_PLAIN;
    if (!i->present) {
      continue;
    }
    a->size[a->class[n]]++;
    for (unsigned cell = 0; cell < CELL_COUNT; cell++) {
      if (!run_cell(classification_profile(a->c), i->insn, (enum cell)cell, &a->deed[n][cell],
                    reason)) {
        return false;
      }
    }
  }
  return true;
}

static unsigned exceptions(const struct actions *a, enum class class, enum cell cell)
{
  unsigned count = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    count += present(a, n) && a->class[n] == class && a->deed[n][cell] != expected[class][cell];
  }
  return count;
}

/* "traps to the kernel", and in how many of the class it does not; a newline parts lines. */
static void cell_text(const struct actions *a, enum class class, enum cell cell, char *buf,
                      size_t size)
{
  unsigned others = exceptions(a, class, cell), all = a->size[class];
  char note[40] = "";
  if (others) {
    snprintf(note, sizeof note, "\n(%u of %u do not *)", others, all);
  }
  snprintf(buf, size, "%s%s", all ? deeds[expected[class][cell]] : "(there is none)", note);
}

/* How much of the text a line of CELL_WIDTH takes. */
static int line_length(const char *text)
{
  size_t end = strcspn(text, "\n"), last = end;
  if (end > CELL_WIDTH) {
    for (last = CELL_WIDTH; last > 0 && text[last] != ' '; last--) {
    }
  }
  return (int)last;
}

static const char *after_line(const char *text, int length)
{
  return text[length] ? text + length + 1 : text + length;
}

/* A row of the grid: a name, what it counts, and two cells, in as many lines as they need. */
static void print_row(FILE *out, const char *name, const char *count, const char *left,
                      const char *right)
{
  const char *heads[] = {name, count};
  for (unsigned line = 0; *left || *right || line < 2; line++) {
    const char *head = line < 2 ? heads[line] : "";
    int l = line_length(left), r = line_length(right);
    if (!*head && !l && !r) {
      return;
    }
    fprintf(out, "  %s", head);
    if (l || r) {
      fprintf(out, "%*s%.*s", HEAD_WIDTH - (int)strlen(head) + 2, "", l, left);
    }
    if (r) {
      fprintf(out, "%*s%.*s", CELL_WIDTH - l + 2, "", r, right);
    }
    fputc('\n', out);
    left = after_line(left, l);
    right = after_line(right, r);
  }
}

static void print_table(const struct actions *a, const char *title, enum cell first)
{
  fprintf(a->out, "%s\n\n", title);
  print_row(a->out, "", "", cells[first], cells[first + 1]);
  for (unsigned class = 0; class < CLASS_COUNT; class ++) {
    char count[40], text[2][200];
    snprintf(count, sizeof count, "  %u", a->size[class]);
    cell_text(a, (enum class) class, first, text[0], sizeof text[0]);
    cell_text(a, (enum class) class, first + 1, text[1], sizeof text[1]);
    fputc('\n', a->out);
    print_row(a->out, classes[class], count, text[0], text[1]);
  }
  fputc('\n', a->out);
}

/* One line for each deed in each cell that is not the table's, with the names. */
static unsigned print_exceptions(const struct actions *a, enum class class, enum cell cell,
                                 enum deed deed)
{
  char list[ISA_INSN_COUNT * 12 + 200];
  size_t at = 0;
  unsigned count = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    if (present(a, n) && a->class[n] == class && a->deed[n][cell] == deed &&
        deed != expected[class][cell]) {
      at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", count ? " " : "",
                             isa_insn_info((enum isa_insn)n)->mnemonic);
      count++;
    }
  }
  if (count) {
    snprintf(list + at, sizeof list - at, ": %s", deeds[deed]);
    int column = fprintf(a->out, "  %-25s  ", cells[cell]);
    text_wrap(a->out, list, column, column);
  }
  return count;
}

static void print_all_exceptions(const struct actions *a)
{
  unsigned count = 0;
  for (unsigned class = 0; class < CLASS_COUNT; class ++) {
    for (unsigned cell = 0; cell < CELL_COUNT; cell++) {
      count += exceptions(a, (enum class) class, (enum cell)cell);
    }
  }
  if (!count) {
    fputs("Every cell is as the theory has it.\n", a->out);
    return;
  }
  fputs("* Not as the theory has it:\n", a->out);
  for (unsigned class = 0; class < CLASS_COUNT; class ++) {
    for (unsigned cell = 0; cell < CELL_COUNT; cell++) {
      for (unsigned deed = 0; deed < DEED_COUNT; deed++) {
        print_exceptions(a, (enum class) class, (enum cell)cell, (enum deed)deed);
      }
    }
  }
}

bool actions_print(const struct classification *c, FILE *out, const char **reason)
{
  struct actions a = {.c = c, .out = out};
  if (!run_all(&a, reason)) {
    return false;
  }
  const struct profile *p = classification_profile(c);
  char line[300];
  snprintf(line, sizeof line,
           "What happens to each class of instructions: every cell was run, once for each "
           "instruction, in the %s model.",
           model_name(classification_model(c)));
  int column = fprintf(out, "%s: ", profile_name(p));
  text_wrap(out, line, column, 2);
  fputc('\n', out);
  print_table(&a, "The real machine", CELL_REAL_USER);
  print_table(&a, "A virtual machine", CELL_VIRTUAL_USER);
  print_all_exceptions(&a);
  return true;
}
