#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "fanin/io/png.h"
#include "fanin/io/safetensors.h"

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class DbnCommand : public Program {
 protected:
  // A small stack on digits, its top machine with labels, saved as `s`.
  void SetUp() override {
    ASSERT_EQ(run({"dbn", "pretrain", "--layers", "64-24-16", "--data", "digits", "--epochs", "2", "--label-units",
                   "-o", path("s")})
                  .code,
              0);
  }
  // `words` after `dbn`, quiet.
  Outcome dbn(Arguments words) const {
    words.insert(words.begin(), "dbn");
    words.emplace_back("-q");
    return run(words);
  }
  // The data section: the weights without what the metadata say of where they come from.
  [[nodiscard]] std::string tensors(const std::string& name) const {
    std::string all;
    const io::SafetensorsFile file = io::SafetensorsFile::open(path(name));
    for (const io::TensorInfo& t : file.tensors()) {
      const auto bytes = file.bytes(t);
      all += t.name + t.shape.str();
      all.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    return all;
  }
};

TEST_F(DbnCommand, FineTuningIsTheRunOfTrainWithThatStack) {
  const Arguments same{"--epochs", "2",  "--lower-rate", "0.1", "--top-only-epochs", "1",  "--train-samples", "300",
                       "--batch",  "30", "--seed",       "5",   "--dropout",         "0.1"};
  Arguments a{"finetune", path("s"), "--metrics", path("a.jsonl"), "-o", path("a"), "--json"};
  a.insert(a.end(), same.begin(), same.end());
  const Outcome finetuned = dbn(a);
  ASSERT_EQ(finetuned.code, 0) << finetuned.err;
  Arguments b{"train",   "--layers",     "64-24-16-10", "--data", "digits", "--stack",
              path("s"), "--activation", "sigmoid",     "-o",     path("b")};
  b.insert(b.end(), same.begin(), same.end());
  ASSERT_EQ(run(b).code, 0);
  EXPECT_EQ(tensors("a"), tensors("b"));
  const auto j = finetuned.json();
  EXPECT_EQ(j.at("command"), "dbn finetune");
  EXPECT_EQ(j.at("layers"), "64-24-16-10");
  EXPECT_EQ(j.at("activation"), "sigmoid");
  EXPECT_EQ(j.at("data"), "digits");
  EXPECT_EQ(j.at("epochs").size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(io::get(path("a.jsonl")).substr(0, io::get(path("a.jsonl")).find('\n')))["epoch"], 1);
  // Its checkpoint is that of the same run too: either command goes on from it.
  Arguments c = b;
  c.insert(c.end(), {"--resume", "--checkpoint", path("a.checkpoint")});
  *std::find(c.begin(), c.end(), "2") = "3";
  c[10] = path("c");
  ASSERT_EQ(run(c).code, 0);
  *std::find(b.begin(), b.end(), "2") = "3";
  ASSERT_EQ(run(b).code, 0);
  EXPECT_EQ(tensors("c"), tensors("b"));
}

TEST_F(DbnCommand, FineTuningRejectsWhatDoesNotFit) {
  const auto fails = [&](const Arguments& a, int code, const std::vector<std::string>& parts) {
    expect_error(dbn(a), code, parts);
  };
  fails({"finetune", path("none")}, 4, {"none"});
  fails({"finetune", path("train-images")}, 3, {"train-images"});
  fails({"finetune", path("s"), "--data", "bars_and_stripes(4)", "--batch", "8"}, 2, {"16 features", "64"});
  fails({"finetune", path("s"), "--layers", "64-24-16-10"}, 2, {"--layers"});
  fails({"finetune", path("s"), "--binarize", "0.5"}, 2, {"--binarize"});
  fails({"finetune", path("s"), "-o", path("s")}, 2, {"--output", "--stack"});
  fails({"finetune", path("s"), "--lr", "0"}, 2, {"learning rate"});
  fails({"finetune", path("s"), "--k", "3"}, 2, {"--k means nothing to --algorithm backprop"});
  fails({"finetune", path("s"), "--algorithm", "sleep"}, 2, {"--algorithm", "'sleep'", "backprop and up-down"});
  ASSERT_EQ(
      run({"dbn", "pretrain", "--layers", "64-8", "--data", "digits", "--epochs", "1", "--flip", "-o", path("f")}).code,
      0);
  fails({"finetune", path("f")}, 3, {"0 and 1 exchanged"});
}

TEST_F(DbnCommand, UpDownIsTheSameBytesForAnyNumberOfThreads) {
  const auto run_with = [&](const char* threads, const char* seed, const std::string& name) {
    return dbn({"finetune", path("s"), "--algorithm", "up-down", "--epochs", "2", "--k", "1:2", "--seed", seed,
                "--threads", threads, "-o", path(name)});
  };
  for (const char* threads : {"1", "2", "4"}) {
    ASSERT_EQ(run_with(threads, "7", threads).code, 0);
    EXPECT_EQ(io::get(path(threads)), io::get(path("1"))) << threads;
  }
  ASSERT_EQ(run_with("1", "8", "other").code, 0);
  EXPECT_NE(tensors("other"), tensors("1"));
}

TEST_F(DbnCommand, InterruptedUpDownSavesTheEpochsSoFar) {
  Arguments words{"dbn", "finetune", path("s"), "--algorithm", "up-down", "--k", "1", "--no-test-each-epoch"};
  Arguments endless = words;
  endless.insert(endless.end(), {"--epochs", "1000000", "--metrics", path("m"), "-o", path("stopped")});
  Process process(endless, path("endless.out"), path("endless.err"));
  while (process.running() && io::get(path("endless.err")).find("epoch   2") == std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  process.send(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  const std::string lines = io::get(path("m"));
  const auto epochs = std::count(lines.begin(), lines.end(), '\n');
  EXPECT_GE(epochs, 2);
  words.insert(words.end(), {"--epochs", std::to_string(epochs), "-o", path("short")});
  ASSERT_EQ(run(words).code, 0);
  EXPECT_EQ(tensors("stopped"), tensors("short"));
}

TEST_F(DbnCommand, UpDownSaysWhatItLearned) {
  const Outcome r = dbn({"finetune", path("s"), "--algorithm", "up-down", "--epochs", "3", "--k", "1:2:3", "--batch",
                         "20", "--metrics", path("m"), "--json", "-o", path("b")});
  ASSERT_EQ(r.code, 0) << r.err;
  const nlohmann::json j = r.json();
  EXPECT_EQ(j.at("command"), "dbn finetune");
  EXPECT_EQ(j.at("algorithm"), "up-down");
  EXPECT_EQ(j.at("data"), "digits");
  ASSERT_EQ(j.at("epochs").size(), 3U);
  for (std::size_t e = 0; e < 3; ++e) {
    EXPECT_EQ(j.at("epochs")[e].at("k"), e + 1);
    EXPECT_GT(j.at("epochs")[e].at("reconstruction_error").get<double>(), 0);
    EXPECT_GE(j.at("epochs")[e].at("seconds").get<double>(), 0);
  }
  EXPECT_GE(j.at("accuracy_before").get<double>(), 0);
  EXPECT_EQ(j.at("test_accuracy"), j.at("epochs")[2].at("test_accuracy"));
  const std::string lines = io::get(path("m"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_NE(io::get(path("b")).find(R"("fanin.algorithm":"up-down")"), std::string::npos);
  const Outcome text = run({"dbn", "finetune", path("s"), "--algorithm", "up-down", "--epochs", "1"});
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.err.find("reconstruction error"), std::string::npos) << text.err;
  EXPECT_NE(text.out.find("% before, "), std::string::npos) << text.out;
}

TEST_F(DbnCommand, PrintedConfigurationMakesTheSameRun) {
  for (const char* algorithm : {"backprop", "up-down"}) {
    const Arguments words{"finetune", path("s"), "--algorithm", algorithm};
    Arguments printing = words, direct = words, configured = words;
    printing.insert(printing.end(), {"--epochs", "1", "--print-config"});
    direct.insert(direct.end(), {"--epochs", "1", "-o", path("a")});
    const Outcome printed = dbn(printing);
    ASSERT_EQ(printed.code, 0) << printed.err;
    io::put(path("c.toml"), printed.out);
    configured.insert(configured.end(), {"--config", path("c.toml"), "--data", "digits", "-o", path("b")});
    ASSERT_EQ(dbn(direct).code, 0);
    const Outcome again = dbn(configured);
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(tensors("a"), tensors("b")) << algorithm;
  }
}

TEST_F(DbnCommand, UpDownRejectsWhatDoesNotFit) {
  const auto fails = [&](Arguments more, int code, const std::vector<std::string>& parts) {
    Arguments words{"finetune", path("s"), "--algorithm", "up-down"};
    words.insert(words.end(), more.begin(), more.end());
    expect_error(dbn(words), code, parts);
  };
  fails({"--optimizer", "adam"}, 2, {"--optimizer means nothing to --algorithm up-down"});
  fails({"--lower-rate", "0.1"}, 2, {"--lower-rate"});
  fails({"--resume"}, 2, {"--resume"});
  fails({"--k", "3:x"}, 2, {"3:x"});
  fails({"--lr", "2000"}, 2, {"learning rate is 2000"});
  fails({"--data", "bars_and_stripes(4)"}, 2, {"16 features", "64"});
  fails({"-o", path("s")}, 2, {"--output"});
  fails({"-o", path("none/x")}, 4, {"none"});
  ASSERT_EQ(run({"dbn", "pretrain", "--layers", "64-8", "--data", "digits", "--hidden-units", "relu", "--epochs", "1",
                 "-o", path("r")})
                .code,
            0);
  expect_error(dbn({"finetune", path("r"), "--algorithm", "up-down"}), 3, {"layer 0", "relu"});
}

TEST_F(DbnCommand, GeneratesFromStacksAndNetworks) {
  ASSERT_EQ(dbn({"finetune", path("s"), "--algorithm", "up-down", "--epochs", "1", "-o", path("b")}).code, 0);
  for (const char* model : {"s", "b"}) {
    const Outcome all = dbn({"generate", path(model), "--label", "all", "--count", "3", "--steps", "5", "-o",
                             path("p.png"), "--samples", path("x"), "--json"});
    ASSERT_EQ(all.code, 0) << all.err;
    EXPECT_EQ(all.json().at("samples"), 30);
    EXPECT_EQ(all.json().at("model"), "64-24 directed, top 24-16, binary-binary units, 10 labels");
    // A row of three for each of ten classes: 8 x 8 pixels and gaps of one.
    const io::GrayImage picture = io::read_png_gray(path("p.png"));
    EXPECT_EQ(picture.rows, 10 * 8U + 9);
    EXPECT_EQ(picture.cols, 3 * 8U + 2);
    const io::SafetensorsFile file = io::SafetensorsFile::open(path("x"));
    EXPECT_EQ(file.find("samples")->shape, (Shape{30, 64}));
    EXPECT_EQ(file.find("labels")->shape, (Shape{30}));
    const Outcome three = dbn({"generate", path(model), "--label", "3", "--count", "2", "--steps", "5"});
    EXPECT_NE(three.out.find("2 samples, label 3, 5 Gibbs steps"), std::string::npos) << three.out;
  }
  const auto bytes = [&](const char* model, const char* threads, const char* seed) {
    EXPECT_EQ(dbn({"generate", path(model), "--count", "70", "--steps", "2", "--threads", threads, "--seed", seed,
                   "--samples", path("x")})
                  .code,
              0);
    return tensors("x");
  };
  const std::string one = bytes("b", "1", "1");
  EXPECT_EQ(bytes("b", "2", "1"), one);
  EXPECT_EQ(bytes("b", "4", "1"), one);
  EXPECT_NE(bytes("b", "1", "2"), one);
  EXPECT_NE(bytes("s", "1", "1"), one);
}

TEST_F(DbnCommand, GenerateRejectsWhatDoesNotFit) {
  ASSERT_EQ(run({"dbn", "pretrain", "--layers", "64-8", "--data", "digits", "--epochs", "1", "-o", path("bare")}).code,
            0);
  const auto fails = [&](const Arguments& a, int code, const std::vector<std::string>& parts) {
    expect_error(dbn(a), code, parts);
  };
  fails({"generate", path("bare"), "--label", "3"}, 2, {"--label", "no label units"});
  fails({"generate", path("bare"), "--label", "all"}, 2, {"--label", "no label units"});
  fails({"generate", path("s"), "--label", "10"}, 2, {"'10'", "0 to 9 and all"});
  fails({"generate", path("s"), "--label", "-1"}, 2, {"'-1'"});
  fails({"generate", path("s"), "--label", "every"}, 2, {"'every'"});
  fails({"generate", path("s"), "--count", "0"}, 2, {"--count"});
  fails({"generate", path("s"), "--steps", "0"}, 2, {"0 steps"});
  fails({"generate", path("s"), "-o", path("s")}, 2, {"--output"});
  fails({"generate", path("s"), "-o", path("p"), "--samples", path("p")}, 2, {"--samples"});
  fails({"generate", path("none")}, 4, {"none"});
  fails({"generate", path("train-images")}, 3, {"train-images"});
  const std::string whole = io::get(path("s"));
  io::put(path("half"), whole.substr(0, whole.size() / 2));
  fails({"generate", path("half")}, 3, {"half"});
}

TEST_F(DbnCommand, ProbesSayWhatALinearReaderFinds) {
  const Outcome r = dbn({"pretrain", "--layers", "64-24-16", "--data", "digits", "--epochs", "2", "--label-units",
                         "--probe", "--probe-epochs", "3", "--json", "-o", path("p")});
  ASSERT_EQ(r.code, 0) << r.err;
  const nlohmann::json probe = r.json().at("probe");
  ASSERT_EQ(probe.size(), 3U);
  const std::vector<std::size_t> units{64, 24, 16};
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_EQ(probe[l].at("layer"), l);
    EXPECT_EQ(probe[l].at("units"), units[l]);
    EXPECT_TRUE(probe[l].at("test_accuracy").is_number());
  }
  EXPECT_GT(probe[0].at("test_accuracy").get<double>(), 0.5);
  // Looking changes nothing.
  EXPECT_EQ(io::get(path("p")), io::get(path("s")));
  const Outcome text = dbn({"pretrain", "--layers", "64-8", "--data", "digits", "--epochs", "1", "--probe"});
  EXPECT_NE(text.out.find("layer 1: "), std::string::npos) << text.out;
  EXPECT_EQ(dbn({"pretrain", "--layers", "64-8", "--data", "digits", "--epochs", "1"}).out.find("layer"),
            std::string::npos);
  expect_error(dbn({"pretrain", "--layers", "64-8", "--images", path("train-images"), "--labels", path("train-labels"),
                    "--probe"}),
               2, {"--probe", "test data"});
}

}  // namespace
}  // namespace fanin::cli::test
