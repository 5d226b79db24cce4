#!/usr/bin/env python3
"""Writes tokenizer-json.jsonl: parts of tokenizer.json files and small whole ones, and what Hugging Face's library
makes of some awkward texts with them.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 && python test/golden/make_tokenizer_json.py

With --all FILE it writes the same for most assigned characters and many random texts (large, to compare once).
"""

import json
import pathlib
import random
import sys
import tempfile
import unicodedata

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as sp_model
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
DOCUMENTS = json.loads((HERE / "bpe-training.json").read_text(encoding="utf-8"))["documents"]
TEXTS = [
    "",
    " ",
    "Hello, World! It's 3.14 o'clock, isn't it? DON'T 'ſay he'ſ x'S",
    "  two  spaces\tand\ttabs \r\n\r\n new\u2028lines\u00a0nbsp\u3000wide \u0085next ",
    "e\u0301 \u00e9 n\u0303 \u212b \u1e9b\u0323 q\u0323\u0307 q\u0307\u0323 \u0130I\u0131 \u1e9e \u03a3\u03b1\u03c2\u03a3 \ufb01\ufb03 \u2460 \uff21\uff22",
    "\ud55c\uae00 \u1112\u1161\u11ab \u4f60\u597d\u4e16\u754c \u3053\u3093\u306b\u3061\u306f \u30ab\u30bf\u30ab\u30ca\u30fc \U00020000\U0002b900",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0e19\u0e49\u0e33 \u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0629 \u05e2\u05b4\u05d1\u05b0\u05e8\u05b4\u05d9\u05ea",
    "\U0001f600\U0001f44d\U0001f3fd \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea a\ufe0f 1\ufe0f\u20e3 \u00a9\u200d x\u200by\u200cz\ufeffw \u00ad",
    "\u0000\u0001\u0007\u000b\u000c\u001b\u007f\u0080\u009f \ufffd \ue000 \uffff \U000e0041",
    "12345 \u0661\u0662\u0663 \u00bd\u216b \u00b2 \u09ea 1,000.50 0x7f",
    "[CLS] a [MASK] b [SEP] <s> </s> <unk> <mask>xx<mask> <x><x>  <x> <word>a a<word> a <word> b",
    "don\u2019t \u201cquote\u201d \u2014 dash\u2026 $5 + 3 < 4 ^ ` | ~ \u20ac \u00a7 \u2190 snake_case CamelCase \u203f \u2040",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa ababababab \u2581\u2581a\u2581 ##ing ##",
    "The little dog had a red ball. Where is my ball? said the dog, and they'd looked!",
]
N = normalizers
P = pre_tokenizers


# A few rules of every kind; those that SentencePiece brings along take 300 KB.
RULES = [("e\u0301", "\u00e9"), ("\ufb01", "fi"), ("\ufb03", "ffi"), ("\u2460", "1"), ("\u3000", " "), ("\u00a0", " "),
         ("\t", " "), ("\n", " "), ("\r", " "), ("\u200b", ""), ("\u200d", ""), ("\uff21", "A"), ("\u1112\u1161\u11ab", "\ud55c"),
         ("\u212b", "\u00c5"), ("\u1e9b", "\u1e61"), ("\u1e9b\u0323", "\u1e69"), ("\u0130", "i"), ("\U0001f600", ":)")]  # fmt: skip


def charsmap(rule: str):
    """SentencePiece's compiled rules, and a Unigram vocabulary trained with them."""
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder, "text")
        rules = pathlib.Path(folder, "rules")
        spelled = lambda part: " ".join(f"{ord(char):X}" for char in part)
        rules.write_text("".join(f"{spelled(a)}\t{spelled(b)}\n" for a, b in RULES), encoding="utf-8")
        how = {"normalization_rule_tsv": str(rules)} if rule == "few" else {"normalization_rule_name": rule}
        text.write_text("\n".join(DOCUMENTS * 20 + TEXTS), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=f"{folder}/m", vocab_size=300, **how,
            character_coverage=0.98, minloglevel=2, hard_vocab_limit=False, num_threads=1,
        )  # fmt: skip
        model = sp_model.ModelProto()
        model.ParseFromString(pathlib.Path(f"{folder}/m.model").read_bytes())
        return model


def normalizer_list(large: bool) -> list:
    parts = [
        N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.StripAccents(), N.Nmt(), N.ByteLevel(),
        N.Strip(), N.Strip(left=True, right=False), N.Strip(left=False, right=True), N.Prepend("\u2581"),
        N.Replace(" ", "\u2581"), N.Replace("a", "xyz"), N.Replace(Regex(r"\s+"), " "),
        N.Replace(Regex(r"(?i)[^\w\s]{2,}|don't"), "$1"),
        N.BertNormalizer(), N.BertNormalizer(lowercase=False), N.BertNormalizer(strip_accents=False),
        N.BertNormalizer(clean_text=False, handle_chinese_chars=False, lowercase=False),
        N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581"), N.NFD(), N.StripAccents()]),
        N.Sequence([]),
    ]  # fmt: skip
    names = ("few", "nmt_nfkc", "nmt_nfkc_cf") if large else ("few",)
    return parts + [N.Precompiled(charsmap(rule).normalizer_spec.precompiled_charsmap) for rule in names]


GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
REGEXES = [
    GPT4,
    O200K,
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"<\|startoftext\|>|'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"[[:alpha:]]+|[[:digit:]]+|[[:punct:]]",
    r"\p{Han}|\p{Hiragana}+|\p{Katakana}+|\p{Hangul}+",
    r"(?>a+)b|(?:ab)++|a{2}|[a-c&&[^b]]+",
    r"\b\w+\b|\h\h|^.|.$",
    r"(?<=l)l|(?<!o)o|(?=W)|d(?!o)",
    r"(?x) \d+ # digits\n | [^\S\r\n]+",
    r"[^\W\d_]+|\A.|.\z|\R",
]


def pretokenizer_list() -> list:
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    parts = [P.Split(pattern, how, invert=inv) for pattern in (" ", "a", Regex(r"\p{L}+"), Regex(r"(?=[A-Z])")) for how in behaviors for inv in (False, True)]
    parts += [P.Split(Regex(regex), "isolated") for regex in REGEXES]
    parts += [
        P.Whitespace(), P.WhitespaceSplit(), P.BertPreTokenizer(), P.UnicodeScripts(), P.Digits(True), P.Digits(False),
        P.CharDelimiterSplit("a"), P.Metaspace(), P.Metaspace(prepend_scheme="never"),
        P.Metaspace(prepend_scheme="first"), P.Metaspace(split=False), P.Metaspace(replacement="_"),
        P.Sequence([P.WhitespaceSplit(), P.Metaspace()]), P.Sequence([P.WhitespaceSplit(), P.Metaspace(prepend_scheme="first")]),
        P.Sequence([P.Whitespace(), P.Digits(True)]), P.Sequence([P.UnicodeScripts(), P.WhitespaceSplit()]),
    ]  # fmt: skip
    return parts + [P.Punctuation(how) for how in behaviors]


def whole_list() -> list:
    """Whole tokenizers of every kind of model."""
    def trained(model, trainer, **parts):
        made = Tokenizer(model)
        for name, part in parts.items():
            setattr(made, name, part)
        made.train_from_iterator(DOCUMENTS * 2, trainer)
        return made

    made = []
    special = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    wordpiece = trained(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20), trainers.WordPieceTrainer(vocab_size=260, special_tokens=special, show_progress=False), normalizer=N.BertNormalizer(), pre_tokenizer=P.BertPreTokenizer(), decoder=decoders.WordPiece())
    wordpiece.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    made.append(wordpiece)
    cased = Tokenizer.from_str(wordpiece.to_str())
    cased.normalizer = N.BertNormalizer(lowercase=False)
    cased.pre_tokenizer = P.Sequence([P.Whitespace(), P.Punctuation("merged_with_previous")])
    cased.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    cased.add_tokens([AddedToken("<word>", single_word=True), AddedToken("<x>", lstrip=True, rstrip=True), AddedToken("Ball", normalized=True), AddedToken("dog", normalized=False, single_word=True)])
    cased.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    made.append(cased)
    level = trained(models.WordLevel(unk_token="[UNK]"), trainers.WordLevelTrainer(vocab_size=60, special_tokens=special, show_progress=False), normalizer=N.Lowercase(), pre_tokenizer=P.Whitespace())
    made.append(level)
    byte = trained(models.BPE(), trainers.BpeTrainer(vocab_size=330, special_tokens=["<s>", "</s>"], initial_alphabet=P.ByteLevel.alphabet(), show_progress=False), pre_tokenizer=P.ByteLevel(add_prefix_space=True), decoder=decoders.ByteLevel())
    byte.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0), trim_offsets=False, add_prefix_space=True)
    made.append(byte)
    split = Tokenizer.from_str(byte.to_str())
    split.normalizer = N.NFC()
    split.pre_tokenizer = P.Sequence([P.Split(Regex(REGEXES[2]), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    split.post_processor = processors.ByteLevel(trim_offsets=False)
    made.append(split)
    # CLIP: bytes, and the end of a word is marked.
    clip = trained(models.BPE(unk_token="<s>", end_of_word_suffix="</w>", fuse_unk=False), trainers.BpeTrainer(vocab_size=600, special_tokens=["<s>"], end_of_word_suffix="</w>", initial_alphabet=P.ByteLevel.alphabet(), show_progress=False), normalizer=N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase()]), pre_tokenizer=P.Sequence([P.Split(Regex(r"'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True), P.ByteLevel(add_prefix_space=False)]), decoder=decoders.Sequence([decoders.ByteLevel(), decoders.BPEDecoder()]))
    clip.decoder = decoders.ByteLevel()
    made.append(clip)
    sub = trained(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##", fuse_unk=True), trainers.BpeTrainer(vocab_size=260, special_tokens=["[UNK]"], continuing_subword_prefix="##", limit_alphabet=40, show_progress=False), pre_tokenizer=P.Whitespace())
    made.append(sub)
    word = trained(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>"), trainers.BpeTrainer(vocab_size=260, special_tokens=["[UNK]"], end_of_word_suffix="</w>", limit_alphabet=40, show_progress=False), pre_tokenizer=P.WhitespaceSplit(), decoder=decoders.BPEDecoder())
    made.append(word)
    # Llama 2 and Gemma: characters, with bytes for those that are no tokens.
    vocabulary = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    plain = trained(models.BPE(unk_token="<unk>"), trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], limit_alphabet=50, show_progress=False), normalizer=N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581")]))
    state = json.loads(plain.to_str())
    tokens = vocabulary + [t for t in state["model"]["vocab"] if t != "<unk>"]
    state["model"].update(vocab={t: i for i, t in enumerate(tokens)}, byte_fallback=True, fuse_unk=True)
    llama = Tokenizer.from_str(json.dumps(state))
    llama.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in vocabulary[:3]])
    llama.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    made.append(llama)
    ignoring = json.loads(llama.to_str())
    ignoring["model"].update(ignore_merges=True, byte_fallback=False, fuse_unk=False)
    ignoring["pre_tokenizer"] = json.loads(P.Split("\u2581", "merged_with_next").__getstate__())
    made.append(Tokenizer.from_str(json.dumps(ignoring)))
    # XLM-R and T5: SentencePiece's Unigram with its charsmap; one with bytes, without the large charsmap.
    model = charsmap("nmt_nfkc")
    pieces = [(p.piece, p.score) for p in model.pieces]
    unigram = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    unigram.normalizer = N.Replace(Regex(" {2,}"), " ")
    unigram.pre_tokenizer = P.Metaspace()
    unigram.decoder = decoders.Metaspace()
    unigram.add_special_tokens(["<unk>", "<s>", "</s>"])
    made.append(unigram)
    old = Tokenizer.from_str(unigram.to_str())
    old.pre_tokenizer = P.Sequence([P.WhitespaceSplit(), P.Metaspace()])
    made.append(old)
    bytes_too = Tokenizer(models.Unigram(pieces + [(f"<0x{i:02X}>", -20.0) for i in range(256)], unk_id=0, byte_fallback=True))
    bytes_too.normalizer = N.Sequence([N.NFKC(), N.Strip()])
    bytes_too.pre_tokenizer = P.Metaspace(prepend_scheme="first", split=False)
    bytes_too.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    made.append(bytes_too)
    return made


def sentencepiece_row(rule: str) -> list:
    """A vocabulary as GGUF files of T5 have it, and SentencePiece's own ids."""
    model = charsmap(rule)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    spec = model.normalizer_spec
    metadata = {
        "model": "t5", "tokens": [p.piece for p in model.pieces], "scores": [p.score for p in model.pieces],
        "token_type": [p.type for p in model.pieces], "precompiled_charsmap": list(spec.precompiled_charsmap),
        "add_space_prefix": spec.add_dummy_prefix, "remove_extra_whitespaces": spec.remove_extra_whitespaces,
        "unknown_token_id": 0, "eos_token_id": 2,
    }  # fmt: skip
    return ["sentencePiece", metadata, [[text, processor.encode(text)] for text in TEXTS]]


def json_of(part) -> dict:
    return json.loads(part.__getstate__())


def units(text: str) -> list[int]:
    at = [0]
    for char in text:
        at.append(at[-1] + (2 if ord(char) > 0xFFFF else 1))
    return at


def encoded(tokenizer: Tokenizer, text: str) -> list:
    tokenizer.encode_special_tokens = True
    plain = tokenizer.encode(text, add_special_tokens=False).ids
    tokenizer.encode_special_tokens = False
    both = tokenizer.encode(text).ids
    one = tokenizer.encode(text, add_special_tokens=False)
    at = units(text)
    offsets = [[at[a], at[b]] for a, b in one.offsets]
    return [text, one.ids, plain, both, tokenizer.decode(one.ids, skip_special_tokens=False), tokenizer.decode(one.ids), offsets]


def random_texts() -> list[str]:
    source = random.Random(1)
    chars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) not in ("Cn", "Co") and not 0x17000 <= c < 0x1B000 and not c > 0x20800 and not 0x3500 <= c < 0x4D00 and not 0x5000 <= c < 0x9F00]
    common = list("aAbBsS eé'.,\u0301\u0308\u0323 \t\n\u200d\u3099がか가각\u1100\u1161\u11a8नि") + TEXTS
    texts = ["".join(chars[i : i + 64]) for i in range(0, len(chars), 64)]
    texts += [f"a{char}b {char}\u0301" for char in chars if ord(char) < 0x3000 or 0xFB00 <= ord(char) < 0x10000]
    return texts + ["".join(source.choice(common) if source.random() < 0.6 else source.choice(chars) for _ in range(12)) for _ in range(3000)]


is_large = "--all" in sys.argv
texts = random_texts() if is_large else TEXTS
golden = [
    *(["normalizer", json_of(n), [[t, n.normalize_str(t)] for t in texts]] for n in normalizer_list(is_large)),
    *(
        ["preTokenizer", json_of(p), [[t, [[piece, units(t)[a], units(t)[b]] for piece, (a, b) in p.pre_tokenize_str(t)]] for t in texts]]
        for p in pretokenizer_list()
    ),
    sentencepiece_row("few"),
    *(["tokenizer", json.loads(t.to_str()), [encoded(t, text) for text in texts]] for t in whole_list()),
]
out = pathlib.Path(sys.argv[sys.argv.index("--all") + 1]) if is_large else HERE / "tokenizer-json.jsonl"
with out.open("w", encoding="utf-8") as file:
    for row in golden:
        file.write(json.dumps(row, separators=(",", ":")) + "\n")
