/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts of any bytes: what is accepted is written the same again, the arena that is promised to be enough is, and
 * nothing but the true receipt verifies. */
#include "core/receipt/receipt.h"
#include "core/receipt/statement.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_receipt(const struct receipt *r, const uint8_t *bytes, size_t len)
{
    static struct verdict v;
    struct receipt_expect expect = {
        .key = r->key, .keyset_digest = r->statement.keyset_digest, .allow_simulator = true};
    struct writer w;
    char *again = malloc(len + 2);
    must(again != NULL);
    writer_init(&w, again, len + 2);
    must(receipt_write(&w, r) == STATUS_OK);
    must(writer_len(&w) - len <= 1 && memcmp(again, bytes, len) == 0);
    verdict_init(&v);
    receipt_verify(&v, r, &expect);
    must(v.checks_n >= 5);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct receipt r;
    struct receipt_statement s;
    struct arena arena;
    struct reason why = {""};
    const struct json *root;
    if (len > 1 << 20)
        return 0;
    size_t memory_len = receipt_arena_len(len);
    uint8_t *memory = malloc(memory_len);
    must(memory != NULL);
    arena_init(&arena, memory, memory_len);
    enum status status = receipt_parse(&r, &arena, bytes, len, &why);
    must(status != STATUS_NO_MEMORY && (status == STATUS_OK || why.text[0] != '\0'));
    if (status == STATUS_OK)
        check_receipt(&r, bytes, len);
    arena_init(&arena, memory, memory_len);
    if (json_parse(&root, &arena, bytes, len, NULL) == STATUS_OK)
        must(statement_parse(&s, root, &why) != STATUS_OK || statement_check(&s) == STATUS_OK);
    free(memory);
    return 0;
}
