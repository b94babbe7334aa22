#pragma once

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

/// Values that do harm on their way.
namespace travellers {

enum class Deed : std::uint8_t { none, crash, exit, quiet_exit, error };
enum class When : std::uint8_t { written, read };

inline void act(Deed deed) {
    switch (deed) {
        case Deed::none:
            break;
        case Deed::crash:
            std::raise(SIGSEGV);
            break;
        case Deed::exit:
            std::exit(1);
        case Deed::quiet_exit:
            ::_exit(0);
        case Deed::error:
            throw std::out_of_range("thrown on the way");
    }
}

/// Does its deed where it is written, which is where it was made, or where it is read.
struct Bad {
    Deed deed = Deed::none;
    When when = When::written;
    pid_t home = ::getpid();

    template <class Archive>
    void serialize(Archive& archive) {
        if (when == When::written && home == ::getpid()) {
            act(deed);
        }
        archive(deed, when, home);
        if (when == When::read && home != ::getpid()) {
            act(deed);
        }
    }
};

inline int take(const Bad& /*bad*/) { return 42; }
inline Bad give(Deed deed, When when) { return {deed, when}; }

}  // namespace travellers
