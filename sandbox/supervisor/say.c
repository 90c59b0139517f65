#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void say(const char *what, int error) {
  char line[256];
  int length = error == 0 ? snprintf(line, sizeof line, "supervisor: %s\n", what)
                          : snprintf(line, sizeof line, "supervisor: %s (%s)\n", what, strerror(error));
  if (length <= 0) return;
  size_t bytes = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
  /* Nobody can be told that telling failed. */
  ssize_t ignored = write(STDERR_FILENO, line, bytes);
  (void)ignored;
}

_Noreturn void die(const char *what) {
  say(what, errno);
  _exit(SUPERVISOR_FAILED);
}
