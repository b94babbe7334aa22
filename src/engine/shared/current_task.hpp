#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "engine/shared/locals.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The state behind current_task(): which item this thread runs. Set by the code that runs it.
namespace engine {

/// Which item runs, and which part of it: as in Slot.
struct ItemWords {
    const Word& current;
    const Word& part;

    [[nodiscard]] std::uint64_t index() const {
        const std::uint64_t of_item = part.load(std::memory_order_relaxed);
        return of_item != detail::no_part ? of_item
                                          : item_of(current.load(std::memory_order_relaxed));
    }
};

/// From here on this process is worker `number`, and runs what the slot says.
void run_items_as_worker(int number, const Slot& slot, const ServerLine& line) noexcept;

/// From here on what this_worker::local made in the process with this mark, from which this one was
/// forked, is this one's, too.
void keep_locals_of(std::uint64_t mark) noexcept;

/// While it exists, this thread runs the items of a pool without processes, as its worker of that
/// number, perhaps within a task of another pool; the words say which item, `stop` whether it is to
/// end. `locals`: what is this worker's own; null if that is the process's. Objects are destroyed
/// in reverse order.
class ItemsHere {
public:
    ItemsHere(const ItemWords& words, std::stop_token stop, int worker,
              SeatLocals* locals) noexcept;
    ~ItemsHere();
    ItemsHere(const ItemsHere&) = delete;
    ItemsHere& operator=(const ItemsHere&) = delete;

    /// The innermost of this thread; null if there is none.
    static thread_local const ItemsHere* innermost;

    [[nodiscard]] std::uint64_t index() const { return words_.index(); }
    [[nodiscard]] const std::stop_token& stop() const { return stop_; }
    [[nodiscard]] int worker() const { return worker_; }
    [[nodiscard]] SeatLocals* locals() const { return locals_; }

private:
    const ItemsHere* outer_;
    const ItemWords words_;
    std::stop_token stop_;
    const int worker_;
    SeatLocals* const locals_;
};

/// The token of the item that this thread runs so; nothing if it runs none.
[[nodiscard]] std::optional<std::stop_token> token_here();

}  // namespace engine
PROCPOOL_END_NAMESPACE
