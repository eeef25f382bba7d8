/* The column of 2012, trained pattern by pattern on distorted images, to the same bytes everywhere.
 *
 *   29x29 -> 20 maps 4x4 -> max 2x2 -> 40 maps 5x5 -> max 3x3 -> 150 -> 10, softmax
 *
 * systems/column2012.py defines it in PyTorch.  A squash rises, so it comes after the maximum: a ninth of
 * the work.  On the way back only the winner of a maximum has a slope: a ninth and a quarter.
 *
 * Lanes: in the first convolution columns of a map, even and odd ones apart; in the second the maps that
 * it makes; on the way back the maps that it sees, and the taps of the first; then the units.
 */
#include "lanes.h"

enum { SIDE = 29, N1 = 26, H1 = 13, N2 = 9, H2 = 3, MAPS1 = 20, MAPS2 = 40, HIDDEN = 150, CLASSES = 10,
       PLACES = H2 * H2 };

typedef struct { /* what is trained, in whole vectors: [to][tap][from] or [from][to] */
    float c1[MAPS1][16], b1[32], c2[MAPS2][25][32], b2[48];
    float dense[PLACES * MAPS2][160], b3[160], out[HIDDEN][16], b4[16];
} Weights;

typedef struct {
    Weights weights;
    float blur[SIDE][32], size; /* of the elastic distortion: weights between pixels, and pixels of noise */
    float by_tap[MAPS1][25][48]; /* c2 once more, [from][tap][to] */
    float plane[SIDE][2][32], patch[N1 * N1][16];
    float x1[H1][H1][32], s1[H1][H1][32], g1[H1][H1][32]; /* what goes on, slopes, derivatives */
    int32_t won1[MAPS1][H1][16], won2[PLACES][48];
    float x2[PLACES][48], s2[PLACES][48], x3[160], s3[160];
} State;

static void transpose(State *s)
{
    FOR(m, MAPS2) FOR(t, 25) FOR(i, MAPS1) s->by_tap[i][t][m] = s->weights.c2[m][t][i];
}

/* ------------------------------------------------------------------------------- input */

/* Output number n, from 0, of the generator that starts at key: see lenet5/draws.py. */
INLINE uint64_t splitmix64(uint64_t key, uint64_t n)
{
    uint64_t z = key + (n + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* How far each pixel is displaced along x and y: noise of image `number`, smoothed along y, then along x. */
static void displace(const State *s, uint64_t key, uint64_t number, float by[2][SIDE][32])
{
    static const float unit = 0x1p-23f;
    FOR(c, 2) {
        float noise[SIDE][32] = {{0}};
        FOR(y, SIDE) FOR(x, SIDE) {
            const uint64_t n = ((number * 2 + c) * SIDE + y) * SIDE + x;
            noise[y][x] = s->size * ((int32_t)(splitmix64(key, n) >> 40) * unit - 1);
        }
        FOR(y, SIDE) {
            vec down[2] = {all(0), all(0)}, across[2] = {all(0), all(0)};
            FOR(v, SIDE) EACH(h, 2) down[h] += all(s->blur[y][v]) * load(noise[v] + 16 * h);
            float row[32];
            EACH(h, 2) store(row + 16 * h, down[h]);
            FOR(u, SIDE) EACH(h, 2) across[h] += all(row[u]) * load(s->blur[u] + 16 * h);
            EACH(h, 2) store(by[c][y] + 16 * h, across[h]);
        }
    }
}

/* A distorted image, from -1 to 1: each pixel is read, bilinearly, where its displaced place, as seen from
 * the middle, is taken to by (x, y) -> (map[0] x + map[1] y + map[2], map[3] x + map[4] y + map[5]). */
static void distort(const State *s, const uint8_t *image, const float *map, uint64_t key, uint64_t number,
                    float *out)
{
    const float middle = (SIDE - 1) / 2.0f, step = 2.0f / 255;
    float frame[SIDE + 3][SIDE + 3] = {{0}}; /* the image within a margin of zeros: its corner is at (-1, -1) */
    float by[2][SIDE][32] = {{{0}}};
    FOR(y, SIDE) FOR(x, SIDE) frame[y + 1][x + 1] = image[y * SIDE + x];
    if (s->size) displace(s, key, number, by);
    vec columns;
    FOR(k, 16) columns[k] = k - middle;
    FOR(row, SIDE) FOR(h, 2) {
        const float v = row - middle;
        const vec u = columns + all(16 * h);
        vec x = all(map[0]) * u + all(map[1] * v + map[2] + middle + 1) + load(by[0][row] + 16 * h);
        vec y = all(map[3]) * u + all(map[4] * v + map[5] + middle + 1) + load(by[1][row] + 16 * h);
        const vec ink = read_between(frame[0], SIDE + 3, x, y) * all(step) - all(1);
        FOR(l, h ? SIDE - 16 : 16) out[row * SIDE + 16 * h + l] = ink[l];
    }
}

static void present(State *s, const float *image)
{
    FOR(y, SIDE) FOR(x, SIDE) s->plane[y][x & 1][x >> 1] = image[y * SIDE + x];
    FOR(y, N1) FOR(x, N1) FOR(dy, 4) FOR(dx, 4)
        s->patch[y * N1 + x][4 * dy + dx] = image[(y + dy) * SIDE + x + dx];
}

/* ------------------------------------------------------------------------------- forward */

/* The class that is read, and the logits. */
static int forward(State *s, float logits[16])
{
    const Weights *w = &s->weights;
    FOR(row, H1) FOR(five, MAPS1 / 5) {
        vec c[5][4]; /* of the cells of a pool, from the upper left */
        EACH(k, 5) EACH(q, 4) c[k][q] = all(w->b1[5 * five + k]);
        FOR(y, 5) {
            const float *even = s->plane[2 * row + y][0], *odd = s->plane[2 * row + y][1];
            const vec t[5] = {load(even), load(odd), load(even + 1), load(odd + 1), load(even + 2)};
            FOR(r, 2) {
                const int dy = y - r;
                if (dy < 0 || dy > 3) continue;
                EACH(k, 5) EACH(dx, 4) {
                    const vec tap = all(w->c1[5 * five + k][4 * dy + dx]);
                    if (r) c[k][2] += tap * t[dx], c[k][3] += tap * t[dx + 1];
                    else c[k][0] += tap * t[dx], c[k][1] += tap * t[dx + 1];
                }
            }
        }
        FOR(k, 5) {
            const int m = 5 * five + k;
            vec best = c[k][0], slope;
            mask won = {0};
            EACH(q, 3) {
                const mask more = c[k][q + 1] > best;
                best = where(more, c[k][q + 1], best), won = (won & ~more) | ((q + 1) & more);
            }
            const vec x = scaled_tanh(best, &slope);
            FOR(l, H1) s->x1[row][l][m] = x[l], s->s1[row][l][m] = slope[l];
            FOR(l, 16) s->won1[m][row][l] = won[l];
        }
    }
    FOR(high, H2) {
        vec best[H2][3];
        mask won[H2][3];
        FOR(r, 3) {
            vec c[N2][3];
            EACH(x, N2) EACH(o, 3) c[x][o] = load(w->b2 + 16 * o);
            FOR(i, MAPS1) FOR(dy, 5) EACH(dx, 5) {
                const float *tap = s->by_tap[i][5 * dy + dx];
                const vec t[3] = {load(tap), load(tap + 16), load(tap + 32)};
                EACH(x, N2) {
                    const vec from = all(s->x1[3 * high + r + dy][x + dx][i]);
                    EACH(o, 3) c[x][o] += from * t[o];
                }
            }
            EACH(x, N2) EACH(o, 3) {
                const int first = r == 0 && x % 3 == 0;
                const mask more = first ? ~(mask){0} : c[x][o] > best[x / 3][o];
                best[x / 3][o] = where(more, c[x][o], best[x / 3][o]);
                won[x / 3][o] = (won[x / 3][o] & ~more) | ((3 * r + x % 3) & more);
            }
        }
        FOR(wide, H2) FOR(o, 3) {
            vec slope;
            const int at = high * H2 + wide;
            store(s->x2[at] + 16 * o, scaled_tanh(best[wide][o], &slope));
            store(s->s2[at] + 16 * o, slope);
            FOR(l, 16) s->won2[at][16 * o + l] = won[wide][o][l];
        }
    }
    vec h[10], y = load(w->b4), slope;
    EACH(o, 10) h[o] = load(w->b3 + 16 * o);
    FOR(at, PLACES) FOR(m, MAPS2) {
        const vec x = all(s->x2[at][m]);
        EACH(o, 10) h[o] += x * load(w->dense[at * MAPS2 + m] + 16 * o);
    }
    EACH(o, 10) store(s->x3 + 16 * o, scaled_tanh(h[o], &slope)), store(s->s3 + 16 * o, slope);
    FOR(k, HIDDEN) y += all(s->x3[k]) * load(w->out[k]);
    store(logits, y);
    int class = 0;
    FOR(i, CLASSES) if (logits[i] > logits[class]) class = i;
    return class;
}

/* ------------------------------------------------------------------------------- reading
 *
 * The same sums in the same order, for 16 images at once, a lane each; no lane is empty, as some are above. */

enum { IMAGES = 16, FIVE = 5 }; /* FIVE: maps or units at once, of which there are 20, 40, 150 and 10 */

typedef struct { /* the caller's arena: what is trained, a row for each sum, and activations */
    float c2[MAPS2][MAPS1][25], dense[HIDDEN][PLACES * MAPS2], out[CLASSES][HIDDEN];
    float image[SIDE][SIDE][IMAGES], x1[MAPS1][H1][H1][IMAGES], x2[PLACES][MAPS2][IMAGES], x3[HIDDEN][IMAGES];
    float patch[25 * MAPS1][IMAGES], logits[CLASSES][IMAGES];
} Reading;

static void set_rows(const Weights *w, Reading *r)
{
    FOR(m, MAPS2) FOR(i, MAPS1) FOR(t, 25) r->c2[m][i][t] = w->c2[m][t][i];
    FOR(u, HIDDEN) FOR(k, PLACES * MAPS2) r->dense[u][k] = w->dense[k][u];
    FOR(c, CLASSES) FOR(k, HIDDEN) r->out[c][k] = w->out[k][c];
}

/* What a place of the maps sees, side by side: `side` x `side` of each of `maps`, maps of `wide` x `wide`. */
INLINE void collect(int maps, int wide, int side, const float *corner, float *patch)
{
    FOR(i, maps) FOR(y, side) EACH(x, side) {
        const float *from = corner + ((i * wide + y) * wide + x) * IMAGES;
        store(patch, load(from)), patch += IMAGES;
    }
}

/* Convolution, maximum and squash at one pool of `cells` x `cells`: in [from][wide][wide], out a map every `apart`. */
INLINE void read_pool(int from, int to, int wide, int side, int cells, const float *corner, const float *rows, int row,
                      const float *bias, float *patch, float *out, int apart)
{
    vec best[MAPS2], sums[MAPS2], slope;
    FOR(q, cells * cells) {
        collect(from, wide, side, corner + (q / cells * wide + q % cells) * IMAGES, patch);
        for (int m = 0; m < to; m += FIVE) {
            const float *taps[FIVE];
            EACH(p, FIVE) sums[m + p] = all(bias[m + p]), taps[p] = rows + (m + p) * row;
            add_products(FIVE, sums + m, taps, patch, from * side * side);
        }
        FOR(m, to) best[m] = q == 0 ? sums[m] : where(sums[m] > best[m], sums[m], best[m]);
    }
    FOR(m, to) store(out + m * apart, scaled_tanh(best[m], &slope));
}

/* A layer of units, from `from` numbers an image to `to`. */
INLINE void read_dense(int from, int to, const float *x, const float *rows, const float *bias, int last, float *out)
{
    for (int u = 0; u < to; u += FIVE) {
        vec sums[FIVE];
        const float *row[FIVE];
        vec slope;
        EACH(p, FIVE) sums[p] = all(bias[u + p]), row[p] = rows + (u + p) * from;
        add_products(FIVE, sums, row, x, from);
        EACH(p, FIVE) store(out + (u + p) * IMAGES, last ? sums[p] : scaled_tanh(sums[p], &slope));
    }
}

/* Images beyond n are not looked at. */
static void read_images(const Weights *w, const uint8_t *images, int n, Reading *r, float *probabilities)
{
    const float step = 2.0f / 255;
    FOR(l, n) FOR(k, SIDE * SIDE) r->image[0][k][l] = images[l * SIDE * SIDE + k] * step - 1;
    FOR(y, H1) FOR(x, H1) read_pool(1, MAPS1, SIDE, 4, 2, r->image[2 * y][2 * x], w->c1[0], 16, w->b1,
                                    r->patch[0], r->x1[0][y][x], H1 * H1 * IMAGES);
    FOR(y, H2) FOR(x, H2) read_pool(MAPS1, MAPS2, H1, 5, 3, r->x1[0][3 * y][3 * x], r->c2[0][0], 25 * MAPS1, w->b2,
                                    r->patch[0], r->x2[y * H2 + x][0], IMAGES);
    read_dense(PLACES * MAPS2, HIDDEN, r->x2[0][0], r->dense[0], w->b3, 0, r->x3[0]);
    read_dense(HIDDEN, CLASSES, r->x3[0], r->out[0], w->b4, 1, r->logits[0]);
    FOR(l, n) {
        float p[16], top = r->logits[0][l];
        FOR(i, CLASSES) if ((p[i] = r->logits[i][l]) > top) top = p[i];
        softmax(p, CLASSES, top);
        FOR(k, CLASSES) probabilities[l * CLASSES + k] = p[k];
    }
}

/* ------------------------------------------------------------------------------- backward */

/* From the derivatives by the logits down; every weight moves as soon as nothing below needs its old value. */
static void backward(State *s, const float top[16], float rate)
{
    Weights *w = &s->weights;
    const vec r = all(rate), v4 = load(top);
    vec v3[10];
    float d3[160] = {0}, d2[PLACES][48] = {{0}};
    FOR(k, HIDDEN) {
        const vec old = load(w->out[k]);
        d3[k] = sum(old * v4) * s->s3[k];
        store(w->out[k], old - r * (all(s->x3[k]) * v4));
    }
    store(w->b4, load(w->b4) - r * v4);
    EACH(o, 10) v3[o] = load(d3 + 16 * o);
    FOR(at, PLACES) FOR(m, MAPS2) {
        float *row = w->dense[at * MAPS2 + m];
        vec total = all(0), x = all(s->x2[at][m]);
        EACH(o, 10) {
            const vec old = load(row + 16 * o);
            total += old * v3[o];
            store(row + 16 * o, old - r * (x * v3[o]));
        }
        d2[at][m] = sum(total) * s->s2[at][m];
    }
    EACH(o, 10) store(w->b3 + 16 * o, load(w->b3 + 16 * o) - r * v3[o]);

    __builtin_memset(s->g1, 0, sizeof s->g1);
    FOR(m, MAPS2) {
        float by_bias = 0;
        int from[PLACES]; /* the upper left of what each winner saw, in x1 */
        FOR(at, PLACES) {
            const int won = s->won2[at][m];
            from[at] = (at / H2 * 3 + won / 3) * H1 + at % H2 * 3 + won % 3;
            by_bias += d2[at][m];
        }
        FOR(t, 25) {
            float *tap = w->c2[m][t];
            const int on = t / 5 * H1 + t % 5;
            const vec old[2] = {load(tap), load(tap + 16)};
            vec moved[2] = {all(0), all(0)};
            EACH(at, PLACES) {
                const vec d = all(d2[at][m]);
                float *g = s->g1[0][from[at] + on];
                const float *x = s->x1[0][from[at] + on];
                EACH(h, 2) {
                    store(g + 16 * h, load(g + 16 * h) + d * old[h]);
                    moved[h] += d * load(x + 16 * h);
                }
            }
            EACH(h, 2) store(tap + 16 * h, old[h] - r * moved[h]);
            FOR(i, MAPS1) s->by_tap[i][t][m] = tap[i];
        }
        w->b2[m] -= rate * by_bias;
    }

    vec moved[MAPS1];
    float by_bias[MAPS1];
    FOR(m, MAPS1) moved[m] = all(0), by_bias[m] = 0;
    FOR(y, H1) FOR(x, H1) FOR(m, MAPS1) {
        const int won = s->won1[m][y][x];
        const float d = s->g1[y][x][m] * s->s1[y][x][m];
        moved[m] += all(d) * load(s->patch[(2 * y + won / 2) * N1 + 2 * x + won % 2]);
        by_bias[m] += d;
    }
    FOR(m, MAPS1) {
        store(w->c1[m], load(w->c1[m]) - r * moved[m]);
        w->b1[m] -= rate * by_bias[m];
    }
}

/* ------------------------------------------------------------------------------- the calls */

EXPORT size_t column_state_bytes(void) { return sizeof(State); }
EXPORT size_t column_arena_bytes(void) { return sizeof(Reading); } /* for column_read */

/* Weights were written: make ready what follows from them. */
EXPORT void column_begin(State *s) { transpose(s); }

/* images[rows[i]], bytes of 29x29, distorted by a map each and by noise that is drawn by its number. */
EXPORT void column_distort(const State *s, const uint8_t *images, const uint32_t *rows, const float *maps,
                           uint64_t key, int n, float *out)
{
    FOR(i, n) {
        const size_t from = (size_t)rows[i] * SIDE * SIDE;
        distort(s, images + from, maps + 6 * i, key, rows[i], out + (size_t)i * SIDE * SIDE);
    }
}

/* Train on such images, in order; how many were misread as they were presented. */
EXPORT int column_train(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                        const float *maps, uint64_t key, int n, float rate)
{
    float p[16], image[SIDE * SIDE];
    int mistakes = 0;
    FOR(i, n) {
        column_distort(s, images, rows + i, maps + 6 * i, key, 1, image);
        present(s, image);
        const int class = forward(s, p), label = labels[rows[i]];
        mistakes += class != label;
        softmax(p, CLASSES, p[class]);
        p[label] -= 1;
        backward(s, p, rate);
    }
    return mistakes;
}

/* The probabilities of the ten classes of each image as it is. */
EXPORT void column_read(const State *s, const uint8_t *images, int n, float *probabilities, Reading *arena)
{
    set_rows(&s->weights, arena);
    __builtin_memset(arena->image, 0, sizeof arena->image);
    for (int i = 0; i < n; i += IMAGES)
        read_images(&s->weights, images + (size_t)i * SIDE * SIDE, n - i < IMAGES ? n - i : IMAGES, arena,
                    probabilities + (size_t)i * CLASSES);
}

/* The same image by image, as training reads it: a check of the above, byte for byte. */
EXPORT void column_read_plain(State *s, const uint8_t *images, int n, float *probabilities)
{
    const float step = 2.0f / 255;
    float p[16], image[SIDE * SIDE];
    FOR(i, n) {
        FOR(k, SIDE * SIDE) image[k] = images[(size_t)i * SIDE * SIDE + k] * step - 1;
        present(s, image);
        const int class = forward(s, p);
        softmax(p, CLASSES, p[class]);
        FOR(k, CLASSES) probabilities[i * CLASSES + k] = p[k];
    }
}
