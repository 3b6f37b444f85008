"""The Mamba block as a module."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ._block import Weights, can_recompute, recomputing_block
from ._operators import ops


class Mamba(nn.Module):
    """A Mamba block with the constructor, parameters and caches of ``mamba_ssm.Mamba``, so that their weights load.

    Parameters
    ----------
    d_model : int
        Features of input and output.
    d_state : int
        States of each inner channel.
    d_conv : int
        Taps of the causal convolution.
    expand : int
        Inner channels per feature.
    dt_rank : int or "auto"
        Rank of delta's projection; "auto" is d_model / 16, rounded up.
    dt_min, dt_max, dt_init, dt_scale, dt_init_floor
        Initial delta: log-uniform from dt_min to dt_max, at least dt_init_floor; weights "random" or "constant".
    conv_bias, bias : bool
        Whether the convolution and the two outer projections have biases.
    use_fast_path : bool
        Accepted and ignored: there is one path.
    layer_idx : int, optional
        Key of this layer's states in ``inference_params.key_value_memory_dict``.
    device, dtype
        Of the parameters; A_log and D are always float32.
    """

    def __init__(self, d_model: int, d_state: int = 16, d_conv: int = 4, expand: int = 2, dt_rank: int | str = "auto",
                 dt_min: float = 0.001, dt_max: float = 0.1, dt_init: str = "random", dt_scale: float = 1.0,
                 dt_init_floor: float = 1e-4, conv_bias: bool = True, bias: bool = False, use_fast_path: bool = True,
                 layer_idx: int | None = None, device: Any = None, dtype: torch.dtype | None = None):
        super().__init__()
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        self.d_model = d_model
        self.d_state = d_state
        self.d_conv = d_conv
        self.expand = expand
        self.d_inner = int(expand * d_model)
        self.dt_rank = math.ceil(d_model / 16) if dt_rank == "auto" else int(dt_rank)
        self.use_fast_path = use_fast_path
        self.layer_idx = layer_idx
        self.activation = "silu"

        # The order of these draws from the random generator is upstream's, so a seed gives the same weights.
        self.in_proj = nn.Linear(d_model, 2 * self.d_inner, bias=bias, **made)
        self.conv1d = nn.Conv1d(self.d_inner, self.d_inner, d_conv, padding=d_conv - 1, groups=self.d_inner,
                                bias=conv_bias, **made)
        self.x_proj = nn.Linear(self.d_inner, self.dt_rank + 2 * d_state, bias=False, **made)
        self.dt_proj = nn.Linear(self.dt_rank, self.d_inner, bias=True, **made)
        self._initialize_delta(dt_min, dt_max, dt_init, dt_scale, dt_init_floor, made)
        rates = torch.arange(1, d_state + 1, dtype=torch.float32, device=device)
        self.A_log = nn.Parameter(torch.log(rates).repeat(self.d_inner, 1))
        self.D = nn.Parameter(torch.ones(self.d_inner, dtype=torch.float32, device=device))
        # What mamba_ssm's training scripts look for.
        self.A_log._no_weight_decay = True
        self.D._no_weight_decay = True
        self.out_proj = nn.Linear(self.d_inner, d_model, bias=bias, **made)

    @torch.no_grad()
    def _initialize_delta(self, dt_min: float, dt_max: float, dt_init: str, dt_scale: float, dt_init_floor: float,
                          made: dict[str, Any]) -> None:
        bound = dt_scale / math.sqrt(self.dt_rank)
        if dt_init == "constant":
            self.dt_proj.weight.fill_(bound)
        elif dt_init == "random":
            self.dt_proj.weight.uniform_(-bound, bound)
        else:
            raise ValueError(f"dt_init is {dt_init!r} (supported: 'random' and 'constant'). Choose one.")
        low, high = math.log(dt_min), math.log(dt_max)
        delta = torch.exp(torch.rand(self.d_inner, **made) * (high - low) + low).clamp(min=dt_init_floor)
        self.dt_proj.bias.copy_(delta + torch.log(-torch.expm1(-delta)))  # the inverse of softplus
        self.dt_proj.bias._no_reinit = True

    def _A(self) -> Tensor:
        return -torch.exp(self.A_log.float())

    def forward(self, hidden_states: Tensor, inference_params: Any = None) -> Tensor:
        """The block's output for whole sequences, or for the next step of those in `inference_params`.

        Parameters
        ----------
        hidden_states : Tensor, shape (batch, time, feature)
        inference_params : object, optional
            With ``seqlen_offset`` and ``key_value_memory_dict``, as in ``mamba_ssm``.

        Returns
        -------
        Tensor, shape (batch, time, feature)
        """
        if hidden_states.dim() != 3 or hidden_states.shape[2] != self.d_model:
            raise ValueError(f"hidden_states has shape {tuple(hidden_states.shape)}, not (batch, time, {self.d_model}) "
                             "(d_model features). Pass it in that shape.")
        states = None
        if inference_params is not None:
            states = self._get_states_from_cache(inference_params, hidden_states.shape[0])
            if inference_params.seqlen_offset > 0:
                return self.step(hidden_states, *states)[0]

        if states is None and hidden_states.device.type == "cuda" and can_recompute(hidden_states, self.d_conv, self.d_state):
            return self._recomputing(hidden_states)
        x, z = self.in_proj(hidden_states).chunk(2, dim=2)
        if states is not None:
            states[0].copy_(F.pad(x, (0, 0, max(self.d_conv - x.shape[1], 0), 0))[:, -self.d_conv:].transpose(1, 2))
        x = ops.causal_conv1d(x, self.conv1d.weight.squeeze(1), self.conv1d.bias, self.activation)
        low_rank, B, C = self.x_proj(x).split([self.dt_rank, self.d_state, self.d_state], dim=2)
        delta = F.linear(low_rank, self.dt_proj.weight)
        y, last_state = ops.selective_scan(x, delta, self._A(), B, C, self.D, z, self.dt_proj.bias, True)
        if states is not None:
            states[1].copy_(last_state)
        return self.out_proj(y)

    def _recomputing(self, hidden_states: Tensor) -> Tensor:
        """The same output with half the memory, where gradients are wanted."""
        weights = Weights(self.conv1d.weight.squeeze(1), self.conv1d.bias, self.x_proj.weight, self.dt_proj.weight, self.dt_proj.bias,
                          self._A(), self.D, self.out_proj.weight, self.out_proj.bias)
        return recomputing_block(hidden_states, self.in_proj.weight, self.in_proj.bias, weights)

    def step(self, hidden_states: Tensor, conv_state: Tensor, ssm_state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One time step with carried states, which are overwritten.

        Parameters
        ----------
        hidden_states : Tensor, shape (batch, 1, feature)
        conv_state : Tensor, shape (batch, channel, d_conv)
            The last inputs of the convolution.
        ssm_state : Tensor, shape (batch, channel, d_state)

        Returns
        -------
        out : Tensor, shape (batch, 1, feature)
        conv_state, ssm_state : Tensor
            The arguments.
        """
        if hidden_states.dim() != 3 or hidden_states.shape[1] != 1:
            raise ValueError(f"hidden_states has shape {tuple(hidden_states.shape)}, not (batch, 1, {self.d_model}) (a step is one "
                             "time step). Pass the steps one by one.")
        x, z = self.in_proj(hidden_states.squeeze(1)).chunk(2, dim=1)
        conv_state.copy_(torch.cat([conv_state[:, :, 1:], x.unsqueeze(2).to(conv_state.dtype)], dim=2))
        sums = (conv_state.float() * self.conv1d.weight.squeeze(1).float()).sum(2)
        x = F.silu(sums if self.conv1d.bias is None else sums + self.conv1d.bias.float()).to(z.dtype)
        low_rank, B, C = self.x_proj(x).split([self.dt_rank, self.d_state, self.d_state], dim=1)
        delta = F.softplus(F.linear(low_rank, self.dt_proj.weight).float() + self.dt_proj.bias.float())
        wide_x = x.float()
        decay = torch.exp(delta.unsqueeze(2) * self._A())
        state = decay * ssm_state.float() + (delta * wide_x).unsqueeze(2) * B.float().unsqueeze(1)
        ssm_state.copy_(state)
        y = (state * C.float().unsqueeze(1)).sum(2) + self.D.float() * wide_x
        y = (y * F.silu(z.float())).to(z.dtype)
        return self.out_proj(y).unsqueeze(1), conv_state, ssm_state

    def allocate_inference_cache(self, batch_size: int, max_seqlen: int | None = None, dtype: torch.dtype | None = None,
                                 **kwargs: Any) -> tuple[Tensor, Tensor]:
        """States of sequences that have not begun: zeros.

        Parameters
        ----------
        batch_size : int
        max_seqlen : int
            Accepted and ignored: the states do not grow.
        dtype : torch.dtype, optional
            By default that of the parameters.

        Returns
        -------
        conv_state : Tensor, shape (batch_size, channel, d_conv)
        ssm_state : Tensor, shape (batch_size, channel, d_state)
        """
        weight = self.conv1d.weight
        conv_state = torch.zeros(batch_size, self.d_inner, self.d_conv, device=weight.device, dtype=dtype or weight.dtype)
        ssm_state = torch.zeros(batch_size, self.d_inner, self.d_state, device=weight.device,
                                dtype=dtype or self.dt_proj.weight.dtype)
        return conv_state, ssm_state

    def _get_states_from_cache(self, inference_params: Any, batch_size: int,
                               initialize_states: bool = False) -> tuple[Tensor, Tensor]:
        if self.layer_idx is None:
            raise ValueError("inference_params was given to a block without layer_idx (it is the key of the block's states). "
                             "Construct it with layer_idx.")
        cache = inference_params.key_value_memory_dict
        if self.layer_idx not in cache:
            cache[self.layer_idx] = self.allocate_inference_cache(batch_size)
        elif initialize_states:
            for state in cache[self.layer_idx]:
                state.zero_()
        return cache[self.layer_idx]
