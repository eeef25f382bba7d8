/* Convolutions, fast: convolution, pool and activation in one pass, and their way back. */

/* ---------------------------------------------------------------------- forward
 *
 * Lanes are LANES images, side by side in a vector. */

/* A pool of M x M sums, in registers; if M is 1 there is none. */
enum { MOST_SUMS = 9 };

/* sum[q][j] by Q kernels at X neighbouring pools of M x M places each: j counts the places of one
 * pool after the other.  Some eight sums in registers, each of which needs no other's result: a
 * processor adds several of them at once, where in one sum each addition waits for the one before.
 *
 * in [C][high][wide][LANES] from the first pool's first place on; w [Q][C][K * K]; bias [Q]. */
INLINE void pool_sums(Shape d, int M, int Q, int X, const float *in, const float *w,
                      const float *bias, vec sum[2][MOST_SUMS])
{
    const int W = wide(d);
    const int K = d.K;
    UNROLL
    for (int q = 0; q < Q; q++) {
        UNROLL
        for (int j = 0; j < X * M * M; j++) {
            sum[q][j] = all(bias[q]);
        }
    }
    for (int c = 0; c < d.C; c++) {
        for (int r = 0; r < K; r++) {
            UNROLL
            for (int k = 0; k < K; k++) {
                const float *seen = in + ((c * high(d) + r) * W + k) * LANES;
                vec at[MOST_SUMS];
                UNROLL
                for (int j = 0; j < X * M * M; j++) {
                    const int pool = j / (M * M);
                    const int y = j % (M * M) / M;
                    const int x = j % M;
                    at[j] = load(seen + (y * W + pool * d.P + x) * LANES);
                }
                UNROLL
                for (int q = 0; q < Q; q++) {
                    const vec tap = all(w[(q * d.C + c) * K * K + r * K + k]);
                    UNROLL
                    for (int j = 0; j < X * M * M; j++) {
                        sum[q][j] += tap * at[j];
                    }
                }
            }
        }
    }
}

/* The maximum of M x M sums, and unless `place` is null where it is: row * W + column, counted in
 * the map of width W that is convolved.  Of equal ones the first wins.  First the maximum of each
 * row, then of these. */
INLINE vec maximum(int M, int W, const vec sum[MOST_SUMS], int32_t *place)
{
    mask right[3][3]; /* [row][column]: this column's is larger than all before */
    mask below[3];    /* this row's is larger than all above */
    vec best = sum[0];
    UNROLL
    for (int y = 0; y < M; y++) {
        vec of_row = sum[y * M];
        UNROLL
        for (int x = 1; x < M; x++) {
            right[y][x] = sum[y * M + x] > of_row;
            of_row = where(right[y][x], sum[y * M + x], of_row);
        }
        below[y] = of_row > best;
        best = y ? where(below[y], of_row, best) : of_row;
    }
    if (place) {
        mask at = {0};
        UNROLL
        for (int y = 0; y < M; y++) {
            mask column = {0};
            UNROLL
            for (int x = 1; x < M; x++) {
                column = choose(right[y][x], (mask){0} + x, column);
            }
            at = y ? choose(below[y], column + y * W, at) : column;
        }
        store_mask(place, at);
    }
    return best;
}

/* Q maps at X neighbouring pools.  The maximum comes before the activation: that is done once,
 * where before the pool it would be done at all its places.  out and place from the first map's
 * first pool on, a vector each, `stride` floats from one to the next. */
INLINE void pools_forward(Shape d, int M, int Q, int X, const float *in, const float *w,
                          const float *bias, float *out, int32_t *place, int stride)
{
    vec sum[2][MOST_SUMS];
    pool_sums(d, M, Q, X, in, w, bias, sum);
    UNROLL
    for (int q = 0; q < Q; q++) {
        UNROLL
        for (int x = 0; x < X; x++) {
            const int at = (q * area(d) + x) * stride;
            int32_t *to = place && M > 1 ? place + at : 0;
            const vec most = maximum(M, wide(d), sum[q] + x * M * M, to);
            store(out + at, activate(d.activation, most));
        }
    }
}

/* All maps at X neighbouring pools, Q maps at a time. */
INLINE void maps_forward(Shape d, int M, int Q, int X, const float *in, const float *w,
                         const float *bias, float *out, int32_t *place, int stride)
{
    const int taps = d.C * d.K * d.K;
    int o = 0;
    for (; o + Q <= d.O; o += Q) {
        const int at = o * area(d) * stride;
        pools_forward(d, M, Q, X, in, w + o * taps, bias + o, out + at, place ? place + at : 0,
                      stride);
    }
    if (Q > 1 && o < d.O) { /* an odd map is left */
        const int at = o * area(d) * stride;
        pools_forward(d, M, 1, X, in, w + o * taps, bias + o, out + at, place ? place + at : 0,
                      stride);
    }
}

/* Places are outside and kernels inside: what a pool sees stays in the nearest cache for all.
 * Where X does not divide the columns, the last X are moved back: some are computed twice, to the
 * same values. */
INLINE void places_forward(Shape d, int M, int Q, int X, const float *in, const float *w,
                           const float *bias, float *out, int32_t *place, int stride)
{
    for (int y = 0; y < rows(d); y++) {
        for (int x0 = 0; x0 < columns(d); x0 += X) {
            const int x = MIN(x0, columns(d) - X);
            const int at = (y * columns(d) + x) * stride;
            maps_forward(d, M, Q, X, in + d.P * (y * wide(d) + x) * LANES, w, bias, out + at,
                         place ? place + at : 0, stride);
        }
    }
}

/* The average of each box of `in` [C][H][W][LANES], in the order of its rows. */
INLINE void average_boxes(Shape d, const float *in, float *boxed)
{
    const int B = box(d);
    for (int c = 0; c < d.C; c++) {
        for (int y = 0; y < high(d); y++) {
            for (int x = 0; x < wide(d); x++) {
                vec sum = all(0);
                for (int i = 0; i < B; i++) {
                    for (int j = 0; j < B; j++) {
                        sum += load(in + ((c * d.H + y + i) * d.W + x + j) * LANES);
                    }
                }
                store(boxed + ((c * high(d) + y) * wide(d) + x) * LANES,
                      sum * all(1.0f / (float)(B * B)));
            }
        }
    }
}

/* Maps [C][places][LANES] of LANES images, image by image with the channels in the lanes,
 * [LANES][chunk][places][LANES]: the way back needs it so. */
INLINE void keep_by_image(int C, int places, const float *maps, float *to)
{
    for (int i = 0; i < places; i++) {
        for (int l = 0; l < LANES; l++) {
            float *of_image = to + (size_t)l * places * padded(C);
            for (int c = 0; c < C; c++) {
                of_image[in_chunks(places, c, i)] = maps[(c * places + i) * LANES + l];
            }
        }
    }
}

/* What the way back needs of the images first .. first + LANES - 1. */
INLINE void keep_for_backward(Shape d, const Stage *t, float *s, const float *convolved, int first)
{
    const int seen = high(d) * wide(d);
    if (!t->is_first) {
        keep_by_image(d.C, seen, convolved, s + t->seen + (size_t)first * seen * padded(d.C));
        if (box(d) > 1) {
            keep_by_image(d.C, d.H * d.W, s + t->in,
                          s + t->came_in + (size_t)first * d.H * d.W * padded(d.C));
        }
    } else if (box(d) > 1) { /* else these are the pixels, which lie there already */
        for (int i = 0; i < d.C * seen; i++) {
            for (int l = 0; l < LANES; l++) {
                s[t->seen + (size_t)(first + l) * (d.C * seen + ROOM) + i] =
                    convolved[i * LANES + l];
            }
        }
    }
}

/* The images first .. first + LANES - 1 of a block. */
INLINE void convolution_forward(Shape d, const Stage *t, float *s, const float *weights, int first,
                                int training)
{
    const int stride = d.to_dense ? BLOCK : LANES;
    const float *in = s + t->in;
    const float *w = weights + t->weight;
    const float *bias = weights + t->bias;
    float *out = s + t->out + (d.to_dense ? first : 0);
    int32_t *place = 0;
    if (training) {
        place = (int32_t *)(s + t->place) + (d.to_dense ? first : first * d.O * area(d));
    }
    if (box(d) > 1) {
        average_boxes(d, in, s + t->boxed);
        in = s + t->boxed;
    }
    /* Some eight sums at a time: two maps at the four places of a pool, one map at nine, or two
     * maps at four places.  Each case is a constant to the compiler. */
    if (maxima(d) == 2) {
        places_forward(d, 2, 2, 1, in, w, bias, out, place, stride);
    } else if (maxima(d) == 3) {
        places_forward(d, 3, 1, 1, in, w, bias, out, place, stride);
    } else if (columns(d) >= 4) {
        places_forward(d, 1, 2, 4, in, w, bias, out, place, stride);
    } else {
        places_forward(d, 1, 2, 1, in, w, bias, out, place, stride);
    }
    if (training) {
        keep_for_backward(d, t, s, in, first);
    }
}

/* ---------------------------------------------------------------------- backward
 *
 * Image by image, since each image has its maxima elsewhere.  No gradient by a whole map is
 * written down: of each pool only the maximum counts, and only if its gradient is not 0, as where
 * ReLU let nothing through.  Lanes are input channels, or in the first stage columns of a kernel.
 * The lanes beyond them hold anything, and nobody reads what comes of them. */

/* How many rows of a window fit into registers beside what is added to them. */
INLINE int rows_at_once(int side)
{
    if (side <= 3) {
        return side;
    }
    return side <= 6 ? 2 : 1;
}

/* The gradients and the places of the maxima of map o, for image n: those of the first place, and
 * `stride` numbers on those of the next. */
typedef struct {
    const float *gradient;
    const int32_t *maximum;
    int stride;
} Outcomes;

INLINE Outcomes outcomes_of(Shape d, const Stage *t, const float *s, int n, int o)
{
    const int32_t *place = (const int32_t *)(s + t->place);
    if (d.to_dense) { /* [O][area][BLOCK] both */
        const int at = o * area(d) * BLOCK + n;
        return (Outcomes){s + t->dout + at, place + at, BLOCK};
    }
    const int together = n / LANES * LANES; /* the first of the images that were read together */
    return (Outcomes){s + t->dout + in_chunks(area(d), o, 0),
                      place + (together * d.O + o * LANES) * area(d) + n % LANES, LANES};
}

/* List the winners of one map and image n, in the order of the places.
 *
 * By map, a winner's window begins in what is convolved; by place, in the frame of its kernel,
 * which then stands at the winner's place in the window of the pool.  Every outcome is written
 * down, and the next one over it unless it counts: no branch, which a processor could not foresee.
 */
INLINE void list_winners_of_map(Shape d, int M, const Stage *t, float *s, int n, int o)
{
    const Outcomes from = outcomes_of(d, t, s, n, o);
    const int W = wide(d);
    const int F = frame(d);
    Winner *by_map = (Winner *)(s + t->by_map) + o * (area(d) + 1);
    Winner *by_place = (Winner *)(s + t->by_place);
    int *of_place = (int *)(s + t->of_place);
    int winners = 0;
    int i = 0;
    for (int y = 0; y < rows(d); y++) {
        for (int x = 0; x < columns(d); x++, i++) {
            const float gradient = from.gradient[i * from.stride];
            const int counts = gradient != 0;
            const int at = M > 1 ? from.maximum[i * from.stride] : 0;
            int row = 0; /* of the maximum in its pool */
            UNROLL
            for (int r = 1; r < M; r++) {
                row += at >= r * W;
            }
            const int column = at - row * W;
            const int seen = d.P * (y * W + x) + at;
            const int framed = o * F * F + (M - 1 - row) * F + M - 1 - column;
            by_map[winners] = (Winner){gradient, seen * LANES};
            winners += counts;
            by_place[i * (d.O + 1) + of_place[i]] = (Winner){gradient, framed * LANES};
            of_place[i] += counts;
        }
    }
    ((int *)(s + t->of_map))[o] = winners;
}

INLINE void list_winners(Shape d, const Stage *t, float *s, int n)
{
    clear(s + t->of_place, sizeof(int) * area(d));
    for (int o = 0; o < d.O; o++) {
        switch (maxima(d)) {
        case 1:
            list_winners_of_map(d, 1, t, s, n, o);
            break;
        case 2:
            list_winners_of_map(d, 2, t, s, n, o);
            break;
        default:
            list_winners_of_map(d, 3, t, s, n, o);
        }
    }
}

/* sum[r][k] += gradient * what stands at row r and column k of the winner's window, in registers;
 * R rows of K columns.  `from` has rows of `width` vectors, `to` of `to_width`; lanes are input
 * channels. */
INLINE void add_windows(int R, int K, const Winner *winner, const Winner *end, const float *from,
                        int width, float *to, int to_width)
{
    vec sum[3][9];
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int k = 0; k < K; k++) {
            sum[r][k] = load(to + (r * to_width + k) * LANES);
        }
    }
    for (; winner < end; winner++) {
        const vec gradient = all(winner->gradient);
        const float *at = from + winner->at;
        UNROLL
        for (int r = 0; r < R; r++) {
            UNROLL
            for (int k = 0; k < K; k++) {
                sum[r][k] += gradient * load(at + (r * width + k) * LANES);
            }
        }
    }
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int k = 0; k < K; k++) {
            store(to + (r * to_width + k) * LANES, sum[r][k]);
        }
    }
}

/* All rows of K x K places, a few at a time. */
INLINE void add_all_windows(int K, const Winner *winner, const Winner *end, const float *from,
                            int width, float *to, int to_width)
{
    const int R = rows_at_once(K);
    int r = 0;
    for (; r + R <= K; r += R) {
        add_windows(R, K, winner, end, from + r * width * LANES, width, to + r * to_width * LANES,
                    to_width);
    }
    for (; r < K; r++) { /* where R does not divide K */
        add_windows(1, K, winner, end, from + r * width * LANES, width, to + r * to_width * LANES,
                    to_width);
    }
}

/* A function of its own for each side of a window, and where it stands in a table.  Alone, its sums
 * have all the registers; as one case of many in a large function they would not. */
#define ADD_WINDOWS(side) \
    NOINLINE void add_windows_##side(const Winner *winner, const Winner *end, const float *from, \
                                     int width, float *to, int to_width) \
    { \
        add_all_windows(side, winner, end, from, width, to, to_width); \
    }
ADD_WINDOWS(2)
ADD_WINDOWS(3)
ADD_WINDOWS(4)
ADD_WINDOWS(5)
ADD_WINDOWS(6)
ADD_WINDOWS(7)
ADD_WINDOWS(8)
ADD_WINDOWS(9)
static void (*const add_windows_of_side[])(const Winner *, const Winner *, const float *, int,
                                           float *, int) = {
    0,             0,             add_windows_2, add_windows_3, add_windows_4,
    add_windows_5, add_windows_6, add_windows_7, add_windows_8, add_windows_9,
};

/* Adds image n to the gradient by the kernels: the sum over a map's winners of their windows. */
INLINE void kernels_backward(Shape d, const Stage *t, float *s, int n)
{
    const int places = high(d) * wide(d);
    const int taps = d.K * d.K;
    const Winner *by_map = (const Winner *)(s + t->by_map);
    const int *of_map = (const int *)(s + t->of_map);
    const float *seen = s + t->seen + (size_t)n * places * padded(d.C);
    for (int o = 0; o < d.O; o++) {
        const Winner *winner = by_map + o * (area(d) + 1);
        float *dweight = s + t->dweight + o * taps * padded(d.C);
        for (int h = 0; h < padded(d.C); h += LANES) {
            add_windows_of_side[d.K](winner, winner + of_map[o], seen + h * places, wide(d),
                                     dweight + h * taps, d.K);
        }
    }
}

/* Kernels in their frames, channels in the lanes: from [M - 1][M - 1] of the frame on, so that a window
 * cut from the frame holds the kernel at any of the M x M places of a pool, and zeros beside it.
 * All winners of a pool are then added over the same window, wherever in the pool they are. */
INLINE void frame_kernels(Shape d, const Stage *t, float *s, const float *weights)
{
    const int F = frame(d);
    const int margin = maxima(d) - 1;
    const float *w = weights + t->weight;
    clear(s + t->framed, sizeof(float) * d.O * F * F * padded(d.C));
    for (int o = 0; o < d.O; o++) {
        for (int c = 0; c < d.C; c++) {
            for (int k = 0; k < d.K * d.K; k++) {
                const int at = (margin + k / d.K) * F + margin + k % d.K;
                s[t->framed + in_chunks(d.O * F * F, c, o * F * F + at)] =
                    w[(o * d.C + c) * d.K * d.K + k];
            }
        }
    }
}

/* The gradient by what was convolved, of one image: at each pool the sum of its winners' kernels. */
INLINE void windows_backward(Shape d, const Stage *t, float *s, float *dseen)
{
    const int places = high(d) * wide(d);
    const int framed = d.O * frame(d) * frame(d);
    const Winner *by_place = (const Winner *)(s + t->by_place);
    const int *of_place = (const int *)(s + t->of_place);
    clear(dseen, sizeof(float) * places * padded(d.C));
    int i = 0;
    for (int y = 0; y < rows(d); y++) {
        for (int x = 0; x < columns(d); x++, i++) {
            const Winner *winner = by_place + i * (d.O + 1);
            float *corner = dseen + d.P * (y * wide(d) + x) * LANES;
            for (int h = 0; h < padded(d.C); h += LANES) {
                add_windows_of_side[window(d)](winner, winner + of_place[i],
                                               s + t->framed + h * framed, frame(d),
                                               corner + h * places, wide(d));
            }
        }
    }
}

/* Back through the averages of boxes: a number has a share of every box that it is in. */
INLINE void boxes_backward(Shape d, const float *dboxed, float *din)
{
    const int B = box(d);
    for (int h = 0; h < padded(d.C); h += LANES) {
        const float *of_chunk = dboxed + h * high(d) * wide(d);
        for (int y = 0; y < d.H; y++) {
            for (int x = 0; x < d.W; x++) {
                vec sum = all(0);
                for (int i = 0; i < B; i++) {
                    for (int j = 0; j < B; j++) {
                        const int above = y - i;
                        const int left = x - j;
                        if (above >= 0 && above < high(d) && left >= 0 && left < wide(d)) {
                            sum += load(of_chunk + (above * wide(d) + left) * LANES);
                        }
                    }
                }
                store(din + (h * d.H + y * LANES) * d.W + x * LANES,
                      sum * all(1.0f / (float)(B * B)));
            }
        }
    }
}

/* The gradient by what came in, of image n, and back through the activation that made it. */
INLINE void input_backward(Shape d, const Stage *t, float *s, int n)
{
    float *din = s + t->din;
    size_t values = t->seen; /* of what came in, for the slopes */
    if (box(d) > 1) {
        windows_backward(d, t, s, s + t->dboxed);
        boxes_backward(d, s + t->dboxed, din);
        values = t->came_in;
    } else {
        windows_backward(d, t, s, din);
    }
    const int numbers = d.H * d.W * padded(d.C);
    all_through_slope(t->before, numbers, din, s + values + (size_t)n * numbers);
}

/* ---------------------------------------------------------------------- the first stage, backward */

/* Adds image n to the gradient by the kernels of Q maps from o on at input channel c.  Lanes are
 * columns of the kernel, from column h on, and its rows are in registers.  No list leaves out the
 * places without a gradient here: they add 0. */
INLINE void first_kernels_backward(Shape d, int Q, int K, const Stage *t, float *s, int n, int o,
                                   int c, int h)
{
    const int W = wide(d);
    const int numbers = high(d) * W;
    const float *seen = s + t->seen + (size_t)n * (d.C * numbers + ROOM) + c * numbers + h;
    float *dweight = s + t->dweight + (o * d.C + c) * K * ROOM + h;
    vec sum[2][7];
    Outcomes from[2];
    UNROLL
    for (int q = 0; q < Q; q++) {
        from[q] = outcomes_of(d, t, s, n, o + q);
        UNROLL
        for (int r = 0; r < K; r++) {
            sum[q][r] = load(dweight + (q * d.C * K + r) * ROOM);
        }
    }
    for (int y = 0; y < rows(d); y++) {
        for (int x = 0; x < columns(d); x++) {
            const int i = y * columns(d) + x;
            const float *corner = seen + d.P * (y * W + x);
            UNROLL
            for (int q = 0; q < Q; q++) {
                const vec gradient = all(from[q].gradient[i * from[q].stride]);
                const int at = maxima(d) > 1 ? from[q].maximum[i * from[q].stride] : 0;
                UNROLL
                for (int r = 0; r < K; r++) {
                    sum[q][r] += gradient * load(corner + at + r * W);
                }
            }
        }
    }
    UNROLL
    for (int q = 0; q < Q; q++) {
        UNROLL
        for (int r = 0; r < K; r++) {
            store(dweight + (q * d.C * K + r) * ROOM, sum[q][r]);
        }
    }
}

/* Do something where the side of a kernel is a constant.  In a build for one network the compiler
 * knows the side, and one case is left. */
#define CASE(side, DO) \
    case side: { \
        enum { SIDE = side }; \
        DO; \
        break; \
    }
#define WITH_SIDE(side, DO) \
    switch (side) { \
        CASE(2, DO) \
        CASE(3, DO) \
        CASE(4, DO) \
        CASE(5, DO) \
        CASE(6, DO) \
        CASE(7, DO) \
    }

/* All maps, two at a time; the loop over h is for vectors that are shorter than a kernel's row. */
INLINE void first_maps_backward(Shape d, int K, const Stage *t, float *s, int n)
{
    for (int c = 0; c < d.C; c++) {
        for (int h = 0; h < K; h += LANES) {
            int o = 0;
            for (; o + 2 <= d.O; o += 2) {
                first_kernels_backward(d, 2, K, t, s, n, o, c, h);
            }
            if (o < d.O) {
                first_kernels_backward(d, 1, K, t, s, n, o, c, h);
            }
        }
    }
}

/* ---------------------------------------------------------------------- biases, backward
 *
 * The order of these sums is a rule of the engine.  In the first stage each row of places makes a
 * sum, so that a processor adds several rows at once, and the rows of all images are added one
 * after the other.  In the others the whole map of an image makes a sum, and these are added. */

/* Adds image n, of a first stage. */
INLINE void first_bias_backward(Shape d, const Stage *t, float *s, int n)
{
    float *dbias = s + t->dbias;
    for (int y = 0; y < rows(d); y++) {
        if (d.to_dense) {
            for (int o = 0; o < d.O; o++) {
                const float *row = s + t->dout + (o * area(d) + y * columns(d)) * BLOCK + n;
                float sum = 0;
                for (int x = 0; x < columns(d); x++) {
                    sum += row[x * BLOCK];
                }
                dbias[o] += sum;
            }
            continue;
        }
        for (int h = 0; h < padded(d.O); h += LANES) { /* lanes are maps */
            vec sum = all(0);
            for (int x = 0; x < columns(d); x++) {
                sum += load(s + t->dout + h * area(d) + (y * columns(d) + x) * LANES);
            }
            store(dbias + h, load(dbias + h) + sum);
        }
    }
}

/* Adds an image, of a stage between convolutions; lanes are maps. */
INLINE void bias_backward(Shape d, const Stage *t, float *s)
{
    for (int h = 0; h < padded(d.O); h += LANES) {
        vec sum = all(0);
        for (int i = 0; i < area(d); i++) {
            sum += load(s + t->dout + h * area(d) + i * LANES);
        }
        store(s + t->dbias + h, load(s + t->dbias + h) + sum);
    }
}

/* Of the whole block, of the last convolution: its images are side by side. */
INLINE void last_bias_backward(Shape d, const Stage *t, float *s)
{
    for (int o = 0; o < d.O; o++) {
        float image[BLOCK] = {0};
        for (int i = 0; i < area(d); i++) {
            for (int n = 0; n < BLOCK; n++) {
                image[n] += s[t->dout + (o * area(d) + i) * BLOCK + n];
            }
        }
        float sum = 0;
        for (int n = 0; n < BLOCK; n++) {
            sum += image[n];
        }
        s[t->dbias + o] = sum;
    }
}

/* ---------------------------------------------------------------------- a stage, backward */

/* Before the images of a block. */
INLINE void convolution_begin(Shape d, const Stage *t, float *s, const float *weights)
{
    clear(s + t->dbias, sizeof(float) * padded(d.O));
    if (t->is_first) {
        clear(s + t->dweight, sizeof(float) * d.O * d.C * d.K * ROOM);
    } else {
        clear(s + t->dweight, sizeof(float) * d.O * d.K * d.K * padded(d.C));
        frame_kernels(d, t, s, weights);
    }
}

/* Adds image n, and hands on its gradient. */
INLINE void convolution_backward(Shape d, const Stage *t, float *s, int n, int is_first)
{
    if (is_first) {
        first_bias_backward(d, t, s, n);
        WITH_SIDE(d.K, first_maps_backward(d, SIDE, t, s, n))
        return;
    }
    list_winners(d, t, s, n);
    kernels_backward(d, t, s, n);
    if (!d.to_dense) {
        bias_backward(d, t, s);
    }
    input_backward(d, t, s, n);
}

/* After the images of a block: out of the lanes, into PyTorch's order. */
INLINE void convolution_end(Shape d, const Stage *t, float *s, float *gradient)
{
    const int taps = d.K * d.K;
    if (d.to_dense && !t->is_first) {
        last_bias_backward(d, t, s);
    }
    for (int o = 0; o < d.O; o++) {
        gradient[t->bias + o] = s[t->dbias + o];
        for (int c = 0; c < d.C; c++) {
            for (int k = 0; k < taps; k++) {
                size_t from = t->dweight;
                if (t->is_first) {
                    from += ((o * d.C + c) * d.K + k / d.K) * ROOM + k % d.K;
                } else {
                    from += o * taps * padded(d.C) + in_chunks(taps, c, k);
                }
                gradient[t->weight + (o * d.C + c) * taps + k] = s[from];
            }
        }
    }
}

/* ---------------------------------------------------------------------- the same, plainly */

/* The averages of boxes: boxed [C][high][wide] of in [C][H][W]. */
static void average_boxes_plain(Shape d, const float *in, float *boxed)
{
    const int B = box(d);
    for (int c = 0; c < d.C; c++) {
        for (int y = 0; y < high(d); y++) {
            for (int x = 0; x < wide(d); x++) {
                float sum = 0;
                for (int k = 0; k < B * B; k++) {
                    sum += in[(c * d.H + y + k / B) * d.W + x + k % B];
                }
                boxed[(c * high(d) + y) * wide(d) + x] = sum * (1.0f / (float)(B * B));
            }
        }
    }
}

/* What map o has at row y and column x of `in` [C][H][W].  The sum begins with the bias and goes
 * channel by channel, and within a channel row by row. */
static float convolve_plain(Shape d, int H, int W, const float *in, const float *w,
                            const float *bias, int o, int y, int x)
{
    float sum = bias[o];
    for (int c = 0; c < d.C; c++) {
        for (int k = 0; k < d.K * d.K; k++) {
            const float seen = in[(c * H + y + k / d.K) * W + x + k % d.K];
            sum += w[(o * d.C + c) * d.K * d.K + k] * seen;
        }
    }
    return sum;
}

/* Where the kernel of a pool's place j stands, in what is convolved. */
static int row_of_place(Shape d, int i, int j)
{
    return d.P * (i / columns(d)) + j / maxima(d);
}

static int column_of_place(Shape d, int i, int j)
{
    return d.P * (i % columns(d)) + j % maxima(d);
}

/* out [O][area] of what is convolved, [C][high][wide]: the largest of the places of each pool, of
 * equal ones the first, whose number goes to `place` [O][area].  Without a maximum a pool has one
 * place. */
static void pools_forward_plain(Shape d, const float *in, const float *w, const float *bias,
                                float *out, int32_t *place)
{
    for (int o = 0; o < d.O; o++) {
        for (int i = 0; i < area(d); i++) {
            float most = 0;
            int best = 0;
            for (int j = 0; j < maxima(d) * maxima(d); j++) {
                const float value =
                    convolve_plain(d, high(d), wide(d), in, w, bias, o, row_of_place(d, i, j),
                                   column_of_place(d, i, j));
                if (j == 0 || value > most) {
                    most = value;
                    best = j;
                }
            }
            out[o * area(d) + i] = most;
            place[o * area(d) + i] = best;
        }
    }
}

/* Adds to dw [O][C][K * K] and, unless dseen is null, to dseen [C][high][wide] what comes of
 * dout [O][area].
 *
 * The order of these sums is a rule of the engine: they go pool by pool, at each pool map by map.
 * A place that is no maximum has a gradient of 0, and is left out. */
static void pools_backward_plain(Shape d, const float *in, const float *w, const float *dout,
                                 const int32_t *place, float *dseen, float *dw)
{
    const int taps = d.K * d.K;
    for (int i = 0; i < area(d); i++) {
        for (int o = 0; o < d.O; o++) {
            const float gradient = dout[o * area(d) + i];
            const int y = row_of_place(d, i, place[o * area(d) + i]);
            const int x = column_of_place(d, i, place[o * area(d) + i]);
            for (int c = 0; c < d.C; c++) {
                for (int k = 0; k < taps; k++) {
                    const int seen = (c * high(d) + y + k / d.K) * wide(d) + x + k % d.K;
                    dw[(o * d.C + c) * taps + k] += gradient * in[seen];
                    if (dseen) {
                        dseen[seen] += gradient * w[(o * d.C + c) * taps + k];
                    }
                }
            }
        }
    }
}

/* Adds to dbias [O] what comes of dout [O][area]; see "biases, backward" for the order. */
static void bias_backward_plain(Shape d, int is_first, const float *dout, float *dbias)
{
    const int run = is_first ? columns(d) : area(d); /* places that make a sum of their own */
    for (int o = 0; o < d.O; o++) {
        for (int start = 0; start < area(d); start += run) {
            float sum = 0;
            for (int i = start; i < start + run; i++) {
                sum += dout[o * area(d) + i];
            }
            dbias[o] += sum;
        }
    }
}

/* din [C][H][W] from dboxed [C][high][wide]. */
static void boxes_backward_plain(Shape d, const float *dboxed, float *din)
{
    const int B = box(d);
    for (int c = 0; c < d.C; c++) {
        for (int y = 0; y < d.H; y++) {
            for (int x = 0; x < d.W; x++) {
                float sum = 0;
                for (int k = 0; k < B * B; k++) {
                    const int above = y - k / B;
                    const int left = x - k % B;
                    if (above >= 0 && above < high(d) && left >= 0 && left < wide(d)) {
                        sum += dboxed[(c * high(d) + above) * wide(d) + left];
                    }
                }
                din[(c * d.H + y) * d.W + x] = sum * (1.0f / (float)(B * B));
            }
        }
    }
}
