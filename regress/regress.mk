# The suite's targets; each calls one script, which says more with -h.

.PHONY: fuzz
# what a person runs before a commit: the lints and the unit tests, seconds
check:
	regress/run -n lint unit
# all of it, as CI does
regress:
	regress/run
lint:
	regress/run -n lint
fuzz-smoke:
	regress/fuzz/run -s 5
# make fuzz T=ticket: one harness until it is stopped
fuzz:
	regress/fuzz/run -s 0 $(T)
mutants:
	regress/mutants/run
bench:
	regress/bench/run
	regress/bench/net
