#include "check.h"

static const char *at;
static int expression(void);
static int factor(void)
{
  if (*at == '(') {
    at++;
    int n = expression();
    CHECK(*at == ')');
    at++;
    return n;
  }
  if (*at == '-') {
    at++;
    return -factor();
  }
  char *end;
  int n = (int)strtol(at, &end, 10);
  at = end;
  return n;
}
static int term(void)
{
  int n = factor();
  while (*at == '*' || *at == '/')
    n = *at++ == '*' ? n * factor() : n / factor();
  return n;
}
static int expression(void)
{
  int n = term();
  while (*at == '+' || *at == '-')
    n = *at++ == '+' ? n + term() : n - term();
  return n;
}
static int value(const char *s)
{
  at = s;
  int n = expression();
  CHECK(*at == 0);
  return n;
}

int main(void)
{
  printf("%d %d %d\n", value("1+2*3"), value("(1+2)*3"), value("100/7-(-4*(2-5))"));
  CHECK(value("1+2*3") == 7 && value("(1+2)*3") == 9 && value("100/7-(-4*(2-5))") == 2);
  DONE;
}
