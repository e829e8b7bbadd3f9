#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class RbmCommand : public Program {
 protected:
  // A small machine of bars and stripes, saved as `m`.
  void SetUp() override {
    ASSERT_EQ(run({"rbm", "train", "--data", "bars_and_stripes(4)", "--hidden", "8", "--batch", "16", "--epochs", "30",
                   "--seed", "3", "-o", path("m")})
                  .code,
              0);
  }
};

TEST_F(RbmCommand, TrainMeasuresAndSaysWhatItFound) {
  const auto r = run({"rbm", "train", "--data", "bars_and_stripes(4)", "--hidden", "8", "--batch", "32", "--epochs",
                      "30", "--json", "--metrics", path("metrics")});
  ASSERT_EQ(r.code, 0) << r.err;
  const auto document = nlohmann::json::parse(r.out);
  EXPECT_EQ(document["command"], "rbm train");
  EXPECT_EQ(document["epochs"].size(), 30U);
  EXPECT_LT(document["measures"]["log_likelihood"].get<double>(), 0);
  EXPECT_GT(document["measures"]["kl"].get<double>(), 0);
  ASSERT_FALSE(document["findings"].empty());
  EXPECT_EQ(document["findings"].back()["id"].get<std::string>().substr(0, 2), "W-");
  const std::string lines = io::get(path("metrics"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 30);
}

TEST_F(RbmCommand, BytesDoNotDependOnThreads) {
  for (const char* sampler : {"cd", "pcd", "tempering"}) {
    std::vector<std::string> files;
    for (const char* threads : {"1", "2", "3"}) {
      ASSERT_EQ(run({"rbm", "train", "--data", "digits", "--hidden", "20", "--epochs", "1", "--sampler", sampler,
                     "--centered", "--binarize", "resample", "--threads", threads, "-o", path("t")})
                    .code,
                0);
      files.push_back(io::get(path("t")));
    }
    EXPECT_EQ(files[0], files[1]);
    EXPECT_EQ(files[0], files[2]);
  }
}

TEST_F(RbmCommand, EvaluateAndAisAgreeAboutSmallMachines) {
  const auto e = run({"rbm", "evaluate", path("m"), "--json"});
  ASSERT_EQ(e.code, 0) << e.err;
  const double exact = nlohmann::json::parse(e.out)["measures"]["log_likelihood"].get<double>();
  const auto a = run({"rbm", "ais", path("m"), "--json", "--temperatures", "2000"});
  ASSERT_EQ(a.code, 0) << a.err;
  const auto ais = nlohmann::json::parse(a.out);
  EXPECT_NEAR(ais["exact"]["log_likelihood"].get<double>(), exact, 1e-9);
  EXPECT_NEAR(ais["ais"]["log_likelihood"].get<double>(), exact, 0.3);
  EXPECT_NEAR(ais["reverse_ais"]["log_likelihood"].get<double>(), exact, 0.3);
  const auto few = run({"rbm", "ais", path("m"), "--temperatures", "10", "--no-reverse"});
  EXPECT_NE(few.out.find("W-AIS: 10 temperatures"), std::string::npos) << few.out;
}

TEST_F(RbmCommand, PicturesAreWrittenAndDrawn) {
  for (const Arguments& a : std::vector<Arguments>{
           {"rbm", "sample", path("m"), "--count", "4", "--steps", "5", "-o", path("p.png")},
           {"rbm", "sample", path("m"), "--count", "4", "--steps", "5", "--start", "data", "-o", path("p.png")},
           {"rbm", "inpaint", path("m"), "--count", "4", "--steps", "5", "--hide", "left", "-o", path("p.png")},
           {"rbm", "features", path("m"), "--filters", path("p.png"), "--activity", path("a.png"), "--histogram",
            path("h.png"), "-o", path("f")}}) {
    std::filesystem::remove(path("p.png"));
    const auto r = run(a);
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(io::get(path("p.png")).substr(1, 3), "PNG") << a[1];
    EXPECT_NE(r.out.find("wrote "), std::string::npos);
  }
  EXPECT_EQ(io::get(path("a.png")).substr(1, 3), "PNG");
  EXPECT_EQ(io::get(path("h.png")).substr(1, 3), "PNG");
}

TEST_F(RbmCommand, AStackIsPretrainedAndFineTuned) {
  ASSERT_EQ(run({"dbn", "pretrain", "--layers", "64-30-20", "--data", "digits", "--epochs", "3", "-o", path("s")}).code,
            0);
  const auto r = run({"train", "--layers", "64-30-20-10", "--activation", "sigmoid", "--data", "digits", "--stack",
                      path("s"), "--epochs", "0", "-o", path("n")});
  ASSERT_EQ(r.code, 0) << r.err;
  // The same as pre-training on the spot: one seed, one stack.
  ASSERT_EQ(run({"train", "--layers", "64-30-20-10", "--activation", "sigmoid", "--data", "digits", "--init",
                 "dbn(epochs=3)", "--epochs", "0", "-o", path("o")})
                .code,
            0);
  const std::string a = io::get(path("n"));
  const std::string b = io::get(path("o"));
  EXPECT_EQ(a.substr(a.size() - 4 * (64 * 30 + 30 + 30 * 20 + 20)),
            b.substr(b.size() - 4 * (64 * 30 + 30 + 30 * 20 + 20)));
  // One of them is a machine of another size.
  EXPECT_EQ(
      run({"train", "--layers", "64-31-10", "--activation", "sigmoid", "--data", "digits", "--stack", path("s")}).code,
      2);
  EXPECT_EQ(run({"train", "--stack", path("s"), "--init", "dbn"}).code, 2);
}

TEST_F(RbmCommand, WrongInputGetsASentenceAndItsCode) {
  const auto fails = [&](const Arguments& a, int code, const std::string& sentence) {
    const auto r = run(a);
    EXPECT_EQ(r.code, code) << a[1] << r.err;
    EXPECT_NE(r.err.find(sentence), std::string::npos) << r.err;
  };
  fails({"rbm"}, 2, "'fanin rbm' needs a command: train, evaluate");
  fails({"rbm", "trian"}, 2, "unknown command 'rbm trian', did you mean 'train'?");
  fails({"dbn", "pretrian"}, 2, "did you mean 'pretrain'?");
  fails({"rbm", "train", "--hiden", "3"}, 2, "did you mean '--hidden'?");
  fails({"rbm", "train", "--preset", "gausian"}, 2, "did you mean 'gaussian'?");
  fails({"rbm", "train", "--data", "digits", "--sampler", "exact"}, 2, "at most 22 units");
  fails({"rbm", "train", "--data", "digits", "--binarize", "1.5"}, 2, "binariz");
  fails({"rbm", "train", "--data", "digits", "--batch", "100000"}, 2, "batch");
  fails({"rbm", "train", "--data", "digits", "--standardize"}, 3, "binary visible units take 0 to 1");
  fails({"rbm", "evaluate", path("none")}, 4, "none");
  fails({"rbm", "evaluate", path("m"), "--data", "digits"}, 2,
        "64 features a sample, the machine has 16 visible units");
  fails({"rbm", "ais", path("m"), "--temperatures", "1"}, 2, "temperatures");
  fails({"rbm", "sample", path("m"), "--label", "3"}, 2, "no label units");
  fails({"rbm", "sample", path("m"), "--count", "0"}, 2, "--count");
  fails({"rbm", "inpaint", path("m"), "--hide", "middle"}, 2, "--hide");
  fails({"dbn", "pretrain", "--layers", "63-20", "--data", "digits"}, 2, "64 features");
  fails({"dbn", "pretrain", "--layers", "64", "--data", "digits"}, 2, "");
  fails({"init", "--layers", "64-20-10", "--init", "dbn", "-o", path("w")}, 2, "needs data");
  fails({"train", "--data", "digits", "--layers", "64-20-10", "--init", "dbn", "--activation", "tanh"}, 2,
        "sigmoid, relu");
  fails({"train", "--init", "dbn(epoch=1)"}, 2, "did you mean 'epochs'?");
  io::put(path("junk"), "not a machine");
  fails({"rbm", "evaluate", path("junk")}, 3, "junk");
}

}  // namespace
}  // namespace fanin::cli::test
