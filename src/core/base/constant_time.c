/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/constant_time.h"

#include <stdint.h>
#include <string.h>

bool constant_time_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *left = a;
    const uint8_t *right = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    __asm__ volatile("" : "+r"(difference)); /* keeps the loop from ending early */
    return difference == 0;
}

void wipe(void *bytes, size_t len)
{
    if (len == 0)
        return;
    memset(bytes, 0, len);
    __asm__ volatile("" : : "r"(bytes) : "memory");
}
