#include "support/shared.hpp"

#include <cerrno>
#include <system_error>

#include <sys/mman.h>

namespace support {

std::byte* map_shared(std::size_t size) {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "mmap");
    }
    return static_cast<std::byte*>(memory);
}

void unmap_shared(std::byte* memory, std::size_t size) { ::munmap(memory, size); }

}  // namespace support
