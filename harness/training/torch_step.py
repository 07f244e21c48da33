"""The same step by torch: eager, compiled, or as one CUDA graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch gives it

from .backend import Backend
from .step import Outcome
from .workload import MOMENTUM, Array, Batch, Workload

WARM_UP = 3  # steps before a graph is captured, as torch's notes on CUDA graphs ask for


class TorchStep:
    """With a module, autograd and torch's own SGD in its fastest form."""

    def __init__(self, workload: Workload, backend: Backend) -> None:
        self.workload, self.backend = workload, backend
        dtype = torch.bfloat16 if backend.precision == "bfloat16" else torch.float32
        self.module: Any = workload.twin()
        self.module.load_state_dict(_tensors(workload))  # refuses names and shapes that are not the module's
        self.module = self.module.to(backend.device, dtype)
        self.start = {name: p.detach().clone() for name, p in self.module.named_parameters()}
        self.input, self.classes = (one.to(backend.device) for one in _pair(workload.a_batch()))
        if self.input.is_floating_point():
            self.input = self.input.to(dtype)
        # On a CPU the fused form leaves bfloat16 parameters where they are at the first step (torch 2.13).
        fused = (backend.device, backend.precision) != ("cpu", "bfloat16")
        self.optimizer = torch.optim.SGD(self.module.parameters(), lr=workload.lr, momentum=MOMENTUM, fused=fused)
        self.forward: Any = self._forward
        self.run: Any = self._eager
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TF32 could be had, for one
            if backend.variant == "compile":
                self._compile()
            elif backend.variant == "graph":
                self.run = self._captured()
        self.reset()

    def __call__(self) -> None:
        _ = self.run()

    def wait(self) -> None:
        """Until the device is done."""
        if self.backend.device == "cuda":
            torch.cuda.synchronize()

    def feed(self, batch: Batch) -> None:
        """Into the same tensors, for a graph reads nothing else."""
        input, classes = _pair(batch)
        _ = self.input.copy_(input)
        _ = self.classes.copy_(classes)

    def reset(self) -> None:
        """The tensors stay, their numbers are those of the start; momentum of 0 is none."""
        with torch.no_grad():
            for name, parameter in self.module.named_parameters():
                _ = parameter.copy_(self.start[name])
                memory = self.optimizer.state[parameter].get("momentum_buffer")
                if memory is not None:
                    _ = memory.zero_()

    def loss(self) -> float:
        """Of the last step."""
        return float(self.last_loss)

    def outcome(self) -> Outcome:
        """Of the last step."""
        named = dict(self.module.named_parameters())
        gradients = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in named.items()}
        return Outcome(self.loss(), _double(gradients), _double(named))

    def _forward(self, input: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        return mean_loss(self.module, input, classes)

    def _eager(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward(self.input, self.classes)
        _ = loss.backward()
        _ = self.optimizer.step()
        self.last_loss = loss.detach()

    def _compile(self) -> None:
        """Forward and backward, now. What was compiled for other workloads goes: after eight of them, none would be."""
        torch.compiler.reset()
        self.forward = torch.compile(self._forward)
        self._eager()

    def _captured(self) -> Any:
        """The step as one graph. Steps on another stream first, since nothing may be set up while it is captured."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                self._eager()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Without gradients now, backward writes them at each replay instead of adding to those of the last.
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph):
            loss = self.forward(self.input, self.classes)
            _ = loss.backward()
            _ = self.optimizer.step()
        self.last_loss = loss.detach()
        return graph.replay


def mean_loss(module: Any, input: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy, itself never in less than float32."""
    output = module(input)
    scores = (output[0] if isinstance(output, tuple) else output).flatten(0, -2)
    return F.cross_entropy(scores.float() if scores.dtype == torch.bfloat16 else scores, classes.flatten())


def _tensors(workload: Workload) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in workload.start().items()}


def _pair(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    input, classes = (torch.from_numpy(np.ascontiguousarray(one)) for one in batch)
    return input, classes


def _double(tensors: dict[str, torch.Tensor]) -> dict[str, Array]:
    return {name: one.detach().cpu().double().numpy() for name, one in tensors.items()}
