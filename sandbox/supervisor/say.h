/* Diagnostics for operators on fd 2. Never what a user's program printed. */
#ifndef RUNYARD_SAY_H
#define RUNYARD_SAY_H

enum { SUPERVISOR_FAILED = 1, SUPERVISOR_USAGE = 2, SUPERVISOR_HOST_GONE = 3 };

/* Prints `supervisor: what (error text)`; leaves out the text when `error` is 0. */
void say(const char *what, int error);
/* The same with errno, then exits 1. As PID 1 that kills every process of the sandbox. */
_Noreturn void die(const char *what);

#endif
