// A weight matrix in the layout of layout.h, packed from the bytes of a GGUF file.
#pragma once
#include "base/memory.h"
#include "base/pool.h"
#include "gemm/contract.h"

namespace multiscale {

// How one GGUF type becomes a packed matrix.
struct WeightFormat {
  const char* name;
  bool quantized;
  Layout layout;         // if quantized
  FloatType float_type;  // if not
  int block_elements;    // of the file's format
  int block_bytes;
  // Packs `rows` ≤ 16 rows of `cols` columns into a block of zeros. Returns -1, or the first row with a
  // scale, minimum or value that is not finite.
  int (*pack_block)(const uint8_t* source, size_t row_bytes, int cols, int rows, uint8_t* block);
};

const WeightFormat* weight_format(const char* name);

class Weight {
 public:
  // `scale`: a factor of all weights. allocated() is false if there was not enough memory.
  Weight(const WeightFormat& format, int rows, int cols, float scale);

  // Packs rows [begin, begin + count) from `source`, their bytes as stored. begin must be a multiple of
  // 16, count too unless it reaches the end. Returns -1, or the first row that pack_block rejects.
  int pack(Pool& pool, const uint8_t* source, int begin, int count);
  // Row `row` in float32.
  void unpack_row(int row, float* out) const;

  const WeightFormat& format() const { return format_; }
  int rows() const { return rows_; }
  int cols() const { return cols_; }
  float scale() const { return scale_; }
  int blocks() const { return (rows_ + kBlockRows - 1) / kBlockRows; }
  int records() const { return records_; }
  int groups() const { return groups_; }  // of one row, whole records
  size_t block_bytes() const { return block_bytes_; }
  const uint8_t* block(int index) const { return memory_.data() + index * block_bytes_; }
  bool allocated() const { return memory_.data() != nullptr; }
  size_t bytes() const { return memory_.size(); }
  size_t row_bytes() const;  // in the file

 private:
  const WeightFormat& format_;
  int rows_, cols_, groups_ = 0, records_ = 0;
  float scale_;
  size_t block_bytes_ = 0;
  Memory memory_;
};

}  // namespace multiscale
