#include "wire.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_socket(int fd) {
  int type;
  socklen_t length = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
}

/* On a socket each call says that it must not wait; O_NONBLOCK there would also change the launcher's own descriptor. */
static void make_non_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) die("control stream");
}

void wire_open(struct wire *wire, int in, int out) {
  wire->in = in;
  wire->out = out;
  wire->in_is_socket = is_socket(in);
  wire->out_is_socket = is_socket(out);
  if (!wire->in_is_socket) make_non_blocking(in);
  if (!wire->out_is_socket) make_non_blocking(out);
}

static void compact(uint8_t *bytes, size_t *start, size_t *end) {
  if (*start == 0) return;
  memmove(bytes, bytes + *start, *end - *start);
  *end -= *start;
  *start = 0;
}

bool wire_can_fill(const struct wire *wire) {
  return !wire->ended && wire->in_end - wire->in_start < WIRE_IN_BYTES;
}

void wire_fill(struct wire *wire) {
  bool is_worth_it = wire->in_start == wire->in_end || wire->in_end > WIRE_IN_BYTES / 2;
  if (is_worth_it) compact(wire->in_bytes, &wire->in_start, &wire->in_end);
  uint8_t *to = wire->in_bytes + wire->in_end;
  size_t room = WIRE_IN_BYTES - wire->in_end;
  ssize_t got = wire->in_is_socket ? recv(wire->in, to, room, MSG_DONTWAIT) : read(wire->in, to, room);
  if (got > 0) wire->in_end += (size_t)got;
  else if (got == 0 || (errno != EAGAIN && errno != EINTR)) wire->ended = true;
}

enum wire_next wire_next(const struct wire *wire, struct frame *frame) {
  size_t held = wire->in_end - wire->in_start;
  if (held < FRAME_HEADER_BYTES) return WIRE_MORE;
  if (!frame_parse_header(wire->in_bytes + wire->in_start, frame)) return WIRE_MALFORMED;
  return held < FRAME_HEADER_BYTES + (size_t)frame->length ? WIRE_MORE : WIRE_FRAME;
}

void wire_drop(struct wire *wire, const struct frame *frame) {
  wire->in_start += FRAME_HEADER_BYTES + (size_t)frame->length;
}

bool wire_has_output(const struct wire *wire) { return wire->out_end > wire->out_start; }

bool wire_flush(struct wire *wire) {
  bool has_sent = false;
  while (wire_has_output(wire) && !wire->broken) {
    const uint8_t *from = wire->out_bytes + wire->out_start;
    size_t held = wire->out_end - wire->out_start;
    ssize_t sent = wire->out_is_socket ? send(wire->out, from, held, MSG_DONTWAIT | MSG_NOSIGNAL)
                                       : write(wire->out, from, held);
    if (sent >= 0) {
      wire->out_start += (size_t)sent;
      has_sent = true;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      wire->broken = true;
    }
  }
  return has_sent;
}

static uint8_t *room_for(struct wire *wire, size_t wanted, size_t reserve) {
  if (wire->out_start == wire->out_end) wire->out_start = wire->out_end = 0;
  if (WIRE_OUT_BYTES - (wire->out_end - wire->out_start) < wanted + reserve) return NULL;
  if (WIRE_OUT_BYTES - wire->out_end < wanted + reserve) compact(wire->out_bytes, &wire->out_start, &wire->out_end);
  return wire->out_bytes + wire->out_end;
}

uint8_t *wire_reserve(struct wire *wire, size_t payload) {
  return room_for(wire, FRAME_HEADER_BYTES + payload, WIRE_OUT_RESERVE_BYTES);
}

void wire_commit(struct wire *wire, uint8_t type, uint8_t step, size_t payload) {
  frame_put_header(wire->out_bytes + wire->out_end, type, step, 0, (uint32_t)payload);
  wire->out_end += FRAME_HEADER_BYTES + payload;
}

bool wire_send(struct wire *wire, const struct message *message) {
  /* No control frame of PID 1 is longer than this. */
  enum { CONTROL_FRAME_MAX = 512 };
  uint8_t *to = room_for(wire, CONTROL_FRAME_MAX, 0);
  size_t length = to == NULL ? 0 : frame_encode(message, to, CONTROL_FRAME_MAX);
  wire->out_end += length;
  return length > 0;
}
