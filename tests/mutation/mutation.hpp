#pragma once

// tests/mutate puts this into its copy of src/. PROCPOOL_MUTANT is the number of the mutant that
// this process and its children are; without it they are the library as it is.
// PROCPOOL_MUTANTS_SEEN is a file with a byte for each mutant: those that a process comes to are
// set.

#include <cstddef>
#include <cstdlib>
#include <type_traits>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mutation {

inline unsigned char* map_seen() {
    const char* const path = std::getenv("PROCPOOL_MUTANTS_SEEN");
    const int file = path != nullptr ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) {
        return nullptr;
    }
    constexpr std::size_t most_mutants = std::size_t{1} << 16U;
    void* const map = ::mmap(nullptr, most_mutants, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return map != MAP_FAILED ? static_cast<unsigned char*>(map) : nullptr;
}

inline int read_number() {
    const char* const number = std::getenv("PROCPOOL_MUTANT");
    return number != nullptr ? std::atoi(number) : 0;
}

inline unsigned char* const seen = map_seen();
inline const int chosen = read_number();

constexpr bool is(int number) {
    if (std::is_constant_evaluated()) {
        return false;
    }
    if (seen != nullptr) {
        seen[number] = 1;
    }
    return number == chosen;
}

}  // namespace mutation
