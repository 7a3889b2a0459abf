/* Seeded values for the tests of the instruction set. */
#ifndef TRAPEZE_TESTS_ISA_WORDS_H
#define TRAPEZE_TESTS_ISA_WORDS_H

#include "isa/isa.h"
#include "tests/common/random.h"

/* Sets the value of a slot. */
void words_set_slot(struct isa_decoded *d, enum isa_operand_slot slot, uint32_t value);

/* A value the operand may take: the first ones are the edges of its range and
 * their neighbours, later ones are drawn from the seed. */
uint32_t words_value(const struct isa_operand *operand, unsigned which, uint64_t *seed);
enum { WORDS_EDGES = 8 };

/* Reads one line of what isa_print() prints, by the instruction's shape. It
 * shares nothing with the printer. False: not such a line. */
bool words_parse(const char *text, uint32_t pc, struct isa_decoded *d);

#endif
