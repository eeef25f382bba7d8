/* The column of 2012, trained pattern by pattern on distorted images, to the same bytes everywhere.
 *
 *   29x29 -> 20 maps 4x4 -> max 2x2 -> 40 maps 5x5 -> max 3x3 -> 150 -> 10, softmax
 *   image    conv1         pool1       conv2         pool2       dense  output
 *
 * definition.py defines it in PyTorch; column2012_plain.h computes the same bytes as this file number by
 * number, as a textbook would: read it first.  Here each layer has the same two functions, X_forward and
 * X_backward, with vectors of sixteen lanes (lanes.h).
 *
 * A squash rises, so it comes after the maximum: a ninth of the work.  On the way back only the winner of a
 * maximum has a slope: a ninth and a quarter.
 *
 *   layer              what the lanes are
 *   conv1, pool1       the columns of a map, even and odd ones apart, so that the columns that a pool takes
 *                      together stand in the same lane of two vectors; on the way back the 16 taps
 *   conv2, pool2       the maps that it makes; on the way back the maps that it sees
 *   dense, output      the units
 *
 * A lane too many, which pads a vector, computes zeros or is multiplied by zeros.  Reading without training is
 * done another way, further down: there a lane is an image.
 */
#include "../lanes.h"

enum {
    SIDE = 29,           /* of the image, and of the maps: */
    CONV1_SIDE = 26,
    POOL1_SIDE = 13,
    CONV2_SIDE = 9,
    POOL2_SIDE = 3,
    PLACES = POOL2_SIDE * POOL2_SIDE,
    MAPS1 = 20,          /* of conv1 and pool1 */
    MAPS2 = 40,          /* of conv2 and pool2 */
    FEATURES = PLACES * MAPS2, /* what dense sees, place by place and within a place map by map */
    HIDDEN = 150,
    CLASSES = 10,
    VECTORS2 = 3,        /* that hold the maps of conv2, */
    VECTORS3 = 10,       /* and the hidden units */
    PADDED2 = 16 * VECTORS2,
    PADDED3 = 16 * VECTORS3,
};

/* What is trained, in whole vectors: [to][tap][from] or [from][to].  The numbers count layers: 1 conv1, 2 conv2,
 * 3 dense, 4 output; `c` is the taps of a convolution, `b` a bias. */
typedef struct {
    float c1[MAPS1][16], b1[32];
    float c2[MAPS2][25][32], b2[PADDED2];
    float dense[FEATURES][PADDED3], b3[PADDED3];
    float out[HIDDEN][16], b4[16];
} Weights;

/* All that a run needs.  Of the layers of one pattern: x what goes on to the next layer, after pool and squash;
 * s slopes, how fast x grows with the sum that is squashed; g derivatives of the loss by x; won which of a pool's
 * places has the maximum, counted row by row from the upper left. */
typedef struct {
    Weights weights;
    float blur[SIDE][32]; /* of the elastic distortion: weights between the pixels of a line, */
    float size;           /* and pixels of noise */
    float by_tap[MAPS1][25][PADDED2]; /* c2 once more, [from][tap][to], for the way up */
    float plane[SIDE][2][32];         /* the image, even and odd columns apart, for the way up */
    float patch[CONV1_SIDE * CONV1_SIDE][16]; /* what each place of conv1 sees, for the way back */
    float x1[POOL1_SIDE][POOL1_SIDE][32], s1[POOL1_SIDE][POOL1_SIDE][32], g1[POOL1_SIDE][POOL1_SIDE][32];
    int32_t won1[MAPS1][POOL1_SIDE][16];
    int32_t won2[PLACES][PADDED2];
    float x2[PLACES][PADDED2], s2[PLACES][PADDED2];
    float x3[PADDED3], s3[PADDED3];
} State;

static void transpose(State *s)
{
    for (int m = 0; m < MAPS2; m++) {
        for (int t = 0; t < 25; t++) {
            for (int i = 0; i < MAPS1; i++) s->by_tap[i][t][m] = s->weights.c2[m][t][i];
        }
    }
}

/* ------------------------------------------------------------------------------- input */

/* Output number n, from 0, of the generator that starts at key: see exact/random_numbers.py. */
INLINE uint64_t splitmix64(uint64_t key, uint64_t n)
{
    uint64_t z = key + (n + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* The noise at the pixel (y, x) of image `number`, within the size, for its displacement along x (axis 0) or y
 * (axis 1): the upper 24 bits of a number that is drawn for it, as many as a float holds. */
INLINE float draw_noise(const State *s, uint64_t key, uint64_t number, int axis, int y, int x)
{
    const uint64_t n = ((number * 2 + axis) * SIDE + y) * SIDE + x;
    return s->size * ((int32_t)(splitmix64(key, n) >> 40) * 0x1p-23f - 1);
}

/* How far each pixel is displaced along x and along y: noise, smoothed along y, then along x. */
static void displace(const State *s, uint64_t key, uint64_t number, float by[2][SIDE][32])
{
    for (int axis = 0; axis < 2; axis++) {
        float noise[SIDE][32] = {{0}};
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) noise[y][x] = draw_noise(s, key, number, axis, y, x);
        }
        for (int y = 0; y < SIDE; y++) {
            vec down[2] = {all(0), all(0)}; /* a row, its left and right half */
            vec across[2] = {all(0), all(0)};
            float row[32];
            for (int v = 0; v < SIDE; v++) {
                UNROLL for (int h = 0; h < 2; h++) down[h] += all(s->blur[y][v]) * load(noise[v] + 16 * h);
            }
            UNROLL for (int h = 0; h < 2; h++) store(row + 16 * h, down[h]);
            for (int u = 0; u < SIDE; u++) {
                UNROLL for (int h = 0; h < 2; h++) across[h] += all(row[u]) * load(s->blur[u] + 16 * h);
            }
            UNROLL for (int h = 0; h < 2; h++) store(by[axis][y] + 16 * h, across[h]);
        }
    }
}

/* A distorted image, from -1 to 1: each pixel is read, bilinearly, where its displaced place, as seen from
 * the middle, is taken to by (x, y) -> (map[0] x + map[1] y + map[2], map[3] x + map[4] y + map[5]). */
static void distort(const State *s, const uint8_t *image, const float map[6], uint64_t key, uint64_t number,
                    float *out)
{
    const float middle = (SIDE - 1) / 2.0f;
    const float step = 2.0f / 255;
    float frame[SIDE + 3][SIDE + 3] = {{0}}; /* the image within zeros: its corner is (-1, -1) */
    float by[2][SIDE][32] = {{{0}}};
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) frame[y + 1][x + 1] = image[y * SIDE + x];
    }
    if (s->size) displace(s, key, number, by);
    vec columns;
    for (int k = 0; k < 16; k++) columns[k] = k - middle;
    for (int row = 0; row < SIDE; row++) {
        for (int h = 0; h < 2; h++) { /* the left and the right half */
            const float v = row - middle;
            const vec u = columns + all(16 * h);
            const vec x = all(map[0]) * u + all(map[1] * v + map[2] + middle + 1) + load(by[0][row] + 16 * h);
            const vec y = all(map[3]) * u + all(map[4] * v + map[5] + middle + 1) + load(by[1][row] + 16 * h);
            const vec ink = read_between(frame[0], SIDE + 3, x, y) * all(step) - all(1);
            const int inside = h ? SIDE - 16 : 16;
            for (int l = 0; l < inside; l++) out[row * SIDE + 16 * h + l] = ink[l];
        }
    }
}

/* An image (SIDE, SIDE) as the way up and the way back want it. */
static void present(State *s, const float *image)
{
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) s->plane[y][x % 2][x / 2] = image[y * SIDE + x];
    }
    for (int y = 0; y < CONV1_SIDE; y++) {
        for (int x = 0; x < CONV1_SIDE; x++) {
            float *patch = s->patch[y * CONV1_SIDE + x];
            for (int t = 0; t < 16; t++) patch[t] = image[(y + t / 4) * SIDE + x + t % 4];
        }
    }
}

/* ------------------------------------------------------------------------------- forward */

enum { AT_ONCE = 5 }; /* maps or units whose sums advance together: of 20, 40, 150 and 10 */

/* One row of the taps of maps first, first + 1, ...: `columns` are what the even columns of a map see through
 * the tap dx = 0, and so on; the odd ones see the next.  Sums [map][cell of the pool], row r of its two. */
INLINE void conv1_taps(const Weights *w, int first, int dy, const vec columns[5], int r, vec sums[AT_ONCE][4])
{
    UNROLL for (int k = 0; k < AT_ONCE; k++) {
        UNROLL for (int dx = 0; dx < 4; dx++) {
            const vec tap = all(w->c1[first + k][4 * dy + dx]);
            sums[k][2 * r] += tap * columns[dx];
            sums[k][2 * r + 1] += tap * columns[dx + 1];
        }
    }
}

/* conv1: the two rows that become row `row` of pool1, in the maps first, first + 1, ...  A row of the image is
 * loaded once for both. */
INLINE void conv1_forward(const State *s, int row, int first, vec sums[AT_ONCE][4])
{
    const Weights *w = &s->weights;
    UNROLL for (int k = 0; k < AT_ONCE; k++) {
        UNROLL for (int q = 0; q < 4; q++) sums[k][q] = all(w->b1[first + k]);
    }
    for (int y = 0; y < 5; y++) {
        const float *even = s->plane[2 * row + y][0];
        const float *odd = s->plane[2 * row + y][1];
        const vec columns[5] = {load(even), load(odd), load(even + 1), load(odd + 1), load(even + 2)};
        if (y < 4) conv1_taps(w, first, y, columns, 0, sums);
        if (y > 0) conv1_taps(w, first, y - 1, columns, 1, sums);
    }
}

/* pool1: row `row` of map m, from the four cells of each pool; the first of equals wins. */
INLINE void pool1_forward(State *s, int row, int m, const vec cells[4])
{
    vec best = cells[0];
    vec slope;
    mask won = {0};
    UNROLL for (int q = 1; q < 4; q++) {
        const mask more = cells[q] > best;
        best = where(more, cells[q], best);
        won = (won & ~more) | (q & more);
    }
    const vec x = tanh_and_slope(best, &slope);
    for (int l = 0; l < POOL1_SIDE; l++) {
        s->x1[row][l][m] = x[l];
        s->s1[row][l][m] = slope[l];
    }
    for (int l = 0; l < 16; l++) s->won1[m][row][l] = won[l];
}

/* conv2: row y of all maps, which are the lanes; the nine columns advance at once. */
INLINE void conv2_forward(const State *s, int y, vec sums[CONV2_SIDE][VECTORS2])
{
    UNROLL for (int x = 0; x < CONV2_SIDE; x++) {
        UNROLL for (int o = 0; o < VECTORS2; o++) sums[x][o] = load(s->weights.b2 + 16 * o);
    }
    for (int i = 0; i < MAPS1; i++) {
        for (int dy = 0; dy < 5; dy++) {
            UNROLL for (int dx = 0; dx < 5; dx++) {
                const float *tap = s->by_tap[i][5 * dy + dx];
                const vec taps[VECTORS2] = {load(tap), load(tap + 16), load(tap + 32)};
                UNROLL for (int x = 0; x < CONV2_SIDE; x++) {
                    const vec from = all(s->x1[y + dy][x + dx][i]);
                    UNROLL for (int o = 0; o < VECTORS2; o++) sums[x][o] += from * taps[o];
                }
            }
        }
    }
}

/* The maxima of a row of pool2 so far, as one row r of the three of its pools comes: the first of equals wins. */
INLINE void pool2_compare(vec sums[CONV2_SIDE][VECTORS2], int r, vec best[POOL2_SIDE][VECTORS2],
                          mask won[POOL2_SIDE][VECTORS2])
{
    UNROLL for (int x = 0; x < CONV2_SIDE; x++) {
        UNROLL for (int o = 0; o < VECTORS2; o++) {
            const int pool = x / 3;
            const int first = r == 0 && x % 3 == 0;
            const mask more = first ? ~(mask){0} : sums[x][o] > best[pool][o];
            best[pool][o] = where(more, sums[x][o], best[pool][o]);
            won[pool][o] = (won[pool][o] & ~more) | ((3 * r + x % 3) & more);
        }
    }
}

/* conv2 and pool2: row `row` of the pools. */
INLINE void pool2_forward(State *s, int row)
{
    vec best[POOL2_SIDE][VECTORS2];
    mask won[POOL2_SIDE][VECTORS2];
    for (int r = 0; r < 3; r++) {
        vec sums[CONV2_SIDE][VECTORS2];
        conv2_forward(s, 3 * row + r, sums);
        pool2_compare(sums, r, best, won);
    }
    for (int x = 0; x < POOL2_SIDE; x++) {
        for (int o = 0; o < VECTORS2; o++) {
            const int at = row * POOL2_SIDE + x;
            vec slope;
            store(s->x2[at] + 16 * o, tanh_and_slope(best[x][o], &slope));
            store(s->s2[at] + 16 * o, slope);
            for (int l = 0; l < 16; l++) s->won2[at][16 * o + l] = won[x][o][l];
        }
    }
}

INLINE void dense_forward(State *s)
{
    const Weights *w = &s->weights;
    vec sums[VECTORS3];
    vec slope;
    UNROLL for (int o = 0; o < VECTORS3; o++) sums[o] = load(w->b3 + 16 * o);
    for (int at = 0; at < PLACES; at++) {
        for (int m = 0; m < MAPS2; m++) {
            const float *row = w->dense[at * MAPS2 + m];
            const vec x = all(s->x2[at][m]);
            UNROLL for (int o = 0; o < VECTORS3; o++) sums[o] += x * load(row + 16 * o);
        }
    }
    UNROLL for (int o = 0; o < VECTORS3; o++) {
        store(s->x3 + 16 * o, tanh_and_slope(sums[o], &slope));
        store(s->s3 + 16 * o, slope);
    }
}

INLINE void output_forward(const State *s, float logits[16])
{
    vec y = load(s->weights.b4);
    for (int k = 0; k < HIDDEN; k++) y += all(s->x3[k]) * load(s->weights.out[k]);
    store(logits, y);
}

/* The logits of the image that is presented; returns the class that is read. */
static int forward(State *s, float logits[16])
{
    for (int row = 0; row < POOL1_SIDE; row++) {
        for (int first = 0; first < MAPS1; first += AT_ONCE) {
            vec sums[AT_ONCE][4];
            conv1_forward(s, row, first, sums);
            for (int k = 0; k < AT_ONCE; k++) pool1_forward(s, row, first + k, sums[k]);
        }
    }
    for (int row = 0; row < POOL2_SIDE; row++) pool2_forward(s, row);
    dense_forward(s);
    output_forward(s, logits);
    int class = 0;
    for (int i = 0; i < CLASSES; i++) {
        if (logits[i] > logits[class]) class = i;
    }
    return class;
}

/* ------------------------------------------------------------------------------- backward
 *
 * Each function is given the derivatives of the loss by what its layer lets out, and finds those by what it
 * takes in (d2 is "by x2", and so on).  Every weight moves against its own derivative, times the rate, as soon as
 * nothing below needs its old value. */

/* From the derivatives by the logits, `top`, to d3. */
INLINE void output_backward(State *s, const float top[16], float rate, float d3[PADDED3])
{
    Weights *w = &s->weights;
    const vec r = all(rate);
    const vec d = load(top);
    for (int k = HIDDEN; k < PADDED3; k++) d3[k] = 0;
    for (int k = 0; k < HIDDEN; k++) {
        const vec old = load(w->out[k]);
        d3[k] = sum(old * d);
        store(w->out[k], old - r * (all(s->x3[k]) * d));
    }
    store(w->b4, load(w->b4) - r * d);
}

/* From d3 to d2. */
INLINE void dense_backward(State *s, const float d3[PADDED3], float rate, float d2[PLACES][MAPS2])
{
    Weights *w = &s->weights;
    const vec r = all(rate);
    vec d[VECTORS3]; /* by the sums that are squashed */
    UNROLL for (int o = 0; o < VECTORS3; o++) d[o] = load(d3 + 16 * o) * load(s->s3 + 16 * o);
    for (int at = 0; at < PLACES; at++) {
        for (int m = 0; m < MAPS2; m++) {
            float *row = w->dense[at * MAPS2 + m];
            const vec x = all(s->x2[at][m]);
            vec total = all(0);
            UNROLL for (int o = 0; o < VECTORS3; o++) {
                const vec old = load(row + 16 * o);
                total += old * d[o];
                store(row + 16 * o, old - r * (x * d[o]));
            }
            d2[at][m] = sum(total);
        }
    }
    UNROLL for (int o = 0; o < VECTORS3; o++) {
        float *bias = w->b3 + 16 * o;
        store(bias, load(bias) - r * d[o]);
    }
}

/* One map of conv2, through the winners of its nine pools: its weights move, and s->g1 grows by what the map
 * gives to the derivatives by x1. */
INLINE void conv2_backward(State *s, int m, float d2[PLACES][MAPS2], float rate)
{
    Weights *w = &s->weights;
    float *g1 = (float *)s->g1; /* 32 numbers a place */
    const float *x1 = (const float *)s->x1;
    float d[PLACES];  /* by the winners' sums */
    int from[PLACES]; /* the place in x1 and g1 that is the upper left of what each winner saw */
    float by_bias = 0;
    for (int at = 0; at < PLACES; at++) {
        const int won = s->won2[at][m];
        const int y = at / POOL2_SIDE * 3 + won / 3;
        const int x = at % POOL2_SIDE * 3 + won % 3;
        from[at] = y * POOL1_SIDE + x;
        d[at] = d2[at][m] * s->s2[at][m];
        by_bias += d[at];
    }
    for (int t = 0; t < 25; t++) {
        float *tap = w->c2[m][t];
        const int on = t / 5 * POOL1_SIDE + t % 5;
        const vec old[2] = {load(tap), load(tap + 16)};
        vec moved[2] = {all(0), all(0)};
        UNROLL for (int at = 0; at < PLACES; at++) {
            float *g = g1 + 32 * (from[at] + on);
            const float *x = x1 + 32 * (from[at] + on);
            UNROLL for (int h = 0; h < 2; h++) {
                store(g + 16 * h, load(g + 16 * h) + all(d[at]) * old[h]);
                moved[h] += all(d[at]) * load(x + 16 * h);
            }
        }
        UNROLL for (int h = 0; h < 2; h++) store(tap + 16 * h, old[h] - all(rate) * moved[h]);
        for (int i = 0; i < MAPS1; i++) s->by_tap[i][t][m] = tap[i];
    }
    w->b2[m] -= rate * by_bias;
}

/* conv1, through the winners of pool1, from s->g1: its weights move; below it there is only the image. */
INLINE void conv1_backward(State *s, float rate)
{
    Weights *w = &s->weights;
    vec moved[MAPS1];
    float by_bias[MAPS1];
    for (int m = 0; m < MAPS1; m++) {
        moved[m] = all(0);
        by_bias[m] = 0;
    }
    for (int y = 0; y < POOL1_SIDE; y++) {
        for (int x = 0; x < POOL1_SIDE; x++) {
            for (int m = 0; m < MAPS1; m++) {
                const int won = s->won1[m][y][x];
                const int place = (2 * y + won / 2) * CONV1_SIDE + 2 * x + won % 2;
                const float d = s->g1[y][x][m] * s->s1[y][x][m];
                moved[m] += all(d) * load(s->patch[place]);
                by_bias[m] += d;
            }
        }
    }
    for (int m = 0; m < MAPS1; m++) {
        store(w->c1[m], load(w->c1[m]) - all(rate) * moved[m]);
        w->b1[m] -= rate * by_bias[m];
    }
}

/* From the derivatives by the logits, `top`, down; all weights move. */
static void backward(State *s, const float top[16], float rate)
{
    float d3[PADDED3], d2[PLACES][MAPS2];
    output_backward(s, top, rate, d3);
    dense_backward(s, d3, rate, d2);
    __builtin_memset(s->g1, 0, sizeof s->g1);
    for (int m = 0; m < MAPS2; m++) conv2_backward(s, m, d2, rate);
    conv1_backward(s, rate);
}

/* ------------------------------------------------------------------------------- reading
 *
 * The same sums in the same order, for 16 images at once, a lane each; no lane is empty, as some are above. */

enum { IMAGES = 16 };

/* The caller's arena: what is trained, a row for each sum; and activations, a lane for each image. */
typedef struct {
    float c2[MAPS2][MAPS1][25], dense[HIDDEN][FEATURES], out[CLASSES][HIDDEN];
    float image[SIDE][SIDE][IMAGES];
    float x1[MAPS1][POOL1_SIDE][POOL1_SIDE][IMAGES];
    float x2[PLACES][MAPS2][IMAGES];
    float x3[HIDDEN][IMAGES];
    float patch[25 * MAPS1][IMAGES]; /* what one place of a map sees */
    float logits[CLASSES][IMAGES];
} Reading;

static void set_rows(const Weights *w, Reading *r)
{
    for (int m = 0; m < MAPS2; m++) {
        for (int i = 0; i < MAPS1; i++) {
            for (int t = 0; t < 25; t++) r->c2[m][i][t] = w->c2[m][t][i];
        }
    }
    for (int u = 0; u < HIDDEN; u++) {
        for (int k = 0; k < FEATURES; k++) r->dense[u][k] = w->dense[k][u];
    }
    for (int c = 0; c < CLASSES; c++) {
        for (int k = 0; k < HIDDEN; k++) r->out[c][k] = w->out[k][c];
    }
}

/* What a place of the maps sees, side by side: from `corner` on `side` x `side` places of each of `maps`, maps of
 * `wide` x `wide`. */
INLINE void collect(int maps, int wide, int side, const float *corner, float *patch)
{
    for (int i = 0; i < maps; i++) {
        for (int y = 0; y < side; y++) {
            UNROLL for (int x = 0; x < side; x++) {
                store(patch, load(corner + ((i * wide + y) * wide + x) * IMAGES));
                patch += IMAGES;
            }
        }
    }
}

typedef struct { /* a convolution and the pool after it */
    int from, to, wide; /* maps that it sees, maps that it makes, and the side of those that it sees */
    int side, cells;    /* of its windows, and of its pools */
    const float *rows;  /* its taps, a row for each map that it makes; */
    int apart;          /* from one row to the next */
    const float *bias;
} Convolution;

/* Convolution, maximum and squash at one pool, of which the first window begins at `corner`: out, a map every
 * `out_apart` floats. */
INLINE void read_pool(const Convolution c, const float *corner, float *patch, float *out, int out_apart)
{
    vec best[MAPS2], sums[MAPS2];
    vec slope;
    for (int q = 0; q < c.cells * c.cells; q++) {
        collect(c.from, c.wide, c.side, corner + (q / c.cells * c.wide + q % c.cells) * IMAGES, patch);
        for (int m = 0; m < c.to; m += AT_ONCE) {
            const float *taps[AT_ONCE];
            UNROLL for (int p = 0; p < AT_ONCE; p++) {
                sums[m + p] = all(c.bias[m + p]);
                taps[p] = c.rows + (m + p) * c.apart;
            }
            add_products(AT_ONCE, sums + m, taps, patch, c.from * c.side * c.side);
        }
        for (int m = 0; m < c.to; m++) best[m] = q == 0 ? sums[m] : where(sums[m] > best[m], sums[m], best[m]);
    }
    for (int m = 0; m < c.to; m++) store(out + m * out_apart, tanh_and_slope(best[m], &slope));
}

/* A layer of units, from `from` numbers an image to `to`; the last one is not squashed. */
INLINE void read_dense(int from, int to, const float *x, const float *rows, const float *bias, int last, float *out)
{
    for (int u = 0; u < to; u += AT_ONCE) {
        vec sums[AT_ONCE];
        const float *row[AT_ONCE];
        vec slope;
        UNROLL for (int p = 0; p < AT_ONCE; p++) {
            sums[p] = all(bias[u + p]);
            row[p] = rows + (u + p) * from;
        }
        add_products(AT_ONCE, sums, row, x, from);
        UNROLL for (int p = 0; p < AT_ONCE; p++) {
            store(out + (u + p) * IMAGES, last ? sums[p] : tanh_and_slope(sums[p], &slope));
        }
    }
}

/* From the image to the logits, of 16 images. */
INLINE void read_layers(const Weights *w, Reading *r)
{
    const Convolution conv1 = {1, MAPS1, SIDE, 4, 2, w->c1[0], 16, w->b1};
    const Convolution conv2 = {MAPS1, MAPS2, POOL1_SIDE, 5, 3, r->c2[0][0], 25 * MAPS1, w->b2};
    const int map1 = POOL1_SIDE * POOL1_SIDE * IMAGES; /* from one map of x1 to the next */
    for (int y = 0; y < POOL1_SIDE; y++) {
        for (int x = 0; x < POOL1_SIDE; x++) {
            read_pool(conv1, r->image[2 * y][2 * x], r->patch[0], r->x1[0][y][x], map1);
        }
    }
    for (int y = 0; y < POOL2_SIDE; y++) {
        for (int x = 0; x < POOL2_SIDE; x++) {
            read_pool(conv2, r->x1[0][3 * y][3 * x], r->patch[0], r->x2[y * POOL2_SIDE + x][0], IMAGES);
        }
    }
    read_dense(FEATURES, HIDDEN, r->x2[0][0], r->dense[0], w->b3, 0, r->x3[0]);
    read_dense(HIDDEN, CLASSES, r->x3[0], r->out[0], w->b4, 1, r->logits[0]);
}

/* The probabilities (n, CLASSES) of n <= 16 images; what lanes beyond n compute is not looked at. */
static void read_images(const Weights *w, const uint8_t *images, int n, Reading *r, float *probabilities)
{
    const float step = 2.0f / 255;
    for (int l = 0; l < n; l++) {
        const uint8_t *image = images + l * SIDE * SIDE;
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) r->image[y][x][l] = image[y * SIDE + x] * step - 1;
        }
    }
    read_layers(w, r);
    for (int l = 0; l < n; l++) {
        float p[16];
        float top = r->logits[0][l];
        for (int i = 0; i < CLASSES; i++) {
            p[i] = r->logits[i][l];
            if (p[i] > top) top = p[i];
        }
        softmax(p, CLASSES, top);
        for (int k = 0; k < CLASSES; k++) probabilities[l * CLASSES + k] = p[k];
    }
}

/* ------------------------------------------------------------------------------- what callers use */

EXPORT size_t column_state_bytes(void) { return sizeof(State); }
EXPORT size_t column_arena_bytes(void) { return sizeof(Reading); } /* for column_read */

/* Weights were written: make ready what follows from them. */
EXPORT void column_begin(State *s) { transpose(s); }

/* images[rows[i]], bytes of 29x29, distorted by a map each and by noise that is drawn by its number. */
EXPORT void column_distort(const State *s, const uint8_t *images, const uint32_t *rows, const float *maps,
                           uint64_t key, int n, float *out)
{
    for (int i = 0; i < n; i++) {
        const uint8_t *image = images + (size_t)rows[i] * SIDE * SIDE;
        distort(s, image, maps + 6 * i, key, rows[i], out + (size_t)i * SIDE * SIDE);
    }
}

/* Train on such images, in order; how many were misread as they were presented. */
EXPORT int column_train(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                        const float *maps, uint64_t key, int n, float rate)
{
    float image[SIDE * SIDE];
    int mistakes = 0;
    for (int i = 0; i < n; i++) {
        float p[16];
        const int label = labels[rows[i]];
        column_distort(s, images, rows + i, maps + 6 * i, key, 1, image);
        present(s, image);
        const int class = forward(s, p);
        mistakes += class != label;
        softmax(p, CLASSES, p[class]);
        p[label] -= 1; /* the derivatives of the cross-entropy by the logits */
        backward(s, p, rate);
    }
    return mistakes;
}

/* The probabilities of the ten classes of each image as it is. */
EXPORT void column_read(const State *s, const uint8_t *images, int n, float *probabilities, Reading *arena)
{
    set_rows(&s->weights, arena);
    __builtin_memset(arena->image, 0, sizeof arena->image); /* for the lanes that the last images leave empty */
    for (int i = 0; i < n; i += IMAGES) {
        const int some = n - i < IMAGES ? n - i : IMAGES;
        read_images(&s->weights, images + (size_t)i * SIDE * SIDE, some, arena, probabilities + (size_t)i * CLASSES);
    }
}

#include "column2012_plain.h"
