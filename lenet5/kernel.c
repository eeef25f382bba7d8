/* LeNet-5 with ReLU and max-pooling, trained to the same bytes by every compiler and machine.
 *
 *   image -> conv 6@5x5, ReLU, pool 2x2 -> conv 16@5x5, ReLU, pool 2x2 -> 120 -> 84 -> logits;
 *   mean softmax cross-entropy, Adam.  Build it with  -O3 -ffp-contract=off -fno-math-errno.
 *
 * The rules, and why each makes the bytes independent of where it runs:
 *
 * 1. Only + - * / and the square root: IEEE 754 has one right answer for each.  A library's exp and
 *    log have none, so this file has its own.  -ffp-contract=off, since a fused multiply-add rounds
 *    once where a machine without it rounds twice; -fno-math-errno, or the root calls a library.
 * 2. Every sum has one order, which the source states: no compiler may reassociate it.
 * 3. No sum runs across the lanes of a vector.  A lane is an image, a channel or a column, and its
 *    sum is sequential: the width of the vectors decides how many sums advance at once, and nothing
 *    else.
 * 4. A batch is cut in blocks of 16 images, whoever computes them.  A block has its own gradient,
 *    and Adam adds these in the order of the blocks: the number of threads decides speed alone.
 * 5. Nothing is drawn here: the caller brings the initial weights and the order of the images.
 *
 * Layouts: parameters in PyTorch's shapes and order.  [k][BLOCK] holds value k of a block's images
 * side by side; on the way back through the convolutions the lanes are the 6 channels (of 8), or the
 * 5 columns (of 8) of a kernel, of one image.  The functions are reentrant and allocate nothing.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "the kernel needs strict IEEE arithmetic: no -ffast-math, no x87"
#endif
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif
#ifdef __wasm__
#define ONE_THREAD
#endif
#ifndef ONE_THREAD
#include <pthread.h>
#endif
#define EXPORT __attribute__((visibility("default"), used))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* ------------------------------------------------------------------------------- the network */

#ifndef CHANNELS /* other shapes by -DCHANNELS=3 -DHEIGHT=32 ... */
#define CHANNELS 1
#define HEIGHT 28
#define WIDTH 28
#define CLASSES 10
#endif

enum {
    KERNEL = 5, TAPS = KERNEL * KERNEL, MAPS1 = 6, MAPS2 = 16, DENSE1 = 120, DENSE2 = 84,
    PIXELS = CHANNELS * HEIGHT * WIDTH,
    H1 = (HEIGHT - 4) / 2, W1 = (WIDTH - 4) / 2, AREA1 = H1 * W1, /* after the first pool */
    H2 = (H1 - 4) / 2, W2 = (W1 - 4) / 2, AREA2 = H2 * W2,        /* after the second */
    FEATURES = MAPS2 * AREA2,
    BLOCK = 16, /* images that share a gradient: part of what is computed, not of its speed */
};

typedef struct {
    float conv1[MAPS1][CHANNELS][TAPS], bias1[MAPS1], conv2[MAPS2][MAPS1][TAPS], bias2[MAPS2];
    float dense1[DENSE1][FEATURES], bias3[DENSE1], dense2[DENSE2][DENSE1], bias4[DENSE2];
    float dense3[CLASSES][DENSE2], bias5[CLASSES];
} Weights;
enum { WEIGHTS = sizeof(Weights) / sizeof(float) };

typedef struct { /* all that decides the rest of a run, besides the order of the images */
    double beta1_power, beta2_power; /* of Adam, to the number of steps: 1 at the start */
    int64_t steps;
    Weights weights, mean, square; /* mean and square: Adam's moments */
} State;

typedef struct { /* the activations of one image */
    float relu1[MAPS1][HEIGHT - 4][WIDTH - 4], pool1[MAPS1][H1][W1];
    float relu2[MAPS2][H1 - 4][W1 - 4], pool2[MAPS2][H2][W2];
    float relu3[DENSE1], relu4[DENSE2], dense3[CLASSES];
} Layers;

/* ------------------------------------------------------------------------------- vectors */

#ifndef LANES /* of the native vector: speed and nothing else */
#ifdef __AVX__
#define LANES 8
#else
#define LANES 4
#endif
#endif
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t mask __attribute__((vector_size(4 * LANES)));
typedef vec unaligned_vec __attribute__((aligned(4), may_alias));
typedef mask unaligned_mask __attribute__((aligned(4), may_alias));
INLINE vec load(const float *p) { return *(const unaligned_vec *)p; }
INLINE void store(float *p, vec a) { *(unaligned_vec *)p = a; }
INLINE vec all(float a) { return a - (vec){0}; } /* a - 0 is a, for -0 too */
INLINE vec where(mask m, vec a, vec b) { return (vec)(((mask)a & m) | ((mask)b & ~m)); }
INLINE vec relu(vec a) { return (vec)((mask)a & (a > 0)); }
static void clear(void *p, size_t bytes) { __builtin_memset(p, 0, bytes); }

/* ------------------------------------------------------------------------------- exp and log */

/* ln(2) in two parts: a product of the first and a small whole number is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33

/* exp(x) for x <= 0, within 1.2 units of the last place; 0 below -700, where the true value is under
 * 1e-304.  x = n ln(2) + r; then 2^n times the Taylor polynomial at |r| <= ln(2)/2. */
EXPORT double lenet_exp(double x)
{
    static const double inverse[] = { /* of the factorials */
        1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
        1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    if (!(x > -700)) return x < 0 ? 0 : x; /* the latter is a NaN */
    double n = (x * 0x1.71547652b82fep+0 + 0x1.8p52) - 0x1.8p52; /* rounds to a whole number */
    double r = (x - n * LN2_HIGH) - n * LN2_LOW;
    double p = inverse[13];
    UNROLL for (int i = 12; i >= 0; i--) p = p * r + inverse[i];
    uint64_t bits = (uint64_t)((int64_t)n + 1023) << 52;
    double power;
    __builtin_memcpy(&power, &bits, 8);
    return p * power;
}

/* log(x) for 1 <= x < 1e300, within a unit of the last place.  x = 2^n (1 + f) with 1 + f from
 * sqrt(1/2) to sqrt(2); the logarithm of 1 + f is 2 artanh(q) with q = f / (2 + f), written as fdlibm
 * does: f less a small correction, since f is exact. */
EXPORT double lenet_log(double x)
{
    if (!(x < 1e300)) return x; /* a NaN */
    uint64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    double n = (double)(int64_t)(bits >> 52) - 1023, m;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    __builtin_memcpy(&m, &bits, 8);
    if (m > 1.4142135623730951) m = m / 2, n = n + 1;
    double f = m - 1, q = f / (2 + f), s = q * q, half = 0.5 * f * f, p = 0;
    for (int i = 23; i >= 3; i -= 2) p = p * s + 2.0 / i;
    return n * LN2_HIGH - ((half - (q * (half + p * s) + n * LN2_LOW)) - f);
}

/* ------------------------------------------------------------------------------- memory */

typedef struct { float gradient; int at; } Winner; /* a pool's maximum that ReLU let through */

typedef struct { /* of one thread */
    float x[PIXELS][LANES], h1[MAPS1][AREA1][LANES];
    float h2[FEATURES][BLOCK], h3[DENSE1][BLOCK], h4[DENSE2][BLOCK], logit[CLASSES][BLOCK];
    float d2[FEATURES][BLOCK], d3[DENSE1][BLOCK], d4[DENSE2][BLOCK]; /* the loss's gradients by these */
    int32_t win1[BLOCK / LANES][MAPS1][AREA1][LANES], win2[FEATURES][BLOCK]; /* a maximum's place */
    float pixel[BLOCK][PIXELS + 8];                      /* the same by image */
    float c1[BLOCK][AREA1][8], by_image[BLOCK * (FEATURES > DENSE1 ? FEATURES : DENSE1)];
    float framed[MAPS2][49][8]; /* conv2's kernels, channels last, in a frame of zeros: 7 x 7 */
    float g1[MAPS1][CHANNELS][KERNEL][8], g2[MAPS2][TAPS][8], gb1[8], d1[AREA1][8];
    Winner by_map[MAPS2][AREA2 + 1], by_pool[AREA2][MAPS2 + 1];
    int of_map[MAPS2], of_pool[AREA2];
} Scratch;

/* The caller's arena: Scratch of every thread, gradient of every block, loss of every block. */
static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }
static size_t blocks_of(size_t images) { return (images + BLOCK - 1) / BLOCK; }
enum { STRIDE = (WEIGHTS + 15) / 16 * 16 }; /* floats from one block's gradient to the next */

/* ------------------------------------------------------------------------------- forward */

/* Convolution, pool and ReLU of LANES images in one pass: in [C][H][W], out [O][.][.], `stride` floats
 * from one to the next.  Two kernels at the four places of a pool: eight sums in registers. */
INLINE void convolve(int C, int H, int W, int O, const float *in, const float *w, const float *bias,
                     float *out, int32_t *win, int stride)
{
    const int rows = (H - 4) / 2, columns = (W - 4) / 2;
    for (int y = 0; y < rows; y++) for (int x = 0; x < columns; x++) for (int o = 0; o < O; o += 2) {
        vec a[2][4];
        UNROLL for (int q = 0; q < 2; q++) UNROLL for (int j = 0; j < 4; j++)
            a[q][j] = all(bias[o + q]);
        for (int c = 0; c < C; c++) for (int r = 0; r < 5; r++) UNROLL for (int k = 0; k < 5; k++) {
            const float *s = in + ((c * H + 2 * y + r) * W + 2 * x + k) * LANES;
            const vec v[4] = {load(s), load(s + LANES), load(s + W * LANES),
                              load(s + (W + 1) * LANES)};
            UNROLL for (int q = 0; q < 2; q++) {
                vec u = all(w[((o + q) * C + c) * TAPS + r * 5 + k]);
                UNROLL for (int j = 0; j < 4; j++) a[q][j] += u * v[j];
            }
        }
        UNROLL for (int q = 0; q < 2; q++) { /* of equal values the first wins */
            mask right = a[q][1] > a[q][0], right2 = a[q][3] > a[q][2];
            vec top = where(right, a[q][1], a[q][0]), low = where(right2, a[q][3], a[q][2]);
            mask below = low > top;
            int at = (((o + q) * rows + y) * columns + x) * stride;
            store(out + at, relu(where(below, low, top)));
            if (win) /* 0, 1, W or W + 1: where in the map, from the pool's first place */
                *(unaligned_mask *)(win + at) = (((right & ~below) | (right2 & below)) & 1)
                                                + (below & W);
        }
    }
}

/* c = a b + bias: a [M][K] by its two strides, b [K][N], c [M][N]; 4 rows by 2 vectors of c in
 * registers.  The last rows and columns may be done twice, to the same values. */
INLINE void multiply(int M, int K, int N, const float *a, int row, int column, const float *b,
                     const float *bias, float *c)
{
    const int R = M < 4 ? 1 : 4, S = 2 * LANES;
    for (int m4 = 0; m4 < M; m4 += R) for (int n2 = 0; n2 < N; n2 += S) {
        int m = MIN(m4, M - R), n = MIN(n2, N - S);
        vec sum[4][2];
        UNROLL for (int i = 0; i < R; i++) sum[i][0] = sum[i][1] = all(bias ? bias[m + i] : 0);
        for (int k = 0; k < K; k++) {
            vec p = load(b + k * N + n), q = load(b + k * N + n + LANES);
            UNROLL for (int i = 0; i < R; i++) {
                vec u = all(a[(m + i) * row + k * column]);
                sum[i][0] += u * p, sum[i][1] += u * q;
            }
        }
        UNROLL for (int i = 0; i < R; i++) UNROLL for (int j = 0; j < 2; j++)
            store(c + (m + i) * N + n + j * LANES, sum[i][j]);
    }
}

/* y where x > 0, else 0: ReLU of x itself, or its derivative's turn. */
INLINE void rectify(int count, float *y, const float *x)
{
    for (int i = 0; i < count; i += LANES)
        store(y + i, (vec)((mask)load(y + i) & (load(x + i) > 0)));
}

/* The pixels of image `row` as floats: bytes are divided by 255. */
INLINE void read_pixels(const void *images, int floats, size_t row, float *pixel)
{
    if (floats) __builtin_memcpy(pixel, (const float *)images + row * PIXELS,
                                 sizeof(float) * PIXELS);
    else for (int i = 0; i < PIXELS; i++)
        pixel[i] = (float)((const uint8_t *)images)[row * PIXELS + i] / 255.0f;
}

/* Logits of a block; images from n on are blank.  For training, keep what the way back needs. */
INLINE void forward(const Weights *w, const void *images, int floats, const size_t row[BLOCK],
                    int n, Scratch *s, int training)
{
    for (int v = 0; v < BLOCK; v += LANES) {
        for (int l = v; l < v + LANES; l++)
            if (l < n) read_pixels(images, floats, row[l], s->pixel[l]);
            else clear(s->pixel[l], sizeof s->pixel[l]);
        for (int i = 0; i < PIXELS; i++) UNROLL for (int l = 0; l < LANES; l++)
            s->x[i][l] = s->pixel[v + l][i];
        convolve(CHANNELS, HEIGHT, WIDTH, MAPS1, s->x[0], w->conv1[0][0], w->bias1, s->h1[0][0],
                 training ? s->win1[v / LANES][0][0] : 0, LANES);
        convolve(MAPS1, H1, W1, MAPS2, s->h1[0][0], w->conv2[0][0], w->bias2, s->h2[0] + v,
                 training ? s->win2[0] + v : 0, BLOCK);
        if (training) for (int i = 0; i < AREA1; i++) for (int l = 0; l < LANES; l++)
            for (int c = 0; c < MAPS1; c++) s->c1[v + l][i][c] = s->h1[c][i][l];
    }
    multiply(DENSE1, FEATURES, BLOCK, w->dense1[0], FEATURES, 1, s->h2[0], w->bias3, s->h3[0]);
    rectify(DENSE1 * BLOCK, s->h3[0], s->h3[0]);
    multiply(DENSE2, DENSE1, BLOCK, w->dense2[0], DENSE1, 1, s->h3[0], w->bias4, s->h4[0]);
    rectify(DENSE2 * BLOCK, s->h4[0], s->h4[0]);
    multiply(CLASSES, DENSE2, BLOCK, w->dense3[0], DENSE2, 1, s->h4[0], w->bias5, s->logit[0]);
}

/* e[i] = exp of logit i less the highest, which cannot overflow; the sum, and the first highest. */
INLINE double exponentials(const float *logit, int stride, double *e, int *best)
{
    double sum = 0;
    *best = 0;
    for (int i = 1; i < CLASSES; i++) if (logit[i * stride] > logit[*best * stride]) *best = i;
    for (int i = 0; i < CLASSES; i++)
        sum += e[i] = lenet_exp((double)logit[i * stride] - logit[*best * stride]);
    return sum;
}

/* Softmax cross-entropy of image n.  If scale is not 0, its logits become their gradient by the
 * loss, times scale. */
static double cross_entropy(Scratch *s, int n, int label, float scale, int *best)
{
    double e[CLASSES], sum = exponentials(&s->logit[0][n], BLOCK, e, best);
    double loss = (double)s->logit[*best][n] - s->logit[label][n] + lenet_log(sum);
    if (scale != 0)
        for (int i = 0; i < CLASSES; i++)
            s->logit[i][n] = (float)(e[i] / sum - (i == label)) * scale;
    return loss;
}

/* ------------------------------------------------------------------------------- backward */

/* A dense layer x -> y: from dy to dW = dy x', db = dy 1, and dx = W' dy where x > 0, else 0. */
INLINE void dense_backward(int K, int O, const float *w, const float *x, const float *dy, float *dx,
                           float *dw, float *db, float *by_image)
{
    multiply(K, O, BLOCK, w, 1, K, dy, 0, dx);
    rectify(K * BLOCK, dx, x);
    for (int k = 0; k < K; k++) UNROLL for (int n = 0; n < BLOCK; n++)
        by_image[n * K + k] = x[k * BLOCK + n];
    multiply(O, BLOCK, K, dy, BLOCK, 1, by_image, 0, dw);
    for (int o = 0; o < O; o++) {
        db[o] = 0;
        for (int n = 0; n < BLOCK; n++) db[o] += dy[o * BLOCK + n];
    }
}

/* The convolutions go back image by image.  Of each pool of conv2 only the maximum counts, and only
 * if ReLU let it through: list these winners, by map and by pool. */
NOINLINE void list_winners(Scratch *s, int n)
{
    clear(s->of_pool, sizeof s->of_pool);
    for (int o = 0; o < MAPS2; o++) {
        int m = 0;
        for (int i = 0; i < AREA2; i++) {
            float t = s->d2[o * AREA2 + i][n];
            int at = s->win2[o * AREA2 + i][n], below = at >= W1, right = at - below * W1, live = t != 0;
            s->by_map[o][m] = (Winner){t, (i / W2 * 2 * W1 + i % W2 * 2 + at) * 8};
            m += live;
            s->by_pool[i][s->of_pool[i]] = (Winner){t, (o * 49 + (1 - below) * 7 + 1 - right) * 8};
            s->of_pool[i] += live;
        }
        s->of_map[o] = m;
    }
}

/* Lanes are input channels, the five taps of a row in registers. */
NOINLINE void conv2_to_weights(Scratch *s, int n)
{
    for (int o = 0; o < MAPS2; o++) for (int h = 0; h < 8; h += LANES) for (int r = 0; r < 5; r++) {
        float *g = s->g2[o][r * 5] + h;
        vec a[5];
        UNROLL for (int k = 0; k < 5; k++) a[k] = load(g + k * 8);
        for (const Winner *i = s->by_map[o], *end = i + s->of_map[o]; i < end; i++) {
            vec t = all(i->gradient);
            const float *p = s->c1[n][r * W1] + i->at + h;
            UNROLL for (int k = 0; k < 5; k++) a[k] += t * load(p + k * 8);
        }
        UNROLL for (int k = 0; k < 5; k++) store(g + k * 8, a[k]);
    }
}

/* The 6 x 6 window under each pool, two of its rows in registers. */
NOINLINE void conv2_to_input(Scratch *s)
{
    clear(s->d1, sizeof s->d1);
    for (int i = 0; i < AREA2; i++) for (int h = 0; h < 8; h += LANES) for (int r = 0; r < 6; r += 2) {
        float *d = s->d1[(i / W2 * 2 + r) * W1 + i % W2 * 2] + h;
        vec a[2][6];
        UNROLL for (int q = 0; q < 2; q++) UNROLL for (int k = 0; k < 6; k++)
            a[q][k] = load(d + (q * W1 + k) * 8);
        for (const Winner *o = s->by_pool[i], *end = o + s->of_pool[i]; o < end; o++) {
            vec t = all(o->gradient);
            const float *p = s->framed[0][r * 7] + o->at + h;
            UNROLL for (int q = 0; q < 2; q++) UNROLL for (int k = 0; k < 6; k++)
                a[q][k] += t * load(p + (q * 7 + k) * 8);
        }
        UNROLL for (int q = 0; q < 2; q++) UNROLL for (int k = 0; k < 6; k++)
            store(d + (q * W1 + k) * 8, a[q][k]);
    }
}

/* From d1; lanes are columns of the kernel, its rows in registers, two maps at once. */
NOINLINE void conv1_to_weights(Scratch *s, int n)
{
    rectify(AREA1 * 8, s->d1[0], s->c1[n][0]);
    for (int y = 0; y < H1; y++) for (int h = 0; h < 8; h += LANES) {
        vec row = all(0); /* its sum apart, so that a processor adds several rows at once */
        for (int x = 0; x < W1; x++) row += load(s->d1[y * W1 + x] + h);
        store(s->gb1 + h, load(s->gb1 + h) + row);
    }
    for (int c = 0; c < MAPS1; c += 2) for (int i = 0; i < CHANNELS; i++)
    for (int h = 0; h < 8; h += LANES) {
        vec a[2][5];
        UNROLL for (int q = 0; q < 2; q++) UNROLL for (int r = 0; r < 5; r++)
            a[q][r] = load(s->g1[c + q][i][r] + h);
        for (int y = 0; y < H1; y++) for (int x = 0; x < W1; x++) UNROLL for (int q = 0; q < 2; q++) {
            vec t = all(s->d1[y * W1 + x][c + q]);
            const float *p = s->pixel[n] + (i * HEIGHT + 2 * y) * WIDTH + 2 * x + h
                + s->win1[n / LANES][c + q][y * W1 + x][n % LANES];
            UNROLL for (int r = 0; r < 5; r++) a[q][r] += t * load(p + r * WIDTH);
        }
        UNROLL for (int q = 0; q < 2; q++) UNROLL for (int r = 0; r < 5; r++)
            store(s->g1[c + q][i][r] + h, a[q][r]);
    }
}

/* The block's gradient by all weights, from its gradient by the logits. */
NOINLINE void backward(const Weights *w, int n, Scratch *s, Weights *g)
{
    dense_backward(DENSE2, CLASSES, w->dense3[0], s->h4[0], s->logit[0], s->d4[0], g->dense3[0],
                   g->bias5, s->by_image);
    dense_backward(DENSE1, DENSE2, w->dense2[0], s->h3[0], s->d4[0], s->d3[0], g->dense2[0],
                   g->bias4, s->by_image);
    dense_backward(FEATURES, DENSE1, w->dense1[0], s->h2[0], s->d3[0], s->d2[0], g->dense1[0],
                   g->bias3, s->by_image);

    clear(s->framed, sizeof s->framed);
    for (int o = 0; o < MAPS2; o++) for (int c = 0; c < MAPS1; c++) for (int k = 0; k < TAPS; k++)
        s->framed[o][(k / 5 + 1) * 7 + k % 5 + 1][c] = w->conv2[o][c][k];
    clear(s->g1, sizeof s->g1), clear(s->g2, sizeof s->g2), clear(s->gb1, sizeof s->gb1);
    for (int i = 0; i < n; i++)
        list_winners(s, i), conv2_to_weights(s, i), conv2_to_input(s), conv1_to_weights(s, i);
    for (int o = 0; o < MAPS2; o++) {
        float image[BLOCK] = {0}, sum = 0;
        for (int i = 0; i < AREA2; i++) for (int l = 0; l < BLOCK; l++)
            image[l] += s->d2[o * AREA2 + i][l];
        for (int l = 0; l < BLOCK; l++) sum += image[l];
        g->bias2[o] = sum;
        for (int c = 0; c < MAPS1; c++) for (int k = 0; k < TAPS; k++)
            g->conv2[o][c][k] = s->g2[o][k][c];
    }
    for (int c = 0; c < MAPS1; c++) {
        g->bias1[c] = s->gb1[c];
        for (int i = 0; i < CHANNELS; i++) for (int k = 0; k < TAPS; k++)
            g->conv1[c][i][k] = s->g1[c][i][k / 5][k % 5];
    }
}

/* Adam (Kingma and Ba 2015, algorithm 1) on a chunk of the weights; the blocks' gradients are added
 * in order.  `rate` and `root` correct its moments: rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t). */
enum { CHUNK = 2048 };
NOINLINE void adam(State *state, const float *gradient, size_t blocks, int from, float rate,
                   float root)
{
    float *w = (float *)&state->weights + from, *m = (float *)&state->mean + from;
    float *v = (float *)&state->square + from, g[CHUNK];
    const int n = MIN(CHUNK, WEIGHTS - from);
    for (int i = 0; i < n; i++) g[i] = gradient[from + i];
    for (size_t b = 1; b < blocks; b++) for (int i = 0; i < n; i++)
        g[i] += gradient[b * STRIDE + from + i];
    for (int i = 0; i < n; i++) {
        m[i] = m[i] + (g[i] - m[i]) * 0.1f;
        v[i] = v[i] * 0.999f + g[i] * g[i] * 0.001f;
        w[i] = w[i] - rate * (m[i] / (__builtin_sqrtf(v[i]) * root + 1e-8f));
    }
}

/* ------------------------------------------------------------------------------- threads */

typedef struct Call { /* what the threads of one call share */
    State *state; const Weights *weights;
    const void *images; int floats; const int32_t *labels; const uint32_t *order;
    int count, batch; double rate; double *losses; float *logits;
    Scratch *scratch; float *gradients; double *block_loss;
    void (*part)(struct Call *, Scratch *, int first);
    _Alignas(64) atomic_int ticket;
    _Alignas(64) atomic_int arrived, phase, mistakes;
#ifndef ONE_THREAD
    pthread_mutex_t lock; pthread_cond_t turn; int started, threads;
#endif
} Call;

enum { MOST = 64 }; /* threads of a call */

#ifdef ONE_THREAD
static void meet(Call *call) { call->ticket = 0; }
static void together(Call *call, int threads) { (void)threads, call->part(call, call->scratch, 1); }
#else
/* All threads wait for the last, which also puts the tickets back to 0.  Who has waited for some
 * microseconds sleeps: another thread may need the core to arrive. */
static void meet(Call *call)
{
    const int phase = atomic_load(&call->phase);
    if (atomic_fetch_add(&call->arrived, 1) == call->threads - 1) {
        atomic_store(&call->arrived, 0), atomic_store(&call->ticket, 0);
        pthread_mutex_lock(&call->lock);
        atomic_store(&call->phase, phase + 1);
        pthread_cond_broadcast(&call->turn);
        pthread_mutex_unlock(&call->lock);
        return;
    }
    for (int spin = 0; spin < 2000; spin++) if (atomic_load(&call->phase) != phase) return;
    pthread_mutex_lock(&call->lock);
    while (atomic_load(&call->phase) == phase) pthread_cond_wait(&call->turn, &call->lock);
    pthread_mutex_unlock(&call->lock);
}

static void *helper(void *p)
{
    Call *call = p;
    pthread_mutex_lock(&call->lock); /* until it is known how many take part */
    const int number = ++call->started;
    pthread_mutex_unlock(&call->lock);
    call->part(call, call->scratch + number, 0);
    return 0;
}

/* Do the call's part in `threads` threads, or in as many as can be had. */
static void together(Call *call, int threads)
{
    pthread_t id[MOST];
    int more = 0;
    pthread_mutex_init(&call->lock, 0), pthread_cond_init(&call->turn, 0);
    pthread_mutex_lock(&call->lock);
    while (more < threads - 1 && !pthread_create(&id[more], 0, helper, call)) more++;
    call->threads = more + 1;
    pthread_mutex_unlock(&call->lock);
    call->part(call, call->scratch, 1);
    while (more) pthread_join(id[--more], 0);
    pthread_cond_destroy(&call->turn), pthread_mutex_destroy(&call->lock);
}
#endif

/* ------------------------------------------------------------------------------- a thread's work */

/* Blocks are functions of their own for WebAssembly's sake: there optimised code comes in with the
 * next call, and an epoch is one. */
NOINLINE double block_gradient(const Call *c, int start, int n, float scale, Scratch *s,
                               float *gradient)
{
    size_t row[BLOCK];
    double loss = 0;
    int best;
    for (int i = 0; i < n; i++) row[i] = c->order[start + i];
    forward(c->weights, c->images, c->floats, row, n, s, 1);
    for (int i = 0; i < n; i++) loss += cross_entropy(s, i, c->labels[row[i]], scale, &best);
    for (int i = n; i < BLOCK; i++) for (int k = 0; k < CLASSES; k++) s->logit[k][i] = 0;
    backward(c->weights, n, s, (Weights *)gradient);
    return loss;
}

static void train_part(Call *c, Scratch *s, int first)
{
    double beta1 = c->state->beta1_power, beta2 = c->state->beta2_power;
    for (int start = 0, step = 0; start < c->count; start += c->batch, step++) {
        const int n = MIN(c->batch, c->count - start), blocks = (int)blocks_of(n);
        for (int b; (b = atomic_fetch_add(&c->ticket, 1)) < blocks;)
            c->block_loss[b] = block_gradient(c, start + b * BLOCK, MIN(BLOCK, n - b * BLOCK),
                                              1.0f / (float)n, s, c->gradients + (size_t)b * STRIDE);
        meet(c);
        beta1 *= 0.9, beta2 *= 0.999;
        const float rate = (float)(c->rate / (1 - beta1)), root = (float)(1 / __builtin_sqrt(1 - beta2));
        for (int from; (from = atomic_fetch_add(&c->ticket, 1) * CHUNK) < WEIGHTS;)
            adam(c->state, c->gradients, blocks, from, rate, root);
        if (first) {
            double loss = 0;
            for (int b = 0; b < blocks; b++) loss += c->block_loss[b];
            c->losses[step] = loss / n;
            c->state->beta1_power = beta1, c->state->beta2_power = beta2, c->state->steps++;
        }
        meet(c);
    }
}

NOINLINE void block_outputs(Call *c, int start, int n, Scratch *s)
{
    size_t row[BLOCK];
    int mistakes = 0, best;
    for (int i = 0; i < n; i++) row[i] = start + i;
    forward(c->weights, c->images, c->floats, row, n, s, 0);
    for (int i = 0; i < n; i++) {
        if (c->logits) for (int k = 0; k < CLASSES; k++)
            c->logits[row[i] * CLASSES + k] = s->logit[k][i];
        if (!c->labels) continue;
        c->losses[row[i]] = cross_entropy(s, i, c->labels[row[i]], 0, &best);
        mistakes += best != c->labels[row[i]];
    }
    atomic_fetch_add(&c->mistakes, mistakes); /* whole numbers: any order */
}

static void output_part(Call *c, Scratch *s, int first)
{
    (void)first;
    for (int start; (start = atomic_fetch_add(&c->ticket, 1) * BLOCK) < c->count;)
        block_outputs(c, start, MIN(BLOCK, c->count - start), s);
}

/* ------------------------------------------------------------------------------- what callers use
 *
 * Images: bytes, or with `floats` 1 floats in [0, 1].  Labels lie in 0 .. CLASSES - 1, which the
 * caller has checked.  The arena need not be cleared; it and the state want a boundary of 64 bytes. */

EXPORT int lenet_weights(void) { return WEIGHTS; }
EXPORT size_t lenet_state_bytes(void) { return sizeof(State); }
EXPORT int lenet_layers_floats(void) { return sizeof(Layers) / sizeof(float); }
EXPORT size_t lenet_arena_bytes(int batch, int threads)
{
    return threads * round_up(sizeof(Scratch))
        + blocks_of(batch) * (STRIDE * sizeof(float) + sizeof(double));
}

/* Train on the images order[0] .. order[count - 1] in batches, the last of which may be short; the
 * mean loss of each batch goes to `losses`.  Arena of (batch, threads). */
EXPORT void lenet_train(State *state, char *arena, const void *images, int floats,
                        const int32_t *labels, const uint32_t *order, int count, int batch,
                        double rate, double *losses, int threads)
{
    threads = MIN(MIN(threads, MOST), (int)blocks_of(batch));
    float *gradients = (float *)(arena + threads * round_up(sizeof(Scratch)));
    Call call = {.state = state, .weights = &state->weights, .images = images, .floats = floats,
                 .labels = labels, .order = order, .count = count, .batch = batch, .rate = rate,
                 .losses = losses, .scratch = (Scratch *)arena, .gradients = gradients,
                 .block_loss = (double *)(gradients + blocks_of(batch) * STRIDE),
                 .part = train_part};
    together(&call, threads);
}

/* Of each image, where they are asked for: the logits; with labels the loss.  Adds the losses to *sum
 * in the order of the images, so that slices make one sum, and returns how many images are taken for
 * another class.  Arena of (1, threads). */
EXPORT int lenet_outputs(const Weights *weights, char *arena, const void *images, int floats,
                         const int32_t *labels, int count, float *logits, double *losses,
                         double *sum, int threads)
{
    Call call = {.weights = weights, .images = images, .floats = floats, .labels = labels,
                 .count = count, .logits = logits, .losses = losses,
                 .scratch = (Scratch *)arena, .part = output_part};
    together(&call, MIN(MIN(threads, MOST), (int)blocks_of(count)));
    if (labels) for (int i = 0; i < count; i++) *sum += losses[i];
    return call.mistakes;
}

/* Softmax of `count` rows of logits. */
EXPORT void lenet_probabilities(const float *logits, int count, double *probabilities)
{
    for (int n = 0, best; n < count; n++) {
        double *p = probabilities + (size_t)n * CLASSES;
        double sum = exponentials(logits + (size_t)n * CLASSES, 1, p, &best);
        for (int i = 0; i < CLASSES; i++) p[i] = p[i] / sum;
    }
}

/* ------------------------------------------------------------------------------- one image, plainly
 *
 * The same sums in the same order without vectors, blocks or fusion: the activations for a reader,
 * and a check of all the above. */

static void convolve_plain(int C, int H, int W, int O, const float *in, const float *w,
                           const float *bias, float *out)
{
    for (int o = 0; o < O; o++) for (int y = 0; y < H - 4; y++) for (int x = 0; x < W - 4; x++) {
        float sum = bias[o];
        for (int c = 0; c < C; c++) for (int k = 0; k < TAPS; k++)
            sum += w[(o * C + c) * TAPS + k] * in[(c * H + y + k / 5) * W + x + k % 5];
        *out++ = sum > 0 ? sum : 0;
    }
}
static void pool_plain(int C, int H, int W, const float *in, float *out)
{
    for (int c = 0; c < C; c++) for (int y = 0; y < H / 2; y++)
        for (int x = 0; x < W / 2; x++, out++)
        for (int j = 0; j < 4; j++) {
            float value = in[(c * H + 2 * y + j / 2) * W + 2 * x + j % 2];
            if (j == 0 || value > *out) *out = value;
        }
}
static void dense_plain(int K, int O, const float *in, const float *w, const float *bias, int last,
                        float *out)
{
    for (int o = 0; o < O; o++) {
        float sum = bias[o];
        for (int k = 0; k < K; k++) sum += w[o * K + k] * in[k];
        out[o] = sum > 0 || last ? sum : 0;
    }
}

/* The activations of one image. */
EXPORT void lenet_layers(const Weights *w, const void *image, int floats, Layers *out)
{
    float pixel[PIXELS];
    read_pixels(image, floats, 0, pixel);
    convolve_plain(CHANNELS, HEIGHT, WIDTH, MAPS1, pixel, w->conv1[0][0], w->bias1,
                   out->relu1[0][0]);
    pool_plain(MAPS1, HEIGHT - 4, WIDTH - 4, out->relu1[0][0], out->pool1[0][0]);
    convolve_plain(MAPS1, H1, W1, MAPS2, out->pool1[0][0], w->conv2[0][0], w->bias2,
                   out->relu2[0][0]);
    pool_plain(MAPS2, H1 - 4, W1 - 4, out->relu2[0][0], out->pool2[0][0]);
    dense_plain(FEATURES, DENSE1, out->pool2[0][0], w->dense1[0], w->bias3, 0, out->relu3);
    dense_plain(DENSE1, DENSE2, out->relu3, w->dense2[0], w->bias4, 0, out->relu4);
    dense_plain(DENSE2, CLASSES, out->relu4, w->dense3[0], w->bias5, 1, out->dense3);
}
