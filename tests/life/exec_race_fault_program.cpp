// A client whose pool is made while another of its threads forks: for client_death_test. The child
// comes into being at the worst moment, between the making of the pool's pipe and the start of its
// fork server. Writes the child's pid and "ready"; becomes `sleep` at SIGUSR1.
//
//     exec_race_fault [threads]

#include <csignal>
#include <iostream>
#include <string_view>
#include <thread>

#include <procpool/procpool.hpp>

#include "os/fault.hpp"
#include "support/child.hpp"

namespace {

pid_t child = 0;

int fork_first(procpool::os::Call call) {
    using procpool::os::Call;
    if ((call == Call::clone_process || call == Call::fork_process) && child == 0) {
        child = ::fork();
        if (child == 0) {
            support::wait_for_ever();
        }
    }
    return 0;
}

}  // namespace

int main(int count, char** values) {
    ::signal(SIGUSR1, [](int) { ::execlp("sleep", "sleep", "60", nullptr); });
    if (count > 1 && std::string_view(values[1]) == "threads") {
        std::thread(support::wait_for_ever).detach();
    }
    procpool::os::fault_hook = fork_first;
    procpool::Pool pool{2};
    std::cout << child << "\nready" << std::endl;
    pool.apply(support::wait_for_ever);
}
