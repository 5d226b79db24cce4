#!/usr/bin/env python3
"""Independent float64 oracle for llama and qwen2 GGUF models, to judge the engine by.

It shares no code with the engine: the PyPI package `gguf` reads the file and dequantises the weights (`gguf.quants.dequantize`, which
works in float32; the result is widened to float64), and all arithmetic after that is float64 numpy. There is no key/value cache: every
sequence is computed whole. Slow and plain on purpose. Needs `pip install numpy gguf`.

    llama_float64.py MODEL logits --ids 1,2,3 --out FILE
        logits of every position: raw little-endian float64, row-major [ids, vocabulary].
    llama_float64.py MODEL greedy --ids 1,2,3 -n 64 --out FILE.json
        arg-max continuation (never stopping): prompt_ids, ids, margins (best minus second-best logit at each step).
    llama_float64.py MODEL score --ids-file FILE --window 1024 --stride 512 --out FILE.f64 [--max-windows N]
        log-probabilities (natural log) of the tokens of a text over strided windows, as in Hugging Face's perplexity guide. Window i covers
        the tokens [begin, end) with begin = i * stride and end = min(begin + window, n), and scores the tokens max(previous end, 1) to
        end - 1, so each token but the very first is scored once; the last window is the first with end = n.
        Ids are a JSON array (.json) or raw little-endian uint32. No BOS is added.

Layout of the `score` file, little-endian float64 throughout:
    header   5 values: n, window, stride, CRC-32 of the ids as uint32, CRC-32 of the model file
    records  3 values: window index, first scored token, number of scored tokens; then one log-probability a scored token
Records come in the order the windows are computed: (k * step) mod windows with step near windows / golden ratio and coprime to it, so that
the first few records are already spread evenly over the text and a partial file is a fair sample. A run with the same arguments
takes up where the last one stopped; an incomplete last record is cut off.
"""
import argparse
import json
import math
import os
import time
import zlib

import gguf
import numpy as np

QUERY_BLOCK = 256  # queries a step of attention, so that most of the keys they may not see are never touched


class Model:
    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.weights = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float64) for t in reader.tensors}
        meta = lambda key, default=None: reader.fields[key].contents() if key in reader.fields else default
        arch = meta("general.architecture")
        if arch not in ("llama", "qwen2"):
            raise SystemExit(f"architecture {arch} is not supported")
        if meta(f"{arch}.rope.scaling.type", "none") != "none" or meta(f"{arch}.expert_count", 0):
            raise SystemExit("rope scaling metadata and experts are not supported")
        self.interleaved = arch == "llama"  # rotary pairs (0,1), (2,3), ...; otherwise (i, i + d/2)
        self.layers = meta(f"{arch}.block_count")
        self.heads = meta(f"{arch}.attention.head_count")
        self.kv_heads = meta(f"{arch}.attention.head_count_kv", self.heads)
        self.head_dim = meta(f"{arch}.attention.key_length", meta(f"{arch}.embedding_length") // self.heads)
        self.eps = meta(f"{arch}.attention.layer_norm_rms_epsilon")
        self.rotary = meta(f"{arch}.rope.dimension_count", self.head_dim)
        self.window = meta(f"{arch}.attention.sliding_window", 1 << 60)
        self.softcap = meta(f"{arch}.attn_logit_softcapping")
        self.freqs = float(meta(f"{arch}.rope.freq_base", 10000.0)) ** (-np.arange(0, self.rotary, 2) / self.rotary)
        self.freqs /= self.weights.get("rope_freqs.weight", 1.0)
        self.embedding = self.weights["token_embd.weight"]
        self.head = self.weights.get("output.weight", self.embedding)
        parts = "attn_norm attn_q attn_k attn_v attn_output ffn_norm ffn_gate ffn_up ffn_down".split()
        known = {"token_embd", "output_norm", "output", "rope_freqs"} | {f"blk.{i}.{x}" for i in range(self.layers) for x in parts}
        unknown = [name for name in self.weights if name.rsplit(".", 1)[0] not in known]
        if unknown:
            raise SystemExit(f"tensors this graph does not use: {unknown}")

    def linear(self, x, name):
        """x times the matrix NAME.weight (rows are outputs), plus NAME.bias where there is one"""
        return x @ self.weights[name + ".weight"].T + self.weights.get(name + ".bias", 0.0)

    def norm(self, x, name):
        return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + self.eps) * self.weights[name + ".weight"]

    def rope(self, x, cos, sin):
        """rotate the heads of x [positions, heads, head_dim]"""
        out, half = x.copy(), self.rotary // 2
        a, b = (slice(0, self.rotary, 2), slice(1, self.rotary, 2)) if self.interleaved else (slice(0, half), slice(half, self.rotary))
        out[..., a] = x[..., a] * cos - x[..., b] * sin
        out[..., b] = x[..., a] * sin + x[..., b] * cos
        return out

    def attention(self, q, k, v):
        """causal attention over the last positions of a window; q [positions, heads, head_dim], k and v [positions, kv_heads, head_dim]"""
        out, group = np.empty_like(q), self.heads // self.kv_heads
        for h in range(self.heads):
            keys, values = np.ascontiguousarray(k[:, h // group].T), np.ascontiguousarray(v[:, h // group])
            for start in range(0, len(q), QUERY_BLOCK):
                end = min(start + QUERY_BLOCK, len(q))
                s = (q[start:end, h] / math.sqrt(self.head_dim)) @ keys[:, :end]
                if self.softcap:
                    s = self.softcap * np.tanh(s / self.softcap)
                ahead = np.arange(end) - np.arange(start, end)[:, None]
                s[(ahead > 0) | (ahead <= -self.window)] = -np.inf
                s = np.exp(s - s.max(-1, keepdims=True))
                out[start:end, h] = s @ values[:end] / s.sum(-1, keepdims=True)
        return out

    def hidden(self, ids):
        """the state of every position after the last layer and the final norm"""
        angles = np.arange(len(ids))[:, None, None] * self.freqs
        cos, sin = np.cos(angles), np.sin(angles)
        split = lambda y: y.reshape(len(ids), -1, self.head_dim)
        x = self.embedding[ids]
        for i in range(self.layers):
            b = f"blk.{i}."
            h = self.norm(x, b + "attn_norm")
            q, k, v = (split(self.linear(h, b + "attn_" + n)) for n in "qkv")
            h = self.attention(self.rope(q, cos, sin), self.rope(k, cos, sin), v)
            x = x + self.linear(h.reshape(len(ids), -1), b + "attn_output")
            h = self.norm(x, b + "ffn_norm")
            gate = self.linear(h, b + "ffn_gate")
            x = x + self.linear(gate / (1 + np.exp(-gate)) * self.linear(h, b + "ffn_up"), b + "ffn_down")
        return self.norm(x, "output_norm")

    def logits(self, ids, rows=slice(None)):
        """logits [rows, vocabulary] at the positions ROWS"""
        return self.hidden(ids)[rows] @ self.head.T

    def greedy(self, ids, count):
        ids, prompt, margins = list(ids), len(ids), []
        for _ in range(count):
            row = self.logits(ids, slice(-1, None))[0]
            second, best = np.partition(row, -2)[-2:]
            ids.append(int(row.argmax()))
            margins.append(best - second)
        return {"prompt_ids": ids[:prompt], "ids": ids[prompt:], "margins": margins}

    def log_probs(self, ids, first):
        """log-probabilities of ids[first:], each given what precedes it"""
        rows = self.logits(ids, slice(first - 1, len(ids) - 1))
        rows -= rows.max(-1, keepdims=True)
        return rows[np.arange(len(rows)), ids[first:]] - np.log(np.exp(rows).sum(-1))


def windows(n, window, stride):
    """[(begin, first scored token, end)]"""
    count = 1 + max(0, -(-(n - window) // stride))  # the last window is the first that reaches n
    ends = [min(i * stride + window, n) for i in range(count)]
    return [(i * stride, ends[i - 1] if i else 1, ends[i]) for i in range(count)]


def spread(count):
    """0..count-1 in an order whose every beginning is spread evenly"""
    step = max(1, round(count * (math.sqrt(5) - 1) / 2))
    while math.gcd(step, count) != 1:
        step += 1
    return [k * step % count for k in range(count)]


def read_records(path, header):
    """the log-probabilities of each window in the file, by index; creates the file or cuts off an incomplete record"""
    if not os.path.exists(path) or os.path.getsize(path) < header.nbytes:
        header.tofile(path)
        return {}
    data, done, at = np.fromfile(path, "<f8"), {}, len(header)
    if not np.array_equal(data[:at], header):
        raise SystemExit(f"{path} belongs to another model, text, window or stride")
    while at + 3 <= len(data) and at + 3 + int(data[at + 2]) <= len(data):
        size = int(data[at + 2])
        done[int(data[at])] = data[at + 3:at + 3 + size]
        at += 3 + size
    os.truncate(path, at * 8)
    return done


def score(model, args):
    ids = np.array(json.load(open(args.ids_file))) if args.ids_file.endswith(".json") else np.fromfile(args.ids_file, "<u4")
    with open(args.model, "rb") as f:
        checks = zlib.crc32(ids.astype("<u4").tobytes()), zlib.crc32(f.read())
    header = np.array([len(ids), args.window, args.stride, *checks], "<f8")
    plan = windows(len(ids), args.window, args.stride)
    done = read_records(args.out, header)
    total, count = sum(map(np.sum, done.values())), sum(map(len, done.values()))
    for i in [i for i in spread(len(plan)) if i not in done][:args.max_windows]:
        (begin, first, end), start = plan[i], time.time()
        values = model.log_probs(ids[begin:end], first - begin)
        with open(args.out, "ab") as f:
            f.write(np.concatenate([[i, first, end - first], values]).astype("<f8").tobytes())
        done[i], total, count = values, total + values.sum(), count + len(values)
        print(f"window {i} ({len(done)} of {len(plan)}): {time.time() - start:.1f} s, perplexity {math.exp(-values.mean()):.4f}; "
              f"so far {count} tokens, perplexity {math.exp(-total / count):.6f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("command", choices=["logits", "greedy", "score"])
    parser.add_argument("--out", required=True)
    parser.add_argument("--ids", type=lambda s: [int(x) for x in s.split(",")])
    parser.add_argument("-n", type=int, default=64, help="greedy: tokens to generate")
    parser.add_argument("--ids-file")
    for name, default in (("--window", 1024), ("--stride", 512)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--max-windows", type=int, help="score: compute at most this many windows now")
    args = parser.parse_args()
    if (args.ids_file if args.command == "score" else args.ids) is None or not 0 < args.stride <= args.window:
        parser.error("score needs --ids-file and 0 < stride <= window; logits and greedy need --ids")
    model = Model(args.model)
    if args.command == "logits":
        model.logits(args.ids).astype("<f8").tofile(args.out)
    elif args.command == "greedy":
        with open(args.out, "w") as f:
            json.dump(model.greedy(args.ids, args.n), f)
    else:
        score(model, args)


if __name__ == "__main__":
    main()
