#include "cli/predict_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace fanin::cli {
namespace {

const std::vector<std::int32_t> kLabels{0, 0, 0, 1, 1, 2};
const std::vector<std::int32_t> kPredictions{0, 0, 1, 1, 1, 0};

TEST(Confusion, CountsLabelsInRowsAndPredictionsInColumns) {
  const Confusion m(kLabels, kPredictions, 4);
  EXPECT_EQ(m.counts, (std::vector<std::size_t>{2, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(m.labelled(0), 3U);
  EXPECT_EQ(m.predicted(0), 3U);
  EXPECT_EQ(m.predicted(2), 0U);
}

TEST(Confusion, JsonHasNullWhereNothingWasCounted) {
  nlohmann::ordered_json j;
  add_confusion(j, Confusion(kLabels, kPredictions, 4));
  EXPECT_EQ(j["confusion"][2][0], 1);
  EXPECT_DOUBLE_EQ(j["classes"][0]["recall"].get<double>(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(j["classes"][1]["precision"].get<double>(), 2.0 / 3);
  EXPECT_EQ(j["classes"][2]["recall"], 0.0);
  EXPECT_TRUE(j["classes"][2]["precision"].is_null());
  EXPECT_TRUE(j["classes"][3]["recall"].is_null());
}

TEST(Confusion, TextHasTheMatrixForFewClassesAndTheConfusionsForMany) {
  EXPECT_NE(confusion_text(Confusion(kLabels, kPredictions, 3)).find("66.67"), std::string::npos);
  const std::string many = confusion_text(Confusion(kLabels, kPredictions, 100));
  EXPECT_NE(many.find("100 classes"), std::string::npos);
  EXPECT_NE(many.find("33.33"), std::string::npos);
  EXPECT_LT(many.size(), 400U);
}

TEST(WorstSamples, HighestLossFirstAndTiesByIndex) {
  const std::vector<float> losses{1, 5, 3, 5, 0};
  EXPECT_EQ(worst_samples(losses, 3), (std::vector<std::uint32_t>{1, 3, 2}));
  EXPECT_EQ(worst_samples(losses, 0), std::vector<std::uint32_t>{});
  EXPECT_EQ(worst_samples(losses, 99).size(), 5U);
}

TEST(WorstSamples, WhatIsNoNumberIsWorst) {
  const std::vector<float> losses{1, std::nanf(""), 3, std::numeric_limits<float>::infinity(), 9};
  EXPECT_EQ(worst_samples(losses, 3), (std::vector<std::uint32_t>{1, 3, 4}));
}

TEST(ProbabilityBars, AreAsLongAsTheProbability) {
  const std::string text = probability_bars(std::vector<float>{0.25F, 0.75F});
  EXPECT_EQ(text, "    0  " + std::string(10, '#') + std::string(30, '.') + "   25.00 %\n" + "    1  " +
                      std::string(30, '#') + std::string(10, '.') + "   75.00 %\n");
}

TEST(ProbabilityBars, ManyClassesAreCutToTheLikeliestTen) {
  std::vector<float> p(100, 0.005F);
  p[42] = 0.5F;
  p[7] = std::nanf("");
  const std::string text = probability_bars(p);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_EQ(text.substr(0, 5), "   42");
}

}  // namespace
}  // namespace fanin::cli
