#include "fanin/init/layer_fans.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(WeightFans, EveryLayoutOfOneConvolutionHasTheSameFans) {
  const Fans fans{32 * 3 * 5, 64 * 3 * 5};
  EXPECT_EQ(weight_fans({64, 32, 3, 5}, "OIHW"), fans);
  EXPECT_EQ(weight_fans({3, 5, 32, 64}, "HWIO"), fans);
  EXPECT_EQ(weight_fans({64, 3, 5, 32}, "OHWI"), fans);
  EXPECT_EQ(weight_fans({5, 3, 32, 64}, "WHIO"), fans);
  EXPECT_EQ(weight_fans({64, 32}, "OI"), (Fans{32, 64}));
  EXPECT_EQ(weight_fans({32, 64}, "IO"), (Fans{32, 64}));
  EXPECT_EQ(weight_fans({64, 32, 7}, "OIW"), (Fans{224, 448}));
  EXPECT_EQ(weight_fans({64, 32, 2, 3, 4}, "OIDHW"), (Fans{768, 1536}));
}

TEST(WeightFans, ExpertsCountForNeitherSide) {
  EXPECT_EQ(weight_fans({8, 32, 64}, "EIO"), (Fans{32, 64}));
  EXPECT_EQ(weight_fans({64, 8, 32}, "OEI"), (Fans{32, 64}));
}

TEST(WeightFans, LayoutsThatDoNotFitAreRejected) {
  for (const char* layout : {"", "O", "OHW", "OOI", "OIXY", "oihw", "OIHH", "OIHWHWHWHWHWHWHWHWHWHWHW"}) {
    expect_error(ErrorKind::usage, {"layout '"}, [&] { (void)weight_fans({4, 4, 3, 3}, layout); });
  }
  for (const Shape& shape : {Shape{}, Shape{4}, Shape{4, 4, 3}}) {
    expect_error(ErrorKind::usage, {"'OIHW'", shape.str()}, [&] { (void)weight_fans(shape, "OIHW"); });
  }
}

// PyTorch's own count has fan_out = 64 * 9 here, four times too large.
TEST(ConvolutionFans, GroupsAreCountedOnBothSides) {
  EXPECT_EQ(convolution_fans({64, 8, 3, 3}, "OIHW", {.groups = 4}), (Fans{8 * 9, 16 * 9}));
  EXPECT_EQ(convolution_fans({3, 3, 8, 64}, "HWIO", {.groups = 4}), (Fans{8 * 9, 16 * 9}));
  // Depthwise with two outputs a channel.
  EXPECT_EQ(convolution_fans({64, 1, 3, 3}, "OIHW", {.groups = 32}), (Fans{9, 18}));
}

TEST(ConvolutionFans, StrideThinsWhatAnInputReaches) {
  EXPECT_EQ(convolution_fans({64, 32, 4, 4}, "OIHW", {.stride = {2}}), (Fans{32 * 16, 64 * 4}));
  EXPECT_EQ(convolution_fans({64, 32, 4, 4}, "OIHW", {.stride = {2, 1}}), (Fans{32 * 16, 64 * 8}));
}

// By hand: with a stride of 2 each output of a kernel of 4 x 4 sees 2 x 2 taps of every channel.
TEST(ConvolutionFans, TransposedOnesHaveTheirInputsOnTheInputAxis) {
  EXPECT_EQ(convolution_fans({32, 64, 4, 4}, "IOHW", {.stride = {2}, .transposed = true}), (Fans{32 * 4, 64 * 16}));
  EXPECT_EQ(convolution_fans({32, 16, 4, 4}, "IOHW", {.groups = 4, .stride = {2}, .transposed = true}),
            (Fans{8 * 4, 16 * 16}));
  EXPECT_EQ(convolution_fans({4, 4, 64, 32}, "HWOI", {.transposed = true}), (Fans{32 * 16, 64 * 16}));
}

// The count itself: connections of one output and of one input of a small layer, away from the border.
TEST(ConvolutionFans, EqualTheConnectionsOfALayer) {
  const int taps = 6;
  const int stride = 3;
  const int places = 40;
  int into = 0;
  std::vector<int> reached(places * stride);
  for (int o = 0; o < places - taps; ++o) {
    for (int t = 0; t < taps; ++t) ++reached[static_cast<std::size_t>(o * stride + t)];
  }
  for (int t = 0; t < taps; ++t) ++into;
  const Fans fans = convolution_fans({10, 7, 6}, "OIW", {.stride = {3}});
  EXPECT_EQ(fans.in, 7 * into);
  for (std::size_t i = 10; i < 90; ++i) EXPECT_EQ(fans.out, 10 * reached[i]);
}

TEST(ConvolutionFans, BadGroupsAndStridesAreRejected) {
  const auto bad = [](const Convolution& c, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { (void)convolution_fans({64, 8, 3, 3}, "OIHW", c); });
  };
  bad({.groups = 0}, {"groups=0", "[64, 8, 3, 3]"});
  bad({.groups = 5}, {"groups=5", "divisor of 64"});
  bad({.groups = 16, .transposed = true}, {"groups=16", "divisor of 8"});
  bad({.stride = {0}}, {"stride 0"});
  bad({.stride = {1, 2, 3}}, {"3 strides", "1 and 2"});
}

// Keras counts fan_in = channels * taps for such a kernel.
TEST(DepthwiseFans, SeeOneChannel) {
  EXPECT_EQ(depthwise_fans({3, 3, 32, 2}, "HWIO"), (Fans{9, 18}));
  const std::size_t stride[] = {3};
  EXPECT_EQ(depthwise_fans({3, 3, 32, 2}, "HWIO", stride), (Fans{9, 2}));
  expect_error(ErrorKind::usage, {"'HWIO'"}, [] { (void)depthwise_fans({3, 32, 2}, "HWIO"); });
}

TEST(FusedFans, AreThoseOfOneBlock) {
  EXPECT_EQ(fused_fans({3 * 512, 512}, "OI", 3), (Fans{512, 512}));
  EXPECT_EQ(fused_fans({128, 4 * 256}, "IO", 4), (Fans{128, 256}));
  expect_error(ErrorKind::usage, {"blocks=3", "[512, 512]"}, [] { (void)fused_fans({512, 512}, "OI", 3); });
  expect_error(ErrorKind::usage, {"blocks=0"}, [] { (void)fused_fans({512, 512}, "OI", 0); });
}

TEST(EinsumFans, FollowTheLabels) {
  EXPECT_EQ(einsum_fans("btd,dhk->bthk", {512, 8, 64}), (Fans{512, 512}));
  EXPECT_EQ(einsum_fans("bthk,hkd->btd", {8, 64, 500}), (Fans{512, 500}));
  EXPECT_EQ(einsum_fans("ebi,eio->ebo", {4, 32, 64}), (Fans{32, 64}));
  EXPECT_EQ(einsum_fans("bd,d->b", {7}), (Fans{7, 1}));
  EXPECT_EQ(einsum_fans("b,->b", {}), (Fans{1, 1}));
}

TEST(EinsumFans, OtherEquationsAreRejected) {
  for (const char* equation :
       {"", "bd,dk", "bd->dk", "bd,dk,kl->bl", "b d,dk->bk", "...d,dk->...k", "->,", "bd->b,d"}) {
    expect_error(ErrorKind::usage, {"einsum '"}, [&] { (void)einsum_fans(equation, {4, 4}); });
  }
  expect_error(ErrorKind::usage, {"[4]", "2 axes"}, [] { (void)einsum_fans("bd,dk->bk", {4}); });
  expect_error(ErrorKind::usage, {"label q", "nowhere else"}, [] { (void)einsum_fans("bd,dq->bk", {4, 4}); });
  expect_error(ErrorKind::usage, {"label d", "twice"}, [] { (void)einsum_fans("bd,dd->bk", {4, 4}); });
}

TEST(EmbeddingFans, DependOnTheUseOfTheTable) {
  EXPECT_EQ(embedding_fans({50'000, 768}), (Fans{1, 768}));
  EXPECT_EQ(tied_embedding_fans({50'000, 768}), (Fans{768, 50'000}));
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{5, 5, 5}}) {
    expect_error(ErrorKind::usage, {shape.str(), "[entries, size]"}, [&] { (void)embedding_fans(shape); });
    expect_error(ErrorKind::usage, {shape.str()}, [&] { (void)tied_embedding_fans(shape); });
  }
}

// A quarter of a layer's outputs or inputs, on one of four devices, is initialized as the layer.
TEST(WholeShape, IsWhatFansOfShardedTensorsAreCountedFrom) {
  EXPECT_EQ(weight_fans(whole_shape({256, 512}, 0, 4), "OI"), (Fans{512, 1024}));
  EXPECT_EQ(weight_fans(whole_shape({1024, 128}, 1, 4), "OI"), (Fans{512, 1024}));
  expect_error(ErrorKind::usage, {"[4, 4]", "axis 2"}, [] { (void)whole_shape({4, 4}, 2, 2); });
  expect_error(ErrorKind::usage, {"0 parts"}, [] { (void)whole_shape({4, 4}, 0, 0); });
  expect_error(ErrorKind::usage, {"62 bits"}, [] { (void)whole_shape({4, 4}, 0, ~std::size_t{0}); });
}

}  // namespace
}  // namespace fanin::init
