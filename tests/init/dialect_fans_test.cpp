#include "fanin/init/dialect_fans.h"

#include "fanin/init/layer_fans.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

Fans of(Framework framework, const Shape& shape) {
  return framework_fans(framework, shape);
}

TEST(FrameworkFans, LinearWeightsInEachOrder) {
  for (const Framework f : {Framework::torch, Framework::mxnet, Framework::caffe, Framework::mlx}) {
    EXPECT_EQ(of(f, {256, 784}), (Fans{784, 256})) << to_string(f);
  }
  for (const Framework f : {Framework::keras, Framework::jax, Framework::flax}) {
    EXPECT_EQ(of(f, {784, 256}), (Fans{784, 256})) << to_string(f);
  }
}

TEST(FrameworkFans, PlainConvolutionsInEachOrderAreThoseOfTheLayer) {
  const Fans correct = convolution_fans({64, 32, 3, 5}, "OIHW");
  EXPECT_EQ(correct, (Fans{480, 960}));
  for (const Framework f : {Framework::torch, Framework::mxnet, Framework::caffe}) {
    EXPECT_EQ(of(f, {64, 32, 3, 5}), correct) << to_string(f);
  }
  for (const Framework f : {Framework::keras, Framework::jax, Framework::flax}) {
    EXPECT_EQ(of(f, {3, 5, 32, 64}), correct) << to_string(f);
  }
  EXPECT_EQ(of(Framework::mlx, {64, 3, 5, 32}), correct);
}

TEST(FrameworkFans, TransposedKernelsComeSwapped) {
  // 32 inputs, 64 outputs, 4 x 4 taps, stride 2: each output sees 32 * 16 / 4 of them.
  const Convolution layer{.stride = {2}, .transposed = true};
  const Fans correct = convolution_fans({32, 64, 4, 4}, "IOHW", layer);
  EXPECT_EQ(correct, (Fans{128, 1024}));
  EXPECT_EQ(of(Framework::torch, {32, 64, 4, 4}), (Fans{1024, 512}));
  EXPECT_EQ(of(Framework::caffe, {32, 64, 4, 4}), (Fans{1024, 512}));
  EXPECT_EQ(of(Framework::keras, {4, 4, 64, 32}), (Fans{1024, 512}));
  EXPECT_EQ(of(Framework::jax, {4, 4, 64, 32}), (Fans{1024, 512}));
}

TEST(FrameworkFans, GroupedKernelsHaveAFanOutGroupsTimesTooLarge) {
  const Fans correct = convolution_fans({64, 8, 3, 3}, "OIHW", {.groups = 4, .stride = {}});
  EXPECT_EQ(correct, (Fans{72, 144}));
  EXPECT_EQ(of(Framework::torch, {64, 8, 3, 3}), (Fans{72, 4 * 144}));
  EXPECT_EQ(of(Framework::mxnet, {64, 8, 3, 3}), (Fans{72, 4 * 144}));
  EXPECT_EQ(of(Framework::keras, {3, 3, 8, 64}), (Fans{72, 4 * 144}));
  EXPECT_EQ(of(Framework::mlx, {64, 3, 3, 8}), (Fans{72, 4 * 144}));
}

TEST(FrameworkFans, KerasCountsAllChannelsOfADepthwiseKernel) {
  EXPECT_EQ(depthwise_fans({3, 3, 32, 2}, "HWIO"), (Fans{9, 18}));
  EXPECT_EQ(of(Framework::keras, {3, 3, 32, 2}), (Fans{9 * 32, 18}));
}

TEST(FrameworkFans, LowRanksAreCountedOrRefusedAsTheFrameworkDoes) {
  EXPECT_EQ(of(Framework::keras, {7}), (Fans{7, 7}));
  EXPECT_EQ(of(Framework::keras, {}), (Fans{1, 1}));
  EXPECT_EQ(of(Framework::caffe, {7}), (Fans{1, 7}));
  expect_error(ErrorKind::usage, {"caffe", "[]", "rank 0"}, [] { (void)of(Framework::caffe, {}); });
  for (const Framework f : {Framework::torch, Framework::jax, Framework::flax, Framework::mlx, Framework::mxnet}) {
    for (const Shape& shape : {Shape{}, Shape{7}}) {
      expect_error(ErrorKind::usage, {to_string(f).data(), shape.str(), "2 or more is wanted"},
                   [&] { (void)of(f, shape); });
    }
  }
}

TEST(FrameworkFans, LayersThatCountForThemselvesHaveNoneOfAShape) {
  for (const Framework f : {Framework::tiny_dnn, Framework::mlpack, Framework::fann}) {
    expect_error(ErrorKind::usage, {std::string(to_string(f)), "[4, 3]", "count for themselves"}, [&] {
      (void)of(f, {4, 3});
    });
  }
}

TEST(FrameworkFans, EmptyAxesAreZeros) {
  EXPECT_EQ(of(Framework::torch, {0, 5, 3}), (Fans{15, 0}));
  EXPECT_EQ(of(Framework::keras, {3, 0, 4}), (Fans{0, 12}));
}

TEST(FrameworkShape, IsTheOneOfThePlainWeight) {
  const Shape weight{64, 32, 3, 5};
  EXPECT_EQ(framework_shape(Framework::torch, weight), weight);
  EXPECT_EQ(framework_shape(Framework::keras, weight), (Shape{3, 5, 32, 64}));
  EXPECT_EQ(framework_shape(Framework::mlx, weight), (Shape{64, 3, 5, 32}));
  for (const Framework f : kFrameworks) {
    EXPECT_EQ(framework_shape(f, {7}), (Shape{7})) << to_string(f);
    EXPECT_EQ(framework_shape(f, {}), Shape{}) << to_string(f);
    if (f != Framework::tiny_dnn && f != Framework::mlpack && f != Framework::fann) {
      EXPECT_EQ(of(f, framework_shape(f, weight)), convolution_fans(weight, "OIHW")) << to_string(f);
    }
  }
}

TEST(FrameworkNamed, FindsItsOwnNamesAlone) {
  for (const Framework f : kFrameworks) EXPECT_EQ(framework_named(to_string(f)), f);
  EXPECT_EQ(framework_named("torch_2_11"), std::nullopt);
  EXPECT_EQ(framework_named("Keras"), std::nullopt);
  EXPECT_EQ(framework_named(""), std::nullopt);
}

}  // namespace
}  // namespace fanin::init
