/* SPDX-License-Identifier: Apache-2.0 */
/* From the tensors of a file to the matrices of a model.  Private to the engine. */
#ifndef ENGINE_MODEL_TENSORS_H
#define ENGINE_MODEL_TENSORS_H

#include "engine/gguf.h"
#include "engine/model.h"

/* Gives every tensor of the file its type and its place; checks types, shapes and offsets. */
must_check enum status model_tensors_lay(struct model *m, const struct gguf *g, struct arena *a, struct reason *why);

/* Finds the tensor of each matrix (features: enum family_feature); no tensor may be left over, none used twice. */
must_check enum status model_tensors_bind(struct model *m, const struct gguf *g, uint32_t features, struct arena *a,
                                          struct reason *why);

#endif
