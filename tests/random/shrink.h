/* From a guest on which two machines part to a small one on which they part too,
 * and to something that a person can read.
 */
#ifndef TRAPEZE_TESTS_RANDOM_SHRINK_H
#define TRAPEZE_TESTS_RANDOM_SHRINK_H

#include <stdio.h>

#include "tests/random/trial.h"

/* Begins as late as it can, then takes instructions, data, registers, control
 * registers and inputs away while the two still part. *way may become simpler;
 * *f becomes what the small guest shows. */
void shrink(struct guest *g, struct trial_way *way, struct finding *f);
/* Prints the state that is not as after reset, and the code that runs. Answers how
 * many instructions that is. */
unsigned shrink_print(const struct guest *g, const struct finding *f, FILE *out);

#endif
