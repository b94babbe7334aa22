#pragma once

#include <cerrno>
#include <cstddef>
#include <system_error>

#include <sys/mman.h>

namespace bench {

/// 4 GiB of anonymous memory, every page touched. In pages of 4 KiB, whatever the machine prefers:
/// a fork has to mark a million of them, and huge pages would make every peer look better.
class BigMemory {
public:
    BigMemory() {
        memory_ =
            ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), "mmap");
        }
        ::madvise(memory_, size_, MADV_NOHUGEPAGE);
        for (std::size_t i = 0; i < size_; i += 4096) {
            static_cast<volatile char*>(memory_)[i] = 1;
        }
    }

    BigMemory(const BigMemory&) = delete;
    BigMemory& operator=(const BigMemory&) = delete;
    ~BigMemory() { ::munmap(memory_, size_); }

private:
    static constexpr std::size_t size_ = std::size_t{4} << 30;
    void* memory_ = nullptr;
};

}  // namespace bench
