#include "check.h"

enum { PUSH, ADD, SUB, MUL, DUP, JNZ, SWAP, HALT };

int main(void)
{
  /* 10! by a stack machine */
  static const int code[] = {PUSH, 1, PUSH, 10, DUP, JNZ, 9, HALT, 0, SWAP, PUSH, 0, ADD, HALT};
  int stack[16], sp = 0, pc = 0, product = 1, steps = 0;
  for (;; steps++) {
    switch (code[pc++]) {
    case PUSH:
      stack[sp++] = code[pc++];
      continue;
    case ADD:
      sp--, stack[sp - 1] += stack[sp];
      continue;
    case SUB:
      sp--, stack[sp - 1] -= stack[sp];
      continue;
    case MUL:
      sp--, stack[sp - 1] *= stack[sp];
      continue;
    case DUP:
      stack[sp] = stack[sp - 1], sp++;
      continue;
    case JNZ:
      pc = stack[--sp] ? code[pc] : pc + 1;
      continue;
    case SWAP:
      product = stack[sp - 1], stack[sp - 1] = stack[sp - 2], stack[sp - 2] = product;
      continue;
    }
    break;
  }
  printf("%d steps, %d %d\n", steps, stack[0], stack[1]);
  CHECK(steps == 7 && stack[0] == 10 && stack[1] == 1);
  DONE;
}
