#include "engine/shared/current_task.hpp"

#include <utility>

#include "engine/shared/interface.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

int worker_number = -1;
struct WorkerWords {
    ItemWords item;
    const Slot& slot;
    const ServerLine& line;
};
std::optional<WorkerWords> of_worker;

struct Copy {
    std::uint64_t mark = 0;
    std::uint64_t mark_of_origin = 0;
};
Copy copy_here;

}  // namespace

void run_items_as_worker(int number, const Slot& slot, const ServerLine& line) noexcept {
    worker_number = number;
    of_worker.emplace(WorkerWords{{slot.current, slot.part}, slot, line});
    // It is set if the worker was forked in the middle of a task.
    ItemsHere::innermost = nullptr;
}

void keep_locals_of(std::uint64_t mark) noexcept { copy_here = {os::process_mark(), mark}; }

thread_local const ItemsHere* ItemsHere::innermost = nullptr;

ItemsHere::ItemsHere(const ItemWords& words, std::stop_token stop, int worker,
                     SeatLocals* locals) noexcept
    : outer_(std::exchange(innermost, this)),
      words_(words),
      stop_(std::move(stop)),
      worker_(worker),
      locals_(locals) {}

ItemsHere::~ItemsHere() { innermost = outer_; }

std::optional<std::stop_token> token_here() {
    const ItemsHere* const here = ItemsHere::innermost;
    return here == nullptr ? std::nullopt : std::optional(here->stop());
}

}  // namespace engine

namespace detail {

CurrentTask current_task() noexcept {
    using namespace engine;
    if (const ItemsHere* const here = ItemsHere::innermost) {
        return {here->index(), here->worker()};
    }
    if (of_worker) {
        return {of_worker->item.index(), worker_number};
    }
    return {};
}

int current_attempt() noexcept {
    using namespace engine;
    if (ItemsHere::innermost != nullptr) {
        return 1;  // what ends in this process is not tried again
    }
    if (!of_worker) {
        return 0;
    }
    const auto& [item, slot, line] = *of_worker;
    const std::uint64_t runs = item_of(slot.current.load(std::memory_order_relaxed));
    const bool again = line.retried_serial.load(std::memory_order_acquire) ==
                           slot.serial.load(std::memory_order_relaxed) &&
                       line.retried_item.load(std::memory_order_relaxed) == runs;
    return again ? static_cast<int>(line.tries.load(std::memory_order_relaxed)) + 1 : 1;
}

bool has_own_locals() noexcept {
    const engine::ItemsHere* const here = engine::ItemsHere::innermost;
    return here != nullptr && here->locals() != nullptr;
}

void* find_own_local(const void* type) noexcept {
    return engine::ItemsHere::innermost->locals()->find(type);
}

void keep_own_local(const void* type, void* object, void (*destroy)(void*)) {
    engine::ItemsHere::innermost->locals()->keep(type, object, destroy);
}

std::uint64_t owner_of_locals() {
    const std::uint64_t mark = os::process_mark();
    return mark == engine::copy_here.mark ? engine::copy_here.mark_of_origin : mark;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
