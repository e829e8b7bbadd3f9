#pragma once

#include "cli/command.h"

namespace fanin::cli {

/// The commands below `fanin rbm`.
void add_rbm_train(CLI::App& rbm, Action& action);
void add_rbm_evaluate(CLI::App& rbm, Action& action);
void add_rbm_ais(CLI::App& rbm, Action& action);
void add_rbm_sample(CLI::App& rbm, Action& action);
void add_rbm_features(CLI::App& rbm, Action& action);
void add_rbm_inpaint(CLI::App& rbm, Action& action);

/// The commands below `fanin dbn`.
void add_dbn_autoencode(CLI::App& dbn, Action& action);
void add_dbn_pretrain(CLI::App& dbn, Action& action);
void add_dbn_finetune(CLI::App& dbn, Action& action);
void add_dbn_generate(CLI::App& dbn, Action& action);

}  // namespace fanin::cli
