/* The mount namespace that every sandbox starts from. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>

/*
 * Leaves the host's file system for good: afterwards `/` is the read-only runtime root in a private mount namespace, and
 * the host name is `runyard`. Descriptors opened before stay good. Refuses by itself.
 */
void template_enter(const char *root);

/* Whether this kernel gives each place a root of its own: found out by template_enter. Without, all share one. */
bool template_has_layers(void);

/* Mounts a read-only view of the root, with inodes of its own, at `path`. 0, or -1 with errno. */
int template_layer(const char *path);

#endif
