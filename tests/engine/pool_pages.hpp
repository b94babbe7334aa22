#pragma once

#include <cstddef>
#include <system_error>

#include <sys/mman.h>

#include "engine/shared/layout.hpp"

namespace engine_test {

/// The pages of a pool without processes, in memory of this one alone.
class PoolPages {
public:
    static constexpr std::uint64_t secret = 0xfeed'beef;

    explicit PoolPages(int workers)
        : layout_(procpool::engine::Layout::plan(workers, std::size_t{16} << 20U)) {
        void* const memory = ::mmap(nullptr, layout_.size(), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), "mmap");
        }
        auto* const base = static_cast<std::byte*>(memory);
        layout_.place(base, base, layout_.size());
        layout_.pool().secret = secret;
        layout_.pool().workers = static_cast<std::uint64_t>(workers);
        layout_.begin_thefts();
    }
    PoolPages(const PoolPages&) = delete;
    PoolPages& operator=(const PoolPages&) = delete;
    ~PoolPages() { ::munmap(layout_.base(), layout_.size()); }

    [[nodiscard]] const procpool::engine::Layout& layout() const { return layout_; }

private:
    procpool::engine::Layout layout_;
};

}  // namespace engine_test
