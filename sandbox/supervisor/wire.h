/*
 * The stream to the host: two bounded buffers over fd 0 and fd 1, never blocking.
 *
 * The input buffer holds at least one whole frame. The output buffer is filled by frames whose payload is read from the
 * program's pipes right into it; who wants to add bytes asks for room first and, told no, waits for `wire_flush`.
 */
#ifndef RUNYARD_WIRE_H
#define RUNYARD_WIRE_H

#include "frame.h"

enum {
  WIRE_IN_BYTES = 2 * (FRAME_HEADER_BYTES + FRAME_PAYLOAD_MAX),
  WIRE_OUT_BYTES = 4 * (FRAME_HEADER_BYTES + FRAME_PAYLOAD_MAX),
  /* Kept free of program output, so that STEP_EXIT, DONE and ERROR always fit. */
  WIRE_OUT_RESERVE_BYTES = 4096,
};

enum wire_next { WIRE_FRAME, WIRE_MORE, WIRE_MALFORMED };

struct wire {
  int in, out;
  bool in_is_socket, out_is_socket;
  bool ended;  /* the host closed its sending side */
  bool broken; /* the host takes nothing any more */
  size_t in_start, in_end, out_start, out_end;
  uint8_t in_bytes[WIRE_IN_BYTES];
  uint8_t out_bytes[WIRE_OUT_BYTES];
};

void wire_open(struct wire *wire, int in, int out);

bool wire_can_fill(const struct wire *wire);
void wire_fill(struct wire *wire);
/* The oldest whole frame, which stays in the buffer until `wire_drop`. */
enum wire_next wire_next(const struct wire *wire, struct frame *frame);
void wire_drop(struct wire *wire, const struct frame *frame);

bool wire_has_output(const struct wire *wire);
/* Sends what the host takes now. True when there is more room than before. */
bool wire_flush(struct wire *wire);
/* Room for a frame of program output, header first, or NULL. `wire_commit` makes what was filled part of the stream. */
uint8_t *wire_reserve(struct wire *wire, size_t payload);
void wire_commit(struct wire *wire, uint8_t type, uint8_t step, size_t payload);
/* A control frame; may use the reserve. False when there is no room even so. */
bool wire_send(struct wire *wire, const struct message *message);

#endif
