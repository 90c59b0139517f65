/* The poll loop of PID 1: nothing in it waits for anything but `ppoll`, and that never longer than the next deadline. */
#include "clock.h"
#include "say.h"
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum watched { WATCH_SIGNALS, WATCH_IN, WATCH_OUT, WATCH_STDOUT, WATCH_STDERR, WATCH_STDIN, WATCH_INTAKE, WATCH_COUNT };

/* Then the loop looks at its deadlines again: programs may die as fast as they are reaped. */
enum { REAPS_PER_TURN = 256 };

/* How long DONE or ERROR may wait for a host that does not read. */
static const uint64_t PARTING_NS = 2 * NS_PER_S;

static struct timespec time_until(uint64_t when, uint64_t now) {
  uint64_t left = when > now ? when - now : 0;
  return (struct timespec){.tv_sec = (time_t)(left / NS_PER_S), .tv_nsec = (long)(left % NS_PER_S)};
}

static void flush_for_good(struct wire *wire, uint64_t until) {
  for (;;) {
    wire_flush(wire);
    uint64_t now = now_ns();
    if (!wire_has_output(wire) || wire->broken || now >= until) return;
    struct pollfd out = {.fd = wire->out, .events = POLLOUT};
    struct timespec timeout = time_until(until, now);
    ppoll(&out, 1, &timeout, NULL);
  }
}

_Noreturn void session_leave(struct session *session) {
  struct message done = {.type = FRAME_DONE};
  uint64_t until = session->deadline_ns == UINT64_MAX ? now_ns() + PARTING_NS : session->deadline_ns;
  /* Program output may fill the buffer: it goes first. */
  while (!wire_send(&session->wire, &done)) {
    if (session->wire.broken || now_ns() >= until) _exit(SUPERVISOR_HOST_GONE);
    flush_for_good(&session->wire, until);
  }
  flush_for_good(&session->wire, until);
  _exit(wire_has_output(&session->wire) ? SUPERVISOR_HOST_GONE : 0);
}

_Noreturn void session_fail(struct session *session, uint32_t code, const char *what, int error) {
  char text[256];
  int length = error == 0 ? snprintf(text, sizeof text, "%s", what)
                          : snprintf(text, sizeof text, "%s: %s", what, strerror(error));
  if (length < 0) length = 0;
  if ((size_t)length >= sizeof text) length = sizeof text - 1;
  kill(-1, SIGKILL);
  struct message message = {.type = FRAME_ERROR};
  message.as.error.code = code;
  message.as.error.text = (struct slice){.at = (const uint8_t *)text, .length = (size_t)length};
  wire_flush(&session->wire);
  wire_send(&session->wire, &message);
  flush_for_good(&session->wire, now_ns() + PARTING_NS);
  _exit(SUPERVISOR_FAILED);
}

/* __WALL: also those that a clone() made with another signal than SIGCHLD. */
void session_reap(struct session *session) {
  struct signalfd_siginfo info;
  if (read(session->signals, &info, sizeof info) == -1 && errno != EAGAIN && errno != EINTR) die("signalfd");
  for (int i = 0; i < REAPS_PER_TURN; i++) {
    int status;
    struct rusage usage;
    pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
    if (pid > 0) {
      run_note_dead(session, pid, status, (uint64_t)usage.ru_maxrss * 1024, now_ns());
      continue;
    }
    if (pid == -1 && errno == EINTR) continue;
    session->has_children = pid == 0;
    session->has_unreaped = false;
    return;
  }
  session->has_unreaped = session->has_children = true;
}

static bool is_program_open(const struct session *session) {
  return session->phase == PHASE_RUNNING || session->phase == PHASE_GRACE;
}

static void watch(struct pollfd *fds, enum watched which, int fd, short events) {
  fds[which] = (struct pollfd){.fd = fd, .events = events};
}

static void watch_all(struct session *session, struct pollfd *fds, uint64_t now) {
  struct relay *relay = &session->relay;
  for (int i = 0; i < WATCH_COUNT; i++) watch(fds, i, -1, 0);
  watch(fds, WATCH_SIGNALS, session->signals, POLLIN);
  if (wire_can_fill(&session->wire)) watch(fds, WATCH_IN, session->wire.in, POLLIN);
  if (wire_has_output(&session->wire)) watch(fds, WATCH_OUT, session->wire.out, POLLOUT);
  if (session->phase == PHASE_COLLECTING) watch(fds, WATCH_INTAKE, session->intake.pipe, POLLIN);
  if (!is_program_open(session)) return;
  bool can_read = now >= relay->hold_until_ns && wire_reserve(&session->wire, FRAME_PAYLOAD_MAX) != NULL;
  if (can_read) watch(fds, WATCH_STDOUT, relay->output[RELAY_STDOUT], POLLIN);
  if (can_read) watch(fds, WATCH_STDERR, relay->output[RELAY_STDERR], POLLIN);
  watch(fds, WATCH_STDIN, relay->input, relay->pending_start < relay->pending_end ? POLLOUT : 0);
}

static void take_events(struct session *session, const struct pollfd *fds) {
  struct relay *relay = &session->relay;
  uint64_t now = now_ns();
  if (fds[WATCH_IN].revents != 0) wire_fill(&session->wire);
  if (fds[WATCH_STDOUT].revents != 0) relay_read(relay, RELAY_STDOUT, &session->wire, now);
  if (fds[WATCH_STDERR].revents != 0 && !relay->is_over) relay_read(relay, RELAY_STDERR, &session->wire, now);
  if ((fds[WATCH_STDIN].revents & POLLERR) != 0) relay_input_broke(relay);
  else if (fds[WATCH_STDIN].revents != 0) relay_write(relay);
  if (fds[WATCH_SIGNALS].revents != 0 || session->has_unreaped) session_reap(session);
}

static uint64_t next_wake_ns(const struct session *session, uint64_t now) {
  uint64_t wake = run_next_ns(session);
  bool is_held = is_program_open(session) && session->relay.hold_until_ns > now;
  if (is_held && session->relay.hold_until_ns < wake) wake = session->relay.hold_until_ns;
  return session->deadline_ns < wake ? session->deadline_ns : wake;
}

static void wait_for_events(struct session *session, struct pollfd *fds) {
  uint64_t now = now_ns();
  watch_all(session, fds, now);
  uint64_t wake = session->has_unreaped ? now : next_wake_ns(session, now);
  struct timespec timeout = time_until(wake, now);
  int ready = ppoll(fds, WATCH_COUNT, wake == UINT64_MAX ? NULL : &timeout, NULL);
  if (ready == -1 && errno != EINTR) session_fail(session, ERROR_SYSTEM, "ppoll", errno);
  if (ready <= 0)
    for (int i = 0; i < WATCH_COUNT; i++) fds[i].revents = 0;
}

_Noreturn void session_serve(struct session *session) {
  struct message greeting = {.type = FRAME_GREETING};
  wire_send(&session->wire, &greeting);
  for (;;) {
    uint64_t now = now_ns();
    if (now >= session->deadline_ns) session_fail(session, ERROR_DEADLINE, "deadline of the sandbox", 0);
    if (control_advance(session, now) || run_advance(session, now)) continue;
    if (is_program_open(session)) relay_send_credit(&session->relay, &session->wire);
    /* Who waited for room is asked again. */
    if (wire_flush(&session->wire)) continue;
    if (session->wire.broken) {
      say("the host takes nothing any more", 0);
      _exit(SUPERVISOR_HOST_GONE);
    }
    struct pollfd fds[WATCH_COUNT];
    wait_for_events(session, fds);
    take_events(session, fds);
  }
}
