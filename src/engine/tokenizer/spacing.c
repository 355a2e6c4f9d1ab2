/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/spacing.h"

#include "engine/tokenizer/unicode.h"

enum { MARK = 0x2581 };

void spacing_init(struct spacing *s, const struct tokenizer *t, bool begins)
{
    bool prefix = t->prefix == TOKENIZER_PREFIX_ALWAYS || (t->prefix == TOKENIZER_PREFIX_FIRST && begins);
    *s = (struct spacing){.tokenizer = t, .prefix = prefix};
}

/* Whether the character is left out; a space that stays becomes a mark. */
static bool is_dropped(struct spacing *s, uint32_t *code, bool white)
{
    const struct tokenizer *t = s->tokenizer;
    bool space = *code == ' ';
    bool dropped = (white && t->strips_start && !s->any) || (space && t->remove_extra_spaces && s->after_space) ||
                   (white && t->words_only);
    s->after_space = space && !(white && t->strips_start && !s->any);
    s->in_word = s->in_word && !white;
    if (space)
        *code = MARK;
    return dropped;
}

size_t spacing_next(struct spacing *s, uint8_t out[static SPACING_OUT_MAX], uint32_t code)
{
    size_t len = 0;
    bool white = (unicode_traits(code) & UNICODE_SPACE) != 0;
    if (is_dropped(s, &code, white))
        return 0;
    bool starts = s->tokenizer->words_only ? !s->in_word : !s->any;
    if (starts && s->prefix && code != MARK)
        len = unicode_write(out, MARK);
    len += unicode_write(out + len, code);
    s->any = s->in_word = true;
    s->len += len;
    if (!white)
        s->kept_len = s->len;
    return len;
}

size_t spacing_end(const struct spacing *s)
{
    return s->tokenizer->strips_end ? s->kept_len : s->len;
}
