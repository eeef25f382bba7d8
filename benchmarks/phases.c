/* Where the kernel's time goes: microseconds an image of each phase, on one thread.
 * The least of 60 trials, since what disturbs a trial only adds to it.
 *
 * Built with -DNETWORK=... for a network, whose stages' shapes it reads from there. */
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

/* Print how long some code takes, which is done with so many images. */
#define PHASE(images, code, ...) \
    do { \
        double least = 1e9; \
        for (int trial = 0; trial < 60; trial++) { \
            const double start = now(); \
            for (int i = 0; i < 10; i++) { \
                code; \
                __asm__ volatile("" ::: "memory"); /* each time anew */ \
            } \
            least = MIN(least, (now() - start) / (10.0 * (images))); \
        } \
        printf(__VA_ARGS__); \
        printf("\t%.3f\n", least); \
    } while (0)

static uint32_t noise = 1;

static uint32_t next_noise(void)
{
    noise = noise * 1664525 + 1013904223;
    return noise;
}

/* A stage of all images of a block. */
static void stage_forward(const Plan *plan, int j, float *s, const float *weights)
{
    const Stage *t = plan->stages + j;
    const int images = t->shape.convolution ? LANES : BLOCK;
    for (int first = 0; first < BLOCK; first += images) {
        t->forward(t, s, weights, first, 1, 1);
    }
}

static void stage_backward(const Plan *plan, int j, float *s, const float *weights, float *kept)
{
    const Stage *t = plan->stages + j;
    const int calls = t->shape.convolution ? BLOCK : 1; /* an image each, or the block */
    for (int image = 0; image < calls; image++) {
        t->backward(t, s, weights, image, kept);
    }
}

/* Something like a digit, ink in the middle of paper. */
static int has_ink(int pixels, int i)
{
    const int side = (int)__builtin_sqrt(pixels);
    const int y = i / side;
    const int x = i % side;
    return MIN(y, x) >= 4 && MAX(y, x) < side - 4;
}

static void loss(const Plan *plan, float *s)
{
    float *logits = s + plan->stages[plan->count - 1].out;
    double *terms = (double *)(s + plan->terms_at);
    for (int i = 0; i < BLOCK; i++) {
        int best;
        cross_entropy(logits + i, BLOCK, plan->classes, i % plan->classes, 1.0f / 128, terms,
                      &best);
    }
}

static void whole_step(Call *c, float *s)
{
    const Step step = {.optimizer = ADAM, .rate = 1e-9f, .root = 1};
    for (int piece = 0; update_piece(c, piece, 8, step, s + c->plan->sum_at); piece++) {
    }
}

int main(void)
{
    Plan *plan = aligned_alloc(64, round_up(sizeof *plan));
    int shapes[MOST_STAGES][SHAPE_NUMBERS];
    const int count = sizeof BUILT_FOR / sizeof(Stage);
    for (int j = 0; j < count; j++) {
        __builtin_memcpy(shapes[j], &BUILT_FOR[j].shape, sizeof(Shape));
    }
    network_plan(plan, shapes[0], count);
    State *state = aligned_alloc(64, round_up(network_state_bytes(plan)));
    float *s = aligned_alloc(64, round_up(plan->scratch * sizeof(float)));
    float *kept = aligned_alloc(64, round_up(8 * plan->kept * sizeof(float)));
    uint8_t *images = malloc((size_t)BLOCK * plan->pixels);
    clear(state, network_state_bytes(plan));
    clear(kept, 8 * plan->kept * sizeof(float));
    size_t row[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
        row[i] = i;
    }
    for (int i = 0; i < BLOCK * plan->pixels; i++) {
        images[i] = has_ink(plan->pixels, i % plan->pixels) ? next_noise() >> 24 : 0;
    }
    for (int i = 0; i < plan->weights; i++) {
        state->numbers[i] = (int32_t)next_noise() * 0x1p-34f;
    }
    const float *w = state->numbers;
    Call call = {.plan = plan, .state = state, .weights = w, .kept = kept};

    PHASE(BLOCK, forward(plan, w, images, 0, row, BLOCK, s, 0), "measuring: forward");
    PHASE(BLOCK, forward(plan, w, images, 0, row, BLOCK, s, 1), "training: forward");
    for (int j = 0; j < count; j++) {
        PHASE(BLOCK, stage_forward(plan, j, s, w), "  forward, stage %d", j + 1);
    }
    PHASE(BLOCK, loss(plan, s), "training: loss");
    forward(plan, w, images, 0, row, BLOCK, s, 1);
    loss(plan, s);
    PHASE(BLOCK, backward(plan, w, BLOCK, s, kept), "training: backward");
    for (int j = count - 1; j >= 0; j--) {
        PHASE(BLOCK, stage_backward(plan, j, s, w, kept), "  backward, stage %d", j + 1);
    }
    PHASE(128, whole_step(&call, s), "training: dense gradients and Adam");
    return 0;
}
