#include "fanin/init/application.h"

#include "init_test_support.h"
#include "plan_test_support.h"

namespace fanin::init {
namespace {

Application made(const std::vector<std::string>& texts = {"role=weight -> he_normal", "role=bias -> normal"}) {
  return {Plan::resolve(small_spec(), rules(texts)), 42};
}

// Memory for all parameters of small_spec(), bound.
std::vector<std::vector<float>> bound(Application& application) {
  std::vector<std::vector<float>> memory;
  for (const PlanEntry& e : application.plan().entries()) memory.emplace_back(e.parameter.shape.elements(), 5.0F);
  for (std::size_t i = 0; i < memory.size(); ++i)
    application.bind(application.plan().entries()[i].parameter.name, memory[i]);
  return memory;
}

TEST(Application, GivesEachParameterTheStreamOfItsName) {
  Application application = made();
  const auto memory = bound(application);
  for (const std::size_t threads : {1U, 3U}) {
    Application again = made();
    auto other = bound(again);
    ThreadPool pool(threads);
    again.apply(pool);
    again.require_complete();
    EXPECT_EQ(other[0], filled("he_normal", {6, 8}, {8, 6}, random::Stream(42, "0.weight")));
    EXPECT_EQ(other[3], filled("normal", {3}, {6, 3}, random::Stream(42, "2.bias")));
    EXPECT_EQ(again.state("2.bias"), State::initialized);
  }
}

TEST(Application, OrderOfParametersChangesNothing) {
  ThreadPool pool(1);
  Application forth = made();
  auto a = bound(forth);
  forth.apply(pool);
  Application back = made();
  auto b = bound(back);
  for (const char* name : {"2.bias", "0.weight", "2.weight", "0.bias"}) back.apply(name, pool);
  EXPECT_EQ(a, b);
}

TEST(Application, RawMemoryIsPoisonedInBuildsThatCheck) {
  Application application = made();
  const auto memory = bound(application);
  for (const float x : memory[0]) EXPECT_EQ(std::isnan(x), poisons_raw_memory());
}

TEST(Application, SecondApplicationIsRejected) {
  ThreadPool pool(1);
  Application application = made();
  auto memory = bound(application);
  application.apply("0.weight", pool);
  const auto before = memory;
  expect_error(ErrorKind::usage, {"'0.weight'", "initialized already"}, [&] { application.apply("0.weight", pool); });
  application.apply(pool);  // those that are left
  expect_error(ErrorKind::usage, {"applied already"}, [&] { application.apply(pool); });
  EXPECT_EQ(memory[0], before[0]);
}

TEST(Application, NothingIsLeftOutSilently) {
  ThreadPool pool(1);
  Application application = made();
  expect_error(ErrorKind::usage, {"'0.weight'", "still raw"}, [&] { application.require_complete(); });
  std::vector<float> w(48, 5.0F);
  application.bind("0.weight", w);
  const auto before = w;
  expect_error(ErrorKind::usage, {"'0.bias'", "no memory"}, [&] { application.apply(pool); });
  EXPECT_TRUE(poisons_raw_memory() || w == before);
  expect_error(ErrorKind::usage, {"'2.bias'", "no memory"}, [&] { application.apply("2.bias", pool); });
}

TEST(Application, WrongMemoryAndNamesAreRejected) {
  Application application = made();
  std::vector<float> w(47);
  expect_error(ErrorKind::usage, {"'0.weight' [6, 8]", "48 elements", "47 given"},
               [&] { application.bind("0.weight", w); });
  expect_error(ErrorKind::usage, {"'0.wieght'", "did you mean '0.weight'"}, [&] { application.bind("0.wieght", w); });
  w.resize(48);
  application.bind("0.weight", w);
  expect_error(ErrorKind::usage, {"bound already"}, [&] { application.bind("0.weight", w); });
}

TEST(Application, LoadedParametersAreNeverWrittenTo) {
  const ModelSpec spec({{.name = "a", .shape = {2}}, {.name = "b", .shape = {2}, .state = State::loaded}});
  Application application(Plan::resolve(spec, rules({"name=a -> ones"})), 1);
  std::vector<float> b(2, 7.0F);
  ThreadPool pool(1);
  expect_error(ErrorKind::usage, {"'b' is loaded"}, [&] { application.bind("b", b); });
  expect_error(ErrorKind::usage, {"'b' is loaded"}, [&] { application.apply("b", pool); });
  std::vector<float> a(2);
  application.bind("a", a);
  application.apply(pool);
  application.require_complete();
  EXPECT_EQ(application.state("b"), State::loaded);
}

}  // namespace
}  // namespace fanin::init
