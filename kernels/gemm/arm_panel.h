// Panels (contract.h) with the Armv8.2 dot product. sdot takes one of four quads of digits from a register,
// so 16 columns of T tokens, [column / 4][token T][4 bytes], are T registers of digits: no broadcasts. For
// each group, 16 rows and T tokens at a time:
//
//   for each part of the group
//     A[t][row] = Σ high digit · code; A <<= 8; A += Σ low digit · code     (a third digit into B)
//     F[t][row] += float(A) · (scale[row] · scale of t)
//   F[t][row] −= minimum[row] · sum of t
#pragma once
#include "base/simd.h"
#include "gemm/contract.h"

namespace {

using multiscale::PanelArguments;

// Calls body(Index<0>) … body(Index<N − 1>): lanes are part of an instruction, so they must be constants.
template <int I>
struct Index {
  static constexpr int value = I;
};

template <int N, class Body>
MS_INLINE void each(const Body& body) {
  if constexpr (N > 0) {
    each<N - 1>(body);
    body(Index<N - 1>{});
  }
}

// sum[token] += Σ digit · code over 16 columns.
template <int T>
MS_INLINE void multiply16(I16 (&sum)[T], const uint8_t* digits, const uint8_t* codes) {
  load_after(sum[T - 1], digits, codes);
  int8x16_t x[T];
  for (int i = 0; i < T; i++) x[i] = vld1q_s8((const int8_t*)digits + i * 16);
  each<4>([&](auto step) __attribute__((always_inline)) {
    const I16 w = load16((const int32_t*)(codes + step.value * 64));
    each<T>([&](auto t) __attribute__((always_inline)) {
      constexpr int kQuad = decltype(step)::value * T + decltype(t)::value;
      I16& s = sum[t.value];
      for (int p = 0; p < kParts; p++)
        s.part[p] =
            (VecI)vdotq_laneq_s32((int32x4_t)s.part[p], (int8x16_t)w.part[p], x[kQuad / 4], kQuad % 4);
    });
  });
}

// Over all columns of a part.
template <int T, int Columns>
MS_INLINE void multiply(I16 (&sum)[T], const uint8_t* digits, const uint8_t* codes) {
  for (int k = 0; k < Columns; k += 16) multiply16<T>(sum, digits + k * T, codes + k * 16);
}

template <int Passes, bool Halves, bool Minimum, int T>
void panel_kernel(const PanelArguments* arguments) {
  constexpr int kPanelParts = Halves ? 2 : 1, kColumns = multiscale::kGroup / kPanelParts;
  constexpr int kPlaneBytes = multiscale::kGroup * T;
  const PanelArguments a = *arguments;
  const uint8_t *digits = a.digits, *codes = a.codes;
  const float *scales = a.scales, *minimums = a.minimums, *tokens = a.tokens;

  F16 total[T];
  for (int t = 0; t < T; t++) total[t] = broadcast16(0.0f);

  for (size_t group = 0; group < a.groups; group++) {
    for (int part = 0; part < kPanelParts; part++) {
      const uint8_t* x = digits + part * kColumns * T;
      I16 sum[T];
      F16 upper[T];
      for (int t = 0; t < T; t++) sum[t] = broadcast16(0);
      multiply<T, kColumns>(sum, x, codes);
      if constexpr (Passes > 1) {
        for (int t = 0; t < T; t++) sum[t] = shift_left16(sum[t], 8);
        multiply<T, kColumns>(sum, x + kPlaneBytes, codes);
      }
      if constexpr (Passes == 3) {
        for (int t = 0; t < T; t++) {
          upper[t] = to_float16(sum[t]);
          sum[t] = broadcast16(0);
        }
        multiply<T, kColumns>(sum, x + 2 * kPlaneBytes, codes);
      }
      const F16 scale = load16(scales);
      for (int t = 0; t < T; t++) {
        F16 product = to_float16(sum[t]);
        if constexpr (Passes == 3) product = fma16(upper[t], broadcast16(256.0f), product);
        total[t] = fma16(product, scale * broadcast16(tokens[t]), total[t]);
      }
      codes += kColumns * 16;
      scales += 16;
    }
    if constexpr (Minimum)
      for (int part = 0; part < kPanelParts; part++, minimums += 16) {
        const F16 minimum = load16(minimums);
        for (int t = 0; t < T; t++)
          total[t] = fma16(minimum, broadcast16(-tokens[(Halves ? 2 + part : 1) * T + t]), total[t]);
      }
    digits += Passes * kPlaneBytes;
    tokens += multiscale::kTokenFloats * T;
  }
  for (int t = 0; t < T; t++)
    store16((float*)((uint8_t*)a.y + t * a.stride), total[t] * broadcast16(a.factors[t]));
}

template <int Passes, int T>
constexpr void fill_panel_row(multiscale::PanelKernels& panel) {
  auto& kernel = panel.kernel[Passes - 1];
  kernel[0][0][T - 1] = panel_kernel<Passes, false, false, T>;
  kernel[0][1][T - 1] = panel_kernel<Passes, false, true, T>;
  kernel[1][0][T - 1] = panel_kernel<Passes, true, false, T>;
  kernel[1][1][T - 1] = panel_kernel<Passes, true, true, T>;
  panel.max_tokens[Passes - 1] = 4;
}

// Six rows and more are cut into tiles of 3 and 4 (plan_panel_tiles in linear.cc).
constexpr void fill_panel_kernels(multiscale::GemmKernels& table) {
  // Not timed. By instructions, unpacking is paid for at 4 tokens of two or three digits, at 9 of one.
  table.panel.min_rows = 12;
  fill_panel_row<1, 3>(table.panel);
  fill_panel_row<1, 4>(table.panel);
  fill_panel_row<2, 3>(table.panel);
  fill_panel_row<2, 4>(table.panel);
  fill_panel_row<3, 3>(table.panel);
  fill_panel_row<3, 4>(table.panel);
}

// The float product: y[t][row] += Σ_k x[k][t] · weight[k][row].
template <int T>
void float_panel_kernel(const multiscale::FloatPanelArguments* arguments) {
  const multiscale::FloatPanelArguments a = *arguments;
  const auto y = [&](int t) { return (float*)((uint8_t*)a.y + t * a.stride); };
  const float *x = a.x, *weights = a.weights;
  F16 total[T];
#pragma GCC unroll 8
  for (int t = 0; t < T; t++) total[t] = load16(y(t));
  for (size_t k = 0; k < a.count; k++, x += T, weights += 16) {
    const F16 w = load16(weights);
#pragma GCC unroll 8
    for (int t = 0; t < T; t++) total[t] = fma16(w, broadcast16(x[t]), total[t]);
  }
#pragma GCC unroll 8
  for (int t = 0; t < T; t++) store16(y(t), total[t]);
}

// Eight rows and more are cut into tiles of 4, 5 and 6.
constexpr void fill_float_panel_kernels(multiscale::GemmKernels& table) {
  table.float_panel.min_rows = 8;
  table.float_panel.max_tokens = 6;
  table.float_panel.kernel[3] = float_panel_kernel<4>;
  table.float_panel.kernel[4] = float_panel_kernel<5>;
  table.float_panel.kernel[5] = float_panel_kernel<6>;
}

}  // namespace
