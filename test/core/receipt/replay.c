/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister replay` and `cloister receipt verify` on receipts that this program makes by running the small model: one
 * instruction set makes them, the commands repeat them on others (spec/receipt.md RC-12). */
#include "client/replay.h"
#include "client/keys.h"
#include "client/receipt.h"
#include "client/seal.h"
#include "core/codec/hex.h"
#include "core/evidence/sample.h"
#include "core/receipt/chain.h"
#include "engine/choose.h"
#include "engine/engine.h"
#include "sys/console.h"
#include "sys/file.h"
#include "tap.h"

#include <fcntl.h>
#include <math.h>
#include <sys/wait.h>

enum { PROMPT_N = 70, OUTPUT_N = 40 };

static const char model_path[] = "test/data/stories260K/stories260K.gguf";
static char directory[] = "/tmp/cloister-replay-XXXXXX";
static char key_text[65];

/* Runs a command of the tool in a child; its exit code. */
static int run(const char *words)
{
    static const struct command *const groups[] = {seal_commands, keys_commands, receipt_commands, replay_commands,
                                                   NULL};
    char text[2048], name[] = "cloister", *argv[32] = {name};
    int argc = 1, state;
    snprintf(text, sizeof text, "%s", words);
    for (char *word = strtok(text, " "); word != NULL && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out, 1);
        dup2(out, 2);
        _exit(command_main(groups, argc, argv) | (fflush(NULL) != 0));
    }
    return waitpid(child, &state, 0) == child && WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

__attribute__((format(printf, 2, 3))) static bool run_gives(int code, const char *format, ...)
{
    char words[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    int got = run(words);
    if (got != code)
        note("exit code %d, not %d: %s", got, code, words);
    return got == code;
}

static bool out_has(const char *text)
{
    uint8_t *bytes;
    size_t len;
    if (file_read(&bytes, &len, "out", 1 << 20, NULL) != STATUS_OK)
        return false;
    bool found = memmem(bytes, len, text, strlen(text)) != NULL;
    if (!found)
        note("no \"%s\" in: %.*s", text, (int)len, (const char *)bytes);
    file_free(bytes, len);
    return found;
}

/* The small model in memory, on one thread with plain C. */
struct rig {
    struct model model;
    struct engine engine;
    uint8_t *file, *weights, *memory;
    void *tables;
    size_t file_len;
};

static void rig_open(struct rig *rig, const char *path)
{
    struct engine_options options = {.sequences_max = 1,
                                     .context_max = PROMPT_N + OUTPUT_N,
                                     .batch_max = 16,
                                     .logits_max = 1,
                                     .pages_max = (PROMPT_N + OUTPUT_N + CACHE_PAGE - 1) / CACHE_PAGE,
                                     .cache = CACHE_BF16};
    struct workers workers = workers_none();
    struct arena arena;
    size_t memory_len, tables_len;
    if (file_read(&rig->file, &rig->file_len, path, 1 << 26, NULL) != STATUS_OK)
        abort();
    tables_len = model_arena_len(rig->file_len);
    rig->tables = malloc(tables_len);
    arena_init(&arena, rig->tables, tables_len);
    if (model_parse(&rig->model, &arena, rig->file, rig->file_len, rig->file_len, NULL) != STATUS_OK)
        abort();
    size_t weights_len = (size_t)model_weights_len(&rig->model);
    rig->weights = aligned_alloc(64, (weights_len + 63) / 64 * 64);
    memset(rig->weights, 0, weights_len);
    model_place(&rig->model, rig->weights, 0, rig->file, rig->file_len);
    if (model_finish(&rig->model, rig->weights, &workers, NULL) != STATUS_OK)
        abort();
    if (engine_memory_len(&memory_len, &rig->model, &options, 1, NULL) != STATUS_OK)
        abort();
    rig->memory = aligned_alloc(64, (memory_len + 63) / 64 * 64);
    if (engine_init(&rig->engine, &rig->model, rig->weights, &options, &kernels_scalar, &workers, rig->memory,
                    memory_len, NULL) != STATUS_OK)
        abort();
}

static void rig_close(struct rig *rig)
{
    file_free(rig->file, rig->file_len);
    free(rig->tables);
    free(rig->weights);
    free(rig->memory);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void generate(uint32_t *output, struct rig *rig, const uint32_t *prompt, const struct sample_options *options,
                     const struct sample_bias *bias, size_t bias_n)
{
    static uint32_t tokens[PROMPT_N + OUTPUT_N];
    struct choice_scratch scratch;
    struct choice_setup choice = {.bias = bias, .bias_n = bias_n};
    uint32_t sequence;
    void *memory = calloc(1, sample_scratch_len(rig->model.vocab_n));
    sample_scratch_init(&scratch.sample, memory, rig->model.vocab_n);
    memcpy(tokens, prompt, PROMPT_N * sizeof prompt[0]);
    if (sampler_init(&choice.sampler, options) != STATUS_OK ||
        engine_sequence_open(&rig->engine, &sequence, PROMPT_N + OUTPUT_N, NULL) != STATUS_OK)
        abort();
    for (size_t i = 0; i < PROMPT_N + OUTPUT_N - 1; i++) {
        struct engine_token step = {sequence, tokens[i], true};
        const struct sample_input input = {
            .vocab_n = rig->model.vocab_n, .tokens = tokens, .tokens_n = i + 1, .prompt_n = PROMPT_N, .logits = NULL};
        if (engine_step(&rig->engine, &step, 1, NULL) != STATUS_OK)
            abort();
        if (i + 1 < PROMPT_N)
            continue;
        struct sample_input now = input;
        now.logits = engine_logits(&rig->engine, 0);
        if (choice_next(&tokens[i + 1], &choice, &now, &scratch) != STATUS_OK)
            abort();
    }
    memcpy(output, tokens + PROMPT_N, OUTPUT_N * sizeof output[0]);
    engine_sequence_close(&rig->engine, sequence);
    free(memory);
}

static void write_receipt(const char *path, const struct receipt *r)
{
    char text[16384];
    struct writer w;
    writer_init(&w, text, sizeof text);
    if (receipt_write(&w, r) != STATUS_OK || file_write(path, text, writer_len(&w), 0644, 1, NULL) != STATUS_OK)
        abort();
}

static void sign(struct receipt *r)
{
    struct ed25519_private key;
    memset(&key, 0x42, sizeof key);
    receipt_tokens_hash(r->statement.prompt_tokens_hash, r->prompt_tokens, (size_t)r->statement.prompt_tokens_n);
    for (uint32_t i = 0; i < r->statement.choices_n; i++)
        receipt_tokens_hash(r->statement.choices[i].tokens_hash, r->output_tokens[i],
                            (size_t)r->statement.choices[i].tokens_n);
    receipt_bias_hash(r->statement.sampler.bias_hash, r->bias, r->bias_n);
    receipt_grammar_hash(r->statement.sampler.grammar_hash, r->grammar, r->grammar_n);
    if (receipt_sign(r, &key) != STATUS_OK)
        abort();
    hex_write(key_text, r->key, sizeof r->key);
}

/* An attestation whose keyset holds this receipt key, the simulator's root and a policy, as files; digest is the
 * keyset's. */
static void write_attestation(uint8_t digest[static SHA256_LEN], const char *path, const uint8_t key[static 32])
{
    static const char policy[] = "{\"version\":1,\"kinds\":[\"simulator\"],\"measurements\":["
                                 "\"2222222222222222222222222222222222222222222222222222"
                                 "22222222222222222222222222222222222222222222\"],\"minimum_tcb\":[7],\"debug\":false,"
                                 "\"configurations\":[\"3333333333"
                                 "333333333333333333333333333333333333333333333333333333\"],\"model_roots\":["
                                 "\"77777777777777777777777777777777777777777"
                                 "77777777777777777777777\"],\"labels\":[\"simulator\"]}";
    static char text[BUNDLE_TEXT_MAX];
    struct sample sample;
    struct writer w;
    char root[65];
    bool made = sample_init(&sample);
    memcpy(sample.keyset.receipt_key, key, 32);
    made = made && sample_bind(&sample) && keyset_digest(digest, &sample.keyset) == STATUS_OK;
    writer_init(&w, text, sizeof text);
    made = made && bundle_write(&w, &sample.bundle) == STATUS_OK &&
           file_write(path, text, writer_len(&w), 0644, 1, NULL) == STATUS_OK;
    hex_write(root, sample.anchors.simulator_root, 32);
    made = made && file_write("root", root, 64, 0644, 1, NULL) == STATUS_OK &&
           file_write("policy", policy, sizeof policy - 1, 0644, 1, NULL) == STATUS_OK;
    if (!made)
        abort();
}

/* Receipts of what the model really gives, and of three lies. */
static void make_receipts(struct rig *rig)
{
    static uint32_t prompt[PROMPT_N], output[OUTPUT_N], second[OUTPUT_N];
    static const struct receipt_bias receipt_bias[] = {{400, 0x40a00000}, {2, 0xff800000}}; /* 5, never */
    static const struct sample_bias bias[] = {{400, 5.0f}, {2, -INFINITY}};
    struct receipt r = {.has_transcript = true,
                        .prompt_tokens = prompt,
                        .output_tokens = {output, second},
                        .bias = receipt_bias,
                        .bias_n = 2};
    struct receipt_statement *s = &r.statement;
    struct sample_options options = {.temperature = 0.8f,
                                     .top_k = 40,
                                     .top_p = 0.9f,
                                     .min_p = 0.01f,
                                     .typical_p = 0.95f,
                                     .repeat_penalty = 1.1f,
                                     .repeat_last_n = 16,
                                     .frequency_penalty = 0.2f,
                                     .presence_penalty = 0.1f,
                                     .seed = 0xffffffffffffffff};
    for (size_t i = 0; i < PROMPT_N; i++)
        prompt[i] = i == 0 ? 1 : (uint32_t)(3 + i * 7 % 500);
    generate(output, rig, prompt, &options, bias, 2);
    options.seed = 0; /* the next, modulo 2^64 */
    generate(second, rig, prompt, &options, bias, 2);
    snprintf(s->tee, sizeof s->tee, "simulator");
    snprintf(s->isa, sizeof s->isa, "scalar");
    s->threads = 1;
    s->final = true;
    s->sampler = (struct receipt_sampler){.temperature_bits = bits_of(options.temperature),
                                          .top_p_bits = bits_of(options.top_p),
                                          .top_k = options.top_k,
                                          .max_tokens = OUTPUT_N,
                                          .seed = 0xffffffffffffffff,
                                          .min_p_bits = bits_of(options.min_p),
                                          .typical_p_bits = bits_of(options.typical_p),
                                          .repeat_penalty_bits = bits_of(options.repeat_penalty),
                                          .repeat_last_n = options.repeat_last_n,
                                          .frequency_penalty_bits = bits_of(options.frequency_penalty),
                                          .presence_penalty_bits = bits_of(options.presence_penalty)};
    s->prompt_tokens_n = PROMPT_N;
    s->choices_n = 2;
    s->choices[0].tokens_n = s->choices[1].tokens_n = OUTPUT_N;
    if (hex_parse(s->model_root, SHA256_LEN, "1cc6a948c90ecbce9575b14f5dac19d2d6c38b83781882f71694f213a23751e9", 64) !=
        STATUS_OK)
        abort();
    sign(&r);
    write_attestation(s->keyset_digest, "attestation", r.key);
    sign(&r);
    write_receipt("true", &r);
    s->final = false;
    s->choices[0].finish = s->choices[1].finish = RECEIPT_FINISH_CANCEL;
    sign(&r);
    write_receipt("prefix", &r);
    s->final = true;
    s->choices[0].finish = s->choices[1].finish = RECEIPT_FINISH_STOP;
    output[17] ^= 1;
    sign(&r);
    write_receipt("another-token", &r);
    output[17] ^= 1;
    second[39] ^= 1;
    sign(&r);
    write_receipt("another-second", &r);
    second[39] ^= 1;
    s->kv_cache = RECEIPT_CACHE_Q8;
    sign(&r);
    write_receipt("another-cache", &r);
    s->kv_cache = RECEIPT_CACHE_BF16;
    s->sampler.repeat_penalty_bits = bits_of(1.0f);
    sign(&r);
    write_receipt("another-penalty", &r);
    s->sampler.repeat_penalty_bits = 0;
    sign(&r);
    write_receipt("no-penalty", &r);
    s->sampler.repeat_penalty_bits = bits_of(options.repeat_penalty);
    r.grammar = prompt; /* none */
    r.grammar_n = 5;
    sign(&r);
    write_receipt("no-grammar", &r);
    r.grammar_n = 0;
    s->sampler.seed ^= 1;
    sign(&r);
    write_receipt("another-seed", &r);
    s->sampler.seed ^= 1;
    s->model_root[0] ^= 1;
    sign(&r);
    write_receipt("another-model", &r);
    s->model_root[0] ^= 1;
    prompt[5] = 1 << 20;
    sign(&r);
    write_receipt("no-token", &r);
    prompt[5] = 3 + 5 * 7;
    sign(&r);
    r.has_transcript = false;
    write_receipt("no-transcript", &r);
    s->keyset_digest[0] ^= 1;
    sign(&r);
    write_receipt("another-keyset", &r);
    uint8_t digest[SHA256_LEN];
    write_attestation(digest, "another-attestation", digest);
}

static void test_replay(const char *model)
{
    check(run_gives(0, "replay true --model %s", model) && out_has("NOT A TEE") && out_has("80 of 80 equal"),
          "RC-12 RC-11 a true receipt is repeated");
    check(!__builtin_cpu_supports("avx2") || out_has("equal, with avx"), "RC-12 on another instruction set");
    check(run_gives(0, "replay true --model %s --isa scalar --threads 3", model), "with plain C on 3 threads");
    check(run_gives(0, "replay true --model %s --threads 1 --json", model) && out_has("\"verified\":true") &&
              out_has("NOT A TEE"),
          "RC-11 as JSON");
    check(run_gives(2, "replay another-token --model %s", model) && out_has("17 of 80 equal") && out_has("token 17 is"),
          "RC-12 the first token that differs is reported");
    check(run_gives(2, "replay another-second --model %s", model) && out_has("79 of 80 equal"),
          "RC-12 RC-14 also in the last token of the second choice");
    check(run_gives(2, "replay another-penalty --model %s", model), "RC-12 another penalty");
    check(run_gives(2, "replay another-cache --model %s", model) && out_has("of 80 equal"),
          "RC-15 a replay keeps to the type of cache in the receipt");
    check(run_gives(5, "replay no-penalty --model %s", model), "a penalty that cannot be");
    check(run_gives(5, "replay no-grammar --model %s", model), "RC-13 a grammar that is none");
    check(run_gives(2, "replay another-seed --model %s", model), "another seed");
    check(run_gives(2, "replay another-model --model %s", model) && out_has("another model"), "another model");
    check(run_gives(5, "replay no-token --model %s", model), "a token that the model does not have");
    check(run_gives(1, "replay no-transcript --model %s", model), "a receipt without transcript");
    check(run_gives(4, "replay prefix --model %s", model) && out_has("80 of 80 equal"), "RC-10 a prefix is told");
    check(run_gives(1, "replay true"), "no model");
    check(run_gives(1, "replay true --model missing"), "a missing model");
    check(run_gives(5, "replay true --model true"), "a model that is none");
    check(run_gives(1, "replay missing --model %s", model), "a missing receipt");
    check(run_gives(1, "replay true --model %s --isa mmx", model), "an unknown instruction set");
    check(run_gives(1, "replay true --model %s --threads 0", model), "no thread");
}

static void test_sealed(const char *model)
{
    check(run_gives(0, "keys new key") && run_gives(0, "seal %s -o sealed --raw-key key", model),
          "the model is sealed");
    check(run_gives(0, "replay true --model sealed --raw-key key --key %s", key_text),
          "RC-12 a sealed model is repeated");
    check(run_gives(1, "replay true --model sealed"), "but not without its key");
}

static void test_verify(void)
{
    check(run_gives(0, "receipt verify true --key %s", key_text) && out_has("NOT A TEE"),
          "RC-8 RC-11 verify with a key");
    check(run_gives(0, "receipt verify true --json --key %s", key_text) && out_has("\"verified\":true"), "as JSON");
    check(run_gives(4, "receipt verify true"), "RC-9 not without one");
    check(run_gives(2, "receipt verify true --key %064d", 0), "RC-9 not with another");
    check(run_gives(1, "receipt verify true --key 12"), "a key that is none");
    check(run_gives(4, "receipt verify prefix --key %s", key_text), "RC-10 a prefix");
    check(run_gives(0, "receipt verify no-transcript --key %s", key_text), "without transcript");
    check(run_gives(5, "receipt verify sealed --key %s", key_text), "a file that is none");
    check(run_gives(1, "receipt verify missing --key %s", key_text), "a missing file");
    check(run_gives(1, "receipt verify true --attestation missing"), "a missing attestation");
    check(run_gives(5, "receipt verify true --attestation true"), "an attestation that is none");
}

#define TERMS " --policy policy --simulator-root root --time 1767225600"

static void test_attestation(void)
{
    check(run_gives(0, "receipt verify true --attestation attestation" TERMS) && out_has("NOT A TEE") &&
              out_has("the attested keyset"),
          "RC-8 verify with an attestation");
    check(run_gives(2, "receipt verify another-keyset --attestation attestation" TERMS), "RC-8 another keyset");
    check(run_gives(2, "receipt verify true --attestation another-attestation" TERMS), "RC-9 another enclave's key");
    check(run_gives(4, "receipt verify true --attestation attestation --simulator-root root --time 1767225600"),
          "RC-9 no policy vouches for nobody");
    check(run_gives(4, "receipt verify true --attestation attestation --policy policy --time 1767225600"),
          "RC-9 nor does a simulator that was not named");
    check(run_gives(6, "receipt verify true --attestation attestation --policy policy --simulator-root root --time 1"),
          "an attestation out of its time");
    check(run_gives(0, "receipt verify true --attestation attestation --key %s" TERMS, key_text),
          "attestation and key");
    check(run_gives(1, "receipt verify true --attestation attestation --key %064d" TERMS, 0), "that contradict");
}

static void remove_files(void)
{
    static const char *const names[] = {"true",
                                        "prefix",
                                        "another-token",
                                        "another-seed",
                                        "another-model",
                                        "another-second",
                                        "another-penalty",
                                        "no-penalty",
                                        "no-grammar",
                                        "no-token",
                                        "no-transcript",
                                        "key",
                                        "sealed",
                                        "out",
                                        "attestation",
                                        "another-attestation",
                                        "another-keyset",
                                        "root",
                                        "policy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    rmdir(directory);
}

int main(void)
{
    struct rig rig;
    char *model = realpath(model_path, NULL);
    if (model == NULL || mkdtemp(directory) == NULL || chdir(directory) != 0) {
        printf("Bail out! no model or no directory\n");
        return 1;
    }
    rig_open(&rig, model);
    make_receipts(&rig);
    rig_close(&rig);
    test_replay(model);
    test_sealed(model);
    test_verify();
    test_attestation();
    free(model);
    remove_files();
    return tap_done();
}
