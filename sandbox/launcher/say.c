#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void line(FILE *to, const char *lead, const char *format, va_list arguments) {
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  /* One write per line, so that it does not mix with those of the supervisors on the same stderr. */
  fprintf(to, "%s %s\n", lead, text);
  fflush(to);
}

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  line(stderr, "launcher:", format, arguments);
  va_end(arguments);
}

void refuse(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  line(stdout, "refused", format, arguments);
  va_end(arguments);
  exit(EXIT_REFUSED);
}

uint64_t now_ms(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) refuse("no monotonic clock on this host");
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
