#!/usr/bin/env python3
"""Writes bpe-training.json: documents, and the vocabulary that Hugging Face's trainer learns from them.

    pip install tokenizers==0.23.3 && python test/golden/make_bpe_training.py && npm run format
"""

import json
import pathlib

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

DOCUMENTS = [
    "Once upon a time there was a little dog. The little dog had a red ball, and the red ball had a little dog.\n\n"
    "\"Where is my ball?\" said the dog. It wasn't there! They'd looked, we've looked, I'll look again.\n",
    "aaaaaaaaaaaaaaa aaaa aaaaaaa baaab abababab  bababa\t\tba   ab\r\n\r\n \n x = 12345 + 678 - 90; // 1234567890\n",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Съешь же ещё этих мягких французских булок.",
    "いろはにほへと ちりぬるを 色は匂へど 散りぬるを 🙂🙂🙃 👩‍👩‍👧 e\u0301e\u0301 \u00a0\u00a0\u2003x\u3000y ½ ٣٤ Ⅻ",
    "the cat sat on the mat; the bat sat on the hat; that fat rat sat at that",
]
SIZES = [("smollm", 420), ("gpt-2", 420), ("smollm", 4096)]


def train(pre: str, size: int) -> dict:
    tokenizer = Tokenizer(models.BPE())
    cuts = [pre_tokenizers.ByteLevel(add_prefix_space=False)]
    if pre == "smollm":
        cuts.insert(0, pre_tokenizers.Digits(individual_digits=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|endoftext|>", "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(DOCUMENTS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = model["vocab"]
    return {
        "pre": pre,
        "size": size,
        "tokens": sorted(vocabulary, key=vocabulary.get),
        "merges": [" ".join(merge) for merge in model["merges"]],
    }


out = pathlib.Path(__file__).with_name("bpe-training.json")
golden = {"documents": DOCUMENTS, "trained": [train(*row) for row in SIZES]}
out.write_text(json.dumps(golden, ensure_ascii=False) + "\n", encoding="utf-8")
