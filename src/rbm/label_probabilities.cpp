#include "fanin/rbm/label_probabilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/vector_math.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kSlab = 64;  // rows at a time

[[noreturn]] void reject(const std::string& why) {
  throw Error(ErrorKind::usage, "rbm", why);
}

}  // namespace

void label_probabilities(const Rbm& rbm, MatrixView<const float> v, MatrixView<float> p) {
  const std::size_t units = rbm.spec().visible;
  const std::size_t labels = rbm.spec().labels;
  const std::size_t hidden = rbm.hidden();
  if (labels == 0) reject("p(y | v) asked for of a machine without labels");
  if (v.cols != units || p.cols != labels || p.rows != v.rows) {
    reject(fmt::format("[{}, {}] of [{}, {}] asked for, the machine makes [{}, {}] of [{}, {}]", p.rows, p.cols, v.rows,
                       v.cols, v.rows, labels, v.rows, units));
  }
  if (rbm.spec().hidden_units != UnitKind::binary) {
    throw Error(ErrorKind::unsupported, "rbm",
                fmt::format("p(y | v) of {} hidden units asked for, only that of binary ones is known here",
                            str(rbm.spec().hidden_units)));
  }
  std::vector<float> of_label(labels * hidden);
  for (std::size_t k = 0; k < labels; ++k) {
    for (std::size_t j = 0; j < hidden; ++j) of_label[k * hidden + j] = rbm.weight()(j, units + k);
  }
  const std::size_t slab = std::min(kSlab, v.rows);
  std::vector<float> wide(slab * rbm.visible()), inputs(slab * hidden), terms(hidden);
  std::vector<double> score(labels);
  for (std::size_t first = 0; first < v.rows; first += slab) {
    const std::size_t n = std::min(slab, v.rows - first);
    const MatrixView<float> joint(wide.data(), n, rbm.visible()), x(inputs.data(), n, hidden);
    for (std::size_t r = 0; r < n; ++r) std::copy_n(v.row(first + r), units, joint.row(r));
    rbm.hidden_inputs(joint, x);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t k = 0; k < labels; ++k) {
        for (std::size_t j = 0; j < hidden; ++j) terms[j] = x(r, j) + of_label[k * hidden + j];
        linalg::softplus(terms, terms);
        score[k] = static_cast<double>(rbm.visible_bias()[units + k]);
        for (const float term : terms) score[k] += static_cast<double>(term);
      }
      const double best = *std::max_element(score.begin(), score.end());
      double sum = 0;
      for (double& s : score) sum += s = std::exp(s - best);
      for (std::size_t k = 0; k < labels; ++k) p(first + r, k) = static_cast<float>(score[k] / sum);
    }
  }
}

}  // namespace fanin::rbm
