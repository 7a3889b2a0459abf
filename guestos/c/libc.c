/* The library of C programs for PG32: what trapeze cc links behind every one. */
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __minos__ || defined __solo__ /* trapeze cc --for */
#define PROCESS
int c_write(const void *from, unsigned n);
int c_read(void *to, unsigned n);
void c_exit(int status) __attribute__((noreturn));
#else
#include <trapeze.h>

#define CONSOLE_DATA 0
#endif

/* ------------------------------------------------------------------------ string.h */

void *memcpy(void *to, const void *from, size_t n)
{
  unsigned char *t = to;
  const unsigned char *f = from;
  if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
    for (; n >= 4; n -= 4, t += 4, f += 4) {
      *(uint32_t *)t = *(const uint32_t *)f;
    }
  }
  while (n-- > 0) {
    *t++ = *f++;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t n)
{
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f) {
    return memcpy(to, from, n);
  }
  while (n-- > 0) {
    t[n] = f[n];
  }
  return to;
}

void *memset(void *to, int value, size_t n)
{
  unsigned char *t = to;
  while (n-- > 0) {
    *t++ = (unsigned char)value;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
  const unsigned char *x = a, *y = b;
  for (; n > 0; n--, x++, y++) {
    if (*x != *y) {
      return *x - *y;
    }
  }
  return 0;
}

void *memchr(const void *s, int c, size_t n)
{
  for (const unsigned char *p = s; n > 0; n--, p++) {
    if (*p == (unsigned char)c) {
      return (void *)p;
    }
  }
  return NULL;
}

size_t strlen(const char *s)
{
  const char *p = s;
  while (*p) {
    p++;
  }
  return (size_t)(p - s);
}

char *strcpy(char *to, const char *from)
{
  char *t = to;
  while ((*t++ = *from++)) {
  }
  return to;
}

char *strncpy(char *to, const char *from, size_t n)
{
  size_t i = 0;
  for (; i < n && from[i]; i++) {
    to[i] = from[i];
  }
  for (; i < n; i++) {
    to[i] = 0;
  }
  return to;
}

char *strcat(char *to, const char *from)
{
  strcpy(to + strlen(to), from);
  return to;
}

int strcmp(const char *a, const char *b)
{
  while (*a && *a == *b) {
    a++, b++;
  }
  return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
  for (; n > 0 && *a && *a == *b; n--) {
    a++, b++;
  }
  return n == 0 ? 0 : (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *s, int c)
{
  for (;; s++) {
    if (*s == (char)c) {
      return (char *)s;
    }
    if (!*s) {
      return NULL;
    }
  }
}

char *strrchr(const char *s, int c)
{
  const char *found = NULL;
  for (;; s++) {
    if (*s == (char)c) {
      found = s;
    }
    if (!*s) {
      return (char *)found;
    }
  }
}

char *strstr(const char *s, const char *what)
{
  size_t len = strlen(what);
  for (; *s; s++) {
    if (strncmp(s, what, len) == 0) {
      return (char *)s;
    }
  }
  return len == 0 ? (char *)s : NULL;
}

/* ------------------------------------------------------------------------- stdio.h */

#ifdef PROCESS
/* What is printed goes out by lines and by calls of printf, so that what others print does
 * not come in between; and before it waits for something typed. */
static struct {
  unsigned char bytes[128];
  unsigned count;
} output;
static struct {
  unsigned char bytes[80];
  int count, next;
} input;

static void flush(void)
{
  if (output.count > 0) {
    c_write(output.bytes, output.count);
  }
  output.count = 0;
}

static void emit(int c)
{
  output.bytes[output.count++] = (unsigned char)c;
  if (output.count == sizeof output.bytes) {
    flush();
  }
}

int putchar(int c)
{
  emit(c);
  if (c == '\n') {
    flush();
  }
  return (unsigned char)c;
}

int getchar(void)
{
  if (input.next == input.count) {
    flush();
    input.next = 0;
    input.count = c_read(input.bytes, sizeof input.bytes);
    if (input.count <= 0) {
      input.count = 0;
      return EOF;
    }
  }
  return input.bytes[input.next++];
}
#else
static void flush(void)
{
}

static void emit(int c)
{
  c_out(CONSOLE_DATA, (unsigned char)c);
}

int putchar(int c)
{
  emit(c);
  return (unsigned char)c;
}

int getchar(void)
{
  unsigned c = c_in(CONSOLE_DATA);
  return c > 255 ? EOF : (int)c;
}
#endif

int puts(const char *s)
{
  while (*s) {
    emit(*s++);
  }
  return putchar('\n');
}

/* Where printf's characters go: a buffer, or the console. */
struct sink {
  char *at;
  size_t room;
  int count;
};

static void put(struct sink *s, char c)
{
  if (!s->at) {
    emit(c);
  } else if ((size_t)s->count + 1 < s->room) {
    s->at[s->count] = c;
  }
  s->count++;
}

struct field {
  int left, zeros, plus, blank, other, width, precision;
};

static void pad(struct sink *s, int n, char c)
{
  while (n-- > 0) {
    put(s, c);
  }
}

static void put_text(struct sink *s, const struct field *f, const char *text, int len)
{
  if (!f->left) {
    pad(s, f->width - len, ' ');
  }
  for (int i = 0; i < len; i++) {
    put(s, text[i]);
  }
  if (f->left) {
    pad(s, f->width - len, ' ');
  }
}

static void put_number(struct sink *s, const struct field *f, uint64_t n, char sign, unsigned base,
                       int upper)
{
  char digits[24];
  int count = 0, prefix = f->other && n != 0 && base == 16 ? 2 : 0;
  uint64_t rest = n;
  while (rest != 0 && base == 16) {
    digits[count++] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[rest & 15];
    rest >>= 4;
  }
  while (rest != 0) {
    if (rest >> 32) {
      digits[count++] = (char)('0' + rest % base);
      rest /= base;
    } else { /* what one instruction does */
      digits[count++] = (char)('0' + (uint32_t)rest % base);
      rest = (uint32_t)rest / base;
    }
  }
  int least = f->precision >= 0 ? f->precision : 1;
  if (f->other && base == 8 && least <= count) {
    least = count + 1;
  }
  int zeros = least > count ? least - count : 0;
  int len = count + zeros + prefix + (sign != 0);
  if (f->precision < 0 && f->zeros && !f->left && f->width > len) {
    zeros += f->width - len;
    len = f->width;
  }
  if (!f->left) {
    pad(s, f->width - len, ' ');
  }
  if (sign) {
    put(s, sign);
  }
  if (prefix > 0) {
    put(s, '0');
    put(s, upper ? 'X' : 'x');
  }
  pad(s, zeros, '0');
  while (count > 0) {
    put(s, digits[--count]);
  }
  if (f->left) {
    pad(s, f->width - len, ' ');
  }
}

static int get_number(const char **format, va_list *args, int *negative)
{
  int n = 0;
  *negative = 0;
  if (**format == '*') {
    (*format)++;
    n = va_arg(*args, int);
    *negative = n < 0;
    return n < 0 ? -n : n;
  }
  while (isdigit(**format)) {
    n = 10 * n + *(*format)++ - '0';
  }
  return n;
}

static const char *get_field(const char *format, va_list *args, struct field *f)
{
  int negative;
  *f = (struct field){.precision = -1};
  for (;; format++) {
    switch (*format) {
    case '-':
      f->left = 1;
      continue;
    case '0':
      f->zeros = 1;
      continue;
    case '+':
      f->plus = 1;
      continue;
    case ' ':
      f->blank = 1;
      continue;
    case '#':
      f->other = 1;
      continue;
    }
    break;
  }
  f->width = get_number(&format, args, &negative);
  f->left |= negative;
  if (*format == '.') {
    format++;
    f->precision = get_number(&format, args, &negative);
    f->precision = negative ? -1 : f->precision;
  }
  return format;
}

static int64_t get_signed(va_list *args, int size)
{
  switch (size) {
  case -2:
    return (signed char)va_arg(*args, int);
  case -1:
    return (short)va_arg(*args, int);
  case 2:
    return va_arg(*args, long long);
  default:
    return va_arg(*args, int);
  }
}

static uint64_t get_unsigned(va_list *args, int size)
{
  switch (size) {
  case -2:
    return (unsigned char)va_arg(*args, unsigned);
  case -1:
    return (unsigned short)va_arg(*args, unsigned);
  case 2:
    return va_arg(*args, unsigned long long);
  default:
    return va_arg(*args, unsigned);
  }
}

static void put_conversion(struct sink *s, const struct field *f, char c, int size, va_list *args)
{
  struct field pointer = *f;
  switch (c) {
  case 'd':
  case 'i': {
    int64_t n = get_signed(args, size);
    put_number(s, f, n < 0 ? -(uint64_t)n : (uint64_t)n,
               n < 0      ? '-'
               : f->plus  ? '+'
               : f->blank ? ' '
                          : 0,
               10, 0);
    return;
  }
  case 'u':
  case 'x':
  case 'X':
  case 'o':
    put_number(s, f, get_unsigned(args, size), 0, c == 'u' ? 10 : c == 'o' ? 8 : 16, c == 'X');
    return;
  case 'p':
    pointer.other = 1;
    put_number(s, &pointer, (uint32_t)(uintptr_t)va_arg(*args, void *), 0, 16, 0);
    return;
  case 'c': {
    char byte = (char)va_arg(*args, int);
    put_text(s, f, &byte, 1);
    return;
  }
  case 's': {
    const char *text = va_arg(*args, const char *);
    int len = 0;
    text = text ? text : "(null)";
    while ((f->precision < 0 || len < f->precision) && text[len]) {
      len++;
    }
    put_text(s, f, text, len);
    return;
  }
  case 'f':
  case 'e':
  case 'g':
    (void)va_arg(*args, double);
    put_text(s, f, "[no floating point]", 19);
    return;
  default:
    put(s, '%');
    if (c != '%') {
      put(s, c);
    }
  }
}

static int print(struct sink *s, const char *format, va_list *args)
{
  while (*format) {
    if (*format != '%') {
      put(s, *format++);
      continue;
    }
    struct field f;
    int size = 0;
    format = get_field(format + 1, args, &f);
    for (; *format == 'h' || *format == 'l' || *format == 'z' || *format == 'j' || *format == 't';
         format++) {
      size += *format == 'h' ? -1 : *format == 'l' ? 1 : *format == 'j' ? 2 : 0;
    }
    if (!*format) {
      break;
    }
    put_conversion(s, &f, *format++, size, args);
  }
  if (s->at && s->room > 0) {
    s->at[(size_t)s->count < s->room ? (size_t)s->count : s->room - 1] = 0;
  }
  return s->count;
}

int vprintf(const char *format, va_list args)
{
  struct sink s = {NULL, 0, 0};
  va_list copy;
  va_copy(copy, args);
  int n = print(&s, format, &copy);
  va_end(copy);
  flush();
  return n;
}

int vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
  char none;
  struct sink s = {buf ? buf : &none, size, 0};
  va_list copy;
  va_copy(copy, args);
  int n = print(&s, format, &copy);
  va_end(copy);
  return n;
}

int printf(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vprintf(format, args);
  va_end(args);
  return n;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vsnprintf(buf, size, format, args);
  va_end(args);
  return n;
}

int sprintf(char *buf, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vsnprintf(buf, INT32_MAX, format, args);
  va_end(args);
  return n;
}

/* ------------------------------------------------------------------------ stdlib.h */

#ifdef PROCESS
#define MOST_ARGUMENTS 16
#define LONGEST_TEXT   128

void exit(int status)
{
  flush();
  c_exit(status & 0xff);
}

void abort(void)
{
  puts("[aborted]");
  c_exit(134);
}

/* What the start-up code calls: `text`, unless NULL, is what stands behind the name. */
void c_run(const char *name, int (*main)(int, char **), const char *text)
{
  static char words[LONGEST_TEXT];
  char *arguments[MOST_ARGUMENTS + 1] = {(char *)name}, *s = words;
  int count = 1;
  strncpy(words, text ? text : "", sizeof words - 1);
  while (*s && count < MOST_ARGUMENTS) {
    if (*s == ' ') {
      *s++ = 0;
      continue;
    }
    arguments[count++] = s;
    while (*s && *s != ' ') {
      s++;
    }
  }
  exit(main(count, arguments));
}
#else
/* On the bare machine there is nobody to give a status to, so it is said. */
void exit(int status)
{
  if (status != 0) {
    printf("[exit status %d]\n", status & 0xff);
  }
  c_halt();
}

void abort(void)
{
  puts("[aborted]");
  c_halt();
}
#endif

void c_assertion(const char *what, const char *file, int line)
{
  printf("%s:%d: the assertion does not hold: %s\n", file, line, what);
  abort();
}

#ifndef PROCESS
void c_unexpected(struct trap_frame *frame)
{
  printf("[trap %u at 0x%08x]\n", frame->cause, frame->epc);
  c_halt();
}
#endif
#ifdef __minos__
int minos_start(const char *name, unsigned length);
int minos_spawn(const char *name)
{
  return minos_start(name, strlen(name));
}
#endif

int abs(int n)
{
  return n < 0 ? -n : n;
}

long labs(long n)
{
  return n < 0 ? -n : n;
}

static unsigned digit_of(char c)
{
  return isdigit(c) ? (unsigned)(c - '0') : isalpha(c) ? (unsigned)(tolower(c) - 'a') + 10 : 99;
}

unsigned long strtoul(const char *s, char **end, int base)
{
  const char *p = s;
  unsigned long n = 0;
  int negative = 0;
  while (isspace(*p)) {
    p++;
  }
  if (*p == '+' || *p == '-') {
    negative = *p++ == '-';
  }
  if ((base == 0 || base == 16) && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
      digit_of(p[2]) < 16) {
    p += 2;
    base = 16;
  }
  base = base != 0 ? base : *p == '0' ? 8 : 10;
  const char *first = p;
  while (digit_of(*p) < (unsigned)base) {
    n = n * (unsigned)base + digit_of(*p++);
  }
  if (end) {
    *end = (char *)(p == first ? s : p);
  }
  return negative ? -n : n;
}

long strtol(const char *s, char **end, int base)
{
  return (long)strtoul(s, end, base);
}

int atoi(const char *s)
{
  return (int)strtol(s, NULL, 10);
}

static unsigned random_state = 1;

void srand(unsigned seed)
{
  random_state = seed;
}

int rand(void)
{
  random_state = random_state * 1103515245u + 12345u;
  return (int)(random_state >> 16 & RAND_MAX);
}

static void swap(char *a, char *b, size_t size)
{
  while (size-- > 0) {
    char c = *a;
    *a++ = *b;
    *b++ = c;
  }
}

/* Heap sort: no memory, no recursion, no bad case. */
static void sift(char *base, size_t root, size_t n, size_t size,
                 int (*compare)(const void *, const void *))
{
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && compare(base + child * size, base + (child + 1) * size) < 0) {
      child++;
    }
    if (compare(base + root * size, base + child * size) >= 0) {
      return;
    }
    swap(base + root * size, base + child * size, size);
  }
}

void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
  for (size_t i = n / 2; i-- > 0;) {
    sift(base, i, n, size, compare);
  }
  for (; n > 1; n--) {
    swap(base, (char *)base + (n - 1) * size, size);
    sift(base, 0, n - 1, size, compare);
  }
}

void *bsearch(const void *key, const void *base, size_t n, size_t size,
              int (*compare)(const void *, const void *))
{
  const char *from = base;
  while (n > 0) {
    const char *middle = from + n / 2 * size;
    int c = compare(key, middle);
    if (c == 0) {
      return (void *)middle;
    }
    if (c > 0) {
      from = middle + size;
      n--;
    }
    n /= 2;
  }
  return NULL;
}

/* First fit in one array; blocks lie one behind another, each with a header. */
struct block {
  size_t size;   /* of what follows; bit 0: it is taken */
  size_t unused; /* what follows is aligned for everything */
};
static union {
  struct block first;
  long long aligned;
  char bytes[HEAP];
} heap;

static struct block *after(struct block *b)
{
  return (struct block *)((char *)(b + 1) + (b->size & ~1u));
}

static int is_end(const struct block *b)
{
  return (const char *)b >= heap.bytes + sizeof heap.bytes;
}

void *malloc(size_t size)
{
  if (heap.first.size == 0) {
    heap.first.size = sizeof heap.bytes - sizeof(struct block);
  }
  if (size > sizeof heap.bytes) {
    return NULL;
  }
  size = (size + 7) & ~7u;
  size = size < 8 ? 8 : size;
  for (struct block *b = &heap.first; !is_end(b); b = after(b)) {
    while (!(b->size & 1) && !is_end(after(b)) && !(after(b)->size & 1)) {
      b->size += sizeof *b + after(b)->size;
    }
    if ((b->size & 1) || b->size < size) {
      continue;
    }
    if (b->size >= size + sizeof *b + 8) {
      size_t rest = b->size - size - sizeof *b;
      b->size = size;
      after(b)->size = rest;
    }
    b->size |= 1;
    return b + 1;
  }
  return NULL;
}

void free(void *p)
{
  if (p) {
    ((struct block *)p - 1)->size &= ~1u;
  }
}

void *calloc(size_t n, size_t size)
{
  if (size != 0 && n > HEAP / size) {
    return NULL;
  }
  void *p = malloc(n * size);
  return p ? memset(p, 0, n * size) : NULL;
}

void *realloc(void *p, size_t size)
{
  void *q = malloc(size);
  if (p && q) {
    size_t old = ((struct block *)p - 1)->size & ~1u;
    memcpy(q, p, old < size ? old : size);
    free(p);
  }
  return q;
}

/* --------------------------------------------- what the compiler calls by itself */

uint64_t __ashldi3(uint64_t n, int by)
{
  uint32_t low = (uint32_t)n, high = (uint32_t)(n >> 32);
  if (by >= 32) {
    return (uint64_t)(low << (by - 32)) << 32;
  }
  return by == 0 ? n : (uint64_t)(high << by | low >> (32 - by)) << 32 | low << by;
}

uint64_t __lshrdi3(uint64_t n, int by)
{
  uint32_t low = (uint32_t)n, high = (uint32_t)(n >> 32);
  if (by >= 32) {
    return high >> (by - 32);
  }
  return by == 0 ? n : (uint64_t)(high >> by) << 32 | (low >> by | high << (32 - by));
}

int64_t __ashrdi3(int64_t n, int by)
{
  uint32_t low = (uint32_t)n;
  int32_t high = (int32_t)(n >> 32);
  if (by >= 32) {
    return high >> (by - 32);
  }
  return by == 0 ? n
                 : (int64_t)((uint64_t)(uint32_t)(high >> by) << 32 |
                             (low >> by | (uint32_t)high << (32 - by)));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
  uint32_t al = (uint32_t)a, bl = (uint32_t)b;
  return (uint64_t)al * bl +
         ((uint64_t)((uint32_t)(a >> 32) * bl + al * (uint32_t)(b >> 32)) << 32);
}

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest)
{
  uint64_t q = 0, r = 0;
  if ((n | d) >> 32 == 0) { /* what one instruction does */
    q = (uint32_t)n / (uint32_t)d;
    r = (uint32_t)n % (uint32_t)d;
  } else {
    for (int i = 63; i >= 0; i--) {
      uint64_t over = r >> 63;
      r = r << 1 | (n >> i & 1);
      if (over || r >= d) {
        r -= d;
        q |= (uint64_t)1 << i;
      }
    }
  }
  if (rest) {
    *rest = r;
  }
  return q;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
  return __udivmoddi4(n, d, NULL);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
  uint64_t rest;
  __udivmoddi4(n, d, &rest);
  return rest;
}

static uint64_t magnitude(int64_t n)
{
  return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

int64_t __divdi3(int64_t n, int64_t d)
{
  uint64_t q = __udivmoddi4(magnitude(n), magnitude(d), NULL);
  return (int64_t)((n < 0) != (d < 0) ? -q : q);
}

int64_t __moddi3(int64_t n, int64_t d)
{
  uint64_t rest;
  __udivmoddi4(magnitude(n), magnitude(d), &rest);
  return (int64_t)(n < 0 ? -rest : rest);
}

int __clzsi2(uint32_t n)
{
  int count = 0;
  for (; !(n >> 31); n <<= 1) {
    count++;
  }
  return count;
}

int __ctzsi2(uint32_t n)
{
  int count = 0;
  for (; !(n & 1); n >>= 1) {
    count++;
  }
  return count;
}

int __clzdi2(uint64_t n)
{
  return n >> 32 ? __clzsi2((uint32_t)(n >> 32)) : 32 + __clzsi2((uint32_t)n);
}

int __ctzdi2(uint64_t n)
{
  return (uint32_t)n ? __ctzsi2((uint32_t)n) : 32 + __ctzsi2((uint32_t)(n >> 32));
}

int __ffssi2(uint32_t n)
{
  return n ? 1 + __ctzsi2(n) : 0;
}

int __ffsdi2(uint64_t n)
{
  return n ? 1 + __ctzdi2(n) : 0;
}

int __popcountsi2(uint32_t n)
{
  int count = 0;
  for (; n; n &= n - 1) {
    count++;
  }
  return count;
}

int __popcountdi2(uint64_t n)
{
  return __popcountsi2((uint32_t)n) + __popcountsi2((uint32_t)(n >> 32));
}

int __paritysi2(uint32_t n)
{
  return __popcountsi2(n) & 1;
}

int __paritydi2(uint64_t n)
{
  return __popcountdi2(n) & 1;
}

uint32_t __bswapsi2(uint32_t n)
{
  return n << 24 | (n & 0xff00) << 8 | (n >> 8 & 0xff00) | n >> 24;
}

uint64_t __bswapdi2(uint64_t n)
{
  return (uint64_t)__bswapsi2((uint32_t)n) << 32 | __bswapsi2((uint32_t)(n >> 32));
}
