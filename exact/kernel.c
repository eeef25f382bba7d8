/* Small networks of convolutions and dense layers, trained to the same bytes by every compiler and
 * machine.
 *
 *   image -> convolution [, pool], activation -> ... -> dense, activation -> ... -> logits;
 *   mean softmax cross-entropy; Adam, or SGD with momentum.
 *   Build it with  -O3 -ffp-contract=off -fno-math-errno.
 *
 * The rules, and why each makes the bytes independent of where it runs:
 *
 * 1. Only + - * / and the square root: IEEE 754 has one right answer for each.  A library's exp,
 *    log and tanh have none, so this engine has its own.  -ffp-contract=off, since a fused
 *    multiply-add rounds once where a machine without it rounds twice; -fno-math-errno, or the root
 *    calls a library.
 * 2. Every sum has one order, which the source states: no compiler may reassociate it.
 * 3. No sum runs across the lanes of a vector.  A lane is an image, a channel or a column, and its
 *    sum is sequential: the width of the vectors decides how many sums advance at once, and nothing
 *    else.
 * 4. A batch is cut in blocks of 16 images, whoever computes them.  A block has its own gradient,
 *    and these are added in the order of the blocks: the number of threads decides speed alone.
 * 5. Nothing is drawn here: the caller brings the initial weights and the order of the images.
 *
 * How to read on.  stages/plan.h says what a network is.  Then each stage comes twice: first fast,
 * for a block of images, and at the end of its file plainly, in functions X_plain for one image, as
 * a textbook has it.  Both add in the same order and round the same, so they give the same bytes,
 * and a test holds them together.  stages/plain.h puts the plain forms together: begin there to
 * learn what is computed, and in the fast forms to learn how it becomes fast.
 *
 * `d` before a name, as in dout, means the gradient of the loss by it.  Comments write shapes as
 * [rows][columns], the last index the nearest in memory: [k][BLOCK] holds value k of a block's
 * images side by side.  Parameters have PyTorch's shapes and order.  The functions are reentrant
 * and allocate nothing.
 *
 * Two facts of rounding are used all over.  A sum that begins with 0 is never -0, so to add a
 * product with 0 changes no byte: what has no gradient may be left out, or added all the same,
 * whichever is faster.  And numbers below 2^-126, the denormal ones, are kept: flush-to-zero would
 * be faster on some processors, and is not the same on all. */
#include "stages/vectors.h"
#include "stages/tanh.h"
#include "stages/plan.h"
#include "stages/activation.h"
#include "stages/convolution.h"
#include "stages/dense.h"
#include "stages/functions_of_stages.h"
#include "stages/softmax.h"
#include "stages/optimizer.h"
#include "stages/threads.h"

/* ---------------------------------------------------------------------- images */

/* The pixels of image `row` as floats: bytes are divided by 255. */
static void read_pixels(const Plan *plan, const void *images, int floats, size_t row, float *pixels)
{
    const int count = plan->pixels;
    if (floats) {
        __builtin_memcpy(pixels, (const float *)images + row * count, sizeof(float) * count);
        return;
    }
    const uint8_t *bytes = (const uint8_t *)images + row * count;
    for (int i = 0; i < count; i++) {
        pixels[i] = (float)bytes[i] / 255.0f;
    }
}

/* Images first .. first + lanes - 1 of a block, by image and then side by side; those from n on,
 * with which a short block is filled up, are blank. */
INLINE void read_lanes(const Plan *plan, const void *images, int floats, const size_t row[BLOCK],
                       int n, int first, int lanes, float *s)
{
    const size_t stride = plan->pixels + ROOM;
    float *pixels = s + plan->pixels_at + first * stride;
    float *in = s + plan->stages[0].in;
    for (int l = 0; l < lanes; l++) {
        if (first + l < n) {
            read_pixels(plan, images, floats, row[first + l], pixels + l * stride);
        } else {
            clear(pixels + l * stride, sizeof(float) * plan->pixels);
        }
    }
    for (int i = 0; i < plan->pixels; i++) {
        UNROLL
        for (int l = 0; l < lanes; l++) {
            in[i * lanes + l] = pixels[l * stride + i];
        }
    }
}

/* ---------------------------------------------------------------------- the network, by blocks */

/* How many of n images are in block number `block`. */
static int images_of(int n, int block)
{
    return MIN(BLOCK, n - block * BLOCK);
}

/* Logits of n images, which are at most plan->at_once blocks, and for `training` what the way back
 * needs.  The scratch of a block lies behind that of the block before. */
static void forward(const Plan *plan, const float *weights, const void *images, int floats,
                    const size_t *row, int n, float *s, int training)
{
    const Stage *stages = plan->stages;
    const int blocks = (int)blocks_of(n);
    if (plan->convolutions == 0) {
        for (int b = 0; b < blocks; b++) {
            read_lanes(plan, images, floats, row + b * BLOCK, images_of(n, b), 0, BLOCK,
                       s + b * plan->of_block);
        }
    }
    for (int first = 0; first < BLOCK && plan->convolutions; first += LANES) {
        read_lanes(plan, images, floats, row, n, first, LANES, s);
        for (int j = 0; j < plan->convolutions; j++) {
            stages[j].forward(stages + j, s, weights, first, training, 1);
        }
    }
    for (int j = plan->convolutions; j < plan->count; j++) {
        stages[j].forward(stages + j, s, weights, 0, training, blocks);
    }
}

/* What is kept of a block of n images, from the gradient by its logits: see Plan. */
static void backward(const Plan *plan, const float *weights, int n, float *s, float *kept)
{
    const Stage *stages = plan->stages;
    for (int j = plan->count - 1; j >= plan->convolutions; j--) {
        stages[j].backward(stages + j, s, weights, 0, kept);
    }
    for (int j = 0; j < plan->convolutions; j++) {
        convolution_begin(stages[j].shape, stages + j, s, weights);
    }
    for (int i = 0; i < n; i++) {
        for (int j = plan->convolutions - 1; j >= 0; j--) {
            stages[j].backward(stages + j, s, weights, i, kept);
        }
    }
    for (int j = 0; j < plan->convolutions; j++) {
        convolution_end(stages[j].shape, stages + j, s, kept);
    }
}

/* ---------------------------------------------------------------------- a thread's work */

typedef struct { /* what the threads of one call share; network_train and _outputs say more */
    const Plan *plan;
    State *state;
    const float *weights;
    const void *images;
    int floats;
    const int32_t *labels;
    const uint32_t *order;
    int count;
    int batch;
    int optimizer;
    double rate;
    double *losses;
    float *logits;
    float *kept; /* of every block, plan->kept floats from one to the next */
    double *block_loss;
    int threads; /* at most */
    atomic_int mistakes;
    Team team;
} Call;

/* The loss of a block of n images, from their logits; what is kept of it goes to `kept`. */
static double loss_backward(const Call *c, const size_t *row, int n, float scale, float *s,
                            float *kept)
{
    const Plan *plan = c->plan;
    float *logits = s + plan->stages[plan->count - 1].out;
    double *terms = (double *)(s + plan->terms_at);
    double loss = 0;
    for (int i = 0; i < n; i++) {
        int best;
        loss += cross_entropy(logits + i, BLOCK, plan->classes, c->labels[row[i]], scale, terms,
                              &best);
    }
    for (int i = n; i < BLOCK; i++) { /* blank images have no gradient */
        for (int k = 0; k < plan->classes; k++) {
            logits[k * BLOCK + i] = 0;
        }
    }
    backward(plan, c->weights, n, s, kept);
    return loss;
}

/* The losses of the blocks of images order[start] .. order[start + n - 1], at most plan->at_once
 * blocks; what is kept of them goes to `kept`.
 *
 * Blocks are functions of their own for WebAssembly's sake: there optimised code comes in with
 * the next call, and an epoch is one. */
NOINLINE void blocks_backward(const Call *c, int start, int n, float scale, float *s, float *kept,
                              double *losses)
{
    const Plan *plan = c->plan;
    size_t row[MOST_AT_ONCE * BLOCK];
    for (int i = 0; i < n; i++) {
        row[i] = c->order[start + i];
    }
    forward(plan, c->weights, c->images, c->floats, row, n, s, 1);
    for (int b = 0; b < (int)blocks_of(n); b++) {
        losses[b] = loss_backward(c, row + b * BLOCK, images_of(n, b), scale,
                                  s + b * plan->of_block, kept + b * plan->kept);
    }
}

/* How many of some blocks a thread takes at a time, so that all threads have work. */
static int share_of(const Call *c, size_t blocks)
{
    const int share = (int)((blocks + c->threads - 1) / c->threads);
    return MIN(c->plan->at_once, share);
}

/* All blocks of a batch of n images, as long as there are tickets. */
INLINE void take_blocks(Call *c, int start, int n, float *s)
{
    const Plan *plan = c->plan;
    const int share = share_of(c, blocks_of(n));
    for (;;) {
        const int b = next_ticket(&c->team) * share;
        const int left = n - b * BLOCK;
        if (left <= 0) {
            return;
        }
        blocks_backward(c, start + b * BLOCK, MIN(share * BLOCK, left), 1.0f / (float)n, s,
                        c->kept + b * plan->kept, c->block_loss + b);
    }
}

/* Update `count` rows of a dense layer's weights, from row `row` on, and their biases. */
static void update_rows(Call *c, const Stage *t, int blocks, int row, int count, Step step,
                        float *gradient)
{
    const Plan *plan = c->plan;
    const int C = t->shape.C;
    t->gradient(t, c->kept, plan->kept, blocks, row, count, gradient);
    update(c->state, plan->weights, t->weight + row * C, count * C, gradient, step);
    dense_bias_gradient(t, c->kept, plan->kept, blocks, row, count, gradient);
    update(c->state, plan->weights, t->bias + row, count, gradient, step);
}

/* Update the weights that are piece number `piece`; 0 if there is none.  Some rows of a dense layer
 * are a piece, and then some of the convolutions' weights. */
static int update_piece(Call *c, int piece, int blocks, Step step, float *gradient)
{
    const Plan *plan = c->plan;
    for (int j = plan->convolutions; j < plan->count; j++) {
        const Stage *t = plan->stages + j;
        const int at_once = piece_rows(t->shape);
        const int pieces = (t->shape.O + at_once - 1) / at_once;
        if (piece < pieces) {
            const int row = piece * at_once;
            update_rows(c, t, blocks, row, MIN(at_once, t->shape.O - row), step, gradient);
            return 1;
        }
        piece -= pieces;
    }
    const int from = piece * CHUNK;
    if (from >= plan->conv_weights) {
        return 0;
    }
    const int count = MIN(CHUNK, plan->conv_weights - from);
    add_blocks(c->kept, plan->kept, blocks, from, count, gradient);
    update(c->state, plan->weights, from, count, gradient, step);
    return 1;
}

/* A thread's part in a training.  Threads meet twice a step: no weight changes before all blocks
 * are done, and no block is begun before all weights have changed. */
static void train_part(void *call, float *s, int first)
{
    Call *c = call;
    State at = *c->state; /* each thread counts the steps for itself; the first writes them down */
    for (int start = 0, number = 0; start < c->count; start += c->batch, number++) {
        const int n = MIN(c->batch, c->count - start);
        const int blocks = (int)blocks_of(n);
        take_blocks(c, start, n, s);
        meet(&c->team);
        const Step step = next_step(&at, c->optimizer, c->rate);
        while (update_piece(c, next_ticket(&c->team), blocks, step, s + c->plan->sum_at)) {
        }
        if (first) {
            double loss = 0;
            for (int b = 0; b < blocks; b++) {
                loss += c->block_loss[b];
            }
            c->losses[number] = loss / n;
        }
        meet(&c->team);
    }
    if (first) {
        *c->state = at;
    }
}

/* What is asked for of a block of n images from number `start` on, from their logits; how many are
 * misread. */
static int outputs_of(Call *c, int start, int n, float *s)
{
    const Plan *plan = c->plan;
    const int classes = plan->classes;
    float *logits = s + plan->stages[plan->count - 1].out;
    double *terms = (double *)(s + plan->terms_at);
    int mistakes = 0;
    for (int i = 0; i < n; i++) {
        const size_t image = start + i;
        if (c->logits) {
            for (int k = 0; k < classes; k++) {
                c->logits[image * classes + k] = logits[k * BLOCK + i];
            }
        }
        if (c->labels) {
            const int label = c->labels[image];
            int best;
            c->losses[image] = cross_entropy(logits + i, BLOCK, classes, label, 0, terms, &best);
            mistakes += best != label;
        }
    }
    return mistakes;
}

/* The same of images start .. start + n - 1, at most plan->at_once blocks. */
NOINLINE void blocks_outputs(Call *c, int start, int n, float *s)
{
    const Plan *plan = c->plan;
    size_t row[MOST_AT_ONCE * BLOCK];
    int mistakes = 0;
    for (int i = 0; i < n; i++) {
        row[i] = start + i;
    }
    forward(plan, c->weights, c->images, c->floats, row, n, s, 0);
    for (int b = 0; b < (int)blocks_of(n); b++) {
        mistakes += outputs_of(c, start + b * BLOCK, images_of(n, b), s + b * plan->of_block);
    }
    atomic_fetch_add(&c->mistakes, mistakes); /* whole numbers: any order */
}

static void output_part(void *call, float *s, int first)
{
    Call *c = call;
    const int images = BLOCK * share_of(c, blocks_of(c->count));
    (void)first;
    for (;;) {
        const int start = next_ticket(&c->team) * images;
        if (start >= c->count) {
            return;
        }
        blocks_outputs(c, start, MIN(images, c->count - start), s);
    }
}

static void start_threads(Call *c, void (*part)(void *, float *, int), char *arena, int threads)
{
    c->team.part = part;
    c->team.call = c;
    c->team.scratch = (float *)arena;
    c->team.floats = c->plan->scratch;
    together(&c->team, threads);
}

/* ---------------------------------------------------------------------- what callers use
 *
 * Images: bytes, or with `floats` 1 floats in [0, 1].  Labels lie in 0 .. classes - 1, which the
 * caller has checked.  An arena need not be cleared; it and the state want a boundary of 64
 * bytes. */

EXPORT size_t network_plan_bytes(void)
{
    return sizeof(Plan);
}

/* Fill in the plan of a network: `numbers` are the Shapes of its stages, MOST_STAGES at most, which
 * the caller has checked.  0 if this is a build for another network: then only the plain forms may
 * be called with the plan. */
EXPORT int network_plan(Plan *plan, const int *numbers, int count)
{
    clear(plan, sizeof(Plan));
    plan->count = count;
    for (int j = 0; j < count; j++) {
        plan->convolutions += ((const Shape *)numbers)[j].convolution;
    }
    const int is_built_for_it = find_stages((const Shape *)numbers, count, plan->stages);
    make_plan(plan);
    return is_built_for_it;
}

EXPORT int network_weights(const Plan *plan)
{
    return plan->weights;
}

EXPORT size_t network_state_bytes(const Plan *plan)
{
    return sizeof(State) + 3 * sizeof(float) * (size_t)plan->weights;
}

EXPORT size_t network_arena_bytes(const Plan *plan, int batch, int threads)
{
    const size_t block = plan->kept * sizeof(float) + sizeof(double);
    return threads * plan->scratch * sizeof(float) + blocks_of(batch) * block;
}

/* Train on the images order[0] .. order[count - 1] in batches, the last of which may be short;
 * the mean loss of each batch goes to `losses`.  Arena of (batch, threads). */
EXPORT void network_train(const Plan *plan, State *state, char *arena, const void *images,
                          int floats, const int32_t *labels, const uint32_t *order, int count,
                          int batch, int optimizer, double rate, double *losses, int threads)
{
    threads = MIN(MIN(threads, MOST_THREADS), (int)blocks_of(batch));
    float *kept = (float *)arena + threads * plan->scratch;
    Call call = {
        .plan = plan,
        .state = state,
        .weights = state->numbers,
        .images = images,
        .floats = floats,
        .labels = labels,
        .order = order,
        .count = count,
        .batch = batch,
        .optimizer = optimizer,
        .rate = rate,
        .losses = losses,
        .kept = kept,
        .block_loss = (double *)(kept + blocks_of(batch) * plan->kept),
        .threads = threads,
    };
    start_threads(&call, train_part, arena, threads);
}

/* Of each image, where they are asked for: the logits; with labels the loss.  Adds the losses to
 * *sum in the order of the images, so that slices make one sum, and returns how many images are
 * taken for another class.  Arena of (1, threads). */
EXPORT int network_outputs(const Plan *plan, const float *weights, char *arena, const void *images,
                           int floats, const int32_t *labels, int count, float *logits,
                           double *losses, double *sum, int threads)
{
    threads = MIN(MIN(threads, MOST_THREADS), (int)blocks_of(count));
    Call call = {
        .plan = plan,
        .weights = weights,
        .images = images,
        .floats = floats,
        .labels = labels,
        .count = count,
        .logits = logits,
        .losses = losses,
        .threads = threads,
    };
    start_threads(&call, output_part, arena, threads);
    if (labels) {
        for (int i = 0; i < count; i++) {
            *sum += losses[i];
        }
    }
    return call.mistakes;
}

/* Softmax of `count` rows of logits. */
EXPORT void network_probabilities(const Plan *plan, const float *logits, int count,
                                  double *probabilities)
{
    const int classes = plan->classes;
    for (int n = 0; n < count; n++) {
        double *p = probabilities + (size_t)n * classes;
        int best;
        const double sum = softmax_terms(logits + (size_t)n * classes, 1, classes, p, &best);
        for (int i = 0; i < classes; i++) {
            p[i] = p[i] / sum;
        }
    }
}

/* ---------------------------------------------------------------------- a step in two halves
 *
 * For workers that share no memory.  Each computes the gradients of some blocks, hands them to the
 * others, and takes the step for itself: all have the same weights, whoever has computed what. */

/* The loss of one block, images order[0] .. order[n - 1] of a batch of `batch`; `gradient`
 * [weights] is that of its share of the batch's mean loss.  Arena of (1, 1). */
EXPORT double network_block(const Plan *plan, const State *state, char *arena, const void *images,
                            int floats, const int32_t *labels, const uint32_t *order, int n,
                            int batch, float *gradient)
{
    float *s = (float *)arena;
    float *kept = s + plan->scratch;
    const Call call = {
        .plan = plan,
        .weights = state->numbers,
        .images = images,
        .floats = floats,
        .labels = labels,
        .order = order,
    };
    double loss;
    blocks_backward(&call, 0, n, 1.0f / (float)batch, s, kept, &loss);
    __builtin_memcpy(gradient, kept, sizeof(float) * plan->conv_weights);
    for (int j = plan->convolutions; j < plan->count; j++) {
        const Stage *t = plan->stages + j;
        t->gradient(t, kept, 0, 1, 0, t->shape.O, gradient + t->weight);
        dense_bias_gradient(t, kept, 0, 1, 0, t->shape.O, gradient + t->bias);
    }
    return loss;
}

/* Take the step of a batch, by `gradients` [blocks][weights] of all its blocks in order.  Arena of
 * (1, 1). */
EXPORT void network_step(const Plan *plan, State *state, char *arena, const float *gradients,
                         int blocks, int optimizer, double rate)
{
    float *sum = (float *)arena + plan->sum_at;
    const Step step = next_step(state, optimizer, rate);
    for (int from = 0; from < plan->weights; from += CHUNK) {
        const int count = MIN(CHUNK, plan->weights - from);
        add_blocks(gradients, plan->weights, blocks, from, count, sum);
        update(state, plan->weights, from, count, sum, step);
    }
}

/* ---------------------------------------------------------------------- plainly */

#include "stages/plain.h"

EXPORT size_t network_plain_bytes(const Plan *plan)
{
    Plain p;
    return sizeof(float) * lay_out_plain(plan, 0, &p);
}

/* What each layer makes of one image, one after the other; how many floats that is.  Arena of
 * network_plain_bytes(). */
EXPORT size_t network_layers(const Plan *plan, const float *weights, float *arena,
                             const void *image, int floats, float *out)
{
    Plain p;
    lay_out_plain(plan, arena, &p);
    read_pixels(plan, image, floats, 0, p.pixels);
    return layers_plain(plan, weights, &p, out);
}

/* network_train and network_outputs, by the plain forms of all stages: what a test compares with
 * the fast forms, byte for byte.  Arena of network_plain_bytes().  A page does not need them, and
 * its module is left without. */
#ifndef __wasm__

EXPORT void network_train_plain(const Plan *plan, State *state, float *arena, const void *images,
                                int floats, const int32_t *labels, const uint32_t *order,
                                int count, int batch, int optimizer, double rate, double *losses)
{
    Plain p;
    lay_out_plain(plan, arena, &p);
    train_plain(plan, state, &p, images, floats, labels, order, count, batch, optimizer, rate,
                losses);
}

EXPORT int network_outputs_plain(const Plan *plan, const float *weights, float *arena,
                                 const void *images, int floats, const int32_t *labels, int count,
                                 float *logits, double *losses, double *sum)
{
    Plain p;
    lay_out_plain(plan, arena, &p);
    return outputs_plain(plan, weights, &p, images, floats, labels, count, logits, losses, sum);
}

#endif
