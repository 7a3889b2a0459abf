/* A student's own variant of a lab. What the lab's files leave open, as ${NAME}, is drawn
 * from lists of the lab's "draw" by the seed, so that one student's answers are of no use to
 * another. docs/grading.md describes the notation.
 */
#ifndef TRAPEZE_TOOLS_GRADE_VARY_H
#define TRAPEZE_TOOLS_GRADE_VARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The seed of a student's name: the same everywhere, and small enough for JSON's numbers. */
uint64_t vary_seed_of(const char *student);

/* One of each list in `lists`, an object of arrays (or NULL: none), into `drawn`, an object.
 * NULL: done; else what is expected, a constant. */
const char *vary_draw(const json_t *lists, uint64_t seed, json_t *drawn);

/* A copy in which each ${NAME}, or ${NAME.member} of an object, in a text is replaced; a text
 * that is nothing else becomes the value, whatever that is. NULL: no memory, or one was drawn
 * that is none; its name is then in unknown, else that is empty. */
#define VARY_NAME_SIZE 64u
json_t *vary_json(const json_t *value, const json_t *drawn, char unknown[VARY_NAME_SIZE]);

/* The same of a text. False: as NULL above. */
bool vary_text(const char *text, size_t len, const json_t *drawn, FILE *out,
               char unknown[VARY_NAME_SIZE]);

#endif
