/*
 * The control socket run_dir/control.sock: reevectl's requests, one handler for each row from CTL
 * to PRIVD of the message table. Root may ask everything; members of conf's admin-group may look.
 */
#ifndef PRIVD_CONTROL_H
#define PRIVD_CONTROL_H

#include <stdint.h>

#include "lib/err.h"
#include "privd/ledger.h"
#include "privd/privd.h"

#define CONTROL_CLIENTS 16 /* at once; one more is turned away */
#define CONTROL_ROOT	4  /* of them are root's: nobody else can lock root out */

/* Makes the directory and the socket (0600, or 0660 and the admin group) and listens. 0 or -1. */
int control_open(struct privd *p, struct errmsg *e);
/* Closes the socket, its name and every client. */
void control_close(struct privd *p);
/*
 * The words of this host changed: the socket goes to the new admin group, and tickets that still
 * wait for a blob are refused (their keys were judged by the old policy).
 */
void control_reloaded(struct privd *p);

/* The spool of job ID is there: those that wait for the job get its descriptors. */
void control_spool(struct privd *p, const uint8_t id[16]);
/* Job ID ended: those that wait get REC's signed result. */
void control_finished(struct privd *p, const uint8_t id[16], const struct ledger_rec *rec);

#endif
