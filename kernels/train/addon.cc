// The operations of src/backend/training on plain float arrays, which may be parts of larger ones. Shapes are
// checked in TypeScript, where the names are known; here only what would crash is checked again.
#include "train/addon.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <vector>

#include "base/context.h"
#include "train/attention.h"

namespace multiscale {

namespace {

// Rows of a task, when each has `cols` elements.
template <class Body>
void for_rows(Pool& pool, int rows, int cols, const Body& body) {
  const int part = std::max<int>(1, kPart / std::max(cols, 1));
  pool.parallel_for((rows + part - 1) / part, [&](int task, int) {
    for (int row = task * part; row < std::min(rows, (task + 1) * part); row++) body(row);
  });
}

// Columns of a task that sums over rows.
constexpr int kColumns = 64;

template <class Body>
void for_columns(Pool& pool, int cols, const Body& body) {
  pool.parallel_for((cols + kColumns - 1) / kColumns, [&](int task, int) {
    body(task * kColumns, std::min(kColumns, cols - task * kColumns));
  });
}

int natural(Arguments& a, size_t i) {
  const int value = a.integer(i);
  if (value < 0) throw Failure{"argument " + std::to_string(i) + " is negative"};
  return value;
}

size_t area(int rows, int cols) { return static_cast<size_t>(rows) * cols; }

// Columns of heads, so few that they can be counted; with rows then, too.
int head_columns(int heads, int size) {
  if (heads < 1 || size < 1 || heads > INT_MAX / size) throw Failure{"heads do not fit"};
  return heads * size;
}

// trainProduct(context, c, a, b, m, n, k, aTransposed, bTransposed, add)
napi_value product(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int m = natural(a, 4), n = natural(a, 5), k = natural(a, 6);
  const size_t left_row = k, right_row = n;
  const MatrixView left = a.boolean(7) ? MatrixView{a.floats(2, area(m, k)), 1, static_cast<size_t>(m)}
                                       : MatrixView{a.floats(2, area(m, k)), left_row, 1};
  const MatrixView right = a.boolean(8) ? MatrixView{a.floats(3, area(n, k)), 1, static_cast<size_t>(k)}
                                        : MatrixView{a.floats(3, area(n, k)), right_row, 1};
  product(c.pool, *c.train, left, right, {m, n, k}, a.floats(1, area(m, n)), a.boolean(9), c.scratch);
  return nullptr;
}

// trainRmsNormBackward(context, dy, x, gain, epsilon, dx, dgain, rows, cols): adds to dx and dgain.
napi_value rms_norm_backward(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = natural(a, 7), cols = natural(a, 8);
  const size_t count = area(rows, cols);
  const float *dy = a.floats(1, count), *x = a.floats(2, count), *gain = a.floats(3, cols);
  const float epsilon = static_cast<float>(a.number(4));
  float *dx = a.floats(5, count), *dgain = a.floats(6, cols);
  std::vector<float> factors(rows);
  for_rows(c.pool, rows, cols, [&](int row) {
    const size_t at = area(row, cols);
    factors[row] = c.train->rms_norm_backward(dy + at, x + at, gain, cols, epsilon, dx + at);
  });
  for_columns(c.pool, cols, [&](int first, int n) {
    c.train->gain_gradient(dy + first, x + first, factors.data(), rows, cols, n, dgain + first);
  });
  return nullptr;
}

// trainRope(context, x, rows, heads, headSize, table, positions, tablePositions, inverse): pairs (2i, 2i + 1)
// of whole heads, in place. table: [position][cos 0..w/2, sin 0..w/2], w = headSize.
napi_value rope(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = natural(a, 2), heads = natural(a, 3), size = natural(a, 4), known = natural(a, 7);
  const int cols = head_columns(heads, size);
  float* x = a.floats(1, area(rows, cols));
  const float* table = a.floats(5, area(known, size));
  const int32_t* positions = a.integers(6, rows);
  const float sign = a.boolean(8) ? -1.0f : 1.0f;
  const int half = size / 2;
  for (int row = 0; row < rows; row++)
    if (positions[row] < 0 || positions[row] >= known) throw Failure{"a position beyond the rotary table"};
  for_rows(c.pool, rows, cols, [&](int row) {
    const float* cosine = table + area(positions[row], size);
    const float* sine = cosine + half;
    float* at = x + area(row, cols);
    for (int head = 0; head < heads; head++, at += size)
      for (int i = 0; i < half; i++) {
        const float u = at[2 * i], v = at[2 * i + 1], s = sign * sine[i];
        at[2 * i] = u * cosine[i] - v * s;
        at[2 * i + 1] = u * s + v * cosine[i];
      }
  });
  return nullptr;
}

// From argument `i` on: starts, documents, heads, kvHeads, headSize, scale, q, k, v.
TrainAttention attention_job(Arguments& a, size_t i) {
  TrainAttention job;
  job.documents = natural(a, i + 1);
  job.starts = a.integers(i, job.documents + 1);
  job.heads = natural(a, i + 2);
  job.kv_heads = natural(a, i + 3);
  job.head_size = natural(a, i + 4);
  job.scale = static_cast<float>(a.number(i + 5));
  const int queries = head_columns(job.heads, job.head_size);
  const int keys = head_columns(job.kv_heads, job.head_size);
  if (job.heads % job.kv_heads) throw Failure{"heads do not fit"};
  if (job.starts[0] != 0) throw Failure{"documents must begin at row 0"};
  for (int d = 0; d < job.documents; d++)
    if (job.starts[d + 1] < job.starts[d]) throw Failure{"documents must lie one after the other"};
  // A task is one key head of one document.
  if (job.documents > INT_MAX / job.kv_heads) throw Failure{"too many documents"};
  job.q = a.floats(i + 6, area(job.rows(), queries));
  job.k = a.floats(i + 7, area(job.rows(), keys));
  job.v = a.floats(i + 8, area(job.rows(), keys));
  return job;
}

// trainAttention(context, starts, documents, heads, kvHeads, headSize, scale, q, k, v, out)
napi_value attention(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const TrainAttention job = attention_job(a, 1);
  attend(c.pool, *c.train, job, a.floats(10, area(job.rows(), job.heads) * job.head_size), c.scratch);
  return nullptr;
}

// trainAttentionBackward(context, starts, …, q, k, v, dout, dq, dk, dv)
napi_value attention_backward(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const TrainAttention job = attention_job(a, 1);
  const size_t queries = area(job.rows(), job.heads) * job.head_size;
  const size_t keys = area(job.rows(), job.kv_heads) * job.head_size;
  attend_backward(c.pool, *c.train, job, a.floats(10, queries), a.floats(11, queries), a.floats(12, keys),
                  a.floats(13, keys), c.scratch);
  return nullptr;
}

// trainSwigluBackward(context, dout, gate, up, dgate, dup, count)
napi_value swiglu_backward(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const size_t count = natural(a, 6);
  const float *dout = a.floats(1, count), *gate = a.floats(2, count), *up = a.floats(3, count);
  float *dgate = a.floats(4, count), *dup = a.floats(5, count);
  for_parts(c.pool, count, [&](size_t at, size_t n) {
    c.train->swiglu_backward(dout + at, gate + at, up + at, n, dgate + at, dup + at);
  });
  return nullptr;
}

const int32_t* ids_below(Arguments& a, size_t i, int count, int limit) {
  const int32_t* ids = a.integers(i, count);
  for (int row = 0; row < count; row++)
    if (ids[row] < 0 || ids[row] >= limit)
      throw Failure{"token id " + std::to_string(ids[row]) + " is out of range"};
  return ids;
}

// trainEmbed(context, ids, rows, table, vocabulary, cols, out)
napi_value embed(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = natural(a, 2), vocabulary = natural(a, 4), cols = natural(a, 5);
  const int32_t* ids = ids_below(a, 1, rows, vocabulary);
  const float* table = a.floats(3, area(vocabulary, cols));
  float* out = a.floats(6, area(rows, cols));
  for_rows(c.pool, rows, cols,
           [&](int row) { std::copy_n(table + area(ids[row], cols), cols, out + area(row, cols)); });
  return nullptr;
}

// trainEmbedBackward(context, ids, rows, dx, dtable, vocabulary, cols): adds to dtable.
napi_value embed_backward(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = natural(a, 2), vocabulary = natural(a, 5), cols = natural(a, 6);
  const int32_t* ids = ids_below(a, 1, rows, vocabulary);
  const float* dx = a.floats(3, area(rows, cols));
  float* dtable = a.floats(4, area(vocabulary, cols));
  for_columns(c.pool, cols, [&](int first, int n) {
    for (int row = 0; row < rows; row++)
      c.elementwise->add(dtable + area(ids[row], cols) + first, dx + area(row, cols) + first, n);
  });
  return nullptr;
}

// trainLogProbabilities(context, logits, rows, vocabulary, targets, temperature, logProbabilities,
// inverseSums): logits become exp((logit - max) / temperature), to be handed to the next function.
napi_value log_probabilities(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = natural(a, 2), vocabulary = natural(a, 3);
  float* logits = a.floats(1, area(rows, vocabulary));
  const int32_t* targets = ids_below(a, 4, rows, vocabulary);
  const double temperature = a.number(5);
  double *log_p = a.doubles(6, rows), *inverse = a.doubles(7, rows);
  for_rows(c.pool, rows, vocabulary, [&](int row) {
    float* x = logits + area(row, vocabulary);
    const double target = x[targets[row]];
    float max;
    const double sum = c.train->exponentials(x, vocabulary, static_cast<float>(1 / temperature), &max);
    log_p[row] = (target - max) / temperature - std::log(sum);
    inverse[row] = 1 / sum;
  });
  return nullptr;
}

// trainLogProbabilitiesBackward(context, exponentials, rows, vocabulary, targets, temperature, gradient,
// inverseSums): exponentials become the gradient with respect to the logits.
napi_value log_probabilities_backward(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const int rows = natural(a, 2), vocabulary = natural(a, 3);
  float* x = a.floats(1, area(rows, vocabulary));
  const int32_t* targets = ids_below(a, 4, rows, vocabulary);
  const double temperature = a.number(5);
  const double *gradient = a.doubles(6, rows), *inverse = a.doubles(7, rows);
  for_rows(c.pool, rows, vocabulary, [&](int row) {
    float* at = x + area(row, vocabulary);
    const double factor = gradient[row] / temperature;
    const double of_target = factor * (1 - at[targets[row]] * inverse[row]);
    c.train->scale(at, vocabulary, static_cast<float>(-factor * inverse[row]));
    at[targets[row]] = static_cast<float>(of_target);
  });
  return nullptr;
}

// trainSquares(context, x, count) → the sum of squares
napi_value squares(napi_env env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const size_t count = natural(a, 2);
  const float* x = a.floats(1, count);
  std::vector<double> sums((count + kPart - 1) / kPart);
  for_parts(c.pool, count,
            [&](size_t at, size_t n) { sums[at / kPart] = c.train->squares(x + at, static_cast<int>(n)); });
  double total = 0;
  for (double sum : sums) total += sum;
  napi_value result;
  napi_create_double(env, total, &result);
  return result;
}

// trainAdamW(context, parameters, gradients, means, variances, count, rate, beta1, beta2, epsilon, decay,
// gradientScale, correction1, correction2)
napi_value adamw(napi_env, Arguments& a) {
  Context& c = a.object<Context>(0);
  const size_t count = natural(a, 5);
  float *parameters = a.floats(1, count), *means = a.floats(3, count), *variances = a.floats(4, count);
  const float* gradients = a.floats(2, count);
  float of_step[8];
  for (size_t i = 0; i < 8; i++) of_step[i] = static_cast<float>(a.number(6 + i));
  const AdamStep step{of_step[0], of_step[1], of_step[2], of_step[3],
                      of_step[4], of_step[5], of_step[6], of_step[7]};
  for_parts(c.pool, count, [&](size_t at, size_t n) {
    c.train->adamw(parameters + at, gradients + at, means + at, variances + at, n, step);
  });
  return nullptr;
}

}  // namespace

void define_training(napi_env env, napi_value exports) {
  define(env, exports,
         {{"trainProduct", guarded<product>},
          {"trainRmsNormBackward", guarded<rms_norm_backward>},
          {"trainRope", guarded<rope>},
          {"trainAttention", guarded<attention>},
          {"trainAttentionBackward", guarded<attention_backward>},
          {"trainSwigluBackward", guarded<swiglu_backward>},
          {"trainEmbed", guarded<embed>},
          {"trainEmbedBackward", guarded<embed_backward>},
          {"trainLogProbabilities", guarded<log_probabilities>},
          {"trainLogProbabilitiesBackward", guarded<log_probabilities_backward>},
          {"trainSquares", guarded<squares>},
          {"trainAdamW", guarded<adamw>}});
}

}  // namespace multiscale
