/* The activation behind a layer and its pool, and its way back. */

INLINE vec activate(int activation, vec a)
{
    if (activation == RELU) {
        return (vec)((mask)a & (a > 0));
    }
    return activation == TANH ? scaled_tanh(a) : a;
}

/* A gradient by the activation's value y becomes the one by what it was given. */
INLINE vec through_slope(int activation, vec gradient, vec y)
{
    if (activation == RELU) {
        return (vec)((mask)gradient & (y > 0));
    }
    return activation == TANH ? gradient * tanh_slope(y) : gradient;
}

/* The same of `count` numbers, a multiple of LANES. */
INLINE void activate_all(int activation, int count, float *y)
{
    if (activation == NONE) {
        return;
    }
    for (int i = 0; i < count; i += LANES) {
        store(y + i, activate(activation, load(y + i)));
    }
}

INLINE void all_through_slope(int activation, int count, float *gradient, const float *y)
{
    if (activation == NONE) {
        return;
    }
    for (int i = 0; i < count; i += LANES) {
        store(gradient + i, through_slope(activation, load(gradient + i), load(y + i)));
    }
}

/* ---------------------------------------------------------------------- the same, plainly */

static void activate_plain(int activation, size_t count, float *y)
{
    for (size_t i = 0; i < count; i++) {
        if (activation == RELU) {
            y[i] = y[i] > 0 ? y[i] : 0;
        } else if (activation == TANH) {
            y[i] = scaled_tanh_plain(y[i]);
        }
    }
}

static void through_slope_plain(int activation, size_t count, float *gradient, const float *y)
{
    for (size_t i = 0; i < count; i++) {
        if (activation == RELU) {
            gradient[i] = y[i] > 0 ? gradient[i] : 0;
        } else if (activation == TANH) {
            gradient[i] = gradient[i] * tanh_slope_plain(y[i]);
        }
    }
}
