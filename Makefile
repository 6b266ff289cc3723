# `make` builds the program, as it always did: bin/ductus runs it. Everything else is in ./dev.
.PHONY: all
all:
	./dev build
