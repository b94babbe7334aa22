#include "../measure.hpp"
#include "words.hpp"

int main(int argc, char** argv) {
    const bench::Library library;
    bench::report(bench::measure(bench::plan(argc, argv, bench::word_plan), [&] {
        bench::Words words;
        for (const std::string& file : library.files()) {
            bench::count(words, bench::text_of(file));
        }
        bench::check(words);
    }));
}
