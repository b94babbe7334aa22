#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The state behind current_task(): which item this thread runs. Set by the code that runs it.
namespace engine {

/// From here on this process is worker `number`; `current` says which item it runs (words.hpp).
void run_items_as_worker(int number, const Word& current) noexcept;

/// While it exists, this thread runs the items of a pool without processes, perhaps within a task
/// of another pool; `current` says which item. Objects are destroyed in reverse order.
class ItemsInCaller {
public:
    explicit ItemsInCaller(const Word& current) noexcept;
    ~ItemsInCaller();
    ItemsInCaller(const ItemsInCaller&) = delete;
    ItemsInCaller& operator=(const ItemsInCaller&) = delete;

private:
    const Word* outer_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
