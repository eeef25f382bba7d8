/* Reads with a member of the committee, to the same bytes everywhere.
 *
 *   29x29 -> 16 maps 27x27 -> 32 maps 13x13 -> 48 maps 13x13 -> 64 maps 6x6 -> 96 maps 4x4, ReLU after each
 *         -> maximum and mean of each map -> 10, softmax
 *
 * systems/committee.py defines it in PyTorch, which trains it: every kernel is 3x3, the second and the fourth take
 * every other place, and the third sees a margin of zeros.
 *
 * The third and the fifth convolution are most of the work, and are done by tiles (Winograd 1980; Lavin and Gray
 * 2016): what 4x4 places become is known from 6x6 products and not from 4x4 times 3x3, if the 6x6 values that they
 * see and the kernel are first brought into another basis, and the products back from it.  That is another sum, so
 * it is rounded otherwise; it has one order all the same.
 *
 * The rules are those of lanes.h.  Lanes are maps, channels last: what 16 maps take from one value is one vector.
 * The sum of a place is sequential, tap by tap and within a tap map by map; how many places advance at once, and how
 * many images, is speed and nothing else.  The functions are reentrant and allocate nothing.
 */
#include "lanes.h"

#if defined(__AVX__) || defined(__aarch64__)
enum { AT_ONCE = 6 }; /* sums, of 16 lanes each: speed and nothing else */
#else
enum { AT_ONCE = 2 };
#endif
enum {
    SIDE = 29, SIDE1 = 27, SIDE2 = 13, SIDE3 = 13, SIDE4 = 6, SIDE5 = 4, /* of the image, and of the maps */
    MAPS1 = 16, MAPS2 = 32, MAPS3 = 48, MAPS4 = 64, MAPS5 = 96, POOLS = 2 * MAPS5, CLASSES = 10,
    TILE = 4, SEEN = TILE + 2, BASIS = SEEN * SEEN, /* the side of a tile, and of what it sees */
    TILES3 = 4, FRAME = TILES3 * TILE + 2,          /* tiles along 13 places, and the side of what they see */
    MANY = 24, /* images at once in the fifth convolution, whose kernels are the largest: a multiple of AT_ONCE */
};

typedef struct { /* what is trained, as PyTorch has it: [to][from][tap] */
    float maps1[MAPS1][1][9], bias1[MAPS1], maps2[MAPS2][MAPS1][9], bias2[MAPS2], maps3[MAPS3][MAPS2][9], bias3[MAPS3];
    float maps4[MAPS4][MAPS3][9], bias4[MAPS4], maps5[MAPS5][MAPS4][9], bias5[MAPS5];
    float output[CLASSES][POOLS], bias[CLASSES];
} Weights;

typedef struct { /* the same as it is read: [16 maps of to][tap][from][16], or [basis][16 maps of to][from][16] */
    float maps1[MAPS1 / 16][9][1][16], bias1[MAPS1], maps2[MAPS2 / 16][9][MAPS1][16], bias2[MAPS2];
    float maps3[BASIS][MAPS3 / 16][MAPS2][16], bias3[MAPS3];
    float maps4[MAPS4 / 16][9][MAPS3][16], bias4[MAPS4];
    float maps5[BASIS][MAPS5 / 16][MAPS4][16], bias5[MAPS5], output[POOLS][16], bias[16];
} Network;

typedef struct { /* the activations of one image */
    float maps1[MAPS1][SIDE1][SIDE1], maps2[MAPS2][SIDE2][SIDE2], maps3[MAPS3][SIDE3][SIDE3];
    float maps4[MAPS4][SIDE4][SIDE4], maps5[MAPS5][SIDE5][SIDE5], pools[POOLS], logits[CLASSES], probabilities[CLASSES];
} Layers;

typedef struct { /* the caller's arena: activations, channels last */
    float image[SIDE][SIDE], maps1[SIDE1][SIDE1][MAPS1];
    float maps2[FRAME][FRAME][MAPS2]; /* within zeros: one above and left, the rest under and right */
    float maps3[SIDE3][SIDE3][MAPS3];
    float maps4[MANY][SIDE4][SIDE4][MAPS4], maps5[MANY][SIDE5][SIDE5][MAPS5], pools[POOLS], logits[16];
    float seen[BASIS * MANY * MAPS4], products[BASIS * MANY * MAPS5]; /* in the basis: what tiles see and become */
} Arena;
_Static_assert(MANY % AT_ONCE == 0 && MANY >= TILES3 * TILES3 + AT_ONCE, "too little room for tiles");

INLINE vec relu(vec a) { return (vec)((mask)a & (a > 0)); }
INLINE int least(int a, int b) { return a < b ? a : b; }

/* Room for so many tiles: those beyond are multiplied as well, and nobody looks at them. */
INLINE int whole(int tiles) { return (tiles + AT_ONCE - 1) / AT_ONCE * AT_ONCE; }

/* ------------------------------------------------------------------------------- the kernels made ready */

/* What 3 taps are in the basis: the values of a polynomial of degree 2 at 0, 1, -1, 2, -2 and, its leading one, at
 * infinity, over what the products by it are to be divided by. */
static void taps_in_basis(const double g[3], double u[SEEN])
{
    u[0] = g[0] / 4;
    u[1] = (g[0] + g[1] + g[2]) / -6;
    u[2] = (g[0] - g[1] + g[2]) / -6;
    u[3] = (g[0] + 2 * g[1] + 4 * g[2]) / 24;
    u[4] = (g[0] - 2 * g[1] + 4 * g[2]) / 24;
    u[5] = g[2];
}

/* A 3x3 kernel in the basis: its columns, then its rows, rounded to float once. */
static void kernel_in_basis(const float taps[9], float out[BASIS])
{
    double down[3][SEEN], across[SEEN];
    FOR(x, 3) taps_in_basis((double[]){taps[x], taps[3 + x], taps[6 + x]}, down[x]);
    FOR(i, SEEN) {
        taps_in_basis((double[]){down[0][i], down[1][i], down[2][i]}, across);
        FOR(j, SEEN) out[SEEN * i + j] = (float)across[j];
    }
}

static void lay_out(int from, int to, const float *taps, float *out)
{
    FOR(o, to) FOR(i, from) FOR(t, 9)
        out[((o / 16 * 9 + t) * from + i) * 16 + o % 16] = taps[(o * from + i) * 9 + t];
}

static void lay_out_in_basis(int from, int to, const float *taps, float *out)
{
    FOR(o, to) FOR(i, from) {
        float u[BASIS];
        kernel_in_basis(taps + (o * from + i) * 9, u);
        FOR(f, BASIS) out[((f * (to / 16) + o / 16) * from + i) * 16 + o % 16] = u[f];
    }
}

/* ------------------------------------------------------------------------------- convolutions, place by place */

/* A convolution and ReLU: in [side][side][from], `stride` places from one to the next; out [after][row][to]. */
INLINE void convolve(int from, int to, int side, int stride, int after, int row, const float *in, const float *w,
                     const float *bias, float *out)
{
    const int area = after * after;
    FOR(o, to / 16) for (int first = 0; first < area; first += AT_ONCE) {
        const float *x[AT_ONCE];
        int at[AT_ONCE];
        vec sums[AT_ONCE];
        EACH(p, AT_ONCE) { /* the last place again, if there are no more */
            const int i = least(first + p, area - 1), v = i / after, u = i % after;
            x[p] = in + (v * side + u) * stride * from, at[p] = (v * row + u) * to + 16 * o;
            sums[p] = load(bias + 16 * o);
        }
        EACH(t, 9) {
            const float *seen[AT_ONCE];
            EACH(p, AT_ONCE) seen[p] = x[p] + (t / 3 * side + t % 3) * from;
            add_products(AT_ONCE, sums, seen, w + (o * 9 + t) * from * 16, from);
        }
        EACH(p, AT_ONCE) store(out + at[p], relu(sums[p]));
    }
}

/* ------------------------------------------------------------------------------- convolutions, tile by tile */

/* Six values in a row, in the basis. */
INLINE void into_basis(const vec d[SEEN], vec v[SEEN])
{
    const vec even = d[4] - all(4) * d[2], odd = d[3] - all(4) * d[1];
    const vec even2 = d[4] - d[2], odd2 = all(2) * (d[3] - d[1]);
    v[0] = all(4) * d[0] - all(5) * d[2] + d[4];
    v[1] = even + odd, v[2] = even - odd;
    v[3] = even2 + odd2, v[4] = even2 - odd2;
    v[5] = all(4) * d[1] - all(5) * d[3] + d[5];
}

/* Six products in the basis, as four places. */
INLINE void out_of_basis(const vec m[SEEN], vec y[TILE])
{
    const vec sum = m[1] + m[2], apart = m[1] - m[2], sum2 = m[3] + m[4], apart2 = m[3] - m[4];
    y[0] = m[0] + sum + sum2;
    y[1] = apart + all(2) * apart2;
    y[2] = sum + all(4) * sum2;
    y[3] = apart + all(8) * apart2 + m[5];
}

/* What `tiles` x `tiles` tiles of each image see, [n][side][side][maps], in the basis. */
INLINE void see(int maps, int side, int tiles, int n, const float *in, float *seen)
{
    const int count = n * tiles * tiles, room = whole(count);
    FOR(tile, count) for (int c = 0; c < maps; c += 16) {
        const int image = tile / (tiles * tiles), y = tile / tiles % tiles, x = tile % tiles;
        const float *corner = in + ((image * side + y * TILE) * side + x * TILE) * maps + c;
        vec down[SEEN][SEEN]; /* [x][in the basis] */
        EACH(k, SEEN) {
            vec d[SEEN];
            EACH(i, SEEN) d[i] = load(corner + (i * side + k) * maps);
            into_basis(d, down[k]);
        }
        EACH(i, SEEN) {
            vec d[SEEN], v[SEEN];
            EACH(k, SEEN) d[k] = down[k][i];
            into_basis(d, v);
            EACH(k, SEEN) store(seen + ((SEEN * i + k) * room + tile) * maps + c, v[k]);
        }
    }
}

/* The products, summed over the maps that are seen: for each of the basis a product of two matrices. */
INLINE void multiply(int from, int to, int tiles, const float *seen, const float *w, float *products)
{
    const int room = whole(tiles);
    FOR(f, BASIS) FOR(o, to / 16) for (int first = 0; first < tiles; first += AT_ONCE) {
        const float *x[AT_ONCE];
        float *at = products + (f * room + first) * to + 16 * o;
        vec sums[AT_ONCE];
        EACH(p, AT_ONCE) x[p] = seen + (f * room + first + p) * from, sums[p] = all(0);
        add_products(AT_ONCE, sums, x, w + (f * (to / 16) + o) * from * 16, from);
        EACH(p, AT_ONCE) store(at + p * to, sums[p]);
    }
}

/* Tiles out of the basis, bias and ReLU: [n][side][side][maps].  What of a tile lies beyond the side is left. */
INLINE void place(int maps, int side, int tiles, int n, const float *products, const float *bias, float *out)
{
    const int count = n * tiles * tiles, room = whole(count);
    FOR(tile, count) for (int c = 0; c < maps; c += 16) {
        const int image = tile / (tiles * tiles), top = tile / tiles % tiles * TILE, left = tile % tiles * TILE;
        vec down[SEEN][TILE]; /* [in the basis][y] */
        EACH(k, SEEN) {
            vec m[SEEN];
            EACH(i, SEEN) m[i] = load(products + ((SEEN * i + k) * room + tile) * maps + c);
            out_of_basis(m, down[k]);
        }
        EACH(i, TILE) if (top + i < side) {
            vec m[SEEN], y[TILE];
            EACH(k, SEEN) m[k] = down[k][i];
            out_of_basis(m, y);
            float *row = out + ((image * side + top + i) * side + left) * maps + c;
            EACH(k, TILE) if (left + k < side) store(row + k * maps, relu(y[k] + load(bias + c)));
        }
    }
}

/* ------------------------------------------------------------------------------- reading */

/* One image, up to the fourth maps, which begin at `out`. */
static void begin(const Network *w, const uint8_t *image, Arena *a, float *out)
{
    FOR(i, SIDE * SIDE) a->image[0][i] = image[i] / 127.5f - 1;
    convolve(1, MAPS1, SIDE, 1, SIDE1, SIDE1, a->image[0], w->maps1[0][0][0], w->bias1, a->maps1[0][0]);
    convolve(MAPS1, MAPS2, SIDE1, 2, SIDE2, FRAME, a->maps1[0][0], w->maps2[0][0][0], w->bias2, a->maps2[1][1]);
    see(MAPS2, FRAME, TILES3, 1, a->maps2[0][0], a->seen);
    multiply(MAPS2, MAPS3, TILES3 * TILES3, a->seen, w->maps3[0][0][0], a->products);
    place(MAPS3, SIDE3, TILES3, 1, a->products, w->bias3, a->maps3[0][0]);
    convolve(MAPS3, MAPS4, SIDE3, 2, SIDE4, SIDE4, a->maps3[0][0], w->maps4[0][0][0], w->bias4, out);
}

/* The maximum and the mean of each map, and ten probabilities. */
static void conclude(const Network *w, const float maps[SIDE5 * SIDE5][MAPS5], Arena *a, float p[16])
{
    for (int c = 0; c < MAPS5; c += 16) {
        vec most = load(maps[0] + c), sum = most;
        for (int i = 1; i < SIDE5 * SIDE5; i++) {
            const vec x = load(maps[i] + c);
            most = where(x > most, x, most), sum += x;
        }
        store(a->pools + c, most), store(a->pools + MAPS5 + c, sum * all(1.0f / (SIDE5 * SIDE5)));
    }
    vec y = load(w->bias);
    FOR(k, POOLS) y += all(a->pools[k]) * load(w->output[k]);
    store(a->logits, y), store(p, y);
    float top = p[0];
    FOR(i, CLASSES) if (p[i] > top) top = p[i];
    softmax(p, CLASSES, top);
}

static void read_many(const Network *w, const uint8_t *images, int n, Arena *a, float *probabilities)
{
    FOR(i, n) begin(w, images + i * SIDE * SIDE, a, a->maps4[i][0][0]);
    see(MAPS4, SIDE4, 1, n, a->maps4[0][0][0], a->seen);
    multiply(MAPS4, MAPS5, n, a->seen, w->maps5[0][0][0], a->products);
    place(MAPS5, SIDE5, 1, n, a->products, w->bias5, a->maps5[0][0][0]);
    FOR(i, n) {
        float p[16];
        conclude(w, a->maps5[i][0], a, p);
        FOR(k, CLASSES) probabilities[i * CLASSES + k] = p[k];
    }
}

/* ------------------------------------------------------------------------------- what callers use
 *
 * The network and the arena want a boundary of 64 bytes, and the arena need not be cleared. */

EXPORT size_t member_weights(void) { return sizeof(Weights) / sizeof(float); }
EXPORT size_t member_network_bytes(void) { return sizeof(Network); }
EXPORT size_t member_arena_bytes(void) { return sizeof(Arena); }
EXPORT size_t member_layers_floats(void) { return sizeof(Layers) / sizeof(float); }

/* Make a network ready to read. */
EXPORT void member_begin(const Weights *from, Network *to)
{
    lay_out(1, MAPS1, from->maps1[0][0], to->maps1[0][0][0]);
    lay_out(MAPS1, MAPS2, from->maps2[0][0], to->maps2[0][0][0]);
    lay_out_in_basis(MAPS2, MAPS3, from->maps3[0][0], to->maps3[0][0][0]);
    lay_out(MAPS3, MAPS4, from->maps4[0][0], to->maps4[0][0][0]);
    lay_out_in_basis(MAPS4, MAPS5, from->maps5[0][0], to->maps5[0][0][0]);
    __builtin_memcpy(to->bias1, from->bias1, sizeof to->bias1);
    __builtin_memcpy(to->bias2, from->bias2, sizeof to->bias2);
    __builtin_memcpy(to->bias3, from->bias3, sizeof to->bias3);
    __builtin_memcpy(to->bias4, from->bias4, sizeof to->bias4);
    __builtin_memcpy(to->bias5, from->bias5, sizeof to->bias5);
    FOR(k, POOLS) FOR(i, 16) to->output[k][i] = i < CLASSES ? from->output[i][k] : 0;
    FOR(i, 16) to->bias[i] = i < CLASSES ? from->bias[i] : 0;
}

/* The probabilities of the ten classes of each image, bytes of 29x29. */
EXPORT void member_read(const Network *network, const uint8_t *images, int n, float *probabilities, Arena *arena)
{
    __builtin_memset(arena->maps2, 0, sizeof arena->maps2); /* for the margins */
    for (int i = 0; i < n; i += MANY)
        read_many(network, images + (size_t)i * SIDE * SIDE, least(MANY, n - i), arena, probabilities + i * CLASSES);
}

static void channels_first(int maps, int side, int row, const float *from, float *to)
{
    FOR(m, maps) FOR(y, side) FOR(x, side) *to++ = from[(y * row + x) * maps + m];
}

/* The activations of one image, as they were computed. */
EXPORT void member_layers(const Network *network, const uint8_t *image, Layers *out, Arena *arena)
{
    member_read(network, image, 1, out->probabilities, arena);
    channels_first(MAPS1, SIDE1, SIDE1, arena->maps1[0][0], out->maps1[0][0]);
    channels_first(MAPS2, SIDE2, FRAME, arena->maps2[1][1], out->maps2[0][0]);
    channels_first(MAPS3, SIDE3, SIDE3, arena->maps3[0][0], out->maps3[0][0]);
    channels_first(MAPS4, SIDE4, SIDE4, arena->maps4[0][0][0], out->maps4[0][0]);
    channels_first(MAPS5, SIDE5, SIDE5, arena->maps5[0][0][0], out->maps5[0][0]);
    FOR(i, POOLS) out->pools[i] = arena->pools[i];
    FOR(i, CLASSES) out->logits[i] = arena->logits[i];
}

/* ------------------------------------------------------------------------------- one image, plainly
 *
 * The same sums in the same order without vectors and blocks, from the weights as PyTorch has them: a check of all
 * the above, byte for byte. */

static float relu_plain(float a) { return a > 0 ? a : 0; }

static void convolve_plain(int from, int to, int side, int stride, int after, const float *in, const float *w,
                           const float *bias, float *out)
{
    FOR(o, to) FOR(y, after) FOR(x, after) {
        float sum = bias[o];
        FOR(t, 9) FOR(i, from)
            sum += in[(i * side + y * stride + t / 3) * side + x * stride + t % 3] * w[(o * from + i) * 9 + t];
        *out++ = relu_plain(sum);
    }
}

static void into_basis_plain(const float d[SEEN], float v[SEEN])
{
    v[0] = 4 * d[0] - 5 * d[2] + d[4];
    v[1] = (d[4] - 4 * d[2]) + (d[3] - 4 * d[1]);
    v[2] = (d[4] - 4 * d[2]) - (d[3] - 4 * d[1]);
    v[3] = (d[4] - d[2]) + 2 * (d[3] - d[1]);
    v[4] = (d[4] - d[2]) - 2 * (d[3] - d[1]);
    v[5] = 4 * d[1] - 5 * d[3] + d[5];
}

static void out_of_basis_plain(const float m[SEEN], float y[TILE])
{
    y[0] = m[0] + (m[1] + m[2]) + (m[3] + m[4]);
    y[1] = (m[1] - m[2]) + 2 * (m[3] - m[4]);
    y[2] = (m[1] + m[2]) + 4 * (m[3] + m[4]);
    y[3] = (m[1] - m[2]) + 8 * (m[3] - m[4]) + m[5];
}

/* What a tile sees, from (top, left) on, with zeros beyond the map; in the basis. */
static void see_plain(const float *map, int side, int top, int left, float seen[SEEN][SEEN])
{
    float down[SEEN][SEEN], line[SEEN], v[SEEN];
    FOR(k, SEEN) {
        FOR(i, SEEN) {
            const int y = top + i, x = left + k, inside = y >= 0 && y < side && x >= 0 && x < side;
            line[i] = inside ? map[y * side + x] : 0;
        }
        into_basis_plain(line, v);
        FOR(i, SEEN) down[i][k] = v[i];
    }
    FOR(i, SEEN) into_basis_plain(down[i], seen[i]);
}

/* The tile of one map that has its upper left place at (top, left). */
static void tile_plain(int from, int side, int margin, int top, int left, const float *in, const float *w,
                       float tile[TILE][TILE])
{
    float products[SEEN][SEEN] = {{0}}, seen[SEEN][SEEN], kernel[SEEN][SEEN], down[TILE][SEEN], line[SEEN], y[TILE];
    FOR(i, from) {
        see_plain(in + i * side * side, side, top - margin, left - margin, seen);
        kernel_in_basis(w + i * 9, kernel[0]);
        FOR(f, SEEN) FOR(k, SEEN) products[f][k] += seen[f][k] * kernel[f][k];
    }
    FOR(k, SEEN) {
        FOR(f, SEEN) line[f] = products[f][k];
        out_of_basis_plain(line, y);
        FOR(i, TILE) down[i][k] = y[i];
    }
    FOR(i, TILE) out_of_basis_plain(down[i], tile[i]);
}

static void convolve_tiles_plain(int from, int to, int side, int margin, const float *in, const float *w,
                                 const float *bias, float *out)
{
    const int after = side + 2 * margin - 2;
    float tile[TILE][TILE];
    FOR(o, to) for (int y = 0; y < after; y += TILE) for (int x = 0; x < after; x += TILE) {
        tile_plain(from, side, margin, y, x, in, w + o * from * 9, tile);
        FOR(i, least(TILE, after - y)) FOR(k, least(TILE, after - x))
            out[(o * after + y + i) * after + x + k] = relu_plain(tile[i][k] + bias[o]);
    }
}

static void conclude_plain(const Weights *w, Layers *out)
{
    float p[16], top = 0;
    FOR(m, MAPS5) {
        const float *map = out->maps5[m][0];
        float most = map[0], sum = map[0];
        for (int i = 1; i < SIDE5 * SIDE5; i++) most = map[i] > most ? map[i] : most, sum += map[i];
        out->pools[m] = most, out->pools[MAPS5 + m] = sum / (SIDE5 * SIDE5);
    }
    FOR(c, CLASSES) {
        float sum = w->bias[c];
        FOR(k, POOLS) sum += out->pools[k] * w->output[c][k];
        out->logits[c] = p[c] = sum;
        top = c == 0 || sum > top ? sum : top;
    }
    softmax(p, CLASSES, top);
    FOR(c, CLASSES) out->probabilities[c] = p[c];
}

EXPORT void member_layers_plain(const Weights *w, const uint8_t *image, Layers *out)
{
    float input[SIDE * SIDE];
    FOR(i, SIDE * SIDE) input[i] = image[i] / 127.5f - 1;
    convolve_plain(1, MAPS1, SIDE, 1, SIDE1, input, w->maps1[0][0], w->bias1, out->maps1[0][0]);
    convolve_plain(MAPS1, MAPS2, SIDE1, 2, SIDE2, out->maps1[0][0], w->maps2[0][0], w->bias2, out->maps2[0][0]);
    convolve_tiles_plain(MAPS2, MAPS3, SIDE2, 1, out->maps2[0][0], w->maps3[0][0], w->bias3, out->maps3[0][0]);
    convolve_plain(MAPS3, MAPS4, SIDE3, 2, SIDE4, out->maps3[0][0], w->maps4[0][0], w->bias4, out->maps4[0][0]);
    convolve_tiles_plain(MAPS4, MAPS5, SIDE4, 0, out->maps4[0][0], w->maps5[0][0], w->bias5, out->maps5[0][0]);
    conclude_plain(w, out);
}
