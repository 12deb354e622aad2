/* The one privilege drop. */
#ifndef LIB_PRIVDROP_H
#define LIB_PRIVDROP_H

#include <sys/types.h>

/*
 * Becomes UID:GID with no supplementary groups and, unless KEEPCAPS, no capability, and proves it:
 * the ids read back equal in all three (four) places, setting the old ones back fails, /proc/self
 * agrees. Refuses uid or gid 0 and -1. Never returns on failure: fatal().
 * KEEPCAPS: the permitted set survives (PR_SET_KEEPCAPS) for sb_caps_apply() to cut down.
 */
void privdrop(uid_t uid, gid_t gid, int keepcaps);

#endif
