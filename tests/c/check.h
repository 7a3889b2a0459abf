/* What the programs share: a check that fails says where, and the exit status is 1. */
#ifndef CHECK_H
#define CHECK_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
#define CHECK(e) ((e) ? (void)0 : (failures++, (void)printf("line %d: not so: %s\n", __LINE__, #e)))
#define DONE     return printf("%s\n", failures ? "FAILED" : "passed"), failures != 0
/* Keeps the compiler from working it out. */
#define HIDE(x) (__extension__({ __typeof__((x) + 0) h_ = (x); __asm__ volatile("" : "+r"(h_)); h_; }))

#endif
