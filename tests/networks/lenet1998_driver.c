/* Drives lenet1998.c where there is no Python and no C library, as kernel_driver.c drives kernel.c.
 *
 * In: images and patterns (int32), a State, images, labels, rows, affine maps.  Out: the state after the
 * rates are set from the first patterns, and all are trained on; then the classes of the images. */
#include "../../networks/lenet1998/lenet1998.c"

static _Alignas(64) char in[4 << 20], out[4 << 20];
static _Alignas(64) State state;

EXPORT size_t drive(void)
{
    const int32_t *head = (const int32_t *)in, count = head[0], rows = head[1];
    __builtin_memcpy(&state, head + 2, sizeof state);
    const int32_t *labels = (const int32_t *)((const char *)(head + 2) + sizeof state);
    const uint32_t *order = (const uint32_t *)(labels + count);
    const float *maps = (const float *)(order + rows);
    const uint8_t *images = (const uint8_t *)(maps + 6 * rows);
    ladder_curvature(&state, images, labels, order, 20);
    ladder_rates(&state, 5e-4f, 0.02f);
    ladder_train(&state, images, labels, order, maps, rows, 40, 3e-4);
    ladder_read(&state, images, count, (int32_t *)(out + sizeof state));
    __builtin_memcpy(out, &state, sizeof state);
    return sizeof state + 4 * count;
}

#include "../../exact/elsewhere/freestanding.h"
