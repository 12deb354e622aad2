/*
 * For every row of the message table: a way to make its smallest and its largest payload, and a way
 * to take a payload apart and put it together again. A row without an entry fails the tests that
 * walk the table, so that a new message cannot be forgotten.
 */
#ifndef REGRESS_IPC_SAMPLES_H
#define REGRESS_IPC_SAMPLES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regress/ipc/payloads_sign.h"

struct codec {
	uint32_t num;
	/* A valid payload of exactly the row's least or greatest size. */
	struct ibuf *(*make)(const struct msg_row *, enum sample_size);
	/* Gets IM and puts it again: *OUT must then hold the same bytes. 0 or -1 as the getter
	 * says. */
	int (*again)(const struct imsg *im, struct ibuf **out);
};

/* One entry a row of imsg/msg.h. */

#define CODEC(row, payload)                                \
	{                                                  \
		MSG_##row, payload##_make, payload##_again \
	}
static const struct codec codecs[] = {
    CODEC(NETD_READY, ready),
    CODEC(DIAL_READY, ready),
    CODEC(NETD_CONF, setting),
    CODEC(NETD_PEER, none),
    CODEC(DIAL_CONF, dialconf),
    CODEC(DIAL_PEER, none),
    CODEC(NETD_ALIVE, alive),
    CODEC(NETD_STOP, none),
    CODEC(NETD_CERT, alive),
    CODEC(DIAL_ASK, num),
    CODEC(DIAL_DONE, num),
    CODEC(DIAL_FAIL, dialfail),
    CODEC(JOB_SUBMIT, submit),
    CODEC(JOB_BLOB, blob),
    CODEC(JOB_STATE, state),
    CODEC(JOB_STREAM, id),
    CODEC(JOB_EXIT, exit),
    CODEC(RESULT_ACK, id),
    CODEC(JOB_CANCEL, id),
    CODEC(VITALS_ASK, num),
    CODEC(VITALS, num),
    CODEC(HEADS, heads),
    CODEC(CONFIRM_ASK, confirmask),
    CODEC(CONFIRM_SIG, confirmsig),
    CODEC(JOB_NEEDBLOB, needblob),
    CODEC(EXEC_HOST, host),
    CODEC(EXEC_CGROUP, none),
    CODEC(EXEC_BLOB, execblob),
    CODEC(EXEC_SEAL, seal),
    CODEC(EXEC_START, start),
    CODEC(EXEC_READY, execready),
    CODEC(EXEC_FAIL, text),
    CODEC(EXEC_GO, none),
    CODEC(EXEC_EXIT, execexit),
    CODEC(CTL_SUBMIT, submit),
    CODEC(CTL_BLOB, blob),
    CODEC(CTL_STATUS, none),
    CODEC(CTL_JOBS, none),
    CODEC(CTL_SHOW, id),
    CODEC(CTL_WAIT, id),
    CODEC(CTL_ACK, id),
    CODEC(CTL_RELOAD, none),
    CODEC(CTL_POLICY, submit),
    CODEC(CTL_KEYS, keys),
    CODEC(CTL_SELFTEST, none),
    CODEC(CTL_CANCEL, id),
    CODEC(CTL_OK, text),
    CODEC(CTL_ERR, text),
    CODEC(CTL_ITEM, item),
    CODEC(CTL_END, none),
    CODEC(CTL_STREAM, id),
    CODEC(CTL_EXIT, exit),
    CODEC(CTL_NEEDBLOB, needblob),
    CODEC(SIGN_HELLO, hello),
    CODEC(SIGN_CSR, csr),
    CODEC(SIGN_TICKET, numblk),
    CODEC(SIGN_CONFIRM, signconfirm),
    CODEC(SIGN_CERT, numblk),
    CODEC(SIGN_SIG, signsig),
    CODEC(SIGN_NO, dialfail),
};
#undef CODEC
#define NCODECS (sizeof(codecs) / sizeof(codecs[0]))

static inline const struct codec *
codec_of(uint32_t num)
{
	size_t i;

	for (i = 0; i < NCODECS; i++)
		if (codecs[i].num == num)
			return &codecs[i];
	return NULL;
}

/* The whole message of ROW with a sample payload, header included, in BUF. Returns its length. */
static inline size_t
sample_message(const struct msg_row *row, enum sample_size z, uint8_t *buf)
{
	const struct codec *c = codec_of(row->num);
	struct ibuf *p, head = {.buf = buf, .size = IMSG_HEADER};
	size_t len;

	if (c == NULL || (p = c->make(row, z)) == NULL || p->failed) {
		fprintf(stderr, "%s: no sample of it\n", row->name);
		exit(1);
	}
	len = p->wpos;
	ibuf_put_u32(&head, row->num);
	ibuf_put_u32(&head, (uint32_t)(IMSG_HEADER + len));
	ibuf_put_u32(&head, row->fds);
	ibuf_put_u32(&head, 0);
	memcpy(buf + IMSG_HEADER, p->buf, len);
	ibuf_free(p);
	return IMSG_HEADER + len;
}

#endif
