#pragma once

#include <string>

namespace fanin::train {

/// Something that a run's figures say and that its user should know.
struct Finding {
  std::string id;      ///< `W-RECON`: never changes, docs/rbm.md lists all
  std::string figure;  ///< what was seen, with numbers
  std::string advice;  ///< what to do about it
};

}  // namespace fanin::train
