#pragma once

#include "cli/command.h"

namespace fanin::cli {

/// The commands below `fanin rbm`.
void add_rbm_train(Command rbm);
void add_rbm_evaluate(Command rbm);
void add_rbm_ais(Command rbm);
void add_rbm_sample(Command rbm);
void add_rbm_features(Command rbm);
void add_rbm_inpaint(Command rbm);

/// The commands below `fanin dbn`.
void add_dbn_autoencode(Command dbn);
void add_dbn_pretrain(Command dbn);
void add_dbn_finetune(Command dbn);
void add_dbn_generate(Command dbn);

}  // namespace fanin::cli
