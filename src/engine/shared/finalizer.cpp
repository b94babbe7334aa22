#include "engine/shared/finalizer.hpp"

#include <cstdio>
#include <exception>

#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void run_finalizer(void (*finalize)(std::span<const std::byte>), std::span<const std::byte> bytes) {
    const auto report = [](const char* what) {
        std::fprintf(stderr, "procpool: the finalizer failed in process %d: %s\n",
                     static_cast<int>(os::own_pid()), what);
    };
    try {
        finalize(bytes);
    } catch (const std::exception& exception) {
        report(exception.what());
    } catch (...) {
        if (std::current_exception() == nullptr) {
            throw;
        }
        report("it threw what is no std::exception");
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
