/* The network, plainly: what is computed, stage by stage and image by image, as a textbook has it.
 *
 * Begin here to learn what the engine does.  The fast forms give the same bytes, and a test holds
 * them together. */

typedef struct {
    float *seen;    /* what is convolved: [C][high][wide] */
    float *out;     /* after the activation */
    int32_t *place; /* the number of each maximum in its pool */
    float *dseen;   /* the loss's gradients by these */
    float *dout;
} PlainStage;

typedef struct {
    PlainStage stages[MOST_STAGES];
    float *pixels;
    double *terms;
    float *block;    /* the gradient of a block of images, */
    float *gradient; /* and of the batch */
} Plain;

static float *take_plain(float *arena, size_t *used, size_t floats)
{
    const size_t at = take(used, floats);
    return arena ? arena + at : 0;
}

/* Where all lies in an arena; how many floats it takes.  Without an arena it only counts. */
static size_t lay_out_plain(const Plan *plan, float *arena, Plain *p)
{
    size_t used = 0;
    for (int j = 0; j < plan->count; j++) {
        const Shape d = plan->stages[j].shape;
        const size_t seen = d.convolution ? (size_t)d.C * high(d) * wide(d) : 0;
        const size_t values = (size_t)d.O * (d.convolution ? area(d) : 1);
        PlainStage *stage = &p->stages[j];
        stage->seen = take_plain(arena, &used, seen);
        stage->dseen = take_plain(arena, &used, seen);
        stage->out = take_plain(arena, &used, values);
        stage->dout = take_plain(arena, &used, values);
        stage->place = (int32_t *)take_plain(arena, &used, values);
    }
    p->pixels = take_plain(arena, &used, plan->pixels);
    p->terms = (double *)take_plain(arena, &used, 2 * (size_t)plan->classes);
    p->block = take_plain(arena, &used, plan->weights);
    p->gradient = take_plain(arena, &used, plan->weights);
    return used;
}

/* From p->pixels to the logits, which it returns. */
static float *network_forward_plain(const Plan *plan, const float *weights, Plain *p)
{
    const float *in = p->pixels;
    float *out = 0;
    for (int j = 0; j < plan->count; j++) {
        const Stage *t = &plan->stages[j];
        const Shape d = t->shape;
        const float *w = weights + t->weight;
        const float *bias = weights + t->bias;
        PlainStage *stage = &p->stages[j];
        out = stage->out;
        if (d.convolution) {
            if (box(d) > 1) {
                average_boxes_plain(d, in, stage->seen);
            } else {
                __builtin_memcpy(stage->seen, in, sizeof(float) * d.C * d.H * d.W);
            }
            pools_forward_plain(d, stage->seen, w, bias, out, stage->place);
            activate_plain(d.activation, (size_t)d.O * area(d), out);
        } else {
            dense_forward_plain(d, in, w, bias, out);
            activate_plain(d.activation, d.O, out);
        }
        in = out;
    }
    return out;
}

/* The gradient by what comes into a convolution, through its boxes if there are any. */
static void convolution_backward_plain(Shape d, const float *w, PlainStage *stage, float *din,
                                       float *dw)
{
    if (!din) { /* of the pixels nobody asks it */
        pools_backward_plain(d, stage->seen, w, stage->dout, stage->place, 0, dw);
        return;
    }
    float *dseen = box(d) > 1 ? stage->dseen : din;
    clear(dseen, sizeof(float) * d.C * high(d) * wide(d));
    pools_backward_plain(d, stage->seen, w, stage->dout, stage->place, dseen, dw);
    if (box(d) > 1) {
        boxes_backward_plain(d, dseen, din);
    }
}

/* Adds an image to the gradient by all weights, from the gradient by its logits, the last stage's
 * dout; fills the rest of the dout. */
static void network_backward_plain(const Plan *plan, const float *weights, Plain *p,
                                   float *gradient)
{
    for (int j = plan->count - 1; j >= 0; j--) {
        const Stage *t = &plan->stages[j];
        const Shape d = t->shape;
        const float *w = weights + t->weight;
        PlainStage *stage = &p->stages[j];
        const float *in = j ? stage[-1].out : p->pixels;
        float *din = j ? stage[-1].dout : 0;
        const size_t values = (size_t)d.O * (d.convolution ? area(d) : 1);
        through_slope_plain(d.activation, values, stage->dout, stage->out);
        if (d.convolution) {
            bias_backward_plain(d, j == 0, stage->dout, gradient + t->bias);
            convolution_backward_plain(d, w, stage, din, gradient + t->weight);
            continue;
        }
        if (din) {
            dense_input_backward_plain(d, w, stage->dout, din);
        }
        dense_weights_backward_plain(d, in, stage->dout, gradient + t->weight, gradient + t->bias);
    }
}

/* What each layer makes of p->pixels, one after the other, as PyTorch has them: of a convolution
 * its own values, after that the activation and the pool, or of an average pool first the pool.
 * Returns how many floats that is. */
static size_t layers_plain(const Plan *plan, const float *weights, Plain *p, float *out)
{
    float *to = out;
    network_forward_plain(plan, weights, p);
    for (int j = 0; j < plan->count; j++) {
        const Stage *t = &plan->stages[j];
        const Shape d = t->shape;
        const float *w = weights + t->weight;
        const float *bias = weights + t->bias;
        const PlainStage *stage = &p->stages[j];
        const float *in = j ? stage[-1].out : p->pixels;
        const int high_of_map = d.convolution ? d.H - d.K + 1 : 1;
        const int wide_of_map = d.convolution ? d.W - d.K + 1 : 1;
        const size_t places = (size_t)d.O * high_of_map * wide_of_map;
        float *own = to;
        if (d.convolution) {
            for (int o = 0; o < d.O; o++) {
                for (int y = 0; y < high_of_map; y++) {
                    for (int x = 0; x < wide_of_map; x++) {
                        *to++ = convolve_plain(d, d.H, d.W, in, w, bias, o, y, x);
                    }
                }
            }
        } else {
            dense_forward_plain(d, in, w, bias, to);
            to += places;
        }
        if (d.average) {
            pools_forward_plain(d, stage->seen, w, bias, to, stage->place);
            to += (size_t)d.O * area(d);
            if (d.activation != NONE) {
                __builtin_memcpy(to, stage->out, sizeof(float) * d.O * area(d));
                to += (size_t)d.O * area(d);
            }
            continue;
        }
        if (d.activation != NONE) {
            __builtin_memcpy(to, own, sizeof(float) * places);
            activate_plain(d.activation, places, to);
            to += places;
        }
        if (d.P > 1) {
            __builtin_memcpy(to, stage->out, sizeof(float) * d.O * area(d));
            to += (size_t)d.O * area(d);
        }
    }
    return to - out;
}

/* ---------------------------------------------------------------------- training, plainly */

/* The sum of the losses of images order[0] .. order[n - 1]; in p->gradient the gradient of their
 * mean.
 *
 * Images are added in blocks of BLOCK, since threads share a batch by blocks: within a block
 * image by image, then block by block.  Losses are added in the same way. */
static double batch_gradient_plain(const Plan *plan, const float *weights, const void *images,
                                   int floats, const int32_t *labels, const uint32_t *order, int n,
                                   Plain *p)
{
    double loss = 0;
    float *dlogits = p->stages[plan->count - 1].dout;
    for (int start = 0; start < n; start += BLOCK) {
        double block_loss = 0;
        clear(p->block, sizeof(float) * plan->weights);
        for (int i = start; i < MIN(start + BLOCK, n); i++) {
            int best;
            read_pixels(plan, images, floats, order[i], p->pixels);
            const float *logits = network_forward_plain(plan, weights, p);
            __builtin_memcpy(dlogits, logits, sizeof(float) * plan->classes);
            block_loss += cross_entropy(dlogits, 1, plan->classes, labels[order[i]],
                                        1.0f / (float)n, p->terms, &best);
            network_backward_plain(plan, weights, p, p->block);
        }
        loss += block_loss;
        for (int i = 0; i < plan->weights; i++) {
            p->gradient[i] = start ? p->gradient[i] + p->block[i] : p->block[i];
        }
    }
    return loss;
}

static void train_plain(const Plan *plan, State *state, Plain *p, const void *images, int floats,
                        const int32_t *labels, const uint32_t *order, int count, int batch,
                        int optimizer, double rate, double *losses)
{
    for (int start = 0; start < count; start += batch) {
        const int n = MIN(batch, count - start);
        const double loss = batch_gradient_plain(plan, state->numbers, images, floats, labels,
                                                 order + start, n, p);
        losses[start / batch] = loss / n;
        const Step step = next_step(state, optimizer, rate);
        update(state, plan->weights, 0, plan->weights, p->gradient, step);
    }
}

static int outputs_plain(const Plan *plan, const float *weights, Plain *p, const void *images,
                         int floats, const int32_t *labels, int count, float *logits,
                         double *losses, double *sum)
{
    int mistakes = 0;
    for (int i = 0; i < count; i++) {
        read_pixels(plan, images, floats, i, p->pixels);
        float *found = network_forward_plain(plan, weights, p);
        if (logits) {
            __builtin_memcpy(logits + (size_t)i * plan->classes, found,
                             sizeof(float) * plan->classes);
        }
        if (labels) {
            int best;
            losses[i] = cross_entropy(found, 1, plan->classes, labels[i], 0, p->terms, &best);
            *sum += losses[i];
            mistakes += best != labels[i];
        }
    }
    return mistakes;
}
