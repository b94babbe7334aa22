// docs/async.md
// clang-format off
// [program]
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

int nap(int tenths) { std::this_thread::sleep_for(tenths * 10ms); return tenths; }

int main() {
    mp::Pool crunchers{2}, fetchers{8};
    std::vector<mp::AsyncResult<int>> results;    // of several pools, if you like
    for (int tenths : {3, 1, 2}) results.push_back((tenths == 1 ? crunchers : fetchers).submit(nap, tenths));

    auto first = mp::wait_any(results, 5s);       // an iterator to one that is there; end() if the time is over
    if (first != results.end()) std::cout << "first: " << first - results.begin() << '\n';

    for (auto& result : mp::as_completed(results))    // each, as soon as it is there
        if (auto outcome = result.outcome()) std::cout << *outcome << '\n';
        else std::cerr << outcome.error().message() << '\n';

    fetchers.submit(nap, 1);    // nobody waits for this one
    crunchers.submit(nap, 1).then([](mp::Outcome<int> outcome) { std::cout << "done: " << *outcome << '\n'; });
    crunchers.close();
    crunchers.join();
}
// [/program]
