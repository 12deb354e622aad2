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
LIBS_ctl = $(TLSLIBS) -lcrypto -lsodium -lbsd -lmd -lsmartcols
LIBS_cli = $(TLSLIBS) -lsodium -lbsd -lmd -lsmartcols
LIBS_netd = $(TLSLIBS) -levent_core -lsodium
LIBS_dial = -lsodium
LIBS_ctld = -levent_openssl -levent_extra -levent_core -lssl -lcrypto -lsqlite3 -lsodium
LIBS_sign = -lcrypto -lsodium
LIBS_test = -lseccomp $(TLSTEST) -levent_openssl -levent_extra -levent_core -lssl -lcrypto -lsqlite3 \
	  -lsodium -lbsd -lmd -lsmartcols

# LIBTLS=DIR: another libtls (LibreSSL's own), with DIR/include and DIR/lib, for what speaks TLS by it: netd, reeve and
# reevectl (with its libcrypto). ctld and sign stay on OpenSSL, since libevent_openssl does; one process never has both,
# so tests link libtls by its path and take libcrypto from the system.
TLSLIBS	= -ltls
TLSTEST	= $(TLSLIBS)
ifdef LIBTLS
TLSLIBS	= -L$(LIBTLS)/lib -Wl,--disable-new-dtags,-rpath,$(LIBTLS)/lib -ltls
TLSTEST	= $(LIBTLS)/lib/libtls.so -Wl,--disable-new-dtags,-rpath,$(LIBTLS)/lib
endif

ROOMS	= lib proto net imsg privd execd netd dial ctld sign ctl cli
PROGS	= $(addprefix $(BUILD)/,reeve-privd reeve-execd reeve-netd reeve-dial reeve-ctld reeve-sign reevectl reeve)

# every .c of a room but its main.c, and what runs while building, goes into the room's archive
src_of	= $(filter-out $(1)/main.c $(1)/mkfilters.c lib/mkfilter.c lib/sb_mk.c,$(sort $(wildcard $(1)/*.c)))
obj	= $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ar_of	= $(foreach r,$(1),$(BUILD)/$(r).a)
SHARED	= $(call ar_of,imsg proto lib)
# privd's one look into another room: the profile table, data only
PROFILES = $(call obj,$(sort $(wildcard execd/prof_*.c)))

.PHONY: all tests testtools check regress lint fuzz-smoke mutants bench install install-agent install-control uninstall clean
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

ifdef LIBTLS
$(call obj,$(wildcard net/*.c netd/*.c cli/*.c ctl/*.c)): CPPFLAGS := -I$(LIBTLS)/include $(CPPFLAGS)
endif
$(BUILD)/obj/%.o: %.c | $(BUILD)/gen/version.h $(BUILD)/.deps-ok
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Filters are compiled now, by the same flags, and only loaded on a host: gen/never.h, gen/filters.h.
MKLIB	= lib/sb_mk.c lib/sb_seccomp.c lib/sb_sets.c lib/sb_prog.c lib/fdutil.c lib/strutil.c lib/err.c
$(BUILD)/mkfilters: $(call obj,execd/mkfilters.c execd/filter_rows.c $(MKLIB)) $(PROFILES)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp
$(BUILD)/gen/never.h $(BUILD)/gen/filters.h: $(BUILD)/gen/%.h: $(BUILD)/mkfilters
	@mkdir -p $(@D)
	$< $* >$@.tmp && mv $@.tmp $@
$(call obj,lib/sb_never.c): $(BUILD)/gen/never.h
$(call obj,execd/filter.c): $(BUILD)/gen/filters.h

# the same for the rooms that confine themselves: gen/ROOM_filter.h from ROOM/filter_rows.c
define filter_rules
$$(BUILD)/mkfilter-$(1): $$(call obj,lib/mkfilter.c $(1)/filter_rows.c $$(MKLIB))
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ -lseccomp
$$(BUILD)/gen/$(1)_filter.h: $$(BUILD)/mkfilter-$(1)
	@mkdir -p $$(@D)
	$$< >$$@.tmp && mv $$@.tmp $$@
$$(call obj,$(1)/sandbox.c): $$(BUILD)/gen/$(1)_filter.h
endef
$(foreach r,netd dial ctld sign ctl,$(eval $(call filter_rules,$(r))))

define room_rules
$$(BUILD)/$(1).a: $$(call obj,$$(call src_of,$(1)))
	@rm -f $$@; $$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/reeve-privd: $(call obj,privd/main.c) $(BUILD)/privd.a $(PROFILES) $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_privd)
$(BUILD)/reeve-execd: $(call obj,execd/main.c) $(BUILD)/execd.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_execd)
$(BUILD)/reeve-netd: $(call obj,netd/main.c) $(BUILD)/netd.a $(BUILD)/net.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_netd)
$(BUILD)/reeve-dial: $(call obj,dial/main.c) $(BUILD)/dial.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_dial)
$(BUILD)/reeve-ctld: $(call obj,ctld/main.c) $(BUILD)/ctld.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_ctld)
$(BUILD)/reeve-sign: $(call obj,sign/main.c) $(BUILD)/sign.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_sign)
$(BUILD)/reevectl: $(call obj,ctl/main.c) $(BUILD)/ctl.a $(BUILD)/net.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_ctl)
$(BUILD)/reeve: $(call obj,cli/main.c) $(BUILD)/cli.a $(BUILD)/net.a $(SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_cli)

# Tests: regress/DIR/t_NAME.c becomes build/regress/DIR/t_NAME; regress/DIR/NAME.c without t_ is a tool.
# regress/check.h is the whole framework. A test links the archives and takes what it needs.
TESTDIRS = unit ipc sandbox net
TESTSRC	= $(foreach d,$(TESTDIRS),$(sort $(wildcard regress/$(d)/*.c)))
TESTBIN	= $(patsubst regress/%.c,$(BUILD)/regress/%,$(TESTSRC))
ALLAR	= $(call ar_of,privd execd netd dial ctld sign ctl cli net) $(SHARED)
TESTTOOLS = $(patsubst regress/%.c,$(BUILD)/regress/%,$(foreach d,$(TESTDIRS), \
	  $(filter-out regress/$(d)/t_%,$(wildcard regress/$(d)/*.c))))
tests: $(TESTBIN) testtools
testtools: $(TESTTOOLS) $(BUILD)/regress/ticket_accept $(BUILD)/regress/json_accept $(BUILD)/regress/doctables
$(BUILD)/regress/%: $(BUILD)/obj/regress/%.o $(ALLAR)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(ALLAR) -Wl,--end-group $(LIBS_test)

# tests of TLS clients run these two; see their sources
NETTOOLS = $(BUILD)/regress/net/hostile $(BUILD)/regress/net/mkcerts
$(patsubst regress/%.c,$(BUILD)/regress/%,$(wildcard regress/unit/t_httpc*.c regress/unit/t_certname.c)): | $(NETTOOLS)

$(BUILD)/regress/bench/jobbench: $(call obj,regress/bench/jobbench.c regress/bench/floor.c) $(ALLAR)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(ALLAR) -Wl,--end-group $(LIBS_test)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
-include regress/regress.mk
-include etc/install.mk
