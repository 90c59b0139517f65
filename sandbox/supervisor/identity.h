/* Becoming the user of the place: for good in a child, for a moment in PID 1. */
#ifndef RUNYARD_IDENTITY_H
#define RUNYARD_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * In a child, before it drops: the kernel shall take it, when memory is out, before PID 1. The program can undo it; then
 * PID 1 may die, and END tells. Returns 0 or an errno.
 */
int identity_prefer_for_oom(void);

/* In a child: the user's uid and gid, no groups, no capability, no way back. Returns 0 or an errno. */
int identity_drop(uid_t uid);

/*
 * pipe2() with the user as owner: so that a program may open /dev/stdout again (the inode is 0600), and so that the
 * pages count against the quota of the leased uid, not against one that all places share. Only while no process of the
 * user is alive, because one could signal us meanwhile. Returns 0 or an errno.
 */
int identity_pipes(uid_t uid, int pipes[][2], int count);

#endif
