#include "check.h"

int main(void)
{
  printf("[%d] [%5d] [%-5d] [%05d] [%+d] [% d] [%.3d] [%8.3d]\n", 42, 42, 42, 42, 42, 42, 42, -42);
  printf("[%u] [%x] [%X] [%#x] [%o] [%#o] [%08x]\n", 4294967295u, 48879, 48879, 48879, 8, 8, 0xbeef);
  printf("[%lld] [%llu] [%llx] [%20lld] [%-20lld]\n", -1234567890123456789ll, 18446744073709551615ull,
         0x123456789abcdefull, 5000000000ll, -5000000000ll);
  printf("[%hd] [%hhd] [%hu] [%hhu] [%d] [%d]\n", (short)-2, (signed char)-3, (unsigned short)65535, (unsigned char)255,
         INT32_MIN, INT32_MAX);
  printf("[%*d] [%-*d] [%.*d] [%%] [%.0d] [%d]\n", 6, 7, 6, 7, 4, 7, 0, 0);
  DONE;
}
