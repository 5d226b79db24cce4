#!/usr/bin/env python3
"""Independent tokenizer for GGUF files whose tokenizer.ggml.pre is `smollm`, to check the engine's by.

The PyPI package `tokenizers` (Hugging Face) does the work, built from the vocabulary and merges in the GGUF with SmolLM's published
pre-tokenizer: Digits(individual_digits) then ByteLevel(add_prefix_space=False). Needs `pip install numpy gguf tokenizers`.

    tokenize_smollm.py MODEL TEXTFILE OUT.u32 [--special]

writes the ids as raw little-endian uint32: the whole text, with a BOS before it only if tokenizer.ggml.add_bos_token is true;
control tokens in the text (such as <|im_start|>) are recognised only with --special.
"""
import argparse

import gguf
import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CONTROL = 3


def load(path, special=False):
    """(tokenizer, ids of the BOS to put first, if any)"""
    reader = gguf.GGUFReader(path)
    meta = lambda key, default=None: reader.fields[f"tokenizer.ggml.{key}"].contents() if f"tokenizer.ggml.{key}" in reader.fields else default
    if (meta("model"), meta("pre")) != ("gpt2", "smollm"):
        raise SystemExit("not a smollm tokenizer")
    tokens = meta("tokens")
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, [tuple(m.split(" ")) for m in meta("merges")]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    if special:
        tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t, kind in zip(tokens, meta("token_type")) if kind == CONTROL])
    return tokenizer, [meta("bos_token_id")] if meta("add_bos_token", False) else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("out")
    parser.add_argument("--special", action="store_true")
    args = parser.parse_args()
    tokenizer, bos = load(args.model, args.special)
    with open(args.text, encoding="utf-8", newline="") as f:
        text = f.read()
    ids = bos + tokenizer.encode(text, add_special_tokens=False).ids
    np.array(ids, "<u4").tofile(args.out)
    print(f"{len(ids)} ids, first {ids[:20]}")
    if tokenizer.decode(ids[len(bos):], skip_special_tokens=False) != text:
        raise SystemExit("the ids do not decode to the text")


if __name__ == "__main__":
    main()
