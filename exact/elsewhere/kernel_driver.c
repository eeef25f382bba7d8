/* Drives kernel.c where there is no Python and no C library: under node, or in an emulator.
 *
 * In: images, rows and batch size (int32), then weights, images, labels and rows.  Out: the losses
 * of the steps and the state after them; then of all images the logits, the mean loss,
 * the error in per cent and the probabilities; then the layers of the first image. */
#define ONE_THREAD
#include "../kernel.c"

static _Alignas(64) char in[1 << 20], out[1 << 20], arena[8 << 20];
static _Alignas(64) State state;
static double each[1000]; /* image's loss */
static size_t used;

static void *put(const void *p, size_t bytes)
{
    void *at = out + used;
    if (p) __builtin_memcpy(at, p, bytes);
    used = (used + bytes + 7) / 8 * 8;
    return at;
}

EXPORT size_t drive(void)
{
    const int32_t *head = (const int32_t *)in, count = head[0], rows = head[1], batch = head[2];
    const Weights *weights = (const Weights *)(head + 3);
    const uint8_t *images = (const uint8_t *)(weights + 1);
    const int32_t *labels = (const int32_t *)(images + count * PIXELS);
    state.beta1_power = state.beta2_power = 1;
    state.weights = *weights;
    double *losses = put(0, (rows + batch - 1) / batch * 8), sum = 0;
    lenet_train(&state, arena, images, 0, labels, (const uint32_t *)(labels + count), rows, batch, 3e-4, losses, 1);
    put(&state, sizeof state);
    float *logits = put(0, count * CLASSES * 4);
    int mistakes = lenet_outputs(&state.weights, arena, images, 0, labels, count, logits, each, &sum, 1);
    put((double[]){sum / count, 100.0 * mistakes / count}, 16);
    lenet_probabilities(logits, count, put(0, count * CLASSES * 8));
    lenet_layers(&state.weights, images, 0, put(0, sizeof(Layers)));
    return used;
}

#include "freestanding.h"
