# %% tags=["remove-cell"]
import numpy as np

from exhibits import glue, origin, show, show_table
from exhibits.figures import counts, images
from lenet5.data import checksum, load

train, test = load()
source = origin.of_data(checksum(train, test))
ours, theirs = (np.bincount(split.labels) for split in (train, test))
glue("{:,}", train=ours.sum(), test=theirs.sum(), total=sum(ours) + sum(theirs))
glue(side=train.images.shape[-1], classes=len(ours))

# %% [markdown]
# # Dataset
#
# The classes are not equal. The original counts {glue:text}`mean_count` training images in each, which is the average:
# there are from {glue:text}`fewest` to {glue:text}`most`. All else that it says of the data holds,
# but for the name of its second split.
#
# MNIST {cite:p}`mnist` is {glue:text}`total` grey images of handwritten digits in {glue:text}`classes` classes, each of
# {glue:text}`side`×{glue:text}`side` pixels: {glue:text}`train` for training and {glue:text}`test` for testing. The
# authors took them from forms that census clerks and high-school students had filled in for the United States National
# Institute of Standards and Technology, scaled each digit into a box of 20×20 pixels, and placed it so that its centre
# of mass is the centre of the image {cite:p}`lecun1998`.
#
# {numref}`fig-digits` shows what the network is up against. Strokes are thick or thin, upright or slanted, and some
# digits can be told only by a small gap.

# %% [markdown]
# ```{glue:figure} fig-digits
# :name: fig-digits
# :alt: A grid of ten rows and ten columns of handwritten digits, in many hands. The first row reads
# :  5 0 4 1 9 2 1 3 1 4.
# The first hundred training images, in the order of the file. In the data 255 is ink and 0 is paper.
# ```
#
# A pixel is a grey level, and the network takes it divided by 255. Nothing else is done to the images: no mean is
# subtracted, and none is shifted, rotated or distorted. {glue:text}`paper` of all pixels are bare paper, and the mean
# grey is {glue:text}`mean_grey`.

# %% tags=["hide-input", "remove-output"]
show("fig-digits", images.digits(train.images[:100]), source)
glue("{:.0f} %", paper=100 * (train.images == 0).mean())
glue("{:.3f}", mean_grey=train.images.mean() / 255)

# %% [markdown]
# ## Classes
#
# The digit {glue:text}`fewest_digit` has the fewest training images and the digit {glue:text}`most_digit` the most, as
# {numref}`fig-classes` and {numref}`tab-classes` show.
#
# ```{glue:figure} fig-classes
# :name: fig-classes
# :alt: A bar chart of the number of training images of each digit. Digit 5 has the fewest and digit 1 the most; a
# :  dashed line marks the average of 6,000.
# Training images per class. The dashed line is the average that the original gives for all.
# ```

# %% tags=["hide-input", "remove-output"]
glue("{:,}", fewest=ours.min(), most=ours.max(), mean_count=round(ours.mean()))
glue(fewest_digit=ours.argmin(), most_digit=ours.argmax())
show("fig-classes", counts.class_bars(ours, "images", ours.mean(), "average"), source)

# %% tags=["hide-input"]
rows = [*enumerate(zip(ours, theirs)), ("all", (ours.sum(), theirs.sum()))]
show_table(
    "digit | training images | test images",
    [(digit, f"{first:,}", f"{second:,}") for digit, (first, second) in rows],
    "Images per class in the two splits.",
    "tab-classes",
    source,
    "lrr",
)

# %% [markdown]
# ## Two splits, two uses
#
# The network learns from the training images alone. The test images measure it. The original calls them its validation
# set, a name for images on which one chooses: a learning rate, or the epoch at which to stop. For the network of
# this report nothing is chosen. The recipe is fixed beforehand and the number of epochs with it, so the error on the
# test images is a fair estimate of the error on new ones from the same source. Where later chapters choose, they hold
# training images back.
#
# ## What next
#
# {doc}`implementation` turns these images into a trained network. What choosing on the test images is worth,
# {doc}`variability` measures over many seeds; {doc}`audit` trains once more with a real validation set.
