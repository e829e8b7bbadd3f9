#include "fanin/core/buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace fanin::detail {
namespace {

// More than the machine has: the system would promise it and then end the process.
bool exceeds_memory(std::size_t bytes) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 && bytes / static_cast<std::size_t>(page) >= static_cast<std::size_t>(pages);
}

}  // namespace

void* allocate_zeroed(std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  if (bytes > static_cast<std::size_t>(-1) / 2 || exceeds_memory(bytes)) throw std::bad_alloc();
  const std::size_t alignment = bytes >= kHugePage / 2 ? kHugePage : kCacheLine;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* p = std::aligned_alloc(alignment, rounded);
  if (p == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  // Weights are walked with strides of a kilobyte and more; with 4 KiB pages the page tables become the bottleneck.
  if (alignment == kHugePage) madvise(p, rounded, MADV_HUGEPAGE);
#endif
  std::memset(p, 0, bytes);
  return p;
}

}  // namespace fanin::detail
