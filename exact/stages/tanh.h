/* Powers of 2 and tanh in vectors, made of + - * and /: a library's own differ from machine to
 * machine. */

/* 2^t for |t| <= 126, within 2e-7 of it: a whole power times the Taylor polynomial at |f| <= 1/2. */
INLINE vec power2(vec t)
{
    /* Floats near 1.5 * 2^23 are the whole numbers, so t is rounded to one when this is added; and
     * the last bits of the sum are that number, to which the exponent of a float can be set. */
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
    return p * (vec)(((mask)whole << 23) + 0x3f800000); /* the bits of 1.0, `whole` in its exponent */
}

/* The scaled tanh of LeCun et al. (1998), appendix A: y = A tanh(Sa) with the height A = 1.7159 and
 * the steepness S = 2/3, within some 2e-7. */
#define HEIGHT 1.7159f
#define STEEPNESS (2.0f / 3)

/* tanh z = 1 - 2 / (e^2z + 1), and e^2z = 2^t with t = 2z / ln(2).  Beyond |t| = 26 a float knows
 * only 1 and -1. */
INLINE vec scaled_tanh(vec a)
{
    vec t = a * all(STEEPNESS * 2.885390082f);
    t = where(t > 26, all(26), where(t < -26, all(-26), t));
    return all(HEIGHT) * (all(1) - all(2) / (power2(t) + all(1)));
}

/* Its slope dy/da, which y is enough to know: A S (1 - tanh^2), or A S - y^2 S / A. */
INLINE vec tanh_slope(vec y)
{
    return all(HEIGHT * STEEPNESS) - y * y * all(STEEPNESS / HEIGHT);
}

/* ---------------------------------------------------------------------- the same, plainly */

static float power2_plain(float t)
{
    const float shift = 0x1.8p23f;
    const float whole = t + shift;
    const float f = t - (whole - shift);
    float p = 1.5403530e-4f;
    p = p * f + 1.33335581e-3f;
    p = p * f + 9.61812911e-3f;
    p = p * f + 5.55041087e-2f;
    p = p * f + 2.40226507e-1f;
    p = p * f + 6.93147181e-1f;
    p = p * f + 1;
    uint32_t bits;
    __builtin_memcpy(&bits, &whole, 4);
    bits = (bits << 23) + 0x3f800000;
    float power;
    __builtin_memcpy(&power, &bits, 4);
    return p * power;
}

static float scaled_tanh_plain(float a)
{
    float t = a * (STEEPNESS * 2.885390082f);
    if (t < -26) {
        t = -26;
    }
    if (t > 26) {
        t = 26;
    }
    return HEIGHT * (1 - 2 / (power2_plain(t) + 1));
}

static float tanh_slope_plain(float y)
{
    return HEIGHT * STEEPNESS - y * y * (STEEPNESS / HEIGHT);
}
