#include "analysis/report/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace mambasynth::analysis::report {
namespace {

struct Reference {
  char const *key, *text;
};

constexpr std::array references{
    Reference{"mamba",
              "Gu and Dao 2023, Mamba: Linear-Time Sequence Modeling with Selective State Spaces. arXiv:2312.00752."},
    Reference{"adamw", "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization. ICLR."},
    Reference{"hsmm", "Yu 2010, Hidden semi-Markov models. Artificial Intelligence 174:215."},
    Reference{"levina_bickel",
              "Levina and Bickel 2004, Maximum Likelihood Estimation of Intrinsic Dimension. NIPS 17."},
    Reference{"mackay_ghahramani",
              "MacKay and Ghahramani 2005, Comments on 'Maximum Likelihood Estimation of Intrinsic Dimension'. "
              "http://www.inference.org.uk/mackay/dimension."},
    Reference{"two_nn",
              "Facco et al. 2017, Estimating the intrinsic dimension of datasets by a minimal neighborhood "
              "information. Scientific Reports 7:12140."},
    Reference{"gride",
              "Denti et al. 2022, The generalized ratios intrinsic dimension estimator. Scientific Reports "
              "12:20005."},
    Reference{"probes",
              "Alain and Bengio 2017, Understanding intermediate layers using linear classifier probes. ICLR "
              "workshop."},
    Reference{"cka", "Kornblith et al. 2019, Similarity of Neural Network Representations Revisited. ICML."},
    Reference{"student", "Student 1908, The probable error of a mean. Biometrika 6:1."},
    Reference{"bca", "Efron 1987, Better bootstrap confidence intervals. JASA 82:171."},
    Reference{"iqm",
              "Agarwal et al. 2021, Deep reinforcement learning at the edge of the statistical precipice. "
              "NeurIPS 34."},
    Reference{"sign_flip", "Fisher 1935, The Design of Experiments, section 21."},
    Reference{"holm", "Holm 1979, A simple sequentially rejective multiple test procedure. Scand. J. Statist. 6:65."},
};

Reference const& reference(std::string const& key) {
  auto const* at = std::find_if(references.begin(), references.end(), [&](auto const& one) { return key == one.key; });
  if (at == references.end()) throw std::logic_error("no reference " + key);
  return *at;
}

}  // namespace

std::string References::cite(std::string const& key) {
  reference(key);
  auto at = std::find(keys_.begin(), keys_.end(), key);
  if (at == keys_.end()) at = keys_.insert(keys_.end(), key);
  return fmt::format("[{}]", at - keys_.begin() + 1);
}

std::vector<document::Inline> References::list() const {
  std::vector<document::Inline> items;
  for (auto const& key : keys_) items.emplace_back(reference(key).text);
  return items;
}

}  // namespace mambasynth::analysis::report
