/* One connection of the host = one sandbox, from OPEN to END. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

/* More than uids, because finished ones stay a moment. Beyond it, connections wait in the socket's backlog. */
enum { MAX_CONNECTIONS = 256 };

/* What an epoll event is about; the index of the connection stands above it in the event's data. */
enum event_kind { EVENT_LISTENER, EVENT_LIFELINE, EVENT_SIGNAL, EVENT_STREAM, EVENT_PROCESS };

static inline uint64_t event_tag(enum event_kind kind, unsigned index) {
  return (uint64_t)index << 8 | kind;
}

void connections_start(int epoll);
bool connections_have_room(void);
bool connections_all_done(void);
void connection_begin(int fd);
void connection_event(enum event_kind kind, unsigned index, uint32_t events);

/* Acts on what is due. Returns the monotonic time at which the next thing is, or UINT64_MAX. */
uint64_t connections_tick(uint64_t at_ms);

/* Kills every sandbox; those that have not started yet are dropped. */
void connections_close_all(void);

#endif
