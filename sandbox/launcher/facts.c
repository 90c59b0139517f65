#include "facts.h"
#include "cgroup.h"
#include "lease.h"
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { TYPE_PROBE = 0xA1, TYPE_FACTS = 0xC2, PROBE_VERSION = 1, MAX_FACTS_BYTES = 65536 };

static char launcher_text[512];
static uint8_t frame[FRAME_HEADER_BYTES + MAX_FACTS_BYTES];
static size_t frame_length;

void facts_start(const char *owner, const char *setup) {
  struct utsname host;
  if (uname(&host) != 0) refuse("uname: %s", strerror(errno));
  snprintf(launcher_text, sizeof launcher_text,
           "{\"launcher\":\"native\",\"cgroup\":\"%s\",\"kernel\":\"%.65s\",\"ownerId\":\"%s\",\"firstUid\":%u,\"uids\":%d,"
           "\"pid\":%d}",
           cgroup_is_version_2() ? "v2" : "v1", host.release, owner, (unsigned)lease_first_uid(), UIDS_PER_LAUNCHER,
           (int)getpid());
  char *text = (char *)frame + FRAME_HEADER_BYTES;
  int length = snprintf(text, MAX_FACTS_BYTES, "{\"launcher\":%s,\"setup\":%s}", launcher_text, setup != NULL ? setup : "null");
  if (length < 0 || length >= MAX_FACTS_BYTES) refuse("--facts is too long");
  for (unsigned i = 0; i < 4; i++) frame[i] = (uint8_t)((unsigned)length >> (8 * i));
  frame[4] = TYPE_FACTS;
  frame_length = FRAME_HEADER_BYTES + (size_t)length;
}

const char *facts_of_launcher(void) {
  return launcher_text;
}

/* An OPEN of another type that asks for nothing: header, magic, version, zeroes. */
bool is_probe(const uint8_t bytes[OPEN_BYTES]) {
  static const uint8_t probe[OPEN_BYTES] = {OPEN_BYTES - FRAME_HEADER_BYTES, 0, 0, 0, TYPE_PROBE, 0, 0, 0,
                                            'R', 'Y', 'L', '1', PROBE_VERSION};
  return memcmp(bytes, probe, OPEN_BYTES) == 0;
}

const uint8_t *facts_frame(size_t *length) {
  *length = frame_length;
  return frame;
}
