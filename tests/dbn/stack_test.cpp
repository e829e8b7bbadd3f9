#include "fanin/dbn/stack.h"

#include <gtest/gtest.h>

#include <vector>

#include "fanin/core/error.h"

#include "tests/dbn/machines.h"
#include "tests/support/each_target.h"

namespace fanin::dbn {
namespace {

using rbm::RbmSpec;
using rbm::UnitKind;

Stack make(const std::vector<RbmSpec>& specs) {
  std::vector<rbm::Rbm> layers;
  for (const RbmSpec& spec : specs) layers.emplace_back(spec);
  return Stack(std::move(layers));
}

std::string rejection(const std::vector<RbmSpec>& specs) {
  try {
    (void)make(specs);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    return e.what();
  }
  return "accepted";
}

TEST(Stack, FeaturesAreTheMeansOfOneLayerAfterAnother) {
  const Stack stack =
      test::stack_of({{20, 12, UnitKind::gaussian}, {12, 9, UnitKind::binary, UnitKind::relu}, {9, 4, UnitKind::relu}});
  EXPECT_EQ(stack.widths(), (std::vector<std::size_t>{20, 12, 9, 4}));
  constexpr std::size_t kRows = 5;
  const std::vector<float> v = test::uniform(kRows * 20, 1);
  std::vector<float> first(kRows * 12), second(kRows * 9), third(kRows * 4);
  stack.layer(0).hidden_probabilities({v.data(), kRows, 20}, {first.data(), kRows, 12});
  stack.layer(1).hidden_probabilities({first.data(), kRows, 12}, {second.data(), kRows, 9});
  stack.layer(2).hidden_probabilities({second.data(), kRows, 9}, {third.data(), kRows, 4});
  test::for_each_target([&](const std::string& target) {
    const std::vector<std::vector<float>> want{v, first, second, third};
    for (std::size_t n = 0; n <= 3; ++n) {
      const std::size_t cols = stack.widths()[n];
      std::vector<float> whole(kRows * cols), rows(kRows * cols);
      stack.up({v.data(), kRows, 20}, n, {whole.data(), kRows, cols});
      for (std::size_t r = 0; r < kRows; ++r) stack.up({&v[r * 20], 1, 20}, n, {&rows[r * cols], 1, cols});
      EXPECT_EQ(whole, want[n]) << n << ' ' << target;
      EXPECT_EQ(rows, want[n]) << n << ' ' << target;
    }
  });
}

TEST(Stack, LabelsOfTheTopAreTakenAsAbsent) {
  const Stack stack = test::stack_of({{6, 5}, {5, 7, UnitKind::binary, UnitKind::binary, 3}});
  EXPECT_EQ(stack.widths(), (std::vector<std::size_t>{6, 5, 7}));
  const std::vector<float> v = test::uniform(6, 2);
  std::vector<float> below(8), want(7), got(7);
  stack.layer(0).hidden_probabilities({v.data(), 1, 6}, {below.data(), 1, 5});
  stack.layer(1).hidden_probabilities({below.data(), 1, 8}, {want.data(), 1, 7});
  stack.up({v.data(), 1, 6}, 2, {got.data(), 1, 7});
  EXPECT_EQ(got, want);
}

TEST(Stack, LayersThatDoNotFitAreRejected) {
  EXPECT_EQ(rejection({}), "[dbn] no RBMs given, at least 1 is needed");
  EXPECT_EQ(rejection({{6, 5}, {4, 3}}), "[dbn] layer 0 has 5 hidden units, layer 1 has 4 visible ones");
  EXPECT_EQ(rejection({{6, 5, UnitKind::binary, UnitKind::binary, 2}, {5, 3}}),
            "[dbn] layer 0 of 2 has 2 labels, only the top one may have some");
  EXPECT_EQ(rejection({{6, 5}, {5, 3, UnitKind::binary, UnitKind::binary, 2}}), "accepted");
}

TEST(Stack, ShapesAreChecked) {
  Stack stack = make({{6, 5}, {5, 3}});
  std::vector<float> v(12), out(12);
  const auto up = [&](std::size_t rows, std::size_t cols, std::size_t layers, std::size_t out_rows,
                      std::size_t out_cols) {
    stack.up({v.data(), rows, cols}, layers, {out.data(), out_rows, out_cols});
  };
  up(2, 6, 2, 2, 3);
  EXPECT_THROW(up(2, 6, 3, 2, 3), Error);
  EXPECT_THROW(up(2, 5, 2, 2, 3), Error);
  EXPECT_THROW(up(2, 6, 2, 1, 3), Error);
  EXPECT_THROW(up(2, 6, 1, 2, 3), Error);
  EXPECT_THROW((void)stack.layer(2), Error);
}

}  // namespace
}  // namespace fanin::dbn
