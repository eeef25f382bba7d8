/* Softmax and its cross-entropy.
 *
 * In double precision and by one image at a time: there are few logits, and no fast form.  Logit
 * i of an image is logits[i * stride]: stride is BLOCK within a block, and 1 else. */

/* ---------------------------------------------------------------------- exp and log
 *
 * Made of + - * and /: a library's own differ from machine to machine. */

/* ln(2) in two parts: a product of the first and a small whole number is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33

/* exp(x) for x <= 0, within 1.2 units of the last place; 0 below -700, where the true value is
 * under 1e-304.  x = n ln(2) + r; then 2^n times the Taylor polynomial at |r| <= ln(2)/2. */
EXPORT double network_exp(double x)
{
    static const double inverse[] = { /* of the factorials */
        1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
        1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    if (!(x > -700)) {
        return x < 0 ? 0 : x; /* the latter is a NaN */
    }
    /* Beside 1.5 * 2^52 a double has no place for fractions: adding it rounds to a whole number. */
    const double n = (x * 0x1.71547652b82fep+0 + 0x1.8p52) - 0x1.8p52;
    const double r = (x - n * LN2_HIGH) - n * LN2_LOW;
    double p = inverse[13];
    UNROLL
    for (int i = 12; i >= 0; i--) {
        p = p * r + inverse[i];
    }
    const uint64_t bits = (uint64_t)((int64_t)n + 1023) << 52; /* of 2^n: an exponent and no more */
    double power;
    __builtin_memcpy(&power, &bits, 8);
    return p * power;
}

/* log(x) for 1 <= x < 1e300, within a unit of the last place.  x = 2^n (1 + f) with 1 + f from
 * sqrt(1/2) to sqrt(2); the logarithm of 1 + f is 2 artanh(q) with q = f / (2 + f), written as
 * fdlibm does: f less a small correction, since f is exact. */
EXPORT double network_log(double x)
{
    if (!(x < 1e300)) {
        return x; /* a NaN */
    }
    uint64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    double n = (double)(int64_t)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL; /* x / 2^n */
    double m;
    __builtin_memcpy(&m, &bits, 8);
    if (m > 1.4142135623730951) {
        m = m / 2;
        n = n + 1;
    }
    const double f = m - 1;
    const double q = f / (2 + f);
    const double s = q * q;
    const double half = 0.5 * f * f;
    double p = 0;
    for (int i = 23; i >= 3; i -= 2) {
        p = p * s + 2.0 / i;
    }
    return n * LN2_HIGH - ((half - (q * (half + p * s) + n * LN2_LOW)) - f);
}

/* ---------------------------------------------------------------------- the loss */

/* Fills terms [classes], the exp of each logit less the highest, which cannot overflow, and *best,
 * the highest logit, of equal ones the first: the guess.  Returns the sum of the terms. */
INLINE double softmax_terms(const float *logits, int stride, int classes, double *terms, int *best)
{
    *best = 0;
    for (int i = 1; i < classes; i++) {
        if (logits[i * stride] > logits[*best * stride]) {
            *best = i;
        }
    }
    double sum = 0;
    for (int i = 0; i < classes; i++) {
        terms[i] = network_exp((double)logits[i * stride] - logits[*best * stride]);
        sum += terms[i];
    }
    return sum;
}

/* The loss of an image, in nats, and *best.  If scale is not 0, the logits' place takes the
 * gradient of `scale` times the loss by them: a batch's mean has the scale 1 / images.  A gradient
 * is rounded to float before it is scaled. */
static double cross_entropy(float *logits, int stride, int classes, int label, float scale,
                            double *terms, int *best)
{
    const double sum = softmax_terms(logits, stride, classes, terms, best);
    const double top = logits[*best * stride];
    const double loss = top - logits[label * stride] + network_log(sum);
    if (scale != 0) {
        for (int i = 0; i < classes; i++) {
            logits[i * stride] = (float)(terms[i] / sum - (i == label)) * scale;
        }
    }
    return loss;
}
