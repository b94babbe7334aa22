// A consumer's program, built in every way in which procpool can be used: values and errors come
// back from the workers, and an error is known by its type on both sides of the shared library.
#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <procpool/procpool.hpp>

#include "second.hpp"

namespace {

template <class Error, class F>
bool throws(F&& f) {
    try {
        f();
    } catch (const Error&) {
        return true;
    }
    return false;
}

}  // namespace

int main() {
    procpool::Pool pool{2};
    const std::vector<int> one{1};
    const bool values =
        squares_from_elsewhere(pool, {1.0, 2.0, 3.0}) == std::vector<double>{1.0, 4.0, 9.0};
    const auto odd = std::views::filter([](int x) { return x % 2 == 1; });
    const bool views = pool.map([](int x) { return x * x; }, std::views::iota(0, 6) | odd) ==
                       std::vector<int>{1, 9, 25};
    const auto length = [](int i, const std::string& s) { return static_cast<int>(s.size()) + i; };
    const bool bound = pool.map(procpool::bind_back(length, "text"), one) == std::vector<int>{5} &&
                       pool.apply(length, 1, "text") == 5;
    int streamed = 0;
    for (const int x :
         pool.imap([](int n) { return 2 * n; }, std::views::iota(1)) | std::views::take(3)) {
        streamed += x;
    }
    for (const auto& outcome : pool.try_imap_unordered([](int n) { return n; }, one)) {
        streamed += *outcome + outcome.attempts();
    }
    std::vector<procpool::AsyncResult<int>> results;
    results.push_back(pool.submit([](int n) { return n; }, 3));
    const bool any = procpool::wait_any(results) == results.begin();
    for (auto& result : procpool::as_completed(results)) {
        streamed += result.outcome().value();
    }
    pool.submit([] {});  // nobody waits for it
    const bool streams = any && streamed == 12 + 2 + 3;
    const bool died =
        throws<procpool::WorkerDied>([&] { pool.map([](int) { std::abort(); }, one); });
    const auto out_of_range = [](int) -> int { throw std::out_of_range("here"); };
    const bool standard = throws<std::out_of_range>([&] { pool.map(out_of_range, one); });
    const bool failure = throws<procpool::TaskFailure>([&] { pool.map(out_of_range, one); });
    pool.close();
    const bool closed =
        throws<procpool::PoolClosed>([&] { pool.map([](int x) { return x; }, one); });

    const bool right = values && views && bound && streams && died && standard && failure && closed;
    std::puts(right ? "ok" : "wrong");
    return right ? 0 : 1;
}
