#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace bench {

/// out[i] = f(data[i]) on `count` threads made for this call, which take one item after the other:
/// the least that a pool of threads can cost if items are slow.
template <class F>
std::vector<double> map_on_threads(std::size_t count, F f, const std::vector<double>& data) {
    std::vector<double> out(data.size());
    std::atomic<std::size_t> next{0};
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < count; ++t) {
            threads.emplace_back([&] {
                for (std::size_t i;
                     (i = next.fetch_add(1, std::memory_order_relaxed)) < data.size();) {
                    out[i] = f(data[i]);
                }
            });
        }
    }
    return out;
}

}  // namespace bench
