#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What stands behind current_task(): which item this thread runs, said by whoever runs it.
namespace engine {

/// This process is worker `number` from here on, and `current` says which item it runs (words.hpp).
void run_items_as_worker(int number, const Word& current) noexcept;

/// As long as it lives, this thread runs the items of a pool without processes, perhaps within a
/// task of another pool; `current` says which. The last one made is the first to go.
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
