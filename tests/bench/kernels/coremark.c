/* A mix in the manner of CoreMark, written for this: a list sorted by two keys, a small
 * matrix, a state machine over text, all of it summed up by a CRC of 16 bits. */
#include "kernel.h"

static uint16_t crc(uint32_t value, uint16_t c)
{
  for (int i = 0; i < 16; i++, value >>= 1) {
    c = (uint16_t)((c >> 1) ^ ((c ^ value) & 1 ? 0xa001 : 0));
  }
  return c;
}

static struct item {
  struct item *next;
  int16_t key, data;
} items[40];

static struct item *merge(struct item *a, struct item *b, int by_key)
{
  struct item head, *last = &head;
  while (a && b) {
    int less = by_key ? a->key <= b->key : a->data <= b->data;
    struct item **from = less ? &a : &b;
    last->next = *from;
    last = *from;
    *from = (*from)->next;
  }
  last->next = a ? a : b;
  return head.next;
}

static struct item *sort(struct item *list, int n, int by_key)
{
  if (n < 2) {
    if (list) {
      list->next = 0;
    }
    return n ? list : 0;
  }
  struct item *half = list;
  for (int i = 0; i < n / 2; i++) {
    half = half->next;
  }
  struct item *second = sort(half, n - n / 2, by_key);
  return merge(sort(list, n / 2, by_key), second, by_key);
}

static int16_t m[10][10], t[10][10];

static uint16_t matrix(uint16_t c)
{
  for (int i = 0; i < 10; i++) {
    for (int j = 0; j < 10; j++) {
      int32_t s = 0;
      for (int k = 0; k < 10; k++) {
        s += m[i][k] * m[k][j];
      }
      t[i][j] = (int16_t)(s >> 2);
    }
  }
  for (int i = 0; i < 100; i++) {
    m[i / 10][i % 10] = (int16_t)(m[i / 10][i % 10] + (t[i / 10][i % 10] & 15) - 7);
  }
  return crc((uint16_t)t[3][7], c);
}

static uint16_t states(const char *s, uint16_t c)
{
  enum { START, SIGN, DIGITS, POINT, EXPONENT, BAD } state = START;
  uint32_t count[6] = {0};
  for (; *s; s++) {
    int digit = *s >= '0' && *s <= '9';
    switch (state) {
    case START:
      state = digit ? DIGITS : *s == '+' || *s == '-' ? SIGN : *s == '.' ? POINT : BAD;
      break;
    case SIGN:
      state = digit ? DIGITS : *s == '.' ? POINT : BAD;
      break;
    case DIGITS:
      state = digit ? DIGITS : *s == '.' ? POINT : *s == ',' ? START : BAD;
      break;
    case POINT:
      state = digit ? POINT : *s == 'e' ? EXPONENT : *s == ',' ? START : BAD;
      break;
    case EXPONENT:
      state = digit || *s == '-' ? EXPONENT : *s == ',' ? START : BAD;
      break;
    case BAD:
      state = *s == ',' ? START : BAD;
    }
    count[state]++;
  }
  for (int i = 0; i < 6; i++) {
    c = crc(count[i], c);
  }
  return c;
}

uint32_t kernel(uint32_t rounds)
{
  uint32_t random = 3;
  uint16_t c = 0;
  for (int i = 0; i < 40; i++) {
    items[i] = (struct item){i < 39 ? &items[i + 1] : 0, (int16_t)(next_random(&random) >> 20),
                             (int16_t)i};
  }
  for (int i = 0; i < 100; i++) {
    m[i / 10][i % 10] = (int16_t)(next_random(&random) >> 24);
  }
  struct item *list = items;
  while (rounds-- > 0) {
    list = sort(list, 40, 1);
    c = crc((uint16_t)list->data, c);
    list = sort(list, 40, 0);
    list->key = (int16_t)(list->key ^ c);
    c = matrix(c);
    c = states("12,-3.5,+.7e-3,word,99999,0x1f,1.e5,-,+7", c);
  }
  return c;
}
