/* Dense layers, fast: of a block of images, in tiles that stay in registers.
 *
 * To a first layer come images, and of the pixels of a digit four in five are paper, which is 0.
 * Products with 0 change no sum, and those that a whole tile would multiply by 0 are left out:
 * nearly half of them.  Behind an activation hardly any value is 0 in a whole tile, and there all
 * products are taken. */

/* A list of numbers: first how many there are, then each.  Without a list all numbers are meant. */
typedef int32_t Numbers;

INLINE int how_many(const Numbers *list, int all_numbers)
{
    return list ? list[0] : all_numbers;
}

INLINE int number_at(const Numbers *list, int i)
{
    return list ? list[1 + i] : i;
}

/* Whether one of `count` numbers is not 0; all are looked at, side by side. */
INLINE int any_not_zero(const float *a, int count)
{
    int found = 0;
    UNROLL
    for (int i = 0; i < count; i++) {
        found |= a[i] != 0;
    }
    return found;
}

/* R rows by 2 vectors of a product of matrices, in registers: for R = 6 twelve sums that wait for
 * no other's result, and of the sixteen registers that most processors have four are left for what
 * is multiplied.  A browser keeps some to itself, and there R is 4.  `row` and `column` are the
 * strides of a, and N is that of b and c; `terms` lists the rows of b that are not all 0.
 *
 * Where terms are left out, no sum may be -0, which a product with 0 could turn into 0: so it
 * begins with bias + 0, which is 0 if the bias is -0. */
INLINE void multiply_tile(int R, int K, int N, const float *a, int row, int column, const float *b,
                          const Numbers *terms, const float *bias, float *c)
{
    const int count = how_many(terms, K);
    vec sum[TILE][2];
    UNROLL
    for (int i = 0; i < R; i++) {
        sum[i][0] = all(bias ? bias[i] + 0.0f : 0);
        sum[i][1] = sum[i][0];
    }
    for (int j = 0; j < count; j++) {
        const int k = number_at(terms, j);
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

/* c [M][BLOCK] = a b [K][BLOCK] + bias [M], which may be 0, of each of some blocks, which lie
 * `stride` floats apart.  a is [M][K] by its two strides, so that it may be read as its transpose.
 * Lanes are images, and sums go along k, or along `terms`, a list for each block.
 *
 * Rows are outside: a and c are gone through once, while b stays in a nearer cache.  Where M is no
 * multiple of a tile, the last one is moved back to end with the matrix: some rows are computed
 * twice, to the same values. */
INLINE void multiply(int M, int K, const float *a, int row, int column, const float *b,
                     const Numbers *terms, const float *bias, float *c, int blocks, size_t stride)
{
    const int rows = M < TILE ? 1 : TILE;
    for (int first = 0; first < M; first += rows) {
        const int m = MIN(first, M - rows);
        const float *left = a + (size_t)m * row;
        const float *begin = bias ? bias + m : 0;
        for (int block = 0; block < blocks; block++) {
            const float *right = b + block * stride;
            const Numbers *list = terms ? terms + block * stride : 0;
            float *out = c + block * stride + m * BLOCK;
            for (int n = 0; n < BLOCK; n += 2 * LANES) {
                if (rows == TILE) {
                    multiply_tile(TILE, K, BLOCK, left, row, column, right + n, list, begin,
                                  out + n);
                } else {
                    multiply_tile(1, K, BLOCK, left, row, column, right + n, list, begin, out + n);
                }
            }
        }
    }
}

/* Lists the pixels that have ink, a value that is not 0, in one image of a block or more. */
static void list_pixels(int C, const float *in /* [C][BLOCK] */, Numbers *list)
{
    list[0] = 0;
    for (int c = 0; c < C; c++) {
        if (any_not_zero(in + c * BLOCK, BLOCK)) {
            list[1 + list[0]++] = c;
        }
    }
}

/* Of each of some blocks: out [O][BLOCK] from in [C][BLOCK], by weights [O][C] and biases [O]. */
INLINE void dense_forward(Shape d, const Stage *t, int is_first, float *s, const float *weights,
                          int blocks)
{
    const size_t stride = t->of_block;
    const float *in = s + t->in;
    const float *w = weights + t->weight;
    const float *bias = weights + t->bias;
    float *out = s + t->out;
    if (is_first) {
        Numbers *pixels = (Numbers *)(s + t->pixels);
        for (int block = 0; block < blocks; block++) {
            list_pixels(d.C, in + block * stride, pixels + block * stride);
        }
        multiply(d.O, d.C, w, d.C, 1, in, pixels, bias, out, blocks, stride);
    } else {
        multiply(d.O, d.C, w, d.C, 1, in, 0, bias, out, blocks, stride);
    }
    for (int block = 0; block < blocks; block++) {
        activate_all(d.activation, d.O * BLOCK, out + block * stride);
    }
}

/* Copies what came in, [C][BLOCK], by groups of columns, [group][BLOCK][2 * LANES]: a group lies
 * together, where rows of C would put each image on another page of memory. */
static void keep_groups(int C, const float *in, float *kept)
{
    for (int group = 0; group < groups_of(C); group++) {
        const float *columns = in + group_at(C, group) * BLOCK;
        for (int n = 0; n < BLOCK; n++, kept += 2 * LANES) {
            UNROLL
            for (int lane = 0; lane < 2 * LANES; lane++) {
                kept[lane] = columns[lane * BLOCK + n];
            }
        }
    }
}

/* Lists for each group of columns, of [group][BLOCK][2 * LANES], the images of a block that have ink
 * there; the lists lie IMAGES_LIST numbers apart. */
static void list_images(int C, const float *kept, Numbers *lists)
{
    for (int group = 0; group < groups_of(C); group++) {
        Numbers *list = lists + group * IMAGES_LIST;
        list[0] = 0;
        for (int n = 0; n < BLOCK; n++, kept += 2 * LANES) {
            if (any_not_zero(kept, 2 * LANES)) {
                list[1 + list[0]++] = n;
            }
        }
    }
}

/* Of a block: from dout [O][BLOCK] to din [C][BLOCK], which goes back through the activation that
 * made what came in as well.  What the gradient by the weights is made of is kept. */
INLINE void dense_backward(Shape d, const Stage *t, int is_first, float *s, const float *weights,
                           float *kept)
{
    const float *in = s + t->in;
    const float *dout = s + t->dout;
    if (!is_first) {
        multiply(d.C, d.O, weights + t->weight, 1, d.C, dout, 0, 0, s + t->din, 1, 0);
        all_through_slope(t->before, d.C * BLOCK, s + t->din, in);
    }
    float *kept_in = kept + t->block_in;
    if (d.C < 2 * LANES) { /* no group: see gradient_of_one */
        __builtin_memcpy(kept_in, in, sizeof(float) * d.C * BLOCK);
    } else {
        keep_groups(d.C, in, kept_in);
        if (is_first) {
            list_images(d.C, kept_in, (Numbers *)(kept + t->block_images));
        }
    }
    __builtin_memcpy(kept + t->block_dout, dout, sizeof(float) * d.O * BLOCK);
}

/* ---------------------------------------------------------------------- the gradient by weights */

/* R rows by 2 vectors of the gradient, in registers: for each block the sum over its images, and
 * these sums added in the order of the blocks.  The blank images of a short block have a gradient
 * of 0 and add nothing.
 *
 * in [BLOCK][2 * LANES], dout [R][BLOCK] and the list of images that have ink in these columns, of
 * the first block; `stride` numbers from one block to the next.  Rows of the gradient are C long. */
INLINE void gradient_tile(int R, int C, const float *in, const float *dout, const Numbers *images,
                          size_t stride, int blocks, float *gradient)
{
    vec total[TILE][2];
    for (int b = 0; b < blocks; b++, in += stride, dout += stride) {
        const int count = how_many(images, BLOCK);
        vec sum[TILE][2];
        UNROLL
        for (int i = 0; i < R; i++) {
            sum[i][0] = all(0);
            sum[i][1] = all(0);
        }
        for (int j = 0; j < count; j++) {
            const int n = number_at(images, j);
            const vec left = load(in + n * 2 * LANES);
            const vec right = load(in + n * 2 * LANES + LANES);
            UNROLL
            for (int i = 0; i < R; i++) {
                const vec factor = all(dout[i * BLOCK + n]);
                sum[i][0] += factor * left;
                sum[i][1] += factor * right;
            }
        }
        UNROLL
        for (int i = 0; i < R; i++) {
            total[i][0] = b ? total[i][0] + sum[i][0] : sum[i][0];
            total[i][1] = b ? total[i][1] + sum[i][1] : sum[i][1];
        }
        if (images) {
            images += stride;
        }
    }
    UNROLL
    for (int i = 0; i < R; i++) {
        store(gradient + (size_t)i * C, total[i][0]);
        store(gradient + (size_t)i * C + LANES, total[i][1]);
    }
}

/* One number of it, for a layer that fewer values come to than a tile is wide: in [C][BLOCK]. */
INLINE float gradient_of_one(const float *in, const float *dout, size_t stride, int blocks)
{
    float total = 0;
    for (int b = 0; b < blocks; b++, in += stride, dout += stride) {
        float sum = 0;
        for (int n = 0; n < BLOCK; n++) {
            sum += dout[n] * in[n];
        }
        total = b ? total + sum : sum;
    }
    return total;
}

/* The gradient by `count` rows of a group of columns, C columns from one row to the next. */
INLINE void gradient_group(int C, const float *in, const float *dout, const Numbers *images,
                           size_t stride, int blocks, int count, float *gradient)
{
    if (count < TILE) {
        for (int o = 0; o < count; o++) {
            gradient_tile(1, C, in, dout + o * BLOCK, images, stride, blocks,
                          gradient + (size_t)o * C);
        }
        return;
    }
    for (int first = 0; first < count; first += TILE) {
        const int o = MIN(first, count - TILE);
        gradient_tile(TILE, C, in, dout + o * BLOCK, images, stride, blocks,
                      gradient + (size_t)o * C);
    }
}

/* gradient [count][C] by the weights from row `row` on, of all blocks of a batch.
 *
 * Columns are outside: what a group of them needs of all blocks stays in the nearest cache for all
 * rows.  A last tile that does not fit is moved back, as in multiply(). */
INLINE void dense_gradient(Shape d, const Stage *t, int is_first, const float *kept, size_t stride,
                           int blocks, int row, int count, float *gradient)
{
    const float *in = kept + t->block_in;
    const float *dout = kept + t->block_dout + row * BLOCK;
    if (d.C < 2 * LANES) {
        for (int o = 0; o < count; o++) {
            for (int c = 0; c < d.C; c++) {
                gradient[o * d.C + c] =
                    gradient_of_one(in + c * BLOCK, dout + o * BLOCK, stride, blocks);
            }
        }
        return;
    }
    for (int group = 0; group < groups_of(d.C); group++) {
        const float *of_group = in + (size_t)group * BLOCK * 2 * LANES;
        float *to = gradient + group_at(d.C, group);
        if (is_first) {
            const Numbers *lists = (const Numbers *)(kept + t->block_images);
            gradient_group(d.C, of_group, dout, lists + group * IMAGES_LIST, stride, blocks, count,
                           to);
        } else {
            gradient_group(d.C, of_group, dout, 0, stride, blocks, count, to);
        }
    }
}

/* The gradient by `count` biases from number `row` on. */
static void dense_bias_gradient(const Stage *t, const float *kept, size_t stride, int blocks,
                                int row, int count, float *gradient)
{
    const float *dout = kept + t->block_dout + row * BLOCK;
    for (int o = 0; o < count; o++) {
        for (int b = 0; b < blocks; b++) {
            float sum = 0;
            for (int n = 0; n < BLOCK; n++) {
                sum += dout[b * stride + o * BLOCK + n];
            }
            gradient[o] = b ? gradient[o] + sum : sum;
        }
    }
}

/* ---------------------------------------------------------------------- the same, plainly */

/* out [O] = weights [O][C] in [C] + biases [O]; each sum begins with the bias, and a bias of -0 is
 * 0: see multiply_tile. */
static void dense_forward_plain(Shape d, const float *in, const float *weights, const float *bias,
                                float *out)
{
    for (int o = 0; o < d.O; o++) {
        float sum = bias[o] + 0.0f;
        for (int c = 0; c < d.C; c++) {
            sum += weights[(size_t)o * d.C + c] * in[c];
        }
        out[o] = sum;
    }
}

/* din [C] from dout [O]. */
static void dense_input_backward_plain(Shape d, const float *weights, const float *dout,
                                       float *din)
{
    for (int c = 0; c < d.C; c++) {
        float sum = 0;
        for (int o = 0; o < d.O; o++) {
            sum += weights[(size_t)o * d.C + c] * dout[o];
        }
        din[c] = sum;
    }
}

/* Adds to dweights [O][C] and dbias [O]. */
static void dense_weights_backward_plain(Shape d, const float *in, const float *dout,
                                         float *dweights, float *dbias)
{
    for (int o = 0; o < d.O; o++) {
        for (int c = 0; c < d.C; c++) {
            dweights[(size_t)o * d.C + c] += dout[o] * in[c];
        }
        dbias[o] += dout[o];
    }
}
