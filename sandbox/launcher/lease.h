/* What launchers of one host must share out: owner names and uids. Both are files locked for the life of a launcher. */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>
#include <sys/types.h>

enum { OWNER_CHARS = 8, UIDS_PER_LAUNCHER = 64 };

/* Locks the owner's name and a block of uids under the state directory. Refuses by itself. */
void lease_start(const char *state_path, const char *owner);
uid_t lease_first_uid(void);

/* A uid that no running sandbox has, or (uid_t)-1. The longest unused first. */
uid_t lease_take(void);
void lease_give(uid_t uid);

/* The folder of lock files `<owner>.lock`, for the sweep. */
int lease_owners_dir(void);

/* Descriptor of the lock of an owner that is gone, or -1 when it lives. Its name goes away when nothing is left of it. */
int lease_claim_dead(const char *owner);
void lease_release_dead(const char *owner, int lock, bool nothing_left);

/* Removes sockets `<owner>.sock` of owners that are gone and have left nothing else, from the folder of the own socket. */
void sweep_sockets(int dir);

/* Removes the own name. Call it only when nothing of this owner is left. */
void lease_end(void);

#endif
