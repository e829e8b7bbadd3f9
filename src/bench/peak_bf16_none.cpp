// For compilers and processors without AVX512_BF16; peak_bf16_avx512.cpp is the other one.
#include "bench/peak.h"

namespace fanin::bench::detail {

double run_bf16_peak(std::size_t) {
  return 0;
}

}  // namespace fanin::bench::detail
