// Attention over a cache of codes, of which none is converted back (docs/papers/attention.md):
//
//   t_j  = log2(e) · cap(scale · Σ_g s_q[g] · s_k[j][g] · (digits · codes)_g)
//   n_b  = ⌈max t_j⌉ of the page's visible keys,   p_j = 2^(t_j - n_b)
//   u_j  = rn(p_j · s_v[j][g] / S · top),   S = max p_j · s_v[j][g],   top = 32512, or 127 for one digit
//   O   += 2^(n_b - n) · S / top · Σ u_j · codes_j,   l += 2^(n_b - n) · Σ p_j,   out = O / l
//
// and of each kChunk positions there are an n, l and O of its own, which are added up in ascending order.
//
// Digits and their products with codes are exact integers, the same on every instruction set. A row's result
// does not depend on the rows beside it.
#pragma once
#include "attention/contract.h"
#include "gemm/contract.h"

namespace multiscale {

enum class CodeType : int { kInt8 = 0, kMxfp4 = 1 };
constexpr int kCodeTypes = 2;

// What one kv head has in a page: codes of keys, codes of values, scales of keys, scales of values, and if
// keys are shifted what was taken from them, float32 [width]. Elements are padded to a multiple of 16 (int8)
// or 32 (MXFP4), groups of 32 elements have one E8M0 scale.
//   keys    int8 [t / 16][d / 4][t % 16][d % 4], code + 128
//           MXFP4 [t / 16][d / 32][line][t % 16][d % 4]: quad d / 4 % 8 is the low half of the bytes of line
//           quad % 4, quads from 4 on the high half; E2M1 codes
//   values  int8 [d / 16][t / 4][d % 16][t % 4]
//           MXFP4 [d / 16][t / 32][line][d % 16][t % 4], quads t / 4 % 8 in lines likewise
//   scales  int8: float32 [group][64]; MXFP4: a byte each, [d / 32][64]
// Latent rows (MLA, int8 only): the first `latent` elements of a key are its value too, and nothing is kept
// for values. They have a scale of their own, and so has the rest: sums of both would not fit 32 bits.
struct CodeLayout {
  CodeType type;
  int head_size, latent;
  bool shifted;
  int width;  // elements of a key, padded

  constexpr CodeLayout(CodeType type, int head_size, int latent, bool shifted)
      : type(type),
        head_size(head_size),
        latent(latent),
        shifted(shifted),
        width(type == CodeType::kInt8 ? (head_size + 15) / 16 * 16 : (head_size + 31) / 32 * 32) {}
  // Elements that share a scale; their groups.
  constexpr int group() const { return type == CodeType::kMxfp4 ? kGroup : latent ? latent : width; }
  constexpr int groups() const { return (width + group() - 1) / group(); }
  constexpr int value_size() const { return latent ? latent : head_size; }
  constexpr int value_width() const { return latent ? latent : width; }
  constexpr int value_groups() const { return latent ? 1 : groups(); }
  constexpr size_t key_bytes() const {
    return static_cast<size_t>(kPage) * width / (type == CodeType::kInt8 ? 1 : 2);
  }
  constexpr size_t scale_bytes() const {
    return static_cast<size_t>(kPage) * groups() * (type == CodeType::kInt8 ? 4 : 1);
  }
  constexpr size_t key_scales_at() const { return key_bytes() * (latent ? 1 : 2); }
  constexpr size_t value_scales_at() const { return key_scales_at() + (latent ? 0 : scale_bytes()); }
  constexpr size_t shift_at() const { return value_scales_at() + scale_bytes(); }
  constexpr size_t head_bytes() const {  // whole cache lines
    return (shift_at() + (shifted ? 4 * static_cast<size_t>(width) : 0) + 63) / 64 * 64;
  }
};

struct CodeTask {
  explicit CodeTask(const CodeLayout& layout) : layout(layout) {}

  CachedHead cache{};
  CodeLayout layout;
  float scale = 1, softcap = 0;  // softcap 0: none
  bool preload = true;           // the page after the one that is computed
  int rows = 0;                  // query rows, at most kMaxQueryRows
  const float* q[kMaxQueryRows];
  float* out[kMaxQueryRows];
  int first[kMaxQueryRows], visible[kMaxQueryRows];  // the row sees positions first .. visible - 1
  uint8_t* scratch = nullptr;                        // code_scratch_bytes, on a cache line
  // If not null: only positions kChunk · chunk … are looked at, and what comes of them for each row is stored
  // here [rows][partial_floats], not in out.
  float* partials = nullptr;
  int chunk = 0;
};

// Few rows over many positions: threads share the chunks.
constexpr int kChunk = 16 * kPage;
// n and, from the 16th on, l in sixteen parts, then O.
constexpr size_t partial_floats(int value_size) { return 32 + (value_size + 31) / 32 * 32; }

constexpr size_t code_scratch_bytes(const CodeLayout& layout) {
  const size_t width = (layout.width + 31) / 32 * 32, values = (layout.value_width() + 15) / 16 * 16;
  // Sums of a chunk and of all, digits of the query and of a page's probabilities, and the scales and offsets
  // of both, each on a cache line.
  const size_t scales = (8 * static_cast<size_t>(layout.groups()) + 63) / 64 * 64;
  const size_t row =
      2 * 4 * values + 2 * width + 2 * static_cast<size_t>(kPage) * layout.value_groups() + 2 * scales;
  return kMaxQueryRows * row + (layout.latent ? static_cast<size_t>(kPage) * layout.latent : 0);
}

// How far a page's 64 positions turn a key.
struct PageTurn {
  const float* cosines;  // [half]
  const float* sines;
  int half;
  bool halves;  // pairs (i, i + half), else (2i, 2i + 1)
};

constexpr int kMostCodes = 512;  // that share a scale

struct CodeAttentionKernels {
  // Passes: 1 or 2 digits of queries and probabilities.
  void (*attend[kCodeTypes][2])(const CodeTask& task);
  // What chunks of a row, `stride` floats apart, come to.
  void (*merge)(float* partials, size_t stride, int chunks, int value_size, float* out);
  // What is taken from the keys of a page: nothing, if `before` is null, else the mean of the keys of that
  // page, turned. Every step is rounded (src/attention/key-shift.ts).
  void (*start_page[kCodeTypes])(const CodeLayout& layout, uint8_t* page, const uint8_t* before,
                                 const PageTurn& turn);
  // Position `at` of a page; of latent rows there is no v. False if a value is not finite; what is stored is
  // then worthless.
  bool (*store[kCodeTypes])(const CodeLayout& layout, const float* k, const float* v, int at, uint8_t* page);
};

extern const CodeAttentionKernels kCodeAttentionGeneric;
extern const CodeAttentionKernels kCodeAttentionAvx2;
extern const CodeAttentionKernels kCodeAttentionAvxVnni;
extern const CodeAttentionKernels kCodeAttentionAvx512Vnni;
extern const CodeAttentionKernels kCodeAttentionNeonDot;
const CodeAttentionKernels* code_attention_kernels(int level);

}  // namespace multiscale
