/* Adam, and stochastic gradient descent with momentum.
 *
 * Adam: Kingma and Ba 2015, algorithm 1, with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8.  What
 * corrects its moments is two numbers a step: rate / (1 - beta1^t) and 1 / sqrt(1 - beta2^t), in
 * double, then rounded.  The moments of a weight that has no gradient any more decay among the
 * denormal numbers.
 *
 * SGD: Sutskever and others 2013, "On the importance of initialization and momentum in deep
 * learning", in PyTorch's form: v = 0.9 v + g, then w = w - rate v. */

enum { ADAM, SGD };

typedef struct {        /* all that decides the rest of a run, besides the order of the images */
    double beta1_power; /* of Adam, to the number of steps: 1 at the start */
    double beta2_power;
    int64_t steps;
    /* [3][weights]: the weights; Adam's moment of the gradient, or SGD's velocity; Adam's moment
     * of its square. */
    float numbers[];
} State;

typedef struct { /* of one step */
    int optimizer;
    float rate;
    float root;
} Step;

/* What the next step is, and count it. */
static Step next_step(State *state, int optimizer, double rate)
{
    state->beta1_power *= 0.9;
    state->beta2_power *= 0.999;
    state->steps++;
    if (optimizer == SGD) {
        return (Step){SGD, (float)rate, 0};
    }
    return (Step){
        .optimizer = ADAM,
        .rate = (float)(rate / (1 - state->beta1_power)),
        .root = (float)(1 / __builtin_sqrt(1 - state->beta2_power)),
    };
}

/* Take the step with `count` weights from number `from` on, by their gradient g.  Lanes are
 * weights: the compiler makes vectors of these loops, and there is no other form. */
NOINLINE void update(State *state, int weights, int from, int count, const float *g, Step step)
{
    float *w = state->numbers + from;
    float *m = w + weights;
    float *v = m + weights;
    if (step.optimizer == SGD) {
        for (int i = 0; i < count; i++) {
            m[i] = m[i] * 0.9f + g[i];
            w[i] = w[i] - step.rate * m[i];
        }
        return;
    }
    for (int i = 0; i < count; i++) {
        m[i] = m[i] + (g[i] - m[i]) * 0.1f;
        v[i] = v[i] * 0.999f + g[i] * g[i] * 0.001f;
        w[i] = w[i] - step.rate * (m[i] / (__builtin_sqrtf(v[i]) * step.root + 1e-8f));
    }
}

/* g [count]: the gradients of the blocks, from number `from` on, added in the order of the blocks;
 * each begins `stride` floats after the one before. */
static void add_blocks(const float *gradients, size_t stride, int blocks, int from, int count,
                       float *g)
{
    for (int b = 0; b < blocks; b++) {
        const float *of_block = gradients + b * stride + from;
        for (int i = 0; i < count; i++) {
            g[i] = b ? g[i] + of_block[i] : of_block[i];
        }
    }
}
