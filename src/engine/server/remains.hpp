#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/server/recovery.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Do the words that a dead worker left fit together (docs/protocol.md, part 7)? Each may look
/// right alone: a task may have written a former value there. `finding`: what they say.
[[nodiscard]] bool make_sense(const Layout& layout, int worker, const Recovery::Finding& finding);

}  // namespace engine
PROCPOOL_END_NAMESPACE
