/* Where the kernel's time goes: microseconds an image of each phase, on one thread.
 * The least of 60 trials, since what disturbs a trial only adds to it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "../exact/kernel.c"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

#define PHASE(name, images, code) do { \
    double least = 1e9; \
    for (int trial = 0; trial < 60; trial++) { \
        double start = now(); \
        for (int i = 0; i < 10; i++) { code; __asm__ volatile("" ::: "memory"); } \
        least = MIN(least, (now() - start) / (10.0 * (images))); \
    } \
    printf("%s\t%.3f\n", name, least); \
} while (0)

int main(void)
{
    Scratch *s = aligned_alloc(64, round_up(sizeof *s));
    State *state = aligned_alloc(64, round_up(sizeof *state));
    Weights *w = &state->weights, *g = aligned_alloc(64, 8 * STRIDE * sizeof(float));
    static uint8_t images[BLOCK * PIXELS];
    size_t row[BLOCK];
    Softmax softmax;
    uint32_t noise = 1;
    clear(state, sizeof *state), clear(g, 8 * STRIDE * sizeof(float));
    for (int i = 0; i < BLOCK; i++) row[i] = i;
    for (int i = 0; i < BLOCK * PIXELS; i++) images[i] = (noise = noise * 1664525 + 1013904223) >> 24;
    for (int i = 0; i < WEIGHTS; i++)
        ((float *)w)[i] = ((int32_t)(noise = noise * 1664525 + 1013904223)) * 0x1p-34f;
#define LOSS for (int i = 0; i < BLOCK; i++) { \
        cross_entropy_forward(&s->logits[0][i], BLOCK, i % CLASSES, &softmax); \
        cross_entropy_backward(&softmax, i % CLASSES, 1.0f / 128, BLOCK, &s->logits[0][i]); \
    }
    forward(w, images, 0, row, BLOCK, s, 1);
    LOSS;
    backward(w, BLOCK, s, g);
    PHASE("measuring: forward", BLOCK, forward(w, images, 0, row, BLOCK, s, 0));
    PHASE("training: forward", BLOCK, forward(w, images, 0, row, BLOCK, s, 1));
    PHASE("  first convolution and pool", BLOCK, for (int v = 0; v < BLOCK / LANES; v++) convolution_forward(
          CHANNELS, HEIGHT, WIDTH, MAPS1, s->x[0], w->conv1[0][0], w->conv1_bias, s->pool1[0][0],
          s->place1[v][0][0], LANES));
    PHASE("  second convolution and pool", BLOCK, for (int v = 0; v < BLOCK; v += LANES) convolution_forward(
          MAPS1, H1, W1, MAPS2, s->pool1[0][0], w->conv2[0][0], w->conv2_bias, s->pool2[0] + v, s->place2[0] + v,
          BLOCK));
    PHASE("  first dense layer", BLOCK, dense_forward(FEATURES, DENSE1, s->pool2[0], w->dense1[0], w->dense1_bias,
          s->relu3[0]));
    forward(w, images, 0, row, BLOCK, s, 1);
    PHASE("training: loss", BLOCK, LOSS);
    forward(w, images, 0, row, BLOCK, s, 1);
    LOSS;
    PHASE("training: backward", BLOCK, backward(w, BLOCK, s, g));
    PHASE("  lists of winners", BLOCK, for (int i = 0; i < BLOCK; i++) list_winners(s, i));
    PHASE("  second convolution, weights", BLOCK, for (int i = 0; i < BLOCK; i++) conv2_weights_backward(s, i));
    PHASE("  second convolution, input", BLOCK, for (int i = 0; i < BLOCK; i++) conv2_input_backward(s));
    PHASE("  first convolution, weights", BLOCK, for (int i = 0; i < BLOCK; i++) conv1_backward(s, i));
    PHASE("training: Adam", 128, for (int from = 0; from < WEIGHTS; from += CHUNK)
          adam(state, (float *)g, 8, from, 1e-9f, 1));
    return 0;
}
