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
#ifdef __wasm__
#define ONE_THREAD
#endif
#ifndef ONE_THREAD
#include <pthread.h>
#endif

/* UNROLL before a loop: write out its rounds.  The sums of such a loop are then in registers,
 * where an array would be in memory. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* INLINE: always part of the caller, so that shapes that it passes are constants to the compiler.
 * NOINLINE: a function of its own, so that the registers are all for its loop. */
#define EXPORT __attribute__((visibility("default"), used))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* How to read on: each stage of the network comes twice.  First as a textbook has it, in
 * functions X_forward_plain and X_backward_plain for one image; then the same made fast, for a
 * block of images.  Both add in the same order and round the same, so they give the same bytes,
 * and a test holds them together.  lenet_train_plain at the end puts the plain forms together:
 * begin there to learn what is computed, and here to learn how it becomes fast.
 *
 * `d` before a name, as in dout, means the gradient of the loss by it.  Comments write shapes as
 * [rows][columns], the last index the nearest in memory.
 *
 * Two facts of rounding are used all over.  A sum that begins with 0 is never -0, so to add a
 * product with 0 changes no byte: what has no gradient may be left out, or added all the same,
 * whichever is faster.  And numbers below 2^-126, the denormal ones, are kept:
 * flush-to-zero would be faster on some processors, and is not the same on all. */

/* ---------------------------------------------------------------------- the network */

#ifndef CHANNELS /* other shapes by -DCHANNELS=3 -DHEIGHT=32 ... */
#define CHANNELS 1
#define HEIGHT 28
#define WIDTH 28
#define CLASSES 10
#endif

enum {
    KERNEL = 5,             /* the side of a convolution's kernel */
    TAPS = KERNEL * KERNEL, /* and its numbers */
    MAPS1 = 6,
    MAPS2 = 16,
    DENSE1 = 120,
    DENSE2 = 84,
    PIXELS = CHANNELS * HEIGHT * WIDTH,
    H1 = (HEIGHT - 4) / 2, /* the first maps after their pool, */
    W1 = (WIDTH - 4) / 2,
    AREA1 = H1 * W1,
    H2 = (H1 - 4) / 2, /* and the second; of an odd side the last row or column is in no pool */
    W2 = (W1 - 4) / 2,
    AREA2 = H2 * W2,
    FEATURES = MAPS2 * AREA2, /* what the dense layers see */
    BLOCK = 16, /* images that share a gradient: part of what is computed, not of its speed */
};

typedef struct {
    float conv1[MAPS1][CHANNELS][TAPS];
    float conv1_bias[MAPS1];
    float conv2[MAPS2][MAPS1][TAPS];
    float conv2_bias[MAPS2];
    float dense1[DENSE1][FEATURES];
    float dense1_bias[DENSE1];
    float dense2[DENSE2][DENSE1];
    float dense2_bias[DENSE2];
    float dense3[CLASSES][DENSE2];
    float dense3_bias[CLASSES];
} Weights;
enum { WEIGHTS = sizeof(Weights) / sizeof(float) };

typedef struct {        /* all that decides the rest of a run, besides the order of the images */
    double beta1_power; /* of Adam, to the number of steps: 1 at the start */
    double beta2_power;
    int64_t steps;
    Weights weights;
    Weights mean; /* Adam's moments: of the gradient, */
    Weights square; /* and of its square */
} State;

typedef struct { /* the activations of one image, or the loss's gradients by them */
    float relu1[MAPS1][HEIGHT - 4][WIDTH - 4];
    float pool1[MAPS1][H1][W1];
    float relu2[MAPS2][H1 - 4][W1 - 4];
    float pool2[MAPS2][H2][W2];
    float relu3[DENSE1];
    float relu4[DENSE2];
    float dense3[CLASSES]; /* the logits */
} Layers;

/* ---------------------------------------------------------------------- vectors */

#ifndef LANES /* of the native vector: speed and nothing else */
#ifdef __AVX__
#define LANES 8
#else
#define LANES 4
#endif
#endif
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t mask __attribute__((vector_size(4 * LANES))); /* all bits of a lane, or none */
typedef vec unaligned_vec __attribute__((aligned(4), may_alias));
typedef mask unaligned_mask __attribute__((aligned(4), may_alias));

INLINE vec load(const float *p)
{
    return *(const unaligned_vec *)p;
}

INLINE void store(float *p, vec a)
{
    *(unaligned_vec *)p = a;
}

/* One number in all lanes.  a - 0 is a, for -0 too; -0 + 0 would be 0. */
INLINE vec all(float a)
{
    return a - (vec){0};
}

INLINE vec where(mask m, vec a, vec b)
{
    return (vec)(((mask)a & m) | ((mask)b & ~m));
}

INLINE vec relu(vec a)
{
    return (vec)((mask)a & (a > 0));
}

/* y = y where x > 0, else 0: ReLU if x is y, and its way back if x is what it made. */
INLINE void rectify(int count, float *y, const float *x)
{
    for (int i = 0; i < count; i += LANES) {
        store(y + i, (vec)((mask)load(y + i) & (load(x + i) > 0)));
    }
}

static void clear(void *p, size_t bytes)
{
    __builtin_memset(p, 0, bytes);
}

/* ---------------------------------------------------------------------- exp and log */

/* ln(2) in two parts: a product of the first and a small whole number is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33

/* exp(x) for x <= 0, within 1.2 units of the last place; 0 below -700, where the true value is
 * under 1e-304.  x = n ln(2) + r; then 2^n times the Taylor polynomial at |r| <= ln(2)/2. */
EXPORT double lenet_exp(double x)
{
    static const double inverse[] = { /* of the factorials */
        1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
        1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    if (!(x > -700)) {
        return x < 0 ? 0 : x; /* the latter is a NaN */
    }
    /* Beside 1.5 * 2^52 a double has no place for fractions: adding it rounds to a whole number. */
    const double n = (x * 0x1.71547652b82fep+0 + 0x1.8p52) - 0x1.8p52;
    const double r = (x - n * LN2_HIGH) - n * LN2_LOW;
    double p = inverse[13];
    UNROLL
    for (int i = 12; i >= 0; i--) {
        p = p * r + inverse[i];
    }
    const uint64_t bits = (uint64_t)((int64_t)n + 1023) << 52; /* of 2^n: an exponent and no more */
    double power;
    __builtin_memcpy(&power, &bits, 8);
    return p * power;
}

/* log(x) for 1 <= x < 1e300, within a unit of the last place.  x = 2^n (1 + f) with 1 + f from
 * sqrt(1/2) to sqrt(2); the logarithm of 1 + f is 2 artanh(q) with q = f / (2 + f), written as
 * fdlibm does: f less a small correction, since f is exact. */
EXPORT double lenet_log(double x)
{
    if (!(x < 1e300)) {
        return x; /* a NaN */
    }
    uint64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    double n = (double)(int64_t)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL; /* x / 2^n */
    double m;
    __builtin_memcpy(&m, &bits, 8);
    if (m > 1.4142135623730951) {
        m = m / 2;
        n = n + 1;
    }
    const double f = m - 1;
    const double q = f / (2 + f);
    const double s = q * q;
    const double half = 0.5 * f * f;
    double p = 0;
    for (int i = 23; i >= 3; i -= 2) {
        p = p * s + 2.0 / i;
    }
    return n * LN2_HIGH - ((half - (q * (half + p * s) + n * LN2_LOW)) - f);
}

/* ---------------------------------------------------------------------- memory */

enum {
    PADDED = 8, /* the MAPS1 channels, or the KERNEL columns of a kernel, in whole vectors */
    WINDOW = 6, /* the side of what one pool of conv2 sees of pool1 */
    FRAME = 7,  /* the side of a kernel within a margin of zeros */
};

typedef struct { /* a pool's maximum that ReLU let through */
    float gradient;
    int at; /* where its window begins, in floats: list_winners says of what */
} Winner;

typedef struct { /* of one thread */
    /* Forward: LANES or BLOCK images side by side. */
    float x[PIXELS][LANES];
    float pool1[MAPS1][AREA1][LANES];
    float pool2[FEATURES][BLOCK];
    float relu3[DENSE1][BLOCK];
    float relu4[DENSE2][BLOCK];
    float logits[CLASSES][BLOCK]; /* and on the way back their gradient */
    /* Backward: the loss's gradients by pool2, relu3 and relu4. */
    float d2[FEATURES][BLOCK];
    float d3[DENSE1][BLOCK];
    float d4[DENSE2][BLOCK];
    /* Where each pool's maximum is: 0, 1, or these and a row of the map. */
    int32_t place1[BLOCK / LANES][MAPS1][AREA1][LANES];
    int32_t place2[FEATURES][BLOCK];
    /* Image by image: the pixels (a vector at the last of them reads on), pool1 with the channels
     * last, and what a dense layer sees. */
    float pixels[BLOCK][PIXELS + PADDED];
    float pool1_by_image[BLOCK][AREA1][PADDED];
    float by_image[BLOCK * (FEATURES > DENSE1 ? FEATURES : DENSE1)];
    /* conv2's kernels in frames of zeros, channels last. */
    float framed[MAPS2][FRAME * FRAME][PADDED];
    /* The block's gradients by the convolutions' weights, and of one image by pool1. */
    float dconv1[MAPS1][CHANNELS][KERNEL][PADDED];
    float dconv2[MAPS2][TAPS][PADDED];
    float dbias1[PADDED];
    float d1[AREA1][PADDED];
    /* The winners of one image, by map and by pool, with a place for one that does not count. */
    Winner by_map[MAPS2][AREA2 + 1];
    Winner by_pool[AREA2][MAPS2 + 1];
    int of_map[MAPS2]; /* how many */
    int of_pool[AREA2];
} Scratch;

/* The caller's arena: Scratch of every thread, gradient of every block, loss of every block. */
enum { STRIDE = (WEIGHTS + 15) / 16 * 16 }; /* floats from one block's gradient to the next */

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t blocks_of(size_t images)
{
    return (images + BLOCK - 1) / BLOCK;
}

/* ---------------------------------------------------------------------- images */

/* The pixels of image `row` as floats: bytes are divided by 255. */
INLINE void read_pixels(const void *images, int floats, size_t row, float pixels[PIXELS])
{
    if (floats) {
        __builtin_memcpy(pixels, (const float *)images + row * PIXELS, sizeof(float) * PIXELS);
        return;
    }
    for (int i = 0; i < PIXELS; i++) {
        pixels[i] = (float)((const uint8_t *)images)[row * PIXELS + i] / 255.0f;
    }
}

/* Images first .. first + LANES - 1 of a block, by image and then side by side; those from n on,
 * with which a short block is filled up, are blank. */
INLINE void read_lanes(const void *images, int floats, const size_t row[BLOCK], int n, int first,
                       Scratch *s)
{
    for (int l = first; l < first + LANES; l++) {
        if (l < n) {
            read_pixels(images, floats, row[l], s->pixels[l]);
        } else {
            clear(s->pixels[l], sizeof s->pixels[l]);
        }
    }
    for (int i = 0; i < PIXELS; i++) {
        UNROLL
        for (int l = 0; l < LANES; l++) {
            s->x[i][l] = s->pixels[first + l][i];
        }
    }
}

/* ---------------------------------------------------------------------- ReLU, plainly */

static void relu_forward_plain(int count, float *x)
{
    for (int i = 0; i < count; i++) {
        x[i] = x[i] > 0 ? x[i] : 0;
    }
}

/* dx, the gradient by what ReLU made, becomes the gradient by what it was given. */
static void relu_backward_plain(int count, const float *made, float *dx)
{
    for (int i = 0; i < count; i++) {
        dx[i] = made[i] > 0 ? dx[i] : 0;
    }
}

/* ---------------------------------------------------------------------- convolution, plainly */

/* in [C][H][W], w [O][C][TAPS], bias [O], out [O][H - 4][W - 4].  Tap k of a kernel is in its row
 * k / 5 and column k % 5.  The sum of a place begins with the bias and goes channel by channel,
 * and within a channel row by row. */
static void convolution_forward_plain(int C, int H, int W, int O, const float *in, const float *w,
                                      const float *bias, float *out)
{
    for (int o = 0; o < O; o++) {
        for (int y = 0; y < H - 4; y++) {
            for (int x = 0; x < W - 4; x++) {
                float sum = bias[o];
                for (int c = 0; c < C; c++) {
                    for (int k = 0; k < TAPS; k++) {
                        float seen = in[(c * H + y + k / KERNEL) * W + x + k % KERNEL];
                        sum += w[(o * C + c) * TAPS + k] * seen;
                    }
                }
                out[(o * (H - 4) + y) * (W - 4) + x] = sum;
            }
        }
    }
}

/* out [C][H / 2][W / 2] of in [C][H][W]: the largest of each 2x2. */
static void pool_forward_plain(int C, int H, int W, const float *in, float *out)
{
    for (int c = 0; c < C; c++) {
        for (int y = 0; y < H / 2; y++) {
            for (int x = 0; x < W / 2; x++) {
                float most = in[(c * H + 2 * y) * W + 2 * x];
                for (int j = 1; j < 4; j++) {
                    float value = in[(c * H + 2 * y + j / 2) * W + 2 * x + j % 2];
                    most = value > most ? value : most;
                }
                out[(c * (H / 2) + y) * (W / 2) + x] = most;
            }
        }
    }
}

/* din [C][H][W] from dout [C][H / 2][W / 2]: the gradient goes to the place of the maximum, of
 * equal ones to the first, and the others have none. */
static void pool_backward_plain(int C, int H, int W, const float *in, const float *dout, float *din)
{
    clear(din, sizeof(float) * C * H * W);
    for (int c = 0; c < C; c++) {
        for (int y = 0; y < H / 2; y++) {
            for (int x = 0; x < W / 2; x++) {
                int best = (c * H + 2 * y) * W + 2 * x;
                for (int j = 1; j < 4; j++) {
                    int at = (c * H + 2 * y + j / 2) * W + 2 * x + j % 2;
                    best = in[at] > in[best] ? at : best;
                }
                din[best] = dout[(c * (H / 2) + y) * (W / 2) + x];
            }
        }
    }
}

/* Where in a map of `columns` columns place j of pool i is: 0 1 in its upper row, 2 3 below. */
static int place_in_map(int columns, int i, int j)
{
    int pools = columns / 2;
    int y = 2 * (i / pools) + j / 2;
    int x = 2 * (i % pools) + j % 2;
    return y * columns + x;
}

/* What one place (y, x) of a map adds, by its gradient, to the gradient by the map's kernel,
 * dw [C][TAPS], and unless din is null to the gradient by what it sees, din [C][H][W]. */
static void place_backward_plain(int C, int H, int W, int y, int x, float gradient,
                                 const float *in, const float *w, float *din, float *dw)
{
    for (int c = 0; c < C; c++) {
        for (int k = 0; k < TAPS; k++) {
            int seen = (c * H + y + k / KERNEL) * W + x + k % KERNEL;
            dw[c * TAPS + k] += gradient * in[seen];
            if (din) {
                din[seen] += gradient * w[c * TAPS + k];
            }
        }
    }
}

/* Adds to dw [O][C][TAPS] and, unless din is null, to din [C][H][W] what comes of
 * dout [O][H - 4][W - 4].
 *
 * The order of these sums is a rule of the engine.  They go over the places of a map pool by pool
 * and not row by row, since the fast form knows of each pool only its maximum: the other three
 * places have a gradient of 0.  At each pool they go map by map. */
static void convolution_backward_plain(int C, int H, int W, int O, const float *in, const float *w,
                                       const float *dout, float *din, float *dw)
{
    const int rows = H - 4;
    const int columns = W - 4;
    for (int i = 0; i < (rows / 2) * (columns / 2); i++) {
        for (int o = 0; o < O; o++) {
            for (int j = 0; j < 4; j++) {
                int at = place_in_map(columns, i, j);
                place_backward_plain(C, H, W, at / columns, at % columns,
                                     dout[o * rows * columns + at], in, w + o * C * TAPS, din,
                                     dw + o * C * TAPS);
            }
        }
    }
}

/* Adds to dbias [O] what comes of dout [O][rows][columns].  This order too is a rule: `run` pools
 * at a time make a sum of their own, and these sums are added.  A run is a row of pools in conv1,
 * where a processor adds several rows at once, and a whole map in conv2, where the fast form adds
 * the maps of several images side by side. */
static void bias_backward_plain(int rows, int columns, int O, int run, const float *dout,
                                float *dbias)
{
    for (int o = 0; o < O; o++) {
        for (int first = 0; first < (rows / 2) * (columns / 2); first += run) {
            float sum = 0;
            for (int i = first; i < first + run; i++) {
                for (int j = 0; j < 4; j++) {
                    sum += dout[o * rows * columns + place_in_map(columns, i, j)];
                }
            }
            dbias[o] += sum;
        }
    }
}

/* ---------------------------------------------------------------------- convolution, forward
 *
 * Convolution, pool and ReLU in one pass over LANES images, side by side in a vector. */

/* sum[q][j] at the four places j of a pool, by two kernels q.  Eight sums in registers, each of
 * which needs no other's result: a processor adds several of them at once, where in one sum each
 * addition waits for the one before.
 *
 * in [C][H][W][LANES] from the pool's first place on; w [2][C][TAPS]; bias [2]. */
INLINE void pool_sums(int C, int H, int W, const float *in, const float *w, const float *bias,
                      vec sum[2][4])
{
    UNROLL
    for (int q = 0; q < 2; q++) {
        UNROLL
        for (int j = 0; j < 4; j++) {
            sum[q][j] = all(bias[q]);
        }
    }
    for (int c = 0; c < C; c++) {
        for (int r = 0; r < KERNEL; r++) {
            UNROLL
            for (int k = 0; k < KERNEL; k++) {
                const float *seen = in + ((c * H + r) * W + k) * LANES;
                const vec at[4] = {load(seen), load(seen + LANES), load(seen + W * LANES),
                                   load(seen + (W + 1) * LANES)};
                UNROLL
                for (int q = 0; q < 2; q++) {
                    const vec tap = all(w[(q * C + c) * TAPS + r * KERNEL + k]);
                    UNROLL
                    for (int j = 0; j < 4; j++) {
                        sum[q][j] += tap * at[j];
                    }
                }
            }
        }
    }
}

/* The maximum of a pool, then ReLU: once, where ReLU before the pool would be done four times.
 * Unless `place` is null, where the maximum is: 0, 1, W or W + 1, counted in the map of width W
 * that the convolution sees.  Of equal ones the first wins. */
INLINE void pool_forward(int W, const vec sum[4], float *out, int32_t *place)
{
    const mask right = sum[1] > sum[0];
    const mask right2 = sum[3] > sum[2];
    const vec above = where(right, sum[1], sum[0]);
    const vec under = where(right2, sum[3], sum[2]);
    const mask below = under > above;
    store(out, relu(where(below, under, above)));
    if (place) {
        const mask column = ((right & ~below) | (right2 & below)) & 1;
        *(unaligned_mask *)place = column + (below & W);
    }
}

/* in [C][H][W][LANES], w [O][C][TAPS], bias [O]; out and place [O][(H - 4) / 2][(W - 4) / 2], a
 * vector each, `stride` floats from one to the next.  place may be null.
 *
 * Places are outside and kernels inside: what a pool sees stays in the nearest cache for all. */
INLINE void convolution_forward(int C, int H, int W, int O, const float *in, const float *w,
                                const float *bias, float *out, int32_t *place, int stride)
{
    const int rows = (H - 4) / 2;
    const int columns = (W - 4) / 2;
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
            const float *corner = in + (2 * y * W + 2 * x) * LANES;
            for (int o = 0; o < O; o += 2) {
                vec sum[2][4];
                pool_sums(C, H, W, corner, w + o * C * TAPS, bias + o, sum);
                UNROLL
                for (int q = 0; q < 2; q++) {
                    int at = (((o + q) * rows + y) * columns + x) * stride;
                    pool_forward(W, sum[q], out + at, place ? place + at : 0);
                }
            }
        }
    }
}

/* pool1 of LANES images from `first` on, image by image with the channels last: the way back
 * needs it so. */
INLINE void keep_by_image(int first, Scratch *s)
{
    for (int i = 0; i < AREA1; i++) {
        for (int l = 0; l < LANES; l++) {
            for (int c = 0; c < MAPS1; c++) {
                s->pool1_by_image[first + l][i][c] = s->pool1[c][i][l];
            }
        }
    }
}

/* ---------------------------------------------------------------------- convolution, backward
 *
 * Image by image, since each image has its maxima elsewhere.  No gradient by a whole map is
 * written down: of each pool only the maximum counts, and of conv2 only if ReLU let it through.
 * Lanes are the PADDED channels or columns: one vector, or two with h = 0 and 4 if LANES is 4.
 * The lanes beyond the 6 channels or 5 columns hold anything, and nobody reads what comes of
 * them. */

/* List the winners of image n, in the order of the pools and of the maps.
 *
 * By map, a winner's window begins in pool1_by_image; by pool, in the frame of its kernel, which
 * then stands at the winner's place in the 6x6 that the pool sees.  Every pool is written down,
 * and the next one over it unless it counts: no branch, which a processor could not foresee. */
NOINLINE void list_winners(Scratch *s, int n)
{
    clear(s->of_pool, sizeof s->of_pool);
    for (int o = 0; o < MAPS2; o++) {
        int winners = 0;
        for (int i = 0; i < AREA2; i++) {
            const float gradient = s->d2[o * AREA2 + i][n];
            const int place = s->place2[o * AREA2 + i][n];
            const int below = place >= W1;
            const int right = place - below * W1;
            const int counts = gradient != 0;
            const int in_pool1 = i / W2 * 2 * W1 + i % W2 * 2 + place;
            const int in_frames = o * FRAME * FRAME + (1 - below) * FRAME + 1 - right;
            s->by_map[o][winners] = (Winner){gradient, in_pool1 * PADDED};
            winners += counts;
            s->by_pool[i][s->of_pool[i]] = (Winner){gradient, in_frames * PADDED};
            s->of_pool[i] += counts;
        }
        s->of_map[o] = winners;
    }
}

/* One row of a kernel's gradient; lanes are input channels, the five taps in registers.  in and
 * dw [.][PADDED]. */
INLINE void conv2_row_backward(const Winner *winner, int winners, const float *in, float *dw)
{
    const Winner *end = winner + winners;
    vec sum[KERNEL];
    UNROLL
    for (int k = 0; k < KERNEL; k++) {
        sum[k] = load(dw + k * PADDED);
    }
    for (; winner < end; winner++) {
        const vec gradient = all(winner->gradient);
        const float *seen = in + winner->at;
        UNROLL
        for (int k = 0; k < KERNEL; k++) {
            sum[k] += gradient * load(seen + k * PADDED);
        }
    }
    UNROLL
    for (int k = 0; k < KERNEL; k++) {
        store(dw + k * PADDED, sum[k]);
    }
}

/* Adds image n to the gradient by conv2's kernels. */
NOINLINE void conv2_weights_backward(Scratch *s, int n)
{
    for (int o = 0; o < MAPS2; o++) {
        for (int h = 0; h < PADDED; h += LANES) {
            for (int r = 0; r < KERNEL; r++) {
                conv2_row_backward(s->by_map[o], s->of_map[o], s->pool1_by_image[n][r * W1] + h,
                                   s->dconv2[o][r * KERNEL] + h);
            }
        }
    }
}

/* conv2's kernels in their frames: from [1][1] of 7x7 on, so that a 6x6 cut from the frame holds
 * the kernel at any of the four places of a pool, and zeros beside it.  All winners of a pool are
 * then added over the same 6x6, which stays in registers, wherever in the pool they are. */
INLINE void frame_kernels(const Weights *w, Scratch *s)
{
    clear(s->framed, sizeof s->framed);
    for (int o = 0; o < MAPS2; o++) {
        for (int c = 0; c < MAPS1; c++) {
            for (int k = 0; k < TAPS; k++) {
                int at = (k / KERNEL + 1) * FRAME + k % KERNEL + 1;
                s->framed[o][at][c] = w->conv2[o][c][k];
            }
        }
    }
}

/* Two rows of the gradient under a pool, in registers; lanes are input channels.  framed and
 * d1 [.][PADDED]. */
INLINE void conv2_rows_backward(const Winner *winner, int winners, const float *framed, float *d1)
{
    const Winner *end = winner + winners;
    vec sum[2][WINDOW];
    UNROLL
    for (int q = 0; q < 2; q++) {
        UNROLL
        for (int k = 0; k < WINDOW; k++) {
            sum[q][k] = load(d1 + (q * W1 + k) * PADDED);
        }
    }
    for (; winner < end; winner++) {
        const vec gradient = all(winner->gradient);
        const float *kernel = framed + winner->at;
        UNROLL
        for (int q = 0; q < 2; q++) {
            UNROLL
            for (int k = 0; k < WINDOW; k++) {
                sum[q][k] += gradient * load(kernel + (q * FRAME + k) * PADDED);
            }
        }
    }
    UNROLL
    for (int q = 0; q < 2; q++) {
        UNROLL
        for (int k = 0; k < WINDOW; k++) {
            store(d1 + (q * W1 + k) * PADDED, sum[q][k]);
        }
    }
}

/* d1 of one image, from what its pools see. */
NOINLINE void conv2_input_backward(Scratch *s)
{
    clear(s->d1, sizeof s->d1);
    for (int i = 0; i < AREA2; i++) {
        const int corner = i / W2 * 2 * W1 + i % W2 * 2;
        for (int h = 0; h < PADDED; h += LANES) {
            for (int r = 0; r < WINDOW; r += 2) {
                conv2_rows_backward(s->by_pool[i], s->of_pool[i], s->framed[0][r * FRAME] + h,
                                    s->d1[corner + r * W1] + h);
            }
        }
    }
}

/* The gradient by conv2's biases, of the whole block: that of each image first, side by side. */
INLINE void conv2_bias_backward(const Scratch *s, float dbias[MAPS2])
{
    for (int o = 0; o < MAPS2; o++) {
        float image[BLOCK] = {0};
        for (int i = 0; i < AREA2; i++) {
            for (int l = 0; l < BLOCK; l++) {
                image[l] += s->d2[o * AREA2 + i][l];
            }
        }
        float sum = 0;
        for (int l = 0; l < BLOCK; l++) {
            sum += image[l];
        }
        dbias[o] = sum;
    }
}

/* Adds an image to the gradient by conv1's biases; lanes are maps. */
INLINE void conv1_bias_backward(Scratch *s)
{
    for (int y = 0; y < H1; y++) {
        for (int h = 0; h < PADDED; h += LANES) {
            vec row = all(0); /* its sum apart, so that a processor adds several rows at once */
            for (int x = 0; x < W1; x++) {
                row += load(s->d1[y * W1 + x] + h);
            }
            store(s->dbias1 + h, load(s->dbias1 + h) + row);
        }
    }
}

/* Adds image n to the gradient by the kernels of maps c and c + 1 at input channel i.  Lanes are
 * columns of the kernel, from column h on, and its rows are in registers.  No list leaves out the
 * pools without a gradient here: they add 0. */
INLINE void conv1_kernels_backward(Scratch *s, int n, int c, int i, int h)
{
    vec sum[2][KERNEL];
    UNROLL
    for (int q = 0; q < 2; q++) {
        UNROLL
        for (int r = 0; r < KERNEL; r++) {
            sum[q][r] = load(s->dconv1[c + q][i][r] + h);
        }
    }
    for (int y = 0; y < H1; y++) {
        for (int x = 0; x < W1; x++) {
            const float *corner = s->pixels[n] + (i * HEIGHT + 2 * y) * WIDTH + 2 * x + h;
            UNROLL
            for (int q = 0; q < 2; q++) {
                const vec gradient = all(s->d1[y * W1 + x][c + q]);
                const float *seen = corner
                    + s->place1[n / LANES][c + q][y * W1 + x][n % LANES];
                UNROLL
                for (int r = 0; r < KERNEL; r++) {
                    sum[q][r] += gradient * load(seen + r * WIDTH);
                }
            }
        }
    }
    UNROLL
    for (int q = 0; q < 2; q++) {
        UNROLL
        for (int r = 0; r < KERNEL; r++) {
            store(s->dconv1[c + q][i][r] + h, sum[q][r]);
        }
    }
}

/* Adds image n, whose d1 is there, to the gradients of conv1.  ReLU comes first: pool1 is above 0
 * where it let the maximum through. */
NOINLINE void conv1_backward(Scratch *s, int n)
{
    rectify(AREA1 * PADDED, s->d1[0], s->pool1_by_image[n][0]);
    conv1_bias_backward(s);
    for (int c = 0; c < MAPS1; c += 2) {
        for (int i = 0; i < CHANNELS; i++) {
            for (int h = 0; h < PADDED; h += LANES) {
                conv1_kernels_backward(s, n, c, i, h);
            }
        }
    }
}

/* Both convolutions of a block of n images, from d2. */
INLINE void convolutions_backward(const Weights *w, int n, Scratch *s, Weights *dw)
{
    frame_kernels(w, s);
    clear(s->dconv1, sizeof s->dconv1);
    clear(s->dconv2, sizeof s->dconv2);
    clear(s->dbias1, sizeof s->dbias1);
    for (int i = 0; i < n; i++) {
        list_winners(s, i);
        conv2_weights_backward(s, i);
        conv2_input_backward(s);
        conv1_backward(s, i);
    }
    conv2_bias_backward(s, dw->conv2_bias);
    for (int o = 0; o < MAPS2; o++) { /* and out of the lanes, into PyTorch's order */
        for (int c = 0; c < MAPS1; c++) {
            for (int k = 0; k < TAPS; k++) {
                dw->conv2[o][c][k] = s->dconv2[o][k][c];
            }
        }
    }
    for (int c = 0; c < MAPS1; c++) {
        dw->conv1_bias[c] = s->dbias1[c];
        for (int i = 0; i < CHANNELS; i++) {
            for (int k = 0; k < TAPS; k++) {
                dw->conv1[c][i][k] = s->dconv1[c][i][k / KERNEL][k % KERNEL];
            }
        }
    }
}

/* ---------------------------------------------------------------------- dense layers, plainly */

/* out [O] = w [O][K] in [K] + bias [O]; each sum begins with the bias. */
static void dense_forward_plain(int K, int O, const float *in, const float *w, const float *bias,
                                float *out)
{
    for (int o = 0; o < O; o++) {
        float sum = bias[o];
        for (int k = 0; k < K; k++) {
            sum += w[o * K + k] * in[k];
        }
        out[o] = sum;
    }
}

/* din [K] from dout [O]; adds to dw [O][K] and dbias [O]. */
static void dense_backward_plain(int K, int O, const float *in, const float *w, const float *dout,
                                 float *din, float *dw, float *dbias)
{
    for (int k = 0; k < K; k++) {
        float sum = 0;
        for (int o = 0; o < O; o++) {
            sum += w[o * K + k] * dout[o];
        }
        din[k] = sum;
    }
    for (int o = 0; o < O; o++) {
        for (int k = 0; k < K; k++) {
            dw[o * K + k] += dout[o] * in[k];
        }
        dbias[o] += dout[o];
    }
}

/* ---------------------------------------------------------------------- dense layers */

/* R rows by 2 vectors of a product of matrices, in registers: for R = 4 eight sums that wait for
 * no other's result.  `row` and `column` are the strides of a, and N is that of b and c. */
INLINE void multiply_tile(int R, int K, int N, const float *a, int row, int column, const float *b,
                          const float *bias, float *c)
{
    vec sum[4][2];
    UNROLL
    for (int i = 0; i < R; i++) {
        sum[i][0] = all(bias ? bias[i] : 0);
        sum[i][1] = sum[i][0];
    }
    for (int k = 0; k < K; k++) {
        const vec left = load(b + k * N);
        const vec right = load(b + k * N + LANES);
        UNROLL
        for (int i = 0; i < R; i++) {
            const vec factor = all(a[i * row + k * column]);
            sum[i][0] += factor * left;
            sum[i][1] += factor * right;
        }
    }
    UNROLL
    for (int i = 0; i < R; i++) {
        store(c + i * N, sum[i][0]);
        store(c + i * N + LANES, sum[i][1]);
    }
}

/* c [M][N] = a b [K][N] + bias [M], which may be 0.  a is [M][K] by its two strides, so that it
 * may be read as its transpose.  Lanes are columns, and sums go along k.
 *
 * Rows are outside: a and c are gone through once, while b stays in the nearest cache.  Where M
 * or N is no multiple of a tile, the last one is moved back to end with the matrix: some rows or
 * columns are computed twice, to the same values. */
INLINE void multiply(int M, int K, int N, const float *a, int row, int column, const float *b,
                     const float *bias, float *c)
{
    const int R = M < 4 ? 1 : 4;
    const int S = 2 * LANES;
    for (int m4 = 0; m4 < M; m4 += R) {
        for (int n2 = 0; n2 < N; n2 += S) {
            const int m = MIN(m4, M - R);
            const int n = MIN(n2, N - S);
            multiply_tile(R, K, N, a + m * row, row, column, b + n, bias ? bias + m : 0,
                          c + m * N + n);
        }
    }
}

/* Of a block: out [O][BLOCK] from in [K][BLOCK], by w [O][K] and bias [O].  Lanes are images. */
INLINE void dense_forward(int K, int O, const float *in, const float *w, const float *bias,
                          float *out)
{
    multiply(O, K, BLOCK, w, K, 1, in, bias, out);
}

/* Of a block: from dout [O][BLOCK] to din [K][BLOCK], which goes back through the ReLU that made
 * in [K][BLOCK] as well, dw [O][K] and dbias [O].
 *
 * Lanes are images for din and inputs for dw, whose sums go along the images: by_image is in as
 * [BLOCK][K].  The blank images of a short block have a dout of 0, and add nothing. */
INLINE void dense_backward(int K, int O, const float *in, const float *w, const float *dout,
                           float *din, float *dw, float *dbias, float *by_image)
{
    multiply(K, O, BLOCK, w, 1, K, dout, 0, din);
    rectify(K * BLOCK, din, in);
    for (int k = 0; k < K; k++) {
        UNROLL
        for (int n = 0; n < BLOCK; n++) {
            by_image[n * K + k] = in[k * BLOCK + n];
        }
    }
    multiply(O, BLOCK, K, dout, BLOCK, 1, by_image, 0, dw);
    for (int o = 0; o < O; o++) {
        dbias[o] = 0;
        for (int n = 0; n < BLOCK; n++) {
            dbias[o] += dout[o * BLOCK + n];
        }
    }
}

/* ---------------------------------------------------------------------- softmax cross-entropy
 *
 * In double precision and by one image at a time: there are few logits, and no fast form.  Logit
 * i of an image is logits[i * stride]: stride is BLOCK within a block, and 1 else. */

typedef struct {
    double terms[CLASSES]; /* exp of each logit less the highest, which cannot overflow */
    double sum;
    int best; /* the highest logit, of equal ones the first: the guess */
} Softmax;

/* Fills terms and best; the sum of the terms. */
INLINE double softmax_terms(const float *logits, int stride, double terms[CLASSES], int *best)
{
    *best = 0;
    for (int i = 1; i < CLASSES; i++) {
        if (logits[i * stride] > logits[*best * stride]) {
            *best = i;
        }
    }
    double sum = 0;
    for (int i = 0; i < CLASSES; i++) {
        terms[i] = lenet_exp((double)logits[i * stride] - logits[*best * stride]);
        sum += terms[i];
    }
    return sum;
}

/* The loss of an image, in nats. */
static double cross_entropy_forward(const float *logits, int stride, int label, Softmax *softmax)
{
    softmax->sum = softmax_terms(logits, stride, softmax->terms, &softmax->best);
    const double top = logits[softmax->best * stride];
    return top - logits[label * stride] + lenet_log(softmax->sum);
}

/* The gradient by the logits of `scale` times the loss: a batch's mean has the scale 1 / images.
 * Rounded to float before it is scaled. */
static void cross_entropy_backward(const Softmax *softmax, int label, float scale, int stride,
                                   float *dlogits)
{
    for (int i = 0; i < CLASSES; i++) {
        const double share = softmax->terms[i] / softmax->sum;
        dlogits[i * stride] = (float)(share - (i == label)) * scale;
    }
}

/* ---------------------------------------------------------------------- Adam
 *
 * Kingma and Ba 2015, algorithm 1: beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8.  What corrects its
 * moments is two numbers a step: rate / (1 - beta1^t) and 1 / sqrt(1 - beta2^t), in double, then
 * rounded.  The moments of a weight that has no gradient any more decay among the denormal
 * numbers. */

typedef struct {
    float rate;
    float root;
} Correction;

static Correction correction(double rate, double beta1_power, double beta2_power)
{
    return (Correction){
        .rate = (float)(rate / (1 - beta1_power)),
        .root = (float)(1 / __builtin_sqrt(1 - beta2_power)),
    };
}

static void adam_plain(State *state, const Weights *gradient, Correction correct)
{
    const float *g = (const float *)gradient;
    float *w = (float *)&state->weights;
    float *m = (float *)&state->mean;
    float *v = (float *)&state->square;
    for (int i = 0; i < WEIGHTS; i++) {
        m[i] = m[i] + (g[i] - m[i]) * 0.1f;
        v[i] = v[i] * 0.999f + g[i] * g[i] * 0.001f;
        w[i] = w[i] - correct.rate * (m[i] / (__builtin_sqrtf(v[i]) * correct.root + 1e-8f));
    }
}

/* The same on a chunk of the weights, from number `from` on, so that threads share the work;
 * first the blocks' gradients, STRIDE floats from one to the next, are added in the order of the
 * blocks.  A chunk is so small that its sum stays in the nearest cache meanwhile.  Lanes are
 * weights: the compiler makes vectors of these loops. */
enum { CHUNK = 2048 };
NOINLINE void adam(State *state, const float *gradients, size_t blocks, int from, float rate,
                   float root)
{
    float *w = (float *)&state->weights + from;
    float *m = (float *)&state->mean + from;
    float *v = (float *)&state->square + from;
    float g[CHUNK]; /* the batch's gradient */
    const int n = MIN(CHUNK, WEIGHTS - from);
    for (int i = 0; i < n; i++) {
        g[i] = gradients[from + i];
    }
    for (size_t b = 1; b < blocks; b++) {
        for (int i = 0; i < n; i++) {
            g[i] += gradients[b * STRIDE + from + i];
        }
    }
    for (int i = 0; i < n; i++) {
        m[i] = m[i] + (g[i] - m[i]) * 0.1f;
        v[i] = v[i] * 0.999f + g[i] * g[i] * 0.001f;
        w[i] = w[i] - rate * (m[i] / (__builtin_sqrtf(v[i]) * root + 1e-8f));
    }
}

/* ---------------------------------------------------------------------- the network, plainly */

static void network_forward_plain(const Weights *w, const float pixels[PIXELS], Layers *out)
{
    convolution_forward_plain(CHANNELS, HEIGHT, WIDTH, MAPS1, pixels, w->conv1[0][0], w->conv1_bias,
                              out->relu1[0][0]);
    relu_forward_plain(MAPS1 * (HEIGHT - 4) * (WIDTH - 4), out->relu1[0][0]);
    pool_forward_plain(MAPS1, HEIGHT - 4, WIDTH - 4, out->relu1[0][0], out->pool1[0][0]);
    convolution_forward_plain(MAPS1, H1, W1, MAPS2, out->pool1[0][0], w->conv2[0][0], w->conv2_bias,
                              out->relu2[0][0]);
    relu_forward_plain(MAPS2 * (H1 - 4) * (W1 - 4), out->relu2[0][0]);
    pool_forward_plain(MAPS2, H1 - 4, W1 - 4, out->relu2[0][0], out->pool2[0][0]);
    dense_forward_plain(FEATURES, DENSE1, out->pool2[0][0], w->dense1[0], w->dense1_bias, out->relu3);
    relu_forward_plain(DENSE1, out->relu3);
    dense_forward_plain(DENSE1, DENSE2, out->relu3, w->dense2[0], w->dense2_bias, out->relu4);
    relu_forward_plain(DENSE2, out->relu4);
    dense_forward_plain(DENSE2, CLASSES, out->relu4, w->dense3[0], w->dense3_bias, out->dense3);
}

/* Adds an image to the gradient dw, from d->dense3, its gradient by the logits, and fills the
 * rest of d. */
static void network_backward_plain(const Weights *w, const float pixels[PIXELS], const Layers *out,
                                   Layers *d, Weights *dw)
{
    dense_backward_plain(DENSE2, CLASSES, out->relu4, w->dense3[0], d->dense3, d->relu4,
                         dw->dense3[0], dw->dense3_bias);
    relu_backward_plain(DENSE2, out->relu4, d->relu4);
    dense_backward_plain(DENSE1, DENSE2, out->relu3, w->dense2[0], d->relu4, d->relu3,
                         dw->dense2[0], dw->dense2_bias);
    relu_backward_plain(DENSE1, out->relu3, d->relu3);
    dense_backward_plain(FEATURES, DENSE1, out->pool2[0][0], w->dense1[0], d->relu3,
                         d->pool2[0][0], dw->dense1[0], dw->dense1_bias);

    pool_backward_plain(MAPS2, H1 - 4, W1 - 4, out->relu2[0][0], d->pool2[0][0], d->relu2[0][0]);
    relu_backward_plain(MAPS2 * (H1 - 4) * (W1 - 4), out->relu2[0][0], d->relu2[0][0]);
    bias_backward_plain(H1 - 4, W1 - 4, MAPS2, AREA2, d->relu2[0][0], dw->conv2_bias);
    clear(d->pool1, sizeof d->pool1);
    convolution_backward_plain(MAPS1, H1, W1, MAPS2, out->pool1[0][0], w->conv2[0][0],
                               d->relu2[0][0], d->pool1[0][0], dw->conv2[0][0]);

    pool_backward_plain(MAPS1, HEIGHT - 4, WIDTH - 4, out->relu1[0][0], d->pool1[0][0],
                        d->relu1[0][0]);
    relu_backward_plain(MAPS1 * (HEIGHT - 4) * (WIDTH - 4), out->relu1[0][0], d->relu1[0][0]);
    bias_backward_plain(HEIGHT - 4, WIDTH - 4, MAPS1, W1, d->relu1[0][0], dw->conv1_bias);
    convolution_backward_plain(CHANNELS, HEIGHT, WIDTH, MAPS1, pixels, w->conv1[0][0],
                               d->relu1[0][0], 0, dw->conv1[0][0]);
}

/* ---------------------------------------------------------------------- the network, by blocks */

/* Logits of a block of n images, and for `training` what the way back needs. */
INLINE void forward(const Weights *w, const void *images, int floats, const size_t row[BLOCK],
                    int n, Scratch *s, int training)
{
    for (int v = 0; v < BLOCK; v += LANES) {
        int32_t *place1 = training ? s->place1[v / LANES][0][0] : 0;
        int32_t *place2 = training ? s->place2[0] + v : 0;
        read_lanes(images, floats, row, n, v, s);
        convolution_forward(CHANNELS, HEIGHT, WIDTH, MAPS1, s->x[0], w->conv1[0][0], w->conv1_bias,
                            s->pool1[0][0], place1, LANES);
        convolution_forward(MAPS1, H1, W1, MAPS2, s->pool1[0][0], w->conv2[0][0], w->conv2_bias,
                            s->pool2[0] + v, place2, BLOCK);
        if (training) {
            keep_by_image(v, s);
        }
    }
    dense_forward(FEATURES, DENSE1, s->pool2[0], w->dense1[0], w->dense1_bias, s->relu3[0]);
    rectify(DENSE1 * BLOCK, s->relu3[0], s->relu3[0]);
    dense_forward(DENSE1, DENSE2, s->relu3[0], w->dense2[0], w->dense2_bias, s->relu4[0]);
    rectify(DENSE2 * BLOCK, s->relu4[0], s->relu4[0]);
    dense_forward(DENSE2, CLASSES, s->relu4[0], w->dense3[0], w->dense3_bias, s->logits[0]);
}

/* The gradient of a block of n images by all weights, from the one by its logits. */
NOINLINE void backward(const Weights *w, int n, Scratch *s, Weights *dw)
{
    dense_backward(DENSE2, CLASSES, s->relu4[0], w->dense3[0], s->logits[0], s->d4[0],
                   dw->dense3[0], dw->dense3_bias, s->by_image);
    dense_backward(DENSE1, DENSE2, s->relu3[0], w->dense2[0], s->d4[0], s->d3[0],
                   dw->dense2[0], dw->dense2_bias, s->by_image);
    dense_backward(FEATURES, DENSE1, s->pool2[0], w->dense1[0], s->d3[0], s->d2[0],
                   dw->dense1[0], dw->dense1_bias, s->by_image);
    convolutions_backward(w, n, s, dw);
}

/* ---------------------------------------------------------------------- threads
 *
 * Threads take blocks by tickets: whoever is free draws the next number.  Who computes a block
 * changes nothing, since its gradient and its loss have a place of their own. */

typedef struct Call { /* what the threads of one call share */
    /* What the caller gave: lenet_train and lenet_outputs say more. */
    State *state;
    const Weights *weights;
    const void *images;
    int floats;
    const int32_t *labels;
    const uint32_t *order;
    int count;
    int batch;
    double rate;
    double *losses;
    float *logits;
    /* The parts of the arena. */
    Scratch *scratch;
    float *gradients;
    double *block_loss;
    /* What each thread does; `first` is 1 for the one that called. */
    void (*part)(struct Call *, Scratch *, int first);
    /* Numbers that all threads change stand in lines of the cache of their own. */
    _Alignas(64) atomic_int ticket;
    _Alignas(64) atomic_int arrived;
    atomic_int phase; /* how often all have met */
    atomic_int mistakes;
#ifndef ONE_THREAD
    pthread_mutex_t lock;
    pthread_cond_t turn; /* a phase has begun */
    int started;
    int threads;
#endif
} Call;

enum { MOST = 64 }; /* threads of a call */

#ifdef ONE_THREAD

static void meet(Call *call)
{
    call->ticket = 0;
}

static void together(Call *call, int threads)
{
    (void)threads;
    call->part(call, call->scratch, 1);
}

#else

/* All threads wait for the last, which also puts the tickets back to 0.  Who has waited for some
 * microseconds sleeps: another thread may need the core to arrive. */
static void meet(Call *call)
{
    const int phase = atomic_load(&call->phase);
    if (atomic_fetch_add(&call->arrived, 1) == call->threads - 1) {
        atomic_store(&call->arrived, 0);
        atomic_store(&call->ticket, 0);
        pthread_mutex_lock(&call->lock);
        atomic_store(&call->phase, phase + 1);
        pthread_cond_broadcast(&call->turn);
        pthread_mutex_unlock(&call->lock);
        return;
    }
    for (int spin = 0; spin < 2000; spin++) {
        if (atomic_load(&call->phase) != phase) {
            return;
        }
    }
    pthread_mutex_lock(&call->lock);
    while (atomic_load(&call->phase) == phase) {
        pthread_cond_wait(&call->turn, &call->lock);
    }
    pthread_mutex_unlock(&call->lock);
}

static void *helper(void *p)
{
    Call *call = p;
    pthread_mutex_lock(&call->lock); /* until it is known how many take part */
    call->started++;
    const int number = call->started;
    pthread_mutex_unlock(&call->lock);
    call->part(call, call->scratch + number, 0);
    return 0;
}

/* Do the call's part in `threads` threads, or in as many as can be had. */
static void together(Call *call, int threads)
{
    pthread_t id[MOST];
    int more = 0;
    pthread_mutex_init(&call->lock, 0);
    pthread_cond_init(&call->turn, 0);
    pthread_mutex_lock(&call->lock);
    while (more < threads - 1 && !pthread_create(&id[more], 0, helper, call)) {
        more++;
    }
    call->threads = more + 1;
    pthread_mutex_unlock(&call->lock);
    call->part(call, call->scratch, 1);
    while (more) {
        more--;
        pthread_join(id[more], 0);
    }
    pthread_cond_destroy(&call->turn);
    pthread_mutex_destroy(&call->lock);
}

#endif

/* ---------------------------------------------------------------------- a thread's work */

/* The loss of images order[start] .. order[start + n - 1], and its gradient.
 *
 * Blocks are functions of their own for WebAssembly's sake: there optimised code comes in with
 * the next call, and an epoch is one. */
NOINLINE double block_gradient(const Call *c, int start, int n, float scale, Scratch *s,
                               float *gradient)
{
    size_t row[BLOCK];
    for (int i = 0; i < n; i++) {
        row[i] = c->order[start + i];
    }
    forward(c->weights, c->images, c->floats, row, n, s, 1);
    double loss = 0;
    for (int i = 0; i < n; i++) {
        const int label = c->labels[row[i]];
        Softmax softmax;
        loss += cross_entropy_forward(&s->logits[0][i], BLOCK, label, &softmax);
        cross_entropy_backward(&softmax, label, scale, BLOCK, &s->logits[0][i]);
    }
    for (int i = n; i < BLOCK; i++) { /* blank images have no gradient */
        for (int k = 0; k < CLASSES; k++) {
            s->logits[k][i] = 0;
        }
    }
    backward(c->weights, n, s, (Weights *)gradient);
    return loss;
}

/* The gradients of the blocks of a batch of n images, as long as there are tickets. */
INLINE void take_blocks(Call *c, int start, int n, Scratch *s)
{
    const int blocks = (int)blocks_of(n);
    for (;;) {
        const int b = atomic_fetch_add(&c->ticket, 1);
        if (b >= blocks) {
            return;
        }
        c->block_loss[b] = block_gradient(c, start + b * BLOCK, MIN(BLOCK, n - b * BLOCK),
                                          1.0f / (float)n, s, c->gradients + (size_t)b * STRIDE);
    }
}

/* Adam on chunks of the weights, as long as there are tickets. */
INLINE void take_chunks(Call *c, int blocks, Correction correct)
{
    for (;;) {
        const int from = atomic_fetch_add(&c->ticket, 1) * CHUNK;
        if (from >= WEIGHTS) {
            return;
        }
        adam(c->state, c->gradients, blocks, from, correct.rate, correct.root);
    }
}

/* A thread's part in a training.  Threads meet twice a step: no weight changes before all
 * gradients are there, and no gradient is begun before all weights have changed. */
static void train_part(Call *c, Scratch *s, int first)
{
    double beta1 = c->state->beta1_power;
    double beta2 = c->state->beta2_power;
    for (int start = 0, step = 0; start < c->count; start += c->batch, step++) {
        const int n = MIN(c->batch, c->count - start);
        const int blocks = (int)blocks_of(n);
        take_blocks(c, start, n, s);
        meet(c);
        beta1 *= 0.9;
        beta2 *= 0.999;
        take_chunks(c, blocks, correction(c->rate, beta1, beta2));
        if (first) {
            double loss = 0;
            for (int b = 0; b < blocks; b++) {
                loss += c->block_loss[b];
            }
            c->losses[step] = loss / n;
            c->state->beta1_power = beta1;
            c->state->beta2_power = beta2;
            c->state->steps++;
        }
        meet(c);
    }
}

/* What is asked for of images start .. start + n - 1. */
NOINLINE void block_outputs(Call *c, int start, int n, Scratch *s)
{
    size_t row[BLOCK];
    for (int i = 0; i < n; i++) {
        row[i] = start + i;
    }
    forward(c->weights, c->images, c->floats, row, n, s, 0);
    int mistakes = 0;
    for (int i = 0; i < n; i++) {
        if (c->logits) {
            for (int k = 0; k < CLASSES; k++) {
                c->logits[row[i] * CLASSES + k] = s->logits[k][i];
            }
        }
        if (c->labels) {
            const int label = c->labels[row[i]];
            Softmax softmax;
            c->losses[row[i]] = cross_entropy_forward(&s->logits[0][i], BLOCK, label, &softmax);
            mistakes += softmax.best != label;
        }
    }
    atomic_fetch_add(&c->mistakes, mistakes); /* whole numbers: any order */
}

static void output_part(Call *c, Scratch *s, int first)
{
    (void)first;
    for (;;) {
        const int start = atomic_fetch_add(&c->ticket, 1) * BLOCK;
        if (start >= c->count) {
            return;
        }
        block_outputs(c, start, MIN(BLOCK, c->count - start), s);
    }
}

/* ---------------------------------------------------------------------- what callers use
 *
 * Images: bytes, or with `floats` 1 floats in [0, 1].  Labels lie in 0 .. CLASSES - 1, which the
 * caller has checked.  The arena need not be cleared; it and the state want a boundary of 64
 * bytes. */

EXPORT int lenet_weights(void)
{
    return WEIGHTS;
}

EXPORT size_t lenet_state_bytes(void)
{
    return sizeof(State);
}

EXPORT int lenet_layers_floats(void)
{
    return sizeof(Layers) / sizeof(float);
}

EXPORT size_t lenet_arena_bytes(int batch, int threads)
{
    const size_t block = STRIDE * sizeof(float) + sizeof(double);
    return threads * round_up(sizeof(Scratch)) + blocks_of(batch) * block;
}

/* Train on the images order[0] .. order[count - 1] in batches, the last of which may be short;
 * the mean loss of each batch goes to `losses`.  Arena of (batch, threads). */
EXPORT void lenet_train(State *state, char *arena, const void *images, int floats,
                        const int32_t *labels, const uint32_t *order, int count, int batch,
                        double rate, double *losses, int threads)
{
    threads = MIN(MIN(threads, MOST), (int)blocks_of(batch));
    float *gradients = (float *)(arena + threads * round_up(sizeof(Scratch)));
    Call call = {
        .state = state,
        .weights = &state->weights,
        .images = images,
        .floats = floats,
        .labels = labels,
        .order = order,
        .count = count,
        .batch = batch,
        .rate = rate,
        .losses = losses,
        .scratch = (Scratch *)arena,
        .gradients = gradients,
        .block_loss = (double *)(gradients + blocks_of(batch) * STRIDE),
        .part = train_part,
    };
    together(&call, threads);
}

/* Of each image, where they are asked for: the logits; with labels the loss.  Adds the losses to
 * *sum in the order of the images, so that slices make one sum, and returns how many images are
 * taken for another class.  Arena of (1, threads). */
EXPORT int lenet_outputs(const Weights *weights, char *arena, const void *images, int floats,
                         const int32_t *labels, int count, float *logits, double *losses,
                         double *sum, int threads)
{
    Call call = {
        .weights = weights,
        .images = images,
        .floats = floats,
        .labels = labels,
        .count = count,
        .logits = logits,
        .losses = losses,
        .scratch = (Scratch *)arena,
        .part = output_part,
    };
    together(&call, MIN(MIN(threads, MOST), (int)blocks_of(count)));
    if (labels) {
        for (int i = 0; i < count; i++) {
            *sum += losses[i];
        }
    }
    return call.mistakes;
}

/* Softmax of `count` rows of logits. */
EXPORT void lenet_probabilities(const float *logits, int count, double *probabilities)
{
    for (int n = 0; n < count; n++) {
        double *p = probabilities + (size_t)n * CLASSES;
        int best;
        const double sum = softmax_terms(logits + (size_t)n * CLASSES, 1, p, &best);
        for (int i = 0; i < CLASSES; i++) {
            p[i] = p[i] / sum;
        }
    }
}

/* The activations of one image. */
EXPORT void lenet_layers(const Weights *w, const void *image, int floats, Layers *out)
{
    float pixels[PIXELS];
    read_pixels(image, floats, 0, pixels);
    network_forward_plain(w, pixels, out);
}

/* ---------------------------------------------------------------------- the same, plainly
 *
 * What lenet_train and lenet_outputs do, by the plain forms of all stages: the place to begin for
 * who wants to know what is computed, and what a test compares with the fast forms, byte for
 * byte.  A page does not need them, and its module is left without. */

#ifndef __wasm__

typedef struct {
    float pixels[PIXELS];
    Layers out;
    Layers dout;
    Weights block;    /* the gradient of a block of images, */
    Weights gradient; /* and of the batch */
} Plain;

EXPORT size_t lenet_plain_bytes(void)
{
    return sizeof(Plain);
}

static void add_weights_plain(Weights *to, const Weights *from)
{
    for (int i = 0; i < WEIGHTS; i++) {
        ((float *)to)[i] += ((const float *)from)[i];
    }
}

/* The sum of the losses of images order[0] .. order[n - 1]; in p->gradient the gradient of their
 * mean.
 *
 * Images are added in blocks of BLOCK, since threads share a batch by blocks: within a block
 * image by image, then block by block.  Losses are added in the same way. */
static double batch_gradient_plain(const Weights *w, const void *images, int floats,
                                   const int32_t *labels, const uint32_t *order, int n, Plain *p)
{
    double loss = 0;
    clear(&p->gradient, sizeof p->gradient);
    for (int start = 0; start < n; start += BLOCK) {
        double block_loss = 0;
        clear(&p->block, sizeof p->block);
        for (int i = start; i < MIN(start + BLOCK, n); i++) {
            const int label = labels[order[i]];
            Softmax softmax;
            read_pixels(images, floats, order[i], p->pixels);
            network_forward_plain(w, p->pixels, &p->out);
            block_loss += cross_entropy_forward(p->out.dense3, 1, label, &softmax);
            cross_entropy_backward(&softmax, label, 1.0f / (float)n, 1, p->dout.dense3);
            network_backward_plain(w, p->pixels, &p->out, &p->dout, &p->block);
        }
        loss += block_loss;
        add_weights_plain(&p->gradient, &p->block);
    }
    return loss;
}

/* lenet_train: a step a batch, with the gradient of the batch's mean loss.  Arena of
 * lenet_plain_bytes(). */
EXPORT void lenet_train_plain(State *state, Plain *arena, const void *images, int floats,
                              const int32_t *labels, const uint32_t *order, int count, int batch,
                              double rate, double *losses)
{
    for (int start = 0; start < count; start += batch) {
        const int n = MIN(batch, count - start);
        const double loss = batch_gradient_plain(&state->weights, images, floats, labels,
                                                 order + start, n, arena);
        losses[start / batch] = loss / n;
        state->beta1_power *= 0.9;
        state->beta2_power *= 0.999;
        state->steps++;
        adam_plain(state, &arena->gradient,
                   correction(rate, state->beta1_power, state->beta2_power));
    }
}

/* lenet_outputs.  Arena of lenet_plain_bytes(). */
EXPORT int lenet_outputs_plain(const Weights *weights, Plain *arena, const void *images, int floats,
                               const int32_t *labels, int count, float *logits, double *losses,
                               double *sum)
{
    int mistakes = 0;
    for (int i = 0; i < count; i++) {
        read_pixels(images, floats, i, arena->pixels);
        network_forward_plain(weights, arena->pixels, &arena->out);
        if (logits) {
            __builtin_memcpy(logits + (size_t)i * CLASSES, arena->out.dense3,
                             sizeof arena->out.dense3);
        }
        if (labels) {
            Softmax softmax;
            losses[i] = cross_entropy_forward(arena->out.dense3, 1, labels[i], &softmax);
            *sum += losses[i];
            mistakes += softmax.best != labels[i];
        }
    }
    return mistakes;
}

#endif
