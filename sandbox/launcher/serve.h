/* The event loop. */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>

/*
 * Serves connections until the lifeline (stdin) ends or SIGTERM comes, then kills every sandbox. True when all of them are
 * dead and their control groups removed; false when something was still stuck after the time for it.
 */
bool serve(int listener);

#endif
