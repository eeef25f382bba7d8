/* Sixteen lanes of float32, the same on every machine, for lenet1998.c, column2012.c and member.c.
 *
 * The rules of exact/kernel.c hold: only + - * / and the square root, no fused multiply-add, and
 * one order for every sum.  But for one rule: there no sum runs across the lanes of a vector, since
 * vectors are as wide as the machine's.  Here a vector has sixteen lanes everywhere, whatever the
 * machine cuts it into, so that a sum across them has one order too: that of sum() below.
 *
 * Numbers too small for a float's full precision, the denormal ones, are computed as IEEE 754 has them.  A
 * machine that is set to take them for zero computes other bytes; the trial of each engine has some, to notice it.
 *
 * What a vector is, and tanh, come from the exact engine, here with sixteen lanes.  lanes_plain.h says the same
 * of single numbers.
 */
#define LANES 16
#include "../exact/stages/vectors.h"
#include "../exact/stages/tanh.h"

/* The sum of the lanes, halves on halves: lane 8 is added to lane 0, 9 to 1, and so on; then of these eight
 * sums 4 to 0, and so on; then 2 to 0 and 3 to 1; then 1 to 0.  The other lanes are not looked at. */
INLINE float sum(vec a)
{
    a += __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    a += __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
    a += __builtin_shufflevector(a, a, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
    return a[0] + a[1];
}

/* sums[p] += x[p][k] * w[k] for p < at_once, one k < count after the other; w is (count, 16), and x has
 * `count` numbers for each sum.  So many sums advance at once that no addition waits for the one before it,
 * and no more than there are registers for: that is why they are copied to s. */
INLINE void add_products(int at_once, vec *sums, const float *const *x, const float *w, int count)
{
    vec s[8];
    UNROLL for (int p = 0; p < at_once; p++) s[p] = sums[p];
    for (int k = 0; k < count; k++) {
        const vec v = load(w + 16 * k);
        UNROLL for (int p = 0; p < at_once; p++) s[p] += all(x[p][k]) * v;
    }
    UNROLL for (int p = 0; p < at_once; p++) sums[p] = s[p];
}

/* ------------------------------------------------------------------------------- functions of them */

/* The squashing function of 1998 and of 2012, 1.7159 tanh(2a/3), and its slope. */
INLINE vec tanh_and_slope(vec a, vec *slope)
{
    const vec y = scaled_tanh(a);
    *slope = tanh_slope(y);
    return y;
}

/* Logits of so many classes, the highest of them `top`, become probabilities; what stands beyond becomes
 * zero.  A power under 2^-126 counts as that: less would be a denormal number. */
INLINE void softmax(float p[16], int classes, float top)
{
    for (int i = 0; i < 16; i++) p[i] = i < classes ? p[i] - top : -126;
    const vec t = load(p) * all(1.442695041f); /* 1 / ln(2): e^p is 2^t */
    store(p, power2(where(t < -126, all(-126), t)));
    float total = 0;
    for (int i = 0; i < classes; i++) total += p[i];
    for (int i = 0; i < 16; i++) p[i] = i < classes ? p[i] / total : 0;
}

/* A square picture of `side` rows, with zeros around it (a row and a column before, two after), read
 * bilinearly at the places (x, y) from its corner.  Places outside are moved to where zero is read. */
INLINE vec read_between(const float *picture, int side, vec x, vec y)
{
    const vec end = all(side - 2);
    x = where(x < 0, all(0), where(x > end, end, x));
    y = where(y < 0, all(0), where(y > end, end, y));
    const mask column = __builtin_convertvector(x, mask);
    const mask row = __builtin_convertvector(y, mask);
    const vec right = x - __builtin_convertvector(column, vec);
    const vec low = y - __builtin_convertvector(row, vec);
    vec near[2][2]; /* the four pixels around each place */
    UNROLL for (int lane = 0; lane < 16; lane++) {
        UNROLL for (int r = 0; r < 2; r++) {
            UNROLL for (int c = 0; c < 2; c++) {
                near[r][c][lane] = picture[(row[lane] + r) * side + column[lane] + c];
            }
        }
    }
    const vec above = near[0][0] + right * (near[0][1] - near[0][0]);
    const vec under = near[1][0] + right * (near[1][1] - near[1][0]);
    return above + low * (under - above);
}
