#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

/// What every peer of every case does the same way: read its arguments, take samples, print them as
/// one JSON line.
///
/// A peer is called as `peer [--quick] [variant]`; bench/cases.py has the variants.
namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Makes the compiler believe that the value, and all memory, is read here.
template <class T>
void keep(const T& value) {
    asm volatile("" : : "r"(&value) : "memory");
}

/// How much a peer measures.
struct Plan {
    int samples = 1;  ///< figures reported
    int batch = 1;    ///< calls in a sample, back to back; the sample is their mean
    int warmup = 0;   ///< samples taken and thrown away before
    std::chrono::milliseconds idle{};  ///< sleep before each sample, not measured
    bool regular = true;               ///< else between 0.5 and 1.5 times `idle`
    std::string_view variant{};        ///< what the driver asked for; empty: nothing in particular
};

/// The peer's plan as the command line changes it: `--quick` takes a tenth of the samples.
inline Plan plan(int argc, char** argv, Plan plan) {
    for (int i = 1; i < argc; ++i) {
        if (const std::string_view argument = argv[i]; argument == "--quick") {
            plan.samples = std::max(1, plan.samples / 10);
            plan.warmup = std::min(plan.warmup, 2);
        } else {
            plan.variant = argument;
        }
    }
    return plan;
}

/// Says on stderr that the variant is unknown, and ends the program.
[[noreturn]] inline void unknown(std::string_view variant) {
    std::fprintf(stderr, "unknown variant '%.*s'\n", static_cast<int>(variant.size()),
                 variant.data());
    std::exit(2);
}

/// The variant as a number, for peers whose variant is a number of workers.
inline int number(std::string_view variant) {
    int value = 0;
    if (std::from_chars(variant.data(), variant.data() + variant.size(), value).ec != std::errc{}) {
        unknown(variant);
    }
    return value;
}

/// Seconds per call of `f`, one figure per sample.
template <class F>
std::vector<double> measure(const Plan& plan, F&& f) {
    std::vector<double> samples;
    std::minstd_rand random(1);
    std::uniform_real_distribution<> any(0.5, 1.5);
    for (int i = -plan.warmup; i < plan.samples; ++i) {
        if (plan.idle.count() > 0) {
            std::this_thread::sleep_for(plan.idle * (plan.regular ? 1.0 : any(random)));
        }
        const auto start = Clock::now();
        for (int j = 0; j < plan.batch; ++j) {
            f();
        }
        const double took = seconds(Clock::now() - start) / plan.batch;
        if (i >= 0) {
            samples.push_back(took);
        }
    }
    return samples;
}

inline double median(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    const std::size_t half = samples.size() / 2;
    return samples.size() % 2 == 1 ? samples[half] : (samples[half - 1] + samples[half]) / 2;
}

/// Prints the samples, in seconds unless `unit` says otherwise.
inline void report(const std::vector<double>& samples, const char* unit = "s") {
    std::printf("{\"unit\": \"%s\", \"median\": %.6g, \"samples\": [", unit, median(samples));
    const char* separator = "";
    for (const double sample : samples) {
        std::printf("%s%.6g", std::exchange(separator, ", "), sample);
    }
    std::printf("]}\n");
}

}  // namespace bench
