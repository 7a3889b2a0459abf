/* What classify found, for a person and for a program. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_SHOW_H
#define TRAPEZE_TOOLS_CLASSIFY_SHOW_H

#include <stdio.h>

#include <jansson.h>

#include "classify/classify.h"

/* The verdicts on the theorems, then a row an instruction. 80 columns; colour
 * where message_color() allows it. */
void show_print(const struct classification *c, FILE *out);
/* Schema trapeze-classify/1. */
json_t *show_json(const struct classification *c);

/* All profiles against the theorems in both models, a row a profile. `of` has
 * MODEL_COUNT classifications for each of `count` profiles, paper first. */
void show_matrix(struct classification *const *of, size_t count, FILE *out);
/* The same as a table for the manual. */
void show_matrix_markdown(struct classification *const *of, size_t count, FILE *out);
json_t *show_matrix_json(struct classification *const *of, size_t count);

/* What is different about b: behaviours, verdicts, theorems. */
void show_diff(const struct classification *a, const struct classification *b, FILE *out);
/* Schema trapeze-classify-diff/1. */
json_t *show_diff_json(const struct classification *a, const struct classification *b);

/* "holds", "FAILS", or "open": nothing stands in its way, as far as was sampled. */
const char *show_verdict(const struct classification *c, enum classify_theorem t);
/* ", with mmu paged": how the machine differs from the relocation and ports that most have;
 * "" if it does not. Returns buf. */
#define SHOW_FEATURES_SIZE 100
char *show_features(const struct profile *p, char buf[SHOW_FEATURES_SIZE]);
/* "paper's", "extended". */
const char *show_model(enum model model);
/* "4,000 samples of each instruction"; SHOW_SAMPLES_SIZE bytes. Returns buf. */
#define SHOW_SAMPLES_SIZE 80
char *show_samples(const struct classification *c, char buf[SHOW_SAMPLES_SIZE]);
/* "innocuous", "privileged", "errant", "sensitive", …: the class in one word or two. */
const char *show_class(const struct classification *c, enum isa_insn insn);

#endif
