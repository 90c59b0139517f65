#include "serve.h"
#include "cgroup.h"
#include "connection.h"
#include "say.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIFELINE = 0, MAX_EVENTS = 64, CLOSE_PATIENCE_MS = 8000 };
/* How long to leave the listener alone after accept failed for want of something. */
enum { ACCEPT_PAUSE_MS = 100, COLLECT_FIRST_MS = 2, COLLECT_MOST_MS = 1000 };

static int epoll_fd;
static int listener_fd;
static int signal_fd;
static bool listening;
static bool closing;
static uint64_t accept_after_ms;
static uint64_t collect_wait_ms;
static uint64_t collect_at_ms;

static void add(int fd, enum event_kind kind) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = event_tag(kind, 0)};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
    refuse("cannot watch descriptor %d (stdin must be a pipe): %s", fd, strerror(errno));
}

static void start_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) refuse("sigprocmask: %s", strerror(errno));
  signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_fd < 0) refuse("signalfd: %s", strerror(errno));
}

static void listen_when_possible(uint64_t at_ms) {
  bool wanted = !closing && connections_have_room() && at_ms >= accept_after_ms;
  if (wanted == listening) return;
  listening = wanted;
  if (wanted) add(listener_fd, EVENT_LISTENER);
  else epoll_ctl(epoll_fd, EPOLL_CTL_DEL, listener_fd, NULL);
}

static void accept_all(void) {
  while (connections_have_room()) {
    int fd = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
      connection_begin(fd);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      if (errno == EAGAIN) return;
      say("accept: %s", strerror(errno));
      accept_after_ms = now_ms() + ACCEPT_PAUSE_MS;
      return;
    }
  }
}

static void begin_closing(void) {
  if (closing) return;
  closing = true;
  connections_close_all();
}

static void read_lifeline(void) {
  char waste[64];
  ssize_t length = read(LIFELINE, waste, sizeof waste);
  if (length > 0 || (length < 0 && (errno == EINTR || errno == EAGAIN))) return;
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, LIFELINE, NULL);
  begin_closing();
}

static void read_signal(void) {
  struct signalfd_siginfo information;
  if (read(signal_fd, &information, sizeof information) == (ssize_t)sizeof information) begin_closing();
}

static bool handle(const struct epoll_event *event) {
  enum event_kind kind = event->data.u64 & 0xff;
  if (kind == EVENT_LISTENER) return true;
  if (kind == EVENT_LIFELINE) read_lifeline();
  else if (kind == EVENT_SIGNAL) read_signal();
  else connection_event(kind, (unsigned)(event->data.u64 >> 8), event->events);
  return false;
}

/* New connections come last, so that no event of this round can meet a connection that took a freed place. */
static void handle_round(const struct epoll_event *events, int count) {
  bool has_new = false;
  for (int i = 0; i < count; i++)
    if (handle(&events[i])) has_new = true;
  if (has_new && !closing) accept_all();
}

/* Groups that were still busy: tried again soon, then ever more rarely. */
static uint64_t collect(uint64_t at_ms) {
  if (collect_wait_ms != 0 && at_ms < collect_at_ms) return collect_at_ms;
  if (cgroup_collect()) {
    collect_wait_ms = 0;
    return UINT64_MAX;
  }
  collect_wait_ms = collect_wait_ms == 0 ? COLLECT_FIRST_MS : 2 * collect_wait_ms;
  if (collect_wait_ms > COLLECT_MOST_MS) collect_wait_ms = COLLECT_MOST_MS;
  collect_at_ms = at_ms + collect_wait_ms;
  return collect_at_ms;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static int wait_for(uint64_t at_ms, uint64_t next_ms) {
  if (next_ms == UINT64_MAX) return -1;
  if (next_ms <= at_ms) return 0;
  return next_ms - at_ms > 60000 ? 60000 : (int)(next_ms - at_ms);
}

static void start(int listener) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) refuse("epoll_create1: %s", strerror(errno));
  listener_fd = listener;
  start_signals();
  connections_start(epoll_fd);
  add(LIFELINE, EVENT_LIFELINE);
  add(signal_fd, EVENT_SIGNAL);
}

bool serve(int listener) {
  uint64_t give_up_ms = UINT64_MAX;
  start(listener);
  for (;;) {
    struct epoll_event events[MAX_EVENTS];
    uint64_t at_ms = now_ms();
    uint64_t next_ms = earlier(connections_tick(at_ms), collect(at_ms));
    if (closing && give_up_ms == UINT64_MAX) give_up_ms = at_ms + CLOSE_PATIENCE_MS;
    if (closing && connections_all_done() && collect_wait_ms == 0) return true;
    if (at_ms >= give_up_ms) return false;
    listen_when_possible(at_ms);
    if (at_ms < accept_after_ms) next_ms = earlier(next_ms, accept_after_ms);
    int count = epoll_wait(epoll_fd, events, MAX_EVENTS, wait_for(at_ms, earlier(next_ms, give_up_ms)));
    if (count < 0 && errno != EINTR) refuse("epoll_wait: %s", strerror(errno));
    handle_round(events, count);
  }
}
