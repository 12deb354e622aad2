# make install, install-agent, install-control, uninstall. DESTDIR is for packagers: with it no user is made (the
# sysusers.d file is enough for them).

SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
COMPDIR	?= $(PREFIX)/share/bash-completion/completions
INSTALL	?= install

SBIN_PROGS = reeve-privd reevectl
LIBEXEC_PROGS = reeve-execd reeve-netd reeve-dial
BIN_PROGS = reeve
CONTROL_SBIN = reeve-ctld
CONTROL_LIBEXEC = reeve-sign
# reeve(1) is the operator's, these the control host's; all the other pages belong to the managed host
MAN_CLI	= man/reeve.1 man/reeve.conf.5 man/reeve-roster.5
MAN_CONTROL = $(sort $(wildcard man/reeve-ctld*.[58] man/reeve-sign.8))
MAN_AGENT = $(filter-out $(MAN_CLI) $(MAN_CONTROL),$(sort $(wildcard man/*.[1578])))
man_dst	= $(foreach m,$(1),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)))
COMP_CLI = $(wildcard etc/completions/reeve)
COMP_AGENT = $(wildcard etc/completions/reevectl)

# $(1): pages, $(2): completions
define put_docs
set -e; for m in $(1); do \
	$(INSTALL) -D -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/}; \
done; \
for c in $(2); do \
	$(INSTALL) -D -m 644 $$c $(DESTDIR)$(COMPDIR)/$${c##*/}; \
done
endef

$(BUILD)/gen/sysusers.conf: lib/users.def
	@mkdir -p $(@D)
	awk -F'"' '/^USER\(/ { printf "u %s - \"%s\" - -\n", $$2, $$4 }' $< >$@

install: install-agent install-control $(BUILD)/reeve
	$(INSTALL) -d $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 755 $(addprefix $(BUILD)/,$(BIN_PROGS)) $(DESTDIR)$(BINDIR)/
	@$(call put_docs,$(MAN_CLI),$(COMP_CLI))

install-agent: all $(BUILD)/gen/sysusers.conf
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR)
	$(INSTALL) -m 755 $(addprefix $(BUILD)/,$(SBIN_PROGS)) $(DESTDIR)$(SBINDIR)/
	$(INSTALL) -m 755 $(addprefix $(BUILD)/,$(LIBEXEC_PROGS)) $(DESTDIR)$(LIBEXECDIR)/
	$(INSTALL) -D -m 644 $(BUILD)/gen/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/reeve.conf
	$(INSTALL) -d -m 755 $(DESTDIR)$(SYSCONFDIR)/reeve $(DESTDIR)$(SYSCONFDIR)/reeve/keys \
	    $(DESTDIR)$(SYSCONFDIR)/reeve/scripts
	$(INSTALL) -d -m 700 $(DESTDIR)$(LOCALSTATEDIR)/lib/reeve
	@$(call put_docs,$(MAN_AGENT),$(COMP_AGENT))
	$(if $(DESTDIR),,etc/mkusers)

# the site's keys and state are made by reeve-ctld init
install-control: all $(BUILD)/gen/sysusers.conf
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR)
	$(INSTALL) -m 755 $(addprefix $(BUILD)/,$(CONTROL_SBIN)) $(DESTDIR)$(SBINDIR)/
	$(INSTALL) -m 755 $(addprefix $(BUILD)/,$(CONTROL_LIBEXEC)) $(DESTDIR)$(LIBEXECDIR)/
	$(INSTALL) -D -m 644 $(BUILD)/gen/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/reeve.conf
	@$(call put_docs,$(MAN_CONTROL),)
	$(if $(DESTDIR),,etc/mkusers)

# keeps what a person or the agent wrote: configuration, keys, state
uninstall:
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,$(SBIN_PROGS) $(CONTROL_SBIN))
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(BIN_PROGS)) $(DESTDIR)$(SYSUSERSDIR)/reeve.conf
	rm -f $(addprefix $(DESTDIR)$(LIBEXECDIR)/,$(LIBEXEC_PROGS) $(CONTROL_LIBEXEC))
	rm -f $(call man_dst,$(MAN_CLI) $(MAN_CONTROL) $(MAN_AGENT))
	rm -f $(addprefix $(DESTDIR)$(COMPDIR)/,$(notdir $(COMP_CLI) $(COMP_AGENT)))
	if [ -d $(DESTDIR)$(LIBEXECDIR) ]; then rmdir --ignore-fail-on-non-empty $(DESTDIR)$(LIBEXECDIR); fi
	@echo 'kept: configuration and keys, state, users. To remove them too:'
	@echo '    rm -rf $(DESTDIR)$(SYSCONFDIR)/reeve'
	@echo '    rm -rf $(DESTDIR)$(SYSCONFDIR)/reeve-ctld'
	@echo '    rm -rf $(DESTDIR)$(LOCALSTATEDIR)/lib/reeve'
	@echo '    rm -rf $(DESTDIR)$(LOCALSTATEDIR)/lib/reeve-ctld'
	@echo '    rm -rf $(DESTDIR)$(LOCALSTATEDIR)/lib/reeve-sign'
	@awk -F'"' '/^USER\(/ { printf "    userdel %s\n", $$2 }' lib/users.def
