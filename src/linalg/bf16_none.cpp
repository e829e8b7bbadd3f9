// For compilers and processors without AVX512_BF16; bf16_avx512.cpp is the other one.
#include "linalg/bf16_kernels.h"

namespace fanin::linalg::detail {

const Bf16Kernels* native_bf16_kernels() {
  return nullptr;
}

}  // namespace fanin::linalg::detail
