#pragma once

// Single functions are compiled for AVX512_BF16, not a file: the file's flags would also be those of the function in it
// that first asks the machine, and AddressSanitizer's prologue would be AVX-512 code in front of the question.

/// Marks a function as code for AVX512_BF16: to be called only where has_avx512_bf16() is true.
#define FANIN_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace fanin::linalg::detail {

/// Whether this machine and its operating system run what FANIN_AVX512_BF16 marks.
[[nodiscard]] inline bool has_avx512_bf16() {
  return __builtin_cpu_supports("avx512bf16") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0;
}

}  // namespace fanin::linalg::detail
