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
 * lanes_plain.h says the same of single numbers.
 */
#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "the kernel needs strict IEEE arithmetic: no -ffast-math, no x87"
#endif

/* UNROLL, before a loop, writes out all its rounds.  It stands where a loop of few rounds goes through
 * an array of vectors: with its indices known, the compiler can keep the array in registers. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* EXPORT: a function that the library shows, and that stays although nothing here calls it. */
#define EXPORT __attribute__((visibility("default"), used))

/* INLINE: a function that is written out wherever it is called.  It costs no call, vectors that it is given
 * stay in registers, and what is constant where it is called is constant in its loops and ifs too. */
#define INLINE static inline __attribute__((always_inline))

/* ------------------------------------------------------------------------------- vectors */

/* Vectors of GCC and clang: + - * / and comparisons work lane by lane.  A comparison gives a mask: all bits
 * of a lane are set where it holds, and none where not. */
typedef float vec __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));

/* A vector at any address of a float: convolutions read from every column on. */
typedef vec unaligned_vec __attribute__((aligned(4), may_alias));

INLINE vec load(const float *p) { return *(const unaligned_vec *)p; }
INLINE void store(float *p, vec a) { *(unaligned_vec *)p = a; }

/* One number in all lanes; a - 0 is a, for -0 too. */
INLINE vec all(float a) { return a - (vec){0}; }

/* In each lane a where the mask is set, else b. */
INLINE vec where(mask m, vec a, vec b) { return (vec)(((mask)a & m) | ((mask)b & ~m)); }

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

/* 2^t for |t| <= 126, within 2e-7 of it: a whole power times the Taylor polynomial at |f| <= 1/2. */
INLINE vec power2(vec t)
{
    /* Floats near 1.5 * 2^23 are the whole numbers, so t is rounded to one when this is added; and the last
     * bits of the sum are that number, to which the exponent of a float can be set. */
    const vec shift = all(0x1.8p23f);
    const vec whole = t + shift;
    const vec f = t - (whole - shift);
    vec p = all(1.5403530e-4f); /* ln(2)^6 / 6!; then ln(2)^5 / 5!, and so on */
    p = p * f + all(1.33335581e-3f);
    p = p * f + all(9.61812911e-3f);
    p = p * f + all(5.55041087e-2f);
    p = p * f + all(2.40226507e-1f);
    p = p * f + all(6.93147181e-1f);
    p = p * f + all(1);
    return p * (vec)(((mask)whole << 23) + 0x3f800000); /* the bits of 1.0, and `whole` in its exponent */
}

/* The squashing function of 1998 and of 2012, y = 1.7159 tanh(2a/3), and its slope dy/da, which y is enough
 * to know: with A = 1.7159 and S = 2/3 it is A S (1 - tanh^2) = A S - y^2 S / A. */
INLINE vec scaled_tanh(vec a, vec *slope)
{
    const float A = 1.7159f;
    const float S = 2.0f / 3;
    vec t = a * all(S * 2.885390082f); /* 2 / ln(2): e^2z is 2^t, and tanh z is 1 - 2 / (e^2z + 1) */
    t = where(t > 26, all(26), where(t < -26, all(-26), t)); /* beyond, a float knows only 1 and -1 */
    const vec y = all(A) * (all(1) - all(2) / (power2(t) + all(1)));
    *slope = all(A * S) - y * y * all(S / A);
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
