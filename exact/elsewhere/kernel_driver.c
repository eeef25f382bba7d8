/* Drives kernel.c where there is no Python and no C library: under node, or in an emulator.
 *
 * In, int32: stages, images, rows, batch size and optimizer; the Shape of each stage; labels and
 * rows; then the weights, and the images as bytes.  Out: the losses of the steps and the state
 * after them; then of all images the logits, the mean loss, the error in per cent and the
 * probabilities; then the layers of the first image. */
#define ONE_THREAD
#include "../kernel.c"

enum { IN = 8 << 20, OUT = 8 << 20, ARENA = 32 << 20 };
static _Alignas(64) char in[IN], out[OUT], arena[ARENA], state_memory[4 << 20], plan_memory[1 << 14];
static double each[1000]; /* image's loss */
static size_t used;

static void *put(const void *p, size_t bytes)
{
    void *at = out + used;
    if (p) {
        __builtin_memcpy(at, p, bytes);
    }
    used = (used + bytes + 7) / 8 * 8;
    return at;
}

EXPORT size_t drive(void)
{
    const int32_t *head = (const int32_t *)in;
    const int stages = head[0];
    const int count = head[1];
    const int trained = head[2];
    const int batch = head[3];
    const int optimizer = head[4];
    const int32_t *labels = head + 5 + stages * SHAPE_NUMBERS;
    const uint32_t *order = (const uint32_t *)(labels + count);
    const float *weights = (const float *)(order + trained);
    Plan *plan = (Plan *)plan_memory;
    State *state = (State *)state_memory;
    network_plan(plan, head + 5, stages);
    const uint8_t *images = (const uint8_t *)(weights + plan->weights);
    state->beta1_power = 1;
    state->beta2_power = 1;
    __builtin_memcpy(state->numbers, weights, sizeof(float) * plan->weights);

    double sum = 0;
    double *losses = put(0, (trained + batch - 1) / batch * 8);
    network_train(plan, state, arena, images, 0, labels, order, trained, batch, optimizer, 3e-4,
                  losses, 1);
    put(state, network_state_bytes(plan));
    float *logits = put(0, sizeof(float) * count * plan->classes);
    const int mistakes = network_outputs(plan, state->numbers, arena, images, 0, labels, count,
                                         logits, each, &sum, 1);
    put((double[]){sum / count, 100.0 * mistakes / count}, 16);
    network_probabilities(plan, logits, count, put(0, sizeof(double) * count * plan->classes));
    const size_t floats = network_layers(plan, state->numbers, (float *)arena, images, 0,
                                         (float *)(out + used));
    return used + sizeof(float) * floats;
}

#include "freestanding.h"
