"""The trainer's graph in PyTorch, for bench/training.mjs: same shapes, same parameters, same tokens.

Reads a folder that the bench wrote (shape.json, parameters.f32, ids.i32, targets.i32), prints a JSON line with loss
and gradient lengths, then a line with seconds for every line it reads: forward, backward, AdamW.
"""
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

folder = sys.argv[1]
job = json.load(open(f"{folder}/shape.json"))
shape, documents, length = job["shape"], job["documents"], job["length"]
torch.set_num_threads(job["threads"])

flat = np.fromfile(f"{folder}/parameters.f32", dtype=np.float32)
weights = {}
for p in job["parameters"]:
    values = flat[p["offset"] : p["offset"] + p["rows"] * p["cols"]]
    view = (p["cols"],) if p["kind"] == "vector" else (p["rows"], p["cols"])
    weights[p["name"]] = torch.nn.Parameter(torch.from_numpy(values.copy()).reshape(view))
load = lambda name: torch.from_numpy(np.fromfile(f"{folder}/{name}.i32", dtype=np.int32).astype(np.int64)).reshape(documents, length)
ids, targets = load("ids"), load("targets")

heads, kv_heads, size = shape["heads"], shape["kvHeads"], shape["headSize"]
half = size // 2
angles = torch.arange(length, dtype=torch.float64)[:, None] * shape["ropeBase"] ** (-2 * torch.arange(half, dtype=torch.float64) / size)
cosine, sine = angles.cos().float(), angles.sin().float()


def rope(x):  # [documents, heads, length, size]
    u, v = x[..., 0::2], x[..., 1::2]
    return torch.stack((u * cosine - v * sine, u * sine + v * cosine), dim=-1).flatten(-2)


def split(x, n):
    return x.view(documents, length, n, size).transpose(1, 2)


def norm(x, name):
    return F.rms_norm(x, (x.shape[-1],), weights[name], shape["epsilon"])


def loss():
    x = F.embedding(ids, weights["token_embd.weight"])
    for layer in range(shape["layers"]):
        w = lambda name: weights[f"blk.{layer}.{name}.weight"]
        n = norm(x, f"blk.{layer}.attn_norm.weight")
        q, k, v = rope(split(n @ w("attn_q").T, heads)), rope(split(n @ w("attn_k").T, kv_heads)), split(n @ w("attn_v").T, kv_heads)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=heads != kv_heads)
        x = x + a.transpose(1, 2).reshape(documents, length, heads * size) @ w("attn_output").T
        n = norm(x, f"blk.{layer}.ffn_norm.weight")
        x = x + (F.silu(n @ w("ffn_gate").T) * (n @ w("ffn_up").T)) @ w("ffn_down").T
    n = norm(x, "output_norm.weight")
    head = weights["token_embd.weight"] if shape["tied"] else weights["output.weight"]
    return F.cross_entropy((n @ head.T).flatten(0, 1), targets.flatten())


matrices = [p for p in weights.values() if p.dim() > 1]
vectors = [p for p in weights.values() if p.dim() == 1]
optimizer = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}], lr=0.0, betas=(0.9, 0.95), fused=True
)

first = loss()
first.backward()
lengths = {name: float(p.grad.double().norm()) for name, p in weights.items()}
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "loss": float(first), "gradients": lengths}), flush=True)

for _ in sys.stdin:
    started = time.perf_counter()
    optimizer.zero_grad(set_to_none=False)
    loss().backward()
    torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
    optimizer.step()
    print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)
