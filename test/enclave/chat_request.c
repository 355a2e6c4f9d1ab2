/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of chat and infer requests.  EN-42 EN-43 EN-44 */
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
    check(!r.stream && !r.include_usage && r.max_tokens == 0 && r.temperature >= 1 && r.temperature <= 1 &&
              r.top_p >= 1 && r.top_k == 0 && !r.seed_given && r.stops_n == 0,
          "OpenAI's defaults");
    check(parse_with(&r, &why,
                     "\"stream\":null,\"max_tokens\":null,\"temperature\":null,\"top_p\":null,\"top_k\":null,"
                     "\"seed\":null,\"stop\":null,\"n\":null,\"tools\":null,\"logprobs\":null,\"response_format\":null,"
                     "\"stream_options\":null,\"user\":\"u\",\"store\":true") == STATUS_OK &&
              r.temperature >= 1 && !r.seed_given,
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
              r.stream && r.include_usage && r.max_tokens == INT32_MAX && r.temperature >= 0.5f &&
              r.temperature <= 0.5f && r.top_p <= 0.25f && r.top_k == 40 && r.seed_given && r.seed == UINT64_MAX &&
              r.stops_n == 4 && text_is(r.stops[1], "\xc3\xa9"),
          "every option");
    check(parse_with(&r, &why, "\"stop\":\"end\"") == STATUS_OK && r.stops_n == 1 && text_is(r.stops[0], "end"),
          "one stop text");
    check(parse_with(&r, &why, "\"stop\":[]") == STATUS_OK && r.stops_n == 0, "no stop text");
    check(parse_with(&r, &why, "\"max_tokens\":5,\"max_completion_tokens\":7") == STATUS_OK && r.max_tokens == 7,
          "the newer name wins");
    check(parse_with(&r, &why, "\"temperature\":-0.0") == STATUS_OK && r.temperature <= 0, "minus 0 is greedy");
    check(parse_with(&r, &why, "\"temperature\":1e-400") == STATUS_OK && r.temperature <= 0, "so is next to nothing");
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
    static const char *const features[] = {"\"n\":2",
                                           "\"n\":0",
                                           "\"n\":\"1\"",
                                           "\"n\":1.5",
                                           "\"tool_choice\":\"required\"",
                                           "\"tool_choice\":{\"type\":\"function\"}",
                                           "\"functions\":[{}]",
                                           "\"logit_bias\":{\"5\":1}",
                                           "\"logprobs\":true",
                                           "\"logprobs\":1",
                                           "\"frequency_penalty\":0.1",
                                           "\"presence_penalty\":-2",
                                           "\"presence_penalty\":\"0\"",
                                           "\"response_format\":{\"type\":\"json_object\"}",
                                           "\"response_format\":{}",
                                           "\"response_format\":\"text\"",
                                           "\"response_format\":7"};
    struct chat_request r;
    struct reason why;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        check(parse_with(&r, &why, malformed[i]) == STATUS_MALFORMED && why.text[0] != '\0', "EN-42: refused: %s",
              malformed[i]);
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        check(parse_with(&r, &why, features[i]) == STATUS_UNSUPPORTED && why.text[0] != '\0', "EN-43: refused: %s",
              features[i]);
    static const char *const off[] = {"\"n\":1",
                                      "\"tools\":[]",
                                      "\"logit_bias\":{}",
                                      "\"logprobs\":false",
                                      "\"frequency_penalty\":0",
                                      "\"presence_penalty\":0.0",
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
              r.max_tokens == 256 && r.temperature <= 0 && r.chat.list == NULL && !r.stream,
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
    test_infer();
    return tap_done();
}
