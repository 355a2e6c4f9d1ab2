/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: the spec's vector, and what must not pass (spec/receipt.md). */
#include "core/receipt/receipt.h"

#include "core/codec/hex.h"
#include "core/receipt/chain.h"
#include "tap.h"

enum { FILE_MAX = 8192 };

static const uint32_t prompt[] = {1, 403, 7, 4294967295u};
static const uint32_t output[] = {9, 10, 11, 0, 2};
static const uint32_t second[] = {9, 9};
static const struct receipt_bias bias[] = {{7, 0xff800000}, {8, 0x3f800000}};
static const uint32_t grammar[] = {1, 1, 0, 4, 0x30006161, 0};
static uint8_t arena_memory[FILE_MAX * 64 + 4096];

static struct receipt make(bool final, const char *tee)
{
    struct receipt r = {.has_transcript = true, .prompt_tokens = prompt, .output_tokens = {output, second}};
    struct receipt_statement *s = &r.statement;
    struct ed25519_private key;
    struct receipt_chain chain;
    memset(&key, 0x42, sizeof key);
    snprintf(s->tee, sizeof s->tee, "%s", tee);
    snprintf(s->isa, sizeof s->isa, "avx512");
    s->threads = 8;
    s->time_s = 1700000000;
    memset(s->model_root, 1, SHA256_LEN);
    memset(s->engine_hash, 2, SHA256_LEN);
    memset(s->tokenizer_hash, 3, SHA256_LEN);
    memset(s->template_hash, 4, SHA256_LEN);
    memset(s->keyset_digest, 5, SHA256_LEN);
    sha256(s->request_hash, "{\"prompt\":\"hi\"}", 15);
    receipt_chain_init(&chain, s->request_hash);
    receipt_chain_add(&chain, "Once ", 5);
    receipt_chain_add(&chain, "upon", 4);
    s->chunks_n = chain.chunks_n;
    receipt_chain_end(&chain, final, s->chain, s->response_hash);
    s->final = final;
    s->kv_cache = RECEIPT_CACHE_Q8;
    s->sampler = (struct receipt_sampler){.temperature_bits = 0x3f333333,
                                          .top_p_bits = 0x3f800000,
                                          .top_k = 40,
                                          .max_tokens = 64,
                                          .seed = 0xfedcba9876543210u,
                                          .min_p_bits = 0x3d4ccccd,
                                          .typical_p_bits = 0x3f800000,
                                          .repeat_penalty_bits = 0x3f8ccccd,
                                          .repeat_last_n = 64,
                                          .frequency_penalty_bits = 0x3f000000,
                                          .presence_penalty_bits = 0xbf000000,
                                          .stops = {2, 32007},
                                          .stops_n = 2};
    r.bias = bias;
    r.bias_n = sizeof bias / sizeof *bias;
    r.grammar = grammar;
    r.grammar_n = sizeof grammar / sizeof *grammar;
    receipt_bias_hash(s->sampler.bias_hash, bias, r.bias_n);
    receipt_grammar_hash(s->sampler.grammar_hash, grammar, r.grammar_n);
    s->prompt_tokens_n = sizeof prompt / sizeof *prompt;
    receipt_tokens_hash(s->prompt_tokens_hash, prompt, sizeof prompt / sizeof *prompt);
    s->choices_n = 2;
    s->choices[0] = (struct receipt_choice){.finish = final ? RECEIPT_FINISH_STOP : RECEIPT_FINISH_CANCEL,
                                            .tokens_n = sizeof output / sizeof *output};
    s->choices[1] = (struct receipt_choice){.finish = final ? RECEIPT_FINISH_LENGTH : RECEIPT_FINISH_CANCEL,
                                            .tokens_n = sizeof second / sizeof *second};
    receipt_tokens_hash(s->choices[0].tokens_hash, output, sizeof output / sizeof *output);
    receipt_tokens_hash(s->choices[1].tokens_hash, second, sizeof second / sizeof *second);
    if (receipt_sign(&r, &key) != STATUS_OK)
        abort();
    return r;
}

static size_t text_of(char *text, const struct receipt *r)
{
    struct writer w;
    writer_init(&w, text, FILE_MAX);
    return receipt_write(&w, r) == STATUS_OK ? writer_len(&w) : 0;
}

static enum status parse(struct receipt *r, const char *text, size_t len)
{
    struct arena arena;
    struct reason why = {""};
    arena_init(&arena, arena_memory, receipt_arena_len(len));
    return receipt_parse(r, &arena, text, len, &why);
}

static enum status verify(const struct receipt *r, const uint8_t *key, const uint8_t *digest, bool simulator)
{
    struct verdict v;
    struct receipt_expect expect = {key, digest, simulator};
    verdict_init(&v);
    receipt_verify(&v, r, &expect);
    return verdict_status(&v);
}

static void test_whole(void)
{
    struct receipt r = make(true, "tdx"), again;
    char text[FILE_MAX], twice[FILE_MAX];
    size_t len = text_of(text, &r);
    uint8_t other[32] = {0};
    check(len != 0 && parse(&again, text, len) == STATUS_OK, "a receipt parses as written");
    check(text_of(twice, &again) == len && memcmp(text, twice, len) == 0, "RC-1 and is written the same again");
    check(parse(&again, text, len - 1) == STATUS_OK, "RC-1 without the line feed too");
    check(verify(&again, r.key, r.statement.keyset_digest, false) == STATUS_OK, "RC-8 it verifies");
    check(verify(&again, r.key, NULL, false) == STATUS_OK, "with a key of the user's alone, too");
    check(verify(&again, NULL, NULL, false) == STATUS_REFUSED, "RC-9 not when nobody vouches for the key");
    check(verify(&again, other, NULL, false) == STATUS_FORGED, "RC-9 nor with another key");
    check(verify(&again, r.key, other, false) == STATUS_FORGED, "nor with another keyset");
    again.has_transcript = false;
    len = text_of(text, &again);
    check(parse(&again, text, len) == STATUS_OK && verify(&again, r.key, NULL, false) == STATUS_OK,
          "RC-2 the statement stands without the transcript");
}

static void test_bits_and_lengths(void)
{
    struct receipt r = make(true, "tdx"), got;
    char text[FILE_MAX];
    size_t len = text_of(text, &r);
    bool bits = true, cut = true;
    for (size_t bit = 0; bit < (len - 1) * 8; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        if (parse(&got, text, len) == STATUS_OK)
            bits = bits && verify(&got, r.key, r.statement.keyset_digest, false) == STATUS_FORGED;
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    check(bits, "RC-2 every bit of a receipt is checked");
    for (size_t part = 0; part < len - 1; part++) {
        char *copy = (char *)guarded_copy(text, part);
        cut = cut && parse(&got, copy, part) != STATUS_OK;
        guarded_free((uint8_t *)copy, part);
    }
    check(cut, "a receipt cut at any length is refused");
}

/* The same receipt, with one piece of its text exchanged. */
static enum status parse_with(const char *old, const char *new_text)
{
    struct receipt r = make(true, "tdx"), got;
    char text[FILE_MAX], changed[FILE_MAX];
    size_t len = text_of(text, &r);
    text[len] = '\0';
    char *at = strstr(text, old);
    if (at == NULL)
        return STATUS_BROKEN;
    int changed_len = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old));
    return parse(&got, changed, (size_t)changed_len);
}

static void test_spelling(void)
{
    static const struct {
        const char *old, *new_text, *what;
    } rows[] = {
        {"{\"key\"", "{ \"key\"", "RC-1 white space"},
        {"\"final\":true", "\"final\":true,\"free\":1", "RC-1 a member too many in the statement"},
        {"\"transcript\"", "\"extra\":1,\"transcript\"", "RC-1 a member too many in the file"},
        {"\"threads\":8", "\"threads\":8.0", "RC-1 a number spelled otherwise"},
        {"\"threads\":8,", "", "RC-3 a missing member"},
        {"\"type\":\"cloister receipt v3\"", "\"type\":\"cloister receipt v2\"", "RC-3 the version before"},
        {"\"type\":\"cloister receipt v3\"", "\"type\":\"cloister receipt v4\"", "RC-3 a version to come"},
        {"\"kv_cache\":\"q8\",", "", "RC-15 no type of cache"},
        {"\"kv_cache\":\"q8\"", "\"kv_cache\":\"q4\"", "RC-15 an unknown type of cache"},
        {"\"kv_cache\":\"q8\"", "\"kv_cache\":\"Q8\"", "RC-15 a type of cache with capitals"},
        {"\"kv_cache\":\"q8\"", "\"kv_cache\":1", "RC-15 a type of cache that is a number"},
        {"\"tee\":\"tdx\"", "\"tee\":\"TDX\"", "RC-4 a name with capitals"},
        {"\"tee\":\"tdx\"", "\"tee\":\"\"", "RC-4 an empty name"},
        {"\"tee\":\"tdx\"", "\"tee\":\"t\\u0064x\"", "RC-1 an escape that is not needed"},
        {"\"finish\":\"stop\"", "\"finish\":\"cancel\"", "RC-4 final and cancelled at once"},
        {"\"final\":true", "\"final\":false", "RC-4 stopped and not final"},
        {"\"finish\":\"stop\"", "\"finish\":\"end\"", "another finish"},
        {"\"outputs\":[[9,10", "\"outputs\":[[10", "RC-5 a token too few"},
        {"\"outputs\":[[9", "\"outputs\":[[9,9", "RC-5 a token too many"},
        {"\"outputs\":[[9", "\"outputs\":[[-9", "a token below zero"},
        {"\"outputs\":[[9", "\"outputs\":[[4294967296", "a token over 32 bits"},
        {"\"outputs\":[[9", "\"outputs\":[[\"9\"", "a token that is text"},
        {"\"tokens\":5", "\"tokens\":1048577", "more tokens than there may be"},
        {"{\"finish\":\"length\"", "{\"finish\":\"cancel\"", "RC-4 one choice cancelled and the whole final"},
        {"\"choices\":[", "\"choices\":[],\"other\":[", "RC-3 no choices"},
        {"],[9,9]]", "]]", "RC-5 an output too few"},
        {"\"bias\":[[7,", "\"bias\":[[", "a bias without its token"},
        {"\"bias\":[[7,4286578688],", "\"bias\":[[7],", "half a bias"},
        {"\"grammar\":[1,", "\"grammar\":[-1,", "an element below zero"},
        {"\"stops\":[2,", "\"stops\":[2.0,", "a stop spelled otherwise"},
        {"\"min_p\":\"3d4ccccd\",", "", "RC-3 a missing option of the sampler"},
        {"\"min_p\":\"3d4ccccd\",", "\"min_p\":\"3d4ccccd\",\"mirostat\":0,", "RC-1 an option that is not known"},
        {"\"time\":1700000000", "\"time\":9007199254740992", "RC-1 a number over 2^53"},
        {"\"seed\":\"fedc", "\"seed\":\"FEDC", "RC-1 capital hexadecimal"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum status status = parse_with(rows[i].old, rows[i].new_text);
        check(status == STATUS_MALFORMED || status == STATUS_UNSUPPORTED, "%s is refused", rows[i].what);
    }
    check(parse_with("\"outputs\":[[9", "\"outputs\":[[8") == STATUS_OK, "another token still parses");
    check(parse_with("\"kv_cache\":\"q8\"", "\"kv_cache\":\"bf16\"") == STATUS_OK &&
              parse_with("\"kv_cache\":\"q8\"", "\"kv_cache\":\"f32\"") == STATUS_OK,
          "RC-15 as do the other types of cache");
}

static void test_signed_content(void)
{
    struct receipt prefix = make(false, "tdx"), simulated = make(true, "simulator"), r = make(true, "tdx");
    static const uint32_t altered[] = {9, 10, 11, 0, 3};
    char twice[FILE_MAX];
    check(verify(&prefix, prefix.key, NULL, false) == STATUS_REFUSED, "RC-10 a prefix does not verify as complete");
    check(verify(&simulated, simulated.key, NULL, false) == STATUS_REFUSED, "RC-11 a simulator has to be allowed");
    check(verify(&simulated, simulated.key, NULL, true) == STATUS_OK, "and can be");
    r.output_tokens[0] = altered;
    check(verify(&r, r.key, NULL, false) == STATUS_FORGED, "RC-2 a changed transcript is found");
    r = make(true, "tdx");
    r.statement.kv_cache = RECEIPT_CACHE_BF16;
    check(verify(&r, r.key, NULL, false) == STATUS_FORGED, "RC-15 a changed type of cache is found");
    r.statement.kv_cache = (enum receipt_cache)3;
    check(text_of(twice, &r) == 0, "RC-15 one that there is not cannot be written");
    r = make(true, "tdx");
    r.output_tokens[1] = output;
    check(verify(&r, r.key, NULL, false) == STATUS_FORGED, "RC-2 also in the second choice");
    r = make(true, "tdx");
    r.bias_n = 1;
    check(verify(&r, r.key, NULL, false) == STATUS_FORGED, "RC-13 a changed bias is found");
    r = make(true, "tdx");
    r.grammar_n = 0;
    check(verify(&r, r.key, NULL, false) == STATUS_FORGED, "RC-13 a grammar that was taken away is found");
    r = make(true, "tdx");
    prefix.statement.final = true;
    prefix.statement.choices[0].finish = prefix.statement.choices[1].finish = RECEIPT_FINISH_STOP;
    check(verify(&prefix, prefix.key, NULL, false) == STATUS_FORGED, "RC-7 a prefix cannot be renamed to the whole");
    check(memcmp(make(false, "tdx").statement.chain, r.statement.chain, SHA256_LEN) != 0,
          "RC-7 the chain of a prefix is not that of the whole");
}

/* The chain by its definition, step by step. */
static void test_chain(void)
{
    struct receipt r = make(true, "tdx");
    struct receipt_chain chain;
    uint8_t value[SHA256_LEN], response[SHA256_LEN], step[65] = {0}, last[41] = {1};
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, "cloister stream v1\n", 19);
    hash_add(&h, r.statement.request_hash, SHA256_LEN);
    hash_end(&h, step + 1);
    sha256(step + 33, "Once ", 5);
    sha256(value, step, sizeof step);
    memcpy(step + 1, value, SHA256_LEN);
    sha256(step + 33, "upon", 4);
    sha256(last + 1, step, sizeof step);
    last[40] = 2;
    sha256(value, last, sizeof last);
    check(memcmp(value, r.statement.chain, SHA256_LEN) == 0, "RC-6 RC-7 the chain is the one of the definition");
    receipt_chain_init(&chain, r.statement.request_hash);
    receipt_chain_add(&chain, "Once upon", 9);
    receipt_chain_end(&chain, 1, value, response);
    check(memcmp(value, r.statement.chain, SHA256_LEN) != 0 &&
              memcmp(response, r.statement.response_hash, SHA256_LEN) == 0,
          "RC-6 the chain knows where chunks part; the response hash does not");
}

static void test_vector(void)
{
    struct receipt r = make(true, "simulator");
    char text[FILE_MAX], want[FILE_MAX] = "";
    size_t len = text_of(text, &r), want_len = 0;
    FILE *file = fopen("spec/vectors/receipt.txt", "r");
    if (file != NULL) {
        want_len = fread(want, 1, sizeof want, file);
        fclose(file);
    }
    if (!check(want_len == len && memcmp(want, text, len) == 0, "vector: RC-1 RC-2 the file"))
        printf("# %.*s", (int)len, text);
}

int main(void)
{
    test_whole();
    test_bits_and_lengths();
    test_spelling();
    test_signed_content();
    test_chain();
    test_vector();
    return tap_done();
}
