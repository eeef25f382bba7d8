/* Drives column2012.c where there is no Python and no C library, as kernel_driver.c drives kernel.c.
 *
 * In: images (int32), the key of the noise (uint64), a State, labels, rows, affine maps, images of 29x29.  Out: the
 * state after they were trained on, what was presented, and the probabilities of the images as they are. */
#include "../../networks/column2012/column2012.c"

static _Alignas(64) char in[4 << 20], out[4 << 20];
static _Alignas(64) State state;
static _Alignas(64) Reading arena;

EXPORT size_t drive(void)
{
    const uint64_t *head = (const uint64_t *)in, key = head[1];
    const int n = head[0];
    __builtin_memcpy(&state, head + 2, sizeof state);
    const int32_t *labels = (const int32_t *)((const char *)(head + 2) + sizeof state);
    const uint32_t *rows = (const uint32_t *)(labels + n);
    const float *maps = (const float *)(rows + n);
    const uint8_t *images = (const uint8_t *)(maps + 6 * n);
    float *shown = (float *)(out + sizeof state), *read = shown + n * SIDE * SIDE;
    column_train(&state, images, labels, rows, maps, key, n, 0.001f);
    column_distort(&state, images, rows, maps, key, n, shown);
    column_read(&state, images, n, read, &arena);
    __builtin_memcpy(out, &state, sizeof state);
    return sizeof state + 4 * n * (SIDE * SIDE + CLASSES);
}

#include "../../exact/elsewhere/freestanding.h"
