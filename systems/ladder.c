/* The rungs from LeNet-5 of 1998 to the report's network, trained to the same bytes everywhere.
 *
 *   image -> C1 6@5x5 -> S2 pool -> C3 16@5x5 -> S4 pool -> C5 120 -> F6 84 -> ten outputs
 *
 * systems/rungs.py says what the choices below mean, systems/lenet1998.py defines the same networks in
 * PyTorch.  Patterns are presented one by one: an online rung updates the weights after each, with a rate
 * of its own for each weight; an Adam rung after a batch, with the mean of its gradients.
 *
 * Lanes: in C1 and S2 the columns of a map, even and odd ones apart; in C3 and S4 the maps; then the units.
 * What a lane pads computes zeros, or is multiplied by zeros.
 */
#include "lanes.h"

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
    N1 = SIDE - 4, H1 = N1 / 2, N3 = H1 - 4, H3 = N3 / 2, AREA3 = N3 * N3, AREA4 = H3 * H3,
    FEATURES = 16 * AREA4, CLASSES = 10, PIXELS = 28,
};

/* ------------------------------------------------------------------------------- memory */

typedef struct { /* [from][to], in whole vectors: systems/ladder.py gives and takes PyTorch's shapes */
    float c1[6][25], b1[6], k2[6], b2[6], c3[6][25][16], b3[16], k4[16], b4[16];
    float c5[FEATURES][128], b5[128], f6[120][96], b6[96], out[84][16], b7[16];
} Weights;
enum { WEIGHTS = sizeof(Weights) / sizeof(float) };

typedef struct { /* of one pattern: y a map before its pool, p a pool's sum, x what goes on, s slopes */
    float in[SIDE][2][32], y1[6][N1][2][16], s1[6][N1][2][16], p2[6][H1][16], s2[6][H1][16];
    float x2[6][H1][16], y3[AREA3][16], s3[AREA3][16], p4[AREA4][16], s4[AREA4][16], x4[FEATURES];
    float s5[128], x5[128], s6[96], x6[96];
} Pattern;
enum { ACTIVATIONS = sizeof(Pattern) / sizeof(float) };

typedef struct {
    float codes[CLASSES][96];    /* of the radial basis units, +1 or -1; zeros from 84 on */
    float j, scale, dark, light; /* of the MAP loss; factor on either loss; values of the pixels */
} Choices;

typedef struct { /* all that a run needs; the last three are for work within a call */
    double beta1_power, beta2_power;
    Choices choices;
    Weights weights, rates, curvature, mean, square, gradient, squares;
    Pattern pattern, squared;
} State;

/* ------------------------------------------------------------------------------- functions */

/* The squashing function (paper, appendix A) or ReLU, and its slope. */
INLINE vec squash(vec a, vec *slope)
{
#if TANH
    return scaled_tanh(a, slope);
#else
    mask on = a > 0;
    *slope = (vec)((mask)all(1) & on);
    return (vec)((mask)a & on);
#endif
}

/* Four neighbours become one. In the slopes of a maximum only the winner's is not zero; the first of
 * equals wins. */
INLINE vec pool(const vec c[4], vec coefficient, vec bias, vec y[4], vec slopes[4], vec *total,
                vec *slope)
{
#if TRAINED_POOL
    EACH(q, 4) {
        y[q] = c[q], slopes[q] = all(1);
        if (SQUASH_MAPS) y[q] = squash(c[q], &slopes[q]);
    }
    *total = (y[0] + y[1]) + (y[2] + y[3]);
    return squash(*total * coefficient + bias, slope);
#else
    (void)coefficient, (void)bias;
    mask right = c[1] > c[0], right2 = c[3] > c[2];
    vec top = where(right, c[1], c[0]), low = where(right2, c[3], c[2]), s, none = all(0);
    mask below = low > top;
    vec x = squash(where(below, low, top), &s);
    slopes[0] = where(right | below, none, s), slopes[1] = where(right & ~below, s, none);
    slopes[2] = where(below & ~right2, s, none), slopes[3] = where(below & right2, s, none);
    EACH(q, 4) y[q] = none;
    *total = none, *slope = all(1);
    return x;
#endif
}

/* ------------------------------------------------------------------------------- input */

/* An image of 28x28 bytes becomes the input; `map` is none, or takes an input's place to the image's by
 * (x, y) -> (map[0] x + map[1] y + map[2], map[3] x + map[4] y + map[5]), both from their centres. */
static void present(State *s, const uint8_t *image, const float *map)
{
    enum { MARGIN = (SIDE - PIXELS) / 2 };
    const float step = (s->choices.light - s->choices.dark) / 255, dark = s->choices.dark;
    if (!map) {
        FOR(y, SIDE) FOR(p, 2) FOR(k, 16) s->pattern.in[y][p][k] = dark;
        FOR(y, PIXELS) FOR(p, 2) FOR(k, PIXELS / 2)
            s->pattern.in[y + MARGIN][p][k + MARGIN / 2] = image[y * PIXELS + 2 * k + p] * step + dark;
        return;
    }
    const float middle = (PIXELS - 1) / 2.0f, centre = (SIDE - 1) / 2.0f;
    float frame[PIXELS + 3][PIXELS + 3] = {{0}}; /* the image within a margin of zeros */
    FOR(y, PIXELS) FOR(x, PIXELS) frame[y + 1][x + 1] = image[y * PIXELS + x];
    vec columns;
    FOR(k, 16) columns[k] = 2 * k - centre;
    FOR(row, SIDE) FOR(p, 2) { /* from the frame's corner, which is at (-1, -1) of the image */
        const float v = row - centre;
        const vec u = columns + all(p);
        vec x = all(map[0]) * u + all(map[1] * v + map[2] + middle + 1);
        vec y = all(map[3]) * u + all(map[4] * v + map[5] + middle + 1);
        const vec ink = read_between(frame[0], PIXELS + 3, x, y);
        store(s->pattern.in[row][p], ink * all(step) + all(dark));
    }
}

/* ------------------------------------------------------------------------------- forward */

static void forward(const Weights *w, Pattern *a)
{
    FOR(row, H1) {
        vec c[2][6][2];
        FOR(r, 2) {
            EACH(m, 6) c[r][m][0] = c[r][m][1] = all(w->b1[m]);
            FOR(dy, 5) {
                const float *even = a->in[2 * row + r + dy][0], *odd = a->in[2 * row + r + dy][1];
                const vec t[6] = {load(even), load(odd), load(even + 1), load(odd + 1), load(even + 2),
                                  load(odd + 2)};
                EACH(m, 6) EACH(dx, 5) {
                    vec k = all(w->c1[m][dy * 5 + dx]);
                    c[r][m][0] += k * t[dx], c[r][m][1] += k * t[dx + 1];
                }
            }
        }
        FOR(m, 6) {
            const vec four[4] = {c[0][m][0], c[0][m][1], c[1][m][0], c[1][m][1]};
            vec y[4], slopes[4], total, slope;
            store(a->x2[m][row], pool(four, all(w->k2[m]), all(w->b2[m]), y, slopes, &total, &slope));
            EACH(q, 4) store(a->y1[m][2 * row + q / 2][q % 2], y[q]);
            EACH(q, 4) store(a->s1[m][2 * row + q / 2][q % 2], slopes[q]);
            store(a->p2[m][row], total), store(a->s2[m][row], slope);
        }
    }
    FOR(row, H3) {
        vec c[2][N3];
        FOR(r, 2) {
            EACH(x, N3) c[r][x] = load(w->b3);
            FOR(i, 6) FOR(dy, 5) {
                const float *from = a->x2[i][2 * row + r + dy];
                EACH(dx, 5) {
                    vec k = load(w->c3[i][dy * 5 + dx]);
                    EACH(x, N3) c[r][x] += k * all(from[x + dx]);
                }
            }
        }
        EACH(x, H3) {
            const vec four[4] = {c[0][2 * x], c[0][2 * x + 1], c[1][2 * x], c[1][2 * x + 1]};
            const int at = row * H3 + x, first = 2 * row * N3 + 2 * x;
            vec y[4], slopes[4], total, slope;
            store(a->x4 + 16 * at, pool(four, load(w->k4), load(w->b4), y, slopes, &total, &slope));
            EACH(q, 4) store(a->y3[first + q / 2 * N3 + q % 2], y[q]);
            EACH(q, 4) store(a->s3[first + q / 2 * N3 + q % 2], slopes[q]);
            store(a->p4[at], total), store(a->s4[at], slope);
        }
    }
    vec c5[8], c6[6], slope;
    EACH(o, 8) c5[o] = load(w->b5 + 16 * o);
    FOR(k, FEATURES) EACH(o, 8) c5[o] += all(a->x4[k]) * load(w->c5[k] + 16 * o);
    EACH(o, 8) store(a->x5 + 16 * o, squash(c5[o], &slope)), store(a->s5 + 16 * o, slope);
    EACH(o, 6) c6[o] = load(w->b6 + 16 * o);
    FOR(k, 120) EACH(o, 6) c6[o] += all(a->x5[k]) * load(w->f6[k] + 16 * o);
    EACH(o, 6) store(a->x6 + 16 * o, squash(c6[o], &slope)), store(a->s6 + 16 * o, slope);
}

/* The outputs: penalties of the radial basis units (the least wins), or logits (the largest). */
static int answer(const State *s, float y[16])
{
    const Pattern *a = &s->pattern;
    int best = 0;
#if RADIAL
    FOR(i, CLASSES) {
        vec total = all(0);
        EACH(o, 6) {
            vec d = load(a->x6 + 16 * o) - load(s->choices.codes[i] + 16 * o);
            total += d * d;
        }
        y[i] = sum(total);
        if (y[i] < y[best]) best = i;
    }
#else
    vec logits = load(s->weights.b7);
    FOR(k, 84) logits += all(a->x6[k]) * load(s->weights.out[k]);
    store(y, logits);
    FOR(i, CLASSES) if (y[i] > y[best]) best = i;
#endif
    return best;
}

/* First and second derivatives of the loss by the 84 units of F6 (radial), or by the logits. */
static void derivatives(const State *s, int label, int best, const float y[16], float first[96],
                        float second[96])
{
    const float scale = s->choices.scale;
    float p[16] = {0}, z = 0;
#if RADIAL /* paper, equation 9: E = y_D + log(e^-j + sum of e^-y), from the smallest exponent */
    const float j = s->choices.j, least = y[best] < j ? y[best] : j;
    FOR(i, CLASSES) p[i] = least - y[i];
    p[CLASSES] = least - j;
#else
    FOR(i, CLASSES) p[i] = y[i] - y[best];
#endif
    vec t = load(p) * all(1.442695041f);
    store(p, power2(where(t < -126, all(-126), t)));
    FOR(i, CLASSES + RADIAL) z += p[i];
    FOR(i, CLASSES) p[i] /= z;
    FOR(i, 96) first[i] = second[i] = 0;
#if RADIAL
    FOR(o, 6) {
        const vec x = load(s->pattern.x6 + 16 * o);
        vec d = x - load(s->choices.codes[label] + 16 * o);
        EACH(i, CLASSES) d -= all(p[i]) * (x - load(s->choices.codes[i] + 16 * o));
        store(first + 16 * o, d * all(2 * scale));
    }
    FOR(i, 96) if (i >= 84) first[i] = 0;
    FOR(i, 84) second[i] = 2 * scale; /* of y_D alone, as the Gauss-Newton approximation has it */
#else
    FOR(i, CLASSES) {
        first[i] = (p[i] - (i == label)) * scale;
        second[i] = p[i] * (1 - p[i]) * scale;
    }
#endif
}

/* ------------------------------------------------------------------------------- backward */

#if TABLE /* paper, table I: which maps of S2 each map of C3 sees */
static const float seen[6][16] = {
    {1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1}, {1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1},
    {1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1}, {0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1},
    {0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1}, {0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1}};
#endif

/* From the loss's derivatives at the top to those by all weights.  Online, each weight moves against its
 * own as soon as nothing below needs its old value; else they are added to `g`.  Given squares of weights,
 * activations and slopes, the same sums are the Gauss-Newton second derivatives (appendix C). */
INLINE void backward(Weights *w, const Pattern *a, const float *top, const Weights *rates, Weights *g,
                     const int online)
{
#define GIVE(field, value)                                                                              \
    do {                                                                                                \
        if (online) store(&w->field, load(&w->field) - load(&rates->field) * (value));                  \
        else store(&g->field, load(&g->field) + (value));                                               \
    } while (0)
#define GIVE_ONE(field, value)                                                                          \
    do {                                                                                                \
        if (online) w->field -= rates->field * (value);                                                 \
        else g->field += (value);                                                                       \
    } while (0)
    float d6[96], d5[128] = {0}, d4[FEATURES], d3[AREA3][16], d1[6][N1][2][16];
    float framed[16][N3][32] = {{{0}}}; /* d3 by map, each row between zeros */
    vec v6[6], v5[8];
#if RADIAL
    FOR(k, 96) d6[k] = top[k];
#else
    const vec v7 = load(top);
    FOR(k, 96) d6[k] = 0;
    FOR(k, 84) {
        d6[k] = sum(load(w->out[k]) * v7);
        GIVE(out[k][0], all(a->x6[k]) * v7);
    }
    GIVE(b7[0], v7);
#endif
    EACH(o, 6) v6[o] = load(d6 + 16 * o) * load(a->s6 + 16 * o);
    FOR(k, 120) {
        vec total = all(0);
        EACH(o, 6) {
            total += load(&w->f6[k][16 * o]) * v6[o];
            GIVE(f6[k][16 * o], all(a->x5[k]) * v6[o]);
        }
        d5[k] = sum(total) * a->s5[k];
    }
    EACH(o, 6) GIVE(b6[16 * o], v6[o]);
    EACH(o, 8) v5[o] = load(d5 + 16 * o);
    FOR(k, FEATURES) {
        vec total[2] = {all(0), all(0)};
        EACH(o, 8) {
            total[o & 1] += load(&w->c5[k][16 * o]) * v5[o];
            GIVE(c5[k][16 * o], all(a->x4[k]) * v5[o]);
        }
        d4[k] = sum(total[0] + total[1]);
    }
    EACH(o, 8) GIVE(b5[16 * o], v5[o]);

    vec by_bias = all(0), by_coefficient = by_bias, by_bias3 = by_bias;
    FOR(at, AREA4) {
        vec d = load(d4 + 16 * at) * load(a->s4[at]);
        by_bias += d, by_coefficient += d * load(a->p4[at]);
        if (TRAINED_POOL) d *= load(w->k4);
        EACH(q, 4) {
            const int y = at / H3 * 2 + q / 2, x = at % H3 * 2 + q % 2;
            vec e = d * load(a->s3[y * N3 + x]);
            store(d3[y * N3 + x], e);
            by_bias3 += e;
            FOR(m, 16) framed[m][y][4 + x] = d3[y * N3 + x][m];
        }
    }
    if (TRAINED_POOL) {
        GIVE(k4[0], by_coefficient);
        GIVE(b4[0], by_bias);
    }
    FOR(i, 6) { /* back through C3 and S2, to C1 */
        vec c[H1], by2 = all(0), by_k2 = by2, by1 = by2;
        EACH(y, H1) c[y] = all(0);
        FOR(m, 16) {
#if TABLE
            if (seen[i][m] == 0) continue;
#endif
            FOR(dx, 5) {
                vec r[N3];
                EACH(y, N3) r[y] = load(&framed[m][y][4 - dx]);
                EACH(dy, 5) {
                    vec k = all(w->c3[i][dy * 5 + dx][m]);
                    EACH(y, N3) c[y + dy] += k * r[y];
                }
            }
        }
        EACH(y, H1) {
            vec d = c[y] * load(a->s2[i][y]);
            by2 += d, by_k2 += d * load(a->p2[i][y]);
            if (TRAINED_POOL) d *= all(w->k2[i]);
            EACH(q, 4) {
                vec e = d * load(a->s1[i][2 * y + q / 2][q % 2]);
                store(d1[i][2 * y + q / 2][q % 2], e);
                by1 += e;
            }
        }
        if (TRAINED_POOL) {
            GIVE_ONE(k2[i], sum(by_k2));
            GIVE_ONE(b2[i], sum(by2));
        }
        GIVE_ONE(b1[i], sum(by1));
    }
    FOR(i, 6) FOR(dy, 5) {
        vec k[5];
        EACH(t, 5) k[t] = all(0);
        FOR(y, N3) {
            const float *from = a->x2[i][y + dy];
            EACH(x, N3) {
                vec d = load(d3[y * N3 + x]);
                EACH(t, 5) k[t] += d * all(from[x + t]);
            }
        }
        EACH(t, 5) {
#if TABLE
            k[t] *= load(seen[i]);
#endif
            GIVE(c3[i][dy * 5 + t][0], k[t]);
        }
    }
    GIVE(b3[0], by_bias3);
    FOR(i, 6) {
        vec k[25];
        EACH(t, 25) k[t] = all(0);
        FOR(y, N1) {
            vec even = load(d1[i][y][0]), odd = load(d1[i][y][1]);
            EACH(dy, 5) {
                const float *e = a->in[y + dy][0], *o = a->in[y + dy][1];
                const vec t[6] = {load(e), load(o), load(e + 1), load(o + 1), load(e + 2), load(o + 2)};
                EACH(dx, 5) k[dy * 5 + dx] += even * t[dx] + odd * t[dx + 1];
            }
        }
        EACH(t, 25) GIVE_ONE(c1[i][t], sum(k[t]));
    }
}

/* ------------------------------------------------------------------------------- the calls */

/* PyTorch's Adam, beta 0.9 and 0.999, epsilon 1e-8, on the mean gradient of `n` patterns. */
static void adam(State *s, int n, double lr)
{
    float *w = (float *)&s->weights, *g = (float *)&s->gradient;
    float *mean = (float *)&s->mean, *square = (float *)&s->square;
    s->beta1_power *= 0.9, s->beta2_power *= 0.999;
    const float step = (float)(lr / (1 - s->beta1_power)), share = 1.0f / n;
    const float root = (float)__builtin_sqrt(1 - s->beta2_power);
    FOR(i, WEIGHTS) {
        const float d = g[i] * share;
        mean[i] = 0.9f * mean[i] + 0.1f * d;
        square[i] = 0.999f * square[i] + 0.001f * (d * d);
        w[i] -= step * mean[i] / (__builtin_sqrtf(square[i]) / root + 1e-8f);
        g[i] = 0;
    }
}

EXPORT size_t ladder_state_bytes(void) { return sizeof(State); }

/* Curvatures: the mean of the second derivatives over n patterns; then rate / (mu + curvature). */
EXPORT void ladder_curvature(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                             int n)
{
    float *h = (float *)&s->curvature, *w = (float *)&s->weights, *q = (float *)&s->squares;
    const float *a = (const float *)&s->pattern;
    float *b = (float *)&s->squared, y[16], first[96], second[96];
    __builtin_memset(h, 0, sizeof(Weights));
    FOR(i, WEIGHTS) q[i] = w[i] * w[i];
    FOR(i, n) {
        present(s, images + (size_t)rows[i] * PIXELS * PIXELS, 0);
        forward(&s->weights, &s->pattern);
        derivatives(s, labels[rows[i]], answer(s, y), y, first, second);
        FOR(k, ACTIVATIONS) b[k] = a[k] * a[k];
        backward(&s->squares, &s->squared, second, 0, &s->curvature, 0);
    }
    FOR(i, WEIGHTS) h[i] /= n;
}

EXPORT void ladder_rates(State *s, float rate, float mu)
{
    float *r = (float *)&s->rates, *h = (float *)&s->curvature;
    FOR(i, WEIGHTS) r[i] = rate / (mu + h[i]);
}

/* Train on images[rows[i]], in order; `maps` is none, or an affine map for each (NaN first: none).
 * Returns how many patterns were misread when they were presented. */
EXPORT int ladder_train(State *s, const uint8_t *images, const int32_t *labels, const uint32_t *rows,
                        const float *maps, int n, int batch, double lr)
{
    float y[16], first[96], second[96];
    int mistakes = 0;
    __builtin_memset(&s->gradient, 0, sizeof(Weights));
    FOR(i, n) {
        const float *map = maps && maps[6 * i] == maps[6 * i] ? maps + 6 * i : 0;
        const int label = labels[rows[i]];
        present(s, images + (size_t)rows[i] * PIXELS * PIXELS, map);
        forward(&s->weights, &s->pattern);
        const int best = answer(s, y);
        mistakes += best != label;
        derivatives(s, label, best, y, first, second);
        backward(&s->weights, &s->pattern, first, &s->rates, &s->gradient, ONLINE);
        if (!ONLINE && ((i + 1) % batch == 0 || i + 1 == n)) adam(s, i % batch + 1, lr);
    }
    return mistakes;
}

/* The class that each image is read as. */
EXPORT void ladder_read(State *s, const uint8_t *images, int n, int32_t *classes)
{
    float y[16];
    FOR(i, n) {
        present(s, images + (size_t)i * PIXELS * PIXELS, 0);
        forward(&s->weights, &s->pattern);
        classes[i] = answer(s, y);
    }
}
