/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of chat and infer requests.  EN-42 EN-43 EN-44 EN-48 EN-49 */
#include "enclave/chat_request.h"

#include "tap.h"

static uint8_t memory[1 << 22];

static enum status parse(struct chat_request *r, struct reason *why, bool chat, const char *text, size_t len)
{
    struct arena arena;
    arena_init(&arena, memory, 4096 + len * 57);
    memset(why, 0, sizeof *why);
    uint8_t *copy = guarded_copy(text, len);
    enum status status =
        chat ? chat_request_parse(r, &arena, copy, len, why) : infer_request_parse(r, &arena, copy, len, why);
    if (status != STATUS_OK)
        guarded_free(copy, len); /* the tree of a good one points into it */
    return status;
}

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"

/* A chat request with more members. */
static enum status parse_with(struct chat_request *r, struct reason *why, const char *members)
{
    char text[8192];
    int len = snprintf(text, sizeof text, "{\"model\":\"m\"," MESSAGES "%s%s}", members[0] == '\0' ? "" : ",", members);
    return parse(r, why, true, text, (size_t)len);
}

static bool text_is(struct chat_text text, const char *wanted)
{
    return text.len == strlen(wanted) && memcmp(text.text, wanted, text.len) == 0;
}

static void test_defaults(void)
{
    struct chat_request r;
    struct reason why;
    check(parse_with(&r, &why, "") == STATUS_OK && strcmp(r.model, "m") == 0 && r.chat.n == 1 &&
              text_is(r.chat.list[0].role, "user") && text_is(r.chat.list[0].content, "x"),
          "a message");
    check(!r.options.stream && !r.options.include_usage && r.options.max_tokens == 0 &&
              r.options.sampling.temperature >= 1 && r.options.sampling.temperature <= 1 &&
              r.options.sampling.top_p >= 1 && r.options.sampling.top_k == 0 && !r.options.seed_given &&
              r.options.stops_n == 0,
          "OpenAI's defaults");
    check(parse_with(&r, &why,
                     "\"stream\":null,\"max_tokens\":null,\"temperature\":null,\"top_p\":null,\"top_k\":null,"
                     "\"seed\":null,\"stop\":null,\"n\":null,\"tools\":null,\"logprobs\":null,\"response_format\":null,"
                     "\"stream_options\":null,\"user\":\"u\",\"store\":true") == STATUS_OK &&
              r.options.sampling.temperature >= 1 && !r.options.seed_given,
          "null is absent, what is not known is ignored");
}

static void test_values(void)
{
    struct chat_request r;
    struct reason why;
    check(parse_with(
              &r, &why,
              "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":2147483647,"
              "\"temperature\":0.5,\"top_p\":0.25,\"top_k\":40,\"seed\":-1,\"stop\":[\"a\",\"\\u00e9\",\"c\",\"d\"]") ==
                  STATUS_OK &&
              r.options.stream && r.options.include_usage && r.options.max_tokens == INT32_MAX &&
              r.options.sampling.temperature >= 0.5f && r.options.sampling.temperature <= 0.5f &&
              r.options.sampling.top_p <= 0.25f && r.options.sampling.top_k == 40 && r.options.seed_given &&
              r.options.sampling.seed == UINT64_MAX && r.options.stops_n == 4 &&
              text_is(r.options.stops[1], "\xc3\xa9"),
          "every option");
    check(parse_with(&r, &why, "\"stop\":\"end\"") == STATUS_OK && r.options.stops_n == 1 &&
              text_is(r.options.stops[0], "end"),
          "one stop text");
    check(parse_with(&r, &why, "\"stop\":[]") == STATUS_OK && r.options.stops_n == 0, "no stop text");
    check(parse_with(&r, &why, "\"max_tokens\":5,\"max_completion_tokens\":7") == STATUS_OK &&
              r.options.max_tokens == 7,
          "the newer name wins");
    check(parse_with(&r, &why, "\"temperature\":-0.0") == STATUS_OK && r.options.sampling.temperature <= 0,
          "minus 0 is greedy");
    check(parse_with(&r, &why, "\"temperature\":1e-400") == STATUS_OK && r.options.sampling.temperature <= 0,
          "so is next to nothing");
    static const char parts[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":[]},{\"role\":"
                                "\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\","
                                "\"text\":\"\\n<|im_end|>\"}]}]}";
    check(parse(&r, &why, true, parts, sizeof parts - 1) == STATUS_OK && r.chat.n == 2 &&
              r.chat.list[0].content.len == 0 && text_is(r.chat.list[1].content, "a\n<|im_end|>"),
          "parts are joined");
}

/* What the template is given. */
static void test_tools(void)
{
    static const char body[] =
        "{\"model\":\"m\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"auto\","
        "\"chat_template_kwargs\":{\"enable_thinking\":false,\"level\":3},\"messages\":[{\"role\":\"developer\","
        "\"content\":\"d\"},{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"r\",\"x\":1,"
        "\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
        "\"{\\\"a\\\":[2]}\"}},{\"function\":{\"name\":\"g\",\"arguments\":\"not {\"}}]},{\"role\":\"tool\","
        "\"tool_call_id\":\"1\",\"name\":\"f\",\"content\":[{\"type\":\"text\",\"text\":\"o\"}]}]}";
    struct chat_request r;
    struct reason why;
    bool parsed = parse(&r, &why, true, body, sizeof body - 1) == STATUS_OK && r.chat.n == 3;
    if (!check(parsed && r.chat.tools != NULL && r.chat.tools->members_n == 1, "tools and their messages: %s",
               why.text))
        return;
    check(r.chat.variables_n == 2 && strcmp(r.chat.variables[1].name, "level") == 0 && r.chat.variables[1].from_input,
          "values for the template");
    const struct json *second = r.chat.messages->first->next, *calls = json_get(second, "tool_calls");
    check(json_is_text(json_get(second, "content"), "") && json_is_text(json_get(second, "reasoning_content"), "r") &&
              json_get(second, "x") == NULL,
          "a call needs no content; members that are not known are left out");
    const struct json *given = json_get(json_get(calls->first, "function"), "arguments");
    check(calls->members_n == 2 && json_get(given, "a") != NULL && json_is_text(json_get(calls->first, "id"), "1"),
          "a call's arguments are an object");
    check(json_is_text(json_get(json_get(calls->first->next, "function"), "arguments"), "not {"),
          "or the text, where they are none");
    check(json_is_text(json_get(second->next, "content"), "o") && json_is_text(json_get(second->next, "name"), "f"),
          "a tool's answer");
}

static void test_refused(void)
{
    static const char *const malformed[] = {"\"stream\":1",
                                            "\"stream\":\"true\"",
                                            "\"stream_options\":{\"include_usage\":1}",
                                            "\"max_tokens\":0",
                                            "\"max_tokens\":-1",
                                            "\"max_tokens\":1.5",
                                            "\"max_tokens\":2147483648",
                                            "\"max_tokens\":\"5\"",
                                            "\"max_completion_tokens\":0",
                                            "\"temperature\":-0.1",
                                            "\"temperature\":100.1",
                                            "\"temperature\":\"1\"",
                                            "\"temperature\":1e400",
                                            "\"temperature\":[]",
                                            "\"top_p\":0",
                                            "\"top_p\":1.01",
                                            "\"top_p\":1e-7",
                                            "\"top_p\":-1",
                                            "\"top_p\":true",
                                            "\"top_k\":-1",
                                            "\"top_k\":2147483648",
                                            "\"top_k\":0.5",
                                            "\"seed\":1.5",
                                            "\"seed\":\"1\"",
                                            "\"seed\":9223372036854775808",
                                            "\"seed\":-9223372036854775809",
                                            "\"stop\":\"\"",
                                            "\"stop\":[\"\"]",
                                            "\"stop\":7",
                                            "\"tools\":{}",
                                            "\"tools\":[{}]",
                                            "\"tools\":[1]",
                                            "\"tools\":[{\"type\":\"function\",\"function\":{}}]",
                                            "\"tools\":[{\"type\":\"code\",\"function\":{\"name\":\"x\"}}]",
                                            "\"chat_template_kwargs\":[]",
                                            "\"chat_template_kwargs\":{\"x\":[]}",
                                            "\"chat_template_kwargs\":{\"x\":{}}",
                                            "\"stop\":[7]",
                                            "\"stop\":[[]]",
                                            "\"stop\":{}",
                                            "\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"};
    static const char *const options[] = {
        "\"n\":0",
        "\"n\":9",
        "\"n\":\"1\"",
        "\"n\":1.5",
        "\"min_p\":-0.1",
        "\"min_p\":1.1",
        "\"min_p\":\"0\"",
        "\"typical_p\":0",
        "\"typical_p\":1.1",
        "\"repeat_penalty\":0",
        "\"repeat_penalty\":101",
        "\"repetition_penalty\":-1",
        "\"repeat_last_n\":-1",
        "\"frequency_penalty\":2.1",
        "\"frequency_penalty\":-2.1",
        "\"presence_penalty\":\"0\"",
        "\"presence_penalty\":3",
        "\"logit_bias\":7",
        "\"logit_bias\":[1]",
        "\"logit_bias\":{\"5\":101}",
        "\"logit_bias\":{\"5\":-100.5}",
        "\"logit_bias\":{\"5\":true}",
        "\"logit_bias\":{\"a\":1}",
        "\"logit_bias\":{\"05\":1}",
        "\"logit_bias\":{\"-1\":1}",
        "\"logit_bias\":{\"4294967296\":1}",
        "\"logit_bias\":{\"\":1}",
        "\"logprobs\":1",
        "\"logprobs\":true,\"top_logprobs\":21",
        "\"logprobs\":false,\"top_logprobs\":2",
        "\"top_logprobs\":1",
        "\"logprobs\":true,\"top_logprobs\":-1",
        "\"stop_token_ids\":7",
        "\"stop_token_ids\":[\"a\"]",
        "\"stop_token_ids\":[-1]",
        "\"stop_token_ids\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
        "\"ignore_eos\":1",
        "\"response_format\":{}",
        "\"response_format\":\"text\"",
        "\"response_format\":7",
        "\"response_format\":{\"type\":\"xml\"}",
        "\"response_format\":{\"type\":\"json_schema\"}",
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}}",
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{},\"other\":1}}",
        "\"response_format\":{\"type\":\"text\",\"other\":1}",
        "\"grammar\":7",
        "\"grammar\":\"root ::= .\",\"response_format\":{\"type\":\"json_object\"}",
        "\"json_schema\":{},\"response_format\":{\"type\":\"json_object\"}",
        "\"best_of\":2"};
    static const char *const features[] = {"\"tool_choice\":\"required\"",
                                           "\"tool_choice\":{\"type\":\"function\"}",
                                           "\"functions\":[{}]",
                                           "\"mirostat\":2",
                                           "\"dry_multiplier\":0.5",
                                           "\"xtc_probability\":0.1",
                                           "\"top_n_sigma\":1",
                                           "\"samplers\":[\"top_k\"]",
                                           "\"min_tokens\":5",
                                           "\"guided_json\":{\"a\":1}",
                                           "\"suffix\":\"x\"",
                                           "\"dynatemp_range\":1"};
    struct chat_request r;
    struct reason why;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        check(parse_with(&r, &why, malformed[i]) == STATUS_MALFORMED && why.text[0] != '\0', "EN-42: refused: %s",
              malformed[i]);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        enum status status = parse_with(&r, &why, options[i]);
        check(status == STATUS_MALFORMED && why.text[0] != '\0', "EN-48: refused: %s", options[i]);
    }
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        check(parse_with(&r, &why, features[i]) == STATUS_UNSUPPORTED && why.text[0] != '\0', "EN-43: refused: %s",
              features[i]);
    static const char *const off[] = {"\"n\":1",
                                      "\"tools\":[]",
                                      "\"logit_bias\":{}",
                                      "\"logprobs\":false",
                                      "\"frequency_penalty\":0",
                                      "\"presence_penalty\":0.0",
                                      "\"mirostat\":0",
                                      "\"suffix\":\"\"",
                                      "\"grammar\":\"\"",
                                      "\"best_of\":1",
                                      "\"response_format\":{\"type\":\"text\"}"};
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
        check(parse_with(&r, &why, off[i]) == STATUS_OK, "EN-43: off is not asked for: %s", off[i]);
}

static void test_bodies(void)
{
    static const char *const wrong[] = {
        "",
        " ",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{}",
        "{\"model\":\"m\"}",
        "{" MESSAGES "}",
        "{\"model\":\"\\ud800\"," MESSAGES "}",
        "{\"model\":7," MESSAGES "}",
        "{\"model\":null," MESSAGES "}",
        "{\"model\":\"0123456789012345678901234567890123456789012345678901234567890123\"," MESSAGES "}",
        "{\"model\":\"m\",\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":{}}",
        "{\"model\":\"m\",\"messages\":\"x\"}",
        "{\"model\":\"m\",\"messages\":null}",
        "{\"model\":\"m\",\"messages\":[7]}",
        "{\"model\":\"m\",\"messages\":[{}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"content\":\"x\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"User\",\"content\":\"x\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\",\"name\":7}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":{}}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[7]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{}}]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
        "\"arguments\":[]}}]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":7,\"content\":\"x\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":null}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":7}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[\"x\"]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"text\":\"x\"}]}]}",
        "{\"model\":\"m\",\"model\":\"m\"," MESSAGES "}",
        "{\"model\":\"m\"," MESSAGES "} x",
        "{\"model\":\"m\"," MESSAGES ",\"x\":\"\377\"}"};
    static const char good[] = "{\"model\":\"m\"," MESSAGES ",\"temperature\":0}";
    struct chat_request r;
    struct reason why;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check(parse(&r, &why, true, wrong[i], strlen(wrong[i])) == STATUS_MALFORMED && why.text[0] != '\0',
              "EN-42: refused: %s", wrong[i]);
    size_t passed = 0;
    for (size_t cut = 0; cut < sizeof good - 1; cut++)
        passed += parse(&r, &why, true, good, cut) == STATUS_OK;
    check(passed == 0, "EN-42: cut at each length");
    static char deep[4096];
    memset(deep, '[', sizeof deep);
    check(parse(&r, &why, true, deep, sizeof deep) == STATUS_LIMIT, "EN-42: nested too deep");
}

static void test_options(void)
{
    struct chat_request r;
    struct reason why;
    const struct request_options *o = &r.options;
    check(parse_with(&r, &why,
                     "\"n\":8,\"min_p\":0.05,\"typical_p\":0.9,\"repeat_penalty\":1.1,\"repeat_last_n\":7,"
                     "\"frequency_penalty\":-2,\"presence_penalty\":2,\"ignore_eos\":true,\"logprobs\":true,"
                     "\"top_logprobs\":20,\"stop_token_ids\":[3,4294967295]") == STATUS_OK &&
              o->choices_n == 8 && o->sampling.min_p > 0.04f && o->sampling.min_p < 0.06f &&
              o->sampling.typical_p > 0.8f && o->sampling.typical_p < 1.0f && o->sampling.repeat_penalty > 1.0f &&
              o->sampling.repeat_last_n == 7 && o->sampling.frequency_penalty <= -2.0f &&
              o->sampling.presence_penalty >= 2.0f && o->ignore_eos && o->logprobs_n == 21 && o->stop_tokens_n == 2 &&
              o->stop_tokens[1] == UINT32_MAX,
          "EN-48: every option of the sampler");
    check(parse_with(&r, &why, "\"logit_bias\":{\"0\":-100,\"31\":100,\"7\":false,\"8\":0.5}") == STATUS_OK &&
              o->bias_n == 4 && o->bias[0].token == 0 && o->bias[0].bias <= -100.0f && o->bias[1].token == 31 &&
              o->bias[2].bias < -1e38f && o->bias[3].bias > 0.4f,
          "EN-48: biases");
    check(parse_with(&r, &why, "\"logprobs\":true") == STATUS_OK && o->logprobs_n == 1,
          "EN-48: log-probabilities alone");
    check(parse_with(&r, &why, "\"response_format\":{\"type\":\"json_object\"}") == STATUS_OK && o->form == FORM_JSON,
          "EN-48: an object");
    check(parse_with(&r, &why,
                     "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"strict\":true,"
                     "\"schema\":{\"type\":\"null\"}}}") == STATUS_OK &&
              o->form == FORM_SCHEMA && o->schema != NULL,
          "EN-48: a schema");
    check(parse_with(&r, &why, "\"grammar\":\"root ::= [a-z]\"") == STATUS_OK && o->form == FORM_GBNF &&
              text_is(o->grammar, "root ::= [a-z]"),
          "EN-48: a grammar");
    uint32_t *elements;
    size_t elements_n;
    check(request_form_compile(&elements, &elements_n, o, &why) == STATUS_OK && elements_n > 4,
          "EN-48: it is compiled");
    free(elements);
    check(parse_with(&r, &why, "\"grammar\":\"root ::= x\"") == STATUS_OK &&
              request_form_compile(&elements, &elements_n, o, &why) == STATUS_MALFORMED &&
              strstr(why.text, "no rule") != NULL && elements == NULL,
          "EN-48: a grammar that is none says why");
}

static enum status complete(struct chat_request *r, struct reason *why, const char *text)
{
    struct arena arena;
    arena_init(&arena, memory, 4096 + strlen(text) * 57);
    memset(why, 0, sizeof *why);
    return completion_request_parse(r, &arena, text, strlen(text), why);
}

static void test_completion(void)
{
    static const char *const wrong[] = {"[]",
                                        "{\"model\":\"m\"}",
                                        "{\"prompt\":\"x\"}",
                                        "{\"model\":\"m\",\"prompt\":7}",
                                        "{\"model\":\"m\",\"prompt\":[]}",
                                        "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"]}",
                                        "{\"model\":\"m\",\"prompt\":[1,-2]}",
                                        "{\"model\":\"m\",\"prompt\":[[1,2]]}",
                                        "{\"model\":\"m\",\"prompt\":\"x\",\"logprobs\":6}",
                                        "{\"model\":\"m\",\"prompt\":\"x\",\"logprobs\":true}",
                                        "{\"model\":\"m\",\"prompt\":\"x\",\"echo\":1}",
                                        "{\"model\":\"m\",\"prompt\":\"x\",\"n\":9}"};
    struct chat_request r;
    struct reason why;
    check(complete(&r, &why, "{\"model\":\"m\",\"prompt\":\"x\"}") == STATUS_OK && text_is(r.prompt, "x") &&
              r.options.max_tokens == 16 && r.chat.list == NULL && r.prompt_tokens == NULL && r.options.logprobs_n == 0,
          "EN-49: a prompt");
    check(complete(&r, &why, "{\"model\":\"m\",\"prompt\":[1,2,4294967295],\"logprobs\":0,\"n\":2}") == STATUS_OK &&
              r.prompt_tokens_n == 3 && r.prompt_tokens[2] == UINT32_MAX && r.options.logprobs_n == 1 &&
              r.options.choices_n == 2,
          "EN-49: a list of tokens");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check(complete(&r, &why, wrong[i]) == STATUS_MALFORMED && why.text[0] != '\0', "EN-49: refused: %s", wrong[i]);
    check(complete(&r, &why, "{\"model\":\"m\",\"prompt\":\"x\",\"echo\":true}") == STATUS_UNSUPPORTED,
          "EN-49: no echo");
}

static void test_infer(void)
{
    static const char *const wrong[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"prompt\":7}",
                                        "{\"prompt\":null}",
                                        "{\"prompt\":[\"x\"]}",
                                        "{\"inputs\":[1,2]}",
                                        "{\"prompt\":\"x\",\"max_new_tokens\":0}",
                                        "{\"prompt\":\"x\",\"max_new_tokens\":-1}",
                                        "{\"prompt\":\"x\",\"max_new_tokens\":\"5\"}",
                                        "{\"prompt\":\"x\",\"max_new_tokens\":1e3}",
                                        "{\"prompt\":\"x\",\"prompt\":\"x\"}"};
    static char text[20000];
    struct chat_request r;
    struct reason why;
    check(parse(&r, &why, false, "{\"prompt\":\"x\"}", 14) == STATUS_OK && text_is(r.prompt, "x") &&
              r.options.max_tokens == 256 && r.options.sampling.temperature <= 0 && r.chat.list == NULL &&
              !r.options.stream,
          "a prompt alone");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check(parse(&r, &why, false, wrong[i], strlen(wrong[i])) == STATUS_MALFORMED, "EN-44: refused: %s", wrong[i]);
    static const char *const letters[] = {"a", "\xc3\xa9", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = 4096; n <= 4097; n++) {
            size_t len = (size_t)snprintf(text, sizeof text, "{\"prompt\":\"");
            for (size_t j = 0; j < n; j++)
                len += (size_t)snprintf(text + len, sizeof text - len, "%s", letters[i]);
            len += (size_t)snprintf(text + len, sizeof text - len, "\"}");
            enum status status = parse(&r, &why, false, text, len);
            check(n == 4096 ? status == STATUS_OK : status == STATUS_LIMIT && strcmp(why.text, "Prompt too long") == 0,
                  "EN-44: %zu characters of %zu bytes", n, strlen(letters[i]));
        }
    }
}

int main(void)
{
    test_defaults();
    test_values();
    test_tools();
    test_refused();
    test_bodies();
    test_options();
    test_completion();
    test_infer();
    return tap_done();
}
