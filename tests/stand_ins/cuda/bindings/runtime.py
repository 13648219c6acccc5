"""A stand-in for cuda.bindings.runtime (cuda-python): memory of the host plays that of a device."""

from __future__ import annotations

import ctypes
import enum
import os
from typing import Any


class cudaError_t(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2


class cudaMemcpyKind(enum.IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


_blocks: dict[int, Any] = {}


def cudaMalloc(size: int) -> tuple[cudaError_t, int]:
    if size > int(os.environ.get("STAND_IN_CUDA_BYTES", "100000000")):
        return cudaError_t.cudaErrorMemoryAllocation, 0
    block = (ctypes.c_uint8 * size)()
    _blocks[ctypes.addressof(block)] = block
    return cudaError_t.cudaSuccess, ctypes.addressof(block)


cudaMallocHost = cudaMalloc


def cudaStreamCreate() -> tuple[cudaError_t, int]:
    return cudaError_t.cudaSuccess, 7


def cudaStreamSynchronize(stream: int) -> tuple[cudaError_t]:
    return (cudaError_t.cudaSuccess,)


def cudaMemcpyAsync(
    to: int, source: int, size: int, kind: cudaMemcpyKind, stream: int
) -> tuple[cudaError_t]:
    ctypes.memmove(to, source, size)
    return (cudaError_t.cudaSuccess,)
