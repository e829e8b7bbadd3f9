#include <nlohmann/json.hpp>

#include "fanin/io/network_file.h"

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class CalibrationCommand : public Program {};

TEST_F(CalibrationCommand, TrainReportsWhatWasDone) {
  const Outcome json = run(training({"--init", "krahenbuhl(pca)", "--json"}));
  ASSERT_EQ(json.code, 0) << json.err;
  EXPECT_EQ(json.json().at("init"), "krahenbuhl(pca)");
  EXPECT_TRUE(json.json().at("calibration_seconds").is_number());
  const nlohmann::json report = json.json().at("calibration");
  EXPECT_EQ(report.at("method"), "krahenbuhl(pca)");
  EXPECT_EQ(report.at("gradient_rounds"), 1);
  EXPECT_TRUE(report.at("findings").is_array());
  ASSERT_EQ(report.at("layers").size(), 2U);
  for (const auto& layer : report.at("layers")) {
    for (const char* key :
         {"units", "rows", "mean_before", "std_before", "mean_after", "std_after", "unit_std_after", "steps", "scale",
          "constant_units", "directions", "gradient_ratio_before", "gradient_ratio_after"}) {
      EXPECT_TRUE(layer.at(key).is_number()) << key;
    }
    EXPECT_TRUE(layer.at("converged").is_boolean());
  }
  EXPECT_EQ(report.at("layers")[0].at("name"), "0.weight");
  EXPECT_NEAR(report.at("layers")[1].at("std_after").get<double>(), 1, 0.01);
  const Outcome text = run(training({"--init", "lsuv(orthogonal)", "-q"}));
  ASSERT_EQ(text.code, 0) << text.err;
  for (const char* part : {"lsuv(orthogonal): ", "0.weight", "2.weight", "steps"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << text.out;
  }
  EXPECT_EQ(text.out.find("gradient"), std::string::npos);
  // Of a scheme there is nothing to report.
  EXPECT_FALSE(run(training({"--json"})).json().contains("calibration"));
}

TEST_F(CalibrationCommand, FindingsAreShown) {
  const Outcome outcome = run(training({"--init", "lsuv(normal, attempts=1, tolerance=1e-9)", "-q"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("after 1 attempts"), std::string::npos) << outcome.out;
}

TEST_F(CalibrationCommand, NoEpochsMakeAFileOfTheFirstWeights) {
  const Outcome outcome = run(training(
      {"--init", "lsuv(orthogonal, samples=20)", "--epochs", "0", "-q", "--json", "--output", path("w.safetensors")}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const io::LoadedNetwork loaded = io::load_network(path("w.safetensors"));
  EXPECT_EQ(loaded.metadata.at("fanin.init"), "lsuv(orthogonal, samples=20)");
  EXPECT_NE(loaded.metadata.at("fanin.options").find("init=lsuv(orthogonal, samples=20);"), std::string::npos);
}

TEST_F(CalibrationCommand, LabHasALineForEachAndJson) {
  const Outcome outcome =
      run(with_data({"lab", "--layers", "64-16-4", "--batch", "20", "--epochs", "1", "--inits",
                     "he_normal,lsuv(orthogonal),krahenbuhl(kmeans),lsuv(zeros)", "--out", path("lab"), "-q"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("lsuv(orthogonal): std "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("; gradient ratios "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("lsuv(zeros) could not be made"), std::string::npos) << outcome.out;
  const auto rows = nlohmann::json::parse(io::get(path("lab/lab.json"))).at("rows");
  EXPECT_FALSE(rows[0].at("runs")[0].contains("calibration"));
  EXPECT_EQ(rows[1].at("runs")[0].at("calibration").at("layers").size(), 2U);
}

TEST_F(CalibrationCommand, WrongUsesAreErrors) {
  for (const char* init : {"krahenbuhl(pca)", "weight_norm"}) {
    expect_error(run(training({"--init", init, "--init-bias", "normal(0,1)"})), 2, {"--init-bias normal(0,1)", init});
  }
  expect_error(run(training({"--init", "lsvu"})), 2, {"'lsvu'", "did you mean 'lsuv'"});
  expect_error(run(training({"--init", "lsuv(tolerance=0)"})), 2, {"tolerance", "out of range"});
  expect_error(run(training({"--init", "lsuv(samples=100000)"})), 2, {"asks for 100000 samples"});
  expect_error(run(training({"--layers", "64-100-4", "--init", "krahenbuhl(pca)"})), 2, {"100 units for 64 inputs"});
  expect_error(run(training({"--init", "lsuv(zeros)"})), 5, {"0.weight", "the same for all"});
  expect_error(run(training({"--init", "lsuv", "--stack", path("train-images")})), 2, {"--stack", "lsuv"});
  expect_error(run(training({"--init-output", "lsuv"})), 2, {"'lsuv' learns from data"});
  expect_error(run({"init", "--layers", "4-2", "--init", "lsuv", "-o", path("w")}), 2,
               {"lsuv needs data", "fanin train --epochs 0"});
  expect_error(run({"init", "--layers", "4-2", "--init", "lsuv", "--dry-run"}), 2, {"lsuv needs data"});
  expect_error(run({"init", "--layers", "4-2", "--rule", "role=weight -> weight_norm", "--dry-run"}), 2,
               {"'weight_norm' learns from data"});
}

TEST_F(CalibrationCommand, ListShowsThem) {
  const Outcome all = run({"list"});
  EXPECT_NE(all.out.find("lsuv(inside=orthogonal, std=1"), std::string::npos);
  EXPECT_NE(all.out.find("3 data-dependent initializers"), std::string::npos);
  EXPECT_NE(run({"list", "krahenbuhl"}).out.find("algorithms 1 and 2"), std::string::npos);
  const nlohmann::json json = run({"list", "--json"}).json();
  EXPECT_EQ(json.at("data_dependent").size(), 3U);
  const nlohmann::json one = run({"list", "lsuv", "--json"}).json();
  EXPECT_EQ(one.at("schemes").size(), 0U);
  EXPECT_EQ(one.at("data_dependent")[0].at("name"), "lsuv");
  expect_error(run({"list", "lsv"}), 2, {"'lsuv'"});
}

}  // namespace
}  // namespace fanin::cli::test
