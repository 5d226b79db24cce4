// Sixteen floats, whatever the register width: one AVX-512 register, two AVX, four SSE or NEON.
//
// Every kernel file includes this with its own instruction-set flags, so everything here has internal
// linkage: a shared inline function compiled for AVX-512 must never be the one that the generic kernels
// are linked against. For the same reason kernel files use no standard library templates.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>  // which every CPU of this architecture has
#endif

#define MS_INLINE static inline __attribute__((always_inline))
#define MS_INLINE_MEMBER inline __attribute__((always_inline))

#if defined(__AVX512F__)
#define MS_WIDTH 64
#elif defined(__AVX2__)
#define MS_WIDTH 32
#else
#define MS_WIDTH 16
#endif

namespace {

constexpr int kLanes = MS_WIDTH / 4;
constexpr int kParts = 16 / kLanes;

typedef float VecF __attribute__((vector_size(MS_WIDTH)));
typedef int32_t VecI __attribute__((vector_size(MS_WIDTH)));
typedef uint16_t VecH __attribute__((vector_size(MS_WIDTH / 2)));
typedef int16_t VecW __attribute__((vector_size(MS_WIDTH / 2)));
typedef int8_t VecS __attribute__((vector_size(MS_WIDTH / 4)));
typedef uint8_t VecB __attribute__((vector_size(MS_WIDTH / 4)));

struct F16 {
  VecF part[kParts];
};
struct I16 {
  VecI part[kParts];
};

// Register by register: GCC 12 copies a larger struct through the stack, in pieces that stall its way back.
MS_INLINE F16 load16(const float* p) {
  F16 v;
  for (int i = 0; i < kParts; i++) memcpy(&v.part[i], p + i * kLanes, MS_WIDTH);
  return v;
}

MS_INLINE void store16(float* p, F16 v) {
  for (int i = 0; i < kParts; i++) memcpy(p + i * kLanes, &v.part[i], MS_WIDTH);
}

MS_INLINE I16 load16(const int32_t* p) {
  I16 v;
  for (int i = 0; i < kParts; i++) memcpy(&v.part[i], p + i * kLanes, MS_WIDTH);
  return v;
}

MS_INLINE void store16(int32_t* p, I16 v) {
  for (int i = 0; i < kParts; i++) memcpy(p + i * kLanes, &v.part[i], MS_WIDTH);
}

MS_INLINE F16 broadcast16(float x) {
  F16 v;
  for (int i = 0; i < kParts; i++) v.part[i] = x - (VecF){};
  return v;
}

// Lane i: all bits of it, if i < n.
MS_INLINE I16 lanes_below(int n) {
  const int32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  I16 v = load16(lanes);
  for (int i = 0; i < kParts; i++) v.part[i] = v.part[i] < n - (VecI){};
  return v;
}

// The first n lanes of v, and the others of the rest.
MS_INLINE F16 first_lanes(F16 v, int n, F16 rest) {
  const I16 mask = lanes_below(n);
  for (int i = 0; i < kParts; i++)
    v.part[i] = (VecF)((mask.part[i] & (VecI)v.part[i]) | (~mask.part[i] & (VecI)rest.part[i]));
  return v;
}

// Loads n < 16 floats and fills the rest with zeros; reads nothing behind them.
MS_INLINE F16 load_partial16(const float* p, int n) {
#if defined(__AVX512F__)
  F16 v;
  v.part[0] = (VecF)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
  return v;
#elif defined(__AVX2__)
  const I16 mask = lanes_below(n);
  F16 v;
  for (int i = 0; i < kParts; i++)
    v.part[i] = (VecF)_mm256_maskload_ps(p + i * kLanes, (__m256i)mask.part[i]);
  return v;
#else
  float tail[16] = {0};
  for (int i = 0; i < n; i++) tail[i] = p[i];
  return load16(tail);
#endif
}

MS_INLINE void store_partial16(float* p, F16 v, int n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v.part[0]);
#elif defined(__AVX2__)
  const I16 mask = lanes_below(n);
  for (int i = 0; i < kParts; i++)
    _mm256_maskstore_ps(p + i * kLanes, (__m256i)mask.part[i], (__m256)v.part[i]);
#else
  float tail[16];
  store16(tail, v);
  for (int i = 0; i < n; i++) p[i] = tail[i];
#endif
}

// Elements at … at + 15 of `count`; zeros for those beyond.
MS_INLINE F16 load_up_to(const float* p, int at, int count) {
  if (at + 16 <= count) return load16(p + at);
  return at < count ? load_partial16(p + at, count - at) : broadcast16(0.0f);
}

// Stores those of at … at + 15 that lie below `count`, which is above `at`.
MS_INLINE void store_up_to(float* p, int at, int count, F16 v) {
  if (at + 16 <= count) store16(p + at, v);
  else store_partial16(p + at, v, count - at);
}

MS_INLINE F16 operator+(F16 a, F16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] += b.part[i];
  return a;
}

MS_INLINE F16 operator-(F16 a, F16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] -= b.part[i];
  return a;
}

MS_INLINE F16 operator*(F16 a, F16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] *= b.part[i];
  return a;
}

MS_INLINE F16 operator/(F16 a, F16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] /= b.part[i];
  return a;
}

// a · b + c with one rounding, on every instruction set.
MS_INLINE F16 fma16(F16 a, F16 b, F16 c) {
#if defined(__AVX512F__)
  c.part[0] = (VecF)_mm512_fmadd_ps((__m512)a.part[0], (__m512)b.part[0], (__m512)c.part[0]);
#elif defined(__FMA__)
  for (int i = 0; i < kParts; i++)
    c.part[i] = (VecF)_mm256_fmadd_ps((__m256)a.part[i], (__m256)b.part[i], (__m256)c.part[i]);
#elif defined(__aarch64__)
  for (int i = 0; i < kParts; i++)
    c.part[i] = (VecF)vfmaq_f32((float32x4_t)c.part[i], (float32x4_t)a.part[i], (float32x4_t)b.part[i]);
#else
  float x[16], y[16], z[16];
  store16(x, a);
  store16(y, b);
  store16(z, c);
  for (int i = 0; i < 16; i++) z[i] = __builtin_fmaf(x[i], y[i], z[i]);
  c = load16(z);
#endif
  return c;
}

// a · b + c, fused where the CPU does it in one instruction: for results that are held to a tolerance.
MS_INLINE F16 madd16(F16 a, F16 b, F16 c) {
#if defined(__FMA__) || defined(__aarch64__)
  return fma16(a, b, c);
#else
  for (int i = 0; i < kParts; i++) c.part[i] += a.part[i] * b.part[i];
  return c;
#endif
}

MS_INLINE F16 max16(F16 a, F16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] = a.part[i] > b.part[i] ? a.part[i] : b.part[i];
  return a;
}

MS_INLINE F16 min16(F16 a, F16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] = a.part[i] < b.part[i] ? a.part[i] : b.part[i];
  return a;
}

// Correctly rounded, on every instruction set.
MS_INLINE F16 sqrt16(F16 a) {
#if defined(__AVX512F__)
  a.part[0] = (VecF)_mm512_sqrt_ps((__m512)a.part[0]);
#elif defined(__AVX2__)
  for (int i = 0; i < kParts; i++) a.part[i] = (VecF)_mm256_sqrt_ps((__m256)a.part[i]);
#elif defined(__SSE2__)
  for (int i = 0; i < kParts; i++) a.part[i] = (VecF)_mm_sqrt_ps((__m128)a.part[i]);
#elif defined(__aarch64__)
  for (int i = 0; i < kParts; i++) a.part[i] = (VecF)vsqrtq_f32((float32x4_t)a.part[i]);
#else
  float x[16];
  store16(x, a);
  for (int i = 0; i < 16; i++) x[i] = __builtin_sqrtf(x[i]);
  a = load16(x);
#endif
  return a;
}

// Bit pattern of |x|: monotonic in |x|, and above 0x7f800000 exactly for NaN, equal to it for infinity.
MS_INLINE I16 magnitude_bits16(F16 v) {
  I16 bits;
  for (int i = 0; i < kParts; i++) bits.part[i] = (VecI)v.part[i] & 0x7fffffff;
  return bits;
}

MS_INLINE I16 max16(I16 a, I16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] = a.part[i] > b.part[i] ? a.part[i] : b.part[i];
  return a;
}

MS_INLINE I16 broadcast16(int32_t x) {
  I16 v;
  for (int i = 0; i < kParts; i++) v.part[i] = x - (VecI){};
  return v;
}

MS_INLINE I16 operator+(I16 a, I16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] += b.part[i];
  return a;
}

MS_INLINE I16 operator|(I16 a, I16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] |= b.part[i];
  return a;
}

MS_INLINE I16 operator-(I16 a, I16 b) {
  for (int i = 0; i < kParts; i++) a.part[i] -= b.part[i];
  return a;
}

// Arithmetic.
MS_INLINE I16 shift_right16(I16 a, int bits) {
  for (int i = 0; i < kParts; i++) a.part[i] >>= bits;
  return a;
}

MS_INLINE I16 shift_left16(I16 a, int bits) {
  for (int i = 0; i < kParts; i++) a.part[i] <<= bits;
  return a;
}

// In a long block GCC 12 for Arm moves all loads to the front, and then has no registers left for sums.
#if defined(__aarch64__)
constexpr bool kLoadsWander = true;
// Keeps loads through two pointers behind what computes v.
MS_INLINE void load_after(I16& v, const uint8_t*& p, const uint8_t*& q) {
  for (int i = 0; i < kParts; i++) __asm__ volatile("" : "+r"(p), "+r"(q), "+w"(v.part[i]));
}
#else
constexpr bool kLoadsWander = false;
MS_INLINE void load_after(I16&, const uint8_t*&, const uint8_t*&) {}
#endif

// Reductions pair lanes i and i + 8, then + 4, + 2, + 1: the same tree on every instruction set.
#if MS_WIDTH == 64
#define MS_LOW_HALF(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define MS_HIGH_HALF(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)
#endif
#define MS_LOW_QUARTER(v) __builtin_shufflevector(v, v, 0, 1, 2, 3)
#define MS_HIGH_QUARTER(v) __builtin_shufflevector(v, v, 4, 5, 6, 7)

// Four lanes of combine over lanes i, i + 4, i + 8, i + 12.
template <class Vector, class Combine>
MS_INLINE auto fold_to_four(const Vector (&part)[kParts], const Combine& combine) {
#if MS_WIDTH == 64
  const auto eight = combine(MS_LOW_HALF(part[0]), MS_HIGH_HALF(part[0]));
  return combine(MS_LOW_QUARTER(eight), MS_HIGH_QUARTER(eight));
#elif MS_WIDTH == 32
  const auto eight = combine(part[0], part[1]);
  return combine(MS_LOW_QUARTER(eight), MS_HIGH_QUARTER(eight));
#else
  return combine(combine(part[0], part[2]), combine(part[1], part[3]));
#endif
}

template <class Vector, class Combine>
MS_INLINE auto fold(const Vector (&part)[kParts], const Combine& combine) {
  const auto four = fold_to_four(part, combine);
  const auto two = combine(four, __builtin_shufflevector(four, four, 2, 3, 2, 3));
  return combine(two, __builtin_shufflevector(two, two, 1, 1, 1, 1))[0];
}

MS_INLINE float sum_lanes(F16 v) {
  return fold(v.part, [](auto a, auto b) { return a + b; });
}
MS_INLINE int32_t sum_lanes(I16 v) {
  return fold(v.part, [](auto a, auto b) { return a + b; });
}
MS_INLINE float max_lanes(F16 v) {
  return fold(v.part, [](auto a, auto b) { return a > b ? a : b; });
}
MS_INLINE int32_t max_lanes(I16 v) {
  return fold(v.part, [](auto a, auto b) { return a > b ? a : b; });
}

// To the nearest integer, ties to even. |v| must stay below 2^31.
MS_INLINE I16 round16(F16 v) {
  I16 r;
#if defined(__AVX512F__)
  r.part[0] = (VecI)_mm512_cvtps_epi32((__m512)v.part[0]);
#elif defined(__AVX2__)
  for (int i = 0; i < kParts; i++) r.part[i] = (VecI)_mm256_cvtps_epi32((__m256)v.part[i]);
#elif defined(__SSE2__)
  for (int i = 0; i < kParts; i++) r.part[i] = (VecI)_mm_cvtps_epi32((__m128)v.part[i]);
#elif defined(__aarch64__)
  for (int i = 0; i < kParts; i++) r.part[i] = (VecI)vcvtnq_s32_f32((float32x4_t)v.part[i]);
#else
  float x[16];
  int32_t y[16];
  store16(x, v);
  for (int i = 0; i < 16; i++) y[i] = (int32_t)__builtin_rintf(x[i]);
  r = load16(y);
#endif
  return r;
}

MS_INLINE F16 to_float16(I16 v) {
  F16 r;
  for (int i = 0; i < kParts; i++) r.part[i] = __builtin_convertvector(v.part[i], VecF);
  return r;
}

// IEEE half to single, exact, including subnormals, infinities and NaN.
MS_INLINE F16 load_half16(const uint16_t* p) {
  F16 r;
#if defined(__AVX512F__)
  r.part[0] = (VecF)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p));
#elif defined(__F16C__)
  for (int i = 0; i < kParts; i++)
    r.part[i] = (VecF)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)(p + i * kLanes)));
#elif defined(__aarch64__)
  for (int i = 0; i < kParts; i++)
    r.part[i] = (VecF)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + i * kLanes)));
#else
  for (int i = 0; i < kParts; i++) {
    VecH h;
    memcpy(&h, p + i * kLanes, sizeof h);
    VecI w = __builtin_convertvector(h, VecI);
    VecI magnitude = (w & 0x7fff) << 13, sign = (w & 0x8000) << 16;
    // Moves the exponent bias from 15 to 127, and normalises subnormals on the way.
    magnitude = (VecI)((VecF)magnitude * 0x1p112f);
    magnitude |= sign | (((w & 0x7c00) == 0x7c00) & 0x7f800000);  // infinity and NaN keep their exponent
    r.part[i] = (VecF)magnitude;
  }
#endif
  return r;
}

MS_INLINE F16 load_bfloat16(const uint16_t* p) {
  F16 r;
  for (int i = 0; i < kParts; i++) {
#if defined(__aarch64__)
    r.part[i] = (VecF)vshll_n_u16(vld1_u16(p + i * kLanes), 16);
#else
    VecH h;
    memcpy(&h, p + i * kLanes, sizeof h);
    r.part[i] = (VecF)(__builtin_convertvector(h, VecI) << 16);
#endif
  }
  return r;
}

// GCC 12 widens bytes one by one if left alone.
MS_INLINE VecI widen_int8(const int8_t* p) {
#if defined(__AVX512F__)
  return (VecI)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)p));
#elif defined(__AVX2__)
  return (VecI)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)p));
#else
  VecS bytes;
  memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, VecI);
#endif
}

MS_INLINE VecI widen_uint8(const uint8_t* p) {
#if defined(__AVX512F__)
  return (VecI)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)p));
#elif defined(__AVX2__)
  return (VecI)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p));
#else
  VecB bytes;
  memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, VecI);
#endif
}

MS_INLINE F16 load_int8x16(const int8_t* p) {
  I16 r;
#if defined(__aarch64__)
  const int8x16_t bytes = vld1q_s8(p);
  const int16x8_t words[2] = {vmovl_s8(vget_low_s8(bytes)), vmovl_high_s8(bytes)};
  for (int i = 0; i < 2; i++) {
    r.part[2 * i] = (VecI)vmovl_s16(vget_low_s16(words[i]));
    r.part[2 * i + 1] = (VecI)vmovl_high_s16(words[i]);
  }
#else
  for (int i = 0; i < kParts; i++) r.part[i] = widen_int8(p + i * kLanes);
#endif
  return to_float16(r);
}

MS_INLINE I16 load_uint8x16_as_int(const uint8_t* p) {
  I16 r;
#if defined(__aarch64__)
  const uint8x16_t bytes = vld1q_u8(p);
  const uint16x8_t words[2] = {vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes)};
  for (int i = 0; i < 2; i++) {
    r.part[2 * i] = (VecI)vmovl_u16(vget_low_u16(words[i]));
    r.part[2 * i + 1] = (VecI)vmovl_high_u16(words[i]);
  }
#else
  for (int i = 0; i < kParts; i++) r.part[i] = widen_uint8(p + i * kLanes);
#endif
  return r;
}

MS_INLINE F16 load_uint8x16(const uint8_t* p) { return to_float16(load_uint8x16_as_int(p)); }

// Half of what E8M0 bytes stand for, 2^(e - 128): below e = 2 subnormal, and still exact. (0xff is NaN.)
MS_INLINE F16 load_half_e8m0x16(const uint8_t* p) {
  const I16 e = load_uint8x16_as_int(p);
  F16 r;
  for (int i = 0; i < kParts; i++) {
    const VecI subnormal = 0x00200000 << (e.part[i] & 1), normal = (e.part[i] - 1) << 23;
    r.part[i] = (VecF)(e.part[i] < 2 ? subnormal : normal);
  }
  return r;
}

// Half of what UE4M3 bytes (FP8 E4M3 without a sign) stand for. (0x7f is NaN.)
MS_INLINE F16 load_half_ue4m3x16(const uint8_t* p) {
  const I16 e = load_uint8x16_as_int(p);
  F16 r;
  for (int i = 0; i < kParts; i++) {
    const VecI bits = e.part[i] << 20;
    memcpy(&r.part[i], &bits, sizeof bits);
    r.part[i] *=
        0x1p119f;  // moves the exponent bias from 7 to 127, halves, and normalises subnormals on the way
  }
  return r;
}

// IEEE single to half, to nearest, ties to even; overflow gives infinity.
MS_INLINE uint16_t half_bits(float x) {
#if defined(__F16C__)
  return (uint16_t)_cvtss_sh(x, 0);
#elif defined(__aarch64__)
  const __fp16 half = (__fp16)x;
  uint16_t bits;
  memcpy(&bits, &half, 2);
  return bits;
#else
  uint32_t bits;
  memcpy(&bits, &x, 4);
  const uint32_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);  // rounds to 65536 or more
  if (magnitude <
      0x38800000) {  // below 2^-14: adding 2^-1 · 2^-13 leaves the half's subnormal in the low bits
    float f;
    memcpy(&f, &magnitude, 4);
    f += 0.5f;
    memcpy(&magnitude, &f, 4);
    return (uint16_t)(sign | (magnitude - 0x3f000000));
  }
  magnitude += 0xc8000fff + ((magnitude >> 13) & 1);  // exponent bias 127 → 15, round half to even
  return (uint16_t)(sign | (magnitude >> 13));
#endif
}

// e^x for x <= 88; 0 below -87.3, infinity above 88. Range reduction by ln 2 in two parts, then the
// Taylor polynomial of degree 7 on |r| <= 0.35: truncation below 6e-9, so the error is rounding, about 2
// units in the last place.
MS_INLINE F16 exp16(F16 x) {
  F16 result;
  const F16 low = broadcast16(-87.33654f), high = broadcast16(88.0f);
  const F16 infinity = broadcast16(__builtin_inff());
  const F16 clamped = max16(low, min16(x, high));
  const I16 n = round16(clamped * broadcast16(1.44269504f));
  const F16 nf = to_float16(n);
  const F16 r = (clamped - nf * broadcast16(0.693359375f)) - nf * broadcast16(-2.12194440e-4f);
  F16 p = broadcast16(1.0f / 5040);
  p = madd16(p, r, broadcast16(1.0f / 720));
  p = madd16(p, r, broadcast16(1.0f / 120));
  p = madd16(p, r, broadcast16(1.0f / 24));
  p = madd16(p, r, broadcast16(1.0f / 6));
  p = madd16(p, r, broadcast16(0.5f));
  p = madd16(p, r, broadcast16(1.0f));
  p = madd16(p, r, broadcast16(1.0f));
  for (int i = 0; i < kParts; i++) {
    const VecF scale = (VecF)((n.part[i] + 127) << 23);
    VecF value = x.part[i] < low.part[i] ? (VecF){} : p.part[i] * scale;
    value = x.part[i] > high.part[i] ? infinity.part[i] : value;
    result.part[i] = x.part[i] == x.part[i] ? value : x.part[i];  // NaN stays NaN
  }
  return result;
}

// cap · tanh(s / cap)
MS_INLINE F16 soft_cap16(F16 s, float cap) {
  const F16 one = broadcast16(1.0f), e = exp16(s * broadcast16(2.0f / cap));
  return broadcast16(cap) * (one - broadcast16(2.0f) / (e + one));
}

}  // namespace
