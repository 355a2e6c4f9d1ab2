/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister chat-template`: what a model's chat template makes of messages. */
#ifndef CLIENT_CHAT_TEMPLATE_H
#define CLIENT_CHAT_TEMPLATE_H

#include "sys/command.h"

extern const struct command chat_template_commands[];

#endif
