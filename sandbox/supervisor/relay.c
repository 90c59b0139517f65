#include "relay.h"

#include "clock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
  SMALL_READ_BYTES = 4096,
  /* Half a window: the host always holds some credit, and a megabyte costs 32 frames. */
  CREDIT_STEP_BYTES = STDIN_WINDOW_BYTES / 2,
};

void relay_start(struct relay *relay, const struct step_process *process, uint8_t step, uint64_t cap) {
  relay->output[RELAY_STDOUT] = process->stdout_read;
  relay->output[RELAY_STDERR] = process->stderr_read;
  relay->input = process->stdin_write;
  relay->step = step;
  relay->cap = cap;
  relay->forwarded[RELAY_STDOUT] = relay->forwarded[RELAY_STDERR] = 0;
  relay->is_over = false;
  relay->last_read_ns = relay->hold_until_ns = 0;
  relay->pending_start = relay->pending_end = 0;
  relay->credit = STDIN_WINDOW_BYTES;
  relay->returned = 0;
  relay->input_ended = relay->must_tell_closed = false;
}

static void close_fd(int *fd) {
  if (*fd != -1) close(*fd);
  *fd = -1;
}

void relay_close(struct relay *relay) {
  close_fd(&relay->output[RELAY_STDOUT]);
  close_fd(&relay->output[RELAY_STDERR]);
  close_fd(&relay->input);
}

bool relay_is_at_end(const struct relay *relay) {
  return relay->output[RELAY_STDOUT] == -1 && relay->output[RELAY_STDERR] == -1;
}

static void pace(struct relay *relay, size_t got, uint64_t now) {
  bool is_dribble = got < SMALL_READ_BYTES && now - relay->last_read_ns < NS_PER_MS;
  relay->hold_until_ns = is_dribble ? now + NS_PER_MS : 0;
  relay->last_read_ns = now;
}

enum relay_read relay_read(struct relay *relay, enum relay_stream stream, struct wire *wire, uint64_t now) {
  uint64_t left = relay->cap - relay->forwarded[RELAY_STDOUT] - relay->forwarded[RELAY_STDERR];
  /* One byte above the cap is asked for, to see whether there is one; it is never committed. */
  size_t wanted = left < FRAME_PAYLOAD_MAX ? (size_t)left + 1 : FRAME_PAYLOAD_MAX;
  uint8_t *to = wire_reserve(wire, wanted);
  if (to == NULL) return RELAY_NO_ROOM;
  ssize_t got = read(relay->output[stream], to + FRAME_HEADER_BYTES, wanted);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return RELAY_EMPTY;
  if (got <= 0) {
    close_fd(&relay->output[stream]);
    return RELAY_EMPTY;
  }
  size_t kept = (uint64_t)got > left ? (size_t)left : (size_t)got;
  if (kept > 0) wire_commit(wire, stream == RELAY_STDOUT ? FRAME_STDOUT : FRAME_STDERR, relay->step, kept);
  relay->forwarded[stream] += kept;
  relay->is_over = kept < (size_t)got;
  pace(relay, (size_t)got, now);
  return RELAY_GOT;
}

void relay_input_broke(struct relay *relay) {
  close_fd(&relay->input);
  relay->pending_start = relay->pending_end = 0;
  relay->must_tell_closed = true;
}

bool relay_take_input(struct relay *relay, const struct slice *data) {
  if (relay->input_ended || data->length > relay->credit) return false;
  relay->credit -= data->length;
  if (relay->input == -1 || data->length == 0) return true;
  /* credit + returned + pending never exceed the window, so this always fits after compaction. */
  memmove(relay->pending, relay->pending + relay->pending_start, relay->pending_end - relay->pending_start);
  relay->pending_end -= relay->pending_start;
  relay->pending_start = 0;
  memcpy(relay->pending + relay->pending_end, data->at, data->length);
  relay->pending_end += data->length;
  relay_write(relay);
  return true;
}

void relay_end_input(struct relay *relay) {
  relay->input_ended = true;
  if (relay->pending_start == relay->pending_end) close_fd(&relay->input);
}

void relay_write(struct relay *relay) {
  while (relay->input != -1 && relay->pending_start < relay->pending_end) {
    ssize_t put = write(relay->input, relay->pending + relay->pending_start, relay->pending_end - relay->pending_start);
    if (put == -1 && errno == EAGAIN) return;
    if (put == -1 && errno == EINTR) continue;
    if (put == -1) return relay_input_broke(relay);
    relay->pending_start += (size_t)put;
    relay->returned += (size_t)put;
  }
  if (relay->input_ended) close_fd(&relay->input);
}

static bool send_credit(struct relay *relay, struct wire *wire, size_t bytes, uint16_t flags) {
  struct message message = {.type = FRAME_STDIN_CREDIT, .step = relay->step, .flags = flags};
  message.as.credit = (uint32_t)bytes;
  return wire_send(wire, &message);
}

void relay_send_credit(struct relay *relay, struct wire *wire) {
  if (relay->must_tell_closed && send_credit(relay, wire, 0, FLAG_CREDIT_CLOSED)) relay->must_tell_closed = false;
  if (relay->input == -1 || relay->input_ended || relay->returned < CREDIT_STEP_BYTES) return;
  if (!send_credit(relay, wire, relay->returned, 0)) return;
  relay->credit += relay->returned;
  relay->returned = 0;
}
