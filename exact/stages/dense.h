/* Dense layers, fast: of a block of images, in tiles that stay in registers. */

/* R rows by 2 vectors of a product of matrices, in registers: for R = 6 twelve sums that wait for
 * no other's result, and of the sixteen registers that most processors have four are left for what
 * is multiplied.  A browser keeps some to itself, and there R is 4.  `row` and `column` are the strides of a, and N is that of b and c. */
INLINE void multiply_tile(int R, int K, int N, const float *a, int row, int column, const float *b,
                          const float *bias, float *c)
{
    vec sum[TILE][2];
    UNROLL
    for (int i = 0; i < R; i++) {
        sum[i][0] = all(bias ? bias[i] : 0);
        sum[i][1] = sum[i][0];
    }
    for (int k = 0; k < K; k++) {
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

/* c [M][BLOCK] = a b [K][BLOCK] + bias [M], which may be 0.  a is [M][K] by its two strides, so
 * that it may be read as its transpose.  Lanes are images, and sums go along k.
 *
 * Rows are outside: a and c are gone through once, while b stays in the nearest cache.  Where M is
 * no multiple of a tile, the last one is moved back to end with the matrix: some rows are computed
 * twice, to the same values. */
INLINE void multiply(int M, int K, const float *a, int row, int column, const float *b,
                     const float *bias, float *c)
{
    for (int first = 0; first < M; first += TILE) {
        for (int n = 0; n < BLOCK; n += 2 * LANES) {
            if (M < TILE) {
                for (int m = 0; m < M; m++) {
                    multiply_tile(1, K, BLOCK, a + m * row, row, column, b + n,
                                  bias ? bias + m : 0, c + m * BLOCK + n);
                }
            } else {
                const int m = MIN(first, M - TILE);
                multiply_tile(TILE, K, BLOCK, a + (size_t)m * row, row, column, b + n,
                              bias ? bias + m : 0, c + m * BLOCK + n);
            }
        }
    }
}

/* Of a block: out [O][BLOCK] from in [C][BLOCK], by weights [O][C] and biases [O]. */
INLINE void dense_forward(Shape d, const Stage *t, float *s, const float *weights)
{
    multiply(d.O, d.C, weights + t->weight, d.C, 1, s + t->in, weights + t->bias, s + t->out);
    activate_all(d.activation, d.O * BLOCK, s + t->out);
}

/* Of a block: from dout [O][BLOCK] to din [C][BLOCK], which goes back through the activation that
 * made what came in as well.  What the gradient by the weights is made of is kept. */
INLINE void dense_backward(Shape d, const Stage *t, float *s, const float *weights, float *kept)
{
    const float *in = s + t->in;
    const float *dout = s + t->dout;
    if (!t->is_first) {
        multiply(d.C, d.O, weights + t->weight, 1, d.C, dout, 0, s + t->din);
        all_through_slope(t->before, d.C * BLOCK, s + t->din, in);
    }
    for (int c = 0; c < d.C; c++) {
        UNROLL
        for (int n = 0; n < BLOCK; n++) {
            kept[t->block_in + n * d.C + c] = in[c * BLOCK + n];
        }
    }
    __builtin_memcpy(kept + t->block_dout, dout, sizeof(float) * d.O * BLOCK);
}

/* ---------------------------------------------------------------------- the gradient by weights */

/* R rows by 2 vectors of the gradient, in registers: for each block the sum over its images, and
 * these sums added in the order of the blocks.  The blank images of a short block have a gradient
 * of 0 and add nothing.
 *
 * in [BLOCK][C] and dout [O][BLOCK] of the first block, `stride` floats from one to the next. */
INLINE void gradient_tile(int R, int C, const float *in, const float *dout, size_t stride,
                          int blocks, float *gradient)
{
    vec total[TILE][2];
    for (int b = 0; b < blocks; b++, in += stride, dout += stride) {
        vec sum[TILE][2];
        UNROLL
        for (int i = 0; i < R; i++) {
            sum[i][0] = all(0);
            sum[i][1] = all(0);
        }
        for (int n = 0; n < BLOCK; n++) {
            const vec left = load(in + (size_t)n * C);
            const vec right = load(in + (size_t)n * C + LANES);
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
    }
    UNROLL
    for (int i = 0; i < R; i++) {
        store(gradient + (size_t)i * C, total[i][0]);
        store(gradient + (size_t)i * C + LANES, total[i][1]);
    }
}

/* One number of it, for a layer that fewer values come to than a tile is wide. */
INLINE float gradient_of_one(int C, const float *in, const float *dout, size_t stride, int blocks)
{
    float total = 0;
    for (int b = 0; b < blocks; b++, in += stride, dout += stride) {
        float sum = 0;
        for (int n = 0; n < BLOCK; n++) {
            sum += dout[n] * in[n * C];
        }
        total = b ? total + sum : sum;
    }
    return total;
}

/* gradient [count][C] by the weights from row `row` on, of all blocks of a batch.
 *
 * Columns are outside: what two vectors of them need of all blocks stays in the nearest cache for
 * all rows.  A last tile that does not fit is moved back, as in multiply(). */
INLINE void dense_gradient(Shape d, const Stage *t, const float *kept, size_t stride, int blocks,
                           int row, int count, float *gradient)
{
    const float *in = kept + t->block_in;
    const float *dout = kept + t->block_dout + row * BLOCK;
    if (d.C < 2 * LANES) {
        for (int o = 0; o < count; o++) {
            for (int c = 0; c < d.C; c++) {
                gradient[o * d.C + c] =
                    gradient_of_one(d.C, in + c, dout + o * BLOCK, stride, blocks);
            }
        }
        return;
    }
    for (int c2 = 0; c2 < d.C; c2 += 2 * LANES) {
        const int c = MIN(c2, d.C - 2 * LANES);
        if (count < TILE) {
            for (int o = 0; o < count; o++) {
                gradient_tile(1, d.C, in + c, dout + o * BLOCK, stride, blocks,
                              gradient + o * d.C + c);
            }
            continue;
        }
        for (int first = 0; first < count; first += TILE) {
            const int o = MIN(first, count - TILE);
            gradient_tile(TILE, d.C, in + c, dout + o * BLOCK, stride, blocks,
                          gradient + (size_t)o * d.C + c);
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

/* out [O] = weights [O][C] in [C] + biases [O]; each sum begins with the bias. */
static void dense_forward_plain(Shape d, const float *in, const float *weights, const float *bias,
                                float *out)
{
    for (int o = 0; o < d.O; o++) {
        float sum = bias[o];
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
