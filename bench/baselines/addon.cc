// What bench/baselines.mjs calls: matrices of Q4_0 weights, the baselines' products with them, and the
// ceilings of the machine on the same threads.
#include <atomic>
#include <chrono>
#include <map>
#include <string>

#include "base/arguments.h"
#include "base/cpu.h"
#include "baselines/products.h"
#include "roofline/probes.h"

namespace multiscale {

namespace {

struct Session {
  Level level;
  Pool pool;
  std::vector<Weight> weights;
  std::map<std::string, Products> products;  // by baseline and way
  Session(Level l, int threads) : level(l), pool(threads) {}
};

const napi_type_tag kSessionTag = {0x6d756c7469736361, 0x6c65626173656c69};

const Baseline* baseline_of(Level level, const std::string& name) {
  const bool wide = level == Level::kAvx512Vnni;
  if (name == "f32") return wide ? &kFloat32Avx512 : &kFloat32Avx2;
#if defined(BASELINES_BF16)
  if (name == "bf16" && wide && __builtin_cpu_supports("avx512bf16")) return &kBFloat16Avx512;
#endif
  return nullptr;
}

}  // namespace

template <>
const napi_type_tag& tag_of<Session>() {
  return kSessionTag;
}

namespace {

napi_value undefined(napi_env env) {
  napi_value result;
  napi_get_undefined(env, &result);
  return result;
}

// open(variant, threads)
napi_value open(napi_env env, Arguments& a) {
  const std::string variant = a.text(0);
  for (const Level level : {Level::kAvx2, Level::kAvxVnni, Level::kAvx512Vnni})
    if (variant == level_name(level) && cpu_supports(level))
      return wrap(env, std::make_unique<Session>(level, a.integer(1)));
  throw Failure{"there are no baselines for " + variant};
}

napi_value close(napi_env env, Arguments& a) {
  a.handle<Session>(0).object.reset();
  return undefined(env);
}

// weight(session, bytes, rows, cols): one more matrix.
napi_value weight(napi_env env, Arguments& a) {
  Session& s = a.object<Session>(0);
  Weight w(*weight_format("Q4_0"), a.integer(2), a.integer(3), 1.0f);
  if (!w.allocated()) throw std::bad_alloc();
  w.pack(s.pool, a.bytes(1, w.rows() * w.row_bytes()), 0, w.rows());
  s.weights.push_back(std::move(w));
  return undefined(env);
}

// possible(session, baseline, panels, tokens) → whether there are such kernels.
napi_value possible(napi_env env, Arguments& a) {
  const Baseline* baseline = baseline_of(a.object<Session>(0).level, a.text(1));
  const bool answer = baseline && (!a.boolean(2) || a.integer(3) >= baseline->panel->min_rows);
  napi_value result;
  napi_get_boolean(env, answer, &result);
  return result;
}

// multiply(session, baseline, panels, x, tokens, count, y): converts x once, then takes the first `count`
// matrices.
napi_value multiply(napi_env env, Arguments& a) {
  Session& s = a.object<Session>(0);
  const std::string name = a.text(1);
  const bool panels = a.boolean(2);
  const Baseline* baseline = baseline_of(s.level, name);
  const int tokens = a.integer(4), count = a.integer(5);
  if (!baseline || count < 1 || count > static_cast<int>(s.weights.size())) throw Failure{"impossible"};
  const int rows = s.weights[0].rows(), cols = s.weights[0].cols();
  const float* x = a.floats(3, static_cast<size_t>(tokens) * cols);
  float* y = a.floats(6, static_cast<size_t>(tokens) * rows);
  Products& products = s.products
                           .try_emplace(name + (panels ? "/panels" : "/tiles"), *baseline,
                                        panels ? Way::kPanels : Way::kTiles, s.pool)
                           .first->second;
  products.prepare(x, tokens, cols);
  for (int i = 0; i < count; i++) products.multiply(s.weights[i], y);
  return undefined(env);
}

// Bytes per second of reading the matrices themselves.
double read_rate(Session& s, const RooflineKernels& kernels) {
  static std::atomic<uint64_t> sink;
  const auto sweep = [&](size_t ahead) {
    const auto start = std::chrono::steady_clock::now();
    double bytes = 0;
    for (const Weight& w : s.weights) {
      s.pool.parallel_for(w.blocks(), [&](int block, int) {
        sink.store(kernels.read(w.block(block), w.block_bytes(), ahead), std::memory_order_relaxed);
      });
      bytes += w.bytes();
    }
    return bytes / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  return std::max(sweep(0), sweep(8 << 10));
}

// ceilings(session, milliseconds) → what the machine does now per second, at best: { read: bytes; int8, f32,
// bf16: multiply-adds }.
napi_value ceilings(napi_env env, Arguments& a) {
  Session& s = a.object<Session>(0);
  const double milliseconds = a.number(1);
  const int level = static_cast<int>(s.level);
  const RooflineKernels& kernels = *roofline_kernels(level);
  napi_value result;
  napi_create_object(env, &result);
  const auto set = [&](const char* name, double value) {
    napi_value number;
    napi_create_double(env, value, &number);
    napi_set_named_property(env, result, name, number);
  };
  set("read", read_rate(s, kernels));
  set("int8", multiply_peak(s.pool, kernels, milliseconds));
  set("f32", float_peak(s.pool, kernels, milliseconds));
  if (const BFloat16Roofline* bf16 = bfloat16_roofline(level))
    set("bf16", bfloat16_peak(s.pool, *bf16, milliseconds));
  return result;
}

// Codes per second that `unpack` takes from one block to a panel, both in the second-level cache, on all
// threads.
template <class Unpack>
double unpack_rate(Session& s, double milliseconds, const Unpack& unpack) {
  const Weight& w = s.weights[0];
  constexpr int kTimes = 16;  // of each task
  const int tasks = s.pool.threads() * 4;
  const double codes = static_cast<double>(tasks) * kTimes * w.cols() * kBlockRows;
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [](auto from) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  };
  double best = 0;
  do {
    const auto begin = std::chrono::steady_clock::now();
    s.pool.parallel_for(tasks, [&](int task, int thread) {
      for (int i = 0; i < kTimes; i++) unpack(w, w.block(task), thread);
    });
    best = std::max(best, codes / seconds(begin));
  } while (seconds(start) * 1e3 < milliseconds);
  return best;
}

// unpackRate(session, kind, milliseconds) → codes/s made what the panels of that kind hold: float32 or
// bfloat16 numbers of a baseline ('f32', 'bf16'), signed codes of the product ('digits').
napi_value unpack_rate(napi_env env, Arguments& a) {
  Session& s = a.object<Session>(0);
  const std::string kind = a.text(1);
  const double milliseconds = a.number(2);
  const int threads = s.pool.threads(), columns = s.weights.at(0).cols();
  // A block's panel of any kind: 4 bytes for each code, and as many for everything beside them.
  const size_t panel_bytes = size_t{8} * columns * kBlockRows * 2;
  Memory scratch(threads * panel_bytes, true);
  if (!scratch.data()) throw std::bad_alloc();
  const auto panel = [&](int thread) { return scratch.data() + thread * panel_bytes; };
  double rate;
  if (kind == "digits") {
    const GemmKernels& kernels = *gemm_kernels(static_cast<int>(s.level));
    rate = unpack_rate(s, milliseconds, [&](const Weight& w, const uint8_t* block, int thread) {
      uint8_t* codes = panel(thread);
      uint8_t* rest = codes + panel_bytes / 2;
      const size_t array = panel_bytes / 8;
      const Panel out{codes, reinterpret_cast<int32_t*>(rest), reinterpret_cast<float*>(rest + array),
                      reinterpret_cast<float*>(rest + 2 * array)};
      kernels.panel.unpack[static_cast<int>(w.format().layout)](block, w.records(), 0, out);
    });
  } else {
    const Baseline* baseline = baseline_of(s.level, kind);
    if (!baseline) throw Failure{"there is no baseline " + kind};
    rate = unpack_rate(s, milliseconds, [&](const Weight& w, const uint8_t* block, int thread) {
      baseline->unpack(block, 0, w.cols() / kGroup, 0, reinterpret_cast<float*>(panel(thread)));
    });
  }
  napi_value result;
  napi_create_double(env, rate, &result);
  return result;
}

}  // namespace

}  // namespace multiscale

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env,
                                                                                     napi_value exports) {
  using namespace multiscale;
  define(env, exports,
         {{"open", guarded<open>},
          {"close", guarded<close>},
          {"weight", guarded<weight>},
          {"possible", guarded<possible>},
          {"multiply", guarded<multiply>},
          {"unpackRate", guarded<unpack_rate>},
          {"ceilings", guarded<ceilings>}});
  return exports;
}
