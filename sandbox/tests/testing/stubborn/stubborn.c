/*
 * A PID 1 that does nothing of what the supervisor would: it says one byte, then heeds neither its stream nor any signal
 * that it can help. What ends it, or sets limits to it, is the launcher's work alone.
 */
#include <signal.h>
#include <unistd.h>

int main(void) {
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_BLOCK, &all, NULL) != 0) return 1;
  if (write(1, "!", 1) != 1) return 1;
  for (;;) pause();
}
