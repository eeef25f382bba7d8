/* What lenet1998.c computes, number by number, as a textbook would: no vectors, and the same bytes.
 *
 * It is the last part of lenet1998.c, which has the weights and the choices: read it first, to know what is
 * computed, and then how lenet1998.c does it fast.  The tests hold one to the other, byte for byte.
 *
 * A sum is written in the order in which the engine adds, since another order is rounded otherwise.  It is the
 * plain order of the loops but where sum_plain() stands, and where a comment says so.
 *
 * Shapes: maps are [map][row][column].  d5 is "the derivative of the loss by x5", and so on.
 */
#include "../lanes_plain.h"

/* What a pool leaves for the way back: how fast each of its four numbers grows with its sum, the sum of the four,
 * what goes on, and how fast that grows with what is squashed last. */
typedef struct {
    float slopes[4], total, x, slope;
} PlainPool;

typedef struct { /* what the layers make of one pattern */
    float in[SIDE][SIDE];
    PlainPool s2[MAPS1][SIDE2][SIDE2];
    PlainPool s4[MAPS3][SIDE4][SIDE4];
    float x5[UNITS5], s5[UNITS5]; /* what goes on, and slopes */
    float x6[UNITS6], s6[UNITS6];
} PlainPattern;
enum { PLAIN_ACTIVATIONS = sizeof(PlainPattern) / sizeof(float) };

/* ------------------------------------------------------------------------------- input */

static void present_plain(const Choices *c, const uint8_t *image, const float *map, PlainPattern *a)
{
    const int margin = (SIDE - PIXELS) / 2;
    const float step = (c->light - c->dark) / 255;
    const float middle = (PIXELS - 1) / 2.0f;
    const float centre = (SIDE - 1) / 2.0f;
    for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
            float ink;
            if (map) {
                const float u = column - centre;
                const float v = row - centre;
                const float x = map[0] * u + (map[1] * v + map[2] + middle + 1);
                const float y = map[3] * u + (map[4] * v + map[5] + middle + 1);
                ink = between_plain(image, PIXELS, x, y);
            } else {
                ink = pixel_plain(image, PIXELS, row - margin, column - margin);
            }
            a->in[row][column] = ink * step + c->dark;
        }
    }
}

/* ------------------------------------------------------------------------------- forward */

static float squash_plain(float a, float *slope)
{
    if (TANH) return tanh_and_slope_plain(a, slope);
    *slope = a > 0 ? 1 : 0;
    return a > 0 ? a : 0;
}

/* Four neighbours become one: upper left, upper right, lower left, lower right. */
static PlainPool pool_plain(const float sums[4], float coefficient, float bias)
{
    PlainPool pool = {{0}, 0, 0, 1};
    if (TRAINED_POOL) {
        float y[4];
        for (int q = 0; q < 4; q++) {
            y[q] = sums[q];
            pool.slopes[q] = 1;
            if (SQUASH_MAPS) y[q] = squash_plain(sums[q], &pool.slopes[q]);
        }
        pool.total = (y[0] + y[1]) + (y[2] + y[3]);
        pool.x = squash_plain(pool.total * coefficient + bias, &pool.slope);
    } else {
        int winner = 0;
        for (int q = 1; q < 4; q++) {
            if (sums[q] > sums[winner]) winner = q;
        }
        pool.x = squash_plain(sums[winner], &pool.slopes[winner]);
    }
    return pool;
}

static void c1_forward_plain(const Weights *w, const PlainPattern *a, float sums[MAPS1][SIDE1][SIDE1])
{
    for (int m = 0; m < MAPS1; m++) {
        for (int y = 0; y < SIDE1; y++) {
            for (int x = 0; x < SIDE1; x++) {
                float total = w->b1[m];
                for (int dy = 0; dy < 5; dy++) {
                    for (int dx = 0; dx < 5; dx++) total += w->c1[m][5 * dy + dx] * a->in[y + dy][x + dx];
                }
                sums[m][y][x] = total;
            }
        }
    }
}

static void s2_forward_plain(const Weights *w, float sums[MAPS1][SIDE1][SIDE1], PlainPattern *a)
{
    for (int m = 0; m < MAPS1; m++) {
        for (int y = 0; y < SIDE2; y++) {
            for (int x = 0; x < SIDE2; x++) {
                float four[4];
                for (int q = 0; q < 4; q++) four[q] = sums[m][2 * y + q / 2][2 * x + q % 2];
                a->s2[m][y][x] = pool_plain(four, w->k2[m], w->b2[m]);
            }
        }
    }
}

static void c3_forward_plain(const Weights *w, const PlainPattern *a, float sums[MAPS3][SIDE3][SIDE3])
{
    for (int m = 0; m < MAPS3; m++) {
        for (int y = 0; y < SIDE3; y++) {
            for (int x = 0; x < SIDE3; x++) {
                float total = w->b3[m];
                for (int i = 0; i < MAPS1; i++) { /* those that table I does not connect have weights of 0 */
                    for (int t = 0; t < 25; t++) total += w->c3[i][t][m] * a->s2[i][y + t / 5][x + t % 5].x;
                }
                sums[m][y][x] = total;
            }
        }
    }
}

static void s4_forward_plain(const Weights *w, float sums[MAPS3][SIDE3][SIDE3], PlainPattern *a)
{
    for (int m = 0; m < MAPS3; m++) {
        for (int y = 0; y < SIDE4; y++) {
            for (int x = 0; x < SIDE4; x++) {
                float four[4];
                for (int q = 0; q < 4; q++) four[q] = sums[m][2 * y + q / 2][2 * x + q % 2];
                a->s4[m][y][x] = pool_plain(four, w->k4[m], w->b4[m]);
            }
        }
    }
}

/* Number k of what C5 sees: place by place, and within a place map by map. */
static float feature_plain(const PlainPattern *a, int k)
{
    const int place = k / MAPS3;
    return a->s4[k % MAPS3][place / SIDE4][place % SIDE4].x;
}

static void c5_forward_plain(const Weights *w, PlainPattern *a)
{
    for (int u = 0; u < UNITS5; u++) {
        float total = w->b5[u];
        for (int k = 0; k < FEATURES; k++) total += feature_plain(a, k) * w->c5[k][u];
        a->x5[u] = squash_plain(total, &a->s5[u]);
    }
}

static void f6_forward_plain(const Weights *w, PlainPattern *a)
{
    for (int u = 0; u < UNITS6; u++) {
        float total = w->b6[u];
        for (int k = 0; k < UNITS5; k++) total += a->x5[k] * w->f6[k][u];
        a->x6[u] = squash_plain(total, &a->s6[u]);
    }
}

static void forward_plain(const Weights *w, PlainPattern *a)
{
    float c1[MAPS1][SIDE1][SIDE1], c3[MAPS3][SIDE3][SIDE3];
    c1_forward_plain(w, a, c1);
    s2_forward_plain(w, c1, a);
    c3_forward_plain(w, a, c3);
    s4_forward_plain(w, c3, a);
    c5_forward_plain(w, a);
    f6_forward_plain(w, a);
}

/* The ten outputs y: squared distances to the centres, or logits.  Returns the class that is read. */
static int answer_plain(const State *s, const PlainPattern *a, float y[CLASSES])
{
    int best = 0;
    for (int i = 0; i < CLASSES; i++) {
        if (RADIAL) {
            float lanes[16] = {0};
            for (int k = 0; k < UNITS6; k++) {
                const float apart = a->x6[k] - s->choices.codes[i][k];
                lanes[k % 16] += apart * apart;
            }
            y[i] = sum_plain(lanes);
            if (y[i] < y[best]) best = i;
        } else {
            y[i] = s->weights.b7[i];
            for (int k = 0; k < UNITS6; k++) y[i] += a->x6[k] * s->weights.out[k][i];
            if (y[i] > y[best]) best = i;
        }
    }
    return best;
}

/* ------------------------------------------------------------------------------- backward */

/* First and second derivatives of the MAP loss by the units of F6: see map_loss_backward() in lenet1998.c. */
static void map_loss_backward_plain(const State *s, const PlainPattern *a, int label, int best,
                                    const float y[CLASSES], float *first, float *second)
{
    const Choices *c = &s->choices;
    const float least = y[best] < c->j ? y[best] : c->j;
    float p[CLASSES + 1];
    for (int i = 0; i < CLASSES; i++) p[i] = -y[i];
    p[CLASSES] = -c->j;
    softmax_plain(p, CLASSES + 1, -least);
    for (int k = 0; k < UNITS6; k++) {
        float d = a->x6[k] - c->codes[label][k];
        for (int i = 0; i < CLASSES; i++) d -= p[i] * (a->x6[k] - c->codes[i][k]);
        first[k] = d * (2 * c->scale);
        second[k] = 2 * c->scale;
    }
}

/* Those of the cross-entropy by the logits. */
static void cross_entropy_backward_plain(const State *s, int label, int best, const float y[CLASSES], float *first,
                                         float *second)
{
    const float scale = s->choices.scale;
    float p[CLASSES];
    for (int i = 0; i < CLASSES; i++) p[i] = y[i];
    softmax_plain(p, CLASSES, y[best]);
    for (int i = 0; i < CLASSES; i++) {
        const float right = i == label ? 1 : 0;
        first[i] = (p[i] - right) * scale;
        second[i] = p[i] * (1 - p[i]) * scale;
    }
}

static void logits_backward_plain(const Update *u, const PlainPattern *a, const float d[CLASSES], float d6[UNITS6])
{
    for (int k = 0; k < UNITS6; k++) {
        float lanes[16] = {0};
        for (int i = 0; i < CLASSES; i++) {
            float *weight = &u->weights->out[k][i];
            lanes[i] += *weight * d[i]; /* before the weight moves */
            update_one(u, weight, a->x6[k] * d[i]);
        }
        d6[k] = sum_plain(lanes);
    }
    for (int i = 0; i < CLASSES; i++) update_one(u, &u->weights->b7[i], d[i]);
}

static void f6_backward_plain(const Update *u, const PlainPattern *a, const float d6[UNITS6], float d5[UNITS5])
{
    for (int k = 0; k < UNITS5; k++) {
        float lanes[16] = {0};
        for (int i = 0; i < UNITS6; i++) {
            const float d = d6[i] * a->s6[i];
            float *weight = &u->weights->f6[k][i];
            lanes[i % 16] += *weight * d;
            update_one(u, weight, a->x5[k] * d);
        }
        d5[k] = sum_plain(lanes);
    }
    for (int i = 0; i < UNITS6; i++) update_one(u, &u->weights->b6[i], d6[i] * a->s6[i]);
}

/* Here the units of even and of odd sixteens are summed apart, lane by lane, and then added. */
static void c5_backward_plain(const Update *u, const PlainPattern *a, const float d5[UNITS5], float d4[FEATURES])
{
    for (int k = 0; k < FEATURES; k++) {
        float even[16] = {0}, odd[16] = {0};
        for (int i = 0; i < UNITS5; i++) {
            const float d = d5[i] * a->s5[i];
            float *lanes = i / 16 % 2 ? odd : even;
            float *weight = &u->weights->c5[k][i];
            lanes[i % 16] += *weight * d;
            update_one(u, weight, feature_plain(a, k) * d);
        }
        for (int l = 0; l < 16; l++) even[l] += odd[l];
        d4[k] = sum_plain(even);
    }
    for (int i = 0; i < UNITS5; i++) update_one(u, &u->weights->b5[i], d5[i] * a->s5[i]);
}

/* S4, and the bias of C3, which is summed in the order of the pools, and within a pool of its four. */
static void s4_backward_plain(const Update *u, const PlainPattern *a, const float d4[FEATURES],
                              float d3[MAPS3][SIDE3][SIDE3])
{
    for (int m = 0; m < MAPS3; m++) {
        float by_bias = 0, by_coefficient = 0, by_bias3 = 0;
        for (int y = 0; y < SIDE4; y++) {
            for (int x = 0; x < SIDE4; x++) {
                const PlainPool *pool = &a->s4[m][y][x];
                float d = d4[(y * SIDE4 + x) * MAPS3 + m] * pool->slope;
                by_bias += d;
                by_coefficient += d * pool->total;
                if (TRAINED_POOL) d *= u->weights->k4[m];
                for (int q = 0; q < 4; q++) {
                    d3[m][2 * y + q / 2][2 * x + q % 2] = d * pool->slopes[q];
                    by_bias3 += d * pool->slopes[q];
                }
            }
        }
        if (TRAINED_POOL) {
            update_one(u, &u->weights->k4[m], by_coefficient);
            update_one(u, &u->weights->b4[m], by_bias);
        }
        update_one(u, &u->weights->b3[m], by_bias3);
    }
}

/* The place (y, x) of map i of S2 is seen by each map of C3, through each tap, from one place or none. */
static float c3_backward_place_plain(const Weights *w, float d3[MAPS3][SIDE3][SIDE3], int i, int y, int x)
{
    float total = 0;
    for (int m = 0; m < MAPS3; m++) {
        if (TABLE && seen[i][m] == 0) continue;
        for (int dx = 0; dx < 5; dx++) {
            for (int dy = 0; dy < 5; dy++) {
                const int from_y = y - dy, from_x = x - dx;
                if (from_y < 0 || from_y >= SIDE3 || from_x < 0 || from_x >= SIDE3) continue;
                total += w->c3[i][5 * dy + dx][m] * d3[m][from_y][from_x];
            }
        }
    }
    return total;
}

static void c3_backward_plain(const Update *u, const PlainPattern *a, float d3[MAPS3][SIDE3][SIDE3],
                              float d2[MAPS1][SIDE2][SIDE2])
{
    for (int i = 0; i < MAPS1; i++) {
        for (int y = 0; y < SIDE2; y++) {
            for (int x = 0; x < SIDE2; x++) d2[i][y][x] = c3_backward_place_plain(u->weights, d3, i, y, x);
        }
    }
    for (int i = 0; i < MAPS1; i++) {
        for (int m = 0; m < MAPS3; m++) {
            for (int t = 0; t < 25; t++) {
                float total = 0;
                for (int y = 0; y < SIDE3; y++) {
                    for (int x = 0; x < SIDE3; x++) total += d3[m][y][x] * a->s2[i][y + t / 5][x + t % 5].x;
                }
                if (TABLE) total *= seen[i][m]; /* the weight of what is not seen stays zero */
                update_one(u, &u->weights->c3[i][t][m], total);
            }
        }
    }
}

/* A lane is a column of S2. */
static void s2_backward_plain(const Update *u, const PlainPattern *a, float d2[MAPS1][SIDE2][SIDE2],
                              float d1[MAPS1][SIDE1][SIDE1])
{
    for (int m = 0; m < MAPS1; m++) {
        float by_bias[16] = {0}, by_coefficient[16] = {0};
        for (int y = 0; y < SIDE2; y++) {
            for (int x = 0; x < SIDE2; x++) {
                const PlainPool *pool = &a->s2[m][y][x];
                float d = d2[m][y][x] * pool->slope;
                by_bias[x] += d;
                by_coefficient[x] += d * pool->total;
                if (TRAINED_POOL) d *= u->weights->k2[m];
                for (int q = 0; q < 4; q++) d1[m][2 * y + q / 2][2 * x + q % 2] = d * pool->slopes[q];
            }
        }
        if (TRAINED_POOL) {
            update_one(u, &u->weights->k2[m], sum_plain(by_coefficient));
            update_one(u, &u->weights->b2[m], sum_plain(by_bias));
        }
    }
}

/* A lane is a pair of columns of C1, an even one and the odd one after it.  The two products of a tap are added
 * to each other first; the two derivatives by the bias one after the other. */
static void c1_backward_plain(const Update *u, const PlainPattern *a, float d1[SIDE1][SIDE1], int m)
{
    float by_bias[16] = {0};
    for (int y = 0; y < SIDE1; y++) {
        for (int x = 0; x < SIDE1; x++) by_bias[x / 2] += d1[y][x];
    }
    update_one(u, &u->weights->b1[m], sum_plain(by_bias));
    for (int t = 0; t < 25; t++) {
        float lanes[16] = {0};
        for (int y = 0; y < SIDE1; y++) {
            const float *in = &a->in[y + t / 5][t % 5];
            for (int x = 0; x < SIDE1; x += 2) lanes[x / 2] += d1[y][x] * in[x] + d1[y][x + 1] * in[x + 1];
        }
        update_one(u, &u->weights->c1[m][t], sum_plain(lanes));
    }
}

static void backward_plain(const Update *u, const PlainPattern *a, const float *top)
{
    float d6[UNITS6], d5[UNITS5], d4[FEATURES];
    float d3[MAPS3][SIDE3][SIDE3], d2[MAPS1][SIDE2][SIDE2], d1[MAPS1][SIDE1][SIDE1];
    if (RADIAL) {
        for (int k = 0; k < UNITS6; k++) d6[k] = top[k];
    } else {
        logits_backward_plain(u, a, top, d6);
    }
    f6_backward_plain(u, a, d6, d5);
    c5_backward_plain(u, a, d5, d4);
    s4_backward_plain(u, a, d4, d3);
    c3_backward_plain(u, a, d3, d2);
    s2_backward_plain(u, a, d2, d1);
    for (int m = 0; m < MAPS1; m++) c1_backward_plain(u, a, d1[m], m);
}

/* ------------------------------------------------------------------------------- what callers use */

/* Present a pattern, read it, and derive its loss; returns the class that is read. */
static int loss_plain(const State *s, const uint8_t *image, const float *map, int label, PlainPattern *a,
                      float first[UNITS6], float second[UNITS6])
{
    float y[CLASSES];
    present_plain(&s->choices, image, map, a);
    forward_plain(&s->weights, a);
    const int best = answer_plain(s, a, y);
    if (RADIAL) map_loss_backward_plain(s, a, label, best, y, first, second);
    else cross_entropy_backward_plain(s, label, best, y, first, second);
    return best;
}

/* As ladder_curvature(). */
EXPORT void ladder_curvature_plain(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                                   int n)
{
    const float *w = (const float *)&s->weights;
    float *w_squares = (float *)&s->squares;
    float *h = (float *)&s->curvature;
    const Update add = {0, &s->squares, &s->rates, &s->curvature};
    for (int i = 0; i < WEIGHTS; i++) {
        w_squares[i] = w[i] * w[i];
        h[i] = 0;
    }
    for (int i = 0; i < n; i++) {
        PlainPattern pattern;
        float *a = (float *)&pattern;
        float first[UNITS6], second[UNITS6];
        const uint8_t *image = images + (size_t)rows[i] * PIXELS * PIXELS;
        loss_plain(s, image, 0, labels[rows[i]], &pattern, first, second);
        for (int k = 0; k < PLAIN_ACTIVATIONS; k++) a[k] *= a[k];
        backward_plain(&add, &pattern, second);
    }
    for (int i = 0; i < WEIGHTS; i++) h[i] = h[i] / n;
}

/* As ladder_train(). */
EXPORT int ladder_train_plain(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                              const float *maps, int n, int batch, double lr)
{
    const Update u = {ONLINE, &s->weights, &s->rates, &s->gradient};
    int mistakes = 0;
    __builtin_memset(&s->gradient, 0, sizeof(Weights));
    for (int i = 0; i < n; i++) {
        PlainPattern pattern;
        float first[UNITS6], second[UNITS6];
        const int label = labels[rows[i]];
        const uint8_t *image = images + (size_t)rows[i] * PIXELS * PIXELS;
        mistakes += loss_plain(s, image, map_of(maps, i), label, &pattern, first, second) != label;
        backward_plain(&u, &pattern, first);
        const int full = (i + 1) % batch == 0 || i + 1 == n;
        if (!ONLINE && full) adam(s, i % batch + 1, lr);
    }
    return mistakes;
}

/* As ladder_read(). */
EXPORT void ladder_read_plain(State *s, const uint8_t *images, int n, int32_t *classes)
{
    for (int i = 0; i < n; i++) {
        PlainPattern pattern;
        float y[CLASSES];
        present_plain(&s->choices, images + (size_t)i * PIXELS * PIXELS, 0, &pattern);
        forward_plain(&s->weights, &pattern);
        classes[i] = answer_plain(s, &pattern, y);
    }
}
