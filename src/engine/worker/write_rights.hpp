#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Which parts of the shared region this worker may write. Everything else is read-only for it.
namespace engine {

/// It may write nothing.
void forbid_writing(const Layout& layout);
/// It may write its own pages and the common ones. Ends this process if the kernel refuses: without
/// these rights it could report nothing, and the fork server sees a death.
void allow_writing_own(const Layout& layout, int worker);
/// It may not even write those while a guarded item runs (docs/protocol.md, part 7). Ends this
/// process if the kernel refuses.
void forbid_writing_own(const Layout& layout, int worker);

}  // namespace engine
PROCPOOL_END_NAMESPACE
