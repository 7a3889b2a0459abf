#include "check.h"

static int mix(const int *v)
{
  int a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7], i = v[8], j = v[9],
      k = v[10], l = v[11], m = v[12], n = v[13], o = v[14], p = v[15], q = v[16], r = v[17];
  for (int t = 0; t < 10; t++) {
    a += b ^ r, b += c ^ q, c += d ^ p, d += e ^ o, e += f ^ n, f += g ^ m, g += h ^ l, h += i ^ k, i += j ^ a;
    j += k ^ b, k += l ^ c, l += m ^ d, m += n ^ e, n += o ^ f, o += p ^ g, p += q ^ h, q += r ^ i, r += a ^ j;
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n ^ o ^ p ^ q ^ r;
}

int main(void)
{
  int v[18];
  for (int i = 0; i < 18; i++)
    v[i] = i * i - 50;
  printf("%d\n", mix(v));
  DONE;
}
