#include <map>

#include "fanin/core/thread_pool.h"
#include "fanin/init/application.h"
#include "fanin/init/recipe.h"

#include "init_test_support.h"
#include "model_shapes.h"

namespace fanin::init {
namespace {

constexpr std::size_t kWidth = 64;
constexpr std::size_t kHidden = 128;

using Vector = std::vector<double>;

// A stack of residual blocks x + f(x), f two matrices with relu between them, with weights from a plan.
class ResidualStack {
 public:
  ResidualStack(std::size_t depth, const std::vector<PlanStep>& steps) : depth_(depth) {
    Tensors t;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::string block = "layers." + std::to_string(i) + ".";
      t.add(block + "fc1.weight", {kHidden, kWidth}).add(block + "fc2.weight", {kWidth, kHidden});
    }
    const ModelSpec spec = inferred(t.add("fc.weight", {2, kWidth}));
    Application application(Plan::resolve(spec, compose(spec, steps).rules, true), 11);
    for (const ParameterSpec& p : spec.parameters()) {
      values_[p.name].resize(p.shape.elements());
      application.bind(p.name, values_[p.name]);
    }
    ThreadPool pool(1);
    application.apply(pool);
  }

  std::vector<float>& of(std::size_t block, const char* layer) {
    return values_.at("layers." + std::to_string(block) + "." + layer + ".weight");
  }

  // f of one block.
  Vector branch(std::size_t block, const Vector& x) {
    Vector h = times(of(block, "fc1"), x);
    for (double& a : h) a = std::max(a, 0.0);
    return times(of(block, "fc2"), h);
  }

  // Through all blocks: x + f(x).
  Vector run(Vector x) {
    for (std::size_t i = 0; i < depth_; ++i) {
      const Vector f = branch(i, x);
      for (std::size_t j = 0; j < kWidth; ++j) x[j] += f[j];
    }
    return x;
  }

  [[nodiscard]] std::size_t depth() const { return depth_; }

 private:
  static Vector times(const std::vector<float>& w, const Vector& x) {
    Vector y(w.size() / x.size());
    for (std::size_t r = 0; r < y.size(); ++r) {
      for (std::size_t i = 0; i < x.size(); ++i) y[r] += double{w[r * x.size() + i]} * x[i];
    }
    return y;
  }

  std::size_t depth_;
  std::map<std::string, std::vector<float>> values_;
};

Vector input() {
  const std::vector<float> x = filled("normal", {kWidth}, {});
  return {x.begin(), x.end()};
}

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The size of a vector against that of the input.
double growth(const Vector& y) {
  return std::sqrt(dot(y, y) / dot(input(), input()));
}

std::vector<PlanStep> plain(const char* scheme) {
  return {PlanRule::parse(std::string("role=weight -> ") + scheme)};
}

TEST(Signal, PlainHeGrowsWithoutBound) {
  // Each block makes the variance 3 times as large: 3^4 in size for 8 blocks, 3^64 for 128.
  EXPECT_GT(growth(ResidualStack(8, plain("he_normal")).run(input())), 20);
  EXPECT_GT(growth(ResidualStack(128, plain("he_normal")).run(input())), 1e20);
}

TEST(Signal, FixupBeginsAsTheIdentity) {
  for (const std::size_t depth : {8U, 128U}) {
    EXPECT_EQ(ResidualStack(depth, {Recipe::parse("fixup(mode=fan_in)")}).run(input()), input());
  }
}

// What Fixup's L^(-1/2) is for: a step that moves the last weights of all branches by a fixed size moves the output by
// one that does not depend on the depth. The variance grows by (1 + 1 / L)^L < e, where plain He would make it 2^L.
TEST(Signal, StepOfFixedSizeMovesAFixupNetworkByABoundedSize) {
  const auto stepped = [](std::size_t depth, const std::vector<PlanStep>& steps) {
    ResidualStack stack(depth, steps);
    for (std::size_t i = 0; i < depth; ++i) {
      stack.of(i, "fc2") = filled("variance_scaling(1, fan_in, normal)", {kWidth, kHidden}, {kHidden, kWidth},
                                  random::Stream(i, "step"));
    }
    return growth(stack.run(input()));
  };
  for (const std::size_t depth : {8U, 128U}) {
    const double size = stepped(depth, {Recipe::parse("fixup(mode=fan_in)")});
    EXPECT_NEAR(size, std::exp(0.5), 0.4) << depth;
  }
  EXPECT_GT(stepped(128, plain("he_normal")), 1e15);
}

// GPT-2's blocks see a normalized input: x + f(x / |x|). L branches of one size make it grow like sqrt(L); divided by
// the root of their number they do not.
TEST(Signal, Gpt2ScalingKeepsTheResidualStreamAtAnyDepth) {
  const auto run = [](ResidualStack stack) {
    Vector x = input();
    for (std::size_t i = 0; i < stack.depth(); ++i) {
      const double size = growth(x);
      Vector normalized = x;
      for (double& a : normalized) a /= size;
      const Vector f = stack.branch(i, normalized);
      for (std::size_t j = 0; j < kWidth; ++j) x[j] += f[j];
    }
    return growth(x);
  };
  // Of 0.1: a branch has the variance 64 * 0.01 / 2 * 128 * 0.01 = 0.41.
  const double shallow = run(ResidualStack(8, {Recipe::parse("gpt2(std=0.1)")}));
  const double deep = run(ResidualStack(128, {Recipe::parse("gpt2(std=0.1)")}));
  EXPECT_NEAR(shallow, std::sqrt(1.41), 0.2);
  EXPECT_NEAR(deep, std::sqrt(1.41), 0.2);
  EXPECT_GT(run(ResidualStack(128, plain("normal(0, 0.1)"))), 5) << "sqrt(1 + 128 * 0.41) = 7.3";
}

// DeepNorm's x = norm(alpha x + f(x)): what all branches add is at most 1 / (8 sqrt(2 L)) of the variance each time
// 1 / L, so the output still looks like the input. With alpha = beta = 1 nothing of it is left.
TEST(Signal, DeepNormKeepsTheInputInTheOutputAtAnyDepth) {
  const auto cosine = [](ResidualStack stack, double alpha) {
    Vector x = input();
    for (std::size_t i = 0; i < stack.depth(); ++i) {
      const Vector f = stack.branch(i, x);
      for (std::size_t j = 0; j < kWidth; ++j) x[j] = alpha * x[j] + f[j];
      const double size = growth(x);
      for (double& a : x) a /= size;
    }
    return dot(x, input()) / std::sqrt(dot(x, x) * dot(input(), input()));
  };
  for (const std::size_t depth : {8U, 128U}) {
    const double alpha = std::pow(2.0 * static_cast<double>(depth), 0.25);
    EXPECT_GT(cosine(ResidualStack(depth, {Recipe::parse("deepnorm")}), alpha), 0.9) << depth;
    EXPECT_LT(std::abs(cosine(ResidualStack(depth, plain("xavier_normal")), 1)), 0.9) << depth;
  }
  EXPECT_LT(std::abs(cosine(ResidualStack(128, plain("xavier_normal")), 1)), 0.5);
}

TEST(Signal, ReZeroBeginsAsTheIdentity) {
  Tensors t;
  t.linear("layers.0.fc1", 8, 8).linear("layers.0.fc2", 8, 8).add("layers.0.resweight", {1});
  const ModelSpec spec = inferred(t);
  const std::vector<PlanStep> steps{PlanRule::parse("role=weight -> he_normal"), PlanRule::parse("role=bias -> zeros"),
                                    Recipe::parse("rezero")};
  const Plan plan = Plan::resolve(spec, compose(spec, steps).rules, true);
  EXPECT_EQ(plan.find("layers.0.resweight")->expected.low, 0);
  EXPECT_EQ(plan.find("layers.0.resweight")->expected.high, 0);
}

}  // namespace
}  // namespace fanin::init
