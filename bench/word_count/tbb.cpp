#include <cstddef>
#include <utility>

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include "../measure.hpp"
#include "words.hpp"

int main(int argc, char** argv) {
    const bench::Library library;
    using Range = tbb::blocked_range<std::size_t>;
    bench::report(bench::measure(bench::plan(argc, argv, bench::word_plan), [&] {
        const bench::Words words = tbb::parallel_deterministic_reduce(
            Range(0, library.files().size(), 40), bench::Words{},
            [&](const Range& range, bench::Words part) {
                for (std::size_t i = range.begin(); i < range.end(); ++i) {
                    bench::count(part, bench::text_of(library.files()[i]));
                }
                return part;
            },
            [](bench::Words all, const bench::Words& more) {
                bench::merge(all, more);
                return all;
            });
        bench::check(words);
    }));
}
