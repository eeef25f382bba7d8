/* Drives member.c where there is no Python and no C library, as kernel_driver.c drives kernel.c.
 *
 * In: images (int32), weights, images of 29x29.  Out: the probabilities of all, then the layers of the first. */
#include "../../networks/member/member.c"

static _Alignas(64) char in[1 << 20], out[1 << 20];
static _Alignas(64) Network network;
static _Alignas(64) Arena arena;

EXPORT size_t drive(void)
{
    const int n = *(const int32_t *)in;
    const Weights *weights = (const Weights *)(in + 4);
    const uint8_t *images = (const uint8_t *)(weights + 1);
    float *probabilities = (float *)out;
    member_begin(weights, &network);
    member_read(&network, images, n, probabilities, &arena);
    member_layers(&network, images, (Layers *)(probabilities + n * CLASSES), &arena);
    return 4 * n * CLASSES + sizeof(Layers);
}

#include "../../exact/elsewhere/freestanding.h"
