#pragma once

#include <chrono>
#include <iostream>
#include <string_view>

#include <gtest/gtest.h>

#include "claims.hpp"
#include "explore.hpp"

namespace model {

template <Model M>
void expect_holds(const M& m) {
    const auto begin = std::chrono::steady_clock::now();
    const auto report = explore(m);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::cout << "    explored " << report.text() << ", " << took.count() << " s\n";
    EXPECT_TRUE(report.clean());
}

template <Model M>
void expect_breaks(const M& m, std::string_view rule) {
    const auto report = shortest_violation(m);
    std::cout << "    found after " << report.states << " states and a trace of "
              << report.trace.size() << " steps: " << report.violation << '\n';
    EXPECT_EQ(report.violation, rule) << report.text();
}

inline void expect_breaks(claims::Config config, claims::Flaw flaw, std::string_view rule) {
    config.flaw = flaw;
    expect_breaks(claims::Claims{config}, rule);
}

}  // namespace model
