#include "support/eventually.hpp"

#include <stdexcept>
#include <string>

#include <unistd.h>

namespace support {

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

bool Bound::pause() const {
    if (Clock::now() > end_) {
        return false;
    }
    ::usleep(100);
    return true;
}

void give_up(const char* what) {
    throw std::runtime_error(std::string("waited in vain for ") + what);
}

void await(const Counter& counter, int value) {
    if (!eventually([&] { return counter.load() >= value; })) {
        give_up(("a counter to be " + std::to_string(value) + "; it is " +
                 std::to_string(counter.load()))
                    .c_str());
    }
}

void await(const std::atomic<bool>& flag) {
    await([&] { return flag.load(); }, "a flag to be set");
}

}  // namespace support
