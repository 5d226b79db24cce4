// Which instruction sets this CPU and operating system offer.
#pragma once
#include <cstddef>

namespace multiscale {

// Dispatch levels, from the one that runs everywhere to the widest. A level implies the ones that its
// kernels use, not those listed before it: AVX-512 VNNI does not imply AVX-VNNI.
enum class Level : int { kGeneric = 0, kAvx2 = 1, kAvxVnni = 2, kAvx512Vnni = 3, kNeonDot = 4 };
constexpr int kLevels = 5;

const char* level_name(Level level);
// True if this CPU can run the level, and the operating system saves the registers it needs.
bool cpu_supports(Level level);
bool cpu_vendor_is_amd();
// Products of bfloat16 numbers beside the level's own instructions.
bool cpu_has_avx512_bf16();
// Bytes of a core's second-level cache, as the operating system tells; 256 KB if it does not.
size_t second_level_cache();
// True if the level was compiled into this addon (an old compiler or another architecture leaves some out).
bool level_compiled(Level level);

}  // namespace multiscale
