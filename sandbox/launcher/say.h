/* What the launcher tells: one `ready` or `refused` line on stdout, diagnostics on stderr. */
#ifndef SAY_H
#define SAY_H

#include <stdint.h>

/* sysexits EX_CONFIG: this host (or call) cannot give what the launcher promises. */
enum { EXIT_REFUSED = 78 };

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void refuse(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* CLOCK_MONOTONIC in milliseconds: every deadline of the launcher counts in it. */
uint64_t now_ms(void);

#endif
