#pragma once

/// Everything, in the order of the layers (docs/design.md).
#include "fanin/core/error.h"
