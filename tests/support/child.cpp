#include "support/child.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>

#include <sys/wait.h>
#include <unistd.h>

namespace support {

int status_of_child(const std::function<bool()>& act) {
    const pid_t child = ::fork();
    if (child == 0) {
        bool good = false;
        try {
            good = act();
        } catch (const std::exception& e) {
            std::cerr << "child: " << e.what() << '\n';
        }
        std::_Exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

void wait_for_ever() {
    for (;;) {
        ::pause();
    }
}

void spin_for_ever() {
    for (std::atomic<std::uint64_t> turns{0};;) {
        turns.fetch_add(1, std::memory_order_relaxed);
    }
}

void Roll::call(pid_t pid) {
    const std::size_t place = count_.fetch_add(1);
    if (place < pids_.size()) {
        pids_[place].store(pid);
    }
}

void Roll::clear() {
    count_ = 0;
    for (auto& pid : pids_) {
        pid = 0;
    }
}

std::size_t Roll::size() const { return std::min(count_.load(), pids_.size()); }

std::vector<pid_t> Roll::pids() const {
    std::vector<pid_t> all;
    for (std::size_t i = 0; i < size(); ++i) {
        if (const pid_t pid = pids_[i].load(); pid != 0) {
            all.push_back(pid);
        }
    }
    return all;
}

void start_child(Roll& roll) {
    const pid_t child = ::fork();
    if (child == 0) {
        roll.call(::getpid());
        wait_for_ever();
    }
}

void start_daemon(Roll& roll) {
    const pid_t between = ::fork();
    if (between == 0) {
        ::setsid();
        if (::fork() == 0) {
            roll.call(::getpid());
            wait_for_ever();
        }
        ::_exit(0);
    }
}

}  // namespace support
