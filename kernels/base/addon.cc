// The addon: a context (pool + variant) and the operations of the Backend interface on plain float
// arrays. Shapes are checked in TypeScript (src/backend/native.ts), where the names are known; here only
// what would crash is checked again.
#include "train/addon.h"

#include <string>

#include "attention/cache.h"
#include "base/context.h"
#include "roofline/probes.h"

#ifndef MULTISCALE_COMPILER
#define MULTISCALE_COMPILER "unknown"
#endif

namespace multiscale {

namespace {

const napi_type_tag kContextTag = {0x6d756c7469736361, 0x6c65636f6e746578};
const napi_type_tag kWeightTag = {0x6d756c7469736361, 0x6c65776569676874};
const napi_type_tag kDigitsTag = {0x6d756c7469736361, 0x6c65646967697473};
const napi_type_tag kCacheTag = {0x6d756c7469736361, 0x6c656b7663616368};

}  // namespace

template <>
const napi_type_tag& tag_of<Context>() {
  return kContextTag;
}
template <>
const napi_type_tag& tag_of<Weight>() {
  return kWeightTag;
}
template <>
const napi_type_tag& tag_of<Digits>() {
  return kDigitsTag;
}
template <>
const napi_type_tag& tag_of<KvCache>() {
  return kCacheTag;
}

namespace {

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

template <class T>
std::unique_ptr<T> allocated(std::unique_ptr<T> object, size_t bytes) {
  if (!object->allocated())
    throw Failure{"out of memory: the system refused " + std::to_string(bytes) + " bytes"};
  return object;
}

// variants() → [{ name, compiled, supported }], one per dispatch level.
napi_value variants(napi_env env, Arguments&) {
  napi_value list;
  napi_create_array_with_length(env, kLevels, &list);
  for (int i = 0; i < kLevels; i++) {
    const Level level = static_cast<Level>(i);
    napi_value entry, name, compiled, supported;
    napi_create_object(env, &entry);
    napi_create_string_utf8(env, level_name(level), NAPI_AUTO_LENGTH, &name);
    napi_get_boolean(env, level_compiled(level), &compiled);
    napi_get_boolean(env, cpu_supports(level), &supported);
    napi_set_named_property(env, entry, "name", name);
    napi_set_named_property(env, entry, "compiled", compiled);
    napi_set_named_property(env, entry, "supported", supported);
    napi_set_element(env, list, i, entry);
  }
  return list;
}

// context(variantName, threads)
napi_value context(napi_env env, Arguments& a) {
  const std::string name = a.text(0);
  for (int i = 0; i < kLevels; i++) {
    const Level level = static_cast<Level>(i);
    if (name != level_name(level)) continue;
    if (!level_compiled(level) || !cpu_supports(level))
      throw Failure{"this machine cannot run the variant " + name};
    return wrap(env, std::make_unique<Context>(level, a.integer(1)));
  }
  throw Failure{"no variant is called " + name};
}

// decodeThreads(context, threads)
napi_value decode_threads(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int threads = a.integer(1);
  if (threads < 1 || threads > c.pool.threads()) throw Failure{"not that many threads"};
  c.decode_threads = threads;
  return nullptr;
}

// Products of so few tokens are bound by memory.
constexpr int kDecodeRows = 4;

// The pool as products of `rows` tokens should use it, until this object ends.
class Share {
 public:
  Share(Context& c, int rows) : pool_(c.pool) {
    if (rows <= kDecodeRows) pool_.use(c.decode_threads);
  }
  ~Share() { pool_.use(pool_.threads()); }

 private:
  Pool& pool_;
};

// weight(type, rows, cols, scale): empty, to be packed
napi_value weight(napi_env env, Arguments& a) {
  const WeightFormat* format = weight_format(a.text(0).c_str());
  if (!format) throw Failure{"no weight format is called " + a.text(0)};
  auto object = std::make_unique<Weight>(*format, a.integer(1), a.integer(2), a.number(3));
  const size_t bytes = object->block_bytes() * object->blocks();
  return wrap(env, allocated(std::move(object), bytes));
}

// pack(context, weight, bytes, beginRow, rows) → first bad row, or -1
napi_value pack(napi_env env, Arguments& a) {
  Weight& w = a.object<Weight>(1);
  const int begin = a.integer(3), count = a.integer(4);
  if (begin < 0 || begin % kBlockRows || count < 0 || count > w.rows() - begin)
    throw Failure{"rows out of range"};
  return number(env, w.pack(a.object<Context>(0).pool, a.bytes(2, count * w.row_bytes()), begin, count));
}

napi_value weight_bytes(napi_env env, Arguments& a) { return number(env, a.object<Weight>(0).bytes()); }

// embed(context, weight, ids, count, out)
napi_value embed(napi_env, Arguments& a) {
  const Weight& w = a.object<Weight>(1);
  const int count = a.integer(3);
  const int32_t* ids = a.integers(2, count);
  float* out = a.floats(4, static_cast<size_t>(count) * w.cols());
  for (int i = 0; i < count; i++)
    if (ids[i] < 0 || ids[i] >= w.rows())
      throw Failure{"token id " + std::to_string(ids[i]) + " is out of range"};
  a.object<Context>(0).pool.parallel_for(
      count, [&](int i, int) { w.unpack_row(ids[i], out + static_cast<size_t>(i) * w.cols()); });
  return nullptr;
}

// digits(context, rows, cols, passes, perRow)
napi_value digits(napi_env env, Arguments& a) {
  const int rows = a.integer(1), cols = a.integer(2), passes = a.integer(3);
  if (rows < 1 || cols < 1 || passes < 1 || passes > 3) throw Failure{"digits out of range"};
  auto object = std::make_unique<Digits>(*a.object<Context>(0).gemm, rows, cols, passes, a.boolean(4));
  return wrap(env, allocated(std::move(object), static_cast<size_t>(rows) * cols * passes));
}

// decompose(context, digits, x, rows) → -1, or the index of the first value that is not finite
napi_value decompose(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  Digits& d = a.object<Digits>(1);
  const int rows = a.integer(3);
  if (rows < 0 || rows > d.capacity()) throw Failure{"more rows than the digits hold"};
  const float* x = a.floats(2, static_cast<size_t>(rows) * d.cols());
  return number(env, static_cast<double>(d.decompose(c.pool, *c.elementwise, x, rows)));
}

// Arguments from `first` on: weight, bias | null, y, again and again, for `rows` rows.
std::vector<Product> products(Arguments& a, size_t first, int rows) {
  std::vector<Product> list;
  for (size_t i = first; i + 3 <= a.count(); i += 3) {
    const Weight& w = a.object<Weight>(i);
    list.push_back(
        {&w, a.optional_floats(i + 1, w.rows()), a.floats(i + 2, static_cast<size_t>(rows) * w.rows())});
  }
  return list;
}

// linear(context, digits, weight, bias | null, y, weight, bias | null, y, …)
napi_value linear_digits(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const Digits& d = a.object<Digits>(1);
  const std::vector<Product> list = products(a, 2, d.rows());
  for (const Product& p : list)
    if (!p.weight->format().quantized || d.cols() != p.weight->cols())
      throw Failure{"digits and weight do not fit"};
  const Share share(c, d.rows());
  linear(c.pool, *c.gemm, d, list, c.scratch.at_least(scratch_bytes(c.pool, *c.gemm, d, list)), c.order);
  return nullptr;
}

// linearFloat(context, x, rows, weight, bias | null, y, weight, bias | null, y, …)
napi_value linear_float(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = a.integer(2);
  if (rows < 0) throw Failure{"a negative number of rows"};
  const std::vector<Product> list = products(a, 3, rows);
  const float* x = nullptr;
  for (const Product& p : list) {
    if (p.weight->format().quantized) throw Failure{"not a float weight"};
    x = a.floats(1, static_cast<size_t>(rows) * p.weight->cols());
  }
  for (const Product& p : list)
    if (p.weight->cols() != list[0].weight->cols())
      throw Failure{"weights of one activation with other columns"};
  const Share share(c, rows);
  linear(c.pool, *c.gemm, x, rows, list, c.scratch.at_least(scratch_bytes(c.pool, *c.gemm, rows, list)),
         c.order);
  return nullptr;
}

// rmsNorm(context, x, gain, epsilon, y, rows, cols)
napi_value rms_norm(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = a.integer(5), cols = a.integer(6);
  const size_t count = static_cast<size_t>(rows) * cols;
  const float *x = a.floats(1, count), *gain = a.floats(2, cols);
  float* y = a.floats(4, count);
  const float epsilon = a.number(3);
  c.pool.parallel_for(rows, [&](int row, int) {
    const size_t at = static_cast<size_t>(row) * cols;
    c.elementwise->rms_norm_row(x + at, gain, cols, epsilon, y + at);
  });
  return nullptr;
}

size_t element_count(Arguments& a, size_t i) {
  const int count = a.integer(i);
  if (count < 0) throw Failure{"a negative count"};
  return count;
}

// swiglu(context, gate, up, out, count)
napi_value swiglu(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const size_t count = element_count(a, 4);
  const float *gate = a.floats(1, count), *up = a.floats(2, count);
  float* out = a.floats(3, count);
  for_parts(c.pool, count,
            [&](size_t at, size_t n) { c.elementwise->swiglu(gate + at, up + at, n, out + at); });
  return nullptr;
}

// add(context, x, y, count)
napi_value add(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const size_t count = element_count(a, 3);
  float* x = a.floats(1, count);
  const float* y = a.floats(2, count);
  for_parts(c.pool, count, [&](size_t at, size_t n) { c.elementwise->add(x + at, y + at, n); });
  return nullptr;
}

// rope(context, x, rows, heads, headSize, table, tableWidth, positions, halfSplit)
// table: [position][cos 0..w/2, sin 0..w/2], w = rotated elements of a head
napi_value rope(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = a.integer(2), heads = a.integer(3), size = a.integer(4), width = a.integer(6);
  if (rows < 0 || heads < 1 || size < 1 || width > size || width % 2) throw Failure{"rope out of range"};
  float* x = a.floats(1, static_cast<size_t>(rows) * heads * size);
  const int32_t* positions = a.integers(7, rows);
  int known = 0;
  for (int row = 0; row < rows; row++) {
    if (positions[row] < 0) throw Failure{"rope out of range"};
    known = std::max(known, positions[row] + 1);
  }
  const float* table = a.floats(5, static_cast<size_t>(known) * width);
  const int half = width / 2, near = a.boolean(8) ? 1 : 2, far = a.boolean(8) ? half : 1;
  c.pool.parallel_for(rows, [&](int row, int) {
    const float* cosine = table + static_cast<size_t>(positions[row]) * width;
    const float* sine = cosine + half;
    for (int head = 0; head < heads; head++) {
      float* h = x + (static_cast<size_t>(row) * heads + head) * size;
      for (int i = 0; i < half; i++) {
        float &p = h[i * near], &q = h[i * near + far];
        const float u = p, v = q;
        p = u * cosine[i] - v * sine[i];
        q = u * sine[i] + v * cosine[i];
      }
    }
  });
  return nullptr;
}

// cache(type, layers, kvHeads, headSize, latent, pages, shifted, angles, half, halves)
napi_value cache(napi_env env, Arguments& a) {
  const std::string name = a.text(0);
  const CacheType type = name == "f32"    ? CacheType::kF32
                         : name == "f16"  ? CacheType::kF16
                         : name == "int8" ? CacheType::kInt8
                                          : CacheType::kMxfp4;
  const bool codes = type == CacheType::kInt8 || type == CacheType::kMxfp4;
  const int layers = a.integer(1), heads = a.integer(2), size = a.integer(3), latent = a.integer(4);
  const int pages = a.integer(5);
  if (layers < 1 || heads < 1 || size < 1 || pages < 1 || latent < 0) throw Failure{"cache out of range"};
  const bool shifted = a.integer(6) != 0;
  if (latent && (heads > 1 || latent % 16 || latent > size || size > 2 * latent ||
                 type == CacheType::kMxfp4 || shifted))
    throw Failure{"latent rows out of range"};
  if (codes && (latent ? latent : size) > kMostCodes) throw Failure{"heads too long for codes"};
  const int half = a.integer(8);
  if (half < 0 || 2 * half > size) throw Failure{"angles out of range"};
  const float* const angles = a.floats(7, 2 * static_cast<size_t>(half));
  const std::vector<float> turn(angles, angles + 2 * half);
  const bool halves = a.integer(9) != 0;
  auto object = std::make_unique<KvCache>(type, layers, heads, size, latent, pages, shifted, turn, halves);
  return wrap(env,
              allocated(std::move(object), static_cast<size_t>(layers) * heads * size * pages * kPage * 2));
}

napi_value cache_bytes(napi_env env, Arguments& a) { return number(env, a.object<KvCache>(0).bytes()); }

// copyPage(cache, from, to)
napi_value copy_page(napi_env, Arguments& a) {
  KvCache& kv = a.object<KvCache>(0);
  const int from = a.integer(1), to = a.integer(2);
  if (from < 0 || from >= kv.pages() || to < 0 || to >= kv.pages()) throw Failure{"page out of range"};
  kv.copy_page(from, to);
  return nullptr;
}

// Of arguments i …: sequences, starts, positions, tables, stride.
CachePass cache_pass(Arguments& a, size_t i, const KvCache& kv) {
  const Failure wrong{"a pass beyond the cache"};
  CachePass pass;
  pass.sequences = a.integer(i);
  pass.stride = a.integer(i + 4);
  if (pass.sequences < 1 || pass.stride < 1) throw wrong;
  pass.starts = a.integers(i + 1, static_cast<size_t>(pass.sequences) + 1);
  for (int s = 0; s < pass.sequences; s++)
    if (pass.starts[s] < 0 || pass.starts[s + 1] < pass.starts[s]) throw wrong;
  pass.positions = a.integers(i + 2, pass.rows());
  for (int row = 0; row < pass.rows(); row++)
    if (pass.positions[row] < 0 || pass.positions[row] / kPage >= pass.stride) throw wrong;
  const size_t entries = static_cast<size_t>(pass.sequences) * pass.stride;
  pass.tables = a.integers(i + 3, entries);
  for (size_t entry = 0; entry < entries; entry++)
    if (pass.tables[entry] < 0 || pass.tables[entry] >= kv.pages()) throw wrong;
  return pass;
}

// append(context, cache, layer, sequences, starts, positions, tables, stride, k, v | null) → -1, or the first
// row with a value that has no code
napi_value append(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  KvCache& kv = a.object<KvCache>(1);
  const int layer = a.integer(2);
  if (layer < 0 || layer >= kv.layers()) throw Failure{"append out of range"};
  const CachePass pass = cache_pass(a, 3, kv);
  const size_t count = static_cast<size_t>(pass.rows()) * kv.kv_heads() * kv.head_size();
  const float *k = a.floats(8, count), *v = a.optional_floats(9, count);
  if ((v == nullptr) != kv.latent()) throw Failure{"latent rows have no values"};
  return number(env, kv.append(c.pool, c.attention, layer, pass, k, v));
}

// attend(context, cache, layer, sequences, starts, positions, tables, stride, heads, scale, passes, window,
// softcap, preload, q, out)
napi_value attend(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const KvCache& kv = a.object<KvCache>(1);
  const int layer = a.integer(2), heads = a.integer(8), passes = a.integer(10), window = a.integer(11);
  const auto scale = static_cast<float>(a.number(9)), softcap = static_cast<float>(a.number(12));
  if (layer < 0 || layer >= kv.layers() || heads < 1 || heads % kv.kv_heads() || passes < 1 || passes > 2 ||
      window < 1 || !(softcap >= 0))
    throw Failure{"attention out of range"};
  const CachePass pass = cache_pass(a, 3, kv);
  const CacheAttention options{heads, scale, passes, window, softcap, a.integer(13) != 0};
  const size_t vectors = static_cast<size_t>(pass.rows()) * heads;
  kv.attend(c.pool, c.attention, layer, pass, options, a.floats(14, vectors * kv.head_size()),
            a.floats(15, vectors * kv.value_size()), c.scratch);
  return nullptr;
}

double duration(Arguments& a, size_t i) {
  const double milliseconds = a.number(i);
  if (!(milliseconds >= 0 && milliseconds <= 60e3)) throw Failure{"milliseconds out of range"};
  return milliseconds;
}

// readBandwidth(context, megabytes, milliseconds) → bytes/s
napi_value read_bandwidth(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int megabytes = a.integer(1);
  if (megabytes < 1) throw Failure{"megabytes out of range"};
  const double rate =
      read_bandwidth(c.pool, *c.roofline, static_cast<size_t>(megabytes) << 20, duration(a, 2));
  if (rate == 0) throw Failure{"out of memory: the system refused " + std::to_string(megabytes) + " MB"};
  return number(env, rate);
}

// multiplyPeak(context, milliseconds) → 8-bit digit × code multiply-adds/s
napi_value multiply_peak(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  return number(env, multiply_peak(c.pool, *c.roofline, duration(a, 1)));
}

// floatPeak(context, milliseconds) → float32 multiply-adds/s
napi_value float_peak(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  return number(env, float_peak(c.pool, *c.roofline, duration(a, 1)));
}

// bfloat16Peak(context, milliseconds) → bfloat16 multiply-adds/s; 0 without such an instruction
napi_value bfloat16_peak(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const BFloat16Roofline* kernels = bfloat16_roofline(static_cast<int>(c.level));
  return number(env, kernels ? bfloat16_peak(c.pool, *kernels, duration(a, 1)) : 0);
}

// conversionRate(context, milliseconds) → 4-bit codes made float32 numbers/s
napi_value conversion_rate(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  return number(env, conversion_rate(c.pool, *c.roofline, duration(a, 1)));
}

// compiler() → what built this addon
napi_value compiler(napi_env env, Arguments&) {
  napi_value text;
  napi_create_string_utf8(env, MULTISCALE_COMPILER, NAPI_AUTO_LENGTH, &text);
  return text;
}

template <class T>
napi_value release(napi_env, Arguments& a) {
  a.handle<T>(0).object.reset();
  return nullptr;
}

}  // namespace

}  // namespace multiscale

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env,
                                                                                     napi_value exports) {
  using namespace multiscale;
  define(env, exports,
         {
             {"variants", guarded<variants>},
             {"context", guarded<context>},
             {"freeContext", guarded<release<Context>>},
             {"decodeThreads", guarded<decode_threads>},
             {"weight", guarded<weight>},
             {"pack", guarded<pack>},
             {"weightBytes", guarded<weight_bytes>},
             {"freeWeight", guarded<release<Weight>>},
             {"embed", guarded<embed>},
             {"digits", guarded<digits>},
             {"decompose", guarded<decompose>},
             {"freeDigits", guarded<release<Digits>>},
             {"linear", guarded<linear_digits>},
             {"linearFloat", guarded<linear_float>},
             {"rmsNorm", guarded<rms_norm>},
             {"swiglu", guarded<swiglu>},
             {"add", guarded<add>},
             {"rope", guarded<rope>},
             {"cache", guarded<cache>},
             {"cacheBytes", guarded<cache_bytes>},
             {"copyPage", guarded<copy_page>},
             {"freeCache", guarded<release<KvCache>>},
             {"append", guarded<append>},
             {"attend", guarded<attend>},
             {"readBandwidth", guarded<read_bandwidth>},
             {"multiplyPeak", guarded<multiply_peak>},
             {"floatPeak", guarded<float_peak>},
             {"bfloat16Peak", guarded<bfloat16_peak>},
             {"conversionRate", guarded<conversion_rate>},
             {"compiler", guarded<compiler>},
         });
  define_training(env, exports);
  return exports;
}

extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return 8; }
