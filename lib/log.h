/*
 * Logging for every room: syslog(3) in the background, stderr in the foreground.
 * The ten functions of OpenBSD's log.h, by their names. Text from outside is vis(3)-encoded
 * here, once, so a caller can log what it got; lines are cut at 1 KiB.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

/* NAME is the program's; TO_STDERR picks stderr; VERBOSE 0 info, 1 and up debug. LOG_DAEMON. */
void log_init(const char *name, int to_stderr, int verbose);
/*
 * For a room that confines itself: lines go to standard error, or, where that is /dev/null, to
 * syslog by a socket connected now; from then on by write(2) alone. A line that syslog does not
 * take is lost.
 */
void log_init_held(const char *name, int verbose);
/* A second word that each line carries after the name ("reeve-execd: job 9f86: ..."); NULL clears.
 */
void log_procinit(const char *procname);
void log_setverbose(int verbose);
int log_getverbose(void);
/* log_warn and fatal add strerror(errno); the others do not. fatal() and fatalx() _exit(1). */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void fatalx(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
