#include "tests/common/program.h"

#include <stdio.h>
#include <stdlib.h>

void insist(bool holds, const char *what)
{
  if (!holds) {
    fprintf(stderr, "test support: %s\n", what);
    abort();
  }
}

/* ---------------------------------------------------------------- by hand */

uint32_t word_of(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm)
{
  struct isa_decoded d = {
      .insn = insn, .a = (uint8_t)a, .b = (uint8_t)b, .c = (uint8_t)c, .imm = imm};
  uint32_t word = 0;
  insist(isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK, isa_insn_info(insn)->mnemonic);
  return word;
}

void put_word(struct program *p, uint32_t word)
{
  insist(p->count < PROGRAM_MAX, "the program is too long");
  p->words[p->count++] = word;
}

void put(struct program *p, enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm)
{
  put_word(p, word_of(insn, a, b, c, imm));
}

void put_cr(struct program *p, enum isa_insn insn, enum isa_cr n, unsigned a)
{
  struct isa_decoded d = {.insn = insn, .a = (uint8_t)a, .n = (uint8_t)n};
  uint32_t word = 0;
  insist(isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK, isa_insn_info(insn)->mnemonic);
  put_word(p, word);
}

void put_li(struct program *p, unsigned reg, uint32_t value)
{
  uint32_t low = value & 0x7fffu;
  low = value & 0x800u ? (value & 0xfffu) | 0xfffff000u : value & 0xfffu;
  put(p, ISA_LUI, reg, 0, 0, value - low);
  put(p, ISA_ADDI, reg, reg, 0, low);
}

void put_set_cr(struct program *p, enum isa_cr n, uint32_t value, unsigned reg)
{
  put_li(p, reg, value);
  put_cr(p, ISA_MTCR, n, reg);
}

uint32_t here(const struct program *p)
{
  return p->origin + 4 * p->count;
}

void load_program(struct machine *m, const struct program *p)
{
  for (uint32_t i = 0; i < p->count; i++) {
    insist(machine_phys_write_word(m, gpa(p->origin + 4 * i), p->words[i]),
           "the program does not fit into storage");
  }
}

/* ---------------------------------------------------------------- chance */

struct random random_from(uint64_t seed)
{
  return (struct random){(seed + 1) * 0x9e3779b97f4a7c15u | 1};
}

uint32_t random_word(struct random *r)
{
  r->state ^= r->state << 13;
  r->state ^= r->state >> 7;
  r->state ^= r->state << 17;
  return (uint32_t)(r->state >> 16);
}

uint32_t random_below(struct random *r, uint32_t limit)
{
  return random_word(r) % limit;
}
