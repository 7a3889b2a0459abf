/* Calls and returns: the 17th Fibonacci number, by its definition. */
#include "kernel.h"

__attribute__((noinline, optimize("no-optimize-sibling-calls"))) static uint32_t fib(uint32_t n)
{
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint32_t kernel(uint32_t rounds)
{
  uint32_t sum = 0;
  while (rounds-- > 0) {
    sum += fib(17 - (rounds & 1));
  }
  return sum;
}
