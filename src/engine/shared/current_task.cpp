#include "engine/shared/current_task.hpp"

#include <utility>

#include "engine/shared/interface.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

int worker_number = -1;
std::optional<ItemWords> of_worker;

}  // namespace

void run_items_as_worker(int number, const ItemWords& words) noexcept {
    worker_number = number;
    of_worker.emplace(words);
    // It is set if the worker was forked in the middle of a task.
    ItemsInCaller::innermost = nullptr;
}

thread_local const ItemsInCaller* ItemsInCaller::innermost = nullptr;

ItemsInCaller::ItemsInCaller(const ItemWords& words, std::stop_token stop) noexcept
    : outer_(std::exchange(innermost, this)), words_(words), stop_(std::move(stop)) {}

ItemsInCaller::~ItemsInCaller() { innermost = outer_; }

std::optional<std::stop_token> token_in_caller() {
    const ItemsInCaller* const here = ItemsInCaller::innermost;
    return here == nullptr ? std::nullopt : std::optional(here->stop());
}

}  // namespace engine

namespace detail {

CurrentTask current_task() noexcept {
    using namespace engine;
    if (const ItemsInCaller* const here = ItemsInCaller::innermost) {
        return {here->index(), 0};
    }
    if (of_worker) {
        return {of_worker->index(), worker_number};
    }
    return {};
}

std::uint64_t own_process() { return os::process_mark(); }

}  // namespace detail
PROCPOOL_END_NAMESPACE
