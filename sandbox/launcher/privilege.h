/* Resource limits and capabilities of PID 1. */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

/* In the daemon, once: what all children inherit (resource limits, bounding set, no groups). Refuses by itself. */
void privilege_prepare(void);

/* In the child: exactly SETUID, SETGID and KILL stay, for good. -1 with errno. */
int privilege_drop(void);

#endif
