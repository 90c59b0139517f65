/* What the launcher says of itself: on the ready line, and to whoever asks over the socket (PROBE). */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

/* `setup` is JSON of whoever started the launcher, handed on as it is; NULL: nothing is known. Refuses by itself. */
void facts_start(const char *owner, const char *setup);

/* One JSON object without line breaks. */
const char *facts_of_launcher(void);

/* Whether the first bytes of a connection ask for facts instead of a place. */
bool is_probe(const uint8_t bytes[OPEN_BYTES]);

/* The whole FACTS frame. */
const uint8_t *facts_frame(size_t *length);

#endif
