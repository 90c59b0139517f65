/* The mount namespace that every sandbox starts from. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

/*
 * Leaves the host's file system for good: afterwards `/` is the read-only runtime root with a minimal /dev, in a private
 * mount namespace, and the host name is `runyard`. Descriptors opened before stay good. Refuses by itself.
 */
void template_enter(const char *root);

#endif
