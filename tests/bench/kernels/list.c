/* A list of 2,048 nodes in an order that no cache foresees, and a block of 4 KiB copied. */
#include "kernel.h"

#define N 2048
static struct node {
  struct node *next;
  uint32_t value;
} node[N];
static uint32_t from[1024], to[1024];

uint32_t kernel(uint32_t rounds)
{
  uint32_t sum = 0;
  for (uint32_t i = 0; i < N; i++) {
    node[i].next = &node[(i * 1021 + 5) % N];
    node[i].value = i * 2654435761u;
  }
  while (rounds-- > 0) {
    struct node *p = node;
    for (int i = 0; i < N; i++) {
      sum += p->value++;
      p = p->next;
    }
    from[rounds % 1024] = sum;
    for (int i = 0; i < 1024; i++) {
      to[i] = from[i];
    }
    sum ^= to[(rounds * 7 + 3) % 1024];
  }
  return sum;
}
