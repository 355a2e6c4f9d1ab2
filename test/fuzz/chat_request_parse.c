/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses chat, infer or completion.  What is taken is within its range, and its texts are readable and
 * UTF-8. */
#include "core/codec/utf8.h"
#include "enclave/chat_request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(struct chat_text text)
{
    const uint8_t *at = (const uint8_t *)text.text;
    for (size_t left = text.len; left > 0;) {
        size_t len = utf8_char_len(at, left);
        demand(len > 0 && len <= left);
        at += len;
        left -= len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena arena;
    struct chat_request r;
    struct reason why = {{0}};
    if (len == 0 || len > 65536)
        return 0;
    size_t memory_len = 4096 + (len - 1) * 64; /* as the scribe takes */
    void *memory = malloc(memory_len);
    if (memory == NULL)
        return 0;
    arena_init(&arena, memory, memory_len);
    enum status status = STATUS_OK;
    if (bytes[0] % 4 == 0)
        status = chat_request_parse(&r, &arena, bytes + 1, len - 1, &why);
    else if (bytes[0] % 4 == 1)
        status = infer_request_parse(&r, &arena, bytes + 1, len - 1, &why);
    else
        status = completion_request_parse(&r, &arena, bytes + 1, len - 1, &why);
    bool chat = bytes[0] % 4 == 0;
    const struct request_options *o = &r.options;
    if (status != STATUS_OK) {
        demand(why.text[0] != '\0' || status == STATUS_NO_MEMORY);
    } else {
        struct sampler sampler;
        demand(sampler_init(&sampler, &o->sampling) == STATUS_OK);
        demand(o->max_tokens <= INT32_MAX && o->stops_n <= REQUEST_STOPS_MAX && o->bias_n < SAMPLE_BIAS_MAX);
        demand(o->choices_n >= 1 && o->choices_n <= REQUEST_CHOICES_MAX && o->logprobs_n <= SAMPLE_TOP_MAX + 1);
        demand(sample_bias_check(o->bias, o->bias_n, (size_t)UINT32_MAX + 1) == STATUS_OK);
        demand((r.chat.list != NULL) == chat && (r.chat.n > 0) == chat);
        for (size_t i = 0; i < r.chat.n; i++) {
            check_text(r.chat.list[i].role);
            check_text(r.chat.list[i].content);
        }
        demand(!chat || r.chat.messages->members_n == r.chat.n);
        demand(r.chat.variables_n <= CHAT_VARIABLES_MAX);
        for (size_t i = 0; i < o->stops_n; i++)
            check_text(o->stops[i]);
        check_text(r.prompt);
    }
    free(memory);
    return 0;
}
