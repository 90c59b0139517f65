/*
 * Keeps one launcher running, and is its parent with the rights to start it again.
 *
 *   server (no rights) ──lifeline──► keeper (root) ──lifeline──► launcher (root)
 *                      ◄──stdout───                ◄──stdout───
 *
 * usage: keeper <program> <argument>…
 *
 * The server gives its rights up after it has started the keeper, so it could not start another launcher when the first one
 * dies. The keeper can. It knows nothing of sandboxes: it starts the program, hands on what that says on stdout, and
 *
 *   program ended before it said `ready` for the first time   ends with the same exit code: a refusal, or a fault of set-up
 *   program ended later                                       says so, and starts it again at once, then ever more rarely
 *   own stdin ended (the server closed it or died), SIGTERM   ends the program's stdin, waits, kills it if it must, ends
 *   keeper died in whatever way                               the program's stdin ends by that, and so does the program
 *
 * Whatever the server writes to the keeper is thrown away. The program sweeps what its forerunner left by itself.
 */
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIFELINE = 0, NEWS = 1, EXIT_CANNOT_RUN = 127, EXIT_SIGNALLED = 70 };
/* The launcher itself takes at most 8 s to clean up. */
enum { CLOSE_PATIENCE_MS = 9000, KILL_AGAIN_MS = 1000, MOST_KILLS = 5, PAUSE_FIRST_MS = 100, PAUSE_MOST_MS = 5000, HEALTHY_MS = 30000 };

struct program {
  pid_t pid;
  /* Write end of its stdin, read end of its stdout; -1 when closed. */
  int lifeline;
  int news;
  uint64_t started_ms;
};

static int signal_fd;
static bool has_been_ready;
static bool closing;

static void must(bool good, const char *what) {
  if (good) return;
  say("keeper: %s: %s", what, strerror(errno));
  _exit(EXIT_SIGNALLED);
}

static void set_keyboard_signals(void (*handler)(int)) {
  static const int signals[] = {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTTOU, SIGTTIN, SIGTSTP};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], handler);
}

static void settle(void) {
  sigset_t set;
  set_keyboard_signals(SIG_IGN);
  /* A server that does not read its news must not hold the keeper. */
  int flags = fcntl(NEWS, F_GETFL);
  must(flags >= 0 && fcntl(NEWS, F_SETFL, flags | O_NONBLOCK) == 0, "fcntl");
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGCHLD);
  must(sigprocmask(SIG_BLOCK, &set, NULL) == 0, "sigprocmask");
  signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  must(signal_fd >= 0, "signalfd");
}

static void run_program(char **command, int input, int output) {
  sigset_t none;
  sigemptyset(&none);
  set_keyboard_signals(SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (dup2(input, 0) == 0 && dup2(output, 1) == 1) execv(command[0], command);
  fprintf(stderr, "keeper: cannot run %s: %s\n", command[0], strerror(errno));
  fflush(stderr);
  _exit(EXIT_CANNOT_RUN);
}

static struct program start_program(char **command) {
  int input[2];
  int output[2];
  must(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0, "pipe2");
  pid_t pid = fork();
  must(pid >= 0, "fork");
  if (pid == 0) run_program(command, input[0], output[1]);
  close(input[0]);
  close(output[1]);
  return (struct program){.pid = pid, .lifeline = input[1], .news = output[0], .started_ms = now_ms()};
}

static void close_end(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void forward_news(struct program *program) {
  char text[4096];
  ssize_t length = read(program->news, text, sizeof text);
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (length <= 0) return close_end(&program->news);
  if (length >= 6 && memcmp(text, "ready ", 6) == 0) has_been_ready = true;
  /* Lost when the server does not read; its end is told by the lifeline. */
  if (write(NEWS, text, (size_t)length) != length && !closing) say("keeper: nobody reads the news");
}

static void drain_news(struct program *program) {
  struct pollfd news = {.fd = program->news, .events = POLLIN};
  while (program->news >= 0 && poll(&news, 1, 0) == 1) {
    forward_news(program);
    news.fd = program->news;
  }
  close_end(&program->news);
}

static void begin_closing(struct program *program) {
  closing = true;
  close_end(&program->lifeline);
}

static void read_lifeline(struct program *program) {
  char waste[256];
  ssize_t length = read(LIFELINE, waste, sizeof waste);
  if (length > 0 || (length < 0 && (errno == EINTR || errno == EAGAIN))) return;
  begin_closing(program);
}

static void read_signals(struct program *program) {
  struct signalfd_siginfo information;
  while (read(signal_fd, &information, sizeof information) == (ssize_t)sizeof information)
    if (information.ssi_signo == SIGTERM) begin_closing(program);
}

static int time_left(uint64_t until_ms) {
  uint64_t at_ms = now_ms();
  if (until_ms == UINT64_MAX) return -1;
  return until_ms > at_ms ? (int)(until_ms - at_ms) : 0;
}

/* Serves until the program is dead; its wait status. */
static int watch(struct program *program) {
  uint64_t kill_at_ms = UINT64_MAX;
  for (int kills = 0; kills < MOST_KILLS;) {
    int status = 0;
    if (closing && kill_at_ms == UINT64_MAX) kill_at_ms = now_ms() + CLOSE_PATIENCE_MS;
    pid_t dead = waitpid(program->pid, &status, WNOHANG);
    if (dead == program->pid) return status;
    must(dead == 0, "waitpid");
    struct pollfd events[] = {{.fd = closing ? -1 : LIFELINE, .events = POLLIN},
                      {.fd = signal_fd, .events = POLLIN},
                      {.fd = program->news, .events = POLLIN}};
    int count = poll(events, 3, time_left(kill_at_ms));
    must(count >= 0 || errno == EINTR, "poll");
    if (count == 0) {
      kill(program->pid, SIGKILL);
      kill_at_ms = now_ms() + KILL_AGAIN_MS;
      kills++;
    }
    if (count <= 0) continue;
    if (events[2].revents != 0) forward_news(program);
    if (events[1].revents != 0) read_signals(program);
    if (events[0].revents != 0) read_lifeline(program);
  }
  say("keeper: process %d cannot be killed", (int)program->pid);
  return 0;
}

/* The pause before the next start, in which the end of the lifeline still counts. */
static void rest(uint64_t pause_ms) {
  struct program none = {.lifeline = -1, .news = -1};
  uint64_t until_ms = now_ms() + pause_ms;
  while (!closing && time_left(until_ms) > 0) {
    struct pollfd events[] = {{.fd = LIFELINE, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    if (poll(events, 2, time_left(until_ms)) <= 0) continue;
    if (events[1].revents != 0) read_signals(&none);
    if (events[0].revents != 0) read_lifeline(&none);
  }
}

static int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED;
}

static void say_end(int status) {
  if (WIFSIGNALED(status)) say("killed by signal %d; its sandboxes are lost", WTERMSIG(status));
  else say("ended with exit code %d; its sandboxes are lost", WEXITSTATUS(status));
}

int main(int count, char **values) {
  uint64_t pause_ms = 0;
  if (count < 2) {
    fprintf(stderr, "usage: keeper <program> <argument>...\n");
    return EXIT_REFUSED;
  }
  settle();
  for (;;) {
    struct program program = start_program(values + 1);
    int status = watch(&program);
    drain_news(&program);
    close_end(&program.lifeline);
    if (closing) return 0;
    if (!has_been_ready) return exit_code(status);
    say_end(status);
    if (now_ms() - program.started_ms >= HEALTHY_MS) pause_ms = 0;
    rest(pause_ms);
    if (closing) return 0;
    pause_ms = pause_ms == 0 ? PAUSE_FIRST_MS : 2 * pause_ms;
    if (pause_ms > PAUSE_MOST_MS) pause_ms = PAUSE_MOST_MS;
  }
}
