// Compiled once for each version of procpool; USER is the namespace of what it defines.
#include "user.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <procpool/procpool.hpp>

USER_OF(USER)

namespace USER {
namespace {

std::string twice(const std::string& word) {
    if (word == "crash") {
        std::abort();
    }
    if (word == "throw") {
        throw std::out_of_range(word);
    }
    return word + word;
}

bool maps(procpool::Pool& pool) {
    const std::vector<std::string> words{"a", "throw", "crash", "bc"};
    const auto results = pool.try_map(twice, words);
    bool thrown = false;
    bool died = false;
    try {
        results[1].rethrow();
    } catch (const std::out_of_range& error) {
        thrown = dynamic_cast<const procpool::TaskFailure*>(&error) != nullptr;
    }
    try {
        results[2].rethrow();
    } catch (const procpool::WorkerDied& error) {
        died = error.signal() == SIGABRT && error.trace().find("twice") != std::string::npos;
    }
    return thrown && died && *results[0] == "aa" && *results[3] == "bcbc";
}

}  // namespace

void init(int argc, char** argv) { procpool::init(argc, argv); }

bool works(bool (*meanwhile)()) {
    procpool::Pool pool{2};
    return maps(pool) && meanwhile() && maps(pool);
}

bool works_in_a_worker(bool (*function)()) {
    procpool::Pool pool{1};
    return pool.apply(function);
}

}  // namespace USER
