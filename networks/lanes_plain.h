/* The functions of lanes.h of single numbers, for lenet1998_plain.h and column2012_plain.h: the same bytes. */

/* The order in which sum() of lanes.h adds sixteen numbers: the second half to the first, again and again.
 * The engines have such a sum where a derivative comes from many units, or from all the places of a map: lane l
 * collects numbers l, l + 16, ... (or column l of each row), one after the other, and then this is done. */
static float sum_plain(const float lanes[16])
{
    float partial[16];
    for (int l = 0; l < 16; l++) partial[l] = lanes[l];
    for (int half = 8; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) partial[l] += partial[l + half];
    }
    return partial[0];
}

/* 1.7159 tanh(2a/3), and its slope. */
static float tanh_and_slope_plain(float a, float *slope)
{
    const float y = scaled_tanh_plain(a);
    *slope = tanh_slope_plain(y);
    return y;
}

/* Logits become probabilities; `top` is the highest of them. */
static void softmax_plain(float *p, int classes, float top)
{
    float total = 0;
    for (int i = 0; i < classes; i++) {
        float t = (p[i] - top) * 1.442695041f;
        if (t < -126) t = -126;
        p[i] = power2_plain(t);
        total += p[i];
    }
    for (int i = 0; i < classes; i++) p[i] /= total;
}

/* A pixel of an image of `side` x `side`, times 1; zero beyond it. */
static float pixel_plain(const uint8_t *image, int side, int y, int x)
{
    const int inside = y >= 0 && y < side && x >= 0 && x < side;
    return inside ? image[y * side + x] : 0;
}

/* An image read bilinearly at the place (x, y) from one pixel left of and above its first: between the four
 * pixels around it. */
static float between_plain(const uint8_t *image, int side, float x, float y)
{
    const float end = side + 1; /* from there on all is zero */
    if (x < 0) x = 0;
    if (x > end) x = end;
    if (y < 0) y = 0;
    if (y > end) y = end;
    const int k = (int)x;
    const int i = (int)y;
    const float right = x - k;
    const float low = y - i;
    const float upper_left = pixel_plain(image, side, i - 1, k - 1);
    const float upper_right = pixel_plain(image, side, i - 1, k);
    const float lower_left = pixel_plain(image, side, i, k - 1);
    const float lower_right = pixel_plain(image, side, i, k);
    const float above = upper_left + right * (upper_right - upper_left);
    const float under = lower_left + right * (lower_right - lower_left);
    return above + low * (under - above);
}
