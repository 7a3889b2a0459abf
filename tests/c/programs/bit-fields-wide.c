/* Fields of 64 bits, signed ones, across words, in unions, and by value. */
#include "check.h"

struct wide {
  unsigned long long low : 20, middle : 33;
  long long high : 11;
};
struct mixed {
  signed char sign : 1;
  unsigned char bits : 7;
  short small : 9;
  int rest : 23;
  unsigned flag : 1;
};
union view {
  struct {
    unsigned a : 4, b : 12, c : 16;
  } f;
  uint32_t word;
};

__attribute__((noinline)) static struct wide shift(struct wide w, int by)
{
  w.low >>= by;
  w.middle = (w.middle << by) | w.low;
  w.high -= by;
  return w;
}

int main(void)
{
  struct wide w = {0xfffff, HIDE(0x123456789ull), -1024};
  struct mixed m = {-1, HIDE(100), -256, HIDE(-4194304), 1};
  for (int i = 0; i < 8; i++) {
    w = shift(w, i);
    printf("%llx %llx %lld\n", (unsigned long long)w.low, (unsigned long long)w.middle, (long long)w.high);
    m.bits += 13;
    m.small -= 3;
    m.rest /= 2;
    m.flag ^= 1;
    m.sign = ~m.sign;
    printf("%d %d %d %d %d\n", m.sign, m.bits, m.small, m.rest, m.flag);
  }
  union view v = {.word = HIDE(0x89abcdefu)};
  v.f.b++;
  CHECK(v.f.a == 15 && v.f.c == 0x89ab && v.word == 0x89abcdff);
  CHECK(sizeof(struct wide) == 8 && sizeof(union view) == 4);
  DONE;
}
