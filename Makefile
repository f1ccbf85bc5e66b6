# atlas - one non-recursive Makefile. `make help` lists the targets.
#
# MODE is release, asan or debug; objects never mix.
MODE   ?= release
PREFIX ?= /usr/local
CC     ?= cc
AR     ?= ar
O      := build/$(MODE)

VERSION := $(shell cat lib/base/VERSION)
SOMAJOR := $(firstword $(subst ., ,$(VERSION)))

# OpenBLAS is loaded at run time by ops/gemm.c (see there), so it is not in this list.
PKGS   := jansson libpng pangocairo pangoft2 icu-uc
STD    := -std=c17 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-common -pthread
WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla
opt.release = -O2 -g
opt.debug   = -O0 -g
opt.asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS ?= $(opt.$(MODE))
san.asan    = -fsanitize=address,undefined
san         = $(san.$(MODE))
INC    := -Ilib $(shell pkg-config --cflags $(PKGS))
ALL    := $(STD) $(WARN) $(CFLAGS) $(if $(DEVELOPER),-Werror) $(INC)
LIBS   := $(shell pkg-config --libs $(PKGS)) -lmd -ldl -lm

LIB_SRC  := $(sort $(wildcard lib/*/*.c))
CMD_SRC  := $(sort $(wildcard cmd/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$O/%.o)
CMD_OBJ  := $(CMD_SRC:%.c=$O/%.o)
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$O/%)
UNIT_AUX := $O/tests/unit/close.o $O/tests/unit/naive.o

.PHONY: all check check-unit check-headers check-layers check-style clean FORCE
.SECONDARY:

all: $O/libatlas.a $(if $(CMD_SRC),$O/atlas)

$O/libatlas.a: $(LIB_OBJ)
	@rm -f $@
	@echo "  AR   $@"; $(AR) rcs $@ $^

$O/atlas: $(CMD_OBJ) $O/libatlas.a
	@echo "  LD   $@"; $(CC) $(san) -pthread $(LDFLAGS) -o $@ $(CMD_OBJ) $O/libatlas.a $(LIBS)

$O/%.o: %.c $O/flags
	@mkdir -p $(@D)
	@echo "  CC   $<"; $(CC) $(ALL) $(kernel.flags) -MMD -MP -c -o $@ $<

$O/tests/unit/test_%: $O/tests/unit/test_%.o $(UNIT_AUX) $O/libatlas.a
	@echo "  LD   $@"; $(CC) $(san) -pthread $(LDFLAGS) -o $@ $< $(UNIT_AUX) $O/libatlas.a -lcmocka $(LIBS)

$O/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(ALL)' | cmp -s - $@ || echo '$(CC) $(ALL)' >$@

check-unit: $(UNIT_BIN)
	@for t in $(UNIT_BIN); do $$t || exit 1; done

clean:
	rm -rf build

FORCE:

-include $(shell find $O -name '*.d' 2>/dev/null)
