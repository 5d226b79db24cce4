namespace {
constexpr int kPanelBlocks = 2;
}

#include "baselines/float32.h"

const multiscale::Baseline multiscale::kFloat32Avx512 = {
    1,
    prepare_tile,
    kTileFloats,
    8,
    {tile<1>, tile<2>, tile<4>, tile<8>},
    prepare_panel,
    unpack,
    &multiscale::kGemmAvx512Vnni.float_panel,
};
