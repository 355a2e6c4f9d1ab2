# SPDX-License-Identifier: Apache-2.0
# make [FLAVOUR=release|debug|asan|fuzz] [CC=gcc|clang]   build the three programs into build/FLAVOUR
# make man | test | check | fuzz | bench | clean          see each target
FLAVOUR ?= release
BUILD ?= build/$(FLAVOUR)
ifeq ($(origin CC),default)
CC := gcc
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla -Wcast-qual \
 -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wimplicit-fallthrough -Wformat=2 -Werror
FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_debug := -O0 -g3 -fstack-protector-strong
FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_fuzz := $(FLAGS_asan) -fsanitize=fuzzer-no-link
CFLAGS = -std=c11 $(FLAGS_$(FLAVOUR)) -fPIE -ffp-contract=off -fno-strict-aliasing $(WARNINGS)
LDFLAGS = $(FLAGS_$(FLAVOUR)) -pie -Wl,-z,relro,-z,now,-z,noexecstack

# ---- sources, by trust (LAYERS says what each folder may use) ----
CORE_SRC := $(addprefix src/core/, \
 base/arena.c base/constant_time.c base/processor.c base/reader.c base/reason.c base/status.c base/verdict.c base/writer.c \
 codec/base64.c codec/decimal.c codec/hex.c codec/http_chunked.c codec/http_framing.c codec/http_head.c codec/json.c \
 codec/json_value.c codec/json_writer.c codec/utf8.c \
 ohttp/bhttp.c ohttp/bhttp_body.c ohttp/bhttp_text.c ohttp/ohttp.c ohttp/ohttp_chunked.c ohttp/ohttp_key_config.c \
 ohttp/ohttp_stream.c ohttp/varint.c \
 crypto/hkdf.c crypto/hpke.c crypto/sha256_lanes.c crypto/sha256_lanes_avx2.c crypto/sha256_lanes_avx512.c \
 seal/chunk.c seal/header.c seal/recipient.c seal/slots.c seal/tree.c seal/wraps.c \
 evidence/bundle.c evidence/claims.c evidence/discharge.c evidence/evidence.c evidence/keyset.c evidence/keyset_json.c \
 evidence/owed.c evidence/release.c evidence/release_json.c evidence/report.c evidence/sim.c \
 policy/check.c policy/parse.c)
CORE_SRC += $(addprefix src/core/receipt/, chain.c receipt.c statement.c verify.c)
TEMPLATE_SRC := $(addprefix src/template/, \
 access.c call.c character.c collection.c compare.c evaluate.c filter_choose.c filter_list.c filter_text.c filter_value.c \
 format.c function.c global.c json_print.c lexer.c method_list.c method_search.c method_text.c number_read.c number_text.c \
 operator.c parse_expression.c parse_literal.c parse_statement.c parser.c piece.c print.c render.c scope.c sort.c \
 statement.c test.c text.c time_text.c)
ENGINE_SRC := $(addprefix src/engine/, \
 attention.c cache.c engine.c experts.c family.c format.c forward.c gguf.c gguf_value.c layout.c \
 model.c model_products.c model_tensors.c numerics.c product.c rope.c row.c sample.c sample_adjust.c \
 sample_filter.c sample_logprobs.c sample_order.c sample_weights.c sequence.c sort.c speculate.c step.c choose.c grammar.c grammar_run.c \
 token_bytes.c workers.c)
ENGINE_SRC += $(addprefix src/engine/kernel/, agree.c amx.c amx_bf16.c amx_peak.c avx2.c avx2_dot.c avx2_gemv.c avx512.c avx512_dot.c \
 avx512_gemv.c kernels.c scalar.c)
ENGINE_SRC += $(addprefix src/engine/tokenizer/, \
 bpe.c charsmap.c cleanup.c detokenizer.c encode.c ends.c extensions.c merges.c merging.c nfc.c pattern.c pattern_sets.c \
 scan.c settings.c spacing.c spm.c tokenizer.c trie.c unicode.c unicode_categories.c unicode_classes.c unicode_compositions.c \
 unicode_decompositions.c unicode_lower.c unicode_normal.c unicode_single_runs.c unicode_singles.c unigram.c vocabulary.c wordpiece.c)
$(addprefix $(BUILD)/src/engine/kernel/,avx2.o avx2_dot.o avx2_gemv.o): EXTRA += -O3 -mavx2 -mfma -mf16c
FLAGS_AVX512 := -O3 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni
$(addprefix $(BUILD)/src/engine/kernel/,avx512.o avx512_dot.o avx512_gemv.o): EXTRA += $(FLAGS_AVX512)
$(addprefix $(BUILD)/src/engine/kernel/,amx.o amx_bf16.o amx_peak.o): EXTRA += $(FLAGS_AVX512) -mamx-tile -mamx-int8 -mamx-bf16
GRAMMAR_SRC := $(addprefix src/grammar/, build.c code_ranges.c gbnf.c schema.c schema_array.c schema_json.c \
 schema_look.c schema_number.c schema_object.c schema_pattern.c schema_text.c)
IMPORT_SRC := $(addprefix src/import/, \
 builder.c fields.c folder.c safetensors.c source_bpe.c source_config.c source_family.c source_json.c source_rope.c \
 source_special.c source_tensors.c source_tokenizer.c source_unigram.c source_vocabulary.c source_wordpiece.c split.c \
 tensor_set.c tokenizer_file.c virtual_file.c)
SYS_SRC := $(addprefix src/sys/, \
 api_error.c clock.c command.c console.c cpu.c workers.c file.c memory.c model_stream.c model_stream_order.c random.c release_client.c openssl/aead.c openssl/cbc.c openssl/hash.c openssl/scrypt.c openssl/signature.c openssl/start.c openssl/x25519.c \
 https_answer.c https_client.c https_connection.c https_receive.c https_server.c https_url.c https_wire.c listen.c tls_identity.c)
ENCLAVE_SRC := $(addprefix src/enclave/, \
 attestor.c channel.c chat_messages.c chat_request.c config.c egress.c event.c frame.c gate.c gate_exchange.c gate_route.c obtain.c \
 prompt.c request_form.c request_member.c request_options.c sandbox.c sandbox_rules.c scribe.c scribe_answer.c scribe_body.c scribe_logprobs.c scribe_memory.c scribe_receipt.c scribe_request.c \
 scribe_start.c \
 scribe_tokens.c scribe_transport.c setup.c spawn.c vault.c vault_cache.c vault_open.c vault_serve.c vault_terms.c warden.c warden_serve.c)
BROKER_SRC := $(addprefix src/broker/, \
 audit_log.c audit_record.c broker.c commands.c create.c decide.c kek.c nonces.c run_add.c run_log.c run_policy.c \
 serve.c store.c)
CLIENT_SRC := $(addprefix src/client/, bench.c chat.c chat_message.c chat_stream.c chat_template.c detokenize.c private_request.c \
 simulator.c token_ids.c tokenize.c verify.c verify_command.c vocabulary_file.c)
CLIENT_SRC += $(addprefix src/client/, fernet.c inspect.c keys.c keys_file.c keys_rewrap.c receipt.c replay.c replay_model.c replay_run.c seal.c convert.c seal_import.c seal_source.c \
 seal_write.c unseal.c)

# ---- tests: test/NAME.c is one program each; fuzz targets: test/fuzz/NAME.c with test/fuzz/corpus/NAME/ ----
TESTS := core/base/reader core/base/writer core/base/memory core/base/verdict core/crypto/primitives \
 core/crypto/hpke sys/file sys/command core/codec/text_codes core/codec/json \
 core/codec/json_writer core/codec/http core/ohttp/bhttp core/ohttp/ohttp core/ohttp/ohttp_chunked sys/identity sys/https
TESTS += core/evidence/sim core/evidence/keyset core/evidence/bundle core/evidence/release core/policy/policy
TESTS += sys/memory enclave/vault_cache
TESTS += client/chat_stream enclave/sandbox enclave/config enclave/frame enclave/egress enclave/channel enclave/scribe enclave/vault enclave/gate
TESTS += enclave/route enclave/chat_request enclave/prompt enclave/scribe_transport
TESTS += broker/audit broker/secrets broker/decide broker/serve client/verify
TESTS += core/seal/lanes core/seal/format core/seal/wraps sys/model_stream core/receipt/receipt core/receipt/replay
ENGINE_TESTS := engine/reference engine/cache engine/tokenizer engine/pretokenizer engine/tokenizer_kinds engine/tokenizer_hostile \
 engine/normalization engine/kernels engine/agree engine/determinism engine/gguf engine/place \
 engine/sample engine/sample_filters engine/admission engine/workers engine/grammar engine/choose engine/speculate
TESTS += $(ENGINE_TESTS)
TESTS += embed/cache
TESTS += import/safetensors import/folder import/tokenizer_file import/tokenizer_file_hostile
TESTS += grammar/gbnf grammar/schema
TESTS += template/language template/limits template/origin
SCRIPT_TESTS += test/cli/seal.sh test/cli/tokenize.sh test/cli/embed.sh test/models/families.py test/models/formats.py test/models/import.py test/template/oracle.sh
# programs that scripts use
TEST_TOOLS := engine/print_logits engine/print_rows template/render_lines
SCRIPT_TESTS += test/cli/cache.sh test/cli/demo.sh
SCRIPT_TESTS += test/cli/broker.sh test/cli/enclave.sh test/cli/options.sh test/cli/transcripts.sh
BENCHES += seal
BENCHES += engine kernels sample speculate perplexity
FUZZERS :=
FUZZERS += seal_header_parse seal_wraps_parse seal_key_parse fernet_parse receipt_parse
FUZZERS += json_parse base64_parse hex_parse http_head_parse http_chunked_parse bhttp_parse ohttp_key_config_parse \
 ohttp_chunk_parse
FUZZERS += sim_parse bundle_parse policy_parse release_parse audit_record_parse
FUZZERS += gguf_parse tokenizer_encode token_ids_parse
FUZZERS += template_parse
FUZZERS += gbnf_parse schema_parse grammar_check
FUZZERS += safetensors_parse folder_convert split_join tokenizer_file_convert
FUZZERS += config_parse chat_request_parse frame_read http_route

# what a static libcrypto needs differs between Debian 12 and 13 (zlib, zstd)
LIBS_ENCLAVE := -levent_openssl -levent_core $(shell pkg-config --static --libs libssl libcrypto) -pthread
LIBS_ALL := -lsqlite3 -levent_openssl -levent_pthreads -levent_core -lssl -lcrypto -pthread

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
group = -Wl,--start-group $(patsubst %,$(BUILD)/lib%.a,$(1)) -Wl,--end-group
ARCHIVES := client broker enclave names sys import grammar engine template core
LIB_FILES := $(ARCHIVES:%=$(BUILD)/lib%.a)

PROGRAMS := $(BUILD)/cloister $(BUILD)/cloister-enclave

all: $(PROGRAMS) $(BUILD)/example/generate

$(BUILD)/libcore.a: $(call objects,$(CORE_SRC))
$(BUILD)/libengine.a: $(call objects,$(ENGINE_SRC))
$(BUILD)/libtemplate.a: $(call objects,$(TEMPLATE_SRC))
$(BUILD)/libgrammar.a: $(call objects,$(GRAMMAR_SRC))
$(BUILD)/libimport.a: $(call objects,$(IMPORT_SRC))
$(BUILD)/libsys.a: $(call objects,$(SYS_SRC))
$(BUILD)/libenclave.a: $(call objects,$(ENCLAVE_SRC))
$(BUILD)/libnames.a: $(BUILD)/src/sys/resolve_names.o
$(BUILD)/libbroker.a: $(call objects,$(BROKER_SRC))
$(BUILD)/libclient.a: $(call objects,$(CLIENT_SRC))
$(LIB_FILES):
	@rm -f $@
	ar qcsD $@ $^

# the engine for other programs: this archive and src/embed/cloister_engine.h; example/generate.c uses nothing else
EMBED_SRC := src/embed/cloister_engine.c $(filter src/core/base/%,$(CORE_SRC)) $(ENGINE_SRC)
$(BUILD)/libcloister-engine.a: $(call objects,$(EMBED_SRC))
	@rm -f $@
	ar qcsD $@ $^
$(BUILD)/example/generate: example/generate.c $(BUILD)/libcloister-engine.a src/embed/cloister_engine.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -D%,$(CFLAGS)) -iquote src/embed $(LDFLAGS) -o $@ $< $(BUILD)/libcloister-engine.a

MANUAL_OBJECTS := $(addprefix $(BUILD)/src/main/,groups.o manual.o manual_text.o completion.o)

# The tool links dynamically; the enclave is one static position-independent file that any kernel can start and measure.
# Sanitizers cannot be linked statically, so in those flavours it is dynamic and `make check` does not look at it.
$(BUILD)/cloister: $(BUILD)/src/main/cloister.o $(BUILD)/src/main/groups.o $(LIB_FILES)
$(BUILD)/cloister-manual: $(BUILD)/src/main/manual_main.o $(MANUAL_OBJECTS) $(LIB_FILES)
$(BUILD)/cloister $(BUILD)/cloister-manual:
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(call group,client broker names sys import engine template core) $(LIBS_ALL)

# the manual pages and the shell's completion, from the same tables as the commands
man: $(BUILD)/cloister-manual
	@mkdir -p $(BUILD)/man
	$(BUILD)/cloister-manual $(BUILD)/man

ENCLAVE_LINK := $(if $(filter asan fuzz,$(FLAVOUR)),-pie,-static-pie)
# libcrypto and libevent bring resolver functions that nothing of ours calls (`make check` sees to that); what the linker
# says of them goes to a file.
$(BUILD)/cloister-enclave: $(BUILD)/src/enclave/main.o $(BUILD)/src/sys/resolve_numeric.o $(LIB_FILES)
	@echo "  link $@"
	@$(CC) $(filter-out -pie,$(LDFLAGS)) $(ENCLAVE_LINK) -Wl,--gc-sections,-Map,$@.map -o $@ $< \
	 $(BUILD)/src/sys/resolve_numeric.o $(call group,enclave sys grammar engine template core) $(LIBS_ENCLAVE) 2>$@.warnings || \
	 { cat $@.warnings; exit 1; }

# What one of its processes can call: the same with that process alone; for its map, which `make check` counts.
PROCESSES := $(addprefix $(BUILD)/process/,warden gate scribe vault)
$(PROCESSES): $(BUILD)/process/%: $(BUILD)/src/sys/resolve_numeric.o $(LIB_FILES)
	@mkdir -p $(@D)
	@$(CC) $(filter-out -pie,$(LDFLAGS)) $(ENCLAVE_LINK) -Wl,--gc-sections,-Map,$@.map -o $@ \
	 -Wl,--undefined=$*_main,--defsym=main=$*_main $< \
	 $(call group,enclave sys grammar engine template core) $(LIBS_ENCLAVE) 2>$@.warnings || { cat $@.warnings; exit 1; }

# core, engine, embed, grammar, import and template are pure C11; the rest may call the system
$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(if $(filter src/core/% src/engine/% src/embed/% src/grammar/% src/import/% src/template/%,$<),,-D_GNU_SOURCE) -iquote src -iquote test $(CFLAGS) $(EXTRA) -MMD -MP -c -o $@ $<

# one file for each instruction set of the SHA-256 lanes
$(BUILD)/src/core/crypto/sha256_lanes_avx2.o: EXTRA := -mavx2
$(BUILD)/src/core/crypto/sha256_lanes_avx512.o: EXTRA := -mavx512f -mavx512bw

$(TESTS:%=$(BUILD)/test/%) $(TEST_TOOLS:%=$(BUILD)/test/%): $(BUILD)/test/%: $(BUILD)/test/%.o $(LIB_FILES)
	$(CC) $(LDFLAGS) -o $@ $< $(filter %.o,$(filter-out $<,$^)) $(call group,$(ARCHIVES)) $(LIBS_ALL) $(LIBS)

$(ENGINE_TESTS:%=$(BUILD)/test/%) $(TEST_TOOLS:%=$(BUILD)/test/%): $(BUILD)/test/engine/rig.o $(BUILD)/test/engine/gguf_make.o
$(ENGINE_TESTS:%=$(BUILD)/test/%): LIBS += -lm

$(BUILD)/test/embed/cache: $(BUILD)/src/embed/cloister_engine.o $(BUILD)/test/engine/rig.o
$(BUILD)/test/sys/https: $(BUILD)/test/sys/https_app.o
ENCLAVE_PROCESS_TESTS := enclave/scribe enclave/vault enclave/gate
$(BUILD)/test/enclave/prompt: $(BUILD)/test/engine/rig.o
$(BUILD)/test/enclave/prompt: LIBS += -lm
$(ENCLAVE_PROCESS_TESTS:%=$(BUILD)/test/%): $(BUILD)/test/enclave/processes.o $(BUILD)/test/enclave/no_sandbox.o \
 $(BUILD)/test/engine/rig.o $(BUILD)/test/engine/gguf_make.o
$(ENCLAVE_PROCESS_TESTS:%=$(BUILD)/test/%): LIBS += -lm
$(BUILD)/test/sys/command: $(MANUAL_OBJECTS)
$(BUILD)/test/grammar/schema: $(BUILD)/test/grammar/jansson.o
$(BUILD)/test/grammar/schema: LIBS += -ljansson
$(BUILD)/test/fuzz/json_parse: LIBS += -ljansson

# the AVX-512 and AMX kernels on a processor without them: each intrinsic in plain code (libsimde-dev), tiles in plain C
EMULATED := $(addprefix $(BUILD)/test/emulated/,amx.o amx_bf16.o avx512.o avx512_dot.o avx512_gemv.o)
$(EMULATED): $(BUILD)/test/emulated/%.o: src/engine/kernel/%.c test/emulated/avx512.h Makefile
	@mkdir -p $(@D)
	$(CC) -w -Wno-psabi -std=gnu11 -O2 -g -fPIE -mavx2 -mfma -mf16c -ffp-contract=off -fno-strict-aliasing \
	 -include test/emulated/avx512.h -iquote test/emulated -iquote src -Dkernels_avx512=kernels_emulated -Dkernels_amx=kernels_emulated_amx \
	 $(foreach name,expand dot_codes gemv_codes dot_float dot_bf16,-Davx512_$(name)=emulated_$(name)) \
	 $(foreach name,dot_codes dot_bf16 dot_bf16_groups,-Damx_$(name)=emulated_amx_$(name)) -MMD -MP -c -o $@ $<
EMULATED_TESTS := engine/kernels engine/agree engine/determinism
$(EMULATED_TESTS:%=$(BUILD)/test/%): $(EMULATED) $(BUILD)/test/engine/emulated.o

# In the fuzz flavour a target is a libFuzzer program; in the others it replays files given on the command line.
FUZZ_MAIN := $(if $(filter fuzz,$(FLAVOUR)),,$(BUILD)/test/fuzz/replay.o)
$(FUZZERS:%=$(BUILD)/test/fuzz/%): $(BUILD)/test/fuzz/%: $(BUILD)/test/fuzz/%.o $(FUZZ_MAIN) $(LIB_FILES)
	$(CC) $(LDFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) -o $@ $< $(FUZZ_MAIN) $(call group,$(ARCHIVES)) $(LIBS_ALL) $(LIBS)

tests: $(TESTS:%=$(BUILD)/test/%) $(TEST_TOOLS:%=$(BUILD)/test/%)
fuzzers: $(FUZZERS:%=$(BUILD)/test/fuzz/%)

test: all tests fuzzers
	test/prove.sh $(BUILD) "$(TESTS)" "$(FUZZERS)" "$(SCRIPT_TESTS)"

check: all $(PROCESSES)
	test/check.sh $(BUILD)

# SECONDS_EACH=60 make fuzz FLAVOUR=fuzz CC=clang: each target in turn
fuzz: fuzzers
	test/fuzz.sh $(BUILD) "$(FUZZERS)"

$(BENCHES:%=$(BUILD)/bench/%): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(LIB_FILES)
	$(CC) $(LDFLAGS) -o $@ $< $(filter %.o,$(filter-out $<,$^)) $(call group,$(ARCHIVES)) $(LIBS_ALL) $(LIBS)

$(BUILD)/bench/engine $(BUILD)/bench/kernels $(BUILD)/bench/speculate $(BUILD)/bench/perplexity: $(BUILD)/test/engine/rig.o $(BUILD)/test/engine/gguf_make.o
$(BUILD)/bench/perplexity: LIBS += -lm

benches: $(BENCHES:%=$(BUILD)/bench/%)

bench: all benches
	bench/run.sh $(BUILD)

clean:
	rm -rf build

.PHONY: all man tests fuzzers test check fuzz benches bench clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
