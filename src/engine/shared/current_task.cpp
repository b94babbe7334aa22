#include "engine/shared/current_task.hpp"

#include <utility>

#include "engine/shared/interface.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

int worker_number = -1;
const Word* of_worker = nullptr;
thread_local const Word* of_caller = nullptr;

}  // namespace

void run_items_as_worker(int number, const Word& current) noexcept {
    worker_number = number;
    of_worker = &current;
    of_caller = nullptr;  // it is set if the worker was forked in the middle of a task
}

ItemsInCaller::ItemsInCaller(const Word& current) noexcept
    : outer_(std::exchange(of_caller, &current)) {}

ItemsInCaller::~ItemsInCaller() { of_caller = outer_; }

}  // namespace engine

namespace detail {

CurrentTask current_task() noexcept {
    using namespace engine;
    if (of_caller != nullptr) {
        return {item_of(of_caller->load(std::memory_order_relaxed)), 0};
    }
    if (of_worker != nullptr) {
        return {item_of(of_worker->load(std::memory_order_relaxed)), worker_number};
    }
    return {};
}

std::uint64_t own_process() { return os::process_mark(); }

}  // namespace detail
PROCPOOL_END_NAMESPACE
