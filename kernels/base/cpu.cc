#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <unistd.h>
#endif

namespace multiscale {

const char* level_name(Level level) {
  static const char* const names[kLevels] = {"generic", "avx2", "avxvnni", "avx512vnni", "neondot"};
  return names[static_cast<int>(level)];
}

bool level_compiled(Level level) {
  switch (level) {
    case Level::kGeneric: return true;
#if defined(MULTISCALE_X86_AVX2)
    case Level::kAvx2: return true;
#endif
#if defined(MULTISCALE_X86_AVXVNNI)
    case Level::kAvxVnni: return true;
#endif
#if defined(MULTISCALE_X86_AVX512VNNI)
    case Level::kAvx512Vnni: return true;
#endif
#if defined(MULTISCALE_ARM_NEONDOT)
    case Level::kNeonDot: return true;
#endif
    default: return false;
  }
}

size_t second_level_cache() {
  long long bytes = 0;
#if defined(__APPLE__)
  size_t size = sizeof bytes;
  if (sysctlbyname("hw.l2cachesize", &bytes, &size, nullptr, 0) != 0) bytes = 0;
#elif defined(_SC_LEVEL2_CACHE_SIZE)
  bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
  return bytes > 0 ? static_cast<size_t>(bytes) : size_t{256} << 10;
}

#if defined(__x86_64__)

namespace {

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r;
  if (static_cast<unsigned>(__get_cpuid_max(0, nullptr)) >= leaf)
    __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
  return r;
}

bool bit(unsigned word, int index) { return (word >> index) & 1; }

// XCR0: the register sets that the operating system saves on a context switch.
unsigned long long saved_state() {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
}

}  // namespace

bool cpu_supports(Level level) {
  if (level == Level::kGeneric) return true;
  if (level == Level::kNeonDot) return false;
  const Registers one = cpuid(1, 0), seven = cpuid(7, 0), seven1 = cpuid(7, 1);
  if (!bit(one.c, 27)) return false;  // OSXSAVE
  const unsigned long long state = saved_state();
  const bool avx2 = (state & 6) == 6 && bit(one.c, 28) && bit(one.c, 12) && bit(one.c, 29) && bit(seven.b, 5);
  if (!avx2) return false;  // AVX, FMA, F16C and AVX2: every level above generic uses all four
  if (level == Level::kAvx2) return true;
  if (level == Level::kAvxVnni) return bit(seven1.a, 4);
  const bool zmm = (state & 0xe6) == 0xe6;
  const bool foundation = bit(seven.b, 16) && bit(seven.b, 17) && bit(seven.b, 30) && bit(seven.b, 31);
  return zmm && foundation && bit(seven.c, 11);  // F, DQ, BW, VL, VNNI
}

bool cpu_has_avx512_bf16() { return cpu_supports(Level::kAvx512Vnni) && bit(cpuid(7, 1).a, 5); }

bool cpu_vendor_is_amd() {
  const Registers zero = cpuid(0, 0);
  return zero.b == 0x68747541 && zero.d == 0x69746e65 && zero.c == 0x444d4163;  // "AuthenticAMD"
}

#else

namespace {

bool has_dot_product() {
#if defined(__aarch64__) && defined(__linux__)
  return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#elif defined(__aarch64__) && defined(__APPLE__)
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, nullptr, 0) == 0 && value != 0;
#else
  return false;
#endif
}

}  // namespace

bool cpu_supports(Level level) {
  return level == Level::kGeneric || (level == Level::kNeonDot && has_dot_product());
}

bool cpu_vendor_is_amd() { return false; }
bool cpu_has_avx512_bf16() { return false; }

#endif

}  // namespace multiscale
