/* What each user instruction does, a second time: written by hand from the
 * RISC-V Unprivileged ISA (RV32I chapter 2, RV32E, M extension), not from
 * isa/pg32.isa, so that the two can be held against each other. addc and subc,
 * which RISC-V does not have, are written from their meaning in 64-bit sums.
 *
 * Where the method could be chosen it differs from the definition's: products
 * in 128 bits, carries and overflows as "the exact result does not fit", memory
 * byte by byte.
 */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_REFERENCE_H
#define TRAPEZE_TESTS_UNIT_MACHINE_REFERENCE_H

#include "isa/isa.h"

#define REFERENCE_REGS 16

struct reference {
  uint32_t regs[REFERENCE_REGS]; /* [0] is zero and stays so */
  uint32_t pc;
  bool c, v;
  uint8_t *memory; /* addresses 0 up to size; borrowed */
  uint32_t size;
};

enum reference_outcome {
  REFERENCE_DONE,
  REFERENCE_MISALIGNED, /* address not a multiple of the access's size */
  REFERENCE_OUTSIDE,    /* address beyond size */
  REFERENCE_NOT_USER,   /* no user instruction: the reference does not know it */
};

/* Executes one instruction at r->pc. Anything but DONE changes nothing, and
 * *address is the address at fault. */
enum reference_outcome reference_execute(struct reference *r, const struct isa_decoded *insn,
                                         uint32_t *address);

#endif
