#include "engine/client/pool_memory.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <vector>

#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/cpus.hpp"
#include "os/process_mark.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

std::uint64_t next_pool_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

/// The usable CPUs at the time when the first pool was made.
int cpus_of_this_program() {
    static std::atomic<int> seen{0};  // no lock, which a forked child could find held
    if (seen.load(std::memory_order_relaxed) == 0) {
        seen.store(os::usable_cpus(), std::memory_order_relaxed);
    }
    return seen.load(std::memory_order_relaxed);
}

}  // namespace

PoolMemory::PoolMemory(memory::Region& region, const EngineOptions& options, bool has_timeline)
    : region_(region),
      layout_(Layout::plan(options.processes, region.size() / 4, has_timeline)),
      has_timeline_(has_timeline),
      initializer_(options.initialize != nullptr ? Block::copy_of(options.initializer) : Block()),
      finalizer_(options.finalize != nullptr ? Block::copy_of(options.finalizer) : Block()) {
    // What may throw comes before the reservation.
    const int cpus = cpus_of_this_program();
    const std::vector<int> pins = options.pin ? os::cpus_to_bind() : std::vector<int>();
    layout_.place(reserve(options.processes), region.base(), region.size());
    spins_ = cpus > 1;
    write_pool_page(options, cpus);
    for (int worker = 0; worker < options.processes && !pins.empty(); ++worker) {
        layout_.line(worker).cpu = pins[static_cast<std::size_t>(worker) % pins.size()];
    }
}

/// Under a limit of the address space a pool takes less, if that is all there is.
std::byte* PoolMemory::reserve(int processes) {
    for (;;) {
        try {
            return region_.reserve(layout_.size());
        } catch (const std::bad_alloc&) {
            const std::size_t before = layout_.size();
            layout_ = Layout::plan(processes, before / 2, has_timeline_);
            if (layout_.size() >= before) {
                throw;
            }
        }
    }
}

void PoolMemory::write_pool_page(const EngineOptions& options, int cpus) noexcept {
    PoolPage& pool = layout_.pool();
    pool.pool = next_pool_number();
    pool.secret = mix(os::process_mark() ^ os::now_ns() ^ pool.pool << 48U);
    pool.workers = static_cast<std::uint64_t>(options.processes);
    layout_.begin_thefts();
    pool.max_tasks = options.max_tasks_per_child;
    pool.memory_limit = options.memory_limit;
    pool.born_ns = os::now_ns();
    pool.has_timeline = has_timeline_;
    pool.timeline_quantum_ns.store(first_timeline_quantum, std::memory_order_relaxed);
    pool.handled_signals = os::handled_signals();
    if (options.initialize != nullptr) {
        pool.initialize = options.initialize;
        pool.initializer = initializer_.data();
        pool.initializer_size = options.initializer.size();
    }
    if (options.finalize != nullptr) {
        pool.finalize = options.finalize;
        pool.finalizer = finalizer_.data();
        pool.finalizer_size = options.finalizer.size();
    }
    pool.tokens = static_cast<std::uint64_t>(
        std::clamp(cpus - 1, 1, static_cast<int>(wait::SpinTokens::most)));
    // On a single CPU a spinning process would keep the one that it waits for from running.
    pool.spin_ns = spins_ ? worker_spin : 0;
    if (options.spin) {
        pool.own_tokens = true;
        pool.tokens = 1;
        pool.lookout_ns = static_cast<std::uint64_t>(options.spin->count());
        pool.spin_ns = std::min(pool.spin_ns, pool.lookout_ns);
    }
}

void PoolMemory::give_back() {
    if (held_) {
        region_.unreserve(layout_.base(), layout_.size());
    }
    held_ = false;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
