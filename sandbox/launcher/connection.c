/*
 * opening ──OPEN──► running ──PID 1 died──► finishing ──► free
 *    ├── bad, late, no room ── LAUNCH_ERROR ──┤
 *    └── PROBE ── FACTS ──────────────────────┘
 *
 * While a sandbox runs, the stream belongs to PID 1: the launcher looks at nothing but a full hang-up. A half close of the
 * host is data for PID 1 (end of its stream), it is no event here. PID 1 shares the file description, so the stream is
 * never set non-blocking: each call says MSG_DONTWAIT instead.
 *
 * Finishing: the last frame is sent, our direction is shut, and what the host still sends is thrown away until it closes.
 * Closing at once would answer a late STDIN frame with a broken pipe, which on the host's side can swallow END.
 */
#include "connection.h"
#include "cgroup.h"
#include "facts.h"
#include "frames.h"
#include "lease.h"
#include "place.h"
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_PATIENCE_MS = 5000, FINISH_PATIENCE_MS = 10000, CLOSING_PATIENCE_MS = 1000 };

enum state { FREE, OPENING, RUNNING, FINISHING };

struct connection {
  enum state state;
  int fd;
  uint64_t due_ms;
  struct cgroup cgroup;
  struct place place;
  uid_t uid;
  enum cause cause;
  /* OPEN as far as it came, later the last frame and how much of it is sent. */
  uint8_t bytes[LAUNCH_ERROR_BYTES];
  const uint8_t *last;
  size_t length;
  size_t sent;
  bool host_is_done;
};

static struct connection connections[MAX_CONNECTIONS];
static unsigned used;
static bool closing;
static int epoll_fd;
/* Connections with a place that is not taken apart yet. */
static uint64_t places;

static unsigned index_of(const struct connection *connection) {
  return (unsigned)(connection - connections);
}

static void watch(int operation, int fd, uint32_t events, enum event_kind kind, const struct connection *connection) {
  struct epoll_event event = {.events = events, .data.u64 = event_tag(kind, index_of(connection))};
  if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) say("epoll_ctl: %s", strerror(errno));
}

/* Before close, always: the descriptor's file may live on in a child, and with it its events. */
static void unwatch_and_close(int fd) {
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
  close(fd);
}

static void release(struct connection *connection) {
  unwatch_and_close(connection->fd);
  connection->state = FREE;
  used--;
}

static void throw_away_input(struct connection *connection) {
  char waste[4096];
  for (int i = 0; i < 64 && !connection->host_is_done; i++) {
    ssize_t length = recv(connection->fd, waste, sizeof waste, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) connection->host_is_done = true;
  }
}

/* Sends what is left of the last frame; true when the connection is over. */
static bool advance_finish(struct connection *connection) {
  while (connection->sent < connection->length) {
    ssize_t length = send(connection->fd, connection->last + connection->sent, connection->length - connection->sent,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (length < 0 && errno == EAGAIN) break;
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return true;
    connection->sent += (size_t)length;
    if (connection->sent == connection->length) shutdown(connection->fd, SHUT_WR);
  }
  throw_away_input(connection);
  return connection->host_is_done && connection->sent == connection->length;
}

static void finish_on(struct connection *connection, uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) || advance_finish(connection)) {
    release(connection);
    return;
  }
  uint32_t wanted = connection->host_is_done ? 0 : EPOLLIN;
  if (connection->sent < connection->length) wanted |= EPOLLOUT;
  watch(EPOLL_CTL_MOD, connection->fd, wanted, EVENT_STREAM, connection);
}

static void finish_with(struct connection *connection, const uint8_t *last, size_t length) {
  connection->state = FINISHING;
  connection->last = last;
  connection->length = length;
  connection->sent = 0;
  connection->due_ms = now_ms() + (closing ? CLOSING_PATIENCE_MS : FINISH_PATIENCE_MS);
  finish_on(connection, 0);
}

static void finish(struct connection *connection, size_t length) {
  finish_with(connection, connection->bytes, length);
}

static void finish_with_facts(struct connection *connection) {
  size_t length;
  const uint8_t *frame = facts_frame(&length);
  finish_with(connection, frame, length);
}

static void finish_with_error(struct connection *connection, int reason, const char *text) {
  finish(connection, encode_launch_error(connection->bytes, (uint32_t)reason, text));
}

static void finish_with_errno(struct connection *connection, int reason, const char *step) {
  char text[2 * FRAME_TEXT_BYTES];
  snprintf(text, sizeof text, "%s: %s", step, strerror(reason));
  finish_with_error(connection, reason, text);
}

static void launch(struct connection *connection) {
  struct open_request request;
  if (is_probe(connection->bytes)) return finish_with_facts(connection);
  const char *problem = parse_open(connection->bytes, &request);
  if (problem != NULL) return finish_with_error(connection, EPROTO, problem);
  if (places >= open_most_places())
    return finish_with_error(connection, EAGAIN, "all places of this launcher are in use");
  connection->uid = lease_take();
  if (connection->uid == (uid_t)-1) return finish_with_error(connection, EAGAIN, "all uids of this launcher are in use");
  if (cgroup_make(&request, &connection->cgroup, &problem) != 0) {
    int reason = errno;
    lease_give(connection->uid);
    return finish_with_errno(connection, reason, problem);
  }
  const struct place_request place = {
    .open = &request, .cgroup = &connection->cgroup, .uid = connection->uid, .connection = connection->fd};
  if (place_start(&place, &connection->place) != 0) {
    int reason = errno;
    cgroup_drop(&connection->cgroup);
    lease_give(connection->uid);
    return finish_with_errno(connection, reason, "clone3");
  }
  places++;
  connection->state = RUNNING;
  connection->cause = CAUSE_ITSELF;
  connection->due_ms = now_ms() + request.deadline_ms;
  watch(EPOLL_CTL_MOD, connection->fd, 0, EVENT_STREAM, connection);
  watch(EPOLL_CTL_ADD, connection->place.pidfd, EPOLLIN, EVENT_PROCESS, connection);
}

/* Reads to the end of OPEN and not one byte further: what follows is for PID 1. */
static void read_open(struct connection *connection) {
  ssize_t length =
    recv(connection->fd, connection->bytes + connection->length, OPEN_BYTES - connection->length, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) return release(connection);
  connection->length += (size_t)length;
  if (connection->length == OPEN_BYTES) launch(connection);
}

/* The first reason to kill is the one that END tells. */
static void kill_for(struct connection *connection, enum cause cause) {
  connection->due_ms = UINT64_MAX;
  if (connection->cause != CAUSE_ITSELF) return;
  connection->cause = cause;
  place_kill(&connection->place);
  cgroup_kill(&connection->cgroup);
}

static void after_death(struct connection *connection) {
  char step[FRAME_TEXT_BYTES];
  int status = 0;
  pid_t pid = waitpid(connection->place.pid, &status, WNOHANG);
  if (pid == 0) return;
  if (pid < 0) say("waitpid: %s", strerror(errno));
  /* It may have ended by itself while we were about to kill it. */
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) connection->cause = CAUSE_ITSELF;
  struct end_report report = {.wait_status = (uint32_t)status, .cause = connection->cause};
  int failure = place_failure(&connection->place, step);
  cgroup_usage(&connection->cgroup, &report);
  close(connection->place.failure_pipe);
  unwatch_and_close(connection->place.pidfd);
  if (failure != 0) finish_with_errno(connection, failure, step);
  else finish(connection, encode_end(connection->bytes, &report));
  /* After the frame is on its way: nobody should wait for the kernel to take a group apart. */
  cgroup_drop(&connection->cgroup);
  lease_give(connection->uid);
  places--;
}

void connections_start(int epoll) {
  epoll_fd = epoll;
}

bool connections_have_room(void) {
  return used < MAX_CONNECTIONS;
}

bool connections_all_done(void) {
  return used == 0;
}

void connection_begin(int fd) {
  struct connection *connection = connections;
  while (connection->state != FREE) connection++;
  used++;
  *connection = (struct connection){.state = OPENING, .fd = fd, .due_ms = now_ms() + OPEN_PATIENCE_MS};
  watch(EPOLL_CTL_ADD, fd, EPOLLIN, EVENT_STREAM, connection);
}

void connection_event(enum event_kind kind, unsigned index, uint32_t events) {
  struct connection *connection = &connections[index];
  /* An earlier event of the same round may have moved the connection on. */
  if (kind == EVENT_PROCESS) {
    if (connection->state == RUNNING) after_death(connection);
  } else if (connection->state == OPENING) {
    read_open(connection);
  } else if (connection->state == RUNNING && (events & (EPOLLHUP | EPOLLERR))) {
    kill_for(connection, CAUSE_HANG_UP);
    /* The event would come again and again until the process is dead; finish() watches again, to no harm. */
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
    watch(EPOLL_CTL_ADD, connection->fd, EPOLLET, EVENT_STREAM, connection);
  } else if (connection->state == FINISHING) {
    finish_on(connection, events);
  }
}

static void act_on_due(struct connection *connection) {
  if (connection->state == OPENING) finish_with_error(connection, ETIMEDOUT, "OPEN did not come in time");
  else if (connection->state == RUNNING) kill_for(connection, CAUSE_DEADLINE);
  else release(connection);
}

uint64_t connections_tick(uint64_t at_ms) {
  uint64_t next_ms = UINT64_MAX;
  for (struct connection *connection = connections; connection < connections + MAX_CONNECTIONS; connection++) {
    if (connection->state != FREE && connection->due_ms <= at_ms) act_on_due(connection);
    if (connection->state != FREE && connection->due_ms < next_ms) next_ms = connection->due_ms;
  }
  return next_ms;
}

void connections_close_all(void) {
  closing = true;
  for (struct connection *connection = connections; connection < connections + MAX_CONNECTIONS; connection++) {
    if (connection->state == OPENING) finish_with_error(connection, ECANCELED, "the launcher is closing");
    else if (connection->state == RUNNING) kill_for(connection, CAUSE_CLOSING);
    else if (connection->state == FINISHING) connection->due_ms = now_ms() + CLOSING_PATIENCE_MS;
  }
}
