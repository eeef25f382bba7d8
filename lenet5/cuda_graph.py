"""Training steps replayed by a CUDA device without a launch for each kernel."""

from collections.abc import Callable

import torch
from torch import Tensor


class GraphedStep:
    """A step that CUDA replays as one graph, which spares the launch of each kernel.

    The graph is captured at the first full batch after a warm-up; until then, and for
    the last, short batch of an epoch, the same operations are launched one by one.
    """

    WARM_UP = 3

    def __init__(self, step: Callable[[Tensor], Tensor], batch_size: int):
        self.step, self.batch_size, self.launched = step, batch_size, 0
        self.stream, self.graph = torch.cuda.Stream(), None

    def __call__(self, rows: Tensor) -> Tensor:
        if len(rows) != self.batch_size:
            return self.step(rows)
        if self.launched < self.WARM_UP:
            self.launched += 1
            self.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self.stream):
                loss = self.step(rows)
            torch.cuda.current_stream().wait_stream(self.stream)
            return loss
        if self.graph is None:
            self.rows, self.graph = rows.clone(), torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.loss = self.step(self.rows)
        self.rows.copy_(rows)
        self.graph.replay()
        return self.loss.clone()
