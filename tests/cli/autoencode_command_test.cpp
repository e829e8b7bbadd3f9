#include <filesystem>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class AutoencodeCommand : public Program {
 protected:
  // `more` on digits, 64-20-4.
  [[nodiscard]] Outcome tuned(const Arguments& more) const {
    Arguments words{"dbn", "autoencode", "--data", "digits", "--epochs", "2", "--seed", "3"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  void pretrain(const Arguments& more = {}) const {
    Arguments words{"dbn",    "pretrain", "--layers", "64-20-4", "--top-units", "gaussian",
                    "--data", "digits",   "--epochs", "2",       "-o",          path("stack")};
    words.insert(words.end(), more.begin(), more.end());
    ASSERT_EQ(run(words).code, 0);
  }
};

TEST_F(AutoencodeCommand, AStackIsTunedSavedAndJudgedAgain) {
  pretrain();
  const auto r = tuned({path("stack"), "-o", path("net"), "--json", "--metrics", path("metrics"), "--pictures",
                        path("p.png"), "--codes", path("codes")});
  ASSERT_EQ(r.code, 0) << r.err;
  const auto j = r.json();
  EXPECT_EQ(j["command"], "dbn autoencode");
  EXPECT_EQ(j["layers"], "64-20-4-20-64");
  EXPECT_EQ(j["activation"].get<std::string>(), "sigmoid,identity,sigmoid");
  EXPECT_EQ(j["epochs"].size(), 2U);
  EXPECT_EQ(j["epochs"][1]["test_squared_error"], j["test_squared_error"]);
  EXPECT_LT(j["pca_squared_error"].get<double>(), j["mean_squared_error"].get<double>());
  const std::string lines = io::get(path("metrics"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_EQ(io::get(path("p.png")).substr(1, 3), "PNG");
  EXPECT_NE(io::get(path("codes")).find("test.codes"), std::string::npos);

  // The file says its data and is judged without learning on.
  const auto again = run({"dbn", "autoencode", path("net"), "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(again.json()["epochs"].empty());
  EXPECT_EQ(again.json()["test_squared_error"], j["test_squared_error"]);
  EXPECT_EQ(run({"predict", path("net")}).code, 2);
}

TEST_F(AutoencodeCommand, PretrainingOnTheSpotIsTheSameStack) {
  pretrain({"--seed", "3"});
  const auto a = tuned({path("stack"), "--epochs", "1", "--json"});
  const auto b = tuned({"--layers", "64-20-4", "--init", "dbn(epochs=2)", "--epochs", "1", "--json"});
  ASSERT_EQ(a.code, 0) << a.err;
  ASSERT_EQ(b.code, 0) << b.err;
  EXPECT_EQ(a.json()["test_squared_error"], b.json()["test_squared_error"]);
}

TEST_F(AutoencodeCommand, TheTopMachineHasARateOfItsOwn) {
  std::vector<std::string> stacks;
  for (const Arguments& more : std::vector<Arguments>{
           {}, {"--top-lr", "0.001"}, {"--top-lr", "0.002"}, {"--lr", "0.1"}, {"--lr", "0.1", "--top-lr", "0.001"}}) {
    pretrain(more);
    stacks.push_back(io::get(path("stack")));
  }
  // A linear code has 0.001 by itself, unless --lr is of all machines.
  EXPECT_EQ(stacks[0], stacks[1]);
  EXPECT_NE(stacks[0], stacks[2]);
  EXPECT_NE(stacks[0], stacks[3]);
  EXPECT_EQ(stacks[0], stacks[4]);
}

TEST_F(AutoencodeCommand, BytesDoNotDependOnThreads) {
  std::vector<std::string> files;
  for (const char* threads : {"1", "2", "4"}) {
    const auto r = tuned({"--layers", "64-20-4", "--threads", threads, "-o", path("net")});
    ASSERT_EQ(r.code, 0) << r.err;
    files.push_back(io::get(path("net")));
  }
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(files[0], files[2]);
}

TEST_F(AutoencodeCommand, SmallWeightsGiveTheMeanBackAndTheReportSaysSo) {
  const auto r = tuned({"--layers", "64-20-4", "--init", "zeros", "--epochs", "20"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_NE(r.out.find("W-MEAN: squared error "), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("PCA, 4 components"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("error "), std::string::npos);
}

TEST_F(AutoencodeCommand, GaussianUnitsGiveStandardizedValuesBack) {
  const auto r = tuned({"--layers", "64-20-4", "--visible-units", "gaussian", "--epochs", "20", "--json", "--no-pca"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(r.json()["loss"], "mean_squared_error");
  EXPECT_GT(r.json()["mean_squared_error"].get<double>(), 50);  // of 64 features with variance 1, most of them
  EXPECT_TRUE(r.json()["pca_squared_error"].is_null());
  EXPECT_LT(r.json()["test_squared_error"].get<double>(), r.json()["mean_squared_error"].get<double>());
}

TEST_F(AutoencodeCommand, WrongInputGetsASentenceAndItsCode) {
  pretrain();
  const auto fails = [&](const Arguments& more, int code, const std::string& sentence) {
    const auto r = tuned(more);
    EXPECT_EQ(r.code, code) << r.err;
    EXPECT_NE(r.err.find(sentence), std::string::npos) << r.err;
    EXPECT_EQ(r.out, "");
  };
  fails({"--layers", "63-20-4"}, 2, "64 features");
  fails({"--layers", "64"}, 2, "");
  fails({path("stack"), "--layers", "64-20-4"}, 2, "both say what the network starts from");
  fails({path("stack"), "--data", "bars_and_stripes(4)", "--batch", "16"}, 2, "16 features");
  fails({path("none")}, 4, "none");
  fails({"--layers", "64-20-4", "--epoch", "3"}, 2, "did you mean '--epochs'?");
  fails({"--layers", "64-20-4", "-o", path("no/where")}, 4, "no/where");
  fails({path("stack"), "-o", path("stack")}, 2, "would overwrite");
  fails({"--layers", "64-20-4", "--standardize"}, 3, "sigmoid outputs reach 0 to 1");
  fails({"--layers", "64-20-4", "--binarize", "resample"}, 2, "resample");
  fails({"--layers", "64-20-4", "--visible-units", "relu"}, 3, "binary or gaussian");
  fails({"--layers", "64-20-4", "--resume"}, 2, "--checkpoint FILE");
  ASSERT_EQ(run({"train", "--data", "digits", "--layers", "64-5-10", "--epochs", "0", "-o", path("classifier")}).code,
            0);
  fails({path("classifier")}, 3, "neither a stack of machines nor an autoencoder");
  ASSERT_EQ(run({"dbn", "pretrain", "--layers", "64-20", "--label-units", "--data", "digits", "--epochs", "1", "-o",
                 path("labelled")})
                .code,
            0);
  fails({path("labelled")}, 3, "no place for 10 labels");
  EXPECT_EQ(run({"train", "--data", "digits", "--layers", "64-5-10", "--loss", "sigmoid_cross_entropy"}).code, 2);
}

}  // namespace
}  // namespace fanin::cli::test
