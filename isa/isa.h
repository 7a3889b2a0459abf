/* The instruction set, as the rest of the program sees it: names for every
 * generated thing, and decode, encode and print over the generated tables.
 *
 * Nothing here has state; every function is pure and safe from any thread.
 * The definition itself is isa/pg32.isa; gen/pg32.h and gen/pg32_tables.c are
 * generated from it by isa/gen/. No file outside isa/ names an opcode number,
 * a field position or a mnemonic string.
 */
#ifndef TRAPEZE_ISA_ISA_H
#define TRAPEZE_ISA_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Generated. Enumerations: enum isa_insn (ISA_ADD … , ISA_INSN_COUNT),
 * enum isa_body (BODY_ADD_FULL, BODY_POPF_PARTIAL … , ISA_BODY_COUNT: one for
 * each instruction and each behaviour with a body of its own; ISA_BODIES(X)
 * lists them as X(POPF, PARTIAL)),
 * enum isa_cause (CAUSE_ILLEGAL … , ISA_CAUSE_LIMIT one above the highest),
 * ISA_INTERRUPT_CAUSES (bits 1 << cause),
 * enum isa_cr (CR_PSW … , ISA_CR_COUNT), enum isa_reg (REG_ZERO … REG_A5,
 * ISA_REG_COUNT), enum isa_format (FORMAT_NONE, FORMAT_RRR …,
 * ISA_FORMAT_COUNT), enum isa_feature (ISA_FEATURE_MMU_BOUNDS … , a bit each:
 * what instructions, control registers and profiles name),
 * ISA_DEFINITION_NAME and ISA_DEFINITION_VERSION.
 * PSW accessors, each field: psw_mode(psw), psw_set_mode(psw, v) and
 * PSW_MODE_SHIFT, PSW_MODE_MASK (in place); PSW_FLAGS_MASK, PSW_ALL_MASK. */
#include "gen/pg32.h"

enum isa_group { ISA_GROUP_USER, ISA_GROUP_ERRANT, ISA_GROUP_SYSTEM };

enum isa_operand_kind {
  ISA_OPERAND_REG,
  ISA_OPERAND_SIMM,
  ISA_OPERAND_UIMM,
  ISA_OPERAND_UPPER, /* value has its low 12 bits zero */
  ISA_OPERAND_REL,   /* value is a byte offset from the instruction, multiple of 4 */
  ISA_OPERAND_CR,
};

/* Which slot of struct isa_decoded an operand fills. */
enum isa_operand_slot { ISA_SLOT_A, ISA_SLOT_B, ISA_SLOT_C, ISA_SLOT_N, ISA_SLOT_IMM };

struct isa_operand {
  const char *name;
  enum isa_operand_slot slot;
  enum isa_operand_kind kind;
  uint8_t high, low; /* bit positions in the word, inclusive */
};

struct isa_behaviour {
  const char *name; /* "full", "partial", … */
  enum isa_body body;
};

struct isa_insn_info {
  const char *mnemonic;
  uint8_t opcode;
  enum isa_group group;
  enum isa_format format;
  const char *shape;                      /* operand syntax: "a, imm(b)" */
  const char *summary;                    /* "Load word" */
  const char *models;                     /* real instructions it stands for, or "" */
  const char *sensitive;                  /* why it is sensitive, or "" */
  uint32_t requires;                      /* any one of these features; 0: none needed */
  const struct isa_behaviour *behaviours; /* [0] is "full" */
  size_t behaviour_count;
};

struct isa_format_info {
  const char *name;
  const struct isa_operand *operands;
  size_t operand_count;
};

struct isa_cr_info {
  const char *name;
  const char *summary;
  uint32_t write_mask; /* bits a write may change; for PSW-shaped ones see is_psw */
  bool is_psw;         /* write follows the PSW's field rules: profile_legal_psw() */
  uint32_t requires;   /* any one of these features; 0: always there */
};

enum isa_cause_kind { ISA_CAUSE_SYNC, ISA_CAUSE_MEMORY, ISA_CAUSE_INTERRUPT };

struct isa_cause_info {
  const char *name;    /* "privileged"; NULL where the number is unused */
  const char *summary; /* "privileged instruction" */
  enum isa_cause_kind kind;
  uint8_t line; /* interrupts: the line */
};

struct isa_psw_field_info {
  const char *name; /* "mode"; NULL ends the table */
  const char *summary;
  uint8_t high, low; /* bit positions, inclusive */
  bool is_mode;      /* a write of a mode that does not exist gives the least privileged one */
};

/* A decoded word. imm is extended and scaled as the operand's kind says. */
struct isa_decoded {
  enum isa_insn insn;
  uint8_t a, b, c, n;
  uint32_t imm;
};

/* The value that an operand has in a decoded word, and giving it one. */
uint32_t isa_get_slot(const struct isa_decoded *d, enum isa_operand_slot slot);
void isa_set_slot(struct isa_decoded *d, enum isa_operand_slot slot, uint32_t value);

#define ISA_PAGE_SIZE   4096u
#define ISA_RESET_PC    0x1000u /* raw binaries are loaded and started here */
#define ISA_ELF_MACHINE 0x5047  /* e_machine of our ELF files: "PG" */

/* Static tables; the pointers live as long as the program. */
const struct isa_insn_info *isa_insn_info(enum isa_insn insn);
const struct isa_format_info *isa_format_info(enum isa_format format);
const struct isa_cr_info *isa_cr_info(enum isa_cr cr);
/* cause: any number; unused numbers have name NULL. */
extern const struct isa_cause_info isa_causes[ISA_CAUSE_LIMIT];
static inline const struct isa_cause_info *isa_cause_info(unsigned cause)
{
  static const struct isa_cause_info none = {.name = NULL};
  return cause < ISA_CAUSE_LIMIT ? &isa_causes[cause] : &none;
}
const struct isa_psw_field_info *isa_psw_fields(void); /* ends with name NULL */
const char *isa_reg_name(unsigned reg);                /* reg < ISA_REG_COUNT */

static inline bool isa_cause_is_interrupt(unsigned cause)
{
  return cause < ISA_CAUSE_LIMIT && (ISA_INTERRUPT_CAUSES >> cause & 1);
}

/* Looks a name up, case-sensitively. False if there is none. `len` bytes of name. */
bool isa_find_insn(const char *name, size_t len, enum isa_insn *insn);
bool isa_find_cr(const char *name, size_t len, enum isa_cr *cr);
bool isa_find_reg(const char *name, size_t len, unsigned *reg); /* also x0 … x15 */
bool isa_find_cause(const char *name, size_t len, enum isa_cause *cause);

/* False: the word is illegal on every profile. Profiles make more words illegal
 * (absent instructions, control registers that do not exist): see profile.h. */
bool isa_decode(uint32_t word, struct isa_decoded *out);

enum isa_encode_status { ISA_ENCODE_OK, ISA_ENCODE_RANGE, ISA_ENCODE_ALIGN };
/* On failure *operand is the index of the operand at fault, *min and *max the
 * range its value must lie in (as signed 64-bit), and *word is untouched.
 * Any of operand, min, max may be NULL. */
enum isa_encode_status isa_encode(const struct isa_decoded *in, uint32_t *word, size_t *operand,
                                  int64_t *min, int64_t *max);
/* The range of values an operand may take. */
void isa_operand_range(const struct isa_operand *operand, int64_t *min, int64_t *max);

/* Prints the instruction at pc as the assembler accepts it, always terminated,
 * like snprintf; an illegal word prints as ".word 0x…". Relative targets print
 * as absolute addresses in hex, or through `symbol` when it is not NULL:
 * symbol(ctx, address, buf, size) returns true if it wrote a name. */
typedef bool isa_symbol_fn(void *ctx, uint32_t address, char *buf, size_t size);
int isa_print(char *buf, size_t size, uint32_t word, uint32_t pc, isa_symbol_fn *symbol, void *ctx);

#endif
