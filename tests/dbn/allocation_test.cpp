#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "fanin/dbn/up_down.h"

#include "tests/dbn/machines.h"
#include "tests/support/count_allocations.h"

namespace fanin::dbn {
namespace {

TEST(UpDownStep, AllocatesNothing) {
  for (const std::size_t threads : {1U, 2U}) {
    Model model(test::stack_of({{50, 40}, {40, 30}, {30, 70, rbm::UnitKind::binary, rbm::UnitKind::binary, 3}}, 0.1));
    ThreadPool pool(threads);
    UpDown up_down({0.1, 20, 2, 0}, model, pool);
    const std::vector<std::int32_t> labels(20, 1);
    const auto rows = [](std::size_t, MatrixView<float> out) {
      for (std::size_t r = 0; r < out.rows; ++r) std::fill_n(out.row(r), out.cols, 0.5F);
    };
    (void)up_down.step(rows, labels);
    const std::size_t before = allocations.load();
    EXPECT_GT(before, 0U) << "the counter does not count";
    for (int s = 0; s < 3; ++s) (void)up_down.step(rows, labels);
    EXPECT_EQ(allocations.load(), before) << threads << " threads";
  }
}

}  // namespace
}  // namespace fanin::dbn
