/*
 * frame-echo: decodes every frame of stdin into its struct and encodes it again to stdout, with the codec of PID 1.
 * Property tests of the other side of the protocol feed it. A malformed or cut frame gives one ERROR frame and exit 1.
 * It checks the structure alone; the meanings of values (paths, bounds) are checked by PID 1 in `spec.c` and `place_file.c`.
 */
#include "frame.h"

#include <stdio.h>
#include <string.h>

static struct message message;
static uint8_t input[FRAME_HEADER_BYTES + FRAME_PAYLOAD_MAX];
static uint8_t output[FRAME_HEADER_BYTES + FRAME_PAYLOAD_MAX];

static int put(size_t length) {
  return fwrite(output, 1, length, stdout) == length ? 0 : 2;
}

static int refuse(const char *why) {
  message = (struct message){.type = FRAME_ERROR};
  message.as.error.code = ERROR_PROTOCOL;
  message.as.error.text = (struct slice){.at = (const uint8_t *)why, .length = strlen(why)};
  return put(frame_encode(&message, output, sizeof output)) == 0 && fflush(stdout) == 0 ? 1 : 2;
}

int main(void) {
  for (;;) {
    struct frame frame;
    size_t got = fread(input, 1, FRAME_HEADER_BYTES, stdin);
    if (got == 0 && feof(stdin)) return fflush(stdout) == 0 ? 0 : 2;
    if (got < FRAME_HEADER_BYTES) return refuse("cut inside a header");
    if (!frame_parse_header(input, &frame)) return refuse("longer than 65536 bytes");
    if (fread(input + FRAME_HEADER_BYTES, 1, frame.length, stdin) < frame.length) return refuse("cut inside a payload");
    if (!frame_decode(&frame, &message)) return refuse("malformed frame");
    size_t length = frame_encode(&message, output, sizeof output);
    if (length == 0) return refuse("could not be encoded again");
    if (put(length) != 0) return 2;
  }
}
