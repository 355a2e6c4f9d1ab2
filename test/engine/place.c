/* SPDX-License-Identifier: Apache-2.0 */
/* NUM-10: weights end at the same place however the file is cut, in any order, from several threads. */
#include "tap.h"

#include "engine/gguf_make.h"
#include "engine/rig.h"
#include "sys/workers.h"

struct cut {
    const struct rig *rig;
    uint8_t *weights;
    size_t piece_len;
};

static void place_piece(void *argument, unsigned worker, size_t piece)
{
    const struct cut *c = argument;
    size_t from = piece * c->piece_len;
    size_t len = c->rig->file_len - from < c->piece_len ? c->rig->file_len - from : c->piece_len;
    uint8_t *copy = guarded_copy(c->rig->file + from, len);
    (void)worker;
    model_place(&c->rig->model, c->weights, from, copy, len);
    guarded_free(copy, len);
}

/* Whether weights, once finished, are those of the rig. */
static bool finishes_alike(const struct rig *r, uint8_t *weights)
{
    struct reason why;
    struct workers workers = workers_none();
    return model_finish(&r->model, weights, &workers, &why) == STATUS_OK &&
           memcmp(weights, r->weights, (size_t)model_weights_len(&r->model)) == 0;
}

static void test_pieces(const struct rig *r, size_t weights_len, const char *name)
{
    static const size_t lens[] = {1, 2, 7, 18, 31, 34, 35, 64, 577, 4096, 10007};
    struct worker_pool *pool;
    struct reason why;
    uint8_t *weights = malloc(weights_len);
    if (weights == NULL || worker_pool_open(&pool, 3, &why) != STATUS_OK)
        return;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct cut c = {.rig = r, .weights = weights, .piece_len = lens[i]};
        size_t pieces = (r->file_len + lens[i] - 1) / lens[i];
        memset(weights, 0, weights_len);
        if (lens[i] >= 500)
            worker_pool_run(pool, place_piece, &c, pieces);
        else
            for (size_t piece = pieces; piece-- > 0;)
                model_place(&r->model, weights, piece * lens[i], r->file + piece * lens[i],
                            r->file_len - piece * lens[i] < lens[i] ? r->file_len - piece * lens[i] : lens[i]);
        check(finishes_alike(r, weights), "%s in pieces of %zu bytes", name, lens[i]);
    }
    bool equal = true;
    for (size_t cut = 0; cut <= r->file_len; cut += r->file_len / 41) {
        memset(weights, 0, weights_len);
        model_place(&r->model, weights, cut, r->file + cut, r->file_len - cut);
        model_place(&r->model, weights, 0, r->file, cut);
        equal = equal && finishes_alike(r, weights);
    }
    check(equal, "%s cut in two at 41 places", name);
    memcpy(weights, r->weights, weights_len);
    model_place(&r->model, weights, UINT64_MAX - 1, r->file, 1);
    model_place(&r->model, weights, r->file_len, r->file, 100);
    check(memcmp(weights, r->weights, weights_len) == 0, "bytes outside the file go nowhere");
    worker_pool_close(pool);
    free(weights);
}

/* A number in the file's field becomes infinite or NaN: refused, with the tensor's name. */
static void test_not_finite(const struct rig *r, size_t weights_len)
{
    const struct model_tensor *t = &r->model.tensors[0];
    const struct weight_format *f = format_of(t->matrix.type);
    struct workers workers = workers_none();
    uint8_t *file = malloc(r->file_len);
    uint8_t *weights = malloc(weights_len);
    for (size_t i = 0; i < f->fields_n && file != NULL && weights != NULL; i++) {
        static const uint8_t not_a_number[FIELD_PACKEDX + 1][4] = {[FIELD_F16] = {0x01, 0x7c},
                                                                   [FIELD_BF16] = {0x80, 0x7f},
                                                                   [FIELD_F32] = {0x00, 0x00, 0x80, 0xff},
                                                                   [FIELD_E8M0] = {0xff}};
        const uint8_t *bad = not_a_number[f->fields[i].kind];
        size_t size = f->fields[i].kind == FIELD_F32 ? 4 : f->fields[i].kind == FIELD_E8M0 ? 1 : 2;
        struct reason why = {{0}};
        if (bad[0] == 0 && bad[3] == 0)
            continue; /* codes: any bits are good */
        memcpy(file, r->file, r->file_len);
        memcpy(file + t->file_offset + t->file_len - f->unit_len + f->fields[i].at, bad, size);
        memset(weights, 0, weights_len);
        model_place(&r->model, weights, 0, file, r->file_len);
        check(model_finish(&r->model, weights, &workers, &why) == STATUS_MALFORMED && strstr(why.text, t->name) != NULL,
              "NUM-10: %s: %s", f->name, why.text);
    }
    free(weights);
    free(file);
}

int main(void)
{
    for (int type = 0; type <= WEIGHT_TYPES_N; type++) {
        struct rig r;
        size_t len;
        uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 19,
                                                                    .dim = 256,
                                                                    .hidden = 256,
                                                                    .layers_n = 1,
                                                                    .heads_n = 2,
                                                                    .kv_heads_n = 1,
                                                                    .context_n = 16,
                                                                    .type = (enum weight_type)type,
                                                                    .tied = type % 2 == 0,
                                                                    .weights = true,
                                                                    .seed = 3});
        rig_open(&r, file, len);
        test_pieces(&r, (size_t)model_weights_len(&r.model),
                    type == WEIGHT_TYPES_N ? "mixed" : format_of((enum weight_type)type)->name);
        test_not_finite(&r, (size_t)model_weights_len(&r.model));
        rig_close(&r);
    }
    return tap_done();
}
