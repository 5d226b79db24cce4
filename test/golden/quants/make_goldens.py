#!/usr/bin/env python3
"""Write goldens.json: blocks of each type and what the PyPI package gguf makes of them.

    python3 -m venv venv && venv/bin/pip install gguf==0.19.0 numpy && venv/bin/python make_goldens.py

gguf.quants is an implementation of its own (numpy), made by llama.cpp's authors to agree with ggml bit for bit.
All arrays are little-endian, row-major and base64: `values` float32 [rows, cols]; for each type `bytes` as stored
in a GGUF file, and `weights` float32 [rows, cols], dequantized. For types that gguf.quants can quantize, `bytes`
come from `values`; for the others, for MXFP4 and NVFP4, they are random with sane scales.
"""
import base64
import json
import pathlib
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

ROWS, COLS = 2, 512
HALVES = {
    "Q4_K": {0: 4e-4, 2: 3e-3},
    "Q5_K": {0: 2e-4, 2: 3e-3},
    "Q6_K": {208: 1e-4},
    "Q2_K": {80: 1e-2, 82: 1.5e-2},
    "Q3_K": {108: 3e-3},
    "IQ4_NL": {0: 2e-3},
    "IQ4_XS": {0: 1e-4},
    "MXFP4": {},
    "NVFP4": {},
}
# The largest float32 is below 2^128: 12 * 2^(252 - 128) is the largest weight it holds.
MXFP4_EXPONENTS = [0, 1, 2, 3, 252]
# Zero, the least and the largest subnormal, the least normal and the largest; the sign bit means nothing. 0x7f is NaN.
NVFP4_SCALES = [0x00, 0x01, 0x07, 0x08, 0x7E, 0x80, 0x81, 0x87, 0x88, 0xFE]


def b64(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def random_blocks(rng, name, size, type_size):
    blocks = rng.integers(0, 256, (ROWS * COLS // size, type_size), dtype=np.uint8)
    for offset, scale in HALVES[name].items():
        d = (scale * rng.uniform(0.5, 1, len(blocks)) * rng.choice([-1, 1], len(blocks))).astype("<f2")
        d[-1] = 0  # one block of zero scale
        d[0] = 2.0**-24 * 3  # one subnormal
        blocks[:, offset : offset + 2] = d.view(np.uint8).reshape(-1, 2)
    if name == "MXFP4":
        blocks[:, 0] = rng.integers(100, 150, len(blocks))
        blocks[: len(MXFP4_EXPONENTS), 0] = MXFP4_EXPONENTS
    if name == "NVFP4":
        scales = blocks[:, :4].flatten()
        scales[scales & 0x7F == 0x7F] ^= 0x40
        scales[: len(NVFP4_SCALES)] = NVFP4_SCALES
        blocks[:, :4] = scales.reshape(-1, 4)
    return blocks.reshape(ROWS, -1)


def main():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((ROWS, COLS)).astype("<f4")
    values[0, 96:128] = 0  # a block of zeros
    values[0, 160:192] *= np.float32(1e-6)  # subnormal scale
    values[1, 64:96] *= np.float32(1e4)  # large scale
    values[1, 256:288] = np.abs(values[1, 256:288])  # one sign
    values[1, 320:352] = -7  # constant
    types = {}
    for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", *HALVES):
        qtype = GGMLQuantizationType[name]
        random = name in HALVES
        data = random_blocks(rng, name, *GGML_QUANT_SIZES[qtype]) if random else quants.quantize(values, qtype)
        types[name] = {"bytes": b64(data), "weights": b64(quants.dequantize(data, qtype).astype("<f4"))}
    golden = {"rows": ROWS, "cols": COLS, "values": b64(values), "types": types}
    out = pathlib.Path(__file__).with_name("goldens.json")
    out.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
