/* An interpreter: a stack machine counts the steps of Collatz' sequences. */
#include "kernel.h"

enum { PUSH, DUP, ADD, SHR, MUL, AND, JZ, JMP, STORE, LOAD, DONE };
static const uint8_t program[] = {
    /* variable 0: n; 1: steps */
    PUSH, 0, STORE, 1,                                        /* 0 */
    LOAD, 0, PUSH, 255, ADD, JZ, 40,                          /* 4: until n - 1 is 0, in 8 bits … */
    LOAD, 0, PUSH, 1, AND, JZ, 30,                            /* 11 */
    LOAD, 0, PUSH, 3, MUL, PUSH, 1, ADD, STORE, 0, JMP, 34,   /* 18: n = 3n + 1 */
    LOAD, 0, SHR, STORE,                                      /* 30: falls into … */
    0, LOAD, 1, PUSH, 1, ADD,                                 /* 34: … its operand */
    DONE,                                                     /* 40 */
};

static uint32_t run(uint32_t n)
{
  uint32_t stack[16], variable[2] = {n, 0}, *sp = stack, steps = 0;
  const uint8_t *pc = program;
  for (;; steps++) {
    switch (*pc++) {
    case PUSH:
      *sp++ = *pc++;
      continue;
    case DUP:
      *sp = sp[-1], sp++;
      continue;
    case ADD:
      sp--, sp[-1] += sp[0];
      continue;
    case SHR:
      sp[-1] >>= 1;
      continue;
    case MUL:
      sp--, sp[-1] *= sp[0];
      continue;
    case AND:
      sp--, sp[-1] &= sp[0];
      continue;
    case JZ:
      pc = *--sp & 0xff ? pc + 1 : program + *pc;
      continue;
    case JMP:
      pc = program + *pc;
      continue;
    case STORE:
      variable[*pc++ & 1] = *--sp;
      continue;
    case LOAD:
      *sp++ = variable[*pc++ & 1];
      continue;
    }
    if (variable[0] <= 1 || steps > 3000) {
      return steps ^ variable[0];
    }
    sp = stack, pc = program + 4;
  }
}

uint32_t kernel(uint32_t rounds)
{
  uint32_t sum = 0;
  while (rounds-- > 0) {
    sum += run(27 + rounds % 64);
  }
  return sum;
}
