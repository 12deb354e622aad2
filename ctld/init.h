/* `reeve-ctld init`: makes a site. */
#ifndef CTLD_INIT_H
#define CTLD_INIT_H

/* ARGV[0] is "init". Returns the exit status. */
int init_main(int argc, char **argv);

#endif
