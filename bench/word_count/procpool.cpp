#include <string>
#include <utility>

#include <procpool/pool.hpp>

#include "../measure.hpp"
#include "words.hpp"

namespace {

/// The words of a text, or of a table, beside those of a table.
struct Count {
    bench::Words operator()(bench::Words words, const std::string& text) const {
        bench::count(words, text);
        return words;
    }
    bench::Words operator()(bench::Words words, const bench::Words& more) const {
        bench::merge(words, more);
        return words;
    }
};

}  // namespace

int main(int argc, char** argv) {
    const bench::Library library;
    procpool::Pool pool{2};
    bench::report(bench::measure(bench::plan(argc, argv, bench::word_plan), [&] {
        bench::check(
            pool.transform_reduce(library.files(), bench::Words{}, Count{}, bench::text_of));
    }));
}
