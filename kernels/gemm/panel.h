// Unpacks a block of weights into a panel (contract.h); the same source for every instruction set. A variant
// includes this after tile.h; the kernels themselves are generated (scripts/panel-kernels.mjs).
#pragma once
#include "gemm/codes.h"

namespace {

typedef uint8_t Bytes __attribute__((vector_size(MS_WIDTH)));
typedef int16_t Words __attribute__((vector_size(MS_WIDTH)));

// Σ of the four signed bytes of each lane.
MS_INLINE VecI sum_of_bytes(VecI v) { return (v << 24 >> 24) + (v << 16 >> 24) + (v << 8 >> 24) + (v >> 24); }

template <Layout L>
void unpack(const uint8_t* block, int records, int index, const multiscale::Panel& panel) {
  constexpr LayoutInfo kLayout = kInfo<L>;
  constexpr bool kBytes = multiscale::in_bytes(kForm);
  constexpr bool kCorrected = kForm == multiscale::DigitForm::kBytes;
  constexpr int kQuads = 8 / kLayout.parts();
  uint8_t* codes = panel.codes + index * 64;
  size_t at = index * 16;  // of the part, in the arrays of rows
  for (int record = 0; record < records; record++, block += kLayout.record_bytes()) {
    const Scales<L> scales(block);
    for (int g = 0; g < kLayout.groups(); g++) {
      const uint8_t* group = block + kLayout.header_bytes() + g * kLayout.group_bytes();
      for (int part = 0; part < kLayout.parts(); part++) {
        I16 sum = broadcast16(0);
#pragma GCC unroll 8
        for (int i = 0; i < kQuads; i++) {
          I16 quad = load_codes<L>(group, part * kQuads + i);
          if constexpr (kBytes) {
            for (int p = 0; p < kParts; p++) {
              quad.part[p] = (VecI)((Bytes)quad.part[p] - (uint8_t)kOffset<L>);
              if constexpr (kCorrected) sum.part[p] += sum_of_bytes(quad.part[p]);
            }
            store16((int32_t*)codes, quad);
            codes += kPanelBlocks * 64;
          } else {
            I16 near, far;  // columns 0 and 1, 2 and 3
            for (int p = 0; p < kParts; p++) {
              const VecI v = quad.part[p];
              near.part[p] = (VecI)((Words)((v & 255) | (v & 0xff00) << 8) - (int16_t)kOffset<L>);
              far.part[p] = (VecI)((Words)((v >> 16 & 255) | (v >> 8 & 0xff0000)) - (int16_t)kOffset<L>);
            }
            store16((int32_t*)codes, near);
            store16((int32_t*)(codes + kPanelBlocks * 64), far);
            codes += kPanelBlocks * 128;
          }
        }
        if constexpr (kCorrected) {
          for (int p = 0; p < kParts; p++) sum.part[p] *= -128;
          store16(panel.corrections + at, sum);
        }
        store16(panel.scales + at, scales.of(g, part));
        if constexpr (kLayout.minimum()) store16(panel.minimums + at, scales.minimum_of(g, part));
        at += kPanelBlocks * 16;
      }
    }
  }
}

constexpr void fill_unpack_table(multiscale::GemmKernels& table) {
  table.panel.blocks = kPanelBlocks;
#define MS_FILL(type) table.panel.unpack[(int)Layout::type] = unpack<Layout::type>;
  MS_EACH_LAYOUT(MS_FILL)
#undef MS_FILL
}

}  // namespace
