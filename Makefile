# atlas - one non-recursive Makefile. `make help` lists the targets.
# MODE is release, debug, asan or tsan; objects of different modes never mix. DEVELOPER=1 turns warnings
# into errors, V=1 shows the commands. PREFIX and DESTDIR are where `make install` puts things.
MODE    ?= release
PREFIX  ?= /usr/local
CC      ?= cc
AR      ?= ar
INSTALL ?= install
O       ?= build/$(MODE)
Q       := $(if $(V),,@)

VERSION := $(shell cat lib/base/VERSION)
SOMAJOR := $(firstword $(subst ., ,$(VERSION)))
SONAME  := libatlas.so.$(SOMAJOR)
SHARED  := libatlas.so.$(VERSION)

# OpenBLAS is loaded at run time by lib/ops, so it is not in this list.
PKGS := jansson libpng zlib pangocairo pangoft2 icu-uc icu-i18n
ifneq ($(filter-out clean help uninstall format check-layers check-style,$(or $(MAKECMDGOALS),all)),)
missing := $(shell pkg-config --exists $(PKGS) 2>&1 || echo no)
$(if $(missing),$(error a compiler, pkg-config or one of $(PKGS) is missing: scripts/setup installs them))
endif

STD  := -std=c17 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-common -pthread
# One set of objects serves the program, the static and the shared library.
PIC  := -fPIC -fno-semantic-interposition
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla
san.asan := -fsanitize=address,undefined
san.tsan := -fsanitize=thread
opt.release = -O2 -g
opt.debug   = -O0 -g
opt.asan    = -O1 -g $(san.asan) -fno-sanitize-recover=all -fno-omit-frame-pointer
opt.tsan    = -O1 -g $(san.tsan)
CFLAGS ?= $(opt.$(MODE))
ALL    := $(STD) $(PIC) $(WARN) $(CFLAGS) -I. -Ilib -I$O \
          $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lmd -ldl -lm
LINK    = $(CC) $(san.$(MODE)) -pthread $(LDFLAGS)

LIB_SRC   := $(sort $(wildcard lib/*/*.c))
# Headers that only files of their own folder include are not installed.
PRIVATE   := lib/analysis/swap_possessive.h lib/session/doc_parts.h lib/model/config_keys.h \
             lib/model/tensor_values.h \
             $(addprefix lib/io/,field.h pickle.h tensor_file.h zip.h) \
             $(wildcard lib/ops/gemm_blas.h lib/ops/kernel*.h lib/ops/vec_*.h) \
             $(filter-out $(addprefix lib/text/,conllu.h label.h pieces.h segments.h sentence_rules.h \
                 sentences.h tags.h tokenizer.h unicode.h windows.h words.h),$(wildcard lib/text/*.h)) \
             $(addprefix lib/draw/,axes.h canvas_list.h draw_silhouette.h frame.h glyphs.h matrix.h \
                 png_file.h render.h resample.h rows.h tidy_tree.h)
LIB_HDR   := $(filter-out $(PRIVATE),$(sort $(wildcard lib/*/*.h)))
CMD_SRC   := $(sort $(wildcard cmd/*.c cmd/*/*.c))
MAN_SRC   := $(sort $(wildcard man/*.[1-9]))
LIB_OBJ   := $(LIB_SRC:%.c=$O/%.o)
CMD_OBJ   := $(CMD_SRC:%.c=$O/%.o)
UNIT_SRC  := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN  := $(UNIT_SRC:%.c=$O/%)
UNIT_AUX  := $(patsubst %.c,$O/%.o,$(sort $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))))
FUZZ_SRC  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_AUX  := $(patsubst %,$O/tests/fuzz/%.o,input_files use_tokenizer)
FUZZ_BIN  := $(FUZZ_SRC:%.c=$O/%)
REPLAY    := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$O/tests/fuzz/replay_%)
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_BIN := $(BENCH_SRC:%.c=$O/%)
FAULT_SO  := $(patsubst %.c,$O/%.so,$(sort $(wildcard tests/fault/*.c)))
CLI_AUX   := $(patsubst %.c,$O/%,$(sort $(wildcard tests/cli/*.c))) $(FAULT_SO)
PROGRAM   := $(if $(CMD_SRC),$O/atlas)
BATS      ?= $(if $(CMD_SRC),$(sort $(wildcard tests/cli/*.bats)))
# The tests' own environment: one OpenBLAS kernel, one thread, status above 98 for sanitizers.
RUN_TESTS  = ATLAS_BUILD='$(CURDIR)/$O' scripts/run-tests.sh $O/log/$@

.PHONY: all lib tests check check-unit check-cli check-fuzz check-docs check-layers check-style \
        check-headers check-symbols check-hashes asan tsan valgrind fuzz fuzz-run bench bench-peers lint format \
        draw-samples install uninstall clean help demo manual test FORCE
.SECONDARY:
.DELETE_ON_ERROR:

## all            the program and the library, in build/MODE
all: $(PROGRAM) lib

lib: $O/libatlas.a $O/$(SHARED)

$O/libatlas.a: $(LIB_OBJ)
	@echo "  AR   $@"
	$Qrm -f $@; $(AR) rcs $@ $^

$O/$(SHARED): $(LIB_OBJ) lib/libatlas.map
	@echo "  LD   $@"
	$Q$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libatlas.map -o $@ \
	    $(LIB_OBJ) $(LIBS)

$O/atlas: $(CMD_OBJ) $O/libatlas.a
	@echo "  LD   $@"
	$Q$(LINK) -o $@ $(CMD_OBJ) $O/libatlas.a $(LIBS)

$O/%.o: %.c $O/flags | $O/version.h $O/page_parts.h
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$Q$(CC) $(ALL) $(if $(DEVELOPER),-Werror) $(kernel.flags) -MMD -MP -c -o $@ $<

# Written anew only when they change: the first makes every object depend on compiler and flags,
# the second is what `atlas version --build` prints.
$O/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(ALL) $(LDFLAGS) $(kernel.opt) $(kernel.avx2)' | cmp -s - $@ || \
	    echo '$(CC) $(ALL) $(LDFLAGS) $(kernel.opt) $(kernel.avx2)' >$@

$O/version.h: FORCE
	@mkdir -p $(@D); scripts/gen-version.sh $@ '$(CC)' '$(CFLAGS)'

$O/page_parts.h: scripts/gen-page.sh $(wildcard lib/view/*.html lib/view/*.css lib/view/*.js)
	@mkdir -p $(@D); scripts/gen-page.sh >$@

# The completions are generated from the option tables of the program itself.
$O/completion/atlas.%: $O/atlas
	@mkdir -p $(@D)
	$Q$O/atlas completion $* >$@

# Kernel files are compiled for their instruction set; ops/cpu.c asks the machine before it calls.
# Under the sanitizers they are optimised too: checks of a tile in memory take four times as long.
kernel.opt  = $(if $(filter-out debug,$(MODE)),-O3)
kernel.avx2 = -mavx2 -mfma -mprfchw -mf16c
$O/lib/ops/kernel_portable.o: kernel.flags = $(kernel.opt)
ifneq (,$(filter x86_64%,$(shell $(CC) -dumpmachine)))
$O/lib/ops/kernel_avx2.o: kernel.flags = $(kernel.opt) $(kernel.avx2)
$O/lib/ops/kernel_avx512.o: kernel.flags = $(kernel.opt) $(kernel.avx2) -mavx512f -mavx512bw -mavx512vl -mavx512dq
endif

# What the commands are made of, for their tests; never installed.
$O/libcmd.a: $(filter-out $O/cmd/atlas.o,$(CMD_OBJ))
	@echo "  AR   $@"
	$Qrm -f $@; $(AR) rcs $@ $^

$O/tests/unit/test_%: $O/tests/unit/test_%.o $(UNIT_AUX) $O/libcmd.a $O/libatlas.a
	@echo "  LD   $@"
	$Q$(LINK) -o $@ $< $(UNIT_AUX) $O/libcmd.a $O/libatlas.a -lcmocka $(LIBS)

$O/tests/fuzz/replay_%: $O/tests/fuzz/fuzz_%.o $(FUZZ_AUX) $O/tests/fuzz/replay.o $O/libatlas.a
	@echo "  LD   $@"
	$Q$(LINK) -o $@ $^ $(LIBS)

$O/tests/bench/%: $O/tests/bench/%.o $O/tests/bench/bench.o $O/libatlas.a
	@echo "  LD   $@"
	$Q$(LINK) -o $@ $(filter %.o,$^) $O/libatlas.a $(LIBS)

## draw-samples   pictures of every kind to look at, in build/samples
draw-samples: $O/tests/bench/draw_samples
	@$<

$O/tests/bench/draw_samples: $O/tests/bench/draw_samples_charts.o

$O/tests/cli/%: $O/tests/cli/%.o $O/libatlas.a
	@echo "  LD   $@"
	$Q$(LINK) -o $@ $< $O/libatlas.a $(LIBS)

$O/tests/fault/%.so: $O/tests/fault/%.o
	@echo "  LD   $@"
	$Q$(CC) -shared -o $@ $< -ldl

## tests          every test program, built but not run
tests: $(UNIT_BIN) $(REPLAY) $(CLI_AUX)

## check          everything below that starts with check-; under a minute
check: check-layers check-style check-headers check-symbols check-unit check-fuzz \
       check-cli check-docs

## check-unit     the cmocka programs of tests/unit
check-unit: $(UNIT_BIN)
	@$(RUN_TESTS) $(UNIT_BIN)

## check-cli      the Bats files of tests/cli (BATS='tests/cli/x.bats' for some of them)
check-cli: $(PROGRAM) lib $(CLI_AUX)
	@$(RUN_TESTS) $(BATS)

## check-fuzz     every saved fuzzing input once more
check-fuzz: $(REPLAY)
	@scripts/replay-corpus.sh $O/tests/fuzz

## check-docs     option tables, -h, records of files, manual pages and README say the same
check-docs: $(PROGRAM)
	@scripts/check-docs.sh $O/atlas

## manual         the lists of columns and keys in atlas-output(5), as commands declare them
manual: $(PROGRAM)
	@scripts/gen-output-5 $O/atlas

## check-layers   who may include whom
check-layers:
	@scripts/check-layers.sh

## check-style    banned calls, long lines, long files, formatting
check-style:
	@scripts/check-style.sh

## check-hashes   the fixtures are the ones their tests were written for
check-hashes:
	@scripts/check-hashes.sh

## check-headers  every header compiles alone
check-headers: $O/version.h
	@scripts/check-headers.sh $(CC) $(ALL) -Itests/unit

## check-symbols  the library exports at_* only and has no writable globals
check-symbols: lib
	@scripts/check-symbols.sh $O/libatlas.a $O/$(SHARED)

## asan           unit, fuzz and command-line tests under address and undefined sanitizers
asan:
	@$(MAKE) MODE=asan check-unit check-fuzz check-cli

## tsan           unit and command-line tests under the thread sanitizer
# Left out are those that start no threads of ours, and a long one whose code the others run too.
TSAN_LEFT := docs fetch_model install makefile tally bias view_browser
TSAN_BATS := $(filter-out $(TSAN_LEFT:%=tests/cli/%.bats),$(BATS))
tsan:
	@$(MAKE) MODE=tsan BATS='$(TSAN_BATS)' check-unit check-cli

## valgrind       unit tests and each command once under valgrind
VALGRIND ?= valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
            --suppressions=$(CURDIR)/tests/valgrind.supp
# Left out are long ones whose code the others run too.
VALGRIND_LONG := attention gemm forward backward ways_back scorer tagger canvas label kmeans tsne \
                 head_clusters stat_tests draw_%
VALGRIND_UNIT := $(filter-out $(VALGRIND_LONG:%=$O/tests/unit/test_%),$(UNIT_BIN))
valgrind: $(UNIT_BIN) $(PROGRAM) lib $(FAULT_SO)
	@ATLAS_PREFIX='$(VALGRIND)' $(RUN_TESTS) tests/cli/smoke.bats $(VALGRIND_UNIT)

## fuzz           each fuzz target for FUZZ_SECONDS with libFuzzer (clang)
FUZZ_SECONDS ?= 30
FUZZ_FLAGS   := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz:
	@$(MAKE) O=build/fuzz CC=clang CFLAGS='-O1 -g $(FUZZ_FLAGS)' \
	    LDFLAGS=-fsanitize=fuzzer,address,undefined fuzz-run

fuzz-run: $(FUZZ_BIN)
	@scripts/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_BIN)

$O/tests/fuzz/fuzz_%: $O/tests/fuzz/fuzz_%.o $(FUZZ_AUX) $O/libatlas.a
	@echo "  LD   $@"
	$Q$(LINK) -o $@ $^ $(LIBS)

## bench          time kernels and programs on models of true size
bench: $(BENCH_BIN) $O/tests/bench/make_model $(PROGRAM)
	@scripts/bench.sh $O

## bench-peers    the same beside ONNX Runtime, which is installed outside the tree
bench-peers: $(BENCH_BIN) $O/tests/bench/make_model $(PROGRAM)
	@scripts/bench-peers $O

## lint           cppcheck and shellcheck
lint:
	@scripts/lint.sh

## format         clang-format on every C file
format:
	@find lib cmd tests -name '*.[ch]' | xargs clang-format -i

## install        program, fetch-model, library, headers, manual, completions, models and data under PREFIX
bindir     = $(DESTDIR)$(PREFIX)/bin
libdir     = $(DESTDIR)$(PREFIX)/lib
includedir = $(DESTDIR)$(PREFIX)/include
sharedir   = $(DESTDIR)$(PREFIX)/share
bashdir    = $(sharedir)/bash-completion/completions
zshdir     = $(sharedir)/zsh/site-functions
DATA      := $(sort $(wildcard fixtures/models/*/* fixtures/models/* fixtures/data/* fixtures/data/*/*))
DATA      := $(foreach f,$(DATA),$(if $(wildcard $f/*),,$f)) fixtures/PROVENANCE.md
# Models that share a file have links to it. What an older version had in a model's folder goes.
DATA_LINKS := $(shell find fixtures/models -mindepth 2 -type l)
BUILT_IN   := $(patsubst %/,%,$(wildcard fixtures/models/*/))
DATA       := $(filter-out $(DATA_LINKS),$(DATA))
# Scores that others published are there for the tests only.
DATA      := $(filter-out fixtures/data/stereoset/official-% fixtures/data/stereoset/reference-%,$(DATA))

install: all $O/completion/atlas.bash $O/completion/atlas.zsh
	$Q$(INSTALL) -D -m 755 $O/atlas $(bindir)/atlas
	$Q$(INSTALL) -D -m 755 scripts/fetch-model $(bindir)/fetch-model
	$Q$(INSTALL) -D -m 644 $O/libatlas.a $(libdir)/libatlas.a
	$Q$(INSTALL) -D -m 755 $O/$(SHARED) $(libdir)/$(SHARED)
	$Qln -sf $(SHARED) $(libdir)/$(SONAME)
	$Qln -sf $(SONAME) $(libdir)/libatlas.so
	$Qfor h in $(LIB_HDR:lib/%=%); do \
	    $(INSTALL) -D -m 644 lib/$$h $(includedir)/atlas/$$h || exit 1; done
	$Q$(INSTALL) -d $(libdir)/pkgconfig
	$Qsed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@PKGS@|$(PKGS)|' \
	    lib/atlas.pc.in >$(libdir)/pkgconfig/atlas.pc
	$Qfor m in $(MAN_SRC:man/%=%); do \
	    $(INSTALL) -D -m 644 man/$$m $(sharedir)/man/man$${m##*.}/$$m || exit 1; done
	$Q$(INSTALL) -D -m 644 $O/completion/atlas.bash $(bashdir)/atlas
	$Q$(INSTALL) -D -m 644 $O/completion/atlas.zsh $(zshdir)/_atlas
	$Qrm -rf $(BUILT_IN:fixtures/%=$(sharedir)/atlas/%)
	$Qfor f in $(DATA:fixtures/%=%); do \
	    $(INSTALL) -D -m 644 fixtures/$$f $(sharedir)/atlas/$$f || exit 1; done
	$Qfor f in $(DATA_LINKS:fixtures/%=%); do \
	    ln -sfn "$$(readlink fixtures/$$f)" $(sharedir)/atlas/$$f || exit 1; done
	$Qif [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi
	@echo "atlas $(VERSION) is in $(DESTDIR)$(PREFIX)"

## uninstall      take away what install put there
uninstall:
	rm -f $(bindir)/atlas $(bindir)/fetch-model $(libdir)/libatlas.a $(libdir)/libatlas.so $(libdir)/$(SONAME)
	rm -f $(libdir)/$(SHARED) $(libdir)/pkgconfig/atlas.pc $(bashdir)/atlas $(zshdir)/_atlas
	for m in $(MAN_SRC:man/%=%); do rm -f $(sharedir)/man/man$${m##*.}/$$m; done
	rm -rf $(includedir)/atlas $(sharedir)/atlas

## demo           draw an example text with the built-in model into atlas-out
demo: all
	@scripts/demo --no-setup

## test           all of the above that tests something, as CI does
test:
	@scripts/test --no-setup

## clean          remove build
clean:
	rm -rf build

help:
	@echo 'make TARGET [MODE=release|debug|asan|tsan] [DEVELOPER=1] [V=1] [PREFIX=/usr/local] [DESTDIR=]'
	@sed -n 's/^## /  /p' Makefile

FORCE:

-include $(shell find $O -name '*.d' 2>/dev/null)
