/* Small kernel files (cgroup limits and counters), always relative to a directory descriptor. */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All return -1 with errno on failure. `read_text` ends the text with NUL and returns its length. */
ssize_t read_text(int dir, const char *name, char *text, size_t size);
int read_number(int dir, const char *name, uint64_t *value);
int write_text(int dir, const char *name, const char *text);

/* Writes a limit and reads it back: ERANGE when the kernel holds another value than the one asked for. */
int write_limit(int dir, const char *name, uint64_t value);

#endif
