/* The rungs from LeNet-5 of 1998 to the report's network, trained to the same bytes everywhere.
 *
 *   image -> C1 6@5x5 -> S2 pool -> C3 16@5x5 -> S4 pool -> C5 120 -> F6 84 -> ten outputs
 *
 * rungs.py says what the choices below mean, definition.py defines the same networks in
 * PyTorch.  Patterns are presented one by one: an online rung updates the weights after each, with a rate
 * of its own for each weight; an Adam rung after a batch, with the mean of its gradients.
 *
 * lenet1998_plain.h computes the same bytes number by number, as a textbook would: read it first.  Here each
 * layer has the same two functions, X_forward and X_backward, with vectors of sixteen lanes (lanes.h):
 *
 *   layer              what the lanes are
 *   C1, S2             the columns of a map, even and odd ones apart, so that the columns that a pool of S2
 *                      takes together stand in the same lane of two vectors
 *   C3, S4             the 16 maps
 *   C5, F6, outputs    the units, in whole vectors
 *
 * A lane too many, which pads a vector, computes zeros or is multiplied by zeros.
 */
#include "../lanes.h"

#ifndef RADIAL         /* the choices; without any, the network of 1998 */
#define RADIAL 1       /* radial basis outputs and the MAP loss; 0: softmax and cross-entropy */
#define TRAINED_POOL 1 /* a sum, a trained coefficient and bias, a squash; 0: the maximum */
#define TANH 1         /* the squash is 1.7159 tanh(2a/3); 0: ReLU */
#define SQUASH_MAPS 1  /* C1 and C3 are squashed before their pools; 0: trained pools of sums only */
#define TABLE 1        /* C3 sees S2 by the paper's table I; 0: all of it */
#define ONLINE 1       /* 0: Adam in batches */
#define SIDE 32        /* of the input; 28: no margin */
#endif

enum {
    PIXELS = 28,                /* side of an image */
    CLASSES = 10,
    MAPS1 = 6,                  /* of C1 and of S2 */
    MAPS3 = 16,                 /* of C3 and of S4: as many as lanes */
    SIDE1 = SIDE - 4,           /* of a map of C1, 28 or 24 */
    SIDE2 = SIDE1 / 2,          /* of S2, 14 or 12 */
    SIDE3 = SIDE2 - 4,          /* of C3, 10 or 8 */
    SIDE4 = SIDE3 / 2,          /* of S4, 5 or 4 */
    AREA3 = SIDE3 * SIDE3,
    AREA4 = SIDE4 * SIDE4,
    FEATURES = MAPS3 * AREA4,   /* what C5 sees, place by place and within a place map by map */
    UNITS5 = 120,
    UNITS6 = 84,
    VECTORS5 = 8,               /* that hold the units of C5, */
    VECTORS6 = 6,               /* and of F6 */
    PADDED5 = 16 * VECTORS5,
    PADDED6 = 16 * VECTORS6,
};

/* ------------------------------------------------------------------------------- memory */

/* What is trained, by layer; [from][to], in whole vectors.  engine.py gives and takes PyTorch's shapes.
 * `k` is a pool's coefficient, `b` a bias; both pools are untrained where TRAINED_POOL is 0, and there are no
 * `out` and `b7` where RADIAL is 1. */
typedef struct {
    float c1[MAPS1][25], b1[MAPS1];          /* [map][tap]: tap 5 dy + dx */
    float k2[MAPS1], b2[MAPS1];
    float c3[MAPS1][25][MAPS3], b3[MAPS3];   /* [map of S2][tap][map of C3] */
    float k4[MAPS3], b4[MAPS3];
    float c5[FEATURES][PADDED5], b5[PADDED5];
    float f6[UNITS5][PADDED6], b6[PADDED6];
    float out[UNITS6][16], b7[16];
} Weights;
enum { WEIGHTS = sizeof(Weights) / sizeof(float) };

/* What the layers make of one pattern, and what the way back needs of it.  A name says what and of which layer:
 * y  a map before it is pooled,
 * p  the sum of the four neighbours of a trained pool,
 * x  what goes on to the next layer,
 * s  slopes: how fast what stands beside them (s1 beside y1, s2 beside x2, ...) grows with the layer's sum.
 * Of `in` to s2 a row has its columns in lanes: 0, 2, 4, ... in the first vector, 1, 3, 5, ... in the second. */
typedef struct {
    float in[SIDE][2][32]; /* 16 columns of each kind; 16 more for vectors that begin at column 1 or 2 */
    float y1[MAPS1][SIDE1][2][16], s1[MAPS1][SIDE1][2][16];
    float p2[MAPS1][SIDE2][16], s2[MAPS1][SIDE2][16];
    float x2[MAPS1][SIDE2][16];
    float y3[AREA3][MAPS3], s3[AREA3][MAPS3];
    float p4[AREA4][MAPS3], s4[AREA4][MAPS3];
    float x4[FEATURES];
    float s5[PADDED5], x5[PADDED5];
    float s6[PADDED6], x6[PADDED6];
} Pattern;
enum { ACTIVATIONS = sizeof(Pattern) / sizeof(float) };

typedef struct {
    float codes[CLASSES][PADDED6]; /* centres of the radial basis units, +1 or -1; zeros from 84 on */
    float j, scale;                /* of the MAP loss; factor on either loss */
    float dark, light;             /* what a pixel of 0 and of 255 is for the network */
} Choices;

typedef struct { /* all that a run needs; `squares` and `squared` are for work within a call */
    double beta1_power, beta2_power; /* of Adam, to the number of steps */
    Choices choices;
    Weights weights;
    Weights rates;        /* of each weight, where the rung is online */
    Weights curvature;    /* the second derivative of the loss by each weight */
    Weights mean, square; /* Adam's moments */
    Weights gradient;     /* the sum of a batch so far */
    Weights squares;      /* of the weights */
    Pattern pattern;
    Pattern squared;      /* the squares of its numbers */
} State;

/* Paper, table I: whether map i of S2 is seen by map m of C3, [i][m].  The weights of what is not seen are zero
 * from the start and stay so. */
static const float seen[MAPS1][MAPS3] = {
    {1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1},
    {1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1},
    {1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1},
    {0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1},
    {0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1},
    {0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1},
};

/* ------------------------------------------------------------------------------- input */

/* The input is the image of 28x28 bytes, within the margin that the rung has. */
static void present_as_it_is(State *s, const uint8_t *image)
{
    enum { MARGIN = (SIDE - PIXELS) / 2 };
    const float dark = s->choices.dark;
    const float step = (s->choices.light - dark) / 255;
    for (int y = 0; y < SIDE; y++) {
        for (int odd = 0; odd < 2; odd++) {
            for (int k = 0; k < 16; k++) s->pattern.in[y][odd][k] = dark;
        }
    }
    for (int y = 0; y < PIXELS; y++) {
        for (int odd = 0; odd < 2; odd++) {
            float *row = &s->pattern.in[y + MARGIN][odd][MARGIN / 2];
            for (int k = 0; k < PIXELS / 2; k++) row[k] = image[y * PIXELS + 2 * k + odd] * step + dark;
        }
    }
}

/* The input is a distorted image: its place (x, y) shows the image's place
 * (map[0] x + map[1] y + map[2], map[3] x + map[4] y + map[5]), both from their centres. */
static void present_distorted(State *s, const uint8_t *image, const float map[6])
{
    const float dark = s->choices.dark;
    const float step = (s->choices.light - dark) / 255;
    const float middle = (PIXELS - 1) / 2.0f; /* of the image */
    const float centre = (SIDE - 1) / 2.0f;   /* of the input */
    float frame[PIXELS + 3][PIXELS + 3] = {{0}}; /* the image within zeros: its corner is (-1, -1) */
    for (int y = 0; y < PIXELS; y++) {
        for (int x = 0; x < PIXELS; x++) frame[y + 1][x + 1] = image[y * PIXELS + x];
    }
    vec columns; /* the even ones, from the centre */
    for (int k = 0; k < 16; k++) columns[k] = 2 * k - centre;
    for (int row = 0; row < SIDE; row++) {
        for (int odd = 0; odd < 2; odd++) {
            const float v = row - centre;
            const vec u = columns + all(odd);
            const vec x = all(map[0]) * u + all(map[1] * v + map[2] + middle + 1);
            const vec y = all(map[3]) * u + all(map[4] * v + map[5] + middle + 1);
            const vec ink = read_between(frame[0], PIXELS + 3, x, y);
            store(s->pattern.in[row][odd], ink * all(step) + all(dark));
        }
    }
}

static void present(State *s, const uint8_t *image, const float *map)
{
    if (map) present_distorted(s, image, map);
    else present_as_it_is(s, image);
}

/* ------------------------------------------------------------------------------- forward */

/* The squashing function (paper, appendix A) or ReLU, and its slope. */
INLINE vec squash(vec a, vec *slope)
{
    if (TANH) return tanh_and_slope(a, slope);
    const mask on = a > 0;
    *slope = (vec)((mask)all(1) & on);
    return (vec)((mask)a & on);
}

/* A pool's four neighbours, upper left, upper right, lower left, lower right, become one number, `x`. */
typedef struct {
    vec y[4], slopes[4]; /* the four as they are pooled, and how fast each grows with its sum */
    vec total, x, slope; /* the sum of y, what goes on, and how fast it grows with what is squashed last */
} Pool;

/* The pool of 1998: the sum of four squashed numbers, times a coefficient, plus a bias, squashed. */
INLINE Pool pool_trained(const vec sums[4], vec coefficient, vec bias)
{
    Pool pool;
    UNROLL for (int q = 0; q < 4; q++) {
        pool.y[q] = sums[q];
        pool.slopes[q] = all(1);
        if (SQUASH_MAPS) pool.y[q] = squash(sums[q], &pool.slopes[q]);
    }
    pool.total = (pool.y[0] + pool.y[1]) + (pool.y[2] + pool.y[3]);
    pool.x = squash(pool.total * coefficient + bias, &pool.slope);
    return pool;
}

/* The pool of today: the maximum.  The squash rises, so it is that of the largest sum: one in place of four.
 * Only the winner's slope is not zero; the first of equals wins. */
INLINE Pool pool_maximum(const vec sums[4])
{
    const mask right = sums[1] > sums[0];       /* in the upper row the right one is larger */
    const mask right_below = sums[3] > sums[2]; /* in the lower row */
    const vec top = where(right, sums[1], sums[0]);
    const vec low = where(right_below, sums[3], sums[2]);
    const mask below = low > top;
    const vec none = all(0);
    Pool pool;
    vec slope;
    pool.x = squash(where(below, low, top), &slope);
    pool.slopes[0] = where(right | below, none, slope);
    pool.slopes[1] = where(right & ~below, slope, none);
    pool.slopes[2] = where(below & ~right_below, slope, none);
    pool.slopes[3] = where(below & right_below, slope, none);
    UNROLL for (int q = 0; q < 4; q++) pool.y[q] = none;
    pool.total = none;
    pool.slope = all(1);
    return pool;
}

INLINE Pool pool_forward(const vec sums[4], vec coefficient, vec bias)
{
    if (TRAINED_POOL) return pool_trained(sums, coefficient, bias);
    return pool_maximum(sums);
}

/* From a row of the input: where lane l holds column 2 l of a map, what it sees through the taps dx = 0 to 4 is
 * columns[dx]; where it holds column 2 l + 1, columns[dx + 1]. */
INLINE void columns_seen(const float row[2][32], vec columns[6])
{
    UNROLL for (int dx = 0; dx < 6; dx++) columns[dx] = load(row[dx % 2] + dx / 2);
}

/* C1, the two rows that become row `row` of S2: sums (2 rows, map, even and odd columns) of 5x5 products. */
INLINE void c1_forward(const Weights *w, const Pattern *a, int row, vec sums[2][MAPS1][2])
{
    for (int r = 0; r < 2; r++) {
        UNROLL for (int m = 0; m < MAPS1; m++) {
            sums[r][m][0] = all(w->b1[m]);
            sums[r][m][1] = all(w->b1[m]);
        }
        for (int dy = 0; dy < 5; dy++) {
            vec columns[6];
            columns_seen(a->in[2 * row + r + dy], columns);
            UNROLL for (int m = 0; m < MAPS1; m++) {
                UNROLL for (int dx = 0; dx < 5; dx++) {
                    const vec tap = all(w->c1[m][5 * dy + dx]);
                    sums[r][m][0] += tap * columns[dx];
                    sums[r][m][1] += tap * columns[dx + 1];
                }
            }
        }
    }
}

/* S2, row `row` of it, from these two rows of C1. */
INLINE void s2_forward(const Weights *w, vec sums[2][MAPS1][2], int row, Pattern *a)
{
    for (int m = 0; m < MAPS1; m++) {
        const vec four[4] = {sums[0][m][0], sums[0][m][1], sums[1][m][0], sums[1][m][1]};
        const Pool pool = pool_forward(four, all(w->k2[m]), all(w->b2[m]));
        store(a->x2[m][row], pool.x);
        UNROLL for (int q = 0; q < 4; q++) store(a->y1[m][2 * row + q / 2][q % 2], pool.y[q]);
        UNROLL for (int q = 0; q < 4; q++) store(a->s1[m][2 * row + q / 2][q % 2], pool.slopes[q]);
        store(a->p2[m][row], pool.total);
        store(a->s2[m][row], pool.slope);
    }
}

/* C3, the two rows that become row `row` of S4: sums (2 rows, column) of all maps, which are the lanes.  All
 * columns of a row advance at once, so that a vector of taps is loaded once for them.  What table I does not
 * connect is multiplied by zero. */
INLINE void c3_forward(const Weights *w, const Pattern *a, int row, vec sums[2][SIDE3])
{
    for (int r = 0; r < 2; r++) {
        UNROLL for (int x = 0; x < SIDE3; x++) sums[r][x] = load(w->b3);
        for (int i = 0; i < MAPS1; i++) {
            for (int dy = 0; dy < 5; dy++) {
                const float *from = a->x2[i][2 * row + r + dy];
                UNROLL for (int dx = 0; dx < 5; dx++) {
                    const vec tap = load(w->c3[i][5 * dy + dx]);
                    UNROLL for (int x = 0; x < SIDE3; x++) sums[r][x] += tap * all(from[x + dx]);
                }
            }
        }
    }
}

/* S4, row `row` of it, from these two rows of C3. */
INLINE void s4_forward(const Weights *w, vec sums[2][SIDE3], int row, Pattern *a)
{
    UNROLL for (int x = 0; x < SIDE4; x++) {
        const vec four[4] = {sums[0][2 * x], sums[0][2 * x + 1], sums[1][2 * x], sums[1][2 * x + 1]};
        const Pool pool = pool_forward(four, load(w->k4), load(w->b4));
        const int at = row * SIDE4 + x;
        const int first = 2 * row * SIDE3 + 2 * x; /* of the four, in C3 */
        store(a->x4 + MAPS3 * at, pool.x);
        UNROLL for (int q = 0; q < 4; q++) store(a->y3[first + q / 2 * SIDE3 + q % 2], pool.y[q]);
        UNROLL for (int q = 0; q < 4; q++) store(a->s3[first + q / 2 * SIDE3 + q % 2], pool.slopes[q]);
        store(a->p4[at], pool.total);
        store(a->s4[at], pool.slope);
    }
}

/* C5: each unit sees all of S4. */
INLINE void c5_forward(const Weights *w, Pattern *a)
{
    vec sums[VECTORS5];
    UNROLL for (int o = 0; o < VECTORS5; o++) sums[o] = load(w->b5 + 16 * o);
    for (int k = 0; k < FEATURES; k++) {
        UNROLL for (int o = 0; o < VECTORS5; o++) sums[o] += all(a->x4[k]) * load(w->c5[k] + 16 * o);
    }
    UNROLL for (int o = 0; o < VECTORS5; o++) {
        vec slope;
        store(a->x5 + 16 * o, squash(sums[o], &slope));
        store(a->s5 + 16 * o, slope);
    }
}

/* F6: each unit sees all of C5. */
INLINE void f6_forward(const Weights *w, Pattern *a)
{
    vec sums[VECTORS6];
    UNROLL for (int o = 0; o < VECTORS6; o++) sums[o] = load(w->b6 + 16 * o);
    for (int k = 0; k < UNITS5; k++) {
        UNROLL for (int o = 0; o < VECTORS6; o++) sums[o] += all(a->x5[k]) * load(w->f6[k] + 16 * o);
    }
    UNROLL for (int o = 0; o < VECTORS6; o++) {
        vec slope;
        store(a->x6 + 16 * o, squash(sums[o], &slope));
        store(a->s6 + 16 * o, slope);
    }
}

/* From the input to F6. */
static void forward(const Weights *w, Pattern *a)
{
    for (int row = 0; row < SIDE2; row++) {
        vec sums[2][MAPS1][2];
        c1_forward(w, a, row, sums);
        s2_forward(w, sums, row, a);
    }
    for (int row = 0; row < SIDE4; row++) {
        vec sums[2][SIDE3];
        c3_forward(w, a, row, sums);
        s4_forward(w, sums, row, a);
    }
    c5_forward(w, a);
    f6_forward(w, a);
}

/* The outputs of 1998: y[i], the squared distance of F6 to the centre of class i.  Returns the nearest class. */
INLINE int radial_forward(const State *s, float y[16])
{
    int best = 0;
    for (int i = 0; i < CLASSES; i++) {
        vec total = all(0);
        UNROLL for (int o = 0; o < VECTORS6; o++) {
            const vec apart = load(s->pattern.x6 + 16 * o) - load(s->choices.codes[i] + 16 * o);
            total += apart * apart;
        }
        y[i] = sum(total);
        if (y[i] < y[best]) best = i;
    }
    return best;
}

/* The outputs of today: logits.  Returns the class of the largest. */
INLINE int logits_forward(const State *s, float y[16])
{
    vec logits = load(s->weights.b7);
    for (int k = 0; k < UNITS6; k++) logits += all(s->pattern.x6[k]) * load(s->weights.out[k]);
    store(y, logits);
    int best = 0;
    for (int i = 0; i < CLASSES; i++) {
        if (y[i] > y[best]) best = i;
    }
    return best;
}

/* From F6 to ten outputs; returns the class that is read. */
static int answer(const State *s, float y[16])
{
    return RADIAL ? radial_forward(s, y) : logits_forward(s, y);
}

/* ------------------------------------------------------------------------------- the losses
 *
 * Each gives the first and second derivatives of the loss for the way back to begin with.  The second are
 * positive, and as appendix C has them: the Gauss-Newton approximation, of the part of the loss that is sure
 * to curve upwards. */

/* Paper, equation 9: E = y_D + log(e^-j + sum of e^-y_i), where D is the label.  The probabilities in it: the
 * softmax of the -y_i and, last, of -j, the class of all that is no digit. */
static void radial_shares(const State *s, int best, const float y[16], float p[16])
{
    const float j = s->choices.j;
    const float least = y[best] < j ? y[best] : j; /* so that the largest power of e is 1 */
    for (int i = 0; i < CLASSES; i++) p[i] = -y[i];
    p[CLASSES] = -j;
    softmax(p, CLASSES + 1, -least);
}

/* By the 84 units x of F6: with y_i = |x - code_i|^2 it is 2 (x - code_D) less the sum of p_i 2 (x - code_i).
 * The second derivative is that of y_D alone, 2. */
static void map_loss_backward(const State *s, int label, int best, const float y[16], float first[PADDED6],
                              float second[PADDED6])
{
    const float scale = s->choices.scale;
    float p[16];
    radial_shares(s, best, y, p);
    for (int o = 0; o < VECTORS6; o++) {
        const vec x = load(s->pattern.x6 + 16 * o);
        vec d = x - load(s->choices.codes[label] + 16 * o);
        UNROLL for (int i = 0; i < CLASSES; i++) d -= all(p[i]) * (x - load(s->choices.codes[i] + 16 * o));
        store(first + 16 * o, d * all(2 * scale));
    }
    for (int k = 0; k < PADDED6; k++) {
        if (k >= UNITS6) first[k] = 0;
        second[k] = k < UNITS6 ? 2 * scale : 0;
    }
}

/* The probabilities of today: the softmax of the logits. */
static void logit_shares(int best, const float y[16], float p[16])
{
    for (int i = 0; i < CLASSES; i++) p[i] = y[i];
    softmax(p, CLASSES, y[best]);
}

/* Softmax and cross-entropy, by the ten logits: p_i, less 1 for the label; and p_i (1 - p_i). */
static void cross_entropy_backward(const State *s, int label, int best, const float y[16], float first[16],
                                   float second[16])
{
    const float scale = s->choices.scale;
    float p[16];
    logit_shares(best, y, p);
    for (int i = 0; i < 16; i++) {
        first[i] = 0;
        second[i] = 0;
    }
    for (int i = 0; i < CLASSES; i++) {
        first[i] = (p[i] - (i == label)) * scale;
        second[i] = p[i] * (1 - p[i]) * scale;
    }
}

/* The derivatives of the loss by the units of F6 (radial), or by the logits. */
static void loss_backward(const State *s, int label, int best, const float y[16], float first[PADDED6],
                          float second[PADDED6])
{
    if (RADIAL) map_loss_backward(s, label, best, y, first, second);
    else cross_entropy_backward(s, label, best, y, first, second);
}

/* ------------------------------------------------------------------------------- backward
 *
 * Each function is given the derivatives of the loss by what its layer lets out, and finds those by what it
 * takes in (d5 is "by x5", and so on) and those by its weights.
 *
 * Given squares of the weights, of the activations and of the slopes, the same sums are the Gauss-Newton second
 * derivatives (appendix C): ladder_curvature calls them so. */

/* Where the derivatives by the weights go. */
typedef struct {
    int online;           /* 1: each weight moves against its own; 0: they are added to `sums` */
    Weights *weights;
    const Weights *rates; /* looked at if online */
    Weights *sums;        /* written if not */
} Update;

/* What becomes of the derivative by one weight, which is named by its address in `weights`. */
INLINE void update_one(const Update *u, float *weight, float derivative)
{
    const ptrdiff_t at = weight - (const float *)u->weights;
    const float *rate = (const float *)u->rates + at;
    float *total = (float *)u->sums + at;
    if (u->online) *weight -= *rate * derivative;
    else *total += derivative;
}

/* The same of sixteen, from that address on. */
INLINE void update(const Update *u, float *weights, vec derivatives)
{
    const ptrdiff_t at = weights - (const float *)u->weights;
    const float *rates = (const float *)u->rates + at;
    float *totals = (float *)u->sums + at;
    if (u->online) store(weights, load(weights) - load(rates) * derivatives);
    else store(totals, load(totals) + derivatives);
}

/* The ten logits: from the derivatives by them, `top`, to d6. */
INLINE void logits_backward(const Update *u, const Pattern *a, const float top[16], float d6[PADDED6])
{
    const vec d = load(top);
    for (int k = 0; k < PADDED6; k++) d6[k] = 0;
    for (int k = 0; k < UNITS6; k++) {
        float *weights = u->weights->out[k];
        d6[k] = sum(load(weights) * d); /* before the weights move: here and below */
        update(u, weights, all(a->x6[k]) * d);
    }
    update(u, u->weights->b7, d);
}

/* F6: from d6 to d5. */
INLINE void f6_backward(const Update *u, const Pattern *a, const float d6[PADDED6], float d5[PADDED5])
{
    vec d[VECTORS6]; /* by the sums that are squashed */
    UNROLL for (int o = 0; o < VECTORS6; o++) d[o] = load(d6 + 16 * o) * load(a->s6 + 16 * o);
    for (int k = UNITS5; k < PADDED5; k++) d5[k] = 0;
    for (int k = 0; k < UNITS5; k++) {
        vec total = all(0);
        UNROLL for (int o = 0; o < VECTORS6; o++) {
            float *weights = &u->weights->f6[k][16 * o];
            total += load(weights) * d[o];
            update(u, weights, all(a->x5[k]) * d[o]);
        }
        d5[k] = sum(total);
    }
    UNROLL for (int o = 0; o < VECTORS6; o++) update(u, u->weights->b6 + 16 * o, d[o]);
}

/* C5: from d5 to d4.  Two sums, of even and of odd vectors, so that an addition need not wait for the last one:
 * they are part of the order. */
INLINE void c5_backward(const Update *u, const Pattern *a, const float d5[PADDED5], float d4[FEATURES])
{
    vec d[VECTORS5];
    UNROLL for (int o = 0; o < VECTORS5; o++) d[o] = load(d5 + 16 * o) * load(a->s5 + 16 * o);
    for (int k = 0; k < FEATURES; k++) {
        vec total[2] = {all(0), all(0)};
        UNROLL for (int o = 0; o < VECTORS5; o++) {
            float *weights = &u->weights->c5[k][16 * o];
            total[o % 2] += load(weights) * d[o];
            update(u, weights, all(a->x4[k]) * d[o]);
        }
        d4[k] = sum(total[0] + total[1]);
    }
    UNROLL for (int o = 0; o < VECTORS5; o++) update(u, u->weights->b5 + 16 * o, d[o]);
}

/* S4: from d4 to the derivatives by the sums of C3, d3. */
INLINE void s4_backward(const Update *u, const Pattern *a, const float d4[FEATURES], float d3[AREA3][MAPS3])
{
    vec by_bias = all(0);
    vec by_coefficient = all(0);
    for (int at = 0; at < AREA4; at++) {
        vec d = load(d4 + MAPS3 * at) * load(a->s4[at]);
        by_bias += d;
        by_coefficient += d * load(a->p4[at]);
        if (TRAINED_POOL) d *= load(u->weights->k4);
        UNROLL for (int q = 0; q < 4; q++) {
            const int y = at / SIDE4 * 2 + q / 2;
            const int x = at % SIDE4 * 2 + q % 2;
            store(d3[y * SIDE3 + x], d * load(a->s3[y * SIDE3 + x]));
        }
    }
    if (TRAINED_POOL) {
        update(u, u->weights->k4, by_coefficient);
        update(u, u->weights->b4, by_bias);
    }
}

/* d3 by map, each row between four zeros and more: what reads beyond the row's ends reads zeros. */
INLINE void frame_rows(const float d3[AREA3][MAPS3], float framed[MAPS3][SIDE3][32])
{
    for (int y = 0; y < SIDE3; y++) {
        for (int x = 0; x < SIDE3; x++) {
            for (int m = 0; m < MAPS3; m++) framed[m][y][4 + x] = d3[y * SIDE3 + x][m];
        }
    }
}

/* The map i of S2 that C3 sees: from d3 to d2 (row; the columns are the lanes).  A place of S2 is seen by 5x5
 * places: through the tap (dy, dx) by the one that lies dy rows higher and dx columns further left. */
INLINE void c3_backward_map(const Weights *w, float framed[MAPS3][SIDE3][32], int i, float d2[SIDE2][16])
{
    vec sums[SIDE2];
    UNROLL for (int y = 0; y < SIDE2; y++) sums[y] = all(0);
    for (int m = 0; m < MAPS3; m++) {
        if (TABLE && seen[i][m] == 0) continue;
        for (int dx = 0; dx < 5; dx++) {
            vec rows[SIDE3];
            UNROLL for (int y = 0; y < SIDE3; y++) rows[y] = load(&framed[m][y][4 - dx]);
            UNROLL for (int dy = 0; dy < 5; dy++) {
                const vec tap = all(w->c3[i][5 * dy + dx][m]);
                UNROLL for (int y = 0; y < SIDE3; y++) sums[y + dy] += tap * rows[y];
            }
        }
    }
    UNROLL for (int y = 0; y < SIDE2; y++) store(d2[y], sums[y]);
}

/* The weights of C3 in row dy of their windows over map i of S2, for all maps of C3, which are the lanes. */
INLINE void c3_backward_taps(const Update *u, const Pattern *a, const float d3[AREA3][MAPS3], int i, int dy)
{
    vec taps[5];
    UNROLL for (int dx = 0; dx < 5; dx++) taps[dx] = all(0);
    for (int y = 0; y < SIDE3; y++) {
        const float *from = a->x2[i][y + dy];
        UNROLL for (int x = 0; x < SIDE3; x++) {
            const vec d = load(d3[y * SIDE3 + x]);
            UNROLL for (int dx = 0; dx < 5; dx++) taps[dx] += d * all(from[x + dx]);
        }
    }
    UNROLL for (int dx = 0; dx < 5; dx++) {
        if (TABLE) taps[dx] *= load(seen[i]);
        update(u, u->weights->c3[i][5 * dy + dx], taps[dx]);
    }
}

/* C3: from d3 to d2. */
INLINE void c3_backward(const Update *u, const Pattern *a, const float d3[AREA3][MAPS3],
                        float d2[MAPS1][SIDE2][16])
{
    float framed[MAPS3][SIDE3][32] = {{{0}}};
    frame_rows(d3, framed);
    for (int i = 0; i < MAPS1; i++) c3_backward_map(u->weights, framed, i, d2[i]);
    for (int i = 0; i < MAPS1; i++) {
        for (int dy = 0; dy < 5; dy++) c3_backward_taps(u, a, d3, i, dy);
    }
    vec by_bias = all(0); /* in the order of the pools of S4, and within each of its four */
    for (int at = 0; at < AREA4; at++) {
        UNROLL for (int q = 0; q < 4; q++) {
            const int y = at / SIDE4 * 2 + q / 2;
            const int x = at % SIDE4 * 2 + q % 2;
            by_bias += load(d3[y * SIDE3 + x]);
        }
    }
    update(u, u->weights->b3, by_bias);
}

/* S2: from d2 to the derivatives by the sums of C1, d1 (map, row, even and odd columns, column). */
INLINE void s2_backward(const Update *u, const Pattern *a, const float d2[MAPS1][SIDE2][16],
                        float d1[MAPS1][SIDE1][2][16])
{
    for (int m = 0; m < MAPS1; m++) {
        vec by_bias = all(0);
        vec by_coefficient = all(0);
        UNROLL for (int y = 0; y < SIDE2; y++) {
            vec d = load(d2[m][y]) * load(a->s2[m][y]);
            by_bias += d;
            by_coefficient += d * load(a->p2[m][y]);
            if (TRAINED_POOL) d *= all(u->weights->k2[m]);
            UNROLL for (int q = 0; q < 4; q++) {
                const int row = 2 * y + q / 2;
                store(d1[m][row][q % 2], d * load(a->s1[m][row][q % 2]));
            }
        }
        if (TRAINED_POOL) {
            update_one(u, &u->weights->k2[m], sum(by_coefficient));
            update_one(u, &u->weights->b2[m], sum(by_bias));
        }
    }
}

/* C1, one map: from d1 to the derivatives by its weights.  Below it there is only the image. */
INLINE void c1_backward(const Update *u, const Pattern *a, const float d1[SIDE1][2][16], int m)
{
    vec taps[25];
    vec by_bias = all(0);
    UNROLL for (int t = 0; t < 25; t++) taps[t] = all(0);
    for (int y = 0; y < SIDE1; y++) {
        const vec even = load(d1[y][0]);
        const vec odd = load(d1[y][1]);
        by_bias += even; /* one after the other: even + odd first is rounded otherwise */
        by_bias += odd;
        UNROLL for (int dy = 0; dy < 5; dy++) {
            vec columns[6];
            columns_seen(a->in[y + dy], columns);
            UNROLL for (int dx = 0; dx < 5; dx++) {
                taps[5 * dy + dx] += even * columns[dx] + odd * columns[dx + 1];
            }
        }
    }
    UNROLL for (int t = 0; t < 25; t++) update_one(u, &u->weights->c1[m][t], sum(taps[t]));
    update_one(u, &u->weights->b1[m], sum(by_bias));
}

/* From the derivatives by the outputs, `top`, down to those by all weights. */
INLINE void backward(const Update *u, const Pattern *a, const float top[PADDED6])
{
    float d6[PADDED6], d5[PADDED5], d4[FEATURES];
    float d3[AREA3][MAPS3], d2[MAPS1][SIDE2][16], d1[MAPS1][SIDE1][2][16];
    if (RADIAL) {
        for (int k = 0; k < PADDED6; k++) d6[k] = top[k]; /* the loss has them by F6 */
    } else {
        logits_backward(u, a, top, d6);
    }
    f6_backward(u, a, d6, d5);
    c5_backward(u, a, d5, d4);
    s4_backward(u, a, d4, d3);
    c3_backward(u, a, d3, d2);
    s2_backward(u, a, d2, d1);
    for (int m = 0; m < MAPS1; m++) c1_backward(u, a, d1[m], m);
}

/* PyTorch's Adam, beta 0.9 and 0.999, epsilon 1e-8, on the mean gradient of `n` patterns. */
static void adam(State *s, int n, double lr)
{
    float *w = (float *)&s->weights;
    float *g = (float *)&s->gradient;
    float *mean = (float *)&s->mean;
    float *square = (float *)&s->square;
    s->beta1_power *= 0.9;
    s->beta2_power *= 0.999;
    const float step = (float)(lr / (1 - s->beta1_power));
    const float root = (float)__builtin_sqrt(1 - s->beta2_power);
    const float share = 1.0f / n;
    for (int i = 0; i < WEIGHTS; i++) {
        const float d = g[i] * share;
        mean[i] = 0.9f * mean[i] + 0.1f * d;
        square[i] = 0.999f * square[i] + 0.001f * (d * d);
        w[i] -= step * mean[i] / (__builtin_sqrtf(square[i]) / root + 1e-8f);
        g[i] = 0;
    }
}

/* ------------------------------------------------------------------------------- what callers use */

EXPORT size_t ladder_state_bytes(void) { return sizeof(State); }

/* How much of a State reading looks at, besides what it writes itself: its start. */
EXPORT size_t ladder_reading_bytes(void) { return offsetof(State, rates); }

/* Curvatures: the mean of the second derivatives over the patterns images[rows[i]], i < n. */
EXPORT void ladder_curvature(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows, int n)
{
    const float *w = (const float *)&s->weights;
    const float *a = (const float *)&s->pattern;
    float *w_squares = (float *)&s->squares;
    float *a_squares = (float *)&s->squared;
    float *h = (float *)&s->curvature;
    const Update add = {0, &s->squares, &s->rates, &s->curvature};
    __builtin_memset(h, 0, sizeof(Weights));
    for (int i = 0; i < WEIGHTS; i++) w_squares[i] = w[i] * w[i];
    for (int i = 0; i < n; i++) {
        float y[16], first[PADDED6], second[PADDED6];
        present(s, images + (size_t)rows[i] * PIXELS * PIXELS, 0);
        forward(&s->weights, &s->pattern);
        const int best = answer(s, y);
        loss_backward(s, labels[rows[i]], best, y, first, second);
        for (int k = 0; k < ACTIVATIONS; k++) a_squares[k] = a[k] * a[k];
        backward(&add, &s->squared, second);
    }
    for (int i = 0; i < WEIGHTS; i++) h[i] /= n;
}

/* The rate of each weight: rate / (mu + its curvature), equation 21. */
EXPORT void ladder_rates(State *s, float rate, float mu)
{
    float *rates = (float *)&s->rates;
    const float *h = (const float *)&s->curvature;
    for (int i = 0; i < WEIGHTS; i++) rates[i] = rate / (mu + h[i]);
}

/* The map of pattern i, or none: there are none at all, or its own begins with NaN, which is not itself. */
static const float *map_of(const float *maps, int i)
{
    if (!maps) return 0;
    const float *map = maps + 6 * (size_t)i;
    return map[0] == map[0] ? map : 0;
}

/* Train on images[rows[i]], i < n, in order, distorted by maps (n, 6) if there are any.  Adam takes `batch`
 * patterns together, and the rate lr.  Returns how many patterns were misread when they were presented. */
EXPORT int ladder_train(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                        const float *maps, int n, int batch, double lr)
{
    const Update u = {ONLINE, &s->weights, &s->rates, &s->gradient};
    int mistakes = 0;
    __builtin_memset(&s->gradient, 0, sizeof(Weights));
    for (int i = 0; i < n; i++) {
        float y[16], first[PADDED6], second[PADDED6];
        const int label = labels[rows[i]];
        present(s, images + (size_t)rows[i] * PIXELS * PIXELS, map_of(maps, i));
        forward(&s->weights, &s->pattern);
        const int best = answer(s, y);
        mistakes += best != label;
        loss_backward(s, label, best, y, first, second);
        backward(&u, &s->pattern, first);
        const int full = (i + 1) % batch == 0 || i + 1 == n;
        if (!ONLINE && full) adam(s, i % batch + 1, lr);
    }
    return mistakes;
}

/* The class that each image is read as. */
EXPORT void ladder_read(State *s, const uint8_t *images, int n, int32_t *classes)
{
    for (int i = 0; i < n; i++) {
        float y[16];
        present(s, images + (size_t)i * PIXELS * PIXELS, 0);
        forward(&s->weights, &s->pattern);
        classes[i] = answer(s, y);
    }
}

/* The probability of each class, and last that of no digit, in so many numbers for each image.  Without radial
 * outputs the last is zero. */
EXPORT void ladder_probabilities(State *s, const uint8_t *images, int n, float *shares)
{
    for (int i = 0; i < n; i++) {
        float y[16], p[16];
        present(s, images + (size_t)i * PIXELS * PIXELS, 0);
        forward(&s->weights, &s->pattern);
        const int best = answer(s, y);
        if (RADIAL) radial_shares(s, best, y, p);
        else logit_shares(best, y, p);
        for (int k = 0; k < CLASSES + 1; k++) shares[(CLASSES + 1) * (size_t)i + k] = p[k];
    }
}

#include "lenet1998_plain.h"
