#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class BenchCommand : public Program {
 protected:
  [[nodiscard]] Arguments bench(const Arguments& more = {}) const {
    return with_data({"bench", "--layers", "64-16-4", "--batch", "10", "--threads", "1"}, more);
  }
};

TEST_F(BenchCommand, JsonHoldsWhatScriptsRead) {
  const Outcome outcome = run(bench({"--json", "--only", "machine"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  EXPECT_EQ(j.at("command"), "bench");
  EXPECT_TRUE(j.at("machine").at("simd").is_string());
  ASSERT_EQ(j.at("peak").at("fp32_gflops").size(), 1U);
  for (const char* key : {"threads", "median", "best"}) {
    EXPECT_TRUE(j.at("peak").at("fp32_gflops")[0].at(key).is_number()) << key;
  }
  EXPECT_TRUE(j.at("peak").at("bf16_gflops").is_array());
  ASSERT_EQ(j.at("store_gb_per_second").size(), 1U);
  EXPECT_GT(j.at("store_gb_per_second")[0].at("best"), 0);
  EXPECT_FALSE(j.contains("step"));
}

TEST_F(BenchCommand, StepIsShownPartByPart) {
  const Outcome outcome = run(bench({"--json", "--only", "step", "--zeros", "skip"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json step = outcome.json().at("step");
  EXPECT_FALSE(outcome.json().contains("machine"));
  EXPECT_EQ(step.at("flops"), 2.0 * 2 * 10 * 64 * 16 + 3.0 * 2 * 10 * 16 * 4);
  // gather, three layers forward, the loss, two layers backward, two gradients.
  EXPECT_EQ(step.at("parts").size(), 9U);
  EXPECT_EQ(step.at("steps").size(), 1U);

  const Outcome text = run(bench({"--only", "step"}));
  ASSERT_EQ(text.code, 0) << text.err;
  for (const char* part :
       {"gather the batch", "forward linear(64, 16)", "backward relu", "gradient and update linear(16, 4)", "floor"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part;
  }
}

TEST_F(BenchCommand, BadInputIsOneSentenceAndTheRightCode) {
  EXPECT_EQ(run(bench({"--only", "moon"})).code, 2);
  EXPECT_EQ(run(bench({"--precision", "fp64"})).code, 2);
  EXPECT_EQ(run(bench({"--zeros", "divide"})).code, 2);
  const Outcome few = run(bench({"--only", "step", "--batch", "1000"}));
  EXPECT_EQ(few.code, 2);
  EXPECT_NE(few.err.find("fewer than four batches of 1000"), std::string::npos) << few.err;
}

}  // namespace
}  // namespace fanin::cli::test
