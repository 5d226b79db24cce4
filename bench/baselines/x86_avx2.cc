namespace {
constexpr int kPanelBlocks = 1;
}

#include "baselines/float32.h"

const multiscale::Baseline multiscale::kFloat32Avx2 = {
    1,
    prepare_tile,
    kTileFloats,
    4,
    {tile<1>, tile<2>, tile<4>},
    prepare_panel,
    unpack,
    &multiscale::kGemmAvx2.float_panel,
};
