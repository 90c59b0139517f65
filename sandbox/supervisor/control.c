/* What the host says. Anything out of order is its fault and ends the sandbox with ERROR. */
#include "clock.h"
#include "session.h"

enum { DEADLINE_MS_MAX = 24 * 3600 * 1000 };

static _Noreturn void refuse(struct session *session, const char *what) { session_fail(session, ERROR_PROTOCOL, what, 0); }

static void on_hello(struct session *session, uint64_t now) {
  uint64_t deadline_ms = session->message.as.deadline_ms;
  if (deadline_ms == 0 || deadline_ms > DEADLINE_MS_MAX) refuse(session, "HELLO: deadlineMs");
  session->deadline_ns = now + deadline_ms * NS_PER_MS;
  session->phase = PHASE_IDLE;
  struct message ready = {.type = FRAME_READY};
  wire_send(&session->wire, &ready);
}

static void on_file(struct session *session) {
  const struct message *message = &session->message;
  const char *wrong = place_file_check(&message->as.file);
  if (wrong != NULL) refuse(session, wrong);
  int slot = session->batch.count++;
  session->batch.files[slot].file = message->as.file;
  session->batch.files[slot].append = (message->flags & FLAG_APPEND) != 0;
}

static void on_step(struct session *session) {
  if (session->is_defined) refuse(session, "STEP: defined twice");
  const char *wrong = spec_set(&session->spec, &session->message);
  if (wrong != NULL) refuse(session, wrong);
  if (!cgroup_has_room(&session->cgroup, session->spec.memory_bytes, (uint64_t)session->spec.processes + 1))
    refuse(session, "STEP: more than the place has");
  session->is_defined = true;
}

static void on_go(struct session *session, uint64_t now) {
  if (!session->is_defined) refuse(session, "GO before STEP");
  session->is_last = (session->message.flags & FLAG_GO_LAST) != 0;
  run_start(session, now);
}

static void handle_idle(struct session *session, uint64_t now) {
  const struct message *message = &session->message;
  switch (message->type) {
    case FRAME_FILE:
      return on_file(session);
    case FRAME_STEP:
      return on_step(session);
    case FRAME_GO:
      return on_go(session, now);
    case FRAME_CANCEL:
      session_leave(session);
    default:
      refuse(session, "frame not allowed between steps");
  }
}

static void handle_running(struct session *session, uint64_t now) {
  const struct message *message = &session->message;
  switch (message->type) {
    case FRAME_STDIN:
      if (!relay_take_input(&session->relay, &message->as.data)) refuse(session, "STDIN without credit or after its end");
      return;
    case FRAME_STDIN_END:
      return relay_end_input(&session->relay);
    case FRAME_CANCEL:
      return run_kill(session, KILL_CANCEL, now);
    default:
      refuse(session, "frame not allowed in a running step");
  }
}

/* Input that was under way when its step ended. */
static bool is_late_input(const struct session *session) {
  const struct message *message = &session->message;
  bool is_input = message->type == FRAME_STDIN || message->type == FRAME_STDIN_END;
  return is_input && message->step < session->next_step;
}

static void handle(struct session *session, uint64_t now) {
  const struct message *message = &session->message;
  if (session->phase == PHASE_HELLO) {
    if (message->type != FRAME_HELLO) refuse(session, "HELLO must come first");
    return on_hello(session, now);
  }
  if (is_late_input(session)) return;
  if (message->type != FRAME_CANCEL && message->step != session->next_step) refuse(session, "number of the step");
  if (session->phase == PHASE_IDLE) handle_idle(session, now);
  else handle_running(session, now);
}

static bool takes_frames(const struct session *session) {
  switch (session->phase) {
    case PHASE_HELLO:
    case PHASE_IDLE:
    case PHASE_RUNNING:
    case PHASE_GRACE:
      return true;
    default:
      return false;
  }
}

/* Files are gathered as long as whole FILE frames follow each other, because they lie in the buffer until it is filled. */
static bool flush_batch(struct session *session, bool is_more_coming) {
  struct file_batch *batch = &session->batch;
  if (batch->count == 0 || (is_more_coming && batch->count < HELPER_FILES_MAX)) return false;
  int error = helper_write_files(&session->helper, session->uid, batch);
  batch->count = 0;
  if (error != 0) session_fail(session, ERROR_FILES, "files of the step", error);
  session->phase = PHASE_FILES;
  return true;
}

static bool on_hang_up(struct session *session, uint64_t now) {
  if (session->phase == PHASE_HELLO || session->phase == PHASE_IDLE) session_leave(session);
  run_kill(session, KILL_CANCEL, now);
  return true;
}

bool control_advance(struct session *session, uint64_t now) {
  if (!takes_frames(session)) return false;
  struct frame frame;
  enum wire_next next = wire_next(&session->wire, &frame);
  if (next == WIRE_MALFORMED) refuse(session, "frame too long");
  if (flush_batch(session, next == WIRE_FRAME && frame.type == FRAME_FILE)) return true;
  if (next == WIRE_MORE) return session->wire.ended && on_hang_up(session, now);
  if (!frame_decode(&frame, &session->message)) refuse(session, "malformed frame");
  wire_drop(&session->wire, &frame);
  handle(session, now);
  return true;
}
