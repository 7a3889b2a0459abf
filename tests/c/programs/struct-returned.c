/* Structs of every size from 1 to 40 by value, both ways, through a pointer to a function. */
#include "check.h"

#define SIZE(n)                                                                                    \
  struct s##n {                                                                                    \
    unsigned char b[n];                                                                            \
  };                                                                                               \
  __attribute__((noinline)) static struct s##n turn##n(struct s##n s, int by)                      \
  {                                                                                                \
    struct s##n r;                                                                                 \
    for (int i = 0; i < n; i++) {                                                                  \
      r.b[i] = (unsigned char)(s.b[(i + by) % n] + by);                                            \
    }                                                                                              \
    return r;                                                                                      \
  }
#define USE(n)                                                                                     \
  do {                                                                                             \
    struct s##n s, (*f)(struct s##n, int) = turn##n;                                               \
    for (int i = 0; i < n; i++) {                                                                  \
      s.b[i] = (unsigned char)(i * i);                                                             \
    }                                                                                              \
    __asm__ volatile("" : "+r"(f));                                                                \
    struct s##n r = f(f(s, 3), n - 1);                                                             \
    unsigned sum = 0;                                                                              \
    for (int i = 0; i < n; i++) {                                                                  \
      sum = sum * 17 + r.b[i];                                                                     \
    }                                                                                              \
    printf("%d %u\n", n, sum);                                                                     \
  } while (0)

SIZE(1) SIZE(2) SIZE(3) SIZE(4) SIZE(5) SIZE(7) SIZE(8) SIZE(9) SIZE(12) SIZE(16) SIZE(17) SIZE(40)

struct pair {
  int64_t a;
  int32_t b;
};
__attribute__((noinline)) static struct pair mix(int x, struct pair p, char c, struct pair q, int64_t n)
{
  return (struct pair){p.a * x + q.a - n, p.b - q.b + c};
}

int main(void)
{
  USE(1);
  USE(2);
  USE(3);
  USE(4);
  USE(5);
  USE(7);
  USE(8);
  USE(9);
  USE(12);
  USE(16);
  USE(17);
  USE(40);
  struct pair p = mix(HIDE(3), (struct pair){HIDE(-5000000000), 7}, 'x', (struct pair){1, HIDE(70)}, 1ll << 40);
  printf("%lld %d\n", (long long)p.a, (int)p.b);
  CHECK(p.a == -15000000000 + 1 - (1ll << 40) && p.b == 57);
  DONE;
}
