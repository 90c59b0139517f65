/* The system calls that nothing inside a place may make. */
#ifndef RUNYARD_FILTER_H
#define RUNYARD_FILTER_H

/* For the caller and whatever it will fork or execute, for good. Needs no_new_privs. Dies on failure. */
void filter_install(void);

#endif
