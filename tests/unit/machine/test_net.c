/* The network's front end, alone. */
#include "tests/unit/machine/cmocka_all.h"

#include "machine/devices/net.h"
#include "machine/devices/ports.h"
#include "tests/unit/machine/random.h"

#define STORAGE (64u << 10)
#define STATION 7u
#define SEEN    64u

struct seen {
  enum machine_frame way;
  uint32_t len;
  uint8_t bytes[MACHINE_MAX_FRAME];
};

/* A device with everything that it asks of the outside. */
struct world {
  struct net *net;
  uint8_t storage[STORAGE];
  bool bad_dma;
  unsigned transfers;
  unsigned count;
  struct seen seen[SEEN];
};

static uint32_t world_storage_size(void *ctx)
{
  (void)ctx;
  return STORAGE;
}

static bool world_dma_read(void *ctx, gpa_t at, void *buf, uint32_t len)
{
  struct world *w = ctx;
  assert_true(range_contains(0, STORAGE, at.v, len));
  w->transfers++;
  memcpy(buf, w->storage + at.v, len);
  return !w->bad_dma;
}

static bool world_dma_write(void *ctx, gpa_t at, const void *buf, uint32_t len)
{
  struct world *w = ctx;
  assert_true(range_contains(0, STORAGE, at.v, len));
  w->transfers++;
  if (!w->bad_dma) {
    memcpy(w->storage + at.v, buf, len);
  }
  return !w->bad_dma;
}

static void world_frame(void *ctx, enum machine_frame way, const uint8_t *bytes, uint32_t len)
{
  struct world *w = ctx;
  assert_true(w->count < SEEN && net_is_frame(len));
  w->seen[w->count].way = way;
  w->seen[w->count].len = len;
  memcpy(w->seen[w->count++].bytes, bytes, len);
}

static const struct net_ops world_ops = {.storage_size = world_storage_size,
                                         .dma_read = world_dma_read,
                                         .dma_write = world_dma_write,
                                         .frame = world_frame};

static struct world *world_create(uint32_t station)
{
  struct world *w = calloc(1, sizeof *w);
  assert_non_null(w);
  for (uint32_t i = 0; i < STORAGE; i++) {
    w->storage[i] = (uint8_t)(i * 7 + i / 256);
  }
  w->net = net_create(station, &world_ops, w);
  assert_non_null(w->net);
  return w;
}

static void world_destroy(struct world *w)
{
  net_destroy(w->net);
  free(w);
}

static int setup(void **state)
{
  *state = world_create(STATION);
  return 0;
}

static int teardown(void **state)
{
  world_destroy(*state);
  return 0;
}

static uint32_t in(struct world *w, uint32_t port)
{
  uint32_t value = 0xdeadbeef;
  assert_true(net_port_in(w->net, 0, port, &value));
  return value;
}

static void out(struct world *w, uint64_t now, uint32_t port, uint32_t value)
{
  assert_true(net_port_out(w->net, now, port, value));
}

static void send(struct world *w, uint64_t now, uint32_t at, uint32_t len)
{
  out(w, now, PORT_NET_SEND_AT, at);
  out(w, now, PORT_NET_SEND_LENGTH, len);
  out(w, now, PORT_NET_COMMAND, NET_COMMAND_SEND);
}

static void receive(struct world *w, uint64_t now, uint32_t at)
{
  out(w, now, PORT_NET_RECEIVE_AT, at);
  out(w, now, PORT_NET_COMMAND, NET_COMMAND_RECEIVE);
}

static uint32_t send_error(struct world *w)
{
  return in(w, PORT_NET_STATUS) >> NET_STATUS_SEND_ERROR_SHIFT & NET_STATUS_ERROR_MASK;
}

static uint32_t receive_error(struct world *w)
{
  return in(w, PORT_NET_STATUS) >> NET_STATUS_RECEIVE_ERROR_SHIFT & NET_STATUS_ERROR_MASK;
}

static uint32_t flags(struct world *w)
{
  return in(w, PORT_NET_STATUS) & 0xf;
}

/* The next event is at `due` and not before. */
static void complete(struct world *w, uint64_t due)
{
  assert_int_equal(net_next_event(w->net), due);
  assert_false(net_fire(w->net, due - 1));
  assert_true(net_fire(w->net, due));
}

static void make_frame(uint8_t *frame, uint32_t len, uint32_t number)
{
  for (uint32_t i = 0; i < len; i++) {
    frame[i] = (uint8_t)(number * 31 + i);
  }
}

static bool arrive(struct world *w, uint32_t len, uint32_t number)
{
  uint8_t frame[MACHINE_MAX_FRAME];
  make_frame(frame, len, number);
  return net_arrive(w->net, frame, len);
}

static void assert_in_storage(struct world *w, uint32_t at, uint32_t len, uint32_t number)
{
  uint8_t frame[MACHINE_MAX_FRAME];
  make_frame(frame, len, number);
  assert_memory_equal(w->storage + at, frame, len);
}

static void test_reset(void **state)
{
  struct world *w = *state;
  uint32_t value;
  assert_int_equal(in(w, PORT_NET_STATION), STATION);
  for (uint32_t port = PORT_NET_SEND_AT; port <= PORT_NET_DROPPED; port++) {
    assert_int_equal(in(w, port), 0);
  }
  assert_false(net_port_in(w->net, 0, PORT_NET_DROPPED + 1, &value));
  assert_false(net_port_out(w->net, 0, PORT_NET_STATION - 1, 0));
  assert_true(net_next_event(w->net) == MACHINE_NEVER);
  assert_false(net_fire(w->net, 1000));
}

static void test_registers_read_what_was_written(void **state)
{
  struct world *w = *state;
  for (uint32_t port = PORT_NET_STATION; port <= PORT_NET_DROPPED; port++) {
    bool keeps = port >= PORT_NET_SEND_AT && port <= PORT_NET_RECEIVE_AT;
    uint32_t before = in(w, port);
    out(w, 0, port, 0x12345600 + port);
    assert_int_equal(in(w, port), keeps ? 0x12345600 + port : before);
  }
  assert_true(net_next_event(w->net) == MACHINE_NEVER);
}

static void test_sends_what_storage_holds_at_the_end(void **state)
{
  struct world *w = *state;
  send(w, 100, 0x1000, 21);
  assert_int_equal(flags(w), NET_STATUS_SENDING);
  w->storage[0x1000 + 20] = 0xaa;
  out(w, 101, PORT_NET_SEND_AT, 0x2000); /* what was given counts */
  out(w, 101, PORT_NET_SEND_LENGTH, 64);
  out(w, 101, PORT_NET_COMMAND, NET_COMMAND_SEND); /* ignored while sending */
  complete(w, 100 + NET_LATENCY + 6 * NET_PER_WORD);
  assert_int_equal(in(w, PORT_NET_STATUS), 0);
  assert_int_equal(w->count, 1);
  assert_int_equal(w->seen[0].way, MACHINE_FRAME_SENT);
  assert_int_equal(w->seen[0].len, 21);
  assert_memory_equal(w->seen[0].bytes, w->storage + 0x1000, 21);
  assert_int_equal(net_state(w->net).sent, 1);
  assert_true(net_next_event(w->net) == MACHINE_NEVER);
}

static void test_lengths_and_addresses(void **state)
{
  static const struct {
    uint32_t at, len, error;
  } cases[] = {
      {0, MACHINE_MIN_FRAME, NET_OK},
      {0, MACHINE_MIN_FRAME - 1, NET_ERROR_LENGTH},
      {0, 0, NET_ERROR_LENGTH},
      {0, MACHINE_MAX_FRAME, NET_OK},
      {0, MACHINE_MAX_FRAME + 1, NET_ERROR_LENGTH},
      {0, UINT32_MAX, NET_ERROR_LENGTH},
      {STORAGE - 12, 12, NET_OK},
      {STORAGE - 12, 13, NET_ERROR_ADDRESS},
      {STORAGE, 8, NET_ERROR_ADDRESS},
      {0xfffffffc, 8, NET_ERROR_ADDRESS},
      {2, 8, NET_ERROR_ADDRESS},
      {STORAGE, 7, NET_ERROR_LENGTH}, /* the first that counts */
  };
  struct world *w = *state;
  uint64_t now = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned before = w->transfers;
    send(w, now, cases[i].at, cases[i].len);
    assert_int_equal(send_error(w), NET_OK); /* it is told in the end */
    now = net_next_event(w->net);
    complete(w, now);
    assert_int_equal(send_error(w), cases[i].error);
    assert_int_equal(w->transfers - before, cases[i].error == NET_OK);
    now += 10;
  }
}

static void test_receive_buffers(void **state)
{
  static const struct {
    uint32_t at;
    bool good;
  } cases[] = {{0, true},
               {STORAGE - MACHINE_MAX_FRAME, true},
               {STORAGE - MACHINE_MAX_FRAME + 4, false},
               {STORAGE, false},
               {0xfffffffc, false},
               {1, false}};
  struct world *w = *state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned before = w->transfers;
    receive(w, 50, cases[i].at);
    assert_int_equal(flags(w), NET_STATUS_RECEIVING);
    if (cases[i].good) {
      assert_true(net_next_event(w->net) == MACHINE_NEVER);
      assert_true(arrive(w, MACHINE_MAX_FRAME, (uint32_t)i));
      assert_in_storage(w, cases[i].at, MACHINE_MAX_FRAME, (uint32_t)i);
    } else {
      complete(w, 50 + NET_LATENCY);
    }
    assert_int_equal(receive_error(w), cases[i].good ? NET_OK : NET_ERROR_ADDRESS);
    assert_int_equal(in(w, PORT_NET_RECEIVED), cases[i].good ? MACHINE_MAX_FRAME : 0);
    assert_int_equal(w->transfers - before, cases[i].good);
  }
}

static void test_a_buffer_with_an_error_takes_no_frame(void **state)
{
  struct world *w = *state;
  receive(w, 50, 2);
  assert_true(arrive(w, 8, 1));
  assert_int_equal(flags(w), NET_STATUS_RECEIVING | NET_STATUS_WAITING);
  complete(w, 50 + NET_LATENCY);
  assert_int_equal(receive_error(w), NET_ERROR_ADDRESS);
  assert_int_equal(flags(w), NET_STATUS_WAITING);
  assert_int_equal(w->transfers, 0);
}

static void test_queue(void **state)
{
  struct world *w = *state;
  for (uint32_t i = 0; i < NET_QUEUE; i++) {
    assert_true(arrive(w, 8 + 4 * i, i));
    assert_int_equal(w->seen[i].way, MACHINE_FRAME_ARRIVED);
  }
  assert_false(arrive(w, 8, 99)); /* no line: nothing is new */
  assert_int_equal(w->seen[NET_QUEUE].way, MACHINE_FRAME_DROPPED);
  assert_int_equal(in(w, PORT_NET_DROPPED), 1);
  uint64_t now = 1000;
  for (uint32_t i = 0; i < NET_QUEUE; i++) {
    assert_int_equal(flags(w), NET_STATUS_WAITING);
    receive(w, now, 0x3000);
    assert_int_equal(in(w, PORT_NET_RECEIVED), 0);
    complete(w, now + NET_LATENCY);
    assert_int_equal(in(w, PORT_NET_RECEIVED), 8 + 4 * i);
    assert_in_storage(w, 0x3000, 8 + 4 * i, i);
    now += 2 * NET_LATENCY;
  }
  assert_int_equal(in(w, PORT_NET_STATUS), 0);
  assert_int_equal(net_state(w->net).received, NET_QUEUE);
  assert_int_equal(net_state(w->net).dropped, 1);
}

static void test_only_the_frame_is_written(void **state)
{
  struct world *w = *state;
  memset(w->storage + 0x4000, 0x5a, MACHINE_MAX_FRAME + 4);
  receive(w, 0, 0x4000);
  receive(w, 1, 0x5000); /* ignored: there is a buffer */
  assert_true(arrive(w, 9, 3));
  assert_in_storage(w, 0x4000, 9, 3);
  assert_int_equal(w->storage[0x4000 + 9], 0x5a);
  assert_int_equal(in(w, PORT_NET_RECEIVED), 9);
}

static void test_log(void **state)
{
  struct world *w = *state;
  uint8_t frame[MACHINE_MAX_FRAME] = {0};
  assert_true(net_log(w->net, 10, 30, frame, 8));
  assert_true(net_log(w->net, 10, 20, frame, 12)); /* not before the one before it */
  assert_true(net_log(w->net, 10, 40, frame, 16));
  assert_false(net_log(w->net, 10, 50, frame, MACHINE_MIN_FRAME - 1));
  assert_false(net_log(w->net, 10, 50, frame, MACHINE_MAX_FRAME + 1));
  receive(w, 10, 0x100);
  complete(w, 30);
  assert_int_equal(in(w, PORT_NET_RECEIVED), 8);
  assert_int_equal(w->count, 2);
  complete(w, 40);
  assert_int_equal(w->count, 3);
  assert_true(net_log(w->net, 50, 5, frame, 8)); /* now at the earliest */
  assert_int_equal(net_next_event(w->net), 50);
}

/* A queue that a completion empties has room for what arrives at that tick. */
static void test_completions_come_first(void **state)
{
  struct world *w = *state;
  uint8_t frame[8] = {0};
  for (uint32_t i = 0; i < NET_QUEUE; i++) {
    arrive(w, 8, i);
  }
  receive(w, 100, 0);
  assert_true(net_log(w->net, 0, 100 + NET_LATENCY, frame, sizeof frame));
  complete(w, 100 + NET_LATENCY);
  assert_int_equal(in(w, PORT_NET_DROPPED), 0);
  assert_int_equal(flags(w), NET_STATUS_WAITING);
}

static void test_no_network(void **state)
{
  (void)state;
  struct world *w = world_create(0);
  uint8_t frame[8] = {0};
  send(w, 0, 0, 8);
  receive(w, 0, 0);
  assert_false(arrive(w, 8, 0));
  assert_false(net_log(w->net, 0, 5, frame, sizeof frame));
  complete(w, NET_LATENCY);
  assert_int_equal(send_error(w), NET_ERROR_STATION);
  assert_int_equal(receive_error(w), NET_ERROR_STATION);
  assert_int_equal(w->transfers + w->count, 0);
  world_destroy(w);
}

static void test_host_refuses_storage(void **state)
{
  struct world *w = *state;
  w->bad_dma = true;
  send(w, 0, 0, 8);
  complete(w, NET_LATENCY + 2);
  assert_int_equal(send_error(w), NET_ERROR_HOST);
  assert_int_equal(w->count, 0);
  receive(w, 600, 0);
  assert_true(arrive(w, 8, 0));
  assert_int_equal(receive_error(w), NET_ERROR_HOST);
  assert_int_equal(in(w, PORT_NET_RECEIVED), 0);
}

static void test_queued_by_sender(void **state)
{
  struct world *w = *state;
  uint8_t frame[8] = {STATION, 0, 0, 0, 3, 0, 0, 0};
  net_arrive(w->net, frame, 8);
  net_arrive(w->net, frame, 8);
  frame[4] = 4;
  net_arrive(w->net, frame, 8);
  assert_int_equal(net_queued(w->net, 3), 2);
  assert_int_equal(net_queued(w->net, 4), 1);
  assert_int_equal(net_queued(w->net, 5), 0);
  assert_int_equal(net_frame_to(frame), STATION);
  assert_int_equal(net_frame_from(frame), 4);
}

/* ------------------------------------------------------------ state, marks, snapshots */

/* Anything that a guest or the network may do, at a later tick than before. */
static uint64_t act(struct world *w, uint64_t *r, uint64_t now)
{
  static const uint32_t places[] = {0, 0x1000, 0x2000, STORAGE - 1024, STORAGE - 8, STORAGE, 3};
  uint32_t at = places[random_below(r, sizeof places / sizeof *places)];
  uint8_t frame[MACHINE_MAX_FRAME];
  uint32_t len = 6 + random_below(r, 30);
  make_frame(frame, len, random_below(r, 5));
  w->count = 0;
  switch (random_below(r, 5)) {
  case 0:
    send(w, now, at, len);
    break;
  case 1:
    receive(w, now, at);
    break;
  case 2:
    if (net_is_frame(len)) {
      net_arrive(w->net, frame, len);
    }
    break;
  case 3:
    net_log(w->net, now, now + random_below(r, 700), frame, len);
    break;
  default:
    now += random_below(r, 300);
  }
  for (uint64_t next = net_next_event(w->net); next <= now; next = net_next_event(w->net)) {
    net_fire(w->net, next);
  }
  return now;
}

static struct world *restored(struct world *w)
{
  struct world *copy = world_create(STATION);
  struct state_writer sw = {0};
  net_save(w->net, &sw);
  assert_false(sw.failed);
  struct state_reader r = {.bytes = sw.bytes, .len = sw.len};
  struct net_state *s = net_load(copy->net, &r);
  assert_non_null(s);
  assert_true(r.at == r.len);
  net_commit(copy->net, s);
  memcpy(copy->storage, w->storage, STORAGE);
  free(sw.bytes);
  return copy;
}

/* From any state a copy goes the same way, and so does the device sent back. */
static void test_copies_go_the_same_way(void **state)
{
  (void)state;
  for (uint32_t seed = 1; seed <= 60; seed++) {
    struct world *w = world_create(STATION);
    uint64_t r = seed;
    uint64_t now = 0;
    for (unsigned i = 0; i < 40; i++) {
      now = act(w, &r, now);
    }
    struct world *copy = restored(w);
    struct net_mark *mark = net_mark(w->net);
    assert_true(net_digest(copy->net, now) == net_digest(w->net, now));
    uint64_t a = r, b = r;
    uint8_t storage[STORAGE];
    memcpy(storage, w->storage, STORAGE);
    uint64_t now_a = now, now_b = now;
    for (unsigned i = 0; i < 40; i++) {
      now_a = act(w, &a, now_a);
      now_b = act(copy, &b, now_b);
      assert_true(net_digest(copy->net, now_b) == net_digest(w->net, now_a));
      assert_memory_equal(copy->storage, w->storage, STORAGE);
    }
    net_return(w->net, mark);
    memcpy(w->storage, storage, STORAGE);
    now_a = now;
    for (unsigned i = 0; i < 40; i++) {
      now_a = act(w, &r, now_a);
    }
    assert_true(net_digest(copy->net, now_b) == net_digest(w->net, now_a));
    free(mark);
    world_destroy(copy);
    world_destroy(w);
  }
}

static void test_digest_sees_all(void **state)
{
  struct world *w = *state;
  uint64_t digests[16];
  unsigned n = 0;
  digests[n++] = net_digest(w->net, 0);
  out(w, 0, PORT_NET_SEND_AT, 4);
  digests[n++] = net_digest(w->net, 0);
  out(w, 0, PORT_NET_SEND_LENGTH, 8);
  digests[n++] = net_digest(w->net, 0);
  out(w, 0, PORT_NET_RECEIVE_AT, 0x100);
  digests[n++] = net_digest(w->net, 0);
  out(w, 0, PORT_NET_COMMAND, NET_COMMAND_SEND);
  digests[n++] = net_digest(w->net, 0);
  digests[n++] = net_digest(w->net, 1); /* the time that is left */
  net_fire(w->net, 600);
  digests[n++] = net_digest(w->net, 600);
  out(w, 600, PORT_NET_COMMAND, NET_COMMAND_RECEIVE);
  digests[n++] = net_digest(w->net, 600);
  arrive(w, 9, 1);
  digests[n++] = net_digest(w->net, 600);
  arrive(w, 9, 1);
  digests[n++] = net_digest(w->net, 600);
  arrive(w, 9, 2);
  digests[n++] = net_digest(w->net, 600);
  for (unsigned i = 0; i < n; i++) {
    for (unsigned k = 0; k < i; k++) {
      assert_true(digests[i] != digests[k]);
    }
  }
}

/* Of what was sent all counts, and what the log will bring does not. */
static void test_digest_of_what_was_sent(void **state)
{
  (void)state;
  uint64_t digest[3];
  for (unsigned i = 0; i < 3; i++) {
    struct world *w = world_create(STATION);
    uint8_t frame[8] = {0};
    w->storage[19] = (uint8_t)(i == 1);
    send(w, 0, 0, 20);
    net_fire(w->net, 600);
    if (i == 2) {
      w->storage[19] = 0;
      net_log(w->net, 600, 700, frame, sizeof frame);
    }
    digest[i] = net_digest(w->net, 600);
    world_destroy(w);
  }
  assert_true(digest[0] != digest[1]);
  assert_true(digest[0] == digest[2]);
}

static void test_logs_of_snapshots(void **state)
{
  struct world *w = *state;
  uint8_t frame[8] = {1};
  net_log(w->net, 0, 100, frame, 8);
  struct state_writer sw = {0};
  net_save(w->net, &sw);
  net_log(w->net, 0, 200, frame, 8);
  net_fire(w->net, 200);
  struct state_reader r = {.bytes = sw.bytes, .len = sw.len};
  net_commit(w->net, net_load(w->net, &r));
  /* What was logged later is still to come. */
  complete(w, 100);
  complete(w, 200);
  struct world *other = world_create(STATION);
  net_log(other->net, 0, 150, frame, 8);
  r = (struct state_reader){.bytes = sw.bytes, .len = sw.len};
  net_commit(other->net, net_load(other->net, &r));
  complete(other, 100); /* another's log is replaced */
  assert_true(net_next_event(other->net) == MACHINE_NEVER);
  free(sw.bytes);
  world_destroy(other);
}

/* No cut or damaged state is taken that the device could not be in. */
static void test_damaged_states(void **state)
{
  struct world *w = *state;
  uint8_t frame[8] = {1};
  send(w, 0, 0x100, 64);
  receive(w, 0, 0x200);
  arrive(w, 8, 1);
  arrive(w, 12, 2);
  net_log(w->net, 0, 100, frame, 8);
  struct state_writer sw = {0};
  net_save(w->net, &sw);
  for (size_t len = 0; len < sw.len; len++) {
    struct state_reader r = {.bytes = sw.bytes, .len = len};
    assert_null(net_load(w->net, &r));
  }
  uint64_t rng = 5;
  for (size_t i = 0; i < sw.len; i++) {
    uint8_t before = sw.bytes[i];
    sw.bytes[i] = (uint8_t)(before ^ (1u << random_below(&rng, 8)));
    struct state_reader r = {.bytes = sw.bytes, .len = sw.len};
    struct net_state *s = net_load(w->net, &r);
    sw.bytes[i] = before;
    if (!s) {
      continue;
    }
    struct world *other = world_create(STATION);
    net_commit(other->net, s);
    for (unsigned k = 0; k < 20 && net_next_event(other->net) != MACHINE_NEVER; k++) {
      net_fire(other->net, net_next_event(other->net)); /* storage's bounds are asserted */
    }
    world_destroy(other);
  }
  struct world *elsewhere = world_create(STATION + 1);
  struct state_reader r = {.bytes = sw.bytes, .len = sw.len};
  assert_null(net_load(elsewhere->net, &r));
  world_destroy(elsewhere);
  free(sw.bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_reset),
      TEST(test_registers_read_what_was_written),
      TEST(test_sends_what_storage_holds_at_the_end),
      TEST(test_lengths_and_addresses),
      TEST(test_receive_buffers),
      TEST(test_a_buffer_with_an_error_takes_no_frame),
      TEST(test_queue),
      TEST(test_only_the_frame_is_written),
      TEST(test_log),
      TEST(test_completions_come_first),
      cmocka_unit_test(test_no_network),
      TEST(test_host_refuses_storage),
      TEST(test_queued_by_sender),
      cmocka_unit_test(test_copies_go_the_same_way),
      TEST(test_digest_sees_all),
      cmocka_unit_test(test_digest_of_what_was_sent),
      TEST(test_logs_of_snapshots),
      TEST(test_damaged_states),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
