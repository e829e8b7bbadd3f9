#include "fanin/data/batches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "fanin/random/permutation.h"

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using test::expect_error;
using Indices = std::vector<std::uint32_t>;

const random::Stream kStream(42, "shuffle");

Indices epoch_of(const BatchOrder& order) {
  Indices all;
  for (std::size_t b = 0; b < order.batches(); ++b) {
    const auto batch = order.batch(b);
    all.insert(all.end(), batch.begin(), batch.end());
  }
  return all;
}

Indices ascending(std::size_t n) {
  Indices all(n);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

TEST(BatchOrder, AnEpochVisitsEverySampleOnce) {
  for (const std::size_t n : {1U, 2U, 99U, 100U, 101U, 1000U}) {
    for (const std::size_t size : {1U, 7U, 100U, 5000U}) {
      BatchOrder order(n, {.batch_size = size}, kStream);
      EXPECT_EQ(order.batches(), (n + size - 1) / size);
      EXPECT_EQ(order.samples(), n);
      for (std::size_t b = 0; b + 1 < order.batches(); ++b) EXPECT_EQ(order.batch(b).size(), size);
      Indices all = epoch_of(order);
      std::sort(all.begin(), all.end());
      EXPECT_EQ(all, ascending(n));
    }
  }
}

TEST(BatchOrder, DropLastLeavesOnlyFullBatches) {
  const BatchOrder order(103, {.batch_size = 10, .drop_last = true}, kStream);
  EXPECT_EQ(order.batches(), 10U);
  EXPECT_EQ(order.samples(), 100U);
  Indices all = epoch_of(order);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), 100U);
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  EXPECT_EQ(BatchOrder(100, {.batch_size = 100, .drop_last = true}, kStream).batches(), 1U);
}

TEST(BatchOrder, TheOrderOfAnEpochIsThePermutationOfItsStream) {
  BatchOrder order(1000, {}, kStream);
  for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, ~std::uint64_t{0}}) {
    order.begin_epoch(epoch);
    Indices expected(1000);
    random::permutation(kStream.fold_in(epoch), expected);
    EXPECT_EQ(epoch_of(order), expected);
  }
}

TEST(BatchOrder, AnEpochDoesNotDependOnTheOnesBeforeIt) {
  BatchOrder walked(500, {.batch_size = 30}, kStream);
  for (std::uint64_t e = 0; e <= 7; ++e) walked.begin_epoch(e);
  BatchOrder jumped(500, {.batch_size = 30}, kStream);
  jumped.begin_epoch(7);
  EXPECT_EQ(epoch_of(walked), epoch_of(jumped));
  // Nor on the size of the batches.
  BatchOrder larger(500, {.batch_size = 64}, kStream);
  larger.begin_epoch(7);
  EXPECT_EQ(epoch_of(walked), epoch_of(larger));
}

TEST(BatchOrder, EpochsAndStreamsDiffer) {
  BatchOrder order(500, {}, kStream);
  const Indices first = epoch_of(order);
  order.begin_epoch(1);
  EXPECT_NE(epoch_of(order), first);
  EXPECT_NE(epoch_of(BatchOrder(500, {}, random::Stream(43, "shuffle"))), first);
  EXPECT_NE(first, ascending(500));
}

TEST(BatchOrder, WithoutShuffleTheOrderIsTheGivenOne) {
  BatchOrder order(10, {.batch_size = 4, .shuffle = false}, kStream);
  order.begin_epoch(3);
  EXPECT_EQ(epoch_of(order), ascending(10));
  const Indices subset{9, 2, 2, 5};
  BatchOrder some(subset, {.batch_size = 3, .shuffle = false}, kStream);
  some.begin_epoch(1);
  EXPECT_EQ(epoch_of(some), subset);
}

TEST(BatchOrder, ASubsetIsShuffledByTheSamePermutation) {
  Indices subset(100);
  for (std::size_t i = 0; i < subset.size(); ++i) subset[i] = static_cast<std::uint32_t>(1000 + 3 * i);
  BatchOrder all(100, {}, kStream);
  BatchOrder some(subset, {}, kStream);
  for (const std::uint64_t epoch : {2U, 5U}) {
    all.begin_epoch(epoch);
    some.begin_epoch(epoch);
    Indices expected = epoch_of(all);
    for (std::uint32_t& i : expected) i = subset[i];
    EXPECT_EQ(epoch_of(some), expected);
  }
}

TEST(BatchOrder, BeginEpochKeepsItsMemory) {
  BatchOrder order(1000, {}, kStream);
  const std::uint32_t* before = order.batch(0).data();
  order.begin_epoch(5);
  EXPECT_EQ(order.batch(0).data(), before);
}

TEST(BatchOrder, ImpossibleOptionsAreRejected) {
  const auto make = [](std::size_t n, const BatchOptions& options) { BatchOrder(n, options, kStream); };
  expect_error(ErrorKind::usage, {"[batches] batch size 0 given"}, [&] { make(10, {.batch_size = 0}); });
  expect_error(ErrorKind::usage, {"batch size 11 with drop_last leaves no batch of 10 samples"},
               [&] { make(10, {.batch_size = 11, .drop_last = true}); });
  expect_error(ErrorKind::usage, {"0 samples given, allowed are 1 to 2^32-1"}, [&] { make(0, {}); });
  expect_error(ErrorKind::usage, {"4294967296 samples given"}, [&] { make(std::size_t{1} << 32, {}); });
  expect_error(ErrorKind::usage, {"0 samples given"}, [] { BatchOrder(Indices{}, {}, kStream); });
  const BatchOrder order(10, {.batch_size = 4}, kStream);
  expect_error(ErrorKind::usage, {"batch 3 asked for, there are 0 to 2"}, [&] { (void)order.batch(3); });
}

TEST(ValidationSplit, PartsAreDisjointAscendingAndComplete) {
  const IndexSplit split = validation_split(1000, 0.29, kStream);
  EXPECT_EQ(split.validation.size(), 290U);
  EXPECT_EQ(split.train.size(), 710U);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
  Indices all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, ascending(1000));
}

TEST(ValidationSplit, IsAPureFunctionAndALargerFractionKeepsTheSmallerOne) {
  const IndexSplit split = validation_split(1000, 0.1, kStream);
  EXPECT_EQ(validation_split(1000, 0.1, kStream).validation, split.validation);
  EXPECT_NE(validation_split(1000, 0.1, random::Stream(1)).validation, split.validation);
  const IndexSplit larger = validation_split(1000, 0.3, kStream);
  EXPECT_TRUE(std::includes(larger.validation.begin(), larger.validation.end(), split.validation.begin(),
                            split.validation.end()));
}

TEST(ValidationSplit, EdgesOfTheFraction) {
  EXPECT_TRUE(validation_split(10, 0, kStream).validation.empty());
  EXPECT_EQ(validation_split(10, 0, kStream).train, ascending(10));
  EXPECT_EQ(validation_split(10, 0.999, kStream).train.size(), 1U);
  EXPECT_EQ(validation_split(60000, 0.1, kStream).validation.size(), 6000U);
}

TEST(ValidationSplit, ImpossibleFractionsAreRejected) {
  for (const double fraction :
       {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    expect_error(ErrorKind::usage, {"[batches] validation fraction", "allowed is [0, 1)"},
                 [&] { (void)validation_split(10, fraction, kStream); });
  }
  expect_error(ErrorKind::usage, {"validation fraction 0.01 of 10 samples chooses none"},
               [&] { (void)validation_split(10, 0.01, kStream); });
  expect_error(ErrorKind::usage, {"chooses none"}, [&] { (void)validation_split(1, 0.5, kStream); });
  expect_error(ErrorKind::usage, {"0 samples given"}, [&] { (void)validation_split(0, 0.5, kStream); });
}

std::vector<std::int32_t> labels_of(std::size_t n, std::size_t classes) {
  std::vector<std::int32_t> labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::int32_t>(i * i % classes);
  return labels;
}

std::vector<std::size_t> counts(const Indices& chosen, const std::vector<std::int32_t>& labels, std::size_t classes) {
  std::vector<std::size_t> n(classes);
  for (const std::uint32_t i : chosen) ++n[static_cast<std::size_t>(labels[i])];
  return n;
}

TEST(BalancedSubset, HasAsManyOfEachClass) {
  std::vector<std::int32_t> labels = labels_of(1000, 3);  // classes 0 and 1 alone
  for (std::size_t i = 0; i < 100; ++i) labels[10 * i] = 2;
  const Indices chosen = balanced_subset(labels, 3, 61, kStream);
  EXPECT_EQ(counts(chosen, labels, 3), (std::vector<std::size_t>{21, 20, 20}));
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
  EXPECT_EQ(balanced_subset(labels, 3, 61, kStream), chosen);
  EXPECT_NE(balanced_subset(labels, 3, 61, random::Stream(1)), chosen);
}

TEST(BalancedSubset, ALargerOneKeepsTheSmallerAndRareClassesAreTakenWhole) {
  std::vector<std::int32_t> labels(500, 0);
  for (std::size_t i = 0; i < 7; ++i) labels[i * 70] = 1;
  Indices smaller;
  for (const std::size_t n : {1U, 5U, 14U, 15U, 200U, 500U}) {
    const Indices chosen = balanced_subset(labels, 4, n, kStream);
    ASSERT_EQ(chosen.size(), n);
    EXPECT_TRUE(std::includes(chosen.begin(), chosen.end(), smaller.begin(), smaller.end()));
    smaller = chosen;
  }
  EXPECT_EQ(counts(balanced_subset(labels, 4, 200, kStream), labels, 4), (std::vector<std::size_t>{193, 7, 0, 0}));
  EXPECT_EQ(smaller, ascending(500));
}

// The first choice of class c is element 0 of its own permutation.
TEST(BalancedSubset, ChoosesByThePermutationOfTheClass) {
  const std::vector<std::int32_t> labels(50, 0);
  Indices order(50);
  random::permutation(kStream.fold_in(0), order);
  EXPECT_EQ(balanced_subset(labels, 1, 1, kStream), Indices{order[0]});
}

TEST(BalancedSubset, ImpossibleOnesAreRejected) {
  const std::vector<std::int32_t> labels{0, 1, 2};
  expect_error(ErrorKind::usage, {"[batches] a subset of 0 of 3 samples asked for, allowed are 1 to 3"},
               [&] { (void)balanced_subset(labels, 3, 0, kStream); });
  expect_error(ErrorKind::usage, {"a subset of 4 of 3"}, [&] { (void)balanced_subset(labels, 3, 4, kStream); });
  expect_error(ErrorKind::usage, {"0 classes"}, [&] { (void)balanced_subset(labels, 0, 1, kStream); });
  expect_error(ErrorKind::usage, {"0 samples"}, [&] { (void)balanced_subset({}, 3, 1, kStream); });
  expect_error(ErrorKind::data, {"the label of sample 2 is 2, allowed is 0 to 1"},
               [&] { (void)balanced_subset(labels, 2, 1, kStream); });
}

}  // namespace
}  // namespace fanin::data
