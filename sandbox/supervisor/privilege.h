/* What PID 1 may do, and what may be done to it. */
#ifndef RUNYARD_PRIVILEGE_H
#define RUNYARD_PRIVILEGE_H

/* Unreadable and untraceable by the user's processes; no program that is started gains rights. Dies on failure. */
void privilege_shield(void);
/* Keeps SETUID, SETGID and KILL, and gives up whatever else was handed in. Dies when one of the three is missing. */
void privilege_reduce(void);

#endif
