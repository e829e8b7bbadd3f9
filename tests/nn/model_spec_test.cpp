#include "fanin/nn/model_spec.h"

#include <gtest/gtest.h>

namespace fanin::nn {
namespace {

TEST(ModelSpecOfANetwork, HasItsParametersWithDepthsThatCountLinearLayers) {
  const Network network(NetworkSpec{.widths = {8, 6, 4, 3}, .dropout = 0.5});
  const init::ModelSpec spec = model_spec(network);
  ASSERT_EQ(spec.parameters().size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const init::ParameterSpec& p = spec.parameters()[i];
    EXPECT_EQ(p.name, network.parameters()[i].name);
    EXPECT_EQ(p.shape, network.parameters()[i].shape);
    EXPECT_EQ(p.fans, network.parameters()[i].fans);
    EXPECT_EQ(p.depth, i / 2);
    EXPECT_EQ(p.role, i % 2 == 0 ? init::Role::weight : init::Role::bias);
    EXPECT_EQ(p.kind, init::LayerKind::linear);
    EXPECT_EQ(p.part, i < 2 ? init::Part::input : i < 4 ? init::Part::other : init::Part::readout);
    EXPECT_EQ(p.state, init::State::raw);
  }
}

}  // namespace
}  // namespace fanin::nn
