# Trapeze. `make help` lists the targets.
#
# One library a room, in the order of the layers; every source file that lies in
# a room is built, so adding a file needs no edit here. BUILD=dir builds
# elsewhere, so that several configurations can stand side by side.

BUILD   ?= build
prefix  ?= /usr/local
DESTDIR ?=

CC      ?= cc
OPT     ?= -O2
SAN     ?=
VERSION := 0.1.0

WARNINGS := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wconversion -Werror
CPPFLAGS := -I. -I$(BUILD) -D_GNU_SOURCE -DTRAPEZE_VERSION='"$(VERSION)"' -MMD -MP
# What an engine or a monitor has just stored in words, one after the other, is not loaded as a
# vector: for that the host waits until all of them have left its store buffer.
CFLAGS   := -std=gnu11 -g -fno-tree-slp-vectorize $(OPT) $(SAN)
LDFLAGS  := -Wl,--as-needed $(SAN)
LDLIBS   := -lelf -ljansson -lreadline -lseccomp

# The Debian 12 packages: to build, to run the tests, to work on the sources.
# `make deps` installs what is missing.
BUILD_PACKAGES := gcc libc6-dev flex bison libelf-dev libjansson-dev libz3-dev libreadline-dev \
                  libseccomp-dev bubblewrap patch
TEST_PACKAGES  := libcmocka-dev binutils clang libclang-rt-14-dev cvc5 mandoc graphviz jq xxd \
                  zip unzip parallel libxml2-utils python3-jsonschema groff gcc-riscv64-unknown-elf
BROWSER_PACKAGES := chromium
DEV_PACKAGES   := clang-format gcovr

ROOMS    := isa asm machine vmm classify
GEN      := $(BUILD)/gen
ISA_GEN  := $(GEN)/pg32.h

# A line a step; V=1 shows the commands.
Q    := $(if $(V),,@)
step  = $(if $(V),,@printf '  %-6s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@))

.DEFAULT_GOAL := all
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

all: $(BUILD)/trapeze $(BUILD)/grade/librunner.a  ## build everything into BUILD (default: build/)

# ------------------------------------------------------------ the definition
ISAGEN_SRC := $(wildcard isa/gen/*.c)
ISAGEN_OBJ := $(ISAGEN_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/isa/gen/parser.o $(BUILD)/obj/gen/isa/gen/lexer.o

$(ISAGEN_OBJ): | $(GEN)/isa/gen/parser.h $(GEN)/isa/gen/lexer.h

$(BUILD)/isagen: $(ISAGEN_OBJ)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

ISA_OUT := $(GEN)/pg32.h $(GEN)/pg32_tables.c $(GEN)/pg32_bodies.h $(GEN)/pg32_terms.h
$(GEN)/pg32_tables.c $(GEN)/pg32_bodies.h $(GEN)/pg32_terms.h: $(GEN)/pg32.h
$(GEN)/pg32.h: isa/pg32.isa $(BUILD)/isagen
	@mkdir -p $(@D)
	$(call step,ISAGEN)
	$(Q)$(BUILD)/isagen --out $(GEN) isa/pg32.isa

# -------------------------------------------------------- scanners, grammars
$(GEN)/%.c $(GEN)/%.h: %.y
	@mkdir -p $(@D)
	$(call step,BISON)
	$(Q)bison -Wall -Wcounterexamples -Werror --defines=$(GEN)/$*.h -o $(GEN)/$*.c $<
$(GEN)/%.c $(GEN)/%.h: %.l
	@mkdir -p $(@D)
	$(call step,FLEX)
	$(Q)flex --header-file=$(GEN)/$*.h -o $(GEN)/$*.c $<

# ------------------------------------------------------------ embedded files
$(BUILD)/embed: tools/build/embed.c
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) -std=gnu11 -g -O1 $(WARNINGS) -o $@ $<
PROFILES := $(wildcard isa/profiles/*.profile)
$(GEN)/isa/profiles_embed.c: $(PROFILES) $(BUILD)/embed
	@mkdir -p $(@D)
	$(call step,EMBED)
	$(Q)$(BUILD)/embed isa_embedded_profiles $(PROFILES) > $@
GUESTS := $(wildcard guestos/*.s guestos/*.inc guestos/*.in guestos/*/*.s guestos/*/*.inc guestos/*/*.in guestos/c/*.[ch])
# Guests that other guests hold (.incbin): assembled, by the assembler of this build.
$(BUILD)/assemble: $(BUILD)/obj/tools/build/assemble.o $(BUILD)/libasm.a $(BUILD)/libisa.a
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
HELD := minos nanovmm nanovmm-2
HELD_ELF := $(HELD:%=$(GEN)/guestos/%.elf)
$(HELD_ELF): $(GEN)/guestos/%.elf: guestos/%.s $(filter %.inc,$(GUESTS)) $(BUILD)/assemble
	@mkdir -p $(@D)
	$(call step,ASM)
	$(Q)$(BUILD)/assemble -I guestos -I $(GEN)/guestos $< > $@
$(GEN)/guestos/nanovmm.elf: $(GEN)/guestos/minos.elf
$(GEN)/guestos/nanovmm-2.elf: $(GEN)/guestos/nanovmm.elf
$(GEN)/tools/guests_embed.c: $(GUESTS) $(HELD_ELF) $(BUILD)/embed
	@mkdir -p $(@D)
	$(call step,EMBED)
	$(Q)$(BUILD)/embed --strip guestos/ tools_embedded_guests $(GUESTS) $(HELD_ELF) > $@
$(GEN)/tools/page_embed.c: tools/trace/page.html $(BUILD)/embed
	@mkdir -p $(@D)
	$(call step,EMBED)
	$(Q)$(BUILD)/embed --strip tools/trace/ tools_embedded_page $< > $@

# ------------------------------------------------------------- flawed VMMs, for lab 9
# Modules of ours with one hole each; a hand-out of another lab has no such folder.
FLAWS := $(sort $(wildcard labs/09-break-out/flaws/*.patch))
FLAWS_SRC := $(FLAWS:labs/09-break-out/flaws/%.patch=$(GEN)/flaws/%.c)
flaw_head = $(shell sed -n 's/^$(2): //p' labs/09-break-out/flaws/$(1).patch)
define flaw_rules
$(GEN)/flaws/$(1).c: labs/09-break-out/flaws/$(1).patch $(call flaw_head,$(1),File) tools/build/flaws.sh
	@mkdir -p $$(@D)
	$$(call step,PATCH)
	$(Q)tools/build/flaws.sh --module $$< $$@
$(BUILD)/obj/gen/flaws/$(1).o: private CPPFLAGS += -D$(lastword $(call flaw_head,$(1),Module))=flaw_$(1)
endef
$(foreach f,$(FLAWS),$(eval $(call flaw_rules,$(basename $(notdir $(f))))))
$(GEN)/tools/flaws_table.c: $(FLAWS) tools/build/flaws.sh
	@mkdir -p $(@D)
	$(Q)tools/build/flaws.sh $@ $(FLAWS)

# ------------------------------------------------------------------ libraries
# $(1): room. Hand-written sources, then generated ones.
room_src = $(filter-out isa/gen/%,$(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c))
room_gen = $(patsubst %.y,$(GEN)/%.c,$(filter-out isa/gen/%,$(wildcard $(1)/*.y $(1)/*/*.y))) \
           $(patsubst %.l,$(GEN)/%.c,$(filter-out isa/gen/%,$(wildcard $(1)/*.l $(1)/*/*.l))) \
           $(if $(filter isa,$(1)),$(GEN)/pg32_tables.c $(GEN)/isa/profiles_embed.c) \
           $(if $(filter tools,$(1)),$(GEN)/tools/guests_embed.c $(GEN)/tools/page_embed.c \
             $(GEN)/tools/flaws_table.c $(FLAWS_SRC))
room_obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(call room_src,$(1))) \
           $(patsubst $(GEN)/%.c,$(BUILD)/obj/gen/%.o,$(call room_gen,$(1)))

# The headers that generated sources bring must exist before anything of the
# room is compiled.
define room_rules
$(call room_obj,$(1)): | $$(ISA_OUT) $(patsubst %.c,%.h,$(filter-out %_embed.c %_tables.c,$(call room_gen,$(1))))
$(BUILD)/lib$(1).a: $(call room_obj,$(1))
	@rm -f $$@
	$$(call step,AR)
	$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

LIBS := $(BUILD)/libclassify.a $(BUILD)/libvmm.a $(BUILD)/libasm.a $(BUILD)/libmachine.a $(BUILD)/libisa.a

$(BUILD)/obj/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -w -c -o $@ $<
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -c -o $@ $<

# ---------------------------------------------------------------- the command
TOOLS_SRC := $(filter-out tools/build/%,$(call room_src,tools)) labs/runner/wire.c labs/runner/wire_chain.c
TOOLS_OBJ := $(TOOLS_SRC:%.c=$(BUILD)/obj/%.o) $(patsubst $(GEN)/%.c,$(BUILD)/obj/gen/%.o,$(call room_gen,tools))
$(TOOLS_OBJ): | $(ISA_OUT) $(patsubst %.c,%.h,$(filter-out %_embed.c %_table.c $(FLAWS_SRC),$(call room_gen,tools)))
TOOLS_MAIN := $(BUILD)/obj/tools/main.o
$(BUILD)/libtools.a: $(filter-out $(TOOLS_MAIN),$(TOOLS_OBJ))
	@rm -f $@
	$(call step,AR)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/trapeze: $(TOOLS_MAIN) $(BUILD)/libtools.a $(LIBS)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# --------------------------------------------------------------- the graders' half
# What a submission's modules are built against and linked with, in the sandbox. Without
# SAN: it runs under limits that sanitizers cannot live with.
RUNNER_SRC := $(wildcard labs/runner/*.c) isa/isa.c
RUNNER_OBJ := $(RUNNER_SRC:%.c=$(BUILD)/grade/obj/%.o) $(BUILD)/grade/obj/pg32_tables.o
RUNNER_HEADERS := $(wildcard isa/*.h machine/*.h machine/devices/*.h vmm/*.h) labs/stub.h labs/patch.h gen/pg32.h
$(RUNNER_OBJ): | $(ISA_OUT)
$(BUILD)/grade/obj/pg32_tables.o: $(GEN)/pg32_tables.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -O2 -w -c -o $@ $<
$(BUILD)/grade/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -O2 $(WARNINGS) -c -o $@ $<
$(BUILD)/grade/include/gen/%.h: $(GEN)/%.h
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(BUILD)/grade/include/%.h: %.h
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(BUILD)/grade/librunner.a: $(RUNNER_OBJ) $(RUNNER_HEADERS:%=$(BUILD)/grade/include/%)
	@rm -f $@
	$(call step,AR)
	$(Q)$(AR) rcs $@ $(RUNNER_OBJ)

# ---------------------------------------------------------------------- tests
# tests/unit/ROOM/test_*.c are cmocka programs; tests/KIND/run.sh print TAP.
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/%.c=$(BUILD)/tests/%)
UNIT_HELP := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c tests/unit/*/*.c)))
$(UNIT_SRC:%.c=$(BUILD)/obj/%.o) $(UNIT_HELP): | $(ISA_OUT)
# What tests of several rooms share; only what a test uses is linked.
COMMON_SRC := $(wildcard tests/common/*.c)
COMMON_OBJ := $(COMMON_SRC:%.c=$(BUILD)/obj/%.o)
$(COMMON_OBJ): | $(ISA_OUT)
$(BUILD)/tests/libcommon.a: $(COMMON_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(call step,AR)
	$(Q)$(AR) rcs $@ $^
# A unit test links only the layers its room may use.
libs_isa     := $(BUILD)/libisa.a
libs_asm     := $(BUILD)/libasm.a $(libs_isa)
libs_machine := $(BUILD)/libmachine.a $(libs_isa)
libs_classify := $(BUILD)/libclassify.a $(libs_machine)
libs_vmm     := $(BUILD)/libvmm.a $(BUILD)/libasm.a $(libs_machine)
libs_tools   := $(BUILD)/libtools.a $(LIBS)
define unit_rule
$(BUILD)/tests/unit/$(1)/%: $(BUILD)/obj/tests/unit/$(1)/%.o $(filter $(BUILD)/obj/tests/unit/$(1)/%,$(UNIT_HELP)) $(BUILD)/tests/libcommon.a $(libs_$(1))
	@mkdir -p $$(@D)
	$$(call step,LINK)
	$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS) -lcmocka
endef
$(foreach r,$(ROOMS) tools,$(eval $(call unit_rule,$(r))))
# Tests named *_host meet a host that fails: tests/common/host.c stands before these.
HOST_CALLS := malloc calloc realloc reallocarray mmap fstat flock lseek memfd_create pread pwrite fread ferror \
              elf_begin elf32_newehdr elf32_newphdr elf_newscn elf_newdata elf_flagelf elf_update
$(filter %_host,$(UNIT_BIN)): private LDFLAGS += $(HOST_CALLS:%=-Wl,--wrap=%)

# Figures, not tests; tests/bench/run.sh only sees that the program works.
BENCH := $(BUILD)/tests/bench/bench
BENCH_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/bench/*.c))
$(BENCH_OBJ): | $(ISA_OUT)
$(BENCH): $(BENCH_OBJ) $(libs_tools)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lm

# The generator of random programs, driven by tests/random/run.sh and soak.
RANDOM_BIN := $(BUILD)/tests/random/random
RANDOM_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/random/*.c))
$(RANDOM_OBJ): | $(ISA_OUT)
$(RANDOM_BIN): $(RANDOM_OBJ) $(BUILD)/tests/libcommon.a $(libs_vmm)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# nanovmm's virtual machine in lockstep with a bare one, driven by tests/nano/run.sh and soak.
LOCKSTEP_BIN := $(BUILD)/tests/nano/lockstep
LOCKSTEP_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/nano/*.c) tests/random/guest.c)
$(LOCKSTEP_OBJ): | $(ISA_OUT)
$(LOCKSTEP_BIN): $(LOCKSTEP_OBJ) $(BUILD)/tests/libcommon.a $(libs_vmm)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The classifier's witnesses laid into random kernels, driven by tests/practice/run.sh and soak.
WITNESSES_BIN := $(BUILD)/tests/practice/witnesses
WITNESSES_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/practice/*.c) $(addprefix tests/random/,guest.c trial.c coverage.c practice.c))
$(WITNESSES_OBJ): | $(ISA_OUT)
$(WITNESSES_BIN): $(WITNESSES_OBJ) $(BUILD)/tests/libcommon.a $(BUILD)/libclassify.a $(libs_vmm)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Guests that refill a TLB, driven by tests/tlb/run.sh and soak.
TORTURE_TLB_BIN := $(BUILD)/tests/tlb/torture
TORTURE_TLB_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/tlb/*.c))
$(TORTURE_TLB_OBJ): | $(ISA_OUT)
$(TORTURE_TLB_BIN): $(TORTURE_TLB_OBJ) $(BUILD)/tests/libcommon.a $(libs_vmm)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The solver's queries, for tests/classify/cvc5.sh to put to another solver.
QUERIES_BIN := $(BUILD)/tests/classify/queries
QUERIES_OBJ := $(BUILD)/obj/tests/classify/queries.o
$(QUERIES_OBJ): | $(ISA_OUT)
$(QUERIES_BIN): $(QUERIES_OBJ) $(libs_classify)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Profiles made at random, put to the classifier by tests/own/run.sh and soak.
OWN_BIN := $(BUILD)/tests/own/own
OWN_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/own/*.c))
$(OWN_OBJ): | $(ISA_OUT)
$(OWN_BIN): $(OWN_OBJ) $(BUILD)/tests/libcommon.a $(libs_classify)
	@mkdir -p $(@D)
	$(call step,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

unit: $(UNIT_BIN) $(BENCH) $(RANDOM_BIN) $(LOCKSTEP_BIN) $(TORTURE_TLB_BIN) $(QUERIES_BIN) $(WITNESSES_BIN) $(OWN_BIN)  ## build the unit tests without running them

# Every source compiled and nothing linked: for tests/builds.
objects: $(foreach r,$(ROOMS),$(call room_obj,$(r))) $(ISAGEN_OBJ) $(TOOLS_OBJ) $(RUNNER_OBJ) $(UNIT_SRC:%.c=$(BUILD)/obj/%.o) \
         $(UNIT_HELP) $(COMMON_OBJ) $(BENCH_OBJ) $(RANDOM_OBJ) $(LOCKSTEP_OBJ) $(QUERIES_OBJ) $(OWN_OBJ)

# deps comes first, also under -j: what it installs may be the compiler.
check:  ## run every test; the last line says "N passed, N failed" (ONLY=text: only suites so named)
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all unit
	@BUILD=$(BUILD) tests/run.sh "$(ONLY)"

check-layers: all  ## includes run one way; one definition of the ISA
	BUILD=$(BUILD) tests/rules/run.sh

check-sanitize:  ## the whole suite, built with AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory check BUILD=$(BUILD)-sanitize OPT="-O1" \
	  SAN="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"

update-golden: all unit  ## rewrite the expected output of the golden tests; say why in the commit
	BUILD=$(BUILD) TRAPEZE=$(BUILD)/trapeze tests/golden/run.sh --update
	UPDATE_GOLDEN=1 $(BUILD)/tests/unit/isa/test_profile_messages

demo:  ## install what is missing, build, and watch popf break a virtual machine
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES)"
	@$(MAKE) --no-print-directory all
	@TRAPEZE=$(BUILD)/trapeze tools/build/demo.sh

fuzz: all  ## libFuzzer on every kind of input, FUZZ_TIME=60 seconds each (check: briefly)
	@BUILD=$(BUILD) tests/fuzz/run.sh --long

LABS := $(patsubst labs/%/lab.json,%,$(wildcard labs/[0-9]*/lab.json))
handouts: $(LABS:%=$(BUILD)/handouts/%.tar.gz)  ## what students get, an archive a lab, in BUILD/handouts
$(BUILD)/handouts/%.tar.gz: FORCE
	@mkdir -p $(@D)
	$(call step,LAB)
	$(Q)tools/build/handout.sh labs/$* $@
FORCE:

# LAB: its number, as 04 or 4. The archive is uploaded as it is.
gradescope:  ## what Gradescope takes as the autograder of a lab: make gradescope LAB=04 (SEED=1)
	@$(MAKE) --no-print-directory deps PACKAGES="zip"
	@lab=$$(ls -d labs/$$(printf %02d "$$(echo $(LAB) | sed "s,^0*,,")")-* 2>/dev/null) || { echo "make gradescope: LAB=$(LAB) is no lab: expected a number" >&2; exit 2; }; \
	SEED=$(SEED) tools/build/gradescope.sh "$$lab" "$(BUILD)/gradescope-$${lab#labs/}.zip" && \
	echo "$(BUILD)/gradescope-$${lab#labs/}.zip"

card: $(BUILD)/isagen  ## the instruction set on a page: docs/isa-card.html, and BUILD/isa-card.pdf
	@$(MAKE) --no-print-directory deps PACKAGES="groff"
	$(BUILD)/isagen --manual isa/pg32.isa | awk -v as=html -f tools/build/card.awk >docs/isa-card.html
	$(BUILD)/isagen --manual isa/pg32.isa | awk -v as=roff -f tools/build/card.awk | groff -Tpdf -P-p21c,29.7c >$(BUILD)/isa-card.pdf
	@echo docs/isa-card.html $(BUILD)/isa-card.pdf

AARCH64_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
aarch64: all unit  ## cross-compiled for aarch64 into BUILD-aarch64, and its suite run under qemu-user
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) $(TEST_PACKAGES) $(AARCH64_PACKAGES)"
	tools/build/aarch64.sh $(BUILD)
	BUILD=$(BUILD) tests/aarch64/suite.sh

pictures: all  ## draw docs/pictures again
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) graphviz"
	TRAPEZE=$(BUILD)/trapeze tools/build/pictures.sh docs/pictures

paravirt: all  ## measure hypercalls against traps again: the table and the diff of docs/paravirt.md
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) jq"
	TRAPEZE=$(BUILD)/trapeze tests/paravirt/measure.sh --update

# Between its two marks docs/nanovmm.md holds what the script prints.
recursion: all  ## measure monitors in monitors again: the tables and pictures of docs/nanovmm.md
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) jq"
	TRAPEZE=$(BUILD)/trapeze tools/build/recursion.sh 4 docs/pictures/recursion.svg >$(BUILD)/recursion.md
	sed -i -e '/^<!-- measured/,/^<!-- end/{/^<!-- measured/{p;r $(BUILD)/recursion.md' -e '};/^<!-- end/!d}' docs/nanovmm.md

compare: all  ## every technique on every machine, again: docs/compare.md, its pictures
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) graphviz"
	TRAPEZE=$(BUILD)/trapeze tools/build/compare.sh -j $(COMPARE_JOBS) > $(BUILD)/compare.md
	mv $(BUILD)/compare.md docs/compare.md
	for guest in minos holes; do \
	  $(BUILD)/trapeze compare $$guest -j $(COMPARE_JOBS) -T svg -o docs/pictures/compare-$$guest.svg || exit; done
	$(BUILD)/trapeze compare --memory-techniques minos -T svg -o docs/pictures/compare-memory.svg
COMPARE_JOBS ?= 2

memory-profiles: all  ## minos under every way to make memory on every profile, tick by tick: the table of docs/memory.md
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) jq"
	TRAPEZE=$(BUILD)/trapeze tests/pages/profiles.sh --update

check-browser: all  ## the page of trapeze trace in a headless browser (chromium: 90 MB)
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) $(BROWSER_PACKAGES)"
	@TRAPEZE=$(BUILD)/trapeze tests/trace/browser.sh

soak: all unit  ## the long form of random and hostile tests (ONLY=text: only commands with it)
	@BUILD=$(BUILD) tests/soak/soak.sh "$(ONLY)"

bench: $(BENCH) all  ## figures and ratios of one run, in a minute (BENCH_FLAGS="--long --json=FILE --chart=FILE.svg")
	@BUILD=$(BUILD) tests/bench/bench.sh $(BENCH_FLAGS)

bench-kernels: $(BENCH) all  ## only the C kernels: natively, under qemu where there is one, bare and virtual
	@BUILD=$(BUILD) tests/bench/bench.sh --only=kernel $(BENCH_FLAGS)

bench-callgrind: $(BENCH) all  ## host instructions by callgrind: the tables of docs/performance.md
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) valgrind gcc-riscv64-unknown-elf"
	@BUILD=$(BUILD) tests/bench/callgrind.sh --update

bench-grade: all  ## grade a class of 300 on two processors, and say where the time goes (SUBMISSIONS=300)
	@TRAPEZE=$(BUILD)/trapeze tests/bench/grade.sh

growth: $(BENCH)  ## measure and draw what more guests cost: docs/pictures/growth.svg
	@BUILD=$(BUILD) tests/bench/growth.sh docs/pictures $(BENCH_FLAGS)

coverage:  ## branches that the tests take, a table a room; red below 90 %
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) $(TEST_PACKAGES) gcovr"
	@$(MAKE) --no-print-directory all unit BUILD=$(BUILD)-coverage OPT=-O0 SAN=--coverage
	@BUILD=$(BUILD)-coverage tests/coverage/coverage.sh

lab-coverage:  ## branches of the modules of C labs that their tests reach: the table of docs/grading.md
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) jq gcovr"
	@$(MAKE) --no-print-directory all BUILD=$(BUILD)-coverage OPT=-O0 SAN=--coverage
	@BUILD=$(BUILD)-coverage tests/grade/coverage.sh --update

format:  ## format the sources in place
	clang-format -i $(shell git ls-files '*.c' '*.h')

PACKAGES ?= $(BUILD_PACKAGES) $(TEST_PACKAGES)
deps:  ## install the Debian packages that are missing (building and testing)
	@PACKAGES="$(PACKAGES)" tools/build/deps.sh
deps-dev:  ## the same, and what working on the sources wants
	@PACKAGES="$(PACKAGES) $(DEV_PACKAGES)" tools/build/deps.sh

# -------------------------------------------------------------- installation
bindir  = $(DESTDIR)$(prefix)/bin
mandir  = $(DESTDIR)$(prefix)/share/man/man1
compdir = $(DESTDIR)$(prefix)/share/bash-completion/completions
docdir  = $(DESTDIR)$(prefix)/share/doc/trapeze
datadir = $(DESTDIR)$(prefix)/share/trapeze

install: all  ## install under prefix (/usr/local), below DESTDIR if set
	install -d $(bindir) $(mandir) $(compdir) $(docdir)
	install -m 755 $(BUILD)/trapeze $(bindir)/trapeze
	install -m 644 docs/trapeze.1 $(mandir)/trapeze.1
	install -m 644 tools/completion/trapeze.bash $(compdir)/trapeze
	install -m 644 README.md $(wildcard docs/*.md) $(docdir)
	install -d $(docdir)/pictures
	install -m 644 $(wildcard docs/pictures/*.svg) $(docdir)/pictures
	install -d $(datadir)/grade
	cp -r $(BUILD)/grade/include $(BUILD)/grade/librunner.a $(datadir)/grade/
	cp -r labs $(datadir)/
	chmod -R u=rwX,go=rX $(datadir)

uninstall:  ## remove what install put there
	rm -f $(bindir)/trapeze $(mandir)/trapeze.1 $(compdir)/trapeze
	rm -rf $(docdir) $(datadir)

dist:  ## a source archive of the last commit, in BUILD
	@mkdir -p $(BUILD)
	git archive --prefix=trapeze-$(VERSION)/ -o $(BUILD)/trapeze-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/trapeze-$(VERSION).tar.gz

clean:  ## remove BUILD
	rm -rf $(BUILD) $(BUILD)-sanitize $(BUILD)-coverage $(BUILD)-aarch64

help:  ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):[^#]*##  *\(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | sort | expand -t 18

# What scripts ask that link with the libraries: make -s print-LDLIBS
print-%:
	@echo '$($*)'

.PHONY: all unit compare check check-layers check-sanitize check-browser update-golden demo fuzz soak bench bench-kernels bench-callgrind bench-grade growth coverage lab-coverage \
        pictures handouts gradescope card aarch64 FORCE format deps deps-dev install uninstall dist clean help

-include $(shell find $(BUILD)/obj $(BUILD)/grade -name '*.d' 2>/dev/null)
