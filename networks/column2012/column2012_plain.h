/* What column2012.c computes, number by number, as a textbook would: no vectors, and the same bytes.
 *
 * It is the last part of column2012.c, which has the weights: read it first, to know what is computed, and then how
 * column2012.c does it fast.  The tests hold one to the other, byte for byte.
 *
 * A sum is written in the order in which the engine adds, since another order is rounded otherwise.  It is the
 * plain order of the loops but where sum_plain() stands, and where a comment says so.
 *
 * Shapes: maps are [map][row][column].  d3 is "the derivative of the loss by what dense lets out", and so on.
 */
#include "../lanes_plain.h"

/* What is left of a maximum: which of the places has it, row by row from the upper left; it squashed; and how
 * fast that grows with it. */
typedef struct {
    int won;
    float x, slope;
} PlainPool;

typedef struct { /* what the layers make of one image */
    float image[SIDE][SIDE]; /* from -1 to 1 */
    PlainPool pool1[MAPS1][POOL1_SIDE][POOL1_SIDE];
    PlainPool pool2[MAPS2][POOL2_SIDE][POOL2_SIDE];
    float x3[HIDDEN], s3[HIDDEN]; /* what dense lets out, and slopes */
} PlainLayers;

/* ------------------------------------------------------------------------------- input */

/* How far each pixel is displaced along x and along y: see displace() in column2012.c. */
static void displace_plain(const State *s, uint64_t key, uint64_t number, float by[2][SIDE][SIDE])
{
    for (int axis = 0; axis < 2; axis++) {
        for (int y = 0; y < SIDE; y++) {
            float row[SIDE]; /* smoothed along y */
            for (int x = 0; x < SIDE; x++) {
                row[x] = 0;
                for (int v = 0; v < SIDE; v++) row[x] += s->blur[y][v] * draw_noise(s, key, number, axis, v, x);
            }
            for (int x = 0; x < SIDE; x++) {
                by[axis][y][x] = 0;
                for (int u = 0; u < SIDE; u++) by[axis][y][x] += row[u] * s->blur[u][x];
            }
        }
    }
}

static void distort_plain(const State *s, const uint8_t *image, const float map[6], uint64_t key, uint64_t number,
                          PlainLayers *a)
{
    const float middle = (SIDE - 1) / 2.0f;
    const float step = 2.0f / 255;
    float by[2][SIDE][SIDE] = {{{0}}};
    if (s->size) displace_plain(s, key, number, by);
    for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
            const float u = column - middle;
            const float v = row - middle;
            const float x = map[0] * u + (map[1] * v + map[2] + middle + 1) + by[0][row][column];
            const float y = map[3] * u + (map[4] * v + map[5] + middle + 1) + by[1][row][column];
            a->image[row][column] = between_plain(image, SIDE, x, y) * step - 1;
        }
    }
}

/* ------------------------------------------------------------------------------- forward */

/* What map m of conv1 has at (y, x). */
static float conv1_plain(const Weights *w, const PlainLayers *a, int m, int y, int x)
{
    float total = w->b1[m];
    for (int dy = 0; dy < 4; dy++) {
        for (int dx = 0; dx < 4; dx++) total += w->c1[m][4 * dy + dx] * a->image[y + dy][x + dx];
    }
    return total;
}

/* What map m of conv2 has at (y, x). */
static float conv2_plain(const Weights *w, const PlainLayers *a, int m, int y, int x)
{
    float total = w->b2[m];
    for (int i = 0; i < MAPS1; i++) {
        for (int t = 0; t < 25; t++) total += a->pool1[i][y + t / 5][x + t % 5].x * w->c2[m][t][i];
    }
    return total;
}

/* The first of the largest sums, squashed. */
static PlainPool pool_plain(const float *sums, int count)
{
    PlainPool pool = {0, 0, 0};
    for (int q = 1; q < count; q++) {
        if (sums[q] > sums[pool.won]) pool.won = q;
    }
    pool.x = tanh_and_slope_plain(sums[pool.won], &pool.slope);
    return pool;
}

static void pool1_forward_plain(const Weights *w, PlainLayers *a)
{
    for (int m = 0; m < MAPS1; m++) {
        for (int y = 0; y < POOL1_SIDE; y++) {
            for (int x = 0; x < POOL1_SIDE; x++) {
                float sums[4];
                for (int q = 0; q < 4; q++) sums[q] = conv1_plain(w, a, m, 2 * y + q / 2, 2 * x + q % 2);
                a->pool1[m][y][x] = pool_plain(sums, 4);
            }
        }
    }
}

static void pool2_forward_plain(const Weights *w, PlainLayers *a)
{
    for (int m = 0; m < MAPS2; m++) {
        for (int y = 0; y < POOL2_SIDE; y++) {
            for (int x = 0; x < POOL2_SIDE; x++) {
                float sums[9];
                for (int q = 0; q < 9; q++) sums[q] = conv2_plain(w, a, m, 3 * y + q / 3, 3 * x + q % 3);
                a->pool2[m][y][x] = pool_plain(sums, 9);
            }
        }
    }
}

/* Number k of what dense sees: place by place, and within a place map by map. */
static float feature_plain(const PlainLayers *a, int k)
{
    const int place = k / MAPS2;
    return a->pool2[k % MAPS2][place / POOL2_SIDE][place % POOL2_SIDE].x;
}

/* The class that is read, and the logits. */
static int forward_plain(const Weights *w, PlainLayers *a, float logits[CLASSES])
{
    int class = 0;
    pool1_forward_plain(w, a);
    pool2_forward_plain(w, a);
    for (int u = 0; u < HIDDEN; u++) {
        float total = w->b3[u];
        for (int k = 0; k < FEATURES; k++) total += feature_plain(a, k) * w->dense[k][u];
        a->x3[u] = tanh_and_slope_plain(total, &a->s3[u]);
    }
    for (int i = 0; i < CLASSES; i++) {
        logits[i] = w->b4[i];
        for (int k = 0; k < HIDDEN; k++) logits[i] += a->x3[k] * w->out[k][i];
        if (logits[i] > logits[class]) class = i;
    }
    return class;
}

/* ------------------------------------------------------------------------------- backward */

/* From the derivatives by the logits, d4, to d3. */
static void output_backward_plain(Weights *w, const PlainLayers *a, const float d4[CLASSES], float rate,
                                  float d3[HIDDEN])
{
    for (int k = 0; k < HIDDEN; k++) {
        float lanes[16] = {0};
        for (int i = 0; i < CLASSES; i++) {
            lanes[i] += w->out[k][i] * d4[i]; /* before the weight moves: here and below */
            w->out[k][i] -= rate * (a->x3[k] * d4[i]);
        }
        d3[k] = sum_plain(lanes);
    }
    for (int i = 0; i < CLASSES; i++) w->b4[i] -= rate * d4[i];
}

/* From d3 to d2, which is [place * MAPS2 + map] as the features are. */
static void dense_backward_plain(Weights *w, const PlainLayers *a, const float d3[HIDDEN], float rate,
                                 float d2[FEATURES])
{
    for (int k = 0; k < FEATURES; k++) {
        float lanes[16] = {0};
        for (int u = 0; u < HIDDEN; u++) {
            const float d = d3[u] * a->s3[u];
            lanes[u % 16] += w->dense[k][u] * d;
            w->dense[k][u] -= rate * (feature_plain(a, k) * d);
        }
        d2[k] = sum_plain(lanes);
    }
    for (int u = 0; u < HIDDEN; u++) w->b3[u] -= rate * (d3[u] * a->s3[u]);
}

/* From d2 to d1: only what a winner saw has a derivative.  Where winners saw the same place, its sum goes map by
 * map of conv2, within a map tap by tap, and for a tap winner by winner. */
static void conv2_backward_plain(Weights *w, const PlainLayers *a, const float d2[FEATURES], float rate,
                                 float d1[MAPS1][POOL1_SIDE][POOL1_SIDE])
{
    for (int m = 0; m < MAPS2; m++) {
        float d[PLACES], by_bias = 0;
        int top[PLACES], left[PLACES]; /* of what each winner saw */
        for (int at = 0; at < PLACES; at++) {
            const PlainPool *pool = &a->pool2[m][at / POOL2_SIDE][at % POOL2_SIDE];
            top[at] = at / POOL2_SIDE * 3 + pool->won / 3;
            left[at] = at % POOL2_SIDE * 3 + pool->won % 3;
            d[at] = d2[at * MAPS2 + m] * pool->slope;
            by_bias += d[at];
        }
        for (int t = 0; t < 25; t++) {
            for (int i = 0; i < MAPS1; i++) {
                float total = 0;
                for (int at = 0; at < PLACES; at++) {
                    const int y = top[at] + t / 5;
                    const int x = left[at] + t % 5;
                    d1[i][y][x] += d[at] * w->c2[m][t][i];
                    total += d[at] * a->pool1[i][y][x].x;
                }
                w->c2[m][t][i] -= rate * total;
            }
        }
        w->b2[m] -= rate * by_bias;
    }
}

/* From d1 to the weights of conv1; below it there is only the image. */
static void conv1_backward_plain(Weights *w, const PlainLayers *a, float d1[MAPS1][POOL1_SIDE][POOL1_SIDE],
                                 float rate)
{
    for (int m = 0; m < MAPS1; m++) {
        float by_tap[16] = {0}, by_bias = 0;
        for (int y = 0; y < POOL1_SIDE; y++) {
            for (int x = 0; x < POOL1_SIDE; x++) {
                const PlainPool *pool = &a->pool1[m][y][x];
                const int top = 2 * y + pool->won / 2;
                const int left = 2 * x + pool->won % 2;
                const float d = d1[m][y][x] * pool->slope;
                for (int t = 0; t < 16; t++) by_tap[t] += d * a->image[top + t / 4][left + t % 4];
                by_bias += d;
            }
        }
        for (int t = 0; t < 16; t++) w->c1[m][t] -= rate * by_tap[t];
        w->b1[m] -= rate * by_bias;
    }
}

/* ------------------------------------------------------------------------------- what callers use */

/* As column_train(). */
EXPORT int column_train_plain(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                              const float *maps, uint64_t key, int n, float rate)
{
    int mistakes = 0;
    for (int i = 0; i < n; i++) {
        PlainLayers a;
        float p[CLASSES], d3[HIDDEN], d2[FEATURES], d1[MAPS1][POOL1_SIDE][POOL1_SIDE] = {{{0}}};
        const int label = labels[rows[i]];
        distort_plain(s, images + (size_t)rows[i] * SIDE * SIDE, maps + 6 * i, key, rows[i], &a);
        const int class = forward_plain(&s->weights, &a, p);
        mistakes += class != label;
        softmax_plain(p, CLASSES, p[class]);
        p[label] -= 1; /* the derivatives of the cross-entropy by the logits */
        output_backward_plain(&s->weights, &a, p, rate, d3);
        dense_backward_plain(&s->weights, &a, d3, rate, d2);
        conv2_backward_plain(&s->weights, &a, d2, rate, d1);
        conv1_backward_plain(&s->weights, &a, d1, rate);
    }
    transpose(s); /* what column_train() keeps up to date beside the weights */
    return mistakes;
}

/* As column_read(). */
EXPORT void column_read_plain(const State *s, const uint8_t *images, int n, float *probabilities)
{
    const float step = 2.0f / 255;
    for (int i = 0; i < n; i++) {
        PlainLayers a;
        float p[CLASSES];
        const uint8_t *image = images + (size_t)i * SIDE * SIDE;
        for (int k = 0; k < SIDE * SIDE; k++) a.image[k / SIDE][k % SIDE] = image[k] * step - 1;
        const int class = forward_plain(&s->weights, &a, p);
        softmax_plain(p, CLASSES, p[class]);
        for (int k = 0; k < CLASSES; k++) probabilities[i * CLASSES + k] = p[k];
    }
}
