/* Emptying what the user could write, between two steps. */
#ifndef RUNYARD_WIPE_H
#define RUNYARD_WIPE_H

/*
 * Removes everything below `path`, as the user, while no other process of the user is alive. Constant memory and two
 * descriptors whatever the depth and width of the tree. `path` itself, where it is the user's, loses its attributes, access
 * lists and times. A missing `path` is empty. Returns 0 or an errno.
 */
int wipe_directory(const char *path);

#endif
