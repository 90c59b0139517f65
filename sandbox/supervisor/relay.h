/*
 * The three pipes of the running step.
 *
 * Output: whatever a read returns becomes one frame, in the order of the reads. Exactly the first `cap` bytes of both
 * streams together are forwarded; the first byte more makes the relay `is_over`. A pipe is read only when the output
 * buffer has room, so a slow host slows the program and never PID 1.
 *
 * Input: the host sends at most the credit it was given, so `pending` can always take it.
 */
#ifndef RUNYARD_RELAY_H
#define RUNYARD_RELAY_H

#include "step.h"
#include "wire.h"

enum relay_stream { RELAY_STDOUT, RELAY_STDERR, RELAY_STREAMS };

struct relay {
  int output[RELAY_STREAMS]; /* -1: at its end */
  int input;                 /* -1: closed */
  uint8_t step;
  uint64_t cap;
  uint64_t forwarded[RELAY_STREAMS];
  bool is_over;
  /* Small writes in quick succession are collected for a millisecond instead of a frame each. */
  uint64_t last_read_ns, hold_until_ns;

  uint8_t pending[STDIN_WINDOW_BYTES];
  size_t pending_start, pending_end;
  size_t credit;   /* what the host may still send */
  size_t returned; /* written to the program, not yet given back as credit */
  bool input_ended;
  bool must_tell_closed;
};

void relay_start(struct relay *relay, const struct step_process *process, uint8_t step, uint64_t cap);
void relay_close(struct relay *relay);

enum relay_read { RELAY_GOT, RELAY_EMPTY, RELAY_NO_ROOM };

bool relay_is_at_end(const struct relay *relay);
/* One read of one pipe. */
enum relay_read relay_read(struct relay *relay, enum relay_stream stream, struct wire *wire, uint64_t now);

/* False when the host sent more than its credit. */
bool relay_take_input(struct relay *relay, const struct slice *data);
void relay_end_input(struct relay *relay);
/* Writes what the pipe takes. */
void relay_write(struct relay *relay);
/* Nobody can read the pipe any more: throws away what is pending; the host will be told. */
void relay_input_broke(struct relay *relay);
/* Sends due CREDIT frames, as far as the wire has room. */
void relay_send_credit(struct relay *relay, struct wire *wire);

#endif
