#ifndef STDIO_H
#define STDIO_H
#include <stdarg.h>
#include <stddef.h>

#define EOF (-1)

/* To and from the console. getchar does not wait: EOF is that nothing has been typed. */
int putchar(int c);
int getchar(void);
int puts(const char *s);
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list args);
int sprintf(char *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *buf, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *format, va_list args);

#endif
