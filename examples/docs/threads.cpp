// The same work on threads and, by one word, on processes.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>
#include <procpool/thread_pool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

// [task]
std::string fetch(const std::string& page) {
    std::this_thread::sleep_for(10ms);  // waits for somebody else
    return "<" + page + ">";
}
// [/task]

std::string parse(const std::string& page) {
    if (page == "<news>") {
        std::raise(SIGSEGV);  // a library that does not bear this one
    }
    return "parsed " + page;
}

int main(int argc, char** argv) {
    mp::init(argc, argv);  // workers come from before there were threads
    const std::vector<std::string> names{"home", "news", "about"};
    // [pools]
    mp::ThreadPool waiting{50};  // threads: nothing is isolated, and waiting costs nothing
    const std::vector<std::string> pages = waiting.map(fetch, names);

    mp::Pool parsing{2};  // processes: what crashes costs one item
    for (const auto& text : parsing.try_map(parse, pages)) {
        std::puts(text ? text->c_str() : text.error().message().c_str());
    }
    // [/pools]
}
