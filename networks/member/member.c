/* Reads with a member of the committee, to the same bytes everywhere.
 *
 *   29x29 -> 16 maps 27x27 -> 32 maps 13x13 -> 48 maps 13x13 -> 64 maps 6x6 -> 96 maps 4x4,
 *         ReLU after each -> maximum and mean of each map -> 10, softmax
 *
 * networks/member/definition.py defines it in PyTorch: every kernel is 3x3, the second
 * and the fourth take every other place, and the third sees a margin of zeros.
 *
 * The third and the fifth convolution are most of the work, and are done by tiles (Winograd 1980;
 * Lavin and Gray 2016): what 4x4 places become is known from 6x6 products and not from 4x4 times
 * 3x3, if the 6x6 values that they see and the kernel are first brought into another basis, and
 * the products back from it.  That is another sum, so it is rounded otherwise; it has one order
 * all the same.
 *
 * The rules are those of lanes.h.  Lanes are maps, channels last: what 16 maps take from one
 * value is one vector.  The sum of a place is sequential, tap by tap and within a tap map by map;
 * how many places advance at once, and how many images, is speed and nothing else.  The functions
 * are reentrant and allocate nothing.
 *
 * How to read on: the last section, "one image, plainly", does the same by the loops of a
 * textbook, without vectors, and to the same bytes.  Before it each stage is made fast. */
#include "../lanes.h"

#if defined(__AVX__) || defined(__aarch64__)
enum { AT_ONCE = 6 }; /* sums of 16 lanes each, as many as there are registers for: speed alone */
#else
enum { AT_ONCE = 2 };
#endif

enum {
    SIDE = 29,  /* of the image, */
    SIDE1 = 27, /* and of the maps */
    SIDE2 = 13,
    SIDE3 = 13,
    SIDE4 = 6,
    SIDE5 = 4,
    AREA5 = SIDE5 * SIDE5,
    MAPS1 = 16,
    MAPS2 = 32,
    MAPS3 = 48,
    MAPS4 = 64,
    MAPS5 = 96,
    POOLS = 2 * MAPS5, /* a maximum and a mean of each map */
    CLASSES = 10,
    KERNEL = 3,
    TAPS = KERNEL * KERNEL,
    TILE = 4,            /* the side of a tile, */
    SEEN = TILE + 2,     /* and of what it sees */
    BASIS = SEEN * SEEN, /* numbers that stand for it in the basis */
    TILES3 = 4,          /* tiles along the 13 places of the third maps, */
    FRAME = TILES3 * TILE + 2, /* and the side of what they see */
    MANY = 24, /* images at once in the fifth convolution, whose kernels are the largest: they are
                * fetched from memory once for all of them.  A multiple of AT_ONCE. */
};

typedef struct { /* what is trained, as PyTorch has it: [to][from][tap] */
    float maps1[MAPS1][1][TAPS];
    float bias1[MAPS1];
    float maps2[MAPS2][MAPS1][TAPS];
    float bias2[MAPS2];
    float maps3[MAPS3][MAPS2][TAPS];
    float bias3[MAPS3];
    float maps4[MAPS4][MAPS3][TAPS];
    float bias4[MAPS4];
    float maps5[MAPS5][MAPS4][TAPS];
    float bias5[MAPS5];
    float output[CLASSES][POOLS];
    float bias[CLASSES];
} Weights;

/* The same as it is read: [16 maps of to][tap][from][16], or in the basis
 * [basis][16 maps of to][from][16]; the ten classes are padded to 16 lanes with zeros. */
typedef struct {
    float maps1[MAPS1 / 16][TAPS][1][16];
    float bias1[MAPS1];
    float maps2[MAPS2 / 16][TAPS][MAPS1][16];
    float bias2[MAPS2];
    float maps3[BASIS][MAPS3 / 16][MAPS2][16];
    float bias3[MAPS3];
    float maps4[MAPS4 / 16][TAPS][MAPS3][16];
    float bias4[MAPS4];
    float maps5[BASIS][MAPS5 / 16][MAPS4][16];
    float bias5[MAPS5];
    float output[POOLS][16];
    float bias[16];
} Network;

typedef struct { /* the activations of one image */
    float maps1[MAPS1][SIDE1][SIDE1];
    float maps2[MAPS2][SIDE2][SIDE2];
    float maps3[MAPS3][SIDE3][SIDE3];
    float maps4[MAPS4][SIDE4][SIDE4];
    float maps5[MAPS5][SIDE5][SIDE5];
    float pools[POOLS]; /* all maxima, then all means */
    float logits[CLASSES];
    float probabilities[CLASSES];
} Layers;

typedef struct { /* the caller's arena: activations, channels last */
    float image[SIDE][SIDE];
    float maps1[SIDE1][SIDE1][MAPS1];
    /* Within zeros: one above and left, the rest under and right. */
    float maps2[FRAME][FRAME][MAPS2];
    float maps3[SIDE3][SIDE3][MAPS3];
    float maps4[MANY][SIDE4][SIDE4][MAPS4];
    float maps5[MANY][SIDE5][SIDE5][MAPS5];
    float pools[POOLS];
    float logits[16];
    float seen[BASIS * MANY * MAPS4];     /* in the basis: what tiles see, */
    float products[BASIS * MANY * MAPS5]; /* and become */
} Arena;
_Static_assert(MANY % AT_ONCE == 0 && MANY >= TILES3 * TILES3 + AT_ONCE,
               "too little room for tiles");

INLINE vec relu(vec a)
{
    return (vec)((mask)a & (a > 0));
}

INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

/* Room for so many tiles: those beyond are multiplied as well, and nobody looks at them. */
INLINE int whole(int tiles)
{
    return (tiles + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
}

/* ---------------------------------------------------------------------- kernels made ready */

/* What 3 taps are in the basis: the values of a polynomial of degree 2 at 0, 1, -1, 2, -2 and,
 * its leading one, at infinity, over what the products by it are to be divided by. */
static void taps_in_basis(const double g[KERNEL], double u[SEEN])
{
    u[0] = g[0] / 4;
    u[1] = (g[0] + g[1] + g[2]) / -6;
    u[2] = (g[0] - g[1] + g[2]) / -6;
    u[3] = (g[0] + 2 * g[1] + 4 * g[2]) / 24;
    u[4] = (g[0] - 2 * g[1] + 4 * g[2]) / 24;
    u[5] = g[2];
}

/* A 3x3 kernel in the basis: its columns, then its rows, in double and rounded to float once. */
static void kernel_in_basis(const float taps[TAPS], float out[BASIS])
{
    double down[KERNEL][SEEN]; /* [x][in the basis] */
    double across[SEEN];
    for (int x = 0; x < KERNEL; x++) {
        const double column[KERNEL] = {taps[x], taps[3 + x], taps[6 + x]};
        taps_in_basis(column, down[x]);
    }
    for (int i = 0; i < SEEN; i++) {
        const double row[KERNEL] = {down[0][i], down[1][i], down[2][i]};
        taps_in_basis(row, across);
        for (int j = 0; j < SEEN; j++) {
            out[SEEN * i + j] = (float)across[j];
        }
    }
}

/* taps [to][from][TAPS] to out [to / 16][TAPS][from][16]. */
static void lay_out(int from, int to, const float *taps, float *out)
{
    for (int o = 0; o < to; o++) {
        for (int i = 0; i < from; i++) {
            for (int t = 0; t < TAPS; t++) {
                const int at = ((o / 16 * TAPS + t) * from + i) * 16 + o % 16;
                out[at] = taps[(o * from + i) * TAPS + t];
            }
        }
    }
}

/* taps [to][from][TAPS] to out [BASIS][to / 16][from][16]. */
static void lay_out_in_basis(int from, int to, const float *taps, float *out)
{
    for (int o = 0; o < to; o++) {
        for (int i = 0; i < from; i++) {
            float u[BASIS];
            kernel_in_basis(taps + (o * from + i) * TAPS, u);
            for (int f = 0; f < BASIS; f++) {
                out[((f * (to / 16) + o / 16) * from + i) * 16 + o % 16] = u[f];
            }
        }
    }
}

/* The last layer, its ten classes as 16 lanes. */
static void lay_out_output(const Weights *from, Network *to)
{
    for (int i = 0; i < 16; i++) {
        for (int k = 0; k < POOLS; k++) {
            to->output[k][i] = i < CLASSES ? from->output[i][k] : 0;
        }
        to->bias[i] = i < CLASSES ? from->bias[i] : 0;
    }
}

/* ---------------------------------------------------------------- convolutions, place by place */

/* AT_ONCE places, from number `first` of the after x after on, of 16 maps: their sums are in
 * registers, and a vector of kernels is loaded once for all of them.
 *
 * in [side][side][from], w [TAPS][from][16], bias [16], out [after][row][to]. */
INLINE void places_forward(int from, int to, int side, int stride, int after, int row, int first,
                           const float *in, const float *w, const float *bias, float *out)
{
    const float *corner[AT_ONCE]; /* what each place sees begins here */
    int at[AT_ONCE];
    vec sums[AT_ONCE];
    UNROLL
    for (int p = 0; p < AT_ONCE; p++) { /* the last place again, if there are no more */
        const int place = least(first + p, after * after - 1);
        const int y = place / after;
        const int x = place % after;
        corner[p] = in + (y * side + x) * stride * from;
        at[p] = (y * row + x) * to;
        sums[p] = load(bias);
    }
    UNROLL
    for (int t = 0; t < TAPS; t++) {
        const float *seen[AT_ONCE];
        UNROLL
        for (int p = 0; p < AT_ONCE; p++) {
            seen[p] = corner[p] + (t / KERNEL * side + t % KERNEL) * from;
        }
        add_products(AT_ONCE, sums, seen, w + t * from * 16, from);
    }
    UNROLL
    for (int p = 0; p < AT_ONCE; p++) {
        store(out + at[p], relu(sums[p]));
    }
}

/* A convolution and ReLU: in [side][side][from], `stride` places from one to the next;
 * w [to / 16][TAPS][from][16], bias [to]; out [after][row][to], of which after x after is
 * filled. */
INLINE void convolution_forward(int from, int to, int side, int stride, int after, int row,
                                const float *in, const float *w, const float *bias, float *out)
{
    for (int o = 0; o < to; o += 16) {
        for (int first = 0; first < after * after; first += AT_ONCE) {
            places_forward(from, to, side, stride, after, row, first, in, w + o * TAPS * from,
                           bias + o, out + o);
        }
    }
}

/* ---------------------------------------------------------------------- convolutions, tile by tile
 *
 * Three steps: what the tiles see, into the basis; there for each number of the basis a product
 * of two matrices; and what comes of it, out of the basis.  (The literature calls the first and
 * the last the transforms of input and output.)  Lanes are 16 maps. */

/* Six values in a row, in the basis. */
INLINE void into_basis(const vec d[SEEN], vec v[SEEN])
{
    const vec even = d[4] - all(4) * d[2];
    const vec odd = d[3] - all(4) * d[1];
    const vec even2 = d[4] - d[2];
    const vec odd2 = all(2) * (d[3] - d[1]);
    v[0] = all(4) * d[0] - all(5) * d[2] + d[4];
    v[1] = even + odd;
    v[2] = even - odd;
    v[3] = even2 + odd2;
    v[4] = even2 - odd2;
    v[5] = all(4) * d[1] - all(5) * d[3] + d[5];
}

/* Six products in the basis, as four places. */
INLINE void out_of_basis(const vec m[SEEN], vec y[TILE])
{
    const vec sum = m[1] + m[2];
    const vec apart = m[1] - m[2];
    const vec sum2 = m[3] + m[4];
    const vec apart2 = m[3] - m[4];
    y[0] = m[0] + sum + sum2;
    y[1] = apart + all(2) * apart2;
    y[2] = sum + all(4) * sum2;
    y[3] = apart + all(8) * apart2 + m[5];
}

/* What one tile sees in 16 maps, in the basis: columns, then rows.
 *
 * corner [side][.][maps], from the tile's upper left place on; seen [BASIS], `step` floats from
 * one to the next. */
INLINE void tile_into_basis(int maps, int side, int step, const float *corner, float *seen)
{
    vec down[SEEN][SEEN]; /* [x][in the basis] */
    UNROLL
    for (int x = 0; x < SEEN; x++) {
        vec d[SEEN];
        UNROLL
        for (int y = 0; y < SEEN; y++) {
            d[y] = load(corner + (y * side + x) * maps);
        }
        into_basis(d, down[x]);
    }
    UNROLL
    for (int i = 0; i < SEEN; i++) {
        vec d[SEEN];
        vec v[SEEN];
        UNROLL
        for (int x = 0; x < SEEN; x++) {
            d[x] = down[x][i];
        }
        into_basis(d, v);
        UNROLL
        for (int j = 0; j < SEEN; j++) {
            store(seen + (SEEN * i + j) * step, v[j]);
        }
    }
}

/* What `tiles` x `tiles` tiles of each of n images see: in [n][side][side][maps], seen
 * [BASIS][whole(tiles)][maps]. */
INLINE void tiles_into_basis(int maps, int side, int tiles, int n, const float *in, float *seen)
{
    const int count = n * tiles * tiles;
    const int step = whole(count) * maps;
    for (int tile = 0; tile < count; tile++) {
        const int image = tile / (tiles * tiles);
        const int y = tile / tiles % tiles * TILE;
        const int x = tile % tiles * TILE;
        const float *corner = in + ((image * side + y) * side + x) * maps;
        for (int c = 0; c < maps; c += 16) {
            tile_into_basis(maps, side, step, corner + c, seen + tile * maps + c);
        }
    }
}

/* The products, summed over the maps that are seen: for each number of the basis a product of two
 * matrices, seen [whole(tiles)][from] and w [to / 16][from][16], to products [whole(tiles)][to]. */
INLINE void multiply_in_basis(int from, int to, int tiles, const float *seen, const float *w,
                              float *products)
{
    const int room = whole(tiles);
    for (int f = 0; f < BASIS; f++) {
        for (int o = 0; o < to; o += 16) {
            for (int first = 0; first < tiles; first += AT_ONCE) {
                const float *x[AT_ONCE];
                vec sums[AT_ONCE];
                UNROLL
                for (int p = 0; p < AT_ONCE; p++) {
                    x[p] = seen + (f * room + first + p) * from;
                    sums[p] = all(0);
                }
                add_products(AT_ONCE, sums, x, w + (f * to + o) * from, from);
                float *at = products + (f * room + first) * to + o;
                UNROLL
                for (int p = 0; p < AT_ONCE; p++) {
                    store(at + p * to, sums[p]);
                }
            }
        }
    }
}

/* One tile of 16 maps out of the basis, with bias and ReLU: `rows` x `columns` of its places, for
 * what lies beyond the side of the maps is left.
 *
 * products [BASIS], `step` floats from one to the next; out [side][.][maps]. */
INLINE void tile_out_of_basis(int maps, int side, int step, int rows, int columns,
                              const float *products, const float *bias, float *out)
{
    vec down[SEEN][TILE]; /* [in the basis][y] */
    UNROLL
    for (int j = 0; j < SEEN; j++) {
        vec m[SEEN];
        UNROLL
        for (int i = 0; i < SEEN; i++) {
            m[i] = load(products + (SEEN * i + j) * step);
        }
        out_of_basis(m, down[j]);
    }
    UNROLL
    for (int i = 0; i < TILE; i++) {
        if (i < rows) {
            vec m[SEEN];
            vec y[TILE];
            UNROLL
            for (int j = 0; j < SEEN; j++) {
                m[j] = down[j][i];
            }
            out_of_basis(m, y);
            UNROLL
            for (int k = 0; k < TILE; k++) {
                if (k < columns) {
                    store(out + (i * side + k) * maps, relu(y[k] + load(bias)));
                }
            }
        }
    }
}

/* All tiles: products [BASIS][whole(tiles)][maps], bias [maps], out [n][side][side][maps]. */
INLINE void tiles_out_of_basis(int maps, int side, int tiles, int n, const float *products,
                               const float *bias, float *out)
{
    const int count = n * tiles * tiles;
    const int step = whole(count) * maps;
    for (int tile = 0; tile < count; tile++) {
        const int image = tile / (tiles * tiles);
        const int top = tile / tiles % tiles * TILE;
        const int left = tile % tiles * TILE;
        float *corner = out + ((image * side + top) * side + left) * maps;
        for (int c = 0; c < maps; c += 16) {
            tile_out_of_basis(maps, side, step, side - top, side - left,
                              products + tile * maps + c, bias + c, corner + c);
        }
    }
}

/* ---------------------------------------------------------------------- reading */

/* One image, up to the fourth maps, which begin at `out`. */
static void maps4_forward(const Network *w, const uint8_t *image, Arena *a, float *out)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        a->image[0][i] = image[i] / 127.5f - 1;
    }
    convolution_forward(1, MAPS1, SIDE, 1, SIDE1, SIDE1, a->image[0], w->maps1[0][0][0], w->bias1,
                        a->maps1[0][0]);
    convolution_forward(MAPS1, MAPS2, SIDE1, 2, SIDE2, FRAME, a->maps1[0][0], w->maps2[0][0][0],
                        w->bias2, a->maps2[1][1]);
    tiles_into_basis(MAPS2, FRAME, TILES3, 1, a->maps2[0][0], a->seen);
    multiply_in_basis(MAPS2, MAPS3, TILES3 * TILES3, a->seen, w->maps3[0][0][0], a->products);
    tiles_out_of_basis(MAPS3, SIDE3, TILES3, 1, a->products, w->bias3, a->maps3[0][0]);
    convolution_forward(MAPS3, MAPS4, SIDE3, 2, SIDE4, SIDE4, a->maps3[0][0], w->maps4[0][0][0],
                        w->bias4, out);
}

/* n images from the fourth maps to the fifth. */
static void maps5_forward(const Network *w, int n, Arena *a)
{
    tiles_into_basis(MAPS4, SIDE4, 1, n, a->maps4[0][0][0], a->seen);
    multiply_in_basis(MAPS4, MAPS5, n, a->seen, w->maps5[0][0][0], a->products);
    tiles_out_of_basis(MAPS5, SIDE5, 1, n, a->products, w->bias5, a->maps5[0][0][0]);
}

/* The maximum and the mean of each map: maps [AREA5][MAPS5], pools [2][MAPS5]. */
static void pools_forward(const float maps[AREA5][MAPS5], float pools[POOLS])
{
    for (int c = 0; c < MAPS5; c += 16) {
        vec most = load(maps[0] + c);
        vec sum = most;
        for (int i = 1; i < AREA5; i++) {
            const vec x = load(maps[i] + c);
            most = where(x > most, x, most);
            sum += x;
        }
        store(pools + c, most);
        store(pools + MAPS5 + c, sum * all(1.0f / AREA5)); /* exact: a power of two */
    }
}

/* Logits and ten probabilities of one image; lanes are classes. */
static void output_forward(const Network *w, Arena *a, float p[16])
{
    vec y = load(w->bias);
    for (int k = 0; k < POOLS; k++) {
        y += all(a->pools[k]) * load(w->output[k]);
    }
    store(a->logits, y);
    store(p, y);
    float top = p[0];
    for (int i = 0; i < CLASSES; i++) {
        if (p[i] > top) {
            top = p[i];
        }
    }
    softmax(p, CLASSES, top);
}

/* The probabilities [n][CLASSES] of up to MANY images. */
static void read_many(const Network *w, const uint8_t *images, int n, Arena *a,
                      float *probabilities)
{
    for (int i = 0; i < n; i++) {
        maps4_forward(w, images + i * SIDE * SIDE, a, a->maps4[i][0][0]);
    }
    maps5_forward(w, n, a);
    for (int i = 0; i < n; i++) {
        float p[16];
        pools_forward(a->maps5[i][0], a->pools);
        output_forward(w, a, p);
        for (int k = 0; k < CLASSES; k++) {
            probabilities[i * CLASSES + k] = p[k];
        }
    }
}

/* ---------------------------------------------------------------------- what callers use
 *
 * The network and the arena want a boundary of 64 bytes, and the arena need not be cleared. */

EXPORT size_t member_weights(void)
{
    return sizeof(Weights) / sizeof(float);
}

EXPORT size_t member_network_bytes(void)
{
    return sizeof(Network);
}

EXPORT size_t member_arena_bytes(void)
{
    return sizeof(Arena);
}

EXPORT size_t member_layers_floats(void)
{
    return sizeof(Layers) / sizeof(float);
}

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
    lay_out_output(from, to);
}

/* The probabilities of the ten classes of each image, bytes of 29x29. */
EXPORT void member_read(const Network *network, const uint8_t *images, int n, float *probabilities,
                        Arena *arena)
{
    __builtin_memset(arena->maps2, 0, sizeof arena->maps2); /* for the margins */
    for (int i = 0; i < n; i += MANY) {
        read_many(network, images + (size_t)i * SIDE * SIDE, least(MANY, n - i), arena,
                  probabilities + i * CLASSES);
    }
}

/* from [side][row][maps] to [maps][side][side]. */
static void channels_first(int maps, int side, int row, const float *from, float *to)
{
    for (int m = 0; m < maps; m++) {
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                to[(m * side + y) * side + x] = from[(y * row + x) * maps + m];
            }
        }
    }
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
    __builtin_memcpy(out->pools, arena->pools, sizeof out->pools);
    __builtin_memcpy(out->logits, arena->logits, sizeof out->logits);
}

/* ---------------------------------------------------------------------- one image, plainly
 *
 * The same sums in the same order without vectors and blocks, from the weights as PyTorch has
 * them, channels first: a check of all the above, byte for byte. */

static float relu_plain(float a)
{
    return a > 0 ? a : 0;
}

/* A convolution and ReLU, `stride` places from one to the next: in [from][side][side], w
 * [to][from][TAPS], bias [to], out [to][after][after].  A sum goes tap by tap and within a tap
 * map by map, which is a rule: the fast form has the maps last. */
static void convolution_forward_plain(int from, int to, int side, int stride, int after,
                                      const float *in, const float *w, const float *bias,
                                      float *out)
{
    for (int o = 0; o < to; o++) {
        for (int y = 0; y < after; y++) {
            for (int x = 0; x < after; x++) {
                float sum = bias[o];
                for (int t = 0; t < TAPS; t++) {
                    const int row = y * stride + t / KERNEL;
                    const int column = x * stride + t % KERNEL;
                    for (int i = 0; i < from; i++) {
                        const float seen = in[(i * side + row) * side + column];
                        sum += seen * w[(o * from + i) * TAPS + t];
                    }
                }
                out[(o * after + y) * after + x] = relu_plain(sum);
            }
        }
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

/* A number of a map [side][side], and 0 beyond it. */
static float within_zeros(const float *map, int side, int y, int x)
{
    const int inside = y >= 0 && y < side && x >= 0 && x < side;
    return inside ? map[y * side + x] : 0;
}

/* What a tile sees, from (top, left) on, in the basis: columns, then rows. */
static void tile_into_basis_plain(const float *map, int side, int top, int left,
                                  float seen[SEEN][SEEN])
{
    float down[SEEN][SEEN];
    for (int x = 0; x < SEEN; x++) {
        float column[SEEN];
        float v[SEEN];
        for (int y = 0; y < SEEN; y++) {
            column[y] = within_zeros(map, side, top + y, left + x);
        }
        into_basis_plain(column, v);
        for (int i = 0; i < SEEN; i++) {
            down[i][x] = v[i];
        }
    }
    for (int i = 0; i < SEEN; i++) {
        into_basis_plain(down[i], seen[i]);
    }
}

/* The places of a tile, from its products in the basis. */
static void tile_out_of_basis_plain(const float products[SEEN][SEEN], float tile[TILE][TILE])
{
    float down[TILE][SEEN];
    for (int j = 0; j < SEEN; j++) {
        float column[SEEN];
        float y[TILE];
        for (int i = 0; i < SEEN; i++) {
            column[i] = products[i][j];
        }
        out_of_basis_plain(column, y);
        for (int i = 0; i < TILE; i++) {
            down[i][j] = y[i];
        }
    }
    for (int i = 0; i < TILE; i++) {
        out_of_basis_plain(down[i], tile[i]);
    }
}

/* The tile of one map that has its upper left place at (top, left): in [from][side][side], w
 * [from][TAPS].  In the basis products are summed map by map, and only the sum comes out of it. */
static void tile_forward_plain(int from, int side, int margin, int top, int left, const float *in,
                               const float *w, float tile[TILE][TILE])
{
    float products[SEEN][SEEN] = {{0}};
    for (int i = 0; i < from; i++) {
        float seen[SEEN][SEEN];
        float kernel[SEEN][SEEN];
        tile_into_basis_plain(in + i * side * side, side, top - margin, left - margin, seen);
        kernel_in_basis(w + i * TAPS, kernel[0]);
        for (int f = 0; f < SEEN; f++) {
            for (int k = 0; k < SEEN; k++) {
                products[f][k] += seen[f][k] * kernel[f][k];
            }
        }
    }
    tile_out_of_basis_plain(products, tile);
}

/* A convolution by tiles and ReLU: in [from][side][side] within `margin` zeros on each side, w
 * [to][from][TAPS], bias [to], out [to][after][after]. */
static void tiles_forward_plain(int from, int to, int side, int margin, const float *in,
                                const float *w, const float *bias, float *out)
{
    const int after = side + 2 * margin - 2;
    for (int o = 0; o < to; o++) {
        for (int top = 0; top < after; top += TILE) {
            for (int left = 0; left < after; left += TILE) {
                float tile[TILE][TILE];
                tile_forward_plain(from, side, margin, top, left, in, w + o * from * TAPS, tile);
                for (int y = top; y < least(top + TILE, after); y++) {
                    for (int x = left; x < least(left + TILE, after); x++) {
                        const float sum = tile[y - top][x - left] + bias[o];
                        out[(o * after + y) * after + x] = relu_plain(sum);
                    }
                }
            }
        }
    }
}

/* The maximum and the mean of each map: maps [MAPS5][AREA5]. */
static void pools_forward_plain(const float *maps, float pools[POOLS])
{
    for (int m = 0; m < MAPS5; m++) {
        const float *map = maps + m * AREA5;
        float most = map[0];
        float sum = map[0];
        for (int i = 1; i < AREA5; i++) {
            most = map[i] > most ? map[i] : most;
            sum += map[i];
        }
        pools[m] = most;
        pools[MAPS5 + m] = sum / AREA5;
    }
}

/* Logits and probabilities.  softmax is that of lanes.h, which has no other form. */
static void output_forward_plain(const Weights *w, Layers *out)
{
    float p[16];
    float top = 0;
    for (int c = 0; c < CLASSES; c++) {
        float sum = w->bias[c];
        for (int k = 0; k < POOLS; k++) {
            sum += out->pools[k] * w->output[c][k];
        }
        out->logits[c] = sum;
        p[c] = sum;
        top = c == 0 || sum > top ? sum : top;
    }
    softmax(p, CLASSES, top);
    for (int c = 0; c < CLASSES; c++) {
        out->probabilities[c] = p[c];
    }
}

EXPORT void member_layers_plain(const Weights *w, const uint8_t *image, Layers *out)
{
    float input[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
        input[i] = image[i] / 127.5f - 1;
    }
    convolution_forward_plain(1, MAPS1, SIDE, 1, SIDE1, input, w->maps1[0][0], w->bias1,
                              out->maps1[0][0]);
    convolution_forward_plain(MAPS1, MAPS2, SIDE1, 2, SIDE2, out->maps1[0][0], w->maps2[0][0],
                              w->bias2, out->maps2[0][0]);
    tiles_forward_plain(MAPS2, MAPS3, SIDE2, 1, out->maps2[0][0], w->maps3[0][0], w->bias3,
                        out->maps3[0][0]);
    convolution_forward_plain(MAPS3, MAPS4, SIDE3, 2, SIDE4, out->maps3[0][0], w->maps4[0][0],
                              w->bias4, out->maps4[0][0]);
    tiles_forward_plain(MAPS4, MAPS5, SIDE4, 0, out->maps4[0][0], w->maps5[0][0], w->bias5,
                        out->maps5[0][0]);
    pools_forward_plain(out->maps5[0][0], out->pools);
    output_forward_plain(w, out);
}
