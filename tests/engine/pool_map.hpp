#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/mman.h>

#include "engine/shared/layout.hpp"
#include "memory/region.hpp"

namespace engine_test {

/// Where the next pool of `workers` workers will have its parts: tests write there what no worker
/// should. Made right before the pool, of which `is_right` then tells.
class PoolMap {
public:
    explicit PoolMap(int workers) {
        using procpool::engine::Layout;
        procpool::memory::Region& region = procpool::memory::Region::current();
        model_ = Layout::plan(workers, region.size() / 4);
        // A model to measure, because placing a layout constructs what is there.
        void* const memory = ::mmap(nullptr, model_.size(), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        model_.place(static_cast<std::byte*>(memory), static_cast<std::byte*>(memory),
                     model_.size());
        common_page_ = region.common_page();
        base_ = region.reserve(model_.size());
        region.unreserve(base_, model_.size());
    }
    PoolMap(const PoolMap&) = delete;
    PoolMap& operator=(const PoolMap&) = delete;
    ~PoolMap() { ::munmap(model_.base(), model_.size()); }

    [[nodiscard]] bool is_right() const {
        return pool().workers == static_cast<std::uint64_t>(model_.workers());
    }
    [[nodiscard]] procpool::engine::PoolPage& pool() const { return *real(&model_.pool()); }
    [[nodiscard]] procpool::engine::Slot& slot(int worker) const {
        return *real(&model_.slot(worker));
    }
    [[nodiscard]] procpool::engine::WorkerLine& line(int worker) const {
        return *real(&model_.line(worker));
    }
    [[nodiscard]] std::byte* ring(int worker) const { return real(model_.ring(worker)); }
    [[nodiscard]] std::size_t ring_size() const { return model_.ring_size(); }
    [[nodiscard]] procpool::engine::JobWords& job_words(std::size_t job) const {
        return *real(&model_.words(job));
    }
    [[nodiscard]] procpool::engine::TheftWords& thefts(int worker) const {
        return *real(&model_.thefts(worker));
    }
    /// The words that everybody may write: of the pool, and of its jobs.
    [[nodiscard]] std::byte* words() const {
        return reinterpret_cast<std::byte*>(real(&model_.common()));
    }
    [[nodiscard]] std::size_t words_size() const { return model_.common_size(); }
    [[nodiscard]] std::byte* common_page() const { return common_page_; }

private:
    template <class T>
    T* real(T* in_model) const {
        return reinterpret_cast<T*>(base_ +
                                    (reinterpret_cast<std::byte*>(in_model) - model_.base()));
    }

    procpool::engine::Layout model_;
    std::byte* base_ = nullptr;
    std::byte* common_page_ = nullptr;
};

}  // namespace engine_test
