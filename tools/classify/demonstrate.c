#include "tools/classify/demonstrate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "machine/devices/ports.h"
#include "machine/image.h"
#include "tools/classify/show.h"
#include "tools/common/memory.h"
#include "tools/verify/verify.h"

#define STORAGE (1u << 20) /* what a program gets by default */
#define TICKS   20000u
#define COLUMN  40
#define VECTORS 0x800u /* from the instruction; the program between is smaller */

/* A state to try, and what the engine says comes of it on a bare machine. */
struct scene {
  const struct classification *c;
  enum isa_insn insn;
  enum question q;
  struct trial_state state;
  struct trial_result result;
  bool console; /* the machine has one, and what is shown comes there in both */
  bool refused; /* a channel program was, before */
  const struct demonstrate_names *names;
  const char *elsewhere;            /* an instruction at which the machines part instead */
  const struct verify_result *seen; /* NULL: not tried */
  bool shows_word;                  /* of storage, after it */
  uint32_t shown_word;
  FILE *out;
};

/* ------------------------------------------------------------------- writing */

static void line(const struct scene *s, const char *comment, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void line(const struct scene *s, const char *comment, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fputs("        ", s->out);
  int column = 8 + vfprintf(s->out, format, args);
  va_end(args);
  if (comment[0]) {
    fprintf(s->out, "%*s# %s", column < COLUMN ? COLUMN - column : 1, "", comment);
  }
  fputc('\n', s->out);
}

/* An instruction by its name of the definition. */
static void op(const struct scene *s, enum isa_insn insn, const char *operands, const char *comment)
{
  line(s, comment, operands[0] ? "%-7s %s" : "%s%s", isa_insn_info(insn)->mnemonic, operands);
}

static void label(const struct scene *s, const char *name)
{
  fprintf(s->out, "%s:\n", name);
}

static void set_cr(const struct scene *s, enum isa_cr n, uint32_t value, const char *comment)
{
  char operands[40];
  line(s, comment, "li      t0, 0x%08x", value);
  snprintf(operands, sizeof operands, "%s, t0", isa_cr_info(n)->name);
  op(s, ISA_MTCR, operands, "");
}

/* ---------------------------------------------------------------- the state */

/* To set a state up and to show one the program uses what traps to the VMM, so that the
 * machines cannot part there; or the very instruction that is to be shown. */
static bool can(const struct scene *s, enum isa_insn insn)
{
  const struct profile *p = classification_profile(s->c);
  const struct profile_behaviour *b = profile_behaviour(p, insn, profile_user_mode(p));
  return b->kind == PROFILE_TRAP || (insn == s->insn && b->kind != PROFILE_ABSENT);
}

static bool shows_crs(const struct scene *s)
{
  return can(s, ISA_MFCR) && can(s, ISA_MTCR);
}

/* How the instruction is come to. */
enum entry { BY_JUMP, BY_MTCR, BY_RFE, BY_LPSW };

static enum entry entry_of(const struct scene *s)
{
  uint32_t psw = s->state.cr[CR_PSW];
  bool by_return = psw_mode(psw) != 0 || psw_te(psw);
  return psw == 0                        ? BY_JUMP
         : !can(s, ISA_MTCR)             ? BY_LPSW
         : by_return && !can(s, ISA_RFE) ? BY_LPSW
         : by_return                     ? BY_RFE
                                         : BY_MTCR;
}

static uint32_t physical(const struct trial_state *s, uint32_t at)
{
  uint32_t pa = at;
  trial_shows(s, at & ~3u, &pa);
  return pa | (at & 3);
}

/* Written by the routine that sets up, or by delivery before that. */
static uint32_t vectors_at(const struct scene *s)
{
  return can(s, ISA_MTCR) ? (physical(&s->state, s->state.pc) & ~3u) + VECTORS : 0;
}

/* Not set as the state has them: what the program sets up itself, what nobody can. */
static bool is_ours(enum isa_cr n, bool by_return)
{
  bool saved = n == CR_EPC || n == CR_EPSW;
  return n == CR_PSW || n == CR_VBR || n == CR_TICK || n == CR_CPUID || (saved && by_return);
}

static void write_crs(const struct scene *s, bool by_return)
{
  struct trial_state reset;
  trial_reset(&reset, s->state.storage);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    enum isa_cr cr = (enum isa_cr)n;
    if (!profile_has_cr(classification_profile(s->c), cr) || is_ours(cr, by_return) ||
        s->state.cr[n] == reset.cr[n]) {
      continue;
    }
    set_cr(s, cr, s->state.cr[n], isa_cr_info(cr)->summary);
  }
}

static void write_cells(const struct scene *s)
{
  for (unsigned i = 0; i < s->state.view_count + s->state.outside_count; i++) {
    bool outside = i >= s->state.view_count;
    const struct trial_cell *cell =
        outside ? &s->state.outside[i - s->state.view_count] : &s->state.view[i];
    if (!outside && cell->at == s->state.pc) {
      continue;
    }
    line(s, "a word of the state", "li      t0, 0x%08x", cell->word);
    line(s, "", "li      t1, 0x%08x", outside ? cell->at : physical(&s->state, cell->at));
    op(s, ISA_SW, "t0, 0(t1)", "");
  }
}

static void write_tables(const struct scene *s)
{
  struct map_word words[MAP_WORDS];
  unsigned count = map_tables(&s->state.map, s->state.storage, words);
  for (unsigned i = 0; i < count; i++) {
    line(s,
         i == 0   ? "page tables: entries of directories and"
         : i == 1 ? "of tables"
                  : "",
         "li      t0, 0x%08x", words[i].word);
    line(s, "", "li      t1, 0x%08x", words[i].pa);
    op(s, ISA_SW, "t0, 0(t1)", "");
  }
}

static void write_tlb(const struct scene *s)
{
  const struct map *m = &s->state.map;
  for (unsigned i = 0; m->mmu & ISA_FEATURE_MMU_TLB && i < m->count; i++) {
    char comment[40];
    snprintf(comment, sizeof comment, "entry %u of the TLB", i);
    set_cr(s, CR_TLBHI, m->entry[i].page | m->entry[i].space, comment);
    set_cr(s, CR_TLBLO, m->entry[i].word, "");
    set_cr(s, CR_TLBIX, i, "");
    op(s, ISA_TLBW, "", "");
  }
}

/* The TLB window is the state's own again. */
static void clear_window(const struct scene *s)
{
  const enum isa_cr window[] = {CR_TLBHI, CR_TLBLO, CR_TLBIX};
  for (size_t i = 0; i < sizeof window / sizeof *window; i++) {
    bool used = s->state.map.mmu & ISA_FEATURE_MMU_TLB && s->state.map.count > 0;
    if (used && s->state.cr[window[i]] == 0) {
      set_cr(s, window[i], 0, "");
    }
  }
}

static void write_keys(const struct scene *s)
{
  for (unsigned i = 0; i < s->state.key_count; i++) {
    line(s, "a storage key", "li      t0, %u", s->state.key[i].key);
    line(s, "of the block at this address", "li      t1, 0x%08x",
         s->state.key[i].block << KEY_BLOCK_SHIFT);
    op(s, ISA_SSK, "t0, t1", "");
  }
}

static void write_registers(const struct scene *s)
{
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    if (s->state.reg[r] || r == REG_T0 || r == REG_T1) {
      line(s, "", "li      %s, 0x%08x", isa_reg_name(r), s->state.reg[r]);
    }
  }
}

static void write_devices(const struct scene *s)
{
  const struct {
    uint32_t port, value;
  } disk[] = {{PORT_DISK_SECTOR, s->state.disk_sector},
              {PORT_DISK_ADDRESS, s->state.disk_address},
              {PORT_DISK_COUNT, s->state.disk_count}};
  for (size_t i = 0; i < sizeof disk / sizeof *disk; i++) {
    char operands[40];
    if (disk[i].value != 0) {
      line(s, "", "li      t0, 0x%08x", disk[i].value);
      snprintf(operands, sizeof operands, "t0, 0x%x(zero)", disk[i].port);
      op(s, ISA_OUT, operands, "a register of the disk");
    }
  }
  if (s->refused) {
    op(s, ISA_SIO, "t0, zero", "a program of zeros: refused, as the unit's status says");
  }
}

static void write_entry(const struct scene *s, enum entry entry)
{
  uint32_t psw = s->state.cr[CR_PSW];
  if (entry == BY_RFE) {
    set_cr(s, CR_EPC, s->state.pc, "the instruction, as the relocation shows it");
    set_cr(s, CR_EPSW, psw, "mode and TE");
  } else if (entry == BY_MTCR) {
    set_cr(s, CR_PSW, psw, "mode 0, translation off");
  }
  write_registers(s);
  if (entry == BY_RFE) {
    op(s, ISA_RFE, "", "into that state");
  } else if (entry == BY_LPSW) {
    op(s, ISA_LPSW, "state(zero)", "into that state");
  } else {
    line(s, "", "j       subject");
  }
}

static void write_setup(const struct scene *s)
{
  enum entry entry = entry_of(s);
  fputs("\n# The state: everything that is not as after reset.\n", s->out);
  label(s, "_start");
  if (can(s, ISA_MTCR)) {
    set_cr(s, CR_VBR, vectors_at(s), "every trap comes to `trapped`");
  }
  write_devices(s);
  write_cells(s);
  write_keys(s);
  write_tables(s);
  write_tlb(s);
  clear_window(s);
  write_crs(s, entry == BY_RFE);
  write_entry(s, entry);
}

/* ------------------------------------------------------------------ showing */

static void show_saved(const struct scene *s, const char *name, unsigned reg)
{
  char operands[40];
  line(s, "", "la      a0, text_%s", name);
  op(s, ISA_JAL, "ra, puts", "");
  line(s, "", "la      t0, saved");
  snprintf(operands, sizeof operands, "a1, %u(t0)", 4 * reg);
  op(s, ISA_LW, operands, "");
  op(s, ISA_JAL, "ra, puthex", "");
}

static void show_cr(const struct scene *s, enum isa_cr n)
{
  char operands[40];
  line(s, "", "la      a0, text_%s", isa_cr_info(n)->name);
  op(s, ISA_JAL, "ra, puts", "");
  snprintf(operands, sizeof operands, "a1, %s", isa_cr_info(n)->name);
  op(s, ISA_MFCR, operands, "");
  op(s, ISA_JAL, "ra, puthex", "");
}

static bool shows_register(const struct scene *s, unsigned r)
{
  struct isa_decoded d;
  bool operand = false;
  isa_decode(trial_view_word(&s->state, s->state.pc), &d);
  const struct isa_format_info *f = isa_format_info(isa_insn_info(s->insn)->format);
  for (size_t i = 0; i < f->operand_count; i++) {
    operand = operand || (f->operands[i].kind == ISA_OPERAND_REG &&
                          isa_get_slot(&d, f->operands[i].slot) == r);
  }
  return r != 0 && (operand || (!s->result.trapped && s->result.reg[r] != s->state.reg[r]));
}

static bool shows_cr(const struct scene *s, enum isa_cr n)
{
  bool changed = n != CR_PSW && n != CR_TICK && profile_has_cr(classification_profile(s->c), n) &&
                 !s->result.trapped && s->result.cr[n] != s->state.cr[n];
  return shows_crs(s) && (n == CR_EPC || n == CR_EPSW || n == CR_CAUSE || changed);
}

static void show_store(const struct scene *s)
{
  line(s, "", "la      a0, text_stored");
  op(s, ISA_JAL, "ra, puts", "");
  line(s, "where one of the machines stores", "li      a1, 0x%08x", s->shown_word);
  op(s, ISA_LW, "a1, 0(a1)", "");
  op(s, ISA_JAL, "ra, puthex", "");
}

static void save_registers(const struct scene *s)
{
  char operands[40];
  if (shows_crs(s)) {
    op(s, ISA_MTCR, "scr0, t0", "");
  }
  line(s, "", "la      t0, saved");
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    if (r != REG_T0) {
      snprintf(operands, sizeof operands, "%s, %u(t0)", isa_reg_name(r), 4 * r);
      op(s, ISA_SW, operands, "");
    }
  }
  if (shows_crs(s)) {
    op(s, ISA_MFCR, "t1, scr0", "");
    snprintf(operands, sizeof operands, "t1, %u(t0)", 4 * REG_T0);
    op(s, ISA_SW, operands, "");
  }
}

static void write_showing(const struct scene *s)
{
  fputs("\n# Whatever comes next traps: what the instruction left is shown.\n", s->out);
  label(s, "trapped");
  save_registers(s);
  if (s->console) {
    line(s, "", "la      a0, text_title");
    op(s, ISA_JAL, "ra, puts", "");
    for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
      if (shows_cr(s, (enum isa_cr)n)) {
        show_cr(s, (enum isa_cr)n);
      }
    }
    for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
      if (shows_register(s, r)) {
        show_saved(s, isa_reg_name(r), r);
      }
    }
    if (s->shows_word) {
      show_store(s);
    }
  }
  if (can(s, ISA_HALT)) {
    op(s, ISA_HALT, "", "");
  } else {
    fputs("1:\n", s->out);
    line(s, "this machine does not stop as it should", "j       1b");
  }
}

static void write_routines(const struct scene *s)
{
  fputs("\n# puts: the text at a0.\n", s->out);
  label(s, "puts");
  op(s, ISA_LBU, "t1, 0(a0)", "");
  line(s, "", "beqz    t1, 1f");
  op(s, ISA_OUT, "t1, 0(zero)", "the console");
  op(s, ISA_ADDI, "a0, a0, 1", "");
  line(s, "", "j       puts");
  fputs("1:      ret\n\n# puthex: a1 and a newline.\n", s->out);
  label(s, "puthex");
  line(s, "", "li      t2, 28");
  fputs("1:\n", s->out);
  op(s, ISA_SRL, "t1, a1, t2", "");
  op(s, ISA_ANDI, "t1, t1, 15", "");
  op(s, ISA_ADDI, "t1, t1, '0'", "");
  line(s, "", "li      s0, '9'");
  line(s, "", "ble     t1, s0, 2f");
  op(s, ISA_ADDI, "t1, t1, 'a' - '0' - 10", "");
  fputs("2:\n", s->out);
  op(s, ISA_OUT, "t1, 0(zero)", "");
  op(s, ISA_ADDI, "t2, t2, -4", "");
  line(s, "", "bgez    t2, 1b");
  line(s, "", "li      t1, '\\n'");
  op(s, ISA_OUT, "t1, 0(zero)", "");
  line(s, "", "ret");
}

static void text(const struct scene *s, const char *name, const char *what)
{
  fprintf(s->out, "text_%s:%*s .asciz  \"  %-8s 0x\"\n", name,
          strlen(name) < 7 ? (int)(7 - strlen(name)) : 0, "", what);
}

static void write_data(const struct scene *s)
{
  fputs(vectors_at(s) ? "\n" : "\n        .data\n", s->out);
  line(s, "the vectors, one for each cause", ".org    0x%08x", vectors_at(s));
  line(s, "", ".fill   %u, 4, trapped", (unsigned)ISA_CAUSE_LIMIT);
  label(s, "saved");
  line(s, "", ".space  %u", 4u * ISA_REG_COUNT);
  if (entry_of(s) == BY_LPSW) {
    label(s, "state");
    line(s, "PSW and pc", ".word   0x%08x, 0x%08x", s->state.cr[CR_PSW], s->state.pc);
  }
  if (!s->console) {
    return;
  }
  fprintf(s->out, "text_title: .asciz \"after %s\\n\"\n", isa_insn_info(s->insn)->mnemonic);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (shows_cr(s, (enum isa_cr)n)) {
      text(s, isa_cr_info((enum isa_cr)n)->name, isa_cr_info((enum isa_cr)n)->name);
    }
  }
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    if (shows_register(s, r)) {
      text(s, isa_reg_name(r), isa_reg_name(r));
    }
  }
  if (s->shows_word) {
    text(s, "stored", "stored");
  }
}

/* What either machine made of it, as verify saw it. */
static void write_difference(const struct scene *s)
{
  struct observed_field fields[8];
  const struct divergence *d = s->seen->first;
  size_t count = observation_fields(classification_profile(s->c), &d->before, &d->after[0],
                                    &d->after[1], fields, sizeof fields / sizeof *fields);
  fputs("#\n# After it                   bare machine    virtual machine\n", s->out);
  for (size_t i = 0; i < count; i++) {
    if (fields[i].bare != fields[i].vm) {
      fprintf(s->out, "#   %-24s 0x%08x      0x%08x\n", fields[i].name, fields[i].bare,
              fields[i].vm);
    }
  }
  for (size_t i = 0; i < d->word_count; i++) {
    if (d->words[i].bare != d->words[i].vm) {
      fprintf(s->out, "#   word at 0x%08x       0x%08x      0x%08x\n", d->words[i].at,
              d->words[i].bare, d->words[i].vm);
    }
  }
}

static void write_head(const struct scene *s)
{
  const struct profile *p = classification_profile(s->c);
  static const char *const commands[] = {"run", "vmm", "verify"};
  fprintf(s->out, "# %s on %s: %s\n# Outside the privileged mode it behaves as `%s`.\n#\n",
          isa_insn_info(s->insn)->mnemonic, profile_name(p), isa_insn_info(s->insn)->summary,
          profile_outside(p, s->insn));
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    fprintf(s->out, "#   trapeze %s %s --profile %s%s\n", commands[i], s->names->file,
            s->names->profile, can(s, ISA_HALT) ? "" : " --ticks 10k");
  }
  if (s->seen && s->seen->first) {
    write_difference(s);
  } else if (s->elsewhere) {
    fprintf(s->out, "#\n# The machines part at `%s`, and not at it.\n", s->elsewhere);
  } else {
    fputs("#\n# The bare machine and a virtual one do the same.\n", s->out);
  }
}

static void write_program(const struct scene *s)
{
  char insn[80];
  isa_print(insn, sizeof insn, trial_view_word(&s->state, s->state.pc), s->state.pc, NULL, NULL);
  write_head(s);
  fputc('\n', s->out);
  line(s, "where the witness has it", ".org    0x%08x", physical(&s->state, s->state.pc));
  fprintf(s->out, "        .globl  _start\nsubject:\n");
  line(s, "the instruction in question", "%s", insn);
  op(s, ISA_BRK, "", "a trap: back to mode 0");
  write_setup(s);
  write_showing(s);
  if (s->console) {
    write_routines(s);
  }
  write_data(s);
}

static bool write_text(struct scene *s, struct demonstration *d)
{
  struct memory program;
  if (memory_open(&program)) {
    s->out = program.stream;
    write_program(s);
  }
  bool whole = memory_close(&program);
  *d = (struct demonstration){program.text, program.len};
  return whole;
}

/* ------------------------------------------------------------------- trying */

static uint8_t *read_text(void *ctx, const char *path, size_t *len, const char **reason)
{
  const struct demonstration *d = ctx;
  (void)path;
  uint8_t *copy = malloc(d->len + 1);
  *reason = "out of memory";
  if (copy) {
    memcpy(copy, d->text, d->len);
    *len = d->len;
  }
  return copy;
}

struct stage {
  const struct profile *profile;
  const struct image *image;
};

static bool make_pair(void *ctx, enum machine_engine engine, struct pair *pair, const char **reason)
{
  const struct stage *stage = ctx;
  const struct machine_config bare = {
      .profile = stage->profile, .storage = STORAGE, .engine = engine};
  const struct stack_config under = {
      .profile = stage->profile, .storage = STORAGE, .depth = 1, .engine = engine};
  pair->bare = machine_create(&bare, reason);
  pair->stack = pair->bare ? stack_create(&under, reason) : NULL;
  if (!pair->stack) {
    return false;
  }
  pair->vm = stack_vm(pair->stack);
  *reason = "the program does not fit";
  return image_load(stage->image, pair->bare, stderr) && image_load(stage->image, pair->vm, stderr);
}

static void destroy_pair(void *ctx, struct pair *pair)
{
  (void)ctx;
  stack_destroy(pair->stack);
  machine_destroy(pair->bare);
}

/* NULL: its words lie under the program, or *no_memory. */
static struct image *assemble(struct demonstration *d, bool *no_memory)
{
  char *said = NULL;
  size_t len;
  FILE *errors = open_memstream(&said, &len);
  struct asm_output out = {0};
  struct image *image = NULL;
  if (errors) {
    struct asm_options o = {.reader = {read_text, d}, .errors = errors};
    enum asm_status status = asm_assemble_elf("demonstration.s", &o, &out);
    if (status == ASM_OK) {
      image = image_parse("demonstration.s", out.bytes, out.len, errors);
    }
    *no_memory |= status == ASM_HOST || (status == ASM_OK && !image && errno == ENOMEM);
    fclose(errors);
  } else {
    *no_memory = true;
  }
  free(said);
  free(out.bytes);
  return image;
}

enum played { UNPLAYED, ALIKE, APART, HERE };

/* HERE: the machines differ first when they execute the instruction. APART: before or after
 * that; *where is the instruction, if there is one. */
static enum played play(const struct scene *s, struct demonstration *d, struct verify_result *r,
                        bool *no_memory, const char **where)
{
  struct image *image = assemble(d, no_memory);
  struct stage stage = {classification_profile(s->c), image};
  *where = NULL;
  if (!image) {
    return UNPLAYED;
  }
  const struct verify_config config = {.maker = {make_pair, destroy_pair, &stage},
                                       .ticks = TICKS,
                                       .interval = TICKS,
                                       .stepping = true};
  enum played played = ALIKE;
  if (verify_run(&config, r) == VERIFY_HOST) {
    *no_memory = true;
    played = UNPLAYED;
  } else if (r->first) {
    struct explanation e = divergence_explain(r->first, stage.profile);
    played = e.cause == DIVERGENCE_HOLE && e.has_insn && e.insn == s->insn ? HERE : APART;
    *where = e.has_insn ? isa_insn_info(e.insn)->mnemonic : NULL;
  }
  image_destroy(image);
  return played;
}

enum found { NOTHING, SAME, DIFFERENT, SEEN }; /* SEEN: on the console */

struct search {
  struct scene scene;
  struct demonstration *best;
  enum found found;
  const char *lacks; /* what it takes to set up some state, and there is not */
  bool memory;
};

/* The registers that decide how the instruction is come to, and what cannot be set up, stay
 * as after reset. */
static void do_without(struct search *k, struct trial_state *state, enum isa_insn insn)
{
  struct trial_state reset;
  trial_reset(&reset, state->storage);
  k->lacks = k->lacks ? k->lacks : isa_insn_info(insn)->mnemonic;
  if (insn == ISA_SSK) {
    state->key_count = 0;
    return;
  }
  state->map.count = 0;
  if (insn == ISA_TLBW) {
    state->cr[CR_PSW] &= ~PSW_TE_MASK;
    return;
  }
  uint32_t kept[] = {state->cr[CR_PSW] & ~PSW_TE_MASK, state->cr[CR_TICK], state->cr[CR_CPUID]};
  memcpy(state->cr, reset.cr, sizeof state->cr);
  state->cr[CR_PSW] = insn == ISA_LPSW ? 0 : kept[0];
  state->cr[CR_TICK] = kept[1];
  state->cr[CR_CPUID] = kept[2];
  state->outside_count = 0;
}

static bool needs_mtcr(const struct trial_state *state)
{
  struct trial_state reset;
  trial_reset(&reset, state->storage);
  bool needs = false;
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    bool ours = n == CR_PSW || n == CR_TICK || n == CR_CPUID;
    needs = needs || (!ours && state->cr[n] != reset.cr[n]);
  }
  return needs;
}

/* Of page tables those that this state walks, the other one's with another PTBR not. */
static void prune_tables(struct trial_state *state)
{
  struct map *m = &state->map;
  uint32_t psw = state->cr[CR_PSW];
  bool walks = psw_te(psw) || psw_pmode(psw) != 0;
  for (unsigned i = m->count; m->mmu & ISA_FEATURE_MMU_PAGED && i-- > 0;) {
    if (!walks || m->entry[i].space != map_space(m, state->cr)) {
      m->entry[i] = m->entry[--m->count];
    }
  }
}

/* What the program cannot set up, it does without. */
static void fit(struct search *k)
{
  struct trial_state *state = &k->scene.state;
  prune_tables(state);
  if (!can(&k->scene, ISA_MTCR) && needs_mtcr(state)) {
    do_without(k, state, ISA_MTCR);
  }
  if (entry_of(&k->scene) == BY_LPSW && !can(&k->scene, ISA_LPSW)) {
    do_without(k, state, ISA_LPSW);
  }
  if (state->key_count > 0 && !can(&k->scene, ISA_SSK)) {
    do_without(k, state, ISA_SSK);
  }
  if (state->map.mmu & ISA_FEATURE_MMU_TLB && state->map.count > 0 && !can(&k->scene, ISA_TLBW)) {
    do_without(k, state, ISA_TLBW);
  }
  state->input = false;
  bool ports = can(&k->scene, ISA_OUT);
  state->disk_sector = ports ? state->disk_sector : 0;
  state->disk_address = ports ? state->disk_address : 0;
  state->disk_count = ports ? state->disk_count : 0;
}

/* The state in another mode, if that is one, and what comes of it. */
static bool stage_scene(struct search *k, const struct trial_state *state, unsigned mode,
                        struct trial_machine *t)
{
  struct scene *s = &k->scene;
  s->state = *state;
  s->state.cr[CR_PSW] = psw_set_mode(s->state.cr[CR_PSW], mode);
  fit(k);
  s->state.cr[CR_VBR] = vectors_at(s);
  return trial_run(t, &s->state, &s->result) &&
         !(s->result.trapped && isa_cause_info(s->result.trap.cause)->kind == ISA_CAUSE_MEMORY);
}

static void keep(struct search *k, enum found found, struct demonstration *d)
{
  free(k->best->text);
  *k->best = *d;
  k->found = found;
}

/* Its program, which shows what verify saw; instead of d. */
static void keep_told(struct search *k, enum found found, struct demonstration *d)
{
  struct demonstration told;
  if (found > k->found) {
    if (write_text(&k->scene, &told)) {
      keep(k, found, &told);
    } else {
      k->memory = true;
    }
  }
  free(d->text);
}

/* Keeps its program if it shows more than the best so far. */
static void try_scene(struct search *k)
{
  struct demonstration d;
  struct verify_result r;
  struct scene *s = &k->scene;
  s->seen = NULL;
  s->elsewhere = NULL;
  s->shows_word = false;
  const char *where = NULL;
  enum played played = UNPLAYED;
  if (!write_text(s, &d)) {
    k->memory = true;
    return;
  }
  played = play(s, &d, &r, &k->memory, &where);
  if (played == HERE && !r.after.output_differs && r.first->words_differing > 0) {
    free(d.text);
    s->shows_word = true;
    s->shown_word = r.first->words[0].at & ~3u;
    if (!write_text(s, &d)) {
      k->memory = true;
      return;
    }
    played = play(s, &d, &r, &k->memory, &where);
  }
  s->seen = played == HERE ? &r : NULL;
  s->elsewhere = played == APART ? where ? where : "another" : NULL;
  k->lacks = k->lacks || !s->elsewhere ? k->lacks : s->elsewhere;
  keep_told(k,
            played == UNPLAYED ? NOTHING
            : played == HERE   ? r.after.output_differs ? SEEN : DIFFERENT
                               : SAME,
            &d);
  s->seen = NULL;
}

static void try_states(struct search *k, const struct trial_state *state, unsigned count,
                       struct trial_machine *t)
{
  const unsigned modes[] = {0, profile_user_mode(classification_profile(k->scene.c))};
  for (unsigned i = 0; i < 2 * count && k->found != SEEN && !k->memory; i++) {
    if (stage_scene(k, &state[i / 2], modes[i % 2], t)) {
      try_scene(k);
    }
  }
}

/* The instruction with these operands: every immediate is imm, every register holds reg, and
 * the next one one more word. False: there is no such instruction. */
static bool with_operands(struct trial_state *state, uint32_t imm, uint32_t reg, uint32_t step)
{
  struct isa_decoded d;
  uint32_t word;
  if (!isa_decode(trial_view_word(state, state->pc), &d)) {
    return false;
  }
  const struct isa_format_info *f = isa_format_info(isa_insn_info(d.insn)->format);
  for (size_t i = 0; i < f->operand_count; i++) {
    const struct isa_operand *o = &f->operands[i];
    uint32_t r = isa_get_slot(&d, o->slot);
    if (o->kind == ISA_OPERAND_REG && r != REG_ZERO) {
      state->reg[r] = reg;
      reg += step;
    } else if (o->kind != ISA_OPERAND_REG && o->kind != ISA_OPERAND_CR) {
      isa_set_slot(&d, o->slot, imm);
    }
  }
  if (isa_encode(&d, &word, NULL, NULL, NULL) != ISA_ENCODE_OK) {
    return false;
  }
  for (unsigned i = 0; i < state->view_count; i++) {
    state->view[i].word = state->view[i].at == state->pc ? word : state->view[i].word;
  }
  return true;
}

/* The state with devices as a program can make them, and operands that name one. A byte
 * waits only if somebody types it. */
static void try_devices(struct search *k, struct trial_state state, struct trial_machine *t)
{
  bool ports = can(&k->scene, ISA_OUT);
  k->scene.refused = can(&k->scene, ISA_SIO);
  state.disk_sector = 1;
  if ((ports || k->scene.refused) && with_operands(&state, ports ? PORT_DISK_SECTOR : 0, 0, 0)) {
    try_states(k, &state, 1, t);
  }
  k->scene.refused = false;
  k->lacks = k->lacks ? k->lacks : "input";
}

static void try_witness(struct search *k, enum question q, const struct witness *w)
{
  const struct profile *p = classification_profile(k->scene.c);
  struct trial_machine *t = trial_machine_create(p, w->state[0].storage, MACHINE_ENGINE_FAST);
  component_set differ = question_states(q) == 2 ? question_differing(p, w) : 0;
  k->memory = k->memory || !t;
  k->scene.q = q;
  if (t) {
    try_states(k, w->state, question_states(q), t);
  }
  if (t && differ & component_bit(COMPONENT_DEVICES) && k->found < DIFFERENT) {
    try_devices(k, w->state[0], t);
  }
  if (t && k->lacks && k->found < DIFFERENT) {
    /* What is left of the state may show in other operands. */
    struct trial_state state = w->state[0];
    if (with_operands(&state, 1, 0x40, 0x40)) {
      try_states(k, &state, 1, t);
    }
  }
  trial_machine_destroy(t);
}

enum demonstrate_status demonstrate(const struct classification *c, enum isa_insn insn,
                                    const struct demonstrate_names *names, struct demonstration *d,
                                    const char **reason)
{
  /* What shows most comes first. */
  static const enum question order[] = {
      QUESTION_CONTROL,       QUESTION_RESOURCE,     QUESTION_LOCATION,    QUESTION_MODE,
      QUESTION_USER_RESOURCE, QUESTION_USER_CONTROL, QUESTION_UNPRIVILEGED};
  struct search k = {.scene = {.c = c, .insn = insn, .names = names}, .best = d};
  *d = (struct demonstration){NULL, 0};
  k.scene.console = can(&k.scene, ISA_OUT);
  for (size_t i = 0; i < sizeof order / sizeof *order && k.found != SEEN && !k.memory; i++) {
    const struct witness *w = classification_insn(c, insn)->answer[order[i]].witness;
    if (w) {
      try_witness(&k, order[i], w);
    }
  }
  *reason = k.memory   ? "out of memory"
            : !d->text ? "no program could be made of the witnesses"
                       : k.lacks;
  return k.memory               ? DEMONSTRATE_HOST
         : !d->text             ? DEMONSTRATE_NOTHING
         : k.found >= DIFFERENT ? DEMONSTRATE_DIVERGES
         : k.lacks              ? DEMONSTRATE_LACKS
                                : DEMONSTRATE_HOLDS;
}
