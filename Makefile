# reeve. GNU make. Targets: all check regress lint fuzz-smoke mutants bench install install-agent
# uninstall clean. Options: SANITIZE=1 (ASan and UBSan), TRACE=1 (log what a filter would kill; for
# development), CRASH=1 (crash points), LIBTLS=DIR (another libtls), BUILD=DIR, DESTDIR, PREFIX.

BUILD	?= build
PREFIX	?= /usr
SYSCONFDIR ?= /etc
LOCALSTATEDIR ?= /var
SBINDIR	?= $(PREFIX)/sbin
BINDIR	?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/reeve
MANDIR	?= $(PREFIX)/share/man
CC	?= cc

WARN	= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	  -Wcast-qual -Wsign-compare -Wformat=2 -Werror
HARDEN	= -O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	  -fcf-protection -fPIE
LDHARD	= -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
ifdef SANITIZE
HARDEN	= -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -fPIE
LDHARD	= -pie -fsanitize=address,undefined
# gcc guesses string lengths worse there than in the release build, which keeps the warning
WARN	+= -DREEVE_SANITIZE -Wno-format-truncation
endif
ifdef TRACE
WARN	+= -DREEVE_TRACE
endif
ifdef CRASH
WARN	+= -DREEVE_CRASH
endif
CPPFLAGS += -D_GNU_SOURCE -I. -I$(BUILD)/gen
CFLAGS	?= -g
CFLAGS	+= -std=gnu11 $(HARDEN) $(WARN)
LDFLAGS	+= $(LDHARD)

LIBS_privd = -lsodium
LIBS_execd = -lsodium
LIBS_ctl = -lsodium -lbsd -lmd -lsmartcols
LIBS_cli = -lsodium -lbsd -lmd -lsmartcols
LIBS_test = -lseccomp -lsodium -lbsd -lmd -lsmartcols

ROOMS	= lib proto imsg privd execd ctl cli
PROGS	= $(BUILD)/reeve-privd $(BUILD)/reeve-execd $(BUILD)/reevectl $(BUILD)/reeve

# every .c of a room but its main.c, and what runs while building, goes into the room's archive
src_of	= $(filter-out $(1)/main.c $(1)/mkfilters.c,$(sort $(wildcard $(1)/*.c)))
obj	= $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ar_of	= $(foreach r,$(1),$(BUILD)/$(r).a)
SHARED	= $(call ar_of,imsg proto lib)
# privd's one look into another room: the profile table, data only
PROFILES = $(call obj,$(sort $(wildcard execd/prof_*.c)))

.PHONY: all tests testtools check regress lint fuzz-smoke mutants bench install install-agent uninstall clean
.DELETE_ON_ERROR:
all: $(BUILD)/.deps-ok $(PROGS)

# stops before compiling when something is missing, with the one command that helps
$(BUILD)/.deps-ok: etc/packages regress/tools/need
	@mkdir -p $(BUILD)
	@regress/tools/need build
	@touch $@

$(BUILD)/gen/version.h: VERSION $(wildcard .git/HEAD .git/logs/HEAD)
	@mkdir -p $(@D)
	@regress/tools/version >$@.tmp && { cmp -s $@.tmp $@ || mv $@.tmp $@; rm -f $@.tmp; }

$(BUILD)/obj/%.o: %.c | $(BUILD)/gen/version.h $(BUILD)/.deps-ok
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Filters are compiled now, by the same flags, and only loaded on a host: gen/never.h, gen/filters.h.
MKFILTERS = execd/mkfilters.c execd/filter_rows.c lib/sb_seccomp.c lib/sb_sets.c lib/sb_prog.c \
	  lib/fdutil.c lib/strutil.c lib/err.c
$(BUILD)/mkfilters: $(call obj,$(MKFILTERS)) $(PROFILES)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp
$(BUILD)/gen/never.h $(BUILD)/gen/filters.h: $(BUILD)/gen/%.h: $(BUILD)/mkfilters
	@mkdir -p $(@D)
	$< $* >$@.tmp && mv $@.tmp $@
$(call obj,lib/sb_never.c): $(BUILD)/gen/never.h
$(call obj,execd/filter.c): $(BUILD)/gen/filters.h

define room_rules
$$(BUILD)/$(1).a: $$(call obj,$$(call src_of,$(1)))
	@rm -f $$@; $$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/reeve-privd: $(call obj,privd/main.c) $(BUILD)/privd.a $(PROFILES) $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_privd)
$(BUILD)/reeve-execd: $(call obj,execd/main.c) $(BUILD)/execd.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_execd)
$(BUILD)/reevectl: $(call obj,ctl/main.c) $(BUILD)/ctl.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_ctl)
$(BUILD)/reeve: $(call obj,cli/main.c) $(BUILD)/cli.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_cli)

# Tests: regress/DIR/t_NAME.c becomes build/regress/DIR/t_NAME; regress/DIR/NAME.c without t_ is a tool.
# regress/check.h is the whole framework. A test links the archives and takes what it needs.
TESTDIRS = unit ipc sandbox
TESTSRC	= $(foreach d,$(TESTDIRS),$(sort $(wildcard regress/$(d)/*.c)))
TESTBIN	= $(patsubst regress/%.c,$(BUILD)/regress/%,$(TESTSRC))
ALLAR	= $(call ar_of,privd execd ctl cli) $(SHARED)
TESTTOOLS = $(patsubst regress/%.c,$(BUILD)/regress/%,$(foreach d,$(TESTDIRS), \
	  $(filter-out regress/$(d)/t_%,$(wildcard regress/$(d)/*.c))))
tests: $(TESTBIN) testtools
testtools: $(TESTTOOLS) $(BUILD)/regress/ticket_accept $(BUILD)/regress/doctables
$(BUILD)/regress/%: $(BUILD)/obj/regress/%.o $(ALLAR)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(ALLAR) -Wl,--end-group $(LIBS_test)

$(BUILD)/regress/bench/jobbench: $(call obj,regress/bench/jobbench.c regress/bench/floor.c) $(ALLAR)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(ALLAR) -Wl,--end-group $(LIBS_test)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
-include regress/regress.mk
-include etc/install.mk
