#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

namespace face_test {

// No values are printed: to print them takes the compiler longer than to ship them.

/// As item, as bound argument, as argument of a call and as result.
template <class T>
void expect_travels(const std::vector<T>& values) {
    procpool::Pool pool{2};
    const auto beside = [](T item, const T& bound, const std::vector<T>& all) {
        return std::pair(std::move(item), bound == all.front());
    };
    const auto pairs = pool.map(procpool::bind_back(beside, values.front(), values), values);
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_TRUE(pairs.at(i).first == values.at(i) && pairs.at(i).second) << i;
    }
    EXPECT_TRUE(pool.apply([](const T& value) -> const T& { return value; }, values.back()) ==
                values.back());
}

}  // namespace face_test
