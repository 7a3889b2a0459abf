/* See wire.h. */
#include "labs/runner/wire.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

const struct wire_shape *wire_function(uint32_t op)
{
  static const struct wire_shape shapes[WIRE_FUNCTION_COUNT] = {
#define X(module, function, arguments, results) {#module "." #function, arguments, results},
      WIRE_FUNCTIONS(X)
#undef X
  };
  return op < WIRE_FUNCTION_COUNT ? &shapes[op] : NULL;
}

const struct wire_shape *wire_operation(uint32_t op)
{
  static const struct wire_shape shapes[WIRE_OPERATION_COUNT] = {
#define X(operation, arguments, results) {#operation, arguments, results},
      WIRE_OPERATIONS(X)
#undef X
  };
  return op < WIRE_OPERATION_COUNT ? &shapes[op] : NULL;
}

uint32_t wire_put_view(uint64_t *out, uint64_t *last, const uint64_t *view)
{
  uint32_t n = 1;
  out[0] = WIRE_VIEW_GIVEN;
  for (unsigned i = 0; i < WIRE_VIEW; i++) {
    if (view[i] != last[i]) {
      out[0] |= UINT64_C(1) << i;
      out[n++] = last[i] = view[i];
    }
  }
  return n;
}

bool wire_get_view(const struct wire *w, uint32_t *at, uint64_t *last, bool *given)
{
  uint64_t changed = *at < w->count ? w->value[(*at)++] : UINT64_MAX;
  *given = changed & WIRE_VIEW_GIVEN;
  for (unsigned i = 0; i < 63; i++) {
    if (!(changed >> i & 1)) {
      continue;
    }
    if (i >= WIRE_VIEW || *at >= w->count) {
      return false;
    }
    last[i] = w->value[(*at)++];
  }
  return true;
}

bool wire_send(int fd, const struct wire *w)
{
  ssize_t sent, len = (ssize_t)(offsetof(struct wire, value) + w->count * sizeof *w->value);
  do {
    sent = send(fd, w, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent == len;
}

enum wire_received wire_receive(int fd, struct wire *w)
{
  ssize_t got;
  do {
    got = recv(fd, w, sizeof *w, MSG_TRUNC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    return got < 0 && errno == EAGAIN ? WIRE_SILENT : WIRE_GONE;
  }
  if (got < (ssize_t)offsetof(struct wire, value) || w->count > WIRE_VALUES ||
      got != (ssize_t)(offsetof(struct wire, value) + w->count * sizeof *w->value)) {
    return WIRE_MALFORMED;
  }
  return WIRE_MESSAGE;
}
